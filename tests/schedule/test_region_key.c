/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions by colour and by subject, as a schedule describes them.
 */
#include "support/regions.h"
#include "support/support.h"

#include "region/clean.h"
#include "region/face.h"
#include "region/key.h"
#include "schedule/region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_region(SolRegion **region, const char *text)
{
    return read_region_text(region, text, "data");
}

/* A region of this kind. */
static SolRegion *right(const char *text, const SolRegionKind *kind)
{
    SolRegion *region = NULL;
    if (read_region(&region, text) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    assert_ptr_equal(region->kind, kind);
    assert_true(sol_region_remembers(region));
    return region;
}

static void expect_error(const char *text, const char *error)
{
    SolRegion *region = NULL;
    char wanted[512];
    if (read_region(&region, text) != SOL_ERR_SCHEDULE)
        fail_msg("read, where this was expected: %s", error);
    snprintf(wanted, sizeof wanted, "r.yaml:%s", error);
    assert_string_equal(sol_error_text(), wanted);
    assert_null(region);
}

static bool is_range(const double range[2], double from, double to)
{
    return range[0] == from && range[1] == to;
}

static void test_a_key(void **state)
{
    SolRegion *region = right("{key: {hue: 180-260, saturation: 20-, value: 20%-90%}, feather: 3}", &sol_region_key);
    const SolKey *key = region->what;
    (void)state;
    assert_int_equal(key->count, 1);
    assert_true(key->colours[0].by_hue && !key->colours[0].by_nearness);
    assert_true(is_range(key->colours[0].hue, 180, 260) && is_range(key->colours[0].saturation, 20, 100));
    assert_true(is_range(key->colours[0].value, 20, 90));
    assert_true(key->soft == 1 && key->open == 0 && key->close == 0 && key->smallest == 0 && key->touching == 0);
    assert_true(key->hold == 0.7 && region->feather.count == 1);
    sol_region_close(&region);
}

static void test_all_of_a_key(void **state)
{
    SolRegion *region = right("{key: {hue: 340-20, saturation: -80, near: \"#87ceeb\", within: 0.2, any: "
                              "[{near: white}, {value: -10}], soft: 0.5, open: 2.5, close: 3, "
                              "smallest: 0.1%, touching: [top, left], "
                              "hold: 0}}", &sol_region_key);
    const SolKey *key = region->what;
    (void)state;
    assert_int_equal(key->count, 3);
    assert_true(is_range(key->colours[0].hue, 340, 20) && is_range(key->colours[0].saturation, 0, 80));
    assert_true(key->colours[0].by_nearness && key->colours[0].near[1] == 0xce && key->colours[0].within == 0.2);
    assert_true(!key->colours[1].by_hue && key->colours[1].by_nearness && key->colours[1].near[2] == 255);
    assert_true(key->colours[1].within == 0.1 && is_range(key->colours[2].value, 0, 10));
    assert_true(key->soft == 0.5 && key->open == 2.5 && key->close == 3 && key->hold == 0);
    assert_true(key->smallest_is_share && fabs(key->smallest - 0.1) < 1e-12);
    assert_int_equal(key->touching, SOL_EDGE_TOP | SOL_EDGE_LEFT);
    sol_region_close(&region);
    region = right("{key: {any: [{hue: 0-60}], touching: bottom, smallest: 30}}", &sol_region_key);
    key = region->what;
    assert_true(key->count == 1 && key->touching == SOL_EDGE_BOTTOM && key->smallest == 30 && !key->smallest_is_share);
    sol_region_close(&region);
}

static void test_errors_of_keys(void **state)
{
    (void)state;
    expect_error("{key: 5}", "1:15: a key must be a mapping (\"key: value\"), not \"5\"");
    expect_error("{key: {}}", "1:15: this says nothing of colours; give hue, saturation, value or near");
    expect_error("{key: {open: 3}}", "1:15: this says nothing of colours; give hue, saturation, value or near");
    expect_error("{key: {any: [{}]}}", "1:22: this says nothing of colours; give hue, saturation, value or near");
    expect_error("{key: {hue: 20}}", "1:21: \"hue\" must be a range of degrees from 0 to 360: 180-260, or by way of "
                                     "red 340-20, not \"20\"");
    expect_error("{key: {hue: 20-400}}", "1:21: \"hue\" must be a range of degrees from 0 to 360: 180-260, or by way "
                                         "of red 340-20, not \"20-400\"");
    expect_error("{key: {saturation: 80-20}}",
                 "1:28: \"saturation\" must be a range of percent: 20-80, 20- or -80, not \"80-20\"");
    expect_error("{key: {value: '-'}}", "1:23: \"value\" must be a range of percent: 20-80, 20- or -80, not \"-\"");
    expect_error("{key: {near: nocolour}}",
                 "1:22: \"near\" must be a colour: \"#87ceeb\" (in quotes) or a name like skyblue, not \"nocolour\"");
    expect_error("{key: {hue: 0-9, within: 0.2}}",
                 "1:26: \"within\" goes with \"near\", the colour that it is counted from");
    expect_error("{key: {hue: 0-9, touching: middle}}",
                 "1:36: \"touching\" must be top, bottom, left or right, or a list of them, not \"middle\"");
    expect_error("{key: {hue: 0-9, smallest: -3}}",
                 "1:36: \"smallest\" must be an area in pixels (30) or percent of the frame (0.1%), not \"-3\"");
    expect_error("{key: {hue: 0-9, hold: 2}}", "1:32: \"hold\" must be a number from 0 to 1, not \"2\"");
    expect_error("{key: {satration: 0-9}}", "1:16: unknown key \"satration\"; did you mean \"saturation\"?");
}

static const char cascade[] =
    "<opencv_storage><cascade><featureType>HAAR</featureType><height>12</height><width>12</width><stages><_>"
    "<stageThreshold>0.5</stageThreshold><weakClassifiers><_><internalNodes>0 -1 0 -0.8</internalNodes><leafValues>1. "
    "0.</leafValues></_></weakClassifiers></_></stages><features><_><rects><_>0 0 12 12 -1.</_><_>0 6 12 6 2.</_>"
    "</rects></_></features>"
    "</cascade></opencv_storage>";

static void test_a_face(void **state)
{
    SolRegion *region = right("{subject: face, cascade: small.xml}", &sol_region_face);
    const SolFace *face = region->what;
    (void)state;
    assert_string_equal(face->cascade, "data/small.xml");
    assert_true(face->scale == 1.2 && face->smallest_share == 0.08 && face->smallest == 0);
    assert_true(face->neighbours == 3 && face->every == 2);
    sol_region_close(&region);
    region = right("{subject: face, cascade: small.xml, scale: 2, smallest: 40, neighbours: 5, every: 1, feather: 10%}",
                   &sol_region_face);
    face = region->what;
    assert_true(face->scale == 2 && face->smallest_share == 0 && face->smallest == 40);
    assert_true(face->neighbours == 5 && face->every == 1);
    sol_region_close(&region);
}

static void test_errors_of_faces(void **state)
{
    (void)state;
    expect_error("{subject: dog}", "1:19: \"subject\" must be face, not \"dog\"");
    expect_error("{subject: face, cascade: none.xml}",
                 "1:34: there is no cascade data/none.xml; paths count from the schedule's folder");
    expect_error("{subject: face, cascade: wrong.xml}",
                 "1:34: data/wrong.xml:1: the outermost element is html; this is no cascade that OpenCV wrote");
    expect_error("{subject: face, smallest: 120%}",
                 "1:35: \"smallest\" must be pixels (40) or percent of the frame's shorter side (8%), not \"120%\"");
    expect_error("{subject: face, every: 0}", "1:32: \"every\" must be a whole number from 1 to 100, not \"0\"");
    expect_error("{key: {hue: 0-9}, every: 3}", "1:27: \"every\" goes with \"subject\", not with \"key\"");
}

/* Keys and faces select through the tree, too. */
static void test_they_select(void **state)
{
    static const SolSelectorSource source = {.width = 60, .height = 40, .source_width = 120, .source_height = 80};
    SolRegion *region =
        right("{key: {hue: 200-280, smallest: 16}}", &sol_region_key); /* of the input's pixels: 4 of these */
    SolSelector *selector = NULL;
    SolImage *image = NULL;
    SolMask *mask = NULL;
    (void)state;
    assert_int_equal(sol_image_create(&image, 60, 40), 0);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 60; x++) {
            bool blue = x < 20 || (y == 10 && (x == 40 || x == 41));
            sol_image_row(image, y)[3 * x] = 40;
            sol_image_row(image, y)[3 * x + 1] = blue ? 60 : 200;
            sol_image_row(image, y)[3 * x + 2] = blue ? 220 : 30;
        }
    assert_int_equal(sol_selector_open(&selector, region, &source), 0);
    assert_int_equal(sol_mask_create(&mask, 60, 40), 0);
    assert_int_equal(sol_selector_at(selector, image, (SolInstant){0}, mask), 0);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 60; x++)
            assert_int_equal(sol_mask_row(mask, y)[x], x < 20 ? 255 : 0);
    sol_selector_close(&selector);
    sol_region_close(&region);
    region = right("{subject: face, cascade: small.xml}", &sol_region_face);
    assert_int_equal(sol_selector_open(&selector, region, &source), 0);
    assert_int_equal(sol_selector_at(selector, image, (SolInstant){0}, mask), 0);
    sol_selector_close(&selector);
    sol_region_close(&region);
    sol_mask_close(&mask);
    sol_image_unref(&image);
}

static char *start;

static int set_up(void **state)
{
    if (set_up_folder(state) || !(start = getcwd(NULL, 0)) || chdir(folder))
        return -1;
    make_folder("data");
    write_text("data/small.xml", cascade);
    write_text("data/wrong.xml", "<html/>");
    return 0;
}

static int tear_down(void **state)
{
    int left = chdir(start);
    free(start);
    return left || tear_down_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key),  cmocka_unit_test(test_all_of_a_key),    cmocka_unit_test(test_errors_of_keys),
        cmocka_unit_test(test_a_face), cmocka_unit_test(test_errors_of_faces), cmocka_unit_test(test_they_select),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

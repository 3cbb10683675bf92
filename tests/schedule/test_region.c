/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions and keyframes as a schedule writes them: what they become, and every error whole, with its place.
 */
#include "support/regions.h"
#include "support/schedules.h"
#include "support/support.h"

#include "region/mask_file.h"
#include "region/shapes.h"
#include "schedule/region.h"
#include "schedule/track.h"

#include <solstice/error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int read_region(SolRegion **region, const char *text)
{
    return read_region_text(region, text, "styles");
}

static SolRegion *right(const char *text)
{
    SolRegion *region = NULL;
    if (read_region(&region, text) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    assert_non_null(region);
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

static const double *numbers_of(const SolRegion *region)
{
    return ((const SolShape *)region->what)->at.values;
}

/* ---- what is right ---- */

static void test_rects(void **state)
{
    static const double wanted[] = {0, 0.1, -20, 0, 300, 0, 0, 0.5};
    SolRegion *region = right("{rect: [10%, -20, 300, 50%]}");
    (void)state;
    assert_ptr_equal(region->kind, &sol_region_rect);
    assert_memory_equal(numbers_of(region), wanted, sizeof wanted);
    assert_int_equal(region->feather.count + region->grow.count + region->opacity.count, 0);
    assert_false(region->invert);
    sol_region_close(&region);
}

static void test_ellipses(void **state)
{
    static const double two[] = {0, 0.5, 12.5, 0, 120, 0, 0, 0.3}, one[] = {0, 0.5, 12.5, 0, 120, 0, 120, 0};
    SolRegion *region = right("{ellipse: [50%, 12.5, 120, 30%]}");
    (void)state;
    assert_ptr_equal(region->kind, &sol_region_ellipse);
    assert_memory_equal(numbers_of(region), two, sizeof two);
    sol_region_close(&region);
    region = right("{ellipse: [50%, 12.5, 120]}");
    assert_memory_equal(numbers_of(region), one, sizeof one);
    sol_region_close(&region);
}

static void test_polygons(void **state)
{
    static const double wanted[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0.5, 90, 0};
    SolRegion *region = right("{polygon: [[0, 0], [100%, 0], [50%, 90]], grow: -4, invert: yes, opacity: 0.5}");
    (void)state;
    assert_ptr_equal(region->kind, &sol_region_polygon);
    assert_int_equal(((const SolShape *)region->what)->at.width, 12);
    assert_memory_equal(numbers_of(region), wanted, sizeof wanted);
    assert_true(region->grow.values[0] == -4 && region->grow.values[1] == 0);
    assert_true(region->opacity.values[0] == 0.5);
    assert_true(region->invert);
    sol_region_close(&region);
}

static void test_edges(void **state)
{
    SolRegion *region = right("{rect: [0, 0, 1, 1], feather: 2.5%, grow: 7, invert: no}");
    (void)state;
    assert_true(region->feather.values[0] == 0 && region->feather.values[1] == 0.025);
    assert_true(region->grow.values[0] == 7 && region->grow.values[1] == 0);
    assert_int_equal(region->opacity.count, 0);
    sol_region_close(&region);
}

static void test_files(void **state)
{
    SolRegion *region = right("{mask: a.png}");
    (void)state;
    assert_ptr_equal(region->kind, &sol_region_file);
    assert_string_equal(((const SolMaskFile *)region->what)->path, "styles/a.png");
    sol_region_close(&region);
    region = right("{mask: ../frames}");
    assert_string_equal(((const SolMaskFile *)region->what)->path, "styles/../frames");
    sol_region_close(&region);
    region = right("{mask: \"../frames/%d.png\"}");
    sol_region_close(&region);
}

static void test_joined_regions(void **state)
{
    SolRegion *region = right("\n  difference:\n  - {union: [{rect: [0, 0, 9, 9]}, {mask: a.png, feather: 3}]}\n"
                              "  - {outside: {ellipse: [5, 5, 5]}, grow: 2}\n"
                              "  - intersection:\n    - rect: [0, 0, 3, 3]\n"
                              "  feather: 9\n");
    (void)state;
    assert_ptr_equal(region->kind, &sol_region_difference);
    assert_int_equal(region->part_count, 3);
    assert_ptr_equal(region->parts[0]->kind, &sol_region_union);
    assert_ptr_equal(region->parts[0]->parts[1]->kind, &sol_region_file);
    assert_true(region->parts[0]->parts[1]->feather.values[0] == 3);
    assert_ptr_equal(region->parts[1]->kind, &sol_region_outside);
    assert_ptr_equal(region->parts[1]->parts[0]->kind, &sol_region_ellipse);
    assert_true(region->parts[1]->grow.values[0] == 2);
    assert_ptr_equal(region->parts[2]->kind, &sol_region_intersection);
    assert_true(region->feather.values[0] == 9);
    assert_false(sol_region_remembers(region));
    sol_region_close(&region);
}

static void test_no_region_leaves_it_as_it_is(void **state)
{
    SolYaml *yaml = NULL;
    SolYamlPair absent = {NULL, NULL};
    SolRegion *region = (SolRegion *)state;
    SolTrack track = {.count = 5};
    write_text("r.yaml", "a: 1\n");
    assert_int_equal(sol_yaml_open(&yaml, "r.yaml"), SOL_OK);
    assert_int_equal(sol_region_read(&region, yaml, &absent, ""), SOL_OK);
    assert_ptr_equal(region, state);
    assert_int_equal(sol_track_read(&track, yaml, &absent, 0, 1), SOL_OK);
    assert_int_equal(track.count, 5);
    sol_yaml_close(&yaml);
}

/* ---- keyframes ---- */

static void expect_track(const SolTrack *track, SolTrackUnit unit, const double *at, const double *values, int count)
{
    assert_int_equal(track->unit, unit);
    assert_int_equal(track->count, count);
    for (int i = 0; i < count; i++)
        assert_true(fabs(track->at[i] - at[i]) < 1e-12);
    for (int i = 0; i < count * track->width; i++)
        assert_true(fabs(track->values[i] - values[i]) < 1e-12);
}

static void test_keyframes(void **state)
{
    SolRegion *region = right("{rect: {at: {0: [0, 0, 1, 1], 30: [10%, 0, 3, 1]}}, "
                              "opacity: {at: {0s: 0, 0:02.5: 1, 3s: 0.5}}, "
                              "feather: {at: {0%: 0, 12.5%: 4%, 100%: 8}}, grow: {at: {7: -1}}}");
    (void)state;
    expect_track(&((const SolShape *)region->what)->at, SOL_TRACK_FRAMES, (double[]){0, 30},
                 (double[]){0, 0, 0, 0, 1, 0, 1, 0, 0, 0.1, 0, 0, 3, 0, 1, 0}, 2);
    expect_track(&region->opacity, SOL_TRACK_SECONDS, (double[]){0, 2.5, 3}, (double[]){0, 1, 0.5}, 3);
    expect_track(&region->feather, SOL_TRACK_SHARE, (double[]){0, 0.125, 1}, (double[]){0, 0, 0, 0.04, 8, 0}, 3);
    expect_track(&region->grow, SOL_TRACK_FRAMES, (double[]){7}, (double[]){-1, 0}, 1);
    sol_region_close(&region);
}

static void test_polygons_that_move(void **state)
{
    SolRegion *region = right("{polygon: {at: {5: [[0, 0], [1, 0], [1, 1]], 9: [[5, 5], [6, 5], [6, 6]]}}}");
    SolMask *mask = select_frame(region, 8, 8, 7);
    (void)state;
    assert_true(fabs(area_of(mask) - 0.5) < 0.02);
    assert_in_range(sol_mask_row(mask, 2)[2], 0, 70); /* the triangle lies across four pixels around (3, 3) */
    assert_true(sol_mask_row(mask, 2)[3] > 60);
    sol_mask_close(&mask);
    sol_region_close(&region);
}

/* ---- what is wrong ---- */

#define RECT "\"rect\" must be [x, y, width, height], each in pixels (300) or percent (50%), "
#define ELLIPSE "\"ellipse\" must be [x, y, radius] or [x, y, radius, radius], each in pixels (300) or percent (50%), "

static void test_errors_of_shapes(void **state)
{
    (void)state;
    expect_error("{rect: 5}", "1:16: " RECT "not \"5\"");
    expect_error("{rect: }", "1:16: " RECT "not empty");
    expect_error("{rect: [1, 2, 3]}", "1:16: " RECT "and here are 3");
    expect_error("{rect: [1]}", "1:16: " RECT "and here is 1");
    expect_error("{rect: []}", "1:16: \"rect\" is empty; give at least one");
    expect_error("{rect: [1, 2, 3, 4, 5]}", "1:16: " RECT "and here are 5");
    expect_error("{rect: [1, 2, 3px, 4]}", "1:23: " RECT "not \"3px\"");
    expect_error("{rect: [1, 2, [3], 4]}", "1:23: " RECT "not a list");
    expect_error("{rect: [1, nan, 3, 4]}", "1:20: " RECT "not \"nan\"");
    expect_error("{rect: [1, 1e9, 3, 4]}", "1:20: " RECT "not \"1e9\"");
    expect_error("{rect: [1, --9, 3, 4]}", "1:20: " RECT "not \"--9\"");
    expect_error("{rect: [1, 2, 3, -4]}", "1:26: -4 is less than nothing; it must be 0 or more");
    expect_error("{rect: [1, 2, -3%, 4]}", "1:23: -3% is less than nothing; it must be 0 or more");
    expect_error("{rect: [1, 100001, 3, 4]}",
                 "1:20: 100001 is too far; a length is at most 100000 pixels or 1000%");
    expect_error("{rect: [1, -1001%, 3, 4]}",
                 "1:20: -1001% is too far; a length is at most 100000 pixels or 1000%");
    expect_error("{rect: [1, 99999999999999999999999999999, 3, 4]}",
                 "1:20: 99999999999999999999 is too far; a length is at most 100000 pixels or 1000%");
    expect_error("{ellipse: [1, 2]}", "1:19: " ELLIPSE "and here are 2");
    expect_error("{ellipse: [1, 2, -3]}", "1:26: -3 is less than nothing; it must be 0 or more");
    expect_error("{ellipse: [1, 2, 3, 4, 5]}", "1:19: " ELLIPSE "and here are 5");
}

#define CORNER "\"polygon\" must be corners [x, y], each in pixels (300) or percent (50%), "

static void test_errors_of_polygons(void **state)
{
    char *many = calloc(1, 1001 * 8 + 32);
    (void)state;
    expect_error("{polygon: [[1, 2], [3, 4]]}", "1:19: a polygon of 2 corners; give 3 to 1000");
    expect_error("{polygon: [[1, 2]]}", "1:19: a polygon of 1 corner; give 3 to 1000");
    expect_error("{polygon: 3}", "1:19: \"polygon\" must be a list (items that begin with \"- \"), not \"3\"");
    expect_error("{polygon: [1, 2, 3]}", "1:20: " CORNER "not \"1\"");
    expect_error("{polygon: [[1, 2], [3, 4, 5], [6, 7]]}", "1:28: " CORNER "and here are 3");
    expect_error("{polygon: [[1, 2], [3, x], [6, 7]]}", "1:32: " CORNER "not \"x\"");
    expect_error("{polygon: {at: {0: [[1, 2], [3, 4], [6, 7]], 9: [[1, 2], [3, 4], [6, 7], [8, 9]]}}}",
                 "1:57: 4 corners, but 3 at the first place; give as many at every place");
    expect_error("{polygon: {at: {0: [[1, 2]]}}}", "1:28: a polygon of 1 corner; give 3 to 1000");
    expect_error("{polygon: {at: {}}}", "1:24: \"at\" is empty; give at least one");
    expect_error("{polygon: {at: 3}}", "1:24: \"at\" must be a mapping (\"key: value\"), not \"3\"");
    strcpy(many, "{polygon: [");
    for (int i = 0; i < 1001; i++)
        strcat(many, "[1, 2], ");
    strcat(many, "]}");
    expect_error(many, "1:19: a polygon of 1001 corners; give 3 to 1000");
    free(many);
}

#define PLACE "a place in time must be a frame (30), a time (2.5s, 0:02.5) or a share of the segment (50%)"

static void test_errors_of_keyframes(void **state)
{
    (void)state;
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {0: 0, 1s: 1}}}",
                 "1:51: times among frames; write all places of one \"at\" in the same way");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {0%: 0, 9: 1}}}",
                 "1:52: frames among shares of the segment; write all places of one \"at\" in the same way");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {9: 0, 9: 1}}}",
                 "1:51: 9 does not come behind the place before; write them in ascending order");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {2s: 0, 0:01: 1}}}",
                 "1:52: 0:01 does not come behind the place before; write them in ascending order");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {2.5: 0}}}",
                 "1:45: " PLACE ", not \"2.5\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {101%: 0}}}",
                 "1:45: " PLACE ", not \"101%\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {-1: 0}}}",
                 "1:45: " PLACE ", not \"-1\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {[1]: 0}}}",
                 "1:45: " PLACE);
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {1: 2}}}",
                 "1:48: \"opacity\" must be a number from 0 to 1, not \"2\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: {at: {1: {at: {2: 1}}}}}",
                 "1:48: \"opacity\" must be a number from 0 to 1, not a mapping");
    expect_error("{rect: [0, 0, 1, 1], opacity: {ta: {1: 1}}}", "1:40: unknown key \"ta\"; did you mean \"at\"?");
    expect_error("{rect: [0, 0, 1, 1], opacity: {}}", "1:39: \"at\" is missing; write {at: {PLACE: VALUE, ...}}");
    expect_error("{rect: {at: {3: [0, 0, 1]}}}", "1:25: " RECT "and here are 3");
}

#define DISTANCE "pixels (12) or percent of the shorter side (3%), not "

static void test_errors_of_edges(void **state)
{
    (void)state;
    expect_error("{rect: [0, 0, 1, 1], feather: -1}", "1:39: -1 is less than nothing; it must be 0 or more");
    expect_error("{rect: [0, 0, 1, 1], feather: soft}", "1:39: \"feather\" must be " DISTANCE "\"soft\"");
    expect_error("{rect: [0, 0, 1, 1], grow: [1, 2]}", "1:36: \"grow\" must be " DISTANCE "a list");
    expect_error("{rect: [0, 0, 1, 1], invert: true}", "1:38: \"invert\" must be yes or no, not \"true\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: 1.5}", "1:39: \"opacity\" must be a number from 0 to 1, not \"1.5\"");
    expect_error("{rect: [0, 0, 1, 1], opacity: inf}", "1:39: \"opacity\" must be a number from 0 to 1, not \"inf\"");
}

static void test_errors_of_files(void **state)
{
    (void)state;
    expect_error("{mask: gone.png}",
                 "1:16: there is no mask styles/gone.png; paths count from the schedule's folder");
    expect_error("{mask: ../models}", "1:16: styles/../models: has no numbered images");
    expect_error("{mask: \"%d.png\"}", "1:16: styles/%d.png: no image has such a name");
    expect_error("{mask: [a.png]}", "1:16: \"mask\" must be text, not a list");
    expect_error("{mask: /dev/null}", "1:16: mask /dev/null is not a file");
    write_text("frames/3.png", "");
    expect_error("{mask: ../frames}", "1:16: styles/../frames lacks some images between its first and its last; a mask "
                                      "needs one for every frame");
    remove("frames/3.png");
}

static void test_errors_of_trees(void **state)
{
    char deep[2048] = "";
    (void)state;
    expect_error("5", "1:9: a region must be a mapping (\"key: value\"), not \"5\"");
    expect_error("{}", "1:9: this region says nothing of what it selects; give rect, ellipse, polygon, mask, key, "
                       "subject, union, difference, intersection or outside");
    expect_error("{feather: 3}", "1:9: this region says nothing of what it selects; give rect, ellipse, polygon, mask, "
                                 "key, subject, union, difference, intersection or outside");
    expect_error("{rect: [0, 0, 1, 1], ellipse: [1, 1, 1]}",
                 "1:30: \"ellipse\" beside \"rect\"; a region is one of them, and \"union\" or \"intersection\" joins "
                 "several");
    expect_error("{elipse: [1, 1, 1]}", "1:10: unknown key \"elipse\"; did you mean \"ellipse\"?");
    expect_error("{union: {rect: [0, 0, 1, 1]}}", "1:17: \"union\" must be a list of regions, not a mapping");
    expect_error("{union: []}", "1:17: \"union\" is empty; give at least one");
    expect_error("{union: [{rect: [0, 0, 1, 1]}, 7]}", "1:40: a region must be a mapping (\"key: value\"), not \"7\"");
    expect_error("{outside: [{rect: [0, 0, 1, 1]}]}", "1:19: a region must be a mapping (\"key: value\"), not a list");
    for (int i = 0; i < 17; i++)
        strcat(deep, "{outside: ");
    strcat(deep, "{}}}}}}}}}}}}}}}}}}");
    expect_error(deep, "1:169: regions nested deeper than 16");
}

/* Aliases make a few lines a tree without end. */
static void test_trees_without_end(void **state)
{
    (void)state;
    expect_error("&a {union: [*a]}", "1:9: regions nested deeper than 16");
    expect_error("\n  union:\n  - &a {union: [{rect: [0, 0, 1, 1]}, {rect: [0, 0, 1, 1]}, {rect: [0, 0, 1, 1]}]}\n"
                 "  - &b {union: [*a, *a, *a, *a, *a, *a, *a, *a]}\n"
                 "  - {union: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]}\n",
                 "3:39: a region of more than 256 parts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rects),
        cmocka_unit_test(test_ellipses),
        cmocka_unit_test(test_polygons),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_joined_regions),
        cmocka_unit_test(test_no_region_leaves_it_as_it_is),
        cmocka_unit_test(test_keyframes),
        cmocka_unit_test(test_polygons_that_move),
        cmocka_unit_test(test_errors_of_shapes),
        cmocka_unit_test(test_errors_of_polygons),
        cmocka_unit_test(test_errors_of_keyframes),
        cmocka_unit_test(test_errors_of_edges),
        cmocka_unit_test(test_errors_of_files),
        cmocka_unit_test(test_errors_of_trees),
        cmocka_unit_test(test_trees_without_end),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}

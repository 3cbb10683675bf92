/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks from files: every frame has the picture of its number, in whatever order frames are asked for; numbered images
 * are in the order of their numbers; alpha channels count before light.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/pictures.h"
#include "support/regions.h"
#include "support/support.h"

#include "base/text.h"
#include "region/mask_file.h"

#include <solstice/error.h>

#include <string.h>

enum { SIDE = 8 };

static SolRegion *mask_of(const char *name)
{
    SolRegion *region = NULL;
    SolMaskFile *file = NULL;
    assert_int_equal(sol_region_create(&region), SOL_OK);
    assert_int_equal(sol_mask_file_create(&file), SOL_OK);
    assert_non_null(file->path = sol_copy(in_folder(name)));
    region->kind = &sol_region_file;
    region->what = file;
    return region;
}

/* Pictures of one grey each: 20 * (i + 1) for number i, as raw pixels to ffmpeg. */
static void make_greys(int count, const char *arguments)
{
    uint8_t pixels[12 * SIDE * SIDE];
    for (int i = 0; i < count; i++)
        memset(pixels + i * SIDE * SIDE, 20 * (i + 1), SIDE * SIDE);
    ffmpeg_from(pixels, (size_t)count * SIDE * SIDE, "gray", SIDE, SIDE, arguments);
}

/* Fails unless every one of the frames has its picture's grey, or the last one's. */
static void expect_greys(const char *name, const int *frames, int count, int pictures)
{
    SolRegion *region = mask_of(name);
    SolSelectorSource source = {SIDE, SIDE, SIDE, SIDE, NULL, NULL};
    SolSelector *selector = NULL;
    SolMask *mask = NULL;
    if (sol_selector_open(&selector, region, &source) != SOL_OK)
        fail_msg("%s", sol_error_text());
    assert_int_equal(sol_mask_create(&mask, SIDE, SIDE), SOL_OK);
    for (int i = 0; i < count; i++) {
        int n = frames[i] < pictures ? frames[i] : pictures - 1;
        assert_int_equal(sol_selector_at(selector, NULL, (SolInstant){.frame = frames[i]}, mask), SOL_OK);
        assert_in_range(mask->values[SIDE * 3 + 3], 20 * (n + 1) - 2, 20 * (n + 1) + 2);
    }
    sol_selector_close(&selector);
    sol_mask_close(&mask);
    sol_region_close(&region);
}

static const int forth[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 50};
static const int skipping[] = {3, 3, 7, 9, 9, 30, 31};
static const int back[] = {9, 2, 3, 2, 30, 0, 5, 4};

static void expect_all_orders(const char *name, int pictures)
{
    expect_greys(name, forth, sizeof forth / sizeof *forth, pictures);
    expect_greys(name, skipping, sizeof skipping / sizeof *skipping, pictures);
    expect_greys(name, back, sizeof back / sizeof *back, pictures);
}

static void test_videos_go_by_the_frames_number(void **state)
{
    (void)state;
    make_greys(10, "-c:v ffv1 greys.mkv");
    expect_all_orders("greys.mkv", 10);
    make_greys(10, "-c:v mpeg4 -q:v 2 -bf 2 -g 5 greys.mp4"); /* in another order in the file */
    expect_all_orders("greys.mp4", 10);
    make_greys(10, "greys.gif");
    expect_all_orders("greys.gif", 10);
}

/* Selectors of the same frames share a file: all see the same picture, whichever is asked first, and whoever goes. */
static void test_selectors_share_a_file(void **state)
{
    SolRegion *regions[3] = {NULL};
    SolSelector *selectors[3] = {NULL};
    SolMaskFiles *files = NULL;
    SolMask *mask = NULL;
    (void)state;
    make_greys(10, "-c:v ffv1 shared.mkv");
    make_greys(3, "-c:v ffv1 other.mkv");
    assert_int_equal(sol_mask_files_open(&files), SOL_OK);
    assert_int_equal(sol_mask_create(&mask, SIDE, SIDE), SOL_OK);
    for (int i = 0; i < 3; i++) {
        SolSelectorSource source = {SIDE, SIDE, SIDE, SIDE, NULL, files};
        regions[i] = mask_of(i == 1 ? "other.mkv" : "shared.mkv");
        assert_int_equal(sol_selector_open(&selectors[i], regions[i], &source), SOL_OK);
    }
    remove(in_folder("shared.mkv")); /* it is open already, and is not opened again */
    for (int frame = 0; frame < 12; frame++)
        for (int i = 2; i >= 0; i--) {
            int last = i == 1 ? 2 : 9, n = frame < last ? frame : last;
            if (frame == 5 && i == 0) { /* the one that opened it goes, with its region */
                sol_selector_close(&selectors[0]);
                sol_region_close(&regions[0]);
            }
            if (!selectors[i])
                continue;
            assert_int_equal(sol_selector_at(selectors[i], NULL, (SolInstant){.frame = frame}, mask), SOL_OK);
            assert_in_range(mask->values[SIDE * 3 + 3], 20 * (n + 1) - 2, 20 * (n + 1) + 2);
        }
    for (int i = 0; i < 3; i++) {
        sol_selector_close(&selectors[i]);
        sol_region_close(&regions[i]);
    }
    sol_mask_files_close(&files);
    sol_mask_close(&mask);
}

static void test_numbered_images_are_in_order(void **state)
{
    (void)state;
    make_folder(in_folder("mattes"));
    make_greys(12, "-start_number 3 mattes/m%d.png"); /* 3 .. 14: by letters, 10 would come first */
    expect_all_orders("mattes", 12);
    expect_all_orders("mattes/m%d.png", 12);
}

static void test_a_still_holds_always(void **state)
{
    (void)state;
    make_greys(1, "-frames:v 1 still.png");
    expect_all_orders("still.png", 1);
}

/* Left black, right white; scaled to whatever the frame is. */
static void test_masks_are_scaled_to_the_frame(void **state)
{
    uint8_t pixels[SIDE * SIDE];
    SolRegion *region;
    SolMask *mask;
    (void)state;
    for (int i = 0; i < SIDE * SIDE; i++)
        pixels[i] = i % SIDE < SIDE / 2 ? 0 : 255;
    ffmpeg_from(pixels, sizeof pixels, "gray", SIDE, SIDE, "-frames:v 1 halves.png");
    region = mask_of("halves.png");
    mask = select_frame(region, 100, 30, 0);
    assert_int_equal(sol_mask_row(mask, 15)[30], 0);
    assert_int_equal(sol_mask_row(mask, 15)[70], 255);
    assert_true(area_of(mask) > 1480 && area_of(mask) < 1520);
    sol_mask_close(&mask);
    mask = select_frame(region, 2, 1, 0);
    assert_true(mask->values[0] < 60 && mask->values[1] > 195);
    sol_mask_close(&mask);
    sol_region_close(&region);
}

/* What the file `name`, of one picture, selects in its middle. */
static int value_in(const char *name)
{
    SolRegion *region = mask_of(name);
    SolMask *mask = select_frame(region, SIDE, SIDE, 0);
    int value = mask->values[SIDE * 3 + 3];
    sol_mask_close(&mask);
    sol_region_close(&region);
    return value;
}

static void make_flat_file(const uint8_t pixel[4], const char *layout, size_t bytes, const char *arguments)
{
    uint8_t pixels[SIDE * SIDE * 4];
    for (size_t i = 0; i < SIDE * SIDE * bytes; i++)
        pixels[i] = pixel[i % bytes];
    ffmpeg_from(pixels, SIDE * SIDE * bytes, layout, SIDE, SIDE, arguments);
}

static void test_alpha_counts_before_light(void **state)
{
    static const uint8_t dark[4] = {10, 10, 10, 200}, opaque[4] = {10, 10, 10, 255}, green[4] = {0, 255, 0, 0};
    (void)state;
    make_flat_file(dark, "rgba", 4, "-frames:v 1 -pix_fmt rgba a.png");
    assert_int_equal(value_in("a.png"), 200);
    make_flat_file(opaque, "rgba", 4, "-frames:v 1 -pix_fmt rgba b.png");
    assert_int_equal(value_in("b.png"), 255);
    make_flat_file(dark, "rgba", 4, "-c:v ffv1 -pix_fmt bgra a.mkv");
    assert_int_equal(value_in("a.mkv"), 200);
    make_flat_file(opaque, "rgba", 4, "-frames:v 1 -pix_fmt pal8 c.png"); /* a palette is no alpha channel by itself */
    assert_in_range(value_in("c.png"), 0, 50);
    make_flat_file(green, "rgb24", 3, "-frames:v 1 d.png");
    assert_int_equal(value_in("d.png"), 182); /* 0.7152 of 255 */
}

static void test_files_that_are_no_pictures(void **state)
{
    SolRegion *region = mask_of("text.png"), *gone = mask_of("gone.mp4");
    SolSelectorSource source = {SIDE, SIDE, SIDE, SIDE, NULL, NULL};
    SolSelector *selector = NULL;
    SolDigester *digester = NULL;
    (void)state;
    write_text(in_folder("text.png"), "no picture at all\n");
    assert_int_not_equal(sol_selector_open(&selector, region, &source), SOL_OK);
    assert_contains(sol_error_text(), in_folder("text.png"));
    assert_int_equal(sol_selector_open(&selector, gone, &source), SOL_ERR_IO);
    assert_contains(sol_error_text(), in_folder("gone.mp4"));
    assert_null(selector);
    assert_int_equal(sol_digester_open(&digester), SOL_OK);
    assert_int_equal(sol_region_digest(gone, digester), SOL_ERR_IO);
    sol_digester_close(&digester);
    sol_region_close(&region);
    sol_region_close(&gone);
}

/* The fingerprint is of what a file holds, not of its name. */
static void test_fingerprints_follow_the_content(void **state)
{
    SolDigest digests[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const uint8_t greys[] = {40, 40, 41};
        static const char *const names[] = {"x.png", "y.png", "x.png"};
        SolRegion *region = mask_of(names[i]);
        SolDigester *digester = NULL;
        char arguments[64];
        snprintf(arguments, sizeof arguments, "-frames:v 1 %s", names[i]);
        make_flat_file((uint8_t[4]){greys[i]}, "gray", 1, arguments);
        assert_int_equal(sol_digester_open(&digester), SOL_OK);
        assert_int_equal(sol_region_digest(region, digester), SOL_OK);
        digests[i] = sol_digester_finish(digester);
        sol_digester_close(&digester);
        sol_region_close(&region);
    }
    assert_memory_equal(&digests[0], &digests[1], sizeof digests[0]);
    assert_memory_not_equal(&digests[0], &digests[2], sizeof digests[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_videos_go_by_the_frames_number),
        cmocka_unit_test(test_selectors_share_a_file),
        cmocka_unit_test(test_numbered_images_are_in_order),
        cmocka_unit_test(test_a_still_holds_always),
        cmocka_unit_test(test_masks_are_scaled_to_the_frame),
        cmocka_unit_test(test_alpha_counts_before_light),
        cmocka_unit_test(test_files_that_are_no_pictures),
        cmocka_unit_test(test_fingerprints_follow_the_content),
    };
    return cmocka_run_group_tests(tests, set_up_folder, tear_down_folder);
}

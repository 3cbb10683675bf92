/* SPDX-License-Identifier: Apache-2.0
 *
 * A look at regions: the right layer of the right segment at the right frame, as a mask and on the frame. Nothing is
 * painted, so the model's file need not be one.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/schedules.h"
#include "support/support.h"

#include "region/region.h"
#include "schedule/schedule.h"

#include <solstice/render.h>

#include <math.h>
#include <string.h>

#define SCHEDULE \
    "version: 1\ninput: numbers.mkv\nsegments:\n" \
    "- {name: first, frames: 0-4, style: styles/a.png, region: {rect: [0, 0, 50%, 100%]}}\n" \
    "- name: second\n  frames: 5-9\n  layers:\n  - style: styles/a.png\n" \
    "  - {style: styles/a.png, region: {rect: {at: {0%: [0, 0, 8, 48], 100%: [40, 0, 8, 48]}}}}\n" \
    "  - {style: styles/b.png, region: {rect: [0, 0, 0, 0]}}\n" \
    "  - {style: styles/b.png, region: {mask: masks.mkv}}\n" \
    "- {name: third, frames: 10-11, style: none}\n" \
    "outputs: [{path: film.mp4}]\n"

static SolSchedule *schedule;

static int set_up(void **state)
{
    int result = enter_folder(state);
    if (result != 0)
        return result;
    numbered_clip(12, "-c:v ffv1 numbers.mkv");
    ffmpeg("-f lavfi -i color=black:s=16x12:r=30 -frames:v 7 -vf \"format=gray,geq=lum='N*30'\" -c:v ffv1 masks.mkv");
    schedule = load_text(SCHEDULE);
    return 0;
}

static int tear_down(void **state)
{
    sol_schedule_close(&schedule);
    return leave_folder(state);
}

static SolImage *look(const SolMaskOptions *wishes, double *selected)
{
    const SolRenderOptions options = {.threads = 1};
    SolImage *image = NULL;
    if (sol_render_mask(&image, selected, schedule, wishes, &options) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return image;
}

/* The left end of what is white in the middle row, and the right one behind it. */
static void expect_white(const SolImage *image, int from, int to)
{
    const uint8_t *row = sol_image_row_const(image, CLIP_HEIGHT / 2);
    for (int x = 0; x < CLIP_WIDTH; x++)
        if (row[3 * x] != (x >= from && x < to ? 255 : 0))
            fail_msg("pixel %d is %d", x, row[3 * x]);
}

static void test_masks(void **state)
{
    double selected = -1;
    SolImage *image = look(&(SolMaskOptions){.frame = 3}, &selected);
    (void)state;
    assert_int_equal(sol_image_width(image), CLIP_WIDTH);
    expect_white(image, 0, CLIP_WIDTH / 2);
    assert_true(selected == 0.5);
    sol_image_unref(&image);
    image = look(&(SolMaskOptions){.frame = 5}, &selected); /* the first layer that has one; its keys count from 5 */
    expect_white(image, 0, 8);
    sol_image_unref(&image);
    image = look(&(SolMaskOptions){.frame = 7, .layer = 2}, &selected);
    expect_white(image, 20, 28);
    sol_image_unref(&image);
    image = look(&(SolMaskOptions){.frame = 9}, NULL);
    expect_white(image, 40, 48);
    sol_image_unref(&image);
    image = look(&(SolMaskOptions){.frame = 9, .layer = 3}, &selected);
    assert_true(selected == 0);
    sol_image_unref(&image);
}

/* By its name, or its number. */
static void test_segments(void **state)
{
    static const char *const names[] = {"first", "1"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        SolImage *image = look(&(SolMaskOptions){.frame = 9, .segment = names[i]}, NULL);
        expect_white(image, 0, CLIP_WIDTH / 2);
        sol_image_unref(&image);
    }
}

static void test_mask_files_go_by_the_frame(void **state)
{
    static const int frames[] = {5, 6, 9};
    (void)state;
    for (int i = 0; i < 3; i++) {
        SolImage *image = look(&(SolMaskOptions){.frame = frames[i], .layer = 4}, NULL);
        int wanted = (frames[i] < 6 ? frames[i] : 6) * 30, value = sol_image_row_const(image, 20)[60];
        assert_in_range(value, wanted - 3, wanted + 3);
        sol_image_unref(&image);
    }
}

static void test_the_overlay_shows_the_frame(void **state)
{
    SolImage *image = look(&(SolMaskOptions){.frame = 7, .layer = 3, .overlay = true}, NULL), *plain = NULL;
    const uint8_t *row;
    SolVideo *video;
    (void)state;
    assert_int_equal(read_number(sol_image_row(image, 0), (size_t)(sol_image_row(image, 1) - sol_image_row(image, 0)),
                                 CLIP_WIDTH, CLIP_HEIGHT), 7);
    sol_image_unref(&image);
    image = look(&(SolMaskOptions){.frame = 3, .overlay = true}, NULL);
    video = open_video("numbers.mkv", NULL);
    assert_int_equal(sol_video_skip_to(video, 3), SOL_OK);
    plain = read_image(video);
    row = sol_image_row_const(image, 5);
    for (int x = CLIP_WIDTH / 2 + 1; x < CLIP_WIDTH; x++) /* beside the selection it is as it was */
        assert_memory_equal(row + 3 * x, sol_image_row_const(plain, 5) + 3 * x, 3);
    assert_int_equal(row[3 * (CLIP_WIDTH / 2)], 255); /* its outline, */
    assert_int_equal(row[3 * (CLIP_WIDTH / 2) + 1], 255);
    for (int x = 0; x < CLIP_WIDTH / 2; x++) /* and its tint */
        assert_in_range(row[3 * x + 1], sol_image_row_const(plain, 5)[3 * x + 1] * 145 / 255 + 15,
                        sol_image_row_const(plain, 5)[3 * x + 1] * 145 / 255 + 19);
    sol_image_unref(&plain);
    sol_image_unref(&image);
    sol_video_close(&video);
}

/* A key that is held steady lags behind: it is shown as one that has seen the segment's frames, and those alone. */
static void test_what_remembers_has_seen_the_frames_before(void **state)
{
    static const char text[] =
        "version: 1\ninput: greys.mkv\nsegments:\n- {frames: 0-3, style: none}\n"
        "- {frames: 4-11, style: styles/a.png, region: {key: {value: 40-52, hold: 1}}}\noutputs: [{path: film.mp4}]\n";
    const SolRenderOptions options = {.threads = 1};
    const SolMaskOptions wishes = {.frame = 10};
    const SolSelectorSource source = {64, 48, 64, 48, NULL, NULL};
    int values[2]; /* of one that has seen frames 4 to 10, and of one that has seen frame 10 alone */
    SolSchedule *held;
    SolImage *image = NULL;
    SolMask *mask = NULL;
    (void)state;
    ffmpeg("-f lavfi -i color=black:s=64x48:r=30 -frames:v 12 -vf \"format=gray,geq=lum='80+N*5'\" "
           "-c:v ffv1 greys.mkv");
    held = load_text(text);
    assert_int_equal(sol_mask_create(&mask, 64, 48), SOL_OK);
    for (int alone = 0; alone < 2; alone++) {
        SolVideo *video = open_video("greys.mkv", NULL);
        SolSelector *selector = NULL;
        assert_int_equal(sol_selector_open(&selector, held->segments[1].layers[0].region, &source), SOL_OK);
        assert_int_equal(sol_video_skip_to(video, alone ? 10 : 4), SOL_OK);
        for (int n = alone ? 10 : 4; n <= 10; n++) {
            SolImage *frame = read_image(video);
            assert_int_equal(sol_selector_at(selector, frame, (SolInstant){.frame = n}, mask), SOL_OK);
            sol_image_unref(&frame);
        }
        values[alone] = mask->values[1000];
        sol_selector_close(&selector);
        sol_video_close(&video);
    }
    assert_int_not_equal(values[0], values[1]);
    assert_int_equal(sol_render_mask(&image, NULL, held, &wishes, &options), SOL_OK);
    assert_int_equal(sol_image_row(image, 20)[60], values[0]);
    sol_image_unref(&image);
    sol_mask_close(&mask);
    sol_schedule_close(&held);
}

static void test_what_is_not_there(void **state)
{
    static const struct {
        SolMaskOptions wishes;
        const char *error;
    } cases[] = {
        {{.frame = 12}, "there is no frame 12; the last one is 11"},
        {{.frame = -1}, "there is no frame -1; the last one is 11"},
        {{.frame = 0, .segment = "fourth"},
         "there is no segment \"fourth\"; \"solstice check\" lists those that there are"},
        {{.frame = 0, .segment = "4"}, "there is no segment \"4\"; \"solstice check\" lists those that there are"},
        {{.frame = 0, .segment = "0"}, "there is no segment \"0\"; \"solstice check\" lists those that there are"},
        {{.frame = 5, .layer = 1}, "layer 1 has no region; it covers the whole frame"},
        {{.frame = 5, .layer = 5}, "there is no layer 5; the segment has 4"},
        {{.frame = 11}, "frame 11 lies where no layer has a region; choose another frame or segment"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const SolRenderOptions options = {.threads = 1};
        SolImage *image = NULL;
        double selected = 7;
        assert_int_equal(sol_render_mask(&image, &selected, schedule, &cases[i].wishes, &options), SOL_ERR_ARGUMENT);
        assert_string_equal(sol_error_text(), cases[i].error);
        assert_null(image);
        assert_true(selected == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_mask_files_go_by_the_frame),
        cmocka_unit_test(test_the_overlay_shows_the_frame),
        cmocka_unit_test(test_what_remembers_has_seen_the_frames_before),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

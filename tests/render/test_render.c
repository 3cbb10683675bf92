/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline as a library: order, progress, cancelling at every stage, failures of one stage among
 * the others, and that nothing is left behind.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/schedules.h"
#include "support/support.h"

#include <solstice/render.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 40, WIDTH = 64, HEIGHT = 48 };

static const char head[] = "version: 1\ninput: images\nframerate: 25\n";

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/frame_"), 0, FRAMES - 1, WIDTH, HEIGHT);
    return 0;
}

static SolSchedule *load_for(const char *segments, const char *output)
{
    SolSchedule *schedule = NULL;
    char text[4096];
    snprintf(text, sizeof text, "%s%soutputs:\n  - path: %s/out/%s\n", head, segments, folder, output);
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&schedule, in_folder("s.yaml"), &(SolScheduleOptions){.model_folders = model_folders}) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return schedule;
}

static SolSchedule *load(const char *segments)
{
    return load_for(segments, "film.mkv\n    crf: 0");
}

static const char untouched[] = "segments: [{frames: 0-39, style: none}]\n";
static const char painted[] = "segments:\n  - {name: a, frames: 0-19, style: images/frame_5.png}\n"
                              "  - {name: b, frames: 20-39, style: images/frame_9.png}\ntransition: 3\n";

/* ---- progress ---- */

typedef struct Seen {
    int64_t calls, last_done;
    double last_left;
    bool orderly;
    atomic_int polls;   /* from all threads */
    int cancel_at_poll;
} Seen;

static void see(void *user, const SolRenderProgress *progress)
{
    Seen *seen = user;
    seen->calls++;
    seen->orderly = (seen->calls == 1 || seen->orderly) && progress->done == seen->last_done + 1 &&
                    progress->frames == FRAMES && progress->seconds_left >= 0;
    seen->last_done = progress->done;
    seen->last_left = progress->seconds_left;
    if (strcmp(progress->segment, progress->done <= 20 ? "a" : "b") != 0)
        seen->orderly = false;
}

static void test_progress_and_report(void **state)
{
    SolSchedule *schedule = load(painted);
    Seen seen = {0};
    SolRenderOptions options = {.threads = 1, .progress = see, .user = &seen};
    SolRenderReport report;
    (void)state;
    assert_int_equal(sol_render(schedule, &options, &report), 0);
    assert_true(seen.orderly);
    assert_int_equal(seen.calls, FRAMES);
    assert_true(seen.last_left < 1e-9);
    assert_int_equal(report.frames, FRAMES);
    assert_int_equal(report.painted, FRAMES);
    assert_int_equal(report.width, WIDTH);
    assert_int_equal(report.threads, 1);
    assert_int_equal(report.output_count, 1);
    assert_int_equal(report.outputs[0].frames, FRAMES);
    assert_true(report.outputs[0].seconds > 1.599 && report.outputs[0].seconds < 1.601);
    assert_true(report.paint_seconds > 0 && report.seconds >= report.prepare_seconds);
    sol_render_report_clear(&report);
    assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_EXISTS);
    options.overwrite = true;
    seen = (Seen){0};
    assert_int_equal(sol_render(schedule, &options, NULL), 0);
    sol_schedule_close(&schedule);
    assert_int_equal(count_entries(in_folder("out")), 1);
}

static void test_frames_keep_their_pictures(void **state)
{
    SolSchedule *schedule = load(untouched);
    SolRenderOptions options = {.first = 7, .count = 20, .overwrite = true};
    (void)state;
    assert_int_equal(sol_render(schedule, &options, NULL), 0);
    assert_numbers(in_folder("out/film.mkv"), WIDTH, HEIGHT, 7, 20);
    sol_schedule_close(&schedule);
}

/* As many frames are painted at once as there are threads; the film has the same bytes. */
static void test_threads_do_not_matter(void **state)
{
    static const char film[] = "segments:\n  - {name: a, frames: 0-13, style: images/frame_5.png}\n"
                               "  - {name: n, frames: 14-16, style: none}\n"
                               "  - {name: b, frames: 17-30, style: images/frame_9.png, region: {rect: [0, 0, 30, 48]}}\n"
                               "  - {name: c, frames: 31-39, style: images/frame_2.png}\ntransition: 3\n";
    uint8_t *first = NULL;
    size_t size = 0;
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        SolSchedule *schedule = load_for(film, "film.y4m");
        SolRenderOptions options = {.threads = threads, .overwrite = true};
        size_t found;
        uint8_t *bytes;
        if (sol_render(schedule, &options, NULL) != SOL_OK)
            fail_msg("%s", sol_error_text());
        bytes = read_bytes(in_folder("out/film.y4m"), &found);
        if (!first) {
            first = bytes;
            size = found;
        } else {
            assert_int_equal(found, size);
            assert_memory_equal(bytes, first, (size_t)size);
            free(bytes);
        }
        sol_schedule_close(&schedule);
    }
    free(first);
    remove_folder(in_folder("out"));
}

/* ---- ranges ---- */

static void test_ranges_are_checked(void **state)
{
    static const int64_t ranges[][2] = {{40, 0}, {0, 41}, {39, 2}, {-1, 5}, {0, -3}, {INT64_MAX, 1}};
    SolSchedule *schedule = load(untouched);
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        SolRenderOptions options = {.first = ranges[i][0], .count = ranges[i][1], .overwrite = true};
        assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_ARGUMENT);
    }
    sol_schedule_close(&schedule);
}

/* ---- cancelling ---- */

static bool cancel(void *user)
{
    Seen *seen = user;
    return atomic_fetch_add(&seen->polls, 1) + 1 >= seen->cancel_at_poll;
}

static void test_cancelling_at_any_moment(void **state)
{
    static const int polls[] = {1, 2, 3, 4, 7, 20, 50};
    SolSchedule *schedule = load(painted);
    (void)state;
    if (count_entries(in_folder("out")) >= 0)
        remove_folder(in_folder("out"));
    for (size_t i = 0; i < sizeof polls / sizeof *polls; i++) {
        Seen seen = {.cancel_at_poll = polls[i]};
        SolRenderOptions options = {.cancelled = cancel, .user = &seen};
        assert_int_equal(sol_render(schedule, &options, NULL), SOL_ERR_CANCELLED);
        /* nothing but what has been painted, for the next render */
        if (count_entries(in_folder("out")) < 0) {
            assert_string_equal(sol_error_text(), "interrupted");
        } else {
            assert_int_equal(count_entries(in_folder("out")), 1);
            assert_contains(sol_error_text(), "of 40 frames done; the same command goes on from there");
        }
    }
    sol_schedule_close(&schedule);
    remove_folder(in_folder("out"));
}

/* ---- failures in a stage ---- */

static void test_reader_fails_in_mid_stream(void **state)
{
    SolSchedule *schedule = load(untouched);
    SolRenderOptions options = {0};
    (void)state;
    write_text(in_folder("images/frame_30.png"), "no picture");
    assert_true(sol_render(schedule, &options, NULL) < 0);
    assert_contains(sol_error_text(), "frame_30.png");
    assert_int_equal(count_entries(in_folder("out")), -1);
    sol_schedule_close(&schedule);
    remove_folder(in_folder("images"));
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/frame_"), 0, FRAMES - 1, WIDTH, HEIGHT);
}

static void test_bad_style_is_found_before_anything_is_written(void **state)
{
    SolSchedule *schedule;
    SolRenderOptions options = {0};
    (void)state;
    write_text(in_folder("notes.png"), "no picture");
    schedule = load("segments: [{name: a, frames: 0-39, style: notes.png}]\n");
    assert_true(sol_render(schedule, &options, NULL) < 0);
    assert_contains(sol_error_text(), "notes.png");
    assert_int_equal(count_entries(in_folder("out")), -1);
    sol_schedule_close(&schedule);
}

/* A style outside the range that is rendered is not needed. */
static void test_only_styles_of_the_range_are_learned(void **state)
{
    SolSchedule *schedule;
    SolRenderOptions options = {.first = 0, .count = 10, .threads = 1};
    SolRenderReport report;
    (void)state;
    write_text(in_folder("notes.png"), "no picture");
    schedule = load("segments:\n  - {name: a, frames: 0-9, style: none}\n"
                    "  - {name: b, frames: 10-29, style: none}\n  - {name: c, frames: 30-39, style: notes.png}\n");
    assert_int_equal(sol_render(schedule, &options, &report), 0);
    assert_int_equal(report.painted, 0);
    sol_render_report_clear(&report);
    sol_schedule_close(&schedule);
    remove_folder(in_folder("out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_and_report),
        cmocka_unit_test(test_frames_keep_their_pictures),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_ranges_are_checked),
        cmocka_unit_test(test_cancelling_at_any_moment),
        cmocka_unit_test(test_reader_fails_in_mid_stream),
        cmocka_unit_test(test_bad_style_is_found_before_anything_is_written),
        cmocka_unit_test(test_only_styles_of_the_range_are_learned),
    };
    return cmocka_run_group_tests_name("render/render", tests, set_up, tear_down_folder);
}

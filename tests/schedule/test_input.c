/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule's input: its keys and their errors; lists, standard input and filter graphs, opened and read.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/schedules.h"
#include "support/support.h"

#include "image/image.h"
#include "media/formats.h"
#include "schedule/schedule.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "version: 1\ninput: clip.mp4\n"
#define LIST "segments:\n"
#define SPRING "  - name: spring\n    frames: 0-59\n    style: styles/a.png\n"
#define TAIL "outputs:\n  - path: out/film.mp4\n"

#define ABOUT_PATHS "; paths count from the schedule's folder"
#define A_COLOUR "\"background\" must be a colour such as black, \"#ff8000\" or \"0xff8000\", "

static void refuses_wrong_inputs(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"version: 1\ninput: [clip.mp4, b]\n" LIST SPRING TAIL,
         "seasons.yaml:2:19: there is no input b" ABOUT_PATHS},
        {"version: 1\ninput: []\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: \"input\" must be text, not a list"},
        {"version: 1\ninput: {a: b}\n" LIST SPRING TAIL,
         "seasons.yaml:2:8: \"input\" must be text, not a mapping"},
        {"version: 1\ninput: [clip.mp4, [clip.mp4]]\n" LIST SPRING TAIL,
         "seasons.yaml:2:19: \"input\" must be text, not a list"},
        {"version: 1\ninput: [\"-\", clip.mp4, \"-\"]\n" LIST SPRING TAIL,
         "seasons.yaml:2:24: \"-\", standard input, can be read only once"},
        {HEAD "format: mathroska\n" LIST SPRING TAIL,
         "seasons.yaml:3:9: no input format \"mathroska\"; did you mean \"matroska\"?"},
        {HEAD "format: 12345\n" LIST SPRING TAIL,
         "seasons.yaml:3:9: no input format \"12345\"; \"ffmpeg -formats\" lists them"},
        {"version: 1\ninput: [clip.mp4]\nformat: mov\n" LIST SPRING TAIL,
         "seasons.yaml:3:9: \"format\" is for a single input, and there is a list; remove it"},
        {HEAD "background: reddish\n" LIST SPRING TAIL,
         "seasons.yaml:3:13: " A_COLOUR "not \"reddish\""},
        {HEAD "background: red@0.5\n" LIST SPRING TAIL,
         "seasons.yaml:3:13: " A_COLOUR "not \"red@0.5\""},
        {HEAD "background: #ff8000\n" LIST SPRING TAIL,
         "seasons.yaml:3:12: " A_COLOUR "not empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SolSchedule *schedule = NULL;
        write_text("seasons.yaml", cases[i].text);
        if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_ERR_SCHEDULE)
            fail_msg("loaded, where this was expected: %s", cases[i].error);
        assert_string_equal(sol_error_text(), cases[i].error);
        assert_null(schedule);
    }
}

static void reads_inputs(void **state)
{
    SolSchedule *schedule = load_text("version: 1\ninput: [clip.mp4, frames, \"-\", deep/clip.mp4]\nframerate: 12\n"
                                      "background: \"#FF8000\"\n" LIST SPRING TAIL);
    const SolInput *input = schedule->input;
    (void)state;
    assert_int_equal(input->count, 4);
    assert_string_equal(input->paths[1], "frames");
    assert_string_equal(input->then[0], "frames");
    assert_string_equal(input->then[1], "-");
    assert_string_equal(input->then[2], "deep/clip.mp4");
    assert_null(input->then[3]);
    assert_true(input->numbered);
    assert_int_equal(input->framerate.num, 12);
    assert_memory_equal(input->background, "\xff\x80\x00", 3);
    assert_true(sol_input_has_file(input, "./clip.mp4"));
    assert_true(sol_input_has_file(input, "deep/clip.mp4"));
    assert_false(sol_input_has_file(input, "styles/a.png"));
    assert_true(sol_input_has_folder_of(input, "frames/%d.png"));
    assert_false(sol_input_has_folder_of(input, "deep/%d.png"));
    sol_schedule_close(&schedule);
    schedule = load_text("version: 1\ninput: clip.mp4\nformat: mpegts\nbackground: navy\n" LIST SPRING TAIL);
    assert_string_equal(schedule->input->format, "mpegts");
    assert_false(schedule->input->device);
    assert_memory_equal(schedule->input->background, "\x00\x00\x80", 3);
    sol_schedule_close(&schedule);
}

/* ---- opening ---- */

static SolVideo *open_input(const SolSchedule *schedule)
{
    SolVideo *video = NULL;
    if (sol_schedule_open_input(schedule, &(SolVideoOptions){.threads = 1}, &video) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return video;
}

/* The numbers that the pictures of an input carry. */
static void assert_carries(const SolSchedule *schedule, const int numbers[], int count)
{
    SolVideo *video = open_input(schedule);
    SolImage *image;
    int n = 0;
    for (; (image = read_image(video)); n++) {
        assert_true(n < count);
        assert_int_equal(image->number, n);
        assert_int_equal(number_in(image), numbers[n]);
        sol_image_unref(&image);
    }
    assert_int_equal(n, count);
    sol_video_close(&video);
}

static void opens_lists(void **state)
{
    static const int numbers[] = {0, 1, 2, 0, 7, 8, 0, 1};
    SolSchedule *schedule;
    (void)state;
    numbered_clip(3, "-c:v ffv1 list-a.mkv");
    numbered_clip(1, "list-b.png");
    make_folder("list-c");
    write_numbered_images("list-c/", 7, 8, CLIP_WIDTH, CLIP_HEIGHT);
    numbered_clip(2, "-c:v ffv1 list-d.mkv");
    schedule = load_text("version: 1\ninput: [list-a.mkv, list-b.png, list-c, list-d.mkv]\n" LIST SPRING TAIL);
    assert_carries(schedule, numbers, 8);
    sol_schedule_close(&schedule);
}

/* Makes a command's output standard input, for as long as the test runs. */
static int feed(const char *command)
{
    FILE *pipe = popen(command, "r");
    int kept = dup(STDIN_FILENO);
    assert_non_null(pipe);
    assert_true(kept >= 0 && dup2(fileno(pipe), STDIN_FILENO) >= 0);
    pclose(pipe);
    return kept;
}

static void give_back(int kept)
{
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void reads_standard_input(void **state)
{
    static const int numbers[] = {0, 1, 2, 3, 0, 1, 2};
    SolSchedule *schedule;
    SolVideo *video = NULL;
    char path[256];
    int kept;
    (void)state;
    numbered_clip(4, "-c:v ffv1 piped.mkv");
    numbered_clip(3, "-c:v ffv1 file.mkv");
    kept = feed("cat piped.mkv");
    schedule = load_text("version: 1\ninput: [\"-\", file.mkv]\n" LIST SPRING TAIL);
    assert_string_equal(schedule->input->paths[0], "-");
    assert_carries(schedule, numbers, 7);
    give_back(kept);
    /* it is in a file, which is there until the schedule is closed */
    snprintf(path, sizeof path, "%s", schedule->input->paths[0]);
    assert_contains(path, "/standard-input");
    assert_int_equal(access(path, R_OK), 0);
    assert_carries(schedule, numbers, 7);
    sol_schedule_close(&schedule);
    assert_int_equal(access(path, F_OK), -1);
    *strrchr(path, '/') = '\0';
    assert_int_equal(access(path, F_OK), -1);
    kept = feed("true");
    assert_int_equal(sol_video_open(&video, "-", NULL), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(), "standard input: is empty; give it a film: ffmpeg ... | solstice ...");
    give_back(kept);
    kept = feed("cat piped.mkv");
    setenv("TMPDIR", "/nowhere", 1);
    assert_int_equal(sol_video_open(&video, "-", NULL), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "/nowhere: no temporary file can be made there (No such file or directory); "
                                          "set TMPDIR to another folder");
    unsetenv("TMPDIR");
    assert_int_equal(sol_video_open(&video, "-", NULL), SOL_OK);
    give_back(kept);
    for (int n = 0; n < 4; n++) {
        SolImage *image = read_image(video);
        assert_int_equal(number_in(image), n);
        sol_image_unref(&image);
    }
    assert_end(video);
    sol_video_close(&video);
}

/* A filter graph without end is read as far as the segments go. */
static void captures_what_is_asked_for(void **state)
{
    const AVInputFormat *format;
    SolSchedule *schedule;
    SolVideo *video = NULL;
    SolVideoIndex index;
    SolImage *image;
    (void)state;
    if (sol_input_format(&format, "lavfi") != SOL_OK) {
        print_message("skipped: %s\n", sol_error_text());
        skip();
    }
    schedule = load_text("version: 1\nformat: lavfi\ninput: testsrc=s=64x48:r=30000/1001\nsegments:\n"
                         "- {frames: 0-9, style: none}\n- {frames: 20, style: styles/a.png}\n" TAIL);
    assert_true(schedule->input->device);
    video = open_input(schedule);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 21);
    for (int n = 0; n < 21; n++)
        assert_int_equal((int64_t)index.pts[n] * index.time_base.num * 30000,
                         (int64_t)n * 1001 * index.time_base.den);
    sol_video_index_clear(&index);
    image = read_image(video);
    assert_int_equal(sol_image_width(image), 64);
    sol_image_unref(&image);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
    schedule = load_text("version: 1\nformat: lavfi\ninput: testsrc=s=64x48:r=25\nsegments:\n"
                         "- {frames: 0-4, style: none}\n- {time: 0.5s-1.1s, style: styles/a.png}\n" TAIL);
    video = open_input(schedule);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 28);
    sol_video_index_clear(&index);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
    /* its pixels are those that FFmpeg makes of it */
    schedule = load_text("version: 1\nformat: lavfi\ninput: color=#204060:s=8x8\nsegments:\n"
                         "- {frames: 0-4, style: none}\n" TAIL);
    video = open_input(schedule);
    image = read_image(video);
    for (int c = 0; c < 3; c++)
        assert_true(abs(sol_image_row_const(image, 4)[12 + c] - 0x20 * (c + 1)) <= 2);
    sol_image_unref(&image);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
    schedule = load_text("version: 1\nformat: lavfi\ninput: testsrc\nsegments: [{share: 100%, style: none}]\n" TAIL);
    assert_int_equal(sol_schedule_open_input(schedule, &(SolVideoOptions){.threads = 1}, &video), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(), "seasons.yaml:3:8: an input of the format \"lavfi\" may have no end; give all "
                                          "segments \"frames\" or \"time\", which say how much of it is wanted, and not "
                                          "\"share\"");
    sol_schedule_close(&schedule);
}

static void lays_over_the_background(void **state)
{
    static const uint8_t clear[4 * 8 * 8];
    SolSchedule *schedule;
    SolVideo *video;
    SolImage *image;
    (void)state;
    ffmpeg_from(clear, sizeof clear, "rgba", 8, 8, "clear.png");
    schedule = load_text("version: 1\ninput: clear.png\nbackground: \"#ff8000\"\n" LIST SPRING TAIL);
    video = open_input(schedule);
    image = read_image(video);
    assert_memory_equal(sol_image_row_const(image, 3), "\xff\x80\x00", 3);
    sol_image_unref(&image);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_wrong_inputs),    cmocka_unit_test(reads_inputs),
        cmocka_unit_test(opens_lists),             cmocka_unit_test(reads_standard_input),
        cmocka_unit_test(captures_what_is_asked_for), cmocka_unit_test(lays_over_the_background),
    };
    return cmocka_run_group_tests_name("schedule/input", tests, enter_folder, leave_folder);
}

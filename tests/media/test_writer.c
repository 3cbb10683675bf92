/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds for all kinds of output: settings that make no sense, files that appear when they are
 * complete and not before, pictures out of order, and disks that fill up.
 */
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/writer.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const SolRational thirtieth = {1, 30}, thirty = {30, 1};

static const char *const kinds[] = {"a.mp4", "a.mov", "a.mkv", "a.gif", "a%03d.png", "a%d.jpg"};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- settings ---- */

static void check(SolOutputSettings settings, const char *text)
{
    int result = sol_writer_check(&settings);
    if (!text) {
        if (result != 0)
            fail_msg("%s: %s", settings.path, sol_error_text());
        return;
    }
    assert_int_equal(result, SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), text);
}

#define PATH(name) .path = (char[]){name}, .crf = -1

static void test_good_settings(void **state)
{
    (void)state;
    check((SolOutputSettings){PATH("a.mp4")}, NULL);
    check((SolOutputSettings){PATH("x%dy%%/a.MOV"), .width = 16, .preset = (char[]){"veryslow"}}, NULL);
    check((SolOutputSettings){.path = (char[]){"a.mkv"}, .crf = 0, .width = SOL_IMAGE_MAX_SIDE}, NULL);
    check((SolOutputSettings){.path = (char[]){"a.mkv"}, .crf = 51}, NULL);
    check((SolOutputSettings){PATH("a.gif"), .width = 100, .fps = {50, 1}, .loop = 65535}, NULL);
    check((SolOutputSettings){PATH("a.gif"), .fps = {1, 1000}}, NULL);
    check((SolOutputSettings){PATH("%d.png"), .width = 100, .fps = {1, 10}, .first = 5, .count = 10}, NULL);
    check((SolOutputSettings){PATH("a.mp4"), .fps = {1000, 1}, .speed = {1, 100}, .audio = SOL_AUDIO_STRETCH}, NULL);
    check((SolOutputSettings){PATH("a%b/frame-%012d-x.jpeg")}, NULL);
}

static void test_unknown_kind(void **state)
{
    static const char rest[] = ": not a kind of output that can be written; these are: .mp4 .mov .mkv .webm .y4m "
                               "(video), .gif (GIF), .webp .apng (animation), .png .jpg .jpeg (numbered stills, as in "
                               "%05d.png), - (standard output)";
    static const char *const paths[] = {"a.avi", "a", "a.mp4/", ".gif", "a.gif.txt"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        char path[64], text[512];
        snprintf(path, sizeof path, "%s", paths[i]);
        snprintf(text, sizeof text, "%s%s", path, rest);
        check((SolOutputSettings){.path = path, .crf = -1}, text);
    }
    check((SolOutputSettings){.crf = -1}, "an output without a path");
}

static void test_wrong_patterns(void **state)
{
    (void)state;
    check((SolOutputSettings){PATH("out/a.png")},
          "out/a.png: one picture a frame needs a number in the file name: write %d or %05d where it goes");
    check((SolOutputSettings){PATH("%d/a.jpg")},
          "%d/a.jpg: one picture a frame needs a number in the file name: write %d or %05d where it goes");
    check((SolOutputSettings){PATH("%s.png")},
          "%s.png: the number in the file name is written %d or %0Nd, as in %05d");
    check((SolOutputSettings){PATH("%5d.png")},
          "%5d.png: the number in the file name is written %d or %0Nd, as in %05d");
    check((SolOutputSettings){PATH("%0d.png")},
          "%0d.png: the number in the file name is written %d or %0Nd, as in %05d");
    check((SolOutputSettings){PATH("%0999d.png")},
          "%0999d.png: the number in the file name is written %d or %0Nd, as in %05d");
    check((SolOutputSettings){PATH("%%d.png")},
          "%%d.png: the number in the file name is written %d or %0Nd, as in %05d");
    check((SolOutputSettings){PATH("%d-%03d.png")},
          "%d-%03d.png: the file name may hold one % only, that of its number");
    check((SolOutputSettings){PATH("%d%n.png")}, "%d%n.png: the file name may hold one % only, that of its number");
}

static void test_keys_that_do_not_apply(void **state)
{
    (void)state;
    check((SolOutputSettings){.path = (char[]){"a.gif"}, .crf = 18},
          "\"crf\" does not apply to a .gif; it takes width, fps, speed, frames, loop, layout, crop, text, "
          "bounce, quality, colours, dither, dither_strength, max_size, give_up");
    check((SolOutputSettings){PATH("a.gif"), .preset = (char[]){"fast"}},
          "\"preset\" does not apply to a .gif; it takes width, fps, speed, frames, loop, layout, crop, text, "
          "bounce, quality, colours, dither, dither_strength, max_size, give_up");
    check((SolOutputSettings){PATH("a.gif"), .audio = SOL_AUDIO_NONE},
          "\"audio\" does not apply to a .gif; it takes width, fps, speed, frames, loop, layout, crop, text, "
          "bounce, quality, colours, dither, dither_strength, max_size, give_up");
    check((SolOutputSettings){PATH("a.mkv"), .loop = 2},
          "\"loop\" does not apply to a .mkv; it takes codec, crf, bitrate, preset, pix_fmt, width, fps, speed, "
          "frames, audio, layout, crop, text");
    check((SolOutputSettings){PATH("%d.png"), .speed = {2, 1}},
          "\"speed\" does not apply to a .png; it takes width, fps, frames, layout, crop, text");
}

static void test_values_out_of_range(void **state)
{
    (void)state;
    check((SolOutputSettings){.path = (char[]){"a.mp4"}, .crf = 52}, "\"crf\" must be 0 (lossless) to 51 for h264, not 52");
    check((SolOutputSettings){.path = (char[]){"a.mp4"}, .crf = -2}, "\"crf\" must be 0 (lossless) to 51 for h264, not -2");
    check((SolOutputSettings){PATH("a.mp4"), .width = 15}, "\"width\" must be 16 to 32768 pixels, not 15");
    check((SolOutputSettings){PATH("a.gif"), .width = 32769}, "\"width\" must be 16 to 32768 pixels, not 32769");
    check((SolOutputSettings){PATH("a.gif"), .width = -1}, "\"width\" must be 16 to 32768 pixels, not -1");
    check((SolOutputSettings){PATH("a.gif"), .fps = {51, 1}}, "\"fps\" must be above 0 and at most 50, not 51");
    check((SolOutputSettings){PATH("a.gif"), .fps = {101, 2}}, "\"fps\" must be above 0 and at most 50, not 50.5");
    check((SolOutputSettings){PATH("a.gif"), .fps = {0, 1}}, "\"fps\" must be above 0 and at most 50, not 0");
    check((SolOutputSettings){PATH("a.gif"), .fps = {-5, 1}}, "\"fps\" must be above 0 and at most 50, not -5");
    check((SolOutputSettings){PATH("a.mp4"), .fps = {1001, 1}}, "\"fps\" must be above 0 and at most 1000, not 1001");
    check((SolOutputSettings){PATH("a.mp4"), .speed = {1001, 1}}, "\"speed\" must be 0.01x to 1000x, not 1001");
    check((SolOutputSettings){PATH("a.mp4"), .speed = {1, 101}},
          "\"speed\" must be 0.01x to 1000x, not 0.00990099");
    check((SolOutputSettings){PATH("a.mp4"), .first = -1, .count = 2}, "\"frames\" must count from 0");
    check((SolOutputSettings){PATH("a.gif"), .loop = -1}, "\"loop\" must be 0 (for ever) to 65535, not -1");
    check((SolOutputSettings){PATH("a.gif"), .loop = 65536}, "\"loop\" must be 0 (for ever) to 65535, not 65536");
    check((SolOutputSettings){PATH("a.mp4"), .preset = (char[]){"meduim"}},
          "\"preset\" must be ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow or placebo, "
          "not \"meduim\"; did you mean \"medium\"?");
    check((SolOutputSettings){PATH("a.mp4"), .preset = (char[]){""}},
          "\"preset\" must be ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow or placebo, "
          "not \"\"");
}

/* ---- files ---- */

static SolWriter *open_kind(const char *in, const char *kind, bool overwrite, SolOutputSettings *settings,
                            char path[512])
{
    SolWriterInput input = {.width = 64,
                            .height = 48,
                            .time_base = thirtieth,
                            .frame_rate = thirty,
                            .threads = 1,
                            .overwrite = overwrite};
    SolWriter *writer = NULL;
    snprintf(path, 512, "%s/%s", in, kind);
    *settings = (SolOutputSettings){.path = path, .crf = -1};
    if (sol_writer_open(&writer, settings, &input, NULL) != 0)
        assert_null(writer);
    return writer;
}

static int write_at(SolWriter *writer, int width, int64_t number, int64_t pts)
{
    SolImage *image = new_picture(width, 48);
    int result;
    draw_scene(image, (int)number);
    image->number = number;
    image->pts = pts;
    image->duration = 1;
    result = sol_writer_write(writer, image);
    assert_in_range(atomic_load(&image->references), 1, 2); /* a GIF keeps the last one */
    sol_image_unref(&image);
    return result;
}

static void test_closing_early_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++)
        for (int frames = 0; frames < 4; frames++) {
            char path[512], inner[300];
            SolOutputSettings settings;
            SolWriter *writer;
            snprintf(inner, sizeof inner, "%s/early/one/two", folder);
            writer = open_kind(inner, kinds[i], false, &settings, path);
            assert_non_null(writer);
            for (int n = 0; n < frames; n++)
                assert_int_equal(write_at(writer, 64, n, n), 0);
            if (frames > 0)
                assert_int_equal(count_entries(inner), strchr(kinds[i], '%') ? frames : 1);
            sol_writer_close(&writer);
            assert_null(writer);
            sol_writer_close(&writer);
            assert_int_equal(access(in_folder("early"), F_OK), -1);
        }
}

static void test_files_appear_at_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        char path[512], name[64];
        SolOutputSettings settings;
        SolWriterReport report;
        SolWriter *writer = open_kind(folder, kinds[i], false, &settings, path);
        snprintf(name, sizeof name, kinds[i], 7);
        assert_non_null(writer);
        assert_int_equal(write_at(writer, 64, 7, 0), 0);
        assert_int_equal(access(in_folder(name), F_OK), -1);
        assert_int_equal(sol_writer_finish(writer, &report), 0);
        assert_int_equal(access(in_folder(name), F_OK), 0);
        assert_int_equal(report.frames, 1);
        assert_ptr_equal(report.path, settings.path);
        /* what is behind the end is refused, and does no harm */
        assert_int_equal(write_at(writer, 64, 8, 1), SOL_ERR_ARGUMENT);
        assert_int_equal(sol_writer_finish(writer, NULL), SOL_ERR_ARGUMENT);
        sol_writer_close(&writer);
        assert_int_equal(access(in_folder(name), F_OK), 0);
        unlink(in_folder(name));
        assert_int_equal(count_entries(folder), 0);
    }
}

static void test_overwriting(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        char path[512], name[64], text[600];
        SolOutputSettings settings;
        SolWriter *writer;
        int result = SOL_ERR_EXISTS;
        snprintf(name, sizeof name, kinds[i], 0);
        write_text(in_folder(name), "old");
        writer = open_kind(folder, kinds[i], false, &settings, path);
        /* which stills there will be shows as they are written */
        if (strchr(kinds[i], '%'))
            result = write_at(writer, 64, 0, 0);
        else
            assert_null(writer);
        assert_int_equal(result, SOL_ERR_EXISTS);
        snprintf(text, sizeof text, "%s: exists; choose another name or give --overwrite", in_folder(name));
        assert_string_equal(sol_error_text(), text);
        sol_writer_close(&writer);
        assert_int_equal(count_entries(folder), 1);
        writer = open_kind(folder, kinds[i], true, &settings, path);
        assert_non_null(writer);
        assert_int_equal(write_at(writer, 64, 0, 0), 0);
        sol_writer_close(&writer); /* not finished: the old one stays */
        assert_int_equal(count_entries(folder), 1);
        writer = open_kind(folder, kinds[i], true, &settings, path);
        assert_non_null(writer);
        assert_int_equal(write_at(writer, 64, 0, 0), 0);
        assert_int_equal(sol_writer_finish(writer, NULL), 0);
        sol_writer_close(&writer);
        assert_int_equal(count_entries(folder), 1);
        assert_int_equal(run_command("grep -cx old '%s'", in_folder(name)), 1);
        unlink(in_folder(name));
    }
}

static void test_pictures_that_do_not_fit(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        char path[512], text[700];
        SolOutputSettings settings;
        SolWriter *writer = open_kind(folder, kinds[i], false, &settings, path);
        assert_non_null(writer);
        assert_int_equal(sol_writer_finish(writer, NULL), SOL_ERR_ARGUMENT);
        snprintf(text, sizeof text, "%s: no picture was given to write", path);
        assert_string_equal(sol_error_text(), text);
        assert_int_equal(write_at(writer, 63, 0, 0), SOL_ERR_ARGUMENT);
        snprintf(text, sizeof text, "%s: a picture of 63x48 pixels among those of 64x48", path);
        assert_string_equal(sol_error_text(), text);
        assert_int_equal(write_at(writer, 64, 0, 100), 0);
        assert_int_equal(write_at(writer, 64, 1, 100), SOL_ERR_ARGUMENT);
        assert_int_equal(write_at(writer, 64, 1, 101), 0);
        sol_writer_close(&writer);
        assert_int_equal(count_entries(folder), 0);
    }
}

static void test_inputs_out_of_range(void **state)
{
    SolOutputSettings settings = {PATH("/tmp/never.gif"), .width = 32768};
    SolWriterInput input = {.height = 48, .time_base = thirtieth, .frame_rate = thirty, .threads = 1};
    SolWriter *writer = NULL;
    (void)state;
    assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), SOL_ERR_ARGUMENT);
    input.width = 16;
    input.time_base.num = 0;
    assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), SOL_ERR_ARGUMENT);
    input.time_base.num = 1;
    assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(),
                        "/tmp/never.gif: at a width of 32768, the height would be 98304; at most 32768 can be written");
    assert_null(writer);
    settings = (SolOutputSettings){PATH("/dev/null/x/a.gif")};
    assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), SOL_ERR_IO);
    assert_null(writer);
}

/* ---- frames that do not show ---- */

enum { MANY = 60 };

/* Writes MANY frames, or of them those that the output wants; how many these were. */
static int write_many(SolOutputSettings *settings, const SolVideoIndex *index, bool all, SolWriterReport *report)
{
    SolWriterInput input = {.width = 64, .height = 48, .time_base = index->time_base, .frame_rate = {30, 1},
                            .threads = 1, .overwrite = true, .count = MANY, .index = index};
    bool wanted[MANY] = {false};
    SolWriter *writer = NULL;
    int given = 0;
    assert_int_equal(sol_writer_mark(settings, &input, wanted), 0);
    assert_int_equal(sol_writer_open(&writer, settings, &input, NULL), 0);
    for (int n = 0; n < MANY; n++)
        if (all || wanted[n]) {
            SolImage *image = new_picture(64, 48);
            draw_scene(image, n);
            image->number = n;
            image->pts = index->pts[n];
            image->duration = (n + 1 < MANY ? index->pts[n + 1] : index->end) - index->pts[n];
            assert_int_equal(sol_writer_write(writer, image), 0);
            sol_image_unref(&image);
            given++;
        }
    assert_int_equal(sol_writer_finish(writer, report), 0);
    sol_writer_close(&writer);
    return given;
}

/* Leaving out what is not wanted changes no byte, and nothing in the report. */
static void test_unwanted_frames_may_be_left_out(void **state)
{
    SolOutputSettings cases[] = {
        {PATH("a.gif"), .fps = {7, 1}},
        {PATH("a.gif"), .fps = {20, 1}, .first = 5, .count = 41},
        {PATH("a.gif"), .speed = {3, 1}, .fps = {11, 1}},
        {PATH("a.mov"), .speed = {5, 2}},
        {PATH("a.mp4"), .fps = {13, 1}, .first = 1, .count = 50},
        {PATH("a%02d.png"), .fps = {3, 1}},
    };
    (void)state;
    for (int uneven = 0; uneven < 2; uneven++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int64_t pts[MANY];
            SolVideoIndex index = {.frames = MANY, .pts = pts, .end = MANY * 512, .time_base = {1, 15360}};
            SolOutputSettings settings[2] = {cases[i], cases[i]};
            SolWriterReport reports[2];
            char paths[2][512];
            int given;
            for (int n = 0; n < MANY; n++)
                pts[n] = n * 512 + (uneven ? n * n % 7 * 70 : 0);
            for (int k = 0; k < 2; k++) {
                snprintf(paths[k], sizeof paths[k], "%s/%d/%s", folder, k, cases[i].path);
                settings[k].path = paths[k];
            }
            assert_int_equal(write_many(&settings[0], &index, true, &reports[0]), MANY);
            given = write_many(&settings[1], &index, false, &reports[1]);
            assert_true(given < MANY);
            assert_int_equal(reports[0].frames, reports[1].frames);
            assert_int_equal(reports[0].dropped, reports[1].dropped);
            assert_int_equal(reports[0].dropped, (cases[i].count ? cases[i].count : MANY) - given);
            assert_true(reports[0].seconds <= reports[1].seconds && reports[0].seconds >= reports[1].seconds);
            assert_int_equal(run_command("cd '%s' && diff -r 0 1", folder), 0);
            assert_int_equal(run_command("cd '%s' && rm -r 0 1", folder), 0);
        }
}

/* ---- full disks ---- */

/* In a process of its own whose files may have `limit` bytes: 0 where the failure is reported as it should be. */
static int write_limited(const char *kind, rlim_t limit)
{
    struct rlimit limits = {limit, limit};
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1};
    Clip clip = {128, 96, 12, thirtieth, thirty, 0, 1, NULL, draw_scene};
    int status, result;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        snprintf(path, sizeof path, "%s/full/%s", folder, kind);
        if (setrlimit(RLIMIT_FSIZE, &limits) != 0)
            _exit(2);
        result = write_clip(&settings, &clip, false, NULL);
        if (result != SOL_ERR_IO || !strstr(sol_error_text(), "File too large") ||
            !strstr(sol_error_text(), "full/a")) {
            fprintf(stderr, "%s, %ld: %d, %s\n", kind, (long)limit, result, sol_error_text());
            _exit(1);
        }
        _exit(access(in_folder("full"), F_OK) == 0 ? 3 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void test_full_disk(void **state)
{
    Clip clip = {128, 96, 12, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        SolWriterReport report;
        int64_t size;
        write_as(kinds[i], &clip, &report);
        size = report.bytes / (strchr(kinds[i], '%') ? 12 : 1);
        assert_int_equal(write_limited(kinds[i], 0), 0);
        assert_int_equal(write_limited(kinds[i], 300), 0);
        assert_int_equal(write_limited(kinds[i], (rlim_t)(size / 2)), 0);
        assert_int_equal(write_limited(kinds[i], (rlim_t)(size * 9 / 10)), 0);
        /* nearly all: x264 does not always make the same of the same */
        if (strchr(kinds[i], '.')[1] == 'm')
            assert_int_equal(write_limited(kinds[i], (rlim_t)(size * 98 / 100)), 0);
        if (strcmp(kinds[i], "a.gif") == 0)
            assert_int_equal(write_limited(kinds[i], (rlim_t)(size - 1)), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_settings),
        cmocka_unit_test(test_unknown_kind),
        cmocka_unit_test(test_wrong_patterns),
        cmocka_unit_test(test_keys_that_do_not_apply),
        cmocka_unit_test(test_values_out_of_range),
        cmocka_unit_test_setup_teardown(test_closing_early_leaves_nothing, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_files_appear_at_the_end, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_overwriting, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_pictures_that_do_not_fit, set_up_folder, tear_down_folder),
        cmocka_unit_test(test_inputs_out_of_range),
        cmocka_unit_test_setup_teardown(test_unwanted_frames_may_be_left_out, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up_folder, tear_down_folder),
    };
    return cmocka_run_group_tests_name("media/writer", tests, NULL, NULL);
}

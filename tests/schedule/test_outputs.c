/* SPDX-License-Identifier: Apache-2.0
 *
 * The outputs of a schedule: codecs and what goes with them, standard output, and what an output of the command
 * line takes over from those of the schedule. The FFmpeg at hand has libx264, libvpx and its own encoders.
 */
#include "support/schedules.h"
#include "support/support.h"

#include "schedule/schedule.h"

#include <libavcodec/avcodec.h>

#include <string.h>

#define HEAD "version: 1\ninput: clip.mp4\nsegments:\n- {share: 100%, style: none}\noutputs:\n"

/* `output` is the sixth line of a schedule. An error that ends in a list of keys is compared up to it. */
static void expect_error(const char *output, const char *error)
{
    SolSchedule *schedule = NULL;
    char text[512];
    snprintf(text, sizeof text, "%s%s\n", HEAD, output);
    write_text("seasons.yaml", text);
    if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_ERR_SCHEDULE)
        fail_msg("loaded, where this was expected: %s", error);
    snprintf(text, sizeof text, "seasons.yaml:6:%s", error);
    if (strstr(text, "; it takes "))
        assert_contains(sol_error_text(), text);
    else
        assert_string_equal(sol_error_text(), text);
    assert_null(schedule);
}

static bool has(const char *encoder)
{
    return avcodec_find_encoder_by_name(encoder) != NULL;
}

#define CODECS "\"codec\" must be h264, h265, vp9, av1, prores, ffv1, mpeg4 or rawvideo, not "
#define SPEEDS \
    "\"preset\" must be ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow or placebo, not "

static void test_codecs_that_do_not_fit(void **state)
{
    (void)state;
    expect_error("- {path: a.mp4, codec: divx}", "17: " CODECS "\"divx\"");
    expect_error("- {path: a.mp4, codec: hvec}", "17: " CODECS "\"hvec\"; did you mean \"hevc\"?");
    expect_error("- {path: a.mp4, codec: H264}", "17: " CODECS "\"H264\"; did you mean \"h264\"?");
    expect_error("- {path: a.webm, codec: h264}", "18: \"codec\" must be vp9 or av1 for a .webm, not h264");
    expect_error("- {path: a.webm, codec: avc}", "18: \"codec\" must be vp9 or av1 for a .webm, not h264");
    expect_error("- {path: a.MOV, codec: vp9}", "17: \"codec\" must be h264, h265, prores or mpeg4 for a .MOV, not vp9");
    expect_error("- {path: a.y4m, codec: ffv1}", "17: \"codec\" must be rawvideo for a .y4m, not ffv1");
    expect_error("- {path: \"-\", codec: rawvideo}",
                 "15: \"codec\" must be h264, h265, vp9, av1, prores, ffv1 or mpeg4 for a .mkv, not rawvideo");
    expect_error("- {path: a.gif, codec: vp9}", "17: \"codec\" does not apply to a .gif; it takes ");
    expect_error("- {path: a.mp4, codec: [h264]}", "24: \"codec\" must be text, not a list");
}

static void test_quality_that_does_not_fit(void **state)
{
    (void)state;
    if (!has("libx264") || !has("libvpx-vp9"))
        skip();
    expect_error("- {path: a.mp4, crf: 52}", "17: \"crf\" must be 0 (lossless) to 51 for h264, not 52");
    expect_error("- {path: a.webm, crf: 64}", "23: \"crf\" must be a whole number from 0 to 63, not \"64\"");
    expect_error("- {path: a.mp4, codec: mpeg4, crf: 0}", "31: \"crf\" must be 1 to 51 for mpeg4, not 0");
    expect_error("- {path: a.mkv, codec: ffv1, crf: 0}", "30: \"crf\" does not apply to ffv1, which is lossless");
    expect_error("- {path: a.mov, codec: prores, bitrate: 9M}",
                 "32: \"bitrate\" does not apply to prores, whose quality its preset sets");
    expect_error("- {path: a.mp4, crf: 20, bitrate: 4M}", "26: \"bitrate\" and \"crf\" exclude each other; keep one");
    expect_error("- {path: a.mp4, bitrate: 9999}", "17: \"bitrate\" must be 10k to 1000M bits a second, not 9999");
    expect_error("- {path: a.mp4, bitrate: 1001M}",
                 "17: \"bitrate\" must be 10k to 1000M bits a second, not 1001000000");
    expect_error("- {path: a.mp4, bitrate: fast}",
                 "26: \"bitrate\" must be bits a second, such as 4M or 800k, not \"fast\"");
    expect_error("- {path: a.mp4, bitrate: -4M}",
                 "26: \"bitrate\" must be bits a second, such as 4M or 800k, not \"-4M\"");
    expect_error("- {path: a.mp4, bitrate: 4MB}",
                 "26: \"bitrate\" must be bits a second, such as 4M or 800k, not \"4MB\"");
    expect_error("- {path: a.mp4, bitrate: M}", "26: \"bitrate\" must be bits a second, such as 4M or 800k, not \"M\"");
    expect_error("- {path: a.gif, bitrate: 4M}", "17: \"bitrate\" does not apply to a .gif; it takes ");
}

static void test_presets_and_formats_that_do_not_fit(void **state)
{
    (void)state;
    if (!has("libx264") || !has("libvpx-vp9"))
        skip();
    expect_error("- {path: a.webm, preset: quick}", "18: " SPEEDS "\"quick\"");
    expect_error("- {path: a.mkv, codec: ffv1, preset: fast}", "30: \"preset\" does not apply to ffv1");
    expect_error("- {path: a.mov, codec: prores, preset: pq}",
                 "32: \"preset\" must be proxy, lt, standard, hq, 4444 or 4444xq, not \"pq\"; did you mean \"hq\"?");
    expect_error("- {path: a.mov, codec: prores, preset: hq, pix_fmt: yuv444p10le}",
                 "32: \"preset\" hq of prores does not go with the pixel format yuv444p10le; 4444 and 4444xq do");
    expect_error("- {path: a.mov, codec: prores, preset: 4444, pix_fmt: yuv422p10le}", "32: \"preset\" 4444 of prores "
                 "does not go with the pixel format yuv422p10le; proxy, lt, standard and hq do");
    expect_error("- {path: a.mov, codec: prores, pix_fmt: yuv420p}",
                 "32: \"pix_fmt\" must be yuv422p10le or yuv444p10le for prores, not \"yuv420p\"");
    expect_error("- {path: a.y4m, pix_fmt: yuv420}", "17: \"pix_fmt\" must be yuv420p, yuv422p, yuv444p, yuv420p10le, "
                 "yuv422p10le or yuv444p10le for rawvideo, not \"yuv420\"; did you mean \"yuv420p\"?");
    expect_error("- {path: a.mp4, codec: mpeg4, pix_fmt: gbrp}",
                 "31: \"pix_fmt\" must be yuv420p for mpeg4, not \"gbrp\"");
    expect_error("- {path: \"%d.png\", pix_fmt: rgb24}", "20: \"pix_fmt\" does not apply to a .png; it takes ");
}

static void test_standard_output(void **state)
{
    SolSchedule *schedule;
    (void)state;
    expect_error("- {path: -.mp4}", "10: -.mp4: not a kind of output that can be written to standard output; these are: "
                 "- (Matroska), -.webm, -.y4m");
    expect_error("- {path: -.gif}", "10: -.gif: not a kind of output that can be written to standard output; these are: "
                 "- (Matroska), -.webm, -.y4m");
    write_text("seasons.yaml", HEAD "- path: \"-\"\n- path: -.y4m\n");
    assert_int_equal(sol_schedule_load(&schedule, "seasons.yaml", &schedule_options), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(),
                        "seasons.yaml:7:9: two outputs have the path -.y4m, the first on line 6; give each its own");
    /* these are files */
    schedule = load_text(HEAD "- path: ./-.mp4\n- path: -a.mp4\n- path: \"--.gif\"\n- path: \"-\"\n");
    assert_int_equal(schedule->output_count, 4);
    sol_schedule_close(&schedule);
}

static void test_keys_are_read(void **state)
{
    static const char text[] = HEAD "- {path: a.mp4, codec: hevc, bitrate: 1.5M, preset: slow, pix_fmt: yuv420p10le}\n"
                                    "- {path: a.webm, bitrate: 800k}\n- {path: a.mkv, bitrate: 123456}\n"
                                    "- {path: a.mov, codec: prores, preset: 4444}\n";
    SolSchedule *schedule;
    const SolOutputSettings *o;
    (void)state;
    if (!has("libx265") || !has("libvpx-vp9"))
        skip();
    schedule = load_text(text);
    o = schedule->outputs;
    assert_string_equal(o[0].codec, "hevc");
    assert_int_equal(o[0].crf, -1);
    assert_int_equal(o[0].bitrate, 1500000);
    assert_string_equal(o[0].preset, "slow");
    assert_string_equal(o[0].pix_fmt, "yuv420p10le");
    assert_null(o[1].codec);
    assert_int_equal(o[1].bitrate, 800000);
    assert_int_equal(o[2].bitrate, 123456);
    assert_string_equal(o[3].preset, "4444");
    sol_schedule_close(&schedule);
}

static void test_parts_and_captions(void **state)
{
    static const struct {
        const char *text;
        SolCrop crop;
    } crops[] = {{"640x360", {.width = 640, .height = 360}},
                 {"640x360+0+60", {.width = 640, .height = 360, .top = 60, .placed = true}},
                 {"1x2+3+4", {1, 2, 3, 4, .placed = true}},
                 {"\"16:9\"", {.width = 16, .height = 9, .ratio = true}}};
    static const char *const wrong[] = {"640", "0x1", "1x0", "x", "1x", "-1x2", "1x2+3", "1x2+3+", "1x2+", "1x2+-1+0",
                                        "1x2+1+1+1", "\"16:9+0+0\"", "\"16:\"", "\":\"", "1.5x2", "99999x1", "\"\"", "[1x2]"};
    char text[256];
    SolSchedule *schedule;
    (void)state;
    for (size_t i = 0; i < sizeof crops / sizeof *crops; i++) {
        const SolCrop *wanted = &crops[i].crop, *crop;
        snprintf(text, sizeof text, "%s- {path: a.gif, crop: %s, text: \"50%%: it's\"}\n", HEAD, crops[i].text);
        schedule = load_text(text);
        crop = &schedule->outputs[0].crop;
        assert_true(crop->width == wanted->width && crop->height == wanted->height && crop->left == wanted->left &&
                    crop->top == wanted->top && crop->ratio == wanted->ratio && crop->placed == wanted->placed);
        assert_string_equal(schedule->outputs[0].text, "50%: it's");
        sol_schedule_close(&schedule);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "%s- {path: a.gif, crop: %s}\n", HEAD, wrong[i]);
        write_text("seasons.yaml", text);
        if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_ERR_SCHEDULE)
            fail_msg("%s: taken for a crop", wrong[i]);
        assert_contains(sol_error_text(), "\"crop\" must be WIDTHxHEIGHT+LEFT+TOP such as 640x360+0+60, WIDTHxHEIGHT, or a "
                                          "shape such as 16:9, not ");
    }
    expect_error("- {path: a.gif, text: \" \"}", "17: \"text\" is empty");
}

/* Quality is taken over by films of the same codec; width by all films. */
static void test_outputs_of_the_command_line(void **state)
{
    SolSchedule *schedule;
    SolOutputSettings s;
    (void)state;
    if (!has("libx264") || !has("libvpx-vp9"))
        skip();
    schedule = load_text(HEAD "- {path: a.mp4, crf: 21, preset: slow, pix_fmt: yuv444p, width: 320}\n"
                              "- {path: a.mkv, codec: vp9, crf: 50, width: 640}\n"
                              "- {path: b.mkv, codec: ffv1}\n- {path: a.gif, width: 99}\n");
    assert_int_equal(sol_schedule_output(schedule, "x.mov", &s), 0);
    assert_int_equal(s.crf, 21);
    assert_string_equal(s.preset, "slow");
    assert_string_equal(s.pix_fmt, "yuv444p");
    assert_int_equal(s.width, 320);
    assert_int_equal(sol_schedule_output(schedule, "x.webm", &s), 0);
    assert_int_equal(s.crf, 50);
    assert_string_equal(s.codec, "vp9");
    assert_int_equal(s.width, 640);
    assert_int_equal(sol_schedule_output(schedule, "-", &s), 0);
    assert_string_equal(s.path, "-");
    assert_int_equal(s.crf, 21);
    assert_int_equal(s.width, 320);
    assert_int_equal(sol_schedule_output(schedule, "x.y4m", &s), 0);
    assert_int_equal(s.crf, -1);
    assert_null(s.codec);
    assert_null(s.preset);
    assert_null(s.pix_fmt);
    assert_int_equal(s.width, 320);
    sol_schedule_close(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs_that_do_not_fit),
        cmocka_unit_test(test_quality_that_does_not_fit),
        cmocka_unit_test(test_presets_and_formats_that_do_not_fit),
        cmocka_unit_test(test_standard_output),
        cmocka_unit_test(test_keys_are_read),
        cmocka_unit_test(test_parts_and_captions),
        cmocka_unit_test(test_outputs_of_the_command_line),
    };
    return cmocka_run_group_tests_name("schedule/outputs", tests, enter_folder, leave_folder);
}

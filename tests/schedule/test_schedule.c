/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules as files: what is read from them.
 */
#include "support/schedules.h"
#include "support/support.h"

#include "base/text.h"
#include "base/track.h"
#include "schedule/schedule.h"
#include "schedule/values.h"

#include <solstice/image.h>
#include <solstice/model.h>

#include <stdlib.h>
#include <string.h>

/* A schedule cut where the cases below differ from it: lines 1-2, 3, 4-6, 7-8. */
#define HEAD "version: 1\ninput: clip.mp4\n"
#define LIST "segments:\n"
#define SPRING "  - name: spring\n    frames: 0-59\n    style: styles/a.png\n"
#define TAIL "outputs:\n  - path: out/film.mp4\n"
#define RIGHT HEAD LIST SPRING TAIL

/* ---- what is read ---- */

static void test_defaults(void **state)
{
    SolSchedule *schedule = load_text(RIGHT);
    const SolSegment *segment = &schedule->segments[0];
    const SolOutputSettings *output = &schedule->outputs[0];
    (void)state;
    assert_string_equal(schedule->path, "seasons.yaml");
    assert_string_equal(schedule->folder, "");
    assert_string_equal(schedule->input->paths[0], "clip.mp4");
    assert_false(schedule->input->numbered);
    assert_int_equal(schedule->input->framerate.num, 0);
    assert_false(schedule->input->skip_gaps);
    assert_int_equal(schedule->input->count, 1);
    assert_null(schedule->input->then[0]);
    assert_null(schedule->input->format);
    assert_memory_equal(schedule->input->background, "\xff\xff\xff", 3);
    assert_string_equal(schedule->segments[0].layers->look->model, "models/compact.safetensors");
    assert_int_equal(schedule->size, 0);
    assert_int_equal(schedule->precision, SOL_PRECISION_AUTO);
    assert_int_equal(schedule->memory, 0);
    assert_int_equal(schedule->transition->frames, 0);
    assert_false(schedule->cycle);
    assert_int_equal(schedule->steady.level, SOL_STEADY_OFF);
    assert_int_equal(schedule->segment_count, 1);
    assert_string_equal(segment->name, "spring");
    assert_string_equal(segment->layers->look->styles[0], "styles/a.png");
    assert_true(segment->layers->strength->values[0] == 1.0F);
    assert_int_equal(segment->kind, SOL_SPAN_FRAMES);
    assert_int_equal(segment->first, 0);
    assert_int_equal(segment->last, 59);
    assert_int_equal(schedule->output_count, 1);
    assert_string_equal(output->path, "out/film.mp4");
    assert_int_equal(output->crf, -1);
    assert_null(output->preset);
    assert_int_equal(output->width, 0);
    assert_int_equal(output->fps.num, 0);
    assert_int_equal(output->fps.den, 0);
    assert_int_equal(output->loop, 0);
    sol_schedule_close(&schedule);
    assert_null(schedule);
    sol_schedule_close(&schedule);
}

static void test_every_key(void **state)
{
    static const char text[] = "version: 1\ninput: frames/%d.png\nframerate: 30000/1001\ngaps: skip\nmodel: compact\n"
                               "size: 512\nprecision: bfloat16\nmemory: 1.5 GiB\ntransition: 12\nsegments:\n"
                               "- {name: a, time: 1.5s-0:03, style: &x styles/a.png, strength: 0.25}\n"
                               "- {time: 3s-1:00:00.5, style: *x, strength: 1}\n"
                               "- {frames: 60, style: none}\n"
                               "- {frames: 70 - 80, style: \"styles/b.png\"}\n"
                               "outputs:\n"
                               "- {path: a.mp4, crf: 0, preset: fast, width: 640}\n"
                               "- {path: a.gif, width: 480, fps: 12.5, loop: 3}\n"
                               "- {path: out/%05d.png}\n";
    SolSchedule *schedule = load_text(text);
    const SolSegment *s = schedule->segments;
    const SolOutputSettings *o = schedule->outputs;
    (void)state;
    assert_string_equal(schedule->input->paths[0], "frames/%d.png");
    assert_true(schedule->input->numbered);
    assert_int_equal(schedule->input->framerate.num, 30000);
    assert_int_equal(schedule->input->framerate.den, 1001);
    assert_true(schedule->input->skip_gaps);
    assert_int_equal(schedule->size, 512);
    assert_int_equal(schedule->precision, SOL_PRECISION_BFLOAT16);
    assert_int_equal(schedule->memory, (int64_t)3 << 29);
    assert_int_equal(schedule->transition->frames, 12);
    assert_int_equal(schedule->transition->place.line, 9);
    assert_int_equal(schedule->segment_count, 4);
    assert_int_equal(s[0].kind, SOL_SPAN_TIME);
    assert_true(s[0].from == 1.5 && s[0].to == 3);
    assert_int_equal(s[0].layer_count, 1);
    assert_int_equal(s[0].layers->strength->count, 1);
    assert_true(s[0].layers->strength->values[0] == 0.25);
    assert_string_equal(s[1].name, "segment 2");
    assert_string_equal(s[1].label, "segment 2");
    assert_true(s[1].from == 3 && s[1].to == 3600.5);
    assert_string_equal(s[1].layers->look->styles[0], "styles/a.png");
    assert_null(s[2].layers);
    assert_int_equal(s[2].first, 60);
    assert_int_equal(s[2].last, 60);
    assert_int_equal(s[3].first, 70);
    assert_int_equal(s[3].last, 80);
    assert_int_equal(schedule->output_count, 3);
    assert_int_equal(o[0].crf, 0);
    assert_string_equal(o[0].preset, "fast");
    assert_int_equal(o[0].width, 640);
    assert_int_equal(o[1].fps.num, 25);
    assert_int_equal(o[1].fps.den, 2);
    assert_int_equal(o[1].loop, 3);
    assert_string_equal(o[2].path, "out/%05d.png");
    sol_schedule_close(&schedule);
}

/* Spellings of one schedule: mark, line ends, flow style, comments, document marks, a key in quotes. */
static void test_spellings(void **state)
{
    static const char *const texts[] = {
        "\xEF\xBB\xBF" RIGHT,
        "version: 1\r\ninput: clip.mp4\r\nsegments:\r\n- {name: spring, frames: 0-59, style: styles/a.png}\r\n"
        "outputs:\r\n- path: out/film.mp4\r\n",
        "{version: 1, input: clip.mp4, segments: [{name: spring, frames: 0-59, style: styles/a.png}], "
        "outputs: [{path: out/film.mp4}]}",
        "# a film\n---\n\"version\": \"1\"\n" "input: 'clip.mp4' # the clip\n" LIST SPRING TAIL "...\n",
        TAIL LIST SPRING "input: >-\n  clip.mp4\nversion: 1\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        SolSchedule *schedule = load_text(texts[i]);
        assert_string_equal(schedule->input->paths[0], "clip.mp4");
        assert_string_equal(schedule->segments[0].name, "spring");
        assert_int_equal(schedule->segments[0].last, 59);
        assert_string_equal(schedule->outputs[0].path, "out/film.mp4");
        sol_schedule_close(&schedule);
    }
}

/* Model, method and colours of a segment come before the schedule's, and those of the options between the two. */
static void test_looks(void **state)
{
    static const SolColor luminance = SOL_COLOR_LUMINANCE;
    static const char text[] =
        HEAD "method: adain\nlevels: [0.5, 0]\ncolor: content\nsegments:\n"
             "  - {frames: 0-9, style: [styles/a.png, styles/b.png], weights: [1, 3]}\n"
             "  - {frames: 10-19, style: styles/b.png, model: ./models/own.safetensors, color: style, levels: [1]}\n"
             "  - {frames: 20-29, style: none}\n" TAIL;
    SolScheduleOptions options = schedule_options;
    SolSchedule *schedule;
    const SolLook *look;
    (void)state;
    write_text("models/own.safetensors", "");
    schedule = load_text(text);
    look = schedule->segments[0].layers->look;
    assert_string_equal(look->model, "models/compact.safetensors");
    assert_string_equal(look->method, "adain");
    assert_int_equal(look->style_count, 2);
    assert_string_equal(look->styles[1], "styles/b.png");
    assert_true(look->weights[0] == 0.25F && look->weights[1] == 0.75F);
    assert_int_equal(look->color, SOL_COLOR_CONTENT);
    assert_int_equal(look->level_count, 2);
    assert_true(look->levels[0] == 0.5 && look->levels[1] == 0);
    look = schedule->segments[1].layers->look;
    assert_string_equal(look->model, "./models/own.safetensors");
    assert_int_equal(look->color, SOL_COLOR_STYLE);
    assert_true(look->weights[0] == 1);
    assert_int_equal(look->level_count, 1);
    assert_null(schedule->segments[2].layers);
    sol_schedule_close(&schedule);

    options.model = "own";
    options.color = &luminance;
    assert_int_equal(sol_schedule_load(&schedule, "seasons.yaml", &options), SOL_OK);
    assert_string_equal(schedule->segments[0].layers->look->model, "models/own.safetensors");
    assert_int_equal(schedule->segments[0].layers->look->color, SOL_COLOR_LUMINANCE);
    assert_int_equal(schedule->segments[1].layers->look->color, SOL_COLOR_STYLE);
    sol_schedule_close(&schedule);
    options.method = "adian";
    assert_int_equal(sol_schedule_load(&schedule, "seasons.yaml", &options), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "there is no method \"adian\"; did you mean \"adain\"? There are adain, wct, transform, gatys");
    remove("models/own.safetensors");
}

/* A segment's mapping "gatys" changes what it names, and keeps the rest of the schedule's. */
static void test_gatys(void **state)
{
    const SolOptimiseOptions *o;
    SolSchedule *schedule = load_text(
        HEAD "method: adain\ngatys: {iterations: 77, style_layers: relu1_1, tv_weight: 0.5, temporal_weight: 7}\nsegments:\n"
             "  - {frames: 0-9, style: styles/a.png}\n"
             "  - {frames: 10-19, style: styles/a.png, gatys: {optimizer: adam, init: noise, seed: 9, pyramid: 2}}\n"
             "  - {frames: 20-29, style: styles/b.png}\n" TAIL);
    (void)state;
    o = schedule->segments[0].layers->look->optimise;
    assert_ptr_equal(o, schedule->segments[2].layers->look->optimise);
    assert_int_equal(o->iterations, 77);
    assert_int_equal(o->init, SOL_INIT_PREVIOUS);
    assert_true(o->tv_weight == 0.5 && o->temporal_weight == 7);
    assert_null(o->content_layers);
    o = schedule->segments[1].layers->look->optimise;
    assert_int_equal(o->iterations, 77);
    assert_string_equal(o->style_layers, "relu1_1");
    assert_int_equal(o->optimizer, SOL_OPTIMIZER_ADAM);
    assert_int_equal(o->init, SOL_INIT_NOISE);
    assert_int_equal(o->seed, 9);
    assert_int_equal(o->levels, 2);
    sol_schedule_close(&schedule);
}

/* Where nothing is painted, no model need be there. */
static void test_untouched_without_model(void **state)
{
    static const char *const nowhere[] = {"styles", NULL};
    const SolScheduleOptions options = {.model_folders = nowhere};
    SolSchedule *schedule = NULL;
    (void)state;
    write_text("seasons.yaml", HEAD LIST "  - {frames: 0-9, style: none}\n" TAIL);
    assert_int_equal(sol_schedule_load(&schedule, "seasons.yaml", &options), SOL_OK);
    assert_null(schedule->segments[0].layers);
    sol_schedule_close(&schedule);
}

/* Input, styles and models count from the schedule's folder, outputs from the current one. */
static void test_relative_paths(void **state)
{
    SolSchedule *schedule = NULL;
    (void)state;
    write_text("deep/own.safetensors", "");
    write_text("deep/seasons.yaml", RIGHT "model: ./own.safetensors\n");
    assert_int_equal(sol_schedule_load(&schedule, "deep/seasons.yaml", &schedule_options), SOL_OK);
    assert_string_equal(schedule->folder, "deep");
    assert_string_equal(schedule->input->paths[0], "deep/clip.mp4");
    assert_string_equal(schedule->segments[0].layers->look->styles[0], "deep/styles/a.png");
    assert_string_equal(schedule->segments[0].layers->look->model, "deep/./own.safetensors");
    assert_string_equal(schedule->outputs[0].path, "out/film.mp4");
    sol_schedule_close(&schedule);
    write_text("deep/seasons.yaml", "version: 1\ninput: clap.mp4\n" LIST SPRING TAIL);
    assert_int_equal(sol_schedule_load(&schedule, "deep/seasons.yaml", &schedule_options), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(), "deep/seasons.yaml:2:8: there is no input deep/clap.mp4; "
                                         "paths count from the schedule's folder");
}

/* What the command line adds takes the settings of the first output of its kind. */
static void test_further_outputs(void **state)
{
    SolSchedule *schedule = load_text(HEAD LIST SPRING "outputs:\n- {path: a.gif, width: 100}\n"
                                      "- {path: a.mp4, crf: 3}\n- {path: b.mp4, crf: 4}\n");
    SolOutputSettings settings;
    (void)state;
    assert_int_equal(sol_schedule_output(schedule, "x.mkv", &settings), 0);
    assert_string_equal(settings.path, "x.mkv");
    assert_int_equal(settings.crf, 3);
    assert_int_equal(settings.width, 0);
    assert_int_equal(sol_schedule_output(schedule, "%d.png", &settings), 0);
    assert_string_equal(settings.path, "%d.png");
    assert_int_equal(settings.crf, -1);
    assert_int_equal(settings.width, 0);
    assert_int_equal(sol_schedule_output(schedule, "./clip.mp4", &settings), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "output ./clip.mp4 is the input itself; choose another name");
    sol_schedule_close(&schedule);
}

static void test_many_segments(void **state)
{
    enum { COUNT = 10000 };
    char *text = malloc((size_t)COUNT * 64 + 256);
    size_t length = 0;
    SolSchedule *schedule;
    (void)state;
    assert_non_null(text);
    length += (size_t)sprintf(text, HEAD LIST);
    for (int i = 0; i < COUNT; i++)
        length += (size_t)sprintf(text + length, "  - {frames: %d, style: styles/%s.png}\n", i, i % 2 ? "a" : "b");
    sprintf(text + length, TAIL);
    schedule = load_text(text);
    assert_int_equal(schedule->segment_count, COUNT);
    assert_int_equal(schedule->segments[COUNT - 1].last, COUNT - 1);
    sol_schedule_close(&schedule);
    free(text);
}

static void test_values(void **state)
{
    SolRational rate = {7, 7};
    double from = 7, to = 7;
    static const char *const wrong_rates[] = {"", "-1", "30/0", "0/5", "1/1000", "1000.1", "1e2", "30.", ".5", "30/-1",
                                              "30.-1", " 30", "1.1234567", "30/1/1", "9999999999"};
    static const char *const wrong_times[] = {"", "1s", "1-2s", "-1s-2s", "1s-2", "1:2:3:4-5s", "1:60:00-2s", "a:00-2s",
                                              "1s--2s", "s-2s", ":1-2s", "1e1s-2s", "0:1.2.3-2s"};
    static const char *const wrong_percents[] = {"", "%", "25", "-1%", "1e1%", "25%%", "a%"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong_rates / sizeof *wrong_rates; i++)
        if (sol_parse_rate(wrong_rates[i], &rate))
            fail_msg("\"%s\" is taken for a rate", wrong_rates[i]);
    for (size_t i = 0; i < sizeof wrong_times / sizeof *wrong_times; i++)
        if (sol_parse_times(wrong_times[i], &from, &to))
            fail_msg("\"%s\" is taken for times", wrong_times[i]);
    for (size_t i = 0; i < sizeof wrong_percents / sizeof *wrong_percents; i++)
        if (sol_parse_percent(wrong_percents[i], &from))
            fail_msg("\"%s\" is taken for a percentage", wrong_percents[i]);
    assert_int_equal(rate.num, 7);
    assert_true(from == 7 && to == 7);
    assert_true(sol_parse_rate("29.97", &rate) && rate.num == 30000 && rate.den == 1001);
    assert_true(sol_parse_rate("23.976", &rate) && rate.num == 24000 && rate.den == 1001);
    assert_true(sol_parse_rate("59.94", &rate) && rate.num == 60000 && rate.den == 1001);
    assert_true(sol_parse_rate("29.971", &rate) && rate.num == 29971 && rate.den == 1000);
    assert_true(sol_parse_rate("0.01", &rate) && rate.num == 1 && rate.den == 100);
    assert_true(sol_parse_rate("1000", &rate) && rate.num == 1000 && rate.den == 1);
    assert_true(sol_parse_rate("60/2", &rate) && rate.num == 30 && rate.den == 1);
    assert_true(sol_parse_times("0:12-0:17.5", &from, &to) && from == 12 && to == 17.5);
    assert_true(sol_parse_times("1:02:03 - 4000s", &from, &to) && from == 3723 && to == 4000);
    assert_true(sol_parse_percent("12.5 %", &from) && from == 12.5);
}

/* ---- the input ---- */

static void test_open_input(void **state)
{
    static const char text[] = "version: 1\ninput: real\nframerate: 10\ngaps: skip\nsize: 64\nsegments:\n"
                               "- {frames: 0-2, style: none}\n" TAIL;
    SolSchedule *schedule;
    SolVideo *video = NULL;
    SolVideoInfo info;
    SolVideoIndex index;
    SolImage *image = NULL;
    (void)state;
    make_folder("real");
    assert_int_equal(sol_image_create(&image, 200, 100), SOL_OK);
    for (int y = 0; y < 100; y++)
        memset(sol_image_row(image, y), 128, 600);
    assert_int_equal(sol_image_save(image, "real/9.png", false), SOL_OK);
    assert_int_equal(sol_image_save(image, "real/10.png", false), SOL_OK);
    assert_int_equal(sol_image_save(image, "real/12.png", false), SOL_OK);
    sol_image_unref(&image);
    schedule = load_text(text);
    assert_int_equal(sol_schedule_open_input(schedule, &(SolVideoOptions){.threads = 1}, &video), SOL_OK);
    sol_video_info(video, &info);
    assert_int_equal(info.out_width, 128);
    assert_int_equal(info.out_height, 64);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 3);
    assert_int_equal(index.pts[1] * index.time_base.num * 10, index.time_base.den);
    sol_video_index_clear(&index);
    sol_video_close(&video);
    assert_int_equal(sol_schedule_open_input(schedule, &(SolVideoOptions){.short_side = 50, .threads = 1}, &video), SOL_OK);
    sol_video_info(video, &info);
    assert_int_equal(info.out_width, 100);
    assert_int_equal(info.out_height, 50);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_gatys),
        cmocka_unit_test(test_untouched_without_model),
        cmocka_unit_test(test_relative_paths),
        cmocka_unit_test(test_further_outputs),
        cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_open_input),
    };
    return cmocka_run_group_tests_name("schedule/schedule", tests, enter_folder, leave_folder);
}

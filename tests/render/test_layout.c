/* SPDX-License-Identifier: Apache-2.0
 *
 * Layouts: source and painting in one picture, pixel for pixel, in every kind of output, and the same where a render
 * was stopped and went on.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/pictures.h"
#include "support/schedules.h"
#include "support/support.h"
#include "support/tensors.h"

#include "image/image.h"
#include "image/layout.h"

#include <solstice/render.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 24, WIDTH = 65, HEIGHT = 49 };

static int set_up(void **state)
{
    static const TestTensor tensors[] = {{"t.weight", {3, 3, 3, 3}}, {"t.bias", {3}}, {NULL, {0}}};
    assert_int_equal(set_up_folder(state), 0);
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/"), 0, FRAMES - 1, WIDTH, HEIGHT);
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    write_model(in_folder("tiny.safetensors"), tensors,
                "{'version': 1, 'method': 'adain', 'layers': [{'name': 'a', 'op': 'adain', 'style': 'input'},"
                "{'name': 'c', 'op': 'conv', 'tensors': 't', 'channels': 3, 'kernel': 3}]}");
    return 0;
}

/* ---- pixels ---- */

/* The pixel that a layout has at (x, y), by its definition. */
static const uint8_t *pixel_at(SolLayout layout, const SolImage *source, const SolImage *painting, int x, int y,
                               int edge, int end)
{
    static const uint8_t white[3] = {255, 255, 255};
    const SolImage *from = painting;
    if (layout == SOL_LAYOUT_SIDE_BY_SIDE && x < painting->width)
        from = source;
    else if (layout == SOL_LAYOUT_SIDE_BY_SIDE)
        x -= painting->width;
    if (layout == SOL_LAYOUT_STACKED && y < painting->height)
        from = source;
    else if (layout == SOL_LAYOUT_STACKED)
        y -= painting->height;
    if (layout == SOL_LAYOUT_WIPE && x >= edge && x < end)
        return white;
    if (layout == SOL_LAYOUT_WIPE && x >= end)
        from = source;
    return sol_image_row_const(from, y) + 3 * x;
}

static void check_pixels(const SolImage *composed, SolLayout layout, const SolImage *source, const SolImage *painting,
                         int edge, int end)
{
    int width = painting->width * (layout == SOL_LAYOUT_SIDE_BY_SIDE ? 2 : 1);
    int height = painting->height * (layout == SOL_LAYOUT_STACKED ? 2 : 1);
    assert_int_equal(composed->width, width);
    assert_int_equal(composed->height, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (memcmp(sol_image_row_const(composed, y) + 3 * x,
                       pixel_at(layout, source, painting, x, y, edge, end), 3) != 0)
                fail_msg("%s of %dx%d: another pixel at %d,%d", sol_layout_name((int)layout), painting->width,
                         painting->height, x, y);
}

static void test_pixels(void **state)
{
    static const int sizes[][2] = {{1, 1}, {3, 5}, {17, 2}, {64, 9}, {641, 3}};
    enum { COUNT = 7 };
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        SolImage *source = make_picture(sizes[s][0], sizes[s][1], 1);
        SolImage *painting = make_picture(sizes[s][0], sizes[s][1], 2);
        painting->number = 5;
        painting->pts = 1234;
        for (int layout = 0; sol_layout_name(layout); layout++)
            for (int64_t i = 0; i < COUNT; i++) {
                SolImage *composed = NULL;
                int edge, end;
                sol_layout_wipe(sizes[s][0], i, COUNT, &edge, &end);
                assert_int_equal(sol_layout_compose(&composed, (SolLayout)layout, source, painting, i, COUNT), 0);
                check_pixels(composed, (SolLayout)layout, source, painting, edge, end);
                assert_int_equal(composed->number, 5);
                assert_int_equal(composed->pts, 1234);
                sol_image_unref(&composed);
            }
        sol_image_unref(&source);
        sol_image_unref(&painting);
    }
}

/* From the source alone to the painting alone, evenly, with a line of one width that comes in and goes out. */
static void test_wipe(void **state)
{
    static const struct {
        int width, line;
    } cases[] = {{1, 1}, {7, 1}, {480, 2}, {640, 2}, {1280, 4}, {1921, 6}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int64_t count = 2; count <= 600; count = count * 3 / 2 + 1) {
            double step = (double)(cases[c].width + cases[c].line) / (double)(count - 1);
            int edge, end, former = 0;
            for (int64_t i = 0; i < count; i++, former = end) {
                sol_layout_wipe(cases[c].width, i, count, &edge, &end);
                assert_true(edge >= 0 && edge <= end && end <= cases[c].width && end >= former);
                assert_true(end - edge <= cases[c].line);
                if (edge > 0 && end < cases[c].width)
                    assert_int_equal(end - edge, cases[c].line);
                if (i > 0 && end < cases[c].width)
                    assert_true(end - former <= step + 1 && end - former >= step - 1);
                if (i == 0)
                    assert_int_equal(end, 0);
            }
            assert_int_equal(edge, cases[c].width);
        }
}

static void test_wipe_of_one_picture(void **state)
{
    int edge, end;
    (void)state;
    sol_layout_wipe(99, 0, 1, &edge, &end);
    assert_int_equal(edge, 49);
    assert_int_equal(end, 50);
}

static void test_names(void **state)
{
    SolLayout layout = SOL_LAYOUT_WIPE;
    (void)state;
    assert_true(sol_layout_find("painting", &layout));
    assert_int_equal(layout, SOL_LAYOUT_PAINTING);
    assert_false(sol_layout_find("beside", &layout));
    assert_null(sol_layout_name(-1));
}

static void test_too_large(void **state)
{
    char path[] = "%d.png";
    const SolOutputSettings stills = {.path = path, .crf = -1, .layout = SOL_LAYOUT_STACKED};
    const SolWriterInput input = {.width = 10, .height = 16385, .time_base = {1, 25}};
    SolWriter *writer = NULL;
    (void)state;
    assert_int_equal(sol_writer_open(&writer, &stills, &input, NULL), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "%d.png: its layout, stacked, makes pictures of 10x32770 pixels, and sides "
                                          "can be 32768 at most; paint at a smaller size");
}

/* ---- outputs ---- */

static const char segments[] = "transition: 4\nsegments:\n  - {frames: 0-8, style: a.png}\n"
                               "  - {frames: 9-14, style: none}\n  - {frames: 15-23, style: a.png, strength: 0.5}\n";

static SolSchedule *load(const char *what, const char *outputs)
{
    SolSchedule *schedule = NULL;
    char text[4096], *at;
    snprintf(text, sizeof text, "version: 1\ninput: images\nframerate: 25\nmodel: tiny.safetensors\n%soutputs:\n%s",
             what, outputs);
    /* "@" is the folder */
    while ((at = strchr(text, '@'))) {
        char rest[4096];
        snprintf(rest, sizeof rest, "%s", at + 1);
        snprintf(at, sizeof text - (size_t)(at - text), "%s%s", folder, rest);
    }
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&schedule, in_folder("s.yaml"), &(SolScheduleOptions){.model_folders = model_folders}) != 0)
        fail_msg("%s", sol_error_text());
    return schedule;
}

/* How many frames were taken over. */
static int64_t render(const char *what, const char *outputs, SolRenderOptions options)
{
    SolSchedule *schedule = load(what, outputs);
    SolRenderReport report;
    int64_t taken;
    options.threads = 2;
    if (sol_render(schedule, &options, &report) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_schedule_close(&schedule);
    taken = report.reused;
    sol_render_report_clear(&report);
    return taken;
}

static SolImage *load_still(const char *name, int n)
{
    SolImage *image = NULL;
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%d.png", folder, name, n);
    if (sol_image_load(&image, path) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return image;
}

static void test_stills(void **state)
{
    static const char *const names[] = {"plain", "side-by-side", "stacked", "wipe"};
    (void)state;
    render(segments,
           "  - path: '@/plain/%d.png'\n  - {path: '@/side-by-side/%d.png', layout: side-by-side}\n"
           "  - {path: '@/stacked/%d.png', layout: stacked}\n  - {path: '@/wipe/%d.png', layout: wipe}\n",
           (SolRenderOptions){.first = 3, .count = 18});
    for (int n = 3; n < 21; n++) {
        SolImage *source = load_still("images", n), *painting = load_still("plain", n);
        int edge, end;
        sol_layout_wipe(WIDTH, n - 3, 18, &edge, &end);
        for (int layout = 1; layout < 4; layout++) {
            SolImage *composed = load_still(names[layout], n);
            check_pixels(composed, (SolLayout)layout, source, painting, edge, end);
            sol_image_unref(&composed);
        }
        sol_image_unref(&source);
        sol_image_unref(&painting);
    }
    for (int i = 0; i < 4; i++)
        remove_folder(in_folder(names[i]));
}

/* A wipe goes over the frames of its own output. */
static void test_wipe_of_some_frames(void **state)
{
    (void)state;
    render(segments, "  - path: '@/plain/%d.png'\n  - {path: '@/wipe/%d.png', layout: wipe, frames: 5-14}\n",
           (SolRenderOptions){0});
    assert_int_equal(count_entries(in_folder("wipe")), 10);
    for (int n = 5; n < 15; n++) {
        SolImage *source = load_still("images", n), *painting = load_still("plain", n), *composed = load_still("wipe", n);
        int edge, end;
        sol_layout_wipe(WIDTH, n - 5, 10, &edge, &end);
        check_pixels(composed, SOL_LAYOUT_WIPE, source, painting, edge, end);
        sol_image_unref(&source);
        sol_image_unref(&painting);
        sol_image_unref(&composed);
    }
    remove_folder(in_folder("plain"));
    remove_folder(in_folder("wipe"));
}

/* A film and a GIF of one pass: the left half of each frame carries its number, and so does the right, unpainted. */
static void test_film_and_gif(void **state)
{
    static const char *const names[] = {"film.mkv", "film.gif"};
    int frames;
    (void)state;
    render(segments,
           "  - {path: '@/film.mkv', crf: 0, layout: side-by-side}\n"
           "  - {path: '@/film.gif', layout: side-by-side, width: 130}\n",
           (SolRenderOptions){0});
    for (int i = 0; i < 2; i++) {
        int height = i == 0 ? HEIGHT + 1 : HEIGHT; /* even sides */
        uint8_t *pixels = decode(in_folder(names[i]), 2 * WIDTH, height, &frames);
        assert_int_equal(frames, FRAMES);
        for (int n = 0; n < FRAMES; n++) {
            const uint8_t *frame = pixels + (size_t)n * 6 * WIDTH * (size_t)height;
            assert_int_equal(read_number(frame, 6 * WIDTH, WIDTH, HEIGHT), n);
            if (n >= 9 && n < 15)
                assert_int_equal(read_number(frame + 3 * WIDTH, 6 * WIDTH, WIDTH, HEIGHT), n);
        }
        free(pixels);
    }
}

/* `width` is that of the picture laid out. */
static void test_width(void **state)
{
    (void)state;
    render(segments, "  - {path: '@/narrow.mp4', layout: stacked, width: 40}\n", (SolRenderOptions){.count = 2});
    assert_string_equal(probe(in_folder("narrow.mp4"), "stream=width,height"), "width=40|height=60|");
}

/* ---- going on ---- */

static const char three[] = "  - {path: '@/r/a.mp4', layout: side-by-side}\n"
                            "  - {path: '@/r/a.gif', layout: wipe, fps: 10, frames: 3-17}\n"
                            "  - {path: '@/r/%d.png', layout: stacked}\n";

typedef struct Stop {
    atomic_bool over;
    int64_t after;
} Stop;

static void count_down(void *user, const SolRenderProgress *progress)
{
    Stop *stop = user;
    if (progress->done - progress->reused >= stop->after)
        atomic_store(&stop->over, true);
}

static bool is_over(void *user)
{
    return atomic_load(&((Stop *)user)->over);
}

/* What the files in "r" hold, one after another; the folder goes. */
static uint8_t *take_outcome(int count, size_t *size)
{
    char command[600];
    uint8_t *bytes;
    assert_int_equal(count_entries(in_folder("r")), 2 + count); /* nothing else is left there */
    snprintf(command, sizeof command, "cat $(ls %s/r/* | sort) > %s/all", folder, folder);
    assert_int_equal(run_command("%s", command), 0);
    bytes = read_bytes(in_folder("all"), size);
    remove_folder(in_folder("r"));
    return bytes;
}

static void check_stops(const char *what, int64_t after, SolRenderOptions options)
{
    SolSchedule *schedule = load(what, three);
    size_t size, again_size;
    uint8_t *bytes, *again;
    int result, stops = 0, count = options.count ? (int)options.count : FRAMES;
    options.threads = 1;
    if (sol_render(schedule, &options, NULL) != SOL_OK)
        fail_msg("%s", sol_error_text());
    bytes = take_outcome(count, &size);
    do {
        Stop stop = {false, after + stops}; /* frames that pass through are kept by parts */
        options.progress = count_down;
        options.cancelled = is_over;
        options.user = &stop;
        result = sol_render(schedule, &options, NULL);
        assert_true(result == SOL_OK || result == SOL_ERR_CANCELLED);
    } while (result != SOL_OK && ++stops < 100);
    assert_true(stops >= 1);
    again = take_outcome(count, &again_size);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, bytes, size);
    free(again);
    free(bytes);
    sol_schedule_close(&schedule);
}

static void test_going_on(void **state)
{
    (void)state;
    check_stops(segments, 1, (SolRenderOptions){0});
    check_stops(segments, 6, (SolRenderOptions){.first = 2, .count = 20});
}

/* Paintings that begin with the ones before them, which are remembered beside the frames that are kept. */
static void test_going_on_with_optimised_paintings(void **state)
{
    (void)state;
    check_stops("gatys: {iterations: 2, next_iterations: 1, pyramid: 1}\n"
                "segments: [{frames: 0-5, style: a.png, model: compact, method: gatys}]\n",
                2, (SolRenderOptions){.size = 32, .count = 6});
}

static int64_t reused(const char *outputs, int64_t count)
{
    return render(segments, outputs, (SolRenderOptions){.count = count, .keep = true, .overwrite = true});
}

/* What is kept of one layout is no part of another's; a wipe's is none of another range's either. */
static void test_keys(void **state)
{
    static const char wipe[] = "  - {path: '@/r/a.gif', layout: wipe}\n",
                      side[] = "  - {path: '@/r/a.gif', layout: side-by-side}\n", plain[] = "  - path: '@/r/a.gif'\n";
    (void)state;
    assert_int_equal(reused(side, 9), 0);
    assert_int_equal(reused(side, 9), 9);
    assert_int_equal(reused(plain, 9), 0);
    assert_int_equal(reused(wipe, 9), 0);
    assert_int_equal(reused(wipe, 9), 9);
    assert_int_equal(reused(wipe, 12), 0);
    assert_true(reused(side, 12) >= 7);
    remove_folder(in_folder("r"));
}

static void test_unknown_layout(void **state)
{
    SolSchedule *schedule = NULL;
    (void)state;
    write_text(in_folder("s.yaml"), "version: 1\ninput: images\nsegments: [{share: 100%, style: none}]\n"
                                    "outputs:\n  - {path: a.mp4, layout: stackd}\n");
    assert_int_equal(sol_schedule_load(&schedule, in_folder("s.yaml"), &schedule_options), SOL_ERR_SCHEDULE);
    assert_string_equal(error_in_folder(), "s.yaml:5:27: unknown layout \"stackd\"; did you mean \"stacked\"?");
    write_text(in_folder("s.yaml"), "version: 1\ninput: images\nsegments: [{share: 100%, style: none}]\n"
                                    "outputs:\n  - {path: a.mp4, layout: beside}\n");
    assert_int_equal(sol_schedule_load(&schedule, in_folder("s.yaml"), &schedule_options), SOL_ERR_SCHEDULE);
    assert_string_equal(error_in_folder(), "s.yaml:5:27: \"layout\" must be painting, side-by-side, stacked or wipe, "
                                           "not \"beside\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_wipe_of_one_picture),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_stills),
        cmocka_unit_test(test_wipe_of_some_frames),
        cmocka_unit_test(test_film_and_gif),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_going_on_with_optimised_paintings),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_unknown_layout),
    };
    return cmocka_run_group_tests_name("render/layout", tests, set_up, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Several engines in one render: which stretches share them, how a transition passes from one to another, and
 * the colours of a look.
 */
#include "support/schedules.h"
#include "support/support.h"

#include "render/painters.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 48, HEIGHT = 32, FRAMES = 30 };

/* A schedule with all that it takes to paint by it. */
typedef struct Fixture {
    SolSchedule *schedule;
    SolTimeline *timeline;
    SolPainters *painters;
    SolImage *frame;
} Fixture;

static SolImage *make_picture(unsigned seed)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, WIDTH, HEIGHT), 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                sol_image_row(image, y)[3 * x + c] =
                    (uint8_t)(((unsigned)x * (seed + 3) + (unsigned)y * (unsigned)(c + 2) * 3) % (150 + seed * 20) + 30);
    return image;
}

static int set_up(void **state)
{
    static const char *const names[] = {"a.png", "b.png"};
    assert_int_equal(set_up_folder(state), 0);
    for (unsigned i = 0; i < 2; i++) {
        SolImage *image = make_picture(i + 1);
        assert_int_equal(sol_image_save(image, in_folder(names[i]), true), 0);
        sol_image_unref(&image);
    }
    write_text(in_folder("clip.mp4"), "");
    /* the same network under another name is another engine */
    assert_int_equal(run_command("cp models/compact.safetensors %s/twin.safetensors", folder), 0);
    return 0;
}

static int try_open(Fixture *fixture, const char *segments)
{
    static const char *const folders[] = {"models", NULL};
    const SolScheduleOptions options = {.model_folders = folders};
    const SolEngineOptions how = {.threads = 1};
    int64_t pts[FRAMES];
    const SolVideoIndex index = {.frames = FRAMES, .pts = pts, .end = FRAMES, .time_base = {1, 25}};
    bool wanted[8];
    SolImage *references[8] = {NULL};
    char text[2048];
    int result;
    *fixture = (Fixture){.frame = make_picture(0)};
    for (int i = 0; i < FRAMES; i++)
        pts[i] = i;
    snprintf(text, sizeof text, "version: 1\ninput: clip.mp4\ntransition: 4\noutputs: [{path: out.mp4}]\nsegments:\n%s",
             segments);
    write_text(in_folder("s.yaml"), text);
    if (sol_schedule_load(&fixture->schedule, in_folder("s.yaml"), &options) != SOL_OK ||
        sol_timeline_open(&fixture->timeline, fixture->schedule, &index) != SOL_OK)
        fail_msg("%s", sol_error_text());
    for (int i = 0; i < sol_timeline_count(fixture->timeline); i++) {
        SolStretch stretch;
        sol_timeline_stretch(fixture->timeline, i, &stretch);
        wanted[i] = stretch.layer_count > 0;
        references[i] = fixture->frame;
    }
    result = sol_painters_open(&fixture->painters, &(SolPaintersSource){.timeline = fixture->timeline,
                                                                      .wanted = wanted,
                                                                      .references = references,
                                                                      .how = &how,
                                                                      .steady = fixture->schedule->steady});
    if (result == SOL_OK)
        assert_int_equal(sol_painters_plan(fixture->painters, &(SolPaintersSize){WIDTH, HEIGHT, WIDTH, HEIGHT}), 0);
    return result;
}

static SolImage *paint(const Fixture *fixture, int64_t n)
{
    SolImage *painting = NULL;
    SolMoment moment;
    sol_timeline_at(fixture->timeline, n, &moment);
    assert_int_equal(sol_painters_paint(fixture->painters, &moment, fixture->frame, -1, &painting), 0);
    return painting;
}

static void close_all(Fixture *fixture)
{
    sol_painters_close(&fixture->painters);
    sol_timeline_close(&fixture->timeline);
    sol_schedule_close(&fixture->schedule);
    sol_image_unref(&fixture->frame);
}

/* The largest difference between a picture and w * a + (1 - w) * b. */
static int difference(const SolImage *picture, const SolImage *a, const SolImage *b, double w)
{
    double largest = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < 3 * WIDTH; i++) {
            double mixed = w * sol_image_row_const(a, y)[i] + (1 - w) * sol_image_row_const(b, y)[i];
            double off = sol_image_row_const(picture, y)[i] - mixed;
            largest = off > largest ? off : -off > largest ? -off : largest;
        }
    return (int)(largest + 0.5);
}

/* Between two networks the pixels of two paintings are mixed; between two styles of one, the styles. */
static void test_transitions(void **state)
{
    static const char one[] = "  - {frames: 0-14, style: a.png}\n  - {frames: 15-29, style: b.png}\n";
    static const char two[] = "  - {frames: 0-14, style: a.png}\n"
                              "  - {frames: 15-29, style: b.png, model: ./twin.safetensors}\n";
    Fixture fixture;
    SolImage *first, *last, *between, *mixed;
    (void)state;
    assert_int_equal(try_open(&fixture, two), 0);
    first = paint(&fixture, 0);
    last = paint(&fixture, 29);
    mixed = paint(&fixture, 14); /* the second of four frames: the later style weighs 3/8 */
    assert_true(difference(first, last, last, 1) > 20);
    assert_in_range(difference(mixed, last, first, 0.375), 0, 1);
    close_all(&fixture);
    assert_int_equal(try_open(&fixture, one), 0);
    between = paint(&fixture, 14);
    assert_true(difference(between, mixed, mixed, 1) > 1);
    sol_image_unref(&between);
    between = paint(&fixture, 29); /* the twin paints the same */
    assert_int_equal(difference(between, last, last, 1), 0);
    close_all(&fixture);
    sol_image_unref(&between);
    sol_image_unref(&mixed);
    sol_image_unref(&first);
    sol_image_unref(&last);
}

static void test_blend_of_one_style_is_the_style(void **state)
{
    Fixture fixture;
    SolImage *first, *second, *third;
    (void)state;
    assert_int_equal(try_open(&fixture, "  - {frames: 0-9, style: a.png}\n"
                                        "  - {frames: 10-19, style: [a.png, b.png], weights: [1, 0]}\n"
                                        "  - {frames: 20-29, style: [a.png, b.png]}\n"), 0);
    first = paint(&fixture, 0);
    second = paint(&fixture, 15);
    third = paint(&fixture, 29);
    assert_int_equal(difference(first, second, second, 1), 0);
    assert_true(difference(first, third, third, 1) > 5);
    sol_image_unref(&first);
    sol_image_unref(&second);
    sol_image_unref(&third);
    close_all(&fixture);
}

static void mean_of(const SolImage *image, double mean[3])
{
    memset(mean, 0, 3 * sizeof *mean);
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < 3 * WIDTH; i++)
            mean[i % 3] += sol_image_row_const(image, y)[i] / (double)(WIDTH * HEIGHT);
}

/* With the content's colours, a painting is nearer to the frame's mean; with its luminance alone, chroma is the frame's. */
static void test_colors(void **state)
{
    Fixture fixture;
    SolImage *paintings[3];
    double own[3], mean[3], off[3];
    (void)state;
    assert_int_equal(try_open(&fixture, "  - {frames: 0-9, style: b.png}\n"
                                        "  - {frames: 10-19, style: b.png, color: content}\n"
                                        "  - {frames: 20-29, style: b.png, color: luminance}\n"), 0);
    mean_of(fixture.frame, own);
    for (int i = 0; i < 3; i++) {
        paintings[i] = paint(&fixture, i * 10 + 5);
        mean_of(paintings[i], mean);
        off[i] = 0;
        for (int c = 0; c < 3; c++)
            off[i] += (mean[c] - own[c]) * (mean[c] - own[c]);
    }
    assert_true(off[1] < off[0] / 4);
    sol_image_take_chroma(paintings[0], fixture.frame);
    assert_int_equal(difference(paintings[0], paintings[2], paintings[2], 1), 0);
    for (int i = 0; i < 3; i++)
        sol_image_unref(&paintings[i]);
    close_all(&fixture);
}

static void test_style_is_asked_for(void **state)
{
    Fixture fixture;
    (void)state;
    assert_int_equal(try_open(&fixture, "  - {name: dry, frames: 0-9, model: compact}\n"), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "segment \"dry\": the model models/compact.safetensors paints in the style of "
                                          "an image; name one with \"style\"");
    assert_null(fixture.painters);
    close_all(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_blend_of_one_style_is_the_style),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_style_is_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down_folder);
}

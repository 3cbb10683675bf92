/* SPDX-License-Identifier: Apache-2.0
 *
 * Several engines in one render: which stretches share them, how a transition passes from one to another, the
 * colours of a look, layers and their regions, and what is remembered from frame to frame.
 */
#include "support/regions.h"
#include "support/schedules.h"
#include "support/support.h"

#include "image/image.h"
#include "render/lanes.h"
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

static int try_open_with(Fixture *fixture, const char *segments, int threads)
{
    static const char *const folders[] = {"models", NULL};
    const SolScheduleOptions options = {.model_folders = folders};
    const SolEngineOptions how = {.threads = threads};
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

static int try_open(Fixture *fixture, const char *segments)
{
    return try_open_with(fixture, segments, 1);
}

/* The painting of frame `n`, which is `frame`, behind that of the frame `before`. */
static SolImage *paint_behind(const Fixture *fixture, SolImage *frame, int64_t n, int64_t before)
{
    SolImage *painting = NULL;
    SolMoment moment;
    frame->number = frame->pts = n;
    frame->time_base = (SolRational){1, 25};
    sol_timeline_at(fixture->timeline, n, &moment);
    if (sol_painters_paint(fixture->painters, &moment, frame, before, &painting) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return painting;
}

static SolImage *paint(const Fixture *fixture, int64_t n)
{
    return paint_behind(fixture, fixture->frame, n, -1);
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

/* ---- layers and regions ---- */

static const uint8_t *pixel(const SolImage *image, int x, int y)
{
    return sol_image_row_const(image, y) + 3 * (size_t)x;
}

/* How many pixels of an area are those of another picture. */
static int count_equal(const SolImage *a, const SolImage *b, int x0, int y0, int x1, int y1)
{
    int equal = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            equal += memcmp(pixel(a, x, y), pixel(b, x, y), 3) == 0;
    return equal;
}

/* A region's frame is the frame itself, bit by bit, outside, and the painting of the whole frame inside. */
static void test_region(void **state)
{
    Fixture fixture;
    SolImage *whole, *part, *own;
    (void)state;
    assert_int_equal(try_open(&fixture, "  - {frames: 0-9, style: a.png}\n"
                                        "  - {frames: 10-19, style: a.png, region: {rect: [0, 0, 50%, 100%]}}\n"
                                        "  - {frames: 20-29, style: a.png, region: {rect: [0, 0, 50%, 100%]}, "
                                        "statistics: region}\n"), 0);
    whole = paint(&fixture, 0);
    part = paint(&fixture, 15);
    own = paint(&fixture, 29);
    assert_int_equal(count_equal(part, whole, 0, 0, WIDTH / 2, HEIGHT), WIDTH / 2 * HEIGHT);
    assert_int_equal(count_equal(part, fixture.frame, WIDTH / 2, 0, WIDTH, HEIGHT), WIDTH / 2 * HEIGHT);
    assert_in_range(count_equal(own, whole, 0, 0, WIDTH / 2, HEIGHT), 0, WIDTH * HEIGHT / 8);
    assert_int_equal(count_equal(own, fixture.frame, WIDTH / 2, 0, WIDTH, HEIGHT), WIDTH / 2 * HEIGHT);
    sol_image_unref(&whole);
    sol_image_unref(&part);
    sol_image_unref(&own);
    close_all(&fixture);
}

/* Layers lie over each other in their order, and one without a style uncovers the frame. */
static void test_layers(void **state)
{
    Fixture fixture;
    SolImage *a, *b, *layers;
    (void)state;
    assert_int_equal(try_open(&fixture,
                              "  - {frames: 0-9, style: a.png}\n  - {frames: 10-19, style: b.png}\n"
                              "  - frames: 20-29\n    layers:\n      - {style: a.png}\n"
                              "      - {style: b.png, region: {rect: [0, 0, 50%, 100%]}}\n"
                              "      - {style: none, region: {rect: [25%, 0, 50%, 100%]}}\n"), 0);
    a = paint(&fixture, 0);
    b = paint(&fixture, 15);
    layers = paint(&fixture, 29);
    assert_int_equal(count_equal(layers, b, 0, 0, WIDTH / 4, HEIGHT), WIDTH / 4 * HEIGHT);
    assert_int_equal(count_equal(layers, fixture.frame, WIDTH / 4, 0, WIDTH * 3 / 4, HEIGHT), WIDTH / 2 * HEIGHT);
    assert_int_equal(count_equal(layers, a, WIDTH * 3 / 4, 0, WIDTH, HEIGHT), WIDTH / 4 * HEIGHT);
    sol_image_unref(&a);
    sol_image_unref(&b);
    sol_image_unref(&layers);
    close_all(&fixture);
}

/* ---- kinds of transitions ---- */

/* A wipe to the right has the later painting at the left, the earlier one at the right; towards the frame, that. */
static void test_wipe(void **state)
{
    Fixture fixture;
    SolImage *first, *last, *wiped, *leaving;
    (void)state;
    assert_int_equal(try_open(&fixture,
                              "  - {frames: 0-9, style: a.png}\n"
                              "  - {frames: 10-19, style: b.png, transition: {length: 5, kind: wipe, feather: 0%}}\n"
                              "  - {frames: 20-29, style: none, transition: {length: 6, kind: wipe, feather: 0%, "
                              "direction: left}}\n"), 0);
    first = paint(&fixture, 0);
    last = paint(&fixture, 15);
    wiped = paint(&fixture, 10); /* frames 8 to 12: half of the way */
    assert_int_equal(count_equal(wiped, last, 0, 0, WIDTH / 2, HEIGHT), WIDTH / 2 * HEIGHT);
    assert_int_equal(count_equal(wiped, first, WIDTH / 2, 0, WIDTH, HEIGHT), WIDTH / 2 * HEIGHT);
    leaving = paint(&fixture, 18); /* the second of three frames: half of the way, from the right */
    assert_int_equal(count_equal(leaving, last, 0, 0, WIDTH / 2, HEIGHT), WIDTH / 2 * HEIGHT);
    assert_int_equal(count_equal(leaving, fixture.frame, WIDTH / 2, 0, WIDTH, HEIGHT), WIDTH / 2 * HEIGHT);
    sol_image_unref(&first);
    sol_image_unref(&last);
    sol_image_unref(&wiped);
    sol_image_unref(&leaving);
    close_all(&fixture);
}

/* The later painting grows out of a region; with "pixels" one painting fades into the other, also of one engine. */
static void test_growth_and_pixels(void **state)
{
    Fixture fixture;
    SolImage *first, *last, *between, *mixed;
    int before = 0;
    (void)state;
    assert_int_equal(try_open(&fixture,
                              "  - {frames: 0-9, style: a.png}\n"
                              "  - {frames: 10-19, style: b.png, transition: {length: 10, kind: region, feather: 0%, "
                              "region: {ellipse: [25%, 50%, 5]}}}\n"
                              "  - {frames: 20-29, style: a.png, transition: {length: 4, kind: pixels}}\n"), 0);
    first = paint(&fixture, 0);
    last = paint(&fixture, 16);
    for (int n = 5; n < 15; n++) {
        int grown;
        between = paint(&fixture, n);
        grown = count_equal(between, last, 0, 0, WIDTH, HEIGHT);
        assert_true(grown > before);
        assert_true(count_equal(between, first, 0, 0, WIDTH, HEIGHT) >= WIDTH * HEIGHT - grown - 40); /* on the edge */
        assert_int_equal(count_equal(between, last, WIDTH / 4, HEIGHT / 2, WIDTH / 4 + 1, HEIGHT / 2 + 1), 1);
        before = grown;
        sol_image_unref(&between);
    }
    mixed = paint(&fixture, 19); /* 18 to 21 */
    assert_in_range(difference(mixed, first, last, 0.375), 0, 1);
    sol_image_unref(&first);
    sol_image_unref(&last);
    sol_image_unref(&mixed);
    close_all(&fixture);
}

/* ---- what is remembered ---- */

/* A picture that moves, with noise of its own. */
static SolImage *make_moving(int n)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, WIDTH, HEIGHT), 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                sol_image_row(image, y)[3 * x + c] =
                    (uint8_t)(((x - n) * (x - n) / 9 + y * (3 + c)) % 200 + (x * 7 + y * 3 + n * 5) % 11);
    return image;
}

/* Painters that take over what others remember go on as those would have, bit by bit. */
static void check_memory(const char *steady)
{
    char segments[512];
    Fixture one, other;
    SolBlob blob = {0};
    SolImage *frame = make_moving(0), *painting, *taken_over;
    snprintf(segments, sizeof segments,
             "  - {frames: 0-13, style: a.png, region: {key: {value: 30%%-, hold: 0.8}}}\n"
             "  - {frames: 14-29, style: b.png, region: {key: {value: 30%%-, hold: 0.8}}, transition: {length: 8, "
             "kind: region, region: {key: {value: 50%%-, hold: 0.5}}}}\nsteady: %s\n", steady);
    assert_int_equal(try_open(&one, segments), 0);
    painting = paint_behind(&one, frame, 0, -1);
    sol_image_unref(&frame);
    for (int n = 1; n < FRAMES; n++) {
        sol_image_unref(&painting);
        sol_blob_reset(&blob);
        sol_painters_save(one.painters, &blob);
        assert_int_equal(try_open(&other, segments), 0);
        if (!sol_blob_is_sound(&blob) || sol_painters_restore(other.painters, &blob) != SOL_OK)
            fail_msg("frame %d: %s", n, sol_error_text());
        assert_int_equal(blob.at, blob.size);
        frame = make_moving(n);
        taken_over = paint_behind(&other, frame, n, n - 1);
        painting = paint_behind(&one, frame, n, n - 1);
        assert_int_equal(difference(taken_over, painting, painting, 1), 0);
        sol_image_unref(&frame);
        sol_image_unref(&taken_over);
        close_all(&other);
    }
    sol_image_unref(&painting);
    /* what is cut short is refused */
    assert_int_equal(try_open(&other, segments), 0);
    for (size_t size = 0; size + 1 < blob.size; size += blob.size / 7 + 1) {
        SolBlob part = sol_blob_of(blob.bytes, size);
        assert_int_equal(sol_painters_restore(other.painters, &part), SOL_ERR_FORMAT);
    }
    close_all(&other);
    sol_blob_clear(&blob);
    close_all(&one);
}

static void test_memory(void **state)
{
    (void)state;
    check_memory("strong");
    check_memory("off");
}

/* A picture of one colour with what the banner cascade finds in it, or that upside down. */
static SolImage *make_scene(uint8_t grey, bool banner)
{
    SolImage *image = make_picture(0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            bool inside = x >= 12 && x < 36 && y >= 4 && y < 28;
            memset(sol_image_row(image, y) + 3 * x, inside ? (y < 16) == banner ? 235 : 20 : grey, 3);
        }
    return image;
}

/* What was followed in one scene is not in the next; within a scene it stays for a while where it is not found. */
static void test_cuts(void **state)
{
    static const struct {
        uint8_t grey; /* from frame 6 on, where nothing is found */
        bool cut;
    } rows[] = {{110, false}, {30, true}};
    char text[2048];
    (void)state;
    print_banner_cascade(text, sizeof text, "-9.0e-01", "0", "0");
    write_text(in_folder("banner.xml"), text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Fixture fixture;
        assert_int_equal(try_open(&fixture, "  - {frames: 0-29, style: a.png, region: {subject: face, cascade: "
                                            "banner.xml, smallest: 60%, neighbours: 1}}\n"), 0);
        for (int n = 0; n < 9; n++) {
            SolImage *frame = make_scene(n < 6 ? 110 : rows[i].grey, n < 6);
            SolImage *painting = paint_behind(&fixture, frame, n, n - 1);
            assert_int_equal(difference(painting, frame, frame, 1) > 0, n < 6 || !rows[i].cut);
            sol_image_unref(&frame);
            sol_image_unref(&painting);
        }
        close_all(&fixture);
    }
}

/* ---- at once ---- */

/* All frames of a film on lanes, three to four of them begun before the first is asked for; each is as it is by itself. */
static void check_at_once(const Fixture *fixture, const Fixture *alone)
{
    enum { ROOM = 4 };
    SolLaneJob jobs[ROOM];
    SolImage *frames[ROOM] = {NULL};
    SolLanes *lanes = NULL;
    assert_int_equal(sol_lanes_open(&lanes, fixture->painters, ROOM), 0);
    for (int n = 0; n < FRAMES + ROOM; n++) {
        SolLaneJob *job = &jobs[n % ROOM];
        if (n >= ROOM) {
            SolImage *wanted = paint(alone, n - ROOM);
            assert_int_equal(sol_lanes_finish(lanes, job), 0);
            assert_int_equal(difference(job->painting, wanted, wanted, 1), 0);
            assert_int_equal(job->painting->number, n - ROOM);
            sol_image_unref(&job->painting);
            sol_image_unref(&frames[n % ROOM]);
            sol_image_unref(&wanted);
        }
        if (n < FRAMES) {
            assert_int_equal(sol_image_copy(&frames[n % ROOM], fixture->frame), 0);
            frames[n % ROOM]->number = frames[n % ROOM]->pts = n;
            frames[n % ROOM]->time_base = (SolRational){1, 25};
            *job = (SolLaneJob){.frame = frames[n % ROOM]};
            sol_timeline_at(fixture->timeline, n, &job->moment);
            assert_int_equal(sol_painters_at_once(fixture->painters, &job->moment), 3);
            sol_lanes_begin(lanes, job);
        }
    }
    sol_lanes_close(&lanes);
}

static void test_at_once(void **state)
{
    static const char *const films[] = {
        "  - {frames: 0-14, style: a.png}\n  - {frames: 15-29, style: b.png, strength: 0.5}\n",
        "  - {frames: 0-14, style: a.png}\n  - {frames: 15-29, style: b.png, model: ./twin.safetensors, color: luminance}\n",
        ("  - {frames: 0-14, style: a.png}\n"
         "  - {frames: 15-29, style: b.png, transition: {length: 8, kind: wipe, direction: right}}\n"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof films / sizeof *films; i++) {
        Fixture fixture, alone;
        assert_int_equal(try_open_with(&fixture, films[i], 3), 0);
        assert_int_equal(try_open(&alone, films[i]), 0);
        assert_int_equal(sol_painters_lanes(fixture.painters), 3);
        assert_int_equal(sol_painters_lanes(alone.painters), 1);
        check_at_once(&fixture, &alone);
        close_all(&fixture);
        close_all(&alone);
    }
}

/* What goes by the frame before, or by what a region was there, is painted one by one. */
static void test_one_by_one(void **state)
{
    static const struct {
        const char *segments;
        int at_once[2]; /* of frames 5 and 25 */
    } films[] = {
        {"  - {frames: 0-14, style: a.png}\n  - {frames: 15-29, style: b.png, region: {rect: [0, 0, 20, 20]}}\n", {3, 1}},
        {"  - {frames: 0-14, style: none}\n  - {frames: 15-29, style: b.png}\n", {3, 3}},
        {"  - {frames: 0-29, style: b.png}\nsteady: light\n", {1, 1}},
        {"  - {frames: 0-14, style: none}\n  - {frames: 15-29, style: b.png, region: {rect: [0, 0, 20, 20]}}\n", {1, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof films / sizeof *films; i++) {
        Fixture fixture;
        SolMoment moment;
        assert_int_equal(try_open_with(&fixture, films[i].segments, 3), 0);
        for (int k = 0; k < 2; k++) {
            sol_timeline_at(fixture.timeline, k ? 25 : 5, &moment);
            assert_int_equal(sol_painters_at_once(fixture.painters, &moment), films[i].at_once[k]);
            assert_true(films[i].at_once[k] <= sol_painters_lanes(fixture.painters));
        }
        close_all(&fixture);
    }
}

/* The other jobs are done all the same; what waits when lanes are closed is left. */
static void test_a_lane_fails(void **state)
{
    static const char film[] = "  - {frames: 0-29, style: a.png}\n";
    Fixture fixture;
    SolImage *small = NULL;
    SolLanes *lanes = NULL;
    SolLaneJob jobs[3];
    (void)state;
    assert_int_equal(try_open_with(&fixture, film, 2), 0);
    assert_int_equal(sol_image_create(&small, WIDTH, HEIGHT - 1), 0);
    small->time_base = fixture.frame->time_base = (SolRational){1, 25};
    assert_int_equal(sol_lanes_open(&lanes, fixture.painters, 3), 0);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (SolLaneJob){.frame = i == 1 ? small : fixture.frame};
        sol_timeline_at(fixture.timeline, 1, &jobs[i].moment);
        sol_lanes_begin(lanes, &jobs[i]);
    }
    assert_int_equal(sol_lanes_finish(lanes, &jobs[2]), 0);
    assert_int_equal(sol_lanes_finish(lanes, &jobs[1]), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "48x31");
    assert_null(jobs[1].painting);
    assert_int_equal(sol_lanes_finish(lanes, &jobs[0]), 0);
    sol_image_unref(&jobs[0].painting);
    sol_image_unref(&jobs[2].painting);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (SolLaneJob){.frame = fixture.frame};
        sol_timeline_at(fixture.timeline, 1, &jobs[i].moment);
        sol_lanes_begin(lanes, &jobs[i]);
    }
    sol_lanes_close(&lanes);
    for (int i = 0; i < 3; i++)
        sol_image_unref(&jobs[i].painting);
    sol_image_unref(&small);
    close_all(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_blend_of_one_style_is_the_style),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_style_is_asked_for),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_growth_and_pixels),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_a_lane_fails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules laid over clips whose frames' times are made by hand: which frames a segment gets, the
 * stretches between, and what applies at every frame.
 */
#include "support/schedules.h"
#include "support/support.h"

#include "schedule/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WITH(keys) "version: 1\ninput: clip.mp4\noutputs: [path: out/film.mp4]\n" keys
#define A ", style: styles/a.png"
#define B ", style: styles/b.png"
#define NONE ", style: none"

/* ---- clips ---- */

/* `frames` frames of one length each, `num` / `den` of them a second. */
static SolVideoIndex steady_clip(int64_t frames, int num, int den)
{
    SolVideoIndex index = {.frames = frames,
                           .pts = malloc((size_t)frames * sizeof(int64_t)),
                           .end = frames,
                           .time_base = {den, num}};
    assert_non_null(index.pts);
    for (int64_t i = 0; i < frames; i++)
        index.pts[i] = i;
    return index;
}

/* Frames at the given milliseconds; the last entry is the end. */
static SolVideoIndex timed_clip(const int64_t times[], int64_t frames)
{
    SolVideoIndex index = steady_clip(frames, 1000, 1);
    memcpy(index.pts, times, (size_t)frames * sizeof *times);
    index.end = times[frames];
    return index;
}

/* A timeline with the schedule that it borrows from. */
typedef struct Laid {
    SolSchedule *schedule;
    SolTimeline *timeline;
} Laid;

/* Lays a schedule that must fit over a clip, which is freed. */
static Laid lay(const char *text, SolVideoIndex clip)
{
    Laid laid = {load_text(text), NULL};
    if (sol_timeline_open(&laid.timeline, laid.schedule, &clip) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    free(clip.pts);
    return laid;
}

static void clear(Laid *laid)
{
    sol_timeline_close(&laid->timeline);
    assert_null(laid->timeline);
    sol_schedule_close(&laid->schedule);
}

static void expect_stretch(const Laid *laid, int i, const char *name, int64_t first, int64_t last, const char *style)
{
    SolStretch stretch;
    sol_timeline_stretch(laid->timeline, i, &stretch);
    assert_string_equal(stretch.name, name);
    assert_int_equal(stretch.first, first);
    assert_int_equal(stretch.last, last);
    assert_int_equal(stretch.covered, *name != '\0');
    if (style)
        assert_string_equal(stretch.layers->look->styles[0], style);
    else
        assert_int_equal(stretch.layer_count, 0);
}

static SolMoment at(const Laid *laid, int64_t n)
{
    SolMoment moment;
    sol_timeline_at(laid->timeline, n, &moment);
    return moment;
}

/* How strong the only layer of a stretch is at frame `n`. */
static float strength_of(const Laid *laid, int stretch, int64_t n)
{
    SolStretch s;
    sol_timeline_stretch(laid->timeline, stretch, &s);
    assert_int_equal(s.layer_count, 1);
    return sol_layer_strength(s.layers, sol_timeline_instant(laid->timeline, stretch, n, (double)n / 30));
}

/* What two styles weigh, and how strong they are together. */
typedef struct Blend {
    float weight[2], strength;
} Blend;

static Blend blend_of(const Laid *laid, const SolMoment *moment, int64_t n)
{
    Blend blend = {{1, 0}, 0};
    if (moment->sides == 1)
        blend.strength = strength_of(laid, moment->from[0], n);
    else
        sol_blend_weights((float[]){strength_of(laid, moment->from[0], n), strength_of(laid, moment->from[1], n)},
                          moment->later, blend.weight, &blend.strength);
    return blend;
}

static void expect_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-6))
        fail_msg("%.9f, not %.9f", value, expected);
}

/* ---- which frames ---- */

static void test_frames(void **state)
{
    /* in no order, with a gap before, between and behind, one of the segments untouched */
    Laid laid = lay(WITH("segments:\n- {name: c, frames: 70-79" B "}\n- {name: a, frames: 10-19" A ", strength: 0.5}\n"
                         "- {name: b, frames: 20-29" NONE "}\n"), steady_clip(90, 30, 1));
    SolStretch stretch;
    (void)state;
    assert_int_equal(sol_timeline_count(laid.timeline), 6);
    expect_stretch(&laid, 0, "", 0, 9, NULL);
    expect_stretch(&laid, 1, "a", 10, 19, "styles/a.png");
    expect_stretch(&laid, 2, "b", 20, 29, NULL);
    expect_stretch(&laid, 3, "", 30, 69, NULL);
    expect_stretch(&laid, 4, "c", 70, 79, "styles/b.png");
    expect_stretch(&laid, 5, "", 80, 89, NULL);
    sol_timeline_stretch(laid.timeline, 1, &stretch);
    expect_near(stretch.start, 10 / 30.0);
    expect_near(stretch.end, 20 / 30.0);
    expect_near((double)strength_of(&laid, 1, 10), 0.5);
    sol_timeline_stretch(laid.timeline, 5, &stretch);
    expect_near(stretch.end, 3);
    clear(&laid);
}

static void test_whole_clip(void **state)
{
    Laid laid = lay(WITH("segments:\n- {frames: 0-89" A "}\ntransition: 10000\n"), steady_clip(90, 30, 1));
    (void)state;
    assert_int_equal(sol_timeline_count(laid.timeline), 1);
    expect_stretch(&laid, 0, "segment 1", 0, 89, "styles/a.png");
    for (int64_t n = 0; n < 90; n++) {
        assert_int_equal(at(&laid, n).sides, 1);
        expect_near((double)strength_of(&laid, 0, n), 1);
    }
    clear(&laid);
    laid = lay(WITH("segments:\n- {frames: 0" A "}\n"), steady_clip(1, 30, 1));
    assert_int_equal(sol_timeline_count(laid.timeline), 1);
    clear(&laid);
}

static void test_time(void **state)
{
    /* at 30000/1001 frames a second, frame 60 is at 2.002 s: not in 0s-2s */
    Laid laid = lay(WITH("segments:\n- {name: a, time: 0s-2s" A "}\n- {name: b, time: 0:02-0:04" B "}\n"),
                    steady_clip(240, 30000, 1001));
    (void)state;
    expect_stretch(&laid, 0, "a", 0, 59, "styles/a.png");
    expect_stretch(&laid, 1, "b", 60, 119, "styles/b.png");
    expect_stretch(&laid, 2, "", 120, 239, NULL);
    clear(&laid);
    /* at 30 a second, frame 60 is at 2 s: the second segment's */
    laid = lay(WITH("segments:\n- {name: a, time: 0s-2s" A "}\n- {name: b, time: 2s-8s" B "}\n"),
               steady_clip(240, 30, 1));
    expect_stretch(&laid, 0, "a", 0, 59, "styles/a.png");
    expect_stretch(&laid, 1, "b", 60, 239, "styles/b.png");
    clear(&laid);
    /* written to the millisecond, 0.033 s means the frame at 0.0333.. s, 0.067 s the one at 0.0666.. s */
    laid = lay(WITH("segments:\n- {name: a, time: 0.033s-0.067s" A "}\n- {name: b, time: 0.067s-0.100s" B "}\n"),
               steady_clip(240, 30, 1));
    expect_stretch(&laid, 1, "a", 1, 1, "styles/a.png");
    expect_stretch(&laid, 2, "b", 2, 2, "styles/b.png");
    clear(&laid);
}

static void test_time_of_uneven_frames(void **state)
{
    static const int64_t times[] = {0, 40, 500, 1000, 1010, 1999, 2400, 3000};
    Laid laid = lay(WITH("segments:\n- {name: a, time: 0.5s-1s" A "}\n- {name: b, time: 1s-2s" B "}\n"
                         "- {name: c, time: 2s-3s" A "}\n"), timed_clip(times, 7));
    SolStretch stretch;
    (void)state;
    assert_int_equal(sol_timeline_count(laid.timeline), 4);
    expect_stretch(&laid, 0, "", 0, 1, NULL);
    expect_stretch(&laid, 1, "a", 2, 2, "styles/a.png");
    expect_stretch(&laid, 2, "b", 3, 5, "styles/b.png");
    expect_stretch(&laid, 3, "c", 6, 6, "styles/a.png");
    sol_timeline_stretch(laid.timeline, 3, &stretch);
    expect_near(stretch.start, 2.4);
    expect_near(stretch.end, 3);
    clear(&laid);
}

static void test_frames_and_time_together(void **state)
{
    Laid laid = lay(WITH("segments:\n- {name: b, time: 1s-2s" B "}\n- {name: a, frames: 0-29" A "}\n"),
                    steady_clip(60, 30, 1));
    (void)state;
    assert_int_equal(sol_timeline_count(laid.timeline), 2);
    expect_stretch(&laid, 0, "a", 0, 29, "styles/a.png");
    expect_stretch(&laid, 1, "b", 30, 59, "styles/b.png");
    clear(&laid);
}

static void test_share(void **state)
{
    /* boundaries at 2.5, 5 and 7.5 of 10 frames, rounded up from the half */
    Laid laid = lay(WITH("segments:\n- {name: a, share: 25%" A "}\n- {name: b, share: 25%" B "}\n"
                         "- {name: c, share: 25%" A "}\n- {name: d, share: 25%" B "}\n"), steady_clip(10, 30, 1));
    (void)state;
    assert_int_equal(sol_timeline_count(laid.timeline), 4);
    expect_stretch(&laid, 0, "a", 0, 2, "styles/a.png");
    expect_stretch(&laid, 1, "b", 3, 4, "styles/b.png");
    expect_stretch(&laid, 2, "c", 5, 7, "styles/a.png");
    expect_stretch(&laid, 3, "d", 8, 9, "styles/b.png");
    clear(&laid);
    /* less than the whole leaves an untouched rest */
    laid = lay(WITH("segments:\n- {name: a, share: 33.3%" A "}\n- {name: b, share: 33.3%" NONE "}\n"),
               steady_clip(1000, 30, 1));
    expect_stretch(&laid, 0, "a", 0, 332, "styles/a.png");
    expect_stretch(&laid, 1, "b", 333, 665, NULL);
    expect_stretch(&laid, 2, "", 666, 999, NULL);
    clear(&laid);
    /* ten times a tenth is the whole, whatever the rounding of the sum */
    laid = lay(WITH("segments: [{share: 0.1%" A "}, {share: 99.7%" A "}, {share: 0.1%" A "}, {share: 0.1%" A "}]\n"),
               steady_clip(240000, 30, 1));
    assert_int_equal(sol_timeline_count(laid.timeline), 4);
    expect_stretch(&laid, 3, "segment 4", 239760, 239999, "styles/a.png");
    clear(&laid);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        int frames; /* at 30 a second */
        const char *error;
    } cases[] = {
        {WITH("segments:\n- {name: summer, frames: 60-319" A "}\n"), 240,
         "seasons.yaml:5:26: segment \"summer\": frames 60-319 run past the last frame (239)"},
        {WITH("segments:\n- {frames: 240" A "}\n"), 240,
         "seasons.yaml:5:12: segment 1: frame 240 is past the last frame (239)"},
        {WITH("segments:\n- {name: a, frames: 0-20" A "}\n- {name: b, frames: 15-29" B "}\n"), 30,
         "seasons.yaml:6:21: segment \"b\" (frames 15-29) overlaps segment \"a\" (frames 0-20) on line 5: both claim "
         "frames 15-20"},
        {WITH("segments:\n- {name: a, frames: 15-29" A "}\n- {frames: 0-29" B "}\n"), 30,
         "seasons.yaml:6:12: segment 2 (frames 0-29) overlaps segment \"a\" (frames 15-29) on line 5: both claim "
         "frames 15-29"},
        {WITH("segments:\n- {name: a, frames: 7" A "}\n- {name: b, time: 0s-1s" B "}\n"), 30,
         "seasons.yaml:6:19: segment \"b\" (frames 0-29) overlaps segment \"a\" (frame 7) on line 5: both claim "
         "frame 7"},
        {WITH("segments:\n- {name: a, time: 1s-2.1s" A "}\n"), 60,
         "seasons.yaml:5:19: segment \"a\": time 1s-2.1s runs past the end of the input (2.000 s)"},
        {WITH("segments:\n- {name: a, time: 1.001s-1.010s" A "}\n"), 60,
         "seasons.yaml:5:19: segment \"a\": no frame lies in time 1.001s-1.010s; make it longer"},
        {WITH("segments:\n- {name: a, share: 1%" A "}\n"), 30,
         "seasons.yaml:5:20: segment \"a\": share 1% of 30 frames is less than one frame; make it larger"},
        {WITH("segments:\n- {name: a, frames: 0-9" A "}\n- {name: b, frames: 10-17" B "}\n- {name: c, frames: 18-29" A
              "}\ntransition: 12\n"), 30,
         "seasons.yaml:8:1: transition 12 is longer than segment \"b\" (8 frames) has room for; at most 8"},
        {WITH("transition: 12\nsegments:\n- {frames: 0" A "}\n- {name: b, frames: 1-29" B "}\n"), 30,
         "seasons.yaml:4:1: transition 12 is longer than segment 1 (1 frame) has room for; at most 3"},
        {WITH("transition: 12\nsegments:\n- {name: b, frames: 25-29" A "}\n"), 30,
         "seasons.yaml:4:1: transition 12 is longer than segment \"b\" (5 frames) has room for; at most 10"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SolSchedule *schedule = load_text(cases[i].text);
        SolVideoIndex clip = steady_clip(cases[i].frames, 30, 1);
        SolTimeline *timeline = NULL;
        if (sol_timeline_open(&timeline, schedule, &clip) != SOL_ERR_SCHEDULE)
            fail_msg("laid, where this was expected: %s", cases[i].error);
        assert_string_equal(sol_error_text(), cases[i].error);
        assert_null(timeline);
        free(clip.pts);
        sol_schedule_close(&schedule);
    }
}

static void test_no_frames(void **state)
{
    SolSchedule *schedule = load_text(WITH("segments: [{share: 50%" A "}]\n"));
    SolVideoIndex clip = steady_clip(1, 30, 1);
    SolTimeline *timeline = NULL;
    (void)state;
    clip.frames = 0;
    assert_int_equal(sol_timeline_open(&timeline, schedule, &clip), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(), "clip.mp4: has no frames");
    free(clip.pts);
    sol_schedule_close(&schedule);
}

/* ---- what applies ---- */

static void expect_fading(const Laid *laid, int64_t n, int stretch, double strength, double opacity)
{
    SolMoment moment = at(laid, n);
    assert_int_equal(moment.stretch, stretch);
    assert_int_equal(moment.sides, 1);
    assert_int_equal(moment.from[0], stretch);
    expect_near((double)strength_of(laid, stretch, n), strength);
    expect_near((double)moment.opacity, opacity);
}

static void expect_single(const Laid *laid, int64_t n, int stretch, double strength)
{
    expect_fading(laid, n, stretch, strength, 1);
}

/* `weight` is that of the new stretch, `to`. */
static void expect_blend(const Laid *laid, int64_t n, int stretch, int to, double weight, double strength)
{
    SolMoment moment = at(laid, n);
    Blend blend = blend_of(laid, &moment, n);
    assert_int_equal(moment.stretch, stretch);
    assert_int_equal(moment.sides, 2);
    assert_int_equal(moment.from[0], to - 1);
    assert_int_equal(moment.from[1], to);
    expect_near((double)blend.weight[0], 1 - weight);
    expect_near((double)blend.weight[1], weight);
    expect_near((double)blend.strength, strength);
    expect_near(moment.opacity, 1);
}

static void test_no_transition(void **state)
{
    Laid laid = lay(WITH("segments:\n- {name: a, frames: 0-9" A "}\n- {name: b, frames: 10-19" B ", strength: 0.5}\n"
                         "- {name: c, frames: 20-24" NONE ", strength: 1}\n"), steady_clip(30, 30, 1));
    (void)state;
    expect_single(&laid, 0, 0, 1);
    expect_single(&laid, 9, 0, 1);
    expect_single(&laid, 10, 1, 0.5);
    expect_single(&laid, 19, 1, 0.5);
    for (int64_t n = 20; n < 30; n++) {
        assert_int_equal(at(&laid, n).stretch, n < 25 ? 2 : 3);
        assert_int_equal(at(&laid, n).sides, 0);
        expect_near(at(&laid, n).opacity, 0);
    }
    /* beyond the ends, what applies at the ends */
    assert_int_equal(at(&laid, 30).stretch, 3);
    assert_int_equal(at(&laid, INT64_MAX).stretch, 3);
    expect_single(&laid, -1, 0, 1);
    expect_single(&laid, INT64_MIN, 0, 1);
    clear(&laid);
}

/* A transition of T frames begins T/2 before the boundary, and its frames step evenly. */
static void test_transition(void **state)
{
    static const int lengths[] = {1, 2, 3, 4, 5, 12, 19, 20};
    (void)state;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        char text[512];
        int t = lengths[k], first = 20 - t / 2;
        Laid laid;
        snprintf(text, sizeof text,
                 WITH("segments:\n- {frames: 20-39" B "}\n- {frames: 0-19" A "}\ntransition: %d\n"), t);
        laid = lay(text, steady_clip(40, 30, 1));
        for (int n = 0; n < 40; n++)
            if (n < first || n >= first + t)
                expect_single(&laid, n, n >= 20, 1);
            else
                expect_blend(&laid, n, n >= 20, 1, (n - first + 0.5) / t, 1);
        clear(&laid);
    }
}

/* Styles of different strength: the statistics are those of the mean of both paintings. */
static void test_transition_of_strengths(void **state)
{
    Laid laid = lay(WITH("segments:\n- {frames: 0-9" A ", strength: 0.8}\n- {frames: 10-19" B ", strength: 0.2}\n"
                         "transition: 4\n"), steady_clip(20, 30, 1));
    (void)state;
    for (int i = 0; i < 4; i++) {
        double w = (i + 0.5) / 4, strength = (1 - w) * 0.8 + w * 0.2;
        expect_blend(&laid, 8 + i, i >= 2, 1, w * 0.2 / strength, strength);
    }
    clear(&laid);
    /* no strength at all: the plain weights */
    laid = lay(WITH("segments:\n- {frames: 0-9" A ", strength: 0}\n- {frames: 10-19" B ", strength: 0}\n"
                    "transition: 4\n"), steady_clip(20, 30, 1));
    expect_blend(&laid, 8, 0, 1, 0.125, 0);
    clear(&laid);
    /* only the new one has strength */
    laid = lay(WITH("segments:\n- {frames: 0-9" A ", strength: 0}\n- {frames: 10-19" B "}\ntransition: 4\n"),
               steady_clip(20, 30, 1));
    expect_blend(&laid, 8, 0, 1, 1, 0.125);
    clear(&laid);
}

/* Towards untouched frames, of a segment or of none, the painted half fades out. */
static void test_transition_to_untouched(void **state)
{
    Laid laid = lay(WITH("segments:\n- {name: a, frames: 0-9" A "}\n- {name: b, frames: 10-11" NONE "}\n"
                         "- {name: c, frames: 12-21" B ", strength: 0.5}\ntransition: 5\n"), steady_clip(30, 30, 1));
    (void)state;
    /* 2 frames before a boundary, 3 from it on; the two untouched frames need no room for them */
    expect_single(&laid, 7, 0, 1);
    expect_fading(&laid, 8, 0, 1, 0.75);
    expect_fading(&laid, 9, 0, 1, 0.25);
    for (int64_t n = 10; n < 12; n++) {
        assert_int_equal(at(&laid, n).sides, 0);
        assert_int_equal(at(&laid, n).stretch, 1);
    }
    expect_fading(&laid, 12, 2, 0.5, 1.0 / 6);
    expect_fading(&laid, 13, 2, 0.5, 3.0 / 6);
    expect_fading(&laid, 14, 2, 0.5, 5.0 / 6);
    expect_single(&laid, 15, 2, 0.5);
    expect_single(&laid, 19, 2, 0.5);
    expect_fading(&laid, 20, 2, 0.5, 0.75);
    expect_fading(&laid, 21, 2, 0.5, 0.25);
    assert_int_equal(at(&laid, 22).sides, 0);
    clear(&laid);
}

/* Nothing happens between two stretches that are both untouched, or at the ends of the clip. */
static void test_no_transition_between_untouched(void **state)
{
    Laid laid = lay(WITH("segments:\n- {frames: 0-1" NONE "}\n- {frames: 2-3" NONE "}\n- {frames: 20-29" A "}\n"
                         "transition: 20\n"), steady_clip(30, 30, 1));
    (void)state;
    for (int64_t n = 0; n < 20; n++)
        assert_int_equal(at(&laid, n).sides, 0);
    expect_fading(&laid, 20, 3, 1, 0.05);
    expect_fading(&laid, 29, 3, 1, 0.95);
    clear(&laid);
}

/* A transition as long as the segments have room for: weights sum to 1, and no step is larger than 1/T. */
static void test_continuity(void **state)
{
    Laid laid = lay(WITH("segments:\n- {frames: 0-9" A "}\n- {frames: 10-17" B ", strength: 0.5}\n"
                         "- {frames: 18-25" A "}\n- {frames: 26-39" B "}\ntransition: 8\n"), steady_clip(40, 30, 1));
    double before[4] = {1, 0, 0, 0}; /* what each stretch contributes: weight times strength */
    (void)state;
    for (int64_t n = 0; n < 40; n++) {
        SolMoment moment = at(&laid, n);
        Blend blend = blend_of(&laid, &moment, n);
        double now[4] = {0}, sum = 0;
        assert_in_range(moment.sides, 1, 2);
        for (int i = 0; i < moment.sides; i++) {
            sum += (double)blend.weight[i];
            now[moment.from[i]] = (double)blend.weight[i] * (double)blend.strength;
        }
        expect_near(sum, 1);
        for (int i = 0; i < 4; i++) {
            assert_true(fabs(now[i] - before[i]) <= 1.0 / 8 + 1e-6);
            before[i] = now[i];
        }
    }
    expect_near(before[3], 1);
    clear(&laid);
}

/* Many stretches: every frame finds its own, and all is laid in no time. */
static void test_many_stretches(void **state)
{
    enum { COUNT = 10000 };
    char *text = malloc((size_t)COUNT * 64 + 256);
    size_t length = 0;
    Laid laid;
    (void)state;
    assert_non_null(text);
    length += (size_t)sprintf(text, WITH("segments:\n"));
    for (int i = COUNT - 1; i >= 0; i--)
        length += (size_t)sprintf(text + length, "- {name: n%d, frames: %d-%d" A "}\n", i, 3 * i + 1, 3 * i + 2);
    laid = lay(text, steady_clip(3 * COUNT + 1, 30, 1));
    assert_int_equal(sol_timeline_count(laid.timeline), 2 * COUNT + 1);
    for (int64_t n = 0; n <= 3 * COUNT; n++)
        assert_int_equal(at(&laid, n).stretch, n / 3 * 2 + (n % 3 > 0));
    clear(&laid);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_whole_clip),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_time_of_uneven_frames),
        cmocka_unit_test(test_frames_and_time_together),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_frames),
        cmocka_unit_test(test_no_transition),
        cmocka_unit_test(test_transition),
        cmocka_unit_test(test_transition_of_strengths),
        cmocka_unit_test(test_transition_to_untouched),
        cmocka_unit_test(test_no_transition_between_untouched),
        cmocka_unit_test(test_continuity),
        cmocka_unit_test(test_many_stretches),
    };
    return cmocka_run_group_tests_name("schedule/timeline", tests, enter_folder, leave_folder);
}

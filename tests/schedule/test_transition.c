/* SPDX-License-Identifier: Apache-2.0
 *
 * Transitions, layers and steadiness as a schedule writes them, and what transitions of several kinds make of a timeline.
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
#define ONE "segments:\n- {frames: 0-9" A "}\n"

/* ---- errors ---- */

static const struct {
    const char *text, *error;
} errors[] = {
    {WITH(ONE "transition: []\n"),
     "seasons.yaml:6:13: \"transition\" must be a mapping (\"key: value\"), not a list"},
    {WITH(ONE "transition: 2 s\n"),
     "seasons.yaml:6:13: \"transition\" must be frames (12, at most 10000) or a time (0.5s, at most 1000s), not \"2 s\""},
    {WITH(ONE "transition: 1001s\n"),
     "seasons.yaml:6:13: \"transition\" must be frames (12, at most 10000) or a time (0.5s, at most 1000s), not \"1001s\""},
    {WITH(ONE "transition: {kind: wipe}\n"),
     "seasons.yaml:6:13: \"transition\" has no \"length\"; give it frames (12) or a time (0.5s)"},
    {WITH(ONE "transition: {length: 4, kind: melt}\n"),
     "seasons.yaml:6:31: \"kind\" must be style, pixels, wipe or region, not \"melt\""},
    {WITH(ONE "transition: {length: 4, curve: round}\n"),
     "seasons.yaml:6:32: \"curve\" must be linear, smooth or cut, not \"round\""},
    {WITH(ONE "transition: {length: 4, direction: up}\n"), "seasons.yaml:6:25: \"direction\" is for \"kind: wipe\""},
    {WITH(ONE "transition: {length: 4, kind: wipe, direction: north}\n"),
     "seasons.yaml:6:48: \"direction\" must be right, down, left, up, or degrees from -360 to 360 (clockwise, 0 is right), "
     "not \"north\""},
    {WITH(ONE "transition: {length: 4, feather: 5%}\n"),
     "seasons.yaml:6:25: \"feather\" is for \"kind: wipe\" and \"kind: region\""},
    {WITH(ONE "transition: {length: 4, kind: wipe, feather: 5}\n"),
     "seasons.yaml:6:46: \"feather\" must be a percentage of the way, from 0% to 100%, not \"5\""},
    {WITH(ONE "transition: {length: 4, kind: region}\n"),
     "seasons.yaml:6:13: a transition of \"kind: region\" has no \"region\"; say what the new painting grows out of"},
    {WITH(ONE "transition: {length: 4, region: {rect: [0, 0, 1, 1]}}\n"),
     "seasons.yaml:6:25: \"region\" is for \"kind: region\""},
    {WITH(ONE "cycle: maybe\n"), "seasons.yaml:6:8: \"cycle\" must be yes or no, not \"maybe\""},
    {WITH(ONE "steady: very\n"), "seasons.yaml:6:9: \"steady\" must be off, light or strong, not \"very\""},
    {WITH(ONE "steady: {level: strong, loss: perhaps}\n"),
     "seasons.yaml:6:31: \"loss\" must be yes or no, not \"perhaps\""},
    {WITH("segments:\n- {frames: 0-9" A ", layers: [{style: styles/b.png}]}\n"),
     "seasons.yaml:5:17: segment 1 has both \"layers\" and \"style\"; move that into a layer"},
    {WITH("segments:\n- {frames: 0-9" A ", statistics: region}\n"),
     "seasons.yaml:5:38: \"statistics: region\" is for a layer with a \"region\""},
    {WITH("segments:\n- {frames: 0-9" A ", strength: {at: {0: 0.5, 9: 2}}}\n"),
     "seasons.yaml:5:65: \"strength\" must be a number from 0 to 1, not \"2\""},
    {WITH("segments:\n- {frames: 0-9, layers: [{style: styles/a.png, feather: 3}]}\n"),
     "seasons.yaml:5:48: unknown key \"feather\"; the keys of a layer are style, weights, model, method, levels, gatys, "
     "color, strength, region, statistics"},
    {WITH("segments:\n- {frames: 0-9, layers: [{strength: 0.5}]}\n"),
     "seasons.yaml:5:26: segment 1, layer 1 has no \"style\"; name an image, or none"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        SolSchedule *schedule = NULL;
        write_text("seasons.yaml", errors[i].text);
        if (sol_schedule_load(&schedule, "seasons.yaml", &schedule_options) != SOL_ERR_SCHEDULE)
            fail_msg("loaded, where this was expected: %s", errors[i].error);
        assert_string_equal(sol_error_text(), errors[i].error);
        assert_null(schedule);
    }
}

/* ---- what is read ---- */

static void test_steady(void **state)
{
    static const struct {
        const char *text;
        SolSteady steady;
    } cases[] = {
        {"steady: off\n", {SOL_STEADY_OFF, false, false, false}},
        {"steady: light\n", {SOL_STEADY_LIGHT, true, true, true}},
        {"steady: strong\n", {SOL_STEADY_STRONG, true, true, true}},
        {"steady: {level: strong, flow: no}\n", {SOL_STEADY_STRONG, true, false, true}},
        {"steady: {statistics: no, loss: false}\n", {SOL_STEADY_LIGHT, false, true, false}},
        {"steady: {level: off, flow: yes}\n", {SOL_STEADY_OFF, false, false, false}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        SolSchedule *schedule;
        snprintf(text, sizeof text, "%s%s", WITH(ONE), cases[i].text);
        schedule = load_text(text);
        assert_int_equal(schedule->steady.level, cases[i].steady.level);
        assert_int_equal(schedule->steady.statistics, cases[i].steady.statistics);
        assert_int_equal(schedule->steady.flow, cases[i].steady.flow);
        assert_int_equal(schedule->steady.loss, cases[i].steady.loss);
        sol_schedule_close(&schedule);
    }
}

static void test_layers(void **state)
{
    SolSchedule *schedule = load_text(WITH(
        "segments:\n- frames: 0-9\n  layers:\n  - {style: styles/a.png}\n"
        "  - {style: styles/b.png, strength: 0.5, region: {rect: [0, 0, 50%, 50%]}, statistics: region}\n"
        "  - {style: none, region: {ellipse: [50%, 50%, 20%]}}\n"
        "- {frames: 10-19, layers: [{style: none}, {style: none}]}\n"));
    const SolSegment *segment = schedule->segments;
    (void)state;
    assert_int_equal(segment->layer_count, 3);
    assert_string_equal(segment->layers[1].look->styles[0], "styles/b.png");
    assert_null(segment->layers[0].region);
    assert_non_null(segment->layers[1].region);
    assert_true(segment->layers[1].own_statistics && !segment->layers[2].own_statistics);
    assert_null(segment->layers[2].look);
    assert_int_equal(segment[1].layer_count, 0); /* nothing of it is painted */
    sol_schedule_close(&schedule);
}

/* ---- on a timeline ---- */

/* A schedule over 40 frames, ten a second. */
static SolTimeline *lay(const char *text, SolSchedule **schedule)
{
    int64_t pts[40];
    const SolVideoIndex index = {.frames = 40, .pts = pts, .end = 40, .time_base = {1, 10}};
    SolTimeline *timeline = NULL;
    for (int i = 0; i < 40; i++)
        pts[i] = i;
    *schedule = load_text(text);
    if (sol_timeline_open(&timeline, *schedule, &index) != SOL_OK)
        fail_msg("%s, of:\n%s", sol_error_text(), text);
    return timeline;
}

static SolMoment at(const SolTimeline *timeline, int64_t n)
{
    SolMoment moment;
    sol_timeline_at(timeline, n, &moment);
    return moment;
}

static void expect_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-6))
        fail_msg("%.9f, not %.9f", value, expected);
}

/* Every boundary has the transition of the segment behind it, or the schedule's. */
static void test_boundaries(void **state)
{
    SolSchedule *schedule;
    SolTimeline *timeline = lay(WITH("transition: 4\nsegments:\n- {frames: 0-9" A "}\n"
                                     "- {frames: 10-19" B ", transition: {length: 0.6s, curve: smooth, kind: wipe}}\n"
                                     "- {frames: 20-29" A ", transition: {curve: cut}}\n- {frames: 30-39" B "}\n"),
                                &schedule);
    (void)state;
    for (int n = 0; n < 40; n++) {
        SolMoment moment = at(timeline, n);
        if (n >= 7 && n < 13) { /* three tenths of a second on either side */
            double w = (n - 7 + 0.5) / 6;
            assert_int_equal(moment.sides, 2);
            assert_int_equal(moment.transition->kind, SOL_TRANSITION_WIPE);
            expect_near((double)moment.later, w * w * (3 - 2 * w));
        } else if (n >= 28 && n < 32) {
            assert_int_equal(moment.sides, 2);
            assert_int_equal(moment.from[0], 2);
            assert_int_equal(moment.transition->kind, SOL_TRANSITION_STYLE);
            expect_near((double)moment.later, (n - 28 + 0.5) / 4);
        } else {
            assert_int_equal(moment.sides, 1);
            assert_int_equal(moment.from[0], n / 10);
            assert_null(moment.transition);
        }
    }
    sol_timeline_close(&timeline);
    sol_schedule_close(&schedule);
}

/* With `cycle` the last segment passes into the first one, around the end of the film. */
static void test_cycle(void **state)
{
    SolSchedule *schedule;
    SolTimeline *timeline = lay(WITH("transition: 5\ncycle: true\nsegments:\n- {frames: 0-19" A "}\n- {frames: 20-39" B "}\n"),
                                &schedule);
    (void)state;
    for (int i = 0; i < 5; i++) {
        SolMoment moment = at(timeline, (38 + i) % 40);
        assert_int_equal(moment.sides, 2);
        assert_int_equal(moment.stretch, i < 2);
        assert_int_equal(moment.from[0], 1);
        assert_int_equal(moment.from[1], 0);
        expect_near((double)moment.later, (i + 0.5) / 5);
    }
    assert_int_equal(at(timeline, 37).sides, 1);
    assert_int_equal(at(timeline, 3).sides, 1);
    sol_timeline_close(&timeline);
    sol_schedule_close(&schedule);
    /* by time, and towards frames that are left as they are */
    timeline = lay(WITH("transition: 0.6s\ncycle: yes\nsegments:\n- {frames: 0-19" A "}\n"), &schedule);
    for (int n = 0; n < 40; n++) {
        SolMoment moment = at(timeline, n);
        bool begins = n < 3, ends = n >= 17 && n < 20;
        assert_int_equal(moment.sides, n < 20);
        assert_int_equal(moment.leaves, ends);
        expect_near((double)moment.opacity, n >= 20 ? 0 : begins ? (n + 0.5) / 3 : ends ? (19 - n + 0.5) / 3 : 1);
    }
    sol_timeline_close(&timeline);
    sol_schedule_close(&schedule);
}

static void test_strength_over_time(void **state)
{
    static const char *const places[] = {"10: 0, 19: 0.9", "1.0s: 0, 1.9s: 0.9", "0%: 0, 100%: 0.9"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[512];
        SolSchedule *schedule;
        SolTimeline *timeline;
        SolStretch stretch;
        double first, last;
        snprintf(text, sizeof text, WITH("segments:\n- {frames: 10-19" A ", strength: {at: {%s}}}\n"), places[i]);
        timeline = lay(text, &schedule);
        sol_timeline_stretch(timeline, 1, &stretch);
        for (int n = 10; n < 20; n++)
            expect_near((double)sol_layer_strength(stretch.layers, sol_timeline_instant(timeline, 1, n, n / 10.0)),
                        0.1 * (n - 10));
        sol_stretch_strength(&stretch, 0, &first, &last);
        expect_near(first, 0);
        expect_near(last, 0.9);
        sol_timeline_close(&timeline);
        sol_schedule_close(&schedule);
    }
}

/* Two transitions must not meet within a segment. */
static void test_no_room(void **state)
{
    SolSchedule *schedule = load_text(WITH("transition: 4\nsegments:\n- {frames: 0-9" A "}\n- {name: b, frames: 10-14" B
                                           ", transition: 8}\n- {frames: 15-39" A "}\n"));
    int64_t pts[40] = {0};
    const SolVideoIndex index = {.frames = 40, .pts = pts, .end = 40, .time_base = {1, 10}};
    SolTimeline *timeline = NULL;
    (void)state;
    for (int i = 0; i < 40; i++)
        pts[i] = i;
    assert_int_equal(sol_timeline_open(&timeline, schedule, &index), SOL_ERR_SCHEDULE);
    assert_string_equal(sol_error_text(), "seasons.yaml:7:49: segment \"b\" (5 frames) has no room for both its transitions: "
                                          "4 frames of the one before it and 2 of the one behind it; shorten them");
    assert_null(timeline);
    sol_schedule_close(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),      cmocka_unit_test(test_steady),
        cmocka_unit_test(test_layers),      cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_cycle),       cmocka_unit_test(test_strength_over_time),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests_name("schedule/transition", tests, enter_folder, leave_folder);
}

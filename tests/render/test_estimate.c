/* SPDX-License-Identifier: Apache-2.0
 *
 * The estimate of the time left, on a clock of our own: within a minute of any change it is true to a tenth.
 */
#include "render/estimate.h"
#include "support/support.h"

#include <math.h>

/* Frames of one kind after another, `cost` seconds each, more or less by up to a third. */
static double run(SolEstimate *estimate, SolFrameKind kind, int count, double cost, double now)
{
    static const double uneven[] = {1.3, 0.7, 1, 0.8, 1.2};
    for (int i = 0; i < count; i++) {
        now += cost * uneven[i % 5];
        sol_estimate_note(estimate, kind, now);
    }
    return now;
}

static void assert_near(double value, double truth, double share)
{
    if (!(fabs(value - truth) <= share * truth))
        fail_msg("%g is not within %g%% of %g", value, 100 * share, truth);
}

static double left_of(const SolEstimate *estimate, int64_t untouched, int64_t painted)
{
    return sol_estimate_left(estimate, (const int64_t[]){untouched, painted}, 0, estimate->last);
}

static void test_nothing_is_known_at_first(void **state)
{
    SolEstimate estimate;
    (void)state;
    sol_estimate_begin(&estimate, 5);
    assert_true(left_of(&estimate, 10, 10) < 0);
    assert_true(sol_estimate_rate(&estimate) <= 0);
    /* untouched frames do not tell what painted ones take */
    run(&estimate, SOL_FRAME_UNTOUCHED, 10, 0.01, 5);
    assert_true(left_of(&estimate, 10, 10) < 0);
    assert_near(left_of(&estimate, 10, 0), 0.1, 0.1);
    /* a painted frame of which a quarter took two seconds */
    assert_near(sol_estimate_left(&estimate, (const int64_t[]){0, 3}, 0.25, estimate.last + 2), 22, 0.01);
}

static void test_steady_pace(void **state)
{
    static const double costs[] = {0.02, 0.4, 3, 9};
    (void)state;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        SolEstimate estimate;
        sol_estimate_begin(&estimate, 0);
        run(&estimate, SOL_FRAME_PAINTED, (int)fmax(5, 60 / costs[i]), costs[i], 0);
        assert_near(left_of(&estimate, 0, 100), 100 * costs[i], 0.1);
        assert_near(sol_estimate_rate(&estimate), 1 / costs[i], 0.12);
    }
}

/* Another program took half of the machine, and more. */
static void test_change_of_pace(void **state)
{
    static const double factors[] = {0.4, 2, 2.5};
    (void)state;
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        SolEstimate estimate;
        double cost = 0.3 * factors[i], now;
        sol_estimate_begin(&estimate, 0);
        now = run(&estimate, SOL_FRAME_PAINTED, 2000, 0.3, 0);
        run(&estimate, SOL_FRAME_PAINTED, (int)(60 / cost), cost, now);
        assert_near(left_of(&estimate, 0, 500), 500 * cost, 0.1);
    }
}

/* The mean over all frames would be wrong by far: untouched ones take a fiftieth. */
static void test_untouched_frames_are_costed_apart(void **state)
{
    SolEstimate estimate;
    double now;
    (void)state;
    sol_estimate_begin(&estimate, 0);
    now = run(&estimate, SOL_FRAME_UNTOUCHED, 1000, 0.01, 0);
    now = run(&estimate, SOL_FRAME_PAINTED, 120, 0.5, now);
    assert_near(left_of(&estimate, 1000, 1000), 510, 0.1);
    now = run(&estimate, SOL_FRAME_UNTOUCHED, 500, 0.01, now);
    assert_near(left_of(&estimate, 500, 1000), 505, 0.1);
    assert_near(left_of(&estimate, 500, 0), 5, 0.1);
    (void)now;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_known_at_first),
        cmocka_unit_test(test_steady_pace),
        cmocka_unit_test(test_change_of_pace),
        cmocka_unit_test(test_untouched_frames_are_costed_apart),
    };
    return cmocka_run_group_tests_name("render/estimate", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Optimisers on functions whose minimum is known: quadratics of any condition, Rosenbrock's valley in many
 * dimensions, and functions that end the search early.
 */
#include "support/planes.h"
#include "support/support.h"

#include "nn/optimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A function with what it counts. */
typedef struct Problem {
    size_t count;
    double condition;     /* quadratic: the largest curvature over the least */
    int calls;
    int finite;           /* calls that give a number */
    const float *last;    /* where it was asked */
} Problem;

/* Half the sum of c_i (x_i - i mod 7)^2, with curvatures c from 1 to about the condition. */
static double quadratic(void *context, const float *x, float *gradient)
{
    Problem *p = context;
    double sum = 0;
    p->calls++;
    for (size_t i = 0; i < p->count; i++) {
        double c = 1 + (p->condition - 1) * (double)i / (double)p->count, d = (double)x[i] - (double)(i % 7);
        sum += c * d * d / 2;
        gradient[i] = (float)(c * d);
    }
    return sum;
}

static double rosenbrock(void *context, const float *x, float *gradient)
{
    Problem *p = context;
    double sum = 0;
    p->calls++;
    for (size_t i = 0; i + 1 < p->count; i += 2) {
        double a = 1 - (double)x[i], b = (double)x[i + 1] - (double)x[i] * (double)x[i];
        sum += a * a + 100 * b * b;
        gradient[i] = (float)(-2 * a - 400 * (double)x[i] * b);
        gradient[i + 1] = (float)(200 * b);
    }
    return sum;
}

static SolOptimiser *begin(SolOptimiserKind kind, int history, Problem *p, SolObjective f, int pool, float x, float y)
{
    const SolOptimiserOptions options = {.kind = kind, .history = history};
    SolOptimiser *o = NULL;
    assert_int_equal(sol_optimiser_open(&o, &options, p->count, f, p, pools[pool]), 0);
    for (size_t i = 0; i < p->count; i++)
        sol_optimiser_start(o)[i] = i % 2 ? y : x;
    return o;
}

/* Steps until none helps, or `most` are done; each must not lead up. Returns how many there were. */
static int run(SolOptimiser *o, int most)
{
    double before = INFINITY;
    int steps = 0;
    while (steps < most && sol_optimiser_step(o)) {
        assert_true(sol_optimiser_value(o) <= before);
        before = sol_optimiser_value(o);
        steps++;
    }
    return steps;
}

static void test_quadratics(void **state)
{
    static const size_t counts[] = {1, 2, 17, 1000, 40001};
    static const double conditions[] = {1, 30, 1e4};
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t k = 0; k < 3; k++) {
            Problem p = {.count = counts[c], .condition = conditions[k]};
            SolOptimiser *o = begin(SOL_LBFGS, 0, &p, quadratic, 1, 20, -5);
            run(o, 3000);
            assert_int_equal(p.calls, sol_optimiser_evaluations(o));
            for (size_t i = 0; i < p.count; i++)
                if (!(fabs((double)sol_optimiser_best(o)[i] - (double)(i % 7)) < 2e-2))
                    fail_msg("%zu numbers, condition %g: number %zu is %g after %d calls", p.count, conditions[k], i,
                             (double)sol_optimiser_best(o)[i], p.calls);
            sol_optimiser_close(&o);
            assert_null(o);
        }
}

/* From the usual start (-1.2, 1). Textbook implementations take some 35 steps and 45 calls in two dimensions. */
static void test_rosenbrock(void **state)
{
    static const size_t counts[] = {2, 10, 1000};
    (void)state;
    for (size_t c = 0; c < 3; c++)
        for (int history = 3; history <= 20; history += 17) {
            Problem p = {.count = counts[c]};
            SolOptimiser *o = begin(SOL_LBFGS, history, &p, rosenbrock, 0, -1.2f, 1);
            int steps = 0;
            while (steps < 100 && (steps == 0 || sol_optimiser_value(o) > 1e-9) && sol_optimiser_step(o))
                steps++;
            if (!(sol_optimiser_value(o) <= 1e-9 && steps <= 60 && p.calls <= 80))
                fail_msg("%zu numbers, history %d: %g after %d steps, %d calls", p.count, history,
                         sol_optimiser_value(o), steps, p.calls);
            sol_optimiser_close(&o);
        }
}

/* After a step in the middle of a quadratic of condition 1 the gradient is known exactly: the next ends it. */
static void test_curvature_is_learned(void **state)
{
    Problem p = {.count = 100, .condition = 1};
    SolOptimiser *o = begin(SOL_LBFGS, 0, &p, quadratic, 0, 30, 30);
    (void)state;
    run(o, 1000);
    assert_true(p.calls <= 9); /* a few to find how far to go at first */
    assert_true(sol_optimiser_value(o) < 1e-9);
    sol_optimiser_close(&o);
}

static void test_adam(void **state)
{
    Problem p = {.count = 1000, .condition = 100}, q = p;
    const SolOptimiserOptions options = {.kind = SOL_ADAM, .rate = 0.1};
    SolOptimiser *o = NULL;
    double first;
    (void)state;
    assert_int_equal(sol_optimiser_open(&o, &options, p.count, quadratic, &p, pools[2]), 0);
    for (size_t i = 0; i < p.count; i++)
        sol_optimiser_start(o)[i] = 5;
    assert_true(sol_optimiser_step(o));
    for (size_t i = 0; i < p.count; i++) { /* the first step goes as far as the rate says, downhill */
        double d = (double)sol_optimiser_best(o)[i] - 5, wanted = i % 7 == 5 ? 0 : i % 7 > 5 ? 0.1 : -0.1;
        assert_true(fabs(d - wanted) < 1e-4);
    }
    first = sol_optimiser_value(o);
    run(o, 800);
    assert_true(sol_optimiser_value(o) < 1e-4 * first);
    assert_true(quadratic(&q, sol_optimiser_best(o), sol_optimiser_start(o)) == sol_optimiser_value(o));
    sol_optimiser_close(&o);
}

static double flat(void *context, const float *x, float *gradient)
{
    Problem *p = context;
    (void)x;
    p->calls++;
    memset(gradient, 0, p->count * sizeof *gradient);
    return 3;
}

/* A number for so many calls; then none. */
static double breaking(void *context, const float *x, float *gradient)
{
    Problem *p = context;
    double value = quadratic(context, x, gradient);
    return p->calls <= p->finite ? value : NAN;
}

/* Not finite beyond 2: the search has to turn back. */
static double walled(void *context, const float *x, float *gradient)
{
    Problem *p = context;
    double value = quadratic(context, x, gradient);
    for (size_t i = 0; i < p->count; i++)
        if (x[i] > 2)
            return INFINITY;
    return value;
}

static void test_early_ends(void **state)
{
    (void)state;
    for (int kind = SOL_LBFGS; kind <= SOL_ADAM; kind++) {
        Problem p = {.count = 10, .condition = 10};
        SolOptimiser *o = begin((SolOptimiserKind)kind, 0, &p, flat, 0, 1, 2);
        assert_false(sol_optimiser_step(o));
        assert_true(sol_optimiser_value(o) == 3 && sol_optimiser_best(o)[0] == 1 && sol_optimiser_best(o)[1] == 2);
        sol_optimiser_close(&o);
        p = (Problem){.count = 10, .condition = 10};
        o = begin((SolOptimiserKind)kind, 0, &p, breaking, 0, 1, 2);
        assert_false(sol_optimiser_step(o));
        assert_int_equal(p.calls, 1);
        sol_optimiser_close(&o);
        p = (Problem){.count = 10, .condition = 10, .finite = 4};
        o = begin((SolOptimiserKind)kind, 0, &p, breaking, 0, 1, 2);
        assert_true(run(o, 100) < 4);
        assert_true(isfinite(sol_optimiser_value(o)));
        for (int i = 0; i < 10; i++)
            assert_true(isfinite(sol_optimiser_best(o)[i]));
        sol_optimiser_close(&o);
    }
}

static void test_walls(void **state)
{
    Problem p = {.count = 3, .condition = 3}; /* the minimum, 0 1 2, is at the wall */
    SolOptimiser *o = begin(SOL_LBFGS, 0, &p, walled, 0, -3, -4);
    (void)state;
    run(o, 200);
    for (int i = 0; i < 3; i++)
        assert_true(fabs((double)sol_optimiser_best(o)[i] - i) < 1e-2);
    sol_optimiser_close(&o);
}

/* The same bits with any number of threads. */
static void test_threads(void **state)
{
    Problem p = {.count = 50001, .condition = 1000};
    float *found = malloc(p.count * sizeof *found);
    (void)state;
    assert_non_null(found);
    for (int t = 0; t < POOLS; t++)
        for (int kind = SOL_LBFGS; kind <= SOL_ADAM; kind++) {
            SolOptimiser *o = begin((SolOptimiserKind)kind, 4, &p, quadratic, t, 3, 9);
            run(o, 8);
            if (t > 0 && kind == SOL_LBFGS)
                assert_memory_equal(found, sol_optimiser_best(o), p.count * sizeof *found);
            else if (kind == SOL_LBFGS)
                memcpy(found, sol_optimiser_best(o), p.count * sizeof *found);
            sol_optimiser_close(&o);
        }
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quadratics), cmocka_unit_test(test_rosenbrock),
        cmocka_unit_test(test_curvature_is_learned), cmocka_unit_test(test_adam),
        cmocka_unit_test(test_early_ends), cmocka_unit_test(test_walls), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("nn/optimise", tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Optical flow: known motions are found, in made-up pictures and in photographs; any size will do; and neither the number
 * of threads nor the instruction set changes a bit.
 */
#include "support/motion.h"
#include "support/planes.h"
#include "support/published.h"
#include "support/support.h"

#include "base/cpu.h"
#include "temporal/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static SolFlow *flow_between(const SolImage *first, const SolImage *second, SolFlowQuality quality, SolPool *pool)
{
    SolFlowFinder *finder = NULL;
    SolFlow *flow = NULL;
    assert_int_equal(sol_flow_create(&flow, first->width, first->height), 0);
    assert_int_equal(sol_flow_finder_open(&finder, first->width, first->height, quality, pool), 0);
    assert_int_equal(sol_flow_finder_count(finder), 0);
    sol_flow_finder_push(finder, first);
    sol_flow_finder_push(finder, second);
    assert_int_equal(sol_flow_finder_count(finder), 2);
    sol_flow_forward(finder, flow);
    sol_flow_finder_close(&finder);
    assert_null(finder);
    return flow;
}

static void check_motion(const SolImage *from, const Motion *motion, int width, int height, SolFlowQuality quality,
                         double most)
{
    SolImage *first = NULL, *second = NULL;
    SolFlow *flow;
    double error;
    make_motion(from, motion, width, height, 2, &first, &second);
    flow = flow_between(first, second, quality, pools[0]);
    error = endpoint_error(flow, motion, 8);
    if (!(error < most))
        fail_msg("%g, %g, %g degrees, %g times, quality %d: the error is %.3f", motion->x, motion->y, motion->degrees,
                 motion->zoom, quality, error);
    sol_flow_close(&flow);
    sol_image_unref(&first);
    sol_image_unref(&second);
}

static const Motion motions[] = {
    {0, 0, 0, 1}, {0.4, -0.7, 0, 1}, {-9, 5.5, 0, 1}, {20, 0, 0, 1}, {-14, 14, 0, 1}, {2, 1, 2, 1}, {0, 0, 0, 1.05},
};

enum { MOTIONS = sizeof motions / sizeof motions[0] };

static void test_texture(void **state)
{
    SolImage *from = make_texture(400, 300, 5);
    (void)state;
    for (int i = 0; i < MOTIONS; i++) {
        check_motion(from, &motions[i], 320, 200, SOL_FLOW_FAST, 0.3);
        check_motion(from, &motions[i], 320, 200, SOL_FLOW_FINE, 0.1);
    }
    sol_image_unref(&from);
}

static void test_photograph(void **state)
{
    SolImage *from = load_covering(SHARED_DATA "/images/content/sailboat.jpg", 800, 450);
    (void)state;
    if (!from) {
        print_message("%s is not there\n", SHARED_DATA "/images");
        skip();
    }
    for (int i = 3; i < 6; i++)
        check_motion(from, &motions[i], 640, 360, SOL_FLOW_FAST, 0.4);
    check_motion(from, &motions[5], 640, 360, SOL_FLOW_FINE, 0.15);
    sol_image_unref(&from);
}

static void test_pushing(void **state)
{
    SolImage *from = make_texture(200, 150, 9), *pictures[4] = {NULL};
    const Motion shift = {3, -2, 0, 1}, back = {-3, 2, 0, 1};
    SolFlowFinder *finder = NULL;
    SolFlow *flow = NULL;
    (void)state;
    make_motion(from, &shift, 128, 100, 0, &pictures[0], &pictures[1]);
    assert_int_equal(sol_flow_create(&flow, 128, 100), 0);
    assert_int_equal(sol_flow_finder_open(&finder, 128, 100, SOL_FLOW_FINE, pools[0]), 0);
    for (int i = 0; i < 5; i++)
        sol_flow_finder_push(finder, pictures[i % 2]);
    sol_flow_forward(finder, flow);
    assert_true(endpoint_error(flow, &back, 8) < 0.1);
    sol_flow_backward(finder, flow);
    assert_true(endpoint_error(flow, &shift, 8) < 0.1);
    sol_flow_finder_forget(finder);
    assert_int_equal(sol_flow_finder_count(finder), 0);
    sol_flow_finder_push(finder, pictures[0]);
    assert_int_equal(sol_flow_finder_count(finder), 1);
    sol_flow_finder_close(&finder);
    sol_flow_finder_close(&finder);
    sol_flow_close(&flow);
    for (int i = 0; i < 2; i++)
        sol_image_unref(&pictures[i]);
    sol_image_unref(&from);
}

/* Every size has a flow, of finite numbers that do not depend on threads; of a picture to itself it is none. */
static void test_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 7}, {3, 3}, {8, 8}, {9, 8}, {7, 40}, {129, 5}, {31, 33}, {97, 96},
                                   {101, 103}, {640, 2}, {1031, 17}, {200, 150}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int quality = SOL_FLOW_FAST; quality <= SOL_FLOW_FINE; quality++) {
            int width = sizes[i][0], height = sizes[i][1];
            SolImage *from = make_texture(width + 8, height + 8, 3), *first = NULL, *second = NULL;
            size_t bytes = (size_t)width * (size_t)height * sizeof(float);
            SolFlow *flow, *other;
            make_motion(from, &(Motion){1.3, 0.6, 0, 1}, width, height, 3, &first, &second);
            flow = flow_between(first, second, (SolFlowQuality)quality, pools[0]);
            for (int p = 1; p < POOLS; p++) {
                other = flow_between(first, second, (SolFlowQuality)quality, pools[p]);
                assert_memory_equal(flow->u, other->u, bytes);
                assert_memory_equal(flow->v, other->v, bytes);
                sol_flow_close(&other);
            }
            for (int k = 0; k < width * height; k++)
                assert_true(fabsf(flow->u[k]) < 2000 && fabsf(flow->v[k]) < 2000);
            other = flow_between(first, first, (SolFlowQuality)quality, pools[0]);
            for (int k = 0; k < width * height; k++)
                assert_true(fabsf(other->u[k]) < 1e-3f && fabsf(other->v[k]) < 1e-3f);
            sol_flow_close(&flow);
            sol_flow_close(&other);
            sol_image_unref(&from);
            sol_image_unref(&first);
            sol_image_unref(&second);
        }
}

static void test_threads(void **state)
{
    SolImage *from = make_texture(400, 300, 7), *first = NULL, *second = NULL;
    SolFlow *flow;
    (void)state;
    make_motion(from, &(Motion){4, -3, 1, 1.01}, 389, 271, 2, &first, &second);
    flow = flow_between(first, second, SOL_FLOW_FINE, pools[0]);
    for (int threads = 2; threads <= 5; threads++) {
        SolPool *pool = NULL;
        SolFlow *other;
        assert_int_equal(sol_pool_open(&pool, threads), 0);
        other = flow_between(first, second, SOL_FLOW_FINE, pool);
        assert_memory_equal(flow->u, other->u, 389 * 271 * sizeof(float));
        assert_memory_equal(flow->v, other->v, 389 * 271 * sizeof(float));
        sol_flow_close(&other);
        sol_pool_close(&pool);
    }
    sol_flow_close(&flow);
    sol_image_unref(&from);
    sol_image_unref(&first);
    sol_image_unref(&second);
}

/* Whole flows, by every set of kernels that this processor has. */
static void test_sets(void **state)
{
    SolImage *from = make_texture(300, 200, 11), *first = NULL, *second = NULL;
    SolFlow *flow;
    (void)state;
    make_motion(from, &(Motion){-2, 5, 1, 0.98}, 251, 163, 2, &first, &second);
    flow = flow_between(first, second, SOL_FLOW_FINE, pools[0]);
    for (int i = 0; sol_temporal_kernels_at(i); i++) {
        SolFlow *other;
        setenv("SOLSTICE_CPUMASK", sol_temporal_kernels_at(i)->name, 1);
        other = flow_between(first, second, SOL_FLOW_FINE, pools[0]);
        unsetenv("SOLSTICE_CPUMASK");
        assert_memory_equal(flow->u, other->u, 251 * 163 * sizeof(float));
        assert_memory_equal(flow->v, other->v, 251 * 163 * sizeof(float));
        sol_flow_close(&other);
    }
    sol_flow_close(&flow);
    sol_image_unref(&from);
    sol_image_unref(&first);
    sol_image_unref(&second);
}

static void test_refusals(void **state)
{
    SolFlow *flow = NULL;
    SolFlowFinder *finder = NULL;
    (void)state;
    assert_int_equal(sol_flow_create(&flow, 0, 4), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a flow of 0x4 pixels: sides must be 1 to 32768");
    assert_int_equal(sol_flow_finder_open(&finder, 4, 32769, SOL_FLOW_FAST, pools[0]), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "optical flow of 4x32769 pixels: sides must be 1 to 32768");
    assert_null(flow);
    assert_null(finder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texture), cmocka_unit_test(test_photograph), cmocka_unit_test(test_pushing),
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_threads),    cmocka_unit_test(test_sets),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures moved along a flow, and where that is trusted, held against plain twins.
 */
#include "support/motion.h"
#include "support/pictures.h"
#include "support/planes.h"
#include "support/support.h"

#include "temporal/warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int sizes[][2] = {{1, 1}, {1, 5}, {6, 1}, {3, 2}, {17, 13}, {64, 48}};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* A flow of random numbers up to `most`, some of them whole. */
static SolFlow *random_flow(int width, int height, float most, uint32_t seed)
{
    SolFlow *flow = NULL;
    size_t count = (size_t)width * (size_t)height;
    float *numbers = random_planes(2 * count, seed);
    assert_int_equal(sol_flow_create(&flow, width, height), 0);
    for (size_t i = 0; i < count; i++) {
        flow->u[i] = i % 3 ? most * numbers[i] : roundf(most * numbers[i]);
        flow->v[i] = i % 3 ? most * numbers[count + i] : roundf(most * numbers[count + i]);
    }
    free(numbers);
    return flow;
}

static int clamp(int i, int size)
{
    return i < 0 ? 0 : i < size ? i : size - 1;
}

/* The weight of a pixel that is `away`. */
static double weight(double away, bool cubic)
{
    double t = fabs(away);
    if (!cubic)
        return t < 1 ? 1 - t : 0;
    return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/* By the definition. */
static double twin(const SolImage *image, double x, double y, int c, bool cubic)
{
    double sum = 0;
    x = fmin(fmax(x, 0), image->width - 1);
    y = fmin(fmax(y, 0), image->height - 1);
    for (int j = (int)floor(y) - 1; j <= (int)floor(y) + 2; j++)
        for (int i = (int)floor(x) - 1; i <= (int)floor(x) + 2; i++)
            sum += weight(x - i, cubic) * weight(y - j, cubic) *
                   sol_image_row_const(image, clamp(j, image->height))[3 * clamp(i, image->width) + c];
    return fmin(fmax(sum, 0), 255);
}

static void test_warps(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SIZES; i++) {
        int width = sizes[i / 2][0], height = sizes[i / 2][1];
        bool cubic = i % 2;
        SolImage *image = make_picture(width, height, 4), *out = NULL;
        SolFlow *flow = random_flow(width, height, 6, 9);
        assert_int_equal(sol_image_create(&out, width, height), 0);
        for (int p = 0; p < POOLS; p++) {
            (cubic ? sol_warp : sol_warp_linear)(image, flow, out, pools[p]);
            for (int y = 0; y < height; y++)
                for (int x = 0; x < 3 * width; x++) {
                    size_t at = (size_t)y * (size_t)width + (size_t)x / 3;
                    double wanted = twin(image, x / 3 + (double)flow->u[at], y + (double)flow->v[at], x % 3, cubic);
                    assert_true(fabs(wanted - sol_image_row(out, y)[x]) < 0.501);
                }
        }
        sol_image_unref(&image);
        sol_image_unref(&out);
        sol_flow_close(&flow);
    }
}

static double at(const float *plane, const SolFlow *flow, int x, int y)
{
    return (double)plane[(size_t)clamp(y, flow->height) * (size_t)flow->width + (size_t)clamp(x, flow->width)];
}

static double slope(const SolFlow *flow, const float *plane, int x, int y, int dx, int dy)
{
    int left = clamp(x - dx, flow->width), right = clamp(x + dx, flow->width);
    int up = clamp(y - dy, flow->height), down = clamp(y + dy, flow->height), apart = right - left + down - up;
    return apart ? (at(plane, flow, right, down) - at(plane, flow, left, up)) / apart : 0;
}

/* How far a pixel is from being on the other side of a threshold: above 0, it is trusted. Eqs. 5 and 6. */
static double trust_twin(const SolFlow *f, const SolFlow *back, int x, int y)
{
    double u = at(f->u, f, x, y), v = at(f->v, f, x, y), to_x = x + u, to_y = y + v, bu = 0, bv = 0, sum = 0, edge;
    if (to_x < 0 || to_y < 0 || to_x > f->width - 1 || to_y > f->height - 1)
        return -1;
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            int ix = (int)to_x + i, iy = (int)to_y + j;
            double w = weight(to_x - ix, false) * weight(to_y - iy, false);
            bu += w * at(back->u, back, ix, iy);
            bv += w * at(back->v, back, ix, iy);
        }
    for (int k = 0; k < 2; k++) {
        const float *plane = k ? f->v : f->u;
        sum += pow(slope(f, plane, x, y, 1, 0), 2) + pow(slope(f, plane, x, y, 0, 1), 2);
    }
    edge = 0.01 * (u * u + v * v) + 0.002 - sum;
    return fmin(edge, 0.01 * (u * u + v * v + bu * bu + bv * bv) + 0.5 - (u + bu) * (u + bu) - (v + bv) * (v + bv));
}

static void test_trust(void **state)
{
    int told[2] = {0};
    (void)state;
    for (int i = 0; i < 3 * SIZES; i++) {
        int width = sizes[i / 3][0], height = sizes[i / 3][1];
        float most = i % 3 == 0 ? 0.1f : i % 3 == 1 ? 1 : 3;
        SolFlow *flow = random_flow(width, height, most, 1), *back = random_flow(width, height, most, 2);
        SolMask *trust = NULL;
        assert_int_equal(sol_mask_create(&trust, width, height), 0);
        for (int p = 0; p < POOLS; p++) {
            sol_flow_trust(flow, back, trust, pools[p]);
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++) {
                    double wanted = trust_twin(flow, back, x, y);
                    if (fabs(wanted) > 1e-4)
                        assert_int_equal(sol_mask_row(trust, y)[x], wanted > 0 ? 255 : 0);
                    told[wanted > 0]++;
                }
        }
        sol_flow_close(&flow);
        sol_flow_close(&back);
        sol_mask_close(&trust);
    }
    assert_true(told[0] > 100 && told[1] > 100);
}

/* A square moves over a background: what it has uncovered, and its edges, are not trusted; most of the rest is. */
static void test_occlusion(void **state)
{
    SolImage *ground = make_texture(160, 120, 1), *square = make_texture(160, 120, 77), *frames[2];
    SolFlowFinder *finder = NULL;
    SolFlow *flow = NULL, *back = NULL;
    SolMask *trust = NULL;
    int uncovered = 0, trusted = 0;
    (void)state;
    assert_int_equal(sol_flow_finder_open(&finder, 160, 120, SOL_FLOW_FINE, pools[1]), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sol_image_create(&frames[i], 160, 120), 0);
        for (int y = 0; y < 120; y++) {
            memcpy(sol_image_row(frames[i], y), sol_image_row(ground, y), 480);
            if (y >= 40 && y < 80)
                memcpy(sol_image_row(frames[i], y) + 3 * (50 + 8 * i), sol_image_row(square, y) + 150, 120);
        }
        sol_flow_finder_push(finder, frames[i]);
    }
    assert_int_equal(sol_flow_create(&flow, 160, 120), 0);
    assert_int_equal(sol_flow_create(&back, 160, 120), 0);
    assert_int_equal(sol_mask_create(&trust, 160, 120), 0);
    sol_flow_backward(finder, flow);
    sol_flow_forward(finder, back);
    sol_flow_trust(flow, back, trust, pools[1]);
    for (int y = 44; y < 76; y++) /* what was behind the square, at its left */
        for (int x = 51; x < 57; x++)
            uncovered += sol_mask_row(trust, y)[x] == 255;
    for (int y = 0; y < 120; y++)
        for (int x = 0; x < 160; x++)
            trusted += sol_mask_row(trust, y)[x] == 255;
    assert_in_range(uncovered, 0, 32 * 6 / 10);
    assert_in_range(trusted, 160 * 120 * 3 / 4, 160 * 120 - 40 * 8);
    sol_flow_finder_close(&finder);
    sol_flow_close(&flow);
    sol_flow_close(&back);
    sol_mask_close(&trust);
    for (int i = 0; i < 2; i++)
        sol_image_unref(&frames[i]);
    sol_image_unref(&ground);
    sol_image_unref(&square);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warps),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_occlusion),
    };
    return cmocka_run_group_tests(tests, set_up_pools, tear_down_pools);
}

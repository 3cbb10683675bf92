/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops of nn/kernels.h. The Makefile compiles this file once as it is and, on x86, once more for each
 * instruction set, with SOL_KERNELS naming the result. Loops run over tiles or pixels, which lie side by
 * side in memory, so that compilers turn them into vectors.
 */
#include "nn/kernels.h"

#include "base/cpu.h"

#ifndef SOL_KERNELS
#define SOL_KERNELS sol_kernels_c
#define SOL_KERNELS_NAME "c"
#define SOL_KERNELS_FLAGS 0
#endif

extern const SolKernels SOL_KERNELS;

/* Stands before a loop whose iterations do not touch what others write, which pointers alone cannot tell. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* builds that do not optimise do not vectorise */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

#define A1 ((float)SOL_POINT_A)
#define A2 ((float)(SOL_POINT_A * SOL_POINT_A))
#define A3 ((float)(SOL_POINT_A * SOL_POINT_A * SOL_POINT_A))
#define B1 ((float)SOL_POINT_B)
#define B2 ((float)(SOL_POINT_B * SOL_POINT_B))
#define B3 ((float)(SOL_POINT_B * SOL_POINT_B * SOL_POINT_B))
#define SUM ((float)(SOL_POINT_A * SOL_POINT_A + SOL_POINT_B * SOL_POINT_B))
#define PRODUCT ((float)(SOL_POINT_A * SOL_POINT_A * SOL_POINT_B * SOL_POINT_B))

/* v = B^T d: the products of d(x) with (x - p) for all points p but one. */
static inline void transform_in(const float d[SOL_TILE_IN], float v[SOL_TILE_IN])
{
    float even_a = d[4] - B2 * d[2], odd_a = A1 * (d[3] - B2 * d[1]);
    float even_b = d[4] - A2 * d[2], odd_b = B1 * (d[3] - A2 * d[1]);
    v[0] = PRODUCT * d[0] - SUM * d[2] + d[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = PRODUCT * d[1] - SUM * d[3] + d[5];
}

/* y = A^T m: the polynomial whose values at the points are m, at its coefficients. */
static inline void transform_out(const float m[SOL_TILE_IN], float y[SOL_TILE])
{
    float sum_a = m[1] + m[2], difference_a = m[1] - m[2];
    float sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = A1 * difference_a + B1 * difference_b;
    y[2] = A2 * sum_a + B2 * sum_b;
    y[3] = A3 * difference_a + B3 * difference_b + m[5];
}

static void winograd_rows(const float *const rows[SOL_TILE_IN], size_t count, float *restrict to, size_t stride)
{
    const float *restrict r0 = rows[0], *restrict r1 = rows[1], *restrict r2 = rows[2];
    const float *restrict r3 = rows[3], *restrict r4 = rows[4], *restrict r5 = rows[5];
    float *restrict t0 = to, *restrict t1 = to + stride, *restrict t2 = to + 2 * stride;
    float *restrict t3 = to + 3 * stride, *restrict t4 = to + 4 * stride, *restrict t5 = to + 5 * stride;
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        float d[SOL_TILE_IN] = {r0[x], r1[x], r2[x], r3[x], r4[x], r5[x]}, v[SOL_TILE_IN];
        transform_in(d, v);
        t0[x] = v[0];
        t1[x] = v[1];
        t2[x] = v[2];
        t3[x] = v[3];
        t4[x] = v[4];
        t5[x] = v[5];
    }
}

/* phase[k][t] = row[4 * t + k], as far as `tiles` tiles need them */
static inline void part(const float *restrict row, size_t tiles, float phase[SOL_TILE][SOL_TILES_MAX + 1])
{
    INDEPENDENT
    for (size_t t = 0; t < tiles; t++) {
        phase[0][t] = row[4 * t];
        phase[1][t] = row[4 * t + 1];
        phase[2][t] = row[4 * t + 2];
        phase[3][t] = row[4 * t + 3];
    }
    phase[0][tiles] = row[4 * tiles];
    phase[1][tiles] = row[4 * tiles + 1];
}

static void winograd_columns(const float *restrict from, size_t stride, size_t tiles, float *restrict to, size_t step)
{
    float phase[SOL_TILE][SOL_TILES_MAX + 1];
    for (int j = 0; j < SOL_TILE_IN; j++, from += stride, to += 6 * step) {
        float *restrict t0 = to, *restrict t1 = to + step, *restrict t2 = to + 2 * step;
        float *restrict t3 = to + 3 * step, *restrict t4 = to + 4 * step, *restrict t5 = to + 5 * step;
        part(from, tiles, phase);
        INDEPENDENT
        for (size_t t = 0; t < tiles; t++) {
            float d[SOL_TILE_IN] = {phase[0][t], phase[1][t],     phase[2][t],
                                    phase[3][t], phase[0][t + 1], phase[1][t + 1]};
            float v[SOL_TILE_IN];
            transform_in(d, v);
            t0[t] = v[0];
            t1[t] = v[1];
            t2[t] = v[2];
            t3[t] = v[3];
            t4[t] = v[4];
            t5[t] = v[5];
        }
    }
}

static inline float at_least(float value, float floor)
{
    return value < floor ? floor : value;
}

static void winograd_output(const float *restrict from, size_t step, size_t tiles, float bias, float floor,
                            float *restrict to, size_t stride)
{
    float half[SOL_TILE][SOL_TILE_IN][SOL_TILES_MAX];
    for (size_t k = 0; k < SOL_TILE_IN; k++)
        INDEPENDENT
        for (size_t t = 0; t < tiles; t++) {
            const float *product = from + k * step + t;
            float m[SOL_TILE_IN] = {product[0],         product[6 * step],  product[12 * step],
                                    product[18 * step], product[24 * step], product[30 * step]};
            float y[SOL_TILE];
            transform_out(m, y);
            half[0][k][t] = y[0];
            half[1][k][t] = y[1];
            half[2][k][t] = y[2];
            half[3][k][t] = y[3];
        }
    for (size_t i = 0; i < SOL_TILE; i++, to += stride)
        INDEPENDENT
        for (size_t t = 0; t < tiles; t++) {
            float m[SOL_TILE_IN] = {half[i][0][t], half[i][1][t], half[i][2][t],
                                    half[i][3][t], half[i][4][t], half[i][5][t]};
            float y[SOL_TILE];
            transform_out(m, y);
            to[4 * t] = at_least(y[0] + bias, floor);
            to[4 * t + 1] = at_least(y[1] + bias, floor);
            to[4 * t + 2] = at_least(y[2] + bias, floor);
            to[4 * t + 3] = at_least(y[3] + bias, floor);
        }
}

const SolKernels SOL_KERNELS = {SOL_KERNELS_NAME, SOL_KERNELS_FLAGS, winograd_rows, winograd_columns, winograd_output};

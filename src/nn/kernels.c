/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops of nn/kernels.h that convolve; kernels_rows.c has the others. The Makefile compiles both once as they
 * are and, on x86, once more for each instruction set, with SOL_KERNELS naming the result. Loops run over the
 * channels of a group, which lie side by side in memory, so that compilers turn them into vectors.
 */
#include "nn/kernels_set.h"

#include <stdbool.h>
#include <string.h>

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

static inline float at_least(float value, float floor)
{
    return value < floor ? floor : value;
}

/* A pixel of a group. */
typedef float Pixel[SOL_LANES];

/* ---- Winograd ---- */

/* One column of six pixels: the first half of the input transform. */
static inline void transform_column(const float *const rows[SOL_TILE_IN], size_t at, Pixel to[SOL_TILE_IN])
{
    const float *r0 = rows[0] + at, *r1 = rows[1] + at, *r2 = rows[2] + at;
    const float *r3 = rows[3] + at, *r4 = rows[4] + at, *r5 = rows[5] + at;
    INDEPENDENT
    for (int l = 0; l < SOL_LANES; l++) {
        float d[SOL_TILE_IN] = {r0[l], r1[l], r2[l], r3[l], r4[l], r5[l]}, v[SOL_TILE_IN];
        transform_in(d, v);
        to[0][l] = v[0];
        to[1][l] = v[1];
        to[2][l] = v[2];
        to[3][l] = v[3];
        to[4][l] = v[4];
        to[5][l] = v[5];
    }
}

/* The second half: six transformed columns, which begin at number `first` of a ring of eight. */
static inline void transform_tile(Pixel ring[8][SOL_TILE_IN], size_t first, float *to, size_t step)
{
    Pixel *c0 = ring[first], *c1 = ring[first + 1], *c2 = ring[first + 2];
    Pixel *c3 = ring[first + 3], *c4 = ring[(first + 4) % 8], *c5 = ring[(first + 5) % 8];
    for (int j = 0; j < SOL_TILE_IN; j++, to += 6 * step) {
        float *t0 = to, *t1 = to + step, *t2 = to + 2 * step, *t3 = to + 3 * step, *t4 = to + 4 * step;
        float *t5 = to + 5 * step;
        INDEPENDENT
        for (int l = 0; l < SOL_LANES; l++) {
            float d[SOL_TILE_IN] = {c0[j][l], c1[j][l], c2[j][l], c3[j][l], c4[j][l], c5[j][l]}, v[SOL_TILE_IN];
            transform_in(d, v);
            t0[l] = v[0];
            t1[l] = v[1];
            t2[l] = v[2];
            t3[l] = v[3];
            t4[l] = v[4];
            t5[l] = v[5];
        }
    }
}

static void winograd_input(const float *const rows[SOL_TILE_IN], const size_t *columns, size_t tiles, float *to,
                           size_t tile_step, size_t step)
{
    _Alignas(64) Pixel ring[8][SOL_TILE_IN]; /* neighbours share two columns */
    transform_column(rows, columns[0], ring[0]);
    transform_column(rows, columns[1], ring[1]);
    for (size_t t = 0; t < tiles; t++, to += tile_step) {
        size_t first = t % 2 * SOL_TILE;
        for (size_t k = 2; k < SOL_TILE_IN; k++)
            transform_column(rows, columns[SOL_TILE * t + k], ring[(first + k) % 8]);
        transform_tile(ring, first, to, step);
    }
}

/* The pixels of a tile, from its products. */
static inline void transform_back(const float *from, size_t step, const float *bias, float floor, float *to,
                                  size_t stride)
{
    _Alignas(64) Pixel half[SOL_TILE][SOL_TILE_IN];
    for (size_t k = 0; k < SOL_TILE_IN; k++) {
        const float *p0 = from + k * step, *p1 = p0 + 6 * step, *p2 = p1 + 6 * step, *p3 = p2 + 6 * step;
        const float *p4 = p3 + 6 * step, *p5 = p4 + 6 * step;
        INDEPENDENT
        for (int l = 0; l < SOL_LANES; l++) {
            float m[SOL_TILE_IN] = {p0[l], p1[l], p2[l], p3[l], p4[l], p5[l]}, y[SOL_TILE];
            transform_out(m, y);
            half[0][k][l] = y[0];
            half[1][k][l] = y[1];
            half[2][k][l] = y[2];
            half[3][k][l] = y[3];
        }
    }
    for (size_t i = 0; i < SOL_TILE; i++, to += stride) {
        Pixel *h = half[i];
        INDEPENDENT
        for (int l = 0; l < SOL_LANES; l++) {
            float m[SOL_TILE_IN] = {h[0][l], h[1][l], h[2][l], h[3][l], h[4][l], h[5][l]}, y[SOL_TILE];
            transform_out(m, y);
            to[l] = at_least(y[0] + bias[l], floor);
            to[l + SOL_LANES] = at_least(y[1] + bias[l], floor);
            to[l + 2 * SOL_LANES] = at_least(y[2] + bias[l], floor);
            to[l + 3 * SOL_LANES] = at_least(y[3] + bias[l], floor);
        }
    }
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The largest of every 2x2 pixels of a tile. */
static inline void pool_tile(Pixel tile[SOL_TILE][SOL_TILE], size_t rows, size_t columns, float *to, size_t stride)
{
    for (size_t i = 0; i < rows / 2; i++)
        for (size_t j = 0; j < columns / 2; j++) {
            Pixel *upper = &tile[2 * i][2 * j], *lower = &tile[2 * i + 1][2 * j];
            float *out = to + i * stride + j * SOL_LANES;
            INDEPENDENT
            for (int l = 0; l < SOL_LANES; l++)
                out[l] = larger(larger(upper[0][l], upper[1][l]), larger(lower[0][l], lower[1][l]));
        }
}

/* Writes what there is of a tile to its places. */
static inline void put_tile(Pixel tile[SOL_TILE][SOL_TILE], size_t rows, size_t columns, float *to, size_t stride)
{
    for (size_t i = 0; i < rows; i++, to += stride)
        memcpy(to, tile[i], columns * sizeof(Pixel));
}

/* Adds to a tile what there is of another value, wherever they end. */
static inline void add_tile(const float *added, size_t rows, size_t columns, size_t stride,
                            Pixel tile[SOL_TILE][SOL_TILE])
{
    for (size_t i = 0; i < rows; i++, added += stride) {
        float *row = tile[i][0];
        INDEPENDENT
        for (size_t l = 0; l < columns * SOL_LANES; l++)
            row[l] += added[l];
    }
}

static void winograd_output(const float *from, size_t tile_step, size_t step, size_t tiles,
                            const float bias[SOL_LANES], float floor, const SolTilesOut *out)
{
    _Alignas(64) Pixel tile[SOL_TILE][SOL_TILE];
    size_t rows = out->rows < SOL_TILE ? out->rows : SOL_TILE;
    for (size_t t = 0; t < tiles; t++, from += tile_step) {
        size_t left = out->columns - SOL_TILE * t, columns = left < SOL_TILE ? left : SOL_TILE;
        size_t at = SOL_TILE * t * SOL_LANES;
        bool whole = rows == SOL_TILE && columns == SOL_TILE;
        if (whole && out->to && !out->added && !out->pooled) { /* the usual, without a detour */
            transform_back(from, step, bias, floor, out->to + at, out->stride);
            continue;
        }
        transform_back(from, step, bias, floor, tile[0][0], SOL_TILE * SOL_LANES);
        if (out->added && whole)
            add_tile(out->added + at, SOL_TILE, SOL_TILE, out->stride, tile);
        else if (out->added)
            add_tile(out->added + at, rows, columns, out->stride, tile);
        if (out->to && whole)
            put_tile(tile, SOL_TILE, SOL_TILE, out->to + at, out->stride);
        else if (out->to)
            put_tile(tile, rows, columns, out->to + at, out->stride);
        if (out->pooled && whole)
            pool_tile(tile, SOL_TILE, SOL_TILE, out->pooled + at / 2, out->pooled_stride);
        else if (out->pooled)
            pool_tile(tile, rows, columns, out->pooled + at / 2, out->pooled_stride);
    }
}

/* ---- directly ---- */

enum {
    PARTS = SOL_LANES / WIDTH,                           /* of a pixel of a group, a register each */
    STEP = WIDTH == 16 ? 16 : WIDTH == 8 ? 6 : 3,        /* of them that are summed side by side: as many as leave
                                                            room for weights */
    VECTORS = WIDTH == 16 ? 4 : WIDTH == 8 ? 3 : 2       /* of pixels of a plane: so that sums of each output fit */
};

static inline void raise_to(float floor, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = at_least(to[i], floor);
}

/* Some pixels of a group from pixel x on. */
static inline void direct_pixels(const SolSeen *seen, const float *weights, const float *bias, size_t x, size_t pixels,
                                 float *to, size_t to_step)
{
    Vector sums[STEP][PARTS];
    size_t step = seen->step;
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < PARTS; i++)
            sums[p][i] = *(const Vector *)(bias + i * WIDTH);
    for (size_t r = 0; r < seen->count; r++) {
        const float *row = seen->rows[r] + x * step;
        for (size_t k = 0; k < seen->run; k++, row++, weights += SOL_LANES)
            for (size_t p = 0; p < pixels; p++)
                for (size_t i = 0; i < PARTS; i++)
                    sums[p][i] += *(const Vector *)(weights + i * WIDTH) * row[p * step];
    }
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < PARTS; i++)
            *(Vector *)(to + (x + p) * to_step + i * WIDTH) = sums[p][i];
}

static void direct_group(const SolSeen *seen, const float *weights, const float bias[SOL_LANES], float floor,
                         size_t pixels, float *to, size_t to_step)
{
    for (size_t x = 0; x + STEP <= pixels; x += STEP)
        direct_pixels(seen, weights, bias, x, STEP, to, to_step);
    if (pixels % STEP > 0 && pixels > STEP) /* the last ones, some of them again */
        direct_pixels(seen, weights, bias, pixels - STEP, STEP, to, to_step);
    for (size_t x = 0; x < pixels && pixels < STEP; x++)
        direct_pixels(seen, weights, bias, x, 1, to, to_step);
    if (to_step == SOL_LANES)
        raise_to(floor, pixels * SOL_LANES, to);
    for (size_t x = 0; x < pixels && to_step != SOL_LANES; x++)
        raise_to(floor, SOL_LANES, to + x * to_step);
}

static inline void direct_step(const SolSeen *seen, size_t run, const float *weights, size_t planes, const float *bias,
                               size_t x, float *to, size_t stride)
{
    Vector sums[SOL_FEW][VECTORS];
    for (size_t o = 0; o < planes; o++)
        for (size_t v = 0; v < VECTORS; v++)
            sums[o][v] = (Vector){0} + bias[o];
    for (size_t r = 0; r < seen->count; r++)
        for (size_t k = 0; k < run; k++, weights += planes) {
            const float *from = seen->rows[r] + x + k;
            for (size_t v = 0; v < VECTORS; v++) {
                Vector pixels = *(const Vector *)(from + v * WIDTH);
                for (size_t o = 0; o < planes; o++)
                    sums[o][v] += pixels * weights[o];
            }
        }
    for (size_t o = 0; o < planes; o++)
        for (size_t v = 0; v < VECTORS; v++)
            *(Vector *)(to + o * stride + x + v * WIDTH) = sums[o][v];
}

static void direct_planes(const SolSeen *seen, const float *weights, size_t planes, const float bias[SOL_FEW],
                          float floor, size_t pixels, float *to, size_t stride)
{
    size_t run = seen->run;
    for (size_t x = 0; x < pixels; x += VECTORS * WIDTH)
        switch (planes) { /* so that sums have registers of their own */
        case 1: direct_step(seen, run, weights, 1, bias, x, to, stride); break;
        case 2: direct_step(seen, run, weights, 2, bias, x, to, stride); break;
        case 3: direct_step(seen, run, weights, 3, bias, x, to, stride); break;
        default: direct_step(seen, run, weights, SOL_FEW, bias, x, to, stride); break;
        }
    for (size_t o = 0; o < planes; o++)
        raise_to(floor, pixels, to + o * stride);
}

const SolKernels SOL_KERNELS = {
    .name = SOL_KERNELS_NAME,
    .flags = SOL_KERNELS_FLAGS,
    .winograd_input = winograd_input,
    .winograd_output = winograd_output,
    .direct_group = direct_group,
    .direct_planes = direct_planes,
    .rows = &SOL_ROW_KERNELS,
};

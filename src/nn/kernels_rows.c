/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops of nn/kernels.h over the pixels of rows, compiled as kernels.c is.
 */
#include "nn/kernels_set.h"

#include "nn/bfloat16.h"

#include <string.h>

/* Vectors that compilers spread over as many registers as they take; at any address that their numbers have. */
typedef float Vector __attribute__((vector_size(SOL_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef double Doubles __attribute__((vector_size(SOL_LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* ---- resampling ---- */

static void pool_planes(const float *restrict upper, const float *restrict lower, size_t pixels, float *restrict to)
{
    INDEPENDENT
    for (size_t p = 0; p < pixels; p++)
        to[p] = larger(larger(upper[2 * p], upper[2 * p + 1]), larger(lower[2 * p], lower[2 * p + 1]));
}

static inline void pool_pixels(const float *upper, const float *lower, size_t pixels, size_t block, float *to)
{
    for (size_t p = 0; p < pixels; p++, upper += 2 * block, lower += 2 * block, to += block)
        INDEPENDENT
        for (size_t c = 0; c < block; c++)
            to[c] = larger(larger(upper[c], upper[block + c]), larger(lower[c], lower[block + c]));
}

static void pool(const float *upper, const float *lower, size_t pixels, size_t block, float *to)
{
    if (block == 1)
        pool_planes(upper, lower, pixels, to);
    else if (block == SOL_LANES)
        pool_pixels(upper, lower, pixels, SOL_LANES, to);
    else
        pool_pixels(upper, lower, pixels, block, to);
}

static inline void repeat(const float *from, size_t pixels, size_t block, float *to)
{
    for (size_t p = 0; p < pixels; p++, from += block, to += 2 * block)
        INDEPENDENT
        for (size_t c = 0; c < block; c++) {
            to[c] = from[c];
            to[block + c] = from[c];
        }
}

static void twice(const float *from, size_t pixels, size_t block, float *to)
{
    if (block == 1)
        INDEPENDENT
        for (size_t p = 0; p < pixels; p++) {
            to[2 * p] = from[p];
            to[2 * p + 1] = from[p];
        }
    else if (block == SOL_LANES)
        repeat(from, pixels, SOL_LANES, to);
    else
        repeat(from, pixels, block, to);
}

/* ---- element by element ---- */

static void add(const float *a, const float *b, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = a[i] + b[i];
}

static void relu(const float *from, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = larger(from[i], 0.0f);
}

static void affine(const float *from, size_t count, float centre, float scale, float offset, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = (from[i] - centre) * scale + offset;
}

/* Compilers make of it a loop for any size, and one for the usual. */
static inline void affine_pixels(const float *from, size_t pixels, size_t block, size_t channels, const float *centre,
                                 const float *scale, const float *offset, float *to)
{
    for (size_t p = 0; p < pixels; p++, from += block, to += block) {
        INDEPENDENT
        for (size_t c = 0; c < channels; c++)
            to[c] = (from[c] - centre[c]) * scale[c] + offset[c];
        for (size_t c = channels; c < block; c++)
            to[c] = 0;
    }
}

static void affine_block(const float *from, size_t pixels, size_t block, size_t channels, const float *centre,
                         const float *scale, const float *offset, float *to)
{
    if (block == SOL_LANES && channels == SOL_LANES)
        affine_pixels(from, pixels, SOL_LANES, SOL_LANES, centre, scale, offset, to);
    else
        affine_pixels(from, pixels, block, channels, centre, scale, offset, to);
}

/* ---- sums ---- */

static void sums_block(const float *from, size_t pixels, size_t block, size_t lanes, const double shift[SOL_LANES],
                       double sum[SOL_LANES], double squares[SOL_LANES])
{
    size_t p = 0;
    if (lanes == SOL_LANES) {
        Doubles from_shift = *(const Doubles *)shift, s = {0}, q = {0};
        for (; p < pixels; p++, from += block) {
            Doubles d = __builtin_convertvector(*(const Vector *)from, Doubles) - from_shift;
            s += d;
            q += d * d;
        }
        *(Doubles *)sum += s;
        *(Doubles *)squares += q;
    }
    for (; p < pixels; p++, from += block)
        for (size_t l = 0; l < lanes; l++) {
            double d = (double)from[l] - shift[l];
            sum[l] += d;
            squares[l] += d * d;
        }
}

static void sums(const float *from, size_t count, double shift, double sum[SOL_LANES], double squares[SOL_LANES])
{
    double shifts[SOL_LANES];
    size_t whole = count / SOL_LANES;
    for (size_t l = 0; l < SOL_LANES; l++)
        shifts[l] = shift;
    sums_block(from, whole, SOL_LANES, SOL_LANES, shifts, sum, squares);
    sums_block(from + whole * SOL_LANES, 1, SOL_LANES, count % SOL_LANES, shifts, sum, squares);
}

/* ---- layouts ---- */

static void widen(const uint16_t *from, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = sol_from_bfloat16(from[i]);
}

static void narrow(const float *from, size_t count, uint16_t *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = sol_to_bfloat16(from[i]);
}

/* Eight floats of each of two vectors in turns. */
#if defined(__clang__)
#define TURNS(a, b, i) __builtin_shufflevector(a, b, i, 16 + i, i + 1, 17 + i, i + 2, 18 + i, i + 3, 19 + i, i + 4, \
                                               20 + i, i + 5, 21 + i, i + 6, 22 + i, i + 7, 23 + i)
#else
typedef int Indices __attribute__((vector_size(SOL_LANES * sizeof(int))));
#define TURNS(a, b, i) __builtin_shuffle(a, b, (Indices){i, 16 + i, i + 1, 17 + i, i + 2, 18 + i, i + 3, 19 + i, i + 4, \
                                                         20 + i, i + 5, 21 + i, i + 6, 22 + i, i + 7, 23 + i})
#endif

/* to[j * to_stride + i] = from[i * from_stride + j] for 16 x 16 floats: four rounds, which each halve the distance
   between neighbours. */
static inline void transpose(const float *from, size_t from_stride, float *to, size_t to_stride)
{
    Vector a[SOL_LANES], b[SOL_LANES];
    for (size_t i = 0; i < SOL_LANES; i++)
        a[i] = *(const Vector *)(from + i * from_stride);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < SOL_LANES / 2; i++) {
            b[2 * i] = TURNS(a[i], a[i + 8], 0);
            b[2 * i + 1] = TURNS(a[i], a[i + 8], 8);
        }
        for (size_t i = 0; i < SOL_LANES / 2; i++) {
            a[2 * i] = TURNS(b[i], b[i + 8], 0);
            a[2 * i + 1] = TURNS(b[i], b[i + 8], 8);
        }
    }
    for (size_t i = 0; i < SOL_LANES; i++)
        *(Vector *)(to + i * to_stride) = a[i];
}

static void to_planes(const float *from, size_t pixels, size_t block, size_t lanes, float *to, size_t stride)
{
    size_t p = 0;
    if (lanes == SOL_LANES)
        for (; p + SOL_LANES <= pixels; p += SOL_LANES)
            transpose(from + p * block, block, to + p, stride);
    for (size_t l = 0; l < lanes; l++)
        for (size_t x = p; x < pixels; x++)
            to[l * stride + x] = from[x * block + l];
}

static void from_planes(const float *from, size_t stride, size_t pixels, size_t lanes, float *to, size_t block)
{
    size_t p = 0;
    if (lanes == SOL_LANES)
        for (; p + SOL_LANES <= pixels; p += SOL_LANES)
            transpose(from + p, stride, to + p * block, block);
    for (size_t x = p; x < pixels; x++)
        for (size_t l = 0; l < lanes; l++)
            to[x * block + l] = from[l * stride + x];
}

const SolRowKernels SOL_ROW_KERNELS = {
    .pool = pool,
    .twice = twice,
    .add = add,
    .relu = relu,
    .affine = affine,
    .affine_block = affine_block,
    .sums = sums,
    .sums_block = sums_block,
    .widen = widen,
    .narrow = narrow,
    .to_planes = to_planes,
    .from_planes = from_planes,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops of nn/kernels.h over the pixels of rows, compiled as kernels.c is.
 */
#include "nn/kernels_set.h"

#include "nn/bfloat16.h"

#include <string.h>

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
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

static void mix(const float *near, const float *far, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = 0.75f * near[i] + 0.25f * far[i];
}

static inline void mix_pixels(const float *from, size_t pixels, size_t block, float *to)
{
    for (size_t p = 0; p < pixels; p++, from += block, to += 2 * block) {
        mix(from, from - block, block, to);
        mix(from, from + block, block, to + block);
    }
}

static void twice_mixed(const float *from, size_t pixels, size_t block, float *to)
{
    if (block == 1) {
        const float *before = from - 1, *after = from + 1;
        INDEPENDENT
        for (size_t p = 0; p < pixels; p++) {
            to[2 * p] = 0.75f * from[p] + 0.25f * before[p];
            to[2 * p + 1] = 0.75f * from[p] + 0.25f * after[p];
        }
    } else if (block == SOL_LANES)
        mix_pixels(from, pixels, SOL_LANES, to);
    else
        mix_pixels(from, pixels, block, to);
}

static void quarter(const float *upper, const float *lower, size_t pixels, size_t block, bool add, float *to)
{
    for (size_t p = 0; p < pixels; p++, upper += 2 * block, lower += 2 * block, to += block)
        INDEPENDENT
        for (size_t c = 0; c < block; c++)
            to[c] = (add ? to[c] : 0.0f) + ((upper[c] + upper[block + c]) + (lower[c] + lower[block + c]));
}

/* One number of a gradient in front of a pooling: what comes to the pixel of this value, or 0. */
static inline float unpooled(float value, float before, float comes, bool add, bool rectify)
{
    if (!add)
        return comes;
    return rectify && !(value > 0.0f) ? 0.0f : before + comes;
}

static inline void unpool_pixels(const float *upper, const float *lower, const float *gradient, size_t pixels,
                                 size_t block, bool add, bool rectify, float *to_upper, float *to_lower)
{
    for (size_t p = 0; p < pixels; p++, gradient += block) {
        const float *u0 = upper + 2 * p * block, *u1 = u0 + block, *l0 = lower + 2 * p * block, *l1 = l0 + block;
        float *t0 = to_upper + 2 * p * block, *t1 = t0 + block, *t2 = to_lower + 2 * p * block, *t3 = t2 + block;
        INDEPENDENT
        for (size_t c = 0; c < block; c++) {
            float a = u0[c], b = u1[c], d = l0[c], e = l1[c];
            float up = b > a ? b : a, down = e > d ? e : d, most = down > up ? down : up;
            float g = rectify && !(most > 0.0f) ? 0.0f : gradient[c];
            float g_up = down > up ? 0.0f : g, g_down = down > up ? g : 0.0f;
            t0[c] = unpooled(a, t0[c], b > a ? 0.0f : g_up, add, rectify);
            t1[c] = unpooled(b, t1[c], b > a ? g_up : 0.0f, add, rectify);
            t2[c] = unpooled(d, t2[c], e > d ? 0.0f : g_down, add, rectify);
            t3[c] = unpooled(e, t3[c], e > d ? g_down : 0.0f, add, rectify);
        }
    }
}

/* Compilers make of it a loop for any size, and some for the usual. */
static void unpool(const float *upper, const float *lower, const float *gradient, size_t pixels, size_t block, bool add,
                   bool rectify, float *to_upper, float *to_lower)
{
    if (block == SOL_LANES && rectify && !add)
        unpool_pixels(upper, lower, gradient, pixels, SOL_LANES, false, true, to_upper, to_lower);
    else if (block == SOL_LANES && rectify)
        unpool_pixels(upper, lower, gradient, pixels, SOL_LANES, true, true, to_upper, to_lower);
    else
        unpool_pixels(upper, lower, gradient, pixels, block, add, rectify, to_upper, to_lower);
}

/* ---- element by element ---- */

static void rectify(const float *value, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = value[i] > 0.0f ? to[i] : 0.0f;
}

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

/*
 * Of a quarter of x the fifth convergent of Lambert's continued fraction, p / q; then twice tanh(2 y) =
 * 2 tanh(y) / (1 + tanh(y)^2). Beyond 9 the result is 1 to the last bit.
 */
static void tanh_row(const float *from, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float x = larger(-9.0f, smaller(9.0f, from[i])); /* in this order, NaN stays NaN */
        float y = 0.25f * x, z = y * y;
        float p = y * ((z * (1 / 945.0f) + 1 / 9.0f) * z + 1), q = (z * (1 / 63.0f) + 4 / 9.0f) * z + 1;
        float p2 = 2 * p * q, q2 = p * p + q * q, r = 2 * p2 * q2 / (p2 * p2 + q2 * q2);
        to[i] = larger(-1.0f, smaller(1.0f, r));
    }
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

static void combine(const float *a, float scale, const float *b, size_t count, float *to)
{
    INDEPENDENT
    for (size_t i = 0; i < count; i++)
        to[i] = a[i] + scale * b[i];
}

/* ---- sums ---- */

/* Half a register of floats, and a register of doubles. */
typedef float Half __attribute__((vector_size(WIDTH / 2 * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef double Doubles __attribute__((vector_size(WIDTH / 2 * sizeof(double)), aligned(sizeof(double)), may_alias));

enum { PARTS = SOL_LANES / (WIDTH / 2) };

/* All lanes of some pixels. */
static inline void sum_lanes(const float *from, size_t pixels, size_t block, const double *shift, double *sum,
                             double *squares)
{
    Doubles s[PARTS] = {{0}}, q[PARTS] = {{0}};
    for (size_t p = 0; p < pixels; p++, from += block)
        for (size_t i = 0; i < PARTS; i++) {
            Doubles d = __builtin_convertvector(*(const Half *)(from + i * (WIDTH / 2)), Doubles) -
                        *(const Doubles *)(shift + i * (WIDTH / 2));
            s[i] += d;
            q[i] += d * d;
        }
    for (size_t i = 0; i < PARTS; i++) {
        *(Doubles *)(sum + i * (WIDTH / 2)) += s[i];
        *(Doubles *)(squares + i * (WIDTH / 2)) += q[i];
    }
}

static void sums_block(const float *from, size_t pixels, size_t block, size_t lanes, const double shift[SOL_LANES],
                       double sum[SOL_LANES], double squares[SOL_LANES])
{
    if (lanes == SOL_LANES) {
        sum_lanes(from, pixels, block, shift, sum, squares);
        return;
    }
    for (size_t p = 0; p < pixels; p++, from += block)
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

/* All lanes of some pixels, whose weights are each that of a number where there are `planes`, else of a pixel. */
static inline void weigh_lanes(const float *from, const float *weights, size_t pixels, size_t block, bool planes,
                               const double *shift, double *sum, double *squares)
{
    Doubles s[PARTS] = {{0}}, q[PARTS] = {{0}}, w = {0};
    for (size_t p = 0; p < pixels; p++, from += block) {
        if (!planes)
            w = (Doubles){0} + (double)weights[p];
        for (size_t i = 0; i < PARTS; i++) {
            Doubles d = __builtin_convertvector(*(const Half *)(from + i * (WIDTH / 2)), Doubles) -
                        *(const Doubles *)(shift + i * (WIDTH / 2));
            if (planes)
                w = __builtin_convertvector(*(const Half *)(weights + p * SOL_LANES + i * (WIDTH / 2)), Doubles);
            s[i] += w * d;
            q[i] += w * d * d;
        }
    }
    for (size_t i = 0; i < PARTS; i++) {
        *(Doubles *)(sum + i * (WIDTH / 2)) += s[i];
        *(Doubles *)(squares + i * (WIDTH / 2)) += q[i];
    }
}

static void weigh_block(const float *from, const float *weights, size_t pixels, size_t block, size_t lanes,
                        const double shift[SOL_LANES], double sum[SOL_LANES], double squares[SOL_LANES])
{
    if (lanes == SOL_LANES) {
        weigh_lanes(from, weights, pixels, block, false, shift, sum, squares);
        return;
    }
    for (size_t p = 0; p < pixels; p++, from += block)
        for (size_t l = 0; l < lanes; l++) {
            double d = (double)from[l] - shift[l], weighted = (double)weights[p] * d;
            sum[l] += weighted;
            squares[l] += weighted * d;
        }
}

static void weigh(const float *from, const float *weights, size_t count, double shift, double sum[SOL_LANES],
                  double squares[SOL_LANES])
{
    double shifts[SOL_LANES];
    size_t whole = count / SOL_LANES * SOL_LANES;
    for (size_t l = 0; l < SOL_LANES; l++)
        shifts[l] = shift;
    weigh_lanes(from, weights, count / SOL_LANES, SOL_LANES, true, shifts, sum, squares);
    for (size_t i = whole; i < count; i++) {
        double d = (double)from[i] - shift, weighted = (double)weights[i] * d;
        sum[i - whole] += weighted;
        squares[i - whole] += weighted * d;
    }
}

static void centre(const float *from, size_t count, double shift, double *to, double sums[SOL_LANES])
{
    Doubles s[PARTS] = {{0}};
    size_t whole = count / SOL_LANES * SOL_LANES;
    for (size_t p = 0; p < whole; p += SOL_LANES)
        for (size_t i = 0; i < PARTS; i++) {
            Doubles d = __builtin_convertvector(*(const Half *)(from + p + i * (WIDTH / 2)), Doubles) - shift;
            *(Doubles *)(to + p + i * (WIDTH / 2)) = d;
            s[i] += d;
        }
    for (size_t i = 0; i < PARTS; i++)
        *(Doubles *)(sums + i * (WIDTH / 2)) += s[i];
    for (size_t p = whole; p < count; p++) {
        to[p] = (double)from[p] - shift;
        sums[p - whole] += to[p];
    }
}

static void dot(const float *a, const float *b, size_t count, double sum[SOL_LANES])
{
    Doubles s[PARTS] = {{0}};
    size_t whole = count / SOL_LANES * SOL_LANES;
    for (size_t at = 0; at < whole; at += SOL_LANES)
        for (size_t i = 0; i < PARTS; i++)
            s[i] += __builtin_convertvector(*(const Half *)(a + at + i * (WIDTH / 2)), Doubles) *
                    __builtin_convertvector(*(const Half *)(b + at + i * (WIDTH / 2)), Doubles);
    for (size_t i = 0; i < PARTS; i++)
        *(Doubles *)(sum + i * (WIDTH / 2)) += s[i];
    for (size_t l = 0; whole + l < count; l++)
        sum[l] += (double)a[whole + l] * (double)b[whole + l];
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

/* The lower and the upper halves of two vectors, number by number in turns. */
#if defined(__AVX512F__)
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX__)
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#endif
#if defined(__clang__)
#define TURNS(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int Indices __attribute__((vector_size(WIDTH * sizeof(int))));
#define TURNS(a, b, ...) __builtin_shuffle(a, b, (Indices){__VA_ARGS__})
#endif

/* to[j * to_stride + i] = from[i * from_stride + j] for WIDTH x WIDTH floats: rounds that each halve the distance
   between neighbours. */
static inline void transpose(const float *from, size_t from_stride, float *to, size_t to_stride)
{
    Vector a[WIDTH], b[WIDTH];
    for (size_t i = 0; i < WIDTH; i++)
        a[i] = *(const Vector *)(from + i * from_stride);
    for (size_t round = 1; round < WIDTH; round *= 2) {
        for (size_t i = 0; i < WIDTH / 2; i++) {
            b[2 * i] = TURNS(a[i], a[i + WIDTH / 2], LOWER);
            b[2 * i + 1] = TURNS(a[i], a[i + WIDTH / 2], UPPER);
        }
        for (size_t i = 0; i < WIDTH; i++)
            a[i] = b[i];
    }
    for (size_t i = 0; i < WIDTH; i++)
        *(Vector *)(to + i * to_stride) = a[i];
}

static void to_planes(const float *from, size_t pixels, size_t block, size_t lanes, float *to, size_t stride)
{
    size_t whole = lanes / WIDTH * WIDTH, p = 0;
    for (; p + WIDTH <= pixels; p += WIDTH)
        for (size_t l = 0; l < whole; l += WIDTH)
            transpose(from + p * block + l, block, to + l * stride + p, stride);
    for (size_t l = 0; l < lanes; l++)
        for (size_t x = l < whole ? p : 0; x < pixels; x++)
            to[l * stride + x] = from[x * block + l];
}

static void from_planes(const float *from, size_t stride, size_t pixels, size_t lanes, float *to, size_t block)
{
    size_t whole = lanes / WIDTH * WIDTH, p = 0;
    for (; p + WIDTH <= pixels; p += WIDTH)
        for (size_t l = 0; l < whole; l += WIDTH)
            transpose(from + l * stride + p, stride, to + p * block + l, block);
    for (size_t x = 0; x < pixels; x++)
        for (size_t l = x < p ? whole : 0; l < lanes; l++)
            to[x * block + l] = from[l * stride + x];
}

const SolRowKernels SOL_ROW_KERNELS = {
    .pool = pool,
    .twice = twice,
    .mix = mix,
    .twice_mixed = twice_mixed,
    .add = add,
    .relu = relu,
    .tanh = tanh_row,
    .rectify = rectify,
    .unpool = unpool,
    .quarter = quarter,
    .affine = affine,
    .affine_block = affine_block,
    .combine = combine,
    .dot = dot,
    .sums = sums,
    .sums_block = sums_block,
    .weigh = weigh,
    .weigh_block = weigh_block,
    .centre = centre,
    .widen = widen,
    .narrow = narrow,
    .to_planes = to_planes,
    .from_planes = from_planes,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolution by im2col and a matrix product (Chellapilla et al. 2006), strip by strip.
 *
 * A strip is a run of output pixels, short enough that its unfolded input stays in a core's own cache
 * and that memory does not grow with the picture. The workers of the pool take strips one after the
 * other; what a strip computes does not depend on who computes it, so neither do the results.
 */
#include "nn/conv_blas.h"

#include "base/error.h"
#include "nn/gemm.h"

#include <string.h>

enum {
    STRIP_BYTES = 256 << 10, /* of unfolded input, about */
    STRIP_MAX = 4096,        /* pixels */
    STRIP_STEP = 32          /* pixels: whole tiles of the matrix kernels */
};

static int strip_pixels(const SolConvShape *s)
{
    int pixels = STRIP_BYTES / (int)sizeof(float) / s->kernel / s->kernel / s->in_channels;
    if (pixels > STRIP_MAX)
        pixels = STRIP_MAX;
    return pixels < STRIP_STEP ? STRIP_STEP : pixels / STRIP_STEP * STRIP_STEP;
}

static int strip_count(const SolConvShape *s)
{
    int pixels = s->height * s->width, strip = strip_pixels(s);
    return pixels / strip + (pixels % strip != 0);
}

/* Bytes of one worker's unfolded strip; a 1x1 kernel needs none. */
static bool strip_bytes(const SolConvShape *s, size_t *bytes)
{
    size_t size = 0;
    if (s->kernel > 1 && !(sol_mul((size_t)s->in_channels * (size_t)(s->kernel * s->kernel),
                                   (size_t)strip_pixels(s), &size) && sol_mul(size, sizeof(float), &size)))
        return false;
    *bytes = size; /* a multiple of SOL_ALIGNMENT, since STRIP_STEP floats are */
    return true;
}

static bool supports(const SolConvShape *shape)
{
    size_t bytes;
    return shape->element == SOL_FLOAT32 && !sol_conv_resizes(shape) && strip_bytes(shape, &bytes);
}

static bool pays(const SolConvShape *shape)
{
    (void)shape;
    return true;
}

static int plan(SolConv *conv)
{
    size_t bytes = 0;
    if (!strip_bytes(&conv->shape, &bytes) || !sol_mul(bytes, (size_t)sol_pool_threads(conv->pool), &conv->scratch))
        return sol_fail_memory("a convolution");
    return SOL_OK;
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static float beyond(const SolConvShape *s, const float *row, int x)
{
    int index = sol_border_index(s->border, x, s->width);
    return index < 0 ? 0.0f : row[index];
}

/* Output pixels x0..x1-1 of a row, as a kernel column sees them that is `shift` to the right. */
static void unfold_row(const SolConvShape *s, const float *row, int shift, int x0, int x1, float *to)
{
    int first = clamp(-shift, x0, x1), last = clamp(s->width - shift, first, x1); /* within the row */
    for (int x = x0; x < first; x++)
        to[x - x0] = beyond(s, row, x + shift);
    memcpy(to + (first - x0), row + (first + shift), (size_t)(last - first) * sizeof *to);
    for (int x = last; x < x1; x++)
        to[x - x0] = beyond(s, row, x + shift);
}

/* What kernel element (ky, kx) sees of a plane at the output pixels p0..p1-1, counted row by row. */
static void unfold_plane(const SolConvShape *s, const float *plane, int ky, int kx, int p0, int p1, float *to)
{
    while (p0 < p1) {
        int y = p0 / s->width, x0 = p0 % s->width;
        int x1 = s->width - x0 < p1 - p0 ? s->width : x0 + (p1 - p0);
        int from = sol_border_index(s->border, y + ky - s->kernel / 2, s->height);
        if (from >= 0)
            unfold_row(s, plane + (size_t)from * (size_t)s->width, kx - s->kernel / 2, x0, x1, to);
        else
            memset(to, 0, (size_t)(x1 - x0) * sizeof *to);
        to += x1 - x0;
        p0 += x1 - x0;
    }
}

/* Unfolds the strip p0..p1-1: one row for every kernel element of every input channel. */
static void unfold(const SolConvShape *s, const float *in, int p0, int p1, float *to)
{
    size_t plane = (size_t)s->height * (size_t)s->width;
    for (int i = 0; i < s->in_channels; i++)
        for (int ky = 0; ky < s->kernel; ky++)
            for (int kx = 0; kx < s->kernel; kx++, to += p1 - p0)
                unfold_plane(s, in + (size_t)i * plane, ky, kx, p0, p1, to);
}

/* Adds the bias and applies ReLU while the strip is still in the cache. */
static void finish(const SolConv *conv, float *out, int p0, int p1)
{
    const SolConvShape *s = &conv->shape;
    size_t plane = (size_t)s->height * (size_t)s->width;
    for (int o = 0; o < s->out_channels; o++) {
        float *row = out + (size_t)o * plane, bias = conv->bias ? conv->bias[o] : 0.0f;
        if (s->relu)
            for (int p = p0; p < p1; p++)
                row[p] = row[p] + bias > 0.0f ? row[p] + bias : 0.0f;
        else
            for (int p = p0; p < p1; p++)
                row[p] += bias;
    }
}

static void run_strip(const SolConv *conv, const SolConvData *data, int strip, void *scratch)
{
    const float *in = data->in;
    float *out = data->out;
    const SolConvShape *s = &conv->shape;
    int pixels = s->height * s->width, step = strip_pixels(s);
    int p0 = strip * step, p1 = pixels - p0 < step ? pixels : p0 + step;
    int depth = s->in_channels * s->kernel * s->kernel;
    const float *b = in + p0;
    if (s->kernel > 1) {
        unfold(s, in, p0, p1, scratch);
        b = scratch;
    }
    sol_gemm(s->out_channels, p1 - p0, depth, conv->weights, depth, b, s->kernel > 1 ? p1 - p0 : pixels, out + p0,
             pixels);
    finish(conv, out, p0, p1);
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    sol_conv_run_blocks(conv, data, scratch, strip_count(&conv->shape), run_strip);
}

static void release(SolConv *conv)
{
    (void)conv;
}

const SolConvBackend sol_conv_im2col = {"im2col", supports, pays, plan, run, release, NULL};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution backend `reference`: the definition of a convolution, summed in double precision,
 * pixel by pixel. The oracle that every other backend is held against.
 */
#include "nn/conv.h"

#include "base/error.h"

static bool supports(const SolConvShape *shape)
{
    return shape->element == SOL_FLOAT32;
}

static bool pays(const SolConvShape *shape)
{
    (void)shape;
    return true;
}

static int plan(SolConv *conv)
{
    (void)conv;
    return SOL_OK;
}

/* Which sample of a row or column of `side` samples meets element k of the kernel at output i; -1 for a zero. */
static int source(const SolConvShape *s, int i, int k, int side)
{
    int before = sol_conv_before(s, side), from = i + before - k;
    if (!s->transposed)
        return sol_border_index(s->border, i * sol_conv_stride(s) - before + k, side);
    return from >= 0 && from % 2 == 0 && from / 2 < side ? from / 2 : -1;
}

/* The sum over one input plane for the output pixel (y, x). */
static double sum_plane(const SolConvShape *s, const float *in, const float *weights, int y, int x)
{
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++) {
            int sy = source(s, y, ky, s->height), sx = source(s, x, kx, s->width);
            if (sy >= 0 && sx >= 0)
                sum += (double)weights[ky * s->kernel + kx] * (double)in[(size_t)sy * (size_t)s->width + (size_t)sx];
        }
    return sum;
}

/* The kernel between an input and an output channel. */
static const float *kernel_of(const SolConv *conv, int o, int i)
{
    const SolConvShape *s = &conv->shape;
    size_t taps = (size_t)s->kernel * (size_t)s->kernel;
    size_t pair = s->transposed ? (size_t)i * (size_t)s->out_channels + (size_t)o
                                : (size_t)o * (size_t)s->in_channels + (size_t)i;
    return conv->weights + pair * taps;
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const float *in = data->in;
    float *to = data->out;
    const SolConvShape *s = &conv->shape;
    SolShape out = sol_conv_output(s);
    size_t plane = (size_t)s->height * (size_t)s->width;
    (void)scratch;
    for (int o = 0; o < s->out_channels; o++)
        for (int y = 0; y < out.height; y++)
            for (int x = 0; x < out.width; x++) {
                double sum = conv->bias ? (double)conv->bias[o] : 0;
                for (int i = 0; i < s->in_channels; i++)
                    sum += sum_plane(s, in + (size_t)i * plane, kernel_of(conv, o, i), y, x);
                *to++ = s->relu && sum < 0 ? 0.0f : (float)sum;
            }
}

static void release(SolConv *conv)
{
    (void)conv;
}

const SolConvBackend sol_conv_reference = {"reference", supports, pays, plan, run, release, NULL};

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

/* The sum over one input plane for the output pixel (y, x). */
static double sum_plane(const SolConvShape *s, const float *in, const float *weights, int y, int x)
{
    double sum = 0;
    for (int ky = 0; ky < s->kernel; ky++)
        for (int kx = 0; kx < s->kernel; kx++) {
            int sy = sol_border_index(s->border, y + ky - s->kernel / 2, s->height);
            int sx = sol_border_index(s->border, x + kx - s->kernel / 2, s->width);
            if (sy >= 0 && sx >= 0)
                sum += (double)weights[ky * s->kernel + kx] * (double)in[(size_t)sy * (size_t)s->width + (size_t)sx];
        }
    return sum;
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const float *in = data->in;
    float *out = data->out;
    const SolConvShape *s = &conv->shape;
    size_t plane = (size_t)s->height * (size_t)s->width, taps = (size_t)s->kernel * (size_t)s->kernel;
    (void)scratch;
    for (int o = 0; o < s->out_channels; o++)
        for (int y = 0; y < s->height; y++)
            for (int x = 0; x < s->width; x++) {
                double sum = conv->bias ? (double)conv->bias[o] : 0;
                for (int i = 0; i < s->in_channels; i++)
                    sum += sum_plane(s, in + (size_t)i * plane,
                                     conv->weights + ((size_t)o * (size_t)s->in_channels + (size_t)i) * taps, y, x);
                *out++ = s->relu && sum < 0 ? 0.0f : (float)sum;
            }
}

static void release(SolConv *conv)
{
    (void)conv;
}

const SolConvBackend sol_conv_reference = {"reference", supports, pays, plan, run, release, NULL};

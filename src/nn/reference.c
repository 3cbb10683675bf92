/* SPDX-License-Identifier: Apache-2.0
 *
 * Naive operators. Every access goes through at(), so that a wrong index cannot hide.
 */
#include "nn/reference.h"

#include <math.h>

static size_t at(SolShape shape, int c, int y, int x)
{
    return ((size_t)c * (size_t)shape.height + (size_t)y) * (size_t)shape.width + (size_t)x;
}

void sol_reference_max_pool(const float *in, SolShape shape, float *out)
{
    SolShape half = {shape.channels, shape.height / 2, shape.width / 2};
    for (int c = 0; c < half.channels; c++)
        for (int y = 0; y < half.height; y++)
            for (int x = 0; x < half.width; x++) {
                float best = -INFINITY;
                for (int k = 0; k < 4; k++)
                    best = fmaxf(best, in[at(shape, c, 2 * y + k / 2, 2 * x + k % 2)]);
                out[at(half, c, y, x)] = best;
            }
}

void sol_reference_upsample(const float *in, SolShape shape, float *out)
{
    SolShape twice = {shape.channels, shape.height * 2, shape.width * 2};
    for (int c = 0; c < twice.channels; c++)
        for (int y = 0; y < twice.height; y++)
            for (int x = 0; x < twice.width; x++)
                out[at(twice, c, y, x)] = in[at(shape, c, y / 2, x / 2)];
}

/* The value at a place between the middles of pixels, which lie at 0.5, 1.5, ..; the outermost ones beyond them. */
static double between(const float *in, SolShape shape, int c, double y, double x)
{
    double fy = fmin(fmax(y - 0.5, 0), shape.height - 1), fx = fmin(fmax(x - 0.5, 0), shape.width - 1), sum = 0;
    for (int k = 0; k < 4; k++) {
        int ny = (int)fmin(floor(fy) + k / 2, shape.height - 1), nx = (int)fmin(floor(fx) + k % 2, shape.width - 1);
        double share_y = fy - floor(fy), share_x = fx - floor(fx);
        sum += (k / 2 ? share_y : 1 - share_y) * (k % 2 ? share_x : 1 - share_x) * (double)in[at(shape, c, ny, nx)];
    }
    return sum;
}

void sol_reference_upsample_bilinear(const float *in, SolShape shape, float *out)
{
    SolShape twice = {shape.channels, shape.height * 2, shape.width * 2};
    for (int c = 0; c < twice.channels; c++)
        for (int y = 0; y < twice.height; y++)
            for (int x = 0; x < twice.width; x++)
                out[at(twice, c, y, x)] = (float)between(in, shape, c, (y + 0.5) / 2, (x + 0.5) / 2);
}

/* Where a step in either direction would leave a row of n samples, it is turned back. */
static int walk(int start, int steps, int n)
{
    int i = start, step = 1;
    for (; steps > 0 && n > 1; steps--) {
        step = i + step < 0 || i + step >= n ? -step : step;
        i += step;
    }
    return i;
}

/* Sample i, which may lie before or behind the row, of a row that is mirrored about its ends. */
static int mirrored(int i, int n)
{
    return i < 0 ? walk(0, -i, n) : walk(0, i, n);
}

void sol_reference_pad(const float *in, SolShape shape, int pixels, float *out)
{
    SolShape larger = {shape.channels, shape.height + 2 * pixels, shape.width + 2 * pixels};
    for (int c = 0; c < larger.channels; c++)
        for (int y = 0; y < larger.height; y++)
            for (int x = 0; x < larger.width; x++)
                out[at(larger, c, y, x)] =
                    in[at(shape, c, mirrored(y - pixels, shape.height), mirrored(x - pixels, shape.width))];
}

void sol_reference_add(const float *a, const float *b, SolShape shape, float *out)
{
    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = a[at(shape, c, y, x)] + b[at(shape, c, y, x)];
}

void sol_reference_relu(const float *in, SolShape shape, float *out)
{
    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = fmaxf(in[at(shape, c, y, x)], 0.0f);
}

void sol_reference_tanh(const float *in, SolShape shape, float *out)
{
    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = (float)tanh((double)in[at(shape, c, y, x)]);
}

void sol_reference_affine(const float *in, SolShape shape, const float *scale, const float *offset, float *out)
{
    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = in[at(shape, c, y, x)] * scale[c] + offset[c];
}

static void moments_of(const float *in, SolShape shape, int c, double *mean, double *variance)
{
    double count = (double)shape.height * (double)shape.width, sum = 0, squares = 0;
    for (int y = 0; y < shape.height; y++)
        for (int x = 0; x < shape.width; x++)
            sum += (double)in[at(shape, c, y, x)];
    for (int y = 0; y < shape.height; y++)
        for (int x = 0; x < shape.width; x++)
            squares += pow((double)in[at(shape, c, y, x)] - sum / count, 2);
    *mean = sum / count;
    *variance = squares / count;
}

void sol_reference_moments(const float *in, SolShape shape, float *mean, float *std)
{
    for (int c = 0; c < shape.channels; c++) {
        double m, variance;
        moments_of(in, shape, c, &m, &variance);
        mean[c] = (float)m;
        std[c] = (float)sqrt(variance + 1e-5);
    }
}

/* How much of a channel's variance is not to be taken for rounding errors. */
static double signal(double mean, double variance)
{
    return pow(variance, 2) / (pow(variance, 2) + pow(3e-5 * (1 + fabs(mean)), 4));
}

void sol_reference_instance_norm(const float *in, SolShape shape, const float *gain, const float *shift, double epsilon,
                                 bool relu, float *out)
{
    for (int c = 0; c < shape.channels; c++) {
        double m, variance;
        moments_of(in, shape, c, &m, &variance);
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++) {
                double normal = ((double)in[at(shape, c, y, x)] - m) / sqrt(variance + epsilon) * signal(m, variance);
                double value = normal * (double)gain[c] + (double)shift[c];
                out[at(shape, c, y, x)] = (float)(relu && value < 0 ? 0 : value);
            }
    }
}

void sol_reference_adain(const float *in, SolShape shape, const float *mean, const float *std, float *out)
{
    for (int c = 0; c < shape.channels; c++) {
        double m, variance, contrast;
        moments_of(in, shape, c, &m, &variance);
        contrast = (double)std[c] / sqrt(variance + 1e-5) * signal(m, variance);
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = (float)(((double)in[at(shape, c, y, x)] - m) * contrast + (double)mean[c]);
    }
}

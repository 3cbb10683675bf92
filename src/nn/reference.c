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

void sol_reference_adain(const float *in, SolShape shape, const float *mean, const float *std, float *out)
{
    for (int c = 0; c < shape.channels; c++) {
        double m, variance, contrast;
        moments_of(in, shape, c, &m, &variance);
        contrast = (double)std[c] / sqrt(variance + 1e-5);
        contrast *= pow(variance, 2) / (pow(variance, 2) + pow(3e-5 * (1 + fabs(m)), 4));
        for (int y = 0; y < shape.height; y++)
            for (int x = 0; x < shape.width; x++)
                out[at(shape, c, y, x)] = (float)(((double)in[at(shape, c, y, x)] - m) * contrast + (double)mean[c]);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators: every one is a loop over planes, handed to the pool plane by plane.
 */
#include "nn/ops.h"

#include <math.h>

/* What a loop over planes works on; each operator uses what it needs. */
typedef struct Planes {
    const float *in, *other;
    float *out;
    SolShape shape; /* of `in` */
    const float *scale, *offset;
    const float *mean, *std;
    float *mean_out, *std_out;
} Planes;

static const float *plane_in(const Planes *p, int channel)
{
    return p->in + (size_t)channel * sol_shape_plane(p->shape);
}

static float *plane_out(const Planes *p, int channel)
{
    return p->out + (size_t)channel * sol_shape_plane(p->shape);
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static void max_pool_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t width = (size_t)p->shape.width, out_width = width / 2, out_height = (size_t)p->shape.height / 2;
    const float *in = plane_in(p, channel);
    float *out = p->out + (size_t)channel * out_width * out_height;
    for (size_t y = 0; y < out_height; y++) {
        const float *upper = in + 2 * y * width, *lower = upper + width;
        for (size_t x = 0; x < out_width; x++)
            *out++ = larger(larger(upper[2 * x], upper[2 * x + 1]), larger(lower[2 * x], lower[2 * x + 1]));
    }
}

void sol_op_max_pool(SolPool *pool, const float *in, SolShape shape, float *out)
{
    Planes p = {.in = in, .out = out, .shape = shape};
    sol_pool_run(pool, max_pool_plane, &p, shape.channels);
}

static void upsample_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t width = (size_t)p->shape.width, height = (size_t)p->shape.height;
    const float *in = plane_in(p, channel);
    float *out = p->out + (size_t)channel * 4 * width * height;
    for (size_t y = 0; y < height; y++) {
        float *upper = out + 4 * y * width, *lower = upper + 2 * width;
        for (size_t x = 0; x < width; x++)
            upper[2 * x] = upper[2 * x + 1] = lower[2 * x] = lower[2 * x + 1] = in[y * width + x];
    }
}

void sol_op_upsample(SolPool *pool, const float *in, SolShape shape, float *out)
{
    Planes p = {.in = in, .out = out, .shape = shape};
    sol_pool_run(pool, upsample_plane, &p, shape.channels);
}

static void add_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t count = sol_shape_plane(p->shape);
    const float *a = plane_in(p, channel), *b = p->other + (size_t)channel * count;
    float *out = plane_out(p, channel);
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] + b[i];
}

void sol_op_add(SolPool *pool, const float *a, const float *b, SolShape shape, float *out)
{
    Planes p = {.in = a, .other = b, .out = out, .shape = shape};
    sol_pool_run(pool, add_plane, &p, shape.channels);
}

static void relu_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t count = sol_shape_plane(p->shape);
    const float *in = plane_in(p, channel);
    float *out = plane_out(p, channel);
    for (size_t i = 0; i < count; i++)
        out[i] = larger(in[i], 0.0f);
}

void sol_op_relu(SolPool *pool, const float *in, SolShape shape, float *out)
{
    Planes p = {.in = in, .out = out, .shape = shape};
    sol_pool_run(pool, relu_plane, &p, shape.channels);
}

static void affine_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t count = sol_shape_plane(p->shape);
    const float *in = plane_in(p, channel);
    float *out = plane_out(p, channel), scale = p->scale[channel], offset = p->offset[channel];
    for (size_t i = 0; i < count; i++)
        out[i] = in[i] * scale + offset;
}

void sol_op_affine(SolPool *pool, const float *in, SolShape shape, const float *scale, const float *offset, float *out)
{
    Planes p = {.in = in, .out = out, .shape = shape, .scale = scale, .offset = offset};
    sol_pool_run(pool, affine_plane, &p, shape.channels);
}

/* Sums run in LANES interleaved parts, so that the compiler can use vectors without changing the order. */
enum { LANES = 8 };

static double total(const double lane[LANES])
{
    double sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

/* In two passes, since a variance from sums of squares loses its digits where the mean is large. */
static void moments(const float *x, size_t count, double *mean, double *variance)
{
    double sums[LANES] = {0}, squares[LANES] = {0}, m;
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            sums[j] += (double)x[i + j];
    for (size_t i = whole; i < count; i++)
        sums[0] += (double)x[i];
    m = total(sums) / (double)count;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            double d = (double)x[i + j] - m;
            squares[j] += d * d;
        }
    for (size_t i = whole; i < count; i++)
        squares[0] += ((double)x[i] - m) * ((double)x[i] - m);
    *mean = m;
    *variance = total(squares) / (double)count;
}

static void moments_plane(void *context, int channel)
{
    const Planes *p = context;
    double mean, variance;
    moments(plane_in(p, channel), sol_shape_plane(p->shape), &mean, &variance);
    p->mean_out[channel] = (float)mean;
    p->std_out[channel] = (float)sqrt(variance + SOL_MOMENTS_EPSILON);
}

void sol_op_moments(SolPool *pool, const float *in, SolShape shape, float *mean, float *std)
{
    Planes p = {.in = in, .shape = shape, .mean_out = mean, .std_out = std};
    sol_pool_run(pool, moments_plane, &p, shape.channels);
}

static void adain_plane(void *context, int channel)
{
    const Planes *p = context;
    size_t count = sol_shape_plane(p->shape);
    const float *in = plane_in(p, channel);
    float *out = plane_out(p, channel), scale, from, to;
    double mean, variance, noise;
    moments(in, count, &mean, &variance);
    noise = SOL_ADAIN_NOISE * (1 + fabs(mean));
    scale = (float)((double)p->std[channel] / sqrt(variance + SOL_MOMENTS_EPSILON) *
                    (variance * variance / (variance * variance + noise * noise * noise * noise)));
    from = (float)mean;
    to = p->mean[channel];
    for (size_t i = 0; i < count; i++)
        out[i] = (in[i] - from) * scale + to;
}

void sol_op_adain(SolPool *pool, const float *in, SolShape shape, const float *mean, const float *std, float *out)
{
    Planes p = {.in = in, .out = out, .shape = shape, .mean = mean, .std = std};
    sol_pool_run(pool, adain_plane, &p, shape.channels);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker takes a plane, or up to SOL_LANES channels of a group, and sums over all of its pixels row by row, in pieces
 * of a few thousand elements: what is not float32 is widened into a buffer of that size.
 */
#include "nn/moments.h"

#include "nn/kernels.h"

#include <math.h>

enum { PIECE = SOL_BLOCK_MAX }; /* elements that are worked on at a time: one pixel at least */

typedef struct Loop {
    const SolRowKernels *kernels;
    const SolFeatures *in;
    SolArea area;
    SolWeightRows weights; /* NULL: all pixels count alike */
    double count;          /* of pixels, or the sum of the weights */
    int x, y;              /* the pixel whose value the others are counted from */
    SolMoments *moments;
} Loop;

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Elements [from, from + count) of a row, as float32: where they lie, or in `buffer`. */
static const float *fetch(const Loop *loop, int group, int y, size_t from, size_t count, float *buffer)
{
    const void *row = sol_features_row(loop->in, group, y);
    if (loop->in->layout.element == SOL_FLOAT32)
        return (const float *)row + from;
    loop->kernels->widen((const uint16_t *)row + from, count, buffer);
    return buffer;
}

/* The weights of a row, from column `x` on. */
static const float *weights_at(const Loop *loop, int x, int y)
{
    return loop->weights.first + (size_t)(y - loop->area.y) * loop->weights.row + (size_t)(x - loop->area.x);
}

/*
 * Mean and variance from the sums of d = x - shift and of its squares over `count` pixels, where shift is one of
 * them. Then (mean - shift)^2 is at most `count` variances, so that no more digits are lost than count costs:
 * six of a double's sixteen for a million pixels. With weights it must be one of the heaviest.
 */
static SolMoments moments_from(double shift, double sum, double squares, double count)
{
    double variance = (squares - sum * sum / count) / count;
    return (SolMoments){shift + sum / count, variance > 0 ? variance : 0};
}

static void plane_moments(const Loop *loop, int channel)
{
    SolArea area = loop->area;
    double sums[SOL_LANES] = {0}, squares[SOL_LANES] = {0};
    float narrow[PIECE];
    double shift = (double)*fetch(loop, channel, loop->y, (size_t)loop->x, 1, narrow);
    for (int y = area.y; y < area.y + area.height; y++)
        for (int x = area.x; x < area.x + area.width; x += PIECE) {
            size_t pixels = (size_t)least(PIECE, area.x + area.width - x);
            const float *from = fetch(loop, channel, y, (size_t)x, pixels, narrow);
            if (loop->weights.first)
                loop->kernels->weigh(from, weights_at(loop, x, y), pixels, shift, sums, squares);
            else
                loop->kernels->sums(from, pixels, shift, sums, squares);
        }
    for (int l = 1; l < SOL_LANES; l++) {
        sums[0] += sums[l];
        squares[0] += squares[l];
    }
    loop->moments[channel] = moments_from(shift, sums[0], squares[0], loop->count);
}

/* Channels `lane` and up, so many as are summed side by side, of a group. */
static void lane_moments(const Loop *loop, int group, int lane, int lanes)
{
    SolArea area = loop->area;
    int width = loop->in->layout.block, step = width >= PIECE ? 1 : PIECE / width;
    size_t block = (size_t)width, count = (size_t)lanes;
    double shift[SOL_LANES] = {0}, sums[SOL_LANES] = {0}, squares[SOL_LANES] = {0};
    float narrow[PIECE];
    const float *first = fetch(loop, group, loop->y, (size_t)loop->x * block, block, narrow) + lane;
    for (int l = 0; l < lanes; l++)
        shift[l] = (double)first[l];
    for (int y = area.y; y < area.y + area.height; y++)
        for (int x = area.x; x < area.x + area.width; x += step) {
            size_t pixels = (size_t)least(step, area.x + area.width - x);
            const float *from = fetch(loop, group, y, (size_t)x * block, pixels * block, narrow) + lane;
            if (loop->weights.first)
                loop->kernels->weigh_block(from, weights_at(loop, x, y), pixels, block, count, shift, sums, squares);
            else
                loop->kernels->sums_block(from, pixels, block, count, shift, sums, squares);
        }
    for (int l = 0; l < lanes; l++)
        loop->moments[group * width + lane + l] = moments_from(shift[l], sums[l], squares[l], loop->count);
}

static void moments_of_lanes(void *context, int item)
{
    const Loop *loop = context;
    int block = loop->in->layout.block, slices = (block + SOL_LANES - 1) / SOL_LANES, group = item / slices;
    int lane = item % slices * SOL_LANES, left = loop->in->shape.channels - group * block - lane;
    if (block == 1)
        plane_moments(loop, group);
    else if (left > 0)
        lane_moments(loop, group, lane, least(least(SOL_LANES, block - lane), left));
}

static void run(SolPool *pool, Loop *loop)
{
    int slices = (loop->in->layout.block + SOL_LANES - 1) / SOL_LANES;
    loop->kernels = sol_kernels()->rows;
    sol_pool_run(pool, moments_of_lanes, loop, sol_features_groups(loop->in) * slices);
}

void sol_op_moments(SolPool *pool, const SolFeatures *in, SolArea area, SolMoments *moments)
{
    Loop loop = {.in = in, .area = area, .count = (double)area.height * area.width, .x = area.x, .y = area.y,
                 .moments = moments};
    run(pool, &loop);
}

/* Adds up the weights, and finds the first of the heaviest pixels. */
static void weigh(Loop *loop)
{
    SolArea area = loop->area;
    float most = -1;
    for (int y = area.y; y < area.y + area.height; y++) {
        const float *weights = weights_at(loop, area.x, y);
        for (int x = 0; x < area.width; x++) {
            loop->count += (double)weights[x];
            if (weights[x] > most) {
                most = weights[x];
                loop->x = area.x + x;
                loop->y = y;
            }
        }
    }
}

double sol_op_moments_weighted(SolPool *pool, const SolFeatures *in, SolArea area, SolWeightRows weights,
                               SolMoments *moments)
{
    Loop loop = {.in = in, .area = area, .weights = weights, .moments = moments};
    weigh(&loop);
    if (loop.count > 0)
        run(pool, &loop);
    return loop.count;
}

void sol_moments_merge(SolMoments *moments, double count, const SolMoments *part, double part_count, int channels)
{
    double share = part_count / (count + part_count);
    for (int c = 0; c < channels; c++) {
        double difference = part[c].mean - moments[c].mean;
        if (count == 0) {
            moments[c] = part[c];
            continue;
        }
        moments[c].mean += difference * share;
        moments[c].variance += (part[c].variance - moments[c].variance) * share +
                               difference * difference * share * (1 - share);
    }
}

float sol_deviation(const SolMoments *moments)
{
    return (float)sqrt(moments->variance + SOL_MOMENTS_EPSILON);
}

void sol_adain_aim(const SolMoments *own, int channels, const float *style, float strength, float *mean, float *std)
{
    for (int c = 0; c < channels; c++) {
        float own_mean = strength < 1 ? (float)own[c].mean : 0, own_std = strength < 1 ? sol_deviation(&own[c]) : 0;
        mean[c] = own_mean + strength * (style[c] - own_mean);
        std[c] = own_std + strength * (style[channels + c] - own_std);
    }
}

/* By what the contrast of a channel is multiplied that is to get a deviation of 1. */
static double contrast(const SolMoments *moments, double epsilon)
{
    double variance = moments->variance, noise = SOL_ADAIN_NOISE * (1 + fabs(moments->mean));
    double squared = variance * variance;
    return 1 / sqrt(variance + epsilon) * (squared / (squared + noise * noise * noise * noise));
}

void sol_instance_norm(const SolMoments *moments, int channels, double epsilon, const float *gain, const float *shift,
                       float *centre, float *scale, float *offset)
{
    for (int c = 0; c < channels; c++) {
        centre[c] = (float)moments[c].mean;
        scale[c] = (float)((double)gain[c] * contrast(&moments[c], epsilon));
        offset[c] = shift[c];
    }
}

void sol_adain(const SolMoments *moments, int channels, const float *mean, const float *std, float *centre,
               float *scale, float *offset)
{
    for (int c = 0; c < channels; c++) {
        centre[c] = (float)moments[c].mean;
        scale[c] = (float)((double)std[c] * contrast(&moments[c], SOL_MOMENTS_EPSILON));
        offset[c] = mean[c];
    }
}

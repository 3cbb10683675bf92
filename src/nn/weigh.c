/* SPDX-License-Identifier: Apache-2.0
 *
 * Up to SOL_LANES channels that lie side by side are summed at a time, in double precision: twice over the picture, for
 * the mean and then for what differs from it.
 */
#include "nn/weigh.h"

#include "nn/kernels.h"

typedef struct Loop {
    const SolFeatures *features;
    const SolPixelWeights *weights;
    SolMoments *moments;
} Loop;

static const float *weights_of_row(const Loop *loop, int y)
{
    return loop->weights->values + (size_t)y * (size_t)loop->features->shape.width;
}

/* Lanes of a group that are summed together: `count` from `first` on. */
typedef struct Lanes {
    int group;
    size_t first, count;
} Lanes;

/* sums[l] = the weighted mean of (x - centre[l])^power, for a power of 1 or 2. */
static void sum_lanes(const Loop *loop, const Lanes *lanes, const double centre[SOL_LANES], int power,
                      double sums[SOL_LANES])
{
    const SolFeatures *in = loop->features;
    size_t block = (size_t)in->layout.block, width = (size_t)in->shape.width;
    for (size_t l = 0; l < lanes->count; l++)
        sums[l] = 0;
    for (int y = 0; y < in->shape.height; y++) {
        const float *pixel = (const float *)sol_features_row(in, lanes->group, y) + lanes->first;
        const float *weight = weights_of_row(loop, y);
        for (size_t x = 0; x < width; x++, pixel += block)
            for (size_t l = 0; l < lanes->count; l++) {
                double apart = (double)pixel[l] - centre[l];
                sums[l] += (double)weight[x] * (power == 1 ? apart : apart * apart);
            }
    }
    for (size_t l = 0; l < lanes->count; l++)
        sums[l] /= loop->weights->sum;
}

static int slices_of(const SolFeatures *in)
{
    return (in->layout.block + SOL_LANES - 1) / SOL_LANES;
}

static void find_moments(void *context, int item)
{
    static const double zeros[SOL_LANES];
    const Loop *loop = context;
    const SolFeatures *in = loop->features;
    int first = item % slices_of(in) * SOL_LANES, group = item / slices_of(in);
    int channel = group * in->layout.block + first, count = in->layout.block - first;
    double means[SOL_LANES], variances[SOL_LANES];
    Lanes lanes = {.group = group, .first = (size_t)first};
    count = count < SOL_LANES ? count : SOL_LANES;
    count = count < in->shape.channels - channel ? count : in->shape.channels - channel;
    if (count <= 0)
        return;
    lanes.count = (size_t)count;
    sum_lanes(loop, &lanes, zeros, 1, means);
    sum_lanes(loop, &lanes, means, 2, variances);
    for (int l = 0; l < count; l++)
        loop->moments[channel + l] = (SolMoments){.mean = means[l], .variance = variances[l]};
}

void sol_op_weighted_moments(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, SolMoments *moments)
{
    Loop loop = {.features = in, .weights = weights, .moments = moments};
    sol_pool_run(pool, find_moments, &loop, sol_features_groups(in) * slices_of(in));
}

static void weigh_row(void *context, int item)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    const Loop *loop = context;
    const SolFeatures *f = loop->features;
    int y = item % f->shape.height;
    size_t block = (size_t)f->layout.block;
    float *pixel = sol_features_row(f, item / f->shape.height, y);
    const float *weight = weights_of_row(loop, y);
    for (size_t x = 0; x < (size_t)f->shape.width; x++, pixel += block)
        kernels->affine(pixel, block, 0, weight[x], 0, pixel);
}

void sol_op_weigh(SolPool *pool, const SolFeatures *features, const SolPixelWeights *weights)
{
    Loop loop = {.features = features, .weights = weights};
    sol_pool_run(pool, weigh_row, &loop, sol_features_groups(features) * features->shape.height);
}

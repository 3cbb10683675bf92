/* SPDX-License-Identifier: Apache-2.0
 *
 * Pixels by their weights, row by row.
 */
#include "nn/weigh.h"

#include "nn/kernels.h"

typedef struct Loop {
    const SolFeatures *features;
    const SolPixelWeights *weights;
} Loop;

static void weigh_row(void *context, int item)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    const Loop *loop = context;
    const SolFeatures *f = loop->features;
    int y = item % f->shape.height;
    size_t block = (size_t)f->layout.block, width = (size_t)f->shape.width;
    float *pixel = sol_features_row(f, item / f->shape.height, y);
    const float *weight = loop->weights->values + (size_t)y * width;
    for (size_t x = 0; x < width; x++, pixel += block)
        kernels->affine(pixel, block, 0, weight[x], 0, pixel);
}

void sol_op_weigh(SolPool *pool, const SolFeatures *features, const SolPixelWeights *weights)
{
    Loop loop = {.features = features, .weights = weights};
    sol_pool_run(pool, weigh_row, &loop, sol_features_groups(features) * features->shape.height);
}

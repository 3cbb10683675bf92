/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators of a network besides convolution. All work on float32 planes (nn/shape.h), split over
 * the workers of a pool, allocate nothing, and give the same result with any number of workers. Where
 * `out` has the shape of `in`, the two may be the same memory.
 */
#ifndef SOL_NN_OPS_H
#define SOL_NN_OPS_H

#include "base/pool.h"
#include "nn/shape.h"

/* Added to a variance before its root is taken (Huang & Belongie 2017, their published code). */
#define SOL_MOMENTS_EPSILON 1e-5

/** out = the largest of every 2x2 pixels; an odd last row or column is dropped. `shape` is that of `in`. */
void sol_op_max_pool(SolPool *pool, const float *in, SolShape shape, float *out);

/** out = `in` with every pixel repeated 2x2 (nearest-neighbour upsampling). `shape` is that of `in`. */
void sol_op_upsample(SolPool *pool, const float *in, SolShape shape, float *out);

/** out = a + b. */
void sol_op_add(SolPool *pool, const float *a, const float *b, SolShape shape, float *out);

/** out = max(in, 0). */
void sol_op_relu(SolPool *pool, const float *in, SolShape shape, float *out);

/** out = in * scale[c] + offset[c]. */
void sol_op_affine(SolPool *pool, const float *in, SolShape shape, const float *scale, const float *offset,
                   float *out);

/** mean[c], std[c] = mean and sqrt(biased variance + SOL_MOMENTS_EPSILON) of every channel, summed in double. */
void sol_op_moments(SolPool *pool, const float *in, SolShape shape, float *mean, float *std);

/* A deviation of this much, relative to 1 + |mean|, is taken for rounding errors by sol_op_adain(). */
#define SOL_ADAIN_NOISE 3e-5

/**
 * Adaptive instance normalisation (Huang & Belongie 2017, eq. 8): every channel gets mean[c] and std[c].
 *
 * Channels of one value stay flat: contrast is multiplied by std^4 / (std^4 + noise^4), which is 1 but for
 * rounding errors. Those differ from pixel to pixel, and a few adain layers in a row would blow them up to
 * the style's full contrast.
 */
void sol_op_adain(SolPool *pool, const float *in, SolShape shape, const float *mean, const float *std, float *out);

#endif

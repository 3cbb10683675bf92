/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators of a network besides convolution, on features in any layout. They are split over the workers
 * of a pool, allocate nothing, compute in float32 whatever the elements are, and give the same result with
 * any number of workers. `in` and `out` have the same layout unless another is allowed; where they have the
 * same shape too, they may be the same memory. Margins are left as they are.
 */
#ifndef SOL_NN_OPS_H
#define SOL_NN_OPS_H

#include "base/pool.h"
#include "nn/features.h"
#include "nn/moments.h"

/** out = the largest of every 2x2 pixels; an odd last row or column is dropped. */
void sol_op_max_pool(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = `in` with every pixel repeated 2x2 (nearest-neighbour upsampling). */
void sol_op_upsample(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/**
 * out = `in` at twice the height and width, interpolated linearly along either side between the middles of pixels;
 * beyond the outermost ones it is what they are (half-pixel centres, corners not aligned).
 */
void sol_op_upsample_bilinear(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = `in`, continued by reflection on every side, by as many pixels as `out` has more there. */
void sol_op_pad(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = a + b. One of them may have half the height and width: it is upsampled while it is read. */
void sol_op_add(SolPool *pool, const SolFeatures *a, const SolFeatures *b, const SolFeatures *out);

/** out = max(in, 0). */
void sol_op_relu(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = tanh(in). */
void sol_op_tanh(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = (in - centre[c]) * scale[c] + offset[c]; a `centre` of NULL is 0. */
void sol_op_affine(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale, const float *offset,
                   const SolFeatures *out);

/** The same, and max(.., 0) of it where `relu` is wanted. */
void sol_op_normalise(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale,
                      const float *offset, bool relu, const SolFeatures *out);

/** out = in, in another layout. Without a pool (NULL), by the calling thread alone. */
void sol_op_convert(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** Fills the margin with what the border puts there. */
void sol_op_fill_margin(SolPool *pool, const SolFeatures *features, SolBorder border);

#endif

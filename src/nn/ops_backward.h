/* SPDX-License-Identifier: Apache-2.0
 *
 * What the backward pass needs besides convolutions: gradients in front of operators, from those behind them.
 * As the operators of nn/ops.h, they are split over the workers of a pool, allocate nothing and give the same result
 * with any number of workers. All features are float32 with the same block; margins may differ.
 */
#ifndef SOL_NN_OPS_BACKWARD_H
#define SOL_NN_OPS_BACKWARD_H

#include "base/pool.h"
#include "nn/features.h"

/** gradient = 0 where `value`, the result of a ReLU, is not above 0; in place. */
void sol_op_rectify(SolPool *pool, const SolFeatures *value, const SolFeatures *gradient);

/**
 * The gradient in front of a 2x2 max pooling of `value`: that of every pooled pixel goes to the first, row by row, of
 * its largest pixels.
 *
 * @param add      to what `to` holds, in place of writing it
 * @param rectify  and sol_op_rectify() of `to` by `value`, in the same pass
 */
void sol_op_unpool(SolPool *pool, const SolFeatures *value, const SolFeatures *gradient, bool add, bool rectify,
                   const SolFeatures *to);

/** The gradient in front of a nearest-neighbour upsampling: the sum of every 2x2 pixels; `add` as above. */
void sol_op_quarter(SolPool *pool, const SolFeatures *gradient, bool add, const SolFeatures *to);

/**
 * The gradient in front of sol_op_fill_margin(): each of the `margin` pixels around the picture is added to the pixel
 * that the border copied there. The layout's margin has at least as many; what is left in it has no meaning.
 */
void sol_op_fold_margin(SolPool *pool, const SolFeatures *features, int margin, SolBorder border);

#endif

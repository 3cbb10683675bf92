/* SPDX-License-Identifier: Apache-2.0
 *
 * Gram matrices of features, for any layout of float32: how much channels occur together (Gatys et al. 2016, eq. 3),
 *
 *     G[i][j] = the mean over all pixels of F[i] F[j]
 *
 * and the gradient of what depends on them. Where pixels count unequally, the mean is a weighted one: guided Gram
 * matrices (Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", eq. 2), whose guidance is the
 * root of the weight. Split over the workers of a pool; results do not depend on their number.
 */
#ifndef SOL_NN_GRAM_H
#define SOL_NN_GRAM_H

#include "nn/weigh.h"

/** *bytes = the workspace that both functions take for features of this shape; false where that overflows. */
bool sol_gram_bytes(SolShape shape, const SolPool *pool, size_t *bytes);

/** gram[C][C]; without weights (NULL) pixels count alike. `work` has sol_gram_bytes(), aligned to SOL_ALIGNMENT. */
void sol_op_gram(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, void *work, float *gram);

/**
 * At each pixel, out = weight matrix in, where the matrix[C][C] is symmetric; without weights (NULL) they are 1. The
 * blocks of both are the same, margins free.
 */
void sol_op_symmetric(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, const float *matrix,
                      void *work, const SolFeatures *out);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the methods of the convolution backend `blas` have in common. A method computes its output in
 * blocks, which the workers of the pool take one after the other and compute with one thread each.
 */
#ifndef SOL_NN_CONV_BLAS_H
#define SOL_NN_CONV_BLAS_H

#include "nn/conv.h"

/* Methods are written as backends are, but stand in no table: `blas` chooses between them. */
extern const SolConvBackend sol_conv_im2col, sol_conv_strided, sol_conv_winograd, sol_conv_direct;

/** Computes block number `block` of the output. `scratch` is the worker's own part of conv->scratch. */
typedef void (*SolConvBlock)(const SolConv *conv, const SolConvData *data, int block, void *scratch);

/**
 * Computes blocks 0..count-1 on the pool. conv->scratch is that of one worker times sol_pool_threads().
 * What a block computes does not depend on who computes it, so neither do the results.
 */
void sol_conv_run_blocks(const SolConv *conv, const SolConvData *data, void *scratch, int count, SolConvBlock block);

#endif

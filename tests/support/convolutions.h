/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolutions run by themselves, in memory with guards around.
 */
#ifndef TEST_CONVOLUTIONS_H
#define TEST_CONVOLUTIONS_H

#include "support/planes.h"

#include "nn/conv.h"

size_t weight_count(const SolConvShape *s);

/** Memory for features of this shape in this layout: NaN where floats are, guards around. */
SolFeatures empty_features(Guarded *memory, SolShape shape, SolLayout layout);

/**
 * Plans, runs and closes one convolution, from planes and to planes whatever layout it wants. Returns whether Winograd's
 * method may have computed it.
 */
bool convolve(const SolConvBackend *backend, const SolConvShape *shape, const float *weights, const float *bias,
              SolPool *pool, const float *in, float *out);

/** As set_up_pools(); the backends call OpenBLAS from the pool's threads, with one thread of its own each. */
int set_up_convolutions(void **state);

#endif

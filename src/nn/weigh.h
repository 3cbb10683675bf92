/* SPDX-License-Identifier: Apache-2.0
 *
 * Features whose pixels count unequally: those of a part of a picture. For any layout of float32; split over the
 * workers of a pool. sol_op_moments_weighted() has their moments, nn/gram.h their Gram matrices.
 */
#ifndef SOL_NN_WEIGH_H
#define SOL_NN_WEIGH_H

#include "base/pool.h"
#include "nn/features.h"

/* How much each pixel counts. */
typedef struct SolPixelWeights {
    const float *values; /* [height][width], 0 or more */
    double sum;          /* of them, above 0 */
} SolPixelWeights;

/** Multiplies every pixel by its weight, in place. */
void sol_op_weigh(SolPool *pool, const SolFeatures *features, const SolPixelWeights *weights);

#endif

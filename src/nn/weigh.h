/* SPDX-License-Identifier: Apache-2.0
 *
 * Features whose pixels count unequally: those of a part of a picture. For any layout of float32; split over the workers
 * of a pool, and with the same result for any number of them.
 */
#ifndef SOL_NN_WEIGH_H
#define SOL_NN_WEIGH_H

#include "nn/ops.h"

/* How much each pixel counts. */
typedef struct SolPixelWeights {
    const float *values; /* [height][width], 0 or more */
    double sum;          /* of them, above 0 */
} SolPixelWeights;

/** moments[c] of every channel: the weighted mean, and the weighted mean of the squares of what differs from it. */
void sol_op_weighted_moments(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, SolMoments *moments);

/** Multiplies every pixel by its weight, in place. */
void sol_op_weigh(SolPool *pool, const SolFeatures *features, const SolPixelWeights *weights);

#endif

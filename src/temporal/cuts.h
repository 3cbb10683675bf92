/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a new scene begins: colours are spread otherwise, and what was there before cannot be moved to where it would
 * look like what is there now.
 */
#ifndef SOL_TEMPORAL_CUTS_H
#define SOL_TEMPORAL_CUTS_H

#include "image/image.h"
#include "image/mask.h"

enum { SOL_CUT_BINS = 32 };

typedef struct SolCuts {
    float share[3][SOL_CUT_BINS]; /* of the last frame's pixels, by channel and level */
    float apart, residual, distrusted; /* of the last two: what is below */
} SolCuts;

/** The first frame. */
void sol_cuts_begin(SolCuts *cuts, const SolImage *frame);

/**
 * Whether a scene ends between the last frame and this one.
 *
 * @param difference  [height][width] between this one and the last one moved, 0..255
 * @param trust       of the flow, of 0 and 255
 */
bool sol_cuts_between(SolCuts *cuts, const SolImage *frame, const float *difference, const SolMask *trust);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a new scene begins: colours are spread otherwise, and what was there before cannot be moved to where it would
 * look like what is there now.
 */
#ifndef SOL_TEMPORAL_CUTS_H
#define SOL_TEMPORAL_CUTS_H

#include "base/blob.h"
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

/*
 * Cuts without a flow, for who has none: frames are looked at from afar, where a move of the camera is a shift by a few
 * cells. It sees fewer: not those between scenes of much the same colours. All zeros is one that has seen nothing.
 */
enum { SOL_GLANCE_CELLS = 32 }; /* across, and down */

typedef struct SolGlance {
    bool begun;
    SolCuts cuts;
    float cells[SOL_GLANCE_CELLS][SOL_GLANCE_CELLS][3]; /* mean levels, 0..255 */
} SolGlance;

/** Looks at the next frame: whether a scene ends before it. The first one begins none. */
bool sol_glance_at(SolGlance *glance, const SolImage *frame);

void sol_glance_save(const SolGlance *glance, SolBlob *blob);

/** Takes it from there; where there is none it has seen nothing. */
void sol_glance_restore(SolGlance *glance, SolBlob *blob);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Cleaning of masks: growing and shrinking by discs (grey-scale morphology: Serra 1982), and what hangs together
 * (connected components).
 */
#ifndef SOL_REGION_CLEAN_H
#define SOL_REGION_CLEAN_H

#include "base/pool.h"
#include "image/mask.h"

/* Largest radius of a disc, pixels. */
#define SOL_DISC_MAX 512

/**
 * Every value becomes the largest within `radius` of it (in pixels, 0..SOL_DISC_MAX; below 1 nothing changes): dy^2 +
 * dx^2 <= radius^2. Nothing lies beyond the frame. The number of threads changes nothing.
 *
 * @param pool  NULL: the calling thread alone
 * @return 0 or SOL_ERR_NOMEM, with the mask as it was
 */
int sol_mask_dilate(SolMask *mask, double radius, SolPool *pool);

/** The least instead of the largest. */
int sol_mask_erode(SolMask *mask, double radius, SolPool *pool);

/** Shrinks, then grows again: what is narrower than the disc goes. */
int sol_mask_opening(SolMask *mask, double radius, SolPool *pool);

/** Grows, then shrinks again: gaps that are narrower than the disc are filled. */
int sol_mask_closing(SolMask *mask, double radius, SolPool *pool);

/* Edges of the frame that an island may have to touch. */
enum { SOL_EDGE_TOP = 1, SOL_EDGE_BOTTOM = 2, SOL_EDGE_LEFT = 4, SOL_EDGE_RIGHT = 8 };

/* Which islands stay: pixels of 128 and more that are neighbours, edge to edge or corner to corner. */
typedef struct SolIslands {
    double smallest;        /* pixels; 0: any */
    unsigned touching;      /* edges, of which an island must touch one; 0: need not */
    const SolMask *before;  /* as cleaned before, or NULL: an island half in it may have half of `smallest` */
} SolIslands;

/**
 * Drops the islands that do not stay, and weaker pixels (below 128) that no island holds on to.
 * @return 0 or SOL_ERR_NOMEM, with the mask as it was
 */
int sol_mask_drop_islands(SolMask *mask, const SolIslands *islands);

/**
 * Fills holes: islands, edge to edge, of what a mask leaves out. `islands->before` is the mask before, as above.
 * @return 0 or SOL_ERR_NOMEM, with the mask as it was
 */
int sol_mask_fill_holes(SolMask *mask, const SolIslands *islands);

#endif

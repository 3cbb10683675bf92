/* SPDX-License-Identifier: Apache-2.0
 *
 * What is done to the edge of a mask: moving it, and softening it. The frame's border is no edge: what lies beyond it
 * is taken to be like what lies at it, so that a mask of the sky is neither eaten away nor soft where the picture ends.
 */
#ifndef SOL_REGION_OUTLINE_H
#define SOL_REGION_OUTLINE_H

#include "base/pool.h"
#include "image/mask.h"

/**
 * Moves the edge outwards by so many pixels, or inwards where they are negative. Dilation and erosion by a disc: every
 * pixel becomes the largest (smallest) of those within the distance, so soft edges stay as soft as they are. Between
 * two whole numbers of pixels, a mean of both.
 *
 * @param pixels  any number
 * @param pool    NULL: the calling thread alone; the result is the same
 * @return 0, SOL_ERR_NOMEM, with the mask as it was
 */
int sol_mask_grow(SolMask *mask, double pixels, SolPool *pool);

/**
 * Softens the edge: a sharp one becomes as wide as `pixels`, half of it on either side of where it was. Three means
 * over a square in succession, which come close to a Gaussian whose standard deviation is (pixels + 2) / 6.
 *
 * @param pixels  1 or less: nothing is done, since the edge of a shape is a pixel wide already
 * @return 0, SOL_ERR_NOMEM, with the mask as it was
 */
int sol_mask_feather(SolMask *mask, double pixels, SolPool *pool);

#endif

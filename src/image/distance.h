/* SPDX-License-Identifier: Apache-2.0
 *
 * How far every pixel is from the edge of a mask.
 */
#ifndef SOL_IMAGE_DISTANCE_H
#define SOL_IMAGE_DISTANCE_H

#include "image/mask.h"

#include <stdbool.h>

/**
 * Euclidean distances between the middles of pixels, in pixels (Felzenszwalb & Huttenlocher 2012, "Distance Transforms of
 * Sampled Functions"): of a pixel outside, where the mask is below 128, to the nearest one inside; of one inside, to the
 * nearest outside, negative.
 *
 * @param distance  [height][width]
 * @param[out] any  false where all pixels lie inside, or all outside; the distances are then infinite
 * @return 0, SOL_ERR_NOMEM
 */
int sol_mask_distance(const SolMask *mask, float *distance, bool *any);

#endif

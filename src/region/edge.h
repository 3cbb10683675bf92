/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges that travel over a frame: how far one picture has taken the place of another. At progress 0 the mask is empty,
 * at 1 it covers all; between, its edge has a soft width of `feather`, a share of the whole way.
 */
#ifndef SOL_REGION_EDGE_H
#define SOL_REGION_EDGE_H

#include "image/mask.h"

/**
 * A straight edge.
 *
 * @param angle     where it travels to, degrees from rightwards, clockwise
 * @param feather   0..1
 * @param progress  0..1
 */
void sol_edge_wipe(SolMask *mask, double angle, double feather, double progress);

/**
 * An edge around what `mask` covers before: it begins deep inside, passes the outline, and ends where the frame is
 * farthest from it. Where there is no outline, all of the mask becomes `progress`.
 *
 * @return 0, SOL_ERR_NOMEM
 */
int sol_edge_grow(SolMask *mask, double feather, double progress);

#endif

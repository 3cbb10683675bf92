/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures moved along a flow, and where that cannot be trusted.
 */
#ifndef SOL_TEMPORAL_WARP_H
#define SOL_TEMPORAL_WARP_H

#include "base/pool.h"
#include "image/image.h"
#include "image/mask.h"
#include "temporal/flow.h"

/**
 * out(x, y) = image(x + u, y + v), interpolated by cubic convolution (Keys 1981, a = -1/2), beyond the edges what is at
 * the nearest of their pixels. With the flow from a frame back to the one before it, `image` of that time comes to lie
 * where things are now.
 *
 * @param out  of the flow's size, as `image`; another picture than that
 */
void sol_warp(const SolImage *image, const SolFlow *flow, SolImage *out, SolPool *pool);

/** The same, linearly interpolated, as Lai et al. 2018 measure. */
void sol_warp_linear(const SolImage *image, const SolFlow *flow, SolImage *out, SolPool *pool);

/**
 * Where a flow can be trusted (Ruder, Dosovitskiy & Brox 2016, eqs. 5 and 6, after Sundaram et al. 2010): 0 where what is
 * seen was hidden in the picture that the flow leads to, since the flow there does not lead back; and where things of
 * different motion meet; 255 elsewhere.
 *
 * @param flow  from the picture whose pixels are asked about to the other
 * @param back  from that one to this
 */
void sol_flow_trust(const SolFlow *flow, const SolFlow *back, SolMask *trust, SolPool *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Films that do not flicker: a painting takes over from the one before it, moved along with what is in the picture, as far
 * as that can be trusted (Ruder, Dosovitskiy & Brox 2016).
 */
#ifndef SOL_TEMPORAL_STABILISER_H
#define SOL_TEMPORAL_STABILISER_H

#include "base/blob.h"
#include "base/pool.h"
#include "image/mask.h"
#include "temporal/flow.h"

#include <solstice/steady.h>

typedef struct SolStabiliser SolStabiliser;

/**
 * @param[out] stabiliser  untouched on failure; released by sol_stabiliser_close()
 * @param pool             borrowed until then
 */
int sol_stabiliser_open(SolStabiliser **stabiliser, const SolSteady *steady, int width, int height, SolPool *pool);

/**
 * Looks at the next frame, before it is painted: finds how things moved since the one before.
 *
 * @param[out] cut  true where a new scene begins, or nothing is known of a frame before: what was painted before is
 *                  forgotten, and so should be all else that goes by it
 */
int sol_stabiliser_look(SolStabiliser *stabiliser, const SolImage *frame, bool *cut);

/**
 * Steadies the painting of that frame, in place, and remembers it for the next one. To be called for every frame that was
 * looked at; without `flow` the painting stays as it is.
 *
 * @param most  0..1: the former painting keeps no more than this share, wherever it is; 1 where nothing but the frame
 *              decides how it is painted
 */
int sol_stabiliser_blend(SolStabiliser *stabiliser, SolImage *painting, float most);

/**
 * Another picture of the frame before, moved to where things are in this one; and how far that can be trusted. Between
 * sol_stabiliser_look(), which has found no cut, and the next.
 */
void sol_stabiliser_warp(SolStabiliser *stabiliser, const SolImage *image, SolImage *out);
const SolMask *sol_stabiliser_trust(const SolStabiliser *stabiliser);

void sol_stabiliser_forget(SolStabiliser *stabiliser);

/** All that decides how it goes on. */
void sol_stabiliser_save(const SolStabiliser *stabiliser, SolBlob *blob);
int sol_stabiliser_restore(SolStabiliser *stabiliser, SolBlob *blob);

void sol_stabiliser_close(SolStabiliser **stabiliser);

#endif

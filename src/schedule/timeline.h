/* SPDX-License-Identifier: Apache-2.0
 *
 * What rooms above ask a timeline beyond its public face.
 */
#ifndef SOL_SCHEDULE_TIMELINE_H
#define SOL_SCHEDULE_TIMELINE_H

#include "base/track.h"
#include "schedule/schedule.h"

/**
 * Frame `n` as an instant of stretch number `stretch`, in which it need not lie.
 *
 * @param seconds  its time, from the source's first frame
 */
SolInstant sol_timeline_instant(const SolTimeline *timeline, int stretch, int64_t n, double seconds);

/** The transition into stretch number `stretch`; NULL where there is none. */
const SolTransition *sol_timeline_transition(const SolTimeline *timeline, int stretch);

/** How strong a layer is, 0..1. */
float sol_layer_strength(const SolPaintLayer *layer, SolInstant at);

/**
 * How two styles are blended that are `strength` strong each: what each weighs in the blend, summing to 1, and how
 * strong that is. The frame's statistics are to become the mean of what each of the two would make of them alone,
 * w0 (c + s0 (a - c)) + w1 (c + s1 (b - c)), which is c + S (m - c) with S = w0 s0 + w1 s1 and
 * m = (w0 s0 a + w1 s1 b) / S.
 *
 * @param later  0..1: w1
 */
void sol_blend_weights(const float strength[2], float later, float weight[2], float *together);

#endif

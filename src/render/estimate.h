/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast frames are finished lately, and how long the rest will take. Times are in seconds, on any clock.
 */
#ifndef SOL_RENDER_ESTIMATE_H
#define SOL_RENDER_ESTIMATE_H

#include <stdint.h>

/* Frames that take different times. */
typedef enum SolFrameKind {
    SOL_FRAME_UNTOUCHED,
    SOL_FRAME_PAINTED,
    SOL_FRAME_KINDS
} SolFrameKind;

/* Frames of a kind and the seconds they took, of which old ones count less and less. */
typedef struct SolPace {
    double frames, seconds;
} SolPace;

typedef struct SolEstimate {
    SolPace kinds[SOL_FRAME_KINDS], all;
    double last; /* when a frame was finished, or the first one begun */
} SolEstimate;

void sol_estimate_begin(SolEstimate *estimate, double now);

/** A frame has been finished. */
void sol_estimate_note(SolEstimate *estimate, SolFrameKind kind, double now);

/** What went on until now finished no frame that counts. */
void sol_estimate_pass(SolEstimate *estimate, double now);

/** Frames a second lately; 0 before the first is finished. */
double sol_estimate_rate(const SolEstimate *estimate);

/**
 * Seconds that are left.
 *
 * @param left  [SOL_FRAME_KINDS] frames that are not finished
 * @param part  0..1: how far the painted frame is that is at hand
 * @return negative while nothing is known of painted frames, of which there are some left
 */
double sol_estimate_left(const SolEstimate *estimate, const int64_t left[SOL_FRAME_KINDS], double part, double now);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames that are painted at once, each by a thread of its own; who hands them over takes them back in any order.
 */
#ifndef SOL_RENDER_LANES_H
#define SOL_RENDER_LANES_H

#include "render/painters.h"

typedef struct SolLanes SolLanes;

/* A frame to be painted. It stays where it is from sol_lanes_begin() to sol_lanes_finish() or sol_lanes_close(). */
typedef struct SolLaneJob {
    SolMoment moment;
    const SolImage *frame;
    SolImage *painting; /* the caller's, once it is made; NULL until then */
    double seconds;     /* that it took */
    int result;
    char *text;         /* of what went wrong, freed by sol_lanes_finish() */
    bool done;
} SolLaneJob;

/**
 * Starts a thread for each of the painters' lanes.
 *
 * @param[out] lanes  untouched on failure; released by sol_lanes_close()
 * @param room        jobs that are begun and not finished, at most
 */
int sol_lanes_open(SolLanes **lanes, SolPainters *painters, int room);

/** Hands a job over; what is not named above is zero. */
void sol_lanes_begin(SolLanes *lanes, SolLaneJob *job);

/** Waits until it is done. @return as sol_painters_paint() */
int sol_lanes_finish(SolLanes *lanes, SolLaneJob *job);

/** Waits for the frames at hand, leaves those that wait unpainted, and ends the threads. Sets *lanes to NULL. */
void sol_lanes_close(SolLanes **lanes);

#endif

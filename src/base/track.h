/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that change with time: keys in ascending order, straight lines between them, and before the first and behind
 * the last what these say.
 */
#ifndef SOL_BASE_TRACK_H
#define SOL_BASE_TRACK_H

#include <stdint.h>

/* What the places of a track's keys count; all of one track count the same. */
typedef enum SolTrackUnit {
    SOL_TRACK_FRAMES,  /* of the source, from 0 */
    SOL_TRACK_SECONDS, /* from the source's first frame */
    SOL_TRACK_SHARE    /* 0..1 of the segment: from its first frame to its last */
} SolTrackUnit;

/* One moment, in all three. */
typedef struct SolInstant {
    double frame, seconds, share;
} SolInstant;

enum { SOL_TRACK_WIDTH_MAX = 4096 };

typedef struct SolTrack {
    int count;       /* of keys, 1 or more; a number that stays has one */
    int width;       /* numbers a key has, 1..SOL_TRACK_WIDTH_MAX */
    SolTrackUnit unit;
    double *at;      /* [count] ascending */
    double *values;  /* [count][width] */
} SolTrack;

/** A track of so many keys, to be filled in; released by sol_track_clear(). 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM. */
int sol_track_create(SolTrack *track, int count, int width);

/** Fills values[0..width-1] with what holds at an instant. */
void sol_track_at(const SolTrack *track, SolInstant instant, double values[]);

/** Accepts one that is all zeros. */
void sol_track_clear(SolTrack *track);

#endif

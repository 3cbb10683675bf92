/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pictures of a source an output takes, when they show, and how often each: slower and faster, and at
 * constant rates. All of it follows from a picture's own time; nothing is remembered from one to the next.
 */
#ifndef SOL_MEDIA_CADENCE_H
#define SOL_MEDIA_CADENCE_H

#include <solstice/video.h>

typedef struct SolCadence {
    SolRational unit;       /* seconds of the output in one unit of the source's times */
    int64_t slack;          /* units of the source: what a frame may be late, see sol_cadence_show() */
    bool regular;           /* pictures come at a constant rate; otherwise each has its own time */
    SolRational time_base;  /* of the output's times */
    SolRational frame_rate; /* average, of the output; {0, 1} where it is not known */
} SolCadence;

/* What is asked for. */
typedef struct SolCadenceRequest {
    SolRational time_base;      /* of the source's times */
    SolRational frame_rate;     /* average, of the source; {0, 1} where it is not known */
    const SolVideoIndex *index; /* NULL where times are not known before they come; read while opening */
    int64_t first, count;       /* numbers of the frames of the output, where there is an index */
    SolRational speed;          /* {0, 0}: 1 */
    SolRational fps;            /* constant rate of the output; {0, 0}: see below */
} SolCadenceRequest;

/* How a frame shows: `count` times (0: it is dropped), at pts, pts + duration, .. */
typedef struct SolShowing {
    int64_t pts, count, duration;
} SolShowing;

/**
 * With `fps`, pictures come at that constant rate: at each, the frame that shows then. Without, frames have their own
 * times, divided by the speed, and are as many as in the source; but a speed above 1 drops some:
 * a source of constant rate keeps this rate, and one whose frames are uneven gets a constant rate, that of its frames
 * on average, sped up, but at most 30, or the average at its own speed where that is higher.
 */
void sol_cadence_open(SolCadence *cadence, const SolCadenceRequest *request);

/**
 * How a frame shows from `start` to `end`, counted from the first frame of the output in the source's time base, start
 * < end. Since times are rounded, a frame shows at a picture that it is late for by a quarter of a picture, or of a frame
 * where those are shorter.
 *
 * @param last  it is the last one of the output, and shows where otherwise there would be no picture at all
 */
SolShowing sol_cadence_show(const SolCadence *cadence, int64_t start, int64_t end, bool last);

/** When, in the output's time base, a frame is over that ends at `end`. */
int64_t sol_cadence_end(const SolCadence *cadence, int64_t end, bool last);

#endif

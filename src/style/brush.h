/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine paints with besides a style: where, what it goes on from, and what it is held to.
 */
#ifndef SOL_STYLE_BRUSH_H
#define SOL_STYLE_BRUSH_H

#include <solstice/style.h>

#include "base/blob.h"
#include "image/image.h"
#include "image/mask.h"

/*
 * What a painting leaves to the next of its film: the content's statistics as they have been smoothed so far, in double
 * precision, which whitening needs. Layers of a film that are painted by one engine have a trail each; it is to be
 * cleared where a new scene begins. All zeros before the first painting.
 */
typedef struct SolTrail {
    double *statistics; /* [count] the engine's own; NULL: of no painting yet */
    size_t count;
} SolTrail;

/* A picture that a painting is held to: an earlier painting, moved to where things are now. */
typedef struct SolReference {
    const SolImage *image; /* of the frame's size */
    const SolMask *trust;  /* how far, pixel by pixel */
} SolReference;

/* One painting: what it goes by besides the frame. */
typedef struct SolBrush {
    const SolStyle *style;  /* NULL where the engine learns none */
    float strength;         /* 0..1 */
    const SolMask *region;  /* of the frame's size: the content's statistics are those of what it covers; NULL: all */
    SolTrail *trail;        /* the content's statistics are smoothed over time along it; NULL: they are its own */
    float smoothing;        /* 0..1: the share of what was before; with a trail */
    const SolImage *start;  /* what painting by optimisation begins with, in place of its init; NULL: nothing else */
    const SolReference *references; /* [reference_count] what it is held to; none for other methods */
    int reference_count;
    int lane;               /* 1..sol_engine_lanes(): one thread paints, or some, beside others on other lanes, each on one
                               of its own; 0: all threads do, and nothing else is painted meanwhile */
} SolBrush;

/**
 * As sol_engine_plan(), but so that up to `lanes` frames can be painted at once. That is faster than one after the other
 * by all threads, where what a core writes then stays its own, and paints the same pixels. There are fewer lanes where
 * threads or memory do not suffice for so many frames that are not cut into tiles, and one for painting by optimisation.
 */
int sol_engine_plan_lanes(SolEngine *engine, int width, int height, int lanes);

/** How many frames can be painted at once; 0 without a plan. */
int sol_engine_lanes(const SolEngine *engine);

/**
 * As sol_engine_paint(), with all that a brush has. A region that covers nothing, or every pixel as far as any other, is
 * as none; where it comes to less than one pixel of a layer, that layer takes the statistics of the whole frame. The
 * whole frame is painted in any case. From the first region on an engine that runs a network once keeps up to about six
 * bytes a pixel for it.
 *
 * A trail without statistics, or of another network, begins with this painting; where painting fails it is cleared. What
 * is smoothed, and how, is told in nn/apply.h. A network with a style of its own looks at neither region nor trail,
 * painting by optimisation not at the trail.
 *
 * @return as sol_engine_paint(); SOL_ERR_ARGUMENT also where a picture of the brush has another size than the frame, or
 *         its smoothing is not 0..1, or there is no such lane
 */
int sol_engine_paint_with(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage **painted);

/** Puts a trail into a blob, bit by bit. */
void sol_trail_save(const SolTrail *trail, SolBlob *blob);

/** Takes it from there. 0, SOL_ERR_FORMAT (it is not there), SOL_ERR_NOMEM; the trail is untouched on failure. */
int sol_trail_restore(SolTrail *trail, SolBlob *blob);

/** Empties it: what is painted next is the first of its film. */
void sol_trail_clear(SolTrail *trail);

#endif

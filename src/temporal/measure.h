/* SPDX-License-Identifier: Apache-2.0
 *
 * How steady painted films are, frame by frame, beside the film that they were painted from: docs/measure.md has the
 * definitions. Films of one source are measured together, since how things move is found in the source, once.
 */
#ifndef SOL_TEMPORAL_MEASURE_H
#define SOL_TEMPORAL_MEASURE_H

#include "base/pool.h"
#include "image/image.h"
#include "image/mask.h"
#include "temporal/flow.h"

enum { SOL_MEASURE_FILMS_MAX = 8 };

/* A pixel of the source that differs by no more in any channel, and has moved by less, is still. */
enum { SOL_STILL_LEVELS = 2 };
#define SOL_STILL_MOTION 0.1 /* pixels */

/* What was uncovered is looked at in so many frames, and so many pixels around it. */
enum { SOL_UNCOVERED_FRAMES = 4, SOL_UNCOVERED_RIM = 2 };

/* Where fewer pixels than this share can be followed from the frame before, there is a cut. */
#define SOL_MEASURE_CUT 0.25

/* What is found of one film at one frame; NAN where there is nothing to find it from. */
typedef struct SolMeasured {
    double warp;     /* the mean of squared differences, in 0..1, from the frame before moved to where things are now, over
                        pixels that can be followed and three channels (Lai et al. 2018, eq. 8) */
    double flicker;  /* the mean change from the frame before, in levels of 255, where the source is still */
    double ssim;     /* SSIM (temporal/ssim.h) of the film's luma to the source's */
    double ghosting; /* 1 - contrast and structure of that, where the source has uncovered something: 0 where all edges
                        are as in the source, about 1 where they have nothing in common */
    double echo;     /* there, the share of edges that are where they were in the source's frame before, not where they
                        are */
} SolMeasured;

/* What the source tells of a frame; shares are of its pixels, 0..1. */
typedef struct SolMeasuredMotion {
    bool former;      /* there is a frame before it to compare with: it is not the first, nor behind a cut */
    bool cut;         /* a scene begins here */
    double followed;  /* can be followed to the frame before */
    double still;
    double uncovered; /* were hidden a few frames before, or lie beside such */
} SolMeasuredMotion;

typedef struct SolMeasurer SolMeasurer;

/**
 * @param[out] measurer  untouched on failure; released by sol_measurer_close()
 * @param films          that are measured beside the source, 0..SOL_MEASURE_FILMS_MAX
 * @param pool           borrowed until then; its threads share the work, and their number changes no bit of the result
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_measurer_open(SolMeasurer **measurer, int width, int height, int films, SolPool *pool);
void sol_measurer_close(SolMeasurer **measurer);

/**
 * Measures the next frame.
 *
 * @param source         of the measurer's size; a reference is kept until the frame after, as of films
 * @param films          [films] of that size, too
 * @param[out] motion    what the source tells
 * @param[out] measured  [1 + films]: the source itself, whose warping error and flicker are the least that can be hoped
 *                       for, and the films
 */
void sol_measurer_next(SolMeasurer *measurer, SolImage *source, SolImage *const films[], SolMeasuredMotion *motion,
                       SolMeasured measured[]);

/** The flow that the last frame was measured by: back to the frame before, or from that to it; zeros for the first. */
const SolFlow *sol_measurer_back(const SolMeasurer *measurer);
const SolFlow *sol_measurer_forth(const SolMeasurer *measurer);

/* What pixels of the last frame are, in bits. */
enum { SOL_PIXEL_FOLLOWED = 1, SOL_PIXEL_STILL = 2, SOL_PIXEL_UNCOVERED = 4, SOL_PIXEL_BESIDE = 8 };

/** [height][width] of them: SOL_PIXEL_UNCOVERED just now, SOL_PIXEL_BESIDE what ghosting is looked for in. */
const uint8_t *sol_measurer_pixels(const SolMeasurer *measurer);

/** As sol_measurer_next(), by flows from elsewhere: back from the frame to the one before, and from that to it. */
void sol_measurer_next_by(SolMeasurer *measurer, SolImage *source, SolImage *const films[], const SolFlow *back,
                          const SolFlow *forth, SolMeasuredMotion *motion, SolMeasured measured[]);

#endif

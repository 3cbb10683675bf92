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

/* One that differs by more in some channel from what was at its place, and that the flow does not lead back to, is
   uncovered. */
enum { SOL_UNCOVERED_LEVELS = 10 };

/* Where fewer pixels than this share can be followed from the frame before, there is a cut. */
#define SOL_MEASURE_CUT 0.25

/* Sums over what was uncovered, of the lengths of gradients and their products: the source's present ones, those that
   it had at the same places in the frame before, and the film's. */
typedef struct SolEdges {
    double count, present, former, film;
    double present2, both, former2, present_film, former_film;
} SolEdges;

/* What is found of one film at one frame; NAN where there is nothing to find it from. */
typedef struct SolMeasured {
    double warp;     /* the mean of squared differences, in 0..1, from the frame before moved to where things are now,
                        over pixels that can be followed and three channels (Lai et al. 2018, eq. 8) */
    double flicker;  /* the mean change from the frame before, in levels of 255, where the source is still */
    double ssim;     /* SSIM (temporal/ssim.h) of the film's luma to the source's */
    double ghosting; /* 1, and the share of the reference's former frame that shows in the film where something was
                        uncovered: 1 of the reference itself, 1.3 where a third of what is gone is still there. NAN
                        without a reference */
    SolEdges edges;  /* for sol_echo() */
} SolMeasured;

/* What the source tells of a frame; shares are of its pixels, 0..1. */
typedef struct SolMeasuredMotion {
    bool former;      /* there is a frame before it to compare with: it is not the first, nor behind a cut */
    bool cut;         /* a scene begins here */
    double followed;  /* can be followed to the frame before */
    double still;
    double uncovered; /* were hidden in the frame before, by something else */
    double contrast;  /* what the reference has changed by there, squared, summed: how much `ghosting` is worth; or 0 */
} SolMeasuredMotion;

/**
 * The share of edges that are where they were in the source's former frame among those that are where they are, or
 * were: film = a + b present + c former, by least squares over lengths of gradients, and c / (b + c). 0..1; NAN where
 * that cannot be told.
 */
double sol_echo(const SolEdges *edges);

/** sum += edges. */
void sol_edges_add(SolEdges *sum, const SolEdges *edges);

typedef struct SolMeasurer SolMeasurer;

/**
 * @param[out] measurer  untouched on failure; released by sol_measurer_close()
 * @param films          that are measured beside the source, 0..SOL_MEASURE_FILMS_MAX
 * @param reference      the one of them, from 0, that ghosts in the others are told by; -1: none
 * @param pool           borrowed until then; its threads share the work, and their number changes no bit of the result
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_measurer_open(SolMeasurer **measurer, int width, int height, int films, int reference, SolPool *pool);
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
enum { SOL_PIXEL_FOLLOWED = 1, SOL_PIXEL_STILL = 2, SOL_PIXEL_UNCOVERED = 4 };

/** [height][width] of them. */
const uint8_t *sol_measurer_pixels(const SolMeasurer *measurer);

/** As sol_measurer_next(), by flows from elsewhere: back from the frame to the one before, and from that to it. */
void sol_measurer_next_by(SolMeasurer *measurer, SolImage *source, SolImage *const films[], const SolFlow *back,
                          const SolFlow *forth, SolMeasuredMotion *motion, SolMeasured measured[]);

#endif

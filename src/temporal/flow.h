/* SPDX-License-Identifier: Apache-2.0
 *
 * Optical flow: where every pixel of one picture is found in another. Dense inverse search (Kroeger, Timofte, Dai &
 * Van Gool 2016, "Fast Optical Flow using Dense Inverse Search"): patches are sought over a pyramid by inverse
 * compositional steps, what they find is spread over the pixels, and refined by a variational step.
 */
#ifndef SOL_TEMPORAL_FLOW_H
#define SOL_TEMPORAL_FLOW_H

#include "base/pool.h"
#include "image/image.h"

/* u[y][x], v[y][x]: pixel (x, y) of the first picture is at (x + u, y + v) of the second. Pixels, y downwards. */
typedef struct SolFlow {
    int width, height;
    float *u, *v; /* [height][width] */
} SolFlow;

/* 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM; *flow is of zeros, untouched on failure, released by sol_flow_close(). */
int sol_flow_create(SolFlow **flow, int width, int height);
void sol_flow_close(SolFlow **flow);

typedef enum SolFlowQuality {
    SOL_FLOW_FAST, /* what films are steadied by: at half the size where the picture is large enough */
    SOL_FLOW_FINE  /* what films are measured by: at full size, more patches, more refinement */
} SolFlowQuality;

/* Everything that flows between pictures of one size take, reserved once. */
typedef struct SolFlowFinder SolFlowFinder;

/**
 * @param[out] finder  untouched on failure; released by sol_flow_finder_close()
 * @param pool         borrowed until then; its threads share the work, and their number changes no bit of the result
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_flow_finder_open(SolFlowFinder **finder, int width, int height, SolFlowQuality quality, SolPool *pool);
void sol_flow_finder_close(SolFlowFinder **finder);

/**
 * Makes a picture the second of two, and the one that was it before the first: films are gone through so, and every
 * picture's pyramid is built once.
 *
 * @param image  of the finder's size; not kept
 */
void sol_flow_finder_push(SolFlowFinder *finder, const SolImage *image);

/** Forgets the pictures; two must be pushed before the next flow. */
void sol_flow_finder_forget(SolFlowFinder *finder);

/** How many of the two pictures there are, 0..2. */
int sol_flow_finder_count(const SolFlowFinder *finder);

/** The flow from the first picture to the second; and from the second to the first. Both must be there. */
void sol_flow_forward(SolFlowFinder *finder, SolFlow *flow);
void sol_flow_backward(SolFlowFinder *finder, SolFlow *flow);

#endif

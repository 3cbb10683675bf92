/* SPDX-License-Identifier: Apache-2.0
 *
 * The two steps of optical flow at one level of a pyramid: patches are sought and what they find is spread over the
 * pixels (search.c); and the flow is refined by what the whole picture says (refine.c).
 */
#ifndef SOL_TEMPORAL_SEARCH_H
#define SOL_TEMPORAL_SEARCH_H

#include "temporal/plane.h"

/* Memory for patches of the largest level. */
typedef struct SolSearch {
    int step, iterations;
    int columns, rows;      /* patches of the largest level */
    float *u, *v, *weights; /* [rows][columns], and [SOL_PATCH][SOL_PATCH] each */
    SolPlane sum;           /* of weights */
} SolSearch;

/**
 * @param step        pixels from a patch to the next
 * @param iterations  steps of the search, at most
 * @return false without memory; in either case released by sol_search_free()
 */
bool sol_search_alloc(SolSearch *search, int width, int height, int step, int iterations);
void sol_search_free(SolSearch *search);

/**
 * Finds the flow from one picture's level to another's (Kroeger et al. 2016, sections 2.1 and 2.2).
 *
 * @param coarse_u, coarse_v  the flow of the next smaller level, in its pixels; NULL: none, it begins with zeros
 * @param[out] u, v           planes of the level's size
 */
void sol_search_run(SolSearch *search, const struct SolPyramidLevel *from, const struct SolPyramidLevel *to,
                    const SolPlane *coarse_u, const SolPlane *coarse_v, SolPlane *u, SolPlane *v, SolPool *pool);

/* Planes for the refinement of the largest level. Rows of the later ones are two halves: even columns, odd columns. */
typedef struct SolRefine {
    SolPlane mean, change, inside, rigidity;
    SolPlane du, dv, a12, b1, b2, inverse1, inverse2, weight_right, weight_down;
    int odd; /* where the second half begins */
} SolRefine;

bool sol_refine_alloc(SolRefine *refine, int width, int height);
void sol_refine_free(SolRefine *refine);

/**
 * Refines a flow (Brox et al. 2004, with the normalised data terms of Zimmer et al. 2011): minimises how much brightness
 * and its gradient change along the flow, and how much the flow changes from pixel to pixel, robustly.
 *
 * @param warps, sweeps  how often the second picture is warped anew, and sweeps of over-relaxation for each
 */
void sol_refine_run(SolRefine *refine, const SolPlane *from, const SolPlane *to, SolPlane *u, SolPlane *v, int warps,
                    int sweeps, SolPool *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What painting by optimisation minimises of the picture itself, beside the network's layers: how much neighbours
 * differ, and how far it is from earlier paintings of the same things (Ruder, Dosovitskiy & Brox 2016, eqs. 7 and 10).
 * And planes at other sizes, for what is told of the frame's pixels and asked of others.
 */
#ifndef SOL_STYLE_GATYS_PIXELS_H
#define SOL_STYLE_GATYS_PIXELS_H

#include "base/pool.h"
#include "style/engine.h"

/* A picture in float planes R, G, B, and where the gradient of what is computed of it is added. */
typedef struct SolGatysPicture {
    const float *x;
    float *gradient;
    int width, height;
    double *sums; /* [3 * height]: workspace */
    SolPool *pool;
} SolGatysPicture;

/**
 * to[i] = the mean of `from` over the part of it that pixel i of `to` covers; pixels on its edges count with what lies
 * within. Of the same size, the same bits.
 */
void sol_gatys_reduce(const float *from, int width, int height, float *to, int to_width, int to_height);

/** weight * the mean over all pixels and channels of (right - here)^2 + (below - here)^2. */
double sol_gatys_smoothness(const SolGatysPicture *picture, double weight);

/* What a picture is held to: all references in one. */
typedef struct SolGatysHold SolGatysHold;

/**
 * Takes what a picture of width x height pixels is held to from references of the frame's size, all alike. Where those
 * are larger, a pixel of the smaller picture is held to the mean of what it covers, weighed by how far that is trusted.
 *
 * @param[out] hold   untouched on failure; released by sol_gatys_hold_close(). Borrows nothing
 * @param references  [count], 1 or more
 * @return 0, SOL_ERR_NOMEM
 */
int sol_gatys_hold_open(SolGatysHold **hold, const SolReference references[], int count, int width, int height,
                        SolPool *pool);

/** weight * the sum over all references of the mean over all pixels and channels of trust * (picture - reference)^2. */
double sol_gatys_hold_loss(const SolGatysHold *hold, const SolGatysPicture *picture, double weight);

/** Sets *hold to NULL; NULL is accepted. */
void sol_gatys_hold_close(SolGatysHold **hold);

#endif

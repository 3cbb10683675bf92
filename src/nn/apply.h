/* SPDX-License-Identifier: Apache-2.0
 *
 * How a network is applied to a picture: with which style, how strongly, and by which statistics of the picture.
 *
 * Along a film, the statistics can be smoothed: what adain and wct nodes go by is then a * (what they went by at the
 * picture before) + (1 - a) * (what this picture has), for means and variances, or means and covariances. They are kept
 * in double precision: whitening takes roots of what differs by more digits than a float has.
 */
#ifndef SOL_NN_APPLY_H
#define SOL_NN_APPLY_H

#include "nn/graph.h"
#include "nn/moments.h"
#include "nn/wct.h"
#include "nn/weights.h"

typedef struct SolApply {
    const float *statistics; /* the style's, as sol_graph_statistics() lays them out; NULL where no adain or wct node is
                                needed */
    float strength;          /* 0..1: what adain nodes aim for lies that far from the tap's statistics on the picture
                                itself to those on the style; what wct nodes make, so far (times their own strength) from
                                their input to the whitened and coloured */
    const SolWeights *weights; /* how much pixels count in the picture's statistics; NULL: all alike. For instance_norm
                                  nodes they always do */
    double *trail;           /* [sol_apply_trail(graph, -1)] the statistics that are smoothed, which a run moves on;
                                NULL: they are the picture's own */
    bool begun;              /* the trail has those of a picture before; else this one is the first, and sets it */
    float smoothing;         /* 0..1: the share of what was before */
} SolApply;

/** Where the statistics of an adain or wct node begin in a trail; of node -1: the trail's length. */
size_t sol_apply_trail(const SolGraph *graph, int node);

/** Whether adain nodes need the picture's own statistics at their tap: for these, or for pictures to come. */
bool sol_apply_needs_own(const SolApply *apply);

/**
 * Moves the trail on by the moments of this picture, and puts in their place those that it is painted by.
 *
 * @param at  in the trail: sol_apply_trail() of an adain node for what it reads, 2 * channels more for its tap
 */
void sol_apply_smooth_moments(const SolApply *apply, size_t at, SolMoments *moments, int channels);

/** The same with the scatter of what a wct node reads. */
void sol_apply_smooth_scatter(const SolApply *apply, size_t at, SolScatter *scatter, int channels);

#endif

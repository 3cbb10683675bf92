/* SPDX-License-Identifier: Apache-2.0
 *
 * How a network is applied to a picture: with which style, how strongly, and by which statistics of the picture.
 *
 * Along a film, the statistics can be smoothed. What adain and wct nodes go by is then what they would of both
 * together, pixels of pictures before with the share a, and those of this picture with 1 - a: with the former mean m
 * and (co)variance V, and those of this picture n and W,
 *
 *     mean  a m + (1 - a) n     (co)variance  a V + (1 - a) W + a (1 - a) (n - m)^2
 *
 * so that no channel, and no direction, of this picture gets more than 1 / sqrt(1 - a) times the contrast that it would
 * get by itself. They are kept in double precision: whitening takes roots of what differs by more digits than a float
 * has.
 */
#ifndef SOL_NN_APPLY_H
#define SOL_NN_APPLY_H

#include "nn/graph.h"
#include "nn/moments.h"
#include "nn/wct.h"
#include "nn/weights.h"

/*
 * Covariances of fewer pixels than this for a channel are not smoothed: they have next to nothing in some directions,
 * in others from picture to picture, and whitening by those of another picture would enlarge what is noise.
 */
#define SOL_APPLY_PIXELS 4.0

typedef struct SolApply {
    const float *statistics; /* the style's, as sol_graph_statistics() lays them out; NULL where no adain or wct node is
                                needed */
    float strength;          /* 0..1: what adain nodes aim for lies that far from the tap's statistics on the picture
                                itself to those on the style; what wct nodes make, so far (times their own strength)
                                from their input to the whitened and coloured */
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * A network planned for pictures of one size within a given amount of memory: for the whole picture where that
 * suffices, for tiles of it where it does not.
 *
 * Nodes that normalise go by the moments of the whole picture (adain, instance_norm) or by its scatter (wct), so tiles
 * take one pass for each of them, in which what the node reads is computed tile by tile and those of the cores are put
 * together, and a last pass for the output. The result is that of a run on the whole picture, but for rounding.
 */
#ifndef SOL_NN_TILED_H
#define SOL_NN_TILED_H

#include "nn/plan.h"

#include <stdint.h>

typedef struct SolTiledPlan SolTiledPlan;

/* The picture that goes in and the one that comes out. */
typedef struct SolCanvas {
    void *context;
    /** Fills planes[c][y][x] with an area of the input, x and y counted within it. */
    void (*read)(void *context, SolArea area, float *planes);
    /**
     * Takes an area of the result. `planes` begins with its first pixel; from a row or a plane to the next there
     * are `row` or `plane` samples.
     */
    void (*write)(void *context, SolArea area, const float *planes, size_t row, size_t plane);
} SolCanvas;

/* Memory in bytes. */
typedef struct SolMemoryLimit {
    uint64_t bytes;  /* that there are */
    uint64_t others; /* of them, that others take */
} SolMemoryLimit;

/**
 * Plans for pictures of width x height, as sol_plan_open() does; tiles, as few and as large as the limit allows.
 *
 * @param[out] tiled  untouched on failure; released by sol_tiled_close()
 * @param keep        the network's output, to paint; or its taps, to learn their statistics
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM (the smallest tiles, or the whole picture where sol_tile_obstacle() says
 *         that there can be none, take more than the limit; the text says how much)
 */
int sol_tiled_open(SolTiledPlan **tiled, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                   const SolPlanOptions *options, SolPool *pool, SolMemoryLimit limit);

/** As sol_plan_set_pool(). */
void sol_tiled_set_pool(SolTiledPlan *tiled, SolPool *pool);

/** Runs the whole network, whose output was kept. All else is as for sol_plan_apply(). */
int sol_tiled_run(SolTiledPlan *tiled, const SolCanvas *canvas, const SolApply *apply);

/**
 * Fills in what a style has: means and deviations or colourings of the picture at the taps, which were kept, as
 * sol_graph_statistics() lays them out. 0, SOL_ERR_NOMEM or SOL_ERR_FORMAT (the network's numbers are not finite).
 */
int sol_tiled_learn(SolTiledPlan *tiled, const SolCanvas *canvas, float *statistics);

/** How many tiles a picture is cut into, 1 or more. */
int sol_tiled_count(const SolTiledPlan *tiled);

/** Multiply-adds in the convolutions for one picture, were it not cut. */
double sol_tiled_macs(const SolTiledPlan *tiled);

/** As sol_plan_step(), with the shape of the result of the whole picture; the convolution is that of a tile. */
bool sol_tiled_step(const SolTiledPlan *tiled, int node, SolPlanStep *step);

/** As sol_plan_backend(). */
const char *sol_tiled_backend(const SolTiledPlan *tiled);

void sol_tiled_close(SolTiledPlan **tiled);

#endif

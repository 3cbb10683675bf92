/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph, or the part of it that certain nodes need, made ready to run at one size: every shape is
 * known, every convolution planned, all memory reserved. Running allocates nothing.
 */
#ifndef SOL_NN_PLAN_H
#define SOL_NN_PLAN_H

#include <solstice/precision.h>

#include "base/pool.h"
#include "nn/conv.h"
#include "nn/graph.h"
#include "nn/ops.h"

typedef struct SolPlan SolPlan;

/* How a plan is to compute; all zeros for whatever is fastest. */
typedef struct SolPlanOptions {
    const SolConvBackend *backend; /* computes the convolutions; NULL: whichever suits each of them best */
    SolPrecision precision;        /* of the convolutions; the network's first and last stay in float32 */
} SolPlanOptions;

/**
 * Plans what the nodes `keep` need. A run of the whole graph wants width and height that are multiples
 * of sol_graph_multiple(); a part without additions takes any size that its poolings leave a pixel of.
 *
 * @param[out] plan   untouched on failure; released by sol_plan_close()
 * @param graph       borrowed until then, as is `pool`
 * @param keep        the nodes whose results can be read after a run
 * @param options     NULL for the fastest
 * @return 0, SOL_ERR_ARGUMENT (the size does not suit the network, or the backend not the precision),
 *         SOL_ERR_NOMEM
 */
int sol_plan_open(SolPlan **plan, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                  const SolPlanOptions *options, SolPool *pool);

/* What a plan takes. */
typedef struct SolPlanSize {
    size_t bytes; /* of memory: values, scratch, prepared weights */
    double macs;  /* as sol_plan_macs() */
} SolPlanSize;

/**
 * What sol_plan_open() with the same arguments would take; nothing is reserved.
 *
 * @return as sol_plan_open()
 */
int sol_plan_measure(SolPlanSize *size, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                     const SolPlanOptions *options, SolPool *pool);

/** Where the input is to be written before every run: the planes of node 0. A run may overwrite them. */
float *sol_plan_input(SolPlan *plan);

/**
 * Runs the plan on what sol_plan_input() holds.
 *
 * @param statistics  the style's, as sol_graph_statistics() lays them out; NULL where no adain node is needed
 * @param strength    0..1: what adain nodes aim for lies that far from the tap's statistics on the picture
 *                    itself to those on the style
 */
void sol_plan_run(SolPlan *plan, const float *statistics, float strength);

/* What an adain or instance_norm node does to a tile: sol_op_normalise() with these, [channels] each. */
typedef struct SolAdainMap {
    float *centre, *scale, *offset;
} SolAdainMap;

/**
 * Runs the plan on a tile, up to the node before `stop`: the moments of what `stop` reads can then be asked for.
 *
 * @param maps  maps[n] is the one of the adain or instance_norm node n; those of others are not looked at
 */
void sol_plan_run_tile(SolPlan *plan, int stop, const SolAdainMap maps[]);

/** The result of a kept node after a run, valid until the next; NULL for any other node. */
const float *sol_plan_result(const SolPlan *plan, int node, SolShape *shape);

/** moments[c] of every channel of a kept node after a run, within an area of its result. */
void sol_plan_moments(const SolPlan *plan, int node, SolArea area, SolMoments *moments);

/** The shape of a node's result; the plan needs the node. */
SolShape sol_plan_shape(const SolPlan *plan, int node);

/** Multiply-adds in the convolutions of one run. */
double sol_plan_macs(const SolPlan *plan);

/** The name of the backend that computes the plan's convolutions; "mixed" where there are several, "none" without any. */
const char *sol_plan_backend(const SolPlan *plan);

/* What a plan does at a node, for reports. */
typedef struct SolPlanStep {
    const SolNode *node;
    SolShape shape;      /* of its result */
    const SolConv *conv; /* of a convolution; NULL for any other operator */
    double seconds;      /* that all runs so far took there */
} SolPlanStep;

/** Tells about a node's step; false where the plan has none: nothing needs the node, or it melted into another's. */
bool sol_plan_step(const SolPlan *plan, int node, SolPlanStep *step);

/** The one block that holds all values and scratch of a run, and its size in bytes. */
void *sol_plan_arena(SolPlan *plan, size_t *bytes);

void sol_plan_close(SolPlan **plan);

#endif

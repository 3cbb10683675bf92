/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph, or the part of it that certain nodes need, made ready to run at one size: every shape is
 * known, every convolution planned, all memory reserved. Running allocates nothing.
 */
#ifndef SOL_NN_PLAN_H
#define SOL_NN_PLAN_H

#include <solstice/precision.h>

#include "base/pool.h"
#include "nn/apply.h"
#include "nn/conv.h"
#include "nn/graph.h"
#include "nn/ops.h"

typedef struct SolPlan SolPlan;

/* How a plan is to compute; all zeros for whatever is fastest. */
typedef struct SolPlanOptions {
    const SolConvBackend *backend; /* computes the convolutions; NULL: whichever suits each of them best */
    SolPrecision precision;        /* of the convolutions; the network's first and last stay in float32 */
    bool raw;                      /* kept results stay in the layout that they are computed in: sol_plan_value() */
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

/**
 * As sol_plan_open(), but of a plan that reserves nothing and never runs: it tells sizes, shapes and layouts.
 */
int sol_plan_sketch(SolPlan **plan, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                    const SolPlanOptions *options, SolPool *pool);

/** What a plan takes, or a sketched one would. @return 0, SOL_ERR_NOMEM (it cannot be addressed) */
int sol_plan_size(const SolPlan *plan, SolPlanSize *size);

/** Where the input is to be written before every run: the planes of node 0. A run may overwrite them. */
float *sol_plan_input(SolPlan *plan);

/**
 * Runs the plan on what sol_plan_input() holds.
 *
 * @return 0, SOL_ERR_FORMAT (what a wct node reads is not finite; a trail is then of no more use)
 */
int sol_plan_apply(SolPlan *plan, const SolApply *apply);

/** The same with statistics and strength alone (SolApply has them). */
int sol_plan_run(SolPlan *plan, const float *statistics, float strength);

/* What a node that normalises does to a tile of a picture: sol_op_normalise() with these; a wct node sol_op_matrix(). */
typedef struct SolStyleMap {
    float *centre, *offset; /* [channels] */
    float *scale;           /* [channels]; of a wct node the matrix, [channels][channels] */
} SolStyleMap;

/**
 * Runs the plan on a tile, up to the node before `stop`: the moments of what `stop` reads can then be asked for.
 *
 * @param maps  maps[n] is the one of the adain, instance_norm or wct node n; those of others are not looked at
 */
void sol_plan_run_tile(SolPlan *plan, int stop, const SolStyleMap maps[]);

/** The result of a kept node after a run, valid until the next; NULL for any other node, and of a raw plan. */
const float *sol_plan_result(const SolPlan *plan, int node, SolShape *shape);

/**
 * The result of a kept node of a raw plan where it lies, after a run and until the next. Of a node that is needed but
 * not kept only shape and layout count; its layout has a block of 0 where the node melted into another's step.
 */
SolFeatures sol_plan_value(const SolPlan *plan, int node);

/**
 * The moments of every channel of a node whose value a run has left, within an area of its result: sol_op_moments(), or
 * where there are weights sol_op_moments_weighted().
 *
 * @return the number of pixels, or the sum of their weights; where it is 0 the moments are untouched
 */
double sol_plan_moments(const SolPlan *plan, int node, SolArea area, SolWeightRows weights, SolMoments *moments);

/** The scatter in the same way, with workspace as for sol_op_scatter(). */
void sol_plan_scatter(const SolPlan *plan, int node, SolArea area, SolWeightRows weights, void *work,
                      SolScatter *scatter);

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

/**
 * Has another pool's threads run the plan from now on: no more of them than of the pool that it was planned with. NULL: the
 * caller's alone.
 */
void sol_plan_set_pool(SolPlan *plan, SolPool *pool);

/** The one block that holds all values and scratch of a run, and its size in bytes. */
void *sol_plan_arena(SolPlan *plan, size_t *bytes);

void sol_plan_close(SolPlan **plan);

#endif

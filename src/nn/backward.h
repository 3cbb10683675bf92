/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph, or the part of it that certain nodes need, made ready to run forward and back at one size: from gradients
 * of a scalar at those nodes to its gradient at the picture. All memory is reserved in planning; running allocates
 * nothing. Weights are fixed: there are gradients of values only.
 *
 * Everything is computed in float32.
 */
#ifndef SOL_NN_BACKWARD_H
#define SOL_NN_BACKWARD_H

#include "nn/plan.h"

typedef struct SolBackward SolBackward;

/**
 * Plans both ways for what the nodes `keep` need. Sizes as for sol_plan_open().
 *
 * @param[out] backward  untouched on failure; released by sol_backward_close()
 * @param graph          borrowed until then, as is `pool`
 * @param keep           the nodes whose values are read and whose gradients are given
 * @param options        NULL for the fastest; only the backend counts
 * @return 0, SOL_ERR_ARGUMENT (the size does not suit the network, or `keep` needs a layer whose operator has no
 *         gradient: the text names it), SOL_ERR_NOMEM
 */
int sol_backward_open(SolBackward **backward, const SolGraph *graph, int width, int height, const int keep[],
                      int keep_count, const SolPlanOptions *options, SolPool *pool);

/** What sol_backward_open() with the same arguments would take, macs both ways; nothing is reserved. */
int sol_backward_measure(SolPlanSize *size, const SolGraph *graph, int width, int height, const int keep[],
                         int keep_count, const SolPlanOptions *options, SolPool *pool);

/** Where the input is to be written before every forward run: the planes of node 0. A run may overwrite them. */
float *sol_backward_input(SolBackward *backward);

/** Computes the values of the kept nodes. */
void sol_backward_forward(SolBackward *backward);

/** The value of a kept node after a forward run, until the next; in any layout of float32. */
SolFeatures sol_backward_value(const SolBackward *backward, int node);

/**
 * Where the gradient at a kept node is to be written, between a forward run and the run back, which changes it. Shape
 * and block are those of the node's value; the margin may differ.
 */
SolFeatures sol_backward_gradient(const SolBackward *backward, int node);

/** Runs back, from the gradients at all kept nodes. @return the planes of the gradient at node 0, until the next run */
const float *sol_backward_run(SolBackward *backward);

/** Multiply-adds in the convolutions of a run forward and a run back. */
double sol_backward_macs(const SolBackward *backward);

/** The name of the backend that computes the convolutions, as sol_plan_backend(). */
const char *sol_backward_backend(const SolBackward *backward);

/** Tells about a node's step on the way forward (`back` false) or back, as sol_plan_step(). */
bool sol_backward_step(const SolBackward *backward, int node, bool back, SolPlanStep *step);

void sol_backward_close(SolBackward **backward);

#endif

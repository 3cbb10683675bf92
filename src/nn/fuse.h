/* SPDX-License-Identifier: Apache-2.0
 *
 * Which nodes of a graph melt into others' steps, so that what lies between them is never written.
 *
 * A convolution applies the ReLU that alone reads it. One that can (SolConvBackend.fuses) writes the 2x2 max pooling of
 * its output, takes an input that is yet to be upsampled, and adds a value to its output; an addition takes an input
 * that is yet to be upsampled. The results have the same bits as those of separate steps.
 */
#ifndef SOL_NN_FUSE_H
#define SOL_NN_FUSE_H

#include "nn/conv.h"
#include "nn/graph.h"

enum { SOL_READS = 3 };

/* What computes a node, or in place of several what computes the first of them. */
typedef struct SolStep {
    bool needed, kept;    /* given: it is to be computed; its result is read after the run */
    SolConvShape conv;    /* given of a convolution: as it stands in the graph; gets what it takes over */

    bool melted;          /* it has no step: another node's does its work */
    int reads[SOL_READS]; /* nodes that are read, or -1: the inputs (of a convolution: the input, and what it adds to
                             its result), and an adain node's tap */
    bool doubled[2];      /* of an input: it is upsampled while it is read */
    int pooled;           /* of a convolution: the pooling of its result that it writes; -1 */
    int sum;              /* of a convolution: the ReLU or addition that it writes in place of its own result; -1 */
} SolStep;

/**
 * Fills in the steps of a graph, one for each node.
 *
 * @param backend  that is to compute the convolutions; NULL for whichever suits
 */
void sol_fuse(const SolGraph *graph, const SolConvBackend *backend, SolStep *steps);

/** True where the step writes its node's own result. */
bool sol_step_writes(const SolStep *step);

#endif

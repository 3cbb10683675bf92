/* SPDX-License-Identifier: Apache-2.0
 *
 * Small networks with made-up weights, and the layers that they are put together from. Whatever fails ends the test.
 */
#ifndef TEST_NETWORKS_H
#define TEST_NETWORKS_H

#include <stddef.h>

#include "nn/graph.h"

/** Weights for layers of up to 8 channels, small enough that values stay near 1; freed with free(). */
float *make_weights(void);

int add_layer(SolGraph *graph, const char *name, SolLayer layer);

int add_conv(SolGraph *graph, const char *name, int input, int channels, const float *weights, bool relu);

int add_unary(SolGraph *graph, SolOp op, const char *name, int input);

/** An encoder, and a decoder with adain, skips, a residual, and values that are read long after they are made. */
SolGraph *make_graph(const float *weights);

int add_norm(SolGraph *graph, const char *name, int input, bool relu);

int add_resize(SolGraph *graph, SolOp op, const char *name, int input, int channels, const float *weights);

/** A transform network: strides, instance norms, a residual, and all ways to double the size. */
SolGraph *make_transform(const float *weights);

int add_bare(SolGraph *graph, const char *name, int input, int stride, const float *weights);

/** A transform network that pads once, and convolves without borders down to a quarter. */
SolGraph *make_padded(const float *weights);

/** What the arena of a plan takes that keeps one node; *macs becomes its multiplications and additions. */
size_t plan_bytes(const SolGraph *g, int width, int height, int keep, double *macs);

#endif

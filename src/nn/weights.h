/* SPDX-License-Identifier: Apache-2.0
 *
 * How much every pixel of a layer counts where statistics are those of a part of a picture: the part's mask, reduced to
 * the layer's resolution. A pixel weighs what the mask has on average over the pixels of the picture that poolings and
 * strides make it of, 0 to 1.
 */
#ifndef SOL_NN_WEIGHTS_H
#define SOL_NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "image/mask.h"
#include "nn/graph.h"

typedef struct SolWeights SolWeights;

/* Weights of an area: pixel (x, y) of it has first[y * row + x]. */
typedef struct SolWeightRows {
    const float *first; /* NULL: all pixels count alike */
    size_t row;
} SolWeightRows;

/* Where the weights of a layer sum to less than so many whole pixels, nothing can be told from them. */
#define SOL_WEIGHTS_LEAST 1.0

/**
 * Reserves weights for all layers that adain and wct nodes of a graph take statistics of: four bytes for every pixel of
 * each size among them.
 *
 * @param[out] weights   untouched on failure; released by sol_weights_close()
 * @param width, height  of the picture that the network runs on
 * @return 0, SOL_ERR_NOMEM
 */
int sol_weights_open(SolWeights **weights, const SolGraph *graph, int width, int height);

/**
 * Sets the weights from a mask whose pixel (0, 0) is the picture's (margin, margin), and which is continued by
 * reflection as the picture is.
 */
void sol_weights_set(SolWeights *weights, const SolMask *mask, int margin, SolPool *pool);

/**
 * The weights of the result of a node that statistics are taken of, from pixel (x, y) on.
 *
 * @param weights  NULL: all pixels count alike
 * @return rows of NULL where all pixels count alike, or the weights come to less than SOL_WEIGHTS_LEAST
 */
SolWeightRows sol_weights_at(const SolWeights *weights, const SolNode *node, int x, int y);

void sol_weights_close(SolWeights **weights);

#endif

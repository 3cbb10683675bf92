/* SPDX-License-Identifier: Apache-2.0
 *
 * The levels of a network that whitens and colours at several depths: which of them are painted with, and how strongly.
 */
#ifndef SOL_NN_LEVELS_H
#define SOL_NN_LEVELS_H

#include "nn/graph.h"

/** How many wct nodes the graph has: its levels, in their order. */
int sol_graph_level_count(const SolGraph *graph);

/**
 * A graph of what is left where levels have these strengths. A wct node of strength 0 is left out, and where that is
 * so of all those that a level node goes by, the level is: nothing of it is computed, and what comes after works on
 * the picture before. Nodes that compute the same become one. The strengths stay multiplied by the painting's.
 *
 * @param[out] levels  untouched on failure; released by sol_graph_close(); borrows what `graph` borrows, not `graph`
 * @param strength     of each level, 0..1; NULL for those that the graph's layers have
 * @param count        of them: as many as there are levels
 * @return 0, SOL_ERR_ARGUMENT (strengths that do not suit, or none above 0), SOL_ERR_NOMEM
 */
int sol_graph_levels(SolGraph **levels, const SolGraph *graph, const double strength[], int count);

#endif

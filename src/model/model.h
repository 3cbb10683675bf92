/* SPDX-License-Identifier: Apache-2.0
 *
 * An open model's inside, for the engines.
 */
#ifndef SOL_MODEL_MODEL_H
#define SOL_MODEL_MODEL_H

#include <solstice/model.h>

#include "nn/graph.h"

/** The model's network: from the node "image" to the node "output", pictures both. */
const SolGraph *sol_model_graph(const SolModel *model);

#endif

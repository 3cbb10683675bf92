/* SPDX-License-Identifier: Apache-2.0
 *
 * An open model's inside, for the engines; and models without weights, for measuring.
 */
#ifndef SOL_MODEL_MODEL_H
#define SOL_MODEL_MODEL_H

#include <solstice/model.h>

#include <stdbool.h>

#include "nn/graph.h"

/**
 * Makes a model of an architecture alone, a file of the JSON that model files carry: its weights are random, so
 * that what it paints says nothing, but takes as long as with any other weights.
 *
 * @param[out] model  untouched on failure; released by sol_model_close()
 * @param seed        the same seed makes the same bits, on every machine
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_model_open_random(SolModel **model, const char *path, uint64_t seed);

/**
 * Finds the architecture that a user means who calls a model `name`: a path where it ends in .json; else, where no
 * model is found by that name, NAME.json in the first of `folders` (NULL-terminated) that has it.
 *
 * @param[out] path  freed with free(); untouched where there is none
 * @return whether there is one
 */
bool sol_model_find_architecture(char **path, const char *name, const char *const folders[]);

/**
 * Finds the architecture `name`, whether or not there is a model of that name: a path where it ends in .json, else
 * NAME.json in the first of `folders` (NULL-terminated) that has it.
 *
 * @param[out] path  freed with free(); untouched on failure
 * @return 0, SOL_ERR_IO (not found: the text names what there is, or the nearest), SOL_ERR_NOMEM
 */
int sol_architecture_find(char **path, const char *name, const char *const folders[]);

/** The model's network: from the node "image" to the node "output", pictures both; an encoder's has no "output". */
const SolGraph *sol_model_graph(const SolModel *model);

#endif

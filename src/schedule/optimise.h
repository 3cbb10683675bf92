/* SPDX-License-Identifier: Apache-2.0
 *
 * The mapping "gatys": how frames are painted by optimisation.
 */
#ifndef SOL_SCHEDULE_OPTIMISE_H
#define SOL_SCHEDULE_OPTIMISE_H

#include <solstice/style.h>

#include "schedule/yaml.h"

/* Options with the texts that they point to. */
typedef struct SolOptimise {
    SolOptimiseOptions options;
    char *content_layers, *style_layers;
} SolOptimise;

/**
 * Reads a mapping "gatys". What it does not say is as in `base`, or as suits films where that is NULL: every frame
 * begins with the painting of the one before.
 *
 * @param[out] optimise  NULL where there is no such mapping; released by sol_optimise_close(); untouched on failure
 */
int sol_optimise_read(SolOptimise **optimise, const SolYaml *yaml, const SolYamlPair *pair, const SolOptimise *base);

void sol_optimise_close(SolOptimise **optimise);

#endif

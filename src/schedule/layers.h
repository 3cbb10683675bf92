/* SPDX-License-Identifier: Apache-2.0
 *
 * A segment's layers of paint: its own keys for one layer, or the list "layers".
 */
#ifndef SOL_SCHEDULE_LAYERS_H
#define SOL_SCHEDULE_LAYERS_H

#include "schedule/look.h"

/* The keys of a layer, in the order in which they are passed. */
typedef struct SolLayerKeys {
    SolLookKeys look;
    SolYamlPair strength, region, statistics;
} SolLayerKeys;

/**
 * Reads the one layer that a segment's own keys make, or where there is `list`, those of the list.
 *
 * @param label        the segment in words
 * @param node         the segment
 * @param[out] layers  [*count] released by sol_layers_close(); none where nothing is painted; untouched on failure
 */
int sol_layers_read(SolPaintLayer **layers, int *count, const SolLookSource *source, const char *label,
                    const SolYamlNode *node, const SolLayerKeys *keys, const SolYamlPair *list);

void sol_layers_close(SolPaintLayer **layers, int *count);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions as a schedule describes them: "{rect: [10%, 20%, 300, 50%], feather: 12}".
 */
#ifndef SOL_SCHEDULE_REGION_H
#define SOL_SCHEDULE_REGION_H

#include "region/node.h"
#include "schedule/yaml.h"

/**
 * Reads a region, and checks that the files it names are there.
 *
 * @param[out] region  released by sol_region_close(); untouched on failure, and where the key is absent
 * @param pair         the key and its value
 * @param folder       that paths are seen from
 * @return 0, SOL_ERR_SCHEDULE, SOL_ERR_NOMEM
 */
int sol_region_read(SolRegion **region, const SolYaml *yaml, const SolYamlPair *pair, const char *folder);

/* What the readers of kinds work with. */
typedef struct SolRegionSource {
    const SolYaml *yaml;
    const char *folder; /* that paths are seen from */
    int depth, count;   /* of the node that is read: how deep it lies, and how many there were before it */
} SolRegionSource;

/**
 * The reader of a kind of region: sets region->kind and region->what, or adds parts. What is half read goes with the
 * region.
 *
 * @param node  the region's mapping; a kind with keys of its own beside the first finds them there (sol_yaml_find())
 * @param pair  the kind's key and value
 */
typedef int (*SolRegionReader)(SolRegion *region, SolRegionSource *source, const SolYamlNode *node,
                               const SolYamlPair *pair);

/** Fills in a fresh path of a file or folder of numbered images that is there; `what` is that in words: "mask". */
int sol_region_find_file(const SolRegionSource *source, const SolYamlPair *pair, const char *what, char **path);

#endif

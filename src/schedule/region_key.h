/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of regions by colour, "key: {hue: 180-260, saturation: 20-}", and by subject, "subject: face".
 */
#ifndef SOL_SCHEDULE_REGION_KEY_H
#define SOL_SCHEDULE_REGION_KEY_H

#include "schedule/region.h"

int sol_region_read_key(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair);
int sol_region_read_subject(SolRegion *region, SolRegionSource *source, const SolYamlNode *node,
                            const SolYamlPair *pair);

/* The keys that go with "subject", NULL-terminated. */
extern const char *const sol_region_subject_keys[];

#endif

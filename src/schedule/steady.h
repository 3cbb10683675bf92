/* SPDX-License-Identifier: Apache-2.0
 *
 * The key "steady": a level, or a mapping that leaves out parts of it.
 */
#ifndef SOL_SCHEDULE_STEADY_H
#define SOL_SCHEDULE_STEADY_H

#include <solstice/steady.h>

#include "schedule/yaml.h"

/** Reads the key; what is absent is off. *steady is untouched on failure. */
int sol_steady_read(SolSteady *steady, const SolYaml *yaml, const SolYamlPair *pair);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * From "steady: strong" or "steady: {level: strong, flow: no}" to what holds a film steady.
 */
#include "schedule/steady.h"

#include "schedule/pieces.h"

#include <string.h>

enum { LEVEL, STATISTICS, FLOW, LOSS, KEYS };
static const char *const keys[KEYS + 1] = {
    [LEVEL] = "level", [STATISTICS] = "statistics", [FLOW] = "flow", [LOSS] = "loss"};

static int read_level(const SolYaml *yaml, const SolYamlPair *pair, SolSteadiness *level)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_steadiness_find(text, level)))
        return sol_yaml_fail_value(yaml, pair, "off, light or strong");
    return SOL_OK;
}

int sol_steady_read(SolSteady *out, const SolYaml *yaml, const SolYamlPair *pair)
{
    SolYamlPair pairs[KEYS] = {[LEVEL] = *pair};
    SolSteady steady;
    SolSteadiness level = SOL_STEADY_OFF;
    int result = SOL_OK;
    if (pair->value && !sol_yaml_scalar(pair)) {
        level = SOL_STEADY_LIGHT;
        result = sol_yaml_mapping(yaml, pair->value, "\"steady\"", keys, pairs);
    }
    if (result != SOL_OK || (result = read_level(yaml, &pairs[LEVEL], &level)))
        return result;
    steady = sol_steady_of(level);
    if ((result = sol_yaml_flag(yaml, &pairs[STATISTICS], &steady.statistics)) ||
        (result = sol_yaml_flag(yaml, &pairs[FLOW], &steady.flow)) ||
        (result = sol_yaml_flag(yaml, &pairs[LOSS], &steady.loss)))
        return result;
    if (level == SOL_STEADY_OFF)
        steady = sol_steady_of(level);
    *out = steady;
    return SOL_OK;
}

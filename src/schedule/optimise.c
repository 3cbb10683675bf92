/* SPDX-License-Identifier: Apache-2.0
 *
 * From a mapping "gatys" to the options of painting by optimisation.
 */
#include "schedule/optimise.h"

#include "base/memory.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONTENT_LAYERS, STYLE_LAYERS, CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT, TEMPORAL_WEIGHT, STATISTICS, OPTIMIZER, INIT,
    SEED, ITERATIONS, NEXT_ITERATIONS, PYRAMID, TIME_LIMIT, KEYS
};
static const char *const keys[KEYS + 1] = {
    [CONTENT_LAYERS] = "content_layers", [STYLE_LAYERS] = "style_layers", [CONTENT_WEIGHT] = "content_weight",
    [STYLE_WEIGHT] = "style_weight", [TV_WEIGHT] = "tv_weight", [TEMPORAL_WEIGHT] = "temporal_weight",
    [STATISTICS] = "statistics", [OPTIMIZER] = "optimizer", [INIT] = "init", [SEED] = "seed", [ITERATIONS] = "iterations",
    [NEXT_ITERATIONS] = "next_iterations", [PYRAMID] = "pyramid", [TIME_LIMIT] = "time_limit",
};

#define WEIGHT_MAX 1e12
#define SECONDS_MAX 1e9

/* One of the names that `name` gives; *value is its number. */
static int read_name(const SolYaml *yaml, const SolYamlPair *pair, const char *(*name)(int), int *value)
{
    const char *text = sol_yaml_scalar(pair);
    char wanted[160] = "";
    if (!pair->value)
        return SOL_OK;
    for (int i = 0; name(i); i++) {
        if (text && strcmp(text, name(i)) == 0) {
            *value = i;
            return SOL_OK;
        }
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s%s",
                 i == 0 ? "" : name(i + 1) ? ", " : " or ", name(i));
    }
    return sol_yaml_fail_value(yaml, pair, wanted);
}

/* Text that `copy` owns and `option` points to; that of `base` where the key is absent. */
static int read_layers(const SolYaml *yaml, const SolYamlPair *pair, const char *base, char **copy, const char **option)
{
    const char *text = base;
    int result = sol_yaml_text(yaml, pair, &text);
    if (result == SOL_OK && text && !(*copy = sol_copy(text)))
        result = sol_fail_memory("the schedule");
    *option = *copy;
    return result;
}

static int read_names(const SolYaml *yaml, const SolYamlPair pairs[], SolOptimiseOptions *o)
{
    int statistics = (int)o->statistics, optimizer = (int)o->optimizer, init = (int)o->init, result;
    if ((result = read_name(yaml, &pairs[STATISTICS], sol_statistics_name, &statistics)) ||
        (result = read_name(yaml, &pairs[OPTIMIZER], sol_optimizer_name, &optimizer)) ||
        (result = read_name(yaml, &pairs[INIT], sol_init_name, &init)))
        return result;
    o->statistics = (SolStatistics)statistics;
    o->optimizer = (SolOptimizer)optimizer;
    o->init = (SolInit)init;
    return SOL_OK;
}

static int read_keys(const SolYaml *yaml, const SolYamlPair pairs[], const SolOptimise *base, SolOptimise *made)
{
    SolOptimiseOptions *o = &made->options;
    int seed = (int)o->seed, result;
    if ((result = read_layers(yaml, &pairs[CONTENT_LAYERS], base ? base->content_layers : NULL, &made->content_layers,
                              &o->content_layers)) ||
        (result = read_layers(yaml, &pairs[STYLE_LAYERS], base ? base->style_layers : NULL, &made->style_layers,
                              &o->style_layers)) ||
        (result = sol_yaml_number(yaml, &pairs[CONTENT_WEIGHT], 0, WEIGHT_MAX, &o->content_weight)) ||
        (result = sol_yaml_number(yaml, &pairs[STYLE_WEIGHT], 0, WEIGHT_MAX, &o->style_weight)) ||
        (result = sol_yaml_number(yaml, &pairs[TV_WEIGHT], 0, WEIGHT_MAX, &o->tv_weight)) ||
        (result = sol_yaml_number(yaml, &pairs[TEMPORAL_WEIGHT], 0, WEIGHT_MAX, &o->temporal_weight)) ||
        (result = read_names(yaml, pairs, o)) ||
        (result = sol_yaml_int(yaml, &pairs[SEED], 0, INT_MAX, &seed)) ||
        (result = sol_yaml_int(yaml, &pairs[ITERATIONS], 1, 1000000, &o->iterations)) ||
        (result = sol_yaml_int(yaml, &pairs[NEXT_ITERATIONS], 1, 1000000, &o->next_iterations)) ||
        (result = sol_yaml_int(yaml, &pairs[PYRAMID], 1, SOL_OPTIMISE_LEVELS_MAX, &o->levels)) ||
        (result = sol_yaml_number(yaml, &pairs[TIME_LIMIT], 0.001, SECONDS_MAX, &o->time_limit)))
        return result;
    o->seed = (uint64_t)seed;
    return SOL_OK;
}

int sol_optimise_read(SolOptimise **out, const SolYaml *yaml, const SolYamlPair *pair, const SolOptimise *base)
{
    SolYamlPair pairs[KEYS];
    SolOptimise *made;
    int result;
    if (!pair->key)
        return SOL_OK;
    result = sol_yaml_mapping(yaml, pair->value, "\"gatys\"", keys, pairs);
    if (result != SOL_OK)
        return result;
    made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("the schedule");
    if (base) {
        made->options = base->options;
    } else {
        sol_optimise_defaults(&made->options);
        made->options.init = SOL_INIT_PREVIOUS;
    }
    result = read_keys(yaml, pairs, base, made);
    if (result != SOL_OK) {
        sol_optimise_close(&made);
        return result;
    }
    *out = made;
    return SOL_OK;
}

void sol_optimise_close(SolOptimise **optimise)
{
    if (!*optimise)
        return;
    free((*optimise)->content_layers);
    free((*optimise)->style_layers);
    sol_free(*optimise);
    *optimise = NULL;
}

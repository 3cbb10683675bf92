/* SPDX-License-Identifier: Apache-2.0
 *
 * From a segment's keys to layers of paint: how each is painted (look.c), how strong, and where.
 */
#include "schedule/layers.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/track.h"
#include "region/region.h"
#include "schedule/region.h"
#include "schedule/track.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 16 };

enum { STYLE, WEIGHTS, MODEL, METHOD, LEVELS, GATYS, COLOR, STRENGTH, REGION, STATISTICS, KEYS };
static const char *const layer_keys[KEYS + 1] = {
    [STYLE] = "style", [WEIGHTS] = "weights", [MODEL] = "model", [METHOD] = "method", [LEVELS] = "levels",
    [GATYS] = "gatys", [COLOR] = "color", [STRENGTH] = "strength", [REGION] = "region", [STATISTICS] = "statistics",
};

static int read_statistics(const SolYaml *yaml, const SolYamlPair *pair, SolPaintLayer *layer)
{
    const char *text = sol_yaml_scalar(pair);
    if (!pair->key)
        return SOL_OK;
    if (!text || (strcmp(text, "region") != 0 && strcmp(text, "frame") != 0))
        return sol_yaml_fail_value(yaml, pair, "frame or region");
    layer->own_statistics = strcmp(text, "region") == 0;
    if (layer->own_statistics && !layer->region)
        return sol_fail_at(sol_yaml_place(yaml, pair->key), "\"statistics: region\" is for a layer with a \"region\"");
    return SOL_OK;
}

static int read_strength(const SolYaml *yaml, const SolYamlPair *pair, SolPaintLayer *layer)
{
    int result;
    if (!(layer->strength = sol_calloc(1, sizeof *layer->strength)))
        return sol_fail_memory("the schedule");
    if (pair->key)
        return sol_track_read(layer->strength, yaml, pair, 0, 1);
    result = sol_track_create(layer->strength, 1, 1);
    if (result == SOL_OK)
        layer->strength->values[0] = 1;
    return result;
}

static int read_layer(SolPaintLayer *layer, const SolLookSource *source, const char *label, const SolYamlNode *node,
                      const SolLayerKeys *keys)
{
    const SolYaml *yaml = source->yaml;
    int result = sol_look_read(&layer->look, source, label, node, &keys->look);
    if (result == SOL_OK)
        result = read_strength(yaml, &keys->strength, layer);
    if (result == SOL_OK && keys->region.key)
        result = sol_region_read(&layer->region, yaml, &keys->region, source->folder);
    return result == SOL_OK ? read_statistics(yaml, &keys->statistics, layer) : result;
}

/* A segment with a list has none of a layer's keys itself. */
static int check_alone(const SolLookSource *source, const char *label, const SolLayerKeys *keys)
{
    const SolYamlPair own[] = {keys->look.style, keys->look.weights, keys->look.model,  keys->look.method,
                               keys->look.levels, keys->look.gatys,  keys->look.color,  keys->strength,
                               keys->region,      keys->statistics};
    for (int i = 0; i < KEYS; i++)
        if (own[i].key)
            return sol_fail_at(sol_yaml_place(source->yaml, own[i].key),
                               "%s has both \"layers\" and \"%s\"; move that into a layer", label, layer_keys[i]);
    return SOL_OK;
}

static int read_item(SolPaintLayer *layer, const SolLookSource *source, const char *label, const SolYamlNode *node,
                     int number)
{
    SolYamlPair pairs[KEYS];
    SolLayerKeys keys;
    char *name;
    int result = sol_yaml_mapping(source->yaml, node, "a layer", layer_keys, pairs);
    if (result != SOL_OK)
        return result;
    keys = (SolLayerKeys){.look = {pairs[STYLE], pairs[WEIGHTS], pairs[MODEL], pairs[METHOD], pairs[LEVELS], pairs[GATYS],
                                   pairs[COLOR]},
                          .strength = pairs[STRENGTH],
                          .region = pairs[REGION],
                          .statistics = pairs[STATISTICS]};
    name = sol_format("%s, layer %d", label, number);
    result = name ? read_layer(layer, source, name, node, &keys) : sol_fail_memory("the schedule");
    free(name);
    return result;
}

/* Whether nothing of a segment is painted. */
static bool are_untouched(const SolPaintLayer *layers, int count)
{
    for (int i = 0; i < count; i++)
        if (layers[i].look)
            return false;
    return true;
}

int sol_layers_read(SolPaintLayer **out, int *out_count, const SolLookSource *source, const char *label,
                    const SolYamlNode *node, const SolLayerKeys *keys, const SolYamlPair *list)
{
    SolPaintLayer *layers;
    int count = 1, result = SOL_OK;
    if (list->key && ((result = check_alone(source, label, keys)) != SOL_OK ||
                      (result = sol_yaml_sequence(source->yaml, list, &count)) != SOL_OK))
        return result;
    if (count > MAX_LAYERS)
        return sol_fail_at(sol_yaml_place(source->yaml, list->value), "%d layers; at most %d can lie over each other", count,
                           (int)MAX_LAYERS);
    layers = sol_calloc((size_t)count, sizeof *layers);
    if (!layers)
        return sol_fail_memory("the schedule");
    if (!list->key)
        result = read_layer(&layers[0], source, label, node, keys);
    for (int i = 0; list->key && i < count && result == SOL_OK; i++)
        result = read_item(&layers[i], source, label, sol_yaml_item(source->yaml, list, i), i + 1);
    if (result != SOL_OK || are_untouched(layers, count)) {
        sol_layers_close(&layers, &count);
        return result;
    }
    *out = layers;
    *out_count = count;
    return SOL_OK;
}

void sol_layers_close(SolPaintLayer **layers, int *count)
{
    for (int i = 0; *layers && i < *count; i++) {
        SolPaintLayer *layer = *layers + i;
        sol_look_close(&layer->look);
        if (layer->strength)
            sol_track_clear(layer->strength);
        sol_free(layer->strength);
        sol_region_close(&layer->region);
    }
    sol_free(*layers);
    *layers = NULL;
    *count = 0;
}

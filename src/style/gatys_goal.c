/* SPDX-License-Identifier: Apache-2.0
 *
 * Which layers are compared: as the options list them, or those that the literature takes for a network.
 */
#include "style/gatys.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Layers where nothing is said: the first line all of whose layers there are. */
static const struct {
    const char *only; /* a layer that there must be, too; NULL for none */
    const char *content, *style;
} defaults[] = {
    {"relu3_4", "relu4_2", "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"}, /* VGG-19; Gatys et al. 2016 */
    {NULL, "relu2_2", "relu1_2,relu2_2,relu3_3,relu4_3"},              /* VGG-16; Johnson et al. 2016 */
    {NULL, "relu4_1", "relu1_1,relu2_1,relu3_1,relu4_1"},              /* up to relu4_1: Huang & Belongie 2017 */
    {NULL, "relu3_1", "relu1_1,relu2_1,relu3_1"},
};

static bool is_usable(const SolGraph *graph, int node)
{
    return node > 0 && !sol_graph_node(graph, node)->styled;
}

static int no_such_layer(const SolGraph *graph, const char *option, const char *name)
{
    int count = sol_graph_count(graph), used = 0;
    const char **names = sol_calloc((size_t)count + 1, sizeof *names), *nearest;
    if (!names)
        return sol_fail_memory("a message");
    for (int i = 1; i < count; i++)
        if (is_usable(graph, i))
            names[used++] = sol_graph_node(graph, i)->name;
    nearest = sol_nearest(name, names);
    sol_free(names);
    if (sol_graph_find(graph, name) > 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the layer \"%s\" depends on a style; only what lies before can be "
                        "compared", option, name);
    return nearest ? sol_fail(SOL_ERR_ARGUMENT, "%s: the network has no layer \"%s\"; did you mean \"%s\"?", option,
                              name, nearest)
                   : sol_fail(SOL_ERR_ARGUMENT, "%s: the network has no layer \"%s\"", option, name);
}

/* "NAME" or "NAME=WEIGHT". */
static int read_layer(const SolGraph *graph, const char *option, char *text, SolGatysLayer *layer)
{
    char *equals = strchr(text, '=');
    layer->weight = 1;
    if (equals && (!sol_parse_number(equals + 1, &layer->weight) || !(layer->weight > 0)))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the weight in \"%s\" must be a number above 0", option, text);
    if (equals)
        *equals = '\0';
    layer->node = sol_graph_find(graph, text);
    return is_usable(graph, layer->node) ? SOL_OK : no_such_layer(graph, option, text);
}

/* "NAME[=WEIGHT],.." into layers whose weights sum to 1. */
static int read_layers(const SolGraph *graph, const char *option, const char *text, SolGatysLayer layers[], int *count)
{
    char *copy = sol_copy(text), *next = copy;
    double sum = 0;
    int result = copy ? SOL_OK : sol_fail_memory("the layers"), used = 0;
    while (next && result == SOL_OK) {
        char *item = next, *comma = strchr(item, ',');
        next = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        if (used == SOL_GATYS_LAYERS_MAX)
            result = sol_fail(SOL_ERR_ARGUMENT, "%s: more than %d layers", option, (int)SOL_GATYS_LAYERS_MAX);
        else
            result = read_layer(graph, option, item, &layers[used]);
        for (int i = 0; i < used && result == SOL_OK; i++)
            if (layers[i].node == layers[used].node)
                result = sol_fail(SOL_ERR_ARGUMENT, "%s: the layer \"%s\" is named twice", option, item);
        if (result == SOL_OK)
            sum += layers[used++].weight;
    }
    for (int i = 0; i < used; i++)
        layers[i].weight /= sum;
    *count = used;
    free(copy);
    return result;
}

/* Whether all layers of a list are there to be compared. */
static bool has_layers(const SolGraph *graph, const char *list)
{
    while (*list) {
        char name[32];
        size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        if (!is_usable(graph, sol_graph_find(graph, name)))
            return false;
        list += length + (list[length] == ',');
    }
    return true;
}

int sol_gatys_goal(SolGatysGoal *goal, const SolGraph *graph, const SolOptimiseOptions *options)
{
    const char *content = options->content_layers, *style = options->style_layers;
    SolGatysGoal found = {.graph = graph,
                          .statistics = options->statistics,
                          .content_weight = options->content_weight,
                          .style_weight = options->style_weight,
                          .tv_weight = options->tv_weight,
                          .temporal_weight = options->temporal_weight};
    int result;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && !(content && style); i++)
        if (has_layers(graph, defaults[i].content) && has_layers(graph, defaults[i].style) &&
            (!defaults[i].only || has_layers(graph, defaults[i].only))) {
            content = content ? content : defaults[i].content;
            style = style ? style : defaults[i].style;
        }
    if (!content || !style)
        return sol_fail(SOL_ERR_FORMAT, "the network has none of the layers that are compared where nothing is said: "
                        "name those for content and for style");
    result = read_layers(graph, "content layers", content, found.content, &found.content_count);
    if (result == SOL_OK)
        result = read_layers(graph, "style layers", style, found.style, &found.style_count);
    if (result == SOL_OK)
        *goal = found;
    return result;
}

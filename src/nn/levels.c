/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph is copied node by node: what is left out stands for one of its inputs, and what nobody reads is not copied.
 * Networks have a hundred nodes or two, so plain quadratic searches do.
 */
#include "nn/levels.h"

#include "base/error.h"

#include <string.h>

typedef struct Copy {
    const SolGraph *from;
    SolGraph *to;
    float *strength; /* of each node */
    int *stands_for; /* of each node: the one that it is left out for; itself */
    bool *needed;
    int *number;     /* of each node in the copy */
} Copy;

int sol_graph_level_count(const SolGraph *graph)
{
    int count = 0;
    for (int n = 0; n < sol_graph_count(graph); n++)
        count += sol_graph_node(graph, n)->layer.op == SOL_OP_WCT;
    return count;
}

/* Whether nothing is done between the inputs of a level node. */
static bool is_idle(const Copy *copy, const SolLayer *level)
{
    bool any = false;
    for (int n = level->inputs[1] + 1; n <= level->inputs[0]; n++)
        if (sol_graph_node(copy->from, n)->layer.op == SOL_OP_WCT) {
            if (copy->strength[n] > 0)
                return false;
            any = true;
        }
    return any;
}

static int set_strengths(Copy *copy, const double strength[], int count)
{
    int levels = sol_graph_level_count(copy->from), level = 0;
    bool any = false;
    if (strength && count != levels)
        return sol_fail(SOL_ERR_ARGUMENT, "%d strength%s of levels, where the network has %d level%s", count,
                        count == 1 ? "" : "s", levels, levels == 1 ? "" : "s");
    for (int n = 0; n < sol_graph_count(copy->from); n++) {
        const SolLayer *layer = &sol_graph_node(copy->from, n)->layer;
        if (layer->op != SOL_OP_WCT)
            continue;
        if (strength && !(strength[level] >= 0 && strength[level] <= 1))
            return sol_fail(SOL_ERR_ARGUMENT, "level %d has a strength of %g: it must be 0 to 1", level + 1,
                            strength[level]);
        copy->strength[n] = strength ? (float)strength[level] : layer->strength;
        any = any || copy->strength[n] > 0;
        level++;
    }
    return any ? SOL_OK : sol_fail(SOL_ERR_ARGUMENT, "no level has a strength above 0");
}

/* Whether two layers, whose inputs are given as numbers of the copy, compute the same. */
static bool same(const SolLayer *a, const SolLayer *b, int channels)
{
    size_t bytes = (size_t)channels * sizeof(float);
    if (a->op != b->op || memcmp(a->inputs, b->inputs, (size_t)sol_op_inputs(a->op) * sizeof(int)) != 0)
        return false;
    switch (a->op) {
    case SOL_OP_AFFINE:
        return memcmp(a->scale, b->scale, bytes) == 0 && memcmp(a->offset, b->offset, bytes) == 0;
    case SOL_OP_CONV:
        return a->weights == b->weights && a->bias == b->bias && a->channels == b->channels &&
               a->kernel == b->kernel && a->stride == b->stride && a->border == b->border && a->relu == b->relu;
    case SOL_OP_PAD:
        return a->pixels == b->pixels;
    case SOL_OP_RELU:
    case SOL_OP_MAX_POOL:
    case SOL_OP_UPSAMPLE:
    case SOL_OP_ADD:
        return true;
    default:
        return false;
    }
}

/* Finds what is left out, and what is still needed then. */
static void choose_nodes(Copy *copy)
{
    int count = sol_graph_count(copy->from);
    for (int n = 0; n < count; n++) {
        const SolLayer *layer = &sol_graph_node(copy->from, n)->layer;
        bool out = layer->op == SOL_OP_LEVEL || (layer->op == SOL_OP_WCT && copy->strength[n] == 0);
        int input = layer->inputs[layer->op == SOL_OP_LEVEL && is_idle(copy, layer)];
        copy->stands_for[n] = out ? copy->stands_for[input] : n;
    }
    copy->needed[copy->stands_for[count - 1]] = true;
    for (int n = count - 1; n >= 0; n--) {
        const SolLayer *layer = &sol_graph_node(copy->from, n)->layer;
        for (int i = 0; copy->needed[n] && i < sol_op_inputs(layer->op); i++)
            copy->needed[copy->stands_for[layer->inputs[i]]] = true;
        if (copy->needed[n] && (layer->op == SOL_OP_WCT || layer->op == SOL_OP_ADAIN))
            copy->needed[copy->stands_for[layer->tap]] = true;
    }
}

/* Copies node `n`, unless the copy has one like it. */
static int copy_node(Copy *copy, int n)
{
    const SolNode *node = sol_graph_node(copy->from, n);
    int output = copy->stands_for[sol_graph_count(copy->from) - 1]; /* which is to be the last */
    SolLayer layer = node->layer;
    for (int i = 0; i < sol_op_inputs(layer.op); i++)
        layer.inputs[i] = copy->number[copy->stands_for[layer.inputs[i]]];
    if (layer.op == SOL_OP_WCT || layer.op == SOL_OP_ADAIN)
        layer.tap = copy->number[copy->stands_for[layer.tap]];
    layer.strength = copy->strength[n];
    for (int m = 0; m < sol_graph_count(copy->to) && n != output; m++)
        if (same(&sol_graph_node(copy->to, m)->layer, &layer, node->channels)) {
            copy->number[n] = m;
            return SOL_OK;
        }
    copy->number[n] = sol_graph_add(copy->to, node->name, &layer);
    return copy->number[n] < 0 ? copy->number[n] : SOL_OK;
}

int sol_graph_levels(SolGraph **levels, const SolGraph *graph, const double strength[], int count)
{
    size_t nodes = (size_t)sol_graph_count(graph);
    Copy copy = {.from = graph};
    int result;
    copy.strength = sol_calloc(nodes, sizeof *copy.strength);
    copy.stands_for = sol_calloc(nodes, 2 * sizeof *copy.stands_for);
    copy.needed = sol_calloc(nodes, sizeof *copy.needed);
    if (!copy.strength || !copy.stands_for || !copy.needed) {
        result = sol_fail_memory("a network");
        goto done;
    }
    copy.number = copy.stands_for + nodes;
    if ((result = set_strengths(&copy, strength, count)) != SOL_OK ||
        (result = sol_graph_open(&copy.to)) != SOL_OK)
        goto done;
    choose_nodes(&copy);
    for (int n = 0; n < (int)nodes && result == SOL_OK; n++)
        if (copy.needed[n])
            result = copy_node(&copy, n);
    if (result == SOL_OK) {
        *levels = copy.to;
        copy.to = NULL;
    }
done:
    sol_graph_close(&copy.to);
    sol_free(copy.strength);
    sol_free(copy.stands_for);
    sol_free(copy.needed);
    return result;
}

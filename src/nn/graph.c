/* SPDX-License-Identifier: Apache-2.0
 *
 * Graphs: what each operator takes and gives, and the checks that make a graph sound for every size.
 */
#include "nn/graph.h"

#include "base/error.h"
#include "base/text.h"
#include "nn/wct.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_CHANNELS = 65536,
    MAX_KERNEL = 63,
    MAX_PAD = 1024,
    MAX_EXTRA = 1 << 20,
    MAX_LEVEL = 12 /* a picture's longest side is 2^15 */
};

struct SolGraph {
    SolNode *nodes;
    size_t capacity;
    int count;
    int *taps; /* ascending */
    size_t tap_capacity;
    int tap_count;
    int margin;
};

/* What all nodes of an operator have in common. */
static const struct {
    const char *name;
    int inputs;
    int level; /* added to the input's */
} ops[SOL_OP_COUNT] = {
    [SOL_OP_INPUT] = {"input", 0, 0},
    [SOL_OP_AFFINE] = {"affine", 1, 0},
    [SOL_OP_CONV] = {"conv", 1, 0},
    [SOL_OP_RELU] = {"relu", 1, 0},
    [SOL_OP_MAX_POOL] = {"max_pool", 1, 1},
    [SOL_OP_UPSAMPLE] = {"upsample", 1, -1},
    [SOL_OP_ADD] = {"add", 2, 0},
    [SOL_OP_ADAIN] = {"adain", 1, 0},
    [SOL_OP_WCT] = {"wct", 1, 0},
    [SOL_OP_LEVEL] = {"level", 2, 0},
    [SOL_OP_CONV_TRANSPOSE] = {"conv_transpose", 1, -1},
    [SOL_OP_INSTANCE_NORM] = {"instance_norm", 1, 0},
    [SOL_OP_TANH] = {"tanh", 1, 0},
    [SOL_OP_PAD] = {"pad", 1, 0},
};

const char *sol_op_name(SolOp op)
{
    return ops[op].name;
}

int sol_op_inputs(SolOp op)
{
    return ops[op].inputs;
}

bool sol_op_convolves(SolOp op)
{
    return op == SOL_OP_CONV || op == SOL_OP_CONV_TRANSPOSE;
}

bool sol_op_normalises(SolOp op)
{
    return op == SOL_OP_ADAIN || op == SOL_OP_INSTANCE_NORM;
}

int sol_graph_open(SolGraph **out)
{
    SolGraph *graph = sol_calloc(1, sizeof *graph);
    if (!graph)
        return sol_fail_memory("a network");
    *out = graph;
    return SOL_OK;
}

/* Whether the node can go by a style's statistics at its tap. */
static int check_tap(const SolGraph *graph, const SolNode *node)
{
    const SolLayer *layer = &node->layer;
    const SolNode *tap;
    if (layer->tap < 0 || layer->tap >= graph->count)
        return sol_fail(SOL_ERR_FORMAT, "there is no layer to take the style's statistics at");
    tap = &graph->nodes[layer->tap];
    if (tap->styled)
        return sol_fail(SOL_ERR_FORMAT, "the style layer \"%s\" depends on an adain or wct layer", tap->name);
    if (tap->channels != node->channels)
        return sol_fail(SOL_ERR_FORMAT, "its input has %d channels, the style layer \"%s\" %d", node->channels,
                        tap->name, tap->channels);
    if (tap->tapped != SOL_OP_INPUT && tap->tapped != layer->op)
        return sol_fail(SOL_ERR_FORMAT, "the style layer \"%s\" is one of %s already, and serves either adain or wct",
                        tap->name, ops[tap->tapped].name);
    return SOL_OK;
}

static int check_wct(const SolNode *node)
{
    if (node->channels > SOL_WCT_CHANNELS_MAX)
        return sol_fail(SOL_ERR_FORMAT, "%d channels: wct takes %d at most", node->channels, (int)SOL_WCT_CHANNELS_MAX);
    if (!(node->layer.strength >= 0 && node->layer.strength <= 1))
        return sol_fail(SOL_ERR_FORMAT, "a strength of %g: it must be 0 to 1", (double)node->layer.strength);
    return SOL_OK;
}

static int half_down(int a)
{
    return (a - (a % 2 != 0 && a < 0)) / 2;
}

/* SolNode.extra of a layer whose input has `extra`; where a size is halved, it is a multiple of 2 and that. */
static int extra_of(const SolLayer *layer, int extra)
{
    switch (layer->op) {
    case SOL_OP_CONV:
        extra -= layer->border == SOL_BORDER_VALID ? layer->kernel - 1 : 0;
        return layer->stride == 2 ? half_down(extra + 1) : extra;
    case SOL_OP_PAD:
        return extra + 2 * layer->pixels;
    case SOL_OP_MAX_POOL:
        return half_down(extra);
    case SOL_OP_UPSAMPLE:
    case SOL_OP_CONV_TRANSPOSE:
        return 2 * extra;
    default:
        return extra;
    }
}

/* The parts of the check that concern one operator only; `node` has the first input's channels and level. */
static int check_operator(const SolGraph *graph, SolNode *node)
{
    const SolLayer *layer = &node->layer;
    const SolNode *other;
    int result;
    switch (layer->op) {
    case SOL_OP_INPUT:
        node->channels = layer->channels;
        return graph->count == 0 ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "there can be one input only");
    case SOL_OP_CONV:
    case SOL_OP_CONV_TRANSPOSE:
        node->channels = layer->channels;
        if (layer->kernel < 1 || layer->kernel > MAX_KERNEL || layer->kernel % 2 == 0)
            return sol_fail(SOL_ERR_FORMAT, "a kernel of %d pixels: it must be odd, 1 to %d", layer->kernel,
                            MAX_KERNEL);
        if (layer->op == SOL_OP_CONV && (layer->stride < 0 || layer->stride > 2))
            return sol_fail(SOL_ERR_FORMAT, "a stride of %d: it must be 1 or 2", layer->stride);
        node->level += layer->op == SOL_OP_CONV && layer->stride == 2;
        return SOL_OK;
    case SOL_OP_PAD:
        return layer->pixels >= 1 && layer->pixels <= MAX_PAD
                   ? SOL_OK
                   : sol_fail(SOL_ERR_FORMAT, "%d pixels on every side: there must be 1 to %d", layer->pixels,
                              (int)MAX_PAD);
    case SOL_OP_INSTANCE_NORM:
        if (!(layer->epsilon > 0))
            return sol_fail(SOL_ERR_FORMAT, "an epsilon of %g: it must be above 0", layer->epsilon);
        return SOL_OK;
    case SOL_OP_ADD:
    case SOL_OP_LEVEL:
        other = &graph->nodes[layer->inputs[1]];
        if (other->channels != node->channels)
            return sol_fail(SOL_ERR_FORMAT, "its inputs have %d and %d channels", node->channels, other->channels);
        if (other->level != node->level || other->extra != node->extra)
            return sol_fail(SOL_ERR_FORMAT, "its inputs differ in size: \"%s\" and \"%s\"",
                            graph->nodes[layer->inputs[0]].name, other->name);
        return SOL_OK;
    case SOL_OP_ADAIN:
        return check_tap(graph, node);
    case SOL_OP_WCT:
        result = check_tap(graph, node);
        return result == SOL_OK ? check_wct(node) : result;
    default:
        return SOL_OK;
    }
}

/* Derives what the node's result looks like. */
static int check(const SolGraph *graph, const char *name, SolNode *node)
{
    const SolLayer *layer = &node->layer;
    int result;
    if (graph->count == 0 && layer->op != SOL_OP_INPUT)
        return sol_fail(SOL_ERR_FORMAT, "a network begins with its input");
    if (sol_graph_find(graph, name) >= 0)
        return sol_fail(SOL_ERR_FORMAT, "the name is taken by an earlier layer");
    for (int i = 0; i < ops[layer->op].inputs; i++) {
        if (layer->inputs[i] < 0 || layer->inputs[i] >= graph->count)
            return sol_fail(SOL_ERR_FORMAT, "input %d is no earlier layer", i + 1);
        node->styled = node->styled || graph->nodes[layer->inputs[i]].styled;
    }
    if (ops[layer->op].inputs > 0) {
        node->channels = graph->nodes[layer->inputs[0]].channels;
        node->level = graph->nodes[layer->inputs[0]].level + ops[layer->op].level;
        node->extra = graph->nodes[layer->inputs[0]].extra;
    }
    node->styled = node->styled || layer->op == SOL_OP_ADAIN || layer->op == SOL_OP_WCT;
    result = check_operator(graph, node);
    if (result != SOL_OK)
        return result;
    if (node->channels < 1 || node->channels > MAX_CHANNELS)
        return sol_fail(SOL_ERR_FORMAT, "%d channels: there must be 1 to %d", node->channels, MAX_CHANNELS);
    node->extra = extra_of(layer, node->extra);
    if (node->extra < -MAX_EXTRA || node->extra > MAX_EXTRA)
        return sol_fail(SOL_ERR_FORMAT, "the size changes by more than %d pixels", (int)MAX_EXTRA);
    if (node->level < -MAX_LEVEL || node->level > MAX_LEVEL)
        return sol_fail(SOL_ERR_FORMAT, "the size is halved or doubled more than %d times", MAX_LEVEL);
    return SOL_OK;
}

static float *copy_floats(const float *from, int count)
{
    float *copy = sol_alloc((size_t)count, sizeof *copy);
    if (copy)
        memcpy(copy, from, (size_t)count * sizeof *copy);
    return copy;
}

/* Room is made by the caller. */
static void insert_tap(SolGraph *graph, int tap, SolOp op)
{
    int i = graph->tap_count;
    if (graph->nodes[tap].tapped != SOL_OP_INPUT)
        return;
    graph->nodes[tap].tapped = op;
    for (; i > 0 && graph->taps[i - 1] > tap; i--)
        graph->taps[i] = graph->taps[i - 1];
    graph->taps[i] = tap;
    graph->tap_count++;
}

static void clear(SolNode *node)
{
    if (node->layer.op == SOL_OP_AFFINE) {
        sol_free((void *)node->layer.scale);
        sol_free((void *)node->layer.offset);
    }
    free(node->name);
}

int sol_graph_add(SolGraph *graph, const char *name, const SolLayer *layer)
{
    SolNode node = {.layer = *layer};
    int result = check(graph, name, &node);
    if (result != SOL_OK)
        return result;
    node.name = sol_copy(name);
    if (layer->op == SOL_OP_AFFINE) {
        node.layer.scale = copy_floats(layer->scale, node.channels);
        node.layer.offset = copy_floats(layer->offset, node.channels);
    }
    if (!node.name || (layer->op == SOL_OP_AFFINE && (!node.layer.scale || !node.layer.offset)) ||
        !sol_grow((void **)&graph->nodes, &graph->capacity, (size_t)graph->count + 1, sizeof node) ||
        !sol_grow((void **)&graph->taps, &graph->tap_capacity, (size_t)graph->tap_count + 1, sizeof *graph->taps)) {
        clear(&node);
        return sol_fail_memory("a network");
    }
    graph->nodes[graph->count] = node;
    if (layer->op == SOL_OP_ADAIN || layer->op == SOL_OP_WCT)
        insert_tap(graph, layer->tap, layer->op);
    return graph->count++;
}

int sol_graph_count(const SolGraph *graph)
{
    return graph->count;
}

const SolNode *sol_graph_node(const SolGraph *graph, int node)
{
    return &graph->nodes[node];
}

int sol_graph_find(const SolGraph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return -1;
}

void sol_graph_needed(const SolGraph *graph, const int keep[], int keep_count, bool needed[])
{
    for (int n = 0; n < graph->count; n++)
        needed[n] = false;
    for (int i = 0; i < keep_count; i++)
        needed[keep[i]] = true;
    for (int n = graph->count - 1; n > 0; n--) {
        const SolLayer *layer = &graph->nodes[n].layer;
        for (int i = 0; needed[n] && i < ops[layer->op].inputs; i++)
            needed[layer->inputs[i]] = true;
        if (needed[n] && layer->op == SOL_OP_ADAIN)
            needed[layer->tap] = true;
    }
}

int sol_graph_multiple(const SolGraph *graph)
{
    int deepest = 0;
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].level > deepest)
            deepest = graph->nodes[i].level;
    return 1 << deepest;
}

int sol_graph_margin(const SolGraph *graph)
{
    return graph->margin;
}

void sol_graph_set_margin(SolGraph *graph, int margin)
{
    graph->margin = margin;
}

int sol_graph_tap_count(const SolGraph *graph)
{
    return graph->tap_count;
}

int sol_graph_tap(const SolGraph *graph, int i)
{
    return graph->taps[i];
}

size_t sol_graph_statistics(const SolGraph *graph, int node)
{
    size_t offset = 0;
    for (int i = 0; i < graph->tap_count && graph->taps[i] != node; i++) {
        const SolNode *tap = &graph->nodes[graph->taps[i]];
        offset += (size_t)tap->channels * (tap->tapped == SOL_OP_WCT ? (size_t)tap->channels + 1 : 2);
    }
    return offset;
}

void sol_graph_close(SolGraph **out)
{
    SolGraph *graph = *out;
    if (!graph)
        return;
    for (int i = 0; i < graph->count; i++)
        clear(&graph->nodes[i]);
    free(graph->nodes);
    free(graph->taps);
    sol_free(graph);
    *out = NULL;
}

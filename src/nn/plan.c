/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes run in the graph's order, so node numbers are the steps that buffers live from and to.
 * A value lives from the node that makes it to the last one that reads it, or to the end where it is
 * kept; element-wise nodes write over an input that dies with them.
 */
#include "nn/plan.h"

#include "base/error.h"
#include "nn/arena.h"
#include "nn/ops.h"

#include <limits.h>
#include <string.h>

/* A node at the planned size. */
typedef struct Value {
    bool needed, kept;
    SolShape shape;
    int last;      /* the last step that reads it */
    int buffer;    /* that holds it */
    int scratch;   /* buffer that only its own step uses: a convolution's scratch, adain's target */
    SolConv *conv;
} Value;

struct SolPlan {
    const SolGraph *graph;
    SolPool *pool;
    Value *values; /* one for each node */
    SolBuffer *buffers;
    int buffer_count;
    char *arena;
    size_t bytes;
    double macs;
};

/* The nodes that a layer reads, 2 at most. */
static int nodes_read(const SolLayer *layer, int nodes[2])
{
    int count = sol_op_inputs(layer->op);
    for (int i = 0; i < count; i++)
        nodes[i] = layer->inputs[i];
    if (layer->op == SOL_OP_ADAIN)
        nodes[count++] = layer->tap;
    return count;
}

/* Marks what `keep` needs, and until when. */
static void find_needed(SolPlan *plan, const int keep[], int keep_count)
{
    Value *values = plan->values;
    int count = sol_graph_count(plan->graph);
    values[0].needed = true;
    for (int i = 0; i < keep_count; i++) {
        values[keep[i]].needed = values[keep[i]].kept = true;
        values[keep[i]].last = count;
    }
    for (int n = count - 1; n > 0; n--) {
        int nodes[2], reads = nodes_read(&sol_graph_node(plan->graph, n)->layer, nodes);
        for (int i = 0; values[n].needed && i < reads; i++) {
            Value *input = &values[nodes[i]];
            input->needed = true;
            input->last = n > input->last ? n : input->last;
        }
    }
}

/* The shape of node `n`, from those of its inputs. */
static int find_shape(SolPlan *plan, int n)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    const SolLayer *layer = &node->layer;
    SolShape shape = plan->values[layer->inputs[0]].shape, other;
    shape.channels = node->channels;
    if (layer->op == SOL_OP_MAX_POOL) {
        shape.width /= 2;
        shape.height /= 2;
        if (shape.width < 1 || shape.height < 1)
            return sol_fail(SOL_ERR_ARGUMENT, "%dx%d pixels are too few: nothing is left at layer \"%s\"",
                            plan->values[0].shape.width, plan->values[0].shape.height, node->name);
    } else if (layer->op == SOL_OP_UPSAMPLE) {
        if (shape.width > INT_MAX / 2 || shape.height > INT_MAX / 2)
            return sol_fail(SOL_ERR_NOMEM, "the picture is too large for layer \"%s\"", node->name);
        shape.width *= 2;
        shape.height *= 2;
    } else if (layer->op == SOL_OP_ADD) {
        other = plan->values[layer->inputs[1]].shape;
        if (other.width != shape.width || other.height != shape.height)
            return sol_fail(SOL_ERR_ARGUMENT, "%dx%d pixels do not suit the network: sides must be multiples of %d",
                            plan->values[0].shape.width, plan->values[0].shape.height,
                            sol_graph_multiple(plan->graph));
    }
    plan->values[n].shape = shape;
    return SOL_OK;
}

static int add_buffer(SolPlan *plan, size_t bytes, int first, int last)
{
    plan->buffers[plan->buffer_count] = (SolBuffer){.bytes = bytes, .first = first, .last = last};
    return plan->buffer_count++;
}

/* True where the node's result may lie where its input number `i` lies. */
static bool can_overwrite(const SolPlan *plan, int n, int i)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    bool elementwise = layer->op == SOL_OP_AFFINE || layer->op == SOL_OP_RELU || layer->op == SOL_OP_ADD ||
                       layer->op == SOL_OP_ADAIN;
    return elementwise && plan->values[layer->inputs[i]].last == n;
}

/* Gives node `n` a buffer: one of its inputs' where that dies here, or a new one. */
static int find_buffer(SolPlan *plan, int n)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    Value *value = &plan->values[n];
    size_t bytes;
    if (!sol_shape_bytes(value->shape, &bytes))
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels are too many: layer \"%s\" cannot be addressed",
                        plan->values[0].shape.width, plan->values[0].shape.height,
                        sol_graph_node(plan->graph, n)->name);
    for (int i = 0; i < sol_op_inputs(layer->op); i++)
        if (can_overwrite(plan, n, i)) {
            value->buffer = plan->values[layer->inputs[i]].buffer;
            plan->buffers[value->buffer].last = value->last;
            return SOL_OK;
        }
    value->buffer = add_buffer(plan, bytes, n, value->last);
    return SOL_OK;
}

static int plan_conv(SolPlan *plan, int n, const SolConvBackend *backend)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    const SolLayer *layer = &node->layer;
    Value *value = &plan->values[n];
    SolConvShape shape = {.in_channels = sol_graph_node(plan->graph, layer->inputs[0])->channels,
                          .out_channels = node->channels,
                          .kernel = layer->kernel,
                          .height = value->shape.height,
                          .width = value->shape.width,
                          .border = layer->border,
                          .relu = layer->relu};
    int result = sol_conv_plan(&value->conv, backend, &shape, layer->weights, layer->bias, plan->pool);
    if (result != SOL_OK)
        return sol_fail_within(result, "layer \"%s\"", node->name);
    value->scratch = add_buffer(plan, value->conv->scratch, n, n);
    plan->macs += sol_conv_macs(&shape);
    return SOL_OK;
}

static int plan_nodes(SolPlan *plan, int width, int height, const SolConvBackend *backend)
{
    int result = SOL_OK;
    plan->values[0].shape = (SolShape){sol_graph_node(plan->graph, 0)->channels, height, width};
    for (int n = 0; n < sol_graph_count(plan->graph) && result == SOL_OK; n++) {
        if (!plan->values[n].needed)
            continue;
        if (n > 0)
            result = find_shape(plan, n);
        if (result == SOL_OK)
            result = find_buffer(plan, n);
        if (result == SOL_OK && sol_graph_node(plan->graph, n)->layer.op == SOL_OP_CONV)
            result = plan_conv(plan, n, backend);
        if (result == SOL_OK && sol_graph_node(plan->graph, n)->layer.op == SOL_OP_ADAIN)
            plan->values[n].scratch =
                add_buffer(plan, 2 * sizeof(float) * (size_t)plan->values[n].shape.channels, n, n);
    }
    return result;
}

int sol_plan_open(SolPlan **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                  const SolConvBackend *backend, SolPool *pool)
{
    SolPlan *plan = sol_calloc(1, sizeof *plan);
    size_t count = (size_t)sol_graph_count(graph);
    int result;
    if (!plan)
        return sol_fail_memory("a network's plan");
    plan->graph = graph;
    plan->pool = pool;
    plan->values = sol_calloc(count, sizeof *plan->values);
    plan->buffers = sol_calloc(count, 2 * sizeof *plan->buffers); /* a value and a scratch for each node */
    if (!plan->values || !plan->buffers) {
        result = sol_fail_memory("a network's plan");
        goto fail;
    }
    if (width < 1 || height < 1) {
        result = sol_fail(SOL_ERR_ARGUMENT, "a picture of %dx%d pixels: sides must be at least 1", width, height);
        goto fail;
    }
    find_needed(plan, keep, keep_count);
    result = plan_nodes(plan, width, height, backend);
    if (result == SOL_OK)
        result = sol_arena_lay_out(plan->buffers, plan->buffer_count, &plan->bytes);
    if (result != SOL_OK)
        goto fail;
    plan->arena = sol_alloc(plan->bytes, 1);
    if (!plan->arena) {
        result = sol_fail(SOL_ERR_NOMEM, "not enough memory to paint %dx%d pixels: %zu MiB are needed", width, height,
                          plan->bytes >> 20);
        goto fail;
    }
    *out = plan;
    return SOL_OK;
fail:
    sol_plan_close(&plan);
    return result;
}

static void *memory_of(const SolPlan *plan, int buffer)
{
    return plan->arena + plan->buffers[buffer].offset;
}

float *sol_plan_input(SolPlan *plan)
{
    return memory_of(plan, plan->values[0].buffer);
}

static void run_adain(const SolPlan *plan, int n, const float *statistics, float strength, const float *in, float *out)
{
    const Value *value = &plan->values[n];
    int tap_node = sol_graph_node(plan->graph, n)->layer.tap, channels = value->shape.channels;
    const Value *tap = &plan->values[tap_node];
    const float *style = statistics + sol_graph_statistics(plan->graph, tap_node);
    if (strength < 1) {
        float *target = memory_of(plan, value->scratch);
        sol_op_moments(plan->pool, memory_of(plan, tap->buffer), tap->shape, target, target + channels);
        for (int i = 0; i < 2 * channels; i++)
            target[i] += strength * (style[i] - target[i]);
        style = target;
    }
    sol_op_adain(plan->pool, in, value->shape, style, style + channels, out);
}

static void run_node(const SolPlan *plan, int n, const float *statistics, float strength)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    const Value *value = &plan->values[n], *input = &plan->values[layer->inputs[0]];
    float *out = memory_of(plan, value->buffer);
    const float *in = memory_of(plan, input->buffer);
    switch (layer->op) {
    case SOL_OP_AFFINE:
        sol_op_affine(plan->pool, in, input->shape, layer->scale, layer->offset, out);
        break;
    case SOL_OP_CONV:
        sol_conv_run(value->conv, in, out, memory_of(plan, value->scratch));
        break;
    case SOL_OP_RELU:
        sol_op_relu(plan->pool, in, input->shape, out);
        break;
    case SOL_OP_MAX_POOL:
        sol_op_max_pool(plan->pool, in, input->shape, out);
        break;
    case SOL_OP_UPSAMPLE:
        sol_op_upsample(plan->pool, in, input->shape, out);
        break;
    case SOL_OP_ADD:
        sol_op_add(plan->pool, in, memory_of(plan, plan->values[layer->inputs[1]].buffer), input->shape, out);
        break;
    case SOL_OP_ADAIN:
        run_adain(plan, n, statistics, strength, in, out);
        break;
    case SOL_OP_INPUT:
    case SOL_OP_COUNT:
        break;
    }
}

void sol_plan_run(SolPlan *plan, const float *statistics, float strength)
{
    for (int n = 1; n < sol_graph_count(plan->graph); n++)
        if (plan->values[n].needed)
            run_node(plan, n, statistics, strength);
}

const float *sol_plan_result(const SolPlan *plan, int node, SolShape *shape)
{
    const Value *value = &plan->values[node];
    if (!value->kept)
        return NULL;
    *shape = value->shape;
    return memory_of(plan, value->buffer);
}

double sol_plan_macs(const SolPlan *plan)
{
    return plan->macs;
}

const char *sol_plan_backend(const SolPlan *plan)
{
    const char *name = "none";
    for (int n = 0, found = 0; n < sol_graph_count(plan->graph); n++) {
        const SolConv *conv = plan->values[n].conv;
        if (conv && found++ && strcmp(conv->backend->name, name) != 0)
            return "mixed";
        if (conv)
            name = conv->backend->name;
    }
    return name;
}

void *sol_plan_arena(SolPlan *plan, size_t *bytes)
{
    *bytes = plan->bytes;
    return plan->arena;
}

void sol_plan_close(SolPlan **out)
{
    SolPlan *plan = *out;
    if (!plan)
        return;
    for (int n = 0; plan->values && n < sol_graph_count(plan->graph); n++)
        sol_conv_close(&plan->values[n].conv);
    sol_free(plan->values);
    sol_free(plan->buffers);
    sol_free(plan->arena);
    sol_free(plan);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes run in the graph's order, so node numbers are the steps that buffers live from and to.
 * A value lives from the node that makes it to the last one that reads it, or to the end where it is
 * kept; element-wise nodes write over an input that dies with them.
 */
#include "nn/plan.h"

#include "base/clock.h"
#include "base/error.h"
#include "nn/arena.h"
#include "nn/ops.h"

#include <limits.h>
#include <string.h>

/* A node at the planned size. */
typedef struct Value {
    bool needed, kept;
    SolShape shape;
    SolLayout layout;
    int last;       /* the last step that reads it */
    int buffer;     /* that holds it */
    int scratch;    /* buffer that only its own step uses: a convolution's scratch, adain's numbers */
    SolLayout reads; /* the layout that its step wants its inputs in */
    int copies[2];  /* buffers for inputs that lie in another; -1 where they are read as they are */
    int result;     /* of a kept value that does not lie in planes: the buffer that its planes go to; -1 */
    SolConv *conv;
    double seconds; /* that runs took here */
} Value;

enum { BUFFERS_OF_VALUE = 5 };

/* What an adain step works with, [channels] each. */
typedef struct AdainNumbers {
    SolMoments *moments;
    float *mean, *std;              /* aimed for */
    float *centre, *scale, *offset; /* of the affine map there */
} AdainNumbers;

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
    return elementwise && plan->values[layer->inputs[i]].last == n &&
           sol_layout_is(plan->values[layer->inputs[i]].layout, plan->values[n].layout);
}

/* Gives node `n` a buffer: one of its inputs' where that dies here, or a new one. */
static int find_buffer(SolPlan *plan, int n)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    Value *value = &plan->values[n];
    size_t bytes, planes = 0;
    if (!sol_features_bytes(value->shape, value->layout, &bytes) ||
        !sol_features_bytes(value->shape, SOL_PLANES, &planes))
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels are too many: layer \"%s\" cannot be addressed",
                        plan->values[0].shape.width, plan->values[0].shape.height,
                        sol_graph_node(plan->graph, n)->name);
    if (value->kept && !sol_layout_is(value->layout, SOL_PLANES))
        value->result = add_buffer(plan, planes, n, value->last);
    for (int i = 0; i < sol_op_inputs(layer->op); i++)
        if (can_overwrite(plan, n, i)) {
            value->buffer = plan->values[layer->inputs[i]].buffer;
            plan->buffers[value->buffer].last = value->last;
            return SOL_OK;
        }
    value->buffer = add_buffer(plan, bytes, n, value->last);
    return SOL_OK;
}

/* Reserves room for inputs of node `n` that its step wants in another layout than they have. */
static int find_copies(SolPlan *plan, int n)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    Value *value = &plan->values[n];
    for (int i = 0; i < sol_op_inputs(layer->op); i++) {
        const Value *input = &plan->values[layer->inputs[i]];
        size_t bytes;
        if (sol_layout_is(input->layout, value->reads))
            continue;
        if (!sol_features_bytes(input->shape, value->reads, &bytes))
            return sol_fail(SOL_ERR_NOMEM, "the picture is too large for layer \"%s\"",
                            sol_graph_node(plan->graph, n)->name);
        value->copies[i] = add_buffer(plan, bytes, n, n);
    }
    return SOL_OK;
}

/* True where no convolution lies between the input and node `n`, or between it and the output. */
static bool is_outermost(const SolPlan *plan, int n)
{
    const SolGraph *graph = plan->graph;
    int count = sol_graph_count(graph), before = n, after = n;
    do
        before = sol_graph_node(graph, before)->layer.inputs[0];
    while (before > 0 && sol_graph_node(graph, before)->layer.op != SOL_OP_CONV);
    do
        after++;
    while (after < count && sol_graph_node(graph, after)->layer.op != SOL_OP_CONV);
    return before == 0 || after == count;
}

static int plan_conv(SolPlan *plan, int n, const SolPlanOptions *options)
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
    int result;
    if (options->precision != SOL_PRECISION_FLOAT32 && !is_outermost(plan, n))
        shape.element = options->precision == SOL_PRECISION_BFLOAT16 ? SOL_BFLOAT16
                                                                     : sol_conv_best_element(options->backend, &shape);
    result = sol_conv_plan(&value->conv, options->backend, &shape, layer->weights, layer->bias, plan->pool);
    if (result != SOL_OK)
        return sol_fail_within(result, "layer \"%s\"", node->name);
    value->scratch = add_buffer(plan, value->conv->scratch, n, n);
    value->reads = value->conv->in;
    value->layout = value->conv->out;
    plan->macs += sol_conv_macs(&shape);
    return SOL_OK;
}

/* The numbers of an adain node with so many channels, in memory for them. */
static AdainNumbers adain_numbers(void *memory, int channels)
{
    AdainNumbers numbers = {.moments = memory};
    numbers.mean = (float *)(numbers.moments + channels);
    numbers.std = numbers.mean + channels;
    numbers.centre = numbers.std + channels;
    numbers.scale = numbers.centre + channels;
    numbers.offset = numbers.scale + channels;
    return numbers;
}

static int plan_node(SolPlan *plan, int n, const SolPlanOptions *options)
{
    SolOp op = sol_graph_node(plan->graph, n)->layer.op;
    Value *value = &plan->values[n];
    int result = SOL_OK;
    value->copies[0] = value->copies[1] = value->result = -1;
    value->reads = value->layout = SOL_PLANES;
    if (n > 0) {
        value->reads = value->layout = plan->values[sol_graph_node(plan->graph, n)->layer.inputs[0]].layout;
        result = find_shape(plan, n);
    }
    if (result == SOL_OK && op == SOL_OP_CONV)
        result = plan_conv(plan, n, options);
    if (result == SOL_OK)
        result = find_buffer(plan, n);
    if (result == SOL_OK)
        result = find_copies(plan, n);
    if (result == SOL_OK && op == SOL_OP_ADAIN)
        value->scratch = add_buffer(plan, (sizeof(SolMoments) + 5 * sizeof(float)) * (size_t)value->shape.channels, n, n);
    return result;
}

static int plan_nodes(SolPlan *plan, int width, int height, const SolPlanOptions *options)
{
    int result = SOL_OK;
    plan->values[0].shape = (SolShape){sol_graph_node(plan->graph, 0)->channels, height, width};
    for (int n = 0; n < sol_graph_count(plan->graph) && result == SOL_OK; n++)
        if (plan->values[n].needed)
            result = plan_node(plan, n, options);
    return result;
}

int sol_plan_open(SolPlan **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                  const SolPlanOptions *options, SolPool *pool)
{
    static const SolPlanOptions fastest;
    SolPlan *plan = sol_calloc(1, sizeof *plan);
    size_t count = (size_t)sol_graph_count(graph);
    int result;
    if (!plan)
        return sol_fail_memory("a network's plan");
    plan->graph = graph;
    plan->pool = pool;
    plan->values = sol_calloc(count, sizeof *plan->values);
    plan->buffers = sol_calloc(count, BUFFERS_OF_VALUE * sizeof *plan->buffers);
    if (!plan->values || !plan->buffers) {
        result = sol_fail_memory("a network's plan");
        goto fail;
    }
    if (width < 1 || height < 1) {
        result = sol_fail(SOL_ERR_ARGUMENT, "a picture of %dx%d pixels: sides must be at least 1", width, height);
        goto fail;
    }
    find_needed(plan, keep, keep_count);
    result = plan_nodes(plan, width, height, options ? options : &fastest);
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

/* The value of a node where it lies. */
static SolFeatures features_of(const SolPlan *plan, int n)
{
    const Value *value = &plan->values[n];
    return (SolFeatures){memory_of(plan, value->buffer), value->shape, value->layout};
}

/* Input number `i` of node `n`, in the layout that its step wants. */
static SolFeatures input_of(const SolPlan *plan, int n, int i)
{
    const Value *value = &plan->values[n];
    SolFeatures from = features_of(plan, sol_graph_node(plan->graph, n)->layer.inputs[i]), to = from;
    if (value->copies[i] < 0)
        return from;
    to.data = memory_of(plan, value->copies[i]);
    to.layout = value->reads;
    sol_op_convert(plan->pool, &from, &to);
    return to;
}

static void run_adain(const SolPlan *plan, int n, const float *statistics, float strength)
{
    const Value *value = &plan->values[n];
    int tap_node = sol_graph_node(plan->graph, n)->layer.tap, channels = value->shape.channels;
    SolFeatures in = input_of(plan, n, 0), out = features_of(plan, n), tap = features_of(plan, tap_node);
    const float *style = statistics + sol_graph_statistics(plan->graph, tap_node);
    AdainNumbers a = adain_numbers(memory_of(plan, value->scratch), channels);
    if (strength < 1)
        sol_op_moments(plan->pool, &tap, a.moments);
    for (int c = 0; c < channels; c++) {
        float mean = strength < 1 ? (float)a.moments[c].mean : 0;
        float std = strength < 1 ? sol_deviation(&a.moments[c]) : 0;
        a.mean[c] = mean + strength * (style[c] - mean);
        a.std[c] = std + strength * (style[channels + c] - std);
    }
    sol_op_moments(plan->pool, &in, a.moments);
    sol_adain(a.moments, channels, a.mean, a.std, a.centre, a.scale, a.offset);
    sol_op_affine(plan->pool, &in, a.centre, a.scale, a.offset, &out);
}

static void run_operator(const SolPlan *plan, int n, const SolFeatures *in, const SolFeatures *out)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    const Value *value = &plan->values[n];
    SolFeatures other;
    switch (layer->op) {
    case SOL_OP_AFFINE:
        sol_op_affine(plan->pool, in, NULL, layer->scale, layer->offset, out);
        break;
    case SOL_OP_CONV:
        sol_conv_run(value->conv, &(SolConvData){.in = in->data, .out = out->data}, memory_of(plan, value->scratch));
        break;
    case SOL_OP_RELU:
        sol_op_relu(plan->pool, in, out);
        break;
    case SOL_OP_MAX_POOL:
        sol_op_max_pool(plan->pool, in, out);
        break;
    case SOL_OP_UPSAMPLE:
        sol_op_upsample(plan->pool, in, out);
        break;
    case SOL_OP_ADD:
        other = input_of(plan, n, 1);
        sol_op_add(plan->pool, in, &other, out);
        break;
    case SOL_OP_ADAIN:
    case SOL_OP_INPUT:
    case SOL_OP_COUNT:
        break;
    }
}

static void run_node(const SolPlan *plan, int n, const float *statistics, float strength)
{
    const Value *value = &plan->values[n];
    SolFeatures out = features_of(plan, n), in;
    if (sol_graph_node(plan->graph, n)->layer.op == SOL_OP_ADAIN) {
        run_adain(plan, n, statistics, strength);
    } else {
        in = input_of(plan, n, 0);
        run_operator(plan, n, &in, &out);
    }
    if (value->result >= 0) {
        SolFeatures planes = sol_planes(memory_of(plan, value->result), value->shape);
        sol_op_convert(plan->pool, &out, &planes);
    }
}

void sol_plan_run(SolPlan *plan, const float *statistics, float strength)
{
    double start = sol_clock(), end;
    for (int n = 1; n < sol_graph_count(plan->graph); n++, start = end) {
        if (plan->values[n].needed)
            run_node(plan, n, statistics, strength);
        end = sol_clock();
        plan->values[n].seconds += end - start;
    }
}

const float *sol_plan_result(const SolPlan *plan, int node, SolShape *shape)
{
    const Value *value = &plan->values[node];
    if (!value->kept)
        return NULL;
    *shape = value->shape;
    return memory_of(plan, value->result >= 0 ? value->result : value->buffer);
}

void sol_plan_moments(const SolPlan *plan, int node, SolMoments *moments)
{
    SolFeatures value = features_of(plan, node);
    sol_op_moments(plan->pool, &value, moments);
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

bool sol_plan_step(const SolPlan *plan, int node, SolPlanStep *step)
{
    const Value *value = &plan->values[node];
    if (node == 0 || !value->needed)
        return false;
    *step = (SolPlanStep){sol_graph_node(plan->graph, node), value->shape, value->conv, value->seconds};
    return true;
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps run in the graph's order, so node numbers are the steps that buffers live from and to. Nodes that melt into
 * another's step (nn/fuse.h) have none. A value lives from the step that makes it to the last one that reads it, or
 * to the end where it is kept; steps that work element by element write over an input that dies with them.
 */
#include "nn/plan.h"

#include "base/clock.h"
#include "base/error.h"
#include "nn/arena.h"
#include "nn/fuse.h"
#include "nn/gemm.h"
#include "nn/ops.h"

#include <limits.h>
#include <string.h>

/* A node at the planned size. */
typedef struct Value {
    SolShape shape;
    SolLayout layout;
    int last;          /* the last step that reads it */
    int buffer;        /* that holds it; -1 where it is never written */
    int scratch;       /* buffer that only its own step uses: a convolution's scratch, what a node normalises with */
    SolLayout wanted[2]; /* the layouts that its step wants its inputs in */
    int copies[2];     /* buffers for inputs that lie in another; -1 where they are read as they are */
    int result;        /* of a kept value that does not lie in planes: the buffer that its planes go to; -1 */
    SolConv *conv;
    double seconds; /* that runs took here */
} Value;

enum { BUFFERS_OF_VALUE = 5 };

/* What a step that normalises works with, [channels] each. */
typedef struct AdainNumbers {
    SolMoments *moments;
    float *mean, *std;              /* aimed for */
    float *centre, *scale, *offset; /* of the affine map there */
} AdainNumbers;

/* What a wct step works with. */
typedef struct WctNumbers {
    SolScatter scatter;
    SolStyleMap map;
    void *work; /* sol_wct_bytes() */
} WctNumbers;

struct SolPlan {
    const SolGraph *graph;
    SolPool *pool;
    Value *values; /* one for each node */
    SolStep *steps;
    SolBuffer *buffers;
    int buffer_count;
    char *arena;
    size_t bytes;
    size_t prepared; /* bytes of weights, beside the arena */
    bool sizes_only; /* it is never run */
    bool raw;        /* kept results stay as they are */
    double macs;
};

/* Marks what `keep` needs. */
static int find_needed(SolPlan *plan, const int keep[], int keep_count)
{
    int count = sol_graph_count(plan->graph);
    bool *needed = sol_alloc((size_t)count, sizeof *needed);
    if (!needed)
        return sol_fail_memory("a network's plan");
    sol_graph_needed(plan->graph, keep, keep_count, needed);
    for (int n = 0; n < count; n++)
        plan->steps[n].needed = n == 0 || needed[n];
    for (int i = 0; i < keep_count; i++)
        plan->steps[keep[i]].kept = true;
    sol_free(needed);
    return SOL_OK;
}

/* Until when values are needed. */
static void find_lives(SolPlan *plan)
{
    int count = sol_graph_count(plan->graph);
    for (int n = 0; n < count; n++) {
        const SolStep *step = &plan->steps[n];
        if (step->kept)
            plan->values[n].last = count;
        for (int i = 0; step->needed && !step->melted && i < SOL_READS; i++)
            if (step->reads[i] >= 0 && plan->values[step->reads[i]].last < n)
                plan->values[step->reads[i]].last = n;
    }
}

/* One side of the result of a layer, from that of its input; 0 or less where nothing is left, INT_MAX where too much
   would be. */
static int find_side(const SolLayer *layer, int side)
{
    switch (layer->op) {
    case SOL_OP_MAX_POOL:
        return side / 2;
    case SOL_OP_CONV:
        side -= layer->border == SOL_BORDER_VALID ? layer->kernel - 1 : 0;
        return layer->stride == 2 ? side / 2 + side % 2 : side;
    case SOL_OP_UPSAMPLE:
    case SOL_OP_CONV_TRANSPOSE:
        return side > INT_MAX / 2 ? INT_MAX : 2 * side;
    case SOL_OP_PAD:
        return side > INT_MAX - 2 * layer->pixels ? INT_MAX : side + 2 * layer->pixels;
    default:
        return side;
    }
}

/* The shape of node `n`, from those of its inputs. */
static int find_shape(SolPlan *plan, int n)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    const SolLayer *layer = &node->layer;
    SolShape shape = plan->values[layer->inputs[0]].shape, other;
    shape.channels = node->channels;
    shape.width = find_side(layer, shape.width);
    shape.height = find_side(layer, shape.height);
    if (shape.width < 1 || shape.height < 1)
        return sol_fail(SOL_ERR_ARGUMENT, "%dx%d pixels are too few: nothing is left at layer \"%s\"",
                        plan->values[0].shape.width, plan->values[0].shape.height, node->name);
    if (shape.width == INT_MAX || shape.height == INT_MAX)
        return sol_fail(SOL_ERR_NOMEM, "the picture is too large for layer \"%s\"", node->name);
    if (layer->op == SOL_OP_ADD) {
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

/* True where the result of step `n`, which has the layout `layout`, may lie where its input number `i` lies. */
static bool can_overwrite(const SolPlan *plan, int n, int i, SolLayout layout)
{
    const SolStep *step = &plan->steps[n];
    SolOp op = sol_graph_node(plan->graph, n)->layer.op;
    bool elementwise = op == SOL_OP_AFFINE || op == SOL_OP_RELU || op == SOL_OP_ADD || op == SOL_OP_TANH ||
                       op == SOL_OP_WCT || op == SOL_OP_LEVEL || sol_op_normalises(op) ||
                       (op == SOL_OP_CONV && i == 1 && step->reads[0] != step->reads[1]);
    return elementwise && step->reads[i] >= 0 && !step->doubled[i] && plan->values[step->reads[i]].last == n &&
           sol_layout_is(plan->values[step->reads[i]].layout, layout);
}

/* Gives the value of node `n`, which step `step` makes, a buffer: one of the inputs' where that dies there, or a
   new one. */
static int find_buffer(SolPlan *plan, int n, int step)
{
    Value *value = &plan->values[n];
    size_t bytes, planes = 0;
    if (!sol_features_bytes(value->shape, value->layout, &bytes) ||
        !sol_features_bytes(value->shape, SOL_PLANES, &planes))
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels are too many: layer \"%s\" cannot be addressed",
                        plan->values[0].shape.width, plan->values[0].shape.height,
                        sol_graph_node(plan->graph, n)->name);
    if (plan->steps[n].kept && !plan->raw && !sol_layout_is(value->layout, SOL_PLANES))
        value->result = add_buffer(plan, planes, step, value->last);
    for (int i = 0; i < 2 && plan->steps[step].pooled != n; i++)
        if (can_overwrite(plan, step, i, value->layout)) {
            value->buffer = plan->values[plan->steps[step].reads[i]].buffer;
            plan->buffers[value->buffer].last = value->last;
            return SOL_OK;
        }
    value->buffer = add_buffer(plan, bytes, step, value->last);
    return SOL_OK;
}

/* Gives buffers to all values that step `n` makes. */
static int find_buffers(SolPlan *plan, int n)
{
    const SolStep *step = &plan->steps[n];
    const int others[] = {step->pooled, step->sum};
    int result = sol_step_writes(step) ? find_buffer(plan, n, n) : SOL_OK;
    for (int i = 0; i < 2 && result == SOL_OK; i++)
        if (others[i] >= 0) {
            plan->values[others[i]].layout = plan->values[n].layout;
            result = find_buffer(plan, others[i], n);
        }
    return result;
}

/* Reserves room for inputs of step `n` that it wants in another layout than they have. */
static int find_copies(SolPlan *plan, int n)
{
    const SolStep *step = &plan->steps[n];
    Value *value = &plan->values[n];
    for (int i = 0; i < 2; i++) {
        const Value *input = step->reads[i] < 0 ? NULL : &plan->values[step->reads[i]];
        size_t bytes;
        if (!input || sol_layout_is(input->layout, value->wanted[i]))
            continue;
        if (!sol_features_bytes(input->shape, value->wanted[i], &bytes))
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
    while (before > 0 && !sol_op_convolves(sol_graph_node(graph, before)->layer.op));
    do
        after++;
    while (after < count && !sol_op_convolves(sol_graph_node(graph, after)->layer.op));
    return before == 0 || after == count;
}

/* True where a wct node comes after node `n`: whitening would amplify what bfloat16 rounds off. */
static bool is_whitened(const SolPlan *plan, int n)
{
    int count = sol_graph_count(plan->graph);
    while (n < count && sol_graph_node(plan->graph, n)->layer.op != SOL_OP_WCT)
        n++;
    return n < count;
}

/* The precision that a convolution has where it is left open: SOL_PRECISION_AUTO. */
static SolElement best_element(const SolPlan *plan, int n, const SolConvBackend *backend, const SolConvShape *shape)
{
    return is_whitened(plan, n) ? SOL_FLOAT32 : sol_conv_best_element(backend, shape);
}

/* Who is to compute a convolution. Not all backends change sizes; then it is whichever does. */
static const SolConvBackend *backend_for(const SolPlanOptions *options, const SolConvShape *shape)
{
    bool unable = options->backend && sol_conv_resizes(shape) && !options->backend->supports(shape);
    return unable ? NULL : options->backend;
}

/* A convolution as it stands in the graph. */
static SolConvShape conv_shape(const SolPlan *plan, int n, const SolPlanOptions *options)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    const SolLayer *layer = &node->layer;
    SolConvShape shape = {.in_channels = sol_graph_node(plan->graph, layer->inputs[0])->channels,
                          .out_channels = node->channels,
                          .kernel = layer->kernel,
                          .stride = layer->op == SOL_OP_CONV ? layer->stride : 1,
                          .transposed = layer->op == SOL_OP_CONV_TRANSPOSE,
                          .height = plan->values[layer->inputs[0]].shape.height,
                          .width = plan->values[layer->inputs[0]].shape.width,
                          .border = layer->border,
                          .relu = layer->relu};
    if (options->precision != SOL_PRECISION_FLOAT32 && !is_outermost(plan, n))
        shape.element = options->precision == SOL_PRECISION_BFLOAT16 ? SOL_BFLOAT16
                                                                     : best_element(plan, n, options->backend, &shape);
    if (sol_conv_resizes(&shape) && !backend_for(options, &shape) && !sol_conv_choose(&shape))
        shape.element = SOL_FLOAT32;
    return shape;
}

static int plan_conv(SolPlan *plan, int n, const SolPlanOptions *options)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    Value *value = &plan->values[n];
    int result = sol_conv_plan(&value->conv, backend_for(options, &plan->steps[n].conv), &plan->steps[n].conv,
                               plan->sizes_only ? NULL : node->layer.weights, node->layer.bias, plan->pool);
    if (result != SOL_OK)
        return sol_fail_within(result, "layer \"%s\"", node->name);
    value->scratch = add_buffer(plan, value->conv->scratch, n, n);
    value->wanted[0] = value->conv->in;
    value->wanted[1] = value->layout = value->conv->out;
    plan->macs += sol_conv_macs(&plan->steps[n].conv);
    plan->prepared += value->conv->prepared;
    return SOL_OK;
}

/* The numbers of a node that normalises, with so many channels, in memory for them. */
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

/* The numbers of a wct node with so many channels, in memory for them; and the bytes that they take. */
static WctNumbers wct_numbers(void *memory, int channels, const SolPool *pool)
{
    char *work = (char *)memory + sol_scatter_bytes(channels);
    float *map = (float *)(void *)(work + sol_wct_bytes(channels, pool));
    return (WctNumbers){.scatter = sol_scatter_in(memory, channels), .work = work,
                        .map = {.centre = map, .offset = map + channels, .scale = map + 2 * channels}};
}

static size_t wct_bytes(int channels, const SolPool *pool)
{
    size_t size = (size_t)channels;
    return sol_scatter_bytes(channels) + sol_wct_bytes(channels, pool) + (size + 2) * size * sizeof(float);
}

/* Plans the step of node `n`. */
static int plan_step(SolPlan *plan, int n, const SolPlanOptions *options)
{
    SolOp op = sol_graph_node(plan->graph, n)->layer.op;
    Value *value = &plan->values[n];
    int result = SOL_OK;
    value->layout = n > 0 ? plan->values[plan->steps[n].reads[0]].layout : SOL_PLANES;
    value->wanted[0] = value->wanted[1] = value->layout;
    if (sol_op_convolves(op))
        result = plan_conv(plan, n, options);
    if (result == SOL_OK)
        result = find_buffers(plan, n);
    if (result == SOL_OK)
        result = find_copies(plan, n);
    if (result == SOL_OK && sol_op_normalises(op))
        value->scratch = add_buffer(plan, (sizeof(SolMoments) + 5 * sizeof(float)) * (size_t)value->shape.channels, n, n);
    if (result == SOL_OK && op == SOL_OP_WCT) {
        value->scratch = add_buffer(plan, wct_bytes(value->shape.channels, plan->pool), n, n);
        sol_gemm_set_threads(1);
    }
    return result;
}

static int plan_steps(SolPlan *plan, int width, int height, const SolPlanOptions *options)
{
    int count = sol_graph_count(plan->graph), result = SOL_OK;
    plan->values[0].shape = (SolShape){sol_graph_node(plan->graph, 0)->channels, height, width};
    for (int n = 0; n < count && result == SOL_OK; n++) {
        Value *value = &plan->values[n];
        value->buffer = value->copies[0] = value->copies[1] = value->result = -1;
        if (n > 0 && plan->steps[n].needed)
            result = find_shape(plan, n);
        if (result == SOL_OK && plan->steps[n].needed && sol_op_convolves(sol_graph_node(plan->graph, n)->layer.op))
            plan->steps[n].conv = conv_shape(plan, n, options);
    }
    if (result != SOL_OK)
        return result;
    sol_fuse(plan->graph, options->backend, plan->steps);
    find_lives(plan);
    for (int n = 0; n < count && result == SOL_OK; n++)
        if (plan->steps[n].needed && !plan->steps[n].melted)
            result = plan_step(plan, n, options);
    return result;
}

/* A plan without its arena. */
static int lay_out(SolPlan **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                   const SolPlanOptions *options, SolPool *pool, bool sizes_only)
{
    static const SolPlanOptions fastest;
    SolPlan *plan = sol_calloc(1, sizeof *plan);
    size_t count = (size_t)sol_graph_count(graph);
    int result;
    if (!plan)
        return sol_fail_memory("a network's plan");
    plan->graph = graph;
    plan->pool = pool;
    plan->sizes_only = sizes_only;
    plan->raw = options && options->raw;
    plan->values = sol_calloc(count, sizeof *plan->values);
    plan->buffers = sol_calloc(count, BUFFERS_OF_VALUE * sizeof *plan->buffers);
    plan->steps = sol_calloc(count, sizeof *plan->steps);
    if (!plan->values || !plan->buffers || !plan->steps) {
        result = sol_fail_memory("a network's plan");
        goto fail;
    }
    if (width < 1 || height < 1) {
        result = sol_fail(SOL_ERR_ARGUMENT, "a picture of %dx%d pixels: sides must be at least 1", width, height);
        goto fail;
    }
    result = find_needed(plan, keep, keep_count);
    if (result == SOL_OK)
        result = plan_steps(plan, width, height, options ? options : &fastest);
    if (result == SOL_OK)
        result = sol_arena_lay_out(plan->buffers, plan->buffer_count, &plan->bytes);
    if (result != SOL_OK)
        goto fail;
    *out = plan;
    return SOL_OK;
fail:
    sol_plan_close(&plan);
    return result;
}

int sol_plan_open(SolPlan **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                  const SolPlanOptions *options, SolPool *pool)
{
    SolPlan *plan = NULL;
    int result = lay_out(&plan, graph, width, height, keep, keep_count, options, pool, false);
    if (result != SOL_OK)
        return result;
    plan->arena = sol_alloc(plan->bytes, 1);
    if (!plan->arena) {
        result = sol_fail(SOL_ERR_NOMEM, "not enough memory to paint %dx%d pixels: %zu MiB are needed", width, height,
                          plan->bytes >> 20);
        sol_plan_close(&plan);
        return result;
    }
    *out = plan;
    return SOL_OK;
}

int sol_plan_sketch(SolPlan **plan, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                    const SolPlanOptions *options, SolPool *pool)
{
    return lay_out(plan, graph, width, height, keep, keep_count, options, pool, true);
}

int sol_plan_size(const SolPlan *plan, SolPlanSize *size)
{
    size_t bytes;
    if (!sol_add(plan->bytes, plan->prepared, &bytes))
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels are too many: they cannot be addressed",
                        plan->values[0].shape.width, plan->values[0].shape.height);
    *size = (SolPlanSize){.bytes = bytes, .macs = plan->macs};
    return SOL_OK;
}

int sol_plan_measure(SolPlanSize *size, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                     const SolPlanOptions *options, SolPool *pool)
{
    SolPlan *plan = NULL;
    int result = sol_plan_sketch(&plan, graph, width, height, keep, keep_count, options, pool);
    if (result == SOL_OK)
        result = sol_plan_size(plan, size);
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

/* Input number `i` of step `n`, in the layout that it wants. */
static SolFeatures input_of(const SolPlan *plan, int n, int i)
{
    const Value *value = &plan->values[n];
    SolFeatures from = features_of(plan, plan->steps[n].reads[i]), to = from;
    if (value->copies[i] < 0)
        return from;
    to.data = memory_of(plan, value->copies[i]);
    to.layout = value->wanted[i];
    sol_op_convert(plan->pool, &from, &to);
    return to;
}

/* What nodes that normalise go by: how the network is applied, or maps where the input is a tile. */
typedef struct Aim {
    const SolApply *apply;
    const SolStyleMap *maps;
} Aim;

/* The moments of a value within an area, with weights or without. */
static double measure(const SolPlan *plan, const SolFeatures *value, SolArea area, SolWeightRows weights,
                      SolMoments *moments)
{
    if (weights.first)
        return sol_op_moments_weighted(plan->pool, value, area, weights, moments);
    sol_op_moments(plan->pool, value, area, moments);
    return (double)area.width * area.height;
}

/* Of the whole picture, smoothed: at node `n`, whose statistics lie at `at` in the trail. */
static void measure_picture(const SolPlan *plan, int n, const SolFeatures *value, const SolApply *apply, size_t at,
                            SolMoments *moments)
{
    SolWeightRows weights = sol_weights_at(apply->weights, sol_graph_node(plan->graph, n), 0, 0);
    measure(plan, value, sol_shape_area(value->shape), weights, moments);
    sol_apply_smooth_moments(apply, at, moments, value->shape.channels);
}

static void run_adain(const SolPlan *plan, int n, const Aim *aim)
{
    const Value *value = &plan->values[n];
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    const SolApply *apply = aim->apply;
    int channels = value->shape.channels;
    size_t at = sol_apply_trail(plan->graph, n);
    SolFeatures in = input_of(plan, n, 0), out = features_of(plan, n), tap = features_of(plan, layer->tap);
    AdainNumbers a = adain_numbers(memory_of(plan, value->scratch), channels);
    SolStyleMap map = {.centre = a.centre, .offset = a.offset, .scale = a.scale};
    if (aim->maps) {
        map = aim->maps[n];
    } else {
        if (sol_apply_needs_own(apply))
            measure_picture(plan, layer->tap, &tap, apply, at + 2 * (size_t)channels, a.moments);
        sol_adain_aim(a.moments, channels, apply->statistics + sol_graph_statistics(plan->graph, layer->tap),
                      apply->strength, a.mean, a.std);
        measure_picture(plan, layer->inputs[0], &in, apply, at, a.moments);
        sol_adain(a.moments, channels, a.mean, a.std, a.centre, a.scale, a.offset);
    }
    sol_op_affine(plan->pool, &in, map.centre, map.scale, map.offset, &out);
}

/* The map of a wct node of which `in` is the input. */
static int find_map(const SolPlan *plan, int n, const SolFeatures *in, const SolApply *apply, WctNumbers *w)
{
    const SolNode *node = sol_graph_node(plan->graph, n);
    const SolLayer *layer = &node->layer;
    SolWeightRows weights = sol_weights_at(apply->weights, sol_graph_node(plan->graph, layer->inputs[0]), 0, 0);
    int result;
    sol_op_scatter_weighted(plan->pool, in, sol_shape_area(in->shape), weights, w->work, &w->scatter);
    sol_apply_smooth_scatter(apply, sol_apply_trail(plan->graph, n), &w->scatter, node->channels);
    result = sol_wct(&w->scatter, node->channels, apply->statistics + sol_graph_statistics(plan->graph, layer->tap),
                     apply->strength * layer->strength, w->work, w->map.centre, w->map.scale, w->map.offset);
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "layer \"%s\"", node->name);
}

static int run_wct(const SolPlan *plan, int n, const Aim *aim)
{
    const Value *value = &plan->values[n];
    SolFeatures in = input_of(plan, n, 0), out = features_of(plan, n);
    WctNumbers w = wct_numbers(memory_of(plan, value->scratch), value->shape.channels, plan->pool);
    SolStyleMap map = aim->maps ? aim->maps[n] : w.map;
    int result = aim->maps ? SOL_OK : find_map(plan, n, &in, aim->apply, &w);
    if (result == SOL_OK)
        sol_op_matrix(plan->pool, &in, map.centre, map.scale, map.offset, w.work, &out);
    return result;
}

static void run_instance_norm(const SolPlan *plan, int n, const Aim *aim)
{
    const Value *value = &plan->values[n];
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    SolFeatures in = input_of(plan, n, 0), out = features_of(plan, n);
    AdainNumbers a = adain_numbers(memory_of(plan, value->scratch), value->shape.channels);
    SolStyleMap map = {.centre = a.centre, .scale = a.scale, .offset = a.offset};
    if (aim->maps) {
        map = aim->maps[n];
    } else {
        sol_op_moments(plan->pool, &in, sol_shape_area(in.shape), a.moments);
        sol_instance_norm(a.moments, value->shape.channels, layer->epsilon, layer->weights, layer->bias, a.centre,
                          a.scale, a.offset);
    }
    sol_op_normalise(plan->pool, &in, map.centre, map.scale, map.offset, layer->relu, &out);
}

/* The memory of a value that a step makes besides its own, or NULL for none. */
static void *memory_of_value(const SolPlan *plan, int n)
{
    return n >= 0 ? memory_of(plan, plan->values[n].buffer) : NULL;
}

static void run_conv(const SolPlan *plan, int n, const SolFeatures *in)
{
    const SolStep *step = &plan->steps[n];
    const Value *value = &plan->values[n];
    SolConvData data = {.in = in->data, .pooled = memory_of_value(plan, step->pooled)};
    data.out = memory_of_value(plan, step->sum >= 0 ? step->sum : sol_step_writes(step) ? n : -1);
    if (step->conv.added)
        data.added = input_of(plan, n, 1).data;
    sol_conv_run(value->conv, &data, memory_of(plan, value->scratch));
}

static void run_operator(const SolPlan *plan, int n, const SolFeatures *in, const SolFeatures *out)
{
    const SolLayer *layer = &sol_graph_node(plan->graph, n)->layer;
    SolFeatures other;
    switch (layer->op) {
    case SOL_OP_AFFINE:
        sol_op_affine(plan->pool, in, NULL, layer->scale, layer->offset, out);
        break;
    case SOL_OP_CONV:
    case SOL_OP_CONV_TRANSPOSE:
        run_conv(plan, n, in);
        break;
    case SOL_OP_RELU:
        sol_op_relu(plan->pool, in, out);
        break;
    case SOL_OP_MAX_POOL:
        sol_op_max_pool(plan->pool, in, out);
        break;
    case SOL_OP_UPSAMPLE:
        (layer->bilinear ? sol_op_upsample_bilinear : sol_op_upsample)(plan->pool, in, out);
        break;
    case SOL_OP_TANH:
        sol_op_tanh(plan->pool, in, out);
        break;
    case SOL_OP_PAD:
        sol_op_pad(plan->pool, in, out);
        break;
    case SOL_OP_ADD:
        other = input_of(plan, n, 1);
        sol_op_add(plan->pool, in, &other, out);
        break;
    case SOL_OP_LEVEL:
        if (in->data != out->data)
            sol_op_convert(plan->pool, in, out);
        break;
    case SOL_OP_ADAIN:
    case SOL_OP_WCT:
    case SOL_OP_INSTANCE_NORM:
    case SOL_OP_INPUT:
    case SOL_OP_COUNT:
        break;
    }
}

/* Brings a kept value into planes, where it lies otherwise. */
static void bring_out(const SolPlan *plan, int n)
{
    const Value *value = &plan->values[n];
    SolFeatures from, planes;
    if (value->result < 0)
        return;
    from = features_of(plan, n);
    planes = sol_planes(memory_of(plan, value->result), value->shape);
    sol_op_convert(plan->pool, &from, &planes);
}

static int run_step(const SolPlan *plan, int n, const Aim *aim)
{
    SolOp op = sol_graph_node(plan->graph, n)->layer.op;
    SolFeatures out = {0}, in;
    int result = SOL_OK;
    if (sol_step_writes(&plan->steps[n]))
        out = features_of(plan, n);
    if (op == SOL_OP_ADAIN) {
        run_adain(plan, n, aim);
    } else if (op == SOL_OP_WCT) {
        result = run_wct(plan, n, aim);
    } else if (op == SOL_OP_INSTANCE_NORM) {
        run_instance_norm(plan, n, aim);
    } else {
        in = input_of(plan, n, 0);
        run_operator(plan, n, &in, &out);
    }
    bring_out(plan, n);
    if (plan->steps[n].sum >= 0)
        bring_out(plan, plan->steps[n].sum);
    return result;
}

static int run_steps(const SolPlan *plan, int stop, const Aim *aim)
{
    double start = sol_clock(), end;
    int result = SOL_OK;
    for (int n = 1; n < stop && result == SOL_OK; n++, start = end) {
        if (plan->steps[n].needed && !plan->steps[n].melted)
            result = run_step(plan, n, aim);
        end = sol_clock();
        plan->values[n].seconds += end - start;
    }
    return result;
}

int sol_plan_apply(SolPlan *plan, const SolApply *apply)
{
    const Aim aim = {.apply = apply};
    return run_steps(plan, sol_graph_count(plan->graph), &aim);
}

int sol_plan_run(SolPlan *plan, const float *statistics, float strength)
{
    return sol_plan_apply(plan, &(SolApply){.statistics = statistics, .strength = strength});
}

void sol_plan_run_tile(SolPlan *plan, int stop, const SolStyleMap maps[])
{
    const Aim aim = {.maps = maps};
    (void)run_steps(plan, stop, &aim); /* which goes wrong only in finding maps */
}

const float *sol_plan_result(const SolPlan *plan, int node, SolShape *shape)
{
    const Value *value = &plan->values[node];
    if (!plan->steps[node].kept || plan->raw)
        return NULL;
    *shape = value->shape;
    return memory_of(plan, value->result >= 0 ? value->result : value->buffer);
}

SolFeatures sol_plan_value(const SolPlan *plan, int node)
{
    const Value *value = &plan->values[node];
    return (SolFeatures){value->buffer >= 0 && plan->arena ? memory_of(plan, value->buffer) : NULL, value->shape,
                         value->layout};
}

double sol_plan_moments(const SolPlan *plan, int node, SolArea area, SolWeightRows weights, SolMoments *moments)
{
    SolFeatures value = features_of(plan, node);
    return measure(plan, &value, area, weights, moments);
}

void sol_plan_scatter(const SolPlan *plan, int node, SolArea area, SolWeightRows weights, void *work,
                      SolScatter *scatter)
{
    SolFeatures value = features_of(plan, node);
    sol_op_scatter_weighted(plan->pool, &value, area, weights, work, scatter);
}

SolShape sol_plan_shape(const SolPlan *plan, int node)
{
    return plan->values[node].shape;
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
    if (node == 0 || !plan->steps[node].needed || plan->steps[node].melted)
        return false;
    *step = (SolPlanStep){sol_graph_node(plan->graph, node), value->shape, value->conv, value->seconds};
    return true;
}

void sol_plan_set_pool(SolPlan *plan, SolPool *pool)
{
    if (pool == plan->pool)
        return;
    plan->pool = pool;
    for (int n = 0; n < sol_graph_count(plan->graph); n++)
        if (plan->values[n].conv)
            plan->values[n].conv->pool = pool;
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
    sol_free(plan->steps);
    sol_free(plan->buffers);
    sol_free(plan->arena);
    sol_free(plan);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The way forward is a plan (nn/plan.h) that keeps what the way back reads: results of ReLUs, and what was pooled. The
 * way back goes through the nodes from the last to the first. Each node has one gradient, that of its result: what
 * the caller writes there and what the steps of its readers write or add. A node's own step turns it into gradients
 * of its inputs.
 *
 * In front of a convolution with weights w[o][i][y][x] the gradient is the convolution of the one behind it with
 * w[i][o][-y][-x], with zeros around. Where the border is a reflection, the pixels that it made have gradients, too:
 * the picture with its margin is convolved, and the margin folded back. Gradients have room for that around them.
 */
#include "nn/backward.h"

#include "base/clock.h"
#include "base/error.h"
#include "nn/arena.h"
#include "nn/ops_backward.h"

#include <string.h>

enum { BUFFERS_OF_STEP = 5 };

/* A node on the way back. */
typedef struct Step {
    bool needed, kept, rectified; /* rectified: its result is that of a ReLU */
    SolShape shape;
    SolLayout layout;    /* of its gradient */
    int gradient;        /* buffers, -1 for none: of its gradient; */
    int in, out, spare;  /* a convolution's input and output where they lie otherwise; what is added in the end */
    int scratch;
    bool adds[2];        /* to the gradients of its inputs, which others have written; else it writes them */
    bool passes;         /* its input's gradient is its own one, in the same memory: changed in place, if at all */
    bool rectifies;      /* a pooling: its input's gradient is complete after it, and rectified by it */
    SolConv *conv;
    float *weights;      /* of that, rotated */
    float *zeros;        /* [channels] of an affine node */
    double seconds;
} Step;

struct SolBackward {
    const SolGraph *graph;
    SolPool *pool;
    SolPlan *forward;
    Step *steps; /* one for each node */
    SolBuffer *buffers;
    int buffer_count;
    char *arena;
    size_t bytes, prepared;
    double macs;
    bool sizes_only;
};

static const SolLayer *layer_of(const SolBackward *b, int n)
{
    return &sol_graph_node(b->graph, n)->layer;
}

static int inputs_of(const SolBackward *b, int n)
{
    return sol_op_inputs(layer_of(b, n)->op);
}

/* ---- planning ---- */

static int check_operator(const SolBackward *b, int n)
{
    static const SolOp known[] = {SOL_OP_INPUT,    SOL_OP_AFFINE,   SOL_OP_CONV, SOL_OP_RELU,
                                  SOL_OP_MAX_POOL, SOL_OP_UPSAMPLE, SOL_OP_ADD};
    const SolLayer *layer = layer_of(b, n);
    SolOp op = layer->op;
    if (op == SOL_OP_CONV && (layer->stride == 2 || layer->border == SOL_BORDER_VALID))
        return sol_fail(SOL_ERR_ARGUMENT, "layer \"%s\": there is no gradient through a convolution %s",
                        sol_graph_node(b->graph, n)->name,
                        layer->stride == 2 ? "of stride 2" : "with the border \"valid\"");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == op)
            return SOL_OK;
    return sol_fail(SOL_ERR_ARGUMENT, "layer \"%s\": there is no gradient through the operator \"%s\"",
                    sol_graph_node(b->graph, n)->name, sol_op_name(op));
}

/* Marks what `keep` needs. */
static int find_needed(SolBackward *b, const int keep[], int keep_count)
{
    Step *steps = b->steps;
    for (int i = 0; i < keep_count; i++)
        steps[keep[i]].needed = steps[keep[i]].kept = true;
    for (int n = sol_graph_count(b->graph) - 1; n >= 0; n--) {
        const SolLayer *layer = layer_of(b, n);
        int result = steps[n].needed ? check_operator(b, n) : SOL_OK;
        if (result != SOL_OK)
            return result;
        steps[n].rectified = layer->op == SOL_OP_RELU || (layer->op == SOL_OP_CONV && layer->relu);
        for (int i = 0; steps[n].needed && i < inputs_of(b, n); i++)
            steps[layer->inputs[i]].needed = true;
    }
    steps[0].needed = true;
    return SOL_OK;
}

/* Plans the way forward, so that it keeps what the caller and the way back read. */
static int plan_forward(SolBackward *b, int width, int height, const SolPlanOptions *options)
{
    const SolPlanOptions raw = {
        .backend = options->backend, .precision = SOL_PRECISION_FLOAT32, .raw = true};
    int count = sol_graph_count(b->graph), kept = 0, result;
    int *keep = sol_calloc((size_t)count, sizeof *keep);
    SolPlanSize size = {0};
    if (!keep)
        return sol_fail_memory("a network's plan");
    for (int n = 0; n < count; n++) {
        bool read = b->steps[n].kept || b->steps[n].rectified;
        for (int r = n + 1; r < count; r++)
            read = read || (b->steps[r].needed && layer_of(b, r)->op == SOL_OP_MAX_POOL &&
                            layer_of(b, r)->inputs[0] == n);
        if (b->steps[n].needed && read)
            keep[kept++] = n;
    }
    result = (b->sizes_only ? sol_plan_sketch : sol_plan_open)(&b->forward, b->graph, width, height, keep, kept, &raw,
                                                                b->pool);
    if (result == SOL_OK)
        result = sol_plan_size(b->forward, &size);
    b->bytes = size.bytes;
    b->macs = size.macs;
    sol_free(keep);
    return result;
}

/* Pixels around the picture whose gradients count. */
static int border_of(const SolBackward *b, int n)
{
    const SolLayer *layer = layer_of(b, n);
    return layer->border == SOL_BORDER_REFLECT ? layer->kernel / 2 : 0;
}

/* The convolution that leads back through node `n`. */
static SolConvShape back_shape(const SolBackward *b, int n)
{
    const SolLayer *layer = layer_of(b, n);
    SolShape shape = b->steps[n].shape;
    int border = border_of(b, n);
    return (SolConvShape){.in_channels = shape.channels,
                          .out_channels = sol_graph_node(b->graph, layer->inputs[0])->channels,
                          .kernel = layer->kernel,
                          .height = shape.height + 2 * border,
                          .width = shape.width + 2 * border,
                          .border = SOL_BORDER_ZERO};
}

/* The layouts that this convolution reads and writes, with the pixels around the picture in their margins. */
static int probe(const SolBackward *b, int n, const SolPlanOptions *options, SolLayout *in, SolLayout *out)
{
    const SolConvShape shape = back_shape(b, n);
    SolConv *conv = NULL;
    int result = sol_conv_plan(&conv, options->backend, &shape, NULL, NULL, b->pool);
    if (result != SOL_OK)
        return sol_fail_within(result, "layer \"%s\"", sol_graph_node(b->graph, n)->name);
    *in = conv->in;
    *out = conv->out;
    in->margin += border_of(b, n);
    out->margin += border_of(b, n);
    sol_conv_close(&conv);
    return SOL_OK;
}

/* Gives a node's gradient the margin of a layout, where that has its block. */
static void take_margin(Step *step, SolLayout wanted)
{
    if (step->layout.block == wanted.block && wanted.margin > step->layout.margin)
        step->layout.margin = wanted.margin;
}

/* How gradients lie: in the blocks of the values, with the margins that convolutions read and write. */
static int find_layouts(SolBackward *b, const SolPlanOptions *options)
{
    SolLayout in, out;
    int count = sol_graph_count(b->graph);
    for (int n = 0; n < count; n++) {
        Step *step = &b->steps[n];
        SolFeatures value;
        if (!step->needed)
            continue;
        value = sol_plan_value(b->forward, n);
        step->shape = value.shape;
        step->layout = SOL_PLANES;
        if (n > 0)
            step->layout.block = layer_of(b, n)->op == SOL_OP_CONV && value.layout.block > 0
                                     ? value.layout.block
                                     : b->steps[layer_of(b, n)->inputs[0]].layout.block;
    }
    for (int n = 1; n < count; n++) {
        int result;
        if (!b->steps[n].needed || layer_of(b, n)->op != SOL_OP_CONV)
            continue;
        result = probe(b, n, options, &in, &out);
        if (result != SOL_OK)
            return result;
        take_margin(&b->steps[n], in);
        if (layer_of(b, n)->inputs[0] > 0)
            take_margin(&b->steps[layer_of(b, n)->inputs[0]], out);
    }
    return SOL_OK;
}

static int add_buffer(SolBackward *b, SolShape shape, SolLayout layout, int first, int last, int *buffer)
{
    size_t bytes;
    if (!sol_features_bytes(shape, layout, &bytes))
        return sol_fail(SOL_ERR_NOMEM, "the picture is too large for the gradients of the network");
    b->buffers[b->buffer_count] = (SolBuffer){.bytes = bytes, .first = first, .last = last};
    *buffer = b->buffer_count++;
    return SOL_OK;
}

/* When a node's step is run. */
static int time_of(const SolBackward *b, int n)
{
    return sol_graph_count(b->graph) - n;
}

/* The first node of those needed that reads node `n`, the last one whose step is run; -1 for none. */
static int first_reader(const SolBackward *b, int n)
{
    for (int r = n + 1; r < sol_graph_count(b->graph); r++)
        for (int i = 0; b->steps[r].needed && i < inputs_of(b, r); i++)
            if (layer_of(b, r)->inputs[i] == n)
                return r;
    return -1;
}

/* Gives every gradient its buffer, from the first step that writes it to the node's own. */
static int find_gradients(SolBackward *b)
{
    int result = SOL_OK;
    for (int n = sol_graph_count(b->graph) - 1; n >= 0 && result == SOL_OK; n--) {
        Step *step = &b->steps[n];
        const SolLayer *layer = layer_of(b, n);
        if (!step->needed)
            continue;
        if (step->gradient < 0)
            result = add_buffer(b, step->shape, step->layout, 0, 0, &step->gradient);
        if (result == SOL_OK)
            b->buffers[step->gradient].last = time_of(b, n);
        for (int i = 0; i < inputs_of(b, n) && result == SOL_OK; i++) {
            Step *input = &b->steps[layer->inputs[i]];
            step->adds[i] = input->kept || input->gradient >= 0;
            step->passes = (layer->op == SOL_OP_RELU || layer->op == SOL_OP_AFFINE) && !step->adds[i] &&
                           first_reader(b, layer->inputs[i]) == n && sol_layout_is(input->layout, step->layout);
            if (step->passes)
                input->gradient = step->gradient;
            if (input->gradient < 0)
                result = add_buffer(b, input->shape, input->layout, input->kept ? 0 : time_of(b, n), 0,
                                    &input->gradient);
            step->rectifies = layer->op == SOL_OP_MAX_POOL && input->rectified && first_reader(b, layer->inputs[i]) == n;
        }
    }
    return result;
}

/* w[i][o][k-1-y][k-1-x] of w[o][i][y][x]. */
static float *rotate(const float *weights, int outs, int ins, int kernel)
{
    size_t taps = (size_t)kernel * (size_t)kernel, count = 0;
    float *rotated;
    if (!sol_mul(taps, (size_t)outs, &count) || !sol_mul(count, (size_t)ins, &count) ||
        !(rotated = sol_alloc(count, sizeof *rotated)))
        return NULL;
    for (size_t o = 0; o < (size_t)outs; o++)
        for (size_t i = 0; i < (size_t)ins; i++)
            for (size_t k = 0; k < taps; k++)
                rotated[(i * (size_t)outs + o) * taps + taps - 1 - k] = weights[(o * (size_t)ins + i) * taps + k];
    return rotated;
}

/* Plans the convolution that leads back through node `n`, and where it reads and writes. */
static int plan_conv(SolBackward *b, int n, const SolPlanOptions *options)
{
    Step *step = &b->steps[n], *input = &b->steps[layer_of(b, n)->inputs[0]];
    SolConvShape shape = back_shape(b, n);
    SolLayout in = {0}, out = {0};
    int now = time_of(b, n), result = probe(b, n, options, &in, &out);
    if (result == SOL_OK && !sol_layout_is(in, step->layout))
        result = add_buffer(b, step->shape, in, now, now, &step->in);
    if (result == SOL_OK && !sol_layout_is(out, input->layout))
        result = add_buffer(b, input->shape, out, now, now, &step->out);
    if (result == SOL_OK && step->out >= 0 && step->adds[0] && out.block != input->layout.block)
        result = add_buffer(b, input->shape, input->layout, now, now, &step->spare);
    if (result != SOL_OK)
        return result;
    shape.added = step->adds[0] && step->out < 0;
    if (shape.added && !sol_conv_fuses(options->backend, &shape)) {
        shape.added = false;
        result = add_buffer(b, input->shape, out, now, now, &step->out);
    }
    if (result == SOL_OK && !b->sizes_only) {
        step->weights = rotate(layer_of(b, n)->weights, shape.in_channels, shape.out_channels, shape.kernel);
        result = step->weights ? SOL_OK : sol_fail_memory("a convolution");
    }
    if (result == SOL_OK)
        result = sol_conv_plan(&step->conv, options->backend, &shape, step->weights, NULL, b->pool);
    if (result != SOL_OK)
        return result;
    b->buffers[b->buffer_count] = (SolBuffer){.bytes = step->conv->scratch, .first = now, .last = now};
    step->scratch = b->buffer_count++;
    b->macs += sol_conv_macs(&shape);
    b->prepared += step->conv->prepared + sizeof(float) * (size_t)shape.in_channels * (size_t)shape.out_channels *
                                              (size_t)shape.kernel * (size_t)shape.kernel;
    return SOL_OK;
}

/* What a step needs besides gradients. */
static int plan_step(SolBackward *b, int n, const SolPlanOptions *options)
{
    Step *step = &b->steps[n];
    const SolLayer *layer = layer_of(b, n);
    int now = time_of(b, n), result = SOL_OK;
    if (layer->op == SOL_OP_CONV)
        return plan_conv(b, n, options);
    if (layer->op == SOL_OP_ADD && step->adds[1] && b->steps[layer->inputs[1]].layout.block != step->layout.block)
        result = add_buffer(b, step->shape, b->steps[layer->inputs[1]].layout, now, now, &step->spare);
    if (result == SOL_OK && layer->op == SOL_OP_AFFINE &&
        !(step->zeros = sol_calloc((size_t)step->shape.channels, sizeof *step->zeros)))
        result = sol_fail_memory("a layer");
    return result;
}

/* A plan without its arena. */
static int lay_out(SolBackward **out, const SolGraph *graph, int width, int height, const int keep[], int keep_count,
                   const SolPlanOptions *options, SolPool *pool, bool sizes_only)
{
    static const SolPlanOptions fastest;
    SolBackward *b = sol_calloc(1, sizeof *b);
    int count = sol_graph_count(graph), result;
    size_t bytes = 0;
    if (!b)
        return sol_fail_memory("a network's plan");
    options = options ? options : &fastest;
    *b = (SolBackward){.graph = graph, .pool = pool, .sizes_only = sizes_only};
    b->steps = sol_calloc((size_t)count, sizeof *b->steps);
    b->buffers = sol_calloc((size_t)count, BUFFERS_OF_STEP * sizeof *b->buffers);
    result = b->steps && b->buffers ? SOL_OK : sol_fail_memory("a network's plan");
    for (int n = 0; n < count && result == SOL_OK; n++)
        b->steps[n].gradient = b->steps[n].in = b->steps[n].out = b->steps[n].spare = b->steps[n].scratch = -1;
    if (result == SOL_OK)
        result = find_needed(b, keep, keep_count);
    if (result == SOL_OK)
        result = plan_forward(b, width, height, options);
    if (result == SOL_OK)
        result = find_layouts(b, options);
    if (result == SOL_OK)
        result = find_gradients(b);
    for (int n = 1; n < count && result == SOL_OK; n++)
        if (b->steps[n].needed)
            result = plan_step(b, n, options);
    if (result == SOL_OK)
        result = sol_arena_lay_out(b->buffers, b->buffer_count, &bytes);
    if (result == SOL_OK && !(sol_add(b->bytes, bytes, &b->bytes) && sol_add(b->bytes, b->prepared, &b->bytes)))
        result = sol_fail(SOL_ERR_NOMEM, "%dx%d pixels are too many: they cannot be addressed", width, height);
    if (result == SOL_OK && !sizes_only && !(b->arena = sol_alloc(bytes, 1)))
        result = sol_fail(SOL_ERR_NOMEM, "not enough memory for the gradients at %dx%d pixels: %zu MiB are needed",
                          width, height, b->bytes >> 20);
    if (result != SOL_OK) {
        sol_backward_close(&b);
        return result;
    }
    *out = b;
    return SOL_OK;
}

int sol_backward_open(SolBackward **backward, const SolGraph *graph, int width, int height, const int keep[],
                      int keep_count, const SolPlanOptions *options, SolPool *pool)
{
    return lay_out(backward, graph, width, height, keep, keep_count, options, pool, false);
}

int sol_backward_measure(SolPlanSize *size, const SolGraph *graph, int width, int height, const int keep[],
                         int keep_count, const SolPlanOptions *options, SolPool *pool)
{
    SolBackward *b = NULL;
    int result = lay_out(&b, graph, width, height, keep, keep_count, options, pool, true);
    if (result == SOL_OK)
        *size = (SolPlanSize){.bytes = b->bytes, .macs = b->macs};
    sol_backward_close(&b);
    return result;
}

/* ---- running ---- */

static void *memory_of(const SolBackward *b, int buffer)
{
    return b->arena + b->buffers[buffer].offset;
}

float *sol_backward_input(SolBackward *b)
{
    return sol_plan_input(b->forward);
}

void sol_backward_forward(SolBackward *b)
{
    sol_plan_run(b->forward, NULL, 0);
}

SolFeatures sol_backward_value(const SolBackward *b, int node)
{
    return sol_plan_value(b->forward, node);
}

SolFeatures sol_backward_gradient(const SolBackward *b, int node)
{
    const Step *step = &b->steps[node];
    return (SolFeatures){memory_of(b, step->gradient), step->shape, step->layout};
}

/* Writes or adds what step `n` found for its input number `i`, of the input's shape, to that one's gradient, if it does
   not lie there already. */
static void deliver(const SolBackward *b, int n, int i, const SolFeatures *found)
{
    const Step *step = &b->steps[n];
    SolFeatures to = sol_backward_gradient(b, layer_of(b, n)->inputs[i]), spare = to;
    if (step->passes)
        return;
    if (!step->adds[i]) {
        sol_op_convert(b->pool, found, &to);
    } else if (found->layout.block == to.layout.block) {
        sol_op_add(b->pool, &to, found, &to);
    } else {
        spare.data = memory_of(b, step->spare);
        sol_op_convert(b->pool, found, &spare);
        sol_op_add(b->pool, &to, &spare, &to);
    }
}

static void run_conv(const SolBackward *b, int n, const SolFeatures *gradient)
{
    const Step *step = &b->steps[n];
    const SolConv *conv = step->conv;
    SolFeatures in = *gradient, out = sol_backward_gradient(b, layer_of(b, n)->inputs[0]);
    SolConvData data;
    int border = border_of(b, n);
    if (step->in >= 0) {
        in = (SolFeatures){memory_of(b, step->in), in.shape, conv->in};
        in.layout.margin += border;
        sol_op_convert(b->pool, gradient, &in);
    }
    if (step->out >= 0) {
        out = (SolFeatures){memory_of(b, step->out), out.shape, conv->out};
        out.layout.margin += border;
    }
    if (border > 0)
        sol_op_fill_margin(b->pool, &in, SOL_BORDER_ZERO);
    if (border > 0 && conv->shape.added)
        sol_op_fill_margin(b->pool, &out, SOL_BORDER_ZERO);
    data = (SolConvData){.in = in.data, .out = out.data, .added = conv->shape.added ? out.data : NULL};
    sol_conv_run(conv, &data, memory_of(b, step->scratch));
    sol_op_fold_margin(b->pool, &out, border, SOL_BORDER_REFLECT);
    if (step->out >= 0)
        deliver(b, n, 0, &out);
}

static void run_step(const SolBackward *b, int n)
{
    const Step *step = &b->steps[n];
    const SolLayer *layer = layer_of(b, n);
    SolFeatures gradient = sol_backward_gradient(b, n), value = sol_backward_value(b, n);
    SolFeatures to = sol_backward_gradient(b, layer->inputs[0]), input = sol_backward_value(b, layer->inputs[0]);
    int reader = first_reader(b, n);
    if (step->rectified && !(reader >= 0 && b->steps[reader].rectifies))
        sol_op_rectify(b->pool, &value, &gradient);
    switch (layer->op) {
    case SOL_OP_CONV:
        run_conv(b, n, &gradient);
        break;
    case SOL_OP_MAX_POOL:
        sol_op_unpool(b->pool, &input, &gradient, step->adds[0], step->rectifies, &to);
        break;
    case SOL_OP_UPSAMPLE:
        sol_op_quarter(b->pool, &gradient, step->adds[0], &to);
        break;
    case SOL_OP_AFFINE:
        sol_op_affine(b->pool, &gradient, NULL, layer->scale, step->zeros, &gradient);
        deliver(b, n, 0, &gradient);
        break;
    default: /* ReLU, and each input of an addition */
        for (int i = 0; i < inputs_of(b, n); i++)
            deliver(b, n, i, &gradient);
    }
}

const float *sol_backward_run(SolBackward *b)
{
    double start = sol_clock(), end;
    for (int n = sol_graph_count(b->graph) - 1; n > 0; n--, start = end) {
        if (b->steps[n].needed)
            run_step(b, n);
        end = sol_clock();
        b->steps[n].seconds += end - start;
    }
    return memory_of(b, b->steps[0].gradient);
}

double sol_backward_macs(const SolBackward *b)
{
    return b->macs;
}

const char *sol_backward_backend(const SolBackward *b)
{
    return sol_plan_backend(b->forward);
}

bool sol_backward_step(const SolBackward *b, int node, bool back, SolPlanStep *step)
{
    const Step *own = &b->steps[node];
    if (!back)
        return sol_plan_step(b->forward, node, step);
    if (node == 0 || !own->needed)
        return false;
    *step = (SolPlanStep){sol_graph_node(b->graph, node), own->shape, own->conv, own->seconds};
    return true;
}

void sol_backward_close(SolBackward **out)
{
    SolBackward *b = *out;
    if (!b)
        return;
    for (int n = 0; b->steps && n < sol_graph_count(b->graph); n++) {
        sol_conv_close(&b->steps[n].conv);
        sol_free(b->steps[n].weights);
        sol_free(b->steps[n].zeros);
    }
    sol_plan_close(&b->forward);
    sol_free(b->steps);
    sol_free(b->buffers);
    sol_free(b->arena);
    sol_free(b);
    *out = NULL;
}

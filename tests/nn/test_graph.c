/* SPDX-License-Identifier: Apache-2.0
 *
 * Graphs and plans: what is refused, which memory is shared, and that a run with shared memory gives
 * what a naive evaluation gives that keeps every value apart.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/fuse.h"
#include "nn/plan.h"
#include "nn/reference.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

/* Weights for layers of up to 8 channels, small enough that values stay near 1; freed with free(). */
static float *make_weights(void)
{
    float *weights = random_planes(8 * 8 * 9, 5);
    for (int i = 0; i < 8 * 8 * 9; i++)
        weights[i] *= 0.2f;
    return weights;
}

static int add(SolGraph *graph, const char *name, SolLayer layer)
{
    int node = sol_graph_add(graph, name, &layer);
    if (node < 0)
        fail_msg("%s: %s", name, sol_error_text());
    return node;
}

static int conv(SolGraph *graph, const char *name, int input, int channels, const float *weights, bool relu)
{
    return add(graph, name, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = channels, .kernel = 3,
                                       .weights = weights, .bias = weights, .relu = relu});
}

static int unary(SolGraph *graph, SolOp op, const char *name, int input)
{
    return add(graph, name, (SolLayer){.op = op, .inputs = {input}});
}

/* An encoder, and a decoder with adain, skips, a residual, and values that are read long after they are made. */
static SolGraph *make_graph(const float *weights)
{
    static const float scale[3] = {2, 0.5f, 1}, offset[3] = {-1, 0.25f, 0};
    SolGraph *g = NULL;
    int a, b, image, x;
    assert_int_equal(sol_graph_open(&g), 0);
    image = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add(g, "input", (SolLayer){.op = SOL_OP_AFFINE, .inputs = {image}, .scale = scale, .offset = offset});
    x = conv(g, "relu1", x, 4, weights, true);
    x = unary(g, SOL_OP_MAX_POOL, "pool1", x);
    a = conv(g, "relu2", x, 8, weights, true);
    x = unary(g, SOL_OP_MAX_POOL, "pool2", a);
    b = conv(g, "relu3", x, 8, weights, true);
    x = add(g, "adain3", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {b}, .tap = b});
    x = conv(g, "decode3", x, 8, weights, false);
    x = add(g, "twice", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, x}});
    x = unary(g, SOL_OP_UPSAMPLE, "up2", x);
    x = add(g, "sum2", (SolLayer){.op = SOL_OP_ADD, .inputs = {a, x}});
    x = add(g, "adain2", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {x}, .tap = a});
    b = conv(g, "residual", x, 8, weights, false);
    x = add(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, b}});
    x = unary(g, SOL_OP_RELU, "relu", x);
    x = unary(g, SOL_OP_UPSAMPLE, "up1", x);
    x = conv(g, "decode1", x, 3, weights, false);
    x = add(g, "late", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, image}});
    add(g, "output", (SolLayer){.op = SOL_OP_AFFINE, .inputs = {x}, .scale = scale, .offset = offset});
    return g;
}

static int norm(SolGraph *graph, const char *name, int input, bool relu)
{
    static const float gain[8] = {1, 0.5f, 2, 1.5f, 0.7f, -1, 1.2f, 0.9f}, shift[8] = {0.2f, 0.5f, 0, -0.1f, 1, 0.3f};
    return add(graph, name, (SolLayer){.op = SOL_OP_INSTANCE_NORM, .inputs = {input}, .weights = gain, .bias = shift,
                                       .epsilon = 1e-3, .relu = relu});
}

static int resize(SolGraph *graph, SolOp op, const char *name, int input, int channels, const float *weights)
{
    return add(graph, name, (SolLayer){.op = op, .inputs = {input}, .channels = channels, .kernel = 3, .stride = 2,
                                       .weights = weights, .border = SOL_BORDER_SAME, .relu = input % 2});
}

/* A transform network: strides, instance norms, a residual, and all ways to double the size. */
static SolGraph *make_transform(const float *weights)
{
    SolGraph *g = NULL;
    int x, r;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = norm(g, "in1", conv(g, "conv1", x, 4, weights, false), true);
    x = norm(g, "in2", resize(g, SOL_OP_CONV, "conv2", x, 8, weights), true);
    x = norm(g, "in3", resize(g, SOL_OP_CONV, "conv3", x, 8, weights), true);
    r = norm(g, "in4", conv(g, "res", x, 8, weights, false), false);
    x = add(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    x = norm(g, "in5", resize(g, SOL_OP_CONV_TRANSPOSE, "deconv", x, 8, weights), true);
    r = unary(g, SOL_OP_UPSAMPLE, "nearest", x);
    x = add(g, "bilinear", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {x}, .bilinear = true});
    x = add(g, "both", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    unary(g, SOL_OP_TANH, "tanh", conv(g, "conv4", x, 3, weights, false));
    return g;
}

static int bare(SolGraph *graph, const char *name, int input, int stride, const float *weights)
{
    return add(graph, name, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = 8, .kernel = 3,
                                       .stride = stride, .weights = weights, .border = SOL_BORDER_VALID});
}

/* A transform network that pads once, and convolves without borders down to a quarter. */
static SolGraph *make_padded(const float *weights)
{
    SolGraph *g = NULL;
    int x, r;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add(g, "pad", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 3});
    x = norm(g, "in1", bare(g, "conv1", x, 1, weights), true);
    x = norm(g, "in2", bare(g, "conv2", x, 2, weights), true);
    x = norm(g, "in3", bare(g, "conv3", x, 2, weights), true);
    r = add(g, "pad2", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 1});
    r = unary(g, SOL_OP_RELU, "relu", bare(g, "res", r, 1, weights));
    x = add(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    x = unary(g, SOL_OP_UPSAMPLE, "up1", unary(g, SOL_OP_UPSAMPLE, "up2", x));
    r = add(g, "pad3", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 1});
    r = bare(g, "conv4", r, 1, weights);
    x = add(g, "late", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    conv(g, "last", x, 3, weights, false);
    return g;
}

static void test_what_a_padded_network_knows(void **state)
{
    static const char *const names[] = {"image", "pad", "conv1", "in1", "conv2", "conv3", "pad2", "up2", "pad3", "last"};
    static const int extra[] = {0, 6, 4, 4, 1, 0, 2, 0, 2, 0};
    float *weights = make_weights();
    SolGraph *g = make_padded(weights);
    int output = sol_graph_count(g) - 1;
    (void)state;
    assert_int_equal(sol_graph_multiple(g), 4);
    for (int i = 0; i < 10; i++)
        assert_int_equal(sol_graph_node(g, sol_graph_find(g, names[i]))->extra, extra[i]);
    for (int side = 4; side <= 64; side += 4) { /* which is what a plan finds */
        SolPlan *plan = NULL;
        assert_int_equal(sol_plan_sketch(&plan, g, side, 64, &output, 1, NULL, pools[0]), 0);
        for (int n = 0; n <= output; n++)
            assert_int_equal(sol_plan_shape(plan, n).width,
                             (side >> sol_graph_node(g, n)->level) + sol_graph_node(g, n)->extra);
        sol_plan_close(&plan);
    }
    sol_graph_close(&g);
    free(weights);
}

static void test_what_a_transform_network_knows(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_transform(weights);
    bool needed[32];
    (void)state;
    assert_int_equal(sol_graph_multiple(g), 4);
    assert_int_equal(sol_graph_node(g, sol_graph_find(g, "conv2"))->level, 1);
    assert_int_equal(sol_graph_node(g, sol_graph_find(g, "sum"))->level, 2);
    assert_int_equal(sol_graph_node(g, sol_graph_find(g, "deconv"))->level, 1);
    assert_int_equal(sol_graph_node(g, sol_graph_find(g, "tanh"))->level, 0);
    assert_int_equal(sol_graph_tap_count(g), 0);
    assert_int_equal(sol_graph_statistics(g, -1), 0);
    sol_graph_needed(g, (int[]){sol_graph_find(g, "sum")}, 1, needed);
    for (int n = 0; n < sol_graph_count(g); n++)
        assert_int_equal(needed[n], n <= sol_graph_find(g, "sum"));
    sol_graph_close(&g);
    free(weights);
}

static void test_what_a_graph_knows(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_graph(weights);
    int relu2 = sol_graph_find(g, "relu2"), relu3 = sol_graph_find(g, "relu3");
    (void)state;
    assert_int_equal(sol_graph_find(g, "output"), sol_graph_count(g) - 1);
    assert_int_equal(sol_graph_find(g, "relu4"), -1);
    assert_int_equal(sol_graph_multiple(g), 4);
    assert_int_equal(sol_graph_node(g, relu3)->level, 2);
    assert_int_equal(sol_graph_node(g, relu3)->channels, 8);
    assert_false(sol_graph_node(g, relu3)->styled);
    assert_true(sol_graph_node(g, sol_graph_find(g, "decode1"))->styled);
    /* taps ascend, though the deeper one is used first */
    assert_int_equal(sol_graph_tap_count(g), 2);
    assert_int_equal(sol_graph_tap(g, 0), relu2);
    assert_int_equal(sol_graph_tap(g, 1), relu3);
    assert_int_equal(sol_graph_statistics(g, relu2), 0);
    assert_int_equal(sol_graph_statistics(g, relu3), 16);
    assert_int_equal(sol_graph_statistics(g, -1), 32);
    sol_graph_close(&g);
    assert_null(g);
    free(weights);
}

static void test_a_plan_names_its_backend(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_graph(weights);
    int output = sol_graph_count(g) - 1, input = 0;
    const struct {
        const int *keep;
        const char *asked, *name;
    } cases[] = {{&output, NULL, "blas"}, {&output, "reference", "reference"}, {&input, NULL, "none"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const SolConvBackend *backend = cases[i].asked ? sol_conv_backend(cases[i].asked) : NULL;
        SolPlan *plan = NULL;
        assert_int_equal(sol_plan_open(&plan, g, 8, 8, cases[i].keep, 1, &(SolPlanOptions){.backend = backend}, pools[0]), 0);
        assert_string_equal(sol_plan_backend(plan), cases[i].name);
        sol_plan_close(&plan);
    }
    sol_graph_close(&g);
    free(weights);
}

static void test_a_plan_tells_its_steps(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_graph(weights);
    int output = sol_graph_count(g) - 1, relu2 = sol_graph_find(g, "relu2"), later = sol_graph_find(g, "relu3");
    SolPlan *plan = NULL;
    SolPlanStep step, again;
    double macs = 0;
    (void)state;
    assert_int_equal(sol_plan_open(&plan, g, 16, 8, &relu2, 1, NULL, pools[1]), 0);
    assert_false(sol_plan_step(plan, 0, &step));      /* the input is given */
    assert_false(sol_plan_step(plan, later, &step));  /* relu2 does not need it */
    assert_false(sol_plan_step(plan, output, &step));
    for (int n = 0; n <= relu2; n++) {
        if (!sol_plan_step(plan, n, &step))
            continue;
        assert_ptr_equal(step.node, sol_graph_node(g, n));
        assert_true(step.seconds == 0);
        assert_int_equal(step.conv != NULL, step.node->layer.op == SOL_OP_CONV);
        macs += step.conv ? sol_conv_macs(&step.conv->shape) : 0;
    }
    assert_true(macs == sol_plan_macs(plan));
    memset(sol_plan_input(plan), 0, 3 * 16 * 8 * sizeof(float));
    sol_plan_run(plan, NULL, 0);
    assert_true(sol_plan_step(plan, relu2, &step));
    assert_int_equal(step.shape.channels, 8);
    assert_int_equal(step.shape.width, 16 >> step.node->level);
    assert_int_equal(step.shape.height, 8 >> step.node->level);
    assert_true(step.seconds > 0);
    sol_plan_run(plan, NULL, 0);
    assert_true(sol_plan_step(plan, relu2, &again));
    assert_true(again.seconds > step.seconds);
    sol_plan_close(&plan);
    sol_graph_close(&g);
    free(weights);
}

static void assert_refused(SolGraph *graph, const char *name, SolLayer layer, const char *text)
{
    int count = sol_graph_count(graph);
    assert_int_equal(sol_graph_add(graph, name, &layer), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(), text);
    assert_int_equal(sol_graph_count(graph), count);
}

static void test_unsound_graphs_are_refused(void **state)
{
    SolGraph *g = NULL;
    int pool, styled, wide, vast, shrunk;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_RELU}, "a network begins with its input");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_INPUT}, "0 channels: there must be 1 to 65536");
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_INPUT, .channels = 3}, "there can be one input only");
    assert_refused(g, "image", (SolLayer){.op = SOL_OP_RELU}, "the name is taken by an earlier layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_RELU, .inputs = {1}}, "input 1 is no earlier layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, -1}}, "input 2 is no earlier layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_CONV, .channels = 3, .kernel = 2},
                   "a kernel of 2 pixels: it must be odd, 1 to 63");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_CONV_TRANSPOSE, .channels = 3, .kernel = 4},
                   "a kernel of 4 pixels: it must be odd, 1 to 63");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_CONV, .channels = 3, .kernel = 3, .stride = 3},
                   "a stride of 3: it must be 1 or 2");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_INSTANCE_NORM}, "an epsilon of 0: it must be above 0");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_CONV, .channels = 65537, .kernel = 3},
                   "65537 channels: there must be 1 to 65536");
    pool = unary(g, SOL_OP_MAX_POOL, "pool", 0);
    wide = add(g, "wide", (SolLayer){.op = SOL_OP_CONV, .channels = 5, .kernel = 1});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, pool}},
                   "its inputs differ in size: \"image\" and \"pool\"");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, wide}}, "its inputs have 3 and 5 channels");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = 99},
                   "there is no layer to take the style's statistics at");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = wide},
                   "its input has 3 channels, the style layer \"wide\" 5");
    styled = add(g, "styled", (SolLayer){.op = SOL_OP_ADAIN, .tap = pool});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = styled},
                   "the style layer \"styled\" depends on an adain or wct layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .tap = styled},
                   "the style layer \"styled\" depends on an adain or wct layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .tap = pool},
                   "the style layer \"pool\" is one of adain already, and serves either adain or wct");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .strength = 1.5f}, "a strength of 1.5: it must be 0 to 1");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .strength = NAN}, "a strength of nan: it must be 0 to 1");
    vast = add(g, "vast", (SolLayer){.op = SOL_OP_CONV, .channels = 2049, .kernel = 1});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .inputs = {vast}, .tap = vast},
                   "2049 channels: wct takes 2048 at most");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_LEVEL, .inputs = {pool, 0}},
                   "its inputs differ in size: \"pool\" and \"image\"");
    shrunk = pool;
    for (int i = 2; i <= 12; i++) {
        char name[16];
        snprintf(name, sizeof name, "pool%d", i);
        shrunk = unary(g, SOL_OP_MAX_POOL, name, shrunk);
    }
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_MAX_POOL, .inputs = {shrunk}},
                   "the size is halved or doubled more than 12 times");
    assert_int_equal(sol_graph_multiple(g), 4096);
    sol_graph_close(&g);
}

static void test_sizes_that_differ_by_pixels_are_refused(void **state)
{
    SolGraph *g = NULL;
    int padded = 0;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD}, "0 pixels on every side: there must be 1 to 1024");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD, .pixels = 1025},
                   "1025 pixels on every side: there must be 1 to 1024");
    for (int i = 0; i < 512; i++) { /* 2^20 pixels more */
        char name[16];
        snprintf(name, sizeof name, "padded%d", i);
        padded = add(g, name, (SolLayer){.op = SOL_OP_PAD, .inputs = {padded}, .pixels = 1024});
    }
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, 1}},
                   "its inputs differ in size: \"image\" and \"padded0\"");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD, .inputs = {padded}, .pixels = 1},
                   "the size changes by more than 1048576 pixels");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {padded}},
                   "the size changes by more than 1048576 pixels");
    sol_graph_close(&g);
}

/* ---- running ---- */

/* A graph evaluated node by node with the naive operators, every value in memory of its own. */
typedef struct Naive {
    float *values[32];
    SolShape shapes[32];
} Naive;

static size_t count_of(SolShape shape)
{
    return (size_t)shape.channels * sol_shape_plane(shape);
}

static void naive_conv(const SolLayer *layer, SolShape shape, float *in, float *out)
{
    SolConvShape s = {.in_channels = shape.channels, .out_channels = layer->channels, .kernel = layer->kernel,
                      .stride = layer->stride, .transposed = layer->op == SOL_OP_CONV_TRANSPOSE,
                      .height = shape.height, .width = shape.width, .border = layer->border, .relu = layer->relu};
    SolConv *planned = NULL;
    assert_int_equal(sol_conv_plan(&planned, sol_conv_backend("reference"), &s, layer->weights, layer->bias,
                                   pools[0]), 0);
    sol_conv_run(planned, &(SolConvData){.in = in, .out = out}, NULL);
    sol_conv_close(&planned);
}

static void naive_node(Naive *naive, const SolGraph *g, int n, const float *statistics, float strength)
{
    const SolLayer *layer = &sol_graph_node(g, n)->layer;
    float *in = naive->values[layer->inputs[0]];
    SolShape from = naive->shapes[layer->inputs[0]], *to = &naive->shapes[n];
    float *out, target[64];
    bool halved = layer->op == SOL_OP_MAX_POOL || (layer->op == SOL_OP_CONV && layer->stride == 2);
    bool doubled = layer->op == SOL_OP_UPSAMPLE || layer->op == SOL_OP_CONV_TRANSPOSE;
    *to = (SolShape){sol_graph_node(g, n)->channels, from.height * (doubled ? 2 : 1) / (halved ? 2 : 1),
                     from.width * (doubled ? 2 : 1) / (halved ? 2 : 1)};
    if (layer->op == SOL_OP_CONV && layer->border == SOL_BORDER_VALID)
        *to = (SolShape){to->channels, (from.height - layer->kernel) / (halved ? 2 : 1) + 1,
                         (from.width - layer->kernel) / (halved ? 2 : 1) + 1};
    if (layer->op == SOL_OP_PAD)
        *to = (SolShape){to->channels, from.height + 2 * layer->pixels, from.width + 2 * layer->pixels};
    out = naive->values[n] = malloc(count_of(*to) * sizeof *out);
    assert_non_null(out);
    switch (layer->op) {
    case SOL_OP_AFFINE:
        sol_reference_affine(in, from, layer->scale, layer->offset, out);
        break;
    case SOL_OP_CONV:
    case SOL_OP_CONV_TRANSPOSE:
        naive_conv(layer, from, in, out);
        break;
    case SOL_OP_RELU:
        sol_reference_relu(in, from, out);
        break;
    case SOL_OP_MAX_POOL:
        sol_reference_max_pool(in, from, out);
        break;
    case SOL_OP_UPSAMPLE:
        (layer->bilinear ? sol_reference_upsample_bilinear : sol_reference_upsample)(in, from, out);
        break;
    case SOL_OP_INSTANCE_NORM:
        sol_reference_instance_norm(in, from, layer->weights, layer->bias, layer->epsilon, layer->relu, out);
        break;
    case SOL_OP_TANH:
        sol_reference_tanh(in, from, out);
        break;
    case SOL_OP_PAD:
        sol_reference_pad(in, from, layer->pixels, out);
        break;
    case SOL_OP_ADD:
        sol_reference_add(in, naive->values[layer->inputs[1]], from, out);
        break;
    default:
        statistics += sol_graph_statistics(g, layer->tap);
        sol_reference_moments(naive->values[layer->tap], naive->shapes[layer->tap], target, target + from.channels);
        for (int i = 0; i < 2 * from.channels; i++)
            target[i] = (1 - strength) * target[i] + strength * statistics[i];
        sol_reference_adain(in, from, target, target + from.channels, out);
        break;
    }
}

static Naive evaluate(const SolGraph *g, const float *image, int width, int height, const float *statistics,
                      float strength)
{
    Naive naive = {0};
    naive.shapes[0] = (SolShape){3, height, width};
    naive.values[0] = malloc(count_of(naive.shapes[0]) * sizeof(float));
    assert_non_null(naive.values[0]);
    memcpy(naive.values[0], image, count_of(naive.shapes[0]) * sizeof(float));
    for (int n = 1; n < sol_graph_count(g); n++)
        naive_node(&naive, g, n, statistics, strength);
    return naive;
}

/* Plans on one backend, fills all memory with NaN, runs, and compares every kept value with the naive one. */
static void check_run_on(const SolConvBackend *backend, const SolGraph *g, const Naive *naive, const int keep[],
                         int keep_count, const float *statistics, float strength, SolPool *pool)
{
    const SolPlanOptions how = {.backend = backend, .precision = SOL_PRECISION_FLOAT32};
    SolPlan *plan = NULL;
    float *arena;
    size_t bytes;
    int width = naive->shapes[0].width, height = naive->shapes[0].height;
    if (sol_plan_open(&plan, g, width, height, keep, keep_count, &how, pool) != 0)
        fail_msg("%s", sol_error_text());
    arena = sol_plan_arena(plan, &bytes);
    for (int run = 0; run < 2; run++) {
        for (size_t i = 0; i < bytes / sizeof(float); i++)
            arena[i] = NAN;
        memcpy(sol_plan_input(plan), naive->values[0], count_of(naive->shapes[0]) * sizeof(float));
        sol_plan_run(plan, statistics, strength);
        for (int i = 0; i < keep_count; i++) {
            SolShape shape, wanted = naive->shapes[keep[i]];
            const float *result = sol_plan_result(plan, keep[i], &shape);
            double difference;
            assert_memory_equal(&shape, &wanted, sizeof shape);
            difference = largest_difference(result, naive->values[keep[i]], count_of(shape));
            if (!(difference <= 2e-5))
                fail_msg("node \"%s\": off by %g", sol_graph_node(g, keep[i])->name, difference);
        }
    }
    for (int n = 0; n < sol_graph_count(g); n++) {
        SolShape shape;
        bool kept = false;
        for (int i = 0; i < keep_count; i++)
            kept = kept || keep[i] == n;
        assert_int_equal(sol_plan_result(plan, n, &shape) != NULL, kept);
    }
    sol_plan_close(&plan);
    assert_null(plan);
}

/* The same on all of them. */
static void check_run(const SolGraph *g, const Naive *naive, const int keep[], int keep_count,
                      const float *statistics, float strength, SolPool *pool)
{
    for (int b = 0; sol_conv_backend_at(b); b++)
        check_run_on(sol_conv_backend_at(b), g, naive, keep, keep_count, statistics, strength, pool);
}

static void test_shared_memory_is_never_clobbered(void **state)
{
    float *weights = make_weights(), *image = random_planes(3 * 20 * 28, 6);
    float *statistics = random_planes(32, 7);
    SolGraph *g = make_graph(weights);
    int count = sol_graph_count(g), all[32];
    (void)state;
    for (int strength = 0; strength <= 2; strength++) {
        Naive naive = evaluate(g, image, 28, 20, statistics, 0.5f * (float)strength);
        for (int n = 0; n < count; n++) {
            all[n] = n;
            /* one alone, then with the output, then all up to it */
            check_run(g, &naive, &n, 1, statistics, 0.5f * (float)strength, pools[n % 2]);
            check_run(g, &naive, (int[]){n, count - 1}, 2, statistics, 0.5f * (float)strength, pools[n % 2]);
            check_run(g, &naive, all, n + 1, statistics, 0.5f * (float)strength, pools[n % 2]);
        }
        for (int n = 0; n < count; n++)
            free(naive.values[n]);
    }
    sol_graph_close(&g);
    free(weights);
    free(image);
    free(statistics);
}

/* The same of a transform network, also where convolutions take over their neighbours' work. */
static void check_transform(SolGraph *g)
{
    static const int sizes[][2] = {{28, 20}, {72, 56}};
    float *image = random_planes(3 * 56 * 72, 6);
    int count = sol_graph_count(g), all[32];
    for (int s = 0; s < 2; s++) {
        Naive naive = evaluate(g, image, sizes[s][0], sizes[s][1], NULL, 1);
        for (int n = 0; n < count; n++) {
            all[n] = n;
            check_run(g, &naive, (int[]){n, count - 1}, 2, NULL, 1, pools[n % 2]);
            if (s == 0)
                check_run(g, &naive, all, n + 1, NULL, 1, pools[n % 2]);
        }
        for (int n = 0; n < count; n++)
            free(naive.values[n]);
    }
    sol_graph_close(&g);
    free(image);
}

static void test_transform_networks_run(void **state)
{
    float *weights = make_weights();
    (void)state;
    check_transform(make_transform(weights));
    check_transform(make_padded(weights));
    free(weights);
}

/* A backend that does not change sizes leaves that to one that does, in float32 where none does it in bfloat16. */
static void test_strides_that_a_backend_lacks(void **state)
{
    const SolConvBackend *onednn = sol_conv_backend("onednn");
    float *weights = make_weights();
    SolGraph *g = make_transform(weights);
    int output = sol_graph_count(g) - 1;
    SolPlanOptions how = {.backend = onednn, .precision = SOL_PRECISION_FLOAT32};
    SolPlan *plan = NULL;
    SolPlanStep step;
    (void)state;
    if (onednn && !onednn->supports(&(SolConvShape){.in_channels = 8, .out_channels = 8, .kernel = 3, .stride = 2,
                                                    .height = 8, .width = 8})) {
        assert_int_equal(sol_plan_open(&plan, g, 16, 16, &output, 1, &how, pools[0]), 0);
        assert_string_equal(sol_plan_backend(plan), "mixed");
        assert_true(sol_plan_step(plan, sol_graph_find(g, "conv3"), &step));
        assert_string_equal(step.conv->backend->name, "blas");
        sol_plan_close(&plan);
    }
    how.precision = SOL_PRECISION_BFLOAT16;
    if (onednn && sol_plan_open(&plan, g, 16, 16, &output, 1, &how, pools[0]) == SOL_OK) {
        assert_true(sol_plan_step(plan, sol_graph_find(g, "res"), &step));
        assert_int_equal(step.conv->shape.element, SOL_BFLOAT16);
        assert_true(sol_plan_step(plan, sol_graph_find(g, "deconv"), &step));
        assert_int_equal(step.conv->shape.element, SOL_FLOAT32);
        sol_plan_close(&plan);
    }
    sol_graph_close(&g);
    free(weights);
}

/* At a size where convolutions take over their neighbours' work. */
static void test_melted_nodes_give_the_same(void **state)
{
    float *weights = make_weights(), *image = random_planes(3 * 56 * 72, 6), *statistics = random_planes(32, 7);
    SolGraph *g = make_graph(weights);
    int count = sol_graph_count(g), output = count - 1;
    Naive naive = evaluate(g, image, 72, 56, statistics, 0.5f);
    (void)state;
    check_run(g, &naive, &output, 1, statistics, 0.5f, pools[1]);
    for (int n = 0; n < count; n++)
        check_run_on(sol_conv_backend("blas"), g, &naive, (int[]){n, output}, 2, statistics, 0.5f, pools[n % 2]);
    for (int n = 0; n < count; n++)
        free(naive.values[n]);
    sol_graph_close(&g);
    free(weights);
    free(image);
    free(statistics);
}

/* The steps of make_graph() at 72x56 on a backend. */
static void find_steps(const SolGraph *g, const char *backend, int kept, SolStep steps[32])
{
    memset(steps, 0, 32 * sizeof *steps);
    for (int n = 0; n < sol_graph_count(g); n++) {
        const SolNode *node = sol_graph_node(g, n);
        steps[n].needed = true;
        steps[n].kept = n == kept || n == sol_graph_count(g) - 1;
        if (node->layer.op == SOL_OP_CONV)
            steps[n].conv = (SolConvShape){.in_channels = sol_graph_node(g, node->layer.inputs[0])->channels,
                                           .out_channels = node->channels, .kernel = 3,
                                           .height = 56 >> node->level, .width = 72 >> node->level};
    }
    sol_fuse(g, sol_conv_backend(backend), steps);
}

static void test_what_melts(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_graph(weights);
    int relu2 = sol_graph_find(g, "relu2"), pool2 = sol_graph_find(g, "pool2"), up2 = sol_graph_find(g, "up2");
    int sum2 = sol_graph_find(g, "sum2"), residual = sol_graph_find(g, "residual"), sum = sol_graph_find(g, "sum");
    int up1 = sol_graph_find(g, "up1"), decode1 = sol_graph_find(g, "decode1"), pool1 = sol_graph_find(g, "pool1");
    SolStep steps[32];
    (void)state;
    find_steps(g, "blas", -1, steps);
    assert_true(steps[pool2].melted && steps[relu2].pooled == pool2); /* relu2 itself is read by sum2 */
    assert_int_equal(steps[relu2].conv.pooling, SOL_POOLING_ALSO);
    assert_true(steps[up2].melted && steps[sum2].doubled[1] && !steps[sum2].doubled[0] && !steps[sum2].melted);
    assert_true(steps[sum].melted && steps[residual].sum == sum && steps[residual].conv.added);
    assert_int_equal(steps[residual].reads[1], sol_graph_find(g, "adain2"));
    assert_true(steps[up1].melted && steps[decode1].doubled[0] && steps[decode1].conv.upsample);
    assert_false(steps[pool1].melted); /* relu1 has so few channels that it lies in planes */
    assert_false(steps[sol_graph_find(g, "late")].melted);
    find_steps(g, "blas", residual, steps); /* what is to be read afterwards has to be written */
    assert_false(steps[sum].melted);
    find_steps(g, "blas", up2, steps);
    assert_false(steps[up2].melted);
    find_steps(g, "reference", -1, steps);
    for (int n = 0; n < sol_graph_count(g); n++)
        assert_true(steps[n].melted == (n == up2)); /* into an addition, which no backend computes */
    sol_graph_close(&g);
    free(weights);
}

static size_t plan_bytes(const SolGraph *g, int width, int height, int keep, double *macs)
{
    SolPlan *plan = NULL;
    size_t bytes = 0;
    assert_int_equal(sol_plan_open(&plan, g, width, height, &keep, 1, NULL, pools[0]), 0);
    sol_plan_arena(plan, &bytes);
    *macs = sol_plan_macs(plan);
    sol_plan_close(&plan);
    return bytes;
}

/* A ReLU apart gives the bits of one within the convolution, kept or not, pooled or not. */
static void test_a_relu_apart(void **state)
{
    enum { SIDE = 20, CHANNELS = 24 };
    float *weights = random_planes(CHANNELS * 3 * 9, 1), *picture = random_planes(3 * SIDE * SIDE, 2);
    (void)state;
    for (int kept = 0; kept < 2; kept++)
        for (int i = 0; sol_conv_backend_at(i); i++) {
            const SolPlanOptions options = {.backend = sol_conv_backend_at(i)};
            float *results[2] = {NULL, NULL};
            for (int apart = 0; apart < 2; apart++) {
                SolLayer conv = {.op = SOL_OP_CONV, .channels = CHANNELS, .kernel = 3, .relu = !apart, .weights = weights};
                SolGraph *g = NULL;
                SolPlan *plan = NULL;
                SolShape shape;
                int relu, pool, keep;
                assert_int_equal(sol_graph_open(&g), 0);
                sol_graph_add(g, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = 3});
                relu = sol_graph_add(g, "conv", &conv);
                if (apart)
                    relu = sol_graph_add(g, "relu", &(SolLayer){.op = SOL_OP_RELU, .inputs = {relu}});
                pool = sol_graph_add(g, "pool", &(SolLayer){.op = SOL_OP_MAX_POOL, .inputs = {relu}});
                keep = kept ? relu : pool;
                assert_int_equal(sol_plan_open(&plan, g, SIDE, SIDE, &keep, 1, &options, pools[1]), 0);
                memcpy(sol_plan_input(plan), picture, 3 * SIDE * SIDE * sizeof *picture);
                sol_plan_run(plan, NULL, 0);
                results[apart] = malloc(CHANNELS * SIDE * SIDE * sizeof(float));
                assert_non_null(results[apart]);
                memcpy(results[apart], sol_plan_result(plan, keep, &shape),
                       CHANNELS * SIDE * SIDE * sizeof(float) / (kept ? 1 : 4));
                sol_plan_close(&plan);
                sol_graph_close(&g);
            }
            assert_memory_equal(results[0], results[1], CHANNELS * SIDE * SIDE * sizeof(float) / (kept ? 1 : 4));
            free(results[0]);
            free(results[1]);
        }
    free(weights);
    free(picture);
}

static void test_memory_does_not_grow_with_depth(void **state)
{
    float *weights = make_weights();
    SolGraph *g = NULL;
    int x, shallow;
    size_t few, many;
    double macs = 0, more_macs = 0;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    for (int i = 0; i < 12; i++) {
        char name[16];
        snprintf(name, sizeof name, "conv%d", i);
        x = conv(g, name, x, 3, weights, true);
        snprintf(name, sizeof name, "relu%d", i);
        x = unary(g, SOL_OP_RELU, name, x);
    }
    shallow = sol_graph_find(g, "conv2");
    few = plan_bytes(g, 64, 48, shallow, &macs);
    many = plan_bytes(g, 64, 48, x, &more_macs);
    assert_int_equal(few, many);
    assert_true(macs == 3.0 * 3 * 3 * 9 * 64 * 48 && more_macs == 4 * macs);
    sol_graph_close(&g);
    free(weights);
}

/* Of the full-size values of an encoder's first and a decoder's last layers, no two are needed together. */
static void test_wide_layers_lie_in_memory_one_at_a_time(void **state)
{
    float *weights = random_planes(64 * 64 * 9, 5);
    size_t bytes, wide = sizeof(float) * 64 * 384 * 512;
    double macs;
    SolGraph *g = NULL;
    int x;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = conv(g, "relu1_1", x, 64, weights, true);
    x = conv(g, "relu1_2", x, 64, weights, true);
    x = unary(g, SOL_OP_MAX_POOL, "pool1", x);
    x = unary(g, SOL_OP_UPSAMPLE, "up1", x);
    x = conv(g, "decode1_2", x, 64, weights, true);
    x = conv(g, "decode1_1", x, 3, weights, false);
    bytes = plan_bytes(g, 512, 384, x, &macs);
    assert_true(bytes > wide && bytes < wide * 3 / 2);
    sol_graph_close(&g);
    free(weights);
}

static void assert_plan_refused(const SolGraph *g, int width, int height, int keep, int code, const char *text)
{
    SolPlan *plan = NULL;
    assert_int_equal(sol_plan_open(&plan, g, width, height, &keep, 1, NULL, pools[0]), code);
    assert_string_equal(sol_error_text(), text);
    assert_null(plan);
}

static void test_sizes_that_do_not_suit(void **state)
{
    float *weights = make_weights();
    SolGraph *g = make_graph(weights);
    int output = sol_graph_count(g) - 1, relu3 = sol_graph_find(g, "relu3");
    double macs;
    (void)state;
    assert_plan_refused(g, 30, 20, output, SOL_ERR_ARGUMENT,
                        "30x20 pixels do not suit the network: sides must be multiples of 4");
    assert_plan_refused(g, 0, 20, output, SOL_ERR_ARGUMENT, "a picture of 0x20 pixels: sides must be at least 1");
    assert_plan_refused(g, 17, 3, relu3, SOL_ERR_ARGUMENT,
                        "17x3 pixels are too few: nothing is left at layer \"pool2\"");
    plan_bytes(g, 31, 21, relu3, &macs); /* the encoder alone takes any size */
    assert_true(macs == 9.0 * (3 * 4 * 31 * 21 + 4 * 8 * 15 * 10 + 8 * 8 * 7 * 5));
    sol_graph_close(&g);
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    bare(g, "bare", 0, 2, weights);
    assert_plan_refused(g, 9, 2, 1, SOL_ERR_ARGUMENT, "9x2 pixels are too few: nothing is left at layer \"bare\"");
    plan_bytes(g, 9, 3, 1, &macs);
    assert_true(macs == 9.0 * 3 * 8 * 4);
    sol_graph_close(&g);
    free(weights);
}

static void test_sizes_that_overflow(void **state)
{
    SolGraph *g = NULL;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    add(g, "up", (SolLayer){.op = SOL_OP_UPSAMPLE});
    add(g, "pad", (SolLayer){.op = SOL_OP_PAD, .pixels = 1});
    add(g, "conv", (SolLayer){.op = SOL_OP_CONV, .channels = 1, .kernel = 1});
    assert_plan_refused(g, INT_MAX, INT_MAX, 0, SOL_ERR_NOMEM,
                        "2147483647x2147483647 pixels are too many: layer \"image\" cannot be addressed");
    assert_plan_refused(g, INT_MAX, 1, 1, SOL_ERR_NOMEM, "the picture is too large for layer \"up\"");
    assert_plan_refused(g, INT_MAX - 1, 1, 2, SOL_ERR_NOMEM, "the picture is too large for layer \"pad\"");
    assert_plan_refused(g, 65536, 65536, 3, SOL_ERR_ARGUMENT,
                        "layer \"conv\": a 1x1 convolution from 3 to 1 channels at 65536x65536 pixels "
                        "cannot be planned");
    sol_graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_graph_knows),
        cmocka_unit_test(test_what_a_transform_network_knows),
        cmocka_unit_test(test_what_a_padded_network_knows),
        cmocka_unit_test(test_a_plan_names_its_backend),
        cmocka_unit_test(test_a_plan_tells_its_steps),
        cmocka_unit_test(test_unsound_graphs_are_refused),
        cmocka_unit_test(test_sizes_that_differ_by_pixels_are_refused),
        cmocka_unit_test(test_shared_memory_is_never_clobbered),
        cmocka_unit_test(test_transform_networks_run),
        cmocka_unit_test(test_strides_that_a_backend_lacks),
        cmocka_unit_test(test_melted_nodes_give_the_same),
        cmocka_unit_test(test_what_melts),
        cmocka_unit_test(test_a_relu_apart),
        cmocka_unit_test(test_memory_does_not_grow_with_depth),
        cmocka_unit_test(test_wide_layers_lie_in_memory_one_at_a_time),
        cmocka_unit_test(test_sizes_that_do_not_suit),
        cmocka_unit_test(test_sizes_that_overflow),
    };
    return cmocka_run_group_tests_name("nn/graph", tests, set_up_pools, tear_down_pools);
}

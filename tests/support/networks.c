/* SPDX-License-Identifier: Apache-2.0
 *
 * Small networks with made-up weights.
 */
#include "support/networks.h"

#include "support/planes.h"
#include "support/support.h"

#include "nn/plan.h"

#include <stdlib.h>

/* Weights for layers of up to 8 channels, small enough that values stay near 1; freed with free(). */
float *make_weights(void)
{
    float *weights = random_planes(8 * 8 * 9, 5);
    for (int i = 0; i < 8 * 8 * 9; i++)
        weights[i] *= 0.2f;
    return weights;
}

int add_layer(SolGraph *graph, const char *name, SolLayer layer)
{
    int node = sol_graph_add(graph, name, &layer);
    if (node < 0)
        fail_msg("%s: %s", name, sol_error_text());
    return node;
}

int add_conv(SolGraph *graph, const char *name, int input, int channels, const float *weights, bool relu)
{
    return add_layer(graph, name, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = channels, .kernel = 3,
                                             .weights = weights, .bias = weights, .relu = relu});
}

int add_unary(SolGraph *graph, SolOp op, const char *name, int input)
{
    return add_layer(graph, name, (SolLayer){.op = op, .inputs = {input}});
}

/* An encoder, and a decoder with adain, skips, a residual, and values that are read long after they are made. */
SolGraph *make_graph(const float *weights)
{
    static const float scale[3] = {2, 0.5f, 1}, offset[3] = {-1, 0.25f, 0};
    SolGraph *g = NULL;
    int a, b, image, x;
    assert_int_equal(sol_graph_open(&g), 0);
    image = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add_layer(g, "input", (SolLayer){.op = SOL_OP_AFFINE, .inputs = {image}, .scale = scale, .offset = offset});
    x = add_conv(g, "relu1", x, 4, weights, true);
    x = add_unary(g, SOL_OP_MAX_POOL, "pool1", x);
    a = add_conv(g, "relu2", x, 8, weights, true);
    x = add_unary(g, SOL_OP_MAX_POOL, "pool2", a);
    b = add_conv(g, "relu3", x, 8, weights, true);
    x = add_layer(g, "adain3", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {b}, .tap = b});
    x = add_conv(g, "decode3", x, 8, weights, false);
    x = add_layer(g, "twice", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, x}});
    x = add_unary(g, SOL_OP_UPSAMPLE, "up2", x);
    x = add_layer(g, "sum2", (SolLayer){.op = SOL_OP_ADD, .inputs = {a, x}});
    x = add_layer(g, "adain2", (SolLayer){.op = SOL_OP_ADAIN, .inputs = {x}, .tap = a});
    b = add_conv(g, "residual", x, 8, weights, false);
    x = add_layer(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, b}});
    x = add_unary(g, SOL_OP_RELU, "relu", x);
    x = add_unary(g, SOL_OP_UPSAMPLE, "up1", x);
    x = add_conv(g, "decode1", x, 3, weights, false);
    x = add_layer(g, "late", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, image}});
    add_layer(g, "output", (SolLayer){.op = SOL_OP_AFFINE, .inputs = {x}, .scale = scale, .offset = offset});
    return g;
}

int add_norm(SolGraph *graph, const char *name, int input, bool relu)
{
    static const float gain[8] = {1, 0.5f, 2, 1.5f, 0.7f, -1, 1.2f, 0.9f}, shift[8] = {0.2f, 0.5f, 0, -0.1f, 1, 0.3f};
    return add_layer(graph, name,
                     (SolLayer){.op = SOL_OP_INSTANCE_NORM, .inputs = {input}, .weights = gain, .bias = shift,
                                       .epsilon = 1e-3, .relu = relu});
}

int add_resize(SolGraph *graph, SolOp op, const char *name, int input, int channels, const float *weights)
{
    return add_layer(graph, name, (SolLayer){.op = op, .inputs = {input}, .channels = channels, .kernel = 3, .stride = 2,
                                       .weights = weights, .border = SOL_BORDER_SAME, .relu = input % 2});
}

/* A transform network: strides, instance norms, a residual, and all ways to double the size. */
SolGraph *make_transform(const float *weights)
{
    SolGraph *g = NULL;
    int x, r;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add_norm(g, "in1", add_conv(g, "conv1", x, 4, weights, false), true);
    x = add_norm(g, "in2", add_resize(g, SOL_OP_CONV, "conv2", x, 8, weights), true);
    x = add_norm(g, "in3", add_resize(g, SOL_OP_CONV, "conv3", x, 8, weights), true);
    r = add_norm(g, "in4", add_conv(g, "res", x, 8, weights, false), false);
    x = add_layer(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    x = add_norm(g, "in5", add_resize(g, SOL_OP_CONV_TRANSPOSE, "deconv", x, 8, weights), true);
    r = add_unary(g, SOL_OP_UPSAMPLE, "nearest", x);
    x = add_layer(g, "bilinear", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {x}, .bilinear = true});
    x = add_layer(g, "both", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    add_unary(g, SOL_OP_TANH, "tanh", add_conv(g, "conv4", x, 3, weights, false));
    return g;
}

int add_bare(SolGraph *graph, const char *name, int input, int stride, const float *weights)
{
    return add_layer(graph, name, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = 8, .kernel = 3,
                                       .stride = stride, .weights = weights, .border = SOL_BORDER_VALID});
}

/* A transform network that pads once, and convolves without borders down to a quarter. */
SolGraph *make_padded(const float *weights)
{
    SolGraph *g = NULL;
    int x, r;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add_layer(g, "pad", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 3});
    x = add_norm(g, "in1", add_bare(g, "conv1", x, 1, weights), true);
    x = add_norm(g, "in2", add_bare(g, "conv2", x, 2, weights), true);
    x = add_norm(g, "in3", add_bare(g, "conv3", x, 2, weights), true);
    r = add_layer(g, "pad2", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 1});
    r = add_unary(g, SOL_OP_RELU, "relu", add_bare(g, "res", r, 1, weights));
    x = add_layer(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    x = add_unary(g, SOL_OP_UPSAMPLE, "up1", add_unary(g, SOL_OP_UPSAMPLE, "up2", x));
    r = add_layer(g, "pad3", (SolLayer){.op = SOL_OP_PAD, .inputs = {x}, .pixels = 1});
    r = add_bare(g, "conv4", r, 1, weights);
    x = add_layer(g, "late", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, r}});
    add_conv(g, "last", x, 3, weights, false);
    return g;
}

size_t plan_bytes(const SolGraph *g, int width, int height, int keep, double *macs)
{
    SolPlan *plan = NULL;
    size_t bytes = 0;
    assert_int_equal(sol_plan_open(&plan, g, width, height, &keep, 1, NULL, pools[0]), 0);
    sol_plan_arena(plan, &bytes);
    *macs = sol_plan_macs(plan);
    sol_plan_close(&plan);
    return bytes;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients against central differences of a twin that computes the same network in double precision, one pixel after
 * the other: every operator, borders, values that several layers read, on awkward sizes, by all backends. Networks
 * are linear but for their kinks, so differences of a small step are exact.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/backward.h"
#include "nn/ops_backward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 12, MAX_KEPT = 4, SAMPLES = 40 /* pixels of a picture that are looked at, about */ };

/* A network: nodes behind the picture, which has the channels of `picture`. */
typedef struct Network {
    const char *name;
    int picture;
    SolLayer layers[MAX_NODES]; /* up to one of SOL_OP_INPUT; weights are made up */
    int keep[MAX_KEPT];         /* up to a 0 */
    int least;                  /* pixels that a side must have at least */
    int multiple;               /* that it must be a multiple of */
} Network;

#define CONV(from, outs, k, edge, rectified) \
    {.op = SOL_OP_CONV, .inputs = {from}, .channels = outs, .kernel = k, .border = edge, .relu = rectified}
#define REFLECT SOL_BORDER_REFLECT
#define ZERO SOL_BORDER_ZERO

static const Network networks[] = {
    {"conv, zeros", 3, {CONV(0, 5, 3, ZERO, false)}, {1}, 1, 1},
    {"conv, reflected", 3, {CONV(0, 5, 3, REFLECT, false)}, {1}, 1, 1},
    {"conv 5x5, reflected", 2, {CONV(0, 3, 5, REFLECT, true)}, {1}, 1, 1},
    {"conv 1x1 and ReLU", 3, {CONV(0, 4, 1, REFLECT, true)}, {1}, 1, 1},
    {"wide convs, reflected", 3, {CONV(0, 20, 3, REFLECT, true), CONV(1, 18, 3, REFLECT, true)}, {1, 2}, 1, 1},
    {"wide convs, zeros", 3, {CONV(0, 20, 3, ZERO, true), CONV(1, 18, 3, ZERO, true), CONV(2, 6, 3, ZERO, false)},
     {1, 2, 3}, 1, 1},
    {"relu", 3, {{.op = SOL_OP_RELU, .inputs = {0}}}, {1}, 1, 1},
    {"ReLU apart", 3,
     {CONV(0, 17, 3, ZERO, false), {.op = SOL_OP_RELU, .inputs = {1}}, {.op = SOL_OP_MAX_POOL, .inputs = {2}},
      CONV(3, 6, 3, REFLECT, false), {.op = SOL_OP_RELU, .inputs = {4}}}, {2, 5}, 2, 1},
    {"ReLU apart, pooled only", 3,
     {CONV(0, 6, 3, REFLECT, false), {.op = SOL_OP_RELU, .inputs = {1}}, {.op = SOL_OP_MAX_POOL, .inputs = {2}}}, {3},
     2, 1},
    {"ReLU and what is before it", 3,
     {CONV(0, 6, 3, ZERO, false), {.op = SOL_OP_RELU, .inputs = {1}}, {.op = SOL_OP_ADD, .inputs = {1, 2}}}, {1, 3},
     1, 1},
    {"pooling", 3, {{.op = SOL_OP_MAX_POOL, .inputs = {0}}}, {1}, 2, 1},
    {"pooled convs", 3, {CONV(0, 6, 3, ZERO, true), {.op = SOL_OP_MAX_POOL, .inputs = {1}}, CONV(2, 5, 3, ZERO, true)},
     {3}, 2, 1},
    {"pooled and kept", 3,
     {CONV(0, 17, 3, REFLECT, true), {.op = SOL_OP_MAX_POOL, .inputs = {1}}, CONV(2, 5, 3, REFLECT, true),
      {.op = SOL_OP_MAX_POOL, .inputs = {3}}}, {1, 2, 4}, 4, 1},
    {"pooled, then read again", 3,
     {CONV(0, 6, 3, ZERO, true), {.op = SOL_OP_MAX_POOL, .inputs = {1}}, CONV(1, 4, 3, ZERO, true)}, {2, 3}, 2, 1},
    {"read again, then pooled", 3,
     {CONV(0, 6, 3, ZERO, true), CONV(1, 4, 3, ZERO, true), {.op = SOL_OP_MAX_POOL, .inputs = {1}}}, {2, 3}, 2, 1},
    {"conv pooled without ReLU", 3, {CONV(0, 6, 3, ZERO, false), {.op = SOL_OP_MAX_POOL, .inputs = {1}}}, {2}, 2, 1},
    {"upsampling", 3, {CONV(0, 6, 3, ZERO, true), {.op = SOL_OP_UPSAMPLE, .inputs = {1}}, CONV(2, 4, 3, ZERO, false)},
     {2, 3}, 1, 1},
    {"upsampled conv", 3,
     {CONV(0, 17, 3, REFLECT, true), {.op = SOL_OP_UPSAMPLE, .inputs = {1}}, CONV(2, 5, 3, REFLECT, true)}, {3}, 1, 1},
    {"addition", 3, {CONV(0, 6, 3, ZERO, true), CONV(1, 6, 3, ZERO, false), {.op = SOL_OP_ADD, .inputs = {1, 2}}},
     {3}, 1, 1},
    {"a value added to itself", 3, {CONV(0, 4, 3, ZERO, true), {.op = SOL_OP_ADD, .inputs = {1, 1}}}, {1, 2}, 1, 1},
    {"planes added to groups", 3,
     {CONV(0, 3, 3, ZERO, false), CONV(1, 20, 3, ZERO, true), CONV(2, 3, 3, ZERO, true),
      {.op = SOL_OP_ADD, .inputs = {3, 0}}}, {1, 4}, 1, 1},
    {"affine", 3,
     {{.op = SOL_OP_AFFINE, .inputs = {0}}, CONV(1, 6, 3, ZERO, true), {.op = SOL_OP_AFFINE, .inputs = {2}}}, {2, 3}, 1, 1},
    {"two ways down and up again", 3,
     {CONV(0, 17, 3, REFLECT, true), {.op = SOL_OP_MAX_POOL, .inputs = {1}}, CONV(2, 17, 3, REFLECT, false),
      {.op = SOL_OP_UPSAMPLE, .inputs = {3}}, {.op = SOL_OP_ADD, .inputs = {4, 1}}, {.op = SOL_OP_RELU, .inputs = {5}},
      CONV(6, 3, 3, REFLECT, false)}, {3, 7}, 2, 2},
};

enum { NETWORKS = sizeof networks / sizeof networks[0] };

static const int sizes[][2] = {{1, 1}, {2, 1}, {2, 2}, {1, 5}, {3, 2}, {7, 4}, {6, 9}, {12, 9}};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- the network, and its twin ---- */

/* A network with weights. */
typedef struct Built {
    const Network *network;
    SolGraph *graph;
    float *numbers[MAX_NODES][4]; /* weights, bias, scale, offset */
    int count;                    /* of nodes */
} Built;

static Built build(const Network *network)
{
    Built b = {.network = network, .count = 1};
    assert_int_equal(sol_graph_open(&b.graph), 0);
    assert_int_equal(
        sol_graph_add(b.graph, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = network->picture}), 0);
    for (const SolLayer *from = network->layers; from->op != SOL_OP_INPUT; from++, b.count++) {
        SolLayer layer = *from;
        int ins = sol_graph_node(b.graph, layer.inputs[0])->channels, outs = layer.channels ? layer.channels : ins;
        float **numbers = b.numbers[b.count];
        char name[8];
        snprintf(name, sizeof name, "n%d", b.count);
        numbers[0] = random_planes((size_t)(outs * ins * layer.kernel * layer.kernel), (uint32_t)b.count);
        for (int i = 1; i < 4; i++)
            numbers[i] = random_planes((size_t)outs, (uint32_t)(10 * i + b.count));
        layer.weights = numbers[0];
        layer.bias = numbers[1];
        layer.scale = numbers[2];
        layer.offset = numbers[3];
        if (sol_graph_add(b.graph, name, &layer) != b.count)
            fail_msg("%s: %s", network->name, sol_error_text());
    }
    return b;
}

static void tear_down_built(Built *b)
{
    sol_graph_close(&b->graph);
    for (int n = 0; n < b->count; n++)
        for (int i = 0; i < 4; i++)
            free(b->numbers[n][i]);
}

/* A value in double precision. */
typedef struct Planes {
    SolShape shape;
    double *data;
} Planes;

static double *pixel(const Planes *p, int c, int y, int x)
{
    return &p->data[((size_t)c * (size_t)p->shape.height + (size_t)y) * (size_t)p->shape.width + (size_t)x];
}

static double convolved(const SolLayer *layer, const Planes *in, int o, int y, int x)
{
    double sum = (double)layer->bias[o];
    int k = layer->kernel, half = k / 2;
    for (int i = 0; i < in->shape.channels; i++)
        for (int ky = 0; ky < k; ky++)
            for (int kx = 0; kx < k; kx++) {
                int sy = sol_border_index(layer->border, y + ky - half, in->shape.height);
                int sx = sol_border_index(layer->border, x + kx - half, in->shape.width);
                if (sy >= 0 && sx >= 0)
                    sum += (double)layer->weights[((o * in->shape.channels + i) * k + ky) * k + kx] *
                           *pixel(in, i, sy, sx);
            }
    return layer->relu && sum < 0 ? 0 : sum;
}

static double largest(const Planes *in, int c, int y, int x)
{
    double most = -INFINITY;
    for (int k = 0; k < 4; k++)
        most = fmax(most, *pixel(in, c, 2 * y + k / 2, 2 * x + k % 2));
    return most;
}

static double computed(const SolLayer *layer, const Planes *a, const Planes *b, int c, int y, int x)
{
    switch (layer->op) {
    case SOL_OP_CONV: return convolved(layer, a, c, y, x);
    case SOL_OP_RELU: return fmax(0, *pixel(a, c, y, x));
    case SOL_OP_MAX_POOL: return largest(a, c, y, x);
    case SOL_OP_UPSAMPLE: return *pixel(a, c, y / 2, x / 2);
    case SOL_OP_ADD: return *pixel(a, c, y, x) + *pixel(b, c, y, x);
    default: return *pixel(a, c, y, x) * (double)layer->scale[c] + (double)layer->offset[c];
    }
}

/* Computes all values from the first. */
static void compute(const Built *b, Planes values[])
{
    for (int n = 1; n < b->count; n++) {
        const SolLayer *layer = &sol_graph_node(b->graph, n)->layer;
        const SolShape s = values[n].shape;
        for (int c = 0; c < s.channels; c++)
            for (int y = 0; y < s.height; y++)
                for (int x = 0; x < s.width; x++)
                    *pixel(&values[n], c, y, x) =
                        computed(layer, &values[layer->inputs[0]], &values[layer->inputs[1]], c, y, x);
    }
}

static size_t count_of(SolShape s)
{
    return (size_t)s.channels * sol_shape_plane(s);
}

/* The scalar: a weighted sum over all kept values. */
static double total(const Built *b, const Planes values[], float *const weights[])
{
    double sum = 0;
    for (int i = 0; b->network->keep[i]; i++) {
        const Planes *kept = &values[b->network->keep[i]];
        for (size_t p = 0; p < count_of(kept->shape); p++)
            sum += (double)weights[i][p] * kept->data[p];
    }
    return sum;
}

/* ---- comparing ---- */

static void set_shapes(const Built *b, int width, int height, Planes values[])
{
    for (int n = 0; n < b->count; n++) {
        const SolNode *node = sol_graph_node(b->graph, n);
        SolShape s = {node->channels, height, width};
        if (n > 0)
            s = values[node->layer.inputs[0]].shape;
        s.channels = node->channels;
        if (node->layer.op == SOL_OP_MAX_POOL)
            s = (SolShape){s.channels, s.height / 2, s.width / 2};
        else if (node->layer.op == SOL_OP_UPSAMPLE)
            s = (SolShape){s.channels, 2 * s.height, 2 * s.width};
        values[n].shape = s;
        values[n].data = calloc(count_of(s), sizeof(double));
        assert_non_null(values[n].data);
    }
}

/* The gradient by a backend, and the values that it went through, which must be the twin's. */
static void check_backend(const Built *b, const SolConvBackend *backend, SolPool *pool, const float *picture,
                          const Planes values[], float *const weights[], const double *wanted)
{
    const SolPlanOptions options = {.backend = backend};
    const Network *network = b->network;
    SolShape s = values[0].shape;
    SolBackward *back = NULL;
    const float *found;
    int kept = 0;
    while (network->keep[kept])
        kept++;
    if (sol_backward_open(&back, b->graph, s.width, s.height, network->keep, kept, &options, pool) != 0)
        fail_msg("%s: %s", network->name, sol_error_text());
    for (int run = 0; run < 2; run++) { /* nothing of a run may be left in the next */
        memcpy(sol_backward_input(back), picture, count_of(s) * sizeof *picture);
        sol_backward_forward(back);
        for (int i = 0; i < kept; i++) {
            SolFeatures value = sol_backward_value(back, network->keep[i]), planes = value;
            SolFeatures gradient = sol_backward_gradient(back, network->keep[i]);
            float *copy = malloc(count_of(value.shape) * sizeof *copy);
            assert_int_equal(value.layout.block, gradient.layout.block);
            planes = sol_planes(copy, value.shape);
            sol_op_convert(pool, &value, &planes);
            for (size_t p = 0; p < count_of(value.shape); p++)
                assert_true(fabs((double)copy[p] - values[network->keep[i]].data[p]) < 2e-3);
            free(copy);
            planes = sol_planes(weights[i], value.shape);
            sol_op_convert(pool, &planes, &gradient);
        }
        found = sol_backward_run(back);
        for (size_t p = 0; p < count_of(s); p++)
            if (isfinite(wanted[p]) && !(fabs((double)found[p] - wanted[p]) <= 2e-5 * (fabs(wanted[p]) + 30)))
                fail_msg("%s, %dx%d, %s: %zu is %g, not %g", network->name, s.width, s.height,
                         backend ? backend->name : "any", p, (double)found[p], wanted[p]);
    }
    sol_backward_close(&back);
    assert_null(back);
}

static void check_network(const Network *network, int width, int height)
{
    Built b = build(network);
    Planes values[MAX_NODES];
    float *weights[MAX_KEPT], *picture;
    double *wanted;
    size_t count;
    set_shapes(&b, width, height, values);
    count = count_of(values[0].shape);
    picture = random_planes(count, 99);
    wanted = calloc(count, sizeof *wanted);
    assert_non_null(wanted);
    for (int i = 0; network->keep[i]; i++)
        weights[i] = random_planes(count_of(values[network->keep[i]].shape), 200 + (uint32_t)i);
    for (size_t p = 0; p < count; p++)
        values[0].data[p] = (double)picture[p];
    for (size_t p = 0; p < count; p++) {
        const double step = 1e-6;
        wanted[p] = NAN; /* not asked */
        if (p * SAMPLES / count == (p - 1) * SAMPLES / count && p > 0)
            continue;
        values[0].data[p] = (double)picture[p] + step;
        compute(&b, values);
        wanted[p] = total(&b, values, weights);
        values[0].data[p] = (double)picture[p] - step;
        compute(&b, values);
        wanted[p] = (wanted[p] - total(&b, values, weights)) / (2 * step);
        values[0].data[p] = (double)picture[p];
    }
    compute(&b, values);
    check_backend(&b, NULL, pools[0], picture, values, weights, wanted);
    for (int i = 0; sol_conv_backend_at(i); i++)
        check_backend(&b, sol_conv_backend_at(i), pools[1 + i % 2], picture, values, weights, wanted);
    for (int i = 0; network->keep[i]; i++)
        free(weights[i]);
    for (int n = 0; n < b.count; n++)
        free(values[n].data);
    free(picture);
    free(wanted);
    tear_down_built(&b);
}

static void test_gradients(void **state)
{
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int s = 0; s < SIZES; s++) {
            const Network *n = &networks[i];
            if (sizes[s][0] >= n->least && sizes[s][1] >= n->least && sizes[s][0] % n->multiple == 0 &&
                sizes[s][1] % n->multiple == 0)
                check_network(n, sizes[s][0], sizes[s][1]);
        }
}

/* ---- pooling ---- */

/* Of pixels that are equally large the first one has the gradient; none has it where the largest is rectified. */
static void test_ties(void **state)
{
    static const float value[] = {1, 1, 0, 0, 1, 1, 0, 0, -1, 2, 3, 3, 2, 2, 5, 3};
    static const float gradient[] = {7, 8, 9, 10};
    static const float wanted[] = {7, 0, 8, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 10, 0};
    float to[16];
    SolShape whole = {1, 4, 4}, half = {1, 2, 2};
    SolFeatures v = sol_planes(value, whole), g = sol_planes(gradient, half), t = sol_planes(to, whole);
    (void)state;
    sol_op_unpool(pools[0], &v, &g, false, false, &t);
    assert_memory_equal(to, wanted, sizeof to);
    for (int i = 0; i < 16; i++)
        to[i] = 1;
    sol_op_unpool(pools[0], &v, &g, true, true, &t);
    for (int i = 0; i < 16; i++)
        assert_true(to[i] == (value[i] > 0 ? 1 + wanted[i] : 0));
}

/* ---- plans ---- */

static void test_what_is_refused(void **state)
{
    const float weights[4 * 9] = {0};
    int keep[] = {2};
    SolGraph *graph = NULL;
    SolBackward *back = NULL;
    (void)state;
    assert_int_equal(sol_graph_open(&graph), 0);
    assert_int_equal(sol_graph_add(graph, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = 1}), 0);
    assert_int_equal(sol_graph_add(graph, "relu1_1",
                                   &(SolLayer){.op = SOL_OP_CONV, .channels = 4, .kernel = 3, .weights = weights}), 1);
    assert_int_equal(sol_graph_add(graph, "styled", &(SolLayer){.op = SOL_OP_ADAIN, .inputs = {1}, .tap = 1}), 2);
    assert_int_equal(sol_graph_add(graph, "pool1", &(SolLayer){.op = SOL_OP_MAX_POOL, .inputs = {1}}), 3);
    assert_int_equal(sol_backward_open(&back, graph, 8, 8, keep, 1, NULL, pools[0]), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "layer \"styled\": there is no gradient through the operator \"adain\"");
    keep[0] = 3;
    assert_int_equal(sol_backward_open(&back, graph, 1, 8, keep, 1, NULL, pools[0]), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "1x8 pixels are too few: nothing is left at layer \"pool1\"");
    assert_int_equal(sol_backward_open(&back, graph, 0, 8, keep, 1, NULL, pools[0]), SOL_ERR_ARGUMENT);
    assert_null(back);
    sol_graph_close(&graph);
}

static void test_operators_without_a_gradient(void **state)
{
    static const float weights[9];
    const struct {
        SolLayer layer;
        const char *text;
    } cases[] = {
        {{.op = SOL_OP_PAD, .pixels = 1}, "layer \"last\": there is no gradient through the operator \"pad\""},
        {{.op = SOL_OP_CONV, .channels = 1, .kernel = 3, .weights = weights, .border = SOL_BORDER_VALID},
         "layer \"last\": there is no gradient through a convolution with the border \"valid\""},
        {{.op = SOL_OP_CONV, .channels = 1, .kernel = 3, .weights = weights, .stride = 2},
         "layer \"last\": there is no gradient through a convolution of stride 2"}};
    const int last = 1;
    (void)state;
    for (int i = 0; i < 3; i++) {
        SolGraph *graph = NULL;
        SolBackward *back = NULL;
        assert_int_equal(sol_graph_open(&graph), 0);
        assert_int_equal(sol_graph_add(graph, "image", &(SolLayer){.op = SOL_OP_INPUT, .channels = 1}), 0);
        assert_int_equal(sol_graph_add(graph, "last", &cases[i].layer), last);
        assert_int_equal(sol_backward_open(&back, graph, 8, 8, &last, 1, NULL, pools[0]), SOL_ERR_ARGUMENT);
        assert_string_equal(sol_error_text(), cases[i].text);
        assert_null(back);
        sol_graph_close(&graph);
    }
}

/* What is measured is what a plan takes, and grows with the picture; nothing is reserved for what nothing needs. */
static void test_measure(void **state)
{
    Built b = build(&networks[5]);
    SolPlanSize small, large, first;
    const int one = 1;
    (void)state;
    assert_int_equal(sol_backward_measure(&small, b.graph, 32, 32, b.network->keep, 3, NULL, pools[0]), 0);
    assert_int_equal(sol_backward_measure(&large, b.graph, 64, 64, b.network->keep, 3, NULL, pools[0]), 0);
    assert_int_equal(sol_backward_measure(&first, b.graph, 64, 64, &one, 1, NULL, pools[0]), 0);
    assert_true(small.macs == 2 * 32 * 32 * 9.0 * (3 * 20 + 20 * 18 + 18 * 6));
    assert_true(large.macs == 4 * small.macs);
    assert_true(first.macs == 2 * 64 * 64 * 9.0 * 60);
    assert_true(large.bytes > 2 * small.bytes && first.bytes < large.bytes);
    tear_down_built(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_operators_without_a_gradient),
        cmocka_unit_test(test_measure),
    };
    return cmocka_run_group_tests_name("nn/backward", tests, set_up_pools, tear_down_pools);
}

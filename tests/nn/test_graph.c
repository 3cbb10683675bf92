/* SPDX-License-Identifier: Apache-2.0
 *
 * Graphs and plans: what is refused, which memory is shared, and that a run with shared memory gives
 * what a naive evaluation gives that keeps every value apart.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/arena.h"
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
    int pool, styled, wide, shrunk;
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
                   "the style layer \"styled\" depends on an adain layer");
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

/* ---- the arena ---- */

static void test_buffers_alive_together_lie_apart(void **state)
{
    enum { COUNT = 60, STEPS = 25 };
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 50; round++) {
        SolBuffer buffers[COUNT];
        size_t total = 0, alive_most = 0;
        for (int i = 0; i < COUNT; i++) {
            seed = seed * 1664525u + 1013904223u;
            buffers[i] = (SolBuffer){.bytes = (seed >> 8) % 5000, .first = (int)(seed >> 20) % STEPS};
            buffers[i].last = buffers[i].first + (int)(seed >> 28) % 6;
        }
        assert_int_equal(sol_arena_lay_out(buffers, COUNT, &total), 0);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(buffers[i].offset % SOL_ALIGNMENT, 0);
            assert_true(buffers[i].offset + buffers[i].bytes <= total);
            for (int j = 0; j < i; j++) {
                bool same_time = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
                bool same_place = buffers[i].offset < buffers[j].offset + buffers[j].bytes &&
                                  buffers[j].offset < buffers[i].offset + buffers[i].bytes;
                assert_false(same_time && same_place);
            }
        }
        for (int step = 0; step < STEPS + 6; step++) {
            size_t alive = 0;
            for (int i = 0; i < COUNT; i++)
                alive += buffers[i].first <= step && step <= buffers[i].last ? buffers[i].bytes : 0;
            alive_most = alive > alive_most ? alive : alive_most;
        }
        assert_true(total >= alive_most && total <= alive_most * 3 / 2);
    }
}

static void test_sizes_that_overflow_an_arena(void **state)
{
    SolBuffer buffers[2] = {{.bytes = SIZE_MAX - 3}, {.bytes = 1}};
    size_t total = 77;
    (void)state;
    assert_int_equal(sol_arena_lay_out(buffers, 2, &total), SOL_ERR_NOMEM);
    buffers[0].bytes = buffers[1].bytes = SIZE_MAX / 2 + 1;
    assert_int_equal(sol_arena_lay_out(buffers, 2, &total), SOL_ERR_NOMEM);
    assert_int_equal(total, 77);
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
    *to = from;
    to->channels = sol_graph_node(g, n)->channels;
    to->height = layer->op == SOL_OP_MAX_POOL ? from.height / 2 : from.height * (layer->op == SOL_OP_UPSAMPLE ? 2 : 1);
    to->width = layer->op == SOL_OP_MAX_POOL ? from.width / 2 : from.width * (layer->op == SOL_OP_UPSAMPLE ? 2 : 1);
    out = naive->values[n] = malloc(count_of(*to) * sizeof *out);
    assert_non_null(out);
    switch (layer->op) {
    case SOL_OP_AFFINE:
        sol_reference_affine(in, from, layer->scale, layer->offset, out);
        break;
    case SOL_OP_CONV:
        naive_conv(layer, from, in, out);
        break;
    case SOL_OP_RELU:
        sol_reference_relu(in, from, out);
        break;
    case SOL_OP_MAX_POOL:
        sol_reference_max_pool(in, from, out);
        break;
    case SOL_OP_UPSAMPLE:
        sol_reference_upsample(in, from, out);
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
            if (!(difference <= 1e-5))
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
    free(weights);
}

static void test_sizes_that_overflow(void **state)
{
    SolGraph *g = NULL;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    add(g, "up", (SolLayer){.op = SOL_OP_UPSAMPLE});
    add(g, "conv", (SolLayer){.op = SOL_OP_CONV, .channels = 1, .kernel = 1});
    assert_plan_refused(g, INT_MAX, INT_MAX, 0, SOL_ERR_NOMEM,
                        "2147483647x2147483647 pixels are too many: layer \"image\" cannot be addressed");
    assert_plan_refused(g, INT_MAX, 1, 1, SOL_ERR_NOMEM, "the picture is too large for layer \"up\"");
    assert_plan_refused(g, 65536, 65536, 2, SOL_ERR_ARGUMENT,
                        "layer \"conv\": a 1x1 convolution from 3 to 1 channels at 65536x65536 pixels "
                        "cannot be planned");
    sol_graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_graph_knows),
        cmocka_unit_test(test_a_plan_names_its_backend),
        cmocka_unit_test(test_a_plan_tells_its_steps),
        cmocka_unit_test(test_unsound_graphs_are_refused),
        cmocka_unit_test(test_buffers_alive_together_lie_apart),
        cmocka_unit_test(test_sizes_that_overflow_an_arena),
        cmocka_unit_test(test_shared_memory_is_never_clobbered),
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

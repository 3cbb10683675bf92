/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans that run: that a run with shared memory and melted steps gives what a naive evaluation gives that keeps every
 * value apart, and what memory it takes.
 */
#include "support/networks.h"
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/fuse.h"
#include "nn/plan.h"
#include "nn/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    x = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    for (int i = 0; i < 12; i++) {
        char name[16];
        snprintf(name, sizeof name, "conv%d", i);
        x = add_conv(g, name, x, 3, weights, true);
        snprintf(name, sizeof name, "relu%d", i);
        x = add_unary(g, SOL_OP_RELU, name, x);
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
    x = add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add_conv(g, "relu1_1", x, 64, weights, true);
    x = add_conv(g, "relu1_2", x, 64, weights, true);
    x = add_unary(g, SOL_OP_MAX_POOL, "pool1", x);
    x = add_unary(g, SOL_OP_UPSAMPLE, "up1", x);
    x = add_conv(g, "decode1_2", x, 64, weights, true);
    x = add_conv(g, "decode1_1", x, 3, weights, false);
    bytes = plan_bytes(g, 512, 384, x, &macs);
    assert_true(bytes > wide && bytes < wide * 3 / 2);
    sol_graph_close(&g);
    free(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_memory_is_never_clobbered),
        cmocka_unit_test(test_transform_networks_run),
        cmocka_unit_test(test_strides_that_a_backend_lacks),
        cmocka_unit_test(test_melted_nodes_give_the_same),
        cmocka_unit_test(test_what_melts),
        cmocka_unit_test(test_a_relu_apart),
        cmocka_unit_test(test_memory_does_not_grow_with_depth),
        cmocka_unit_test(test_wide_layers_lie_in_memory_one_at_a_time),
    };
    return cmocka_run_group_tests_name("nn/plan", tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Graphs: what they know, what plans of them tell, and what is refused.
 */
#include "support/networks.h"
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/plan.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
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
    pool = add_unary(g, SOL_OP_MAX_POOL, "pool", 0);
    wide = add_layer(g, "wide", (SolLayer){.op = SOL_OP_CONV, .channels = 5, .kernel = 1});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, pool}},
                   "its inputs differ in size: \"image\" and \"pool\"");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, wide}}, "its inputs have 3 and 5 channels");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = 99},
                   "there is no layer to take the style's statistics at");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = wide},
                   "its input has 3 channels, the style layer \"wide\" 5");
    styled = add_layer(g, "styled", (SolLayer){.op = SOL_OP_ADAIN, .tap = pool});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADAIN, .tap = styled},
                   "the style layer \"styled\" depends on an adain or wct layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .tap = styled},
                   "the style layer \"styled\" depends on an adain or wct layer");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .tap = pool},
                   "the style layer \"pool\" is one of adain already, and serves either adain or wct");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .strength = 1.5f}, "a strength of 1.5: it must be 0 to 1");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .strength = NAN}, "a strength of nan: it must be 0 to 1");
    vast = add_layer(g, "vast", (SolLayer){.op = SOL_OP_CONV, .channels = 2049, .kernel = 1});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_WCT, .inputs = {vast}, .tap = vast},
                   "2049 channels: wct takes 2048 at most");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_LEVEL, .inputs = {pool, 0}},
                   "its inputs differ in size: \"pool\" and \"image\"");
    shrunk = pool;
    for (int i = 2; i <= 12; i++) {
        char name[16];
        snprintf(name, sizeof name, "pool%d", i);
        shrunk = add_unary(g, SOL_OP_MAX_POOL, name, shrunk);
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
    add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD}, "0 pixels on every side: there must be 1 to 1024");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD, .pixels = 1025},
                   "1025 pixels on every side: there must be 1 to 1024");
    for (int i = 0; i < 512; i++) { /* 2^20 pixels more */
        char name[16];
        snprintf(name, sizeof name, "padded%d", i);
        padded = add_layer(g, name, (SolLayer){.op = SOL_OP_PAD, .inputs = {padded}, .pixels = 1024});
    }
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_ADD, .inputs = {0, 1}},
                   "its inputs differ in size: \"image\" and \"padded0\"");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_PAD, .inputs = {padded}, .pixels = 1},
                   "the size changes by more than 1048576 pixels");
    assert_refused(g, "x", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {padded}},
                   "the size changes by more than 1048576 pixels");
    sol_graph_close(&g);
}

/* ---- sizes ---- */

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
    add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    add_bare(g, "bare", 0, 2, weights);
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
    add_layer(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    add_layer(g, "up", (SolLayer){.op = SOL_OP_UPSAMPLE});
    add_layer(g, "pad", (SolLayer){.op = SOL_OP_PAD, .pixels = 1});
    add_layer(g, "conv", (SolLayer){.op = SOL_OP_CONV, .channels = 1, .kernel = 1});
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
        cmocka_unit_test(test_what_a_padded_network_knows),
        cmocka_unit_test(test_what_a_transform_network_knows),
        cmocka_unit_test(test_what_a_graph_knows),
        cmocka_unit_test(test_a_plan_names_its_backend),
        cmocka_unit_test(test_a_plan_tells_its_steps),
        cmocka_unit_test(test_unsound_graphs_are_refused),
        cmocka_unit_test(test_sizes_that_differ_by_pixels_are_refused),
        cmocka_unit_test(test_sizes_that_do_not_suit),
        cmocka_unit_test(test_sizes_that_overflow),
    };
    return cmocka_run_group_tests_name("nn/graph", tests, set_up_pools, tear_down_pools);
}

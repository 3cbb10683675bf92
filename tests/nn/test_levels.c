/* SPDX-License-Identifier: Apache-2.0
 *
 * Levels: what is left of a graph where some of them are not wanted, and what is refused.
 */
#include "support/support.h"

#include "base/error.h"
#include "nn/levels.h"

#include <math.h>
#include <string.h>

static const float numbers[2][8 * 8] = {{1}, {2}};

static int add(SolGraph *g, const char *name, SolLayer layer)
{
    int node = sol_graph_add(g, name, &layer);
    if (node < 0)
        fail_msg("%s: %s", name, sol_error_text());
    return node;
}

static int conv(SolGraph *g, const char *name, int input, int channels, const float *weights)
{
    return add(g, name, (SolLayer){.op = SOL_OP_CONV, .inputs = {input}, .channels = channels, .kernel = 1,
                                   .weights = weights});
}

/* Two levels; the second's encoder is there twice. */
static SolGraph *two_levels(void)
{
    SolGraph *g = NULL;
    int input, x, tap;
    assert_int_equal(sol_graph_open(&g), 0);
    input = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = conv(g, "encode2", input, 4, numbers[0]);
    x = add(g, "pool2", (SolLayer){.op = SOL_OP_MAX_POOL, .inputs = {x}});
    x = add(g, "wct2", (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = x, .strength = 0.5f});
    x = add(g, "up2", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {x}});
    x = conv(g, "decode2", x, 3, numbers[0]);
    x = add(g, "picture2", (SolLayer){.op = SOL_OP_LEVEL, .inputs = {x, input}});
    tap = conv(g, "style1", input, 5, numbers[1]);
    x = conv(g, "encode1", x, 5, numbers[1]);
    x = add(g, "wct1", (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = tap, .strength = 0.25f});
    x = conv(g, "decode1", x, 3, numbers[1]);
    add(g, "picture1", (SolLayer){.op = SOL_OP_LEVEL, .inputs = {x, sol_graph_find(g, "picture2")}});
    return g;
}

/* The names of a graph's nodes, with blanks between. */
static const char *names_of(const SolGraph *g)
{
    static char names[512];
    names[0] = '\0';
    for (int n = 0; n < sol_graph_count(g); n++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", n ? " " : "", sol_graph_node(g, n)->name);
    }
    return names;
}

static SolGraph *levels(const SolGraph *g, double second, double first)
{
    SolGraph *out = NULL;
    if (sol_graph_levels(&out, g, (double[]){second, first}, 2) != 0)
        fail_msg("%s", sol_error_text());
    return out;
}

static void test_all_levels(void **state)
{
    SolGraph *g = two_levels(), *out = NULL;
    const SolLayer *layer;
    (void)state;
    assert_int_equal(sol_graph_level_count(g), 2);
    assert_int_equal(sol_graph_levels(&out, g, NULL, 0), 0);
    assert_string_equal(names_of(out), "image encode2 pool2 wct2 up2 decode2 style1 encode1 wct1 decode1");
    assert_true(sol_graph_node(out, 3)->layer.strength == 0.5f);
    layer = &sol_graph_node(out, 8)->layer;
    assert_true(layer->strength == 0.25f && layer->tap == 6 && layer->inputs[0] == 7);
    assert_int_equal(sol_graph_node(out, 7)->layer.inputs[0], 5); /* which the level node stood behind */
    assert_int_equal(sol_graph_statistics(out, -1), 4 + 16 + 5 + 25);
    sol_graph_close(&out);
    out = levels(g, 1, 0.75);
    assert_true(sol_graph_node(out, 3)->layer.strength == 1);
    assert_true(sol_graph_node(out, 8)->layer.strength == 0.75f);
    sol_graph_close(&out);
    sol_graph_close(&g);
}

/* On the picture itself, the second's encoder is what its style is taken with. */
static void test_one_level(void **state)
{
    SolGraph *g = two_levels(), *out = levels(g, 0, 0.5);
    (void)state;
    assert_string_equal(names_of(out), "image style1 wct1 decode1");
    assert_int_equal(sol_graph_node(out, 2)->layer.tap, 1);
    assert_int_equal(sol_graph_node(out, 2)->layer.inputs[0], 1);
    assert_int_equal(sol_graph_multiple(out), 1);
    assert_int_equal(sol_graph_statistics(out, -1), 5 + 25);
    sol_graph_close(&out);
    out = levels(g, 1, 0);
    assert_string_equal(names_of(out), "image encode2 pool2 wct2 up2 decode2");
    assert_int_equal(sol_graph_multiple(out), 2);
    sol_graph_close(&out);
    sol_graph_close(&g);
}

/* A wct node of strength 0 that no level goes by changes nothing, and is left out alone. */
static void test_a_node_outside_levels(void **state)
{
    SolGraph *g = NULL, *out;
    int x;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    x = add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = conv(g, "a", x, 4, numbers[0]);
    x = add(g, "none", (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = x});
    x = conv(g, "b", x, 4, numbers[0]);
    x = add(g, "some", (SolLayer){.op = SOL_OP_WCT, .inputs = {x}, .tap = 1});
    add(g, "same", (SolLayer){.op = SOL_OP_LEVEL, .inputs = {1, 1}}); /* no wct between: the first */
    x = conv(g, "c", x, 3, numbers[0]);
    out = levels(g, 0, 1);
    assert_string_equal(names_of(out), "image a b some c");
    assert_int_equal(sol_graph_node(out, 2)->layer.inputs[0], 1);
    sol_graph_close(&out);
    sol_graph_close(&g);
}

/* The last node stays the last, even where an earlier one computes the same. */
static void test_the_output_stays_last(void **state)
{
    const float scale[3] = {2, 2, 2}, offset[3] = {0, 0, 0};
    const SolLayer affine = {.op = SOL_OP_AFFINE, .inputs = {1}, .scale = scale, .offset = offset};
    SolGraph *g = NULL, *out = NULL;
    int x;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    x = add(g, "wct", (SolLayer){.op = SOL_OP_WCT, .strength = 1});
    add(g, "one", affine);
    add(g, "two", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, 2}});
    add(g, "again", affine);
    add(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {3, 4}});
    add(g, "last", affine);
    assert_int_equal(sol_graph_levels(&out, g, NULL, 0), 0);
    assert_string_equal(names_of(out), "image wct last");
    sol_graph_close(&out);
    add(g, "end", (SolLayer){.op = SOL_OP_ADD, .inputs = {5, 6}});
    assert_int_equal(sol_graph_levels(&out, g, NULL, 0), 0);
    assert_string_equal(names_of(out), "image wct one two sum end"); /* again and last are one */
    sol_graph_close(&out);
    sol_graph_close(&g);
}

/* Layers that differ in nothing but how far they pad, or by how much they stride, are not one. */
static void test_sizes_tell_layers_apart(void **state)
{
    SolLayer pad = {.op = SOL_OP_PAD, .inputs = {1}, .pixels = 2};
    SolLayer conv3 = {.op = SOL_OP_CONV, .inputs = {1}, .channels = 3, .kernel = 1, .stride = 1, .weights = numbers[0]};
    SolGraph *g = NULL, *out = NULL;
    int x;
    (void)state;
    assert_int_equal(sol_graph_open(&g), 0);
    add(g, "image", (SolLayer){.op = SOL_OP_INPUT, .channels = 3});
    add(g, "wct", (SolLayer){.op = SOL_OP_WCT, .strength = 1});
    add(g, "pad", pad);
    x = add(g, "same", pad);
    x = add(g, "sum", (SolLayer){.op = SOL_OP_ADD, .inputs = {2, x}});
    pad.pixels = 1;
    pad.inputs[0] = add(g, "less", pad);
    add(g, "wide", pad);
    x = add(g, "sum2", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, 6}});
    add(g, "conv", conv3);
    conv3.stride = 2;
    add(g, "half", conv3);
    add(g, "up", (SolLayer){.op = SOL_OP_UPSAMPLE, .inputs = {9}});
    add(g, "sum3", (SolLayer){.op = SOL_OP_ADD, .inputs = {8, 10}});
    add(g, "pad4", (SolLayer){.op = SOL_OP_PAD, .inputs = {11}, .pixels = 2});
    add(g, "end", (SolLayer){.op = SOL_OP_ADD, .inputs = {x, 12}});
    assert_int_equal(sol_graph_levels(&out, g, NULL, 0), 0);
    assert_string_equal(names_of(out), "image wct pad sum less wide sum2 conv half up sum3 pad4 end");
    sol_graph_close(&out);
    sol_graph_close(&g);
}

static void assert_refused(const SolGraph *g, const double strength[], int count, const char *text)
{
    SolGraph *out = NULL;
    assert_int_equal(sol_graph_levels(&out, g, strength, count), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), text);
    assert_null(out);
}

static void test_strengths_that_do_not_suit(void **state)
{
    SolGraph *g = two_levels();
    (void)state;
    assert_refused(g, (double[]){1}, 1, "1 strength of levels, where the network has 2 levels");
    assert_refused(g, (double[]){1, 1, 1}, 3, "3 strengths of levels, where the network has 2 levels");
    assert_refused(g, (double[]){1, 1.5}, 2, "level 2 has a strength of 1.5: it must be 0 to 1");
    assert_refused(g, (double[]){NAN, 1}, 2, "level 1 has a strength of nan: it must be 0 to 1");
    assert_refused(g, (double[]){0, 0}, 2, "no level has a strength above 0");
    sol_graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_levels),
        cmocka_unit_test(test_one_level),
        cmocka_unit_test(test_a_node_outside_levels),
        cmocka_unit_test(test_the_output_stays_last),
        cmocka_unit_test(test_sizes_tell_layers_apart),
        cmocka_unit_test(test_strengths_that_do_not_suit),
    };
    return cmocka_run_group_tests_name("nn/levels", tests, NULL, NULL);
}

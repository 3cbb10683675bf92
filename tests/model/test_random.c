/* SPDX-License-Identifier: Apache-2.0
 *
 * Models with made-up weights, on the published network of AdaIN: its layers, and that the weights are the
 * same everywhere and keep activations alive from the first layer to the last.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "model/model.h"
#include "nn/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char vgg19[] = "models/vgg19.json";

static SolModel *make(const char *path, uint64_t seed)
{
    SolModel *model = NULL;
    if (sol_model_open_random(&model, path, seed) != 0)
        fail_msg("%s", sol_error_text());
    return model;
}

/* Huang & Belongie 2017: VGG-19 up to relu4_1, and its mirror image. */
static void test_the_published_network(void **state)
{
    static const int channels[] = {3, 64, 64, 128, 128, 256, 256, 256, 256, 512,
                                   256, 256, 256, 256, 128, 128, 64, 64, 3};
    static const int levels[] = {0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 1, 1, 0, 0};
    SolModel *model = make(vgg19, 1);
    const SolGraph *g = sol_model_graph(model);
    SolModelInfo info;
    double macs = 0;
    int64_t parameters = 0;
    int convs = 0;
    (void)state;
    for (int n = 1; n < sol_graph_count(g); n++) {
        const SolNode *node = sol_graph_node(g, n), *input = sol_graph_node(g, node->layer.inputs[0]);
        double side = 512 >> node->level;
        if (node->layer.op != SOL_OP_CONV)
            continue;
        assert_true(convs < 19);
        assert_int_equal(node->channels, channels[convs]);
        assert_int_equal(node->level, levels[convs]);
        assert_int_equal(node->layer.kernel, convs == 0 ? 1 : 3);
        assert_int_equal(node->layer.border, SOL_BORDER_REFLECT);
        assert_int_equal(node->layer.relu, convs != 0 && convs != 18);
        macs += side * side * node->layer.kernel * node->layer.kernel * node->channels * input->channels;
        parameters += node->layer.kernel * node->layer.kernel * node->channels * input->channels + node->channels;
        convs++;
    }
    assert_int_equal(convs, 19);
    assert_int_equal(round(2 * macs / 1e9), 253);
    assert_int_equal(sol_graph_multiple(g), 8);
    assert_int_equal(sol_graph_tap_count(g), 1);
    assert_string_equal(sol_graph_node(g, sol_graph_tap(g, 0))->name, "relu4_1");
    assert_int_equal(sol_graph_statistics(g, -1), 2 * 512);
    sol_model_info(model, &info);
    assert_string_equal(info.name, "vgg19");
    assert_string_equal(info.path, vgg19);
    assert_string_equal(info.method, "adain");
    assert_string_equal(info.licence, "");
    assert_int_equal(info.parameters, parameters);
    assert_int_equal(info.bytes, 0);
    sol_model_close(&model);
    assert_null(model);
}

/* How many weights of the convolutions of two models differ in a bit, and how many there are. */
static size_t count_differences(const SolModel *a, const SolModel *b, size_t *count)
{
    const SolGraph *g = sol_model_graph(a), *h = sol_model_graph(b);
    size_t different = 0;
    *count = 0;
    for (int n = 1; n < sol_graph_count(g); n++) {
        const SolLayer *x = &sol_graph_node(g, n)->layer, *y = &sol_graph_node(h, n)->layer;
        int inputs = sol_graph_node(g, x->inputs[0])->channels;
        size_t weights = x->op == SOL_OP_CONV ? (size_t)(x->channels * inputs * x->kernel * x->kernel) : 0;
        for (size_t i = 0; i < weights; i++)
            different += memcmp(x->weights + i, y->weights + i, sizeof(float)) != 0;
        for (int c = 0; weights > 0 && c < x->channels; c++)
            assert_true(x->bias[c] == 0 && y->bias[c] == 0);
        *count += weights;
    }
    return different;
}

static void test_one_seed_makes_the_same_bits(void **state)
{
    SolModel *one = make(vgg19, 7), *same = make(vgg19, 7), *other = make(vgg19, 8);
    const float *weights = sol_graph_node(sol_model_graph(one), 2)->layer.weights;
    size_t count;
    (void)state;
    assert_int_equal(count_differences(one, same, &count), 0);
    assert_true(count > 6000000);
    assert_true(count_differences(one, other, &count) > count - count / 1000);
    /* and on every machine */
    assert_true(weights[0] == -0x1.c341e2p-3f && weights[1] == -0x1.eecf0cp-1f && weights[8] == -0x1.7684fep-1f);
    sol_model_close(&one);
    sol_model_close(&same);
    sol_model_close(&other);
}

static void test_activations_stay_of_order_one(void **state)
{
    enum { SIDE = 64 };
    SolModel *model = make(vgg19, 1);
    const SolGraph *g = sol_model_graph(model);
    int count = sol_graph_count(g), *all = calloc((size_t)count, sizeof *all);
    float *picture = random_planes(3 * SIDE * SIDE, 5), style[2 * 512];
    SolPlan *plan = NULL;
    (void)state;
    for (int n = 0; n < count; n++)
        all[n] = n;
    assert_int_equal(sol_plan_open(&plan, g, SIDE, SIDE, all, count, NULL, pools[1]), 0);
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        sol_plan_input(plan)[i] = (picture[i] + 1) / 2;
    for (int c = 0; c < 512; c++) {
        style[c] = 0.5f;
        style[512 + c] = 1;
    }
    sol_plan_run(plan, style, 1);
    for (int n = 1; n < count; n++) {
        SolShape shape;
        const float *values = sol_plan_result(plan, n, &shape);
        size_t size = (size_t)shape.channels * (size_t)shape.height * (size_t)shape.width;
        double sum = 0;
        for (size_t i = 0; i < size; i++)
            sum += (double)values[i] * (double)values[i];
        sum = sqrt(sum / (double)size);
        if (!(sum > 0.2 && sum < 1.5))
            fail_msg("%s has a root mean square of %g", sol_graph_node(g, n)->name, sum);
    }
    sol_plan_close(&plan);
    sol_model_close(&model);
    free(all);
    free(picture);
}

/* Making a model of this JSON must fail, with this text behind "odd.json: architecture: ". */
static void assert_refused(const char *json, const char *text)
{
    SolModel *model = NULL;
    char wanted[256];
    write_text(in_folder("odd.json"), json);
    snprintf(wanted, sizeof wanted, "odd.json: architecture: %s", text);
    assert_int_equal(sol_model_open_random(&model, in_folder("odd.json"), 1), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), wanted);
    assert_null(model);
}

#define LAYERS(layers) "{\"version\": 1, \"method\": \"adain\", \"layers\": [" layers "]}"
#define CONV(name, channels, more) \
    "{\"name\": \"" name "\", \"op\": \"conv\", \"tensors\": \"a\", \"channels\": " channels more "}"

static void test_what_is_refused(void **state)
{
    SolModel *model = NULL;
    (void)state;
    assert_int_equal(sol_model_open_random(&model, "no/such.json", 1), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "no/such.json: cannot be opened: No such file or directory");
    assert_null(model);
    assert_refused("[]", "must be a JSON object");
    assert_refused("{\"version\": 2}", "\"version\" is 2; 1 is understood");
    assert_refused(LAYERS(CONV("x", "4", "")), "the last layer has 4 channels; a picture has 3");
    assert_refused(LAYERS(CONV("x", "3", ", \"kernel\": 2")), "layer \"x\": a kernel of 2 pixels: it must be odd, 1 to 63");
    assert_refused(LAYERS(CONV("x", "5", "") ", " CONV("y", "3", "")),
                   "layer \"y\": tensor \"a.weight\" is 5x3x3x3, where the layer needs 3x5x3x3");
    write_text(in_folder("odd.json"), "{\"version\": 1,");
    assert_int_equal(sol_model_open_random(&model, in_folder("odd.json"), 1), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "odd.json: architecture: no valid JSON: line 1, column ");
    write_text(in_folder("odd.json"), LAYERS(CONV("x", "2147483647", ", \"kernel\": 2147483647")));
    assert_int_equal(sol_model_open_random(&model, in_folder("odd.json"), 1), SOL_ERR_NOMEM);
    assert_null(model);
}

/* An encoder need not end in a picture: where its output is null, or its method compares layers. */
static void test_encoders(void **state)
{
    static const char *const texts[] = {
        "{\"version\": 1, \"method\": \"gatys\", \"layers\": [" CONV("x", "4", "") "], \"output\": null}",
        "{\"version\": 1, \"method\": \"gatys\", \"layers\": [" CONV("x", "4", "") "]}",
        "{\"version\": 1, \"method\": \"gatys\", \"layers\": [" CONV("x", "4", "") "], \"output\": {\"offset\": 1}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        SolModel *model;
        const SolGraph *g;
        write_text(in_folder("encoder.json"), texts[i]);
        model = make(in_folder("encoder.json"), 1);
        g = sol_model_graph(model);
        assert_string_equal(sol_graph_node(g, sol_graph_count(g) - 1)->name, "x");
        sol_model_close(&model);
    }
}

/* Two layers may share their tensors, with made-up weights as with others. */
static void test_shared_tensors(void **state)
{
    SolModel *model;
    const SolGraph *g;
    (void)state;
    write_text(in_folder("shared.json"), LAYERS(CONV("x", "3", "") ", " CONV("y", "3", "")));
    model = make(in_folder("shared.json"), 1);
    g = sol_model_graph(model);
    assert_ptr_equal(sol_graph_node(g, 2)->layer.weights, sol_graph_node(g, 3)->layer.weights);
    sol_model_close(&model);
}

static int set_up(void **state)
{
    return set_up_folder(state) || set_up_pools(state);
}

static int tear_down(void **state)
{
    return tear_down_pools(state) || tear_down_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_network),
        cmocka_unit_test(test_one_seed_makes_the_same_bits),
        cmocka_unit_test(test_activations_stay_of_order_one),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_encoders),
        cmocka_unit_test(test_shared_tensors),
    };
    return cmocka_run_group_tests_name("model/random", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * From a model's JSON to its graph: the default model, every key, and every message.
 */
#include "support/support.h"
#include "support/tensors.h"

#include "base/error.h"
#include "model/architecture.h"
#include "model/model.h"

static const TestTensor tensors[] = {
    {"a.weight", {4, 3, 3, 3, 0}}, {"a.bias", {4, 0}},      {"b.weight", {4, 4, 1, 1, 0}},
    {"c.weight", {3, 4, 3, 3, 0}}, {"c.bias", {3, 0}},      {"d.weight", {4, 3, 3, 3, 0}},
    {"d.bias", {5, 0}},            {"t.weight", {4, 3, 3, 3, 0}}, {"t.bias", {3, 0}},
    {"n.weight", {4, 0}},          {"n.bias", {4, 0}},      {"s.weight", {3, 3, 5, 5, 0}},
    {NULL, {0}},
};

static char path[300];

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    snprintf(path, sizeof path, "%s/some-model.safetensors", folder);
    return 0;
}

static SolModel *open_model(const char *architecture)
{
    SolModel *model = NULL;
    write_model(path, tensors, architecture);
    if (sol_model_open(&model, path) != 0)
        fail_msg("%s", sol_error_text());
    return model;
}

static void test_every_operator_and_key(void **state)
{
    SolModel *model = open_model(
        "{'version': 1, 'method': 'anything', 'input': {'scale': [1, 2, 3], 'offset': -0.5}, 'layers': ["
        "{'name': 'one', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'kernel': 3, 'border': 'zero', 'relu': true},"
        "{'name': 'two', 'op': 'conv', 'tensors': 'b', 'channels': 4, 'kernel': 1, 'bias': false},"
        "{'name': 'relu', 'op': 'relu'}, {'name': 'pool', 'op': 'max_pool'}, {'name': 'up', 'op': 'upsample'},"
        "{'name': 'sum', 'op': 'add', 'inputs': ['one', 'up']},"
        "{'name': 'adain', 'op': 'adain', 'style': 'one'},"
        "{'name': 'shift', 'op': 'affine', 'offset': [1, 2, 3, 4], 'inputs': ['adain']},"
        "{'name': 'wct', 'op': 'wct', 'style': 'two', 'strength': 0.25}, {'name': 'all', 'op': 'wct', 'style': 'two'},"
        "{'name': 'last', 'op': 'conv', 'tensors': 'c', 'channels': 3},"
        "{'name': 'level', 'op': 'level', 'inputs': ['last', 'input']}]}");
    const SolGraph *g = sol_model_graph(model);
    const SolLayer *layer;
    static const char *const order[] = {"image", "input", "one", "two", "relu", "pool", "up", "sum", "adain",
                                        "shift", "wct", "all", "last", "level", "output"};
    (void)state;
    assert_int_equal(sol_graph_count(g), 15);
    for (int i = 0; i < 15; i++)
        assert_string_equal(sol_graph_node(g, i)->name, order[i]);
    layer = &sol_graph_node(g, 1)->layer;
    assert_int_equal(layer->op, SOL_OP_AFFINE);
    assert_true(layer->scale[0] == 1 && layer->scale[2] == 3 && layer->offset[2] == -0.5f);
    layer = &sol_graph_node(g, 2)->layer;
    assert_int_equal(layer->border, SOL_BORDER_ZERO);
    assert_int_equal(layer->inputs[0], 1);
    assert_true(layer->relu && layer->kernel == 3 && layer->weights && layer->bias);
    layer = &sol_graph_node(g, 3)->layer;
    assert_int_equal(layer->border, SOL_BORDER_REFLECT);
    assert_true(!layer->relu && layer->kernel == 1 && layer->weights && !layer->bias);
    layer = &sol_graph_node(g, 7)->layer;
    assert_int_equal(layer->op, SOL_OP_ADD);
    assert_int_equal(layer->inputs[0], 2);
    assert_int_equal(layer->inputs[1], 6);
    assert_int_equal(sol_graph_node(g, 8)->layer.tap, 2);
    layer = &sol_graph_node(g, 9)->layer;
    assert_true(layer->scale[3] == 1 && layer->offset[3] == 4);
    layer = &sol_graph_node(g, 10)->layer;
    assert_true(layer->op == SOL_OP_WCT && layer->tap == 3 && layer->strength == 0.25f);
    assert_true(sol_graph_node(g, 11)->layer.strength == 1);
    layer = &sol_graph_node(g, 13)->layer;
    assert_true(layer->op == SOL_OP_LEVEL && layer->inputs[0] == 12 && layer->inputs[1] == 1);
    layer = &sol_graph_node(g, 14)->layer;
    assert_true(layer->scale[0] == 1 && layer->offset[0] == 0);
    assert_int_equal(sol_graph_statistics(g, 2), 0);
    assert_int_equal(sol_graph_statistics(g, 3), 2 * 4);              /* behind means and deviations */
    assert_int_equal(sol_graph_statistics(g, -1), 2 * 4 + 4 + 4 * 4); /* means and a matrix */
    sol_model_close(&model);
    assert_null(model);
}

static void test_an_encoder_alone(void **state)
{
    SolModel *model = open_model("{'version': 1, 'method': 'gatys', 'output': null, 'layers': ["
                                 "{'name': 'conv', 'op': 'conv', 'tensors': 'a', 'channels': 4},"
                                 "{'name': 'pool', 'op': 'max_pool'}]}");
    const SolGraph *g = sol_model_graph(model);
    (void)state;
    assert_int_equal(sol_graph_count(g), 4);
    assert_string_equal(sol_graph_node(g, 3)->name, "pool");
    sol_model_close(&model);
}

static void test_keys_of_transform_networks(void **state)
{
    SolModel *model = open_model(
        "{'version': 1, 'method': 'transform', 'margin': 24, 'layers': ["
        "{'name': 'half', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'stride': 2, 'border': 'same'},"
        "{'name': 'norm', 'op': 'instance_norm', 'tensors': 'n', 'epsilon': 0.001, 'relu': true},"
        "{'name': 'plain', 'op': 'instance_norm', 'tensors': 'n'},"
        "{'name': 'smooth', 'op': 'upsample', 'mode': 'bilinear'},"
        "{'name': 'pool', 'op': 'max_pool'},"
        "{'name': 'double', 'op': 'conv_transpose', 'tensors': 't', 'channels': 3, 'relu': true},"
        "{'name': 'pool2', 'op': 'max_pool'},"
        "{'name': 'near', 'op': 'upsample', 'mode': 'nearest'},"
        "{'name': 'tanh', 'op': 'tanh'},"
        "{'name': 'pad', 'op': 'pad', 'pixels': 2},"
        "{'name': 'bare', 'op': 'conv', 'tensors': 's', 'channels': 3, 'kernel': 5, 'border': 'valid', 'bias': false}]}");
    const SolGraph *g = sol_model_graph(model);
    const SolLayer *layer = &sol_graph_node(g, 2)->layer;
    (void)state;
    assert_int_equal(sol_graph_margin(g), 24);
    assert_int_equal(layer->stride, 2);
    assert_int_equal(layer->border, SOL_BORDER_SAME);
    assert_int_equal(sol_graph_node(g, 2)->level, 1);
    layer = &sol_graph_node(g, 3)->layer;
    assert_true(layer->op == SOL_OP_INSTANCE_NORM && layer->relu && layer->epsilon == 0.001 && layer->weights &&
                layer->bias && layer->weights != layer->bias);
    layer = &sol_graph_node(g, 4)->layer;
    assert_true(!layer->relu && layer->epsilon == 1e-5);
    assert_true(sol_graph_node(g, 5)->layer.bilinear);
    layer = &sol_graph_node(g, 7)->layer;
    assert_true(layer->op == SOL_OP_CONV_TRANSPOSE && layer->relu && layer->kernel == 3 && layer->bias);
    assert_int_equal(sol_graph_node(g, 7)->channels, 3);
    assert_false(sol_graph_node(g, 9)->layer.bilinear);
    assert_int_equal(sol_graph_node(g, 10)->layer.op, SOL_OP_TANH);
    layer = &sol_graph_node(g, 11)->layer;
    assert_true(layer->op == SOL_OP_PAD && layer->pixels == 2);
    assert_int_equal(sol_graph_node(g, 11)->extra, 4);
    layer = &sol_graph_node(g, 12)->layer;
    assert_true(layer->border == SOL_BORDER_VALID && layer->kernel == 5 && layer->stride == 1);
    assert_int_equal(sol_graph_node(g, 12)->extra, 0);
    sol_model_close(&model);
}

static void test_the_default_model(void **state)
{
    SolModel *model = NULL;
    SolModelInfo info;
    const SolGraph *g;
    (void)state;
    assert_int_equal(sol_model_open(&model, "models/compact.safetensors"), 0);
    sol_model_info(model, &info);
    assert_string_equal(info.name, "compact");
    assert_string_equal(info.path, "models/compact.safetensors");
    assert_string_equal(info.method, "adain");
    assert_string_equal(info.licence, "Apache-2.0");
    assert_int_equal(info.parameters, 360963);
    assert_true(info.bytes > 4 * info.parameters);
    g = sol_model_graph(model);
    assert_int_equal(sol_graph_margin(g), 0);
    assert_int_equal(sol_graph_multiple(g), 8);
    assert_int_equal(sol_graph_tap_count(g), 3);
    assert_string_equal(sol_graph_node(g, sol_graph_tap(g, 0))->name, "relu2_2");
    assert_string_equal(sol_graph_node(g, sol_graph_tap(g, 1))->name, "relu3_2");
    assert_string_equal(sol_graph_node(g, sol_graph_tap(g, 2))->name, "relu4_1");
    assert_int_equal(sol_graph_statistics(g, -1), 2 * (32 + 64 + 128));
    sol_model_close(&model);
}

/* Opening a model with this architecture must fail, with this text behind "PATH: architecture: ". */
static void assert_refused(const char *architecture, const char *text)
{
    SolModel *model = NULL;
    char wanted[1024];
    snprintf(wanted, sizeof wanted, "%s: architecture: %s", path, text);
    write_model(path, tensors, architecture);
    assert_int_equal(sol_model_open(&model, path), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(), wanted);
    assert_null(model);
}

static void test_wrong_heads(void **state)
{
    (void)state;
    assert_refused("[]", "must be a JSON object");
    assert_refused("{'method': 'adain'}", "\"version\" must be 1");
    assert_refused("{'version': 2, 'fresh': true}", "\"version\" is 2; 1 is understood");
    assert_refused("{'version': 1, 'layers': []}", "\"method\" is missing");
    assert_refused("{'version': 1, 'method': '', 'layers': []}", "\"method\" must be a text");
    assert_refused("{'version': 1, 'metod': 'adain'}", "\"metod\" is not understood; did you mean \"method\"?");
    assert_refused("{'version': 1, 'method': 'adain'}", "\"layers\" must be a list of one layer or more");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': []}", "\"layers\" must be a list of one layer or more");
    assert_refused("{'version': 1, 'method': 'adain', 'margin': -1, 'layers': [{}]}",
                   "\"margin\" must be a whole number, 0 to 256");
    assert_refused("{'version': 1, 'method': 'adain', 'margin': 1.5, 'layers': [{}]}",
                   "\"margin\" must be a whole number, 0 to 256");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{}], 'input': 1}", "\"input\" must be an object");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{}], 'input': {'mean': 1}}",
                   "\"input\": \"mean\" is not understood");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{}], 'input': {'scale': [1, 2]}}",
                   "\"input\": \"scale\" has 2 numbers for 3 channels");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{}], 'input': {'offset': 'x'}}",
                   "\"input\": \"offset\" must be a number, or a list of one for each channel");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{}], 'input': {'offset': [0, 1e99, 0]}}",
                   "\"input\": \"offset\" must be a number, or a list of one for each channel");
    assert_refused("{'version': 1, 'method': 'adain', 'layers': [{'name': 'r', 'op': 'relu'}], 'output': {'gain': 1}}",
                   "\"output\": \"gain\" is not understood");
}

static void test_broken_json(void **state)
{
    static const char *const broken[] = {"{'version': 1,, 'method': 'adain'}", "{'version': 1, 'version': 1}", "{", ""};
    SolModel *model = NULL;
    (void)state;
    for (int i = 0; i < 4; i++) {
        write_model(path, tensors, broken[i]);
        assert_int_equal(sol_model_open(&model, path), SOL_ERR_FORMAT);
        assert_null(model);
        assert_contains(sol_error_text(), ": architecture: no valid JSON: line 1, column ");
    }
}

/* The same, of an architecture with these layers. */
static void assert_layers_refused(const char *layers, const char *text)
{
    char architecture[1024];
    snprintf(architecture, sizeof architecture, "{'version': 1, 'method': 'adain', 'layers': [%s]}", layers);
    assert_refused(architecture, text);
}

static void test_wrong_layers(void **state)
{
    (void)state;
    assert_layers_refused("3", "layer 1: must be an object");
    assert_layers_refused("{'name': 'r', 'op': 'relu'}, {'op': 'relu'}", "layer 2: \"name\" is missing");
    assert_layers_refused("{'name': 7, 'op': 'relu'}", "layer 1: \"name\" must be a text");
    assert_layers_refused("{'name': 'x'}", "layer \"x\": \"op\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'max_pol'}",
                          "layer \"x\": the operator \"max_pol\" is not known; did you mean \"max_pool\"?");
    assert_layers_refused("{'name': 'x', 'op': 'transformer'}",
                          "layer \"x\": the operator \"transformer\" is not known");
    assert_layers_refused("{'name': 'x', 'op': 'input'}", "layer \"x\": the operator \"input\" is not known");
    assert_layers_refused("{'name': 'x', 'op': 'relu', 'kernel': 3}", "layer \"x\": \"kernel\" is not understood");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'channel': 3}",
                          "layer \"x\": \"channel\" is not understood; did you mean \"channels\"?");
    assert_layers_refused("{'name': 'output', 'op': 'relu'}",
                          "layer \"output\": the name is kept for the network's output");
    assert_layers_refused("{'name': 'input', 'op': 'relu'}", "layer \"input\": the name is taken by an earlier layer");
    assert_layers_refused("{'name': 'x', 'op': 'relu', 'inputs': 'input'}",
                          "layer \"x\": \"inputs\" must be a list of 1 layer");
    assert_layers_refused("{'name': 'x', 'op': 'add'}", "layer \"x\": \"inputs\" must be a list of 2 layers");
    assert_layers_refused("{'name': 'x', 'op': 'add', 'inputs': ['input', 5]}",
                          "layer \"x\": \"inputs\" must be a list of layers' names");
    assert_layers_refused("{'name': 'x', 'op': 'relu', 'inputs': ['inptu']}",
                          "layer \"x\": no earlier layer is called \"inptu\"; did you mean \"input\"?");
    assert_layers_refused("{'name': 'x', 'op': 'relu', 'inputs': ['later']}, {'name': 'later', 'op': 'relu'}",
                          "layer \"x\": no earlier layer is called \"later\"");
    assert_layers_refused("{'name': 'x', 'op': 'relu', 'inputs': ['image']}",
                          "layer \"x\": no earlier layer is called \"image\"");
    assert_layers_refused("{'name': 'p', 'op': 'max_pool'}, {'name': 'x', 'op': 'add', 'inputs': ['p', 'input']}",
                          "layer \"x\": its inputs differ in size: \"p\" and \"input\"");
    assert_layers_refused("{'name': 'x', 'op': 'adain'}", "layer \"x\": \"style\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'adain', 'style': 'relu4_1'}",
                          "layer \"x\": no earlier layer is called \"relu4_1\"");
    assert_layers_refused("{'name': 'x', 'op': 'wct'}", "layer \"x\": \"style\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'wct', 'style': 'input', 'strength': '1'}",
                          "layer \"x\": \"strength\" must be a number from 0 to 1");
    assert_layers_refused("{'name': 'x', 'op': 'wct', 'style': 'input', 'strength': 1.25}",
                          "layer \"x\": a strength of 1.25: it must be 0 to 1");
    assert_layers_refused("{'name': 'x', 'op': 'adain', 'style': 'input', 'strength': 1}",
                          "layer \"x\": \"strength\" is not understood");
}

static void test_wrong_convolutions(void **state)
{
    (void)state;
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'channels': 4}", "layer \"x\": \"tensors\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a'}", "layer \"x\": \"channels\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 0}",
                          "layer \"x\": \"channels\" must be a whole number, 1 or more");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'kernel': 3.0}",
                          "layer \"x\": \"kernel\" must be a whole number, 1 or more");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'border': 'mirror'}",
                          "layer \"x\": \"border\" must be \"reflect\", \"zero\", \"same\" or \"valid\", not \"mirror\"");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'relu': 1}",
                          "layer \"x\": \"relu\" must be true or false");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'z', 'channels': 4}",
                          "layer \"x\": the file has no tensor \"z.weight\"");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'b', 'channels': 4, 'kernel': 1}",
                          "layer \"x\": tensor \"b.weight\" is 4x4x1x1, where the layer needs 4x3x1x1");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'kernel': 5}",
                          "layer \"x\": tensor \"a.weight\" is 4x3x3x3, where the layer needs 4x3x5x5");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'd', 'channels': 4}",
                          "layer \"x\": tensor \"d.bias\" is 5, where the layer needs 4");
    assert_layers_refused("{'name': 'w', 'op': 'conv', 'tensors': 'a', 'channels': 4},"
                          "{'name': 'x', 'op': 'conv', 'tensors': 'b', 'channels': 4, 'kernel': 1}",
                          "layer \"x\": the file has no tensor \"b.bias\"");
}

static void test_wrong_layers_of_transform_networks(void **state)
{
    (void)state;
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'stride': 3}",
                          "layer \"x\": a stride of 3: it must be 1 or 2");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4, 'stride': 0}",
                          "layer \"x\": \"stride\" must be a whole number, 1 or more");
    assert_layers_refused("{'name': 'x', 'op': 'conv_transpose', 'tensors': 'a', 'channels': 4}",
                          "layer \"x\": tensor \"a.weight\" is 4x3x3x3, where the layer needs 3x4x3x3");
    assert_layers_refused("{'name': 'x', 'op': 'conv_transpose', 'tensors': 'a', 'channels': 4, 'border': 'same'}",
                          "layer \"x\": \"border\" is not understood");
    assert_layers_refused("{'name': 'x', 'op': 'instance_norm', 'tensors': 'n'}",
                          "layer \"x\": tensor \"n.weight\" is 4, where the layer needs 3");
    assert_layers_refused("{'name': 'x', 'op': 'instance_norm', 'tensors': 't'}",
                          "layer \"x\": tensor \"t.weight\" is 4x3x3x3, where the layer needs 3");
    assert_layers_refused("{'name': 'x', 'op': 'instance_norm'}", "layer \"x\": \"tensors\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'instance_norm', 'tensors': 'n', 'epsilon': 0}",
                          "layer \"x\": \"epsilon\" must be a number above 0");
    assert_layers_refused("{'name': 'x', 'op': 'instance_norm', 'tensors': 'n', 'epsilon': 'small'}",
                          "layer \"x\": \"epsilon\" must be a number above 0");
    assert_layers_refused("{'name': 'x', 'op': 'upsample', 'mode': 'bicubic'}",
                          "layer \"x\": \"mode\" must be \"nearest\" or \"bilinear\", not \"bicubic\"");
    assert_layers_refused("{'name': 'x', 'op': 'pad'}", "layer \"x\": \"pixels\" is missing");
    assert_layers_refused("{'name': 'x', 'op': 'pad', 'pixels': 0}",
                          "layer \"x\": \"pixels\" must be a whole number, 1 or more");
    assert_layers_refused("{'name': 'x', 'op': 'pad', 'pixels': 4096}",
                          "layer \"x\": 4096 pixels on every side: there must be 1 to 1024");
    assert_layers_refused("{'name': 'x', 'op': 'pad', 'pixel': 1}",
                          "layer \"x\": \"pixel\" is not understood; did you mean \"pixels\"?");
}

static void test_wrong_outputs(void **state)
{
    assert_refused("{'version': 1, 'method': 'adain', 'output': null, 'layers': [{'name': 'p', 'op': 'max_pool'}]}",
                   "\"output\" can be null with the method \"gatys\" only");
    (void)state;
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 'a', 'channels': 4}",
                          "the last layer has 4 channels; a picture has 3");
    assert_layers_refused("{'name': 'x', 'op': 'max_pool'}", "the last layer is 2 times smaller than the picture");
    assert_layers_refused("{'name': 'x', 'op': 'upsample'}, {'name': 'y', 'op': 'upsample'}",
                          "the last layer is 4 times larger than the picture");
    assert_layers_refused("{'name': 'x', 'op': 'pad', 'pixels': 3}",
                          "the last layer has 6 pixels more than the picture along a side");
    assert_layers_refused("{'name': 'x', 'op': 'conv', 'tensors': 's', 'channels': 3, 'kernel': 5, 'bias': false, "
                          "'border': 'valid'}", "the last layer has 4 pixels fewer than the picture along a side");
}

static void test_a_file_without_architecture(void **state)
{
    SolModel *model = NULL;
    char wanted[512];
    (void)state;
    write_model(path, tensors, NULL);
    assert_int_equal(sol_model_open(&model, path), SOL_ERR_FORMAT);
    snprintf(wanted, sizeof wanted,
             "%s: holds tensors but no \"solstice.architecture\" in its metadata, which says what to do with them",
             path);
    assert_string_equal(sol_error_text(), wanted);
    assert_int_equal(sol_model_open(&model, "no/such.safetensors"), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "no/such.safetensors: cannot be opened: No such file or directory");
    assert_null(model);
}

static void test_information(void **state)
{
    SolModel *model = open_model("{'version': 1, 'method': 'other', 'layers': [{'name': 'r', 'op': 'relu'}]}");
    SolModelInfo info;
    (void)state;
    sol_model_info(model, &info);
    assert_string_equal(info.name, "some-model");
    assert_string_equal(info.path, path);
    assert_string_equal(info.method, "other");
    assert_string_equal(info.licence, "test only");
    assert_int_equal(info.parameters, 4 * 27 + 4 + 16 + 3 * 36 + 3 + 4 * 27 + 5 + 4 * 27 + 3 + 8 + 9 * 25);
    sol_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operator_and_key),
        cmocka_unit_test(test_keys_of_transform_networks),
        cmocka_unit_test(test_the_default_model),
        cmocka_unit_test(test_wrong_heads),
        cmocka_unit_test(test_broken_json),
        cmocka_unit_test(test_wrong_layers),
        cmocka_unit_test(test_wrong_convolutions),
        cmocka_unit_test(test_wrong_layers_of_transform_networks),
        cmocka_unit_test(test_wrong_outputs),
        cmocka_unit_test(test_an_encoder_alone),
        cmocka_unit_test(test_a_file_without_architecture),
        cmocka_unit_test(test_information),
    };
    return cmocka_run_group_tests_name("model/architecture", tests, set_up, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Importing: what goes into the model file, what is refused, and that an imported network computes what PyTorch
 * computes with the same weights.
 */
#include "support/planes.h"
#include "support/support.h"
#include "support/tensors.h"
#include "support/weights.h"

#include "base/error.h"
#include "base/pool.h"
#include "image/image.h"
#include "model/import.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "nn/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED "../shared/data"

static const char *const folders[] = {"models", NULL};
static char path[300], out[300];

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    snprintf(path, sizeof path, "%s/candy.v2.pth.tar", folder);
    snprintf(out, sizeof out, "%s/made/model.safetensors", folder);
    return 0;
}

static int import_one(SolImport **import, const char *file, const char *architecture)
{
    return sol_import_open(import, (const char *const[]){file, NULL}, 1, architecture, folders);
}

static const char tiny[] = "{'version': 1, 'method': 'adain', 'layers': ["
                           "{'name': 'a', 'op': 'conv', 'tensors': 'one', 'channels': 4},"
                           "{'name': 'b', 'op': 'adain', 'style': 'a'},"
                           "{'name': 'c', 'op': 'conv', 'tensors': 'two', 'channels': 3, 'kernel': 1}]}";
static const TestTensor tiny_tensors[] = {{"one.weight", {4, 3, 3, 3}}, {"one.bias", {4}}, {"two.weight", {3, 4, 1, 1}},
                                          {"two.bias", {3}}, {NULL, {0}}};

/* The architecture `tiny` as a file, double quotes and all. */
static const char *write_tiny(void)
{
    static char file[300];
    char text[sizeof tiny];
    snprintf(file, sizeof file, "%s/tiny.json", folder);
    for (size_t i = 0; i < sizeof tiny; i++)
        text[i] = tiny[i] == '\'' ? '"' : tiny[i];
    write_text(file, text);
    return file;
}

static void test_an_architecture_of_ones_own(void **state)
{
    SolImport *import = NULL;
    SolImportInfo info;
    SolTensors *given = NULL, *made = NULL;
    SolModel *model = NULL;
    (void)state;
    write_model(path, tiny_tensors, NULL);
    assert_int_equal(import_one(&import, path, write_tiny()), 0);
    sol_import_info(import, &info);
    assert_string_equal(info.name, "candy.v2");
    assert_string_equal(info.method, "adain");
    assert_string_equal(info.what, "");
    assert_int_equal(info.tensors, 4);
    assert_int_equal(info.parameters, 4 * 27 + 4 + 12 + 3);
    assert_int_equal(sol_import_write(import, out, false), 0);
    assert_int_equal(sol_import_write(import, out, false), SOL_ERR_EXISTS);
    assert_int_equal(sol_import_write(import, out, true), 0);
    assert_int_equal(count_entries(in_folder("made")), 1);
    sol_import_close(&import);
    assert_null(import);
    assert_int_equal(sol_model_open(&model, out), 0);
    sol_model_close(&model);
    assert_int_equal(sol_tensors_read(&given, path), 0);
    assert_int_equal(sol_tensors_read(&made, out), 0);
    for (const TestTensor *t = tiny_tensors; t->name; t++) {
        const SolTensor *from = sol_tensors_find(given, t->name), *to = sol_tensors_find(made, t->name);
        assert_non_null(to);
        assert_memory_equal(from->data, to->data, from->count * sizeof(float));
    }
    assert_string_equal(sol_tensors_metadata(made, "licence"), "test only");
    assert_string_equal(sol_tensors_metadata(made, "source"), "candy.v2.pth.tar");
    sol_tensors_close(&given);
    sol_tensors_close(&made);
}

static void test_a_model_is_taken_as_it_is(void **state)
{
    SolImport *import = NULL;
    SolImportInfo info;
    (void)state;
    write_model(path, tiny_tensors, tiny);
    assert_int_equal(import_one(&import, path, NULL), 0);
    sol_import_info(import, &info);
    assert_string_equal(info.name, "candy.v2");
    assert_int_equal(info.tensors, 4);
    sol_import_close(&import);
}

static void assert_refused(const char *file, const char *architecture, int code, const char *text)
{
    SolImport *import = NULL;
    assert_int_equal(import_one(&import, file, architecture), code);
    assert_string_equal(error_in_folder(), text);
    assert_null(import);
}

static void test_mistakes(void **state)
{
    static const TestTensor other[] = {{"one.weight", {4, 3, 5, 5}}, {"one.bias", {4}}, {NULL, {0}}};
    const char *architecture = write_tiny();
    (void)state;
    write_model(path, other, NULL);
    assert_refused(path, architecture, SOL_ERR_FORMAT,
                   "candy.v2.pth.tar: architecture: layer \"a\": tensor \"one.weight\" is 4x3x5x5, where the layer "
                   "needs 4x3x3x3");
    write_model(path, tiny_tensors + 1, NULL);
    assert_refused(path, architecture, SOL_ERR_FORMAT,
                   "candy.v2.pth.tar: architecture: layer \"a\": the file has no tensor \"one.weight\"");
    assert_refused(path, "no.json", SOL_ERR_IO, "no.json: no such architecture file");
    assert_refused(in_folder("gone"), NULL, SOL_ERR_IO, "gone: cannot be opened: No such file or directory");
    assert_refused(path, NULL, SOL_ERR_FORMAT, "candy.v2.pth.tar: the network is not known by its tensors (the first: "
                                               "\"one.bias\", 4); name it with --architecture");
    assert_refused(path, "vgg16-featurs", SOL_ERR_IO, sol_error_text()); /* the list differs */
    assert_contains(sol_error_text(), "no architecture \"vgg16-featurs\"; did you mean \"vgg16-features\"? There is ");
    assert_contains(sol_error_text(), "vgg19-features");
}

/* Every convolution of the decoder comes to its place: their biases are their numbers. */
static void test_adain(void **state)
{
    static const char *const layers[] = {"conv4_1", "conv3_4", "conv3_3", "conv3_2", "conv3_1",
                                         "conv2_2", "conv2_1", "conv1_2", "conv1_1"};
    char files[2][300];
    const char *const paths[] = {files[0], files[1]};
    SolImport *import = NULL;
    SolImportInfo info;
    SolTensors *made = NULL;
    (void)state;
    for (int i = 0; i < 2; i++)
        snprintf(files[i], sizeof files[i], "%s/%d.safetensors", folder, i);
    write_adain_encoder(files[0]);
    write_adain_decoder(files[1]);
    if (sol_import_open(&import, paths, 2, NULL, folders) != 0)
        fail_msg("%s", sol_error_text());
    sol_import_info(import, &info);
    assert_string_equal(info.name, "vgg19");
    assert_string_equal(info.architecture, "vgg19");
    assert_string_equal(info.method, "adain");
    assert_int_equal(sol_import_write(import, out, true), 0);
    sol_import_close(&import);
    assert_int_equal(sol_tensors_read(&made, out), 0);
    for (int i = 0; i < 9; i++) {
        char name[64];
        snprintf(name, sizeof name, "decoder.%s.bias", layers[i]);
        assert_true(sol_tensors_find(made, name)->data[0] == (float)(i + 1));
    }
    assert_true(sol_tensors_find(made, "encoder.conv4_1.bias")->data[511] == 10);
    assert_string_equal(sol_tensors_metadata(made, "source"), "0.safetensors, 1.safetensors");
    sol_tensors_close(&made);
}

static void test_vgg(void **state)
{
    (void)state;
    for (int layers = 16; layers <= 19; layers += 3) {
        SolImport *import = NULL;
        SolImportInfo info;
        write_vgg(path, layers);
        if (import_one(&import, path, NULL) != 0)
            fail_msg("%s", sol_error_text());
        sol_import_info(import, &info);
        assert_string_equal(info.name, layers == 16 ? "vgg16-features" : "vgg19-features");
        assert_string_equal(info.method, "gatys");
        assert_int_equal(info.parameters, layers == 16 ? 14714688 : 20024384);
        sol_import_close(&import);
    }
}

/* The whole of it fits the architecture; what it paints is test_transform.c's. */
static void test_sanakoyeu(void **state)
{
    const int64_t encoder = 27 * 32 + 9 * (32 * 32 + 32 * 64 + 64 * 128 + 128 * 256);
    const int64_t residuals = 18 * (9 * 256 * 256 + 2 * 256);
    const int64_t decoder = 9 * (256 * 256 + 256 * 128 + 128 * 64 + 64 * 32) + 49 * 32 * 3;
    SolImport *import = NULL;
    SolImportInfo info;
    SolTensors *made = NULL;
    (void)state;
    write_sanakoyeu(in_folder("van-gogh.safetensors"));
    if (import_one(&import, in_folder("van-gogh.safetensors"), NULL) != 0)
        fail_msg("%s", sol_error_text());
    sol_import_info(import, &info);
    assert_string_equal(info.name, "van-gogh");
    assert_string_equal(info.architecture, "transform-sanakoyeu");
    assert_string_equal(info.method, "transform");
    assert_int_equal(info.parameters, encoder + residuals + decoder + 2 * (3 + 32 + 32 + 64 + 128 + 256) +
                                          2 * (256 + 128 + 64 + 32));
    assert_int_equal(sol_import_write(import, out, true), 0);
    sol_import_close(&import);
    assert_int_equal(sol_tensors_read(&made, out), 0);
    assert_memory_equal(sol_tensors_find(made, "decoder.g_pred_c.weight")->shape, ((size_t[]){3, 32, 7, 7}),
                        4 * sizeof(size_t));
    assert_memory_equal(sol_tensors_find(made, "encoder.g_e3_c.weight")->shape, ((size_t[]){64, 32, 3, 3}),
                        4 * sizeof(size_t));
    sol_tensors_close(&made);
}

/* The distilled encoder, imported, against PyTorch's numbers (../shared/data/README.md). */
static void test_golden(void **state)
{
    static const char *const nodes[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1", "relu3_1_aux",
                                        "relu4_1_aux", "relu5_1_aux"};
    enum { NODES = sizeof nodes / sizeof *nodes };
    SolImport *import = NULL;
    SolModel *model = NULL;
    SolTensors *golden = NULL;
    SolImage *content = NULL;
    SolPool *pool = NULL;
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    SolPlan *plan = NULL;
    int keep[NODES];
    (void)state;
    if (access(SHARED "/golden/distilled-vgg19-features-content.safetensors", R_OK) != 0)
        skip();
    assert_int_equal(import_one(&import, SHARED "/models/distilled-vgg19/encoder5.pth", NULL), 0);
    assert_int_equal(sol_import_write(import, out, true), 0);
    sol_import_close(&import);
    assert_int_equal(sol_model_open(&model, out), 0);
    assert_int_equal(sol_tensors_read(&golden, SHARED "/golden/distilled-vgg19-features-content.safetensors"), 0);
    assert_int_equal(sol_image_load(&content, SHARED "/golden/inputs/content.png"), 0);
    assert_int_equal(sol_pool_open(&pool, 2), 0);
    for (int i = 0; i < NODES; i++)
        keep[i] = sol_graph_find(sol_model_graph(model), nodes[i]);
    assert_int_equal(sol_plan_open(&plan, sol_model_graph(model), content->width, content->height, keep, NODES, &how,
                                   pool), 0);
    sol_image_to_planes(content, (SolArea){0, 0, content->width, content->height}, sol_plan_input(plan), pool);
    sol_plan_run(plan, NULL, 0);
    for (int i = 0; i < NODES; i++) {
        SolShape shape;
        const float *result = sol_plan_result(plan, keep[i], &shape);
        const SolTensor *wanted = sol_tensors_find(golden, nodes[i]);
        double difference, largest = 0;
        assert_non_null(wanted);
        assert_int_equal(wanted->count, (size_t)shape.channels * sol_shape_plane(shape));
        for (size_t k = 0; k < wanted->count; k++)
            largest = fmax(largest, fabs((double)wanted->data[k]));
        difference = largest_difference(result, wanted->data, wanted->count);
        print_message("%-11s largest difference %.2g of %.3g\n", nodes[i], difference, largest);
        assert_true(difference <= 1e-4 * largest);
    }
    sol_plan_close(&plan);
    sol_pool_close(&pool);
    sol_image_unref(&content);
    sol_tensors_close(&golden);
    sol_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_architecture_of_ones_own),
        cmocka_unit_test(test_a_model_is_taken_as_it_is),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_adain),
        cmocka_unit_test(test_vgg),
        cmocka_unit_test(test_sanakoyeu),
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests_name("model/import", tests, set_up, tear_down_folder);
}

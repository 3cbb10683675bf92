/* SPDX-License-Identifier: Apache-2.0
 *
 * Published networks are known by their tensors, and nothing else is taken for one.
 */
#include "support/support.h"
#include "support/tensors.h"
#include "support/weights.h"

#include "base/error.h"
#include "model/recognise.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED "../shared/data/models"

enum { MAX_FILES = 10 };

typedef struct Opened {
    SolCheckpoint *files[MAX_FILES];
    size_t count;
    SolRecognised recognised;
} Opened;

/* Opens files (up to NULL) and recognises them; the code. */
static int recognise(Opened *opened, const char *architecture, const char *const paths[])
{
    *opened = (Opened){0};
    for (; paths[opened->count]; opened->count++)
        if (sol_checkpoint_open(&opened->files[opened->count], paths[opened->count]) != 0)
            fail_msg("%s", sol_error_text());
    return sol_recognise(&opened->recognised, opened->files, opened->count, architecture);
}

static void close_all(Opened *opened)
{
    sol_recognised_clear(&opened->recognised);
    for (size_t i = 0; i < opened->count; i++)
        sol_checkpoint_close(&opened->files[i]);
}

/* The source's name of the tensor `name`, or NULL. */
static const char *source_of(const Opened *opened, const char *name)
{
    for (size_t i = 0; i < opened->recognised.count; i++)
        if (strcmp(opened->recognised.tensors[i].name, name) == 0)
            return opened->recognised.tensors[i].tensor->name;
    return NULL;
}

static void assert_known(Opened *opened, const char *const paths[], const char *architecture, size_t tensors)
{
    if (recognise(opened, NULL, paths) != 0)
        fail_msg("%s", sol_error_text());
    assert_string_equal(opened->recognised.architecture, architecture);
    assert_true(*opened->recognised.what);
    assert_int_equal(opened->recognised.count, tensors);
}

static const char *path_of(const char *name)
{
    static char paths[2][300];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static void test_vgg(void **state)
{
    Opened opened;
    const char *path = path_of("vgg");
    (void)state;
    write_vgg(path, 16);
    assert_known(&opened, (const char *const[]){path, NULL}, "vgg16-features", 26);
    assert_string_equal(source_of(&opened, "features.28.bias"), "features.28.bias");
    assert_false(opened.recognised.one_of_many);
    close_all(&opened);
    write_vgg(path, 19);
    assert_known(&opened, (const char *const[]){path, NULL}, "vgg19-features", 32);
    assert_null(source_of(&opened, "classifier.6.weight"));
    close_all(&opened);
}

static void test_adain(void **state)
{
    Opened opened;
    const char *encoder = path_of("encoder"), *decoder = path_of("decoder");
    (void)state;
    write_adain_encoder(encoder);
    write_adain_decoder(decoder);
    for (int turn = 0; turn < 2; turn++) {
        assert_known(&opened, (const char *const[]){turn ? decoder : encoder, turn ? encoder : decoder, NULL}, "vgg19",
                     38);
        assert_string_equal(source_of(&opened, "encoder.conv0.weight"), "0.weight");
        assert_string_equal(source_of(&opened, "encoder.conv2_1.bias"), "9.bias");
        assert_string_equal(source_of(&opened, "encoder.conv4_1.weight"), "29.weight");
        assert_string_equal(source_of(&opened, "decoder.conv4_1.weight"), "1.weight");
        assert_string_equal(source_of(&opened, "decoder.conv1_1.bias"), "28.bias");
        close_all(&opened);
    }
    /* one of the two is not enough, and two of one are no network */
    assert_int_equal(recognise(&opened, NULL, (const char *const[]){decoder, NULL}), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "decoder: the network is not known by its tensors (the first: "
                                           "\"1.weight\", 256x512x3x3); name it with --architecture");
    close_all(&opened);
    assert_int_equal(recognise(&opened, NULL, (const char *const[]){encoder, encoder, NULL}), SOL_ERR_FORMAT);
    close_all(&opened);
    /* as the user says it is, whatever it is */
    assert_int_equal(recognise(&opened, "mine", (const char *const[]){decoder, NULL}), 0);
    assert_string_equal(opened.recognised.architecture, "mine");
    assert_string_equal(opened.recognised.what, "");
    assert_int_equal(opened.recognised.count, 18);
    close_all(&opened);
    assert_int_equal(recognise(&opened, "mine", (const char *const[]){encoder, decoder, NULL}), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "both have a tensor \"25.bias\"");
    close_all(&opened);
}

static void test_johnson(void **state)
{
    Opened opened;
    const char *path = path_of("candy.pth");
    (void)state;
    write_johnson(path);
    assert_known(&opened, (const char *const[]){path, NULL}, "transform-johnson", 62);
    assert_true(opened.recognised.one_of_many);
    assert_non_null(source_of(&opened, "in1.weight"));
    assert_null(source_of(&opened, "in1.running_mean"));
    assert_null(source_of(&opened, "res3.in2.running_var"));
    close_all(&opened);
}

static void test_sanakoyeu(void **state)
{
    static const TestTensor tensors[] = {{"encoder/g_e1_c/Conv/weights", {3, 3, 3, 32}},
                                         {"encoder/g_e1_c/Conv/weights/Adam", {3, 3, 3, 32}},
                                         {"encoder/g_e0_bn/offset", {3}},
                                         {"encoder/scale", {3}},
                                         {"decoder/g_pred_c/Conv/weights", {7, 7, 32, 3}},
                                         {"decoder/g_d1_dc/conv2d/Conv/weights", {3, 3, 256, 256}},
                                         {"decoder/g_r1_bn1/scale", {256}},
                                         {"discriminator/d_bn0/scale", {128}},
                                         {NULL, {0}}};
    Opened opened;
    const char *path = path_of("monet.safetensors");
    (void)state;
    write_model(path, tensors, NULL);
    assert_known(&opened, (const char *const[]){path, NULL}, "transform-sanakoyeu", 5);
    assert_true(opened.recognised.one_of_many && opened.recognised.tensors[0].is_hwio);
    assert_string_equal(source_of(&opened, "encoder.g_e1_c.weight"), "encoder/g_e1_c/Conv/weights");
    assert_string_equal(source_of(&opened, "encoder.g_e0_bn.bias"), "encoder/g_e0_bn/offset");
    assert_string_equal(source_of(&opened, "decoder.g_pred_c.weight"), "decoder/g_pred_c/Conv/weights");
    assert_string_equal(source_of(&opened, "decoder.g_d1_dc.weight"), "decoder/g_d1_dc/conv2d/Conv/weights");
    assert_string_equal(source_of(&opened, "decoder.g_r1_bn1.weight"), "decoder/g_r1_bn1/scale");
    close_all(&opened);
}

/* What has one tensor of a network is not that network. */
static void test_strangers(void **state)
{
    static const TestTensor others[][3] = {{{"features.0.weight", {64, 3, 3, 3}}, {NULL, {0}}},
                                           {{"conv0.weight", {3, 3, 1, 1}},
                                            {"conv11.weight", {16, 3, 3, 3}},
                                            {NULL, {0}}},
                                           {{"Variable", {9, 9, 3, 32}}, {NULL, {0}}},
                                           {{"w", {2}}, {NULL, {0}}}};
    Opened opened;
    const char *path = path_of("other");
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_model(path, others[i], NULL);
        assert_int_equal(recognise(&opened, NULL, (const char *const[]){path, NULL}), SOL_ERR_FORMAT);
        close_all(&opened);
    }
    assert_string_equal(error_in_folder(), "other: the network is not known by its tensors (the first: \"w\", 2); name "
                                           "it with --architecture");
    write_tensors(path, "{}", NULL, 0);
    assert_int_equal(recognise(&opened, NULL, (const char *const[]){path, NULL}), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "other: it has no tensors");
    close_all(&opened);
}

/* ---- the real ones ---- */

static void test_distilled(void **state)
{
    static char paths[MAX_FILES][128];
    const char *files[MAX_FILES + 1] = {NULL};
    Opened opened;
    (void)state;
    if (access(SHARED "/distilled-vgg19/encoder1.pth", R_OK) != 0)
        skip();
    for (int i = 0; i < MAX_FILES; i++) {
        snprintf(paths[i], sizeof paths[i], SHARED "/distilled-vgg19/%s%d.pth", i % 2 ? "decoder" : "encoder",
                 i / 2 + 1);
        files[i] = paths[i];
    }
    assert_known(&opened, files, "vgg19-distilled-wct", 164);
    assert_string_equal(source_of(&opened, "e5.conv51.weight"), "conv51.weight");
    assert_string_equal(source_of(&opened, "d1.conv11.bias"), "conv11.bias");
    assert_string_equal(source_of(&opened, "e2.conv21_aux.bias"), "conv21_aux.bias");
    close_all(&opened);
    files[MAX_FILES - 1] = NULL;
    assert_int_equal(recognise(&opened, NULL, files), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(),
                        "the distilled VGG-19 is five encoders and five decoders; missing: decoder 5");
    close_all(&opened);
    files[1] = files[2];
    assert_int_equal(recognise(&opened, NULL, files), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "encoder2.pth: both are the encoder of level 2");
    close_all(&opened);
    assert_known(&opened, (const char *const[]){paths[8], NULL}, "vgg19-distilled-features", 38);
    close_all(&opened);
    assert_int_equal(recognise(&opened, NULL, (const char *const[]){paths[9], NULL}), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "missing: encoder 1, decoder 1, encoder 2, ");
    close_all(&opened);
}

static void test_transform_tf(void **state)
{
    Opened opened;
    (void)state;
    if (access(SHARED "/transform-net/wave.safetensors", R_OK) != 0)
        skip();
    assert_known(&opened, (const char *const[]){SHARED "/transform-net/wave.safetensors", NULL}, "transform-tf", 48);
    assert_string_equal(source_of(&opened, "conv1.weight"), "Variable");
    assert_string_equal(source_of(&opened, "res1.in2.bias"), "Variable_13");
    assert_string_equal(source_of(&opened, "in6.weight"), "Variable_47");
    close_all(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vgg),       cmocka_unit_test(test_adain),     cmocka_unit_test(test_johnson),
        cmocka_unit_test(test_sanakoyeu), cmocka_unit_test(test_strangers), cmocka_unit_test(test_distilled),
        cmocka_unit_test(test_transform_tf),
    };
    return cmocka_run_group_tests_name("model/recognise", tests, set_up_folder, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of weights: those that PyTorch wrote (tests/data/checkpoints, made by scripts/make-checkpoints.py), in every
 * form and type, and those that lie, are cut short or are something else.
 */
#include "support/support.h"
#include "support/tensors.h"

#include "base/error.h"
#include "model/checkpoint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char data_folder[] = "tests/data/checkpoints";
static char path[300];

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static SolCheckpoint *open_given(const char *name)
{
    SolCheckpoint *checkpoint = NULL;
    char given[300];
    snprintf(given, sizeof given, "%s/%s", data_folder, name);
    if (sol_checkpoint_open(&checkpoint, given) != 0)
        fail_msg("%s", sol_error_text());
    assert_string_equal(sol_checkpoint_path(checkpoint), given);
    return checkpoint;
}

/* The tensor `name` has this shape (ended by -1) and these numbers. */
static void assert_tensor(SolCheckpoint *checkpoint, const char *name, const int shape[], const float numbers[])
{
    const SolStored *tensor = sol_checkpoint_find(checkpoint, name);
    float *data;
    size_t count = 1;
    int rank = 0;
    assert_non_null(tensor);
    for (; shape[rank] >= 0; rank++) {
        assert_int_equal(tensor->shape[rank], shape[rank]);
        count *= (size_t)shape[rank];
    }
    assert_int_equal(tensor->rank, rank);
    assert_int_equal(tensor->count, count);
    data = malloc(count * sizeof *data + 1);
    assert_non_null(data);
    assert_int_equal(sol_checkpoint_read(checkpoint, tensor, data), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(data[i] == numbers[i]);
    free(data);
}

/* The tensors that scripts/make-checkpoints.py describes. */
static void assert_the_tensors(SolCheckpoint *checkpoint)
{
    static const float turned[] = {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11};
    static const float shared[] = {6, 7, 8, 9, 10, 11}, seven[] = {7};
    static const float part[] = {-7, -9, -11, -13, -15, -17, -19, -21, -23};
    float plain[24];
    for (int i = 0; i < 24; i++)
        plain[i] = (float)i;
    assert_tensor(checkpoint, "plain", (const int[]){2, 3, 2, 2, -1}, plain);
    assert_tensor(checkpoint, "turned", (const int[]){4, 3, -1}, turned);
    assert_tensor(checkpoint, "part", (const int[]){3, 3, -1}, part);
    assert_tensor(checkpoint, "shared", (const int[]){6, -1}, shared);
    assert_tensor(checkpoint, "scalar", (const int[]){-1}, seven);
    assert_tensor(checkpoint, "none", (const int[]){2, 0, -1}, NULL);
    assert_string_equal(sol_checkpoint_at(checkpoint, 0)->name, "plain");
    assert_string_equal(sol_checkpoint_at(checkpoint, 6)->name, "steps");
    assert_null(sol_checkpoint_at(checkpoint, 7));
    assert_null(sol_checkpoint_find(checkpoint, "other"));
    assert_null(sol_checkpoint_metadata(checkpoint, "licence"));
}

static void test_every_form_and_type(void **state)
{
    static const struct {
        const char *name;
        SolDtype dtype;
    } files[] = {{"zip-float32.pth", SOL_F32},     {"legacy-float32.pth", SOL_F32}, {"zip-float16.pth", SOL_F16},
                 {"legacy-float16.pth", SOL_F16},  {"zip-bfloat16.pth", SOL_BF16},  {"legacy-bfloat16.pth", SOL_BF16},
                 {"zip-protocol4.pth", SOL_F32}};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        SolCheckpoint *checkpoint = open_given(files[i].name);
        float number;
        assert_the_tensors(checkpoint);
        assert_int_equal(sol_checkpoint_find(checkpoint, "turned")->dtype, files[i].dtype);
        assert_int_equal(sol_checkpoint_find(checkpoint, "steps")->dtype, SOL_I64);
        assert_int_equal(sol_checkpoint_read(checkpoint, sol_checkpoint_find(checkpoint, "steps"), &number),
                         SOL_ERR_FORMAT);
        assert_contains(sol_error_text(), "tensor \"steps\": its type is I64; F32, F16 and BF16 are understood");
        sol_checkpoint_close(&checkpoint);
        assert_null(checkpoint);
    }
}

/* A state dict in a dictionary, its names within "module.". */
static void test_state_dicts_in_dictionaries(void **state)
{
    static const char *const files[] = {"zip-state_dict.pth.tar", "legacy-model.pth"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SolCheckpoint *checkpoint = open_given(files[i]);
        assert_tensor(checkpoint, "0.bias", (const int[]){4, -1}, (const float[]){1, 2, 3, 4});
        assert_tensor(checkpoint, "1.running_var", (const int[]){4, -1}, (const float[]){5, 6, 7, 8});
        assert_int_equal(sol_checkpoint_find(checkpoint, "0.weight")->rank, 4);
        assert_null(sol_checkpoint_find(checkpoint, "best"));
        sol_checkpoint_close(&checkpoint);
    }
}

static void test_parameters(void **state)
{
    SolCheckpoint *checkpoint = open_given("legacy-parameter.pt");
    (void)state;
    assert_tensor(checkpoint, "w", (const int[]){4, -1}, (const float[]){0, 1, 2, 3});
    assert_null(sol_checkpoint_at(checkpoint, 1));
    sol_checkpoint_close(&checkpoint);
}

static void test_safetensors(void **state)
{
    static const char header[] = "{\"__metadata__\": {\"licence\": \"none\"},"
                                 "\"b\": {\"dtype\": \"BF16\", \"shape\": [2, 1], \"data_offsets\": [8, 12]},"
                                 "\"n\": {\"dtype\": \"I64\", \"shape\": [], \"data_offsets\": [0, 8]},"
                                 "\"h\": {\"dtype\": \"F16\", \"shape\": [1, 2], \"data_offsets\": [12, 16]},"
                                 "\"f\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [16, 20]}}";
    static const unsigned char data[] = {1, 0, 0,    0, 0, 0,    0, 0, 0x80, 0x3f,
                                         0x20, 0xc0, 0, 0x3c, 0, 0xc1, 0, 0, 0x80, 0x3e};
    SolCheckpoint *checkpoint = NULL;
    (void)state;
    write_tensors(path, header, data, sizeof data);
    assert_int_equal(sol_checkpoint_open(&checkpoint, path), 0);
    assert_tensor(checkpoint, "b", (const int[]){2, 1, -1}, (const float[]){1, -2.5f});
    assert_tensor(checkpoint, "h", (const int[]){1, 2, -1}, (const float[]){1, -2.5f});
    assert_tensor(checkpoint, "f", (const int[]){1, -1}, (const float[]){0.25f});
    assert_string_equal(sol_checkpoint_metadata(checkpoint, "licence"), "none");
    sol_checkpoint_close(&checkpoint);
}

/* ---- what is refused ---- */

static void assert_path_refused(const char *file, int code, const char *text)
{
    SolCheckpoint *checkpoint = NULL;
    char wanted[1024];
    snprintf(wanted, sizeof wanted, "%s: %s", file, text);
    assert_int_equal(sol_checkpoint_open(&checkpoint, file), code);
    assert_string_equal(sol_error_text(), wanted);
    assert_null(checkpoint);
}

static void test_refused_files(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"refused-module.pth", "the pickle, at byte 2: torch.nn.modules.activation.ReLU is refused: only tensors in "
                               "dictionaries are read; save the network's state_dict() alone"},
        {"refused-dtype.pth", "the pickle, at byte 18: torch.float32 is refused: only tensors in dictionaries are "
                              "read; save the network's state_dict() alone"},
        {"refused-list.pth", "holds no dictionary of tensors; save the network's state_dict()"},
        {"refused-empty.pth", "holds no tensors, nor does \"state_dict\", \"model\" or \"model_state_dict\" in it; "
                              "there is \"epoch\", \"optimizer\""},
        {"refused-script.pt", "is a TorchScript program; save its state_dict() with torch.save()"},
        {"refused-compressed.pth",
         "zip-float32/data.pkl is compressed or encrypted, which torch.save() never does"},
        {"refused-big-endian.pth", "it was not written on a little-endian machine"},
        {"refused-missing.pth", "storage \"0\" is missing"},
        {"refused-short.pth", "storage \"0\" has 4 bytes, which is not what 24 numbers of type F32 take"},
        {"refused-no-pickle.pth", "is a zip, but none of torch.save()'s: it has no data.pkl"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char given[300];
        snprintf(given, sizeof given, "%s/%s", data_folder, cases[i].name);
        assert_path_refused(given, SOL_ERR_FORMAT, cases[i].text);
    }
}

static void test_files_of_other_kinds(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
#define KIND(bytes, text) {bytes, sizeof(bytes) - 1, text}
        KIND("", "is empty or cannot be read"),
        KIND("some text that is no model",
             "is neither a .safetensors file nor one that torch.save() wrote"),
        KIND("<!DOCTYPE html><html>", "is neither a .safetensors file nor one that torch.save() wrote; it looks like a "
                                      "web page, so the download went wrong"),
        KIND("\x80\4\x95rest", "is neither a .safetensors file nor one that torch.save() wrote; it is a pickle, but "
                               "not one of torch.save()"),
        KIND("\x89HDF\r\n\x1a\n", "is neither a .safetensors file nor one that torch.save() wrote; it is a HDF5 file"),
        KIND("\x1f\x8b\x08\0", "is neither a .safetensors file nor one that torch.save() wrote; it is compressed: "
                               "unpack it first"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(path, cases[i].bytes, cases[i].size);
        assert_path_refused(path, SOL_ERR_FORMAT, cases[i].text);
    }
    unlink(path);
    assert_path_refused(path, SOL_ERR_IO, "cannot be opened: No such file or directory");
    assert_path_refused(folder, SOL_ERR_IO, "is no regular file");
}

/* Opens a file and reads all that it has; whether both worked. */
static bool read_all(const char *file)
{
    SolCheckpoint *checkpoint = NULL;
    const SolStored *tensor;
    bool good = true;
    if (sol_checkpoint_open(&checkpoint, file) != 0) {
        assert_true(strlen(sol_error_text()) > 10);
        return false;
    }
    for (size_t i = 0; (tensor = sol_checkpoint_at(checkpoint, i)); i++) {
        float *data = malloc(tensor->count * sizeof *data + 1);
        assert_non_null(data);
        assert_true(tensor->count < 1000); /* of files of 2 KB */
        if (tensor->dtype != SOL_I64)
            good = sol_checkpoint_read(checkpoint, tensor, data) == 0 && good;
        free(data);
    }
    sol_checkpoint_close(&checkpoint);
    return good;
}

/* Every part of a sound file, from nothing to all but the last byte, is refused; and no changed byte does harm. */
static void test_damaged_files(void **state)
{
    static const char *const files[] = {"zip-float16.pth", "legacy-float16.pth", "legacy-parameter.pt"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char given[300];
        size_t size;
        uint8_t *whole;
        snprintf(given, sizeof given, "%s/%s", data_folder, files[i]);
        whole = read_bytes(given, &size);
        assert_true(read_all(given));
        for (size_t length = 0; length < size; length += length > 64 ? 3 : 1) {
            write_bytes(path, whole, length);
            assert_false(read_all(path));
        }
        for (size_t at = 0; at < size; at++) {
            uint8_t byte = whole[at];
            whole[at] = (uint8_t)(byte ^ (at % 3 == 0 ? 0xff : at % 3 == 1 ? 0x01 : 0x80));
            write_bytes(path, whole, size);
            read_all(path);
            whole[at] = byte;
        }
        free(whole);
    }
}

/* ---- streams that lie ---- */

#define BEFORE "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." "\x80\2M\xe9\3." \
               "\x80\2}U\x0dlittle_endian\x88s."
#define DICT "\x80\2}"
#define STORAGE(key, count) "(U\7storagectorch\nFloatStorage\nU\1" key "U\3cpuK" count "tQ"
#define TENSOR(key, count, offset, size, stride) \
    "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(key, count) offset size stride "\x89}tR"
#define NUMBERS_4 "\4\0\0\0\0\0\0\0" "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40"

static void write_part(FILE *file, const char *bytes, size_t size)
{
    assert_int_equal(fwrite(bytes, 1, size, file), size);
}

/* A stream with this object, list of keys, and storages. */
static void write_stream_parts(const char *object, size_t object_size, const char *keys, size_t keys_size,
                               const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    write_part(file, BEFORE, sizeof(BEFORE) - 1);
    write_part(file, object, object_size);
    write_part(file, keys, keys_size);
    write_part(file, data, size);
    assert_int_equal(fclose(file), 0);
}

#define STREAM(object, keys, data) \
    write_stream_parts(object, sizeof(object) - 1, keys, sizeof(keys) - 1, data, sizeof(data) - 1)

#define KEYS "\x80\2](U\1ae."

static void assert_stream_refused(const char *text)
{
    assert_path_refused(path, SOL_ERR_FORMAT, text);
}

static void test_a_stream_that_is_sound(void **state)
{
    SolCheckpoint *checkpoint = NULL;
    (void)state;
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2K\2\x86", "K\1K\2\x86") "s.", KEYS, NUMBERS_4);
    assert_int_equal(sol_checkpoint_open(&checkpoint, path), 0);
    assert_tensor(checkpoint, "w", (const int[]){2, 2, -1}, (const float[]){1, 3, 2, 4});
    sol_checkpoint_close(&checkpoint);
}

static void test_tensors_that_lie(void **state)
{
    (void)state;
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\5\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": it reaches to number 4 of its storage, which has 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\1", "K\4\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": it reaches to number 4 of its storage, which has 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\4\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": it reaches to number 4 of its storage, which has 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", "K\2\x85", "K\4\x85") "s.", KEYS,
           NUMBERS_4);
    assert_stream_refused("tensor \"w\": it reaches to number 9223372036854775811 of its storage, which has 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\3\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85") "s.", KEYS,
           NUMBERS_4);
    assert_stream_refused("tensor \"w\": it reaches to number 18446744073709551614 of its storage, which has 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\4\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85") "s.", KEYS,
           NUMBERS_4);
    assert_stream_refused("tensor \"w\": its strides reach further than can be addressed");
    /* one number, said to be many */
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "J\xff\xff\xff\x7f\x85", "K\0\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": it has 2147483647 numbers, its storage 4");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x87",
                              "K\0K\0K\0\x87") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": its shape has more numbers than can be addressed");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "J\xff\xff\xff\xff\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": dimension 1 of its shape or strides is no count");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "J\xff\xff\xff\xff\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": dimension 1 of its shape or strides is no count");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "J\xff\xff\xff\xff", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": its offset is no count");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t") "s.",
           KEYS, NUMBERS_4);
    assert_stream_refused("tensor \"w\": 9 dimensions: there can be 8 at most");
}

static void test_names_that_lie(void **state)
{
    (void)state;
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "sU\1w"
           TENSOR("a", "\4", "K\1", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("there are two tensors \"w\"");
    STREAM(DICT "K\1" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("a tensor's name is no text");
    STREAM(DICT "U\3w\0x" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("a tensor's name is no text");
}

static void test_storages_that_lie(void **state)
{
    (void)state;
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", "\x80\2](U\1be.", NUMBERS_4);
    assert_stream_refused("storage \"b\" is listed, but no tensor's");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", "\x80\2](U\1aU\1ae.", NUMBERS_4 NUMBERS_4);
    assert_stream_refused("storage \"a\" is listed twice");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", "\x80\2].", NUMBERS_4);
    assert_stream_refused("tensor \"w\": its storage is not in the file");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", "\x80\2}.", NUMBERS_4);
    assert_stream_refused("it has no list of storages");
    STREAM(DICT "U\1w" TENSOR("a", "\5", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("storage \"a\" has 16 bytes, which is not what 5 numbers of type F32 take");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, "\4\0\0\0\0\0\0\0");
    assert_stream_refused("cut short: storage \"a\" has 4 numbers of 4 bytes, where 0 bytes follow");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, "\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_stream_refused("cut short: storage \"a\" has 18446744073709551615 numbers of 4 bytes, where 0 bytes follow");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, "\4\0\0");
    assert_stream_refused("cut short: storage \"a\" is missing");
    STREAM(DICT "U\1w" TENSOR("a", "\4", "K\0", "K\2\x85", "K\1\x85") "sU\1v"
           TENSOR("a", "\3", "K\0", "K\2\x85", "K\1\x85") "s.", KEYS, NUMBERS_4);
    assert_stream_refused("storage \"a\" is described in two ways");
}

/* Many tensors that are all of one storage: little in the file, much in memory. */
static void test_many_tensors_of_one_storage(void **state)
{
    enum { TENSORS = 200, NUMBERS = 4096 };
    static const char tensor[] = "h\0(h\1K\0M\0\x10\x85K\1\x85\x89}tRs";
    static const char start[] = DICT "U\1_ctorch._utils\n_rebuild_tensor_v2\nq\0sU\1_"
                                "(U\7storagectorch\nFloatStorage\nU\1aU\3cpuM\0\x10tQq\1s";
    char *object = malloc(sizeof start + TENSORS * (sizeof tensor + 8) + 8), *at = object;
    char *data = calloc(1, 8 + 4 * NUMBERS);
    (void)state;
    assert_true(object && data);
    at = (char *)memcpy(at, start, sizeof start - 1) + sizeof start - 1;
    for (int i = 0; i < TENSORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "U\4t%03d", i);
        at = (char *)memcpy(at, name, 6) + 6;
        at = (char *)memcpy(at, tensor, sizeof tensor - 1) + sizeof tensor - 1;
    }
    *at++ = '.';
    data[1] = 0x10;
    write_stream_parts(object, (size_t)(at - object), KEYS, sizeof(KEYS) - 1, data, 8 + 4 * NUMBERS);
    {
        SolCheckpoint *checkpoint = NULL;
        assert_int_equal(sol_checkpoint_open(&checkpoint, path), SOL_ERR_FORMAT);
        assert_contains(sol_error_text(), ": its tensors have more numbers than 4 for each of its ");
    }
    free(object);
    free(data);
}

static void test_preambles_that_lie(void **state)
{
#define START "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        KIND(START, "the pickle, at byte 0: it is cut short"),
        KIND(START "\x80\2M\xe8\3.\x80\2}U\x0dlittle_endian\x88s.",
             "its version is not 1001, which is all that is understood"),
        KIND(START "\x80\2M\xe9\3.\x80\2}U\x0dlittle_endian\x89s.", "it was not written on a little-endian machine"),
        KIND(START "\x80\2M\xe9\3.\x80\2}.", "it was not written on a little-endian machine"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(path, cases[i].bytes, cases[i].size);
        assert_path_refused(path, SOL_ERR_FORMAT, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_and_type),
        cmocka_unit_test(test_state_dicts_in_dictionaries),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_safetensors),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_files_of_other_kinds),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_a_stream_that_is_sound),
        cmocka_unit_test(test_tensors_that_lie),
        cmocka_unit_test(test_names_that_lie),
        cmocka_unit_test(test_storages_that_lie),
        cmocka_unit_test(test_many_tensors_of_one_storage),
        cmocka_unit_test(test_preambles_that_lie),
    };
    return cmocka_run_group_tests_name("model/checkpoint", tests, set_up, tear_down_folder);
}

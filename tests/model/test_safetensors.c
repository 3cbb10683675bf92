/* SPDX-License-Identifier: Apache-2.0
 *
 * The .safetensors reader: sound files, and every way in which a file can be cut short or lie.
 */
#include "support/support.h"
#include "support/tensors.h"

#include "base/error.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[300];

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    snprintf(path, sizeof path, "%s/file.safetensors", folder);
    return 0;
}

/* Reading `path` must fail with this code, and with this text behind "PATH: ". */
static void assert_refused(int code, const char *text)
{
    SolTensors *tensors = NULL;
    char wanted[1024];
    snprintf(wanted, sizeof wanted, "%s: %s", path, text);
    assert_int_equal(sol_tensors_read(&tensors, path), code);
    assert_string_equal(sol_error_text(), wanted);
    assert_null(tensors);
}

/* The same, of a file with this header before 16 bytes of data. */
static void assert_header_refused(const char *header, const char *text)
{
    static const unsigned char data[16] = {0};
    write_tensors(path, header, data, sizeof data);
    assert_refused(SOL_ERR_FORMAT, text);
}

static void test_a_sound_file(void **state)
{
    static const char header[] = "{\"__metadata__\": {\"licence\": \"none\", \"empty\": \"\"},"
                                 "\"b\": {\"dtype\": \"F32\", \"shape\": [2, 1], \"data_offsets\": [12, 20]},"
                                 "\"a\": {\"shape\": [3], \"data_offsets\": [0, 12], \"dtype\": \"F32\"},"
                                 "\"scalar\": {\"dtype\": \"F32\", \"shape\": [], \"data_offsets\": [24, 28]},"
                                 "\"none\": {\"dtype\": \"F16\", \"shape\": [4, 0], \"data_offsets\": [28, 28]}}   ";
    static const float data[7] = {1, -2, 0.5f, 4, 5, 99 /* a hole */, 6};
    SolTensors *tensors = NULL;
    const SolTensor *t;
    (void)state;
    write_tensors(path, header, data, sizeof data);
    assert_int_equal(sol_tensors_read(&tensors, path), 0);
    t = sol_tensors_find(tensors, "a");
    assert_non_null(t);
    assert_int_equal(t->rank, 1);
    assert_int_equal(t->shape[0], 3);
    assert_memory_equal(t->data, data, 3 * sizeof(float));
    t = sol_tensors_find(tensors, "b");
    assert_non_null(t);
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[0], 2);
    assert_int_equal(t->count, 2);
    assert_memory_equal(t->data, data + 3, 2 * sizeof(float));
    t = sol_tensors_find(tensors, "scalar");
    assert_non_null(t);
    assert_int_equal(t->rank, 0);
    assert_true(t->count == 1 && t->data[0] == 6);
    assert_int_equal(sol_tensors_find(tensors, "none")->count, 0);
    assert_null(sol_tensors_find(tensors, "c"));
    assert_string_equal(sol_tensors_at(tensors, 0)->name, "a"); /* in the order of the data */
    assert_string_equal(sol_tensors_at(tensors, 3)->name, "none");
    assert_null(sol_tensors_at(tensors, 4));
    assert_string_equal(sol_tensors_metadata(tensors, "licence"), "none");
    assert_string_equal(sol_tensors_metadata(tensors, "empty"), "");
    assert_null(sol_tensors_metadata(tensors, "author"));
    assert_int_equal(sol_tensors_file_bytes(tensors), 8 + strlen(header) + sizeof data);
    sol_tensors_close(&tensors);
    assert_null(tensors);
    sol_tensors_close(&tensors);
}

static void test_a_file_without_metadata(void **state)
{
    SolTensors *tensors = NULL;
    (void)state;
    write_tensors(path, "{}", NULL, 0);
    assert_int_equal(sol_tensors_read(&tensors, path), 0);
    assert_null(sol_tensors_metadata(tensors, "licence"));
    assert_null(sol_tensors_at(tensors, 0));
    sol_tensors_close(&tensors);
}

static void test_half_precision(void **state)
{
    static const struct {
        uint16_t half;
        float value;
    } cases[] = {
        {0x0000, 0.0f},           {0x8000, -0.0f},        {0x3c00, 1.0f},      {0xc000, -2.0f},
        {0x3555, 0.333251953125f}, {0x7bff, 65504.0f},    {0xfbff, -65504.0f}, {0x0400, 0x1p-14f},
        {0x03ff, 0x1.ff8p-15f},   {0x0001, 0x1p-24f},     {0x8001, -0x1p-24f}, {0x0200, 0x1p-15f},
        {0x7c00, INFINITY},       {0xfc00, -INFINITY},    {0x3c01, 1.0009765625f},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    static const char header[] = "{\"t\": {\"dtype\": \"F16\", \"shape\": [16], \"data_offsets\": [0, 32]}}";
    unsigned char data[32];
    SolTensors *tensors = NULL;
    const SolTensor *t;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        data[2 * i] = (unsigned char)(cases[i].half & 255);
        data[2 * i + 1] = (unsigned char)(cases[i].half >> 8);
    }
    data[30] = 0x01; /* no number */
    data[31] = 0x7c;
    write_tensors(path, header, data, sizeof data);
    assert_int_equal(sol_tensors_read(&tensors, path), 0);
    t = sol_tensors_find(tensors, "t");
    assert_non_null(t);
    for (int i = 0; i < COUNT; i++)
        assert_memory_equal(&t->data[i], &cases[i].value, sizeof(float));
    assert_true(isnan(t->data[15]));
    sol_tensors_close(&tensors);
}

static void test_brain_floats(void **state)
{
    static const char header[] = "{\"t\": {\"dtype\": \"BF16\", \"shape\": [4], \"data_offsets\": [0, 8]}}";
    static const unsigned char data[] = {0x80, 0x3f, 0x20, 0xc0, 0x80, 0xff, 0x01, 0x00};
    static const float values[] = {1, -2.5f, -INFINITY, 0x1p-133f};
    SolTensors *tensors = NULL;
    (void)state;
    write_tensors(path, header, data, sizeof data);
    assert_int_equal(sol_tensors_read(&tensors, path), 0);
    assert_memory_equal(sol_tensors_find(tensors, "t")->data, values, sizeof values);
    sol_tensors_close(&tensors);
}

/* What is written is read as it was, and is what the format says. */
static void test_writing(void **state)
{
    static const size_t shape[] = {3, 2};
    SolTensors *tensors = NULL, *again = NULL;
    uint8_t *bytes;
    float *data = NULL;
    size_t size;
    (void)state;
    assert_int_equal(sol_tensors_create(&tensors), 0);
    assert_int_equal(sol_tensors_add(tensors, "z", shape, 2, &data), 0);
    for (int i = 0; i < 6; i++)
        data[i] = 0.1f * (float)i;
    assert_int_equal(sol_tensors_add(tensors, "a\"\xc3\xa9", shape, 1, &data), 0);
    for (int i = 0; i < 3; i++)
        data[i] = -INFINITY;
    assert_int_equal(sol_tensors_set_metadata(tensors, "licence", "none"), 0);
    assert_int_equal(sol_tensors_set_metadata(tensors, "licence", "\"any\""), 0);
    assert_int_equal(sol_tensors_set_metadata(tensors, "licence", "\xff"), SOL_ERR_FORMAT);
    assert_int_equal(sol_tensors_write(tensors, path), 0);
    bytes = read_bytes(path, &size);
    assert_int_equal(size % 4, 0);
    assert_int_equal((bytes[0] + 8) % 8, 0); /* the data is aligned */
    assert_memory_equal(bytes + size - 3 * 4, "\0\0\x80\xff\0\0\x80\xff\0\0\x80\xff", 12);
    free(bytes);
    assert_int_equal(sol_tensors_read(&again, path), 0);
    assert_string_equal(sol_tensors_metadata(again, "licence"), "\"any\"");
    for (size_t i = 0; i < 2; i++) {
        const SolTensor *from = sol_tensors_at(tensors, i), *to = sol_tensors_at(again, i);
        assert_string_equal(to->name, from->name);
        assert_int_equal(to->rank, from->rank);
        assert_memory_equal(to->shape, from->shape, (size_t)from->rank * sizeof *from->shape);
        assert_memory_equal(to->data, from->data, from->count * sizeof *from->data);
    }
    assert_null(sol_tensors_at(again, 2));
    sol_tensors_close(&again);
    assert_int_equal(sol_tensors_write(tensors, in_folder("no/such/folder")), SOL_ERR_IO);
    assert_int_equal(sol_tensors_add(tensors, "\xff", shape, 1, &data), 0);
    assert_int_equal(sol_tensors_write(tensors, path), SOL_ERR_FORMAT);
    sol_tensors_close(&tensors);
}

/* Every part of a sound file, from nothing to all but the last byte. */
static void test_truncated_files(void **state)
{
    static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    static const float data[2] = {1, 2};
    uint8_t *whole;
    size_t size;
    SolTensors *tensors = NULL;
    (void)state;
    write_tensors(path, header, data, sizeof data);
    whole = read_bytes(path, &size);
    assert_int_equal(size, 8 + strlen(header) + sizeof data);
    for (size_t length = 0; length < size; length++) {
        write_bytes(path, whole, length);
        assert_int_equal(sol_tensors_read(&tensors, path), SOL_ERR_FORMAT);
        assert_null(tensors);
        if (length == 7)
            assert_refused(SOL_ERR_FORMAT, "no .safetensors file: it is shorter than 8 bytes");
        if (length == 20)
            assert_refused(SOL_ERR_FORMAT, "no .safetensors file, or cut short: a header of 54 bytes, where 12 follow");
        if (length == size - 1)
            assert_refused(SOL_ERR_FORMAT,
                           "tensor \"a\": its data ends at byte 8, but the file holds 7 bytes of data");
    }
    free(whole);
}

static void test_files_that_are_none(void **state)
{
    SolTensors *tensors = NULL;
    (void)state;
    unlink(path);
    assert_refused(SOL_ERR_IO, "cannot be opened: No such file or directory");
    make_folder(path);
    assert_refused(SOL_ERR_IO, "is no regular file");
    assert_int_equal(rmdir(path), 0);
    write_tensors_raw(path, UINT64_MAX, "{}", NULL, 0);
    assert_refused(SOL_ERR_FORMAT, "no .safetensors file, or cut short: a header of 18446744073709551615 bytes, "
                                   "where 2 follow");
    write_tensors_raw(path, 3, "{}", NULL, 0);
    assert_refused(SOL_ERR_FORMAT, "no .safetensors file, or cut short: a header of 3 bytes, where 2 follow");
    /* a sparse file as long as its header claims to be */
    write_tensors_raw(path, 200000000, "{}", NULL, 0);
    assert_int_equal(truncate(path, 300000000), 0);
    assert_refused(SOL_ERR_FORMAT, "no .safetensors file, or cut short: a header of 200000000 bytes, "
                                   "where 299999992 follow");
    write_tensors_raw(path, 1, "{}", NULL, 0);
    assert_int_equal(sol_tensors_read(&tensors, path), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "the header is no valid JSON");
    assert_null(tensors);
}

static void test_headers_that_are_no_headers(void **state)
{
    char nested[4096];
    SolTensors *tensors = NULL;
    (void)state;
    assert_header_refused("[]", "the header is no JSON object");
    assert_header_refused("{\"__metadata__\": []}", "\"__metadata__\" is no object");
    assert_header_refused("{\"__metadata__\": {\"a\": 1}}", "\"__metadata__\": \"a\" is no text");
    assert_header_refused("{\"t\": 5}", "tensor \"t\": its description is no object");
    write_tensors(path, "{\"t\": {}, \"t\": {}}", NULL, 0);
    assert_int_equal(sol_tensors_read(&tensors, path), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "the header is no valid JSON: duplicate object key");
    memset(nested, '[', sizeof nested - 1);
    nested[sizeof nested - 1] = '\0';
    write_tensors(path, nested, NULL, 0);
    assert_int_equal(sol_tensors_read(&tensors, path), SOL_ERR_FORMAT);
    assert_null(tensors);
}

static void test_lying_descriptions(void **state)
{
    static const struct {
        const char *dtype, *shape, *offsets, *text;
    } cases[] = {
        {"\"I64\"", "[2]", "[0, 16]", "its type is I64; F32, F16 and BF16 are understood"},
        {"\"I128\"", "[1]", "[0, 16]", "its type \"I128\" is not known"},
        {"32", "[4]", "[0, 16]", "\"dtype\" is missing or no text"},
        {"\"F32\"", "4", "[0, 16]", "\"shape\" is missing or no list"},
        {"\"F32\"", "[-4]", "[0, 16]", "dimension 1 of its shape is no count"},
        {"\"F32\"", "[4, 1.0]", "[0, 16]", "dimension 2 of its shape is no count"},
        {"\"F32\"", "[1,1,1,1,1,1,1,1,4]", "[0, 16]", "9 dimensions: there can be 8 at most"},
        {"\"F32\"", "[4294967296, 4294967296]", "[0, 0]", "its shape has more numbers than can be addressed"},
        {"\"F32\"", "[4611686018427387904]", "[0, 0]",
         "its data has 0 bytes, which is not what its shape and type F32 take"},
        {"\"F32\"", "[3]", "[0, 16]", "its data has 16 bytes, which is not what its shape and type F32 take"},
        {"\"F16\"", "[4]", "[0, 16]", "its data has 16 bytes, which is not what its shape and type F16 take"},
        {"\"F32\"", "[4]", "[16, 0]", "its data ends (0) before it begins (16)"},
        {"\"F32\"", "[4]", "[4, 20]", "its data ends at byte 20, but the file holds 16 bytes of data"},
        {"\"F32\"", "[4]", "[-4, 12]", "\"data_offsets\" is missing or no pair of counts"},
        {"\"F32\"", "[4]", "[0]", "\"data_offsets\" is missing or no pair of counts"},
        {"\"F32\"", "[4]", "{}", "\"data_offsets\" is missing or no pair of counts"},
        {"\"F32\"", "[4]", "[0, 16], \"more\": 1", "\"more\" in its description is not understood"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char header[256], text[256];
        snprintf(header, sizeof header, "{\"t\": {\"dtype\": %s, \"shape\": %s, \"data_offsets\": %s}}", cases[i].dtype,
                 cases[i].shape, cases[i].offsets);
        snprintf(text, sizeof text, "tensor \"t\": %s", cases[i].text);
        assert_header_refused(header, text);
    }
    assert_header_refused("{\"t\": {\"shape\": [4], \"data_offsets\": [0, 16]}}",
                          "tensor \"t\": \"dtype\" is missing or no text");
}

static void test_overlaps(void **state)
{
    (void)state;
    assert_header_refused("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [4, 12]},"
                          "\"b\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}}",
                          "the data of tensor \"a\" overlaps that of \"b\"");
    assert_header_refused("{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]},"
                          "\"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [8, 12]}}",
                          "the data of tensor \"b\" overlaps that of \"a\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_file),
        cmocka_unit_test(test_a_file_without_metadata),
        cmocka_unit_test(test_half_precision),
        cmocka_unit_test(test_brain_floats),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_truncated_files),
        cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_headers_that_are_no_headers),
        cmocka_unit_test(test_lying_descriptions),
        cmocka_unit_test(test_overlaps),
    };
    return cmocka_run_group_tests_name("model/safetensors", tests, set_up, tear_down_folder);
}

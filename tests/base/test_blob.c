/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: what was put in comes out again, in the same bytes on every machine, and never more than there is.
 */
#include "support/support.h"

#include "base/blob.h"

#include <math.h>
#include <string.h>

static void test_what_is_put_comes_out(void **state)
{
    static const float numbers[3] = {1.5f, -0.0f, INFINITY};
    SolBlob blob = {0};
    float floats[3];
    char text[6] = "";
    (void)state;
    sol_blob_put_int(&blob, -2);
    sol_blob_put_float(&blob, 0.1f);
    sol_blob_put_floats(&blob, numbers, 3);
    sol_blob_put_double(&blob, 0.1);
    sol_blob_put(&blob, "seven", 5);
    sol_blob_put_int(&blob, INT64_MIN);
    assert_true(sol_blob_is_sound(&blob));
    assert_true(sol_blob_get_int(&blob) == -2);
    assert_true(sol_blob_get_float(&blob) == 0.1f);
    sol_blob_get_floats(&blob, floats, 3);
    assert_memory_equal(floats, numbers, sizeof numbers);
    assert_true(sol_blob_get_double(&blob) == 0.1);
    sol_blob_get(&blob, text, 5);
    assert_string_equal(text, "seven");
    assert_true(sol_blob_get_int(&blob) == INT64_MIN);
    assert_true(sol_blob_is_sound(&blob));
    assert_int_equal(blob.at, blob.size);
    sol_blob_clear(&blob);
}

static void test_numbers_are_little_endian(void **state)
{
    static const uint8_t whole[8] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01}, half[4] = {0, 0, 0, 0x3F};
    SolBlob blob = {0};
    (void)state;
    sol_blob_put_int(&blob, INT64_C(0x0102030405060708));
    sol_blob_put_float(&blob, 0.5f);
    assert_int_equal(blob.size, 12);
    assert_memory_equal(blob.bytes, whole, 8);
    assert_memory_equal(blob.bytes + 8, half, 4);
    sol_blob_clear(&blob);
}

static void test_what_is_not_there_reads_as_zeros(void **state)
{
    static const uint8_t bytes[5] = {1, 2, 3, 4, 5};
    SolBlob blob = sol_blob_of(bytes, sizeof bytes);
    uint8_t out[4] = {9, 9, 9, 9};
    float floats[2] = {9, 9};
    (void)state;
    sol_blob_get(&blob, out, 4);
    assert_int_equal(out[3], 4);
    assert_true(sol_blob_is_sound(&blob));
    assert_true(sol_blob_get_int(&blob) == 0);
    assert_false(sol_blob_is_sound(&blob));
    sol_blob_get_floats(&blob, floats, 2);
    assert_true(floats[0] == 0 && floats[1] == 0);
}

static void test_a_reset_blob_is_empty(void **state)
{
    SolBlob blob = {0};
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            sol_blob_put_int(&blob, i * round);
        assert_int_equal(blob.size, 8000);
        for (int i = 0; i < 1000; i++)
            assert_true(sol_blob_get_int(&blob) == i * round);
        sol_blob_reset(&blob);
        assert_int_equal(blob.size, 0);
        assert_true(sol_blob_get_int(&blob) == 0 && !sol_blob_is_sound(&blob));
        sol_blob_reset(&blob);
        assert_true(sol_blob_is_sound(&blob));
    }
    sol_blob_clear(&blob);
    assert_null(blob.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_comes_out),
        cmocka_unit_test(test_numbers_are_little_endian),
        cmocka_unit_test(test_what_is_not_there_reads_as_zeros),
        cmocka_unit_test(test_a_reset_blob_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * LZW codes, read back by giflib.
 */
#include "support/gif_data.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

/* The data of an image, compressed as the paper says; the dictionary is cleared `patience` codes after it is full. */
static void compress(SolLzw *lzw, const uint8_t *indices, int pixels, int colours, int patience)
{
    int node = -1, overdue = 0;
    assert_int_equal(sol_lzw_begin(lzw, colours), 0);
    assert_int_equal(sol_lzw_reserve(lzw, (size_t)pixels), 0);
    for (int i = 0; i < pixels; i++) {
        int child = node < 0 ? 0 : lzw->nodes[node].child;
        while (child != 0 && lzw->nodes[child].index != indices[i])
            child = lzw->nodes[child].next;
        if (child != 0) {
            node = child;
            continue;
        }
        if (node >= 0) {
            sol_lzw_put(lzw, node);
            if (lzw->count == SOL_LZW_CODES && ++overdue > patience) {
                sol_lzw_clear(lzw);
                overdue = 0;
            } else {
                sol_lzw_add(lzw, node, indices[i]);
            }
        }
        node = indices[i];
    }
    sol_lzw_put(lzw, node);
    sol_lzw_end(lzw);
}

static void check(const uint8_t *indices, int width, int height, int colours, int patience)
{
    SolLzw *lzw = calloc(1, sizeof *lzw);
    uint8_t *read;
    assert_non_null(lzw);
    for (int again = 0; again < 2; again++) {
        compress(lzw, indices, width * height, colours, patience);
        read = decode_lzw(lzw, width, height);
        assert_memory_equal(read, indices, (size_t)width * (size_t)height);
        free(read);
    }
    free(lzw->bytes);
    free(lzw);
}

static void test_noise(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 2}, {3, 1}, {7, 5}, {253, 1}, {100, 100}, {301, 211}};
    static const int patiences[] = {0, 1, 100, 1000000};
    uint8_t *indices = malloc(301 * 211);
    uint32_t seed = 1;
    (void)state;
    assert_non_null(indices);
    for (int colours = 4; colours <= 256; colours *= 2)
        for (int i = 0; i < 7; i++) {
            for (int n = 0; n < sizes[i][0] * sizes[i][1]; n++) {
                seed = seed * 1664525U + 1013904223U;
                indices[n] = (uint8_t)((seed >> 16) % (unsigned)colours);
            }
            check(indices, sizes[i][0], sizes[i][1], colours, patiences[i % 4]);
        }
    free(indices);
}

static void test_runs(void **state)
{
    uint8_t *indices = calloc(400, 300);
    (void)state;
    assert_non_null(indices);
    check(indices, 400, 300, 256, 0);
    for (int i = 0; i < 400 * 300; i++)
        indices[i] = (uint8_t)(i / 7000 + i / 311 % 3);
    check(indices, 400, 300, 32, 10);
    free(indices);
}

/* Every length that the last sub-block can have. */
static void test_blocks(void **state)
{
    uint8_t indices[600];
    (void)state;
    for (int i = 0; i < 600; i++)
        indices[i] = (uint8_t)(i * i % 251);
    for (int pixels = 1; pixels <= 600; pixels++)
        check(indices, pixels, 1, 256, 0);
}

static void test_a_full_dictionary_takes_no_more(void **state)
{
    SolLzw *lzw = calloc(1, sizeof *lzw);
    (void)state;
    assert_non_null(lzw);
    assert_int_equal(sol_lzw_begin(lzw, 4), 0);
    for (int node = 6; node < SOL_LZW_CODES; node++)
        assert_int_equal(sol_lzw_add(lzw, 1, 2), node);
    assert_int_equal(sol_lzw_add(lzw, 1, 2), 0);
    assert_int_equal(lzw->nodes[1].child, SOL_LZW_CODES - 1);
    sol_lzw_clear(lzw);
    assert_int_equal(lzw->nodes[1].child, 0);
    assert_int_equal(sol_lzw_add(lzw, 1, 2), 6);
    free(lzw->bytes);
    free(lzw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_a_full_dictionary_takes_no_more),
    };
    return cmocka_run_group_tests_name("media/lzw", tests, set_up_folder, tear_down_folder);
}

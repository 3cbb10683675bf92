/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena of a plan: buffers that are alive together lie apart, and little is wasted.
 */
#include "support/support.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/arena.h"

static void test_buffers_alive_together_lie_apart(void **state)
{
    enum { COUNT = 60, STEPS = 25 };
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 50; round++) {
        SolBuffer buffers[COUNT];
        size_t total = 0, alive_most = 0;
        for (int i = 0; i < COUNT; i++) {
            seed = seed * 1664525u + 1013904223u;
            buffers[i] = (SolBuffer){.bytes = (seed >> 8) % 5000, .first = (int)(seed >> 20) % STEPS};
            buffers[i].last = buffers[i].first + (int)(seed >> 28) % 6;
        }
        assert_int_equal(sol_arena_lay_out(buffers, COUNT, &total), 0);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(buffers[i].offset % SOL_ALIGNMENT, 0);
            assert_true(buffers[i].offset + buffers[i].bytes <= total);
            for (int j = 0; j < i; j++) {
                bool same_time = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
                bool same_place = buffers[i].offset < buffers[j].offset + buffers[j].bytes &&
                                  buffers[j].offset < buffers[i].offset + buffers[i].bytes;
                assert_false(same_time && same_place);
            }
        }
        for (int step = 0; step < STEPS + 6; step++) {
            size_t alive = 0;
            for (int i = 0; i < COUNT; i++)
                alive += buffers[i].first <= step && step <= buffers[i].last ? buffers[i].bytes : 0;
            alive_most = alive > alive_most ? alive : alive_most;
        }
        assert_true(total >= alive_most && total <= alive_most * 3 / 2);
    }
}

static void test_sizes_that_overflow_an_arena(void **state)
{
    SolBuffer buffers[2] = {{.bytes = SIZE_MAX - 3}, {.bytes = 1}};
    size_t total = 77;
    (void)state;
    assert_int_equal(sol_arena_lay_out(buffers, 2, &total), SOL_ERR_NOMEM);
    buffers[0].bytes = buffers[1].bytes = SIZE_MAX / 2 + 1;
    assert_int_equal(sol_arena_lay_out(buffers, 2, &total), SOL_ERR_NOMEM);
    assert_int_equal(total, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffers_alive_together_lie_apart),
        cmocka_unit_test(test_sizes_that_overflow_an_arena),
    };
    return cmocka_run_group_tests_name("nn/arena", tests, NULL, NULL);
}

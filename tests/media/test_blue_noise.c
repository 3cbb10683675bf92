/* SPDX-License-Identifier: Apache-2.0
 *
 * Blue noise: every number once, and at any threshold points that keep their distance.
 */
#include "support/support.h"

#include "media/blue_noise.h"

#include <limits.h>
#include <stdbool.h>

enum { SIDE = SOL_BLUE_NOISE_SIDE, POINTS = SIDE * SIDE };

static void test_every_number_once(void **state)
{
    static bool seen[POINTS];
    const uint16_t *noise = sol_blue_noise();
    (void)state;
    for (int i = 0; i < POINTS; i++) {
        assert_in_range(noise[i], 0, POINTS - 1);
        assert_false(seen[noise[i]]);
        seen[noise[i]] = true;
    }
    assert_ptr_equal(sol_blue_noise(), noise);
}

static int apart(int a, int b)
{
    int d = a > b ? a - b : b - a;
    return d < SIDE - d ? d : SIDE - d;
}

/* The least squared distance between two points below a threshold, across the edges, too. */
static int least_distance(const uint16_t *noise, int threshold)
{
    int least = INT_MAX;
    for (int i = 0; i < POINTS; i++)
        for (int k = 0; k < i && noise[i] < threshold; k++) {
            int x = apart(i % SIDE, k % SIDE), y = apart(i / SIDE, k / SIDE);
            if (noise[k] < threshold && x * x + y * y < least)
                least = x * x + y * y;
        }
    return least;
}

/* Of 41 points in 100 x 100 pixels, chance has two side by side; a square grid of them has 15 pixels between. */
static void test_points_keep_their_distance(void **state)
{
    const uint16_t *noise = sol_blue_noise();
    (void)state;
    assert_true(least_distance(noise, POINTS / 256) >= 9 * 9);
    assert_true(least_distance(noise, POINTS / 64) >= 4 * 4);
    assert_true(least_distance(noise, POINTS / 16) >= 2 * 2);
}

/* A quarter of any block of 8 x 8 pixels is below a quarter of the numbers, nearly. */
static void test_blocks_are_even(void **state)
{
    const uint16_t *noise = sol_blue_noise();
    (void)state;
    for (int top = 0; top < SIDE; top += 8)
        for (int left = 0; left < SIDE; left += 8) {
            int below = 0;
            for (int i = 0; i < 64; i++)
                below += noise[(top + i / 8) * SIDE + left + i % 8] < POINTS / 4;
            assert_in_range(below, 11, 21);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_once),
        cmocka_unit_test(test_points_keep_their_distance),
        cmocka_unit_test(test_blocks_are_even),
    };
    return cmocka_run_group_tests_name("media/blue_noise", tests, NULL, NULL);
}

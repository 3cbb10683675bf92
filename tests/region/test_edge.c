/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges that travel: nothing at the beginning, all at the end, no pixel given back between, and in their direction.
 */
#include "support/support.h"

#include "region/edge.h"

#include <string.h>

enum { WIDTH = 37, HEIGHT = 23, STEPS = 20 };

typedef void (*Draw)(SolMask *mask, double feather, double progress);

static void draw_right(SolMask *mask, double feather, double progress)
{
    sol_edge_wipe(mask, 0, feather, progress);
}

static void draw_aslant(SolMask *mask, double feather, double progress)
{
    sol_edge_wipe(mask, 217, feather, progress);
}

static void draw_growth(SolMask *mask, double feather, double progress)
{
    sol_mask_fill(mask, 0);
    for (int y = 8; y < 14; y++)
        memset(sol_mask_row(mask, y) + 20, 255, 9);
    assert_int_equal(sol_edge_grow(mask, feather, progress), 0);
}

static int sum(const SolMask *mask)
{
    int total = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        total += mask->values[i];
    return total;
}

static void test_progress(void **state)
{
    static const Draw draws[] = {draw_right, draw_aslant, draw_growth};
    SolMask *mask = NULL, *before = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    assert_int_equal(sol_mask_create(&before, WIDTH, HEIGHT), 0);
    for (size_t d = 0; d < sizeof draws / sizeof *draws; d++)
        for (int f = 0; f < 3; f++) {
            sol_mask_fill(before, 0);
            for (int i = 0; i <= STEPS; i++) {
                draws[d](mask, f * 0.3, (double)i / STEPS);
                for (int p = 0; p < WIDTH * HEIGHT; p++)
                    assert_true(mask->values[p] >= before->values[p]);
                assert_true(i == 0 || sum(mask) > sum(before));
                if (i == 0)
                    assert_int_equal(sum(mask), 0);
                memcpy(before->values, mask->values, WIDTH * HEIGHT);
            }
            assert_int_equal(sum(mask), 255 * WIDTH * HEIGHT);
        }
    sol_mask_close(&mask);
    sol_mask_close(&before);
}

/* Half of the way, each of the four directions covers the half of the frame that it comes from. */
static void test_directions(void **state)
{
    static const struct {
        double angle;
        int x, y; /* covered, and not the pixel opposite */
    } cases[] = {{0, 0, HEIGHT / 2}, {90, WIDTH / 2, 0}, {180, WIDTH - 1, HEIGHT / 2}, {-90, WIDTH / 2, HEIGHT - 1}};
    SolMask *mask = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sol_edge_wipe(mask, cases[i].angle, 0.1, 0.5);
        assert_int_equal(sol_mask_row(mask, cases[i].y)[cases[i].x], 255);
        assert_int_equal(sol_mask_row(mask, HEIGHT - 1 - cases[i].y)[WIDTH - 1 - cases[i].x], 0);
        assert_in_range(sum(mask), 255 * WIDTH * HEIGHT * 45 / 100, 255 * WIDTH * HEIGHT * 55 / 100);
    }
    sol_mask_close(&mask);
}

/* Without an outline there is nothing to grow out of: all comes at once. */
static void test_growth_without_outline(void **state)
{
    SolMask *mask = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, WIDTH, HEIGHT), 0);
    for (int value = 0; value < 256; value += 255) {
        sol_mask_fill(mask, (uint8_t)value);
        assert_int_equal(sol_edge_grow(mask, 0.1, 0.4), 0);
        assert_int_equal(sum(mask), 102 * WIDTH * HEIGHT);
    }
    sol_mask_close(&mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_growth_without_outline),
    };
    return cmocka_run_group_tests_name("region/edge", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances from a mask's outline against a search among all pixels.
 */
#include "support/support.h"

#include "image/distance.h"

#include <math.h>
#include <stdlib.h>

/* To the nearest pixel on the other side; negative inside. */
static double naive(const SolMask *mask, int x, int y)
{
    int inside = sol_mask_row(mask, y)[x] >= 128;
    double nearest = INFINITY;
    for (int j = 0; j < mask->height; j++)
        for (int i = 0; i < mask->width; i++)
            if ((sol_mask_row(mask, j)[i] >= 128) != inside)
                nearest = fmin(nearest, hypot(i - x, j - y));
    return inside ? -nearest : nearest;
}

static void check(int width, int height, unsigned seed, int of)
{
    SolMask *mask = NULL;
    float *distance = malloc((size_t)width * (size_t)height * sizeof *distance);
    bool any;
    assert_non_null(distance);
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int i = 0; i < width * height; i++) {
        seed = seed * 1664525u + 1013904223u;
        mask->values[i] = (seed >> 16) % (unsigned)of == 0 ? 128 : 127;
    }
    assert_int_equal(sol_mask_distance(mask, distance, &any), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double expected = naive(mask, x, y), made = (double)distance[y * width + x];
            if (!any)
                assert_true(isinf(made) && isinf(expected) && (made < 0) == (expected < 0));
            else if (!(fabs(made - expected) < 1e-4))
                fail_msg("%dx%d (%d, %d): %f, not %f", width, height, x, y, made, expected);
        }
    free(distance);
    sol_mask_close(&mask);
}

static void test_against_search(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {17, 13}, {40, 31}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int of = 1; of <= 300; of = of * 3 + 1) /* all inside, then ever fewer */
            check(sizes[i][0], sizes[i][1], (unsigned)(of + (int)i), of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_search)};
    return cmocka_run_group_tests_name("image/distance", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving and softening edges. The twin of growing looks at every pixel of a disc; softened edges have the width, the
 * middle and the symmetry that they should.
 */
#include "support/regions.h"
#include "support/support.h"

#include "region/outline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

static SolMask *fresh(int width, int height)
{
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, width, height), SOL_OK);
    return mask;
}

static SolMask *copy_of(const SolMask *mask)
{
    SolMask *copy = fresh(mask->width, mask->height);
    memcpy(copy->values, mask->values, (size_t)mask->width * (size_t)mask->height);
    return copy;
}

/* Blots of all values. */
static SolMask *blots(int width, int height, unsigned seed)
{
    SolMask *mask = fresh(width, height);
    srand(seed);
    for (int i = 0; i < width * height; i++)
        mask->values[i] = (uint8_t)(rand() % 5 == 0 ? rand() % 256 : 0);
    return mask;
}

/* A disc of a radius around the middle of pixel (x, y). */
static SolMask *disc(int side, double radius)
{
    const double numbers[] = {side / 2.0, side / 2.0, radius, radius};
    return select_and_close(make_shape(&sol_region_ellipse, numbers, 4), side, side);
}

/* ---- growing ---- */

/* The largest (smallest) of the pixels within the distance, a whole number. */
static uint8_t extreme_near(const SolMask *mask, int x, int y, int radius, bool largest)
{
    uint8_t found = largest ? 0 : 255;
    for (int v = -radius; v <= radius; v++)
        for (int u = -radius; u <= radius; u++) {
            uint8_t value;
            if (u * u + v * v > radius * radius + 0.7 * radius || x + u < 0 || x + u >= mask->width || y + v < 0 ||
                y + v >= mask->height)
                continue;
            value = sol_mask_row(mask, y + v)[x + u];
            if (largest ? value > found : value < found)
                found = value;
        }
    return found;
}

static void test_growing_is_as_its_twin(void **state)
{
    static const int sizes[][2] = {{40, 30}, {7, 50}, {300, 9}, {1, 1}, {33, 1}};
    static const int radii[] = {1, 2, 3, 5, 8, 13, 40};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t r = 0; r < sizeof radii / sizeof *radii; r++)
            for (int shrink = 0; shrink < 2; shrink++) {
                SolMask *before = blots(sizes[s][0], sizes[s][1], (unsigned)(s * 10 + r)), *after;
                int radius = radii[r];
                if (shrink)
                    sol_mask_invert(before);
                after = copy_of(before);
                assert_int_equal(sol_mask_grow(after, shrink ? -radius : radius, NULL), SOL_OK);
                if (radius < hypot(before->width, before->height)) /* farther than that is as far */
                    for (int y = 0; y < before->height; y++)
                        for (int x = 0; x < before->width; x++)
                            assert_int_equal(sol_mask_row(after, y)[x], extreme_near(before, x, y, radius, !shrink));
                sol_mask_close(&before);
                sol_mask_close(&after);
            }
}

/* A disc grows into a disc, in all directions alike: a square one would have 4 / pi of the area. */
static void test_growing_is_euclidean(void **state)
{
    static const double distances[] = {1, 2.5, 4, 7, 12.25, 20, -3, -6.5, -15};
    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        SolMask *grown = disc(120, 30), *wanted = disc(120, 30 + distances[i]);
        double off, radius;
        assert_int_equal(sol_mask_grow(grown, distances[i], NULL), SOL_OK);
        radius = sqrt(area_of(grown) / PI);
        off = radius - (30 + distances[i]);
        if (fabs(off) > 0.3)
            fail_msg("grown by %g, the radius is off by %.2f", distances[i], off);
        for (int y = 0; y < 120; y++) /* nowhere off by more than a pixel and a bit */
            for (int x = 0; x < 120; x++) {
                double from = hypot(x - 59.5, y - 59.5) - (30 + distances[i]);
                if (from < -1.8 || from > 1.8)
                    assert_int_equal(sol_mask_row(grown, y)[x], from < 0 ? 255 : 0);
            }
        sol_mask_close(&grown);
        sol_mask_close(&wanted);
    }
}

/* A straight edge moves by exactly what was asked for, parts of a pixel among it. */
static void test_straight_edges_move_exactly(void **state)
{
    (void)state;
    for (double distance = -6; distance <= 6; distance += 0.25) {
        SolMask *mask = select_and_close(make_shape(&sol_region_rect, (double[]){-9, -9, 29, 99}, 4), 40, 20);
        assert_int_equal(sol_mask_grow(mask, distance, NULL), SOL_OK);
        assert_true(fabs(area_of(mask) / 20 - (20 + distance)) < 0.01);
        sol_mask_close(&mask);
    }
}

static void test_odd_distances(void **state)
{
    static const double nothing[] = {0, -0.0, 0.001, NAN};
    SolMask *mask = blots(20, 20, 1), *before = copy_of(mask);
    (void)state;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        assert_int_equal(sol_mask_grow(mask, nothing[i], NULL), SOL_OK);
        assert_int_equal(sol_mask_feather(mask, nothing[i], NULL), SOL_OK);
        assert_int_equal(difference_of(mask, before), 0);
    }
    assert_int_equal(sol_mask_grow(mask, INFINITY, NULL), SOL_OK);
    for (int i = 1; i < 400; i++)
        assert_int_equal(mask->values[i], mask->values[0]);
    sol_mask_close(&mask);
    sol_mask_close(&before);
}

/* ---- softening ---- */

/* The soft edge of a half plane that ends at x = 100, from -span to +span beside it. */
static void profile(double feather, int values[200])
{
    SolMask *mask = select_and_close(make_shape(&sol_region_rect, (double[]){-1, -1, 101, 99}, 4), 200, 8);
    assert_int_equal(sol_mask_feather(mask, feather, NULL), SOL_OK);
    for (int x = 0; x < 200; x++) {
        values[x] = sol_mask_row(mask, 3)[x];
        assert_int_equal(values[x], sol_mask_row(mask, 0)[x]); /* the frame's border is no edge */
    }
    sol_mask_close(&mask);
}

static void test_a_soft_edge_is_centred_and_as_wide_as_it_should(void **state)
{
    static const double widths[] = {2, 3, 4.5, 8, 12, 25.3, 60, 90};
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        int values[200], first = 0, last = 199;
        profile(widths[i], values);
        for (int x = 1; x < 200; x++) {
            assert_true(values[x] <= values[x - 1]);
            assert_in_range(values[x] + values[199 - x], 254, 256); /* symmetric about the edge */
        }
        while (values[first] == 255)
            first++;
        while (values[last] == 0)
            last--;
        /* all of it, and most of it: a Gaussian's tails hardly show */
        assert_true(last + 1 - first <= widths[i] + 3);
        assert_true(last + 1 - first >= 0.7 * widths[i] - 1);
    }
}

/* Three means in a row come close to a Gaussian of about the sixth part: of (pixels + 2) / 6. */
static void test_a_soft_edge_is_nearly_gaussian(void **state)
{
    int values[200];
    (void)state;
    profile(60, values);
    for (int x = 0; x < 200; x++) {
        double wanted = 127.5 * erfc((x + 0.5 - 100) / (62.0 / 6 * sqrt(2)));
        assert_true(fabs(values[x] - wanted) < 3.5);
    }
}

static void test_soft_edges_keep_what_is_whole(void **state)
{
    static const double widths[] = {1.5, 5, 33.3, 1000, 1e9, INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int value = 0; value < 256; value += 51) {
            SolMask *mask = fresh(37, 21);
            sol_mask_fill(mask, (uint8_t)value);
            assert_int_equal(sol_mask_feather(mask, widths[i], NULL), SOL_OK);
            for (int p = 0; p < 37 * 21; p++)
                assert_int_equal(mask->values[p], value);
            sol_mask_close(&mask);
        }
}

/* Rows and columns are treated alike: what is transposed before is so behind. */
static void test_softening_knows_no_direction(void **state)
{
    SolMask *mask = blots(70, 41, 5), *turned = fresh(41, 70);
    (void)state;
    for (int y = 0; y < 41; y++)
        for (int x = 0; x < 70; x++)
            sol_mask_row(turned, x)[y] = sol_mask_row(mask, y)[x];
    assert_int_equal(sol_mask_feather(mask, 9.7, NULL), SOL_OK);
    assert_int_equal(sol_mask_feather(turned, 9.7, NULL), SOL_OK);
    for (int y = 0; y < 41; y++)
        for (int x = 0; x < 70; x++)
            assert_in_range(sol_mask_row(turned, x)[y] - sol_mask_row(mask, y)[x] + 1, 0, 2);
    sol_mask_close(&mask);
    sol_mask_close(&turned);
}

static void test_threads_change_nothing(void **state)
{
    SolPool *pool = NULL;
    (void)state;
    assert_int_equal(sol_pool_open(&pool, 3), SOL_OK);
    for (int what = 0; what < 2; what++) {
        SolMask *alone = blots(700, 90, 2), *together = copy_of(alone);
        int (*operation)(SolMask *, double, SolPool *) = what ? sol_mask_grow : sol_mask_feather;
        assert_int_equal(operation(alone, 6.6, NULL), SOL_OK);
        assert_int_equal(operation(together, 6.6, pool), SOL_OK);
        assert_int_equal(difference_of(alone, together), 0);
        sol_mask_close(&alone);
        sol_mask_close(&together);
    }
    sol_pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growing_is_as_its_twin),
        cmocka_unit_test(test_growing_is_euclidean),
        cmocka_unit_test(test_straight_edges_move_exactly),
        cmocka_unit_test(test_odd_distances),
        cmocka_unit_test(test_a_soft_edge_is_centred_and_as_wide_as_it_should),
        cmocka_unit_test(test_a_soft_edge_is_nearly_gaussian),
        cmocka_unit_test(test_soft_edges_keep_what_is_whole),
        cmocka_unit_test(test_softening_knows_no_direction),
        cmocka_unit_test(test_threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks, pixel by pixel: every pair of values against real arithmetic, and laying one picture over another.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "image/image.h"
#include "image/mask.h"

#include <math.h>
#include <string.h>

/* A mask of all pairs of values: a is the column, b the row. */
static SolMask *pairs(bool second)
{
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, 256, 256), SOL_OK);
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++)
            sol_mask_row(mask, y)[x] = (uint8_t)(second ? y : x);
    return mask;
}

/* Fails unless the operation is `wanted` of both values, to the nearest. */
static void expect(void (*operation)(SolMask *, const SolMask *), double (*wanted)(double a, double b))
{
    SolMask *a = pairs(false), *b = pairs(true);
    operation(a, b);
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++)
            assert_int_equal(sol_mask_row(a, y)[x], (int)floor(wanted(x, y) + 0.5));
    sol_mask_close(&a);
    sol_mask_close(&b);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double without(double a, double b)
{
    return a * (255 - b) / 255;
}

static double product(double a, double b)
{
    return a * b / 255;
}

static void test_joining(void **state)
{
    (void)state;
    expect(sol_mask_unite, larger);
    expect(sol_mask_subtract, without);
    expect(sol_mask_intersect, product);
}

static void test_inverting_and_fading(void **state)
{
    SolMask *mask = pairs(false);
    (void)state;
    sol_mask_invert(mask);
    for (int x = 0; x < 256; x++)
        assert_int_equal(sol_mask_row(mask, 3)[x], 255 - x);
    sol_mask_fade(mask, 0.25);
    for (int x = 0; x < 256; x++)
        assert_int_equal(sol_mask_row(mask, 200)[x], (int)floor((255 - x) * 0.25 + 0.5));
    sol_mask_fade(mask, 0);
    for (int x = 0; x < 256; x++)
        assert_int_equal(sol_mask_row(mask, 200)[x], 0);
    sol_mask_fill(mask, 255);
    sol_mask_fade(mask, 1);
    assert_int_equal(sol_mask_row(mask, 255)[255], 255);
    sol_mask_close(&mask);
    sol_mask_close(&mask);
}

static void test_laying_over(void **state)
{
    SolImage *under = make_picture(256, 256, 1), *before = make_picture(256, 256, 1), *over = make_picture(256, 256, 2);
    SolMask *mask = pairs(false);
    (void)state;
    sol_mask_compose(under, over, mask);
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256 * 3; x++) {
            int m = x / 3;
            double a = sol_image_row(before, y)[x], b = sol_image_row(over, y)[x], wanted = (b * m + a * (255 - m)) / 255;
            assert_true(fabs(sol_image_row(under, y)[x] - wanted) <= 0.5);
        }
    sol_mask_close(&mask);
    sol_image_unref(&under);
    sol_image_unref(&before);
    sol_image_unref(&over);
}

static void test_sizes_that_cannot_be(void **state)
{
    SolMask *mask = NULL;
    (void)state;
    assert_int_equal(sol_mask_create(&mask, 0, 1), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_mask_create(&mask, 1, -1), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_mask_create(&mask, SOL_IMAGE_MAX_SIDE + 1, 1), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a mask of 32769x1 pixels: sides must be 1 to 32768");
    assert_null(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joining),
        cmocka_unit_test(test_inverting_and_fading),
        cmocka_unit_test(test_laying_over),
        cmocka_unit_test(test_sizes_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

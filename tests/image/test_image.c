/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures: references, planes and back, reflection at the borders, scaling.
 */
#include "support/planes.h"
#include "support/support.h"

#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static SolImage *make_picture(int width, int height)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            sol_image_row(image, y)[x] = (uint8_t)(x * 37 + y * 101);
    return image;
}

static void test_sizes_are_checked(void **state)
{
    SolImage *image = NULL;
    (void)state;
    assert_int_equal(sol_image_create(&image, 0, 5), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_image_create(&image, 5, -1), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_image_create(&image, SOL_IMAGE_MAX_SIDE + 1, 1), SOL_ERR_ARGUMENT);
    assert_null(image);
}

static void test_references(void **state)
{
    SolImage *image = make_picture(3, 2), *other;
    (void)state;
    other = sol_image_ref(image);
    sol_image_unref(&image);
    assert_null(image);
    assert_int_equal(sol_image_row(other, 1)[2], (uint8_t)(2 * 37 + 101));
    sol_image_unref(&other);
    sol_image_unref(&other); /* NULL is accepted */
}

static void test_planes_round_trip(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 3}, {17, 5}, {64, 1}, {1030, 33}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        SolImage *image = make_picture(width, height), *back = make_picture(width, height);
        float *planes = malloc(sizeof(float) * 3 * (size_t)(width + 8) * (size_t)(height + 8));
        SolArea area = {.width = width + 8, .height = height + 8};
        sol_image_to_planes(image, area, planes, pools[i % POOLS]);
        memset(back->pixels, 0, back->stride * (size_t)height);
        sol_image_from_planes(back, area, planes, (size_t)area.width, (size_t)(area.width * area.height), pools[i % POOLS]);
        for (int y = 0; y < height; y++)
            assert_memory_equal(sol_image_row(image, y), sol_image_row(back, y), (size_t)width * 3);
        free(planes);
        sol_image_unref(&image);
        sol_image_unref(&back);
    }
}

/* The oracle walks from pixel to pixel and turns round at the borders. */
static int walk(int steps, int n)
{
    int at = 0, direction = 1;
    for (int i = 0; i < steps && n > 1; i++) {
        if (at + direction < 0 || at + direction >= n)
            direction = -direction;
        at += direction;
    }
    return at;
}

static void test_planes_continue_by_reflection(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {3, 2}, {5, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1], wide = 16, high = 8;
        SolImage *image = make_picture(width, height);
        float planes[3 * 16 * 8];
        sol_image_to_planes(image, (SolArea){0, 0, wide, high}, planes, pools[i % POOLS]);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < high; y++)
                for (int x = 0; x < wide; x++) {
                    int byte = sol_image_row(image, walk(y, height))[3 * walk(x, width) + c];
                    assert_true(fabsf(planes[(c * high + y) * wide + x] - (float)byte / 255) < 1e-6f);
                }
        sol_image_unref(&image);
    }
}

/* An area's planes are that part of the whole picture's; pixels are written there, and nowhere else. */
static void test_areas(void **state)
{
    static const SolArea areas[] = {{0, 0, 9, 5}, {3, 2, 4, 2}, {5, 0, 8, 7}, {8, 4, 3, 3}, {12, 6, 2, 2}};
    SolImage *image = make_picture(9, 5);
    float whole[3 * 14 * 8];
    (void)state;
    sol_image_to_planes(image, (SolArea){0, 0, 14, 8}, whole, pools[0]);
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        SolArea a = areas[i];
        SolImage *painted = make_picture(9, 5);
        float planes[3 * 14 * 8];
        sol_image_to_planes(image, a, planes, pools[1]);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < a.height; y++)
                assert_memory_equal(planes + (c * a.height + y) * a.width, whole + (c * 8 + a.y + y) * 14 + a.x,
                                    (size_t)a.width * sizeof(float));
        memset(painted->pixels, 7, painted->stride * 5);
        sol_image_from_planes(painted, a, whole + a.y * 14 + a.x, 14, 14 * 8, pools[1]);
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 9; x++) {
                bool within = x >= a.x && x < a.x + a.width && y >= a.y && y < a.y + a.height;
                for (int c = 0; c < 3; c++)
                    assert_int_equal(sol_image_row(painted, y)[3 * x + c],
                                     within ? sol_image_row(image, y)[3 * x + c] : 7);
            }
        sol_image_unref(&painted);
    }
    sol_image_unref(&image);
}

/* Around a picture on all sides, further than it is wide: mirrored about the first and the last row and column. */
static void test_areas_around_a_picture(void **state)
{
    static const SolArea areas[] = {{-3, -2, 14, 9}, {-20, -9, 40, 20}, {-7, 1, 3, 2}, {9, -5, 4, 3}};
    SolImage *image = make_picture(9, 5);
    (void)state;
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        SolArea a = areas[i];
        float planes[3 * 40 * 20];
        sol_image_to_planes(image, a, planes, pools[i % POOLS]);
        for (int y = 0; y < a.height; y++)
            for (int x = 0; x < a.width; x++) {
                int sx = a.x + x, sy = a.y + y;
                while (sx < 0 || sx > 8)
                    sx = sx < 0 ? -sx : 16 - sx;
                while (sy < 0 || sy > 4)
                    sy = sy < 0 ? -sy : 8 - sy;
                for (int c = 0; c < 3; c++)
                    assert_true(planes[(c * a.height + y) * a.width + x] ==
                                (float)sol_image_row(image, sy)[3 * sx + c] * (1.0f / 255.0f));
            }
    }
    sol_image_unref(&image);
}

static void test_planes_are_clamped_and_rounded(void **state)
{
    const float planes[3 * 4] = {-1.0f, 2.0f, NAN, 0.5f / 255, 1.49f / 255, 1.51f / 255, INFINITY, -INFINITY,
                                 0.0f,  1.0f, 0.5f, 254.6f / 255};
    const int expected[4][3] = {{0, 1, 0}, {255, 2, 255}, {0, 255, 128}, {1, 0, 255}};
    SolImage *image = make_picture(4, 1);
    (void)state;
    sol_image_from_planes(image, (SolArea){0, 0, 4, 1}, planes, 4, 4, pools[0]);
    for (int x = 0; x < 4; x++)
        for (int c = 0; c < 3; c++)
            assert_int_equal(sol_image_row(image, 0)[3 * x + c], expected[x][c]);
    sol_image_unref(&image);
}

static void test_mixing(void **state)
{
    (void)state;
    for (int step = 0; step <= 8; step++) {
        SolImage *over = make_picture(19, 7), *under = make_picture(19, 7), *mixed = make_picture(19, 7);
        float opacity = (float)step / 8;
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 3 * 19; x++)
                sol_image_row(under, y)[x] = (uint8_t)(x * 91 + y * 53 + 7);
        sol_image_mix(mixed, under, opacity);
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 3 * 19; x++) {
                float exact = opacity * (float)sol_image_row(over, y)[x] +
                              (1 - opacity) * (float)sol_image_row(under, y)[x];
                assert_true(fabsf((float)sol_image_row(mixed, y)[x] - exact) <= 0.5f);
            }
        sol_image_unref(&over);
        sol_image_unref(&under);
        sol_image_unref(&mixed);
    }
}

static void test_scaling_keeps_a_flat_colour(void **state)
{
    static const int sizes[][4] = {{64, 48, 17, 33}, {5, 3, 100, 60}, {1, 1, 7, 9}, {300, 200, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        SolImage *image = make_picture(sizes[i][0], sizes[i][1]), *scaled = NULL;
        for (int y = 0; y < image->height; y++)
            for (int x = 0; x < image->width; x++)
                memcpy(sol_image_row(image, y) + 3 * x, "\x20\x80\xf0", 3);
        image->number = 5;
        assert_int_equal(sol_image_scale(&scaled, image, sizes[i][2], sizes[i][3]), 0);
        assert_int_equal(scaled->width, sizes[i][2]);
        assert_int_equal(scaled->height, sizes[i][3]);
        assert_int_equal(scaled->number, 5);
        for (int y = 0; y < scaled->height; y++)
            for (int x = 0; x < scaled->width; x++) {
                const uint8_t *pixel = sol_image_row(scaled, y) + 3 * x;
                assert_true(abs(pixel[0] - 0x20) <= 1 && abs(pixel[1] - 0x80) <= 1 && abs(pixel[2] - 0xf0) <= 1);
            }
        sol_image_unref(&image);
        sol_image_unref(&scaled);
    }
}

/* Columns of two pixels, of these colours in turn. */
static SolImage *make_columns(const uint8_t even[3], const uint8_t odd[3])
{
    SolImage *image = make_picture(40, 20);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            memcpy(sol_image_row(image, y) + 3 * x, x / 2 % 2 ? odd : even, 3);
    return image;
}

/* Colour is as sharp as brightness: what becomes of a channel is what becomes of a grey picture that is like it. */
static void test_scaling_keeps_all_of_the_colour(void **state)
{
    static const uint8_t even[3] = {200, 70, 90}, odd[3] = {20, 145, 105};
    static const int widths[] = {15, 20, 30, 40, 60};
    SolImage *image = make_columns(even, odd);
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int c = 0; c < 3; c++) {
            SolImage *grey = make_columns((uint8_t[]){even[c], even[c], even[c]}, (uint8_t[]){odd[c], odd[c], odd[c]});
            SolImage *scaled = NULL, *oracle = NULL;
            assert_int_equal(sol_image_scale(&scaled, image, widths[i], 31), 0);
            assert_int_equal(sol_image_scale(&oracle, grey, widths[i], 31), 0);
            for (int x = 0; x < widths[i]; x++)
                assert_true(abs(sol_image_row(scaled, 15)[3 * x + c] - sol_image_row(oracle, 15)[3 * x + c]) <= 4);
            sol_image_unref(&scaled);
            sol_image_unref(&oracle);
            sol_image_unref(&grey);
        }
    sol_image_unref(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_are_checked),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_planes_round_trip),
        cmocka_unit_test(test_planes_continue_by_reflection),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_areas_around_a_picture),
        cmocka_unit_test(test_planes_are_clamped_and_rounded),
        cmocka_unit_test(test_mixing),
        cmocka_unit_test(test_scaling_keeps_a_flat_colour),
        cmocka_unit_test(test_scaling_keeps_all_of_the_colour),
    };
    return cmocka_run_group_tests_name("image/image", tests, set_up_pools, tear_down_pools);
}

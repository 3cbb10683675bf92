/* SPDX-License-Identifier: Apache-2.0
 *
 * Palettes and the inverse colour map: the map against a search through all colours, and bounds on errors.
 */
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/colour_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static SolColourMap *new_map(void)
{
    SolColourMap *map = NULL;
    assert_int_equal(sol_colour_map_open(&map), 0);
    return map;
}

static SolHistogram *count_colours(const SolImage *image)
{
    SolHistogram *histogram = NULL;
    assert_int_equal(sol_histogram_open(&histogram), 0);
    assert_int_equal(sol_histogram_count(histogram, image, NULL), 0);
    return histogram;
}

static int squared_distance(const uint8_t *a, const uint8_t *b)
{
    int sum = 0;
    for (int c = 0; c < 3; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* ---- the colour map ---- */

static void test_map_finds_the_nearest(void **state)
{
    SolColourMap *map = new_map();
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 12; round++) {
        static const int counts[] = {1, 2, 3, 16, 255, 256};
        SolPalette palette = {.count = counts[round % 6]};
        for (int i = 0; i < palette.count; i++)
            for (int c = 0; c < 3; c++) {
                seed = seed * 1664525U + 1013904223U;
                /* spread over the cube, or crowded into a corner of it */
                palette.colour[i][c] = (uint8_t)(round < 6 ? seed >> 24 : 100 + (seed >> 28));
            }
        sol_colour_map_set(map, &palette);
        for (int n = 0; n < 20000; n++) {
            uint8_t colour[3];
            int best = 0;
            seed = seed * 1664525U + 1013904223U;
            for (int c = 0; c < 3; c++)
                colour[c] = (uint8_t)(seed >> (8 * c + 2));
            for (int i = 1; i < palette.count; i++)
                if (squared_distance(colour, palette.colour[i]) < squared_distance(colour, palette.colour[best]))
                    best = i;
            assert_int_equal(sol_colour_map_find(map, colour[0], colour[1], colour[2]), best);
            assert_int_equal(sol_colour_map_least(map, colour[0], colour[1], colour[2]),
                             squared_distance(colour, palette.colour[best]));
        }
    }
    sol_colour_map_close(&map);
    assert_null(map);
}

/* All colours of the cube in a palette whose lists are as long as they get: the pool of lists runs over. */
static void test_map_survives_a_full_pool(void **state)
{
    SolColourMap *map = new_map();
    SolPalette palette = {.count = 256};
    (void)state;
    for (int i = 0; i < 256; i++) { /* a shell about the middle: all equally far from it */
        double z = (2 * i + 1) / 256.0 - 1, angle = i * 2.39996, radius = sqrt(1 - z * z);
        palette.colour[i][0] = (uint8_t)(128 + 100 * radius * cos(angle));
        palette.colour[i][1] = (uint8_t)(128 + 100 * radius * sin(angle));
        palette.colour[i][2] = (uint8_t)(128 + 100 * z);
    }
    sol_colour_map_set(map, &palette);
    for (int r = 0; r < 256; r += 5)
        for (int g = 0; g < 256; g += 5)
            for (int b = 0; b < 256; b += 5) {
                const uint8_t colour[3] = {(uint8_t)r, (uint8_t)g, (uint8_t)b};
                int found = sol_colour_map_find(map, r, g, b), least = squared_distance(colour, palette.colour[found]);
                for (int i = 0; i < 256; i++)
                    assert_true(squared_distance(colour, palette.colour[i]) >= least);
            }
    sol_colour_map_close(&map);
}

/* ---- palettes ---- */

static void test_exact_palettes(void **state)
{
    SolImage *image = new_picture(257, 3);
    SolPalette palette;
    (void)state;
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 257; x++)
            sol_image_row(image, y)[3 * x] = (uint8_t)x;
    assert_true(sol_palette_exact(&palette, image, 256));
    assert_int_equal(palette.count, 256);
    assert_false(sol_palette_exact(&palette, image, 255));
    sol_image_row(image, 2)[3 * 256 + 2] = 1;
    assert_false(sol_palette_exact(&palette, image, 256));
    sol_image_unref(&image);
}

static void test_split_and_refine(void **state)
{
    static const int limits[] = {1, 2, 7, 64, 255, 256};
    SolImage *image = new_picture(160, 100);
    SolColourMap *map = new_map();
    SolHistogram *histogram;
    double former = 1e9;
    (void)state;
    draw_scene(image, 0);
    histogram = count_colours(image);
    for (int i = 0; i < 6; i++) {
        SolPalette palette;
        double predicted, before, after;
        sol_palette_split(&palette, histogram, limits[i], &predicted);
        assert_int_equal(palette.count, limits[i]);
        sol_colour_map_set(map, &palette);
        before = sol_histogram_error(histogram, map);
        assert_true(before <= predicted * 1.01 + 0.3); /* the nearest colour is no worse than the box's own */
        sol_palette_refine(&palette, histogram, 5, map);
        assert_true(sol_palette_equal(&palette, sol_colour_map_palette(map)));
        after = sol_histogram_error(histogram, map);
        assert_true(after <= before * 1.001 + 0.01);
        assert_true(after < former);
        former = after;
    }
    sol_histogram_close(&histogram);
    sol_colour_map_close(&map);
    sol_image_unref(&image);
}

static void test_one_colour_is_the_mean(void **state)
{
    SolImage *image = new_picture(4, 1);
    SolHistogram *histogram;
    SolPalette palette;
    double error;
    (void)state;
    memcpy(image->pixels, (const uint8_t[12]){0, 10, 20, 0, 10, 20, 40, 10, 20, 40, 10, 120}, 12);
    histogram = count_colours(image);
    sol_palette_split(&palette, histogram, 1, &error);
    assert_int_equal(palette.count, 1);
    assert_memory_equal(palette.colour[0], ((const uint8_t[3]){20, 10, 45}), 3);
    assert_float_equal((float)error, 400.0f + 1875.0f, 1e-3f);
    sol_palette_split(&palette, histogram, 256, &error);
    assert_int_equal(palette.count, 3);
    assert_float_equal((float)error, 0.0f, 1e-6f);
    sol_histogram_close(&histogram);
    sol_image_unref(&image);
}

/* The error that the histogram tells is that of the pixels. */
static void test_histogram_error(void **state)
{
    SolImage *image = new_picture(90, 70);
    SolColourMap *map = new_map();
    SolHistogram *histogram;
    SolPalette palette;
    double error, sum = 0;
    (void)state;
    draw_scene(image, 3);
    histogram = count_colours(image);
    sol_palette_split(&palette, histogram, 16, &error);
    sol_colour_map_set(map, &palette);
    for (int y = 0; y < 70; y++)
        for (int x = 0; x < 90; x++) {
            const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
            sum += squared_distance(pixel, palette.colour[sol_colour_map_find(map, pixel[0], pixel[1], pixel[2])]);
        }
    sum /= 90 * 70;
    /* cells are mapped as a whole, so a little more */
    assert_true(sol_histogram_error(histogram, map) >= sum * 0.9999);
    assert_true(sol_histogram_error(histogram, map) <= sum * 1.02);
    sol_histogram_close(&histogram);
    sol_colour_map_close(&map);
    sol_image_unref(&image);
}

/* Pixels that are as they were do not count. */
static void test_only_what_is_new_counts(void **state)
{
    static const SolPalette black = {.count = 1};
    SolImage *former = new_picture(30, 30), *image = new_picture(30, 30);
    SolHistogram *histogram = NULL;
    SolColourMap *map = new_map();
    SolPalette palette;
    double error;
    (void)state;
    draw_scene(former, 0);
    draw_scene(image, 0);
    for (int y = 9; y < 18; y++)
        for (int x = 3; x < 12; x++)
            memcpy(sol_image_row(image, y) + 3 * x, ((const uint8_t[3]){1, 2, 3}), 3);
    assert_int_equal(sol_histogram_open(&histogram), 0);
    assert_int_equal(sol_histogram_count(histogram, image, former), 0);
    sol_palette_split(&palette, histogram, 256, &error);
    assert_int_equal(palette.count, 1);
    assert_memory_equal(palette.colour[0], ((const uint8_t[3]){1, 2, 3}), 3);
    sol_colour_map_set(map, &palette);
    assert_float_equal((float)sol_palette_error(map, image, former), 0.0f, 1e-6f);
    assert_true(sol_palette_error(map, image, NULL) > 1000);
    sol_colour_map_set(map, &black);
    assert_float_equal((float)sol_palette_error(map, image, former), 81 * 14.0f, 1e-3f);
    sol_histogram_close(&histogram);
    sol_colour_map_close(&map);
    sol_image_unref(&former);
    sol_image_unref(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_finds_the_nearest), cmocka_unit_test(test_map_survives_a_full_pool),
        cmocka_unit_test(test_exact_palettes),        cmocka_unit_test(test_split_and_refine),
        cmocka_unit_test(test_one_colour_is_the_mean), cmocka_unit_test(test_histogram_error),
        cmocka_unit_test(test_only_what_is_new_counts),
    };
    return cmocka_run_group_tests_name("media/palette", tests, set_up_folder, tear_down_folder);
}

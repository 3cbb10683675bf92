/* SPDX-License-Identifier: Apache-2.0
 *
 * Palettes, the inverse colour map and dithering: the map against a search through all colours, and
 * bounds on the quality of what comes out.
 */
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/dither.h"

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
    assert_int_equal(sol_histogram_count(histogram, image), 0);
    return histogram;
}

static int squared_distance(const uint8_t *a, const uint8_t *b)
{
    int sum = 0;
    for (int c = 0; c < 3; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* A smooth sky: few hues, many levels. */
static void draw_sky(SolImage *image)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            double down = (double)y / image->height, across = (double)x / image->width;
            pixel[0] = (uint8_t)(90 + 120 * down + 20 * across);
            pixel[1] = (uint8_t)(150 + 70 * down + 10 * across);
            pixel[2] = (uint8_t)(250 - 20 * down);
        }
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

/* ---- dithering ---- */

/* PSNR in dB between a picture and its remapping, both blurred by a box of (2 * radius + 1)^2 pixels. */
static double blurred_psnr(const SolImage *image, const SolPalette *palette, const uint8_t *indices, int radius)
{
    double sum = 0;
    int count = 0;
    for (int y = radius; y < image->height - radius; y++)
        for (int x = radius; x < image->width - radius; x++)
            for (int c = 0; c < 3; c++) {
                int difference = 0, box = (2 * radius + 1) * (2 * radius + 1);
                for (int v = y - radius; v <= y + radius; v++)
                    for (int u = x - radius; u <= x + radius; u++)
                        difference += sol_image_row_const(image, v)[3 * u + c] -
                                      palette->colour[indices[v * image->width + u]][c];
                sum += (double)difference * difference / box / box;
                count++;
            }
    return 10 * log10(255.0 * 255 * count / sum);
}

/* PSNR, and PSNR of what the eye makes of it at a distance, of a picture in `colours` dithered colours. */
static void check_quality(const SolImage *image, int colours, double least, double least_blurred)
{
    SolColourMap *map = new_map();
    SolHistogram *histogram = count_colours(image);
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *indices = malloc(pixels);
    SolPalette palette;
    double error, figure, blurred;
    sol_palette_split(&palette, histogram, colours, &error);
    sol_palette_refine(&palette, histogram, 3, map);
    assert_non_null(indices);
    assert_int_equal(sol_dither(image, map, indices), 0);
    figure = blurred_psnr(image, &palette, indices, 0);
    blurred = blurred_psnr(image, &palette, indices, 2);
    if (figure < least || blurred < least_blurred)
        fail_msg("%d colours: PSNR %.2f, blurred %.2f", colours, figure, blurred);
    free(indices);
    sol_histogram_close(&histogram);
    sol_colour_map_close(&map);
}

static void test_quality(void **state)
{
    SolImage *image = new_picture(240, 135);
    (void)state;
    /* a decibel or more below what was measured when the bounds were set */
    draw_sky(image);
    check_quality(image, 255, 49.5, 55);
    check_quality(image, 32, 46, 51);
    draw_scene(image, 0);
    check_quality(image, 255, 37, 49.5);
    check_quality(image, 64, 31, 40.5);
    check_quality(image, 8, 22, 27);
    sol_image_unref(&image);
}

/* The same, as the paper says it: all errors in one array, given to neighbours one by one. */
static void dither_plainly(const SolImage *image, SolColourMap *map, uint8_t *indices)
{
    static const int across[] = {1, -1, 0, 1}, down[] = {0, 1, 1, 1}, weight[] = {7, 3, 5, 1};
    int width = image->width, height = image->height;
    int *errors = calloc((size_t)width * (size_t)height * 3, sizeof *errors);
    assert_non_null(errors);
    for (int y = 0; y < height; y++)
        for (int n = 0; n < width; n++) {
            int step = y % 2 ? -1 : 1, x = y % 2 ? width - 1 - n : n, level[3], index;
            for (int c = 0; c < 3; c++) {
                level[c] = sol_image_row_const(image, y)[3 * x + c] + ((errors[3 * (y * width + x) + c] + 8) >> 4);
                level[c] = level[c] < 0 ? 0 : level[c] > 255 ? 255 : level[c];
            }
            index = sol_colour_map_find(map, level[0], level[1], level[2]);
            indices[y * width + x] = (uint8_t)index;
            for (int i = 0; i < 4; i++) {
                int u = x + across[i] * step, v = y + down[i];
                for (int c = 0; c < 3 && u >= 0 && u < width && v < height; c++)
                    errors[3 * (v * width + u) + c] +=
                        weight[i] * ((level[c] - sol_colour_map_palette(map)->colour[index][c]) * 7 / 8);
            }
        }
    free(errors);
}

static void test_dither_is_floyd_steinberg(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 3}, {1, 20}, {20, 1}, {33, 17}, {64, 40}};
    SolColourMap *map = new_map();
    (void)state;
    for (int i = 0; i < 6; i++) {
        SolImage *image = new_picture(sizes[i][0], sizes[i][1]);
        SolHistogram *histogram;
        SolPalette palette;
        uint8_t fast[64 * 40], plain[64 * 40];
        double error;
        draw_scene(image, i);
        histogram = count_colours(image);
        sol_palette_split(&palette, histogram, 6, &error);
        sol_colour_map_set(map, &palette);
        assert_int_equal(sol_dither(image, map, fast), 0);
        dither_plainly(image, map, plain);
        assert_memory_equal(fast, plain, (size_t)sizes[i][0] * (size_t)sizes[i][1]);
        sol_histogram_close(&histogram);
        sol_image_unref(&image);
    }
    sol_colour_map_close(&map);
}

/* A flat colour between those of the palette keeps its mean. */
static void test_dither_keeps_the_mean(void **state)
{
    static const SolPalette greys = {.count = 2, .colour = {{0, 0, 0}, {255, 255, 255}}};
    SolImage *image = new_picture(64, 64);
    SolColourMap *map = new_map();
    uint8_t indices[64 * 64];
    (void)state;
    sol_colour_map_set(map, &greys);
    for (int level = 32; level <= 224; level += 16) {
        int white = 0;
        memset(image->pixels, level, image->stride * 64);
        assert_int_equal(sol_dither(image, map, indices), 0);
        for (int i = 0; i < 64 * 64; i++)
            white += indices[i];
        assert_true(abs(white * 255 / (64 * 64) - level) <= 18);
    }
    sol_colour_map_close(&map);
    sol_image_unref(&image);
}

/* Nothing is written behind the picture, however narrow it is. */
static void test_dither_awkward_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}};
    static const SolPalette greys = {.count = 2, .colour = {{0, 0, 0}, {255, 255, 255}}};
    SolColourMap *map = new_map();
    (void)state;
    sol_colour_map_set(map, &greys);
    for (int i = 0; i < 4; i++) {
        SolImage *image = new_picture(sizes[i][0], sizes[i][1]);
        uint8_t indices[16];
        int pixels = sizes[i][0] * sizes[i][1], white = 0;
        memset(indices, 99, sizeof indices);
        memset(image->pixels, 130, image->stride * (size_t)image->height);
        assert_int_equal(sol_dither(image, map, indices), 0);
        for (int n = 0; n < 16; n++)
            if (n < pixels)
                white += indices[n];
            else
                assert_int_equal(indices[n], 99);
        assert_int_equal(indices[0], 1);
        assert_in_range(white, (pixels + 1) / 3, (2 * pixels + 2) / 3);
        sol_image_unref(&image);
    }
    sol_colour_map_close(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_finds_the_nearest), cmocka_unit_test(test_map_survives_a_full_pool),
        cmocka_unit_test(test_exact_palettes),        cmocka_unit_test(test_split_and_refine),
        cmocka_unit_test(test_one_colour_is_the_mean), cmocka_unit_test(test_histogram_error),
        cmocka_unit_test(test_quality),               cmocka_unit_test(test_dither_is_floyd_steinberg),
        cmocka_unit_test(test_dither_keeps_the_mean), cmocka_unit_test(test_dither_awkward_sizes),
    };
    return cmocka_run_group_tests_name("media/palette", tests, set_up_folder, tear_down_folder);
}

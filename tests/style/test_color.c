/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose colours a painting has: means and covariances that meet, luminance and chroma that stay, grey and flat
 * pictures.
 */
#include "support/support.h"

#include <solstice/color.h>

#include <math.h>
#include <string.h>

/* A picture of two colours and what lies between them, with a little noise in every channel. */
static SolImage *make_picture(int width, int height, const int from[3], const int to[3], int noise)
{
    SolImage *image = NULL;
    uint32_t state = 1;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                sol_image_row(image, y)[3 * x + c] =
                    (uint8_t)(from[c] + (to[c] - from[c]) * x / width + (int)(state >> 16) % (noise + 1));
            }
    return image;
}

static void measure(const SolImage *image, double mean[3], double covariance[3][3])
{
    double count = (double)sol_image_width(image) * sol_image_height(image);
    memset(mean, 0, 3 * sizeof *mean);
    memset(covariance, 0, 9 * sizeof **covariance);
    for (int pass = 0; pass < 2; pass++)
        for (int y = 0; y < sol_image_height(image); y++)
            for (int x = 0; x < sol_image_width(image); x++)
                for (int a = 0; a < 3; a++) {
                    const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
                    if (pass == 0)
                        mean[a] += pixel[a] / count;
                    for (int b = 0; pass == 1 && b < 3; b++)
                        covariance[a][b] += (pixel[a] - mean[a]) * (pixel[b] - mean[b]) / count;
                }
}

static void test_names(void **state)
{
    SolColor color = SOL_COLOR_STYLE;
    (void)state;
    for (int i = SOL_COLOR_STYLE; i <= SOL_COLOR_LUMINANCE; i++) {
        assert_true(sol_color_find(sol_color_name((SolColor)i), &color));
        assert_int_equal(color, i);
    }
    assert_false(sol_color_find("red", &color));
    assert_int_equal(color, SOL_COLOR_LUMINANCE);
}

static void test_statistics_meet(void **state)
{
    SolImage *image = make_picture(90, 70, (int[]){40, 120, 60}, (int[]){90, 60, 140}, 60), *matched = NULL;
    SolImage *like = make_picture(64, 48, (int[]){150, 90, 80}, (int[]){110, 120, 60}, 40);
    double mean[2][3], covariance[2][3][3];
    (void)state;
    assert_int_equal(sol_image_match_color(&matched, image, like), 0);
    assert_int_equal(sol_image_width(matched), 90);
    measure(matched, mean[0], covariance[0]);
    measure(like, mean[1], covariance[1]);
    for (int a = 0; a < 3; a++) {
        assert_true(fabs(mean[0][a] - mean[1][a]) < 0.5);
        for (int b = 0; b < 3; b++)
            assert_true(fabs(covariance[0][a][b] - covariance[1][a][b]) < 2);
    }
    sol_image_unref(&matched);
    /* its own colours leave a picture as it is */
    assert_int_equal(sol_image_match_color(&matched, image, image), 0);
    for (int y = 0; y < 70; y++)
        for (int i = 0; i < 3 * 90; i++)
            assert_in_range(sol_image_row(matched, y)[i] + 1 - sol_image_row(image, y)[i], 0, 2);
    sol_image_unref(&matched);
    sol_image_unref(&image);
    sol_image_unref(&like);
}

/* What has no colours gets none that vary, and nothing overflows. */
static void test_flat_pictures(void **state)
{
    SolImage *flat = make_picture(20, 20, (int[]){7, 7, 7}, (int[]){7, 7, 7}, 0), *matched = NULL;
    SolImage *black = make_picture(20, 20, (int[]){0, 0, 0}, (int[]){0, 0, 0}, 0);
    SolImage *bright = make_picture(64, 48, (int[]){250, 90, 0}, (int[]){200, 250, 0}, 4);
    double mean[3], covariance[3][3];
    (void)state;
    assert_int_equal(sol_image_match_color(&matched, flat, bright), 0);
    measure(matched, mean, covariance);
    for (int c = 0; c < 3; c++)
        assert_true(covariance[c][c] < 1e-6);
    assert_in_range(sol_image_row(matched, 3)[0], 220, 230);
    sol_image_unref(&matched);
    assert_int_equal(sol_image_match_color(&matched, bright, black), 0);
    measure(matched, mean, covariance);
    assert_true(mean[0] < 1e-6 && mean[1] < 1e-6 && mean[2] < 1e-6);
    sol_image_unref(&matched);
    sol_image_unref(&flat);
    sol_image_unref(&black);
    sol_image_unref(&bright);
}

static double luma(const uint8_t *pixel)
{
    return 0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2];
}

/* The painting's luminance is kept, and the frame's hue, whatever the two are. */
static void test_chroma_is_the_frames(void **state)
{
    enum { STEPS = 6, SIDE = STEPS * STEPS * STEPS };
    SolImage *frame = NULL, *painting = NULL;
    (void)state;
    assert_int_equal(sol_image_create(&frame, SIDE, 1), 0);
    for (int light = 0; light < 256; light += 15) {
        assert_int_equal(sol_image_create(&painting, SIDE, 1), 0);
        for (int x = 0; x < SIDE; x++)
            for (int c = 0, part = x; c < 3; c++, part /= STEPS) {
                sol_image_row(frame, 0)[3 * x + c] = (uint8_t)(part % STEPS * 51);
                sol_image_row(painting, 0)[3 * x + c] = (uint8_t)light;
            }
        sol_image_take_chroma(painting, frame);
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *got = sol_image_row(painting, 0) + 3 * x, *from = sol_image_row(frame, 0) + 3 * x;
            double own = luma(from), cross;
            assert_true(fabs(luma(got) - light) < 1);
            /* the distances to grey point the same way: no sine between them beyond rounding, no opposite sign */
            for (int a = 0; a < 3; a++) {
                int b = (a + 1) % 3;
                cross = (got[a] - light) * (from[b] - own) - (got[b] - light) * (from[a] - own);
                assert_true(fabs(cross) < 1.01 * (fabs(from[a] - own) + fabs(from[b] - own) + 1));
                assert_true((got[a] - light) * (from[a] - own) > -255);
            }
        }
        sol_image_unref(&painting);
    }
    sol_image_unref(&frame);
}

/* Where the luminances are the same, so are the pixels. */
static void test_own_chroma(void **state)
{
    SolImage *frame = make_picture(50, 40, (int[]){40, 120, 60}, (int[]){90, 60, 140}, 60);
    SolImage *painting = make_picture(50, 40, (int[]){40, 120, 60}, (int[]){90, 60, 140}, 60);
    (void)state;
    sol_image_take_chroma(painting, frame);
    for (int y = 0; y < 40; y++)
        assert_memory_equal(sol_image_row(painting, y), sol_image_row(frame, y), 150);
    sol_image_unref(&frame);
    sol_image_unref(&painting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_statistics_meet),
        cmocka_unit_test(test_flat_pictures),
        cmocka_unit_test(test_chroma_is_the_frames),
        cmocka_unit_test(test_own_chroma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

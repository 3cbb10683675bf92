/* SPDX-License-Identifier: Apache-2.0
 *
 * Remapping against a plain twin: what comes out is decoded by giflib, the errors are spread as the paper says, and every
 * pixel is compared with all that it could have been.
 */
#include "support/gif_data.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/gif_delta.h"
#include "media/remap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const int sizes[][2] = {{1, 1}, {1, 20}, {20, 1}, {2, 3}, {17, 13}, {64, 40}, {300, 9}};

enum { SIZES = 7, MOST = 300 * 40 };

/* One frame, and how it came out. */
typedef struct Made {
    SolRemapFrame frame;
    SolRemapper *remapper;
    SolLzw *lzw;
    uint8_t before[3 * MOST], screen[3 * MOST];
} Made;

static int squared_distance(const int *a, const uint8_t *b)
{
    int sum = 0;
    for (int c = 0; c < 3; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static Made *set_up(SolImage *image, SolImage *former, int colours)
{
    Made *made = calloc(1, sizeof *made);
    SolRemapFrame *frame;
    uint32_t seed = (uint32_t)(image->width * 77 + colours);
    assert_non_null(made);
    made->lzw = calloc(1, sizeof *made->lzw);
    assert_non_null(made->lzw);
    frame = &made->frame;
    *frame = (SolRemapFrame){.image = image, .former = former, .screen = made->screen, .transparent = former ? colours : -1,
                             .width = image->width, .height = image->height, .dither = 1};
    frame->palette.count = colours;
    for (int i = 0; i < 3 * colours; i++) {
        seed = seed * 1664525U + 1013904223U;
        frame->palette.colour[i / 3][i % 3] = (uint8_t)(seed >> 24);
    }
    for (int i = 0; i < 3 * image->width * image->height; i++) {
        seed = seed * 1664525U + 1013904223U;
        /* what shows is near the picture, so that some of it is kept */
        made->before[i] = (uint8_t)(sol_image_row_const(image, i / 3 / image->width)[i % (3 * image->width)] ^ seed >> 29);
    }
    memcpy(made->screen, made->before, sizeof made->screen);
    assert_int_equal(sol_colour_map_open(&frame->map), 0);
    assert_int_equal(sol_remapper_open(&made->remapper, image->width), 0);
    return made;
}

static void tear_down(Made *made)
{
    sol_remapper_close(&made->remapper);
    sol_colour_map_close(&made->frame.map);
    free(made->lzw->bytes);
    free(made->lzw);
    free(made);
}

/* The least squared distance that a pixel can have from what it wants. */
static int find_least(const SolRemapFrame *frame, const int level[3], const uint8_t *before)
{
    int least = frame->transparent >= 0 ? squared_distance(level, before) : INT_MAX;
    for (int i = 0; i < frame->palette.count; i++) {
        int found = squared_distance(level, frame->palette.colour[i]);
        least = found < least ? found : least;
    }
    return least;
}

/*
 * Goes through what came out, and returns by how much squared distances are more than the least possible ones, summed. With
 * that, the screen must be as the indices say, and pixels that are as they were must have been kept.
 */
static double check_frame(const Made *made)
{
    static const int across[] = {1, -1, 0, 1}, down[] = {0, 1, 1, 1}, share[] = {7, 3, 5, 1};
    const int spread = made->frame.palette.count > 8 ? 13 : 14;
    const SolRemapFrame *frame = &made->frame;
    int width = frame->width, screen_width = frame->image->width, *errors = calloc(3 * MOST, sizeof *errors);
    uint8_t *indices = decode_lzw(made->lzw, width, frame->height), screen[3 * MOST];
    double excess = 0;
    assert_non_null(errors);
    memcpy(screen, made->before, sizeof screen);
    for (int at = 0; at < width * frame->height; at++) {
        int x = at % width, y = at / width, place = 3 * ((frame->top + y) * screen_width + frame->left + x), level[3];
        const uint8_t *pixel = sol_image_row_const(frame->image, frame->top + y) + 3 * (frame->left + x);
        bool still = frame->former && memcmp(pixel, sol_image_row_const(frame->former, frame->top + y) +
                                                    3 * (frame->left + x), 3) == 0;
        for (int c = 0; c < 3; c++) {
            level[c] = pixel[c] + ((errors[3 * at + c] + 8) >> 4);
            level[c] = level[c] < 0 ? 0 : level[c] > 255 ? 255 : level[c];
        }
        if (still)
            assert_int_equal(indices[at], frame->transparent);
        assert_true(indices[at] < frame->palette.count || indices[at] == frame->transparent);
        if (indices[at] != frame->transparent)
            memcpy(screen + place, frame->palette.colour[indices[at]], 3);
        if (!still)
            excess += squared_distance(level, screen + place) - find_least(frame, level, made->before + place);
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 3 && x + across[i] >= 0 && x + across[i] < width && y + down[i] < frame->height; c++)
                errors[3 * (at + down[i] * width + across[i]) + c] +=
                    share[i] * ((level[c] - screen[place + c]) * spread / 16);
    }
    assert_memory_equal(screen, made->screen, sizeof screen);
    free(indices);
    free(errors);
    return excess;
}

static void draw_next(SolImage *image, const SolImage *former, int n)
{
    draw_scene(image, n);
    for (int y = 0; y < image->height; y++) /* every third row is as it was */
        if (y % 3 == 1)
            memcpy(sol_image_row(image, y), sol_image_row_const(former, y), (size_t)image->width * 3);
}

static void test_without_loss_every_pixel_is_the_best(void **state)
{
    static const int counts[] = {1, 2, 6, 100, 255};
    (void)state;
    for (int i = 0; i < SIZES * 5 * 2; i++) {
        SolImage *former = new_picture(sizes[i % SIZES][0], sizes[i % SIZES][1]);
        SolImage *image = new_picture(former->width, former->height);
        Made *made;
        draw_scene(former, 1);
        draw_next(image, former, i);
        made = set_up(image, i < SIZES * 5 ? former : NULL, counts[i / SIZES % 5]);
        assert_int_equal(sol_remap(made->remapper, &made->frame, made->lzw), 0);
        assert_true(check_frame(made) == 0);
        tear_down(made);
        sol_image_unref(&former);
        sol_image_unref(&image);
    }
}

/* The more may be lost, the smaller the data, and the more is lost; what shows is what was stored, all the same. */
static void test_loss_saves_bytes(void **state)
{
    static const double lossy[] = {0, 5, 50, 500};
    SolImage *image = new_picture(64, 40);
    double lost = -1;
    size_t size = SIZE_MAX;
    (void)state;
    draw_scene(image, 2);
    for (int i = 0; i < 4; i++) {
        Made *made = set_up(image, NULL, 255);
        double excess;
        made->frame.lossy = lossy[i];
        assert_int_equal(sol_remap(made->remapper, &made->frame, made->lzw), 0);
        excess = check_frame(made);
        if (excess <= lost || made->lzw->size >= size)
            fail_msg("lossy %g: excess %g, %zu bytes; before %g, %zu", lossy[i], excess, made->lzw->size, lost, size);
        lost = excess;
        size = made->lzw->size;
        tear_down(made);
    }
    sol_image_unref(&image);
}

static void test_part_of_a_screen(void **state)
{
    SolImage *former = new_picture(64, 40), *image = new_picture(64, 40);
    (void)state;
    draw_scene(former, 1);
    draw_scene(image, 1);
    for (int y = 7; y < 20; y++)
        memset(sol_image_row(image, y) + 3 * 11, 5 * y, 3 * 17);
    for (int lossy = 0; lossy < 2; lossy++) {
        Made *made = set_up(image, former, 200);
        sol_gif_changes(&made->frame, sol_image_row_const(former, 0), former->stride);
        assert_int_equal(made->frame.left, 11);
        assert_int_equal(made->frame.top, 7);
        assert_int_equal(made->frame.width, 17);
        assert_int_equal(made->frame.height, 13);
        made->frame.lossy = 10 * lossy;
        assert_int_equal(sol_remap(made->remapper, &made->frame, made->lzw), 0);
        assert_true(check_frame(made) >= 0);
        sol_gif_changes(&made->frame, sol_image_row_const(image, 0), image->stride);
        assert_int_equal(made->frame.width * made->frame.height, 1);
        tear_down(made);
    }
    sol_image_unref(&former);
    sol_image_unref(&image);
}

/* A flat colour between those of the palette keeps its mean. */
static void test_the_mean_is_kept(void **state)
{
    SolImage *image = new_picture(64, 40);
    (void)state;
    for (int level = 32; level <= 224; level += 16)
        for (int lossy = 0; lossy <= 20; lossy += 20) {
            Made *made = set_up(image, NULL, 2);
            int white = 0;
            memset(made->frame.palette.colour[0], 0, 3);
            memset(made->frame.palette.colour[1], 255, 3);
            memset(image->pixels, level, image->stride * 40);
            made->frame.lossy = lossy;
            assert_int_equal(sol_remap(made->remapper, &made->frame, made->lzw), 0);
            check_frame(made);
            for (int i = 0; i < 64 * 40; i++)
                white += made->screen[3 * i] == 255;
            assert_true(abs(white * 255 / (64 * 40) - level) <= 18);
            tear_down(made);
        }
    sol_image_unref(&image);
}

static void test_colours_of_codes(void **state)
{
    static const int counts[] = {1, 3, 4, 7, 8, 127, 128, 255, 256}, colours[] = {4, 4, 8, 8, 16, 128, 256, 256, 256};
    (void)state;
    for (int i = 0; i < 9; i++)
        assert_int_equal(sol_remap_colours(&(SolPalette){.count = counts[i]}), colours[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_loss_every_pixel_is_the_best),
        cmocka_unit_test(test_loss_saves_bytes),
        cmocka_unit_test(test_part_of_a_screen),
        cmocka_unit_test(test_the_mean_is_kept),
        cmocka_unit_test(test_colours_of_codes),
    };
    return cmocka_run_group_tests_name("media/remap", tests, set_up_folder, tear_down_folder);
}

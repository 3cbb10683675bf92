/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder: files read back with giflib, and how good and how small they are.
 */
#include "support/gif_data.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/gif_encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void Draw(SolImage *image, int n);

/* Encodes frames 0 .. count - 1 into NAME in the test's folder. Returns the bytes of the file. */
static int64_t encode(const char *name, Draw *draw, int width, int height, int count, const SolGifLook *look,
                      int threads)
{
    const char *path = in_folder(name);
    FILE *stream = fopen(path, "wb");
    SolGifEncoder *encoder = NULL;
    int64_t bytes = 0;
    assert_non_null(stream);
    assert_int_equal(sol_gif_encoder_open(&encoder, stream, path, width, height, look, 0, threads), 0);
    for (int n = 0; n < count; n++) {
        SolImage *image = new_picture(width, height);
        draw(image, n);
        assert_int_equal(sol_gif_encoder_add(encoder, image, 3 + n % 2), 0);
        sol_image_unref(&image);
    }
    assert_int_equal(sol_gif_encoder_finish(encoder, &bytes), 0);
    assert_int_equal(sol_gif_encoder_bytes(encoder), bytes);
    sol_gif_encoder_close(&encoder);
    assert_null(encoder);
    assert_int_equal(fclose(stream), 0);
    return bytes;
}

/* A gradient that a disc crosses, with a grain that stays where it is. */
static void draw_disc(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            int dx = x - 4 * n, dy = y - image->height / 2, grain = (int)((unsigned)(x * 7 + y * 13) * 2654435761U >> 30);
            bool inside = dx * dx + dy * dy < image->height * image->height / 16;
            pixel[0] = (uint8_t)(inside ? 230 - dx : 40 + 100 * y / image->height + grain);
            pixel[1] = (uint8_t)(inside ? 120 + dy : 80 + 100 * x / image->width + grain);
            pixel[2] = (uint8_t)(inside ? 60 : 200 - 90 * y / image->height + grain);
        }
}

static void draw_solid(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        memset(sol_image_row(image, y), n * 50 % 256, (size_t)image->width * 3);
}

/* Few colours, others with every n; every fifth picture has many. */
static void draw_mixed(SolImage *image, int n)
{
    if (n % 5 == 3) {
        draw_scene(image, n);
        return;
    }
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            int level = (x + 2 * n) / 5 + y / 3 % 4;
            pixel[0] = (uint8_t)(n < 6 ? 3 * level : level);
            pixel[1] = (uint8_t)(200 - level);
            pixel[2] = (uint8_t)(n / 2);
        }
}

static const uint8_t *frame_of(const GifFrames *frames, int n)
{
    return frames->pixels + (size_t)n * 3 * (size_t)frames->width * (size_t)frames->height;
}

/* ---- what is exact ---- */

static void check_exact(Draw *draw, int width, int height, int count, int threads)
{
    SolImage *image = new_picture(width, height);
    GifFrames frames;
    encode("exact.gif", draw, width, height, count, NULL, threads);
    read_gif(&frames, in_folder("exact.gif"));
    assert_int_equal(frames.count, count);
    for (int n = 0; n < count; n++) {
        if (draw == draw_mixed && n % 5 == 3)
            continue;
        draw(image, n);
        assert_int_equal(frames.delays[n], 3 + n % 2);
        for (int y = 0; y < height; y++)
            assert_memory_equal(frame_of(&frames, n) + 3 * y * width, sol_image_row(image, y), (size_t)width * 3);
    }
    free_gif(&frames);
    sol_image_unref(&image);
}

static void test_few_colours_are_exact(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {17, 13}, {96, 64}};
    (void)state;
    for (int i = 0; i < 5; i++)
        check_exact(draw_solid, sizes[i][0], sizes[i][1], 5, 1 + i % 3);
    check_exact(draw_mixed, 96, 64, 14, 1);
    check_exact(draw_mixed, 33, 17, 14, 2);
}

static void test_awkward_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {17, 13}, {257, 3}};
    (void)state;
    for (int i = 0; i < 5; i++)
        for (int quality = 1; quality <= 100; quality += 33) {
            SolGifLook look = sol_gif_look_of_quality(quality);
            GifFrames frames;
            encode("awkward.gif", draw_scene, sizes[i][0], sizes[i][1], 7, &look, 2);
            read_gif(&frames, in_folder("awkward.gif"));
            assert_int_equal(frames.width, sizes[i][0]);
            assert_int_equal(frames.height, sizes[i][1]);
            assert_in_range(frames.count, 1, 7);
            free_gif(&frames);
        }
}

/* ---- threads ---- */

static void test_threads_change_nothing(void **state)
{
    Draw *draws[] = {draw_scene, draw_disc, draw_mixed, draw_solid};
    (void)state;
    for (int i = 0; i < 4; i++) {
        size_t size, one_size;
        uint8_t *one, *bytes;
        encode("one.gif", draws[i], 120, 70, 23, NULL, 1);
        one = read_bytes(in_folder("one.gif"), &one_size);
        for (int threads = 2; threads < 8; threads += 2) {
            encode("many.gif", draws[i], 120, 70, 23, NULL, threads);
            bytes = read_bytes(in_folder("many.gif"), &size);
            assert_int_equal(size, one_size);
            assert_memory_equal(bytes, one, size);
            free(bytes);
        }
        free(one);
    }
}

/* ---- what stays, and for how long ---- */

static void draw_slowly(SolImage *image, int n)
{
    draw_disc(image, n / 7);
}

static void test_pictures_that_are_the_same_are_one(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        GifFrames frames;
        encode("same.gif", draw_slowly, 80, 60, 31, NULL, threads);
        read_gif(&frames, in_folder("same.gif"));
        assert_int_equal(frames.count, 5);
        for (int n = 0; n < 5; n++)
            assert_int_equal(frames.delays[n], n == 4 ? 10 : n % 2 ? 25 : 24);
        free_gif(&frames);
    }
}

/* What the source does not change does not flicker, and is not stored where it is far from what changes. */
static void test_what_is_still_stays(void **state)
{
    SolImage *image = new_picture(200, 80), *former = new_picture(200, 80);
    GifFrames frames;
    int moved = 0;
    (void)state;
    encode("still.gif", draw_disc, 200, 80, 12, NULL, 2);
    read_gif(&frames, in_folder("still.gif"));
    assert_int_equal(frames.count, 12);
    for (int n = 1; n < 12; n++) {
        draw_disc(former, n - 1);
        draw_disc(image, n);
        for (int i = 0; i < 200 * 80; i++) {
            bool same = memcmp(image->pixels + i / 200 * (int)image->stride + i % 200 * 3,
                               former->pixels + i / 200 * (int)former->stride + i % 200 * 3, 3) == 0;
            moved += !same;
            if (same)
                assert_memory_equal(frame_of(&frames, n) + 3 * i, frame_of(&frames, n - 1) + 3 * i, 3);
        }
        assert_true(frames.areas[n] < 50 * 50);
    }
    assert_true(moved > 0);
    free_gif(&frames);
    sol_image_unref(&image);
    sol_image_unref(&former);
}

static void test_delays(void **state)
{
    static const int64_t delays[] = {-5, 0, 1, 2, 65535, 65536, 65537, 200000, 7};
    static const int written[] = {2, 2, 2, 2, 65535, 32768, 32768, 65535, 2, 65535, 65535, 65535, 3395, 7};
    const char *path = in_folder("delays.gif");
    FILE *stream = fopen(path, "wb");
    SolGifEncoder *encoder = NULL;
    GifFrames frames;
    (void)state;
    assert_int_equal(sol_gif_encoder_open(&encoder, stream, path, 9, 5, NULL, 0, 1), 0);
    for (int n = 0; n < 9; n++) {
        SolImage *image = new_picture(9, 5);
        draw_solid(image, n % 5);
        assert_int_equal(sol_gif_encoder_add(encoder, image, delays[n]), 0);
        sol_image_unref(&image);
    }
    assert_int_equal(sol_gif_encoder_finish(encoder, NULL), 0);
    sol_gif_encoder_close(&encoder);
    fclose(stream);
    read_gif(&frames, path);
    assert_int_equal(frames.count, 14);
    for (int i = 0; i < 14; i++)
        assert_int_equal(frames.delays[i], written[i]);
    free_gif(&frames);
}

/* ---- looks ---- */

/* PSNR in dB of all frames after a blur by a box of (2 * radius + 1)^2 pixels. */
static double quality_of(const GifFrames *frames, Draw *draw, int radius)
{
    SolImage *image = new_picture(frames->width, frames->height);
    double sum = 0, count = 0;
    for (int n = 0; n < frames->count; n++) {
        draw(image, n);
        for (int y = radius; y < frames->height - radius; y++)
            for (int i = 3 * radius; i < 3 * (frames->width - radius); i++) {
                int difference = 0, box = (2 * radius + 1) * (2 * radius + 1);
                for (int v = y - radius; v <= y + radius; v++)
                    for (int u = i - 3 * radius; u <= i + 3 * radius; u += 3)
                        difference += sol_image_row_const(image, v)[u] -
                                      frame_of(frames, n)[3 * v * frames->width + u];
                sum += (double)difference * difference / box / box;
                count++;
            }
    }
    sol_image_unref(&image);
    return 10 * log10(255.0 * 255 * count / (sum + 1e-9));
}

static void check_quality(Draw *draw, const SolGifLook *look, double least, double least_blurred, int64_t most)
{
    GifFrames frames;
    int64_t bytes = encode("quality.gif", draw, 160, 90, 10, look, 2);
    double figure, blurred;
    read_gif(&frames, in_folder("quality.gif"));
    figure = quality_of(&frames, draw, 0);
    blurred = quality_of(&frames, draw, 2);
    if (figure < least || blurred < least_blurred || bytes > most)
        fail_msg("PSNR %.2f, blurred %.2f, %lld bytes", figure, blurred, (long long)bytes);
    free_gif(&frames);
}

static void test_quality(void **state)
{
    SolGifLook look = sol_gif_look_default();
    (void)state;
    /* at most a decibel, and a tenth of the bytes, from what was measured when the bounds were set */
    check_quality(draw_scene, NULL, 35.4, 49.5, 36600);
    check_quality(draw_disc, NULL, 36.5, 48.6, 17400);
    look.lossy = 0;
    check_quality(draw_scene, &look, 37.8, 52.6, 109000);
    look.dither = 0;
    check_quality(draw_scene, &look, 38.5, 49.8, 101200);
    look.colours = 16;
    look.dither = 1;
    check_quality(draw_scene, &look, 25.4, 31.9, 40000);
    look.kind = SOL_DITHER_BLUE_NOISE;
    check_quality(draw_scene, &look, 22.8, 31.7, 42000);
}

static void test_qualities_are_in_order(void **state)
{
    int64_t former = 0;
    (void)state;
    for (int quality = 1; quality <= 100; quality += 11) {
        SolGifLook look = sol_gif_look_of_quality(quality);
        int64_t bytes = encode("order.gif", draw_scene, 160, 90, 4, &look, 2);
        assert_in_range(look.colours, 2, 256);
        assert_true(look.dither >= 0 && look.dither <= 1 && look.lossy >= 0);
        if (bytes < former - former / 50) /* a search that is not exhaustive may find less with more */
            fail_msg("quality %d: %lld bytes, but %lld of the one below", quality, (long long)bytes, (long long)former);
        former = bytes;
    }
    assert_true(sol_gif_look_of_quality(-7).lossy == sol_gif_look_of_quality(1).lossy);
    assert_true(sol_gif_look_of_quality(1000).lossy == sol_gif_look_of_quality(100).lossy);
    assert_true(sol_gif_look_of_quality(100).lossy == 0);
}

static void test_looks_out_of_range(void **state)
{
    static const SolGifLook looks[] = {{0}, {.colours = -3, .dither = -1, .lossy = -9},
                                       {.colours = 1000, .dither = 5, .lossy = 1e30}, {.colours = 2, .dither = NAN, .lossy = NAN}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        GifFrames frames;
        encode("range.gif", draw_scene, 40, 30, 3, &looks[i], 1);
        read_gif(&frames, in_folder("range.gif"));
        assert_in_range(frames.count, 1, 3);
        free_gif(&frames);
    }
}

/* ---- failures ---- */

static void test_nothing_is_no_gif(void **state)
{
    const char *path = in_folder("none.gif");
    FILE *stream = fopen(path, "wb");
    SolGifEncoder *encoder = NULL;
    (void)state;
    assert_int_equal(sol_gif_encoder_open(&encoder, stream, path, 9, 5, NULL, 0, 1), 0);
    assert_int_equal(sol_gif_encoder_finish(encoder, NULL), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "without pictures");
    sol_gif_encoder_close(&encoder);
    sol_gif_encoder_close(&encoder);
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_colours_are_exact),
        cmocka_unit_test(test_awkward_sizes),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_pictures_that_are_the_same_are_one),
        cmocka_unit_test(test_what_is_still_stays),
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_qualities_are_in_order),
        cmocka_unit_test(test_looks_out_of_range),
        cmocka_unit_test(test_nothing_is_no_gif),
    };
    return cmocka_run_group_tests_name("media/gif_encoder", tests, set_up_folder, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs, read back with giflib and with the ffmpeg program: which frames are in them, when they show,
 * and what they show.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"

#include <gif_lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const SolRational thirtieth = {1, 30}, thirty = {30, 1};

enum { MOST = 1200 };

/* A GIF as a viewer shows it. */
typedef struct Shown {
    int width, height, frames;
    int delays[MOST];          /* cs */
    int total;                 /* cs */
    int repeats;               /* as Netscape's extension says; -1: there is none */
    uint8_t *pixels;           /* [frames][height][width][3] */
} Shown;

static void read_extensions(const SavedImage *image, int *delay, int *transparent, int *repeats)
{
    *delay = 0;
    *transparent = NO_TRANSPARENT_COLOR;
    for (int i = 0; i < image->ExtensionBlockCount; i++) {
        const ExtensionBlock *block = image->ExtensionBlocks + i;
        GraphicsControlBlock control;
        if (block->Function == GRAPHICS_EXT_FUNC_CODE) {
            assert_int_equal(DGifExtensionToGCB((size_t)block->ByteCount, block->Bytes, &control), GIF_OK);
            assert_int_equal(control.DisposalMode, DISPOSE_DO_NOT);
            *delay = control.DelayTime;
            *transparent = control.TransparentColor;
        } else if (block->Function == APPLICATION_EXT_FUNC_CODE && memcmp(block->Bytes, "NETSCAPE2.0", 11) == 0) {
            const GifByteType *bytes = block[1].Bytes;
            assert_int_equal(block[1].ByteCount, 3);
            *repeats = bytes[1] | bytes[2] << 8;
        }
    }
}

static void compose(const GifFileType *gif, const SavedImage *image, int transparent, uint8_t *screen)
{
    const GifImageDesc *place = &image->ImageDesc;
    const ColorMapObject *map = place->ColorMap ? place->ColorMap : gif->SColorMap;
    const GifByteType *index = image->RasterBits;
    assert_true(place->Left >= 0 && place->Left + place->Width <= gif->SWidth);
    assert_true(place->Top >= 0 && place->Top + place->Height <= gif->SHeight);
    for (int y = place->Top; y < place->Top + place->Height; y++)
        for (int x = place->Left; x < place->Left + place->Width; x++, index++) {
            uint8_t *pixel = screen + 3 * (y * gif->SWidth + x);
            if (*index == transparent)
                continue;
            assert_true(*index < map->ColorCount);
            pixel[0] = map->Colors[*index].Red;
            pixel[1] = map->Colors[*index].Green;
            pixel[2] = map->Colors[*index].Blue;
        }
}

static void show(Shown *shown, const char *path)
{
    int error = 0;
    GifFileType *gif = DGifOpenFileName(path, &error);
    size_t size;
    assert_non_null(gif);
    assert_int_equal(DGifSlurp(gif), GIF_OK);
    memset(shown, 0, sizeof *shown);
    shown->width = gif->SWidth;
    shown->height = gif->SHeight;
    shown->frames = gif->ImageCount;
    shown->repeats = -1;
    assert_in_range(shown->frames, 1, MOST);
    size = 3 * (size_t)shown->width * (size_t)shown->height;
    shown->pixels = calloc((size_t)shown->frames, size);
    assert_non_null(shown->pixels);
    for (int n = 0; n < shown->frames; n++) {
        uint8_t *screen = shown->pixels + (size_t)n * size;
        int transparent;
        if (n > 0)
            memcpy(screen, screen - size, size);
        read_extensions(gif->SavedImages + n, &shown->delays[n], &transparent, &shown->repeats);
        compose(gif, gif->SavedImages + n, transparent, screen);
        shown->total += shown->delays[n];
        assert_true(shown->delays[n] >= 2);
    }
    assert_int_equal(DGifCloseFile(gif, &error), GIF_OK);
}

/* The frame that shows at a time, cs. Pictures that are the same in a row are one frame. */
static int frame_at(const Shown *shown, int time)
{
    int n = 0;
    while (n < shown->frames - 1 && time >= shown->delays[n])
        time -= shown->delays[n++];
    return n;
}

static int number_at(const Shown *shown, int n)
{
    size_t stride = 3 * (size_t)shown->width;
    return read_number(shown->pixels + (size_t)n * stride * (size_t)shown->height, stride, shown->width, shown->height);
}

/* ---- frames and times ---- */

static void test_every_frame_in_its_place(void **state)
{
    Clip clip = {64, 24, 240, thirtieth, thirty, 0, 1, NULL, draw_number};
    SolWriterReport report;
    Shown shown;
    int width = 0, height = 0;
    const char *path = write_as("all.gif", &clip, &report);
    (void)state;
    show(&shown, path);
    assert_int_equal(shown.frames, 240);
    for (int n = 0; n < 240; n++)
        assert_int_equal(number_at(&shown, n), n);
    assert_int_equal(shown.total, 800);
    assert_int_equal(shown.repeats, 0);
    assert_int_equal(report.frames, 240);
    assert_float_equal((float)report.seconds, 8.0f, 1e-6f);
    assert_numbers(path, 64, 24, 0, 240);
    assert_int_equal(sscanf(probe(path, "stream=width,height"), "width=%d|height=%d|", &width, &height), 2);
    assert_int_equal(width, 64);
    assert_int_equal(height, 24);
    free(shown.pixels);
}

/* Which source frames a GIF of a clip at `rate` holds, given fps; delays within one cs of each other. */
static void check_rate(SolRational rate, SolRational fps, int frames, int expected_frames, int every)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .fps = fps};
    Clip clip = {32, 8, frames, {rate.den, rate.num}, rate, 100, 1, NULL, draw_number};
    double seconds = (double)frames * rate.den / rate.num;
    int shortest = 1000, longest = 0;
    SolWriterReport report;
    Shown shown;
    snprintf(path, sizeof path, "%s/rate.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
    show(&shown, path);
    assert_int_equal(report.frames, shown.frames);
    assert_int_equal(shown.frames, expected_frames);
    assert_true(abs(shown.total - (int)(100 * seconds + 0.5)) <= 1);
    assert_float_equal((float)report.seconds, (float)shown.total / 100, 1e-6f);
    for (int n = 0; n < shown.frames; n++) {
        if (every > 0)
            assert_int_equal(number_at(&shown, n), n * every);
        shortest = shown.delays[n] < shortest ? shown.delays[n] : shortest;
        longest = shown.delays[n] > longest && n < shown.frames - 1 ? shown.delays[n] : longest;
    }
    if (every > 0)
        assert_true(longest - shortest <= 1);
    free(shown.pixels);
}

static void test_rates(void **state)
{
    static const SolRational none = {0, 0}, fifteen = {15, 1};
    (void)state;
    check_rate(thirty, none, 240, 240, 1);
    check_rate(thirty, fifteen, 240, 120, 2);
    check_rate((SolRational){30000, 1001}, none, 150, 150, 1);
    check_rate((SolRational){30000, 1001}, fifteen, 100, 50, 2);
    check_rate((SolRational){25, 1}, none, 75, 75, 1);
    check_rate((SolRational){25, 1}, fifteen, 75, 45, 0);
    check_rate((SolRational){24, 1}, (SolRational){12, 1}, 48, 24, 2);
    check_rate((SolRational){25, 2}, none, 50, 50, 1);
    check_rate((SolRational){25, 2}, fifteen, 50, 50, 1);
    check_rate((SolRational){50, 1}, none, 100, 100, 1);
    check_rate((SolRational){60, 1}, none, 120, 100, 0);
    check_rate((SolRational){60, 1}, (SolRational){20, 1}, 120, 40, 3);
    check_rate((SolRational){100, 1}, none, 200, 100, 2);
    check_rate((SolRational){1000, 1}, none, 500, 25, 0);
    check_rate(thirty, (SolRational){1, 2}, 240, 4, 60);
    check_rate(thirty, none, 1, 1, 1);
    check_rate((SolRational){60, 1}, none, 1, 1, 1);
}

static void test_rate_unknown(void **state)
{
    static const int rates[] = {100, 60, 50}, frames[] = {100, 80, 100};
    (void)state;
    for (int i = 0; i < 3; i++) {
        Clip clip = {32, 8, 2 * rates[i], {1, rates[i]}, {0, 1}, 0, 1, NULL, draw_number};
        Shown shown;
        show(&shown, write_as("unknown.gif", &clip, NULL)); /* which checks that no delay is below 2 */
        assert_int_equal(shown.total, 200);
        assert_in_range(shown.frames, frames[i], 100);
        free(shown.pixels);
    }
}

static void test_jittering_times(void **state)
{
    /* 30 frames a second as Matroska rounds them, asked for at 30 */
    static int64_t pts[91];
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .fps = {30, 1}};
    Clip clip = {32, 8, 90, {1, 1000}, {30, 1}, 0, 0, pts, draw_number};
    Shown shown;
    (void)state;
    for (int n = 0; n <= 90; n++)
        pts[n] = (n * 1000 + 15) / 30;
    snprintf(path, sizeof path, "%s/jitter.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, NULL), 0);
    show(&shown, path);
    assert_int_equal(shown.frames, 90);
    assert_int_equal(shown.total, 300);
    free(shown.pixels);
}

static void test_variable_times(void **state)
{
    static const int64_t pts[] = {50, 54, 58, 59, 60, 80, 250, 251, 275, 300};
    static const int starts[] = {0, 4, 8, 10, 30, 200, 225}; /* of 50, 54, 58, 60, 80, 250, 275 */
    Clip clip = {32, 8, 9, {1, 100}, {0, 1}, 0, 0, pts, draw_number};
    static const int numbers[] = {0, 1, 2, 4, 5, 6, 8};
    Shown shown;
    int at = 0;
    (void)state;
    show(&shown, write_as("vfr.gif", &clip, NULL));
    assert_int_equal(shown.frames, 7);
    for (int n = 0; n < 7; n++) {
        assert_int_equal(at, starts[n]);
        assert_int_equal(number_at(&shown, n), numbers[n]);
        at += shown.delays[n];
    }
    assert_int_equal(shown.total, 250);
    free(shown.pixels);
}

static void test_frame_longer_than_a_delay(void **state)
{
    static const int64_t pts[] = {0, 656, 1966, 1968};
    Clip clip = {32, 8, 3, {1, 1}, {0, 1}, 0, 0, pts, draw_number};
    Shown shown;
    (void)state;
    show(&shown, write_as("long.gif", &clip, NULL));
    assert_int_equal(shown.total, 196800);
    assert_int_equal(number_at(&shown, 0), 0);
    assert_int_equal(number_at(&shown, shown.frames - 1), 2);
    free(shown.pixels);
}

static void test_loops(void **state)
{
    static const int loops[] = {0, 1, 2, 65535}, repeats[] = {0, -1, 1, 65534};
    Clip clip = {16, 8, 2, thirtieth, thirty, 0, 1, NULL, draw_number};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char path[512];
        SolOutputSettings settings = {.path = path, .crf = -1, .loop = loops[i]};
        Shown shown;
        uint8_t *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/loop.gif", folder);
        assert_int_equal(write_clip(&settings, &clip, true, NULL), 0);
        show(&shown, path);
        assert_int_equal(shown.repeats, repeats[i]);
        free(shown.pixels);
        bytes = read_bytes(path, &size);
        assert_memory_equal(bytes, "GIF89a", 6);
        free(bytes);
    }
}

/* ---- pictures ---- */

/* Up to 256 colours, others in every frame. */
static void draw_few_colours(SolImage *image, int n)
{
    static const int colours[] = {256, 255, 254, 128, 16, 2, 1, 256, 256, 17};
    int count = colours[n % 10];
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            int i = (y * image->width + x) % count;
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            pixel[0] = (uint8_t)(i * 37 + n / 2 * 11);
            pixel[1] = (uint8_t)(200 - i % 3);
            pixel[2] = (uint8_t)i;
        }
}

/* A square wandering over a still scene of few colours, so that rectangles and transparency are used. */
static void draw_square(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            bool inside = abs(x - 5 - 2 * n) < 4 && abs(y - 10 - n) < 4;
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            pixel[0] = (uint8_t)(inside ? 250 : x / 8 * 8);
            pixel[1] = (uint8_t)(inside ? 10 : y / 8 * 8);
            pixel[2] = 77;
        }
}

static void check_exact(const Clip *clip, const char *name)
{
    const char *path = write_as(name, clip, NULL);
    size_t size = 3 * (size_t)clip->width * (size_t)clip->height;
    SolImage *image = new_picture(clip->width, clip->height);
    Shown shown;
    int frames;
    uint8_t *decoded = decode(path, clip->width, clip->height, &frames);
    show(&shown, path);
    assert_in_range(shown.frames, 1, clip->frames);
    assert_int_equal(frames, shown.frames);
    assert_memory_equal(shown.pixels, decoded, size * (size_t)frames);
    for (int n = 0; n < clip->frames; n++) {
        const uint8_t *pixels = shown.pixels + (size_t)frame_at(&shown, n * 10 / 3 + 1) * size;
        clip->draw(image, n);
        for (int y = 0; y < clip->height; y++)
            assert_memory_equal(sol_image_row(image, y), pixels + 3 * (size_t)y * (size_t)clip->width,
                                3 * (size_t)clip->width);
    }
    sol_image_unref(&image);
    free(shown.pixels);
    free(decoded);
}

static void test_few_colours_are_exact(void **state)
{
    Clip colours = {33, 17, 20, thirtieth, thirty, 0, 1, NULL, draw_few_colours};
    Clip square = {80, 50, 30, thirtieth, thirty, 0, 1, NULL, draw_square};
    Clip tiny = {1, 1, 3, thirtieth, thirty, 0, 1, NULL, draw_few_colours};
    (void)state;
    check_exact(&colours, "colours.gif");
    check_exact(&square, "square.gif");
    check_exact(&tiny, "tiny.gif");
}

static double psnr(const uint8_t *a, const SolImage *image)
{
    double sum = 0;
    for (int y = 0; y < image->height; y++)
        for (int i = 0; i < 3 * image->width; i++) {
            double d = (double)a[(size_t)y * 3 * (size_t)image->width + (size_t)i] - sol_image_row_const(image, y)[i];
            sum += d * d;
        }
    return 10 * log10(255.0 * 255 * 3 * image->width * image->height / sum);
}

static void test_many_colours_are_close(void **state)
{
    Clip clip = {160, 90, 20, thirtieth, thirty, 0, 1, NULL, draw_scene};
    SolImage *image = new_picture(160, 90);
    const char *path = write_as("scene.gif", &clip, NULL);
    Shown shown;
    int frames;
    uint8_t *decoded = decode(path, 160, 90, &frames);
    (void)state;
    show(&shown, path);
    assert_int_equal(shown.frames, 20);
    assert_int_equal(frames, 20);
    assert_memory_equal(shown.pixels, decoded, (size_t)3 * 160 * 90 * 20);
    for (int n = 0; n < 20; n++) {
        double figure;
        draw_scene(image, n);
        figure = psnr(shown.pixels + (size_t)n * 3 * 160 * 90, image);
        if (figure < 33.5)
            fail_msg("frame %d: PSNR %.2f", n, figure);
    }
    sol_image_unref(&image);
    free(shown.pixels);
    free(decoded);
}

/* A still picture costs nothing after its first frame. */
static void draw_still(SolImage *image, int n)
{
    (void)n;
    draw_scene(image, 0);
}

static void test_still_scenes_are_one_frame(void **state)
{
    Clip one = {160, 90, 1, thirtieth, thirty, 0, 1, NULL, draw_still}, many = one;
    SolWriterReport single, report;
    Shown shown;
    (void)state;
    many.frames = 50;
    write_as("still-one.gif", &one, &single);
    show(&shown, write_as("still.gif", &many, &report));
    assert_int_equal(shown.frames, 1);
    assert_int_equal(shown.delays[0], 167);
    assert_int_equal(report.frames, 50);
    assert_int_equal(report.bytes, single.bytes);
    free(shown.pixels);
}

static void test_width_scales(void **state)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .width = 33};
    Clip clip = {99, 30, 3, thirtieth, thirty, 0, 1, NULL, draw_number};
    SolWriterReport report;
    Shown shown;
    (void)state;
    snprintf(path, sizeof path, "%s/width.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
    show(&shown, path);
    assert_int_equal(shown.width, 33);
    assert_int_equal(shown.height, 10);
    assert_int_equal(report.width, 33);
    assert_int_equal(report.height, 10);
    for (int n = 0; n < 3; n++)
        assert_int_equal(number_at(&shown, n), n);
    free(shown.pixels);
}

/* ---- forth and back ---- */

static void check_bounce(int frames, const int64_t *pts, const int *numbers, const int *delays, int count)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .bounce = true};
    Clip clip = {48, 24, frames, {1, 100}, {0, 1}, 0, 7, pts, draw_number};
    SolWriterReport report;
    Shown shown;
    int total = 0;
    snprintf(path, sizeof path, "%s/bounce.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
    show(&shown, path);
    assert_int_equal(shown.frames, count);
    for (int n = 0; n < count; n++) {
        assert_int_equal(number_at(&shown, n), numbers[n]);
        assert_int_equal(shown.delays[n], delays[n]);
        total += delays[n];
    }
    assert_int_equal(report.frames, count);
    assert_float_equal((float)report.seconds, (float)total / 100, 1e-6f);
    free(shown.pixels);
}

static void test_bounce(void **state)
{
    static const int64_t uneven[] = {0, 3, 10, 12, 20, 50};
    (void)state;
    check_bounce(5, NULL, (int[]){0, 1, 2, 3, 4, 3, 2, 1}, (int[]){7, 7, 7, 7, 7, 7, 7, 7}, 8);
    check_bounce(5, uneven, (int[]){0, 1, 2, 3, 4, 3, 2, 1}, (int[]){3, 7, 2, 8, 30, 8, 2, 7}, 8);
    check_bounce(3, NULL, (int[]){0, 1, 2, 1}, (int[]){7, 7, 7, 7}, 4);
    check_bounce(2, NULL, (int[]){0, 1}, (int[]){7, 7}, 2);
    check_bounce(1, NULL, (int[]){0}, (int[]){7}, 1);
}

/* ---- a budget ---- */

/* Waves that move, with some noise, so that there is something to give up. */
static void draw_waves(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            unsigned noise = (unsigned)(x * 7919 + y * 104729 + n * 1299709) * 2654435761u >> 29;
            pixel[0] = (uint8_t)(120 + 90 * sin(0.05 * x + 0.2 * n) + noise);
            pixel[1] = (uint8_t)(120 + 90 * sin(0.04 * y - 0.1 * n) + noise);
            pixel[2] = (uint8_t)(120 + 90 * sin(0.03 * (x + y)) + noise);
        }
}

static void test_budget(void **state)
{
    static const double parts[] = {0.8, 0.4, 0.1};
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .quality = 100};
    Clip clip = {160, 90, 40, {1, 25}, {25, 1}, 0, 1, NULL, draw_waves};
    SolWriterReport whole, report;
    (void)state;
    snprintf(path, sizeof path, "%s/budget.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &whole), 0);
    for (int i = 0; i < 6; i++) {
        Shown shown;
        settings.bounce = i >= 3;
        settings.max_size = (int64_t)((double)whole.bytes * parts[i % 3]) * (settings.bounce ? 2 : 1);
        assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
        assert_true(report.bytes <= settings.max_size);
        assert_true((double)report.bytes >= 0.95 * (double)settings.max_size);
        show(&shown, path);
        assert_int_equal(shown.frames, report.frames);
        assert_int_equal(shown.width, report.width);
        assert_int_equal(shown.height, report.height);
        assert_in_range(shown.total, settings.bounce ? 296 : 160, settings.bounce ? 320 : 160);
        assert_float_equal((float)report.seconds, (float)shown.total / 100, 1e-6f);
        free(shown.pixels);
    }
    /* enough is enough */
    settings.bounce = false;
    settings.max_size = whole.bytes;
    assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
    assert_int_equal(report.bytes, whole.bytes);
    /* and what cannot be is an error that leaves nothing */
    settings.max_size = whole.bytes / 10;
    settings.give_up[0] = SOL_GIVE_UP_DITHER;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write_clip(&settings, &clip, true, &report), SOL_ERR_ARGUMENT);
    assert_contains(error_in_folder(), "budget.gif: does not get smaller than ");
    assert_int_equal(access(path, F_OK), -1);
}

/* Frames that are left out leave their time to those before them. */
static void test_budget_by_frames(void **state)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .give_up = {SOL_GIVE_UP_FPS, SOL_GIVE_UP_WIDTH}, .bounce = true};
    Clip clip = {64, 48, 24, {1, 24}, {24, 1}, 0, 1, NULL, draw_number};
    SolWriterReport whole;
    Shown shown;
    (void)state;
    snprintf(path, sizeof path, "%s/fewer.gif", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &whole), SOL_ERR_ARGUMENT); /* there is no budget */
    settings.max_size = INT64_MAX;
    assert_int_equal(write_clip(&settings, &clip, true, &whole), 0);
    settings.max_size = whole.bytes * 6 / 10;
    assert_int_equal(write_clip(&settings, &clip, true, NULL), 0);
    show(&shown, path);
    assert_int_equal(shown.width, 64);
    assert_int_equal(shown.frames, 22); /* 12 forth, 10 back */
    for (int n = 0; n < shown.frames; n++)
        assert_int_equal(number_at(&shown, n), n < 12 ? 2 * n : 2 * (22 - n));
    for (int n = 0, at = 0; n < 12; at += shown.delays[n++])
        assert_in_range(abs(24 * at - 200 * n), 0, 12);
    free(shown.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_in_its_place),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_rate_unknown),
        cmocka_unit_test(test_jittering_times),
        cmocka_unit_test(test_variable_times),
        cmocka_unit_test(test_frame_longer_than_a_delay),
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_few_colours_are_exact),
        cmocka_unit_test(test_many_colours_are_close),
        cmocka_unit_test(test_still_scenes_are_one_frame),
        cmocka_unit_test(test_width_scales),
        cmocka_unit_test(test_bounce),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_budget_by_frames),
    };
    return cmocka_run_group_tests_name("media/gif", tests, set_up_folder, tear_down_folder);
}

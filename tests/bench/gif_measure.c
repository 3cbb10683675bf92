/* SPDX-License-Identifier: Apache-2.0
 *
 * How near GIFs come to the frames that they were made of. tests/bench/gif.sh asks it.
 *
 *     build/tests/bench/gif_measure FRAMES.rgb WIDTHxHEIGHT RATE GIF ...
 *
 * FRAMES.rgb is R, G, B of 8 bits, frame after frame, without a head; RATE is how many there are in a second. For each
 * GIF one line is printed, its fields separated by tabs:
 *
 *     file  bytes  images  PSNR  blurred PSNR  SSIM  flicker  share of still pixels
 *
 * PSNR, dB, is that of the mean squared error of R, G and B over all frames; the blurred one that after a Gaussian of
 * a standard deviation of one pixel (cut off at 4, the border mirrored) went over both pictures: it tells what is left
 * of a dither at a distance. SSIM (Wang, Bovik, Sheikh & Simoncelli 2004) is of the luma (BT.709's weights, rounded),
 * in windows of 8x8 pixels at every fourth pixel, all alike, as in FFmpeg's filter `ssim`. Flicker is how far R, G and
 * B move between two frames, in 255ths, the mean over all pixels that were exactly the same in both of the reference;
 * the share of these pixels stands behind it.
 *
 * FFmpeg's filters `psnr` and `ssim` give the same figures (on pictures without colour, as to the latter), and NumPy
 * those of the blurred PSNR and of flicker. FFmpeg's `gblur=1` is no such Gaussian: it blurs less, and rounds.
 *
 * Frames are paired by number. A GIF that has fewer images than there are frames shows some of them longer: then image
 * k stands for the frames from round(RATE t) on, t being its time, the sum of the delays before it. Delays are
 * rounded to 1/100 s, frames last longer than that, so a frame's own time cannot be taken for its neighbour's as long
 * as the delays' errors do not add up. Every image must have a frame, and the last delay end with the last frame.
 */
#include "support/gifs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RADIUS = 4, CELL = 4 };

typedef struct Measure {
    int width, height, frames;
    FILE *reference;
    uint8_t *frame, *former_frame;      /* of the reference: R, G, B */
    uint8_t *former_screen;             /* of the GIF: R, G, B, A */
    float *difference;                  /* [width + 2 RADIUS][3]: a row, with its border */
    float *blurred;                     /* [height][width][3]: blurred along the rows */
    float kernel[2 * RADIUS + 1];
    uint8_t *luma[2];                   /* [height][width] */
    int (*cells[2])[5];                 /* sums over 4x4 pixels of two rows of them: a, b, aa, bb, ab */
    /* sums over the frames */
    double squares, blurred_squares, similarity, moved;
    double still;                       /* pixels, R, G and B counted apart */
} Measure;

static void *reserve(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "gif_measure: no memory\n");
        exit(1);
    }
    return memory;
}

static void set_up(Measure *measure)
{
    size_t width = (size_t)measure->width, pixels = width * (size_t)measure->height;
    double sum = 0;
    measure->frame = reserve(pixels, 3);
    measure->former_frame = reserve(pixels, 3);
    measure->former_screen = reserve(pixels, 4);
    measure->difference = reserve(width + 2 * RADIUS, 3 * sizeof(float));
    measure->blurred = reserve(pixels, 3 * sizeof(float));
    for (int i = 0; i < 2; i++) {
        measure->luma[i] = reserve(pixels, 1);
        measure->cells[i] = reserve(width / CELL + 1, sizeof *measure->cells[i]);
    }
    for (int i = -RADIUS; i <= RADIUS; i++)
        sum += exp(-0.5 * i * i);
    for (int i = -RADIUS; i <= RADIUS; i++)
        measure->kernel[i + RADIUS] = (float)(exp(-0.5 * i * i) / sum);
}

static void clean_up(Measure *measure)
{
    free(measure->frame);
    free(measure->former_frame);
    free(measure->former_screen);
    free(measure->difference);
    free(measure->blurred);
    for (int i = 0; i < 2; i++) {
        free(measure->luma[i]);
        free(measure->cells[i]);
    }
}

/* ---- errors, plain and blurred ---- */

/* Where i lies once a row of n is mirrored at both ends, the outermost pixels repeated. */
static int mirrored(int i, int n)
{
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

/* The differences of a row, with their border: their squares' sum, and the row blurred. */
static double blur_row(Measure *measure, const uint8_t *frame, const uint8_t *screen, float *blurred)
{
    int width = measure->width, all = 3 * width;
    float *difference = measure->difference, *inner = difference + 3 * RADIUS;
    int64_t squares = 0;
    for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++) {
            int d = frame[3 * x + c] - screen[4 * x + c];
            squares += d * d;
            inner[3 * x + c] = (float)d;
        }
    for (int i = 1; i <= RADIUS; i++) {
        memcpy(inner - 3 * i, inner + 3 * mirrored(-i, width), 3 * sizeof *inner);
        memcpy(inner + 3 * (width - 1 + i), inner + 3 * mirrored(width - 1 + i, width), 3 * sizeof *inner);
    }
    memset(blurred, 0, (size_t)all * sizeof *blurred);
    for (int i = 0; i <= 2 * RADIUS; i++) {
        float weight = measure->kernel[i];
        for (int x = 0; x < all; x++)
            blurred[x] += weight * difference[x + 3 * i];
    }
    return (double)squares;
}

/* Blurring is linear: the difference of two blurred pictures is the blurred difference. */
static void add_errors(Measure *measure, const uint8_t *screen)
{
    int width = measure->width, height = measure->height, all = 3 * width;
    float *row = measure->difference;
    double squares = 0;
    for (int y = 0; y < height; y++)
        measure->squares += blur_row(measure, measure->frame + (size_t)y * (size_t)all,
                                     screen + (size_t)y * (size_t)width * 4,
                                     measure->blurred + (size_t)y * (size_t)all);
    for (int y = 0; y < height; y++) {
        float sum = 0;
        memset(row, 0, (size_t)all * sizeof *row);
        for (int i = -RADIUS; i <= RADIUS; i++) {
            const float *blurred = measure->blurred + (size_t)mirrored(y + i, height) * (size_t)all;
            float weight = measure->kernel[i + RADIUS];
            for (int x = 0; x < all; x++)
                row[x] += weight * blurred[x];
        }
        for (int x = 0; x < all; x++)
            sum += row[x] * row[x];
        squares += (double)sum;
    }
    measure->blurred_squares += squares;
}

/* ---- likeness ---- */

static void take_luma(uint8_t *luma, const uint8_t *pixels, int step, size_t count)
{
    for (size_t i = 0; i < count; i++, pixels += step)
        luma[i] = (uint8_t)((13933 * pixels[0] + 46871 * pixels[1] + 4732 * pixels[2] + 32768) >> 16);
}

/* The sums of the row of cells that begins at pixel row y. */
static void sum_cells(const Measure *measure, int y, int (*cells)[5])
{
    size_t stride = (size_t)measure->width;
    for (int n = 0; n < measure->width / CELL; n++) {
        const uint8_t *a = measure->luma[0] + (size_t)y * stride + (size_t)n * CELL;
        const uint8_t *b = measure->luma[1] + (size_t)y * stride + (size_t)n * CELL;
        int sums[5] = {0};
        for (int i = 0; i < CELL; i++, a += stride, b += stride)
            for (int x = 0; x < CELL; x++) {
                sums[0] += a[x];
                sums[1] += b[x];
                sums[2] += a[x] * a[x];
                sums[3] += b[x] * b[x];
                sums[4] += a[x] * b[x];
            }
        memcpy(cells[n], sums, sizeof sums);
    }
}

/* SSIM of the window of 2x2 cells; variances are those of samples (over 63). */
static double window(int (*upper)[5], int (*lower)[5])
{
    const double n = 64, c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    double s[5], a, b, aa, bb, ab;
    for (int i = 0; i < 5; i++)
        s[i] = upper[0][i] + upper[1][i] + lower[0][i] + lower[1][i];
    a = s[0] / n;
    b = s[1] / n;
    aa = (s[2] - n * a * a) / (n - 1);
    bb = (s[3] - n * b * b) / (n - 1);
    ab = (s[4] - n * a * b) / (n - 1);
    return (2 * a * b + c1) * (2 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2));
}

static void add_similarity(Measure *measure, const uint8_t *screen)
{
    size_t pixels = (size_t)measure->width * (size_t)measure->height;
    int across = measure->width / CELL - 1, down = measure->height / CELL - 1;
    double sum = 0;
    take_luma(measure->luma[0], measure->frame, 3, pixels);
    take_luma(measure->luma[1], screen, 4, pixels);
    sum_cells(measure, 0, measure->cells[0]);
    for (int y = 1; y <= down; y++) {
        int (*upper)[5] = measure->cells[(y - 1) % 2], (*lower)[5] = measure->cells[y % 2];
        sum_cells(measure, y * CELL, lower);
        for (int x = 0; x < across; x++)
            sum += window(upper + x, lower + x);
    }
    measure->similarity += sum / ((double)across * down);
}

/* ---- flicker ---- */

static void add_flicker(Measure *measure, const uint8_t *screen)
{
    size_t pixels = (size_t)measure->width * (size_t)measure->height;
    const uint8_t *now = measure->frame, *then = measure->former_frame, *former = measure->former_screen;
    int64_t still = 0, moved = 0;
    for (size_t i = 0; i < pixels; i++) {
        int same = (now[3 * i] == then[3 * i]) & (now[3 * i + 1] == then[3 * i + 1]) & (now[3 * i + 2] == then[3 * i + 2]);
        int by = abs(screen[4 * i] - former[4 * i]) + abs(screen[4 * i + 1] - former[4 * i + 1]) +
                 abs(screen[4 * i + 2] - former[4 * i + 2]);
        still += same;
        moved += same * by;
    }
    measure->still += 3 * (double)still;
    measure->moved += (double)moved;
}

/* ---- a GIF ---- */

/* Which frame each image begins with, [images + 1]; NULL, said on standard error, where that cannot be told. */
static int *pair_frames(const char *path, double rate, int frames)
{
    const char *fault;
    int images, *delays = gif_delays(path, &images, &fault), *first;
    int64_t begin = 0;
    if (!delays) {
        fprintf(stderr, "gif_measure: %s: %s\n", path, fault);
        return NULL;
    }
    first = reserve((size_t)images + 1, sizeof *first);
    for (int i = 0; i <= images; i++) {
        first[i] = images == frames ? i : (int)lround((double)begin * rate / 100);
        begin += i < images ? delays[i] : 0;
        if (i > 0 && first[i] <= first[i - 1])
            first[images] = -1; /* two images for one frame */
    }
    free(delays);
    if (first[images] == frames && first[0] == 0)
        return first;
    fprintf(stderr, "gif_measure: %s: its %d images of %.2f s in all cannot be paired with %d frames, %g in a second\n",
            path, images, (double)begin / 100, frames, rate);
    free(first);
    return NULL;
}

static bool covers(const GifPlayer *player)
{
    size_t pixels = (size_t)player->width * (size_t)player->height;
    int least = 255;
    for (size_t i = 0; i < pixels; i++)
        least &= player->screen[4 * i + 3];
    return least == 255;
}

/* Takes the reference's frames from `first` to `end` with what shows. */
static bool add_frames(Measure *measure, const uint8_t *screen, int first, int end)
{
    size_t pixels = (size_t)measure->width * (size_t)measure->height;
    for (int n = first; n < end; n++) {
        uint8_t *former = measure->frame;
        measure->frame = measure->former_frame;
        measure->former_frame = former;
        if (fread(measure->frame, 3, pixels, measure->reference) != pixels) {
            fprintf(stderr, "gif_measure: the reference breaks off at frame %d\n", n);
            return false;
        }
        add_errors(measure, screen);
        add_similarity(measure, screen);
        if (n > 0)
            add_flicker(measure, screen);
        memcpy(measure->former_screen, screen, 4 * pixels);
    }
    return true;
}

static bool play(Measure *measure, GifPlayer *player, const char *path, const int *first)
{
    if (player->width != measure->width || player->height != measure->height) {
        fprintf(stderr, "gif_measure: %s: is %dx%d, the frames %dx%d\n", path, player->width, player->height,
                measure->width, measure->height);
        return false;
    }
    measure->squares = measure->blurred_squares = measure->similarity = measure->moved = measure->still = 0;
    rewind(measure->reference);
    while (gif_next(player)) {
        if (!covers(player)) {
            fprintf(stderr, "gif_measure: %s: frame %d leaves pixels transparent\n", path, player->frame);
            return false;
        }
        if (!add_frames(measure, player->screen, first[player->frame], first[player->frame + 1]))
            return false;
    }
    return true;
}

static double decibel(double squares, double count)
{
    return squares > 0 ? 10 * log10(255.0 * 255.0 * count / squares) : INFINITY;
}

static bool measure_gif(Measure *measure, const char *path, double rate)
{
    double count = 3.0 * measure->width * measure->height * measure->frames;
    int *first = pair_frames(path, rate, measure->frames);
    GifPlayer player = {0};
    struct stat status;
    bool done = first && stat(path, &status) == 0 && gif_open(&player, path) && play(measure, &player, path, first);
    if (first && player.fault) {
        fprintf(stderr, "gif_measure: %s: %s\n", path, player.fault);
        done = false;
    }
    if (done)
        printf("%s\t%lld\t%d\t%.3f\t%.3f\t%.5f\t%.4f\t%.4f\n", path, (long long)status.st_size, player.frame + 1,
               decibel(measure->squares, count), decibel(measure->blurred_squares, count),
               measure->similarity / measure->frames, measure->still > 0 ? measure->moved / measure->still : 0,
               measure->frames > 1 ? measure->still * measure->frames / (count * (measure->frames - 1)) : 0);
    if (player.inside)
        gif_close(&player);
    free(first);
    return done;
}

int main(int argc, char **argv)
{
    Measure measure = {0};
    struct stat status;
    double rate = argc > 3 ? atof(argv[3]) : 0;
    int result = 0;
    if (argc < 5 || sscanf(argv[2], "%dx%d", &measure.width, &measure.height) != 2 || measure.width < 2 * CELL ||
        measure.height < 2 * CELL || measure.width > 65535 || measure.height > 65535 || !(rate > 0)) {
        fprintf(stderr, "usage: gif_measure FRAMES.rgb WIDTHxHEIGHT RATE GIF ...\n");
        return 2;
    }
    measure.reference = fopen(argv[1], "rb");
    if (!measure.reference || fstat(fileno(measure.reference), &status) != 0) {
        perror(argv[1]);
        return 1;
    }
    measure.frames = (int)(status.st_size / 3 / measure.width / measure.height);
    if (measure.frames < 1 || (int64_t)measure.frames * 3 * measure.width * measure.height != status.st_size) {
        fprintf(stderr, "gif_measure: %s: does not hold whole frames of %s\n", argv[1], argv[2]);
        return 1;
    }
    set_up(&measure);
    for (int i = 4; i < argc; i++)
        result |= !measure_gif(&measure, argv[i], rate);
    clean_up(&measure);
    fclose(measure.reference);
    return result;
}

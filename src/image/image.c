/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures: reference counting, and conversion to and from float planes.
 */
#include "image/image.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

int sol_image_create(SolImage **out, int width, int height)
{
    SolImage *image;
    size_t stride;
    if (width < 1 || height < 1 || width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a picture of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    stride = ((size_t)width * 3 + SOL_ALIGNMENT - 1) / SOL_ALIGNMENT * SOL_ALIGNMENT;
    image = sol_calloc(1, sizeof *image);
    if (!image || !(image->pixels = sol_alloc((size_t)height, stride))) {
        sol_free(image);
        return sol_fail(SOL_ERR_NOMEM, "not enough memory for a picture of %dx%d pixels", width, height);
    }
    atomic_init(&image->references, 1);
    image->width = width;
    image->height = height;
    image->stride = stride;
    image->time_base = (SolRational){1, 1};
    *out = image;
    return SOL_OK;
}

SolImage *sol_image_ref(SolImage *image)
{
    atomic_fetch_add(&image->references, 1);
    return image;
}

void sol_image_unref(SolImage **out)
{
    SolImage *image = *out;
    *out = NULL;
    if (image && atomic_fetch_sub(&image->references, 1) == 1) {
        sol_image_unref(&image->source);
        sol_free(image->pixels);
        sol_free(image);
    }
}

int sol_image_width(const SolImage *image)
{
    return image->width;
}

int sol_image_height(const SolImage *image)
{
    return image->height;
}

uint8_t *sol_image_row(SolImage *image, int y)
{
    return image->pixels + (size_t)y * image->stride;
}

const uint8_t *sol_image_row_const(const SolImage *image, int y)
{
    return image->pixels + (size_t)y * image->stride;
}

void sol_image_copy_time(SolImage *to, const SolImage *from)
{
    to->number = from->number;
    to->pts = from->pts;
    to->duration = from->duration;
    to->time_base = from->time_base;
}

int sol_image_copy(SolImage **out, const SolImage *image)
{
    SolImage *copy = NULL;
    int result = sol_image_create(&copy, image->width, image->height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < image->height; y++)
        memcpy(sol_image_row(copy, y), sol_image_row_const(image, y), (size_t)image->width * 3);
    sol_image_copy_time(copy, image);
    *out = copy;
    return SOL_OK;
}

void sol_image_mix(SolImage *over, const SolImage *under, float opacity)
{
    int weight = (int)(opacity * 256 + 0.5f); /* of 256 */
    for (int y = 0; y < over->height; y++) {
        uint8_t *to = sol_image_row(over, y);
        const uint8_t *from = sol_image_row_const(under, y);
        for (int i = 0; i < 3 * over->width; i++)
            to[i] = (uint8_t)((to[i] * weight + from[i] * (256 - weight) + 128) >> 8);
    }
}

/* Index i of a row of n samples continued by reflection: n-2, n-3, .. behind n-1, and .. 2, 1 before 0. */
static int reflect(int i, int n)
{
    int period = 2 * (n - 1);
    if (n == 1)
        return 0;
    i = abs(i) % period;
    return i < n ? i : period - i;
}

/* A conversion between an area of a picture and planes, by rows. */
typedef struct Conversion {
    const SolImage *from;
    const float *in;
    SolImage *to;
    float *out;
    SolArea area;
    size_t row, plane; /* samples from one to the next */
} Conversion;

enum { BAND = 16, PIECE = 512 }; /* rows of one item of a pool's loop, pixels that are converted at a time */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Columns x0..x1-1 of a row of an area, from pixels that reflection finds. */
static void reflect_pixels(const Conversion *k, const uint8_t *row, int x0, int x1, float *to)
{
    for (int x = x0; x < x1; x++) {
        const uint8_t *pixel = row + 3 * (size_t)reflect(k->area.x + x, k->from->width);
        for (size_t c = 0; c < 3; c++)
            to[c * k->plane + (size_t)x] = (float)pixel[c] * (1.0f / 255.0f);
    }
}

/* One row to planes: pixels, and what reflection puts before and behind them. */
static void row_to_planes(const Conversion *k, int y)
{
    const uint8_t *row = sol_image_row_const(k->from, reflect(k->area.y + y, k->from->height));
    float *to = k->out + (size_t)y * k->row;
    int first = k->area.x < 0 ? least(-k->area.x, k->area.width) : 0;
    int end = least(k->area.width, k->from->width - k->area.x);
    reflect_pixels(k, row, 0, first, to);
    if (first < end) {
        const uint8_t *pixels = row + 3 * (size_t)(k->area.x + first);
        float *r = to + first, *g = r + k->plane, *b = g + k->plane;
        for (int x = 0; x < end - first; x++) {
            r[x] = (float)pixels[3 * x] * (1.0f / 255.0f);
            g[x] = (float)pixels[3 * x + 1] * (1.0f / 255.0f);
            b[x] = (float)pixels[3 * x + 2] * (1.0f / 255.0f);
        }
    }
    reflect_pixels(k, row, first < end ? end : first, k->area.width, to);
}

static void band_to_planes(void *context, int band)
{
    const Conversion *k = context;
    for (int y = band * BAND; y < least((band + 1) * BAND, k->area.height); y++)
        row_to_planes(k, y);
}

void sol_image_to_planes(const SolImage *image, SolArea area, float *planes, SolPool *pool)
{
    Conversion k = {.from = image, .out = planes, .area = area, .row = (size_t)area.width,
                    .plane = (size_t)area.width * (size_t)area.height};
    sol_pool_run(pool, band_to_planes, &k, (area.height + BAND - 1) / BAND);
}

/* The 8 bits of some samples, clamped and rounded. */
static void quantise(const float *in, int count, uint8_t *out)
{
    for (int i = 0; i < count; i++) {
        float v = in[i] * 255.0f + 0.5f;
        v = v > 0.0f ? v : 0.0f; /* NaN too */
        out[i] = (uint8_t)(int)(v < 255.0f ? v : 255.0f);
    }
}

static void band_from_planes(void *context, int band)
{
    const Conversion *k = context;
    for (int y = band * BAND; y < least((band + 1) * BAND, k->area.height); y++)
        for (int x0 = 0; x0 < k->area.width; x0 += PIECE) {
            uint8_t *to = sol_image_row(k->to, k->area.y + y) + 3 * (size_t)(k->area.x + x0), bytes[3][PIECE];
            const float *in = k->in + (size_t)y * k->row + (size_t)x0;
            int count = least(PIECE, k->area.width - x0);
            for (int c = 0; c < 3; c++)
                quantise(in + (size_t)c * k->plane, count, bytes[c]);
            for (int x = 0; x < count; x++) {
                to[3 * x] = bytes[0][x];
                to[3 * x + 1] = bytes[1][x];
                to[3 * x + 2] = bytes[2][x];
            }
        }
}

void sol_image_from_planes(SolImage *image, SolArea area, const float *planes, size_t row, size_t plane,
                           SolPool *pool)
{
    Conversion k = {.to = image, .in = planes, .area = area, .row = row, .plane = plane};
    k.area.width = least(area.width, image->width - area.x);
    k.area.height = least(area.height, image->height - area.y);
    sol_pool_run(pool, band_from_planes, &k, (k.area.height + BAND - 1) / BAND);
}

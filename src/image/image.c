/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures: reference counting, and conversion to and from float planes.
 */
#include "image/image.h"

#include "base/error.h"
#include "base/memory.h"

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

/* Index i of a row of n samples continued by reflection: n-2, n-3, .. behind n-1. */
static int reflect(int i, int n)
{
    int period = 2 * (n - 1);
    if (n == 1)
        return 0;
    i %= period;
    return i < n ? i : period - i;
}

void sol_image_to_planes(const SolImage *image, float *planes, int width, int height)
{
    size_t plane = (size_t)width * (size_t)height;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = sol_image_row_const(image, reflect(y, image->height));
        float *out = planes + (size_t)y * (size_t)width;
        int within = width < image->width ? width : image->width;
        for (int x = 0; x < within; x++)
            for (int c = 0; c < 3; c++)
                out[(size_t)c * plane + (size_t)x] = (float)row[3 * x + c] * (1.0f / 255.0f);
        for (int x = within; x < width; x++)
            for (int c = 0; c < 3; c++)
                out[(size_t)c * plane + (size_t)x] = out[(size_t)c * plane + (size_t)reflect(x, image->width)];
    }
}

void sol_image_from_planes(SolImage *image, const float *planes, int width, int height)
{
    size_t plane = (size_t)width * (size_t)height;
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = sol_image_row(image, y);
        const float *in = planes + (size_t)y * (size_t)width;
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++) {
                float v = in[(size_t)c * plane + (size_t)x] * 255.0f + 0.5f;
                row[3 * x + c] = (uint8_t)(v >= 255.0f ? 255.0f : v > 0.0f ? v : 0.0f);
            }
    }
}

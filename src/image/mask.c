/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks, pixel by pixel.
 */
#include "image/mask.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

int sol_mask_create(SolMask **out, int width, int height)
{
    SolMask *mask;
    if (width < 1 || height < 1 || width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a mask of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    mask = sol_calloc(1, sizeof *mask);
    if (!mask || !(mask->values = sol_calloc((size_t)width * (size_t)height, 1))) {
        sol_free(mask);
        return sol_fail_memory("a mask");
    }
    mask->width = width;
    mask->height = height;
    *out = mask;
    return SOL_OK;
}

static size_t size_of(const SolMask *mask)
{
    return (size_t)mask->width * (size_t)mask->height;
}

/* a * b / 255, rounded to nearest, for 0..255 each. */
static uint8_t product(unsigned a, unsigned b)
{
    unsigned scaled = a * b + 128;
    return (uint8_t)((scaled + (scaled >> 8)) >> 8);
}

void sol_mask_fill(SolMask *mask, uint8_t value)
{
    memset(mask->values, value, size_of(mask));
}

void sol_mask_invert(SolMask *mask)
{
    for (size_t i = 0, count = size_of(mask); i < count; i++)
        mask->values[i] = (uint8_t)(255 - mask->values[i]);
}

void sol_mask_fade(SolMask *mask, double opacity)
{
    uint8_t faded[256];
    for (int v = 0; v < 256; v++)
        faded[v] = (uint8_t)(v * opacity + 0.5);
    for (size_t i = 0, count = size_of(mask); i < count; i++)
        mask->values[i] = faded[mask->values[i]];
}

void sol_mask_unite(SolMask *mask, const SolMask *with)
{
    for (size_t i = 0, count = size_of(mask); i < count; i++)
        if (with->values[i] > mask->values[i])
            mask->values[i] = with->values[i];
}

void sol_mask_subtract(SolMask *mask, const SolMask *without)
{
    for (size_t i = 0, count = size_of(mask); i < count; i++)
        mask->values[i] = product(mask->values[i], 255u - without->values[i]);
}

void sol_mask_intersect(SolMask *mask, const SolMask *with)
{
    for (size_t i = 0, count = size_of(mask); i < count; i++)
        mask->values[i] = product(mask->values[i], with->values[i]);
}

void sol_mask_compose(SolImage *under, const SolImage *over, const SolMask *mask)
{
    for (int y = 0; y < mask->height; y++) {
        const uint8_t *m = sol_mask_row(mask, y), *o = sol_image_row_const(over, y);
        uint8_t *u = sol_image_row(under, y);
        for (int x = 0; x < mask->width; x++)
            for (int c = 0; c < 3; c++) {
                size_t i = (size_t)x * 3 + (size_t)c;
                u[i] = (uint8_t)((o[i] * m[x] + u[i] * (255u - m[x]) + 127) / 255);
            }
    }
}

void sol_mask_close(SolMask **mask)
{
    if (!*mask)
        return;
    sol_free((*mask)->values);
    sol_free(*mask);
    *mask = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Remapping and Floyd-Steinberg error diffusion. Errors are kept in sixteenths of a level.
 *
 * An eighth of every error is dropped: where the palette has no colour beyond that of the picture, a
 * whole error would be handed on for ever and come out as noise elsewhere. It costs next to nothing in
 * how well areas keep their colour, and makes the result both closer to the picture and smaller.
 */
#include "media/dither.h"

#include "base/error.h"
#include "base/memory.h"

enum { KEPT = 7, OF = 8 }; /* of each error */

void sol_remap(const SolImage *image, SolColourMap *map, uint8_t *indices)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *pixel = sol_image_row_const(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3)
            *indices++ = (uint8_t)sol_colour_map_find(map, pixel[0], pixel[1], pixel[2]);
    }
}

static int clamp(int level)
{
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

/*
 * One row, from left to right (step 1) or back (-1). below[3 * (x + 1) + c] holds what the row above
 * left for pixel x; it is replaced by what this row leaves for the next one.
 */
static void diffuse_row(const uint8_t *row, int width, int step, SolColourMap *map, int *below, uint8_t *indices)
{
    const SolPalette *palette = sol_colour_map_palette(map);
    int ahead[3] = {0}, behind[3] = {0}, corner[3] = {0}; /* for this pixel; for the next row, behind and under it */
    int x = step > 0 ? 0 : width - 1;
    for (int n = 0; n < width; n++, x += step) {
        const uint8_t *pixel = row + 3 * (ptrdiff_t)x;
        int *own = below + 3 * ((ptrdiff_t)x + 1), *former = own - 3 * step, level[3], index;
        for (int c = 0; c < 3; c++)
            level[c] = clamp(pixel[c] + ((ahead[c] + own[c] + 8) >> 4));
        index = sol_colour_map_find(map, level[0], level[1], level[2]);
        indices[x] = (uint8_t)index;
        for (int c = 0; c < 3; c++) {
            int error = (level[c] - palette->colour[index][c]) * KEPT / OF;
            ahead[c] = 7 * error;
            former[c] = behind[c] + 3 * error;
            behind[c] = corner[c] + 5 * error;
            corner[c] = error;
        }
    }
    /* the last pixel's own place; what falls outside the row is dropped */
    for (int c = 0; c < 3; c++)
        below[3 * ((ptrdiff_t)(x - step) + 1) + c] = behind[c];
}

int sol_dither(const SolImage *image, SolColourMap *map, uint8_t *indices)
{
    /* a margin of one pixel on either side catches what falls outside */
    int *below = sol_calloc((size_t)image->width + 2, 3 * sizeof *below);
    if (!below)
        return sol_fail_memory("dithering");
    for (int y = 0; y < image->height; y++)
        diffuse_row(sol_image_row_const(image, y), image->width, y % 2 == 0 ? 1 : -1, map, below,
                    indices + (size_t)y * (size_t)image->width);
    sol_free(below);
    return SOL_OK;
}

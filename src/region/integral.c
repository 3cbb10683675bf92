/* SPDX-License-Identifier: Apache-2.0
 *
 * Integral images, upright (Crow 1984) and tilted (Lienhart & Maydt 2002), and the scaling of grey pictures for them.
 */
#include "region/integral.h"

#include <math.h>
#include <string.h>

static void fill_row(uint32_t *sums, const uint32_t *above, const uint8_t *pixels, int width)
{
    uint32_t sum = 0;
    sums[0] = 0;
    for (int x = 0; x < width; x++) {
        sum += pixels[x];
        sums[x + 1] = above[x + 1] + sum;
    }
}

static void fill_squares(uint32_t *squares, const uint32_t *above, const uint8_t *pixels, int width)
{
    uint32_t sum = 0;
    squares[0] = 0;
    for (int x = 0; x < width; x++) {
        sum += (uint32_t)pixels[x] * pixels[x];
        squares[x + 1] = above[x + 1] + sum;
    }
}

/* Row y + 1, whose triangles end in the pixels of row y. Those that end just beside the picture are as those of the row
   above one pixel further in. */
static void fill_tilted(uint32_t *tilted, size_t stride, const uint8_t *grey, int width, int y)
{
    const uint32_t *above = tilted + (size_t)y * stride, *top = y > 0 ? above - stride : NULL;
    const uint8_t *row = grey + (size_t)y * (size_t)width, *before = y > 0 ? row - width : NULL;
    uint32_t *to = tilted + (size_t)(y + 1) * stride;
    to[0] = above[1];
    for (int x = 1; x <= width; x++) {
        uint32_t right = x < width ? above[x + 1] : top ? top[width] : 0;
        to[x] = above[x - 1] + right - (top ? top[x] : 0) + row[x - 1] + (before ? before[x - 1] : 0);
    }
}

void sol_integral_fill(const SolIntegral *integral, const uint8_t *grey, int width, int height)
{
    size_t stride = integral->stride, row = ((size_t)width + 1) * sizeof(uint32_t);
    memset(integral->sums, 0, row);
    if (integral->squares)
        memset(integral->squares, 0, row);
    if (integral->tilted)
        memset(integral->tilted, 0, row);
    for (int y = 0; y < height; y++) {
        size_t at = (size_t)(y + 1) * stride;
        const uint8_t *pixels = grey + (size_t)y * (size_t)width;
        fill_row(integral->sums + at, integral->sums + at - stride, pixels, width);
        if (integral->squares)
            fill_squares(integral->squares + at, integral->squares + at - stride, pixels, width);
        if (integral->tilted)
            fill_tilted(integral->tilted, stride, grey, width, y);
    }
}

/* Where pixel i of `to` lies among `from`: between pixels *at and *next, so far (0..256) from the one to the other. */
static unsigned place(int i, int to, int from, int *at, int *next)
{
    double x = (i + 0.5) * from / to - 0.5;
    *at = (int)floor(x);
    if (*at < 0) {
        *at = *next = 0;
        return 0;
    }
    *next = *at + 1 < from ? *at + 1 : from - 1;
    return (unsigned)lrint((x - *at) * 256);
}

void sol_grey_scale(uint8_t *to, int to_width, int to_height, const uint8_t *grey, int width, int height)
{
    for (int y = 0; y < to_height; y++) {
        int y0, y1;
        unsigned down = place(y, to_height, height, &y0, &y1);
        const uint8_t *a = grey + (size_t)y0 * (size_t)width, *b = grey + (size_t)y1 * (size_t)width;
        uint8_t *row = to + (size_t)y * (size_t)to_width;
        for (int x = 0; x < to_width; x++) {
            int x0, x1;
            unsigned along = place(x, to_width, width, &x0, &x1);
            unsigned above = a[x0] * (256 - along) + a[x1] * along, below = b[x0] * (256 - along) + b[x1] * along;
            row[x] = (uint8_t)((above * (256 - down) + below * down + 32768) >> 16);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Growing and shrinking by discs. A disc is a stack of horizontal lines, the longer the nearer they are to its middle;
 * the largest value along a line of k pixels to either side comes from that of k - 1. So a pixel costs a few operations
 * a row of the disc, on bytes, sixteen and more of them at once.
 */
#include "region/clean.h"

#include "base/error.h"
#include "base/memory.h"
#include "region/bands.h"

#include <math.h>
#include <string.h>

enum { BAND = 64, PADDING = SOL_ALIGNMENT };

typedef struct Growing {
    const SolMask *from;
    uint8_t *to;       /* [height][width], zeros */
    uint8_t *lines;    /* [bands][2][stride] */
    size_t stride;
    int reach;         /* rows above and below */
    int half[SOL_DISC_MAX + 1]; /* of the disc's line so many rows off its middle: pixels to either side */
    int band;          /* rows a band */
} Growing;

static void raise_row(uint8_t *restrict to, const uint8_t *restrict from, int width)
{
    for (int x = 0; x < width; x++)
        to[x] = from[x] > to[x] ? from[x] : to[x];
}

/* to[x] = the largest of from[x - 1..x + 1]; `from` has a zero at either end. */
static void widen(uint8_t *restrict to, const uint8_t *restrict from, int width)
{
    for (int x = 0; x < width; x++) {
        uint8_t sides = from[x - 1] > from[x + 1] ? from[x - 1] : from[x + 1];
        to[x] = sides > from[x] ? sides : from[x];
    }
}

static void grow_band(void *context, int item)
{
    const Growing *g = context;
    int width = g->from->width, height = g->from->height;
    SolBand rows = sol_band(height, g->band, item);
    uint8_t *line = g->lines + (size_t)item * 2 * g->stride + PADDING, *other = line + g->stride;
    for (int y = rows.first - g->reach; y < rows.end + g->reach; y++) {
        int half = 0;
        if (y < 0 || y >= height)
            continue;
        memcpy(line, sol_mask_row(g->from, y), (size_t)width);
        for (int dy = g->reach; dy >= 0; dy--) {
            for (; half < g->half[dy]; half++) {
                uint8_t *swap = line;
                widen(other, line, width);
                line = other;
                other = swap;
            }
            if (y - dy >= rows.first && y - dy < rows.end)
                raise_row(g->to + (size_t)(y - dy) * (size_t)width, line, width);
            if (dy > 0 && y + dy >= rows.first && y + dy < rows.end)
                raise_row(g->to + (size_t)(y + dy) * (size_t)width, line, width);
        }
    }
}

int sol_mask_dilate(SolMask *mask, double radius, SolPool *pool)
{
    Growing g = {.from = mask, .reach = (int)fmin(radius, SOL_DISC_MAX)};
    int bands;
    if (radius < 1)
        return SOL_OK;
    for (int dy = 0; dy <= g.reach; dy++)
        g.half[dy] = (int)sqrt(radius * radius - (double)dy * dy + 1e-9);
    g.band = g.reach > BAND ? g.reach : BAND;
    bands = sol_band_count(mask->height, g.band);
    g.stride = ((size_t)mask->width + 2 * PADDING + PADDING - 1) / PADDING * PADDING;
    g.lines = sol_calloc((size_t)bands * 2, g.stride);
    g.to = sol_calloc((size_t)mask->height, (size_t)mask->width);
    if (!g.lines || !g.to) {
        sol_free(g.lines);
        sol_free(g.to);
        return sol_fail_memory("a mask that grows");
    }
    sol_band_run(pool, grow_band, &g, bands);
    sol_free(g.lines);
    sol_free(mask->values);
    mask->values = g.to;
    return SOL_OK;
}

int sol_mask_erode(SolMask *mask, double radius, SolPool *pool)
{
    int code;
    sol_mask_invert(mask);
    code = sol_mask_dilate(mask, radius, pool);
    sol_mask_invert(mask);
    return code;
}

int sol_mask_opening(SolMask *mask, double radius, SolPool *pool)
{
    int code = radius < 1 ? SOL_OK : sol_mask_erode(mask, radius, pool);
    return code ? code : sol_mask_dilate(mask, radius, pool);
}

int sol_mask_closing(SolMask *mask, double radius, SolPool *pool)
{
    int code = radius < 1 ? SOL_OK : sol_mask_dilate(mask, radius, pool);
    return code ? code : sol_mask_erode(mask, radius, pool);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Softening the edge of a mask: three moving means along the rows, and three along the columns, of 16-bit values. What
 * a mean costs does not depend on how wide it is.
 */
#include "region/outline.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { ROWS = 16, COLUMNS = 32, WIDEST = 32767 }; /* of an item; of a mean, so that 16-bit sums have 31 bits */

/* A mean over a width of pixels that need not be whole: the two outermost ones count as far as they are covered. */
typedef struct Box {
    int reach;    /* whole pixels to either side */
    int part;     /* of the pixels beyond those, in 1/256 */
    double share; /* 1 / (256 * width) */
} Box;

typedef struct Feathering {
    SolMask *mask;
    uint16_t *plane;   /* [height][width] between both directions */
    uint16_t *scratch; /* a piece for every item */
    size_t piece;
    Box box;
} Feathering;

static inline int clamp_to(int i, int count)
{
    return i < 0 ? 0 : i < count ? i : count - 1;
}

static inline uint16_t mean_of(const Box *box, int32_t sum, int32_t ends)
{
    return (uint16_t)(((double)sum * 256 + (double)ends * box->part) * box->share + 0.5);
}

/* The means along `count` lines side by side, of `length` samples each: sample i of line x is from[i * count + x]. */
static void box_lines(uint16_t *restrict to, const uint16_t *restrict from, int length, int count, const Box *box)
{
    int32_t sums[COLUMNS];
    for (int x = 0; x < count; x++)
        sums[x] = 0;
    for (int i = -box->reach; i <= box->reach; i++)
        for (int x = 0; x < count; x++)
            sums[x] += from[clamp_to(i, length) * count + x];
    for (int i = 0; i < length; i++) {
        const uint16_t *leaves = from + clamp_to(i - box->reach, length) * count;
        const uint16_t *enters = from + clamp_to(i + box->reach + 1, length) * count;
        const uint16_t *before = from + clamp_to(i - box->reach - 1, length) * count;
        for (int x = 0; x < count; x++) {
            to[i * count + x] = mean_of(box, sums[x], before[x] + enters[x]);
            sums[x] += enters[x] - leaves[x];
        }
    }
}

/* Three means one after the other; the last is in `to`, and `lines` is overwritten, too. */
static void box_thrice(uint16_t *to, uint16_t *lines, int length, int count, const Box *box)
{
    box_lines(to, lines, length, count, box);
    box_lines(lines, to, length, count, box);
    box_lines(to, lines, length, count, box);
}

/* A few rows of the mask, side by side, into the plane. */
static void feather_rows(void *context, int item)
{
    const Feathering *f = context;
    int width = f->mask->width, top = item * ROWS;
    int count = f->mask->height - top < ROWS ? f->mask->height - top : ROWS;
    uint16_t *lines = f->scratch + (size_t)item * f->piece, *other = lines + f->piece / 2;
    for (int y = 0; y < count; y++) {
        const uint8_t *row = sol_mask_row(f->mask, top + y);
        for (int x = 0; x < width; x++)
            lines[x * count + y] = (uint16_t)(row[x] * 257);
    }
    box_thrice(other, lines, width, count, &f->box);
    for (int y = 0; y < count; y++)
        for (int x = 0; x < width; x++)
            f->plane[(size_t)(top + y) * (size_t)width + (size_t)x] = other[x * count + y];
}

/* A few columns of the plane into the mask. */
static void feather_columns(void *context, int item)
{
    const Feathering *f = context;
    int height = f->mask->height, left = item * COLUMNS;
    int count = f->mask->width - left < COLUMNS ? f->mask->width - left : COLUMNS;
    uint16_t *lines = f->scratch + (size_t)item * f->piece, *other = lines + f->piece / 2;
    for (int y = 0; y < height; y++)
        memcpy(lines + y * count, f->plane + (size_t)y * (size_t)f->mask->width + left, (size_t)count * sizeof *lines);
    box_thrice(other, lines, height, count, &f->box);
    for (int y = 0; y < height; y++) {
        uint8_t *row = sol_mask_row(f->mask, y) + left;
        for (int x = 0; x < count; x++)
            row[x] = (uint8_t)((other[y * count + x] + 128u) / 257u);
    }
}

int sol_mask_feather(SolMask *mask, double pixels, SolPool *pool)
{
    /* An edge of a pixel that is smoothed by boxes of a width w each is 1 + 3 (w - 1) wide. */
    double width = fmin((pixels + 2) / 3, WIDEST), side;
    int rows = (mask->height + ROWS - 1) / ROWS, columns = (mask->width + COLUMNS - 1) / COLUMNS;
    Feathering f = {.mask = mask};
    size_t across = 2 * (size_t)mask->width * ROWS, down = 2 * (size_t)mask->height * COLUMNS, size;
    if (!(pixels > 1 + 3.0 / 128)) /* NaN is none, either */
        return SOL_OK;
    side = (width - 1) / 2;
    f.box = (Box){(int)side, (int)((side - floor(side)) * 256), 0};
    f.box.share = 1 / (256.0 * (2 * f.box.reach + 1) + 2.0 * f.box.part);
    size = across * (size_t)rows > down * (size_t)columns ? across * (size_t)rows : down * (size_t)columns;
    f.plane = sol_alloc((size_t)mask->width * (size_t)mask->height, sizeof *f.plane);
    f.scratch = sol_alloc(size, sizeof *f.scratch);
    if (!f.plane || !f.scratch) {
        sol_free(f.plane);
        sol_free(f.scratch);
        return sol_fail_memory("softening a mask");
    }
    f.piece = across;
    sol_pool_run(pool, feather_rows, &f, rows);
    f.piece = down;
    sol_pool_run(pool, feather_columns, &f, columns);
    sol_free(f.plane);
    sol_free(f.scratch);
    return SOL_OK;
}

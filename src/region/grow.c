/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving the edge of a mask. A disc is a stack of chords, and the largest value below a chord is that of two runs of
 * 2^k pixels that cover it, which a table has for all k (Urbach & Wilkinson, "Efficient 2-D grayscale morphological
 * transformations with arbitrary flat structuring elements", 2008): a few byte operations a chord, for many pixels at
 * once.
 */
#include "region/outline.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { STRIP = 256 }; /* columns that a worker takes at a time */

/* Row dy of a disc, counted from its middle. */
typedef struct Chord {
    int reach; /* it covers so many pixels to either side of the middle, */
    int level; /* and is covered by two runs of 2^level pixels */
} Chord;

/* One dilation. */
typedef struct Dilation {
    const SolMask *from;
    SolMask *to;
    int radius;      /* of the disc, in whole pixels */
    Chord *chords;   /* [radius + 1] */
    uint8_t *tables; /* [strips][levels][row] the largest of 2^k pixels from each one on */
    int levels;      /* as many as the longest chord takes */
    size_t row;      /* of a table: a strip, and what the disc reaches beside it */
} Dilation;

static inline uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* A run of 2^k pixels is two of 2^(k-1). */
static void double_run(uint8_t *restrict to, const uint8_t *restrict from, size_t half, size_t count)
{
    for (size_t x = 0; x < count; x++)
        to[x] = larger(from[x], from[x + half]);
}

/* to = max(to, a, b). */
static void take_larger(uint8_t *restrict to, const uint8_t *restrict a, const uint8_t *restrict b, size_t count)
{
    for (size_t x = 0; x < count; x++)
        to[x] = larger(to[x], larger(a[x], b[x]));
}

/* Fills the table of a strip for row y; false where all of it is 0. */
static bool fill_table(const Dilation *d, uint8_t *table, int left, int width, int y)
{
    const uint8_t *from = sol_mask_row(d->from, y);
    int begin = left - d->radius, end = left + width + d->radius;
    int first = begin > 0 ? begin : 0, last = end < d->from->width ? end : d->from->width;
    size_t length = d->row;
    bool any = false;
    memset(table, 0, d->row);
    memcpy(table + (first - begin), from + first, (size_t)(last - first));
    for (int x = first; x < last && !any; x++)
        any = from[x] != 0;
    for (int k = 1; k < d->levels && any; k++, table += d->row) {
        size_t half = (size_t)1 << (k - 1);
        length -= half;
        double_run(table + d->row, table, half, length);
    }
    return any;
}

static void dilate_strip(void *context, int strip)
{
    const Dilation *d = context;
    int left = strip * STRIP, width = d->from->width - left < STRIP ? d->from->width - left : STRIP;
    uint8_t *table = d->tables + (size_t)strip * (size_t)d->levels * d->row;
    for (int y = 0; y < d->from->height; y++) {
        int top = y - d->radius > 0 ? y - d->radius : 0;
        int bottom = y + d->radius < d->from->height - 1 ? y + d->radius : d->from->height - 1;
        if (!fill_table(d, table, left, width, y))
            continue;
        for (int to = top; to <= bottom; to++) {
            Chord chord = d->chords[to > y ? to - y : y - to];
            const uint8_t *runs = table + (size_t)chord.level * d->row + (d->radius - chord.reach);
            take_larger(sol_mask_row(d->to, to) + left, runs, runs + (2 * chord.reach + 1 - (1 << chord.level)),
                        (size_t)width);
        }
    }
}

/* A little more than the radius: along the axes the disc reaches exactly that far, and on the whole, too. */
static Chord chord_of(int radius, int dy)
{
    Chord chord = {(int)sqrt((double)radius * radius + 0.7 * radius - (double)dy * dy), 0};
    while (2 << chord.level <= 2 * chord.reach + 1)
        chord.level++;
    return chord;
}

/* `to`, which is all zeros, becomes `from` dilated by a disc of `radius` pixels. */
static int dilate(SolMask *to, const SolMask *from, int radius, SolPool *pool)
{
    Dilation d = {.from = from, .to = to, .radius = radius, .row = (size_t)(STRIP + 2 * radius)};
    int strips = (from->width + STRIP - 1) / STRIP;
    size_t size;
    d.levels = chord_of(radius, 0).level + 1;
    d.chords = sol_alloc((size_t)radius + 1, sizeof *d.chords);
    d.tables = sol_mul((size_t)strips * (size_t)d.levels, d.row, &size) ? sol_alloc(size, 1) : NULL;
    if (!d.chords || !d.tables) {
        sol_free(d.chords);
        sol_free(d.tables);
        return sol_fail_memory("growing a mask");
    }
    for (int dy = 0; dy <= radius; dy++)
        d.chords[dy] = chord_of(radius, dy);
    sol_pool_run(pool, dilate_strip, &d, strips);
    sol_free(d.chords);
    sol_free(d.tables);
    return SOL_OK;
}

/* mask = (1 - part) * a + part * b. */
static void mix(SolMask *mask, const SolMask *a, const SolMask *b, double part)
{
    size_t count = (size_t)mask->width * (size_t)mask->height;
    unsigned weight = (unsigned)(part * 256 + 0.5);
    for (size_t i = 0; i < count; i++)
        mask->values[i] = (uint8_t)((a->values[i] * (256 - weight) + b->values[i] * weight + 128) >> 8);
}

static int grow(SolMask *mask, double pixels, SolPool *pool)
{
    int whole = (int)pixels, result;
    double part = pixels - whole;
    SolMask *near = NULL, *far = NULL;
    if ((result = sol_mask_create(&near, mask->width, mask->height)) == SOL_OK)
        result = dilate(near, mask, whole, pool);
    if (result == SOL_OK && part >= 1.0 / 512) {
        if ((result = sol_mask_create(&far, mask->width, mask->height)) == SOL_OK &&
            (result = dilate(far, mask, whole + 1, pool)) == SOL_OK)
            mix(mask, near, far, part);
    } else if (result == SOL_OK) {
        memcpy(mask->values, near->values, (size_t)mask->width * (size_t)mask->height);
    }
    sol_mask_close(&near);
    sol_mask_close(&far);
    return result;
}

int sol_mask_grow(SolMask *mask, double pixels, SolPool *pool)
{
    double distance = fmin(fabs(pixels), hypot(mask->width, mask->height));
    int result;
    if (!(fabs(pixels) >= 1.0 / 512)) /* NaN is none, either */
        return SOL_OK;
    if (pixels > 0)
        return grow(mask, distance, pool);
    sol_mask_invert(mask);
    result = grow(mask, distance, pool);
    sol_mask_invert(mask);
    return result;
}

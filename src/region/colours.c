/* SPDX-License-Identifier: Apache-2.0
 *
 * Coverage of colours by ranges of HSV and by distance in Oklab, and the table that remembers it. The table has an
 * entry for each of the 2^24 colours and is filled as they come: films show a small part of them, again and again.
 * Colours that are alike lie together in it (bits of R, G and B take turns, two by two), so that those of a frame stay
 * in the processor's caches.
 */
#include "region/colours.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

struct SolColourTable {
    const SolKeyColours *colours;
    int count;
    double soft;
    uint32_t place[3][256]; /* of a component's value: their sum is that of the colour */
    _Atomic uint8_t *cover; /* [1 << 24]; 0: not computed yet */
};

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

void sol_hsv_of(const uint8_t rgb[3], double hsv[3])
{
    double r = rgb[0], g = rgb[1], b = rgb[2];
    double most = larger(r, larger(g, b)), chroma = most - smaller(r, smaller(g, b)), hue = 0;
    if (chroma > 0) {
        if (most == r)
            hue = 60 * (g - b) / chroma;
        else if (most == g)
            hue = 120 + 60 * (b - r) / chroma;
        else
            hue = 240 + 60 * (r - g) / chroma;
    }
    hsv[0] = hue < 0 ? hue + 360 : hue;
    hsv[1] = most > 0 ? 100 * chroma / most : 0;
    hsv[2] = most * 100 / 255;
}

void sol_oklab_of_linear(const double linear[3], double lab[3])
{
    double r = linear[0], g = linear[1], b = linear[2];
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

void sol_oklab_of(const uint8_t rgb[3], double lab[3])
{
    double linear[3];
    for (int c = 0; c < 3; c++) {
        double v = rgb[c] / 255.0;
        linear[c] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    sol_oklab_of_linear(linear, lab);
}

/* 1 up to 0, 0 from `width` on, smooth between. */
static double fall(double distance, double width)
{
    double t;
    if (distance <= 0)
        return 1;
    if (distance >= width)
        return 0;
    t = 1 - distance / width;
    return t * t * (3 - 2 * t);
}

static double outside(double number, const double range[2])
{
    return larger(range[0] - number, number - range[1]);
}

/* How many degrees a hue lies outside of a range on the circle. */
static double outside_hue(double hue, const double range[2])
{
    double span = range[1] - range[0], beyond;
    if (span >= 360 || span <= -360)
        return 0;
    if (span < 0)
        span += 360;
    beyond = hue < range[0] ? hue - range[0] + 360 : hue - range[0];
    return beyond <= span ? 0 : smaller(beyond - span, 360 - beyond);
}

static double cover_hue(const SolKeyColours *colours, double soft, const uint8_t rgb[3], double hue)
{
    enum { NONE = 2, ENOUGH = 8 }; /* levels between a colour's largest and least component */
    double chroma = larger(rgb[0], larger(rgb[1], rgb[2])) - smaller(rgb[0], smaller(rgb[1], rgb[2]));
    return fall(outside_hue(hue, colours->hue), 6 * soft) * fall(ENOUGH - chroma, ENOUGH - NONE);
}

double sol_colours_cover(const SolKeyColours *colours, double soft, const uint8_t rgb[3])
{
    double hsv[3], lab[3], near[3], cover;
    sol_hsv_of(rgb, hsv);
    cover = smaller(fall(outside(hsv[1], colours->saturation), 4 * soft),
                    fall(outside(hsv[2], colours->value), 4 * soft));
    if (colours->by_hue)
        cover = smaller(cover, cover_hue(colours, soft, rgb, hsv[0]));
    if (!colours->by_nearness || cover == 0)
        return cover;
    sol_oklab_of(rgb, lab);
    sol_oklab_of(colours->near, near);
    double distance = sqrt((lab[0] - near[0]) * (lab[0] - near[0]) + (lab[1] - near[1]) * (lab[1] - near[1]) +
                           (lab[2] - near[2]) * (lab[2] - near[2]));
    return smaller(cover, fall(distance - colours->within, colours->within * soft / 4));
}

int sol_colour_table_open(SolColourTable **out, const SolKeyColours *colours, int count, double soft)
{
    SolColourTable *table = sol_calloc(1, sizeof *table);
    /* of the C library: pages of it that are never touched take no memory */
    if (!table || !(table->cover = calloc((size_t)1 << 24, 1))) {
        sol_free(table);
        return sol_fail_memory("a key's colours");
    }
    table->colours = colours;
    table->count = count;
    table->soft = soft;
    for (uint32_t v = 0; v < 256; v++) {
        uint32_t spread = (v & 3) | (v >> 2 & 3) << 6 | (v >> 4 & 3) << 12 | v >> 6 << 18;
        for (int c = 0; c < 3; c++)
            table->place[c][v] = spread << 2 * (2 - c);
    }
    *out = table;
    return SOL_OK;
}

static uint8_t compute(const SolColourTable *table, const uint8_t rgb[3])
{
    double cover = 0;
    for (int i = 0; i < table->count && cover < 1; i++)
        cover = larger(cover, sol_colours_cover(&table->colours[i], table->soft, rgb));
    return (uint8_t)(1.5 + 254 * cover);
}

void sol_colour_table_row(SolColourTable *table, const uint8_t *rgb, int width, uint8_t *cover,
                          uint8_t *const planes[3])
{
    for (int x = 0; x < width; x++) {
        const uint8_t *pixel = rgb + 3 * (size_t)x;
        _Atomic uint8_t *entry =
            &table->cover[table->place[0][pixel[0]] + table->place[1][pixel[1]] + table->place[2][pixel[2]]];
        uint8_t known = atomic_load_explicit(entry, memory_order_relaxed);
        if (known == 0) {
            known = compute(table, pixel);
            atomic_store_explicit(entry, known, memory_order_relaxed); /* another thread may store the same */
        }
        cover[x] = known;
    }
    for (int x = 0; planes && x < width; x++)
        for (int c = 0; c < 3; c++)
            planes[c][x] = rgb[3 * x + c];
}

void sol_colour_table_close(SolColourTable **table)
{
    if (!*table)
        return;
    free((void *)(*table)->cover);
    sol_free(*table);
    *table = NULL;
}

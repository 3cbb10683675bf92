/* SPDX-License-Identifier: Apache-2.0
 *
 * Colour quantisation: a sparse histogram, Wu's variance-based splitting over its cells, and k-means.
 * Distances are Euclidean in the picture's own RGB.
 */
#include "media/palette.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/colour_map.h"

#include <stdlib.h>
#include <string.h>

enum {
    BITS = 6,                   /* of each channel that tell the cell */
    LEVELS = 1 << BITS,
    CELLS = 1 << (3 * BITS),
    SAMPLE = 3,                 /* a pixel in so many squared tells of an error */
    MANY = 1 << 15,             /* from so many pixels on, only the black squares of a chessboard are counted */
    HASH = 1024                 /* slots for the colours of a picture with few of them */
};

/* The pixels of one cell. */
typedef struct Cell {
    uint8_t level[3];           /* R, G, B in BITS bits */
    uint32_t pixels;
    uint64_t sum[3];            /* of their R, G and B */
    uint64_t squares;           /* of R * R + G * G + B * B */
} Cell;

struct SolHistogram {
    uint32_t *place;            /* [CELLS] place in cells, from 1; 0: no pixel yet */
    Cell *cells;                /* [count] */
    size_t count, capacity;
    double pixels;
};

int sol_histogram_open(SolHistogram **out)
{
    SolHistogram *histogram = sol_calloc(1, sizeof *histogram);
    if (!histogram || !(histogram->place = sol_calloc(CELLS, sizeof *histogram->place))) {
        sol_free(histogram);
        return sol_fail_memory("a colour histogram");
    }
    *out = histogram;
    return SOL_OK;
}

void sol_histogram_close(SolHistogram **out)
{
    SolHistogram *histogram = *out;
    *out = NULL;
    if (!histogram)
        return;
    sol_free(histogram->place);
    free(histogram->cells);
    sol_free(histogram);
}

static uint32_t cell_of(const uint8_t level[3])
{
    return (uint32_t)level[0] << (2 * BITS) | (uint32_t)level[1] << BITS | level[2];
}

static Cell *add_cell(SolHistogram *histogram, const uint8_t level[3])
{
    void *cells = histogram->cells;
    Cell *cell;
    if (!sol_grow(&cells, &histogram->capacity, histogram->count + 1, sizeof *cell))
        return NULL;
    histogram->cells = cells;
    cell = histogram->cells + histogram->count++;
    memset(cell, 0, sizeof *cell);
    memcpy(cell->level, level, sizeof cell->level);
    histogram->place[cell_of(level)] = (uint32_t)histogram->count;
    return cell;
}

int sol_histogram_count(SolHistogram *histogram, const SolImage *image, const SolImage *former)
{
    const int step = (int64_t)image->width * image->height > MANY ? 2 : 1;
    for (size_t i = 0; i < histogram->count; i++)
        histogram->place[cell_of(histogram->cells[i].level)] = 0;
    histogram->count = 0;
    histogram->pixels = 0;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = sol_image_row_const(image, y), *old = former ? sol_image_row_const(former, y) : NULL;
        for (int x = y % step; x < image->width; x += step) {
            const uint8_t *pixel = row + 3 * (ptrdiff_t)x;
            if (old && memcmp(pixel, old + 3 * (ptrdiff_t)x, 3) == 0)
                continue;
            unsigned r = pixel[0], g = pixel[1], b = pixel[2];
            const uint8_t level[3] = {(uint8_t)(r >> (8 - BITS)), (uint8_t)(g >> (8 - BITS)),
                                      (uint8_t)(b >> (8 - BITS))};
            uint32_t place = histogram->place[cell_of(level)];
            Cell *cell = place ? histogram->cells + place - 1 : add_cell(histogram, level);
            if (!cell)
                return sol_fail_memory("a colour histogram");
            cell->pixels++;
            histogram->pixels++;
            cell->sum[0] += r;
            cell->sum[1] += g;
            cell->sum[2] += b;
            cell->squares += r * r + g * g + b * b;
        }
    }
    return SOL_OK;
}

/* The palette's colour nearest, or nearly so, to the mean of the cell's pixels. */
static int nearest_to(const Cell *cell, SolColourMap *map)
{
    uint64_t half = cell->pixels / 2;
    return sol_colour_map_guess(map, (int)((cell->sum[0] + half) / cell->pixels),
                                (int)((cell->sum[1] + half) / cell->pixels),
                                (int)((cell->sum[2] + half) / cell->pixels));
}

double sol_histogram_error(const SolHistogram *histogram, SolColourMap *map)
{
    const SolPalette *palette = sol_colour_map_palette(map);
    double error = 0;
    for (size_t i = 0; i < histogram->count; i++) {
        const Cell *cell = histogram->cells + i;
        const uint8_t *colour = palette->colour[nearest_to(cell, map)];
        error += (double)cell->squares;
        for (int c = 0; c < 3; c++)
            error += (double)colour[c] * ((double)cell->pixels * colour[c] - 2.0 * (double)cell->sum[c]);
    }
    return error / histogram->pixels;
}

double sol_palette_error(SolColourMap *map, const SolImage *image, const SolImage *former)
{
    double sum = 0;
    for (int y = 0; y < image->height; y += SAMPLE) {
        const uint8_t *pixel = sol_image_row_const(image, y), *old = former ? sol_image_row_const(former, y) : NULL;
        for (int x = y / SAMPLE % SAMPLE; x < image->width; x += SAMPLE) {
            const uint8_t *at = pixel + 3 * (ptrdiff_t)x;
            if (!old || memcmp(at, old + 3 * (ptrdiff_t)x, 3) != 0)
                sum += sol_near_best(sol_colour_map_near(map, at[0], at[1], at[2]), at[0], at[1], at[2]) >>
                       SOL_NEAR_BITS;
        }
    }
    return sum * SAMPLE * SAMPLE;
}

/* ---- splitting ---- */

/* A box of colours: the cells first .. last - 1, their moments, and where it is best cut in two. */
typedef struct Box {
    size_t first, last;
    double pixels, sum[3], squares;
    double error;               /* summed squared distance of the pixels from their mean */
    double gain;                /* by how much the best cut lowers it; 0 where it cannot be cut */
    int axis, level;            /* the best cut: cells up to `level` along `axis` to one side */
} Box;

/* What lies at one level of a box along an axis. */
typedef struct Slice {
    double pixels, sum[3];
} Slice;

static double squared_over(const double sum[3], double pixels)
{
    return (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]) / pixels;
}

/* The best cut along one axis: that which makes the largest sum over both sides of |sum|^2 / pixels. */
static void find_cut(Box *box, const Slice *slices, int from, int to, int axis)
{
    double whole = squared_over(box->sum, box->pixels);
    Slice low = {0, {0, 0, 0}};
    for (int level = from; level < to; level++) {
        double rest[3], pixels, gain;
        if (slices[level].pixels == 0)
            continue;
        low.pixels += slices[level].pixels;
        for (int c = 0; c < 3; c++) {
            low.sum[c] += slices[level].sum[c];
            rest[c] = box->sum[c] - low.sum[c];
        }
        pixels = box->pixels - low.pixels;
        gain = squared_over(low.sum, low.pixels) + squared_over(rest, pixels) - whole;
        if (gain > box->gain) {
            box->gain = gain;
            box->axis = axis;
            box->level = level;
        }
    }
}

/* Fills in all but first and last. */
static void measure(Box *box, const Cell *cells)
{
    Slice slices[3][LEVELS];
    uint8_t from[3] = {LEVELS, LEVELS, LEVELS}, to[3] = {0};
    box->pixels = box->squares = box->gain = 0;
    memset(box->sum, 0, sizeof box->sum);
    for (size_t i = box->first; i < box->last; i++)
        for (int axis = 0; axis < 3; axis++) {
            uint8_t level = cells[i].level[axis];
            from[axis] = level < from[axis] ? level : from[axis];
            to[axis] = level > to[axis] ? level : to[axis];
        }
    for (int axis = 0; axis < 3 && box->first < box->last; axis++)
        memset(&slices[axis][from[axis]], 0, (size_t)(to[axis] - from[axis] + 1) * sizeof **slices);
    for (size_t i = box->first; i < box->last; i++) {
        const Cell *cell = cells + i;
        double sum[3] = {(double)cell->sum[0], (double)cell->sum[1], (double)cell->sum[2]};
        for (int axis = 0; axis < 3; axis++) {
            Slice *slice = &slices[axis][cell->level[axis]];
            slice->pixels += cell->pixels;
            for (int c = 0; c < 3; c++)
                slice->sum[c] += sum[c];
        }
        box->pixels += cell->pixels;
        box->squares += (double)cell->squares;
        for (int c = 0; c < 3; c++)
            box->sum[c] += sum[c];
    }
    box->error = box->squares - squared_over(box->sum, box->pixels);
    for (int axis = 0; axis < 3; axis++)
        find_cut(box, slices[axis], from[axis], to[axis], axis);
}

/* Cuts the box at its best cut; the upper part becomes *upper. */
static void cut(Box *box, Box *upper, SolHistogram *histogram)
{
    size_t low = box->first, high = box->last;
    while (low < high) {
        Cell *cell = histogram->cells + low;
        if (cell->level[box->axis] <= box->level) {
            low++;
        } else {
            Cell other = histogram->cells[--high];
            histogram->cells[high] = *cell;
            *cell = other;
        }
    }
    upper->first = low;
    upper->last = box->last;
    box->last = low;
    measure(box, histogram->cells);
    measure(upper, histogram->cells);
}

void sol_palette_split(SolPalette *palette, SolHistogram *histogram, int limit, double *error)
{
    Box boxes[SOL_PALETTE_MAX];
    double left = 0;
    int count = 1;
    boxes[0].first = 0;
    boxes[0].last = histogram->count;
    measure(&boxes[0], histogram->cells);
    while (count < limit) {
        Box *worst = NULL;
        for (int i = 0; i < count; i++)
            if (boxes[i].gain > 0 && (!worst || boxes[i].error > worst->error))
                worst = &boxes[i];
        if (!worst)
            break;
        cut(worst, &boxes[count++], histogram);
    }
    memset(palette, 0, sizeof *palette);
    palette->count = count;
    for (int i = 0; i < count; i++) {
        left += boxes[i].error;
        for (int c = 0; c < 3; c++)
            palette->colour[i][c] = (uint8_t)(boxes[i].sum[c] / boxes[i].pixels + 0.5);
    }
    *error = left > 0 ? left / histogram->pixels : 0;
    /* the cells have moved */
    for (size_t i = 0; i < histogram->count; i++)
        histogram->place[cell_of(histogram->cells[i].level)] = (uint32_t)i + 1;
}

/* ---- refining ---- */

void sol_palette_refine(SolPalette *palette, const SolHistogram *histogram, int rounds, SolColourMap *map)
{
    sol_colour_map_set(map, palette);
    while (rounds-- > 0) {
        double pixels[SOL_PALETTE_MAX] = {0}, sum[SOL_PALETTE_MAX][3] = {{0}};
        SolPalette before = *palette;
        for (size_t i = 0; i < histogram->count; i++) {
            const Cell *cell = histogram->cells + i;
            int nearest = nearest_to(cell, map);
            pixels[nearest] += cell->pixels;
            for (int c = 0; c < 3; c++)
                sum[nearest][c] += (double)cell->sum[c];
        }
        for (int i = 0; i < palette->count; i++)
            for (int c = 0; c < 3 && pixels[i] > 0; c++)
                palette->colour[i][c] = (uint8_t)(sum[i][c] / pixels[i] + 0.5);
        if (sol_palette_equal(palette, &before))
            break;
        sol_colour_map_set(map, palette);
    }
}

/* ---- pictures with few colours ---- */

bool sol_palette_exact(SolPalette *palette, const SolImage *image, int limit)
{
    SolPalette found = {0};
    int32_t slots[HASH], last = -1;
    memset(slots, -1, sizeof slots);
    for (int y = 0; y < image->height; y++) {
        const uint8_t *pixel = sol_image_row_const(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3) {
            int32_t colour = pixel[0] << 16 | pixel[1] << 8 | pixel[2];
            uint32_t slot = (uint32_t)colour * 2654435761U >> 22;
            if (colour == last)
                continue;
            last = colour;
            while (slots[slot] != colour && slots[slot] != -1)
                slot = (slot + 1) % HASH;
            if (slots[slot] == colour)
                continue;
            if (found.count == limit)
                return false;
            slots[slot] = colour;
            memcpy(found.colour[found.count++], pixel, 3);
        }
    }
    *palette = found;
    return true;
}

bool sol_palette_equal(const SolPalette *a, const SolPalette *b)
{
    return a->count == b->count && memcmp(a->colour, b->colour, (size_t)a->count * 3) == 0;
}

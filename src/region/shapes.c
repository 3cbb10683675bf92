/* SPDX-License-Identifier: Apache-2.0
 *
 * Shapes, drawn as spans of rows. What a span adds to the pixels of a row is kept as differences between neighbours, so
 * that it takes four additions however long it is. Rectangles are covered exactly; of ellipses and polygons every row
 * is cut along LINES lines, on which spans begin and end exactly.
 */
#include "region/shapes.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 64 };

/* A side of a polygon, from its upper end to its lower one. */
typedef struct Side {
    double top, bottom, x, slope; /* x at the top, and how much it grows a pixel downwards */
    double at;                    /* where it crosses the line at hand */
    int turn;                     /* 1 where the outline runs downwards, -1 upwards */
} Side;

/* A shape of frames of some size. */
typedef struct Drawing {
    const SolShape *shape;
    SolLengths lengths;
    double *numbers; /* [at.width] of the shape, at the instant */
    double *row;     /* [width + 2] differences */
    Side *sides;     /* of a polygon: [corners] */
    Side *crossed;   /* [corners] those that go through the row at hand */
} Drawing;

/* ---- spans ---- */

/* Adds `weight` to all from `x` on. */
static void add_from(double *row, int width, double x, double weight)
{
    double at = fmin(fmax(x, 0), width), whole = floor(at); /* NaN is 0 */
    row[(int)whole] += weight * (1 - (at - whole));
    row[(int)whole + 1] += weight * (at - whole);
}

static void add_span(double *row, int width, double from, double to, double weight)
{
    if (!(from < to))
        return;
    add_from(row, width, from, weight);
    add_from(row, width, to, -weight);
}

/* Row `y` of the mask, from its spans, which are cleared. */
static void put_row(SolMask *mask, int y, double *row)
{
    uint8_t *to = sol_mask_row(mask, y);
    double sum = 0;
    for (int x = 0; x < mask->width; x++) {
        sum += row[x];
        to[x] = (uint8_t)(fmin(fmax(sum, 0), 1) * 255 + 0.5);
    }
    memset(row, 0, ((size_t)mask->width + 2) * sizeof *row);
}

/* The rows from `top` to `bottom`, as far as they are there. */
static void clip_rows(double top, double bottom, int height, int *first, int *end)
{
    *first = (int)fmin(fmax(floor(top), 0), height);
    *end = (int)fmin(fmax(ceil(bottom), *first), height);
}

/* ---- numbers ---- */

/* Length number `i`, in pixels. */
static double take(const Drawing *drawing, int i, double pixels, double side)
{
    return drawing->numbers[i * SOL_LENGTH] * pixels + drawing->numbers[i * SOL_LENGTH + 1] * side;
}

static double take_x(const Drawing *drawing, int i)
{
    return take(drawing, i, drawing->lengths.x, drawing->lengths.width);
}

static double take_y(const Drawing *drawing, int i)
{
    return take(drawing, i, drawing->lengths.y, drawing->lengths.height);
}

/* ---- the kinds ---- */

static void draw_rect(Drawing *drawing, SolMask *mask)
{
    double left = take_x(drawing, 0), top = take_y(drawing, 1);
    double right = left + take_x(drawing, 2), bottom = top + take_y(drawing, 3);
    int first, end;
    clip_rows(top, bottom, mask->height, &first, &end);
    for (int y = first; y < end; y++) {
        add_span(drawing->row, mask->width, left, right, fmin(bottom, y + 1) - fmax(top, y));
        put_row(mask, y, drawing->row);
    }
}

static void draw_ellipse(Drawing *drawing, SolMask *mask)
{
    double x = take_x(drawing, 0), y = take_y(drawing, 1);
    double across = take(drawing, 2, drawing->lengths.x, drawing->lengths.short_side);
    double down = take(drawing, 3, drawing->lengths.y, drawing->lengths.short_side);
    int first, end;
    if (!(across > 0 && down > 0))
        return;
    clip_rows(y - down, y + down, mask->height, &first, &end);
    for (int row = first; row < end; row++) {
        for (int line = 0; line < LINES; line++) {
            double off = (row + (line + 0.5) / LINES - y) / down;
            double half = fabs(off) < 1 ? across * sqrt(1 - off * off) : 0;
            add_span(drawing->row, mask->width, x - half, x + half, 1.0 / LINES);
        }
        put_row(mask, row, drawing->row);
    }
}

static int compare_sides(const void *a, const void *b)
{
    const Side *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The polygon's sides but for level ones, which enclose nothing. Returns how many. */
static int lay_sides(Drawing *drawing, double *top, double *bottom)
{
    int corners = drawing->shape->at.width / (2 * SOL_LENGTH), count = 0;
    *top = INFINITY;
    *bottom = -INFINITY;
    for (int i = 0; i < corners; i++) {
        int j = (i + 1) % corners;
        double x = take_x(drawing, 2 * i), y = take_y(drawing, 2 * i + 1);
        double to_x = take_x(drawing, 2 * j), to_y = take_y(drawing, 2 * j + 1);
        double slope = (to_x - x) / (to_y - y);
        if (y < to_y)
            drawing->sides[count++] = (Side){y, to_y, x, slope, 0, 1};
        else if (to_y < y)
            drawing->sides[count++] = (Side){to_y, y, to_x, slope, 0, -1};
        *top = fmin(*top, y);
        *bottom = fmax(*bottom, y);
    }
    return count;
}

/* The spans of one line, whose sides are nearly in order already: they were, a line above. */
static void draw_line(const Drawing *drawing, double y, int count, int width)
{
    Side *crossed = drawing->crossed;
    int turns = 0;
    double from = 0;
    for (int i = 0; i < count; i++) {
        Side side = crossed[i];
        int at = i;
        side.at = side.x + (y - side.top) * side.slope;
        for (; at > 0 && crossed[at - 1].at > side.at; at--)
            crossed[at] = crossed[at - 1];
        crossed[at] = side;
    }
    for (int i = 0; i < count; i++) {
        if (y < crossed[i].top || y >= crossed[i].bottom)
            continue;
        if (turns == 0)
            from = crossed[i].at;
        turns += crossed[i].turn;
        if (turns == 0)
            add_span(drawing->row, width, from, crossed[i].at, 1.0 / LINES);
    }
}

static void draw_polygon(Drawing *drawing, SolMask *mask)
{
    double top, bottom;
    int sides = lay_sides(drawing, &top, &bottom), first, end;
    clip_rows(top, bottom, mask->height, &first, &end);
    for (int y = first; y < end; y++) {
        int count = 0;
        for (int i = 0; i < sides; i++)
            if (drawing->sides[i].top < y + 1 && drawing->sides[i].bottom > y) {
                Side side = drawing->sides[i];
                side.at = side.x + (y - side.top) * side.slope;
                drawing->crossed[count++] = side;
            }
        qsort(drawing->crossed, (size_t)count, sizeof *drawing->crossed, compare_sides);
        for (int line = 0; line < LINES; line++)
            draw_line(drawing, y + (line + 0.5) / LINES, count, mask->width);
        put_row(mask, y, drawing->row);
    }
}

/* ---- as kinds of regions ---- */

int sol_shape_create(SolShape **shape)
{
    SolShape *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("a region");
    *shape = made;
    return SOL_OK;
}

static void close_drawing(void *state)
{
    Drawing *drawing = state;
    sol_free(drawing->numbers);
    sol_free(drawing->row);
    sol_free(drawing->sides);
    sol_free(drawing->crossed);
    sol_free(drawing);
}

static int open_drawing(void **state, const void *what, const SolSelectorSource *source)
{
    const SolShape *shape = what;
    Drawing *drawing = sol_calloc(1, sizeof *drawing);
    size_t corners = (size_t)shape->at.width / (2 * SOL_LENGTH);
    if (!drawing)
        return sol_fail_memory("a region");
    drawing->shape = shape;
    drawing->lengths = sol_lengths_of(source);
    drawing->numbers = sol_calloc((size_t)shape->at.width, sizeof *drawing->numbers);
    drawing->row = sol_calloc((size_t)source->width + 2, sizeof *drawing->row);
    drawing->sides = sol_calloc(corners, sizeof *drawing->sides);
    drawing->crossed = sol_calloc(corners, sizeof *drawing->crossed);
    if (!drawing->numbers || !drawing->row || !drawing->sides || !drawing->crossed) {
        close_drawing(drawing);
        return sol_fail_memory("a region");
    }
    *state = drawing;
    return SOL_OK;
}

static int draw(void *state, SolInstant at, SolMask *mask, void (*shape)(Drawing *drawing, SolMask *mask))
{
    Drawing *drawing = state;
    sol_track_at(&drawing->shape->at, at, drawing->numbers);
    sol_mask_fill(mask, 0);
    shape(drawing, mask);
    return SOL_OK;
}

static int rect_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)frame;
    return draw(state, at, mask, draw_rect);
}

static int ellipse_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)frame;
    return draw(state, at, mask, draw_ellipse);
}

static int polygon_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)frame;
    return draw(state, at, mask, draw_polygon);
}

static int digest_shape(const void *what, SolDigester *digester)
{
    sol_track_digest(&((const SolShape *)what)->at, digester);
    return SOL_OK;
}

static void free_shape(void *what)
{
    sol_track_clear(&((SolShape *)what)->at);
    sol_free(what);
}

#define SHAPE(words, draw_at)                                                                              \
    {                                                                                                       \
        .name = words, .open = open_drawing, .at = draw_at, .close = close_drawing, .digest = digest_shape, \
        .free = free_shape                                                                                  \
    }

const SolRegionKind sol_region_rect = SHAPE("rect", rect_at);
const SolRegionKind sol_region_ellipse = SHAPE("ellipse", ellipse_at);
const SolRegionKind sol_region_polygon = SHAPE("polygon", polygon_at);

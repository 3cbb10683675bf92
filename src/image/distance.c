/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances along columns, by two sweeps; then along rows, as the lower envelope of the parabolas that stand on a row's
 * squared distances.
 */
#include "image/distance.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>

/* Room for one row. */
typedef struct Envelope {
    double *squares; /* [width] of the column's distance, at every pixel of the row */
    double *from;    /* [width + 1] where each parabola begins to be the lowest */
    int *foot;       /* [width] where it stands */
} Envelope;

/* to[x] += sign * the distance of every pixel of a row; without a parabola, nothing. */
static void add_row(const Envelope *e, int width, float sign, float *to)
{
    int last = -1;
    for (int x = 0; x < width; x++) {
        double begin = -INFINITY;
        if (isinf(e->squares[x]))
            continue;
        while (last >= 0) {
            int v = e->foot[last];
            begin = ((e->squares[x] + (double)x * x) - (e->squares[v] + (double)v * v)) / (2.0 * (x - v));
            if (begin > e->from[last])
                break;
            last--;
            begin = -INFINITY;
        }
        last++;
        e->foot[last] = x;
        e->from[last] = begin;
    }
    if (last < 0)
        return;
    e->from[last + 1] = INFINITY;
    for (int x = 0, k = 0; x < width; x++) {
        while (e->from[k + 1] < x)
            k++;
        to[x] += sign * (float)sqrt((double)(x - e->foot[k]) * (x - e->foot[k]) + e->squares[e->foot[k]]);
    }
}

/* down[y][x] = how far the nearest pixel on the wanted side is in column x, or infinite. */
static void sweep_columns(const SolMask *mask, bool inside, float *down)
{
    int width = mask->width, height = mask->height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float *at = down + (size_t)y * (size_t)width + x;
            if ((sol_mask_row(mask, y)[x] >= 128) == inside)
                *at = 0;
            else
                *at = y > 0 ? at[-width] + 1 : INFINITY;
        }
    for (int y = height - 2; y >= 0; y--)
        for (int x = 0; x < width; x++) {
            float *at = down + (size_t)y * (size_t)width + x;
            if (at[width] + 1 < *at)
                *at = at[width] + 1;
        }
}

int sol_mask_distance(const SolMask *mask, float *distance, bool *any)
{
    size_t width = (size_t)mask->width, height = (size_t)mask->height, count = width * height, inside = 0;
    float *down = sol_alloc(count, sizeof *down);
    Envelope e = {.squares = sol_alloc(width, sizeof *e.squares),
                  .from = sol_alloc(width + 1, sizeof *e.from),
                  .foot = sol_alloc(width, sizeof *e.foot)};
    int result = down && e.squares && e.from && e.foot ? SOL_OK : sol_fail_memory("the distances of a mask");
    for (size_t i = 0; i < count; i++)
        inside += mask->values[i] >= 128;
    *any = inside > 0 && inside < count;
    for (size_t i = 0; i < count; i++)
        distance[i] = *any ? 0 : inside ? -INFINITY : INFINITY;
    for (int side = 0; side < 2 && *any && result == SOL_OK; side++) {
        sweep_columns(mask, side == 0, down);
        for (size_t y = 0; y < height; y++) {
            for (size_t x = 0; x < width; x++)
                e.squares[x] = (double)down[y * width + x] * (double)down[y * width + x];
            add_row(&e, mask->width, side == 0 ? 1 : -1, distance + y * width);
        }
    }
    sol_free(down);
    sol_free(e.squares);
    sol_free(e.from);
    sol_free(e.foot);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges that travel: every pixel has a place on the way, 0..1, and is passed when the edge gets there.
 */
#include "region/edge.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/distance.h"

#include <math.h>

#define DEGREE 0.017453292519943295
#define FEATHER_LEAST 1e-3

/* 0..255: how far a pixel at `place` of the way has been passed. */
static uint8_t passed(double place, double feather, double progress)
{
    double soft = feather > FEATHER_LEAST ? feather : FEATHER_LEAST;
    double cover = (progress * (1 + soft) - place) / soft;
    return (uint8_t)(255 * (cover < 0 ? 0 : cover > 1 ? 1 : cover) + 0.5);
}

void sol_edge_wipe(SolMask *mask, double angle, double feather, double progress)
{
    double dx = cos(angle * DEGREE), dy = sin(angle * DEGREE);
    double across = fabs(dx) * mask->width + fabs(dy) * mask->height;
    double left = dx < 0 ? dx * mask->width : 0, top = dy < 0 ? dy * mask->height : 0;
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            sol_mask_row(mask, y)[x] = passed((dx * (x + 0.5) + dy * (y + 0.5) - left - top) / across, feather, progress);
}

int sol_edge_grow(SolMask *mask, double feather, double progress)
{
    size_t count = (size_t)mask->width * (size_t)mask->height;
    float *distance = sol_alloc(count, sizeof *distance), least = INFINITY, most = -INFINITY;
    bool any;
    int result = distance ? sol_mask_distance(mask, distance, &any) : sol_fail_memory("an edge");
    if (result == SOL_OK && !any)
        sol_mask_fill(mask, (uint8_t)(255 * progress + 0.5));
    for (size_t i = 0; result == SOL_OK && any && i < count; i++) {
        distance[i] += distance[i] < 0 ? 0.5F : -0.5F; /* the outline lies between pixels */
        least = distance[i] < least ? distance[i] : least;
        most = distance[i] > most ? distance[i] : most;
    }
    for (size_t i = 0; result == SOL_OK && any && i < count; i++)
        mask->values[i] = passed((double)(distance[i] - least) / (double)(most - least), feather, progress);
    sol_free(distance);
    return result;
}

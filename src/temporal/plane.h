/* SPDX-License-Identifier: Apache-2.0
 *
 * A plane of numbers with a margin on every side, so that loops need not ask where the picture ends; and a picture's
 * pyramid, made of such.
 */
#ifndef SOL_TEMPORAL_PLANE_H
#define SOL_TEMPORAL_PLANE_H

#include "temporal/kernels.h"

#include "base/pool.h"
#include "image/image.h"

#include <stdbool.h>

typedef struct SolPlane {
    int width, height, margin;
    size_t stride;  /* floats from a row to the next */
    float *memory;  /* what is to be freed */
    float *at;      /* pixel (0, 0) */
} SolPlane;

static inline float *sol_plane_row(const SolPlane *plane, int y)
{
    return plane->at + (ptrdiff_t)y * (ptrdiff_t)plane->stride;
}

/** Of zeros; false where there is no memory for it. Released by sol_plane_free(), which takes one of zero bytes, too. */
bool sol_plane_alloc(SolPlane *plane, int width, int height, int margin);
void sol_plane_free(SolPlane *plane);

/** Repeats the edge pixels of row y in its margins; and, where it is the first or the last, all of it in those rows. */
void sol_plane_extend(SolPlane *plane, int y);

/** Rows are handed to threads in blocks of this many, of `width` pixels: by the size alone. */
int sol_rows_of_block(int width);

/** Runs task(context, block) for all blocks of `height` rows. */
void sol_run_rows(SolPool *pool, SolPoolTask task, void *context, int width, int height);

enum { SOL_PYRAMID_LEVELS = 16 };

typedef struct SolPyramid {
    int levels;
    struct SolPyramidLevel {
        SolPlane grey, slope_x, slope_y; /* brightness, 0..255, and its derivatives; all of one stride */
    } level[SOL_PYRAMID_LEVELS];
} SolPyramid;

/**
 * Memory for the pyramid of pictures of width x height.
 *
 * @param half  level 0 has half the size
 * @return false where there is none; what has been reserved is freed by sol_pyramid_free()
 */
bool sol_pyramid_alloc(SolPyramid *pyramid, int width, int height, bool half);
void sol_pyramid_free(SolPyramid *pyramid);

void sol_pyramid_build(SolPyramid *pyramid, const SolImage *image, bool half, SolPool *pool);

#endif

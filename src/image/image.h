/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture's inside, for the rooms above, and its conversions to and from float planes.
 */
#ifndef SOL_IMAGE_IMAGE_H
#define SOL_IMAGE_IMAGE_H

#include <solstice/image.h>

#include "base/pool.h"

#include <stdatomic.h>

struct SolImage {
    atomic_int references;
    int width, height;      /* pixels */
    size_t stride;          /* bytes from a row to the next */
    uint8_t *pixels;        /* R, G, B, 8 bits each */
    int64_t number;         /* frame number in its source, from 0 */
    int64_t pts, duration;  /* in time_base; pts counts from the source's first frame */
    SolRational time_base;  /* seconds a unit */
};

/** Copies the place in time (number, pts, duration, time base). */
void sol_image_copy_time(SolImage *to, const SolImage *from);

/** Lays `over` over `under`, of the same size, in place: opacity * over + (1 - opacity) * under, rounded. */
void sol_image_mix(SolImage *over, const SolImage *under, float opacity);

/**
 * Pixels to float planes: planes[c][y][x] in [0, 1], c = R, G, B, each plane height x width without
 * gaps. Where the planes are larger than the picture, it is continued by reflection about its last
 * row and column (and again about its first, where it is smaller than what it must fill). Rows are
 * split over the workers of `pool`.
 */
void sol_image_to_planes(const SolImage *image, float *planes, int width, int height, SolPool *pool);

/**
 * Float planes (as above, at least as large as the picture) to pixels: the upper left part, clamped
 * to [0, 1] and rounded to nearest; NaN becomes 0.
 */
void sol_image_from_planes(SolImage *image, const float *planes, int width, int height, SolPool *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture's inside, for the rooms above, and its conversions to and from float planes.
 */
#ifndef SOL_IMAGE_IMAGE_H
#define SOL_IMAGE_IMAGE_H

#include <solstice/image.h>

#include "base/pool.h"
#include "base/area.h"

#include <stdatomic.h>

struct SolImage {
    atomic_int references;
    int width, height;      /* pixels */
    size_t stride;          /* bytes from a row to the next */
    uint8_t *pixels;        /* R, G, B, 8 bits each */
    int64_t number;         /* frame number in its source, from 0 */
    int64_t pts, duration;  /* in time_base; pts counts from the source's first frame */
    SolRational time_base;  /* seconds a unit */
    SolImage *source;       /* the picture of the same size that this one was painted from, where that is to be shown
                               beside it; NULL: none; given back with this one */
};

/** Copies the place in time (number, pts, duration, time base). */
void sol_image_copy_time(SolImage *to, const SolImage *from);

/**
 * A copy with pixels of its own, and the place in time.
 *
 * @param[out] copy  untouched on failure
 * @return 0, SOL_ERR_NOMEM
 */
int sol_image_copy(SolImage **copy, const SolImage *image);

/** Lays `over` over `under`, of the same size, in place: opacity * over + (1 - opacity) * under, rounded. */
void sol_image_mix(SolImage *over, const SolImage *under, float opacity);

/**
 * The pixels of an area to float planes: planes[c][y][x] in [0, 1], c = R, G, B, each plane as large as the area,
 * without gaps. Where the area reaches beyond the picture's first or last row or column, the picture is continued by
 * reflection about those, as often as it takes.
 *
 * @param pool  its workers share the rows
 */
void sol_image_to_planes(const SolImage *image, SolArea area, float *planes, SolPool *pool);

/**
 * Float planes to the pixels of an area, as far as that lies within the picture: clamped to [0, 1] and rounded to
 * nearest; NaN becomes 0.
 *
 * @param planes  of the area's first pixel; from a row or a plane to the next there are `row` or `plane` samples
 */
void sol_image_from_planes(SolImage *image, SolArea area, const float *planes, size_t row, size_t plane,
                           SolPool *pool);

#endif

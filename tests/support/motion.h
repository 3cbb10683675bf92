/* SPDX-License-Identifier: Apache-2.0
 *
 * Two pictures between which everything moves as is known.
 */
#ifndef TEST_MOTION_H
#define TEST_MOTION_H

#include "image/image.h"
#include "temporal/flow.h"

/* Pixel p, counted from the picture's middle, goes to zoom * R(degrees) p + (x, y). */
typedef struct Motion {
    double x, y, degrees, zoom;
} Motion;

/** The motion at a pixel of a picture of this size. */
void motion_at(const Motion *motion, int width, int height, int x, int y, double *u, double *v);

/** Structures of all sizes in three colours; the same for the same seed. */
SolImage *make_texture(int width, int height, unsigned seed);

/** A photograph, scaled so that it covers the size; NULL where there is no such file. */
SolImage *load_covering(const char *path, int width, int height);

/**
 * Two pictures of width x height, cut from the middle of a larger one: before and after the motion.
 *
 * @param noise  the largest number that is added to a pixel, or taken from it, at random
 */
void make_motion(const SolImage *from, const Motion *motion, int width, int height, int noise, SolImage **first,
                 SolImage **second);

/**
 * The mean distance between a flow and a motion, in pixels, where the motion stays `margin` pixels within the picture.
 */
double endpoint_error(const SolFlow *flow, const Motion *motion, int margin);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting a picture over again with curved brush strokes of several sizes,
 * after Hertzmann, "Painterly rendering with curved brush strokes of
 * multiple sizes" (SIGGRAPH 1998); the strokes carry bristles and relief.
 */
#ifndef SAMPLE_BRUSH_H
#define SAMPLE_BRUSH_H

#include <stdint.h>

#include "raster.h"

struct brush_style {
    uint32_t seed;
    const float *radii; /* pixels, from the widest brush to the finest */
    int radius_count;
    float error;       /* how far off a place must be to be painted over */
    int longest;       /* most steps in a stroke */
    float jitter;      /* of the colour, from stroke to stroke */
    float bristle;     /* strength of the hairs' marks */
    float relief;      /* strength of the light on the paint */
    float thin;        /* what is left of the three above in plain parts, 0..1 */
    struct rgb ground; /* colour the canvas is primed with */
};

/* Returns a new picture of the same size. */
struct image brush_paint(const struct image *scene, const struct brush_style *style);

#endif

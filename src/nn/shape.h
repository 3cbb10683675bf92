/* SPDX-License-Identifier: Apache-2.0
 *
 * The shape of what flows through a network (float32 planes, channel by channel, row by row, without
 * gaps; one picture at a time), and how planes are continued beyond their border.
 */
#ifndef SOL_NN_SHAPE_H
#define SOL_NN_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/area.h"
#include "base/memory.h"

typedef struct SolShape {
    int channels, height, width;
} SolShape;

/* What lies beyond the border of a plane. */
typedef enum SolBorder {
    SOL_BORDER_REFLECT, /* the plane mirrored about its outermost row or column; a lone one repeats */
    SOL_BORDER_ZERO,
    SOL_BORDER_SAME, /* zeros too; convolutions with strides place them as TensorFlow's SAME does */
    SOL_BORDER_VALID /* nothing: a convolution gives only those pixels whose kernel lies within the plane */
} SolBorder;

/** All pixels of a plane. */
static inline SolArea sol_shape_area(SolShape shape)
{
    return (SolArea){.width = shape.width, .height = shape.height};
}

/** Pixels of one plane. */
static inline size_t sol_shape_plane(SolShape shape)
{
    return (size_t)shape.height * (size_t)shape.width;
}

/** *bytes = what the planes take as float32; false, with *bytes untouched, where that overflows. */
static inline bool sol_shape_bytes(SolShape shape, size_t *bytes)
{
    size_t size;
    return sol_mul((size_t)shape.height, (size_t)shape.width, &size) &&
           sol_mul(size, (size_t)shape.channels, &size) && sol_mul(size, sizeof(float), bytes);
}

/** The index in 0..n-1 that stands for index i of a row of n samples; -1 for a zero. */
static inline int sol_border_index(SolBorder border, int i, int n)
{
    int period = 2 * (n - 1);
    if (i >= 0 && i < n)
        return i;
    if (border != SOL_BORDER_REFLECT)
        return -1;
    if (n == 1)
        return 0;
    i = (i < 0 ? -i : i) % period;
    return i < n ? i : period - i;
}

#endif

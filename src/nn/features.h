/* SPDX-License-Identifier: Apache-2.0
 *
 * How a value of a network lies in memory.
 *
 * Channels lie in groups of `block`, and within a group pixel by pixel, row by row:
 * [groups][height + 2 margin][width + 2 margin][block]. With a block of 1 these are planes (NCHW); with all
 * channels in one block, NHWC; with 16, what matrix libraries call nChw16c. Channels that only fill up the
 * last group are zero or without meaning. The margin is room around the picture for what a border puts
 * there, so that a convolution can read it like any other pixel.
 */
#ifndef SOL_NN_FEATURES_H
#define SOL_NN_FEATURES_H

#include "nn/shape.h"

#include <stdint.h>

typedef enum SolElement {
    SOL_FLOAT32,
    SOL_BFLOAT16 /* the upper half of a float32 */
} SolElement;

typedef struct SolLayout {
    int block;  /* 1..SOL_BLOCK_MAX channels */
    int margin; /* pixels on every side */
    SolElement element;
} SolLayout;

enum { SOL_BLOCK_MAX = 2048 };

/* The layout of what callers fill in and read: float32 planes without gaps. */
#define SOL_PLANES ((SolLayout){.block = 1, .margin = 0, .element = SOL_FLOAT32})

/* A value: its memory is the plan's. */
typedef struct SolFeatures {
    void *data; /* of the first row's margin */
    SolShape shape;
    SolLayout layout;
} SolFeatures;

static inline size_t sol_element_size(SolElement element)
{
    return element == SOL_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
}

static inline bool sol_layout_is(SolLayout a, SolLayout b)
{
    return a.block == b.block && a.margin == b.margin && a.element == b.element;
}

static inline int sol_features_groups(const SolFeatures *t)
{
    return (t->shape.channels + t->layout.block - 1) / t->layout.block;
}

/** *bytes = what features take; false, with *bytes untouched, where that overflows. */
static inline bool sol_features_bytes(SolShape shape, SolLayout layout, size_t *bytes)
{
    size_t size, height, width, groups = ((size_t)shape.channels + (size_t)layout.block - 1) / (size_t)layout.block;
    return sol_add((size_t)shape.height, 2 * (size_t)layout.margin, &height) &&
           sol_add((size_t)shape.width, 2 * (size_t)layout.margin, &width) && sol_mul(height, width, &size) &&
           sol_mul(size, groups, &size) && sol_mul(size, (size_t)layout.block * sol_element_size(layout.element), bytes);
}

/** Elements from the group `group`, row y (-margin .. height + margin - 1), column 0, to the start of the data. */
static inline size_t sol_features_offset(const SolFeatures *t, int group, int y)
{
    size_t margin = (size_t)t->layout.margin, rows = (size_t)t->shape.height + 2 * margin;
    size_t columns = (size_t)t->shape.width + 2 * margin;
    size_t row = (size_t)group * rows + (size_t)(y + t->layout.margin);
    return (row * columns + margin) * (size_t)t->layout.block;
}

/** The memory of pixel (y, 0) of a group. */
static inline void *sol_features_row(const SolFeatures *t, int group, int y)
{
    return (char *)t->data + sol_features_offset(t, group, y) * sol_element_size(t->layout.element);
}

/** Features in planes. `data` is not written where only reading is asked for. */
static inline SolFeatures sol_planes(const float *data, SolShape shape)
{
    return (SolFeatures){.data = (void *)(uintptr_t)data, .shape = shape, .layout = SOL_PLANES};
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A run is taken row by row, a row in pieces of a few thousand elements, and a piece by SOL_LANES channels at a time.
 */
#include "nn/pixels.h"

#include "nn/kernels.h"

#include <string.h>

enum { PIECE = SOL_BLOCK_MAX }; /* elements that are widened or narrowed at a time: one pixel at least */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Pixels of one row of one group, `from` elements into it, to planes. */
static void read_piece(const SolFeatures *in, int group, const void *row, size_t from, int count, float *planes,
                       size_t stride)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    size_t block = (size_t)in->layout.block, pixels = (size_t)count;
    int first = group * in->layout.block, channels = least(in->layout.block, in->shape.channels - first);
    float wide[PIECE];
    const float *piece = wide;
    if (in->layout.element == SOL_FLOAT32)
        piece = (const float *)row + from;
    else
        kernels->widen((const uint16_t *)row + from, pixels * block, wide);
    planes += (size_t)first * stride;
    if (block == 1)
        memcpy(planes, piece, pixels * sizeof *planes);
    for (int c = 0; c < channels && block > 1; c += SOL_LANES)
        kernels->to_planes(piece + c, pixels, block, (size_t)least(SOL_LANES, channels - c),
                           planes + (size_t)c * stride, stride);
}

static void write_piece(const float *planes, size_t stride, const SolFeatures *out, int group, void *row, size_t from,
                        int count)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    size_t block = (size_t)out->layout.block, pixels = (size_t)count;
    int first = group * out->layout.block, channels = least(out->layout.block, out->shape.channels - first);
    bool narrow = out->layout.element == SOL_BFLOAT16;
    float wide[PIECE], *piece = narrow ? wide : (float *)row + from;
    planes += (size_t)first * stride;
    if (channels < (int)block)
        memset(piece, 0, pixels * block * sizeof *piece);
    if (block == 1)
        memcpy(piece, planes, pixels * sizeof *piece);
    for (int c = 0; c < channels && block > 1; c += SOL_LANES)
        kernels->from_planes(planes + (size_t)c * stride, stride, pixels, (size_t)least(SOL_LANES, channels - c),
                             piece + c, block);
    if (narrow)
        kernels->narrow(wide, pixels * block, (uint16_t *)row + from);
}

/* The part of a run that lies in one row, and in one piece. */
typedef struct Part {
    int x, y, count;
} Part;

static Part part_at(const SolFeatures *f, SolArea area, int pixel, int left)
{
    int most = least(left, f->layout.block >= PIECE ? 1 : PIECE / f->layout.block), x = pixel % area.width;
    return (Part){.x = area.x + x, .y = area.y + pixel / area.width, .count = least(most, area.width - x)};
}

void sol_pixels_read(const SolFeatures *in, SolArea area, int first, int count, float *planes, size_t stride)
{
    Part part;
    for (int i = 0; i < count; i += part.count) {
        part = part_at(in, area, first + i, count - i);
        for (int group = 0; group < sol_features_groups(in); group++)
            read_piece(in, group, sol_features_row(in, group, part.y), (size_t)part.x * (size_t)in->layout.block,
                       part.count, planes + i, stride);
    }
}

void sol_pixels_write(const float *planes, size_t stride, const SolFeatures *out, SolArea area, int first, int count)
{
    Part part;
    for (int i = 0; i < count; i += part.count) {
        part = part_at(out, area, first + i, count - i);
        for (int group = 0; group < sol_features_groups(out); group++)
            write_piece(planes + i, stride, out, group, sol_features_row(out, group, part.y),
                        (size_t)part.x * (size_t)out->layout.block, part.count);
    }
}

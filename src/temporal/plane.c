/* SPDX-License-Identifier: Apache-2.0
 *
 * Planes with margins, and pyramids of them.
 */
#include "temporal/plane.h"

#include "base/memory.h"

#include <string.h>

enum {
    BLOCK = 16384,  /* pixels of a block of rows, about */
    SMALLEST = 20   /* the shorter side of a pyramid's last level, at least */
};

bool sol_plane_alloc(SolPlane *plane, int width, int height, int margin)
{
    const size_t unit = SOL_ALIGNMENT / sizeof(float);
    size_t left = ((size_t)margin + unit - 1) / unit * unit;
    size_t stride = (left + (size_t)width + (size_t)margin + unit - 1) / unit * unit, count;
    *plane = (SolPlane){.width = width, .height = height, .margin = margin, .stride = stride};
    if (!sol_mul(stride, (size_t)height + 2 * (size_t)margin, &count) ||
        !(plane->memory = sol_calloc(count, sizeof(float))))
        return false;
    plane->at = plane->memory + (size_t)margin * stride + left;
    return true;
}

void sol_plane_free(SolPlane *plane)
{
    sol_free(plane->memory);
    *plane = (SolPlane){0};
}

void sol_plane_extend(SolPlane *plane, int y)
{
    float *row = sol_plane_row(plane, y);
    int m = plane->margin, w = plane->width;
    size_t bytes = ((size_t)w + 2 * (size_t)m) * sizeof(float);
    for (int i = 1; i <= m; i++) {
        row[-i] = row[0];
        row[w - 1 + i] = row[w - 1];
    }
    for (int i = 1; y == 0 && i <= m; i++)
        memcpy(sol_plane_row(plane, -i) - m, row - m, bytes);
    for (int i = 1; y == plane->height - 1 && i <= m; i++)
        memcpy(sol_plane_row(plane, y + i) - m, row - m, bytes);
}

int sol_rows_of_block(int width)
{
    return width < BLOCK ? BLOCK / width : 1;
}

void sol_run_rows(SolPool *pool, SolPoolTask task, void *context, int width, int height)
{
    int rows = sol_rows_of_block(width);
    sol_pool_run(pool, task, context, (height - 1) / rows + 1);
}

bool sol_pyramid_alloc(SolPyramid *pyramid, int width, int height, bool half)
{
    int w = half ? (width + 1) / 2 : width, h = half ? (height + 1) / 2 : height;
    memset(pyramid, 0, sizeof *pyramid);
    do {
        struct SolPyramidLevel *level = &pyramid->level[pyramid->levels++];
        if (!sol_plane_alloc(&level->grey, w, h, SOL_FLOW_MARGIN) ||
            !sol_plane_alloc(&level->slope_x, w, h, SOL_FLOW_MARGIN) ||
            !sol_plane_alloc(&level->slope_y, w, h, SOL_FLOW_MARGIN))
            return false;
        w = (w + 1) / 2;
        h = (h + 1) / 2;
    } while ((w < h ? w : h) >= SMALLEST && pyramid->levels < SOL_PYRAMID_LEVELS);
    return true;
}

void sol_pyramid_free(SolPyramid *pyramid)
{
    for (int i = 0; i < pyramid->levels; i++) {
        sol_plane_free(&pyramid->level[i].grey);
        sol_plane_free(&pyramid->level[i].slope_x);
        sol_plane_free(&pyramid->level[i].slope_y);
    }
    pyramid->levels = 0;
}

typedef struct Build {
    const SolTemporalKernels *kernels;
    const SolImage *image;
    const SolPlane *from;
    struct SolPyramidLevel *level;
} Build;

/* Rows of the level with the picture's own size. */
static void copy_rows(void *context, int block)
{
    const Build *b = context;
    SolPlane *to = &b->level->grey;
    int rows = sol_rows_of_block(to->width);
    for (int y = block * rows; y < (block + 1) * rows && y < to->height; y++) {
        b->kernels->grey(sol_image_row_const(b->image, y), (size_t)to->width, sol_plane_row(to, y));
        sol_plane_extend(to, y);
    }
}

enum { PIECE = 256 };

/* A row at half the picture's size, piece by piece. */
static void shrink_row(const Build *b, int y, float *to, int width)
{
    float grey[2][2 * PIECE];
    for (int x = 0; x < width; x += PIECE) {
        int count = width - x < PIECE ? width - x : PIECE;
        int pixels = 2 * (x + count) <= b->image->width ? 2 * count : b->image->width - 2 * x;
        for (int i = 0; i < 2; i++) {
            int from = 2 * y + i < b->image->height ? 2 * y + i : b->image->height - 1;
            b->kernels->grey(sol_image_row_const(b->image, from) + 6 * x, (size_t)pixels, grey[i]);
            if (pixels < 2 * count)
                grey[i][pixels] = grey[i][pixels - 1];
        }
        b->kernels->halve(grey[0], grey[1], (size_t)count, to + x);
    }
}

static void shrink_rows(void *context, int block)
{
    const Build *b = context;
    SolPlane *to = &b->level->grey;
    int rows = sol_rows_of_block(to->width);
    for (int y = block * rows; y < (block + 1) * rows && y < to->height; y++) {
        shrink_row(b, y, sol_plane_row(to, y), to->width);
        sol_plane_extend(to, y);
    }
}

static void halve_rows(void *context, int block)
{
    const Build *b = context;
    SolPlane *to = &b->level->grey;
    int rows = sol_rows_of_block(to->width);
    for (int y = block * rows; y < (block + 1) * rows && y < to->height; y++) {
        b->kernels->halve(sol_plane_row(b->from, 2 * y), sol_plane_row(b->from, 2 * y + 1), (size_t)to->width,
                          sol_plane_row(to, y));
        sol_plane_extend(to, y);
    }
}

static void slope_rows(void *context, int block)
{
    const Build *b = context;
    const SolPlane *from = &b->level->grey;
    int rows = sol_rows_of_block(from->width);
    for (int y = block * rows; y < (block + 1) * rows && y < from->height; y++)
        b->kernels->slopes(sol_plane_row(from, y), from->stride, (size_t)from->width,
                           sol_plane_row(&b->level->slope_x, y), sol_plane_row(&b->level->slope_y, y));
}

void sol_pyramid_build(SolPyramid *pyramid, const SolImage *image, bool half, SolPool *pool)
{
    Build b = {.kernels = sol_temporal_kernels(), .image = image};
    for (int i = 0; i < pyramid->levels; i++) {
        int width = pyramid->level[i].grey.width, height = pyramid->level[i].grey.height;
        b.level = &pyramid->level[i];
        sol_run_rows(pool, i > 0 ? halve_rows : half ? shrink_rows : copy_rows, &b, width, height);
        sol_run_rows(pool, slope_rows, &b, width, height);
        b.from = &b.level->grey;
    }
}

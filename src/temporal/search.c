/* SPDX-License-Identifier: Apache-2.0
 *
 * Dense inverse search: every patch of one picture is sought in the other, from where the smaller level says it is; a
 * pixel moves as the patches over it do, weighted by how well it fits each.
 */
#include "temporal/search.h"

#include "base/memory.h"

#include <string.h>

/* How many patches there are along a side, and where the last one begins. */
static int patches(int side, int step)
{
    return side <= SOL_PATCH ? 1 : (side - SOL_PATCH + step - 1) / step + 1;
}

static int last_place(int side)
{
    return side <= SOL_PATCH ? 0 : side - SOL_PATCH;
}

static int place(int i, int step, int last)
{
    return i * step < last ? i * step : last;
}

bool sol_search_alloc(SolSearch *search, int width, int height, int step, int iterations)
{
    size_t count;
    memset(search, 0, sizeof *search);
    search->step = step;
    search->iterations = iterations;
    search->columns = patches(width, step);
    search->rows = patches(height, step);
    return sol_mul((size_t)search->columns, (size_t)search->rows, &count) &&
           (search->u = sol_alloc(count, sizeof(float))) && (search->v = sol_alloc(count, sizeof(float))) &&
           (search->weights = sol_alloc(count, SOL_PATCH * SOL_PATCH * sizeof(float))) &&
           sol_plane_alloc(&search->sum, width, height, SOL_PATCH);
}

void sol_search_free(SolSearch *search)
{
    sol_free(search->u);
    sol_free(search->v);
    sol_free(search->weights);
    sol_plane_free(&search->sum);
    memset(search, 0, sizeof *search);
}

typedef struct Level {
    const SolTemporalKernels *kernels;
    SolSearch *search;
    const struct SolPyramidLevel *from, *to;
    const SolPlane *coarse_u, *coarse_v;
    SolPlane *u, *v;
    int columns, rows, last_x, last_y; /* of this level */
} Level;

static SolPatchRow patch_row(const Level *l, int i)
{
    const SolSearch *s = l->search;
    const SolPlane *grey = &l->from->grey;
    int y = place(i, s->step, l->last_y);
    size_t first = (size_t)i * (size_t)l->columns;
    return (SolPatchRow){
        .grey = sol_plane_row(grey, y), .slope_x = sol_plane_row(&l->from->slope_x, y),
        .slope_y = sol_plane_row(&l->from->slope_y, y), .other = l->to->grey.at, .stride = grey->stride,
        .width = grey->width, .height = grey->height, .y = y, .count = l->columns, .step = s->step, .last = l->last_x,
        .iterations = s->iterations, .u = s->u + first, .v = s->v + first,
        .weights = s->weights + first * SOL_PATCH * SOL_PATCH,
    };
}

/* The smaller level's flow in the middle of a patch. */
static void begin_row(const Level *l, SolPatchRow *row)
{
    for (int i = 0; i < row->count; i++) {
        int x = (place(i, row->step, row->last) + SOL_PATCH / 2) / 2, y = (row->y + SOL_PATCH / 2) / 2;
        row->u[i] = row->v[i] = 0;
        if (l->coarse_u) {
            x = x < l->coarse_u->width ? x : l->coarse_u->width - 1;
            y = y < l->coarse_u->height ? y : l->coarse_u->height - 1;
            row->u[i] = 2 * sol_plane_row(l->coarse_u, y)[x];
            row->v[i] = 2 * sol_plane_row(l->coarse_v, y)[x];
        }
    }
}

static void search_rows(void *context, int i)
{
    const Level *l = context;
    SolPatchRow row = patch_row(l, i);
    begin_row(l, &row);
    l->kernels->search(&row);
}

static void spread_row(const Level *l, int y)
{
    int step = l->search->step, width = l->u->width;
    float *u = sol_plane_row(l->u, y), *v = sol_plane_row(l->v, y), *w = sol_plane_row(&l->search->sum, y);
    size_t bytes = ((size_t)width + SOL_PATCH) * sizeof(float);
    int i = y < SOL_PATCH ? 0 : (y - SOL_PATCH) / step + 1;
    memset(u, 0, bytes);
    memset(v, 0, bytes);
    memset(w, 0, bytes);
    for (i = i < l->rows ? i : l->rows - 1; i < l->rows; i++) {
        SolPatchRow row = patch_row(l, i);
        if (row.y > y)
            break;
        l->kernels->spread(&row, y - row.y, u, v, w);
    }
    l->kernels->divide(u, w, (size_t)width, u);
    l->kernels->divide(v, w, (size_t)width, v);
}

static void spread_rows(void *context, int block)
{
    const Level *l = context;
    int rows = sol_rows_of_block(l->u->width);
    for (int y = block * rows; y < (block + 1) * rows && y < l->u->height; y++) {
        spread_row(l, y);
        sol_plane_extend(l->u, y);
        sol_plane_extend(l->v, y);
    }
}

void sol_search_run(SolSearch *search, const struct SolPyramidLevel *from, const struct SolPyramidLevel *to,
                    const SolPlane *coarse_u, const SolPlane *coarse_v, SolPlane *u, SolPlane *v, SolPool *pool)
{
    int width = from->grey.width, height = from->grey.height;
    Level level = {.kernels = sol_temporal_kernels(), .search = search, .from = from, .to = to, .coarse_u = coarse_u,
                   .coarse_v = coarse_v, .u = u, .v = v, .columns = patches(width, search->step),
                   .rows = patches(height, search->step), .last_x = last_place(width), .last_y = last_place(height)};
    sol_pool_run(pool, search_rows, &level, level.rows);
    sol_run_rows(pool, spread_rows, &level, width, height);
}

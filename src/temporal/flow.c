/* SPDX-License-Identifier: Apache-2.0
 *
 * Optical flow from coarse to fine: at every level of the pyramid, search and refinement.
 */
#include "temporal/flow.h"

#include "temporal/search.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum {
    HALF_FROM = 96,   /* pictures whose shorter side is less are not halved */
    MORE_WARPS = 2,   /* for every level up: smaller pictures cost little, and what they get wrong stays wrong */
    MORE_SWEEPS = 10
};

/* How much is spent on the largest level. */
typedef struct Effort {
    int step, iterations, warps, sweeps;
} Effort;

static const Effort efforts[] = {
    [SOL_FLOW_FAST] = {.step = 4, .iterations = 8, .warps = 2, .sweeps = 5},
    [SOL_FLOW_FINE] = {.step = 3, .iterations = 16, .warps = 5, .sweeps = 8},
};

struct SolFlowFinder {
    int width, height, count;
    bool half;
    Effort effort;
    SolPool *pool;
    SolPyramid pictures[2]; /* the first and the second */
    SolPlane u[SOL_PYRAMID_LEVELS], v[SOL_PYRAMID_LEVELS];
    SolSearch search;
    SolRefine refine;
};

int sol_flow_create(SolFlow **out, int width, int height)
{
    SolFlow *flow;
    size_t count;
    if (width < 1 || height < 1 || width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a flow of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    flow = sol_calloc(1, sizeof *flow);
    if (!flow || !sol_mul((size_t)width, (size_t)height, &count) || !(flow->u = sol_calloc(count, sizeof(float))) ||
        !(flow->v = sol_calloc(count, sizeof(float)))) {
        sol_flow_close(&flow);
        return sol_fail_memory("an optical flow");
    }
    flow->width = width;
    flow->height = height;
    *out = flow;
    return SOL_OK;
}

void sol_flow_close(SolFlow **flow)
{
    if (*flow) {
        sol_free((*flow)->u);
        sol_free((*flow)->v);
        sol_free(*flow);
    }
    *flow = NULL;
}

/* Reserves all planes; false without memory. */
static bool reserve(SolFlowFinder *f)
{
    const SolPyramid *p = &f->pictures[0];
    if (!sol_pyramid_alloc(&f->pictures[0], f->width, f->height, f->half) ||
        !sol_pyramid_alloc(&f->pictures[1], f->width, f->height, f->half))
        return false;
    for (int i = 0; i < p->levels; i++)
        if (!sol_plane_alloc(&f->u[i], p->level[i].grey.width, p->level[i].grey.height, SOL_PATCH) ||
            !sol_plane_alloc(&f->v[i], p->level[i].grey.width, p->level[i].grey.height, SOL_PATCH))
            return false;
    return sol_search_alloc(&f->search, p->level[0].grey.width, p->level[0].grey.height, f->effort.step,
                            f->effort.iterations) &&
           sol_refine_alloc(&f->refine, p->level[0].grey.width, p->level[0].grey.height);
}

int sol_flow_finder_open(SolFlowFinder **out, int width, int height, SolFlowQuality quality, SolPool *pool)
{
    SolFlowFinder *f;
    if (width < 1 || height < 1 || width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "optical flow of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    if (!(f = sol_calloc(1, sizeof *f)))
        return sol_fail_memory("optical flow");
    f->width = width;
    f->height = height;
    f->half = quality == SOL_FLOW_FAST && width >= HALF_FROM && height >= HALF_FROM;
    f->effort = efforts[quality];
    f->pool = pool;
    if (!reserve(f)) {
        sol_flow_finder_close(&f);
        return sol_fail(SOL_ERR_NOMEM, "not enough memory for the optical flow of %dx%d pixels", width, height);
    }
    *out = f;
    return SOL_OK;
}

void sol_flow_finder_close(SolFlowFinder **finder)
{
    SolFlowFinder *f = *finder;
    *finder = NULL;
    if (!f)
        return;
    sol_pyramid_free(&f->pictures[0]);
    sol_pyramid_free(&f->pictures[1]);
    for (int i = 0; i < SOL_PYRAMID_LEVELS; i++) {
        sol_plane_free(&f->u[i]);
        sol_plane_free(&f->v[i]);
    }
    sol_search_free(&f->search);
    sol_refine_free(&f->refine);
    sol_free(f);
}

void sol_flow_finder_push(SolFlowFinder *f, const SolImage *image)
{
    SolPyramid oldest = f->pictures[0];
    f->pictures[0] = f->pictures[1];
    f->pictures[1] = oldest;
    sol_pyramid_build(&f->pictures[1], image, f->half, f->pool);
    f->count = f->count < 2 ? f->count + 1 : 2;
}

void sol_flow_finder_forget(SolFlowFinder *f)
{
    f->count = 0;
}

int sol_flow_finder_count(const SolFlowFinder *f)
{
    return f->count;
}

typedef struct Output {
    const SolFlowFinder *finder;
    SolFlow *flow;
} Output;

/* Rows of the flow at the picture's size. */
static void output_rows(void *context, int block)
{
    const Output *o = context;
    const SolFlowFinder *f = o->finder;
    const SolTemporalKernels *kernels = sol_temporal_kernels();
    const SolPlane *planes[2] = {&f->u[0], &f->v[0]};
    float *to[2] = {o->flow->u, o->flow->v};
    int rows = sol_rows_of_block(f->width), last = f->u[0].height - 1;
    for (int y = block * rows; y < (block + 1) * rows && y < f->height; y++)
        for (int i = 0; i < 2; i++) {
            float *row = to[i] + (size_t)y * (size_t)f->width;
            int near = y / 2, far = y % 2 ? (near < last ? near + 1 : last) : (near > 0 ? near - 1 : 0);
            if (f->half)
                kernels->enlarge(sol_plane_row(planes[i], near), sol_plane_row(planes[i], far), (size_t)f->width,
                                 (size_t)planes[i]->width, 2, row);
            else
                memcpy(row, sol_plane_row(planes[i], y), (size_t)f->width * sizeof *row);
        }
}

static void find(SolFlowFinder *f, const SolPyramid *from, const SolPyramid *to, SolFlow *flow)
{
    for (int i = from->levels - 1; i >= 0; i--) {
        const SolPlane *u = i + 1 < from->levels ? &f->u[i + 1] : NULL, *v = u ? &f->v[i + 1] : NULL;
        sol_search_run(&f->search, &from->level[i], &to->level[i], u, v, &f->u[i], &f->v[i], f->pool);
        sol_refine_run(&f->refine, &from->level[i].grey, &to->level[i].grey, &f->u[i], &f->v[i],
                       f->effort.warps + MORE_WARPS * i, f->effort.sweeps + MORE_SWEEPS * i, f->pool);
    }
    sol_run_rows(f->pool, output_rows, &(Output){f, flow}, f->width, f->height);
}

void sol_flow_forward(SolFlowFinder *f, SolFlow *flow)
{
    find(f, &f->pictures[0], &f->pictures[1], flow);
}

void sol_flow_backward(SolFlowFinder *f, SolFlow *flow)
{
    find(f, &f->pictures[1], &f->pictures[0], flow);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The variational refinement of a flow: a system of two equations a pixel, made anew each time that the second picture is
 * warped, and solved by successive over-relaxation. Pixels are taken as on a chessboard, first the red ones and then the
 * black, so that within one colour none depends on another, and neither threads nor vectors change a bit. For that the
 * numbers of a row lie in two halves: those of its even columns and those of its odd ones.
 */
#include "temporal/search.h"

#include <string.h>

/* The weights of brightness, its gradient and smoothness; and how far a step of the relaxation goes. */
static const float INTENSITY = 5, GRADIENT = 10, SMOOTHNESS = 20, OMEGA = 1.6f;

enum { MARGIN = 2, GAP = 16 /* floats between the halves of a row, which are read one beyond their ends */ };

static int half_width(int width)
{
    return (width + 1) / 2;
}

enum { WHOLE = 4, HALVES = 9 };

static void list_planes(SolRefine *r, SolPlane *whole[WHOLE], SolPlane *halves[HALVES])
{
    SolPlane *some[WHOLE] = {&r->mean, &r->change, &r->inside, &r->rigidity};
    SolPlane *others[HALVES] = {&r->du, &r->dv, &r->a12, &r->b1, &r->b2, &r->inverse1, &r->inverse2, &r->weight_right,
                                &r->weight_down};
    memcpy(whole, some, sizeof some);
    memcpy(halves, others, sizeof others);
}

bool sol_refine_alloc(SolRefine *r, int width, int height)
{
    SolPlane *whole[WHOLE], *halves[HALVES];
    memset(r, 0, sizeof *r);
    list_planes(r, whole, halves);
    r->odd = half_width(width) + GAP;
    for (int i = 0; i < WHOLE; i++)
        if (!sol_plane_alloc(whole[i], width, height, MARGIN))
            return false;
    for (int i = 0; i < HALVES; i++)
        if (!sol_plane_alloc(halves[i], r->odd + half_width(width), height, 1))
            return false;
    return true;
}

void sol_refine_free(SolRefine *r)
{
    SolPlane *whole[WHOLE], *halves[HALVES];
    list_planes(r, whole, halves);
    for (int i = 0; i < WHOLE; i++)
        sol_plane_free(whole[i]);
    for (int i = 0; i < HALVES; i++)
        sol_plane_free(halves[i]);
}

typedef struct Run {
    const SolTemporalKernels *kernels;
    SolRefine r; /* planes of the level's size, in the memory of the largest's */
    const SolPlane *from, *to;
    SolPlane *u, *v;
    int width, height, colour;
} Run;

/* Half a row: 0 of the even columns, 1 of the odd ones. */
static float *half_row(const Run *run, const SolPlane *plane, int y, int half)
{
    return sol_plane_row(plane, y) + (half ? run->r.odd : 0);
}

/* Nothing holds a pixel to what is beyond the edge: there the rigidity is the edge's with its sign changed, so that
 * their mean is none. */
static void oppose(SolPlane *plane, int y)
{
    float *row = sol_plane_row(plane, y);
    row[-1] = -row[0];
    row[plane->width] = -row[plane->width - 1];
    for (int x = 0; x < plane->width; x++) {
        if (y == 0)
            sol_plane_row(plane, -1)[x] = -row[x];
        if (y == plane->height - 1)
            sol_plane_row(plane, y + 1)[x] = -row[x];
    }
}

/* Warps rows of the second picture, and finds how stiff the flow is there. */
static void compare_rows(void *context, int block)
{
    Run *run = context;
    SolRefine *r = &run->r;
    int rows = sol_rows_of_block(run->width);
    for (int y = block * rows; y < (block + 1) * rows && y < run->height; y++) {
        const float *u = sol_plane_row(run->u, y), *v = sol_plane_row(run->v, y);
        run->kernels->compare(sol_plane_row(run->from, y), run->to->at, run->to->stride, run->width, run->height, y, u, v,
                              sol_plane_row(&r->mean, y), sol_plane_row(&r->change, y), sol_plane_row(&r->inside, y));
        run->kernels->rigidity(u, v, run->u->stride, (size_t)run->width, SMOOTHNESS, sol_plane_row(&r->rigidity, y));
        sol_plane_extend(&r->mean, y);
        sol_plane_extend(&r->change, y);
        oppose(&r->rigidity, y);
    }
}

enum { PIECE = 512, OUTS = 7 };

/* The coefficients of a row, piece by piece. */
static void system_row(const Run *run, int y)
{
    const SolRefine *r = &run->r;
    const SolPlane *outs[OUTS] = {&r->a12, &r->b1, &r->b2, &r->inverse1, &r->inverse2, &r->weight_right,
                                  &r->weight_down};
    float out[OUTS][PIECE];
    for (int x = 0; x < run->width; x += PIECE) {
        size_t count = (size_t)(run->width - x < PIECE ? run->width - x : PIECE);
        SolSystemRow row = {
            .mean = sol_plane_row(&r->mean, y) + x, .change = sol_plane_row(&r->change, y) + x,
            .inside = sol_plane_row(&r->inside, y) + x, .rigidity = sol_plane_row(&r->rigidity, y) + x,
            .u = sol_plane_row(run->u, y) + x, .v = sol_plane_row(run->v, y) + x, .stride = r->mean.stride,
            .flow_stride = run->u->stride, .intensity = INTENSITY, .gradient = GRADIENT, .a12 = out[0], .b1 = out[1],
            .b2 = out[2], .inverse1 = out[3], .inverse2 = out[4], .weight_right = out[5], .weight_down = out[6],
        };
        run->kernels->system(&row, count);
        for (int i = 0; i < OUTS; i++)
            run->kernels->part(out[i], count, half_row(run, outs[i], y, 0) + x / 2, half_row(run, outs[i], y, 1) + x / 2);
    }
}

static void system_rows(void *context, int block)
{
    Run *run = context;
    int rows = sol_rows_of_block(run->width);
    size_t bytes = (size_t)half_width(run->width) * sizeof(float);
    for (int y = block * rows; y < (block + 1) * rows && y < run->height; y++) {
        system_row(run, y);
        for (int half = 0; half < 2; half++) {
            memset(half_row(run, &run->r.du, y, half), 0, bytes);
            memset(half_row(run, &run->r.dv, y, half), 0, bytes);
        }
    }
}

static void sweep_rows(void *context, int block)
{
    Run *run = context;
    const SolRefine *r = &run->r;
    int rows = sol_rows_of_block(run->width);
    for (int y = block * rows; y < (block + 1) * rows && y < run->height; y++) {
        int half = (y + run->colour) % 2;
        ptrdiff_t left = half ? 0 : -1; /* the neighbours are in the other half, there and next to it */
        const float *beside_u = half_row(run, &r->du, y, 1 - half) + left;
        const float *beside_v = half_row(run, &r->dv, y, 1 - half) + left;
        SolSweepRow row = {
            .du = half_row(run, &r->du, y, half), .dv = half_row(run, &r->dv, y, half),
            .left_u = beside_u, .right_u = beside_u + 1, .left_v = beside_v, .right_v = beside_v + 1,
            .up_u = half_row(run, &r->du, y - 1, half), .down_u = half_row(run, &r->du, y + 1, half),
            .up_v = half_row(run, &r->dv, y - 1, half), .down_v = half_row(run, &r->dv, y + 1, half),
            .weight_left = half_row(run, &r->weight_right, y, 1 - half) + left,
            .weight_right = half_row(run, &r->weight_right, y, half),
            .weight_up = half_row(run, &r->weight_down, y - 1, half),
            .weight_down = half_row(run, &r->weight_down, y, half), .a12 = half_row(run, &r->a12, y, half),
            .b1 = half_row(run, &r->b1, y, half), .b2 = half_row(run, &r->b2, y, half),
            .inverse1 = half_row(run, &r->inverse1, y, half), .inverse2 = half_row(run, &r->inverse2, y, half),
        };
        run->kernels->sweep(&row, (size_t)half_width(run->width), OMEGA);
    }
}

static void join_rows(void *context, int block)
{
    Run *run = context;
    const SolRefine *r = &run->r;
    int rows = sol_rows_of_block(run->width);
    for (int y = block * rows; y < (block + 1) * rows && y < run->height; y++) {
        run->kernels->join(half_row(run, &r->du, y, 0), half_row(run, &r->du, y, 1), (size_t)run->width,
                           sol_plane_row(run->u, y));
        run->kernels->join(half_row(run, &r->dv, y, 0), half_row(run, &r->dv, y, 1), (size_t)run->width,
                           sol_plane_row(run->v, y));
        sol_plane_extend(run->u, y);
        sol_plane_extend(run->v, y);
    }
}

void sol_refine_run(SolRefine *refine, const SolPlane *from, const SolPlane *to, SolPlane *u, SolPlane *v, int warps,
                    int sweeps, SolPool *pool)
{
    Run run = {.kernels = sol_temporal_kernels(), .r = *refine, .from = from, .to = to, .u = u, .v = v,
               .width = from->width, .height = from->height};
    SolPlane *whole[WHOLE], *halves[HALVES];
    list_planes(&run.r, whole, halves);
    for (int i = 0; i < WHOLE; i++) {
        whole[i]->width = run.width;
        whole[i]->height = run.height;
    }
    for (int i = 0; i < warps; i++) {
        sol_run_rows(pool, compare_rows, &run, run.width, run.height);
        sol_run_rows(pool, system_rows, &run, run.width, run.height);
        for (int s = 0; s < 2 * sweeps; s++) {
            run.colour = s % 2;
            sol_run_rows(pool, sweep_rows, &run, run.width, run.height);
        }
        sol_run_rows(pool, join_rows, &run, run.width, run.height);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures moved along a flow, and where that cannot be trusted.
 */
#include "temporal/warp.h"

#include "temporal/plane.h"

typedef void (*WarpRow)(const uint8_t *rgb, size_t stride, int width, int height, int y, const float *u, const float *v,
                        uint8_t *to);

typedef struct Warp {
    const SolImage *image;
    const SolFlow *flow;
    SolImage *out;
    WarpRow row;
} Warp;

static void warp_rows(void *context, int block)
{
    const Warp *w = context;
    int width = w->flow->width, height = w->flow->height, rows = sol_rows_of_block(width);
    for (int y = block * rows; y < (block + 1) * rows && y < height; y++) {
        size_t first = (size_t)y * (size_t)width;
        w->row(w->image->pixels, w->image->stride, width, height, y, w->flow->u + first, w->flow->v + first,
               sol_image_row(w->out, y));
    }
}

void sol_warp(const SolImage *image, const SolFlow *flow, SolImage *out, SolPool *pool)
{
    Warp w = {image, flow, out, sol_temporal_kernels()->cubic};
    sol_run_rows(pool, warp_rows, &w, flow->width, flow->height);
}

void sol_warp_linear(const SolImage *image, const SolFlow *flow, SolImage *out, SolPool *pool)
{
    Warp w = {image, flow, out, sol_temporal_kernels()->linear};
    sol_run_rows(pool, warp_rows, &w, flow->width, flow->height);
}

typedef struct Trust {
    const SolFlow *flow, *back;
    SolMask *trust;
} Trust;

static void trust_rows(void *context, int block)
{
    const Trust *t = context;
    int width = t->flow->width, height = t->flow->height, rows = sol_rows_of_block(width);
    SolTrustRow row = {t->flow->u, t->flow->v, t->back->u, t->back->v};
    for (int y = block * rows; y < (block + 1) * rows && y < height; y++)
        sol_temporal_kernels()->steady->trust(&row, width, height, y, sol_mask_row(t->trust, y));
}

void sol_flow_trust(const SolFlow *flow, const SolFlow *back, SolMask *trust, SolPool *pool)
{
    Trust t = {flow, back, trust};
    sol_run_rows(pool, trust_rows, &t, flow->width, flow->height);
}

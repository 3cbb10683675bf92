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

static int clamp(int i, int size)
{
    return i < 0 ? 0 : i < size ? i : size - 1;
}

/* The squared gradient of a plane at a pixel, by central differences, one-sided at the edges. */
static float gradient(const float *plane, int width, int height, int x, int y)
{
    size_t w = (size_t)width, row = (size_t)y * w;
    int left = clamp(x - 1, width), right = clamp(x + 1, width), up = clamp(y - 1, height), down = clamp(y + 1, height);
    float dx = plane[row + (size_t)right] - plane[row + (size_t)left];
    float dy = plane[(size_t)down * w + (size_t)x] - plane[(size_t)up * w + (size_t)x];
    dx = right - left == 2 ? 0.5f * dx : dx;
    dy = down - up == 2 ? 0.5f * dy : dy;
    return dx * dx + dy * dy;
}

/* A plane's value between pixels, linearly. */
static float between(const float *plane, int width, int height, float x, float y)
{
    int ix = (int)x, iy = (int)y, right = clamp(ix + 1, width);
    const float *upper = plane + (size_t)iy * (size_t)width, *lower = plane + (size_t)clamp(iy + 1, height) * (size_t)width;
    float fx = x - (float)ix, a = upper[ix] + fx * (upper[right] - upper[ix]), b = lower[ix] + fx * (lower[right] - lower[ix]);
    return a + (y - (float)iy) * (b - a);
}

static bool trusted(const Trust *t, int x, int y)
{
    int width = t->flow->width, height = t->flow->height;
    size_t i = (size_t)y * (size_t)width + (size_t)x;
    float u = t->flow->u[i], v = t->flow->v[i], to_x = (float)x + u, to_y = (float)y + v, back_u, back_v, length;
    if (!(to_x >= 0 && to_y >= 0 && to_x <= (float)(width - 1) && to_y <= (float)(height - 1)))
        return false;
    back_u = between(t->back->u, width, height, to_x, to_y);
    back_v = between(t->back->v, width, height, to_x, to_y);
    length = u * u + v * v;
    if ((u + back_u) * (u + back_u) + (v + back_v) * (v + back_v) >
        0.01f * (length + back_u * back_u + back_v * back_v) + 0.5f)
        return false;
    return !(gradient(t->flow->u, width, height, x, y) + gradient(t->flow->v, width, height, x, y) >
             0.01f * length + 0.002f);
}

static void trust_rows(void *context, int block)
{
    const Trust *t = context;
    int width = t->flow->width, rows = sol_rows_of_block(width);
    for (int y = block * rows; y < (block + 1) * rows && y < t->flow->height; y++)
        for (int x = 0; x < width; x++)
            sol_mask_row(t->trust, y)[x] = trusted(t, x, y) ? 255 : 0;
}

void sol_flow_trust(const SolFlow *flow, const SolFlow *back, SolMask *trust, SolPool *pool)
{
    Trust t = {flow, back, trust};
    sol_run_rows(pool, trust_rows, &t, flow->width, flow->height);
}

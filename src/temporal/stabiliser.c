/* SPDX-License-Identifier: Apache-2.0
 *
 * Steadying: what was shown before is carried along the flow, as 16-bit numbers so that rounding does not add up, and
 * with it what it was painted from, mixed of as many frames as the paint is. Where the flow can be trusted, and what was
 * painted from looks as what is there now, the painting takes over from it. So paint may stay for long where nothing
 * happens, and goes as soon as its source has become another, however slowly.
 */
#include "temporal/stabiliser.h"

#include "temporal/cuts.h"
#include "temporal/kernels.h"
#include "temporal/plane.h"
#include "temporal/stillness.h"
#include "temporal/warp.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum { MARGIN = 2 };

/* How much of what was shown before stays, where it moves and where it stands still; and the difference of the sources,
 * in levels of 255, at which half of that is left. */
typedef struct Strength {
    float moving, still, tolerance;
} Strength;

static const Strength strengths[] = {
    [SOL_STEADY_OFF] = {0, 0, 1},
    [SOL_STEADY_LIGHT] = {0.5f, 0.7f, 8},
    [SOL_STEADY_STRONG] = {0.8f, 0.98f, 8},
};

static const float STILL = 0.15f; /* a flow of fewer pixels is none */

struct SolStabiliser {
    SolSteady steady;
    int width, height;
    SolPool *pool;
    SolFlowFinder *finder;
    SolFlow *flow, *back;  /* from the frame at hand to the one before; and from that one to this */
    SolMask *trust;
    SolCuts cuts;
    size_t stride;         /* numbers from a row of what is kept to the next */
    uint16_t *memory, *kept; /* what was shown, and what it was painted from; kept: pixel (0, 0), within a margin */
    SolImage *former;      /* the frame before */
    uint16_t *carried;     /* [height][width][SOL_CARRIED] that, moved to where things are now */
    float *unmoved, *moved; /* [height][width] how far the sources are apart, at the same place and along the flow */
    float *near_unmoved, *near_moved, *sums; /* a row of means of squares and of their sums, for every row */
    SolStillness stillness;
    bool looked, painted;  /* there is a frame before; and a painting of it */
};

/* ---- opening ---- */

static bool reserve(SolStabiliser *s)
{
    size_t width = (size_t)s->width, height = (size_t)s->height, count;
    s->stride = (width + 2 * MARGIN) * SOL_CARRIED;
    if (!sol_mul(width, height, &count))
        return false;
    s->memory = sol_calloc(height + 2 * MARGIN, s->stride * sizeof *s->memory);
    s->carried = sol_calloc(count, SOL_CARRIED * sizeof *s->carried);
    s->unmoved = sol_calloc(count, sizeof *s->unmoved);
    s->moved = sol_calloc(count, sizeof *s->moved);
    s->near_unmoved = sol_calloc(count, sizeof *s->near_unmoved);
    s->near_moved = sol_calloc(count, sizeof *s->near_moved);
    s->sums = sol_calloc(height, (width + SOL_BOX) * sizeof *s->sums);
    if (!s->memory || !s->carried || !s->unmoved || !s->moved || !s->near_unmoved || !s->near_moved || !s->sums ||
        !sol_stillness_alloc(&s->stillness, s->width, s->height))
        return false;
    s->kept = s->memory + MARGIN * s->stride + MARGIN * SOL_CARRIED;
    return true;
}

int sol_stabiliser_open(SolStabiliser **out, const SolSteady *steady, int width, int height, SolPool *pool)
{
    SolStabiliser *s = sol_calloc(1, sizeof *s);
    int error;
    if (!s)
        return sol_fail_memory("steadying");
    s->steady = *steady;
    s->width = width;
    s->height = height;
    s->pool = pool;
    if ((error = sol_flow_finder_open(&s->finder, width, height, SOL_FLOW_FAST, pool)) != 0 ||
        (error = sol_flow_create(&s->flow, width, height)) != 0 ||
        (error = sol_flow_create(&s->back, width, height)) != 0 ||
        (error = sol_mask_create(&s->trust, width, height)) != 0 ||
        (error = sol_image_create(&s->former, width, height)) != 0) {
        sol_stabiliser_close(&s);
        return error;
    }
    if (!reserve(s)) {
        sol_stabiliser_close(&s);
        return sol_fail(SOL_ERR_NOMEM, "not enough memory to steady a film of %dx%d pixels", width, height);
    }
    *out = s;
    return SOL_OK;
}

void sol_stabiliser_close(SolStabiliser **stabiliser)
{
    SolStabiliser *s = *stabiliser;
    *stabiliser = NULL;
    if (!s)
        return;
    sol_flow_finder_close(&s->finder);
    sol_flow_close(&s->flow);
    sol_flow_close(&s->back);
    sol_mask_close(&s->trust);
    sol_image_unref(&s->former);
    sol_free(s->memory);
    sol_free(s->carried);
    sol_free(s->unmoved);
    sol_free(s->moved);
    sol_free(s->near_unmoved);
    sol_free(s->near_moved);
    sol_free(s->sums);
    sol_stillness_free(&s->stillness);
    sol_free(s);
}

/* ---- what is kept ---- */

static uint16_t *kept_row(const SolStabiliser *s, int y)
{
    return s->kept + (ptrdiff_t)y * (ptrdiff_t)s->stride;
}

/* Repeats the edges of a row in its margin, and of the first and the last row beyond them. */
static void extend(SolStabiliser *s, int y)
{
    uint16_t *row = kept_row(s, y), *end = row + (size_t)(s->width - 1) * SOL_CARRIED;
    size_t pixel = SOL_CARRIED * sizeof *row, bytes = s->stride * sizeof *row;
    for (int i = 1; i <= MARGIN; i++) {
        memcpy(row - i * SOL_CARRIED, row, pixel);
        memcpy(end + i * SOL_CARRIED, end, pixel);
    }
    row -= MARGIN * SOL_CARRIED;
    for (int i = 1; i <= MARGIN && y == 0; i++)
        memcpy(row - (size_t)i * s->stride, row, bytes);
    for (int i = 1; i <= MARGIN && y == s->height - 1; i++)
        memcpy(row + (size_t)i * s->stride, row, bytes);
}

/* Puts R, G, B of a row of a picture at `first` of every pixel. */
static void keep_row(const uint8_t *rgb, int width, int first, uint16_t *kept)
{
    for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
            kept[x * SOL_CARRIED + first + c] = (uint16_t)(256 * rgb[3 * x + c]);
}

/* ---- looking ---- */

typedef struct Work {
    SolStabiliser *s;
    const SolImage *image; /* the frame, or another picture */
    SolImage *out;         /* the painting, or the other picture, moved */
    float most;            /* that the former painting may keep */
} Work;

/* A flow of next to nothing is none, so that what stands still is not interpolated. */
static void settle(float *u, float *v, int width)
{
    for (int x = 0; x < width; x++) {
        bool still = u[x] * u[x] + v[x] * v[x] < STILL * STILL;
        u[x] = still ? 0 : u[x];
        v[x] = still ? 0 : v[x];
    }
}

static void carry_rows(void *context, int block)
{
    const Work *work = context;
    SolStabiliser *s = work->s;
    const SolSteadyKernels *kernels = sol_temporal_kernels()->steady;
    int rows = sol_rows_of_block(s->width);
    for (int y = block * rows; y < (block + 1) * rows && y < s->height; y++) {
        size_t first = (size_t)y * (size_t)s->width;
        uint16_t *carried = s->carried + first * SOL_CARRIED;
        settle(s->flow->u + first, s->flow->v + first, s->width);
        kernels->carry(s->kept, s->stride, s->width, s->height, y, s->flow->u + first, s->flow->v + first, carried);
        kernels->differ(kept_row(s, y), sol_image_row_const(work->image, y), (size_t)s->width, s->unmoved + first);
        kernels->differ(carried, sol_image_row_const(work->image, y), (size_t)s->width, s->moved + first);
    }
}

/* The mean of a square around every pixel of row y. */
static void box_row(const SolStabiliser *s, const float *plane, int y, float *to)
{
    const float *near[SOL_BOX];
    for (int i = 0; i < SOL_BOX; i++) {
        int at = y + i - SOL_BOX / 2;
        at = at < 0 ? 0 : at < s->height ? at : s->height - 1;
        near[i] = plane + (size_t)at * (size_t)s->width;
    }
    sol_temporal_kernels()->steady->box(near, (size_t)s->width, s->sums + (size_t)y * ((size_t)s->width + SOL_BOX), to);
}

/* How far what is carried is trusted: where the flow leads back, and leads to what looks the same; and where nothing
 * tells that anything has moved, and the camera stands, it is what was there. */
static void weigh_rows(void *context, int block)
{
    const Work *work = context;
    SolStabiliser *s = work->s;
    const SolSteadyKernels *kernels = sol_temporal_kernels()->steady;
    int rows = sol_rows_of_block(s->width);
    for (int y = block * rows; y < (block + 1) * rows && y < s->height; y++) {
        size_t first = (size_t)y * (size_t)s->width;
        uint8_t *trust = sol_mask_row(s->trust, y);
        box_row(s, s->unmoved, y, s->near_unmoved + first);
        box_row(s, s->moved, y, s->near_moved + first);
        sol_stillness_apply(&s->stillness, y, s->near_unmoved + first, s->near_moved + first, s->flow->u + first,
                            s->flow->v + first, kept_row(s, y), s->carried + first * SOL_CARRIED, trust);
        kernels->weigh(s->near_moved + first, trust, (size_t)s->width, strengths[s->steady.level].tolerance, trust);
    }
}

static void keep_source_rows(void *context, int block)
{
    const Work *work = context;
    SolStabiliser *s = work->s;
    int rows = sol_rows_of_block(s->width);
    for (int y = block * rows; y < (block + 1) * rows && y < s->height; y++) {
        memcpy(sol_image_row(s->former, y), sol_image_row_const(work->image, y), 3 * (size_t)s->width);
        keep_row(sol_image_row_const(work->image, y), s->width, 3, kept_row(s, y));
        extend(s, y);
    }
}

int sol_stabiliser_look(SolStabiliser *s, const SolImage *frame, bool *cut)
{
    Work work = {s, frame, NULL, 1};
    bool new_scene = !s->looked;
    if (frame->width != s->width || frame->height != s->height)
        return sol_fail(SOL_ERR_ARGUMENT, "a frame of %dx%d pixels cannot be steadied in a film of %dx%d", frame->width,
                        frame->height, s->width, s->height);
    sol_flow_finder_push(s->finder, frame);
    if (s->looked) {
        sol_flow_backward(s->finder, s->flow);
        sol_flow_forward(s->finder, s->back);
        sol_flow_trust(s->flow, s->back, s->trust, s->pool);
        sol_run_rows(s->pool, carry_rows, &work, s->width, s->height);
        new_scene = sol_cuts_between(&s->cuts, frame, s->moved, s->trust);
        sol_stillness_find(&s->stillness, s->unmoved, s->moved);
        sol_run_rows(s->pool, weigh_rows, &work, s->width, s->height);
    } else {
        sol_cuts_begin(&s->cuts, frame);
    }
    if (new_scene || !s->painted)
        sol_mask_fill(s->trust, 0);
    s->looked = true;
    s->painted = false;
    sol_run_rows(s->pool, keep_source_rows, &work, s->width, s->height);
    *cut = new_scene;
    return SOL_OK;
}

/* ---- blending ---- */

static void blend_rows(void *context, int block)
{
    const Work *work = context;
    SolStabiliser *s = work->s;
    const SolSteadyKernels *kernels = sol_temporal_kernels()->steady;
    const Strength *strength = &strengths[s->steady.flow ? s->steady.level : SOL_STEADY_OFF];
    float moving = strength->moving < work->most ? strength->moving : work->most;
    float still = strength->still < work->most ? strength->still : work->most;
    int rows = sol_rows_of_block(s->width);
    for (int y = block * rows; y < (block + 1) * rows && y < s->height; y++) {
        size_t first = (size_t)y * (size_t)s->width;
        kernels->blend(s->carried + first * SOL_CARRIED, sol_mask_row(s->trust, y), s->flow->u + first,
                       s->flow->v + first, (size_t)s->width, moving, still,
                       sol_image_row(work->out, y), kept_row(s, y));
        extend(s, y);
    }
}

int sol_stabiliser_blend(SolStabiliser *s, SolImage *painting, float most)
{
    Work work = {s, NULL, painting, most};
    if (painting->width != s->width || painting->height != s->height)
        return sol_fail(SOL_ERR_ARGUMENT, "a painting of %dx%d pixels cannot be steadied in a film of %dx%d",
                        painting->width, painting->height, s->width, s->height);
    sol_run_rows(s->pool, blend_rows, &work, s->width, s->height);
    s->painted = true;
    return SOL_OK;
}

void sol_stabiliser_warp(SolStabiliser *s, const SolImage *image, SolImage *out)
{
    sol_warp(image, s->flow, out, s->pool);
}

const SolMask *sol_stabiliser_trust(const SolStabiliser *s)
{
    return s->trust;
}

void sol_stabiliser_forget(SolStabiliser *s)
{
    sol_flow_finder_forget(s->finder);
    s->looked = s->painted = false;
}

/* ---- saving ---- */

enum { SAVED = 6 }; /* numbers of a pixel that are saved */

void sol_stabiliser_save(const SolStabiliser *s, SolBlob *blob)
{
    sol_blob_put_int(blob, s->width);
    sol_blob_put_int(blob, s->height);
    sol_blob_put_int(blob, s->looked + 2 * s->painted);
    for (int y = 0; s->looked && y < s->height; y++) {
        sol_blob_put(blob, sol_image_row_const(s->former, y), 3 * (size_t)s->width);
        for (int x = 0; x < s->width; x++) {
            const uint16_t *pixel = kept_row(s, y) + (size_t)x * SOL_CARRIED;
            uint8_t bytes[2 * SAVED];
            for (int c = 0; c < SAVED; c++) {
                bytes[2 * c] = (uint8_t)pixel[c];
                bytes[2 * c + 1] = (uint8_t)(pixel[c] >> 8);
            }
            sol_blob_put(blob, bytes, sizeof bytes);
        }
    }
}

static void restore_row(SolStabiliser *s, SolBlob *blob, int y)
{
    uint16_t *row = kept_row(s, y);
    sol_blob_get(blob, sol_image_row(s->former, y), 3 * (size_t)s->width);
    for (int x = 0; x < s->width; x++) {
        uint8_t bytes[2 * SAVED];
        sol_blob_get(blob, bytes, sizeof bytes);
        for (int c = 0; c < SAVED; c++) {
            int number = bytes[2 * c] + 256 * bytes[2 * c + 1];
            row[x * SOL_CARRIED + c] = (uint16_t)(number < 255 * 256 ? number : 255 * 256);
        }
    }
    extend(s, y);
}

int sol_stabiliser_restore(SolStabiliser *s, SolBlob *blob)
{
    int64_t width = sol_blob_get_int(blob), height = sol_blob_get_int(blob), flags = sol_blob_get_int(blob);
    sol_stabiliser_forget(s);
    if (!sol_blob_is_sound(blob) || width != s->width || height != s->height)
        return sol_fail(SOL_ERR_FORMAT, "what was kept of a steadied film is not of %dx%d pixels", s->width, s->height);
    if (!(flags & 1))
        return SOL_OK;
    for (int y = 0; y < s->height && sol_blob_is_sound(blob); y++)
        restore_row(s, blob, y);
    if (!sol_blob_is_sound(blob))
        return sol_fail(SOL_ERR_FORMAT, "what was kept of a steadied film breaks off");
    sol_flow_finder_push(s->finder, s->former);
    sol_cuts_begin(&s->cuts, s->former);
    s->looked = true;
    s->painted = (flags & 2) != 0;
    return SOL_OK;
}

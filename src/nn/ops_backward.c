/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients of operators: loops over the rows of groups of channels, which the pool's workers take in bands.
 */
#include "nn/ops_backward.h"

#include "nn/kernels.h"

#include <stddef.h>
#include <string.h>

enum { BAND = 1 << 15 }; /* elements of a band, about */

/* What a loop works on; each operator uses what it needs. */
typedef struct Loop {
    const SolRowKernels *kernels;
    const SolFeatures *value, *gradient, *to;
    const SolFeatures *rows; /* the features whose rows are counted */
    int band, bands;         /* rows of a band, and bands of a group */
    void (*row)(const struct Loop *loop, int group, int y);
    bool add, rectify;
    int margin;
    SolBorder border;
} Loop;

static void run_band(void *context, int item)
{
    const Loop *loop = context;
    int groups = sol_features_groups(loop->rows), group = item % groups, y = item / groups * loop->band;
    int height = loop->rows->shape.height;
    int end = height - y < loop->band ? height : y + loop->band;
    for (; y < end; y++)
        loop->row(loop, group, y);
}

static void run_rows(SolPool *pool, Loop *loop, const SolFeatures *rows)
{
    size_t elements = (size_t)rows->shape.width * (size_t)rows->layout.block;
    loop->kernels = sol_kernels()->rows;
    loop->rows = rows;
    loop->band = elements >= BAND ? 1 : (int)(BAND / (elements + 1)) + 1;
    loop->bands = (rows->shape.height + loop->band - 1) / loop->band;
    sol_pool_run(pool, run_band, loop, sol_features_groups(rows) * loop->bands);
}

static size_t row_length(const SolFeatures *t)
{
    return (size_t)t->shape.width * (size_t)t->layout.block;
}

/* ---- ReLU ---- */

static void rectify_row(const Loop *loop, int group, int y)
{
    loop->kernels->rectify(sol_features_row(loop->value, group, y), row_length(loop->value),
                           sol_features_row(loop->to, group, y));
}

void sol_op_rectify(SolPool *pool, const SolFeatures *value, const SolFeatures *gradient)
{
    Loop loop = {.value = value, .to = gradient, .row = rectify_row};
    run_rows(pool, &loop, gradient);
}

/* ---- resampling ---- */

/* An odd last row or column was dropped: nothing but what is there already comes to it. */
static void finish_dropped(const Loop *loop, int group, int y, int x0)
{
    size_t block = (size_t)loop->to->layout.block, from = (size_t)x0 * block;
    float *to = (float *)sol_features_row(loop->to, group, y) + from;
    size_t count = row_length(loop->to) - from;
    if (!loop->add)
        memset(to, 0, count * sizeof *to);
    else if (loop->rectify)
        loop->kernels->rectify((const float *)sol_features_row(loop->value, group, y) + from, count, to);
}

/* Row `y` of the pooled picture. */
static void unpool_row(const Loop *loop, int group, int y)
{
    const SolShape whole = loop->to->shape, half = loop->gradient->shape;
    loop->kernels->unpool(sol_features_row(loop->value, group, 2 * y), sol_features_row(loop->value, group, 2 * y + 1),
                          sol_features_row(loop->gradient, group, y), (size_t)half.width,
                          (size_t)loop->to->layout.block, loop->add, loop->rectify,
                          sol_features_row(loop->to, group, 2 * y), sol_features_row(loop->to, group, 2 * y + 1));
    for (int i = 2 * y; i < 2 * y + 2 && whole.width % 2 != 0; i++)
        finish_dropped(loop, group, i, whole.width - 1);
    if (y + 1 == half.height && whole.height % 2 != 0)
        finish_dropped(loop, group, whole.height - 1, 0);
}

void sol_op_unpool(SolPool *pool, const SolFeatures *value, const SolFeatures *gradient, bool add, bool rectify,
                   const SolFeatures *to)
{
    Loop loop = {.value = value, .gradient = gradient, .to = to, .add = add, .rectify = rectify, .row = unpool_row};
    run_rows(pool, &loop, gradient);
}

static void quarter_row(const Loop *loop, int group, int y)
{
    loop->kernels->quarter(sol_features_row(loop->gradient, group, 2 * y),
                           sol_features_row(loop->gradient, group, 2 * y + 1), (size_t)loop->to->shape.width,
                           (size_t)loop->to->layout.block, loop->add, sol_features_row(loop->to, group, y));
}

void sol_op_quarter(SolPool *pool, const SolFeatures *gradient, bool add, const SolFeatures *to)
{
    Loop loop = {.gradient = gradient, .to = to, .add = add, .row = quarter_row};
    run_rows(pool, &loop, to);
}

/* ---- borders ---- */

static void add_to(const Loop *loop, float *to, const float *from, size_t count)
{
    loop->kernels->add(to, from, count, to);
}

/* Adds the pixels beside row `y` to their sources. */
static void fold_row(const Loop *loop, int group, int y)
{
    const SolFeatures *t = loop->to;
    int width = t->shape.width;
    ptrdiff_t block = t->layout.block;
    float *row = sol_features_row(t, group, y);
    for (int i = 1; i <= loop->margin; i++)
        for (int side = 0; side < 2; side++) {
            int x = side ? width - 1 + i : -i, source = sol_border_index(loop->border, x, width);
            if (source >= 0)
                add_to(loop, row + source * block, row + x * block, (size_t)block);
        }
}

static void fold_group(void *context, int group)
{
    const Loop *loop = context;
    const SolFeatures *t = loop->to;
    int height = t->shape.height;
    for (int y = -loop->margin; y < height + loop->margin; y++)
        fold_row(loop, group, y);
    for (int i = 1; i <= loop->margin; i++)
        for (int side = 0; side < 2; side++) {
            int y = side ? height - 1 + i : -i, source = sol_border_index(loop->border, y, height);
            if (source >= 0)
                add_to(loop, sol_features_row(t, group, source), sol_features_row(t, group, y), row_length(t));
        }
}

void sol_op_fold_margin(SolPool *pool, const SolFeatures *features, int margin, SolBorder border)
{
    Loop loop = {.kernels = sol_kernels()->rows, .to = features, .margin = margin, .border = border};
    if (margin > 0)
        sol_pool_run(pool, fold_group, &loop, sol_features_groups(features));
}

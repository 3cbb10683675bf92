/* SPDX-License-Identifier: Apache-2.0
 *
 * The pyramid, the sliding window and the cascade's evaluation. All levels have the stride of the largest, so that a
 * feature's corners lie equally far from a window's in all of them. Levels, and then strips of rows of them, are dealt
 * out to the workers; what strips find is put together in their order.
 */
#include "region/detect.h"

#include "base/error.h"
#include "base/memory.h"
#include "region/bands.h"
#include "region/group.h"
#include "region/integral.h"

#include <math.h>
#include <stdlib.h>

enum { STRIP = 16 }; /* rows of windows a worker takes at once */

typedef struct Level {
    float scale;               /* pixels of the picture a pixel */
    int width, height, step;   /* step: from a window to the next */
    int box_width, box_height; /* of a window, pixels of the picture */
    uint8_t *grey;
    SolIntegral integral;
} Level;

typedef struct Strip {
    int level, first, end; /* rows of windows */
    SolArea *areas;
    size_t count, capacity;
    bool failed;
} Strip;

/* A feature's corners, as they lie from the window's upper left one on. */
typedef struct Corners {
    int at[3][4];
    float weight[3];
    bool tilted;
} Corners; /* 64 bytes: a cache line */

struct SolDetector {
    const SolCascade *cascade;
    SolDetecting how;
    SolPool *pool;
    int width, height;
    const uint8_t *picture; /* while it is searched */
    Level *levels;
    int level_count;
    Strip *strips;
    int strip_count;
    Corners *corners;       /* [feature_count] of Haar's */
    int (*patterns)[16];    /* [feature_count] of local binary patterns: four by four corners */
    uint8_t *greys;
    uint32_t *sums;
    size_t stride;
};

void sol_image_to_grey(const SolImage *image, uint8_t *grey)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = sol_image_row_const(image, y);
        for (int x = 0; x < image->width; x++)
            grey[(size_t)y * (size_t)image->width + (size_t)x] =
                (uint8_t)((row[3 * x] * 4899u + row[3 * x + 1] * 9617u + row[3 * x + 2] * 1868u + 8192) >> 14);
    }
}

/* ---- planning ---- */

static int rounded(double number)
{
    return (int)lrint(number); /* halves to even, as OpenCV */
}

/* The levels' sizes; NULL levels: counts only. */
static int plan_levels(const SolDetector *d, Level *levels)
{
    const SolCascade *c = d->cascade;
    double largest = d->how.largest > 0 ? d->how.largest : d->height;
    int count = 0;
    for (double scale = 1;; scale *= d->how.factor) {
        Level level = {.scale = (float)scale, .step = scale >= 2 ? 1 : 2};
        level.box_width = rounded(c->width * scale);
        level.box_height = rounded(c->height * scale);
        level.width = rounded((float)d->width / level.scale);
        level.height = rounded((float)d->height / level.scale);
        if (level.box_height > largest || level.box_width > d->width || level.box_height > d->height)
            return count;
        if (level.box_height < d->how.smallest || level.width < c->width || level.height < c->height)
            continue;
        if (levels)
            levels[count] = level;
        count++;
    }
}

static int reserve_levels(SolDetector *d)
{
    const SolCascade *c = d->cascade;
    int kinds = c->patterns ? 1 : c->has_tilted ? 3 : 2;
    size_t greys = 0, rows = 0, at_grey = 0, at_row = 0;
    d->level_count = plan_levels(d, NULL);
    if (!(d->levels = sol_calloc((size_t)d->level_count, sizeof *d->levels)))
        return sol_fail_memory("a detector");
    plan_levels(d, d->levels);
    for (int i = 0; i < d->level_count; i++) {
        greys += (size_t)d->levels[i].width * (size_t)d->levels[i].height;
        rows += (size_t)d->levels[i].height + 1;
        d->strip_count += sol_band_count(d->levels[i].height - c->height + 1, STRIP);
    }
    d->stride = d->level_count ? (size_t)d->levels[0].width + 1 : 1;
    d->greys = sol_alloc(greys, 1);
    d->sums = sol_alloc(rows * (size_t)kinds, d->stride * sizeof *d->sums);
    if (!d->greys || !d->sums)
        return sol_fail_memory("a detector");
    for (int i = 0; i < d->level_count; i++) {
        Level *level = &d->levels[i];
        size_t height = (size_t)level->height + 1;
        uint32_t *sums = d->sums + at_row * d->stride;
        level->grey = d->greys + at_grey;
        level->integral = (SolIntegral){.sums = sums, .stride = d->stride};
        level->integral.squares = kinds > 1 ? sums + height * d->stride : NULL;
        level->integral.tilted = kinds > 2 ? sums + 2 * height * d->stride : NULL;
        at_grey += (size_t)level->width * (size_t)level->height;
        at_row += height * (size_t)kinds;
    }
    return SOL_OK;
}

static int reserve_strips(SolDetector *d)
{
    int count = 0;
    if (!(d->strips = sol_calloc((size_t)d->strip_count, sizeof *d->strips)))
        return sol_fail_memory("a detector");
    for (int i = 0; i < d->level_count; i++) {
        int rows = d->levels[i].height - d->cascade->height + 1;
        for (int k = 0; k < sol_band_count(rows, STRIP); k++) {
            SolBand band = sol_band(rows, STRIP, k);
            d->strips[count++] = (Strip){.level = i, .first = band.first, .end = band.end};
        }
    }
    return SOL_OK;
}

/* Within a window: its sides and the picture's are small enough for an int. */
static int offset(const SolDetector *d, int x, int y)
{
    return (int)d->stride * y + x;
}

static int place_corners(SolDetector *d)
{
    const SolCascade *c = d->cascade;
    if (!(d->corners = sol_calloc(c->feature_count, sizeof *d->corners)))
        return sol_fail_memory("a detector");
    for (size_t i = 0; i < c->feature_count; i++) {
        const SolCascadeFeature *f = &c->features[i];
        Corners *to = &d->corners[i];
        to->tilted = f->tilted;
        for (int k = 0; k < f->count; k++) {
            int x = f->rects[k].x, y = f->rects[k].y, w = f->rects[k].width, h = f->rects[k].height;
            to->weight[k] = f->rects[k].weight;
            to->at[k][0] = offset(d, x, y);
            to->at[k][1] = f->tilted ? offset(d, x - h, y + h) : offset(d, x + w, y);
            to->at[k][2] = f->tilted ? offset(d, x + w, y + w) : offset(d, x, y + h);
            to->at[k][3] = f->tilted ? offset(d, x + w - h, y + w + h) : offset(d, x + w, y + h);
        }
    }
    return SOL_OK;
}

static int place_patterns(SolDetector *d)
{
    const SolCascade *c = d->cascade;
    if (!(d->patterns = sol_calloc(c->feature_count, sizeof *d->patterns)))
        return sol_fail_memory("a detector");
    for (size_t i = 0; i < c->feature_count; i++)
        for (int k = 0; k < 16; k++)
            d->patterns[i][k] = offset(d, c->features[i].rects[0].x + k % 4 * c->features[i].rects[0].width,
                                       c->features[i].rects[0].y + k / 4 * c->features[i].rects[0].height);
    return SOL_OK;
}

int sol_detector_open(SolDetector **out, const SolCascade *cascade, int width, int height, const SolDetecting *how,
                      SolPool *pool)
{
    SolDetector *d = sol_calloc(1, sizeof *d);
    int code;
    if (width < 1 || height < 1 || !(how->factor > 1) || how->neighbours < 0) {
        sol_free(d);
        return sol_fail(SOL_ERR_ARGUMENT, "a detector for %dx%d pixels, with sizes %g times as large as the one "
                        "before, and %d neighbours", width, height, how->factor, how->neighbours);
    }
    if (!d)
        return sol_fail_memory("a detector");
    *d = (SolDetector){.cascade = cascade, .how = *how, .pool = pool, .width = width, .height = height};
    code = reserve_levels(d);
    if (!code)
        code = reserve_strips(d);
    if (!code)
        code = cascade->patterns ? place_patterns(d) : place_corners(d);
    if (code) {
        sol_detector_close(&d);
        return code;
    }
    *out = d;
    return SOL_OK;
}

void sol_detector_close(SolDetector **detector)
{
    SolDetector *d = *detector;
    if (!d)
        return;
    for (int i = 0; d->strips && i < d->strip_count; i++)
        free(d->strips[i].areas);
    sol_free(d->strips);
    sol_free(d->levels);
    sol_free(d->corners);
    sol_free(d->patterns);
    sol_free(d->greys);
    sol_free(d->sums);
    sol_free(d);
    *detector = NULL;
}

/* ---- searching ---- */

/* A window: where its upper left corner lies in the sums. */
typedef struct Window {
    const uint32_t *sums, *tilted;
    float norm; /* 1 over the pixels' number times their deviation */
} Window;

static inline int32_t sum_at(const uint32_t *sums, const int at[4])
{
    return (int32_t)(sums[at[0]] - sums[at[1]] - sums[at[2]] + sums[at[3]]);
}

static inline float feature_at(const Corners *f, const Window *w)
{
    const uint32_t *sums = f->tilted ? w->tilted : w->sums;
    float value = f->weight[0] * (float)sum_at(sums, f->at[0]) + f->weight[1] * (float)sum_at(sums, f->at[1]);
    if (f->weight[2] != 0)
        value += f->weight[2] * (float)sum_at(sums, f->at[2]);
    return value * w->norm;
}

/* Which of the eight neighbours of the middle cell are as bright as it: clockwise from the upper left, the highest bit
   first. */
static unsigned pattern_at(const int corners[16], const uint32_t *sums)
{
    static const int around[8] = {0, 1, 2, 6, 10, 9, 8, 4}; /* upper left corners of the cells, in rows of four */
    uint32_t middle = sums[corners[5]] - sums[corners[6]] - sums[corners[9]] + sums[corners[10]];
    unsigned pattern = 0;
    for (int i = 0; i < 8; i++) {
        const int *at = corners + around[i];
        uint32_t cell = sums[at[0]] - sums[at[1]] - sums[at[4]] + sums[at[5]];
        pattern = pattern << 1 | (cell >= middle);
    }
    return pattern;
}

static double tree_at(const SolDetector *d, const SolCascadeTree *tree, const Window *w)
{
    const SolCascade *c = d->cascade;
    const SolCascadeNode *nodes = c->nodes + tree->node;
    int next = 0;
    do {
        const SolCascadeNode *node = &nodes[next];
        bool second;
        if (c->patterns) {
            unsigned pattern = pattern_at(d->patterns[node->feature], w->sums);
            second = !(node->subset[pattern >> 5] >> (pattern & 31) & 1);
        } else {
            second = !(feature_at(&d->corners[node->feature], w) < node->threshold);
        }
        next = node->next[second];
    } while (next > 0);
    return (double)c->leaves[tree->leaf - next];
}

/* How many stages a window passes. */
static size_t stages_passed(const SolDetector *d, const Window *w)
{
    const SolCascade *c = d->cascade;
    for (size_t s = 0; s < c->stage_count; s++) {
        const SolCascadeStage *stage = &c->stages[s];
        double sum = 0;
        for (int i = 0; i < stage->tree_count; i++)
            sum += tree_at(d, &c->trees[stage->tree + i], w);
        if (sum < (double)stage->threshold)
            return s;
    }
    return c->stage_count;
}

/* Sets up a window; false where it is too flat to be looked at (a deviation of 10 levels or less). The outermost pixels
   do not count for the deviation. */
static bool set_window(const SolDetector *d, const Level *level, int x, int y, Window *w)
{
    const SolCascade *c = d->cascade;
    size_t at = (size_t)y * d->stride + (size_t)x;
    const uint32_t *sums = level->integral.sums + at;
    const int corners[4] = {offset(d, 1, 1), offset(d, c->width - 1, 1), offset(d, 1, c->height - 1),
                            offset(d, c->width - 1, c->height - 1)};
    double area = (double)(c->width - 2) * (c->height - 2), sum, squares, spread;
    *w = (Window){.sums = sums, .norm = 1};
    if (c->patterns)
        return true;
    if (c->has_tilted)
        w->tilted = level->integral.tilted + at;
    sum = sum_at(sums, corners);
    squares = (uint32_t)sum_at(level->integral.squares + at, corners);
    spread = area * squares - sum * sum;
    if (spread <= 0)
        return false;
    w->norm = (float)(1 / sqrt(spread));
    return area * (double)w->norm < 0.1;
}

static void keep(Strip *strip, const Level *level, int x, int y)
{
    void *grown = strip->areas;
    if (!sol_grow(&grown, &strip->capacity, strip->count + 1, sizeof *strip->areas)) {
        strip->failed = true;
        return;
    }
    strip->areas = grown;
    strip->areas[strip->count++] = (SolArea){rounded((float)x * level->scale), rounded((float)y * level->scale),
                                             level->box_width, level->box_height};
}

static void fill_level(void *context, int item)
{
    SolDetector *d = context;
    Level *level = &d->levels[item];
    sol_grey_scale(level->grey, level->width, level->height, d->picture, d->width, d->height);
    sol_integral_fill(&level->integral, level->grey, level->width, level->height);
}

static void search_strip(void *context, int item)
{
    SolDetector *d = context;
    Strip *strip = &d->strips[item];
    const Level *level = &d->levels[strip->level];
    strip->count = 0;
    strip->failed = false;
    for (int y = strip->first; y < strip->end && strip->count < SOL_WINDOWS_MAX; y += level->step)
        for (int x = 0; x + d->cascade->width <= level->width; x += level->step) {
            Window window;
            size_t passed;
            if (!set_window(d, level, x, y, &window))
                continue;
            passed = stages_passed(d, &window);
            if (passed == d->cascade->stage_count)
                keep(strip, level, x, y);
            else if (passed == 0)
                x += level->step; /* the next is most unlikely, too */
        }
}

static int collect(const SolDetector *d, SolArea **areas, int *count)
{
    size_t total = 0, at = 0;
    for (int i = 0; i < d->strip_count; i++) {
        if (d->strips[i].failed)
            return sol_fail_memory("a detector's windows");
        total += d->strips[i].count;
    }
    if (total > SOL_WINDOWS_MAX)
        total = SOL_WINDOWS_MAX;
    if (!(*areas = sol_alloc(total, sizeof **areas)))
        return sol_fail_memory("a detector's windows");
    for (int i = 0; i < d->strip_count; i++)
        for (size_t k = 0; k < d->strips[i].count && at < total; k++)
            (*areas)[at++] = d->strips[i].areas[k];
    *count = (int)total;
    return SOL_OK;
}

int sol_detector_find(SolDetector *d, const uint8_t *grey, SolFind finds[SOL_FINDS_MAX], int *count)
{
    SolArea *areas = NULL;
    int windows = 0, code;
    d->picture = grey;
    sol_band_run(d->pool, fill_level, d, d->level_count);
    sol_band_run(d->pool, search_strip, d, d->strip_count);
    code = collect(d, &areas, &windows);
    if (!code)
        code = sol_group_windows(areas, windows, d->how.neighbours, finds, count);
    sol_free(areas);
    return code;
}

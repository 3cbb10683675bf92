/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands where, and in which colours, in each season's picture.
 */
#ifndef SAMPLE_SEASON_PLAN_H
#define SAMPLE_SEASON_PLAN_H

#include "land.h"
#include "season.h"
#include "stock.h"

#define PICTURE_W 768.0f
#define PICTURE_H 576.0f
#define PICTURE_SKY 288.0f /* empty sky above y = 0 */

enum { PLAN_HILLS = 5, PLAN_TREES = 8, PLAN_COATS = 4, SCATTER_COLORS = 4 };

struct scatter {
    int count;
    float top, size;
    float gather; /* -1: everywhere; above 0: in patches */
    struct rgb color[SCATTER_COLORS];
};

struct placed {
    enum stock_tree kind;
    int coat;
    float x, y, height;
    int flip;
};

struct plan {
    uint32_t seed;
    struct sky sky;
    struct clouds clouds;
    struct hill hill[PLAN_HILLS];
    float air_far[PLAN_HILLS]; /* haze over each hill */
    int hill_count;
    struct rgb haze;
    struct water water;
    struct hill bank;
    struct scatter scatter;
    struct foliage coat[PLAN_COATS];
    const struct tree *woods[TREE_KINDS];
    struct placed tree[PLAN_TREES];
    int tree_count;
    struct rgb shadow;
    struct rgb air[2];
    int air_count;
    float air_size;
    struct rgb ground;
    float error; /* how loosely it is painted */
};

/* Fills a zeroed plan; it points into itself and into the stock. */
void season_plan(struct plan *p, enum season which, const struct stock *stock);

#endif

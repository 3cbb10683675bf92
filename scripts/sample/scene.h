/* SPDX-License-Identifier: Apache-2.0
 *
 * The landscape of the clip, before anything moves: sheets of scenery
 * painted once, each at its own depth, and the grass and trees of the near
 * bank, which are drawn afresh in every frame because the wind bends them.
 */
#ifndef SAMPLE_SCENE_H
#define SAMPLE_SCENE_H

#include "land.h"
#include "raster.h"
#include "stock.h"

#define CLIP_W 640.0f
#define CLIP_H 360.0f
#define CLIP_HORIZON 168.0f
#define CLIP_SHORE 204.0f

enum { SHEETS = 6, SHORE = 4, ISLAND = 5, COATS = 5, BLADES = 9000, FLOWERS = 80, CLIP_TREES = 3 };

struct sheet {
    struct image im;
    float speed;  /* units it slides by while the nearest slides by 1 */
    float line;   /* where it meets the water */
    float shadow; /* how dark a cloud's shadow falls on it */
    float spread; /* how many units a shadow is wide */
};

struct blade {
    float x, y, length, lean, width, phase;
    struct rgb dark, lit;
    int flower;
};

struct scene {
    struct stock stock;
    struct foliage coat[COATS];
    struct image sky, sky_below, clouds; /* sky_below: mirrored */
    struct sheet sheet[SHEETS];
    struct image bank;
    struct hill bank_shape;
    struct blade *blades;
    int blade_count;
    struct stand tree[CLIP_TREES];
    enum stock_tree tree_kind[CLIP_TREES];
    int tree_coat[CLIP_TREES];
};

void scene_build(struct scene *s);
void scene_free(struct scene *s);

#endif

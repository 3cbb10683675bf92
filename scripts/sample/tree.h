/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees: grown once as branches and leaves in three dimensions, with the
 * light that reaches each leaf through the others, then drawn as often as
 * wanted, at any size, in any foliage, still or swaying.
 */
#ifndef SAMPLE_TREE_H
#define SAMPLE_TREE_H

#include <stdint.h>

#include "raster.h"

struct tree_kind {
    uint32_t seed;
    int levels;   /* forkings from trunk to twig */
    float spread; /* radians between a branch and its fork */
    float shrink; /* length of a fork over its parent's */
    float bend;   /* wander of a branch along its way */
    float lift;   /* pull towards the light; below 0 it hangs */
    float trunk;  /* share of the length before the first fork */
    float girth;  /* radius of the trunk over the height */
    int leaves;   /* about how many */
    float clump;  /* spread of the leaves about a twig */
    float leaf;   /* size of a leaf over the height */
    int conifer;
};

struct foliage {
    struct rgb shade, body, lit; /* from the darkest leaf to the brightest */
    struct rgb accent;           /* odd leaves */
    float accents;               /* their share */
    float vary;                  /* brightness from leaf to leaf */
    float full;                  /* share of the leaves still on the tree */
    struct rgb bark_dark, bark_lit;
    struct rgb snow;
    float stout;  /* branches this much thicker; 0: as they grew */
    float snowed; /* 0: none, 1: thick on every branch */
};

struct stand {
    float x, y;   /* foot of the tree, units */
    float height; /* units */
    int flip;
    int step;        /* draw every step-th leaf, larger */
    float sway;      /* share of the height the crown moves by */
    float time;      /* seconds */
    struct rgb tint; /* multiplies everything */
};

struct tree;

struct tree *tree_grow(const struct tree_kind *kind);
void tree_free(struct tree *t);
void tree_draw(struct image *im, const struct tree *t, const struct foliage *f,
               const struct stand *at);

/* Sideways push of the wind at a place and time, about -1..1. */
float gust(float x, float time);

#endif

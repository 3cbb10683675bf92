/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts a landscape is put together from, whatever its season: sky,
 * clouds marched through a slab of air, wooded hills, meadows and water.
 */
#ifndef SAMPLE_LAND_H
#define SAMPLE_LAND_H

#include <stdint.h>

#include "raster.h"
#include "tree.h"

struct sky {
    struct rgb zenith, middle, horizon;
    struct rgb glow;    /* light about the sun */
    float sun_x, sun_y; /* units; may lie outside the picture */
    float glow_size;
    struct rgb sun;
    float disc; /* radius of the sun's disc; 0: not seen */
    float horizon_y;
};

struct clouds {
    struct rgb lit, shade, haze;
    float cover; /* -0.3: few, 0.3: many */
    float top;   /* none above; there the sky is empty */
    float horizon_y;
    float focal;    /* units: the eye's distance from the picture */
    float size;     /* 1: as usual */
    float sun_side; /* +1: light from the right, -1: from the left */
    uint32_t seed;
};

/* Trees to choose from, and the foliage they wear. */
struct grove {
    const struct tree *const *trees;
    int tree_count;
    const struct foliage *coats;
    int coat_count;
};

struct hill {
    uint32_t seed;
    float base, rise, wave; /* height of the ridge line, its swing, its length */
    float tilt;             /* drop of the ridge across one picture width */
    float foot;             /* where the hill ends below */
    struct rgb grass_a, grass_b, earth;
    float tree_size; /* units; 0: no trees */
    float cover;     /* share of the hill under trees */
    float grow;      /* how much larger the trees are at the foot */
    int step;        /* leaves left out of each tree */
    float rough;     /* strength of the folds in the ground */
    struct grove grove;
};

struct water {
    float shore; /* where it begins, and where it mirrors */
    float horizon_y;
    struct rgb deep; /* colour looked into */
    struct rgb glint;
    float ripple; /* 1: as usual */
    float clear;  /* share of mirror at the near edge */
    float slide;  /* camera's drift, units */
    float time;
};

void sky_draw(struct image *im, const struct sky *s);
void clouds_draw(struct image *im, const struct clouds *c);

float hill_ridge(const struct hill *h, float x);
void hill_draw(struct image *im, const struct hill *h);

/* Mixes everything in the picture towards the haze, more towards `low`. */
void haze_over(struct image *im, struct rgb haze, float high, float low, float y0, float y1);

/* The picture upside down about a line: what still water would show. */
struct image mirror(const struct image *im, float line);
void water_draw(struct image *im, const struct image *mirrored, const struct water *w);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Composing the four seasons: sky, clouds, hills, water, bank and trees are
 * laid one over another from a plan, and the plan of each season gives the
 * colours.  The colours are meant to rule the picture.
 *
 * What a network takes from these pictures is how strongly each kind of mark
 * shows on the average.  A wide empty sky, thinly painted, keeps that average
 * low, so that the plain parts of a film stay plain; and the darkest colours
 * are tinted ones, because they turn up in every shadow.
 */
#include "season.h"

#include <math.h>

#include "brush.h"
#include "land.h"
#include "noise.h"
#include "season_plan.h"

static void draw_scatter(struct image *im, const struct plan *p)
{
    const struct scatter *s = &p->scatter;
    struct rng rng;

    rng_seed(&rng, p->seed + 70U);
    for (int i = 0; i < s->count; i++) {
        float t = (float)i / (float)s->count; /* from far to near */
        float y = mixf(s->top, PICTURE_H + 6.0f, t * t * 0.6f + t * 0.4f);
        float x = rng_span(&rng, -10.0f, PICTURE_W + 10.0f);
        float near = smoothf(s->top - 40.0f, PICTURE_H, y);
        float size = s->size * mixf(0.35f, 1.3f, near) * rng_span(&rng, 0.6f, 1.4f);
        float drift = fbm2(x * 0.012f, y * 0.03f, 3, p->seed + 71U);
        struct dab d = {x,    y,    size,     size * 0.55f, rng_span(&rng, -0.5f, 0.5f),
                        0.6f, 1.0f, {0, 0, 0}};

        if (drift < s->gather || y < hill_ridge(&p->bank, x) + 2.0f)
            continue;
        d.color = s->color[(int)(rng_unit(&rng) * (float)SCATTER_COLORS)];
        d.color = scale_rgb(d.color, rng_span(&rng, 0.75f, 1.1f));
        img_dab(im, &d);
    }
}

/* Long soft shadows of the trees across the bank. */
static void draw_shadow(struct image *im, const struct plan *p, const struct stand *at)
{
    struct rng rng;

    rng_seed(&rng, (uint32_t)(at->x + 1000.0f));
    for (int i = 0; i < 60; i++) {
        float far = rng_unit(&rng);
        struct dab d = {.turn = 0.1f, .soft = 1.4f, .alpha = 0.22f, .color = p->shadow};

        d.x = at->x - far * at->height * 0.75f + rng_bell(&rng) * 14.0f;
        d.y = at->y + far * at->height * 0.10f + rng_bell(&rng) * 6.0f;
        d.rx = at->height * rng_span(&rng, 0.04f, 0.12f);
        d.ry = at->height * rng_span(&rng, 0.01f, 0.025f);

        img_dab(im, &d);
    }
}

static void draw_trees(struct image *im, const struct plan *p, const struct stock *stock)
{
    for (int i = 0; i < p->tree_count; i++) {
        const struct placed *t = &p->tree[i];
        struct stand at = {.x = t->x,
                           .y = t->y,
                           .height = t->height,
                           .flip = t->flip,
                           .step = 1,
                           .tint = {1.0f, 1.0f, 1.0f}};

        draw_shadow(im, p, &at);
        tree_draw(im, stock->tree[t->kind], &p->coat[t->coat], &at);
    }
}

/* Petals, leaves or flakes in the air. */
static void draw_air(struct image *im, const struct plan *p)
{
    struct rng rng;

    rng_seed(&rng, p->seed + 90U);
    for (int i = 0; i < p->air_count; i++) {
        float size = p->air_size * rng_span(&rng, 0.4f, 1.2f);
        struct dab d = {.rx = size, .ry = size * 0.6f, .soft = 0.6f, .alpha = 0.9f};

        d.x = rng_span(&rng, 0.0f, PICTURE_W);
        d.y = rng_span(&rng, 0.0f, PICTURE_H);
        d.turn = rng_span(&rng, 0.0f, 3.1f);
        d.color = p->air[(int)(rng_unit(&rng) * 2.0f)];
        img_dab(im, &d);
    }
}

static void compose(struct image *im, const struct plan *p, const struct stock *stock)
{
    sky_draw(im, &p->sky);
    clouds_draw(im, &p->clouds);
    for (int i = 0; i < p->hill_count; i++) {
        struct image layer = img_new(PICTURE_W, PICTURE_H + PICTURE_SKY, 0.0f, PICTURE_SKY, im->s);
        size_t count = (size_t)layer.w * (size_t)layer.h * 4;

        hill_draw(&layer, &p->hill[i]);
        haze_over(&layer, p->haze, p->air_far[i], fminf(1.0f, p->air_far[i] * 1.5f),
                  p->hill[i].base, p->hill[i].foot);
        for (size_t k = 0; k < count; k += 4)
            for (size_t c = 0; c < 3; c++)
                im->px[k + c] = im->px[k + c] * (1.0f - layer.px[k + 3]) + layer.px[k + c];
        img_free(&layer);
    }
    if (p->water.shore > 0.0f) {
        struct image m = mirror(im, p->water.shore);

        water_draw(im, &m, &p->water);
        img_free(&m);
    }
    hill_draw(im, &p->bank);
    draw_scatter(im, p);
    draw_trees(im, p, stock);
    draw_air(im, p);
}

struct image season_scene(enum season which, const struct stock *stock)
{
    struct image im = img_new(PICTURE_W, PICTURE_H + PICTURE_SKY, 0.0f, PICTURE_SKY, 2.0f);
    struct plan p = {0};

    season_plan(&p, which, stock);
    compose(&im, &p, stock);
    return im;
}

struct image season_painting(enum season which, const struct stock *stock)
{
    static const float radii[] = {36.0f, 20.0f, 11.0f, 6.0f, 3.5f};
    struct image scene = season_scene(which, stock);
    struct plan p = {0};
    struct brush_style style = {.radii = radii,
                                .radius_count = 5,
                                .longest = 14,
                                .jitter = 0.03f,
                                .bristle = 0.6f,
                                .relief = 0.6f,
                                .thin = 0.05f};
    struct image painted, half;

    season_plan(&p, which, stock);
    style.seed = p.seed;
    style.error = p.error;
    style.ground = p.ground;
    painted = brush_paint(&scene, &style);
    half = img_half(&painted);
    img_free(&scene);
    img_free(&painted);
    return half;
}

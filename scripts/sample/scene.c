/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting the sheets of scenery for the clip, far to near, in the colours
 * of late spring, and planting the near bank.  Two trees in flower give each
 * season something of another colour than the green.
 */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

#include "noise.h"

#define MARGIN 70.0f
#define SCALE 2.0f

static struct foliage coat(uint32_t shade, uint32_t body, uint32_t lit, uint32_t bark_dark,
                           uint32_t bark_lit)
{
    struct foliage f = {.shade = hex(shade),
                        .body = hex(body),
                        .lit = hex(lit),
                        .vary = 0.15f,
                        .full = 1.0f,
                        .bark_dark = hex(bark_dark),
                        .bark_lit = hex(bark_lit)};

    return f;
}

static void build_coats(struct scene *s)
{
    s->coat[0] = coat(0x3a5220, 0x6a842e, 0xb8c462, 0x2c221a, 0x8a7358);
    s->coat[1] = coat(0x0f261a, 0x33583a, 0x86a462, 0x1e1814, 0x6e5c48);
    s->coat[2] = coat(0x34481e, 0x70883e, 0xc0c878, 0x3a342e, 0xd8d2c4);
    s->coat[3] = coat(0x1c4030, 0x3a6a4a, 0x74a06c, 0x1a1512, 0x5c4a3a);
    s->coat[4] = coat(0x5c2c30, 0xb4625e, 0xf0b0a0, 0x3a342e, 0xd8d2c4); /* in flower */
}

static void build_sky(struct scene *s)
{
    struct sky sky = {.zenith = hex(0x2c70c8),
                      .middle = hex(0x66a6e4),
                      .horizon = hex(0xcfe4f4),
                      .glow = hex(0xeaf4fc),
                      .sun_x = 560,
                      .sun_y = 70,
                      .glow_size = 240,
                      .horizon_y = CLIP_HORIZON + 8};
    struct clouds c = {.lit = hex(0xffffff),
                       .shade = hex(0xaec2e2),
                       .haze = hex(0xdce8f4),
                       .top = 2,
                       .cover = -0.06f,
                       .horizon_y = CLIP_HORIZON,
                       .focal = 560,
                       .size = 1.0f,
                       .sun_side = 1.0f,
                       .seed = 27};

    s->sky = img_new(CLIP_W, CLIP_H, 0, 0, SCALE);
    sky_draw(&s->sky, &sky);
    s->sky_below = mirror(&s->sky, CLIP_SHORE);
    s->clouds = img_new(CLIP_W + 2 * MARGIN, CLIP_HORIZON, MARGIN, 0, SCALE);
    clouds_draw(&s->clouds, &c);
}

static const struct hill hills[SHEETS] = {
    {.seed = 61, .base = 128, .rise = 44, .wave = 170, .foot = 215, .tilt = -14, .rough = 3.2f},
    {.seed = 62,
     .base = 150,
     .rise = 24,
     .wave = 150,
     .foot = 215,
     .tilt = 10,
     .tree_size = 5,
     .cover = 0.62f,
     .grow = 1.3f,
     .step = 500},
    {.seed = 63,
     .base = 164,
     .rise = 20,
     .wave = 170,
     .foot = 215,
     .tilt = -12,
     .tree_size = 8,
     .cover = 0.55f,
     .grow = 1.4f,
     .step = 260},
    {.seed = 64,
     .base = 178,
     .rise = 16,
     .wave = 200,
     .foot = 215,
     .tilt = 8,
     .tree_size = 13,
     .cover = 0.50f,
     .grow = 1.4f,
     .step = 130},
    {.seed = 65,
     .base = 193,
     .rise = 5,
     .wave = 160,
     .foot = 205,
     .tree_size = 24,
     .cover = 0.78f,
     .grow = 1.15f,
     .step = 40},
    {.seed = 66,
     .base = 226,
     .rise = 4,
     .wave = 120,
     .foot = 236,
     .tree_size = 50,
     .cover = 0.0f,
     .grow = 1.0f,
     .step = 10},
};

static const uint32_t ground[SHEETS][3] = {
    {0x4c6c60, 0x7c9478, 0x948c80}, {0x58823e, 0x86a452, 0xa89a62}, {0x557f36, 0x8fae4e, 0xb8a868},
    {0x4c7a2e, 0x94b24c, 0xc0b070}, {0x467428, 0x90b048, 0xb0a062}, {0x3c6822, 0x86a83e, 0x9a8a58},
};

/* Bushes crowding along a water's edge. */
static void plant_edge(struct scene *s, struct image *im, float from, float to, float line,
                       float size, uint32_t seed)
{
    struct rng rng;

    rng_seed(&rng, seed);
    for (float x = from; x < to; x += size * rng_span(&rng, 0.12f, 0.7f)) {
        float thick = fbm2(x * 0.018f, 4.4f, 3, seed);
        float h = size * rng_span(&rng, 0.3f, 1.0f) * (0.75f + 1.2f * thick);
        struct stand at = {.x = x,
                           .y = line + 0.10f * h,
                           .height = h,
                           .step = h < 12.0f ? 60 : 24,
                           .flip = (int)(rng_unit(&rng) * 2.0f),
                           .tint = {0.86f, 0.90f, 0.86f}};

        if (thick > -0.16f)
            tree_draw(im, s->stock.tree[TREE_BUSH], &s->coat[(int)(rng_unit(&rng) * 3.0f)], &at);
    }
}

static void island_ground(struct image *im, float line)
{
    for (int y = 0; y < im->h; y++) {
        for (int x = 0; x < im->w; x++) {
            float ux = ((float)x + 0.5f) / im->s - im->left;
            float uy = ((float)y + 0.5f) / im->s;
            float top = line + 0.6f - 6.5f * smoothf(396.0f, 540.0f, ux) -
                        2.5f * fbm2(ux * 0.03f, 1.7f, 4, 71U);
            float cover =
                clampf((uy - top) * 2.0f, 0.0f, 1.0f) * clampf((line - uy) * 2.0f, 0.0f, 1.0f);
            float tuft = fbm2(ux * 0.25f, uy * 0.7f, 4, 72U);
            struct rgb c = mix_rgb(hex(0x36591f), hex(0x86a344), clampf(0.5f + tuft, 0.0f, 1.0f));

            c = mix_rgb(c, hex(0x43392b), smoothf(1.6f, 0.4f, line - uy));
            if (cover > 0.0f)
                put(img_at(im, x, y), c, cover);
        }
    }
}

/* A spit of land on the right, with a few trees of its own. */
static void build_island(struct scene *s, struct image *im, float line)
{
    static const struct {
        float x, height;
        enum stock_tree kind;
        int coat;
    } trees[] = {
        {690, 84, TREE_SLIM, 1},  {664, 70, TREE_ROUND, 1}, {640, 84, TREE_FIR, 3},
        {616, 88, TREE_SLIM, 0},  {592, 70, TREE_ROUND, 4}, {566, 80, TREE_FIR, 3},
        {549, 64, TREE_FIR, 3},   {524, 60, TREE_ROUND, 0}, {498, 46, TREE_SLIM, 2},
        {475, 50, TREE_FIR, 3},   {462, 30, TREE_ROUND, 1}, {602, 44, TREE_ROUND, 0},
        {536, 34, TREE_ROUND, 2}, {650, 44, TREE_ROUND, 2}, {508, 26, TREE_ROUND, 4},
    };

    island_ground(im, line);
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        struct stand at = {.x = trees[i].x,
                           .y = line - 2.5f + (float)(i % 3U),
                           .height = trees[i].height,
                           .flip = (int)(i & 1U),
                           .step = 5,
                           .tint = {0.96f, 1.0f, 1.0f}};

        tree_draw(im, s->stock.tree[trees[i].kind], &s->coat[trees[i].coat], &at);
    }
    plant_edge(s, im, 440.0f, 720.0f, line - 1.2f, 15.0f, 74U);
}

static void build_sheets(struct scene *s)
{
    static const float speed[SHEETS] = {0.03f, 0.07f, 0.11f, 0.17f, 0.24f, 0.42f};
    static const float shade[SHEETS] = {0.30f, 0.48f, 0.64f, 0.74f, 0.78f, 0.72f};
    static const float air[SHEETS] = {0.60f, 0.46f, 0.31f, 0.17f, 0.07f, 0.0f};
    const struct tree *woods[5] = {s->stock.tree[TREE_ROUND], s->stock.tree[TREE_BUSH],
                                   s->stock.tree[TREE_OAK], s->stock.tree[TREE_BUSH],
                                   s->stock.tree[TREE_FIR]};
    struct rgb haze = hex(0x9cc0ea);

    for (int i = 0; i < SHEETS; i++) {
        struct sheet *h = &s->sheet[i];
        struct hill hill = hills[i];

        h->im = img_new(CLIP_W + 2 * MARGIN, 240, MARGIN, 0, SCALE);
        h->speed = speed[i];
        h->shadow = shade[i];
        h->spread = 90.0f + 60.0f * (float)i;
        h->line = i == ISLAND ? 236.0f : CLIP_SHORE;
        hill.grass_a = hex(ground[i][0]);
        hill.grass_b = hex(ground[i][1]);
        hill.earth = hex(ground[i][2]);
        hill.grove = (struct grove){woods, 5, s->coat, 4};
        if (i == ISLAND)
            build_island(s, &h->im, h->line);
        else
            hill_draw(&h->im, &hill);
        if (i == SHORE)
            plant_edge(s, &h->im, -MARGIN, CLIP_W + MARGIN, CLIP_SHORE, 15.0f, 73U);
        haze_over(&h->im, haze, air[i], fminf(0.9f, air[i] * 1.35f), hill.base - hill.rise,
                  hill.foot);
    }
}

/* The near bank: low on the right, rising towards the great tree. */
static void build_bank(struct scene *s)
{
    struct hill h = {.seed = 81,
                     .base = 318,
                     .rise = 10,
                     .wave = 240,
                     .tilt = 34,
                     .foot = 420,
                     .grass_a = hex(0x44702a),
                     .grass_b = hex(0x84a84a),
                     .earth = hex(0x5a5430)};

    h.base = 300;
    s->bank_shape = h;
    s->bank = img_new(CLIP_W + 4 * MARGIN, CLIP_H, 2 * MARGIN, 0, SCALE);
    hill_draw(&s->bank, &h);
}

static int by_nearness(const void *a, const void *b)
{
    const struct blade *p = a;
    const struct blade *q = b;

    return p->y < q->y ? -1 : p->y > q->y;
}

static void plant_blade(const struct scene *s, struct blade *b, struct rng *rng, int flower)
{
    float near, patch;

    do {
        b->x = rng_span(rng, -1.6f * MARGIN, CLIP_W + 1.6f * MARGIN);
        b->y = rng_span(rng, 286.0f, 392.0f);
        patch = fbm2(b->x * 0.02f, b->y * 0.05f, 3, 83U);
    } while (b->y < hill_ridge(&s->bank_shape, b->x) || (flower && patch < 0.02f));
    near = smoothf(280.0f, 390.0f, b->y);
    b->length = mixf(7.0f, 34.0f, near) * rng_span(rng, 0.5f, 1.25f) *
                clampf(1.0f + 1.7f * patch, 0.55f, 1.8f);
    b->lean = rng_bell(rng) * 0.28f + 0.06f;
    b->width = mixf(0.35f, 0.95f, near) * rng_span(rng, 0.7f, 1.2f);
    b->phase = rng_span(rng, 0.0f, 6.283f);
    b->flower = flower;
    if (flower) {
        static const uint32_t petals[4] = {0xf8f4ea, 0xf6dc62, 0xf8f4ea, 0xc9a0d8};

        b->length *= 0.95f;
        b->width *= 0.8f;
        b->lit = hex(petals[(int)(rng_unit(rng) * 4.0f)]);
        b->dark = hex(0x3c6222);
    } else {
        float light = clampf(0.5f + patch * 1.1f + rng_bell(rng) * 0.22f, 0.0f, 1.0f);

        b->dark = mix_rgb(hex(0x34561c), hex(0x4c7c28), light);
        b->lit = mix_rgb(hex(0x587f30), hex(0xc8d27c), light);
    }
}

static void plant(struct scene *s)
{
    struct rng rng;

    rng_seed(&rng, 91U);
    s->blade_count = BLADES + FLOWERS;
    s->blades = need((size_t)s->blade_count, sizeof *s->blades);
    for (int i = 0; i < s->blade_count; i++)
        plant_blade(s, &s->blades[i], &rng, i >= BLADES);
    qsort(s->blades, (size_t)s->blade_count, sizeof *s->blades, by_nearness);
}

static void place_trees(struct scene *s)
{
    static const struct stand at[CLIP_TREES] = {
        {.x = 614, .y = 330, .height = 212, .flip = 0, .step = 1, .sway = 0.022f},
        {.x = 575, .y = 336, .height = 180, .flip = 1, .step = 1, .sway = 0.024f},
        {.x = 98, .y = 322, .height = 306, .flip = 0, .step = 1, .sway = 0.013f},
    };
    static const enum stock_tree kind[CLIP_TREES] = {TREE_BIRCH, TREE_BIRCH, TREE_LEAFY};
    static const int coats[CLIP_TREES] = {4, 4, 0};

    for (int i = 0; i < CLIP_TREES; i++) {
        s->tree[i] = at[i];
        s->tree_kind[i] = kind[i];
        s->tree_coat[i] = coats[i];
    }
}

void scene_build(struct scene *s)
{
    stock_grow(&s->stock);
    build_coats(s);
    build_sky(s);
    build_sheets(s);
    build_bank(s);
    plant(s);
    place_trees(s);
}

void scene_free(struct scene *s)
{
    img_free(&s->sky);
    img_free(&s->sky_below);
    img_free(&s->clouds);
    for (int i = 0; i < SHEETS; i++)
        img_free(&s->sheet[i].im);
    img_free(&s->bank);
    free(s->blades);
    stock_free(&s->stock);
}

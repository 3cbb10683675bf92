/* SPDX-License-Identifier: Apache-2.0
 *
 * The plans of the four seasons.  Colours are written as display values,
 * 0xRRGGBB, the way they were chosen.
 */
#include "season_plan.h"

const char *const season_name[SEASONS] = {"spring", "summer", "autumn", "winter"};

static struct foliage coat(uint32_t shade, uint32_t body, uint32_t lit, uint32_t accent,
                           float accents, float full)
{
    struct foliage f = {.shade = hex(shade),
                        .body = hex(body),
                        .lit = hex(lit),
                        .accent = hex(accent),
                        .accents = accents,
                        .vary = 0.16f,
                        .full = full,
                        .bark_dark = hex(0x241a18),
                        .bark_lit = hex(0x7a5c48)};

    return f;
}

static void hill_colors(struct hill *h, uint32_t a, uint32_t b, uint32_t earth)
{
    h->grass_a = hex(a);
    h->grass_b = hex(b);
    h->earth = hex(earth);
}

/* The lie of the land is much the same the year round. */
static void common(struct plan *p, const struct stock *stock)
{
    static const struct hill shape[PLAN_HILLS] = {
        {.base = 222, .rise = 50, .wave = 260, .foot = 345, .rough = 2.6f},
        {.base = 254,
         .rise = 32,
         .wave = 220,
         .foot = 345,
         .tree_size = 9,
         .cover = 0.55f,
         .grow = 1.4f,
         .step = 260},
        {.base = 280,
         .rise = 24,
         .wave = 260,
         .foot = 345,
         .tree_size = 17,
         .cover = 0.55f,
         .grow = 1.5f,
         .step = 120},
        {.base = 316,
         .rise = 10,
         .wave = 300,
         .foot = 342,
         .tree_size = 40,
         .cover = 0.55f,
         .grow = 1.2f,
         .step = 30},
    };

    for (int i = 0; i < TREE_KINDS; i++)
        p->woods[i] = stock->tree[i];
    p->error = 0.085f;
    p->hill_count = 4;
    for (int i = 0; i < p->hill_count; i++) {
        p->hill[i] = shape[i];
        p->hill[i].seed = p->seed + 10U * (uint32_t)i;
        p->hill[i].grove = (struct grove){p->woods, 3, p->coat, 3};
    }
    p->air_far[0] = 0.62f;
    p->air_far[1] = 0.42f;
    p->air_far[2] = 0.22f;
    p->air_far[3] = 0.06f;
    p->bank = (struct hill){
        .seed = p->seed + 60U, .base = 470, .rise = 26, .wave = 420, .tilt = 0, .foot = 600};
    p->sky.horizon_y = 300;
    p->sky.glow_size = 260;
    p->clouds.horizon_y = 300;
    p->clouds.focal = 620;
    p->clouds.top = -20;
    p->clouds.size = 1.0f;
    p->clouds.sun_side = 1.0f;
    p->clouds.seed = p->seed + 3U;
    p->water.shore = 340;
    p->water.horizon_y = 292;
    p->water.ripple = 1.0f;
    p->water.clear = 0.75f;
}

static void spring(struct plan *p, const struct stock *stock)
{
    p->seed = 101;
    common(p, stock);
    p->sky.zenith = hex(0x9ccaf6);
    p->sky.middle = hex(0xb8dcfa);
    p->sky.horizon = hex(0xeee8f6);
    p->sky.glow = hex(0xfff4e6);
    p->sky.sun_x = 620;
    p->sky.sun_y = 60;
    p->clouds.lit = hex(0xffffff);
    p->clouds.shade = hex(0xd8def2);
    p->clouds.haze = hex(0xf2e6f0);
    p->clouds.cover = -0.02f;
    p->haze = hex(0xcfdff2);
    hill_colors(&p->hill[0], 0x7f9fc4, 0x9ab6d2, 0x8a9ac0);
    hill_colors(&p->hill[1], 0xa4cc8c, 0xc4e2a0, 0xf0c8d8);
    hill_colors(&p->hill[2], 0x9ccc78, 0xc6e89a, 0xf4d0de);
    hill_colors(&p->hill[3], 0x98cc70, 0xc4e890, 0xf6d4e0);
    hill_colors(&p->bank, 0x7cc850, 0xb6ea76, 0xf6c4d8);
    p->coat[0] = coat(0xd070a0, 0xf894be, 0xffd6e6, 0xff86b4, 0.10f, 1.0f);
    p->coat[1] = coat(0xb890b4, 0xf6d4e2, 0xffffff, 0xffb6cf, 0.12f, 1.0f);
    p->coat[2] = coat(0x4c8a34, 0x92cc4c, 0xd8f48a, 0xfff0a0, 0.04f, 1.0f);
    p->coat[3] = coat(0xc05c90, 0xf47eb2, 0xffc2dc, 0xffffff, 0.10f, 0.95f);
    p->water.deep = hex(0x84b8ea);
    p->water.glint = hex(0xfffafc);
    p->water.ripple = 0.4f;
    p->water.clear = 0.35f;
    p->scatter = (struct scatter){
        4200, 450, 4.2f, -0.02f, {hex(0xffffff), hex(0xffb4d0), hex(0xfff08a), hex(0xf486b6)}};
    p->tree[0] = (struct placed){TREE_CHERRY, 1, 690, 452, 330, 1};
    p->tree[1] = (struct placed){TREE_CHERRY, 0, 560, 468, 260, 0};
    p->tree[2] = (struct placed){TREE_CHERRY, 3, 150, 520, 500, 0};
    p->tree_count = 3;
    p->shadow = hex(0x6ca070);
    for (int i = 0; i < PLAN_COATS; i++) {
        p->coat[i].bark_dark = hex(0x4c2c3c);
        p->coat[i].bark_lit = hex(0x98686e);
    }
    p->air[0] = hex(0xffd2e2);
    p->air[1] = hex(0xffffff);
    p->air_count = 240;
    p->air_size = 3.2f;
    p->ground = hex(0xf0c4cc);
}

static void summer(struct plan *p, const struct stock *stock)
{
    p->seed = 202;
    common(p, stock);
    p->sky.zenith = hex(0x3a7cd2);
    p->sky.middle = hex(0x64a4e4);
    p->sky.horizon = hex(0xb4dcf6);
    p->sky.glow = hex(0xfff0b4);
    p->sky.sun_x = 372;
    p->sky.sun_y = 104;
    p->sky.glow_size = 90;
    p->sky.disc = 34;
    p->sky.sun = scale_rgb(hex(0xffcc1c), 1.1f);
    p->clouds.lit = hex(0xfffbe8);
    p->clouds.shade = hex(0xb8cdec);
    p->clouds.haze = hex(0xd2e4f0);
    p->clouds.cover = -0.04f;
    p->haze = hex(0x86b4dc);
    hill_colors(&p->hill[0], 0x2f68a0, 0x4a84b4, 0x3a78a4);
    hill_colors(&p->hill[1], 0x4c9448, 0x80b84c, 0xd8b83a);
    hill_colors(&p->hill[2], 0xe8b418, 0xf8d23c, 0xb8a020);
    hill_colors(&p->hill[3], 0x4c962c, 0x94c43c, 0xecd048);
    p->air_far[1] = 0.25f;
    p->air_far[2] = 0.06f;
    p->hill[2].cover = 0.22f;
    p->hill[3].cover = 0.42f;
    hill_colors(&p->bank, 0x468c2c, 0x90c03c, 0xe0d050);
    p->coat[0] = coat(0x144a1c, 0x2e8024, 0x94c836, 0xe8dc48, 0.05f, 1.0f);
    p->coat[1] = coat(0x144c2c, 0x2a7a40, 0x72b452, 0xb8dc58, 0.05f, 1.0f);
    p->coat[2] = coat(0x386c1c, 0x70ac2c, 0xd0e458, 0xf4e868, 0.06f, 1.0f);
    p->coat[3] = coat(0x144414, 0x327c20, 0x92c434, 0xf0e04c, 0.07f, 1.0f);
    p->water.deep = hex(0x3f86d8);
    p->water.glint = hex(0xbfe0ff);
    p->water.clear = 0.40f;
    p->water.ripple = 0.5f;
    p->scatter = (struct scatter){
        2600, 450, 3.6f, -0.02f, {hex(0xffd820), hex(0xffc400), hex(0xffe880), hex(0xfff4b0)}};
    p->tree[0] = (struct placed){TREE_ROUND, 0, 70, 462, 300, 0};
    p->tree[1] = (struct placed){TREE_SLIM, 1, 190, 452, 230, 1};
    p->tree[2] = (struct placed){TREE_OAK, 3, 640, 520, 480, 1};
    p->tree_count = 3;
    p->shadow = hex(0x2c6a2c);
    for (int i = 0; i < PLAN_COATS; i++) {
        p->coat[i].bark_dark = hex(0x4a3020);
        p->coat[i].bark_lit = hex(0x9a744c);
    };
    p->ground = hex(0xc8a030);
}

static void autumn(struct plan *p, const struct stock *stock)
{
    p->seed = 303;
    common(p, stock);
    p->sky.zenith = hex(0x6ea0d2);
    p->sky.middle = hex(0x9cc2e0);
    p->sky.horizon = hex(0xf8e4c0);
    p->sky.glow = hex(0xfff2d0);
    p->sky.sun_x = 400;
    p->sky.sun_y = 210;
    p->clouds.lit = hex(0xfff6e6);
    p->clouds.shade = hex(0xc4b4b8);
    p->clouds.haze = hex(0xf0e0cc);
    p->clouds.cover = -0.02f;
    p->haze = hex(0xd0c4c0);
    hill_colors(&p->hill[0], 0x8088a8, 0xa4a4b4, 0x94809c);
    hill_colors(&p->hill[1], 0x9c5420, 0xc87a24, 0x7c3c1c);
    hill_colors(&p->hill[2], 0xb4701c, 0xd89a2c, 0x8a4a1a);
    hill_colors(&p->hill[3], 0xa86420, 0xd09030, 0x6c3818);
    hill_colors(&p->bank, 0x84441a, 0xc47a20, 0x54280f);
    p->hill[1].cover = p->hill[2].cover = 0.85f;
    p->hill[3].cover = 0.72f;
    p->coat[0] = coat(0x6a200c, 0xd2541a, 0xffa436, 0xffd040, 0.10f, 0.9f);
    p->coat[1] = coat(0x74380c, 0xdc9420, 0xffd654, 0xf07020, 0.10f, 0.9f);
    p->coat[2] = coat(0x4c0e10, 0xac2018, 0xf0582a, 0xff9a30, 0.10f, 0.9f);
    p->coat[3] = coat(0x5c2408, 0xd8701c, 0xffbe40, 0xc02a18, 0.14f, 0.72f);
    p->water.deep = hex(0x4a80bc);
    p->water.glint = hex(0xe0ecf8);
    p->water.ripple = 0.5f;
    p->water.clear = 0.40f;
    p->scatter = (struct scatter){
        9000, 440, 4.6f, -0.30f, {hex(0xe86a1c), hex(0xf4b030), hex(0xb82a18), hex(0x7a3414)}};
    p->tree[0] = (struct placed){TREE_SLIM, 1, 520, 450, 270, 0};
    p->tree[1] = (struct placed){TREE_ROUND, 2, 640, 460, 330, 0};
    p->tree[2] = (struct placed){TREE_SLIM, 0, 250, 456, 250, 1};
    p->tree[3] = (struct placed){TREE_OAK, 3, 120, 520, 490, 0};
    p->tree_count = 4;
    p->shadow = hex(0x2c120c);
    p->air[0] = hex(0xf08a24);
    p->air[1] = hex(0xc83a18);
    p->air_count = 120;
    p->air_size = 4.0f;
    p->ground = hex(0x8a4a20);
}

static void winter(struct plan *p, const struct stock *stock)
{
    p->seed = 404;
    common(p, stock);
    p->sky.zenith = hex(0x9cc0f2);
    p->sky.middle = hex(0xbcd4f6);
    p->sky.horizon = hex(0xf0ecf6);
    p->sky.glow = hex(0xfff0ea);
    p->sky.sun_x = 560;
    p->sky.sun_y = 230;
    p->clouds.lit = hex(0xf6f4fa);
    p->clouds.shade = hex(0xb4c4ec);
    p->clouds.haze = hex(0xdcd8e8);
    p->clouds.cover = 0.0f;
    p->haze = hex(0xc4cee6);
    hill_colors(&p->hill[0], 0x94a4d8, 0xe0e6f6, 0x7c88c4);
    hill_colors(&p->hill[1], 0xa4b8ec, 0xf4f8fd, 0x8496d8);
    hill_colors(&p->hill[2], 0xb4c4fa, 0xf8f8ff, 0x9ca4ee);
    hill_colors(&p->hill[3], 0xb8c6fc, 0xfaf9ff, 0xa0a4f0);
    hill_colors(&p->bank, 0xc0ccff, 0xfbfaff, 0xa8a8f4);
    p->coat[0] = coat(0x3c5488, 0x6484bc, 0xe4ecfa, 0xffffff, 0.22f, 0.8f);
    p->coat[1] = coat(0x504c84, 0x7c78b0, 0xb8b8dc, 0xffffff, 0.15f, 0.5f);
    p->coat[2] = coat(0x34588c, 0x5c88bc, 0xeaf2ff, 0xffffff, 0.30f, 1.0f);
    p->coat[3] = coat(0x241c2c, 0x544c6c, 0xf4f8ff, 0xffffff, 0.5f, 0.0f);
    for (int i = 0; i < PLAN_COATS; i++) {
        p->coat[i].bark_dark = hex(0x3c4274);
        p->coat[i].bark_lit = hex(0x8890bc);
        p->coat[i].snow = hex(0xf4f7ff);
        p->coat[i].snowed = 1.0f;
        p->coat[i].stout = 0.6f;
    }
    p->woods[0] = stock->tree[TREE_FIR];
    p->woods[1] = stock->tree[TREE_SLIM];
    p->woods[2] = stock->tree[TREE_FIR];
    p->water.deep = hex(0x84acec);
    p->water.clear = 0.45f;
    p->water.glint = hex(0xffffff);
    p->water.ripple = 0.4f;
    p->hill[1].cover = 0.40f;
    p->hill[2].cover = 0.36f;
    p->hill[3].cover = 0.42f;
    p->scatter = (struct scatter){
        1600, 450, 6.0f, 0.0f, {hex(0xffffff), hex(0xe4ecfc), hex(0xc4cafc), hex(0xb0b4f4)}};
    p->tree[0] = (struct placed){TREE_FIR, 2, 660, 470, 300, 0};
    p->tree[1] = (struct placed){TREE_FIR, 2, 580, 456, 210, 1};
    p->tree[2] = (struct placed){TREE_FIR, 0, 735, 490, 360, 1};
    p->tree[3] = (struct placed){TREE_CHERRY, 3, 420, 456, 200, 0};
    p->tree[4] = (struct placed){TREE_OAK, 3, 170, 520, 500, 0};
    p->tree_count = 5;
    p->shadow = hex(0x9cacf0);
    p->air[0] = hex(0xffffff);
    p->air[1] = hex(0xf0f4ff);
    p->air_count = 420;
    p->air_size = 2.6f;
    p->ground = hex(0x9ca8d0);
    p->error = 0.070f;
}

void season_plan(struct plan *p, enum season which, const struct stock *stock)
{
    static void (*const plan[SEASONS])(struct plan *, const struct stock *) = {spring, summer,
                                                                               autumn, winter};

    plan[which](p, stock);
}

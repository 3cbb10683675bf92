/* SPDX-License-Identifier: Apache-2.0
 *
 * The moving picture: each frame lays the sheets of scenery over one another
 * at its own moment.  Everything that moves is a smooth function of time and
 * of a place on the scenery, so nothing flickers or crawls.
 */
#include "clip.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"
#include "scene.h"

enum { WORKERS = 2, SHADE_STEP = 16 };

struct moment {
    const struct scene *scene;
    float time;  /* seconds */
    float drift; /* units the nearest things have slid to the left */
    struct image frame, mirrored;
};

/* The share of sunlight a passing cloud leaves, 0..1, at a place. */
static float sun_share(float x, float y, float spread, float time)
{
    float n = fbm2(x / spread - time * 0.14f + 3.0f, y * 2.4f / spread + time * 0.012f, 3, 111U);

    return smoothf(-0.17f, 0.10f, n);
}

/* The same on the near bank, where the great tree throws its shade. */
static float bank_share(const struct moment *m, float x, float y)
{
    const struct stand *tree = &m->scene->tree[CLIP_TREES - 1];
    float stir = 5.0f * gust(tree->x, m->time);
    float dx = (x - tree->x + 48.0f) / 165.0f;
    float dy = (y - tree->y - 15.0f) / 24.0f;
    float leaves = fbm2((x - stir) * 0.045f, y * 0.15f, 3, 121U);
    float shade = smoothf(1.25f, 0.35f, sqrtf(dx * dx + dy * dy) + 1.3f * leaves);

    return sun_share(x, y, 420.0f, m->time) * (1.0f - 0.6f * shade);
}

static struct rgb sun_color(float share, float depth)
{
    struct rgb shade = {0.38f, 0.46f, 0.62f};
    struct rgb sun = {1.16f, 1.09f, 0.95f};

    return mix_rgb(mix_rgb((struct rgb){1.0f, 1.0f, 1.0f}, shade, depth),
                   mix_rgb((struct rgb){1.0f, 1.0f, 1.0f}, sun, depth), share);
}

/* One row of a sheet over one row of a picture, slid by dx pixels. */
static void row_over(float *to, int w, const float *from, int from_w, float dx,
                     const struct rgb *light)
{
    float whole = floorf(dx);
    float part = dx - whole;
    int at = (int)whole;

    for (int x = 0; x < w; x++) {
        int i = x + at;
        const float *a, *b;
        float px[4];
        struct rgb l = mix_rgb(light[x / SHADE_STEP], light[x / SHADE_STEP + 1],
                               (float)(x % SHADE_STEP) / (float)SHADE_STEP);

        i = i < 0 ? 0 : (i > from_w - 2 ? from_w - 2 : i);
        a = from + (size_t)i * 4;
        b = a + 4;
        px[3] = mixf(a[3], b[3], part);
        if (px[3] <= 0.0f)
            continue;
        for (int k = 0; k < 3; k++)
            px[k] = mixf(a[k], b[k], part);
        to[x * 4] = to[x * 4] * (1.0f - px[3]) + px[0] * l.r;
        to[x * 4 + 1] = to[x * 4 + 1] * (1.0f - px[3]) + px[1] * l.g;
        to[x * 4 + 2] = to[x * 4 + 2] * (1.0f - px[3]) + px[2] * l.b;
    }
}

/* Lays a sheet over `to`; about a line, upside down, when `line` is above 0. */
static void sheet_over(struct image *to, const struct image *from, const struct moment *m,
                       float slide, float line, float depth, float spread)
{
    struct rgb light[(int)CLIP_W * 2 / SHADE_STEP + 2];

    for (int y = 0; y < to->h; y++) {
        float uy = ((float)y + 0.5f) / to->s;
        float sy = line > 0.0f ? 2.0f * line - uy : uy;
        int row = (int)(sy * from->s);

        if (sy < 0.0f || row >= from->h || (line > 0.0f && sy > line))
            continue;
        for (int i = 0; i * SHADE_STEP <= to->w; i++) {
            float x = (float)(i * SHADE_STEP) / to->s + slide;

            light[i] = sun_color(sun_share(x, sy, spread, m->time), depth);
        }
        row_over(img_at(to, 0, y), to->w, img_at(from, 0, row), from->w,
                 (slide + from->left) * to->s, light);
    }
}

static void clouds_over(struct image *to, const struct image *clouds, const struct moment *m,
                        float line)
{
    struct rgb light[(int)CLIP_W * 2 / SHADE_STEP + 2];

    for (size_t i = 0; i < sizeof light / sizeof light[0]; i++)
        light[i] = (struct rgb){1.0f, 1.0f, 1.0f};
    for (int y = 0; y < to->h; y++) {
        float uy = ((float)y + 0.5f) / to->s;
        float sy = line > 0.0f ? 2.0f * line - uy : uy;
        float up = (CLIP_HORIZON - sy) / CLIP_HORIZON; /* higher is nearer, so faster */
        float slide = (0.5f - m->time / 8.0f) * 78.0f * up;
        int row = (int)(sy * clouds->s);

        if (sy < 0.0f || row >= clouds->h)
            continue;
        row_over(img_at(to, 0, y), to->w, img_at(clouds, 0, row), clouds->w,
                 (slide + clouds->left) * to->s, light);
    }
}

/* The spit of land, whose trees stir a little. */
static void island_over(struct image *to, const struct sheet *h, const struct moment *m,
                        float slide)
{
    for (int y = (int)(130.0f * to->s); y < (int)(h->line * to->s) + 2; y++) {
        float uy = ((float)y + 0.5f) / to->s;
        float up = clampf((232.0f - uy) / 70.0f, 0.0f, 1.2f);

        for (int x = (int)(330.0f * to->s); x < to->w; x++) {
            float ux = ((float)x + 0.5f) / to->s + slide;
            float stir = noise3(ux * 0.09f, uy * 0.09f, m->time * 1.1f, 131U) * 0.9f;
            float lean = (0.4f + gust(ux, m->time)) * up * up * 1.6f;
            float px[4];
            float *o = img_at(to, x, y);
            struct rgb l;

            img_sample(&h->im, ux - lean - stir * up, uy + 0.4f * stir * up, px);
            if (px[3] <= 0.0f)
                continue;
            l = sun_color(sun_share(ux, uy, h->spread * 1.6f, m->time), h->shadow);
            o[0] = o[0] * (1.0f - px[3]) + px[0] * l.r;
            o[1] = o[1] * (1.0f - px[3]) + px[1] * l.g;
            o[2] = o[2] * (1.0f - px[3]) + px[2] * l.b;
        }
    }
}

static void draw_blade(struct image *im, const struct blade *b, const struct moment *m)
{
    float near = 1.0f + (b->y - 300.0f) * 0.006f;
    float x = b->x - m->drift * near;
    float wind =
        0.30f * gust(b->x * 1.4f, m->time * 1.25f) + 0.07f * sinf(m->time * 3.9f + b->phase);
    float share = bank_share(m, b->x, b->y);
    struct rgb light = sun_color(share, 0.75f);
    struct rgb dark = {b->dark.r * light.r, b->dark.g * light.g, b->dark.b * light.b};
    struct rgb lit = {b->lit.r * light.r, b->lit.g * light.g, b->lit.b * light.b};
    struct rgb stem = b->flower ? dark : lit;
    float px = x;
    float py = b->y;

    if (x < -40.0f || x > CLIP_W + 40.0f)
        return;
    for (int i = 1; i <= 3; i++) {
        float t = (float)i / 3.0f;
        float qx = x + (b->lean * t + (wind + b->lean * 0.6f) * t * t) * b->length;
        float qy = b->y - b->length * t * (1.0f - 0.10f * t * fabsf(wind));
        struct limb l = {px,
                         py,
                         b->width * (1.0f - 0.28f * (float)(i - 1)),
                         qx,
                         qy,
                         b->width * (1.0f - 0.30f * (float)i),
                         dark,
                         mix_rgb(dark, stem, 0.35f + 0.65f * t),
                         1.0f,
                         0.0f,
                         0};

        l.dark = mix_rgb(l.dark, l.lit, 0.35f * t);
        img_limb(im, &l);
        px = qx;
        py = qy;
    }
    if (b->flower) {
        float r = b->width * 2.6f;
        struct dab d = {px, py, r, r * 0.72f, b->phase, 0.5f, 1.0f, lit};

        img_dab(im, &d);
        d.rx *= 0.4f;
        d.ry *= 0.4f;
        d.color = scale_rgb(lit, 0.8f);
        d.color.b *= 0.3f;
        img_dab(im, &d);
    }
}

static void draw_bank(struct image *to, const struct moment *m)
{
    const struct image *from = &m->scene->bank;
    struct rgb light[(int)CLIP_W * 2 / SHADE_STEP + 2];

    for (int y = (int)(250.0f * to->s); y < to->h; y++) {
        float uy = ((float)y + 0.5f) / to->s;
        float slide = m->drift * (1.0f + (uy - 300.0f) * 0.006f);

        for (int i = 0; i * SHADE_STEP <= to->w; i++)
            light[i] = sun_color(bank_share(m, (float)(i * SHADE_STEP) / to->s + slide, uy), 0.75f);
        row_over(img_at(to, 0, y), to->w, img_at(from, 0, y), from->w, (slide + from->left) * to->s,
                 light);
    }
}

static void draw_near(struct image *to, const struct moment *m)
{
    const struct scene *s = m->scene;

    draw_bank(to, m);
    for (int i = 0; i < s->blade_count; i++) {
        for (int k = 0; k < CLIP_TREES; k++) {
            struct stand at = s->tree[k];

            if (at.y > s->blades[i].y || (i > 0 && at.y <= s->blades[i - 1].y))
                continue;
            at.time = m->time;
            at.tint = sun_color(sun_share(at.x, at.y, 420.0f, m->time), 0.6f);
            at.x -= m->drift * (1.0f + (at.y - 300.0f) * 0.006f);
            tree_draw(to, s->stock.tree[s->tree_kind[k]], &s->coat[s->tree_coat[k]], &at);
        }
        draw_blade(to, &s->blades[i], m);
    }
}

/* Soft shoulder, a little contrast and colour, darker corners. */
static void grade(struct image *im)
{
    for (int y = 0; y < im->h; y++) {
        for (int x = 0; x < im->w; x++) {
            float *px = img_at(im, x, y);
            float dx = ((float)x / (float)im->w - 0.5f) * 1.1f;
            float dy = (float)y / (float)im->h - 0.5f;
            float corner = 1.0f - 0.55f * (dx * dx + dy * dy) * (dx * dx + dy * dy) * 4.0f;
            float grey = luma(px);

            for (int k = 0; k < 3; k++) {
                float v = fmaxf(grey + (px[k] - grey) * 1.02f, 0.0f) * corner * 1.02f;

                v = to_display(v);
                v = v > 0.82f ? 0.82f + 0.18f * (1.0f - expf(-(v - 0.82f) / 0.18f)) : v;
                v = mixf(v, v * v * (3.0f - 2.0f * v), 0.40f);
                px[k] = to_linear(v);
            }
        }
    }
}

static void copy_pixels(struct image *to, const struct image *from)
{
    memcpy(to->px, from->px, (size_t)to->w * (size_t)to->h * 4 * sizeof *to->px);
}

static void draw_moment(struct moment *m)
{
    const struct scene *s = m->scene;
    const struct sheet *island = &s->sheet[ISLAND];
    struct water w = {.shore = CLIP_SHORE,
                      .horizon_y = CLIP_HORIZON,
                      .deep = hex(0x3474c4),
                      .glint = hex(0xf8f6ee),
                      .ripple = 0.5f,
                      .clear = 0.52f,
                      .slide = m->drift,
                      .time = m->time};

    copy_pixels(&m->frame, &s->sky);
    copy_pixels(&m->mirrored, &s->sky_below);
    clouds_over(&m->frame, &s->clouds, m, 0.0f);
    clouds_over(&m->mirrored, &s->clouds, m, CLIP_SHORE);
    for (int i = 0; i < SHEETS; i++) {
        const struct sheet *h = &s->sheet[i];
        float slide = m->drift * h->speed;

        sheet_over(&m->mirrored, &h->im, m, slide, h->line, h->shadow, h->spread);
        if (i != ISLAND)
            sheet_over(&m->frame, &h->im, m, slide, 0.0f, h->shadow, h->spread);
    }
    water_draw(&m->frame, &m->mirrored, &w);
    island_over(&m->frame, island, m, m->drift * island->speed);
    draw_near(&m->frame, m);
    grade(&m->frame);
}

static void *work(void *arg)
{
    draw_moment(arg);
    return NULL;
}

/* Draws `count` moments side by side, then writes them in order. */
static int write_batch(FILE *f, struct moment *m, int count)
{
    pthread_t thread[WORKERS];
    int bad = 0;

    for (int i = 0; i < count; i++) {
        if (pthread_create(&thread[i], NULL, work, &m[i]) != 0) {
            fprintf(stderr, "sample: cannot start a thread\n");
            exit(1);
        }
    }
    for (int i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < count; i++) {
        struct image half = img_half(&m[i].frame);

        bad |= img_write_raw(&half, f) != 0;
        img_free(&half);
    }
    return bad;
}

int clip_write(FILE *f, int first, int last, int step)
{
    struct scene *s = need(1, sizeof *s);
    struct moment m[WORKERS] = {{0}};
    int bad = 0;

    scene_build(s);
    for (int i = 0; i < WORKERS; i++) {
        m[i].scene = s;
        m[i].frame = img_new(CLIP_W, CLIP_H, 0, 0, 2.0f);
        m[i].mirrored = img_new(CLIP_W, CLIP_H, 0, 0, 2.0f);
    }
    for (int frame = first; frame < last && !bad;) {
        int count = 0;

        for (; count < WORKERS && frame < last; count++, frame += step) {
            m[count].time = (float)frame / (float)CLIP_RATE;
            m[count].drift = ((float)frame / (float)CLIP_FRAMES - 0.5f) * 52.0f;
        }
        bad = write_batch(f, m, count);
    }
    for (int i = 0; i < WORKERS; i++) {
        img_free(&m[i].frame);
        img_free(&m[i].mirrored);
    }
    scene_free(s);
    free(s);
    return bad;
}

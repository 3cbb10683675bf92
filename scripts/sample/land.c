/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a landscape: sky, clouds, hills with woods, water.
 */
#include "land.h"

#include <math.h>
#include <stdlib.h>

#include "noise.h"

static float unit_x(const struct image *im, int x)
{
    return ((float)x + 0.5f) / im->s - im->left;
}

static float unit_y(const struct image *im, int y)
{
    return ((float)y + 0.5f) / im->s - im->top;
}

void sky_draw(struct image *im, const struct sky *s)
{
    for (int y = 0; y < im->h; y++) {
        float uy = unit_y(im, y);
        float t = clampf(uy / s->horizon_y, 0.0f, 1.0f);
        struct rgb base = t < 0.55f ? mix_rgb(s->zenith, s->middle, t / 0.55f)
                                    : mix_rgb(s->middle, s->horizon, (t - 0.55f) / 0.45f);

        for (int x = 0; x < im->w; x++) {
            float dx = unit_x(im, x) - s->sun_x;
            float dy = uy - s->sun_y;
            float d = sqrtf(dx * dx + dy * dy) / s->glow_size;
            float k = 0.75f * expf(-d * 1.6f) + 0.25f * expf(-d * d * 9.0f);
            struct rgb c = mix_rgb(base, s->glow, clampf(k, 0.0f, 1.0f));

            if (s->disc > 0.0f)
                c = mix_rgb(c, s->sun,
                            smoothf(s->disc + 3.0f, s->disc - 3.0f, d * s->glow_size));

            put(img_at(im, x, y), c, 1.0f);
        }
    }
}

/* How thick the cloud is at a point of the slab between heights 1 and 1.5. */
static float cloud_at(const struct clouds *c, float x, float y, float z, int octaves)
{
    float up = (y - 1.0f) / 0.5f;
    float field = fbm2(x * 0.85f / c->size, z * 0.60f / c->size, 3, c->seed) + c->cover;
    float top = field * 2.6f; /* tall where the field is strong */
    float d;

    if (field < -0.05f || up < 0.0f || up > top + 0.25f)
        return 0.0f;
    d = fminf(smoothf(0.0f, 0.10f, up), smoothf(top + 0.1f, top * 0.55f, up)) *
        smoothf(-0.05f, 0.22f, field);
    d += fbm3(x * 3.4f, y * 4.2f, z * 3.4f, octaves, c->seed + 11U) * 0.95f - 0.32f;
    if (octaves > 2)
        d += fbm3(x * 11.0f, y * 12.0f, z * 11.0f, 3, c->seed + 17U) * 0.22f;
    return clampf(d * 3.0f, 0.0f, 1.0f);
}

/* Light left after crossing the cloud towards the sun. */
static float cloud_light(const struct clouds *c, float x, float y, float z)
{
    float sum = 0.0f;

    for (int i = 1; i <= 4; i++) {
        float k = 0.05f * (float)(i * i) * 0.6f;

        sum += cloud_at(c, x + c->sun_side * 0.7f * k, y + 0.75f * k, z - 0.25f * k, 2) * (float)i;
    }
    return expf(-sum * 0.42f);
}

static void march(const struct clouds *c, float dx, float dy, float jitter, float out[4])
{
    enum { STEPS = 44 };
    float near = 1.0f / dy;
    float far = fminf(1.62f / dy, near + 9.0f);
    float step = (far - near) / (float)STEPS;
    float through = 1.0f;
    float at = 0.0f;

    for (int k = 0; k < 4; k++)
        out[k] = 0.0f;
    for (int i = 0; i < STEPS && through > 0.02f; i++) {
        float t = near + step * ((float)i + jitter);
        float d = cloud_at(c, dx * t, dy * t, t, 5);
        float a, light;
        struct rgb col;

        if (d <= 0.0f)
            continue;
        a = (1.0f - expf(-d * fminf(step, 0.25f) * 16.0f)) * through;
        light = cloud_light(c, dx * t, dy * t, t);
        col = mix_rgb(c->shade, c->lit, clampf(0.10f + light, 0.0f, 1.0f));
        col = mix_rgb(col, c->haze, smoothf(4.0f, 17.0f, t) * 0.85f);
        out[0] += col.r * a;
        out[1] += col.g * a;
        out[2] += col.b * a;
        at += a;
        through -= a;
    }
    out[3] = at;
}

void clouds_draw(struct image *im, const struct clouds *c)
{
    struct rng rng;

    rng_seed(&rng, c->seed);
    for (int y = 0; y < im->h; y++) {
        float dy = (c->horizon_y - unit_y(im, y)) / c->focal;
        float fade = smoothf(0.02f, 0.07f, dy) *
                     smoothf(c->top, c->top + 0.3f * (c->horizon_y - c->top), unit_y(im, y));

        if (dy < 0.02f)
            break;
        if (fade <= 0.0f)
            continue;
        for (int x = 0; x < im->w; x++) {
            float *px = img_at(im, x, y);
            float dx = (unit_x(im, x) - 0.5f * (float)im->w / im->s) / c->focal;
            float out[4];

            march(c, dx, dy, rng_unit(&rng), out);
            for (int k = 0; k < 4; k++)
                px[k] = px[k] * (1.0f - out[3] * fade) + out[k] * fade;
        }
    }
}

float hill_ridge(const struct hill *h, float x)
{
    float n = fbm2(x / h->wave, 0.37f, 5, h->seed);

    return h->base - h->rise * (n * 1.7f) + h->tilt * x / 640.0f;
}

/* Light on a bare mountain: gullies run down from its ridge line. */
static float folds(const struct hill *h, float x, float depth)
{
    float bend = 0.8f * fbm2(x / h->wave * 4.0f, depth * 0.03f, 3, h->seed + 51U);
    float sum = 0.0f;
    float size = h->wave * 0.16f;

    for (uint32_t i = 0; i < 3; i++) {
        float lean = depth * 0.35f / size;
        float here =
            1.0f - fabsf(noise2(x / size + bend + lean, depth * 0.45f / size, h->seed + 55U + i));
        float beside = 1.0f - fabsf(noise2(x / size + bend + lean + 0.16f, depth * 0.45f / size,
                                           h->seed + 55U + i));

        sum += (here - beside) / (1.0f + (float)i * 0.7f);
        size *= 0.48f;
    }
    return sum * h->rough;
}

/* Grass, lit by the lie of the land, with darker tufts and bare patches. */
static struct rgb hill_ground(const struct hill *h, float x, float depth, float y)
{
    float fore = h->rough > 0.0f ? 1.2f : 2.6f; /* level ground is seen at a slant */
    float w = h->wave * 0.35f;
    float patch = fbm2(x / w, y * fore / w, 4, h->seed + 3U);
    float slope = fbm2(x / w + 0.12f, y * fore / w - 0.1f, 3, h->seed + 5U) -
                  fbm2(x / w, y * fore / w, 3, h->seed + 5U);
    float fine = fbm2(x * 0.35f, y * 1.1f, 3, h->seed + 7U);
    struct rgb c = mix_rgb(h->grass_a, h->grass_b, smoothf(-0.25f, 0.3f, patch + 0.4f * fine));

    c = mix_rgb(c, h->earth, smoothf(0.22f, 0.42f, patch * 0.7f - fine * 0.35f) * 0.7f);
    slope = h->rough > 0.0f ? folds(h, x, depth) : 2.2f * slope;
    fine *= h->rough > 0.0f ? 0.3f : 1.0f;
    return scale_rgb(
        c, clampf(1.0f + slope + 0.35f * fine + 0.15f * smoothf(12.0f, 0.0f, depth), 0.4f, 1.7f));
}

static void hill_surface(struct image *im, const struct hill *h)
{
    for (int x = 0; x < im->w; x++) {
        float ux = unit_x(im, x);
        float ridge = hill_ridge(h, ux);

        for (int y = 0; y < im->h; y++) {
            float uy = unit_y(im, y);
            float cover = clampf((uy - ridge) * im->s + 0.5f, 0.0f, 1.0f) *
                          clampf((h->foot - uy) * im->s + 0.5f, 0.0f, 1.0f);

            if (cover > 0.0f)
                put(img_at(im, x, y), hill_ground(h, ux, uy - ridge, uy), cover);
        }
    }
}

static void hill_tree(struct image *im, const struct hill *h, struct rng *rng, float x, float y,
                      float size)
{
    const struct grove *g = &h->grove;
    float pick = clampf(0.5f + fbm2(x * 0.02f, y * 0.05f, 2, h->seed + 21U) + 0.45f * rng_bell(rng),
                        0.0f, 0.999f);
    int tree = (int)(rng_unit(rng) * (float)g->tree_count);
    int coat = (int)(pick * (float)g->coat_count);
    float light = rng_span(rng, 0.86f, 1.14f);
    struct stand at = {.x = x,
                       .y = y + 0.08f * size,
                       .height = size,
                       .flip = (int)(hash_u32((uint32_t)(x * 7.0f + 9000.0f)) & 1U),
                       .step = h->step,
                       .tint = {light, light, light}};
    struct dab shadow = {x - 0.35f * size,
                         y + 0.02f * size,
                         0.5f * size,
                         0.11f * size,
                         0.0f,
                         1.2f,
                         0.55f,
                         scale_rgb(h->grass_a, 0.22f)};

    img_dab(im, &shadow);
    tree_draw(im, g->trees[tree], &g->coats[coat], &at);
}

static void hill_woods(struct image *im, const struct hill *h)
{
    struct rng rng;
    float x0 = -im->left - h->tree_size;
    float x1 = (float)im->w / im->s - im->left + h->tree_size;
    float top = h->base - 2.0f * h->rise - fabsf(h->tilt);
    float y = top;

    rng_seed(&rng, h->seed + 40U);
    while (y < h->foot) {
        float far = clampf((y - h->base) / (h->foot - h->base + 1e-3f), 0.0f, 1.0f);
        float size = h->tree_size * mixf(1.0f, h->grow, far);

        for (float x = x0; x < x1; x += size * 0.52f) {
            float tx = x + rng_span(&rng, -0.3f, 0.3f) * size;
            float ty = y + rng_span(&rng, -0.15f, 0.15f) * size;
            float mask = fbm2(tx / h->wave * 2.2f, ty / h->wave * 5.0f, 4, h->seed + 30U);
            float ts = size * rng_span(&rng, 0.62f, 1.2f);

            if (ty > hill_ridge(h, tx) && ty < h->foot && mask * 1.6f + 0.5f < h->cover)
                hill_tree(im, h, &rng, tx, ty, ts);
        }
        y += size * 0.30f;
    }
}

void hill_draw(struct image *im, const struct hill *h)
{
    hill_surface(im, h);
    if (h->tree_size > 0.0f && h->cover > 0.0f)
        hill_woods(im, h);
}

void haze_over(struct image *im, struct rgb haze, float high, float low, float y0, float y1)
{
    for (int y = 0; y < im->h; y++) {
        float k = mixf(high, low, smoothf(y0, y1, unit_y(im, y)));

        for (int x = 0; x < im->w; x++) {
            float *px = img_at(im, x, y);

            px[0] = mixf(px[0], haze.r * px[3], k);
            px[1] = mixf(px[1], haze.g * px[3], k);
            px[2] = mixf(px[2], haze.b * px[3], k);
        }
    }
}

struct image mirror(const struct image *im, float line)
{
    struct image out = img_copy(im);

    for (int y = 0; y < im->h; y++) {
        float from = 2.0f * line - unit_y(im, y);

        for (int x = 0; x < im->w; x++)
            img_sample(im, unit_x(im, x), fmaxf(from, 0.0f), img_at(&out, x, y));
    }
    return out;
}

/* Slope of the surface at a place on the water, waves running with time;
   waves too small to be seen from so far are left out. */
static void ripple_slope(const struct water *w, float x, float z, float foot, float out[2])
{
    float t = w->time;
    float wide = smoothf(0.55f, 0.12f, foot);
    float mid = smoothf(0.22f, 0.05f, foot);
    float fine = smoothf(0.10f, 0.025f, foot);
    float a = noise3(x * 4.4f + t * 0.55f, z * 2.0f + t * 0.55f, t * 0.50f, 501U) * wide;
    float b = noise3(x * 10.0f - t * 0.8f, z * 4.8f + t * 0.9f, t * 0.9f, 502U) * mid;
    float c = noise3(x * 22.0f + t * 0.9f, z * 10.0f + t * 1.3f, t * 1.4f, 503U) * fine;
    float breeze =
        0.50f + 0.9f * smoothf(-0.3f, 0.5f, noise2(x * 0.5f - t * 0.12f, z * 0.30f, 504U));

    out[0] = (0.30f * a - 0.35f * b + 0.25f * c) * breeze;
    out[1] = (0.50f * a + 0.42f * b + 0.32f * c) * breeze;
}

/* Lanes of rougher water, which show more of the sky. */
static float lane(const struct water *w, float x, float z)
{
    float n = noise2(x * 0.35f - w->time * 0.05f, z * 0.55f, 505U) +
              0.5f * noise2(x * 0.9f - w->time * 0.08f, z * 1.7f, 506U);

    return smoothf(0.15f, 0.75f, n);
}

/* What the water mirrors, drawn out downwards as waves too fine to see do. */
static struct rgb reflected(const struct image *mirrored, const struct water *w, float x, float y,
                            float smear)
{
    struct rgb sum = {0.0f, 0.0f, 0.0f};

    for (int i = 0; i < 4; i++) {
        float at = y + ((float)i - 1.5f) * smear;
        float m[4];

        img_sample(mirrored, x, fmaxf(at, w->shore + 0.6f), m);
        sum.r += 0.25f * m[0];
        sum.g += 0.25f * m[1];
        sum.b += 0.25f * m[2];
    }
    return sum;
}

static void water_pixel(float *px, const struct image *mirrored, const struct water *w, float x,
                        float y)
{
    float fall = fmaxf(y - w->horizon_y, 1.0f);
    float near = smoothf(w->shore, w->shore + 130.0f, y);
    float z = 840.0f / fall; /* distance over the water */
    float across = (x - 320.0f + w->slide * mixf(0.24f, 0.95f, near)) / fall * 0.9f;
    float slope[2];
    float look, share, spark;
    struct rgb c, seen;

    ripple_slope(w, across, z, 840.0f / (fall * fall), slope);
    look = mixf(3.0f, 22.0f, near) * w->ripple;
    seen = reflected(mirrored, w, x + slope[0] * look * 0.7f, y + slope[1] * look,
                     mixf(1.9f, 0.8f, near) * w->ripple);
    share = clampf(mixf(0.90f, w->clear, near) - slope[1] * 0.45f * w->ripple, 0.0f, 1.0f);
    c = mix_rgb(w->deep, seen, share);
    c = mix_rgb(c, w->glint, 0.20f * lane(w, across, z) * w->ripple);
    spark = smoothf(0.30f, 0.60f, slope[1] + 0.5f * slope[0]) * w->ripple;
    c = mix_rgb(c, w->glint, 0.40f * clampf(spark, 0.0f, 1.0f));
    put(px, c, clampf((y - w->shore) * 2.0f + 0.5f, 0.0f, 1.0f));
}

void water_draw(struct image *im, const struct image *mirrored, const struct water *w)
{
    for (int y = 0; y < im->h; y++) {
        float uy = unit_y(im, y);

        if (uy < w->shore - 0.5f)
            continue;
        for (int x = 0; x < im->w; x++)
            water_pixel(img_at(im, x, y), mirrored, w, unit_x(im, x), uy);
    }
}

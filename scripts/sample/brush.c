/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting a picture over again with curved brush strokes: for each brush,
 * from wide to fine, strokes begin where the canvas is furthest from the
 * blurred scene, follow the lie of its edges, and leave hair marks and
 * ridges of paint, which are lit at the end.  Works in display values, as a
 * painter judges them.
 */
#include "brush.h"

#include <math.h>
#include <stdlib.h>

#include "noise.h"

enum { MAX_POINTS = 40, QUARTER = 4 };

struct easel {
    const struct brush_style *style;
    struct image canvas;
    struct image flow;     /* quarter size: cos 2a, sin 2a, strength */
    float *paint;          /* height of the paint */
    float *along, *across; /* place within the stroke under way */
    float *near;
    uint32_t *mark; /* which stroke the three above belong to */
    uint32_t strokes;
    float error; /* what the brush in hand lets pass */
    struct rng rng;
};

struct stroke {
    float x[MAX_POINTS], y[MAX_POINTS];
    int count;
    float radius, length, load;
    float body; /* 0: thin, smooth paint; 1: thick, with every hair showing */
    float color[3];
    uint32_t seed;
};

static float distance(const float *a, const float *b)
{
    return sqrtf((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                 (a[2] - b[2]) * (a[2] - b[2]));
}

/* The lie of the edges: a smoothed structure tensor, as a doubled angle. */
static struct image edge_flow(const struct image *ref)
{
    struct image a = img_half(ref);
    struct image small = img_half(&a);
    struct image flow = img_copy(&small);

    img_free(&a);
    img_blur(&small, 2.0f);
    for (int y = 0; y < flow.h; y++) {
        for (int x = 0; x < flow.w; x++) {
            int xl = x > 0 ? x - 1 : 0;
            int xr = x + 1 < flow.w ? x + 1 : x;
            int yu = y > 0 ? y - 1 : 0;
            int yd = y + 1 < flow.h ? y + 1 : y;
            float gx = luma(img_at(&small, xr, y)) - luma(img_at(&small, xl, y));
            float gy = luma(img_at(&small, x, yd)) - luma(img_at(&small, x, yu));
            float *o = img_at(&flow, x, y);

            /* The doubled angle of the gradient, turned a quarter: its normal. */
            o[0] = gy * gy - gx * gx;
            o[1] = -2.0f * gx * gy;
            o[2] = gx * gx + gy * gy;
            o[3] = 1.0f;
        }
    }
    img_blur(&flow, 6.0f);
    img_free(&small);
    return flow;
}

/* The way a stroke should run at a place; wandering where nothing says. */
static float flow_angle(const struct easel *e, float x, float y)
{
    int ix = (int)clampf(x / QUARTER, 0.0f, (float)e->flow.w - 1.0f);
    int iy = (int)clampf(y / QUARTER, 0.0f, (float)e->flow.h - 1.0f);
    const float *f = img_at(&e->flow, ix, iy);
    float loose = 2.2f * fbm2(x * 0.004f, y * 0.004f, 2, e->style->seed + 61U) + 0.25f;
    float sure = f[2] * 2200.0f;
    float c = f[0] / (f[2] + 1e-7f) * sure + cosf(2.0f * loose) * 0.35f;
    float s = f[1] / (f[2] + 1e-7f) * sure + sinf(2.0f * loose) * 0.35f;

    return 0.5f * atan2f(s, c);
}

/* How much goes on about a place: plain parts are painted thinly. */
static float liveliness(const struct easel *e, float x, float y)
{
    int ix = (int)clampf(x / QUARTER, 0.0f, (float)e->flow.w - 1.0f);
    int iy = (int)clampf(y / QUARTER, 0.0f, (float)e->flow.h - 1.0f);
    float busy = smoothf(0.008f, 0.05f, sqrtf(img_at(&e->flow, ix, iy)[2]));

    return mixf(e->style->thin, 1.0f, busy);
}

static void choose_color(struct easel *e, struct stroke *s, const float *ref)
{
    float j = e->style->jitter * s->body;
    float bright = rng_bell(&e->rng) * j;
    float vivid = 1.08f + rng_bell(&e->rng) * j * 1.6f;
    float grey = luma(ref);

    for (int k = 0; k < 3; k++) {
        float v = grey + (ref[k] - grey) * vivid + bright + rng_bell(&e->rng) * j * 0.55f;

        s->color[k] = clampf(v, 0.0f, 1.0f);
    }
}

/* Follows the flow from a starting place while the colour still serves. */
static void run_stroke(struct easel *e, const struct image *ref, struct stroke *s, float x, float y)
{
    const float *begin = img_at(ref, (int)x, (int)y);
    float dx = 0.0f;
    float dy = 0.0f;
    int longest = e->style->longest < MAX_POINTS / 2 ? e->style->longest : MAX_POINTS / 2;

    s->body = liveliness(e, x, y);
    choose_color(e, s, begin);
    s->x[0] = x;
    s->y[0] = y;
    s->count = 1;
    while (s->count < longest) {
        const float *r = img_at(ref, (int)x, (int)y);
        const float *c = img_at(&e->canvas, (int)x, (int)y);
        float a = flow_angle(e, x, y);
        float nx = cosf(a);
        float ny = sinf(a);

        if (s->count > 3 && distance(r, c) < distance(r, begin))
            break;
        if (nx * dx + ny * dy < 0.0f || (s->count == 1 && rng_unit(&e->rng) < 0.5f)) {
            nx = -nx;
            ny = -ny;
        }
        dx = 0.55f * nx + 0.45f * dx;
        dy = 0.55f * ny + 0.45f * dy;
        x += dx / hypotf(dx, dy) * s->radius;
        y += dy / hypotf(dx, dy) * s->radius;
        if (x < 0.0f || y < 0.0f || x >= (float)ref->w || y >= (float)ref->h)
            break;
        s->x[s->count] = x;
        s->y[s->count] = y;
        s->count++;
    }
}

/* One round of corner cutting. */
static void smooth_stroke(struct stroke *s)
{
    struct stroke in = *s;
    int n = 0;

    if (in.count < 3)
        return;
    s->x[n] = in.x[0];
    s->y[n++] = in.y[0];
    for (int i = 0; i + 1 < in.count && n + 3 < MAX_POINTS; i++) {
        s->x[n] = mixf(in.x[i], in.x[i + 1], 0.25f);
        s->y[n++] = mixf(in.y[i], in.y[i + 1], 0.25f);
        s->x[n] = mixf(in.x[i], in.x[i + 1], 0.75f);
        s->y[n++] = mixf(in.y[i], in.y[i + 1], 0.75f);
    }
    s->x[n] = in.x[in.count - 1];
    s->y[n++] = in.y[in.count - 1];
    s->count = n;
}

struct box {
    int x0, y0, x1, y1;
};

static struct box box_about(const struct easel *e, float x0, float y0, float x1, float y1, float m)
{
    struct box b;
    float w = (float)e->canvas.w;
    float h = (float)e->canvas.h;

    b.x0 = (int)clampf(fminf(x0, x1) - m, 0.0f, w);
    b.y0 = (int)clampf(fminf(y0, y1) - m, 0.0f, h);
    b.x1 = (int)clampf(fmaxf(x0, x1) + m + 1.0f, 0.0f, w);
    b.y1 = (int)clampf(fmaxf(y0, y1) + m + 1.0f, 0.0f, h);
    return b;
}

/* Notes, for every pixel near one leg of the stroke, its place within it. */
static void trace_leg(struct easel *e, const struct stroke *s, int i, float before)
{
    float dx = s->x[i + 1] - s->x[i];
    float dy = s->y[i + 1] - s->y[i];
    float len = fmaxf(hypotf(dx, dy), 1e-3f);
    float reach = s->radius * 1.6f;
    struct box b = box_about(e, s->x[i], s->y[i], s->x[i + 1], s->y[i + 1], reach);

    dx /= len;
    dy /= len;
    for (int y = b.y0; y < b.y1; y++) {
        for (int x = b.x0; x < b.x1; x++) {
            size_t at = (size_t)y * (size_t)e->canvas.w + (size_t)x;
            float px = (float)x - s->x[i];
            float py = (float)y - s->y[i];
            float u = px * dx + py * dy;
            float over = u - clampf(u, 0.0f, len);
            float v = py * dx - px * dy;
            float d = sqrtf(v * v + over * over);

            if (d > reach || (e->mark[at] == e->strokes && e->near[at] <= d))
                continue;
            if ((i > 0 && u < -1.0f) || (i + 2 < s->count && u > len + 1.0f))
                u = clampf(u, 0.0f, len);
            e->mark[at] = e->strokes;
            e->near[at] = d;
            e->along[at] = before + u;
            e->across[at] = d < 1e-4f ? v : (v < 0.0f ? -d : d);
            if (i == 0 && over < 0.0f)
                e->across[at] = v;
            if (i + 2 == s->count && over > 0.0f)
                e->across[at] = v;
        }
    }
}

static void lay_pixel(struct easel *e, const struct stroke *s, int x, int y)
{
    size_t at = (size_t)y * (size_t)e->canvas.w + (size_t)x;
    float *px = img_at(&e->canvas, x, y);
    float u = e->along[at];
    float v = e->across[at] / s->radius;
    float hair = fbm2(e->across[at] * 0.30f + 7.0f, u * 0.016f, 2, s->seed);
    float streak = fbm2(e->across[at] * 0.11f, u * 0.010f + 5.0f, 2, s->seed + 9U);
    float edge =
        (1.0f + 0.10f * noise2(u * 0.06f, v > 0.0f ? 1.5f : 7.5f, s->seed) - fabsf(v)) * s->radius;
    float round = s->radius * (sqrtf(fmaxf(1.0f - v * v, 0.0f)) - 0.35f);
    float start = u + round * 0.8f + hair * s->radius * 0.35f;
    float end = s->length + round * 0.6f + hair * s->radius * 1.1f - u;
    float dry = smoothf(0.5f, 1.1f, u / (s->length + s->radius)) * 0.75f;
    float cover = clampf(edge * 0.7f, 0.0f, 1.0f) * clampf(start * 0.6f, 0.0f, 1.0f) *
                  clampf(end * 0.5f, 0.0f, 1.0f);
    float mark = e->style->bristle * s->body * (0.20f * hair + 0.16f * streak);
    float ridge = smoothf(0.45f, 0.9f, fabsf(v)) * 0.35f;
    float body = (0.55f + ridge + 0.95f * hair) * s->load * s->body;

    cover *= smoothf(dry - 0.55f, dry - 0.25f, hair + 0.25f);
    if (cover <= 0.0f)
        return;
    for (int k = 0; k < 3; k++)
        px[k] = mixf(px[k], clampf(s->color[k] * (1.0f + mark) + 0.12f * mark, 0.0f, 1.0f),
                     cover * 0.97f);
    e->paint[at] = mixf(e->paint[at], e->paint[at] * 0.3f + body, cover);
}

static void lay_stroke(struct easel *e, struct stroke *s)
{
    struct box all = {e->canvas.w, e->canvas.h, 0, 0};

    smooth_stroke(s);
    if (s->count < 2) {
        float a = flow_angle(e, s->x[0], s->y[0]);

        s->x[1] = s->x[0] + cosf(a) * s->radius;
        s->y[1] = s->y[0] + sinf(a) * s->radius;
        s->count = 2;
    }
    e->strokes++;
    s->load = powf(s->radius, 0.55f);
    s->length = 0.0f;
    for (int i = 0; i + 1 < s->count; i++) {
        struct box b = box_about(e, s->x[i], s->y[i], s->x[i + 1], s->y[i + 1], s->radius * 1.6f);

        trace_leg(e, s, i, s->length);
        s->length += hypotf(s->x[i + 1] - s->x[i], s->y[i + 1] - s->y[i]);
        all.x0 = b.x0 < all.x0 ? b.x0 : all.x0;
        all.y0 = b.y0 < all.y0 ? b.y0 : all.y0;
        all.x1 = b.x1 > all.x1 ? b.x1 : all.x1;
        all.y1 = b.y1 > all.y1 ? b.y1 : all.y1;
    }
    for (int y = all.y0; y < all.y1; y++)
        for (int x = all.x0; x < all.x1; x++)
            if (e->mark[(size_t)y * (size_t)e->canvas.w + (size_t)x] == e->strokes)
                lay_pixel(e, s, x, y);
}

/* The place in a cell furthest from the scene; 0 when the cell will do. */
static int worst_place(const struct easel *e, const struct image *ref, int x0, int y0, int size,
                       float *wx, float *wy)
{
    int step = size > 12 ? size / 6 : 2;
    float worst = -1.0f;
    float sum = 0.0f;
    int n = 0;

    for (int y = y0; y < y0 + size && y < ref->h; y += step) {
        for (int x = x0; x < x0 + size && x < ref->w; x += step) {
            float d = distance(img_at(ref, x, y), img_at(&e->canvas, x, y));

            sum += d;
            n++;
            if (d > worst) {
                worst = d;
                *wx = (float)x;
                *wy = (float)y;
            }
        }
    }
    return n > 0 && sum / (float)n > e->error;
}

static void paint_layer(struct easel *e, const struct image *scene, float radius, int first)
{
    struct image ref = img_copy(scene);
    int size = (int)(radius * 0.9f + 1.0f);
    size_t room = (size_t)(ref.w / size + 1) * (size_t)(ref.h / size + 1);
    struct stroke *all = need(room, sizeof *all);
    size_t count = 0;

    img_blur(&ref, radius * 0.45f);
    for (int y = 0; y < ref.h; y += size) {
        for (int x = 0; x < ref.w; x += size) {
            float wx = (float)x;
            float wy = (float)y;

            if (!worst_place(e, &ref, x, y, size, &wx, &wy) && !first)
                continue;
            all[count].radius = radius * rng_span(&e->rng, 0.75f, 1.2f);
            all[count].seed = hash_u32((uint32_t)count + e->style->seed * 131U);
            run_stroke(e, &ref, &all[count], wx, wy);
            count++;
        }
    }
    for (size_t i = count; i > 1; i--) { /* in no particular order */
        size_t j = (size_t)(rng_unit(&e->rng) * (float)i);
        struct stroke t = all[i - 1];

        all[i - 1] = all[j];
        all[j] = t;
    }
    for (size_t i = 0; i < count; i++)
        lay_stroke(e, &all[i]);
    free(all);
    img_free(&ref);
}

/* Light from the upper left on the relief of the paint; back to linear. */
static void light_paint(struct easel *e)
{
    int w = e->canvas.w;
    int h = e->canvas.h;

    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            const float *p = e->paint + (size_t)y * (size_t)w + (size_t)x;
            float gx = p[x + 1 < w ? 1 : 0] - p[x > 0 ? -1 : 0];
            float gy = p[y + 1 < h ? w : 0] - p[y > 0 ? -w : 0];
            float lit = e->style->relief * (gx * 0.6f + gy * 0.8f) * 0.05f;
            float *c = img_at(&e->canvas, x, y);

            lit = clampf(lit, -0.16f, 0.20f);
            for (int k = 0; k < 3; k++) {
                float v = c[k] * (1.0f + lit) + 0.25f * fmaxf(lit, 0.0f);

                c[k] = to_linear(clampf(v, 0.0f, 1.0f));
            }
        }
    }
}

struct image brush_paint(const struct image *scene, const struct brush_style *style)
{
    struct easel e = {.style = style, .canvas = img_copy(scene)};
    struct image ref = img_copy(scene);
    size_t count = (size_t)scene->w * (size_t)scene->h;

    rng_seed(&e.rng, style->seed);
    for (size_t i = 0; i < count * 4; i++)
        ref.px[i] = clampf(to_display(ref.px[i]), 0.0f, 1.0f);
    e.flow = edge_flow(&ref);
    e.paint = need(count, sizeof *e.paint);
    e.along = need(count, sizeof *e.along);
    e.across = need(count, sizeof *e.across);
    e.near = need(count, sizeof *e.near);
    e.mark = need(count, sizeof *e.mark);
    for (size_t i = 0; i < count; i++) {
        e.canvas.px[i * 4] = to_display(style->ground.r);
        e.canvas.px[i * 4 + 1] = to_display(style->ground.g);
        e.canvas.px[i * 4 + 2] = to_display(style->ground.b);
    }
    for (int i = 0; i < style->radius_count; i++) {
        e.error = style->error * (0.85f + 0.12f * (float)i); /* fine brushes only where needed */
        paint_layer(&e, &ref, style->radii[i], i == 0);
    }
    light_paint(&e);
    free(e.paint);
    free(e.along);
    free(e.across);
    free(e.near);
    free(e.mark);
    img_free(&e.flow);
    img_free(&ref);
    return e.canvas;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures in memory: allocation, colour, soft ellipses and tapered limbs,
 * sampling, blurring, halving and writing.
 */
#include "raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"

void *need(size_t count, size_t size)
{
    void *p = calloc(count > 0 ? count : 1, size);

    if (p == NULL) {
        fprintf(stderr, "sample: out of memory\n");
        exit(1);
    }
    return p;
}

struct image img_new(float w, float h, float left, float top, float s)
{
    struct image im = {.s = s, .left = left, .top = top};

    im.w = (int)lroundf(w * s);
    im.h = (int)lroundf(h * s);
    im.px = need((size_t)im.w * (size_t)im.h * 4, sizeof *im.px);
    return im;
}

void img_free(struct image *im)
{
    free(im->px);
    im->px = NULL;
}

float *img_at(const struct image *im, int x, int y)
{
    return im->px + ((size_t)y * (size_t)im->w + (size_t)x) * 4;
}

void img_fill(struct image *im, struct rgb c)
{
    for (int y = 0; y < im->h; y++)
        for (int x = 0; x < im->w; x++)
            put(img_at(im, x, y), c, 1.0f);
}

float to_linear(float v)
{
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

float to_display(float v)
{
    if (v <= 0.0f)
        return 0.0f;
    return v <= 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1.0f / 2.4f) - 0.055f;
}

struct rgb hex(uint32_t code)
{
    return (struct rgb){
        to_linear((float)(code >> 16 & 255U) / 255.0f),
        to_linear((float)(code >> 8 & 255U) / 255.0f),
        to_linear((float)(code & 255U) / 255.0f),
    };
}

struct rgb mix_rgb(struct rgb a, struct rgb b, float t)
{
    return (struct rgb){mixf(a.r, b.r, t), mixf(a.g, b.g, t), mixf(a.b, b.b, t)};
}

struct rgb scale_rgb(struct rgb c, float k)
{
    return (struct rgb){c.r * k, c.g * k, c.b * k};
}

float luma(const float *px)
{
    return 0.2126f * px[0] + 0.7152f * px[1] + 0.0722f * px[2];
}

void put(float *px, struct rgb c, float alpha)
{
    float keep = 1.0f - alpha;

    px[0] = px[0] * keep + c.r * alpha;
    px[1] = px[1] * keep + c.g * alpha;
    px[2] = px[2] * keep + c.b * alpha;
    px[3] = px[3] * keep + alpha;
}

static int clip_int(float v, int hi)
{
    if (!(v > 0.0f))
        return 0;
    return v >= (float)hi ? hi : (int)v;
}

void img_dab(struct image *im, const struct dab *d)
{
    float cx = (d->x + im->left) * im->s - 0.5f;
    float cy = (d->y + im->top) * im->s - 0.5f;
    float rx = fmaxf(d->rx * im->s, 0.3f);
    float ry = fmaxf(d->ry * im->s, 0.3f);
    float small = fminf(rx, ry);
    float edge = fmaxf(d->soft * small, 1.0f);
    float reach = fmaxf(rx, ry) + 1.0f;
    float c = cosf(d->turn);
    float s = sinf(d->turn);
    /* Thinner than a pixel: cover less instead of vanishing in steps. */
    float thin = fminf(1.0f, small * 1.6f);
    int x1 = clip_int(cx + reach + 1.0f, im->w);
    int y1 = clip_int(cy + reach + 1.0f, im->h);

    for (int y = clip_int(cy - reach, im->h); y < y1; y++) {
        for (int x = clip_int(cx - reach, im->w); x < x1; x++) {
            float dx = (float)x - cx;
            float dy = (float)y - cy;
            float u = (c * dx + s * dy) / rx;
            float v = (c * dy - s * dx) / ry;
            float q = u * u + v * v;
            float cover;

            if (q > 8.0f)
                continue;
            cover = (1.0f - sqrtf(q)) * small / edge + 0.5f;
            if (cover > 0.0f)
                put(img_at(im, x, y), d->color, fminf(cover, 1.0f) * d->alpha * thin);
        }
    }
}

/* One pixel of a limb: `t` along it, `off` across it in radii. */
static void limb_pixel(float *px, const struct limb *l, float t, float off, float r, float cover)
{
    float lit = 0.5f + 0.5f * off * l->side;
    float shade = smoothf(0.0f, 1.0f, lit);
    struct rgb c;

    if (l->grain > 0.0f) {
        float len = hypotf(l->x1 - l->x0, l->y1 - l->y0);
        float n = fbm2(off * r * 0.35f + 31.0f, (t * len + l->y0) * 0.08f, 3, l->seed);

        shade = clampf(shade + n * l->grain, 0.0f, 1.0f);
    }
    c = mix_rgb(l->dark, l->lit, shade);
    put(px, c, cover);
}

void img_limb(struct image *im, const struct limb *l)
{
    float x0 = (l->x0 + im->left) * im->s - 0.5f;
    float y0 = (l->y0 + im->top) * im->s - 0.5f;
    float dx = (l->x1 - l->x0) * im->s;
    float dy = (l->y1 - l->y0) * im->s;
    float r0 = l->r0 * im->s;
    float r1 = l->r1 * im->s;
    float reach = fmaxf(r0, r1) + 1.5f;
    float len2 = fmaxf(dx * dx + dy * dy, 1e-6f);
    float len = sqrtf(len2);
    int xa = clip_int(fminf(x0, x0 + dx) - reach, im->w);
    int xb = clip_int(fmaxf(x0, x0 + dx) + reach + 1.0f, im->w);
    int ya = clip_int(fminf(y0, y0 + dy) - reach, im->h);
    int yb = clip_int(fmaxf(y0, y0 + dy) + reach + 1.0f, im->h);

    for (int y = ya; y < yb; y++) {
        for (int x = xa; x < xb; x++) {
            float px = (float)x - x0;
            float py = (float)y - y0;
            float t = clampf((px * dx + py * dy) / len2, 0.0f, 1.0f);
            float ex = px - dx * t;
            float ey = py - dy * t;
            float r = mixf(r0, r1, t);
            float dist = sqrtf(ex * ex + ey * ey);
            float cover = fminf(r + 0.5f - dist, fminf(1.0f, 2.0f * r));
            float off;

            if (cover <= 0.0f)
                continue;
            off = (px * dy - py * dx) / len / fmaxf(r, 0.5f);
            if (dy > 0.0f)
                off = -off; /* "right" is the picture's right, not the limb's */
            limb_pixel(img_at(im, x, y), l, t, clampf(-off, -1.0f, 1.0f), r / im->s, cover);
        }
    }
}

void img_sample(const struct image *im, float x, float y, float out[4])
{
    float fx = clampf((x + im->left) * im->s - 0.5f, 0.0f, (float)(im->w - 1) - 0.001f);
    float fy = clampf((y + im->top) * im->s - 0.5f, 0.0f, (float)(im->h - 1) - 0.001f);
    int ix = (int)fx;
    int iy = (int)fy;
    const float *a = img_at(im, ix, iy);
    const float *b = img_at(im, ix, iy + 1 < im->h ? iy + 1 : iy);
    int right = ix + 1 < im->w ? 4 : 0;

    fx -= (float)ix;
    fy -= (float)iy;
    for (int k = 0; k < 4; k++)
        out[k] = mixf(mixf(a[k], a[k + right], fx), mixf(b[k], b[k + right], fx), fy);
}

static int clamp_index(int i, int count)
{
    return i < 0 ? 0 : (i < count ? i : count - 1);
}

/* A running mean of 2n+1 pixels over one line of `count` pixels. */
static void box_line(float *px, size_t stride, int count, int n, float *tmp)
{
    float sum[4] = {0};
    float k = 1.0f / (float)(2 * n + 1);

    for (int i = -n - 1; i < n; i++)
        for (size_t c = 0; c < 4; c++)
            sum[c] += px[(size_t)clamp_index(i, count) * stride + c];
    for (int i = 0; i < count; i++) {
        const float *in = px + (size_t)clamp_index(i + n, count) * stride;
        const float *out = px + (size_t)clamp_index(i - n - 1, count) * stride;

        for (int c = 0; c < 4; c++) {
            sum[c] += in[c] - out[c];
            tmp[i * 4 + c] = sum[c] * k;
        }
    }
    for (int i = 0; i < count; i++)
        for (size_t c = 0; c < 4; c++)
            px[(size_t)i * stride + c] = tmp[(size_t)i * 4 + c];
}

void img_blur(struct image *im, float radius)
{
    int n = (int)(radius * 0.58f + 0.5f); /* three boxes near one Gaussian */
    int longest = im->w > im->h ? im->w : im->h;
    float *tmp;

    if (n < 1)
        return;
    tmp = need((size_t)longest * 4, sizeof *tmp);
    for (int pass = 0; pass < 3; pass++) {
        for (int y = 0; y < im->h; y++)
            box_line(img_at(im, 0, y), 4, im->w, n, tmp);
        for (int x = 0; x < im->w; x++)
            box_line(img_at(im, x, 0), (size_t)im->w * 4, im->h, n, tmp);
    }
    free(tmp);
}

struct image img_copy(const struct image *im)
{
    struct image out = *im;
    size_t count = (size_t)im->w * (size_t)im->h * 4;

    out.px = need(count, sizeof *out.px);
    memcpy(out.px, im->px, count * sizeof *out.px);
    return out;
}

struct image img_half(const struct image *im)
{
    struct image out = {
        .w = im->w / 2, .h = im->h / 2, .s = im->s / 2.0f, .left = im->left, .top = im->top};

    out.px = need((size_t)out.w * (size_t)out.h * 4, sizeof *out.px);
    for (int y = 0; y < out.h; y++) {
        for (int x = 0; x < out.w; x++) {
            const float *a = img_at(im, 2 * x, 2 * y);
            const float *b = img_at(im, 2 * x, 2 * y + 1);
            float *o = img_at(&out, x, y);

            for (int k = 0; k < 4; k++)
                o[k] = 0.25f * (a[k] + a[k + 4] + b[k] + b[k + 4]);
        }
    }
    return out;
}

int img_write_raw(const struct image *im, FILE *f)
{
    size_t count = (size_t)im->w * (size_t)im->h;
    unsigned char *row = need(count, 3);
    size_t done;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 3; k++)
            row[i * 3 + k] =
                (unsigned char)(clampf(to_display(im->px[i * 4 + k]), 0.0f, 1.0f) * 255.0f + 0.5f);
    done = fwrite(row, 3, count, f);
    free(row);
    return done == count ? 0 : -1;
}

int img_write_ppm(const struct image *im, FILE *f)
{
    if (fprintf(f, "P6\n%d %d\n255\n", im->w, im->h) < 0)
        return -1;
    return img_write_raw(im, f);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures in memory: linear-light RGBA floats, alpha premultiplied.
 * A picture carries a frame of reference, so that everything is placed in
 * "units" (one unit is one pixel of the finished picture) whatever the
 * resolution it is worked at and however far it reaches past the edges.
 */
#ifndef SAMPLE_RASTER_H
#define SAMPLE_RASTER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct rgb {
    float r, g, b;
};

struct image {
    int w, h;   /* pixels */
    float s;    /* pixels per unit */
    float left; /* units to the left of x = 0 */
    float top;  /* units above y = 0 */
    float *px;  /* w * h * 4 floats */
};

struct dab {
    float x, y;   /* centre */
    float rx, ry; /* half axes, before turning */
    float turn;   /* radians */
    float soft;   /* width of the soft edge as a share of the radius */
    float alpha;
    struct rgb color;
};

struct limb {
    float x0, y0, r0;
    float x1, y1, r1;
    struct rgb dark, lit; /* colours of the two flanks */
    float side;           /* +1: right flank lit, -1: left flank lit */
    float grain;          /* strength of the lengthwise grain */
    uint32_t seed;
};

void *need(size_t count, size_t size); /* calloc, or a message and exit */

struct image img_new(float w, float h, float left, float top, float s);
void img_free(struct image *im);
void img_fill(struct image *im, struct rgb c);
float *img_at(const struct image *im, int x, int y);

struct rgb hex(uint32_t code); /* 0xRRGGBB, display values, to linear */
struct rgb mix_rgb(struct rgb a, struct rgb b, float t);
struct rgb scale_rgb(struct rgb c, float k);
float to_display(float v);
float to_linear(float v);
float luma(const float *px);

void put(float *px, struct rgb c, float alpha); /* c over the pixel */
void img_dab(struct image *im, const struct dab *d);
void img_limb(struct image *im, const struct limb *l);

/* Bilinear; x and y in units; clamps at the edges. */
void img_sample(const struct image *im, float x, float y, float out[4]);
void img_blur(struct image *im, float radius); /* pixels */
struct image img_copy(const struct image *im);
struct image img_half(const struct image *im);

int img_write_raw(const struct image *im, FILE *f); /* RGB24, 0 when written */
int img_write_ppm(const struct image *im, FILE *f);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops that films are steadied by, of temporal/kernels.h, compiled as kernels.c is.
 */
#include "temporal/kernels.h"

#include "base/vectors.h"

#include <string.h>

#ifndef SOL_STEADY_KERNELS
#define SOL_STEADY_KERNELS sol_steady_kernels_c
#endif

extern const SolSteadyKernels SOL_STEADY_KERNELS;

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* ---- carrying pixels along ---- */

/* A pixel of what is carried, as it is kept and as it is computed with. */
typedef uint16_t Kept __attribute__((vector_size(2 * SOL_CARRIED), aligned(2), may_alias));
typedef int32_t Whole __attribute__((vector_size(4 * SOL_CARRIED), aligned(4), may_alias));
typedef float Lanes __attribute__((vector_size(4 * SOL_CARRIED), aligned(4), may_alias));

#define FULL (255 * 256.0f)

#define LANES(at) __builtin_convertvector(__builtin_convertvector(*(const Kept *)(at), Whole), Lanes)

/* The weights of cubic convolution at -1, 0, 1, 2 around t in [0, 1). */
static inline void keys(float t, float w[4])
{
    float t2 = t * t, t3 = t2 * t;
    w[0] = -0.5f * t3 + t2 - 0.5f * t;
    w[1] = 1.5f * t3 - 2.5f * t2 + 1;
    w[2] = -1.5f * t3 + 2 * t2 + 0.5f * t;
    w[3] = 0.5f * t3 - 0.5f * t2;
}

static inline void carry_pixel(const uint16_t *from, size_t stride, float fx, float fy, uint16_t *to)
{
    const Lanes most = {FULL, FULL, FULL, FULL, FULL, FULL, FULL, FULL};
    float wx[4], wy[4];
    Lanes sum = {0};
    Whole above, high;
    keys(fx, wx);
    keys(fy, wy);
    from -= stride + SOL_CARRIED;
    for (int j = 0; j < 4; j++, from += stride)
        sum += wy[j] * ((wx[0] * LANES(from) + wx[1] * LANES(from + SOL_CARRIED)) +
                        (wx[2] * LANES(from + 2 * SOL_CARRIED) + wx[3] * LANES(from + 3 * SOL_CARRIED)));
    sum += 0.5f;
    above = sum > 0;
    high = sum > most;
    sum = (Lanes)((((Whole)sum & ~high) | ((Whole)most & high)) & above);
    *(Kept *)to = __builtin_convertvector(__builtin_convertvector(sum, Whole), Kept);
}

static void carry(const uint16_t *from, size_t stride, int width, int height, int y, const float *u, const float *v,
                  uint16_t *to)
{
    for (int x = 0; x < width; x++, to += SOL_CARRIED) {
        float px = smaller(larger((float)x + u[x], 0), (float)(width - 1));
        float py = smaller(larger((float)y + v[x], 0), (float)(height - 1));
        int ix = (int)px, iy = (int)py;
        const uint16_t *at = from + (size_t)iy * stride + (size_t)ix * SOL_CARRIED;
        if (px == (float)ix && py == (float)iy)
            memcpy(to, at, SOL_CARRIED * sizeof *to);
        else
            carry_pixel(at, stride, px - (float)ix, py - (float)iy, to);
    }
}

static void differ(const uint16_t *carried, const uint8_t *rgb, size_t count, float *to)
{
    for (size_t x = 0; x < count; x++, carried += SOL_CARRIED, rgb += 3) {
        int r = carried[3] - 256 * rgb[0], g = carried[4] - 256 * rgb[1], b = carried[5] - 256 * rgb[2];
        to[x] = (float)((r < 0 ? -r : r) + (g < 0 ? -g : g) + (b < 0 ? -b : b)) * (1 / 768.0f);
    }
}

/* ---- what can be trusted ---- */

/* A plane's value between pixels, linearly; x and y lie within it. Indices are 32 bits wide, as gathers want them. */
static inline float between(const float *plane, int width, int height, int ix, int iy, float fx, float fy)
{
    int right = ix + 1 < width ? 1 : 0, at = iy * width + ix, below = iy + 1 < height ? at + width : at;
    float a = plane[at], b = plane[below];
    a += fx * (plane[at + right] - a);
    b += fx * (plane[below + right] - b);
    return a + fy * (b - a);
}

enum { PIECE = 256 };

/* marks[i] = 1 where the flow at pixel (from + i, y) can be trusted, 0 elsewhere. */
static void mark(const SolTrustRow *row, int width, int height, int from, int count, int y, float *restrict marks)
{
    const float *restrict u = row->u + (size_t)y * (size_t)width, *restrict v = row->v + (size_t)y * (size_t)width;
    const float *restrict back_u = row->back_u, *restrict back_v = row->back_v;
    const float *restrict u_up = y > 0 ? u - width : u, *restrict u_down = y + 1 < height ? u + width : u;
    const float *restrict v_up = y > 0 ? v - width : v, *restrict v_down = y + 1 < height ? v + width : v;
    float half_y = y > 0 && y + 1 < height ? 0.5f : 1, right_edge = (float)(width - 1), bottom = (float)(height - 1);
    INDEPENDENT
    for (int i = 0; i < count; i++) {
        int x = from + i, l = x > 0 ? x - 1 : x, r = x + 1 < width ? x + 1 : x;
        float to_x = (float)x + u[x], to_y = (float)y + v[x];
        float px = smaller(larger(to_x, 0), right_edge), py = smaller(larger(to_y, 0), bottom);
        int ix = (int)px, iy = (int)py;
        float fx = px - (float)ix, fy = py - (float)iy, half_x = r - l == 2 ? 0.5f : 1;
        float bu = between(back_u, width, height, ix, iy, fx, fy), bv = between(back_v, width, height, ix, iy, fx, fy);
        float length = u[x] * u[x] + v[x] * v[x], su = u[x] + bu, sv = v[x] + bv;
        float ux = half_x * (u[r] - u[l]), vx = half_x * (v[r] - v[l]);
        float uy = half_y * (u_down[x] - u_up[x]), vy = half_y * (v_down[x] - v_up[x]);
        float astray = su * su + sv * sv - (0.01f * (length + bu * bu + bv * bv) + 0.5f);
        float edge = ux * ux + uy * uy + vx * vx + vy * vy - (0.01f * length + 0.002f);
        float outside = larger(larger(px - to_x, to_x - px), larger(py - to_y, to_y - py));
        marks[i] = larger(larger(astray, edge), outside) > 0 ? 0.0f : 1.0f;
    }
}

static void trust(const SolTrustRow *row, int width, int height, int y, uint8_t *restrict to)
{
    float marks[PIECE];
    for (int from = 0; from < width; from += PIECE) {
        int count = width - from < PIECE ? width - from : PIECE;
        mark(row, width, height, from, count, y, marks);
        for (int i = 0; i < count; i++)
            to[from + i] = (uint8_t)(255 * (int)marks[i]);
    }
}

/* ---- blending ---- */

static void box(const float *const rows[SOL_BOX], size_t count, float *restrict sums, float *restrict to)
{
    const float *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2], *restrict d = rows[3];
    const float *restrict e = rows[4];
    for (size_t x = 0; x < count; x++)
        sums[x + 2] = ((a[x] + e[x]) + (b[x] + d[x])) + c[x];
    sums[0] = sums[1] = sums[2];
    sums[count + 2] = sums[count + 3] = sums[count + 1];
    INDEPENDENT
    for (size_t x = 0; x < count; x++)
        to[x] = 0.04f * (((sums[x] + sums[x + 4]) + (sums[x + 1] + sums[x + 3])) + sums[x + 2]);
}

static void weigh(const float *restrict difference, const uint8_t *restrict trusted, size_t count, float tolerance,
                  uint8_t *restrict to)
{
    float scale = 1 / (tolerance * tolerance);
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        float s = difference[x] * difference[x] * scale, agreement = 1 / (1 + s * s);
        to[x] = (uint8_t)(int)((float)trusted[x] * agreement + 0.5f);
    }
}

static void blend(const uint16_t *carried, const uint8_t *weight, const float *restrict u, const float *restrict v,
                  size_t count, float moving, float still, uint8_t *rgb, uint16_t *kept)
{
    for (size_t x = 0; x < count; x++, carried += SOL_CARRIED, kept += SOL_CARRIED, rgb += 3) {
        float most = u[x] == 0 && v[x] == 0 ? still : moving, w = most * (1 / 255.0f) * (float)weight[x];
        for (int c = 0; c < 3; c++) {
            float painted = 256 * (float)rgb[c], value = painted + w * ((float)carried[c] - painted);
            kept[c] = (uint16_t)(int)(value + 0.5f);
            rgb[c] = (uint8_t)((kept[c] + 128) >> 8);
        }
        for (int c = 3; c < 6; c++) {
            float source = (float)kept[c];
            kept[c] = (uint16_t)(int)(source + w * ((float)carried[c] - source) + 0.5f);
        }
    }
}

const SolSteadyKernels SOL_STEADY_KERNELS = {
    .carry = carry,
    .differ = differ,
    .trust = trust,
    .box = box,
    .weigh = weigh,
    .blend = blend,
};

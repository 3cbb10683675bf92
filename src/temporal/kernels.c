/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops of temporal/kernels.h. The Makefile compiles this file once plainly, and once more for each instruction set
 * with other names (SOL_TEMPORAL_KERNELS); loops are written so that compilers vectorise them.
 */
#include "temporal/kernels.h"

#include "base/cpu.h"
#include "base/vectors.h"

#include <math.h>

#ifndef SOL_TEMPORAL_KERNELS
#define SOL_TEMPORAL_KERNELS sol_temporal_kernels_c
#define SOL_STEADY_KERNELS sol_steady_kernels_c
#define SOL_KERNELS_NAME "c"
#define SOL_KERNELS_FLAGS 0
#endif

extern const SolTemporalKernels SOL_TEMPORAL_KERNELS;
extern const SolSteadyKernels SOL_STEADY_KERNELS;

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* ---- pyramids ---- */

static void grey(const uint8_t *restrict rgb, size_t count, float *restrict to)
{
    for (size_t x = 0; x < count; x++)
        to[x] = 0.299f * (float)rgb[3 * x] + 0.587f * (float)rgb[3 * x + 1] + 0.114f * (float)rgb[3 * x + 2];
}

static void halve(const float *restrict upper, const float *restrict lower, size_t count, float *restrict to)
{
    INDEPENDENT
    for (size_t x = 0; x < count; x++)
        to[x] = 0.25f * ((upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]));
}

static void slopes(const float *restrict at, size_t stride, size_t count, float *restrict to_x, float *restrict to_y)
{
    const float *above = at - stride, *below = at + stride, *left = at - 1, *right = at + 1;
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        to_x[x] = 0.5f * (right[x] - left[x]);
        to_y[x] = 0.5f * (below[x] - above[x]);
    }
}

/* ---- patches ---- */

/* A row of a patch. */
typedef float Line __attribute__((vector_size(SOL_PATCH * sizeof(float)), aligned(sizeof(float)), may_alias));

typedef struct Patch {
    Line grey[SOL_PATCH], slope_x[SOL_PATCH], slope_y[SOL_PATCH];
    float sum_x, sum_y;             /* of the slopes */
    float inverse[3];               /* of the Hessian: xx, xy, yy; 0 where there is nothing to hold on to */
} Patch;

enum { AREA = SOL_PATCH * SOL_PATCH };

/* How much an error counts that a patch is a pixel away from where it began: next to nothing, but where there is nothing
 * else to hold on to, it stays there. */
static const float PRIOR = 4;

static inline float total(const Line *line)
{
    float a[SOL_PATCH];
    for (int i = 0; i < SOL_PATCH; i++)
        a[i] = (*line)[i];
    return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

static inline void load_patch(const SolPatchRow *row, int at, Patch *p)
{
    Line sum_x = {0}, sum_y = {0}, xx = {0}, xy = {0}, yy = {0};
    float a, b, c, determinant;
    for (int j = 0; j < SOL_PATCH; j++) {
        size_t offset = (size_t)j * row->stride + (size_t)at;
        Line x = *(const Line *)(row->slope_x + offset), y = *(const Line *)(row->slope_y + offset);
        p->grey[j] = *(const Line *)(row->grey + offset);
        p->slope_x[j] = x;
        p->slope_y[j] = y;
        sum_x += x;
        sum_y += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    p->sum_x = total(&sum_x);
    p->sum_y = total(&sum_y);
    a = total(&xx) - p->sum_x * p->sum_x / AREA + PRIOR;
    b = total(&xy) - p->sum_x * p->sum_y / AREA;
    c = total(&yy) - p->sum_y * p->sum_y / AREA + PRIOR;
    determinant = a * c - b * b;
    if (!(determinant > 0)) {
        a = b = c = 0;
        determinant = 1;
    }
    p->inverse[0] = c / determinant;
    p->inverse[1] = -b / determinant;
    p->inverse[2] = a / determinant;
}

/* How a patch differs from what is at (x, y) of the other picture, in `rest` (with the means' difference), and the sums
 * of that; returns the squared error about the mean. */
static inline float differ(const SolPatchRow *row, const Patch *p, float x, float y, Line rest[SOL_PATCH], float sums[3])
{
    float left = smaller(larger(x, 4 - SOL_FLOW_MARGIN), (float)(row->width + 3));
    float top = smaller(larger(y, 4 - SOL_FLOW_MARGIN), (float)(row->height + 3));
    float whole_x = floorf(left), whole_y = floorf(top), fx = left - whole_x, fy = top - whole_y;
    const float *from = row->other + (ptrdiff_t)whole_y * (ptrdiff_t)row->stride + (ptrdiff_t)whole_x;
    Line sum = {0}, by_x = {0}, by_y = {0}, squares = {0}, upper, lower;
    upper = *(const Line *)from + fx * (*(const Line *)(from + 1) - *(const Line *)from);
    for (int j = 0; j < SOL_PATCH; j++) {
        Line d;
        from += row->stride;
        lower = *(const Line *)from + fx * (*(const Line *)(from + 1) - *(const Line *)from);
        d = upper + fy * (lower - upper) - p->grey[j];
        rest[j] = d;
        sum += d;
        by_x += d * p->slope_x[j];
        by_y += d * p->slope_y[j];
        squares += d * d;
        upper = lower;
    }
    sums[0] = total(&sum);
    sums[1] = total(&by_x) - sums[0] * p->sum_x / AREA;
    sums[2] = total(&by_y) - sums[0] * p->sum_y / AREA;
    return total(&squares) - sums[0] * sums[0] / AREA;
}

/* What a patch is found at in the end. */
typedef struct Found {
    float u, v, error, mean;
    Line rest[SOL_PATCH];
} Found;

/* Tries a flow; sums[1] and sums[2] become half the gradient of the error, which counts how far it is from (u0, v0). */
static inline void try_flow(const SolPatchRow *row, const Patch *p, int x, const float begin[2], float u, float v,
                            Found *found, float sums[3])
{
    float away_u = u - begin[0], away_v = v - begin[1];
    found->u = u;
    found->v = v;
    found->error = differ(row, p, (float)x + u, (float)row->y + v, found->rest, sums) +
                   PRIOR * (away_u * away_u + away_v * away_v);
    found->mean = sums[0] / AREA;
    sums[1] += PRIOR * away_u;
    sums[2] += PRIOR * away_v;
}

static inline void search_patch(const SolPatchRow *row, int i, int x)
{
    Patch p;
    Found found[2];
    float sums[3], *weights = row->weights + (size_t)i * AREA, begin[2] = {row->u[i], row->v[i]};
    int best = 0;
    load_patch(row, x, &p);
    try_flow(row, &p, x, begin, begin[0], begin[1], &found[0], sums);
    if (i > 0 && found[0].error > AREA) { /* perhaps it moves as the one to the left does */
        float other[3];
        try_flow(row, &p, x, begin, row->u[i - 1], row->v[i - 1], &found[1], other);
        if (found[1].error < found[0].error) {
            best = 1;
            sums[0] = other[0], sums[1] = other[1], sums[2] = other[2];
        }
    }
    for (int n = 0; n < row->iterations; n++) {
        float du = p.inverse[0] * sums[1] + p.inverse[1] * sums[2], dv = p.inverse[1] * sums[1] + p.inverse[2] * sums[2];
        float u = found[best].u - du, v = found[best].v - dv;
        if (du * du + dv * dv < 1e-4f || fabsf(u - begin[0]) > SOL_PATCH || fabsf(v - begin[1]) > SOL_PATCH)
            break;
        try_flow(row, &p, x, begin, u, v, &found[1 - best], sums);
        if (!(found[1 - best].error < found[best].error))
            break;
        best = 1 - best;
    }
    row->u[i] = found[best].u;
    row->v[i] = found[best].v;
    for (int j = 0; j < SOL_PATCH; j++)
        for (int k = 0; k < SOL_PATCH; k++)
            weights[j * SOL_PATCH + k] = 1 / larger(1, fabsf(found[best].rest[j][k] - found[best].mean));
}

static inline int place(const SolPatchRow *row, int i)
{
    return i * row->step < row->last ? i * row->step : row->last;
}

static void search(const SolPatchRow *row)
{
    for (int i = 0; i < row->count; i++)
        search_patch(row, i, place(row, i));
}

static void spread(const SolPatchRow *row, int line, float *u, float *v, float *w)
{
    const float *weights = row->weights + (size_t)line * SOL_PATCH;
    for (int i = 0; i < row->count; i++, weights += AREA) {
        int x = place(row, i);
        Line weight = *(const Line *)weights;
        *(Line *)(u + x) += weight * row->u[i];
        *(Line *)(v + x) += weight * row->v[i];
        *(Line *)(w + x) += weight;
    }
}

static void divide(const float *restrict above, const float *restrict below, size_t count, float *restrict to)
{
    INDEPENDENT
    for (size_t x = 0; x < count; x++)
        to[x] = above[x] / below[x];
}

/* ---- refinement ---- */

static void compare(const float *restrict grey_row, const float *restrict other, size_t stride, int width, int height,
                    int y, const float *restrict u, const float *restrict v, float *restrict mean,
                    float *restrict change, float *restrict inside)
{
    const float *restrict right_of = other + 1, *restrict below = other + stride, *restrict right_below = below + 1;
    float right = (float)(width - 1), bottom = (float)(height - 1);
    INDEPENDENT
    for (int x = 0; x < width; x++) {
        float at_x = (float)x + u[x], at_y = (float)y + v[x];
        float px = smaller(larger(at_x, 0), right), py = smaller(larger(at_y, 0), bottom);
        int ix = (int)px, iy = (int)py;
        float fx = px - (float)ix, fy = py - (float)iy;
        int at = iy * (int)stride + ix; /* 32 bits wide, as gathers want it */
        float upper = other[at] + fx * (right_of[at] - other[at]);
        float lower = below[at] + fx * (right_below[at] - below[at]);
        float moved = upper + fy * (lower - upper);
        mean[x] = 0.5f * (moved + grey_row[x]);
        change[x] = moved - grey_row[x];
        inside[x] = px == at_x && py == at_y ? 1.0f : 0.0f;
    }
}

static const float EPSILON = 1e-6f; /* squared, of the robust penalisers sqrt(s^2 + e^2) */
static const float ZETA = 0.1f;     /* squared, of the data terms' normalisation */
static const float LEAST = 1e-6f;   /* so that a picture of one pixel has no system of zeros */

static void rigidity(const float *restrict u, const float *restrict v, size_t stride, size_t count, float weight,
                     float *restrict to)
{
    const float *u_up = u - stride, *u_down = u + stride, *v_up = v - stride, *v_down = v + stride;
    const float *u_left = u - 1, *u_right = u + 1, *v_left = v - 1, *v_right = v + 1;
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        float ux = 0.5f * (u_right[x] - u_left[x]), uy = 0.5f * (u_down[x] - u_up[x]);
        float vx = 0.5f * (v_right[x] - v_left[x]), vy = 0.5f * (v_down[x] - v_up[x]);
        to[x] = weight / sqrtf(ux * ux + uy * uy + vx * vx + vy * vy + EPSILON);
    }
}

static void system_row(const SolSystemRow *row, size_t count)
{
    size_t s = row->stride, f = row->flow_stride;
    const float *restrict m = row->mean, *restrict z = row->change, *restrict g = row->rigidity;
    const float *restrict u = row->u, *restrict v = row->v, *restrict inside = row->inside;
    float *restrict a12 = row->a12, *restrict b1 = row->b1, *restrict b2 = row->b2, *restrict i1 = row->inverse1;
    float *restrict i2 = row->inverse2, *restrict wr = row->weight_right, *restrict wd = row->weight_down;
    const float *m_up = m - s, *m_down = m + s, *z_up = z - s, *z_down = z + s, *m_top = m - 2 * s, *m_bottom = m + 2 * s;
    const float *g_up = g - s, *g_down = g + s, *u_up = u - f, *u_down = u + f, *v_up = v - f, *v_down = v + f;
    float intensity = row->intensity, gradient = row->gradient;
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        const ptrdiff_t l = (ptrdiff_t)x - 1, r = (ptrdiff_t)x + 1;
        float ix = 0.5f * (m[r] - m[l]), iy = 0.5f * (m_down[x] - m_up[x]), iz = z[x];
        float zx = 0.5f * (z[r] - z[l]), zy = 0.5f * (z_down[x] - z_up[x]);
        float xx = 0.25f * (m[r + 1] - 2 * m[x] + m[l - 1]), yy = 0.25f * (m_bottom[x] - 2 * m[x] + m_top[x]);
        float xy = 0.25f * ((m_down[r] - m_down[l]) - (m_up[r] - m_up[l]));
        float n = 1 / (ix * ix + iy * iy + ZETA), nx = 1 / (xx * xx + xy * xy + ZETA), ny = 1 / (xy * xy + yy * yy + ZETA);
        float wi = inside[x] * intensity * n / sqrtf(n * iz * iz + EPSILON);
        float wg = inside[x] * gradient / sqrtf(nx * zx * zx + ny * zy * zy + EPSILON);
        float left = 0.5f * (g[l] + g[x]), right = 0.5f * (g[x] + g[r]);
        float up = 0.5f * (g_up[x] + g[x]), down = 0.5f * (g[x] + g_down[x]), around = left + right + up + down;
        nx *= wg;
        ny *= wg;
        a12[x] = wi * ix * iy + nx * xx * xy + ny * xy * yy;
        b1[x] = left * (u[l] - u[x]) + right * (u[r] - u[x]) + up * (u_up[x] - u[x]) + down * (u_down[x] - u[x]) -
                (wi * ix * iz + nx * xx * zx + ny * xy * zy);
        b2[x] = left * (v[l] - v[x]) + right * (v[r] - v[x]) + up * (v_up[x] - v[x]) + down * (v_down[x] - v[x]) -
                (wi * iy * iz + nx * xy * zx + ny * yy * zy);
        i1[x] = 1 / (wi * ix * ix + nx * xx * xx + ny * xy * xy + around + LEAST);
        i2[x] = 1 / (wi * iy * iy + nx * xy * xy + ny * yy * yy + around + LEAST);
        wr[x] = right;
        wd[x] = down;
    }
}

static void part(const float *restrict from, size_t count, float *restrict even, float *restrict odd)
{
    INDEPENDENT
    for (size_t k = 0; k < count / 2; k++) {
        even[k] = from[2 * k];
        odd[k] = from[2 * k + 1];
    }
    if (count % 2) {
        even[count / 2] = from[count - 1];
        odd[count / 2] = 0;
    }
}

static void sweep(const SolSweepRow *row, size_t count, float omega)
{
    float *du = row->du, *dv = row->dv;
    const float *lu = row->left_u, *ru = row->right_u, *uu = row->up_u, *bu = row->down_u;
    const float *lv = row->left_v, *rv = row->right_v, *uv = row->up_v, *bv = row->down_v;
    const float *wl = row->weight_left, *wr = row->weight_right, *wu = row->weight_up, *wd = row->weight_down;
    const float *a12 = row->a12, *b1 = row->b1, *b2 = row->b2, *i1 = row->inverse1, *i2 = row->inverse2;
    INDEPENDENT
    for (size_t k = 0; k < count; k++) {
        float u = du[k], v = dv[k];
        float around_u = wl[k] * lu[k] + wr[k] * ru[k] + wu[k] * uu[k] + wd[k] * bu[k];
        float around_v = wl[k] * lv[k] + wr[k] * rv[k] + wu[k] * uv[k] + wd[k] * bv[k];
        u += omega * ((b1[k] + around_u - a12[k] * v) * i1[k] - u);
        v += omega * ((b2[k] + around_v - a12[k] * u) * i2[k] - v);
        du[k] = u;
        dv[k] = v;
    }
}

static void join(const float *restrict even, const float *restrict odd, size_t count, float *restrict to)
{
    INDEPENDENT
    for (size_t k = 0; k < count / 2; k++) {
        to[2 * k] += even[k];
        to[2 * k + 1] += odd[k];
    }
    if (count % 2)
        to[count - 1] += even[count / 2];
}

static void enlarge(const float *restrict near, const float *restrict far, size_t count, size_t source, float scale,
                    float *restrict to)
{
    float mine = 0.75f * scale, other = 0.25f * scale;
    INDEPENDENT
    for (size_t x = 0; x < count; x++) {
        size_t k = x / 2, n = x % 2 ? (k + 1 < source ? k + 1 : k) : (k > 0 ? k - 1 : 0);
        to[x] = 0.75f * (mine * near[k] + other * far[k]) + 0.25f * (mine * near[n] + other * far[n]);
    }
}

/* ---- warping ---- */

static inline int within(int i, int size)
{
    return i < 0 ? 0 : i < size ? i : size - 1;
}

static inline uint8_t to_byte(float value)
{
    return (uint8_t)(smaller(larger(value, 0), 255) + 0.5f);
}

/* The weights of cubic convolution at -1, 0, 1, 2 around t in [0, 1). */
static inline void keys(float t, float w[4])
{
    float t2 = t * t, t3 = t2 * t;
    w[0] = -0.5f * t3 + t2 - 0.5f * t;
    w[1] = 1.5f * t3 - 2.5f * t2 + 1;
    w[2] = -1.5f * t3 + 2 * t2 + 0.5f * t;
    w[3] = 0.5f * t3 - 0.5f * t2;
}

static void cubic(const uint8_t *rgb, size_t stride, int width, int height, int y, const float *u, const float *v,
                  uint8_t *to)
{
    for (int x = 0; x < width; x++) {
        float px = smaller(larger((float)x + u[x], 0), (float)(width - 1));
        float py = smaller(larger((float)y + v[x], 0), (float)(height - 1));
        int ix = (int)px, iy = (int)py, columns[4];
        float wx[4], wy[4], sum[3] = {0};
        keys(px - (float)ix, wx);
        keys(py - (float)iy, wy);
        for (int i = 0; i < 4; i++)
            columns[i] = 3 * within(ix - 1 + i, width);
        for (int j = 0; j < 4; j++) {
            const uint8_t *from = rgb + (size_t)within(iy - 1 + j, height) * stride;
            for (int c = 0; c < 3; c++)
                sum[c] += wy[j] * (wx[0] * (float)from[columns[0] + c] + wx[1] * (float)from[columns[1] + c] +
                                   wx[2] * (float)from[columns[2] + c] + wx[3] * (float)from[columns[3] + c]);
        }
        for (int c = 0; c < 3; c++)
            to[3 * x + c] = to_byte(sum[c]);
    }
}

static void linear(const uint8_t *rgb, size_t stride, int width, int height, int y, const float *u, const float *v,
                   uint8_t *to)
{
    for (int x = 0; x < width; x++) {
        float px = smaller(larger((float)x + u[x], 0), (float)(width - 1));
        float py = smaller(larger((float)y + v[x], 0), (float)(height - 1));
        int ix = (int)px, iy = (int)py, right = 3 * within(ix + 1, width);
        float fx = px - (float)ix, fy = py - (float)iy;
        const uint8_t *upper = rgb + (size_t)iy * stride, *lower = rgb + (size_t)within(iy + 1, height) * stride;
        for (int c = 0; c < 3; c++) {
            float a = (float)upper[3 * ix + c], b = (float)lower[3 * ix + c];
            a += fx * ((float)upper[right + c] - a);
            b += fx * ((float)lower[right + c] - b);
            to[3 * x + c] = to_byte(a + fy * (b - a));
        }
    }
}

const SolTemporalKernels SOL_TEMPORAL_KERNELS = {
    .name = SOL_KERNELS_NAME,
    .flags = SOL_KERNELS_FLAGS,
    .steady = &SOL_STEADY_KERNELS,
    .grey = grey,
    .halve = halve,
    .slopes = slopes,
    .search = search,
    .spread = spread,
    .divide = divide,
    .compare = compare,
    .rigidity = rigidity,
    .system = system_row,
    .part = part,
    .sweep = sweep,
    .join = join,
    .enlarge = enlarge,
    .cubic = cubic,
    .linear = linear,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Structural similarity: means, squares and products of a window, weighted along columns first and along rows then, in
 * double precision, since variances are small differences of large numbers.
 */
#include "temporal/ssim.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { WINDOW = SOL_SSIM_WINDOW, HALF = WINDOW / 2, BAND = 16, KINDS = 5 }; /* a, b, a^2, b^2, a b */

static const double DEVIATION = 1.5, C1 = 0.01 * 255 * 0.01 * 255, C2 = 0.03 * 255 * 0.03 * 255;

struct SolSsim {
    int width, height, bands;
    SolPool *pool;
    double weights[WINDOW];
    double *columns; /* [bands][KINDS][width] weighted along columns */
    double *sums;    /* [bands] */
};

int sol_ssim_open(SolSsim **out, int width, int height, SolPool *pool)
{
    SolSsim *ssim = sol_calloc(1, sizeof *ssim);
    double sum = 0;
    if (!ssim)
        return sol_fail_memory("the structural similarity");
    *ssim = (SolSsim){.width = width, .height = height, .bands = (height + BAND - 1) / BAND, .pool = pool};
    for (int i = 0; i < WINDOW; i++)
        sum += ssim->weights[i] = exp(-(i - HALF) * (i - HALF) / (2 * DEVIATION * DEVIATION));
    for (int i = 0; i < WINDOW; i++)
        ssim->weights[i] /= sum;
    ssim->columns = sol_alloc((size_t)ssim->bands * (size_t)width, KINDS * sizeof *ssim->columns);
    ssim->sums = sol_alloc((size_t)ssim->bands, sizeof *ssim->sums);
    if (!ssim->columns || !ssim->sums) {
        sol_ssim_close(&ssim);
        return sol_fail_memory("the structural similarity");
    }
    *out = ssim;
    return SOL_OK;
}

void sol_ssim_close(SolSsim **out)
{
    SolSsim *ssim = *out;
    *out = NULL;
    if (!ssim)
        return;
    sol_free(ssim->columns);
    sol_free(ssim->sums);
    sol_free(ssim);
}

/* ---- luma ---- */

typedef struct Luma {
    const SolImage *image;
    float *luma;
} Luma;

static void luma_band(void *context, int item)
{
    const Luma *l = context;
    for (int y = item * BAND; y < (item + 1) * BAND && y < l->image->height; y++) {
        const uint8_t *row = sol_image_row_const(l->image, y);
        float *to = l->luma + (size_t)y * (size_t)l->image->width;
        for (int x = 0; x < l->image->width; x++)
            to[x] = (float)(299 * row[3 * x] + 587 * row[3 * x + 1] + 114 * row[3 * x + 2]) / 1000;
    }
}

void sol_luma(const SolImage *image, float *luma, SolPool *pool)
{
    Luma l = {image, luma};
    sol_pool_run(pool, luma_band, &l, (image->height + BAND - 1) / BAND);
}

/* ---- similarity ---- */

typedef struct Comparison {
    SolSsim *ssim;
    const float *a, *b;
} Comparison;

/* What the windows around row y hold, column by column. */
static void weigh_columns(const Comparison *c, int y, double *to)
{
    size_t width = (size_t)c->ssim->width;
    double *restrict a = to, *restrict b = a + width, *restrict aa = b + width, *restrict bb = aa + width,
           *restrict ab = bb + width;
    memset(to, 0, KINDS * width * sizeof *to);
    for (int i = 0; i < WINDOW; i++) {
        const float *p = c->a + (size_t)(y + i - HALF) * width, *q = c->b + (size_t)(y + i - HALF) * width;
        double weight = c->ssim->weights[i];
        for (size_t x = 0; x < width; x++) {
            double v = (double)p[x], w = (double)q[x];
            a[x] += weight * v;
            b[x] += weight * w;
            aa[x] += weight * (v * v);
            bb[x] += weight * (w * w);
            ab[x] += weight * (v * w);
        }
    }
}

/* The similarity of the window whose leftmost column is `from`. */
static double compare(const SolSsim *ssim, const double *from)
{
    double sums[KINDS] = {0}, structure, variances;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < WINDOW; i++)
            sums[kind] += ssim->weights[i] * from[(size_t)kind * (size_t)ssim->width + (size_t)i];
    variances = sums[2] - sums[0] * sums[0] + (sums[3] - sums[1] * sums[1]);
    structure = (2 * (sums[4] - sums[0] * sums[1]) + C2) / (variances + C2);
    return structure * (2 * sums[0] * sums[1] + C1) / (sums[0] * sums[0] + sums[1] * sums[1] + C1);
}

static void compare_band(void *context, int item)
{
    const Comparison *c = context;
    const SolSsim *ssim = c->ssim;
    size_t width = (size_t)ssim->width;
    double *columns = ssim->columns + (size_t)item * KINDS * width, sum = 0;
    for (int y = item * BAND; y < (item + 1) * BAND && y < ssim->height - HALF; y++) {
        if (y < HALF)
            continue;
        weigh_columns(c, y, columns);
        for (int x = 0; x + WINDOW <= ssim->width; x++)
            sum += compare(ssim, columns + x);
    }
    ssim->sums[item] = sum;
}

double sol_ssim(SolSsim *ssim, const float *a, const float *b)
{
    Comparison c = {.ssim = ssim, .a = a, .b = b};
    double sum = 0;
    if (ssim->width < WINDOW || ssim->height < WINDOW)
        return (double)NAN;
    sol_pool_run(ssim->pool, compare_band, &c, ssim->bands);
    for (int i = 0; i < ssim->bands; i++)
        sum += ssim->sums[i];
    return sum / ((double)(ssim->width - WINDOW + 1) * (ssim->height - WINDOW + 1));
}

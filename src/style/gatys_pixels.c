/* SPDX-License-Identifier: Apache-2.0
 *
 * Losses on pixels, row by row; sums are in double precision, one of each row.
 *
 * References are squares about different targets: their sum is one square about the mean of the targets, weighed by
 * trust, and a rest that no picture changes. So any number of them takes the time and memory of one.
 */
#include "style/gatys_pixels.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

struct SolGatysHold {
    int width, height;
    float *trust;  /* [height][width]: of all references together */
    float *target; /* [3][height][width]: their mean, weighed by trust */
    double rest;   /* sum over pixels, channels and references of trust * (reference - target)^2 */
};

/* ---- other sizes ---- */

/* How much of source pixel j the target pixel i covers: counted so that the first has `to`, and the second `from`. */
static int64_t overlap(int64_t i, int64_t j, int64_t from, int64_t to)
{
    int64_t begin = i * from > j * to ? i * from : j * to;
    int64_t end = (i + 1) * from < (j + 1) * to ? (i + 1) * from : (j + 1) * to;
    return end - begin;
}

/* The first source pixel that target pixel i covers a part of; that of i + 1 ends before its own first. */
static int64_t first_of(int64_t i, int64_t from, int64_t to)
{
    return i * from / to;
}

static int64_t end_of(int64_t i, int64_t from, int64_t to)
{
    return ((i + 1) * from + to - 1) / to;
}

static double mean_of_row(const float *row, int64_t x, int64_t width, int64_t to_width)
{
    double sum = 0;
    for (int64_t j = first_of(x, width, to_width), end = end_of(x, width, to_width); j < end; j++)
        sum += (double)overlap(x, j, width, to_width) * (double)row[j];
    return sum / (double)width;
}

void sol_gatys_reduce(const float *from, int width, int height, float *to, int to_width, int to_height)
{
    for (int64_t y = 0; y < to_height; y++)
        for (int64_t x = 0; x < to_width; x++) {
            double sum = 0;
            for (int64_t j = first_of(y, height, to_height), end = end_of(y, height, to_height); j < end; j++)
                sum += (double)overlap(y, j, height, to_height) * mean_of_row(from + j * width, x, width, to_width);
            to[y * to_width + x] = (float)(sum / height);
        }
}

/* ---- rows ---- */

typedef struct Loop {
    const SolGatysPicture *picture;
    const SolGatysHold *hold;
    float factor; /* of the gradient */
} Loop;

static double sum_rows(const SolGatysPicture *picture, SolPoolTask task, Loop *loop)
{
    double sum = 0;
    loop->picture = picture;
    sol_pool_run(picture->pool, task, loop, 3 * picture->height);
    for (int i = 0; i < 3 * picture->height; i++)
        sum += picture->sums[i];
    return sum;
}

static double numbers_of(const SolGatysPicture *picture)
{
    return 3.0 * picture->width * picture->height;
}

/* A row of a plane: its differences to the right and below, and the gradient of all differences that it is part of. */
static void smooth_row(void *context, int item)
{
    const Loop *loop = context;
    const SolGatysPicture *p = loop->picture;
    int y = item % p->height;
    size_t width = (size_t)p->width;
    const float *here = p->x + (size_t)item * width, *above = y > 0 ? here - width : here;
    const float *below = y + 1 < p->height ? here + width : here;
    float *to = p->gradient + (size_t)item * width, factor = loop->factor;
    double sum = 0;
    for (size_t x = 0; x < width; x++) {
        float right = x + 1 < width ? here[x + 1] - here[x] : 0, left = x > 0 ? here[x] - here[x - 1] : 0;
        float down = below[x] - here[x], up = here[x] - above[x];
        sum += (double)(right * right + down * down);
        to[x] += factor * ((left - right) + (up - down));
    }
    p->sums[item] = sum;
}

double sol_gatys_smoothness(const SolGatysPicture *picture, double weight)
{
    double scale = weight / numbers_of(picture);
    Loop loop = {.factor = (float)(2 * scale)};
    return weight == 0 ? 0 : scale * sum_rows(picture, smooth_row, &loop);
}

/* ---- references ---- */

static void hold_row(void *context, int item)
{
    const Loop *loop = context;
    const SolGatysPicture *p = loop->picture;
    size_t width = (size_t)p->width, from = (size_t)item * width;
    const float *here = p->x + from, *target = loop->hold->target + from;
    const float *trust = loop->hold->trust + (size_t)(item % p->height) * width;
    float *to = p->gradient + from, factor = loop->factor;
    double sum = 0;
    for (size_t x = 0; x < width; x++) {
        float difference = here[x] - target[x], weighed = trust[x] * difference;
        sum += (double)(weighed * difference);
        to[x] += factor * weighed;
    }
    p->sums[item] = sum;
}

double sol_gatys_hold_loss(const SolGatysHold *hold, const SolGatysPicture *picture, double weight)
{
    double scale = weight / numbers_of(picture);
    Loop loop = {.hold = hold, .factor = (float)(2 * scale)};
    return weight == 0 ? 0 : scale * (sum_rows(picture, hold_row, &loop) + hold->rest);
}

/* A reference at the frame's size and at the hold's: its trust, and its planes times that. */
typedef struct Scratch {
    float *trust, *planes;
    float *small_trust, *small_planes;
} Scratch;

static size_t plane_of(int width, int height)
{
    return (size_t)width * (size_t)height;
}

static void read_reference(const SolReference *reference, const SolGatysHold *hold, SolPool *pool, Scratch *s)
{
    int width = reference->image->width, height = reference->image->height;
    size_t plane = plane_of(width, height), small = plane_of(hold->width, hold->height);
    sol_image_to_planes(reference->image, (SolArea){.width = width, .height = height}, s->planes, pool);
    for (size_t i = 0; i < plane; i++)
        s->trust[i] = (float)reference->trust->values[i] / 255;
    for (size_t i = 0; i < 3 * plane; i++)
        s->planes[i] *= s->trust[i % plane];
    sol_gatys_reduce(s->trust, width, height, s->small_trust, hold->width, hold->height);
    for (size_t c = 0; c < 3; c++)
        sol_gatys_reduce(s->planes + c * plane, width, height, s->small_planes + c * small, hold->width, hold->height);
}

/*
 * Adds a square of weight b about q to one of weight a about p: a + b about the mean of both, weighed, and what is
 * left, a b / (a + b) (p - q)^2, to the rest.
 */
static void add_reference(SolGatysHold *hold, const Scratch *s)
{
    size_t plane = plane_of(hold->width, hold->height);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < plane; i++) {
            float *target = &hold->target[c * plane + i];
            double a = (double)hold->trust[i], b = (double)s->small_trust[i], both = a + b, apart;
            if (!(b > 0))
                continue;
            apart = (double)s->small_planes[c * plane + i] / b - (double)*target;
            *target = (float)((double)*target + b / both * apart);
            hold->rest += a * b / both * apart * apart;
        }
    for (size_t i = 0; i < plane; i++)
        hold->trust[i] += s->small_trust[i];
}

/* Memory of a hold, all zeros, and of one reference. */
static bool reserve(SolGatysHold *hold, int width, int height, Scratch *s)
{
    size_t plane = plane_of(width, height), small = plane_of(hold->width, hold->height);
    return (hold->trust = sol_calloc(small, sizeof(float))) && (hold->target = sol_calloc(3 * small, sizeof(float))) &&
           (s->trust = sol_alloc(plane, sizeof(float))) && (s->planes = sol_alloc(3 * plane, sizeof(float))) &&
           (s->small_trust = sol_alloc(small, sizeof(float))) &&
           (s->small_planes = sol_alloc(3 * small, sizeof(float)));
}

int sol_gatys_hold_open(SolGatysHold **out, const SolReference references[], int count, int width, int height,
                        SolPool *pool)
{
    SolGatysHold *hold = sol_calloc(1, sizeof *hold);
    Scratch s = {0};
    bool there = false;
    if (hold) {
        hold->width = width;
        hold->height = height;
        there = reserve(hold, references[0].image->width, references[0].image->height, &s);
    }
    for (int i = 0; i < count && there; i++) {
        read_reference(&references[i], hold, pool, &s);
        add_reference(hold, &s);
    }
    sol_free(s.trust);
    sol_free(s.planes);
    sol_free(s.small_trust);
    sol_free(s.small_planes);
    if (!there) {
        sol_gatys_hold_close(&hold);
        return sol_fail_memory("what a painting is held to");
    }
    *out = hold;
    return SOL_OK;
}

void sol_gatys_hold_close(SolGatysHold **hold)
{
    if (!*hold)
        return;
    sol_free((*hold)->trust);
    sol_free((*hold)->target);
    sol_free(*hold);
    *hold = NULL;
}

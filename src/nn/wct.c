/* SPDX-License-Identifier: Apache-2.0
 *
 * Pixels are taken in blocks that fit a core's own cache, as planes without gaps. For the scatter, blocks are dealt out
 * in a fixed number of parts: a part sums products of deviations from the mean of its first block, which is near enough
 * to its own that double precision loses nothing that counts, and then moves them to its own mean.
 */
#include "nn/wct.h"

#include "base/error.h"
#include "nn/eigen.h"
#include "nn/gemm.h"
#include "nn/kernels.h"
#include "nn/pixels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* No powers of two: planes that lie 4096 bytes apart would get into each other's way in the cache. */
enum {
    BLOCK_FLOATS = 30 << 10, /* of a block, about */
    BLOCK_MAX = 960,         /* pixels */
    BLOCK_STEP = 16,         /* pixels: whole cache lines */
    PARTS_MAX = 16,
    PARTS_DOUBLES = 1 << 20  /* that the parts' matrices may have, about */
};

/* ---- blocks ---- */

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Pixels of a block. */
static int block_pixels(int channels)
{
    return clamp(BLOCK_FLOATS / channels / BLOCK_STEP * BLOCK_STEP, BLOCK_STEP, BLOCK_MAX);
}

/* Bytes that a worker has for blocks: their numbers twice in float32, or once and once in double. */
static size_t worker_bytes(int channels)
{
    return (size_t)channels * (size_t)block_pixels(channels) * (sizeof(float) + sizeof(double));
}

/* A loop of all workers over items, each in memory of its own. */
typedef struct Loop {
    const SolFeatures *in, *out;
    SolArea area;
    SolWeightRows weights; /* NULL: all pixels count alike */
    int pixels, blocks; /* of the area */
    int step;           /* pixels of a block */
    int items;
    void (*item)(struct Loop *loop, int item, float *planes);
    char *memory;
    SolScatter parts[PARTS_MAX];
    const float *centre, *matrix, *offset;
} Loop;

static void set_area(Loop *loop, SolArea area)
{
    loop->area = area;
    loop->pixels = area.width * area.height;
    loop->step = block_pixels(loop->in->shape.channels);
    loop->blocks = loop->pixels / loop->step + (loop->pixels % loop->step != 0);
}

static int pixels_of_block(const Loop *loop, int block)
{
    int left = loop->pixels - block * loop->step;
    return left < loop->step ? left : loop->step;
}

static void work_on(void *context, int item, int worker)
{
    Loop *loop = context;
    loop->item(loop, item, (float *)(loop->memory + (size_t)worker * worker_bytes(loop->in->shape.channels)));
}

static void run_items(SolPool *pool, Loop *loop, int items)
{
    loop->items = items;
    sol_pool_run_workers(pool, work_on, loop, items);
}

/* ---- scatter ---- */

static size_t aligned(size_t bytes)
{
    return (bytes + SOL_ALIGNMENT - 1) / SOL_ALIGNMENT * SOL_ALIGNMENT;
}

size_t sol_scatter_bytes(int channels)
{
    size_t size = (size_t)channels;
    return aligned((size + size * size) * sizeof(double));
}

SolScatter sol_scatter_in(void *memory, int channels)
{
    return (SolScatter){.mean = memory, .products = (double *)memory + channels};
}

/* Parts that the pixels are dealt out in, where there are so many blocks. */
static int most_parts(int channels)
{
    return clamp(PARTS_DOUBLES / channels / channels, 1, PARTS_MAX);
}

void sol_scatter_clear(SolScatter *scatter, int channels)
{
    scatter->count = 0;
    memset(scatter->mean, 0, (size_t)channels * sizeof(double));
    memset(scatter->products, 0, (size_t)channels * (size_t)channels * sizeof(double));
}

/* The mean of the first block of a part, which is what deviations are counted from to begin with. */
static void find_shift(const float *planes, int count, int channels, double *shift)
{
    for (int c = 0; c < channels; c++, planes += count) {
        shift[c] = 0;
        for (int i = 0; i < count; i++)
            shift[c] += (double)planes[i];
        shift[c] /= count;
    }
}

/* What the pixels of a block weigh, and the root of that; returns their sum. */
static double weigh_block(const Loop *loop, int block, int count, double *weights, double *roots)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        int pixel = block * loop->step + i;
        size_t x = (size_t)(pixel % loop->area.width), y = (size_t)(pixel / loop->area.width);
        weights[i] = (double)loop->weights.first[y * loop->weights.row + x];
        roots[i] = sqrt(weights[i]);
        sum += weights[i];
    }
    return sum;
}

/* The mean of a plane with such weights, whose sum is not 0. */
static double weighted_mean(const float *plane, const double *weights, int count, double sum)
{
    double mean = 0;
    for (int i = 0; i < count; i++)
        mean += weights[i] * (double)plane[i];
    return mean / sum;
}

/* Deviations from `shift`, whose sum is added to *sum. */
static void centre_plane(const float *plane, int count, double shift, double *to, double *sum)
{
    double lanes[SOL_LANES] = {0};
    sol_kernels()->rows->centre(plane, (size_t)count, shift, to, lanes);
    for (int l = 0; l < SOL_LANES; l++)
        *sum += lanes[l];
}

/* The same times the root of their weight; to the sum they are added times their weight. */
static void centre_weighted(const float *restrict plane, const double *restrict weights, const double *restrict roots,
                            int count, double shift, double *restrict to, double *sum)
{
    double lanes[SOL_LANES] = {0};
    int i = 0;
    for (; i + SOL_LANES <= count; i += SOL_LANES)
        for (int l = 0; l < SOL_LANES; l++) {
            double d = (double)plane[i + l] - shift;
            to[i + l] = roots[i + l] * d;
            lanes[l] += weights[i + l] * d;
        }
    for (int l = 0; i < count; i++, l++) {
        double d = (double)plane[i] - shift;
        to[i] = roots[i] * d;
        lanes[l] += weights[i] * d;
    }
    for (int l = 0; l < SOL_LANES; l++)
        *sum += lanes[l];
}

/* Centres the planes of a block about part->mean, which the first block of a part sets. */
static void centre_block(const Loop *loop, int count, const float *planes, SolScatter *part, double *centred,
                         double *sums)
{
    size_t pixels = (size_t)count, channels = (size_t)loop->in->shape.channels;
    if (part->count == 0)
        find_shift(planes, count, (int)channels, part->mean);
    for (size_t c = 0; c < channels; c++)
        centre_plane(planes + c * pixels, count, part->mean[c], centred + c * pixels, &sums[c]);
}

/* Adds a block to a part, and the sums of its deviations from part->mean to `sums`. */
static void add_block(const Loop *loop, int block, float *planes, SolScatter *part, double *sums)
{
    int channels = loop->in->shape.channels, count = pixels_of_block(loop, block);
    double *centred = (double *)(void *)(planes + (size_t)channels * (size_t)loop->step);
    double weights[BLOCK_MAX], roots[BLOCK_MAX], weight = (double)count;
    size_t pixels = (size_t)count;
    if (loop->weights.first && (weight = weigh_block(loop, block, count, weights, roots)) == 0)
        return;
    sol_pixels_read(loop->in, loop->area, block * loop->step, count, planes, pixels);
    if (!loop->weights.first)
        centre_block(loop, count, planes, part, centred, sums);
    for (size_t c = 0; loop->weights.first && c < (size_t)channels; c++) {
        if (part->count == 0)
            part->mean[c] = weighted_mean(planes + c * pixels, weights, count, weight);
        centre_weighted(planes + c * pixels, weights, roots, count, part->mean[c], centred + c * pixels, &sums[c]);
    }
    sol_gemm_add_squares(channels, count, centred, count, part->products);
    part->count += weight;
}

/*
 * Blocks of one part, about a shift and then about their mean: the products about it are less by count d d^T, where d
 * is how far it is from the shift. The sums of the deviations lie behind the part's matrix.
 */
static void run_part(Loop *loop, int item, float *planes)
{
    int channels = loop->in->shape.channels, end = (int)((int64_t)loop->blocks * (item + 1) / loop->items);
    SolScatter *part = &loop->parts[item];
    size_t size = (size_t)channels;
    double *sums = part->products + size * size;
    sol_scatter_clear(part, channels);
    memset(sums, 0, size * sizeof *sums);
    for (int block = (int)((int64_t)loop->blocks * item / loop->items); block < end; block++)
        add_block(loop, block, planes, part, sums);
    if (part->count == 0)
        return;
    for (size_t c = 0; c < size; c++)
        for (size_t d = c; d < size; d++)
            part->products[c * size + d] -= sums[c] * sums[d] / part->count;
    for (size_t c = 0; c < size; c++)
        part->mean[c] += sums[c] / part->count;
}

static size_t part_bytes(int channels)
{
    return sol_scatter_bytes(channels) + aligned((size_t)channels * sizeof(double));
}

void sol_op_scatter_weighted(SolPool *pool, const SolFeatures *in, SolArea area, SolWeightRows weights, void *work,
                             SolScatter *scatter)
{
    Loop loop = {.in = in, .item = run_part, .weights = weights};
    int channels = in->shape.channels, parts = most_parts(channels);
    set_area(&loop, area);
    parts = loop.blocks < parts ? loop.blocks : parts;
    loop.memory = work;
    for (int i = 0; i < parts; i++, loop.memory += part_bytes(channels))
        loop.parts[i] = sol_scatter_in(loop.memory, channels);
    run_items(pool, &loop, parts);
    sol_scatter_clear(scatter, channels);
    for (int i = 0; i < parts; i++)
        sol_scatter_merge(scatter, &loop.parts[i], channels);
}

void sol_op_scatter(SolPool *pool, const SolFeatures *in, SolArea area, void *work, SolScatter *scatter)
{
    sol_op_scatter_weighted(pool, in, area, (SolWeightRows){.first = NULL}, work, scatter);
}

void sol_scatter_merge(SolScatter *scatter, const SolScatter *part, int channels)
{
    size_t size = (size_t)channels;
    double count = scatter->count + part->count, share, weight;
    if (part->count == 0)
        return;
    share = part->count / count;
    weight = scatter->count * share;
    for (size_t c = 0; c < size; c++)
        for (size_t d = c; d < size; d++)
            scatter->products[c * size + d] += part->products[c * size + d] + weight *
                                               (part->mean[c] - scatter->mean[c]) * (part->mean[d] - scatter->mean[d]);
    for (size_t c = 0; c < size; c++)
        scatter->mean[c] += (part->mean[c] - scatter->mean[c]) * share;
    scatter->count = count;
}

/* ---- whitening and colouring ---- */

/* What they work with: three matrices, and what the eigenvalues take. */
typedef struct Solver {
    double *a, *b, *c; /* [channels][channels] */
    double *values;    /* [channels] */
    void *rest;
} Solver;

static size_t solver_bytes(int channels)
{
    size_t size = (size_t)channels;
    return (3 * size * size + size) * sizeof(double) + sol_eigen_bytes(channels);
}

static Solver solver_in(void *memory, int channels)
{
    size_t size = (size_t)channels;
    Solver s = {.a = memory};
    s.b = s.a + size * size;
    s.c = s.b + size * size;
    s.values = s.c + size * size;
    s.rest = s.values + size;
    return s;
}

/* s->b = E D^power E^T of the covariance E D E^T, without its small eigenvalues. Works in s->a. */
static int covariance_power(const SolScatter *scatter, int channels, double power, Solver *s)
{
    size_t size = (size_t)channels, kept = 0;
    double count = scatter->count > 1 ? scatter->count - 1 : 1;
    int result;
    for (size_t i = 0; i < size * size; i++)
        s->a[i] = scatter->products[i] / count;
    result = sol_eigen(channels, s->a, s->values, s->rest);
    if (result != SOL_OK)
        return result;
    /* E D^(power / 2), by columns: each row of `c` is one of E */
    for (size_t k = 0; k < size; k++) {
        double root = s->values[k] > SOL_WCT_LEAST ? pow(s->values[k], power / 2) : 0;
        for (size_t c = 0; c < size && root > 0; c++)
            s->c[c * size + kept] = s->a[k * size + c] * root;
        kept += root > 0;
    }
    memset(s->b, 0, size * size * sizeof *s->b);
    if (kept > 0)
        sol_gemm_add_squares(channels, (int)kept, s->c, channels, s->b);
    for (size_t c = 0; c < size; c++)
        for (size_t d = 0; d < c; d++)
            s->b[c * size + d] = s->b[d * size + c];
    return SOL_OK;
}

size_t sol_wct_bytes(int channels, const SolPool *pool)
{
    size_t parts = (size_t)most_parts(channels) * part_bytes(channels), solver = solver_bytes(channels);
    size_t blocks = (size_t)sol_pool_threads(pool) * worker_bytes(channels);
    return parts + blocks > solver ? parts + blocks : solver;
}

int sol_wct_colouring(const SolScatter *style, int channels, void *work, float *statistics)
{
    size_t size = (size_t)channels;
    Solver s = solver_in(work, channels);
    int result = covariance_power(style, channels, 0.5, &s);
    if (result != SOL_OK)
        return result;
    for (size_t c = 0; c < size; c++)
        statistics[c] = (float)style->mean[c];
    for (size_t i = 0; i < size * size; i++)
        statistics[size + i] = (float)s.b[i];
    return SOL_OK;
}

int sol_wct(const SolScatter *content, int channels, const float *style, float strength, void *work, float *centre,
            float *matrix, float *offset)
{
    size_t size = (size_t)channels;
    double share = (double)strength;
    Solver s = solver_in(work, channels);
    int result = covariance_power(content, channels, -0.5, &s);
    if (result != SOL_OK)
        return result;
    for (size_t i = 0; i < size * size; i++)
        s.a[i] = (double)style[size + i];
    sol_gemm_double(channels, s.a, s.b, s.c);
    for (size_t c = 0; c < size; c++) {
        for (size_t d = 0; d < size; d++)
            matrix[c * size + d] = (float)(share * s.c[c * size + d] + (c == d ? 1 - share : 0));
        centre[c] = (float)content->mean[c];
        offset[c] = (float)(share * (double)style[c] + (1 - share) * content->mean[c]);
    }
    return SOL_OK;
}

static void map_block(Loop *loop, int block, float *planes)
{
    int channels = loop->in->shape.channels, count = pixels_of_block(loop, block);
    size_t pixels = (size_t)count;
    const SolRowKernels *kernels = sol_kernels()->rows;
    float *mapped = planes + (size_t)channels * (size_t)loop->step;
    sol_pixels_read(loop->in, loop->area, block * loop->step, count, planes, pixels);
    for (int c = 0; c < channels; c++)
        kernels->affine(planes + (size_t)c * pixels, pixels, loop->centre[c], 1, 0, planes + (size_t)c * pixels);
    sol_gemm(channels, count, channels, loop->matrix, channels, planes, count, mapped, count);
    for (int c = 0; c < channels; c++)
        kernels->affine(mapped + (size_t)c * pixels, pixels, 0, 1, loop->offset[c], mapped + (size_t)c * pixels);
    sol_pixels_write(mapped, pixels, loop->out, loop->area, block * loop->step, count);
}

void sol_op_matrix(SolPool *pool, const SolFeatures *in, const float *centre, const float *matrix, const float *offset,
                   void *work, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .item = map_block, .memory = work, .centre = centre, .matrix = matrix,
                 .offset = offset};
    set_area(&loop, sol_shape_area(in->shape));
    run_items(pool, &loop, loop.blocks);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of pixels are brought side by side with all their channels, chunk by chunk, so that both functions are products
 * of matrices which stay in a core's cache. Chunks are summed in a fixed number of parts.
 */
#include "nn/gram.h"

#include "nn/gemm.h"
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

enum {
    CHUNK_BYTES = 256 << 10, /* of pixels, about */
    PARTS_MAX = 16,          /* that are summed each on its own */
    PARTS_FLOATS = 1 << 21   /* and how much they take, about */
};

/* How a picture is cut: by a rule over its shape. */
typedef struct Cut {
    int rows, chunks; /* of a chunk; of the picture */
    int parts;
} Cut;

static int clamp(size_t value, int low, int high)
{
    return value < (size_t)low ? low : value > (size_t)high ? high : (int)value;
}

static Cut cut_for(SolShape s)
{
    size_t channels = (size_t)s.channels;
    Cut cut;
    cut.rows = clamp(CHUNK_BYTES / sizeof(float) / channels / (size_t)s.width, 1, s.height);
    cut.chunks = s.height / cut.rows + (s.height % cut.rows != 0);
    cut.parts = clamp(PARTS_FLOATS / channels / channels, 1, cut.chunks < PARTS_MAX ? cut.chunks : PARTS_MAX);
    return cut;
}

/* Floats of a chunk, whole lines. */
static size_t chunk_floats(SolShape s, const Cut *cut)
{
    size_t line = SOL_ALIGNMENT / sizeof(float);
    return ((size_t)cut->rows * (size_t)s.width * (size_t)s.channels + line - 1) / line * line;
}

static size_t matrix_floats(SolShape s)
{
    size_t line = SOL_ALIGNMENT / sizeof(float);
    return ((size_t)s.channels * (size_t)s.channels + line - 1) / line * line;
}

bool sol_gram_bytes(SolShape s, const SolPool *pool, size_t *bytes)
{
    Cut cut = cut_for(s);
    size_t chunks, whole, matrices;
    return sol_shape_bytes(s, &whole) && sol_mul((size_t)s.channels, (size_t)s.channels + SOL_LANES, &matrices) &&
           sol_mul(matrices, (size_t)cut.parts * sizeof(float), &matrices) &&
           sol_mul(chunk_floats(s, &cut), 2 * (size_t)sol_pool_threads(pool) * sizeof(float), &chunks) &&
           sol_add(chunks, matrices, bytes);
}

/* ---- pixels side by side ---- */

/* to[x][channels] of a row. */
static void gather_row(const SolFeatures *in, int y, float *to)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    size_t block = (size_t)in->layout.block, channels = (size_t)in->shape.channels, width = (size_t)in->shape.width;
    for (size_t first = 0; first < channels; first += block > 1 ? block : SOL_LANES) {
        size_t most = block > 1 ? block : SOL_LANES, lanes = channels - first < most ? channels - first : most;
        const float *row = sol_features_row(in, (int)(first / block), y);
        size_t plane = sol_features_offset(in, 1, 0) - sol_features_offset(in, 0, 0);
        if (block == 1)
            kernels->from_planes(row, plane, width, lanes, to + first, channels);
        for (size_t x = 0; x < width && block > 1; x++)
            memcpy(to + x * channels + first, row + x * block, lanes * sizeof *to);
    }
}

static void spread_row(const float *from, const SolFeatures *out, int y)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    size_t block = (size_t)out->layout.block, channels = (size_t)out->shape.channels, width = (size_t)out->shape.width;
    for (size_t first = 0; first < channels; first += block > 1 ? block : SOL_LANES) {
        size_t most = block > 1 ? block : SOL_LANES, lanes = channels - first < most ? channels - first : most;
        float *row = sol_features_row(out, (int)(first / block), y);
        size_t plane = sol_features_offset(out, 1, 0) - sol_features_offset(out, 0, 0);
        if (block == 1)
            kernels->to_planes(from + first, width, channels, lanes, row, plane);
        for (size_t x = 0; x < width && block > 1; x++)
            memcpy(row + x * block, from + x * channels + first, lanes * sizeof *from);
    }
}

/* ---- loops ---- */

typedef struct Loop {
    const SolFeatures *in, *out;
    const SolPixelWeights *weights; /* NULL: pixels count alike */
    const float *matrix;
    Cut cut;
    float *chunks, *sums; /* two of each worker; one of each part */
} Loop;

static float *chunk_of(const Loop *loop, int worker, int which)
{
    return loop->chunks + chunk_floats(loop->in->shape, &loop->cut) * (size_t)(2 * worker + which);
}

/* Multiplies pixels side by side by their weights, or the roots of those. */
static void weigh(const float *weights, bool roots, size_t pixels, size_t channels, float *to)
{
    const SolRowKernels *kernels = sol_kernels()->rows;
    for (size_t i = 0; i < pixels; i++, to += channels)
        kernels->affine(to, channels, 0, roots ? sqrtf(weights[i]) : weights[i], 0, to);
}

/* Brings a chunk side by side, weighed; returns its pixels. */
static int gather(const Loop *loop, int chunk, bool roots, float *to)
{
    SolShape s = loop->in->shape;
    int y = chunk * loop->cut.rows, end = s.height - y < loop->cut.rows ? s.height : y + loop->cut.rows;
    size_t row = (size_t)s.width * (size_t)s.channels;
    for (int i = y; i < end; i++)
        gather_row(loop->in, i, to + (size_t)(i - y) * row);
    if (loop->weights)
        weigh(loop->weights->values + (size_t)y * (size_t)s.width, roots, (size_t)(end - y) * (size_t)s.width,
              (size_t)s.channels, to);
    return (end - y) * s.width;
}

static void sum_part(void *context, int part, int worker)
{
    const Loop *loop = context;
    int channels = loop->in->shape.channels;
    float *pixels = chunk_of(loop, worker, 0);
    float *sum = loop->sums + matrix_floats(loop->in->shape) * (size_t)part;
    int first = (int)((int64_t)loop->cut.chunks * part / loop->cut.parts);
    int end = (int)((int64_t)loop->cut.chunks * (part + 1) / loop->cut.parts);
    for (int chunk = first; chunk < end; chunk++) {
        int count = gather(loop, chunk, true, pixels);
        sol_gemm_squares(channels, count, pixels, channels, chunk > first, sum, channels);
    }
}

/* Row `i` of the matrix, from the lower triangles of the parts. */
static void finish_row(const Loop *loop, int i, float *gram)
{
    SolShape s = loop->in->shape;
    size_t channels = (size_t)s.channels, row = (size_t)i, step = matrix_floats(s);
    double scale = 1 / (loop->weights ? loop->weights->sum : (double)sol_shape_plane(s));
    for (size_t j = 0; j <= row; j++) {
        double sum = 0;
        for (size_t part = 0; part < (size_t)loop->cut.parts; part++)
            sum += (double)loop->sums[part * step + row * channels + j];
        gram[row * channels + j] = gram[j * channels + row] = (float)(sum * scale);
    }
}

static Loop loop_over(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, void *work)
{
    Loop loop = {.in = in, .weights = weights, .cut = cut_for(in->shape), .chunks = work};
    loop.sums = loop.chunks + 2 * (size_t)sol_pool_threads(pool) * chunk_floats(in->shape, &loop.cut);
    return loop;
}

void sol_op_gram(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, void *work, float *gram)
{
    Loop loop = loop_over(pool, in, weights, work);
    sol_pool_run_workers(pool, sum_part, &loop, loop.cut.parts);
    for (int i = 0; i < in->shape.channels; i++)
        finish_row(&loop, i, gram);
}

static void multiply_chunk(void *context, int chunk, int worker)
{
    const Loop *loop = context;
    SolShape s = loop->in->shape;
    float *pixels = chunk_of(loop, worker, 0), *products = chunk_of(loop, worker, 1);
    int count = gather(loop, chunk, false, pixels);
    sol_gemm(count, s.channels, s.channels, pixels, s.channels, loop->matrix, s.channels, products, s.channels);
    for (int i = 0; i < count / s.width; i++)
        spread_row(products + (size_t)i * (size_t)s.width * (size_t)s.channels, loop->out, chunk * loop->cut.rows + i);
}

void sol_op_symmetric(SolPool *pool, const SolFeatures *in, const SolPixelWeights *weights, const float *matrix,
                      void *work, const SolFeatures *out)
{
    Loop loop = loop_over(pool, in, weights, work);
    loop.out = out;
    loop.matrix = matrix;
    sol_pool_run_workers(pool, multiply_chunk, &loop, loop.cut.chunks);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolution by Winograd's F(4x4, 3x3) (Lavin & Gray 2016): tiles of 6x6 input pixels, which overlap by
 * two, become tiles of 4x4 output pixels at 36 multiplications for each pair of channels instead of 144.
 *
 * The picture is cut into blocks of tiles. A block is transformed to 36 matrices of in_channels x tiles,
 * each to be multiplied by the matrix of out_channels x in_channels that the weights were transformed to
 * at planning. Blocks are so small that up to 128 channels these matrices stay in a core's own cache; wider
 * layers keep them in the shared one, since fewer tiles would read the weights too often. The output
 * channels are taken in parts, which are transformed back while their products are in the cache.
 */
#include "nn/conv_blas.h"

#include "base/cpu.h"
#include "base/error.h"
#include "nn/gemm.h"
#include "nn/kernels.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    BLOCK_BYTES = 576 << 10,  /* of transformed data, about: half of a core's second-level cache */
    TILES_MIN = 32,           /* of a block */
    TILES_MAX = 128,
    PART_MIN = 16,            /* output channels of a part */
    PART_MAX = 256,
    PRODUCT_MAX = 1000000,    /* multiply-adds of a product: up to so many, OpenBLAS copies nothing on AVX-512 */
    LINE = SOL_ALIGNMENT / sizeof(float), /* floats of a cache line, and of the widest vector */
    ROW = SOL_TILE * SOL_TILES_MAX + SOL_TILE /* pixels of a run of tiles, and what they look at beyond */
};

/* How a picture is cut. A block is `rows` x `columns` tiles, fewer at the right and the bottom. */
typedef struct Cut {
    int rows, columns;
    int across, down; /* blocks */
    int part;         /* output channels */
} Cut;

/* Planned once: the kernels, the cut, and the weights. */
typedef struct State {
    const SolKernels *kernels;
    Cut cut;
    float weights[]; /* [36][out_channels][in_channels] */
} State;

static int divide_up(int a, int b)
{
    return a / b + (a % b != 0);
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static Cut cut_for(const SolConvShape *s)
{
    int tiles_x = divide_up(s->width, SOL_TILE), tiles_y = divide_up(s->height, SOL_TILE);
    int64_t column = SOL_TILE_POINTS * (int64_t)sizeof(float) * ((int64_t)s->in_channels + least(s->out_channels, 64));
    int tiles = clamp((int)(BLOCK_BYTES / column), TILES_MIN, TILES_MAX) / LINE * LINE;
    Cut cut;
    cut.across = divide_up(tiles_x, least(tiles, SOL_TILES_MAX));
    cut.columns = divide_up(tiles_x, cut.across);
    if (cut.across > 1) /* whole vectors in all but the last */
        cut.columns = divide_up(cut.columns, LINE) * LINE;
    cut.across = divide_up(tiles_x, cut.columns);
    cut.down = divide_up(tiles_y, clamp(tiles / cut.columns, 1, tiles_y));
    cut.rows = divide_up(tiles_y, cut.down);
    cut.down = divide_up(tiles_y, cut.rows);
    cut.part = clamp((int)(PRODUCT_MAX / ((int64_t)cut.rows * cut.columns * s->in_channels)), PART_MIN, PART_MAX);
    cut.part = divide_up(s->out_channels, divide_up(s->out_channels, cut.part));
    return cut;
}

/* Floats from one of the 36 matrices of `channels` rows to the next: a line more than they take, because
   lines a power of two apart would compete for the same places in the cache. */
static size_t matrix_step(const Cut *cut, int channels)
{
    size_t floats = (size_t)channels * (size_t)(cut->rows * cut->columns);
    return (floats + LINE - 1) / LINE * LINE + LINE;
}

static bool supports(const SolConvShape *s)
{
    int most = INT_MAX - 2 * SOL_TILE_IN; /* a tile's pixels are counted beyond the border */
    return s->element == SOL_FLOAT32 && s->kernel == 3 && s->width <= most && s->height <= most;
}

/*
 * Winograd's method wins but for pictures of few pixels, where tiles hang over the border and wide layers
 * read 36 matrices of weights for next to nothing, and for layers of so few input channels that the products
 * are nothing beside the transforms; AVX-512 makes those cheap. How many times as fast it is (docs/performance.md):
 *
 *     channels, pixels    AVX-512  AVX2       channels, pixels    AVX-512  AVX2
 *     1 to 16, 256x256       0.9   0.7        64 to 64, 128x128      3.8   2.9
 *     3 to 16, 512x512       1.8   1.0        256 to 256, 64x64      3.9   2.9
 *     3 to 64, 512x512       1.5   1.0        512 to 512, 64x64      3.8   2.8
 *     16 to 3, 512x512       1.9   2.9        512 to 512, 16x16      1.2   1.0
 *     16 to 16, 256x256      3.4   2.4        512 to 512, 8x8        0.7   0.5
 */
static bool pays(const SolConvShape *s)
{
    int tile = SOL_TILE, channels = sol_kernels()->flags & SOL_CPU_AVX512 ? 3 : 8;
    int64_t pixels = (int64_t)s->height * s->width;
    int64_t covered = ((int64_t)s->height + tile - 1) / tile * tile * (((int64_t)s->width + tile - 1) / tile * tile);
    return s->in_channels >= channels && pixels >= 256 && covered <= 2 * pixels;
}

/* ---- planning ---- */

/* G of the points 0, a, -a, b, -b and infinity. */
static void weight_transform(double g[SOL_TILE_IN][3])
{
    const double a = SOL_POINT_A, b = SOL_POINT_B, points[5] = {0, a, -a, b, -b};
    for (int i = 0; i < 5; i++) {
        double divisor = 1;
        for (int j = 0; j < 5; j++)
            divisor *= j == i ? 1 : points[i] - points[j];
        for (int k = 0; k < 3; k++)
            g[i][k] = (k == 0 ? 1 : k == 1 ? points[i] : points[i] * points[i]) / divisor;
    }
    g[5][0] = g[5][1] = 0;
    g[5][2] = 1;
}

/* u = G w G^T for every pair of channels, in double precision. */
static void transform_weights(const SolConv *conv, float *to)
{
    size_t pairs = (size_t)conv->shape.out_channels * (size_t)conv->shape.in_channels;
    double g[SOL_TILE_IN][3];
    weight_transform(g);
    for (size_t p = 0; p < pairs; p++) {
        const float *w = conv->weights + 9 * p;
        for (int i = 0; i < SOL_TILE_IN; i++)
            for (int j = 0; j < SOL_TILE_IN; j++) {
                double sum = 0;
                for (int k = 0; k < 9; k++)
                    sum += g[i][k / 3] * (double)w[k] * g[j][k % 3];
                to[(size_t)(SOL_TILE_IN * i + j) * pairs + p] = (float)sum;
            }
    }
}

static int plan(SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    Cut cut = cut_for(s);
    size_t floats = SOL_TILE_POINTS * (matrix_step(&cut, s->in_channels) + matrix_step(&cut, cut.part));
    size_t pairs, bytes;
    State *state;
    if (!sol_mul(floats, sizeof(float) * (size_t)sol_pool_threads(conv->pool), &conv->scratch) ||
        !sol_mul((size_t)s->in_channels, (size_t)s->out_channels, &pairs) ||
        !sol_mul(pairs, SOL_TILE_POINTS * sizeof(float), &bytes) || !sol_add(bytes, sizeof *state, &bytes) ||
        !(state = sol_alloc(bytes, 1)))
        return sol_fail_memory("a convolution");
    state->kernels = sol_kernels();
    state->cut = cut;
    transform_weights(conv, state->weights);
    conv->state = state;
    return SOL_OK;
}

static void release(SolConv *conv)
{
    sol_free(conv->state);
}

/* ---- running ---- */

/* A run of tiles, neighbours in a row of tiles. */
typedef struct Tiles {
    int y, x; /* the first output pixel */
    int count;
} Tiles;

/* Where pixel i of n is taken from; -1 for a zero, as is all that only fills up a tile. */
static int source(const SolConvShape *s, int i, int n)
{
    return i > n ? -1 : sol_border_index(s->border, i, n);
}

/* Column x of transformed rows that begin with column `left`, from the one that the border puts there. */
static void fill_column(const SolConvShape *s, int x, int left, float rows[SOL_TILE_IN][ROW])
{
    int from = source(s, x, s->width);
    for (int j = 0; j < SOL_TILE_IN; j++)
        rows[j][x - left] = from < 0 ? 0.0f : rows[j][from - left];
}

/* The six input rows of a run of tiles, transformed to to[0..5][ROW]: pixels x - 1 .. x + 4 * count. */
static void gather_rows(const SolConv *conv, const float *plane, Tiles tiles, float to[SOL_TILE_IN][ROW])
{
    static const float zeros[ROW];
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    const float *rows[SOL_TILE_IN];
    int left = tiles.x - 1, right = tiles.x + SOL_TILE * tiles.count + 1;
    int first = left < 0 ? 0 : left, last = right > s->width ? s->width : right; /* within the picture */
    for (int j = 0; j < SOL_TILE_IN; j++) {
        int y = source(s, tiles.y - 1 + j, s->height);
        rows[j] = y < 0 ? zeros : plane + (size_t)y * (size_t)s->width + first;
    }
    state->kernels->winograd_rows(rows, (size_t)(last - first), to[0] + (first - left), ROW);
    for (int x = left; x < first; x++)
        fill_column(s, x, left, to);
    for (int x = last; x < right; x++)
        fill_column(s, x, left, to);
}

/* Transforms what a run of tiles sees of the input to the matrices at `to`, whose columns are tiles. */
static void transform_input(const SolConv *conv, const float *in, Tiles tiles, float *to, int block_tiles)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t plane = (size_t)s->height * (size_t)s->width, step = matrix_step(&state->cut, s->in_channels);
    float rows[SOL_TILE_IN][ROW];
    for (int i = 0; i < s->in_channels; i++) {
        gather_rows(conv, in + (size_t)i * plane, tiles, rows);
        state->kernels->winograd_columns(rows[0], ROW, (size_t)tiles.count, to, step);
        to += block_tiles;
    }
}

/* Transforms the products of output channels o0..o1-1 back to pixels of a run of tiles. */
static void transform_output(const SolConv *conv, const float *from, int block_tiles, Tiles tiles, int o0, int o1,
                             float *out)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t width = (size_t)s->width, plane = (size_t)s->height * width;
    size_t step = matrix_step(&state->cut, state->cut.part);
    int rows = s->height - tiles.y < SOL_TILE ? s->height - tiles.y : SOL_TILE;
    int pixels = s->width - tiles.x < SOL_TILE * tiles.count ? s->width - tiles.x : SOL_TILE * tiles.count;
    bool whole = rows == SOL_TILE && pixels == SOL_TILE * tiles.count;
    float edge[SOL_TILE][ROW];
    for (int o = o0; o < o1; o++, from += block_tiles) {
        float *to = out + (size_t)o * plane + (size_t)tiles.y * width + (size_t)tiles.x;
        state->kernels->winograd_output(from, step, (size_t)tiles.count, conv->bias ? conv->bias[o] : 0.0f,
                                        s->relu ? 0.0f : -INFINITY, whole ? to : edge[0], whole ? width : ROW);
        for (int i = 0; !whole && i < rows; i++)
            memcpy(to + (size_t)i * width, edge[i], (size_t)pixels * sizeof *to);
    }
}

static void run_block(const SolConv *conv, const float *in, float *out, int block, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    const Cut *cut = &state->cut;
    size_t in_step = matrix_step(cut, s->in_channels), out_step = matrix_step(cut, cut->part);
    float *input = scratch, *products = input + SOL_TILE_POINTS * in_step;
    int tiles_x = divide_up(s->width, SOL_TILE), tiles_y = divide_up(s->height, SOL_TILE);
    int y0 = block / cut->across * cut->rows, x0 = block % cut->across * cut->columns;
    int rows = tiles_y - y0 < cut->rows ? tiles_y - y0 : cut->rows;
    int columns = tiles_x - x0 < cut->columns ? tiles_x - x0 : cut->columns, n = rows * columns;
    for (int r = 0; r < rows; r++)
        transform_input(conv, in, (Tiles){(y0 + r) * SOL_TILE, x0 * SOL_TILE, columns}, input + r * columns, n);
    for (int o0 = 0, o1; o0 < s->out_channels; o0 = o1) {
        const float *weights = state->weights + (size_t)o0 * (size_t)s->in_channels;
        o1 = s->out_channels - o0 < cut->part ? s->out_channels : o0 + cut->part;
        for (size_t p = 0; p < SOL_TILE_POINTS; p++)
            sol_gemm(o1 - o0, n, s->in_channels,
                     weights + p * (size_t)s->out_channels * (size_t)s->in_channels, s->in_channels,
                     input + p * in_step, n, products + p * out_step, n);
        for (int r = 0; r < rows; r++)
            transform_output(conv, products + r * columns, n,
                             (Tiles){(y0 + r) * SOL_TILE, x0 * SOL_TILE, columns}, o0, o1, out);
    }
}

static void run(const SolConv *conv, void *in, void *out, void *scratch)
{
    const Cut *cut = &((const State *)conv->state)->cut;
    sol_conv_run_blocks(conv, in, out, scratch, cut->across * cut->down, run_block);
}

const SolConvBackend sol_conv_winograd = {"winograd", supports, pays, plan, run, release};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolution by Winograd's F(4x4, 3x3) (Lavin & Gray 2016): tiles of 6x6 input pixels, which overlap by
 * two, become tiles of 4x4 output pixels at 36 multiplications for each pair of channels instead of 144.
 *
 * Channels lie in groups of SOL_LANES, so that a pixel is a vector and a tile may begin at any of them: borders,
 * repeated pixels and ragged edges cost nothing but the look-up of where a pixel lies.
 *
 * The picture is cut into blocks of tiles. A block is transformed to 36 matrices of tiles x in_channels,
 * each to be multiplied by the matrix of in_channels x out_channels that the weights were transformed to
 * at planning. Blocks are so small that up to 128 channels these matrices stay in a core's own cache; wider
 * layers keep them in the shared one, since fewer tiles would read the weights too often. The output
 * channels are taken in parts, which are transformed back while their products are in the cache; there they are
 * pooled, or added to another value, if that is asked for.
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
    BLOCK_BYTES = 400 << 10,  /* of transformed data, about: half of a core's second-level cache */
    TILES_MIN = 32,           /* of a block, where OpenBLAS multiplies small matrices without copying them (AVX-512) */
    TILES_MIN_COPIED = 64,    /* elsewhere: copies of the weights are shared by more tiles */
    TILES_MAX = 128,
    COLUMNS_MAX = 32,         /* tiles of a run, at most */
    PART_MAX = 256,           /* output channels of a part */
    PRODUCT_MAX = 1000000,    /* multiply-adds of a product: up to so many, it copies nothing there */
    LINE = SOL_ALIGNMENT / sizeof(float), /* floats of a cache line */
    RUN = SOL_TILE * COLUMNS_MAX + 2      /* pixels that a run of tiles looks at */
};

/* How a picture is cut. A block is `rows` x `columns` tiles, fewer at the right and the bottom. */
typedef struct Cut {
    int rows, columns;
    int across, down; /* blocks */
    int part;         /* output channels: whole groups */
} Cut;

/* Planned once: the kernels, the cut, the bias (whole groups) and the weights. */
typedef struct State {
    const SolKernels *kernels;
    Cut cut;
    float *bias;
    _Alignas(SOL_ALIGNMENT) float weights[]; /* part by part of o channels: [36][in_channels][o] */
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

/* So many channels as whole groups have. */
static int whole_groups(int channels)
{
    return divide_up(channels, SOL_LANES) * SOL_LANES;
}

static Cut cut_for(const SolConvShape *s)
{
    int tiles_x = divide_up(s->width, SOL_TILE), tiles_y = divide_up(s->height, SOL_TILE);
    int in = whole_groups(s->in_channels), out = whole_groups(s->out_channels);
    int64_t column = SOL_TILE_POINTS * (int64_t)sizeof(float) * ((int64_t)in + least(out, 64));
    bool copied = !(sol_kernels()->flags & SOL_CPU_AVX512);
    int tiles = clamp((int)(BLOCK_BYTES / column), copied ? TILES_MIN_COPIED : TILES_MIN, TILES_MAX);
    Cut cut;
    cut.across = divide_up(tiles_x, clamp(tiles / 4, 1, COLUMNS_MAX));
    cut.columns = divide_up(tiles_x, cut.across);
    cut.across = divide_up(tiles_x, cut.columns);
    cut.down = divide_up(tiles_y, clamp(tiles / cut.columns, 1, tiles_y));
    cut.rows = divide_up(tiles_y, cut.down);
    cut.down = divide_up(tiles_y, cut.rows);
    cut.part = copied ? PART_MAX
                      : clamp((int)(PRODUCT_MAX / ((int64_t)cut.rows * cut.columns * in)), SOL_LANES, PART_MAX);
    cut.part = whole_groups(divide_up(out, divide_up(out, cut.part / SOL_LANES * SOL_LANES)));
    return cut;
}

/* Floats from one of the 36 matrices of `channels` columns to the next: a line more than they take, because
   lines a power of two apart would compete for the same places in the cache. */
static size_t matrix_step(const Cut *cut, int channels)
{
    return (size_t)whole_groups(channels) * (size_t)(cut->rows * cut->columns) + LINE;
}

static bool supports(const SolConvShape *s)
{
    int most = INT_MAX - 2 * SOL_TILE_IN; /* a tile's pixels are counted beyond the border */
    return s->element == SOL_FLOAT32 && !sol_conv_resizes(s) && s->kernel == 3 && s->width <= most && s->height <= most;
}

/* Pixels are repeated 2x2, so there is an even number of them. */
static bool fuses(const SolConvShape *s)
{
    return !s->upsample || (s->width % 2 == 0 && s->height % 2 == 0);
}

/*
 * Winograd's method wins but for pictures of few pixels, where tiles hang over the border and wide layers read 36
 * matrices of weights for next to nothing. How many times as fast as im2col it is (docs/performance.md):
 *
 *     channels, pixels    AVX-512  AVX2       channels, pixels    AVX-512  AVX2
 *     8 to 8, 64x64          1.5   1.3        512 to 512, 16x16      4.5   2.6
 *     16 to 16, 256x256      3.3   2.4        512 to 512, 8x8        1.4   0.9
 *     64 to 64, 128x128      3.6   2.7        512 to 512, 4x4        0.5   0.3
 *     256 to 256, 64x64      4.6   2.6        64 to 64, 8x8          5.3   2.8
 */
static bool pays(const SolConvShape *s)
{
    int tile = SOL_TILE;
    int64_t pixels = (int64_t)s->height * s->width;
    int64_t covered = ((int64_t)s->height + tile - 1) / tile * tile * (((int64_t)s->width + tile - 1) / tile * tile);
    return pixels >= 64 && covered <= 2 * pixels;
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

/* u = (G w) G^T for the weights of one pair of channels, in double precision; to[36 matrices][step]. */
static void transform_pair(double g[SOL_TILE_IN][3], const float *w, float *to, size_t step)
{
    for (int i = 0; i < SOL_TILE_IN; i++) {
        double row[3];
        for (int k = 0; k < 3; k++)
            row[k] = g[i][0] * (double)w[k] + g[i][1] * (double)w[3 + k] + g[i][2] * (double)w[6 + k];
        for (int j = 0; j < SOL_TILE_IN; j++, to += step)
            *to = (float)(row[0] * g[j][0] + row[1] * g[j][1] + row[2] * g[j][2]);
    }
}

static void transform_weights(const SolConv *conv, const Cut *cut, float *to)
{
    int ins = conv->shape.in_channels, outs = conv->shape.out_channels;
    double g[SOL_TILE_IN][3];
    weight_transform(g);
    for (int o = 0; o < outs; o++) {
        int first = o / cut->part * cut->part, part = least(cut->part, outs - first);
        float *matrices = to + (size_t)SOL_TILE_POINTS * (size_t)ins * (size_t)first + (o - first);
        for (int i = 0; i < ins; i++)
            transform_pair(g, conv->weights + 9 * ((size_t)o * (size_t)ins + (size_t)i),
                           matrices + (size_t)i * (size_t)part, (size_t)ins * (size_t)part);
    }
}

/* Floats of one worker: the matrices of both sides, and room to gather what a zero border continues. */
static size_t worker_floats(const SolConvShape *s, const Cut *cut)
{
    return SOL_TILE_POINTS * (matrix_step(cut, s->in_channels) + matrix_step(cut, cut->part)) +
           (s->border != SOL_BORDER_REFLECT ? SOL_TILE_IN * RUN * SOL_LANES : 0);
}

static int plan(SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    Cut cut = cut_for(s);
    size_t groups = (size_t)whole_groups(s->out_channels), pairs, bytes;
    State *state;
    if (!sol_mul(worker_floats(s, &cut), sizeof(float) * (size_t)sol_pool_threads(conv->pool), &conv->scratch) ||
        !sol_mul((size_t)s->in_channels, (size_t)s->out_channels, &pairs) ||
        !sol_mul(pairs, SOL_TILE_POINTS * sizeof(float), &bytes) ||
        !sol_add(bytes, sizeof *state + groups * sizeof(float), &bytes))
        return sol_fail_memory("a convolution");
    conv->in.block = conv->out.block = SOL_LANES;
    conv->prepared = bytes;
    if (!conv->weights)
        return SOL_OK;
    if (!(state = sol_alloc(bytes, 1)))
        return sol_fail_memory("a convolution");
    *state = (State){.kernels = sol_kernels(), .cut = cut, .bias = state->weights + pairs * SOL_TILE_POINTS};
    transform_weights(conv, &cut, state->weights);
    for (size_t o = 0; o < groups; o++)
        state->bias[o] = conv->bias && o < (size_t)s->out_channels ? conv->bias[o] : 0.0f;
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

/* Where pixel i of n lies in the input; -1 for a zero. */
static int source(const SolConvShape *s, int i, int n)
{
    int index = sol_border_index(s->border, i, n);
    return s->upsample && index > 0 ? index / 2 : index;
}

/* What a run of tiles sees: rows of the input, -1 where the border is zero, and columns of it, in floats. */
typedef struct View {
    int rows[SOL_TILE_IN];
    size_t columns[RUN];
    bool zeros;
    int source[RUN]; /* of the columns; -1 for zeros */
} View;

static void look(const SolConvShape *s, Tiles tiles, View *view)
{
    view->zeros = false;
    for (int j = 0; j < SOL_TILE_IN; j++) {
        view->rows[j] = source(s, tiles.y - 1 + j, s->height);
        view->zeros = view->zeros || view->rows[j] < 0;
    }
    for (int x = 0; x < SOL_TILE * tiles.count + 2; x++) {
        view->source[x] = source(s, tiles.x - 1 + x, s->width);
        view->zeros = view->zeros || view->source[x] < 0;
        view->columns[x] = (size_t)view->source[x] * SOL_LANES;
    }
    for (int x = 0; view->zeros && x < SOL_TILE * tiles.count + 2; x++)
        view->columns[x] = (size_t)x * SOL_LANES;
}

/* Copies what a view with zeros sees of a group, so that its columns can be found one after the other. */
static void gather(const View *view, int pixels, const float *group, size_t stride, float *to)
{
    for (int j = 0; j < SOL_TILE_IN; j++, to += RUN * SOL_LANES)
        for (int x = 0; x < pixels; x++) {
            float *pixel = to + (size_t)x * SOL_LANES;
            if (view->rows[j] < 0 || view->source[x] < 0)
                memset(pixel, 0, SOL_LANES * sizeof *pixel);
            else
                memcpy(pixel, group + (size_t)view->rows[j] * stride + (size_t)view->source[x] * SOL_LANES,
                       SOL_LANES * sizeof *pixel);
        }
}

/* Transforms what a run of tiles sees of the input to the matrices at `to`. `gathered` is scratch. */
static void transform_input(const SolConv *conv, const float *in, Tiles tiles, float *to, float *gathered)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    int channels = whole_groups(s->in_channels);
    size_t width = (size_t)(s->upsample ? s->width / 2 : s->width) * SOL_LANES;
    size_t height = (size_t)(s->upsample ? s->height / 2 : s->height);
    size_t step = matrix_step(&state->cut, channels);
    View view;
    look(s, tiles, &view);
    for (int c = 0; c < channels; c += SOL_LANES, in += height * width) {
        const float *rows[SOL_TILE_IN];
        if (view.zeros)
            gather(&view, SOL_TILE * tiles.count + 2, in, width, gathered);
        for (int j = 0; j < SOL_TILE_IN; j++)
            rows[j] = view.zeros ? gathered + j * RUN * SOL_LANES : in + (size_t)view.rows[j] * width;
        state->kernels->winograd_input(rows, view.columns, (size_t)tiles.count, to + c, (size_t)channels, step);
    }
}

/* Transforms the products of the part of output channels from `first` on back to pixels of a run of tiles. */
static void transform_output(const SolConv *conv, const SolConvData *data, const float *from, Tiles tiles, int first)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t width = (size_t)s->width * SOL_LANES, half = (size_t)(s->width / 2) * SOL_LANES;
    size_t step = matrix_step(&state->cut, state->cut.part), height = (size_t)s->height, y = (size_t)tiles.y;
    size_t x = (size_t)tiles.x * SOL_LANES, tile = (size_t)state->cut.part;
    SolTilesOut out = {.stride = width, .pooled_stride = half, .rows = height - y,
                       .columns = (size_t)(s->width - tiles.x)};
    for (int o = first; o < s->out_channels && o < first + state->cut.part; o += SOL_LANES, from += SOL_LANES) {
        size_t row = (size_t)(o / SOL_LANES) * height + y, pooled = (size_t)(o / SOL_LANES) * (height / 2) + y / 2;
        out.to = data->out ? (float *)data->out + row * width + x : NULL;
        out.added = data->added ? (const float *)data->added + row * width + x : NULL;
        out.pooled = data->pooled ? (float *)data->pooled + pooled * half + x / 2 : NULL;
        state->kernels->winograd_output(from, tile, step, (size_t)tiles.count, state->bias + o,
                                        s->relu ? 0.0f : -INFINITY, &out);
    }
}

static void run_block(const SolConv *conv, const SolConvData *data, int block, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    const Cut *cut = &state->cut;
    size_t in_step = matrix_step(cut, s->in_channels), out_step = matrix_step(cut, cut->part);
    float *input = scratch, *products = input + SOL_TILE_POINTS * in_step;
    int tiles_x = divide_up(s->width, SOL_TILE), tiles_y = divide_up(s->height, SOL_TILE);
    int y0 = block / cut->across * cut->rows, x0 = block % cut->across * cut->columns;
    int rows = least(tiles_y - y0, cut->rows), columns = least(tiles_x - x0, cut->columns), n = rows * columns;
    int in = whole_groups(s->in_channels);
    const float *weights = state->weights;
    for (int r = 0; r < rows; r++)
        transform_input(conv, data->in, (Tiles){(y0 + r) * SOL_TILE, x0 * SOL_TILE, columns}, input + r * columns * in,
                        products + SOL_TILE_POINTS * out_step);
    for (int o = 0; o < s->out_channels; o += cut->part) {
        int part = least(cut->part, s->out_channels - o);
        for (size_t p = 0; p < SOL_TILE_POINTS; p++, weights += (size_t)s->in_channels * (size_t)part)
            sol_gemm(n, part, s->in_channels, input + p * in_step, in, weights, part, products + p * out_step,
                     cut->part);
        for (int r = 0; r < rows; r++)
            transform_output(conv, data, products + r * columns * cut->part,
                             (Tiles){(y0 + r) * SOL_TILE, x0 * SOL_TILE, columns}, o);
    }
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const Cut *cut = &((const State *)conv->state)->cut;
    sol_conv_run_blocks(conv, data, scratch, cut->across * cut->down, run_block);
}

const SolConvBackend sol_conv_winograd = {"winograd", supports, pays, plan, run, release, fuses};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolution by its definition, for the ends of a network: from the few planes of a picture to groups of
 * SOL_LANES channels, or from such groups to few planes. There, other methods spend their time on bringing
 * things into order; here, sums stay in registers, and the layout changes on the way.
 *
 * Blocks of rows, in pieces of some hundred pixels, are first copied to planes with a border around them.
 */
#include "nn/conv_blas.h"

#include "base/error.h"
#include "nn/kernels.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum {
    ROWS = 8,      /* of a block; even, so that pooling stays within */
    COLUMNS = 256, /* of a block: a multiple of SOL_DIRECT_STEP */
    LEAD = SOL_LANES, /* floats of a row before the block's first pixel, which is aligned */
    STRIDE = LEAD + COLUMNS + SOL_DIRECT_STEP, /* floats of a row */
    HALF = COLUMNS / 2 + SOL_LANES,            /* floats of a row before its pixels are repeated */
    KERNEL_MAX = 15,                           /* half of it fits into LEAD, and into what HALF has to spare */
    RESULTS = 2 * COLUMNS * SOL_LANES          /* floats: two rows of a group, or SOL_FEW rows of planes */
};

/* Planned once: the kernels, the bias by whole groups, the weights as the kernels want them. */
typedef struct State {
    const SolKernels *kernels;
    float *bias;
    _Alignas(SOL_ALIGNMENT) float weights[];
} State;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int groups_of(int channels)
{
    return channels / SOL_LANES + (channels % SOL_LANES != 0);
}

/* Few channels lie in planes, others in groups. */
static bool reads_planes(const SolConvShape *s)
{
    return s->in_channels <= SOL_FEW;
}

static bool writes_planes(const SolConvShape *s)
{
    return s->out_channels <= SOL_FEW;
}

static bool supports(const SolConvShape *s)
{
    return s->element == SOL_FLOAT32 && !sol_conv_resizes(s) && s->kernel >= 3 && s->kernel <= KERNEL_MAX &&
           (reads_planes(s) || writes_planes(s)) && s->width <= INT_MAX - 2 * COLUMNS &&
           s->height <= INT_MAX - 2 * ROWS;
}

/* Always, but for pictures of next to nothing; what a block sees has to stay in a core's cache. */
static bool pays(const SolConvShape *s)
{
    return (int64_t)s->height * s->width >= 64 && s->in_channels <= 256;
}

/* Pictures come as they are, and nothing comes after the last layer. */
static bool fuses(const SolConvShape *s)
{
    if (s->added || (s->upsample && (reads_planes(s) || s->width % 2 != 0 || s->height % 2 != 0)))
        return false;
    return s->pooling == SOL_POOLING_NONE || !writes_planes(s);
}

static size_t kernel_taps(const SolConvShape *s)
{
    return (size_t)s->kernel * (size_t)s->kernel;
}

/* Rows of the input that a block sees. */
static int rows_seen(const SolConvShape *s)
{
    return ROWS + s->kernel - 1;
}

/* The place of a weight: groups of outputs, or all outputs, side by side. */
static size_t weight_place(const SolConvShape *s, int o, int i, size_t k)
{
    size_t tap = kernel_taps(s) * (size_t)i + k, taps = kernel_taps(s) * (size_t)s->in_channels;
    if (writes_planes(s))
        return tap * (size_t)s->out_channels + (size_t)o;
    return ((size_t)(o / SOL_LANES) * taps + tap) * SOL_LANES + (size_t)(o % SOL_LANES);
}

/* Floats of one worker: pointers to rows, the rows, and results; whole lines. */
static bool worker_bytes(const SolConvShape *s, size_t *bytes)
{
    size_t rows = (size_t)groups_of(s->in_channels) * SOL_LANES * (size_t)rows_seen(s), size;
    return sol_mul(rows, STRIDE * sizeof(float) + sizeof(float *), &size) &&
           sol_add(size, RESULTS * sizeof(float), bytes);
}

static int plan(SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    size_t outs = (size_t)groups_of(s->out_channels) * SOL_LANES, taps = kernel_taps(s), count, bytes, scratch;
    State *state;
    if (!worker_bytes(s, &scratch) || !sol_mul(scratch, (size_t)sol_pool_threads(conv->pool), &conv->scratch) ||
        !sol_mul(taps * (size_t)s->in_channels, outs, &count) || !sol_add(count, outs, &bytes) ||
        !sol_mul(bytes, sizeof(float), &bytes) || !sol_add(bytes, sizeof *state, &bytes))
        return sol_fail_memory("a convolution");
    conv->in.block = reads_planes(s) ? 1 : SOL_LANES;
    conv->out.block = writes_planes(s) ? 1 : SOL_LANES;
    conv->prepared = bytes;
    if (!conv->weights)
        return SOL_OK;
    if (!(state = sol_calloc(bytes, 1)))
        return sol_fail_memory("a convolution");
    state->kernels = sol_kernels();
    state->bias = state->weights + count;
    for (int o = 0; o < s->out_channels; o++) {
        for (int i = 0; i < s->in_channels; i++)
            for (size_t k = 0; k < taps; k++)
                state->weights[weight_place(s, o, i, k)] =
                    conv->weights[((size_t)o * (size_t)s->in_channels + (size_t)i) * taps + k];
        state->bias[o] = conv->bias ? conv->bias[o] : 0.0f;
    }
    conv->state = state;
    return SOL_OK;
}

static void release(SolConv *conv)
{
    sol_free(conv->state);
}

/* ---- running ---- */

/* A block of output pixels, and what its worker works with. */
typedef struct Block {
    int y, x, rows, columns;
    const float **seen; /* rows that one output row sees, `kernel` of every channel */
    float *planes;      /* [channel][rows_seen()][STRIDE]; the block's first pixel at [][kernel / 2][LEAD] */
    float *results;     /* [RESULTS] */
    int place[ROWS + KERNEL_MAX - 1]; /* the row of a plane that stands for row y - kernel / 2 + j */
} Block;

/* The row of the input that stands for row `y` as it is convolved; -1 for zeros. */
static int source_row(const SolConvShape *s, int y)
{
    int index = sol_border_index(s->border, y, s->height);
    return s->upsample && index > 0 ? index / 2 : index;
}

/* Puts beside a row what the border says there, where the block sees it. */
static void continue_row(const SolConvShape *s, const Block *b, float *row)
{
    float *first = row + LEAD; /* the pixel b->x */
    for (int x = b->x - s->kernel / 2; x < 0; x++) {
        int from = sol_border_index(s->border, x, s->width);
        first[x - b->x] = from < 0 ? 0.0f : first[from - b->x];
    }
    for (int x = s->width; x < b->x + b->columns + s->kernel / 2; x++) {
        int from = sol_border_index(s->border, x, s->width);
        first[x - b->x] = from < 0 ? 0.0f : first[from - b->x];
    }
}

/* Columns x0..x1-1 of `lanes` channels of a row of groups to planes; pixel b->x goes to to[][LEAD]. */
static void spread_row(const SolConv *conv, const Block *b, const float *row, int x0, int x1, size_t lanes, float *to)
{
    const SolRowKernels *kernels = ((const State *)conv->state)->kernels->rows;
    size_t stride = (size_t)rows_seen(&conv->shape) * STRIDE;
    int first = x0 / 2, count = (x1 - 1) / 2 - first + 1;
    if (!conv->shape.upsample) {
        kernels->to_planes(row + (size_t)x0 * SOL_LANES, (size_t)(x1 - x0), SOL_LANES, lanes, to + LEAD + x0 - b->x,
                           stride);
        return;
    }
    kernels->to_planes(row + (size_t)first * SOL_LANES, (size_t)count, SOL_LANES, lanes, b->results, HALF);
    for (size_t l = 0; l < lanes; l++)
        kernels->twice(b->results + l * HALF, (size_t)count, 1, to + l * stride + LEAD + 2 * first - b->x);
}

/* Brings the channels from `channel` on, as many as lie side by side, of one row to row `place` of their planes. */
static void bring_row(const SolConv *conv, const Block *b, const float *in, int channel, int y, int place)
{
    const SolConvShape *s = &conv->shape;
    size_t width = (size_t)(s->upsample ? s->width / 2 : s->width);
    size_t height = (size_t)(s->upsample ? s->height / 2 : s->height);
    int lanes = reads_planes(s) ? 1 : least(SOL_LANES, s->in_channels - channel);
    int half = s->kernel / 2, x0 = b->x > half ? b->x - half : 0, x1 = least(b->x + b->columns + half, s->width);
    size_t rows = (size_t)rows_seen(s);
    float *to = b->planes + ((size_t)channel * rows + (size_t)place) * STRIDE;
    const float *plane = in + (size_t)channel * height * width;
    if (y >= 0 && reads_planes(s))
        memcpy(to + LEAD + x0 - b->x, plane + (size_t)y * width + (size_t)x0, (size_t)(x1 - x0) * sizeof *to);
    else if (y >= 0)
        spread_row(conv, b, plane + (size_t)y * width * SOL_LANES, x0, x1, (size_t)lanes, to);
    for (int l = 0; l < lanes; l++, to += rows * STRIDE)
        if (y < 0)
            memset(to, 0, STRIDE * sizeof *to);
        else
            continue_row(s, b, to);
}

/* Brings all rows that a block sees; rows that the input repeats once. */
static void bring(const SolConv *conv, Block *b, const float *in)
{
    const SolConvShape *s = &conv->shape;
    int before = -2;
    for (int j = 0; j < b->rows + s->kernel - 1; j++) {
        int y = source_row(s, b->y - s->kernel / 2 + j);
        b->place[j] = y == before ? b->place[j - 1] : j;
        for (int c = 0; c < s->in_channels && y != before; c += reads_planes(s) ? 1 : SOL_LANES)
            bring_row(conv, b, in, c, y, j);
        before = y;
    }
}

/* What output row `j` of the block sees. */
static SolSeen see(const SolConvShape *s, const Block *b, int j)
{
    size_t rows = (size_t)rows_seen(s), kernel = (size_t)s->kernel;
    const float **seen = b->seen;
    for (size_t c = 0; c < (size_t)s->in_channels; c++)
        for (int k = 0; k < s->kernel; k++)
            *seen++ = b->planes + (c * rows + (size_t)b->place[j + k]) * STRIDE + LEAD - s->kernel / 2;
    return (SolSeen){.rows = b->seen, .count = kernel * (size_t)s->in_channels, .run = kernel, .step = 1};
}

/* One row of one group of the output, where it goes, or with SOL_POOLING_ONLY among the results. */
static float *make_row(const SolConv *conv, const SolConvData *data, const Block *b, int group, int j)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t row = (size_t)group * (size_t)s->height + (size_t)(b->y + j);
    size_t weights = kernel_taps(s) * (size_t)s->in_channels * SOL_LANES; /* of a group */
    SolSeen seen = see(s, b, j);
    float *to = b->results + j % 2 * COLUMNS * SOL_LANES;
    if (data->out)
        to = (float *)data->out + (row * (size_t)s->width + (size_t)b->x) * SOL_LANES;
    state->kernels->direct_group(&seen, state->weights + (size_t)group * weights, state->bias + group * SOL_LANES,
                                 s->relu ? 0.0f : -INFINITY, (size_t)b->columns, to, SOL_LANES);
    return to;
}

static void make_groups(const SolConv *conv, const SolConvData *data, const Block *b)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t half = (size_t)(s->width / 2);
    for (int group = 0; group < groups_of(s->out_channels); group++) {
        float *upper = NULL;
        for (int j = 0; j < b->rows; j++) {
            float *row = make_row(conv, data, b, group, j);
            size_t pooled = (size_t)group * (size_t)(s->height / 2) + (size_t)(b->y + j) / 2;
            if (data->pooled && j % 2 == 1)
                state->kernels->rows->pool(upper, row, (size_t)b->columns / 2, SOL_LANES,
                                           (float *)data->pooled + (pooled * half + (size_t)b->x / 2) * SOL_LANES);
            upper = row;
        }
    }
}

static void make_planes(const SolConv *conv, const SolConvData *data, const Block *b)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    size_t width = (size_t)s->width, plane = (size_t)s->height * width, columns = (size_t)b->columns;
    for (int j = 0; j < b->rows; j++) {
        float *to = (float *)data->out + (size_t)(b->y + j) * width + (size_t)b->x;
        SolSeen seen = see(s, b, j);
        state->kernels->direct_planes(&seen, state->weights, (size_t)s->out_channels, state->bias,
                                      s->relu ? 0.0f : -INFINITY, columns, b->results, STRIDE);
        for (size_t o = 0; o < (size_t)s->out_channels; o++)
            memcpy(to + o * plane, b->results + o * STRIDE, columns * sizeof *to);
    }
}

static int blocks_across(const SolConvShape *s)
{
    return (s->width + COLUMNS - 1) / COLUMNS;
}

static void run_block(const SolConv *conv, const SolConvData *data, int block, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    size_t rows = (size_t)groups_of(s->in_channels) * SOL_LANES * (size_t)rows_seen(s);
    Block b = {.y = block / blocks_across(s) * ROWS, .x = block % blocks_across(s) * COLUMNS};
    b.rows = least(ROWS, s->height - b.y);
    b.columns = least(COLUMNS, s->width - b.x);
    b.planes = scratch;
    b.results = b.planes + rows * STRIDE;
    b.seen = (const float **)(void *)(b.results + RESULTS);
    bring(conv, &b, data->in);
    if (writes_planes(s))
        make_planes(conv, data, &b);
    else
        make_groups(conv, data, &b);
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    sol_conv_run_blocks(conv, data, scratch, blocks_across(s) * ((s->height + ROWS - 1) / ROWS), run_block);
}

const SolConvBackend sol_conv_direct = {"direct", supports, pays, plan, run, release, fuses};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolutions with stride 2 or without a border, and transposed ones, by their definition, on groups of SOL_LANES
 * channels: sums stay in registers, a pixel of a group of outputs in one or a few of them.
 *
 * A transposed convolution is four ordinary ones, the phases: output pixels of the same parity of row and column meet
 * the same elements of the kernel, every other one along either side, so they are computed together. Grid pixels are
 * what stands for those of the output, or with phases for every other row and column of it.
 *
 * The grid is cut into blocks. What a block sees is first copied, with what the border puts around it.
 */
#include "nn/conv_blas.h"

#include "base/error.h"
#include "nn/kernels.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    ROWS = 4,                 /* of the grid in a block */
    COLUMNS_MAX = 96,         /* of a block: whole steps of the kernels */
    COLUMNS_MIN = 12,
    BLOCK_BYTES = 192 << 10,  /* that a block sees, about: less than half of a core's second-level cache */
    KERNEL_MAX = 63,
    PHASES = 4
};

/* What grid pixel i of a phase meets along one side: input sample i * stride + offset + t meets element number
   kernel + t * kernel_step of the kernel, for 0 <= t < count. */
typedef struct Taps {
    int count, offset, kernel, kernel_step;
} Taps;

typedef struct Phase {
    Taps down, across;
    size_t weights; /* floats before its own */
} Phase;

/* How a convolution is cut. */
typedef struct Cut {
    Phase phases[PHASES];
    int phase_count, spread;  /* 4 and 2, or 1 and 1: output pixels from a phase's grid pixel to the next */
    int height, width;        /* of the grid */
    int first_y, first_x;     /* the least offsets of all phases */
    int span_y, span_x;       /* samples from those to the largest, both included */
    int columns;              /* of a block */
    int ins, outs;            /* groups */
} Cut;

/* Planned once. The weights: phase by phase [out group][row of taps][in group][tap of the row][in][out]. */
typedef struct State {
    const SolKernels *kernels;
    Cut cut;
    float *bias; /* by whole groups */
    _Alignas(SOL_ALIGNMENT) float weights[];
} State;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int divide_up(int a, int b)
{
    return a / b + (a % b != 0);
}

static bool supports(const SolConvShape *s)
{
    return s->element == SOL_FLOAT32 && sol_conv_resizes(s) && s->kernel <= KERNEL_MAX && s->width <= INT_MAX / 4 &&
           s->height <= INT_MAX / 4 && !sol_conv_is_fused(s);
}

static bool pays(const SolConvShape *s)
{
    (void)s;
    return true;
}

/* ---- planning ---- */

static Taps taps_of(const SolConvShape *s, int side, int parity)
{
    int before = sol_conv_before(s, side), first = parity + before, count = (s->kernel + 1 - first % 2) / 2;
    if (!s->transposed)
        return (Taps){.count = s->kernel, .offset = -before, .kernel = 0, .kernel_step = 1};
    return (Taps){.count = count, .offset = first / 2 - count + 1, .kernel = first % 2 + 2 * (count - 1),
                  .kernel_step = -2};
}

/* Rows or columns that `count` grid pixels see. */
static int seen_by(const SolConvShape *s, int count, int span)
{
    return (count - 1) * sol_conv_stride(s) + span;
}

static size_t taps_count(const Phase *phase)
{
    return (size_t)phase->down.count * (size_t)phase->across.count;
}

/* The least offset of two phases along a side, and the samples from there to the largest. */
static void find_span(Taps a, Taps b, int *first, int *span)
{
    *first = least(a.offset, b.offset);
    *span = most(a.offset + a.count, b.offset + b.count) - *first;
}

static Cut cut_for(const SolConvShape *s)
{
    SolShape out = sol_conv_output(s);
    Cut cut = {.phase_count = s->transposed ? PHASES : 1, .spread = s->transposed ? 2 : 1};
    size_t floats = 0;
    int64_t column;
    int across;
    cut.height = out.height / cut.spread;
    cut.width = out.width / cut.spread;
    cut.ins = divide_up(s->in_channels, SOL_LANES);
    cut.outs = divide_up(s->out_channels, SOL_LANES);
    for (int p = 0; p < cut.phase_count; p++) {
        cut.phases[p] = (Phase){taps_of(s, s->height, p / 2), taps_of(s, s->width, p % 2), floats};
        floats += (size_t)cut.ins * (size_t)cut.outs * SOL_LANES * SOL_LANES * taps_count(&cut.phases[p]);
    }
    find_span(cut.phases[0].down, cut.phases[cut.phase_count - 1].down, &cut.first_y, &cut.span_y);
    find_span(cut.phases[0].across, cut.phases[cut.phase_count - 1].across, &cut.first_x, &cut.span_x);
    column = (int64_t)sizeof(float) * SOL_LANES * cut.ins * seen_by(s, ROWS, cut.span_y) * sol_conv_stride(s);
    cut.columns = most(COLUMNS_MIN, (int)(least(COLUMNS_MAX, (int)(BLOCK_BYTES / column)) / COLUMNS_MIN * COLUMNS_MIN));
    across = divide_up(cut.width, cut.columns);
    cut.columns = divide_up(cut.width, across);
    return cut;
}

/* Floats of one row that a block sees. */
static size_t row_floats(const SolConvShape *s, const Cut *cut)
{
    return (size_t)seen_by(s, cut->columns, cut->span_x) * SOL_LANES;
}

static size_t rows_seen(const SolConvShape *s, const Cut *cut)
{
    return (size_t)cut->ins * (size_t)seen_by(s, ROWS, cut->span_y);
}

/* Bytes of one worker: the rows, and pointers to those that an output row sees. */
static bool worker_bytes(const SolConvShape *s, const Cut *cut, size_t *bytes)
{
    size_t row = row_floats(s, cut) * sizeof(float) + sizeof(float *), size;
    if (!sol_mul(rows_seen(s, cut), row, &size) || !sol_add(size, SOL_ALIGNMENT, &size))
        return false;
    *bytes = size / SOL_ALIGNMENT * SOL_ALIGNMENT;
    return true;
}

static float weight_of(const SolConv *conv, int o, int i, int ky, int kx)
{
    const SolConvShape *s = &conv->shape;
    size_t pair = s->transposed ? (size_t)i * (size_t)s->out_channels + (size_t)o
                                : (size_t)o * (size_t)s->in_channels + (size_t)i;
    if (o >= s->out_channels || i >= s->in_channels)
        return 0;
    return conv->weights[(pair * (size_t)s->kernel + (size_t)ky) * (size_t)s->kernel + (size_t)kx];
}

static void order_weights(const SolConv *conv, const Cut *cut, float *to)
{
    for (int p = 0; p < cut->phase_count; p++) {
        Taps down = cut->phases[p].down, across = cut->phases[p].across;
        int rows = cut->outs * down.count * cut->ins;
        for (int r = 0; r < rows; r++) {
            int group = r % cut->ins, ky = down.kernel + r / cut->ins % down.count * down.kernel_step;
            int first = r / cut->ins / down.count * SOL_LANES;
            for (int k = 0; k < across.count * SOL_LANES; k++)
                for (int l = 0; l < SOL_LANES; l++)
                    *to++ = weight_of(conv, first + l, group * SOL_LANES + k % SOL_LANES, ky,
                                      across.kernel + k / SOL_LANES * across.kernel_step);
        }
    }
}

static int plan(SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    const Cut cut = cut_for(s);
    size_t outs = (size_t)cut.outs * SOL_LANES, pairs, count, bytes, scratch;
    State *state;
    if (!worker_bytes(s, &cut, &scratch) ||
        !sol_mul(scratch, (size_t)sol_pool_threads(conv->pool), &conv->scratch) ||
        !sol_mul((size_t)cut.ins * SOL_LANES, outs, &pairs) ||
        !sol_mul(pairs, (size_t)s->kernel * (size_t)s->kernel, &count) || !sol_add(count, outs, &bytes) ||
        !sol_mul(bytes, sizeof(float), &bytes) || !sol_add(bytes, sizeof *state, &bytes))
        return sol_fail_memory("a convolution");
    conv->in.block = conv->out.block = SOL_LANES;
    conv->prepared = bytes;
    if (!conv->weights)
        return SOL_OK;
    if (!(state = sol_calloc(bytes, 1)))
        return sol_fail_memory("a convolution");
    *state = (State){.kernels = sol_kernels(), .cut = cut, .bias = state->weights + count};
    order_weights(conv, &cut, state->weights);
    for (int o = 0; o < s->out_channels && conv->bias; o++)
        state->bias[o] = conv->bias[o];
    conv->state = state;
    return SOL_OK;
}

static void release(SolConv *conv)
{
    sol_free(conv->state);
}

/* ---- running ---- */

/* A block of grid pixels, and what its worker works with. */
typedef struct Block {
    int y, x, rows, columns;
    float *seen;        /* [in group][rows seen][columns seen][SOL_LANES] */
    const float **list; /* of the rows that an output row sees */
} Block;

/* Copies columns x..x+count-1 of a row of a group, which may lie beyond it; `lanes` channels of them. */
static void bring_row(const SolConvShape *s, SolBorder border, const float *row, int x, int count, int lanes, float *to)
{
    int first = most(x, 0), last = least(x + count, s->width);
    if (first < last && lanes == SOL_LANES)
        memcpy(to + (first - x) * SOL_LANES, row + (size_t)first * SOL_LANES,
               (size_t)(last - first) * SOL_LANES * sizeof *to);
    for (int i = 0; i < count; i++) {
        int from = sol_border_index(border, x + i, s->width);
        float *pixel = to + i * SOL_LANES;
        if (from >= 0 && from == x + i && lanes == SOL_LANES)
            continue;
        for (int l = 0; l < SOL_LANES; l++)
            pixel[l] = from < 0 || l >= lanes ? 0.0f : row[from * SOL_LANES + l];
    }
}

static void bring(const SolConv *conv, const Block *b, const float *in)
{
    const SolConvShape *s = &conv->shape;
    const Cut *cut = &((const State *)conv->state)->cut;
    SolBorder border = s->transposed ? SOL_BORDER_ZERO : s->border;
    int stride = sol_conv_stride(s), x = b->x * stride + cut->first_x, count = seen_by(s, b->columns, cut->span_x);
    size_t width = (size_t)s->width * SOL_LANES, plane = (size_t)s->height * width, row = row_floats(s, cut);
    for (int g = 0; g < cut->ins; g++)
        for (int j = 0; j < seen_by(s, ROWS, cut->span_y); j++) {
            int y = sol_border_index(border, b->y * stride + cut->first_y + j, s->height);
            float *to = b->seen + ((size_t)g * (size_t)seen_by(s, ROWS, cut->span_y) + (size_t)j) * row;
            if (y < 0)
                memset(to, 0, row * sizeof *to);
            else
                bring_row(s, border, in + (size_t)g * plane + (size_t)y * width, x, count,
                          least(SOL_LANES, s->in_channels - g * SOL_LANES), to);
        }
}

/* What row `j` of the block sees in a phase. */
static SolSeen see(const SolConvShape *s, const Cut *cut, const Phase *phase, const Block *b, int j)
{
    size_t row = row_floats(s, cut), rows = (size_t)seen_by(s, ROWS, cut->span_y), count = 0;
    int y = j * sol_conv_stride(s) + phase->down.offset - cut->first_y, x = phase->across.offset - cut->first_x;
    for (int t = 0; t < phase->down.count; t++)
        for (int g = 0; g < cut->ins; g++)
            b->list[count++] = b->seen + ((size_t)g * rows + (size_t)(y + t)) * row + x * SOL_LANES;
    return (SolSeen){.rows = b->list, .count = count, .run = (size_t)phase->across.count * SOL_LANES,
                     .step = (size_t)sol_conv_stride(s) * SOL_LANES};
}

/* The block's pixels of one phase. */
static void make_phase(const SolConv *conv, const Block *b, int p, float *out)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    const Cut *cut = &state->cut;
    const Phase *phase = &cut->phases[p];
    SolShape whole = sol_conv_output(s);
    size_t group = taps_count(phase) * (size_t)cut->ins * SOL_LANES * SOL_LANES; /* weights */
    int x = b->x * cut->spread + p % 2;
    for (int j = 0; j < b->rows; j++) {
        SolSeen seen = see(s, cut, phase, b, j);
        int y = (b->y + j) * cut->spread + p / 2;
        for (size_t o = 0; o < (size_t)cut->outs; o++) {
            size_t row = o * (size_t)whole.height + (size_t)y;
            state->kernels->direct_group(&seen, state->weights + phase->weights + o * group,
                                         state->bias + o * SOL_LANES, s->relu ? 0.0f : -INFINITY, (size_t)b->columns,
                                         out + (row * (size_t)whole.width + (size_t)x) * SOL_LANES,
                                         (size_t)cut->spread * SOL_LANES);
        }
    }
}

static void run_block(const SolConv *conv, const SolConvData *data, int block, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    const Cut *cut = &((const State *)conv->state)->cut;
    int across = divide_up(cut->width, cut->columns);
    Block b = {.y = block / across * ROWS, .x = block % across * cut->columns, .seen = scratch};
    b.list = (const float **)(void *)(b.seen + rows_seen(s, cut) * row_floats(s, cut));
    b.rows = least(ROWS, cut->height - b.y);
    b.columns = least(cut->columns, cut->width - b.x);
    bring(conv, &b, data->in);
    for (int p = 0; p < cut->phase_count; p++)
        make_phase(conv, &b, p, data->out);
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const Cut *cut = &((const State *)conv->state)->cut;
    sol_conv_run_blocks(conv, data, scratch, divide_up(cut->width, cut->columns) * divide_up(cut->height, ROWS),
                        run_block);
}

const SolConvBackend sol_conv_strided = {"strided", supports, pays, plan, run, release, NULL};

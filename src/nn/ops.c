/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators. A loop goes over the rows of groups of channels, in bands that the pool's workers
 * take one after the other, and through a row in pieces of a few thousand elements, each by one of the kernels for
 * the processor: what is not float32 is widened into a buffer of that size, and narrowed from one.
 */
#include "nn/ops.h"

#include "nn/bfloat16.h"
#include "nn/kernels.h"

#include <stddef.h>
#include <string.h>

enum {
    PIECE = SOL_BLOCK_MAX,  /* elements that are worked on at a time: one pixel at least */
    BAND = 1 << 15          /* elements of a band, about */
};

/* What a loop works on; each operator uses what it needs. */
typedef struct Loop {
    const SolRowKernels *kernels;
    const SolFeatures *in, *other, *out;
    const SolFeatures *rows; /* the features whose rows are counted */
    int band;              /* rows of a band */
    int bands;             /* of a group */
    void (*row)(const struct Loop *loop, int group, int y);
    const float *centre, *scale, *offset;
    bool relu;
    SolBorder border;
} Loop;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void run_band(void *context, int item)
{
    const Loop *loop = context;
    int groups = sol_features_groups(loop->rows), group = item % groups, y = item / groups * loop->band;
    int end = least(y + loop->band, loop->rows->shape.height);
    for (; y < end; y++)
        loop->row(loop, group, y);
}

static void run_rows(SolPool *pool, Loop *loop, const SolFeatures *rows)
{
    size_t elements = (size_t)rows->shape.width * (size_t)rows->layout.block;
    loop->kernels = sol_kernels()->rows;
    loop->rows = rows;
    loop->band = elements >= BAND ? 1 : (int)(BAND / (elements + 1)) + 1;
    loop->bands = (rows->shape.height + loop->band - 1) / loop->band;
    sol_pool_run(pool, run_band, loop, sol_features_groups(rows) * loop->bands);
}

/* Pixels of a piece: `most` elements at most, but one pixel. */
static int piece_pixels(const SolFeatures *t, int most)
{
    return t->layout.block >= most ? 1 : most / t->layout.block;
}

/* Elements [from, from + count) of a row, as float32: where they lie, or in `buffer`. */
static const float *fetch(const Loop *loop, const SolFeatures *t, int group, int y, size_t from, size_t count,
                          float *buffer)
{
    const void *row = sol_features_row(t, group, y);
    if (t->layout.element == SOL_FLOAT32)
        return (const float *)row + from;
    loop->kernels->widen((const uint16_t *)row + from, count, buffer);
    return buffer;
}

/* Where float32 results for elements from `from` of a row go: to their place, or into `buffer` until store(). */
static float *place(const SolFeatures *t, int group, int y, size_t from, float *buffer)
{
    return t->layout.element == SOL_FLOAT32 ? (float *)sol_features_row(t, group, y) + from : buffer;
}

static void store(const Loop *loop, const SolFeatures *t, int group, int y, size_t from, size_t count,
                  const float *buffer)
{
    if (t->layout.element == SOL_BFLOAT16)
        loop->kernels->narrow(buffer, count, (uint16_t *)sol_features_row(t, group, y) + from);
}

/* ---- resampling ---- */

static void max_pool_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float upper[2 * PIECE], lower[2 * PIECE], buffer[PIECE];
    for (int x = 0; x < out->shape.width; x += step) {
        int pixels = least(step, out->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(loop, in, group, 2 * y, 2 * from, 2 * count, upper);
        const float *b = fetch(loop, in, group, 2 * y + 1, 2 * from, 2 * count, lower);
        loop->kernels->pool(a, b, (size_t)pixels, (size_t)block, place(out, group, y, from, buffer));
        store(loop, out, group, y, from, count, buffer);
    }
}

void sol_op_max_pool(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = max_pool_row};
    run_rows(pool, &loop, out);
}

static void upsample_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float narrow[PIECE], buffer[2 * PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        int pixels = least(step, in->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(loop, in, group, y, from, count, narrow);
        for (int i = 0; i < 2; i++) {
            loop->kernels->twice(a, (size_t)pixels, (size_t)block, place(out, group, 2 * y + i, 2 * from, buffer));
            store(loop, out, group, 2 * y + i, 2 * from, 2 * count, buffer);
        }
    }
}

void sol_op_upsample(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = upsample_row};
    run_rows(pool, &loop, in);
}

/* Pixels x-1..x+pixels of row y of a group, those of the edges in place of what lies beyond, to `to`. */
static void fetch_around(const Loop *loop, int group, int y, int x, int pixels, float *to)
{
    const SolFeatures *in = loop->in;
    size_t block = (size_t)in->layout.block;
    int first = x > 0 ? x - 1 : 0, end = least(x + pixels + 1, in->shape.width);
    size_t count = (size_t)(end - first) * block;
    float *start = to + (size_t)(first - x + 1) * block;
    const float *from = fetch(loop, in, group, y, (size_t)first * block, count, start);
    if (from != start)
        memcpy(start, from, count * sizeof *start);
    if (first == x)
        memcpy(to, start, block * sizeof *to);
    if (end == x + pixels)
        memcpy(start + count, start + count - block, block * sizeof *to);
}

static void bilinear_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float near[3 * PIECE], far[3 * PIECE], buffer[2 * PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        int pixels = least(step, in->shape.width - x);
        size_t from = 2 * (size_t)x * (size_t)block, count = 2 * (size_t)pixels * (size_t)block;
        for (int i = 0; i < 2; i++) {
            int other = i == 0 ? y - 1 : y + 1;
            fetch_around(loop, group, y, x, pixels, near);
            fetch_around(loop, group, other < 0 ? 0 : least(other, in->shape.height - 1), x, pixels, far);
            loop->kernels->mix(near, far, count / 2 + 2 * (size_t)block, far);
            loop->kernels->twice_mixed(far + block, (size_t)pixels, (size_t)block,
                                       place(out, group, 2 * y + i, from, buffer));
            store(loop, out, group, 2 * y + i, from, count, buffer);
        }
    }
}

void sol_op_upsample_bilinear(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = bilinear_row};
    run_rows(pool, &loop, in);
}

/* ---- element by element ---- */

static void add_row(const Loop *loop, int group, int y)
{
    size_t length = (size_t)loop->in->shape.width * (size_t)loop->in->layout.block;
    float first[PIECE], second[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop, loop->in, group, y, from, count, first);
        const float *b = fetch(loop, loop->other, group, y, from, count, second);
        float *to = place(loop->out, group, y, from, buffer);
        loop->kernels->add(a, b, count, to);
        store(loop, loop->out, group, y, from, count, buffer);
    }
}

/* The same where `in` has half the height and width. */
static void add_doubled_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float narrow[PIECE], doubled[2 * PIECE], second[2 * PIECE], buffer[2 * PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        int pixels = least(step, in->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(loop, in, group, y / 2, from, count, narrow);
        const float *b = fetch(loop, loop->other, group, y, 2 * from, 2 * count, second);
        loop->kernels->twice(a, (size_t)pixels, (size_t)block, doubled);
        loop->kernels->add(doubled, b, 2 * count, place(out, group, y, 2 * from, buffer));
        store(loop, out, group, y, 2 * from, 2 * count, buffer);
    }
}

void sol_op_add(SolPool *pool, const SolFeatures *a, const SolFeatures *b, const SolFeatures *out)
{
    bool swap = b->shape.height < out->shape.height, doubled = swap || a->shape.height < out->shape.height;
    Loop loop = {.in = swap ? b : a, .other = swap ? a : b, .out = out, .row = doubled ? add_doubled_row : add_row};
    run_rows(pool, &loop, out);
}

static void relu_row(const Loop *loop, int group, int y)
{
    size_t length = (size_t)loop->in->shape.width * (size_t)loop->in->layout.block;
    float narrow[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop, loop->in, group, y, from, count, narrow);
        float *to = place(loop->out, group, y, from, buffer);
        loop->kernels->relu(a, count, to);
        store(loop, loop->out, group, y, from, count, buffer);
    }
}

void sol_op_relu(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = relu_row};
    run_rows(pool, &loop, in);
}

static void tanh_row(const Loop *loop, int group, int y)
{
    size_t length = (size_t)loop->in->shape.width * (size_t)loop->in->layout.block;
    float narrow[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop, loop->in, group, y, from, count, narrow);
        loop->kernels->tanh(a, count, place(loop->out, group, y, from, buffer));
        store(loop, loop->out, group, y, from, count, buffer);
    }
}

void sol_op_tanh(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = tanh_row};
    run_rows(pool, &loop, in);
}

static void affine_pixels(const Loop *loop, const float *from, int pixels, int first, int channels, float *to)
{
    static const float zeros[SOL_BLOCK_MAX];
    const float *centre = loop->centre ? loop->centre + first : zeros;
    const float *scale = loop->scale + first, *offset = loop->offset + first;
    int block = loop->in->layout.block;
    if (block == 1)
        loop->kernels->affine(from, (size_t)pixels, *centre, *scale, *offset, to);
    else
        loop->kernels->affine_block(from, (size_t)pixels, (size_t)block, (size_t)channels, centre, scale, offset, to);
}

static void affine_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    int first = group * block, channels = least(block, in->shape.channels - first);
    float narrow[PIECE], buffer[PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        int pixels = least(step, in->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(loop, in, group, y, from, count, narrow);
        float *to = place(out, group, y, from, buffer);
        affine_pixels(loop, a, pixels, first, channels, to);
        if (loop->relu)
            loop->kernels->relu(to, count, to);
        store(loop, out, group, y, from, count, buffer);
    }
}

void sol_op_affine(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale, const float *offset,
                   const SolFeatures *out)
{
    sol_op_normalise(pool, in, centre, scale, offset, false, out);
}

void sol_op_normalise(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale,
                      const float *offset, bool relu, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = affine_row, .centre = centre, .scale = scale, .offset = offset,
                 .relu = relu};
    run_rows(pool, &loop, in);
}

/* ---- layouts ---- */

static float element_at(const SolFeatures *t, int channel, int y, int x)
{
    int block = t->layout.block;
    size_t at = (size_t)x * (size_t)block + (size_t)(channel % block);
    const void *row = sol_features_row(t, channel / block, y);
    return t->layout.element == SOL_FLOAT32 ? ((const float *)row)[at] : sol_from_bfloat16(((const uint16_t *)row)[at]);
}

static void write_row(const Loop *loop, const SolFeatures *t, int group, int y, size_t from, size_t count,
                      const float *values)
{
    if (t->layout.element == SOL_FLOAT32)
        memcpy((float *)sol_features_row(t, group, y) + from, values, count * sizeof *values);
    else
        store(loop, t, group, y, from, count, values);
}

/* Some pixels of a row of a group of `in` to planes, SOL_LANES channels at a time. */
static void spread_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE), first = group * block;
    int channels = least(block, in->shape.channels - first);
    float narrow[PIECE], planes[PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        size_t pixels = (size_t)least(step, in->shape.width - x), wide = (size_t)block;
        const float *a = fetch(loop, in, group, y, (size_t)x * wide, pixels * wide, narrow);
        for (int lane = 0; lane < channels; lane += SOL_LANES) {
            int lanes = least(SOL_LANES, channels - lane);
            loop->kernels->to_planes(a + lane, pixels, wide, (size_t)lanes, planes, pixels);
            for (int l = 0; l < lanes; l++)
                write_row(loop, out, first + lane + l, y, (size_t)x, pixels, planes + (size_t)l * pixels);
        }
    }
}

/* The way back: some pixels of a row of a group of `out` from planes. */
static void gather_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = out->layout.block, step = piece_pixels(out, PIECE), first = group * block;
    int channels = least(block, in->shape.channels - first);
    float narrow[PIECE], planes[PIECE], buffer[PIECE];
    for (int x = 0; x < out->shape.width; x += step) {
        size_t pixels = (size_t)least(step, out->shape.width - x), wide = (size_t)block;
        if (channels < block)
            memset(buffer, 0, pixels * wide * sizeof *buffer);
        for (int lane = 0; lane < channels; lane += SOL_LANES) {
            int lanes = least(SOL_LANES, channels - lane);
            for (int l = 0; l < lanes; l++)
                memcpy(planes + (size_t)l * pixels,
                       fetch(loop, in, first + lane + l, y, (size_t)x, pixels, narrow), pixels * sizeof *planes);
            loop->kernels->from_planes(planes, pixels, pixels, (size_t)lanes, buffer + lane, wide);
        }
        write_row(loop, out, group, y, (size_t)x * wide, pixels * wide, buffer);
    }
}

/* One row of one group of `out`, from wherever its channels lie in `in`. */
static void convert_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = out->layout.block, first = group * block, step = piece_pixels(out, PIECE);
    float buffer[PIECE];
    for (int x = 0; x < out->shape.width; x += step) {
        int pixels = least(step, out->shape.width - x);
        size_t from = (size_t)x * (size_t)block;
        float *to = place(out, group, y, from, buffer);
        for (int c = 0; c < block; c++)
            for (int p = 0; p < pixels; p++)
                to[p * block + c] = first + c < in->shape.channels ? element_at(in, first + c, y, x + p) : 0.0f;
        store(loop, out, group, y, from, (size_t)pixels * (size_t)block, buffer);
    }
}

/* Copies the same 16 floats of every pixel of a row. */
static void copy_sixteens(const float *from, int from_step, float *to, int to_step, int pixels)
{
    for (int p = 0; p < pixels; p++, from += from_step, to += to_step)
        memcpy(to, from, 16 * sizeof *to);
}

/* The same row where groups of one layout are parts of those of the other. */
static void regroup_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int wide = out->layout.block, narrow = in->layout.block, run = least(wide, narrow);
    bool sixteens = run == 16 && in->layout.element == SOL_FLOAT32 && out->layout.element == SOL_FLOAT32;
    float buffer[PIECE], widened[PIECE];
    for (int first = group * wide; first < (group + 1) * wide; first += run) {
        if (sixteens && first < in->shape.channels) {
            copy_sixteens((const float *)sol_features_row(in, first / narrow, y) + first % narrow, narrow,
                          (float *)sol_features_row(out, group, y) + first % wide, wide, out->shape.width);
            continue;
        }
        for (int x = 0; x < out->shape.width; x++) {
            size_t at = (size_t)x * (size_t)wide + (size_t)(first % wide), count = (size_t)run;
            float *to = place(out, group, y, at, buffer);
            if (first < in->shape.channels)
                memcpy(to, fetch(loop, in, first / narrow, y, (size_t)x * (size_t)narrow + (size_t)(first % narrow), count,
                                 widened), count * sizeof *to);
            else
                memset(to, 0, count * sizeof *to);
            store(loop, out, group, y, at, count, buffer);
        }
    }
}

/* The same row where the channels lie alike, and only elements and margins differ. */
static void copy_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    size_t length = (size_t)in->shape.width * (size_t)in->layout.block;
    float narrow[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop, in, group, y, from, count, narrow);
        float *to = place(out, group, y, from, buffer);
        memcpy(to, a, count * sizeof *to);
        store(loop, out, group, y, from, count, buffer);
    }
}

void sol_op_convert(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    int a = in->layout.block, b = out->layout.block;
    bool nested = a % b == 0 || b % a == 0;
    Loop loop = {.in = in, .out = out};
    loop.row = a == b ? copy_row : a == 1 ? gather_row : b == 1 ? spread_row : nested ? regroup_row : convert_row;
    run_rows(pool, &loop, b == 1 ? in : out);
}

static void pad_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int pixels = (out->shape.width - in->shape.width) / 2, width = in->shape.width;
    size_t pixel = (size_t)in->layout.block * sol_element_size(in->layout.element);
    char *to = sol_features_row(out, group, y);
    const char *from = sol_features_row(in, group, sol_border_index(SOL_BORDER_REFLECT, y - pixels, in->shape.height));
    memcpy(to + (size_t)pixels * pixel, from, (size_t)width * pixel);
    for (int x = 0; x < pixels; x++) {
        size_t left = (size_t)sol_border_index(SOL_BORDER_REFLECT, x - pixels, width);
        size_t right = (size_t)sol_border_index(SOL_BORDER_REFLECT, width + x, width);
        memcpy(to + (size_t)x * pixel, from + left * pixel, pixel);
        memcpy(to + (size_t)(pixels + width + x) * pixel, from + right * pixel, pixel);
    }
}

void sol_op_pad(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = pad_row};
    run_rows(pool, &loop, out);
}

/* A pixel of the margin, from the pixel of its row that the border puts there. */
static void fill_pixel(char *row, int to, int from, size_t bytes)
{
    if (from < 0)
        memset(row + (ptrdiff_t)to * (ptrdiff_t)bytes, 0, bytes);
    else
        memcpy(row + (ptrdiff_t)to * (ptrdiff_t)bytes, row + (ptrdiff_t)from * (ptrdiff_t)bytes, bytes);
}

static void fill_group(void *context, int group)
{
    const Loop *loop = context;
    const SolFeatures *f = loop->in;
    int margin = f->layout.margin, height = f->shape.height, width = f->shape.width;
    size_t pixel = (size_t)f->layout.block * sol_element_size(f->layout.element), left = (size_t)margin * pixel;
    size_t whole = (size_t)width * pixel + 2 * left;
    for (int y = 0; y < height; y++) {
        char *row = sol_features_row(f, group, y);
        for (int i = 1; i <= margin; i++) {
            fill_pixel(row, -i, sol_border_index(loop->border, -i, width), pixel);
            fill_pixel(row, width - 1 + i, sol_border_index(loop->border, width - 1 + i, width), pixel);
        }
    }
    for (int i = 1; i <= margin; i++)
        for (int side = 0; side < 2; side++) {
            int y = side ? height - 1 + i : -i, from = sol_border_index(loop->border, y, height);
            char *to = (char *)sol_features_row(f, group, y) - left;
            if (from < 0)
                memset(to, 0, whole);
            else
                memcpy(to, (char *)sol_features_row(f, group, from) - left, whole);
        }
}

void sol_op_fill_margin(SolPool *pool, const SolFeatures *features, SolBorder border)
{
    Loop loop = {.in = features, .border = border};
    if (features->layout.margin > 0)
        sol_pool_run(pool, fill_group, &loop, sol_features_groups(features));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators. A loop goes over the rows of groups of channels, in bands that the pool's workers
 * take one after the other, and through a row in pieces of a few thousand elements: what is not float32
 * is widened into a buffer of that size, and narrowed from one.
 */
#include "nn/ops.h"

#include "nn/bfloat16.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum {
    PIECE = SOL_BLOCK_MAX,  /* elements that are worked on at a time: one pixel at least */
    BAND = 1 << 15,         /* elements of a band, about */
    LANES = 16              /* channels of a group whose moments are summed side by side */
};

/* What a loop works on; each operator uses what it needs. */
typedef struct Loop {
    const SolFeatures *in, *other, *out;
    const SolFeatures *rows; /* the features whose rows are counted */
    int band;              /* rows of a band */
    int bands;             /* of a group */
    void (*row)(const struct Loop *loop, int group, int y);
    const float *centre, *scale, *offset;
    SolMoments *moments;
    SolBorder border;
} Loop;

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void run_band(void *context, int item)
{
    const Loop *loop = context;
    int group = item / loop->bands, y = item % loop->bands * loop->band;
    int end = least(y + loop->band, loop->rows->shape.height);
    for (; y < end; y++)
        loop->row(loop, group, y);
}

static void run_rows(SolPool *pool, Loop *loop, const SolFeatures *rows)
{
    size_t elements = (size_t)rows->shape.width * (size_t)rows->layout.block;
    loop->rows = rows;
    loop->band = elements >= BAND ? 1 : (int)(BAND / (elements + 1)) + 1;
    loop->bands = (rows->shape.height + loop->band - 1) / loop->band;
    if (pool)
        sol_pool_run(pool, run_band, loop, sol_features_groups(rows) * loop->bands);
    for (int item = 0; !pool && item < sol_features_groups(rows) * loop->bands; item++)
        run_band(loop, item);
}

/* Pixels of a piece: `most` elements at most, but one pixel. */
static int piece_pixels(const SolFeatures *t, int most)
{
    return t->layout.block >= most ? 1 : most / t->layout.block;
}

/* Elements [from, from + count) of a row, as float32: where they lie, or in `buffer`. */
static const float *fetch(const SolFeatures *t, int group, int y, size_t from, size_t count, float *buffer)
{
    const void *row = sol_features_row(t, group, y);
    if (t->layout.element == SOL_FLOAT32)
        return (const float *)row + from;
    for (size_t i = 0; i < count; i++)
        buffer[i] = sol_from_bfloat16(((const uint16_t *)row)[from + i]);
    return buffer;
}

/* Where float32 results for elements from `from` of a row go: to their place, or into `buffer` until store(). */
static float *place(const SolFeatures *t, int group, int y, size_t from, float *buffer)
{
    return t->layout.element == SOL_FLOAT32 ? (float *)sol_features_row(t, group, y) + from : buffer;
}

static void store(const SolFeatures *t, int group, int y, size_t from, size_t count, const float *buffer)
{
    uint16_t *row = sol_features_row(t, group, y);
    if (t->layout.element == SOL_BFLOAT16)
        for (size_t i = 0; i < count; i++)
            row[from + i] = sol_to_bfloat16(buffer[i]);
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* ---- resampling ---- */

/* to[p] = the largest of pixels 2p and 2p + 1 of two rows. */
static void pool_pixels(const float *upper, const float *lower, int pixels, int block, float *to)
{
    if (block == 1)
        for (int p = 0; p < pixels; p++)
            to[p] = larger(larger(upper[2 * p], upper[2 * p + 1]), larger(lower[2 * p], lower[2 * p + 1]));
    for (int p = 0; block > 1 && p < pixels; p++, upper += 2 * block, lower += 2 * block, to += block)
        for (int c = 0; c < block; c++)
            to[c] = larger(larger(upper[c], upper[block + c]), larger(lower[c], lower[block + c]));
}

static void max_pool_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float upper[2 * PIECE], lower[2 * PIECE], buffer[PIECE];
    for (int x = 0; x < out->shape.width; x += step) {
        int pixels = least(step, out->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(in, group, 2 * y, 2 * from, 2 * count, upper);
        const float *b = fetch(in, group, 2 * y + 1, 2 * from, 2 * count, lower);
        pool_pixels(a, b, pixels, block, place(out, group, y, from, buffer));
        store(out, group, y, from, count, buffer);
    }
}

void sol_op_max_pool(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = max_pool_row};
    run_rows(pool, &loop, out);
}

/* to[2p] = to[2p + 1] = from[p]. */
static void double_pixels(const float *from, int pixels, int block, float *to)
{
    if (block == 1)
        for (int p = 0; p < pixels; p++)
            to[2 * p] = to[2 * p + 1] = from[p];
    for (int p = 0; block > 1 && p < pixels; p++, from += block, to += 2 * block)
        for (int c = 0; c < block; c++)
            to[c] = to[block + c] = from[c];
}

static void upsample_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int block = in->layout.block, step = piece_pixels(in, PIECE);
    float narrow[PIECE], buffer[2 * PIECE];
    for (int x = 0; x < in->shape.width; x += step) {
        int pixels = least(step, in->shape.width - x);
        size_t count = (size_t)pixels * (size_t)block, from = (size_t)x * (size_t)block;
        const float *a = fetch(in, group, y, from, count, narrow);
        for (int i = 0; i < 2; i++) {
            double_pixels(a, pixels, block, place(out, group, 2 * y + i, 2 * from, buffer));
            store(out, group, 2 * y + i, 2 * from, 2 * count, buffer);
        }
    }
}

void sol_op_upsample(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = upsample_row};
    run_rows(pool, &loop, in);
}

/* ---- element by element ---- */

static void add_row(const Loop *loop, int group, int y)
{
    size_t length = (size_t)loop->in->shape.width * (size_t)loop->in->layout.block;
    float first[PIECE], second[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop->in, group, y, from, count, first);
        const float *b = fetch(loop->other, group, y, from, count, second);
        float *to = place(loop->out, group, y, from, buffer);
        for (size_t i = 0; i < count; i++)
            to[i] = a[i] + b[i];
        store(loop->out, group, y, from, count, buffer);
    }
}

void sol_op_add(SolPool *pool, const SolFeatures *a, const SolFeatures *b, const SolFeatures *out)
{
    Loop loop = {.in = a, .other = b, .out = out, .row = add_row};
    run_rows(pool, &loop, a);
}

static void relu_row(const Loop *loop, int group, int y)
{
    size_t length = (size_t)loop->in->shape.width * (size_t)loop->in->layout.block;
    float narrow[PIECE], buffer[PIECE];
    for (size_t from = 0; from < length; from += PIECE) {
        size_t count = length - from < PIECE ? length - from : PIECE;
        const float *a = fetch(loop->in, group, y, from, count, narrow);
        float *to = place(loop->out, group, y, from, buffer);
        for (size_t i = 0; i < count; i++)
            to[i] = larger(a[i], 0.0f);
        store(loop->out, group, y, from, count, buffer);
    }
}

void sol_op_relu(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = relu_row};
    run_rows(pool, &loop, in);
}

static void affine_pixels(const Loop *loop, const float *from, int pixels, int first, int channels, float *to)
{
    const float *centre = loop->centre, *scale = loop->scale + first, *offset = loop->offset + first;
    int block = loop->in->layout.block;
    if (block == 1) {
        float c = centre ? centre[first] : 0.0f, s = scale[0], o = offset[0];
        for (int p = 0; p < pixels; p++)
            to[p] = (from[p] - c) * s + o;
    }
    for (int p = 0; block > 1 && p < pixels; p++, from += block, to += block) {
        for (int c = 0; c < channels; c++)
            to[c] = (from[c] - (centre ? centre[first + c] : 0.0f)) * scale[c] + offset[c];
        for (int c = channels; c < block; c++)
            to[c] = 0;
    }
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
        const float *a = fetch(in, group, y, from, count, narrow);
        affine_pixels(loop, a, pixels, first, channels, place(out, group, y, from, buffer));
        store(out, group, y, from, count, buffer);
    }
}

void sol_op_affine(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale, const float *offset,
                   const SolFeatures *out)
{
    Loop loop = {.in = in, .out = out, .row = affine_row, .centre = centre, .scale = scale, .offset = offset};
    run_rows(pool, &loop, in);
}

/* ---- moments ---- */

/* One channel of planes: squares is the sum of (x - centre), or of its square. In interleaved parts, so that
   the compiler can use vectors without changing the order. */
static double sum_plane(const SolFeatures *t, int channel, double centre, bool squared)
{
    double sums[LANES] = {0}, sum = 0;
    for (int y = 0; y < t->shape.height; y++) {
        float narrow[PIECE];
        for (int x = 0; x < t->shape.width; x += PIECE) {
            int count = least(PIECE, t->shape.width - x), whole = count / LANES * LANES;
            const float *a = fetch(t, channel, y, (size_t)x, (size_t)count, narrow);
            for (int i = 0; i < whole; i += LANES)
                for (int j = 0; j < LANES; j++) {
                    double d = (double)a[i + j] - centre;
                    sums[j] += squared ? d * d : d;
                }
            for (int i = whole; i < count; i++) {
                double d = (double)a[i] - centre;
                sum += squared ? d * d : d;
            }
        }
    }
    for (int j = 0; j < LANES; j++)
        sum += sums[j];
    return sum;
}

/* LANES channels of a group, from `lane` on; their number where fewer are left. */
static void sum_lanes(const SolFeatures *t, int group, int lane, int lanes, const double centre[LANES], bool squared,
                      double sums[LANES])
{
    for (int j = 0; j < LANES; j++)
        sums[j] = 0;
    for (int y = 0; y < t->shape.height; y++)
        for (int x = 0; x < t->shape.width; x++) {
            float narrow[LANES];
            const float *a = fetch(t, group, y, (size_t)x * (size_t)t->layout.block + (size_t)lane, (size_t)lanes, narrow);
            for (int j = 0; j < lanes; j++) {
                double d = (double)a[j] - centre[j];
                sums[j] += squared ? d * d : d;
            }
        }
}

/* In two passes, since a variance from sums of squares loses its digits where the mean is large. */
static void moments_of_lanes(void *context, int item)
{
    const Loop *loop = context;
    const SolFeatures *t = loop->in;
    int block = t->layout.block, slices = (block + LANES - 1) / LANES, group = item / slices;
    int lane = item % slices * LANES, channel = group * block + lane;
    int lanes = least(least(LANES, block - lane), t->shape.channels - channel);
    double count = (double)t->shape.height * t->shape.width, mean[LANES] = {0}, squares[LANES];
    if (block == 1) {
        mean[0] = sum_plane(t, channel, 0, false) / count;
        squares[0] = sum_plane(t, channel, mean[0], true);
    } else {
        sum_lanes(t, group, lane, lanes, mean, false, squares);
        for (int j = 0; j < lanes; j++)
            mean[j] = squares[j] / count;
        sum_lanes(t, group, lane, lanes, mean, true, squares);
    }
    for (int j = 0; j < lanes; j++)
        loop->moments[channel + j] = (SolMoments){mean[j], squares[j] / count};
}

void sol_op_moments(SolPool *pool, const SolFeatures *in, SolMoments *moments)
{
    Loop loop = {.in = in, .moments = moments};
    int slices = (in->layout.block + LANES - 1) / LANES;
    sol_pool_run(pool, moments_of_lanes, &loop, sol_features_groups(in) * slices);
}

float sol_deviation(const SolMoments *moments)
{
    return (float)sqrt(moments->variance + SOL_MOMENTS_EPSILON);
}

void sol_adain(const SolMoments *moments, int channels, const float *mean, const float *std, float *centre,
               float *scale, float *offset)
{
    for (int c = 0; c < channels; c++) {
        double variance = moments[c].variance, noise = SOL_ADAIN_NOISE * (1 + fabs(moments[c].mean));
        double squared = variance * variance;
        centre[c] = (float)moments[c].mean;
        scale[c] = (float)((double)std[c] / sqrt(variance + SOL_MOMENTS_EPSILON) *
                           (squared / (squared + noise * noise * noise * noise)));
        offset[c] = mean[c];
    }
}

/* ---- layouts ---- */

static float element_at(const SolFeatures *t, int channel, int y, int x)
{
    int block = t->layout.block;
    size_t at = (size_t)x * (size_t)block + (size_t)(channel % block);
    const void *row = sol_features_row(t, channel / block, y);
    return t->layout.element == SOL_FLOAT32 ? ((const float *)row)[at] : sol_from_bfloat16(((const uint16_t *)row)[at]);
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
        store(out, group, y, from, (size_t)pixels * (size_t)block, buffer);
    }
}

/* The same row where groups of one layout are parts of those of the other. */
static void regroup_row(const Loop *loop, int group, int y)
{
    const SolFeatures *in = loop->in, *out = loop->out;
    int wide = out->layout.block, narrow = in->layout.block, run = least(wide, narrow);
    float buffer[PIECE], widened[PIECE];
    for (int first = group * wide; first < (group + 1) * wide; first += run)
        for (int x = 0; x < out->shape.width; x++) {
            size_t at = (size_t)x * (size_t)wide + (size_t)(first % wide), count = (size_t)run;
            float *to = place(out, group, y, at, buffer);
            if (first < in->shape.channels)
                memcpy(to, fetch(in, first / narrow, y, (size_t)x * (size_t)narrow + (size_t)(first % narrow), count,
                                 widened), count * sizeof *to);
            else
                memset(to, 0, count * sizeof *to);
            store(out, group, y, at, count, buffer);
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
        const float *a = fetch(in, group, y, from, count, narrow);
        float *to = place(out, group, y, from, buffer);
        for (size_t i = 0; i < count; i++)
            to[i] = a[i];
        store(out, group, y, from, count, buffer);
    }
}

void sol_op_convert(SolPool *pool, const SolFeatures *in, const SolFeatures *out)
{
    int a = in->layout.block, b = out->layout.block;
    bool nested = a > 1 && b > 1 && (a % b == 0 || b % a == 0);
    Loop loop = {.in = in, .out = out, .row = a == b ? copy_row : nested ? regroup_row : convert_row};
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Every operator but convolution against its naive twin on awkward shapes, and some against results worked
 * out by hand.
 */
#include "support/planes.h"
#include "support/support.h"

#include "nn/bfloat16.h"
#include "nn/ops.h"
#include "nn/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SolShape shapes[] = {
    {1, 1, 1}, {3, 2, 2}, {3, 3, 5}, {5, 1, 7}, {2, 9, 1}, {16, 17, 31}, {130, 4, 3}, {3, 65, 66},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static size_t count_of(SolShape shape)
{
    return (size_t)shape.channels * sol_shape_plane(shape);
}

static void test_resampling(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int t = 0; t < POOLS; t++) {
            SolShape s = shapes[i], half = {s.channels, s.height / 2, s.width / 2};
            SolShape twice = {s.channels, s.height * 2, s.width * 2};
            size_t pooled = count_of(half), doubled = 4 * count_of(s);
            float *in = random_planes(count_of(s), 11), *wanted = malloc(doubled * sizeof *wanted);
            Guarded out = guarded(pooled);
            SolFeatures from, to;
            sol_reference_max_pool(in, s, wanted);
            from = sol_planes(in, s);
            to = sol_planes(out.data, half);
            sol_op_max_pool(pools[t], &from, &to);
            if (pooled)
                assert_memory_equal(out.data, wanted, pooled * sizeof *wanted);
            release(&out);
            out = guarded(doubled);
            sol_reference_upsample(in, s, wanted);
            to = sol_planes(out.data, twice);
            sol_op_upsample(pools[t], &from, &to);
            assert_memory_equal(out.data, wanted, doubled * sizeof *wanted);
            release(&out);
            out = guarded(doubled);
            sol_reference_upsample_bilinear(in, s, wanted);
            to = sol_planes(out.data, twice);
            sol_op_upsample_bilinear(pools[t], &from, &to);
            assert_true(largest_difference(out.data, wanted, doubled) <= 2e-7);
            release(&out);
            free(in);
            free(wanted);
        }
}

static void test_padding(void **state)
{
    static const int widths[] = {1, 3, 70}; /* more than most of the shapes have */
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int k = 0; k < 3; k++)
            for (int t = 0; t < POOLS; t++) {
                SolShape s = shapes[i], larger = {s.channels, s.height + 2 * widths[k], s.width + 2 * widths[k]};
                size_t count = count_of(larger);
                float *in = random_planes(count_of(s), 12), *wanted = malloc(count * sizeof *wanted);
                Guarded out = guarded(count);
                SolFeatures from = sol_planes(in, s), to = sol_planes(out.data, larger);
                sol_reference_pad(in, s, widths[k], wanted);
                sol_op_pad(pools[t], &from, &to);
                assert_memory_equal(out.data, wanted, count * sizeof *wanted);
                release(&out);
                free(in);
                free(wanted);
            }
}

static void test_padding_by_hand(void **state)
{
    static const float in[] = {1, 2, 3};
    static const float wanted[] = {2, 3, 2, 1, 2, 3, 2, 1, 2};
    float out[7 * 9], twin[7 * 9];
    SolFeatures from = sol_planes(in, (SolShape){1, 1, 3}), to = sol_planes(out, (SolShape){1, 7, 9});
    (void)state;
    sol_op_pad(pools[1], &from, &to);
    sol_reference_pad(in, from.shape, 3, twin);
    for (int y = 0; y < 7; y++) {
        assert_memory_equal(out + 9 * y, wanted, sizeof wanted);
        assert_memory_equal(twin + 9 * y, wanted, sizeof wanted);
    }
}

static SolMoments *moments_of(SolPool *pool, const SolFeatures *in)
{
    SolMoments *moments = calloc((size_t)in->shape.channels, sizeof *moments);
    assert_non_null(moments);
    sol_op_moments(pool, in, sol_shape_area(in->shape), moments);
    return moments;
}

/* Adaptive instance normalisation as a plan does it. */
static void normalise(SolPool *pool, const SolFeatures *in, const float *mean, const float *std,
                      const SolFeatures *out)
{
    size_t channels = (size_t)in->shape.channels;
    SolMoments *moments = moments_of(pool, in);
    float *numbers = malloc(3 * channels * sizeof *numbers);
    assert_non_null(numbers);
    sol_adain(moments, in->shape.channels, mean, std, numbers, numbers + channels, numbers + 2 * channels);
    sol_op_affine(pool, in, numbers, numbers + channels, numbers + 2 * channels, out);
    free(numbers);
    free(moments);
}

/* Instance normalisation as a plan does it. */
static void normalise_instance(SolPool *pool, const SolFeatures *in, const float *gain, const float *shift,
                               double epsilon, bool relu, const SolFeatures *out)
{
    size_t channels = (size_t)in->shape.channels;
    SolMoments *moments = moments_of(pool, in);
    float *numbers = malloc(3 * channels * sizeof *numbers);
    assert_non_null(numbers);
    sol_instance_norm(moments, in->shape.channels, epsilon, gain, shift, numbers, numbers + channels,
                      numbers + 2 * channels);
    sol_op_normalise(pool, in, numbers, numbers + channels, numbers + 2 * channels, relu, out);
    free(numbers);
    free(moments);
}

enum { ELEMENTWISE = 8, ADAIN = 5 }; /* operators; from ADAIN on they go by statistics */

/* Operator number `op` on `a`, and on `b` where it takes two, by its twin and by itself. */
static void twin(int op, const float *a, const float *b, SolShape s, const float *scale, const float *offset, float *out)
{
    switch (op) {
    case 0: sol_reference_add(a, b, s, out); break;
    case 1: sol_reference_add(b, a, s, out); break;
    case 2: sol_reference_relu(a, s, out); break;
    case 3: sol_reference_affine(a, s, scale, offset, out); break;
    case 4: sol_reference_tanh(a, s, out); break;
    case ADAIN: sol_reference_adain(a, s, offset, scale, out); break;
    default: sol_reference_instance_norm(a, s, scale, offset, 1e-3, op == 7, out); break;
    }
}

static void operate(int op, SolPool *pool, const SolFeatures *a, const SolFeatures *b, const float *scale,
                    const float *offset, const SolFeatures *out)
{
    switch (op) {
    case 0: sol_op_add(pool, a, b, out); break;
    case 1: sol_op_add(pool, b, a, out); break; /* `out` may be the second input */
    case 2: sol_op_relu(pool, a, out); break;
    case 3: sol_op_affine(pool, a, NULL, scale, offset, out); break;
    case 4: sol_op_tanh(pool, a, out); break;
    case ADAIN: normalise(pool, a, offset, scale, out); break;
    default: normalise_instance(pool, a, scale, offset, 1e-3, op == 7, out); break;
    }
}

/* Each operator both beside its input and over it. */
static void check_elementwise(SolShape s, SolPool *pool, int in_place)
{
    size_t count = count_of(s), channels = (size_t)s.channels;
    float *a = random_planes(count, 21), *b = random_planes(count, 22), *wanted = malloc(count * sizeof *wanted);
    float *scale = random_planes(channels, 23), *offset = random_planes(channels, 24);
    SolFeatures other = sol_planes(b, s);
    for (int op = 0; op < ELEMENTWISE; op++) {
        Guarded memory = guarded(count);
        SolFeatures out = sol_planes(memory.data, s), in = in_place ? out : sol_planes(a, s);
        if (in_place)
            memcpy(memory.data, a, count * sizeof *a);
        twin(op, a, b, s, scale, offset, wanted);
        operate(op, pool, &in, &other, scale, offset, &out);
        assert_true(largest_difference(memory.data, wanted, count) <= (op >= ADAIN ? 2e-6 : 1e-6));
        release(&memory);
    }
    free(a);
    free(b);
    free(wanted);
    free(scale);
    free(offset);
}

static void test_elementwise(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int t = 0; t < POOLS; t++)
            for (int in_place = 0; in_place < 2; in_place++)
                check_elementwise(shapes[i], pools[t], in_place);
}

/* Layouts that a backend may ask for; a block of 0 stands for all channels. */
static const SolLayout layouts[] = {
    {1, 0, SOL_BFLOAT16}, {1, 2, SOL_FLOAT32}, {0, 1, SOL_FLOAT32},  {0, 1, SOL_BFLOAT16},
    {0, 0, SOL_BFLOAT16}, {16, 1, SOL_FLOAT32}, {16, 0, SOL_BFLOAT16}, {8, 1, SOL_FLOAT32},
};

enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

/* Features in a layout, in memory with guards. */
typedef struct Laid {
    Guarded memory;
    SolFeatures features;
} Laid;

static Laid lay(SolShape shape, SolLayout layout)
{
    Laid l;
    size_t bytes;
    layout.block = layout.block ? layout.block : shape.channels;
    assert_true(sol_features_bytes(shape, layout, &bytes));
    l.memory = guarded((bytes + sizeof(float) - 1) / sizeof(float));
    l.features = (SolFeatures){l.memory.data, shape, layout};
    return l;
}

/* `planes` rounded to what an element holds. */
static void round_to(SolElement element, float *planes, size_t count)
{
    for (size_t i = 0; i < count && element == SOL_BFLOAT16; i++)
        planes[i] = sol_from_bfloat16(sol_to_bfloat16(planes[i]));
}

/* Operator number `op` in a layout against its twin on planes: the same but for the rounding of the result. */
static void check_layout(int op, SolShape s, SolLayout layout, SolPool *pool)
{
    size_t count = count_of(s), channels = (size_t)s.channels;
    float *planes[2] = {random_planes(count, 51), random_planes(count, 52)};
    float *wanted = malloc(49 * count * sizeof *wanted), *got = malloc(49 * count * sizeof *got);
    float *scale = random_planes(channels, 53), *offset = random_planes(channels, 54);
    SolShape to = s;
    Laid in[2] = {lay(s, layout), lay(s, layout)}, out;
    SolFeatures result;
    for (int i = 0; i < 2; i++) {
        SolFeatures from = sol_planes(planes[i], s);
        round_to(layout.element, planes[i], count);
        sol_op_convert(pool, &from, &in[i].features);
    }
    if (op == ELEMENTWISE)
        to = (SolShape){s.channels, s.height / 2, s.width / 2};
    else if (op == ELEMENTWISE + 1 || op == ELEMENTWISE + 2)
        to = (SolShape){s.channels, 2 * s.height, 2 * s.width};
    else if (op == ELEMENTWISE + 3)
        to = (SolShape){s.channels, s.height + 6, s.width + 6};
    out = lay(to, layout);
    if (op < ELEMENTWISE) {
        twin(op, planes[0], planes[1], s, scale, offset, wanted);
        operate(op, pool, &in[0].features, &in[1].features, scale, offset, &out.features);
    } else if (op == ELEMENTWISE) {
        sol_reference_max_pool(planes[0], s, wanted);
        sol_op_max_pool(pool, &in[0].features, &out.features);
    } else if (op == ELEMENTWISE + 1) {
        sol_reference_upsample(planes[0], s, wanted);
        sol_op_upsample(pool, &in[0].features, &out.features);
    } else if (op == ELEMENTWISE + 2) {
        sol_reference_upsample_bilinear(planes[0], s, wanted);
        sol_op_upsample_bilinear(pool, &in[0].features, &out.features);
    } else if (op == ELEMENTWISE + 3) {
        sol_reference_pad(planes[0], s, 3, wanted);
        sol_op_pad(pool, &in[0].features, &out.features);
    } else { /* there and back */
        memcpy(wanted, planes[0], count * sizeof *wanted);
        sol_op_convert(NULL, &in[0].features, &out.features);
    }
    result = sol_planes(got, to);
    sol_op_convert(pool, &out.features, &result);
    for (size_t i = 0; i < count_of(to); i++) {
        double bound = (layout.element == SOL_BFLOAT16 ? fabs((double)wanted[i]) / 256 : 0) + 2e-6;
        if (!(fabs((double)got[i] - (double)wanted[i]) <= bound))
            fail_msg("operator %d, %dx%dx%d, block %d: %g, not %g", op, s.channels, s.height, s.width, layout.block,
                     (double)got[i], (double)wanted[i]);
    }
    release(&in[0].memory);
    release(&in[1].memory);
    release(&out.memory);
    free(planes[0]);
    free(planes[1]);
    free(wanted);
    free(got);
    free(scale);
    free(offset);
}

static void test_layouts(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int l = 0; l < LAYOUTS; l++)
            for (int op = 0; op < ELEMENTWISE + 5; op++)
                check_layout(op, shapes[i], layouts[l], pools[(i + l + op) % POOLS]);
}

/* Everywhere, close to the true value, odd, never beyond 1; what is no number stays none. */
static void test_tanh(void **state)
{
    enum { COUNT = 40001 };
    float *in = malloc(2 * COUNT * sizeof *in), *out = in + COUNT;
    SolShape shape = {1, 1, COUNT};
    SolFeatures from, to;
    (void)state;
    assert_non_null(in);
    for (int i = 0; i < COUNT; i++)
        in[i] = (float)(i - COUNT / 2) / 2000;
    in[0] = -INFINITY;
    in[COUNT - 1] = INFINITY;
    from = sol_planes(in, shape);
    to = sol_planes(out, shape);
    sol_op_tanh(pools[1], &from, &to);
    for (int i = 0; i < COUNT; i++) {
        double wanted = tanh((double)in[i]);
        if (!(fabs((double)out[i] - wanted) <= 6e-7 * fabs(wanted)) || fabsf(out[i]) > 1 || out[i] != -out[COUNT - 1 - i])
            fail_msg("tanh(%g) is %g, not %g", (double)in[i], (double)out[i], wanted);
    }
    in[7] = NAN;
    sol_op_tanh(pools[0], &from, &to);
    assert_true(isnan(out[7]) && !isnan(out[6]));
    free(in);
}

/* By hand: two pixels, and what lies between and beside them. */
static void test_bilinear_by_hand(void **state)
{
    static const float in[] = {4, 8};
    static const float wanted[] = {4, 5, 7, 8, 4, 5, 7, 8};
    float out[8];
    SolFeatures from = sol_planes(in, (SolShape){1, 1, 2}), to = sol_planes(out, (SolShape){1, 2, 4});
    (void)state;
    sol_op_upsample_bilinear(pools[0], &from, &to);
    assert_memory_equal(out, wanted, sizeof wanted);
}

/* By hand: 1, 2, 3 have the variance 2/3. A flat channel becomes its shift, whatever rounding makes of it. */
static void test_instance_norm_by_hand(void **state)
{
    const float in[] = {1, 2, 3, 1000, 1000.0001f, 1000}, gain[] = {2, 1000}, shift[] = {0.5f, -3};
    const double step = 2 / sqrt(2 / 3.0 + 0.01);
    float out[6];
    SolFeatures from = sol_planes(in, (SolShape){2, 1, 3}), to = sol_planes(out, (SolShape){2, 1, 3});
    (void)state;
    normalise_instance(pools[0], &from, gain, shift, 0.01, false, &to);
    for (int i = 0; i < 3; i++) {
        assert_true(fabs((double)out[i] - (0.5 + (i - 1) * step)) < 1e-6);
        assert_true(fabs((double)out[3 + i] + 3) < 1e-6);
    }
    normalise_instance(pools[0], &from, gain, shift, 0.01, true, &to);
    assert_true(out[0] == 0 && out[1] == 0.5f && out[2] > 2 && out[4] == 0);
}

/* Either input of an addition may be yet to be upsampled; the result may lie over the other. */
static void check_doubled(SolShape s, SolLayout layout, int variant, SolPool *pool)
{
    SolShape twice = {s.channels, 2 * s.height, 2 * s.width};
    float *small = random_planes(count_of(s), 81), *large = random_planes(count_of(twice), 82);
    float *got = malloc(count_of(twice) * sizeof *got), *wanted = malloc(count_of(twice) * sizeof *wanted);
    Laid a = lay(s, layout), b = lay(twice, layout), out = lay(twice, layout);
    SolFeatures from = sol_planes(small, s), to = sol_planes(got, twice);
    SolFeatures *result = variant & 2 ? &b.features : &out.features;
    round_to(layout.element, small, count_of(s));
    round_to(layout.element, large, count_of(twice));
    sol_reference_upsample(small, s, wanted);
    sol_reference_add(wanted, large, twice, wanted);
    round_to(layout.element, wanted, count_of(twice));
    sol_op_convert(pool, &from, &a.features);
    from = sol_planes(large, twice);
    sol_op_convert(pool, &from, &b.features);
    sol_op_add(pool, variant & 1 ? &b.features : &a.features, variant & 1 ? &a.features : &b.features, result);
    sol_op_convert(pool, result, &to);
    assert_memory_equal(got, wanted, count_of(twice) * sizeof *got);
    release(&a.memory);
    release(&b.memory);
    release(&out.memory);
    free(small);
    free(large);
    free(got);
    free(wanted);
}

static void test_adding_what_is_yet_to_be_upsampled(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int l = 0; l < LAYOUTS; l++)
            for (int variant = 0; variant < 4; variant++)
                check_doubled(shapes[i], layouts[l], variant, pools[(i + l) % POOLS]);
}

/* From every layout to every other: values stay what they are. */
static void test_conversions(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int a = 0; a < LAYOUTS; a++)
            for (int b = 0; b < LAYOUTS; b++) {
                size_t count = count_of(shapes[i]);
                float *in = random_planes(count, 61), *got = malloc(count * sizeof *got);
                Laid first = lay(shapes[i], layouts[a]), second = lay(shapes[i], layouts[b]);
                SolFeatures from = sol_planes(in, shapes[i]), to = sol_planes(got, shapes[i]);
                round_to(SOL_BFLOAT16, in, count);
                sol_op_convert(pools[1], &from, &first.features);
                sol_op_convert(pools[1], &first.features, &second.features);
                sol_op_convert(pools[1], &second.features, &to);
                assert_memory_equal(got, in, count * sizeof *in);
                release(&first.memory);
                release(&second.memory);
                free(in);
                free(got);
            }
}

static float element_at(const SolFeatures *f, int channel, int y, int x)
{
    ptrdiff_t block = f->layout.block, at = x * block + channel % block;
    const void *row = sol_features_row(f, channel / (int)block, y);
    return f->layout.element == SOL_FLOAT32 ? ((const float *)row)[at] : sol_from_bfloat16(((const uint16_t *)row)[at]);
}

static void test_margins(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int l = 0; l < LAYOUTS; l++)
            for (int border = 0; border < 2; border++) {
                SolShape s = shapes[i];
                float *in = random_planes(count_of(s), 71);
                Laid laid = lay(s, layouts[l]);
                SolFeatures from = sol_planes(in, s), *f = &laid.features;
                int margin = f->layout.margin;
                round_to(SOL_BFLOAT16, in, count_of(s));
                sol_op_convert(pools[1], &from, f);
                sol_op_fill_margin(pools[1], f, (SolBorder)border);
                for (int c = 0; c < s.channels; c++)
                    for (int y = -margin; y < s.height + margin; y++)
                        for (int x = -margin; x < s.width + margin; x++) {
                            int sy = sol_border_index((SolBorder)border, y, s.height);
                            int sx = sol_border_index((SolBorder)border, x, s.width);
                            float wanted = sy < 0 || sx < 0 ? 0 : element_at(&from, c, sy, sx);
                            assert_true(element_at(f, c, y, x) == wanted);
                        }
                release(&laid.memory);
                free(in);
            }
}

static void test_bfloat16(void **state)
{
    static const struct {
        float value;
        uint16_t half;
    } cases[] = {{0, 0}, {1, 0x3F80}, {-2, 0xC000}, {1 + 1.0f / 256, 0x3F80}, {1 + 3.0f / 256, 0x3F82},
                 {1 + 1.0001f / 256, 0x3F81}, {3.4e38f, 0x7F80}, {INFINITY, 0x7F80}, {-INFINITY, 0xFF80}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(sol_to_bfloat16(cases[i].value), cases[i].half);
    assert_true(isnan(sol_from_bfloat16(sol_to_bfloat16(NAN))));
    for (uint32_t half = 0; half < 0x7F80; half++)
        assert_int_equal(sol_to_bfloat16(sol_from_bfloat16((uint16_t)half)), half);
}

static void test_moments(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int t = 0; t < POOLS; t++) {
            SolShape s = shapes[i];
            size_t channels = (size_t)s.channels;
            float *in = random_planes(count_of(s), 31);
            SolFeatures features = sol_planes(in, s);
            SolMoments *moments;
            float *wanted_mean = malloc(channels * sizeof(float)), *wanted_std = malloc(channels * sizeof(float));
            for (size_t k = 0; k < count_of(s); k++) /* means that dwarf the deviations */
                in[k] = in[k] * 0.01f + 1000.0f * (float)(k / sol_shape_plane(s) + 1);
            sol_reference_moments(in, s, wanted_mean, wanted_std);
            moments = moments_of(pools[t], &features);
            for (size_t c = 0; c < channels; c++) {
                assert_true(fabs(moments[c].mean - (double)wanted_mean[c]) <= 1e-6 * (double)wanted_mean[c]);
                assert_true(fabsf(sol_deviation(&moments[c]) - wanted_std[c]) <= 1e-5f * wanted_std[c]);
            }
            free(moments);
            free(in);
            free(wanted_mean);
            free(wanted_std);
        }
}

/* Moments of four parts, merged, are those of the whole; in every layout, with means that dwarf the deviations. */
static void test_moments_of_parts(void **state)
{
    const SolShape s = {19, 13, 41};
    const SolArea parts[] = {{0, 0, 23, 5}, {23, 0, 18, 5}, {0, 5, 1, 8}, {1, 5, 40, 8}};
    float *planes = random_planes(count_of(s), 32), mean[19], std[19];
    (void)state;
    for (size_t i = 0; i < count_of(s); i++)
        planes[i] += (float)(i % 41) * 0.02f + 50.0f;
    for (int l = 0; l < LAYOUTS; l++) {
        Laid laid = lay(s, layouts[l]);
        SolFeatures from = sol_planes(planes, s);
        SolMoments whole[19], part[19];
        double count = 0;
        round_to(layouts[l].element, planes, count_of(s));
        sol_reference_moments(planes, s, mean, std);
        sol_op_convert(NULL, &from, &laid.features);
        for (int i = 0; i < 4; i++) {
            double pixels = (double)parts[i].width * parts[i].height;
            sol_op_moments(pools[l % POOLS], &laid.features, parts[i], part);
            sol_moments_merge(whole, count, part, pixels, s.channels);
            count += pixels;
        }
        for (int c = 0; c < s.channels; c++) {
            assert_true(fabs(whole[c].mean - (double)mean[c]) <= 1e-5);
            assert_true(fabsf(sol_deviation(&whole[c]) - std[c]) <= 1e-5f);
        }
        release(&laid.memory);
    }
    free(planes);
}

static void test_moments_by_hand(void **state)
{
    static const float in[8] = {1, 2, 3, 6, 7, 7, 7, 7};
    SolShape shape = {2, 2, 2};
    SolFeatures features = sol_planes(in, shape);
    SolMoments moments[2];
    (void)state;
    sol_op_moments(pools[0], &features, sol_shape_area(shape), moments);
    assert_true(moments[0].mean == 3 && moments[1].mean == 7);
    assert_true(moments[0].variance == 3.5 && moments[1].variance == 0); /* of the 4 squares 4, 1, 0, 9 */
    assert_true(fabs((double)sol_deviation(&moments[1]) - sqrt(1e-5)) < 1e-9);
}

/* The first pixel, from which sums are counted, far off all others. */
static void test_moments_beside_an_outlier(void **state)
{
    enum { SIDE = 64 };
    SolShape shape = {1, SIDE, SIDE};
    float *in = random_planes(SIDE * SIDE, 33), wanted_mean, wanted_std;
    SolFeatures features = sol_planes(in, shape);
    SolMoments moments;
    (void)state;
    in[0] = 1e6f;
    sol_reference_moments(in, shape, &wanted_mean, &wanted_std);
    sol_op_moments(pools[0], &features, sol_shape_area(shape), &moments);
    assert_true(fabs(moments.mean - (double)wanted_mean) <= 1e-6 * (double)wanted_mean);
    assert_true(fabsf(sol_deviation(&moments) - wanted_std) <= 1e-6f * wanted_std);
    free(in);
}

/* A channel of one value comes out as the target mean exactly, whatever it is stretched by. */
static void test_adain_of_a_flat_channel(void **state)
{
    static const float mean = 0.75f, std = 40;
    float in[15], out[15];
    SolFeatures from, to;
    (void)state;
    for (int i = 0; i < 15; i++)
        in[i] = 0.1f;
    from = sol_planes(in, (SolShape){1, 3, 5});
    to = sol_planes(out, (SolShape){1, 3, 5});
    normalise(pools[0], &from, &mean, &std, &to);
    for (int i = 0; i < 15; i++)
        assert_true(out[i] == mean);
}

/* Differences as small as rounding makes them are not blown up; the faintest real ones are kept. */
static void test_adain_of_rounding_errors(void **state)
{
    static const float mean = 2, std = 300;
    float in[256], out[256];
    SolFeatures from, to;
    (void)state;
    for (int i = 0; i < 256; i++)
        in[i] = 4.0f + (i % 2 ? 5e-7f : -5e-7f);
    from = sol_planes(in, (SolShape){1, 16, 16});
    to = sol_planes(out, (SolShape){1, 16, 16});
    normalise(pools[0], &from, &mean, &std, &to);
    for (int i = 0; i < 256; i++)
        assert_true(fabsf(out[i] - mean) < 1e-6f);
    for (int i = 0; i < 256; i++)
        in[i] = 0.25f + (i % 2 ? 1.0f : -1.0f) / 1024;
    from = sol_planes(in, (SolShape){1, 16, 16});
    to = sol_planes(out, (SolShape){1, 16, 16});
    normalise(pools[0], &from, &mean, &std, &to);
    for (int i = 0; i < 256; i++) {
        double plain = 2 + (i % 2 ? 1.0 : -1.0) / 1024 * 300 / sqrt(1.0 / 1048576 + 1e-5);
        assert_true(fabs((double)out[i] - plain) < 1e-5 * fabs(plain));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_padding_by_hand),
        cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_bilinear_by_hand),
        cmocka_unit_test(test_instance_norm_by_hand),
        cmocka_unit_test(test_adding_what_is_yet_to_be_upsampled),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_margins),
        cmocka_unit_test(test_bfloat16),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_moments_of_parts),
        cmocka_unit_test(test_moments_by_hand),
        cmocka_unit_test(test_moments_beside_an_outlier),
        cmocka_unit_test(test_adain_of_a_flat_channel),
        cmocka_unit_test(test_adain_of_rounding_errors),
    };
    return cmocka_run_group_tests_name("nn/ops", tests, set_up_pools, tear_down_pools);
}

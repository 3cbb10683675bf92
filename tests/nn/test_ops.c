/* SPDX-License-Identifier: Apache-2.0
 *
 * Every operator and every convolution backend against its naive twin on awkward shapes, and the twins
 * against results worked out by hand.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/conv.h"
#include "nn/ops.h"
#include "nn/reference.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POOLS = 3, GUARD = 64 };

static SolPool *pools[POOLS]; /* of 1, 2 and 3 threads */

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < POOLS; i++)
        if (sol_pool_open(&pools[i], i + 1) != 0)
            return -1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < POOLS; i++)
        sol_pool_close(&pools[i]);
    return 0;
}

/* ---- memory that shows reads before writes (NaN within) and writes beyond (guards around) ---- */

typedef struct Guarded {
    float *memory, *data;
    size_t count;
} Guarded;

static Guarded guarded(size_t count)
{
    size_t around = SOL_ALIGNMENT / sizeof(float) * GUARD;
    Guarded g = {.memory = sol_alloc(count + 2 * around, sizeof(float)), .count = count};
    assert_non_null(g.memory);
    for (size_t i = 0; i < count + 2 * around; i++)
        g.memory[i] = i < around || i >= around + count ? 12345.0f : NAN;
    g.data = g.memory + around;
    return g;
}

static void release(Guarded *g)
{
    size_t around = SOL_ALIGNMENT / sizeof(float) * GUARD;
    for (size_t i = 0; i < around; i++) {
        assert_true(g->memory[i] == 12345.0f);
        assert_true(g->data[g->count + i] == 12345.0f);
    }
    sol_free(g->memory);
}

/* ---- convolutions ---- */

static size_t weight_count(const SolConvShape *s)
{
    return (size_t)s->out_channels * (size_t)s->in_channels * (size_t)s->kernel * (size_t)s->kernel;
}

/* Plans, runs and closes one convolution. */
static void convolve(const char *backend, const SolConvShape *shape, const float *weights, const float *bias,
                     SolPool *pool, const float *in, float *out)
{
    SolConv *conv = NULL;
    Guarded scratch;
    if (sol_conv_plan(&conv, sol_conv_backend(backend), shape, weights, bias, pool) != 0)
        fail_msg("%s", sol_error_text());
    assert_string_equal(conv->backend->name, backend);
    scratch = guarded(conv->scratch / sizeof(float));
    sol_conv_run(conv, in, out, scratch.data);
    release(&scratch);
    sol_conv_close(&conv);
    assert_null(conv);
}

/* Backend number `i` of those that are held against the reference; NULL behind the last. */
static const char *fast_backend(int i)
{
    for (int b = 0; sol_conv_backend_at(b); b++)
        if (strcmp(sol_conv_backend_at(b)->name, "reference") != 0 && i-- == 0)
            return sol_conv_backend_at(b)->name;
    return NULL;
}

/* One backend against the reference, and against itself with other numbers of threads. */
static void check_conv(const char *backend, const SolConvShape *shape, bool with_bias)
{
    size_t plane = (size_t)shape->height * (size_t)shape->width, count = plane * (size_t)shape->out_channels;
    float *in = random_planes(plane * (size_t)shape->in_channels, 1), *weights = random_planes(weight_count(shape), 2);
    float *bias = random_planes((size_t)shape->out_channels, 3), *wanted = malloc(count * sizeof *wanted);
    Guarded out[POOLS];
    double difference, bound;
    assert_non_null(wanted);
    convolve("reference", shape, weights, with_bias ? bias : NULL, pools[0], in, wanted);
    for (int i = 0; i < POOLS; i++) {
        out[i] = guarded(count);
        convolve(backend, shape, weights, with_bias ? bias : NULL, pools[i], in, out[i].data);
    }
    /* terms are below 1 and of random sign: n of them sum to about sqrt(n), with as many roundings */
    bound = 4e-7 * sqrt(shape->in_channels) * shape->kernel * sqrt(sqrt(shape->in_channels) * shape->kernel) + 3e-7;
    difference = largest_difference(out[0].data, wanted, count);
    if (!(difference <= bound))
        fail_msg("%s: %d to %d channels, kernel %d, %dx%d, border %d, relu %d, bias %d: off by %g, where %g is allowed",
                 backend, shape->in_channels, shape->out_channels, shape->kernel, shape->width, shape->height,
                 (int)shape->border, shape->relu, with_bias, difference, bound);
    for (int i = 1; i < POOLS; i++)
        assert_memory_equal(out[i].data, out[0].data, count * sizeof(float));
    for (int i = 0; i < POOLS; i++)
        release(&out[i]);
    free(in);
    free(weights);
    free(bias);
    free(wanted);
}

static void test_backends_agree_with_the_reference(void **state)
{
    static const struct {
        int in, out, kernel, height, width;
    } sizes[] = {
        {3, 16, 3, 1, 1},    {1, 1, 3, 2, 2},     {3, 5, 3, 3, 5},    {16, 3, 3, 1, 7},   {2, 3, 3, 9, 1},
        {16, 32, 3, 17, 33}, {3, 16, 3, 67, 129}, {33, 7, 3, 31, 29}, {64, 64, 3, 23, 45}, {130, 9, 3, 30, 31},
        {128, 130, 3, 9, 11}, {3, 4, 1, 5, 3},    {64, 17, 1, 70, 61}, {5, 6, 5, 2, 3},    {3, 8, 9, 3, 4},
        {7, 2, 9, 1, 1},     {1, 1, 1, 1, 1},     {2, 2, 7, 64, 64},
    };
    (void)state;
    assert_non_null(fast_backend(0));
    for (int b = 0; fast_backend(b); b++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (int variant = 0; variant < 4; variant++) {
                SolConvShape shape = {.in_channels = sizes[i].in,
                                      .out_channels = sizes[i].out,
                                      .kernel = sizes[i].kernel,
                                      .height = sizes[i].height,
                                      .width = sizes[i].width,
                                      .border = variant & 1 ? SOL_BORDER_ZERO : SOL_BORDER_REFLECT,
                                      .relu = variant & 2};
                if (sol_conv_backend(fast_backend(b))->supports(&shape))
                    check_conv(fast_backend(b), &shape, variant != 3);
            }
}

/* Sizes one pixel around multiples of the strips that a backend may cut a picture into. */
static void test_backends_at_strip_edges(void **state)
{
    (void)state;
    for (int b = 0; fast_backend(b); b++)
        for (int width = 94; width <= 98; width++) {
            SolConvShape narrow = {.in_channels = 3, .out_channels = 2, .kernel = 3, .height = 44, .width = width};
            SolConvShape deep = {.in_channels = 128, .out_channels = 3, .kernel = 3, .height = 2, .width = width};
            check_conv(fast_backend(b), &narrow, true);
            check_conv(fast_backend(b), &deep, true);
        }
}

static void test_reference_convolution_by_hand(void **state)
{
    static const float in[6] = {1, 2, 3, 4, 5, 6}; /* 1 2 3 / 4 5 6 */
    static const float upper_left[9] = {1, 0, 0, 0, 0, 0, 0, 0, 0}, lower_right[9] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const float one_bias = -4;
    SolConvShape shape = {.in_channels = 1, .out_channels = 1, .kernel = 3, .height = 2, .width = 3};
    float out[6];
    (void)state;
    convolve("reference", &shape, upper_left, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){5, 4, 5, 2, 1, 2}), sizeof out);
    convolve("reference", &shape, lower_right, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){5, 6, 5, 2, 3, 2}), sizeof out);
    shape.border = SOL_BORDER_ZERO;
    convolve("reference", &shape, upper_left, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){0, 0, 0, 0, 1, 2}), sizeof out);
    shape.relu = true;
    convolve("reference", &shape, lower_right, &one_bias, pools[0], in, out);
    assert_memory_equal(out, ((float[]){1, 2, 0, 0, 0, 0}), sizeof out);
}

static void test_a_lone_pixel_repeats(void **state)
{
    static const float in = 2, weights[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    SolConvShape shape = {.in_channels = 1, .out_channels = 1, .kernel = 3, .height = 1, .width = 1};
    (void)state;
    for (int b = 0; sol_conv_backend_at(b); b++) {
        float out = 0;
        convolve(sol_conv_backend_at(b)->name, &shape, weights, NULL, pools[0], &in, &out);
        assert_true(out == 90);
    }
}

static void test_border_index(void **state)
{
    static const int reflected[] = {0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1};
    (void)state;
    for (int i = -6; i < 8; i++)
        assert_int_equal(sol_border_index(SOL_BORDER_REFLECT, i, 4), reflected[i + 6]);
    for (int i = -5; i < 5; i++) {
        assert_int_equal(sol_border_index(SOL_BORDER_REFLECT, i, 1), 0);
        assert_int_equal(sol_border_index(SOL_BORDER_ZERO, i, 1), i == 0 ? 0 : -1);
    }
}

static void test_senseless_convolutions_are_refused(void **state)
{
    static const SolConvShape good = {.in_channels = 2, .out_channels = 2, .kernel = 3, .height = 4, .width = 4};
    SolConvShape bad[7];
    SolConv *conv = NULL;
    float weights[36] = {0};
    (void)state;
    for (int i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].in_channels = 0;
    bad[1].out_channels = -1;
    bad[2].kernel = 2;
    bad[3].height = 0;
    bad[4].width = INT_MAX; /* a plane beyond what matrix libraries count */
    bad[5].in_channels = INT_MAX;
    bad[6].kernel = INT_MAX;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(sol_conv_plan(&conv, NULL, &bad[i], weights, NULL, pools[0]), SOL_ERR_ARGUMENT);
        assert_null(conv);
    }
    assert_null(sol_conv_backend("unheard-of"));
    assert_int_equal(sol_conv_plan(&conv, NULL, &good, weights, NULL, pools[0]), 0);
    assert_string_equal(conv->backend->name, "blas");
    sol_conv_close(&conv);
    assert_true(sol_conv_macs(&good) == 2 * 2 * 9 * 16);
}

/* ---- the other operators ---- */

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
            size_t pooled = count_of(half), doubled = 4 * count_of(s);
            float *in = random_planes(count_of(s), 11), *wanted = malloc(doubled * sizeof *wanted);
            Guarded out = guarded(pooled);
            sol_reference_max_pool(in, s, wanted);
            sol_op_max_pool(pools[t], in, s, out.data);
            if (pooled)
                assert_memory_equal(out.data, wanted, pooled * sizeof *wanted);
            release(&out);
            out = guarded(doubled);
            sol_reference_upsample(in, s, wanted);
            sol_op_upsample(pools[t], in, s, out.data);
            assert_memory_equal(out.data, wanted, doubled * sizeof *wanted);
            release(&out);
            free(in);
            free(wanted);
        }
}

/* Each operator both beside its input and over it. */
static void check_elementwise(SolShape s, SolPool *pool, int in_place)
{
    size_t count = count_of(s), channels = (size_t)s.channels;
    float *a = random_planes(count, 21), *b = random_planes(count, 22), *wanted = malloc(count * sizeof *wanted);
    float *scale = random_planes(channels, 23), *offset = random_planes(channels, 24);
    for (int op = 0; op < 5; op++) {
        Guarded out = guarded(count);
        const float *in = a;
        if (in_place)
            in = memcpy(out.data, a, count * sizeof *a);
        switch (op) {
        case 0:
            sol_reference_add(a, b, s, wanted);
            sol_op_add(pool, in, b, s, out.data);
            break;
        case 1: /* over the second input */
            sol_reference_add(b, a, s, wanted);
            sol_op_add(pool, b, in, s, out.data);
            break;
        case 2:
            sol_reference_relu(a, s, wanted);
            sol_op_relu(pool, in, s, out.data);
            break;
        case 3:
            sol_reference_affine(a, s, scale, offset, wanted);
            sol_op_affine(pool, in, s, scale, offset, out.data);
            break;
        default:
            sol_reference_adain(a, s, offset, scale, wanted);
            sol_op_adain(pool, in, s, offset, scale, out.data);
            break;
        }
        assert_true(largest_difference(out.data, wanted, count) <= (op == 4 ? 2e-6 : 1e-6));
        release(&out);
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

static void test_moments(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int t = 0; t < POOLS; t++) {
            SolShape s = shapes[i];
            size_t channels = (size_t)s.channels;
            float *in = random_planes(count_of(s), 31);
            Guarded mean = guarded(channels), std = guarded(channels);
            float *wanted_mean = malloc(channels * sizeof(float)), *wanted_std = malloc(channels * sizeof(float));
            for (size_t k = 0; k < count_of(s); k++) /* means that dwarf the deviations */
                in[k] = in[k] * 0.01f + 1000.0f * (float)(k / sol_shape_plane(s) + 1);
            sol_reference_moments(in, s, wanted_mean, wanted_std);
            sol_op_moments(pools[t], in, s, mean.data, std.data);
            for (size_t c = 0; c < channels; c++) {
                assert_true(fabsf(mean.data[c] - wanted_mean[c]) <= 1e-6f * wanted_mean[c]);
                assert_true(fabsf(std.data[c] - wanted_std[c]) <= 1e-5f * wanted_std[c]);
            }
            release(&mean);
            release(&std);
            free(in);
            free(wanted_mean);
            free(wanted_std);
        }
}

static void test_moments_by_hand(void **state)
{
    static const float in[8] = {1, 2, 3, 6, 7, 7, 7, 7};
    SolShape shape = {2, 2, 2};
    float mean[2], std[2];
    (void)state;
    sol_op_moments(pools[0], in, shape, mean, std);
    assert_true(mean[0] == 3 && mean[1] == 7);
    assert_true(fabs((double)std[0] - sqrt(3.5 + 1e-5)) < 1e-6); /* of the 4 squares 4, 1, 0, 9 */
    assert_true(fabs((double)std[1] - sqrt(1e-5)) < 1e-9);
}

/* A channel of one value comes out as the target mean exactly, whatever it is stretched by. */
static void test_adain_of_a_flat_channel(void **state)
{
    static const float mean = 0.75f, std = 40;
    float in[15], out[15];
    (void)state;
    for (int i = 0; i < 15; i++)
        in[i] = 0.1f;
    sol_op_adain(pools[0], in, (SolShape){1, 3, 5}, &mean, &std, out);
    for (int i = 0; i < 15; i++)
        assert_true(out[i] == mean);
}

/* Differences as small as rounding makes them are not blown up; the faintest real ones are kept. */
static void test_adain_of_rounding_errors(void **state)
{
    static const float mean = 2, std = 300;
    float in[256], out[256];
    (void)state;
    for (int i = 0; i < 256; i++)
        in[i] = 4.0f + (i % 2 ? 5e-7f : -5e-7f);
    sol_op_adain(pools[0], in, (SolShape){1, 16, 16}, &mean, &std, out);
    for (int i = 0; i < 256; i++)
        assert_true(fabsf(out[i] - mean) < 1e-6f);
    for (int i = 0; i < 256; i++)
        in[i] = 0.25f + (i % 2 ? 1.0f : -1.0f) / 1024;
    sol_op_adain(pools[0], in, (SolShape){1, 16, 16}, &mean, &std, out);
    for (int i = 0; i < 256; i++) {
        double plain = 2 + (i % 2 ? 1.0 : -1.0) / 1024 * 300 / sqrt(1.0 / 1048576 + 1e-5);
        assert_true(fabs((double)out[i] - plain) < 1e-5 * fabs(plain));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_border_index),
        cmocka_unit_test(test_reference_convolution_by_hand),
        cmocka_unit_test(test_a_lone_pixel_repeats),
        cmocka_unit_test(test_backends_agree_with_the_reference),
        cmocka_unit_test(test_backends_at_strip_edges),
        cmocka_unit_test(test_senseless_convolutions_are_refused),
        cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_moments_by_hand),
        cmocka_unit_test(test_adain_of_a_flat_channel),
        cmocka_unit_test(test_adain_of_rounding_errors),
    };
    return cmocka_run_group_tests_name("nn/ops", tests, set_up, tear_down);
}

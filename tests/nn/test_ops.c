/* SPDX-License-Identifier: Apache-2.0
 *
 * Every operator but convolution against its naive twin on awkward shapes, and some against results worked
 * out by hand.
 */
#include "support/planes.h"
#include "support/support.h"

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
        cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_moments_by_hand),
        cmocka_unit_test(test_adain_of_a_flat_channel),
        cmocka_unit_test(test_adain_of_rounding_errors),
    };
    return cmocka_run_group_tests_name("nn/ops", tests, set_up_pools, tear_down_pools);
}

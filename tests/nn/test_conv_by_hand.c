/* SPDX-License-Identifier: Apache-2.0
 *
 * The naive convolution, which all others are held against, against results worked out by hand; and what none of them
 * takes.
 */
#include "support/convolutions.h"
#include "support/support.h"

#include "nn/ops.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

static void test_reference_convolution_by_hand(void **state)
{
    static const float in[6] = {1, 2, 3, 4, 5, 6}; /* 1 2 3 / 4 5 6 */
    static const float upper_left[9] = {1, 0, 0, 0, 0, 0, 0, 0, 0}, lower_right[9] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const float one_bias = -4;
    SolConvShape shape = {.in_channels = 1, .out_channels = 1, .kernel = 3, .height = 2, .width = 3};
    float out[6];
    (void)state;
    convolve(sol_conv_backend("reference"), &shape, upper_left, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){5, 4, 5, 2, 1, 2}), sizeof out);
    convolve(sol_conv_backend("reference"), &shape, lower_right, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){5, 6, 5, 2, 3, 2}), sizeof out);
    shape.border = SOL_BORDER_ZERO;
    convolve(sol_conv_backend("reference"), &shape, upper_left, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){0, 0, 0, 0, 1, 2}), sizeof out);
    shape.relu = true;
    convolve(sol_conv_backend("reference"), &shape, lower_right, &one_bias, pools[0], in, out);
    assert_memory_equal(out, ((float[]){1, 2, 0, 0, 0, 0}), sizeof out);
}

/* A row of pixels under a kernel of one row, 1 10 100. */
static void test_strides_by_hand(void **state)
{
    static const float in[4] = {1, 2, 3, 4}, row[9] = {0, 0, 0, 1, 10, 100, 0, 0, 0};
    const SolConvBackend *reference = sol_conv_backend("reference");
    SolConvShape shape = {.in_channels = 1, .out_channels = 1, .kernel = 3, .stride = 2, .height = 1, .width = 4};
    float out[8];
    (void)state;
    convolve(reference, &shape, row, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){212, 432}), 2 * sizeof *out);
    shape.border = SOL_BORDER_ZERO;
    convolve(reference, &shape, row, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){210, 432}), 2 * sizeof *out);
    shape.border = SOL_BORDER_SAME; /* an even side: the only zero comes last */
    convolve(reference, &shape, row, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){321, 43}), 2 * sizeof *out);
    shape.width = 3;
    convolve(reference, &shape, row, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){210, 32}), 2 * sizeof *out);
    shape.border = SOL_BORDER_VALID; /* of three rows, the middle one meets the kernel's */
    shape.height = 3;
    convolve(reference, &shape, row, NULL, pools[0], (const float[]){9, 9, 9, 1, 2, 3, 9, 9, 9}, out);
    assert_true(out[0] == 321);
    shape.stride = 1;
    shape.width = 4;
    convolve(reference, &shape, row, NULL, pools[0], (const float[]){9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9}, out);
    assert_memory_equal(out, ((float[]){321, 432}), 2 * sizeof *out);
    shape = (SolConvShape){.in_channels = 1, .out_channels = 1, .kernel = 3, .stride = 2, .height = 1};
    shape.transposed = true;
    shape.width = 2; /* what the even side of above gave back: 0 2 4 6 meet nothing but the middle row */
    convolve(reference, &shape, row, NULL, pools[0], in, out);
    assert_memory_equal(out, ((float[]){0, 0, 0, 0, 1, 10, 102, 20}), sizeof out);
    assert_true(sol_conv_macs(&shape) == 2 * 9);
}

/*
 * A transposed convolution is the gradient of the strided one: <y, conv(x)> = <transposed(y), x> for any x and y, with
 * the weights of one channel to another in the same place.
 */
static void test_a_transposed_convolution_is_a_gradient(void **state)
{
    enum { IN = 3, OUT = 4, HEIGHT = 6, WIDTH = 10, BIG = IN * HEIGHT * WIDTH, SMALL = OUT * HEIGHT * WIDTH / 4 };
    const SolConvBackend *reference = sol_conv_backend("reference");
    (void)state;
    for (int kernel = 1; kernel <= 9; kernel += 2) {
        SolConvShape shape = {.in_channels = IN, .out_channels = OUT, .kernel = kernel, .stride = 2, .height = HEIGHT,
                              .width = WIDTH, .border = SOL_BORDER_SAME};
        float *weights = random_planes(weight_count(&shape), 2), *x = random_planes(BIG, 3);
        float *y = random_planes(SMALL, 4), smaller[SMALL], larger[BIG];
        double one = 0, other = 0;
        convolve(reference, &shape, weights, NULL, pools[0], x, smaller);
        shape = (SolConvShape){.in_channels = OUT, .out_channels = IN, .kernel = kernel, .transposed = true,
                               .height = HEIGHT / 2, .width = WIDTH / 2};
        convolve(reference, &shape, weights, NULL, pools[0], y, larger);
        for (int i = 0; i < SMALL; i++)
            one += (double)y[i] * (double)smaller[i];
        for (int i = 0; i < BIG; i++)
            other += (double)x[i] * (double)larger[i];
        assert_true(fabs(one - other) < 1e-4);
        free(weights);
        free(x);
        free(y);
    }
}

static void test_a_lone_pixel_repeats(void **state)
{
    static const float in = 2, weights[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    SolConvShape shape = {.in_channels = 1, .out_channels = 1, .kernel = 3, .height = 1, .width = 1};
    (void)state;
    for (int b = 0; sol_conv_backend_at(b); b++) {
        float out = 0;
        convolve(sol_conv_backend_at(b), &shape, weights, NULL, pools[0], &in, &out);
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
    SolConvShape bad[9];
    SolConv *conv = NULL;
    float weights[36] = {0};
    (void)state;
    for (int i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].in_channels = 0;
    bad[1].out_channels = -1;
    bad[2].kernel = 2;
    bad[3].height = 0;
    bad[4].width = INT_MAX; /* a plane beyond what matrix libraries count */
    bad[5].in_channels = INT_MAX;
    bad[6].kernel = INT_MAX;
    bad[7].border = bad[8].border = SOL_BORDER_VALID; /* nothing is left */
    bad[7].kernel = 5;
    bad[8].kernel = INT_MAX;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(sol_conv_plan(&conv, NULL, &bad[i], weights, NULL, pools[0]), SOL_ERR_ARGUMENT);
        assert_null(conv);
    }
    assert_null(sol_conv_backend("unheard-of"));
    assert_int_equal(sol_conv_plan(&conv, NULL, &good, weights, NULL, pools[0]), 0);
    assert_string_equal(conv->backend->name, "blas");
    sol_conv_close(&conv);
    assert_true(sol_conv_macs(&good) == 2 * 2 * 9 * 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_border_index),
        cmocka_unit_test(test_reference_convolution_by_hand),
        cmocka_unit_test(test_strides_by_hand),
        cmocka_unit_test(test_a_transposed_convolution_is_a_gradient),
        cmocka_unit_test(test_a_lone_pixel_repeats),
        cmocka_unit_test(test_senseless_convolutions_are_refused),
    };
    return cmocka_run_group_tests_name("nn/conv_by_hand", tests, set_up_convolutions, tear_down_pools);
}

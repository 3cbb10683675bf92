/* SPDX-License-Identifier: Apache-2.0
 *
 * Every convolution backend, and every method of theirs, against the naive twin on awkward shapes.
 */
#include "support/convolutions.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/bfloat16.h"
#include "nn/conv_blas.h"
#include "nn/gemm.h"
#include "nn/kernels.h"
#include "nn/ops.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef SOL_HAVE_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

/* Number `i` of the backends and methods that are held against the reference; NULL behind the last. */
static const SolConvBackend *fast_backend(int i)
{
    static const SolConvBackend *const methods[] = {&sol_conv_im2col, &sol_conv_winograd, &sol_conv_direct,
                                                    &sol_conv_strided};
    const SolConvBackend *reference = sol_conv_backend("reference");
    if (i < 4)
        return methods[i];
    for (int b = 0; sol_conv_backend_at(b); b++)
        if (sol_conv_backend_at(b) != reference && i-- == 4)
            return sol_conv_backend_at(b);
    return NULL;
}

/*
 * How much further rounding errors go in Winograd's method than in the sum that it stands for: the worst
 * of the outputs y = A^T ((G w) (B^T d)) of a tile, where the elements of w and d are independent, and
 * every product errs in proportion to its deviation; over the deviation of y. Squared: along two sides.
 */
static double winograd_factor(void)
{
    const double points[5] = {0, SOL_POINT_A, -SOL_POINT_A, SOL_POINT_B, -SOL_POINT_B};
    double worst = 0;
    for (int i = 0; i < SOL_TILE; i++) {
        double variance = 0;
        for (int p = 0; p <= 5; p++) {
            double product[6] = {1}, divisor = 1, b = 0, g = 0;
            for (int q = 0, degree = 0; q < 5; q++) {
                if (q == p)
                    continue;
                degree++;
                for (int k = degree; k >= 0; k--) /* times (x - points[q]) */
                    product[k] = (k > 0 ? product[k - 1] : 0) - (k < degree ? points[q] * product[k] : 0);
                divisor *= p < 5 ? points[p] - points[q] : 1;
            }
            for (int k = 0; k < 6; k++)
                b += product[k] * product[k];
            for (int k = 0; k < 3; k++)
                g += p < 5 ? pow(points[p], 2 * k) / divisor / divisor : k == 2;
            variance += (p < 5 ? pow(points[p], 2 * i) : i == 3) * b * g;
        }
        worst = fmax(worst, variance / 3);
    }
    return worst;
}

/* A convolution, and what the reference makes of it. */
typedef struct Case {
    const SolConvShape *shape;
    float *in, *weights, *bias, *wanted;
    size_t count; /* of numbers that come out */
    bool with_bias;
} Case;

/* One backend against the reference, and against itself with other numbers of threads. */
static void check_case(const SolConvBackend *backend, const Case *c)
{
    const SolConvShape *shape = c->shape;
    Guarded out[POOLS];
    double difference, bound;
    bool winograd = false;
    for (int i = 0; i < POOLS; i++) {
        out[i] = guarded(c->count);
        winograd = convolve(backend, shape, c->weights, c->with_bias ? c->bias : NULL, pools[i], c->in, out[i].data);
    }
    /* terms are below 1 and of random sign: n of them sum to about sqrt(n), with as many roundings */
    bound = 4e-7 * sqrt(shape->in_channels) * shape->kernel * sqrt(sqrt(shape->in_channels));
    bound = bound * (winograd ? winograd_factor() : sqrt(shape->kernel)) + 3e-7;
    difference = largest_difference(out[0].data, c->wanted, c->count);
    if (!(difference <= bound))
        fail_msg("%s: %d to %d channels, kernel %d, stride %d%s, %dx%d, border %d, relu %d, bias %d: off by %g, where %g "
                 "is allowed", backend->name, shape->in_channels, shape->out_channels, shape->kernel, shape->stride,
                 shape->transposed ? ", transposed" : "", shape->width, shape->height, (int)shape->border, shape->relu,
                 c->with_bias, difference, bound);
    for (int i = 1; i < POOLS; i++)
        assert_memory_equal(out[i].data, out[0].data, c->count * sizeof(float));
    for (int i = 0; i < POOLS; i++)
        release(&out[i]);
}

/* The backend, or (NULL) each one and each method that supports the shape. */
static void check_conv(const SolConvBackend *backend, const SolConvShape *shape, bool with_bias)
{
    size_t plane = (size_t)shape->height * (size_t)shape->width;
    SolShape out = sol_conv_output(shape);
    Case c = {.shape = shape,
              .in = random_planes(plane * (size_t)shape->in_channels, 1),
              .weights = random_planes(weight_count(shape), 2),
              .bias = random_planes((size_t)shape->out_channels, 3),
              .count = sol_shape_plane(out) * (size_t)shape->out_channels,
              .with_bias = with_bias};
    c.wanted = malloc(c.count * sizeof *c.wanted);
    assert_non_null(c.wanted);
    convolve(sol_conv_backend("reference"), shape, c.weights, with_bias ? c.bias : NULL, pools[0], c.in, c.wanted);
    if (backend)
        check_case(backend, &c);
    for (int b = 0; !backend && fast_backend(b); b++)
        if (fast_backend(b)->supports(shape))
            check_case(fast_backend(b), &c);
    free(c.in);
    free(c.weights);
    free(c.bias);
    free(c.wanted);
}

/* A backend or all (NULL), with every border and ReLU, or (`step` 3) with either once. */
static void agree_with_the_reference(const SolConvBackend *backend, int step)
{
    static const struct {
        int in, out, kernel, height, width;
    } sizes[] = {
        {3, 16, 3, 1, 1},    {1, 1, 3, 2, 2},     {3, 5, 3, 3, 5},    {16, 3, 3, 1, 7},   {2, 3, 3, 9, 1},
        {16, 32, 3, 17, 33}, {3, 16, 3, 67, 129}, {3, 4, 3, 9, 270},  {19, 2, 3, 21, 257}, {4, 33, 3, 8, 256},
        {33, 7, 3, 31, 29},  {64, 64, 3, 23, 45}, {130, 9, 3, 30, 31},
        {128, 130, 3, 9, 11}, {3, 4, 1, 5, 3},    {64, 17, 1, 70, 61}, {5, 6, 5, 2, 3},    {3, 8, 9, 3, 4},
        {7, 2, 9, 1, 1},     {1, 1, 1, 1, 1},     {2, 2, 7, 64, 64},    {512, 33, 3, 5, 6},   {5, 512, 3, 6, 3},
        {256, 300, 3, 4, 13},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int variant = 0; variant < 4; variant += step) {
            SolConvShape shape = {.in_channels = sizes[i].in,
                                  .out_channels = sizes[i].out,
                                  .kernel = sizes[i].kernel,
                                  .height = sizes[i].height,
                                  .width = sizes[i].width,
                                  .border = variant & 1 ? SOL_BORDER_ZERO : SOL_BORDER_REFLECT,
                                  .relu = variant & 2};
            if (!backend || backend->supports(&shape))
                check_conv(backend, &shape, variant != 3);
        }
}

static void test_backends_agree_with_the_reference(void **state)
{
    (void)state;
    assert_non_null(fast_backend(0));
    agree_with_the_reference(NULL, 1);
}

/* Strides, transposed convolutions and TensorFlow's borders, with kernels of all sizes: a backend or all (NULL). */
static void agree_where_sizes_change(const SolConvBackend *backend, int step)
{
    static const struct {
        int in, out, kernel, height, width;
    } sizes[] = {
        {1, 1, 3, 1, 1},    {3, 16, 3, 2, 2},   {2, 3, 1, 5, 4},     {16, 16, 3, 9, 14}, {17, 33, 3, 8, 31},
        {3, 5, 5, 6, 7},    {20, 3, 7, 12, 11}, {5, 18, 9, 10, 3},   {4, 4, 9, 1, 6},    {40, 70, 3, 5, 197},
        {64, 20, 3, 5, 96}, {2, 2, 3, 67, 5},   {130, 17, 3, 6, 50}, {3, 3, 9, 20, 270}, {3, 20, 9, 5, 258},
        {35, 4, 9, 11, 30}, {3, 17, 5, 9, 260}, {18, 2, 7, 3, 259},  {4, 3, 15, 30, 5},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int variant = (int)(i % 2); variant < 8; variant += 2 * step) { /* neighbours take turns */
            SolConvShape shape = {.in_channels = sizes[i].in,
                                  .out_channels = sizes[i].out,
                                  .kernel = sizes[i].kernel,
                                  .stride = variant < 4 ? 2 : 1,
                                  .transposed = variant == 4 || variant == 5,
                                  .height = sizes[i].height,
                                  .width = sizes[i].width,
                                  .border = variant == 0   ? SOL_BORDER_REFLECT
                                            : variant == 1 ? SOL_BORDER_ZERO
                                                           : SOL_BORDER_SAME,
                                  .relu = variant % 2};
            if (variant == 7)
                shape.border = SOL_BORDER_REFLECT;
            if (!backend || backend->supports(&shape))
                check_conv(backend, &shape, variant != 3);
        }
}

/* Without a border, on sides down to the kernel's: a backend or all (NULL). */
static void agree_without_a_border(const SolConvBackend *backend, int step)
{
    static const struct {
        int in, out, kernel, height, width;
    } sizes[] = {
        {1, 1, 3, 3, 3},     {3, 16, 3, 3, 8},   {2, 3, 1, 5, 4},   {16, 16, 3, 9, 14},  {17, 33, 3, 8, 31},
        {3, 32, 3, 13, 100}, {20, 3, 7, 12, 11}, {5, 18, 9, 10, 9}, {40, 70, 3, 5, 197}, {32, 32, 3, 6, 259},
        {3, 3, 5, 67, 5},    {4, 3, 15, 30, 16}, {1, 1, 1, 1, 1},   {64, 20, 3, 4, 96},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int variant = 0; variant < 4; variant += step) {
            SolConvShape shape = {.in_channels = sizes[i].in,
                                  .out_channels = sizes[i].out,
                                  .kernel = sizes[i].kernel,
                                  .stride = 1 + variant % 2,
                                  .height = sizes[i].height,
                                  .width = sizes[i].width,
                                  .border = SOL_BORDER_VALID,
                                  .relu = variant / 2};
            SolShape out = sol_conv_output(&shape);
            assert_int_equal(out.height, (shape.height - shape.kernel) / shape.stride + 1);
            assert_int_equal(out.width, (shape.width - shape.kernel) / shape.stride + 1);
            if (!backend || backend->supports(&shape))
                check_conv(backend, &shape, variant != 3);
        }
}

static void test_backends_agree_without_a_border(void **state)
{
    (void)state;
    assert_true(sol_conv_strided.supports(&(SolConvShape){.in_channels = 3, .out_channels = 3, .kernel = 3,
                                                          .height = 9, .width = 9, .border = SOL_BORDER_VALID}));
    agree_without_a_border(NULL, 1);
}

static void test_backends_agree_where_sizes_change(void **state)
{
    (void)state;
    agree_where_sizes_change(NULL, 1);
}

/* In bfloat16: what the reference makes of rounded inputs and weights, rounded. */
static void check_bfloat16(const SolConvBackend *backend, const SolConvShape *shape)
{
    size_t plane = (size_t)shape->height * (size_t)shape->width, count = plane * (size_t)shape->out_channels;
    size_t inputs = plane * (size_t)shape->in_channels;
    float *in = random_planes(inputs, 1), *weights = random_planes(weight_count(shape), 2);
    float *bias = random_planes((size_t)shape->out_channels, 3), *wanted = malloc(count * sizeof *wanted);
    double bound = 4e-7 * sqrt(shape->in_channels) * shape->kernel * sqrt(sqrt(shape->in_channels) * shape->kernel) + 3e-7;
    SolConvShape exact = *shape;
    Guarded out[POOLS];
    exact.element = SOL_FLOAT32;
    assert_non_null(wanted);
    for (size_t i = 0; i < inputs; i++)
        in[i] = sol_from_bfloat16(sol_to_bfloat16(in[i]));
    for (size_t i = 0; i < weight_count(shape); i++)
        weights[i] = sol_from_bfloat16(sol_to_bfloat16(weights[i]));
    convolve(sol_conv_backend("reference"), &exact, weights, bias, pools[0], in, wanted);
    for (int i = 0; i < POOLS; i++) {
        out[i] = guarded(count);
        convolve(backend, shape, weights, bias, pools[i], in, out[i].data);
        for (size_t k = 0; k < count; k++)
            if (!(fabs((double)out[i].data[k] - (double)wanted[k]) <= fabs((double)wanted[k]) / 256 + bound))
                fail_msg("%s: %d to %d channels, %dx%d: %g, not %g", backend->name, shape->in_channels,
                         shape->out_channels, shape->width, shape->height, (double)out[i].data[k], (double)wanted[k]);
        assert_memory_equal(out[i].data, out[0].data, count * sizeof(float));
    }
    for (int i = 0; i < POOLS; i++)
        release(&out[i]);
    free(in);
    free(weights);
    free(bias);
    free(wanted);
}

static void test_bfloat16(void **state)
{
    static const int sizes[][4] = {{16, 16, 9, 33}, {3, 64, 5, 7},   {64, 3, 17, 6}, {33, 18, 4, 5},
                                   {64, 64, 1, 1},  {128, 32, 2, 3}, {512, 16, 3, 5}, {32, 32, 70, 130}};
    int tried = 0;
    (void)state;
    for (int b = 0; sol_conv_backend_at(b); b++)
        for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
            const int *size = sizes[i / 2];
            SolConvShape shape = {.in_channels = size[0], .out_channels = size[1], .height = size[2], .width = size[3],
                                  .kernel = 3, .border = i % 2 ? SOL_BORDER_ZERO : SOL_BORDER_REFLECT,
                                  .relu = i % 3 == 0, .element = SOL_BFLOAT16};
            if (!sol_conv_backend_at(b)->supports(&shape))
                continue;
            tried++;
            check_bfloat16(sol_conv_backend_at(b), &shape);
        }
    if (tried == 0) {
        print_message("no backend multiplies bfloat16 here\n");
        skip();
    }
}

/* Sizes one pixel around multiples of the strips that a backend may cut a picture into. */
static void test_backends_at_strip_edges(void **state)
{
    (void)state;
    for (int width = 94; width <= 98; width++) {
        SolConvShape narrow = {.in_channels = 3, .out_channels = 2, .kernel = 3, .height = 44, .width = width};
        SolConvShape deep = {.in_channels = 128, .out_channels = 3, .kernel = 3, .height = 2, .width = width};
        check_conv(NULL, &narrow, true);
        check_conv(NULL, &deep, true);
    }
}

/* Sizes around whole tiles, runs of tiles and blocks of them, along both sides. */
static void test_winograd_at_tile_edges(void **state)
{
    static const int sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 127, 128, 129, 130, 253, 256, 257, 258, 300};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int variant = 0; variant < 6; variant++) {
            SolConvShape shape = {.in_channels = 4 + variant, .out_channels = 3, .kernel = 3, .relu = variant & 1,
                                  .border = variant & 1 ? SOL_BORDER_ZERO : SOL_BORDER_REFLECT};
            shape.width = variant < 4 ? sizes[i] : 3 + variant;
            shape.height = variant < 4 ? 1 + 4 * variant : sizes[i];
            check_conv(&sol_conv_winograd, &shape, true);
        }
}

/* ---- neighbours' work ---- */

/* Features of random numbers, the same for the same seed, in any layout. */
static SolFeatures random_features(Guarded *memory, SolShape shape, SolLayout layout, uint32_t seed)
{
    float *planes = random_planes((size_t)shape.channels * sol_shape_plane(shape), seed);
    SolFeatures from = sol_planes(planes, shape), to = empty_features(memory, shape, layout);
    sol_op_convert(pools[0], &from, &to);
    free(planes);
    return to;
}

static void run_conv(const SolConv *conv, SolConvData data)
{
    Guarded scratch = guarded((conv->scratch + sizeof(float) - 1) / sizeof(float));
    sol_conv_run(conv, &data, scratch.data);
    release(&scratch);
}

/* What both have in their channels; what only fills up the last group has no meaning. */
static void assert_same(const SolFeatures *a, const SolFeatures *b)
{
    size_t count = (size_t)a->shape.channels * sol_shape_plane(a->shape);
    float *x = malloc(count * sizeof *x + 1), *y = malloc(count * sizeof *y + 1);
    SolFeatures first = sol_planes(x, a->shape), second = sol_planes(y, a->shape);
    assert_non_null(x);
    assert_non_null(y);
    sol_op_convert(pools[0], a, &first);
    sol_op_convert(pools[0], b, &second);
    assert_memory_equal(x, y, count * sizeof *x);
    free(x);
    free(y);
}

/* A fused convolution against the same one with separate steps around it: every bit. */
static void check_fused(const SolConvBackend *backend, const SolConvShape *fused, int in_place, SolPool *pool)
{
    SolConvShape plain = *fused;
    SolShape in = {fused->in_channels, fused->height, fused->width};
    SolShape out = {fused->out_channels, fused->height, fused->width};
    SolShape small = {in.channels, in.height / 2, in.width / 2}, pooled = {out.channels, out.height / 2, out.width / 2};
    float *weights = random_planes(weight_count(fused), 2), *bias = random_planes((size_t)fused->out_channels, 3);
    SolConv *one = NULL, *other = NULL;
    Guarded memory[7];
    SolFeatures x, whole, added, wanted, wanted_pooled, got, got_pooled;
    plain.upsample = plain.added = false;
    plain.pooling = SOL_POOLING_NONE;
    assert_int_equal(sol_conv_plan(&one, backend, fused, weights, bias, pool), 0);
    assert_int_equal(sol_conv_plan(&other, backend, &plain, weights, bias, pool), 0);
    assert_ptr_equal(one->method, other->method);
    x = random_features(&memory[0], fused->upsample ? small : in, one->in, 1);
    added = random_features(&memory[1], out, one->out, 4);
    whole = empty_features(&memory[2], in, one->in);
    wanted = empty_features(&memory[3], out, one->out);
    wanted_pooled = empty_features(&memory[4], pooled, one->out);
    got = empty_features(&memory[5], out, one->out);
    got_pooled = empty_features(&memory[6], pooled, one->out);
    if (fused->upsample)
        sol_op_upsample(pool, &x, &whole);
    run_conv(other, (SolConvData){.in = fused->upsample ? whole.data : x.data, .out = wanted.data});
    if (fused->added)
        sol_op_add(pool, &wanted, &added, &wanted);
    sol_op_max_pool(pool, &wanted, &wanted_pooled);
    if (in_place)
        sol_op_convert(pool, &added, &got);
    run_conv(one, (SolConvData){.in = x.data,
                                .out = fused->pooling == SOL_POOLING_ONLY ? NULL : got.data,
                                .pooled = fused->pooling == SOL_POOLING_NONE ? NULL : got_pooled.data,
                                .added = !fused->added ? NULL : in_place ? got.data : added.data});
    if (fused->pooling != SOL_POOLING_ONLY)
        assert_same(&got, &wanted);
    if (fused->pooling != SOL_POOLING_NONE)
        assert_same(&got_pooled, &wanted_pooled);
    for (int i = 0; i < 7; i++)
        release(&memory[i]);
    sol_conv_close(&one);
    sol_conv_close(&other);
    free(weights);
    free(bias);
}

/* All that a method takes over, at sizes around its tiles, blocks and groups. */
static void test_fused_is_the_same_as_separate(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 2},  {2, 6},  {4, 4},   {6, 10},  {5, 3},    {7, 9},
                                   {8, 1}, {18, 34}, {16, 66}, {34, 130}, {12, 258}, {10, 514}, {9, 259}};
    static const int channels[][2] = {{3, 5}, {4, 33}, {20, 16}, {40, 3}, {17, 4}, {16, 70}, {3, 3}};
    int tried[3] = {0};
    (void)state;
    for (int b = 0; fast_backend(b); b++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t c = 0; c < sizeof channels / sizeof *channels; c++)
                for (int variant = 1; variant < 12; variant++) {
                    SolConvShape shape = {.in_channels = channels[c][0], .out_channels = channels[c][1], .kernel = 3,
                                          .height = sizes[i][0], .width = sizes[i][1], .relu = variant % 2 == 0,
                                          .border = (i + c) % 2 ? SOL_BORDER_ZERO : SOL_BORDER_REFLECT,
                                          .upsample = variant % 2, .added = variant / 2 % 2,
                                          .pooling = (SolPooling)(variant / 4)};
                    if (!sol_conv_is_fused(&shape) || !sol_conv_fuses(fast_backend(b), &shape))
                        continue;
                    check_fused(fast_backend(b), &shape, variant % 3 == 0, pools[variant % POOLS]);
                    tried[0] += shape.upsample;
                    tried[1] += shape.added;
                    tried[2] += shape.pooling != SOL_POOLING_NONE;
                }
    assert_true(tried[0] > 100 && tried[1] > 100 && tried[2] > 100);
    assert_false(sol_conv_fuses(sol_conv_backend("reference"), &(SolConvShape){.in_channels = 16, .out_channels = 16,
                                .kernel = 3, .height = 32, .width = 32, .upsample = true}));
}

/* Which method the backend `blas` takes is a property of the shape. */
static void test_blas_chooses_by_shape(void **state)
{
    static const struct {
        SolConvShape shape;
        const SolConvBackend *method;
    } choices[] = {
        {{.in_channels = 64, .out_channels = 64, .kernel = 3, .height = 128, .width = 128}, &sol_conv_winograd},
        {{.in_channels = 16, .out_channels = 3, .kernel = 3, .height = 512, .width = 512}, &sol_conv_direct},
        {{.in_channels = 512, .out_channels = 512, .kernel = 3, .height = 16, .width = 16}, &sol_conv_winograd},
        {{.in_channels = 64, .out_channels = 64, .kernel = 1, .height = 128, .width = 128}, &sol_conv_im2col},
        {{.in_channels = 64, .out_channels = 64, .kernel = 5, .height = 128, .width = 128}, &sol_conv_im2col},
        {{.in_channels = 64, .out_channels = 64, .kernel = 3, .height = 7, .width = 9}, &sol_conv_im2col},
        {{.in_channels = 64, .out_channels = 64, .kernel = 3, .height = 1, .width = 1000}, &sol_conv_im2col},
        {{.in_channels = 3, .out_channels = 64, .kernel = 3, .height = 128, .width = 128}, &sol_conv_direct},
        {{.in_channels = 3, .out_channels = 32, .kernel = 9, .height = 128, .width = 128}, &sol_conv_direct},
        {{.in_channels = 32, .out_channels = 3, .kernel = 9, .height = 128, .width = 128}, &sol_conv_direct},
        {{.in_channels = 32, .out_channels = 64, .kernel = 3, .stride = 2, .height = 8, .width = 8}, &sol_conv_strided},
        {{.in_channels = 3, .out_channels = 3, .kernel = 3, .transposed = true, .height = 1, .width = 1},
         &sol_conv_strided},
    };
    float *weights = random_planes(512 * 512 * 9, 2);
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        SolConv *conv = NULL;
        assert_int_equal(
            sol_conv_plan(&conv, sol_conv_backend("blas"), &choices[i].shape, weights, NULL, pools[0]), 0);
        assert_ptr_equal(conv->method, choices[i].method);
        sol_conv_close(&conv);
    }
    free(weights);
}

/* Hiding instruction sets changes the speed, not a bit of the result. */
static void check_every_instruction_set(const SolConvBackend *backend, const SolConvShape *shape)
{
    static const char *const masks[] = {"c", "avx2", "avx512"};
    size_t plane = (size_t)shape->height * (size_t)shape->width;
    size_t count = (size_t)shape->out_channels * sol_shape_plane(sol_conv_output(shape));
    float *weights = random_planes(weight_count(shape), 2), *in = random_planes((size_t)shape->in_channels * plane, 1);
    float *wanted = malloc(count * sizeof *wanted);
    assert_non_null(wanted);
    unsetenv("SOLSTICE_CPUMASK");
    convolve(backend, shape, weights, NULL, pools[0], in, wanted);
    for (int i = 0; i < 3; i++) {
        Guarded out = guarded(count);
        setenv("SOLSTICE_CPUMASK", masks[i], 1);
        convolve(backend, shape, weights, NULL, pools[1], in, out.data);
        assert_memory_equal(out.data, wanted, count * sizeof *wanted);
        release(&out);
    }
    unsetenv("SOLSTICE_CPUMASK");
    free(weights);
    free(in);
    free(wanted);
}

static void test_every_instruction_set(void **state)
{
    static const int widths[] = {1, 5, 30, 61, 66, 150, 263, 400};
    (void)state;
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        SolConvShape shape = {.in_channels = 6, .out_channels = 5, .kernel = 3, .height = 19, .width = widths[w],
                              .relu = true};
        check_every_instruction_set(&sol_conv_winograd, &shape);
        shape.in_channels = 3;
        check_every_instruction_set(&sol_conv_direct, &shape);
        shape.in_channels = 21;
        for (shape.out_channels = 1; shape.out_channels <= SOL_FEW; shape.out_channels++)
            check_every_instruction_set(&sol_conv_direct, &shape);
        shape.kernel = 9;
        shape.out_channels = 3;
        check_every_instruction_set(&sol_conv_direct, &shape);
        shape.stride = 2;
        check_every_instruction_set(&sol_conv_strided, &shape);
        shape.transposed = true;
        check_every_instruction_set(&sol_conv_strided, &shape);
    }
}

#ifdef SOL_HAVE_ONEDNN
/* Shapes whose bands are of 16 rows (the first's of 4, where Winograd's method is not to be had), at this height. */
static void check_bands(int height)
{
    static const SolConvShape wide[] = {
        {.in_channels = 64, .out_channels = 1, .kernel = 3, .width = 510},
        {.in_channels = 16, .out_channels = 2, .kernel = 3, .width = 510, .border = SOL_BORDER_ZERO},
        {.in_channels = 64, .out_channels = 2, .kernel = 1, .width = 126, .relu = true},
        {.in_channels = 64, .out_channels = 1, .kernel = 3, .width = 254, .element = SOL_BFLOAT16},
    };
    const SolConvBackend *onednn = sol_conv_backend("onednn");
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        SolConvShape shape = wide[i];
        shape.height = height;
        if (!onednn->supports(&shape))
            continue;
        if (shape.element == SOL_BFLOAT16)
            check_bfloat16(onednn, &shape);
        else
            check_conv(onednn, &shape, true);
    }
}

/* Around whole bands, and with a last one of some rows. */
static void test_onednn_at_band_edges(void **state)
{
    static const int heights[] = {15, 17, 31, 32, 33, 38};
    (void)state;
    for (size_t i = 0; i < sizeof heights / sizeof heights[0]; i++)
        check_bands(heights[i]);
}

/* The instruction sets that the library may use under each mask; it fixes them when a process first asks for any. */
static const struct {
    const char *mask;
    dnnl_cpu_isa_t most;
} masks[] = {{"c", dnnl_cpu_isa_sse41},
             {"avx2", dnnl_cpu_isa_avx2},
             {"avx512", dnnl_cpu_isa_avx512_core},
             {"bf16", dnnl_cpu_isa_avx512_core_bf16}};

enum { MASKS = sizeof masks / sizeof masks[0] };

static void test_onednn_under_a_mask(void **state)
{
    const SolConvBackend *onednn = sol_conv_backend("onednn");
    const SolConvShape shape = {.in_channels = 2, .out_channels = 2, .kernel = 3, .height = 4, .width = 4};
    const char *mask = getenv("SOLSTICE_CPUMASK");
    int i = 0;
    (void)state;
    assert_non_null(mask);
    while (i < MASKS && strcmp(masks[i].mask, mask) != 0)
        i++;
    assert_true(i < MASKS);
    assert_true(onednn->supports(&shape));
    assert_int_equal((unsigned)dnnl_get_effective_cpu_isa() & ~(unsigned)masks[i].most, 0);
    agree_with_the_reference(onednn, 3);
    check_bands(38);
}

/* What runs in a process of its own for each mask. */
static int run_under_a_mask(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onednn_under_a_mask),
        cmocka_unit_test(test_bfloat16),
    };
    return cmocka_run_group_tests_name("nn/conv under a mask", tests, set_up_convolutions, tear_down_pools);
}

static void test_onednn_with_every_instruction_set(void **state)
{
    const char *program = *state;
    for (int i = 0; i < MASKS; i++)
        if (run_command("SOLSTICE_CPUMASK=%s %s masked", masks[i].mask, program) != 0)
            fail_msg("SOLSTICE_CPUMASK=%s:\n%s", masks[i].mask, printed);
}
#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backends_agree_with_the_reference),
        cmocka_unit_test(test_backends_agree_where_sizes_change),
        cmocka_unit_test(test_backends_agree_without_a_border),
        cmocka_unit_test(test_bfloat16),
        cmocka_unit_test(test_backends_at_strip_edges),
        cmocka_unit_test(test_winograd_at_tile_edges),
        cmocka_unit_test(test_fused_is_the_same_as_separate),
        cmocka_unit_test(test_blas_chooses_by_shape),
        cmocka_unit_test(test_every_instruction_set),
#ifdef SOL_HAVE_ONEDNN
        cmocka_unit_test(test_onednn_at_band_edges),
        cmocka_unit_test_prestate(test_onednn_with_every_instruction_set, argv[0]),
#endif
    };
#ifdef SOL_HAVE_ONEDNN
    if (argc > 1 && strcmp(argv[1], "masked") == 0)
        return run_under_a_mask();
#else
    (void)argc, (void)argv;
#endif
    return cmocka_run_group_tests_name("nn/conv", tests, set_up_convolutions, tear_down_pools);
}

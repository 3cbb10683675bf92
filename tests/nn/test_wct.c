/* SPDX-License-Identifier: Apache-2.0
 *
 * Whitening and colouring: against its definition in double precision with an eigensolver of its own, in every layout
 * and on awkward shapes; and what must hold of its results whatever the numbers.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/error.h"
#include "nn/eigen.h"
#include "nn/ops.h"
#include "nn/wct.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of(SolShape shape)
{
    return (size_t)shape.channels * sol_shape_plane(shape);
}

static void *need(void *memory)
{
    assert_non_null(memory);
    return memory;
}

/* ---- the twin ---- */

/* Mean and covariance (over pixels - 1) of planes, as they are defined. */
static void covariance(const float *x, SolShape s, double *mean, double *c)
{
    size_t n = sol_shape_plane(s), size = (size_t)s.channels;
    for (size_t i = 0; i < size; i++) {
        mean[i] = 0;
        for (size_t p = 0; p < n; p++)
            mean[i] += (double)x[i * n + p] / (double)n;
    }
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++) {
            c[i * size + j] = 0;
            for (size_t p = 0; p < n; p++)
                c[i * size + j] += ((double)x[i * n + p] - mean[i]) * ((double)x[j * n + p] - mean[j]);
            c[i * size + j] /= n > 1 ? (double)n - 1 : 1;
        }
}

/* Jacobi's method: rotations that make the matrix `a` diagonal, and of the identity its eigenvectors, by columns. */
static void jacobi(int n, double *a, double *v)
{
    for (int i = 0; i < n * n; i++)
        v[i] = i / n == i % n;
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                double theta, t, c, s;
                if (fabs(a[p * n + q]) < 1e-300)
                    continue;
                theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
                c = 1 / sqrt(t * t + 1);
                s = t * c;
                for (int k = 0; k < n; k++) {
                    double kp = a[k * n + p], kq = a[k * n + q];
                    a[k * n + p] = c * kp - s * kq;
                    a[k * n + q] = s * kp + c * kq;
                }
                for (int k = 0; k < n; k++) {
                    double pk = a[p * n + k], qk = a[q * n + k], vp = v[k * n + p], vq = v[k * n + q];
                    a[p * n + k] = c * pk - s * qk;
                    a[q * n + k] = s * pk + c * qk;
                    v[k * n + p] = c * vp - s * vq;
                    v[k * n + q] = s * vp + c * vq;
                }
            }
}

/* to = c to the power, without eigenvalues up to 1e-5. Overwrites c. */
static void power_of(int n, double *c, double power, double *to)
{
    double *v = need(malloc((size_t)(n * n) * sizeof *v));
    jacobi(n, c, v);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            to[i * n + j] = 0;
            for (int k = 0; k < n; k++)
                if (c[k * n + k] > 1e-5)
                    to[i * n + j] += v[i * n + k] * pow(c[k * n + k], power) * v[j * n + k];
        }
    free(v);
}

static void twin_colouring(const float *x, SolShape s, float *statistics)
{
    int n = s.channels;
    double *mean = need(malloc((size_t)(n + 2 * n * n) * sizeof *mean)), *c = mean + n, *root = c + n * n;
    covariance(x, s, mean, c);
    power_of(n, c, 0.5, root);
    for (int i = 0; i < n + n * n; i++)
        statistics[i] = (float)(i < n ? mean[i] : root[i - n]);
    free(mean);
}

static void twin(const float *x, SolShape s, const float *style, float strength, float *out)
{
    int n = s.channels;
    size_t plane = sol_shape_plane(s);
    double *mean = need(malloc((size_t)(3 * n + 2 * n * n) * sizeof *mean)), *white = mean + n, *centred = white + n;
    double *c = centred + n, *whiten = c + n * n;
    covariance(x, s, mean, c);
    power_of(n, c, -0.5, whiten);
    for (size_t p = 0; p < plane; p++) {
        for (int i = 0; i < n; i++)
            centred[i] = (double)x[(size_t)i * plane + p] - mean[i];
        for (int i = 0; i < n; i++) {
            white[i] = 0;
            for (int j = 0; j < n; j++)
                white[i] += whiten[i * n + j] * centred[j];
        }
        for (int i = 0; i < n; i++) {
            double y = (double)style[i];
            for (int j = 0; j < n; j++)
                y += (double)style[n + i * n + j] * white[j];
            out[(size_t)i * plane + p] = (float)((double)strength * y + (1 - (double)strength) *
                                                                           (double)x[(size_t)i * plane + p]);
        }
    }
    free(mean);
}

/* ---- features ---- */

/* Numbers whose channels hang together, as those of networks do: every one takes a part of the one before. */
static float *make_features(SolShape s, uint32_t seed)
{
    float *x = random_planes(count_of(s), seed);
    size_t plane = sol_shape_plane(s);
    for (size_t i = plane; i < count_of(s); i++)
        x[i] = 0.7f * x[i] + 0.5f * x[i - plane] + 0.3f * (float)(i / plane % 3);
    return x;
}

/* Planes in a layout; freed with free() of `memory`. */
typedef struct Laid {
    void *memory;
    SolFeatures features;
} Laid;

static Laid lay(const float *planes, SolShape shape, SolLayout layout)
{
    SolFeatures from = sol_planes(planes, shape);
    Laid laid = {.features = {.shape = shape, .layout = layout}};
    size_t bytes = 0;
    assert_true(sol_features_bytes(shape, layout, &bytes));
    laid.features.data = laid.memory = need(sol_alloc(bytes, 1));
    memset(laid.memory, 0xff, bytes); /* NaN */
    sol_op_convert(pools[0], &from, &laid.features);
    return laid;
}

/* All that a step does, from features to features. */
static void run(SolPool *pool, const SolFeatures *in, const float *style, float strength, const SolFeatures *out)
{
    int channels = in->shape.channels;
    size_t size = (size_t)channels;
    SolScatter scatter = sol_scatter_in(need(sol_alloc(sol_scatter_bytes(channels), 1)), channels);
    void *work = need(sol_alloc(sol_wct_bytes(channels, pool), 1));
    float *map = need(malloc((size + 2) * size * sizeof *map));
    sol_op_scatter(pool, in, sol_shape_area(in->shape), work, &scatter);
    assert_true(scatter.count == (double)sol_shape_plane(in->shape));
    assert_int_equal(sol_wct(&scatter, channels, style, strength, work, map, map + 2 * size, map + size), 0);
    sol_op_matrix(pool, in, map, map + 2 * size, map + size, work, out);
    sol_free(scatter.mean);
    sol_free(work);
    free(map);
}

static float *learn(SolPool *pool, const SolFeatures *in)
{
    int channels = in->shape.channels;
    size_t size = (size_t)channels;
    SolScatter scatter = sol_scatter_in(need(sol_alloc(sol_scatter_bytes(channels), 1)), channels);
    void *work = need(sol_alloc(sol_wct_bytes(channels, pool), 1));
    float *statistics = need(malloc((size + 1) * size * sizeof *statistics));
    sol_op_scatter(pool, in, sol_shape_area(in->shape), work, &scatter);
    assert_int_equal(sol_wct_colouring(&scatter, channels, work, statistics), 0);
    sol_free(scatter.mean);
    sol_free(work);
    return statistics;
}

/* ---- eigenvalues ---- */

static void test_eigenvalues(void **state)
{
    static const int sizes[] = {1, 2, 3, 17, 64, 128};
    (void)state;
    for (int s = 0; s < 6; s++) {
        int n = sizes[s];
        size_t count = (size_t)n * (size_t)n;
        double *a = need(malloc(count * sizeof *a)), *v = need(malloc(count * sizeof *v));
        double *values = need(malloc((size_t)n * sizeof *values));
        float *numbers = random_planes(count, 3);
        void *work = need(sol_alloc(sol_eigen_bytes(n), 1));
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                a[i * n + j] = (double)numbers[i < j ? i * n + j : j * n + i];
                v[i * n + j] = i <= j ? a[i * n + j] : NAN; /* the lower triangle is not read */
            }
        assert_int_equal(sol_eigen(n, v, values, work), 0);
        for (int k = 0; k < n; k++) {
            assert_true(k == 0 || values[k] >= values[k - 1]);
            for (int i = 0; i < n; i++) {
                double product = 0, dot = 0;
                for (int j = 0; j < n; j++) {
                    product += a[i * n + j] * v[k * n + j];
                    dot += v[i * n + j] * v[k * n + j];
                }
                assert_true(fabs(product - values[k] * v[k * n + i]) <= 1e-12 * n);
                assert_true(fabs(dot - (i == k)) <= 1e-12 * n);
            }
        }
        free(a);
        free(v);
        free(values);
        free(numbers);
        sol_free(work);
    }
}

static void test_numbers_that_are_not_finite(void **state)
{
    static const double bad[] = {NAN, INFINITY};
    double values[2], work[64];
    (void)state;
    assert_true(sol_eigen_bytes(2) <= sizeof work);
    for (int i = 0; i < 2; i++) {
        double matrix[4] = {1, bad[i], 0, 1};
        assert_int_equal(sol_eigen(2, matrix, values, work), SOL_ERR_FORMAT);
        assert_string_equal(sol_error_text(), "the network's numbers are not finite: its weights are damaged");
    }
}

/* ---- against the twin ---- */

static const SolShape shapes[] = {
    {1, 1, 1},  {5, 1, 1},    {1, 9, 7},    {8, 2, 3},   {3, 7, 5},     {16, 9, 11},
    {17, 13, 31}, {24, 33, 40}, {40, 65, 67}, {20, 3, 700}, {7, 260, 90}, {130, 11, 30},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* The rounding of features in float32 and of their product with the matrix, whose rows add up to tens. */
#define BOUND 2e-4

static void check_layout(SolShape s, SolLayout layout, float strength)
{
    float *x = make_features(s, 1), *style_features = make_features(s, 2), *wanted = need(malloc(count_of(s) * 4));
    float *got = need(malloc(count_of(s) * sizeof *got)), *style;
    SolFeatures from = sol_planes(style_features, s), planes = sol_planes(got, s);
    double bound = layout.element == SOL_BFLOAT16 ? 0.05 : BOUND;
    style = learn(pools[1], &from);
    if (layout.element == SOL_BFLOAT16) { /* the twin sees the rounded numbers, too */
        Laid rounded = lay(x, s, layout);
        SolFeatures back = sol_planes(x, s);
        sol_op_convert(pools[0], &rounded.features, &back);
        sol_free(rounded.memory);
    }
    twin(x, s, style, strength, wanted);
    for (int in_place = 0; in_place < 2; in_place++) {
        Laid in = lay(x, s, layout), out = in_place ? in : lay(x, s, layout);
        double difference;
        run(pools[2], &in.features, style, strength, &out.features);
        sol_op_convert(pools[0], &out.features, &planes);
        difference = largest_difference(got, wanted, count_of(s));
        if (!(difference <= bound))
            fail_msg("%dx%dx%d in blocks of %d at strength %g: off by %g", s.channels, s.height, s.width, layout.block,
                     (double)strength, difference);
        sol_free(in.memory);
        if (!in_place)
            sol_free(out.memory);
    }
    free(x);
    free(style_features);
    free(wanted);
    free(got);
    free(style);
}

static void test_layouts(void **state)
{
    static const SolLayout layouts[] = {
        {.block = 1}, {.block = 1, .margin = 2}, {.block = 16}, {.block = 16, .margin = 1}, {.block = 8},
        {.block = 7, .margin = 1}, {.block = 144, .margin = 1}, {.block = 16, .element = SOL_BFLOAT16},
        {.block = 48, .margin = 2, .element = SOL_BFLOAT16}, {.block = 1, .element = SOL_BFLOAT16},
    };
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < sizeof layouts / sizeof layouts[0]; l++)
            check_layout(shapes[s], layouts[l], l % 3 == 0 ? 1 : l % 3 == 1 ? 0.6f : 0);
}

/* Channels that only fill up the last group become 0: convolutions multiply them by weights of 0. */
static void test_what_fills_a_group_is_zero(void **state)
{
    const SolShape s = {5, 4, 6};
    float *x = make_features(s, 1), *style;
    SolFeatures planes = sol_planes(x, s);
    Laid in = lay(x, s, (SolLayout){.block = 16}), out = lay(x, s, (SolLayout){.block = 16});
    (void)state;
    style = learn(pools[0], &planes);
    memset(out.memory, 0xff, 16 * sizeof(float) * sol_shape_plane(s));
    run(pools[0], &in.features, style, 1, &out.features);
    for (size_t p = 0; p < sol_shape_plane(s); p++)
        for (size_t c = 5; c < 16; c++)
            assert_true(((float *)out.memory)[p * 16 + c] == 0);
    sol_free(in.memory);
    sol_free(out.memory);
    free(x);
    free(style);
}

static void test_learning(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        size_t size = (size_t)shapes[s].channels, count = size + size * size;
        float *x = make_features(shapes[s], 5), *wanted = need(malloc(count * sizeof *wanted)), *got;
        Laid laid = lay(x, shapes[s], (SolLayout){.block = 16, .margin = 1});
        got = learn(pools[1], &laid.features);
        twin_colouring(x, shapes[s], wanted);
        assert_true(largest_difference(got, wanted, count) <= 1e-6);
        sol_free(laid.memory);
        free(x);
        free(wanted);
        free(got);
    }
}

/* ---- what must hold ---- */

static void test_threads_do_not_matter(void **state)
{
    const SolShape s = {40, 65, 67};
    float *x = make_features(s, 1), *out[POOLS], *style;
    SolFeatures in = sol_planes(x, s);
    (void)state;
    style = learn(pools[0], &in);
    for (int i = 0; i < POOLS; i++) {
        float *again = learn(pools[i], &in);
        SolFeatures to;
        out[i] = need(malloc(count_of(s) * sizeof **out));
        to = sol_planes(out[i], s);
        run(pools[i], &in, style, 0.7f, &to);
        assert_memory_equal(again, style, 41 * 40 * sizeof *style);
        assert_memory_equal(out[i], out[0], count_of(s) * sizeof **out);
        free(again);
    }
    for (int i = 0; i < POOLS; i++)
        free(out[i]);
    free(x);
    free(style);
}

/* The result has the style's mean and covariance, where the content's has no small eigenvalues. */
static void test_the_result_has_the_style_s_covariance(void **state)
{
    const SolShape s = {12, 40, 50}, other = {12, 31, 17};
    float *x = make_features(s, 1), *y = make_features(other, 2), *first, *second;
    SolFeatures in = sol_planes(x, s), from = sol_planes(y, other);
    (void)state;
    for (size_t i = 0; i < count_of(other); i++)
        y[i] = 3 * y[i] - 1;
    first = learn(pools[1], &from);
    run(pools[1], &in, first, 1, &in);
    second = learn(pools[1], &in);
    assert_true(largest_difference(first, second, 12 + 144) <= 1e-4);
    free(x);
    free(y);
    free(first);
    free(second);
}

/* Far from zero, means take most of a float's digits, but not those of the covariance. */
static void test_features_far_from_zero(void **state)
{
    const SolShape s = {6, 50, 60};
    float *x = make_features(s, 4);
    double mean[6], wanted[36], *got;
    SolFeatures in = sol_planes(x, s);
    SolScatter scatter = sol_scatter_in(need(sol_alloc(sol_scatter_bytes(6), 1)), 6);
    void *work = need(sol_alloc(sol_wct_bytes(6, pools[1]), 1));
    (void)state;
    for (size_t i = 0; i < count_of(s); i++)
        x[i] = 4096 + x[i];
    covariance(x, s, mean, wanted);
    sol_op_scatter(pools[1], &in, sol_shape_area(s), work, &scatter);
    got = scatter.products;
    for (int i = 0; i < 6; i++)
        for (int j = i; j < 6; j++)
            assert_true(fabs(got[i * 6 + j] / (50 * 60 - 1) - wanted[i * 6 + j]) <= 1e-11);
    sol_free(scatter.mean);
    sol_free(work);
    free(x);
}

/* Areas side by side, as tiles' cores are: together the whole's. */
static void test_scatters_of_parts(void **state)
{
    static const SolArea areas[] = {{0, 0, 37, 20}, {37, 0, 4, 20}, {0, 20, 1, 13}, {1, 20, 40, 13}};
    const SolShape s = {19, 33, 41};
    float *x = make_features(s, 6);
    size_t bytes = sol_scatter_bytes(19);
    SolFeatures in = sol_planes(x, s);
    SolScatter whole = sol_scatter_in(need(sol_alloc(bytes, 1)), 19), sum = sol_scatter_in(need(sol_alloc(bytes, 1)), 19);
    SolScatter part = sol_scatter_in(need(sol_alloc(bytes, 1)), 19);
    void *work = need(sol_alloc(sol_wct_bytes(19, pools[2]), 1));
    (void)state;
    for (size_t i = 0; i < count_of(s); i++) /* parts differ in their means */
        x[i] += (float)(i % 41) * 0.2f;
    sol_op_scatter(pools[2], &in, sol_shape_area(s), work, &whole);
    sol_scatter_clear(&sum, 19);
    for (int i = 0; i < 4; i++) {
        sol_op_scatter(pools[2], &in, areas[i], work, &part);
        assert_true(part.count == (double)areas[i].width * areas[i].height);
        sol_scatter_merge(&sum, &part, 19);
    }
    assert_true(sum.count == whole.count);
    for (int i = 0; i < 19; i++) {
        assert_true(fabs(sum.mean[i] - whole.mean[i]) <= 1e-12);
        for (int j = i; j < 19; j++)
            assert_true(fabs(sum.products[i * 19 + j] - whole.products[i * 19 + j]) <= 1e-8);
    }
    sol_free(whole.mean);
    sol_free(sum.mean);
    sol_free(part.mean);
    sol_free(work);
    free(x);
}

/* Features of one value, but for rounding errors, have no direction: they become the style's mean. */
static void test_a_picture_of_one_colour(void **state)
{
    const SolShape s = {9, 30, 20};
    float *x = random_planes(count_of(s), 1), *y = make_features(s, 2), *style;
    SolFeatures in = sol_planes(x, s), from = sol_planes(y, s);
    (void)state;
    style = learn(pools[0], &from);
    for (size_t i = 0; i < count_of(s); i++)
        x[i] = 0.5f + 1e-6f * x[i];
    run(pools[0], &in, style, 1, &in);
    for (size_t i = 0; i < count_of(s); i++)
        assert_true(fabsf(x[i] - style[i / sol_shape_plane(s)]) <= 1e-6f);
    free(x);
    free(y);
    free(style);
}

static void test_a_style_of_one_colour(void **state)
{
    const SolShape s = {9, 30, 20};
    float *x = make_features(s, 2), *y = make_features(s, 3), *style;
    SolFeatures in = sol_planes(x, s), from = sol_planes(y, s);
    (void)state;
    for (size_t i = 0; i < count_of(s); i++)
        y[i] = (float)(i / sol_shape_plane(s));
    style = learn(pools[0], &from);
    for (int i = 9; i < 9 + 81; i++)
        assert_true(style[i] == 0);
    run(pools[0], &in, style, 1, &in);
    for (size_t i = 0; i < count_of(s); i++)
        assert_true(x[i] == (float)(i / sol_shape_plane(s)));
    free(x);
    free(y);
    free(style);
}

/* A blend of styles' numbers blends what they make of a picture. */
static void test_blends(void **state)
{
    enum { COUNT = 8 + 64 };
    const SolShape s = {8, 20, 30};
    float *x = make_features(s, 1), *styles[2], *out[3], blend[COUNT];
    SolFeatures in = sol_planes(x, s);
    (void)state;
    for (int i = 0; i < 2; i++) {
        float *y = make_features(s, 7 + (uint32_t)i);
        SolFeatures from = sol_planes(y, s);
        styles[i] = learn(pools[0], &from);
        free(y);
    }
    for (int i = 0; i < COUNT; i++)
        blend[i] = 0.3f * styles[0][i] + 0.7f * styles[1][i];
    for (int i = 0; i < 3; i++) {
        SolFeatures to;
        out[i] = need(malloc(count_of(s) * sizeof **out));
        to = sol_planes(out[i], s);
        run(pools[1], &in, i < 2 ? styles[i] : blend, 1, &to);
    }
    for (size_t i = 0; i < count_of(s); i++)
        assert_true(fabsf(out[2][i] - (0.3f * out[0][i] + 0.7f * out[1][i])) <= 1e-5f);
    for (int i = 0; i < 3; i++)
        free(out[i]);
    free(styles[0]);
    free(styles[1]);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eigenvalues),
        cmocka_unit_test(test_numbers_that_are_not_finite),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_what_fills_a_group_is_zero),
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_the_result_has_the_style_s_covariance),
        cmocka_unit_test(test_features_far_from_zero),
        cmocka_unit_test(test_scatters_of_parts),
        cmocka_unit_test(test_a_picture_of_one_colour),
        cmocka_unit_test(test_a_style_of_one_colour),
        cmocka_unit_test(test_blends),
    };
    return cmocka_run_group_tests_name("nn/wct", tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Gram matrices, and products with a symmetric matrix, against their definition on awkward shapes in every layout, where
 * pixels count alike and where they do not; pixels by their weights; the same bits with any number of threads.
 */
#include "support/planes.h"
#include "support/support.h"

#include "nn/gram.h"
#include "nn/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SolShape shapes[] = {{1, 1, 1}, {3, 5, 7}, {16, 9, 4}, {17, 3, 31}, {40, 64, 65}, {130, 7, 2}, {5, 300, 211}};
static const SolLayout layouts[] = {{1, 0, SOL_FLOAT32}, {16, 0, SOL_FLOAT32}, {16, 2, SOL_FLOAT32},
                                    {1, 1, SOL_FLOAT32}, {130, 1, SOL_FLOAT32}};

enum { SHAPES = sizeof shapes / sizeof shapes[0], LAYOUTS = sizeof layouts / sizeof layouts[0] };

/* Features in a layout, from planes; what is not of them is NaN. */
static SolFeatures lay(const float *planes, SolShape shape, SolLayout layout, SolPool *pool)
{
    SolFeatures from = sol_planes(planes, shape), to = {.shape = shape, .layout = layout};
    size_t bytes = 0;
    assert_true(sol_features_bytes(shape, layout, &bytes));
    to.data = sol_alloc(bytes, 1);
    assert_non_null(to.data);
    memset(to.data, 0xff, bytes);
    if (planes)
        sol_op_convert(pool, &from, &to);
    return to;
}

static void *workspace(SolShape shape, SolPool *pool)
{
    size_t bytes = 0;
    void *work;
    assert_true(sol_gram_bytes(shape, pool, &bytes));
    work = sol_alloc(bytes, 1);
    assert_non_null(work);
    memset(work, 0xff, bytes);
    return work;
}

/* The mean of a[p] b[p], weighed. */
static double mean_of_products(const float *a, const float *b, const SolPixelWeights *weights, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i] * (weights ? (double)weights->values[i] : 1);
    return sum / (weights ? weights->sum : (double)count);
}

static void check_gram(const float *planes, SolShape s, const SolFeatures *in, const SolPixelWeights *weights,
                       SolPool *pool, float *gram)
{
    size_t plane = sol_shape_plane(s), channels = (size_t)s.channels;
    void *work = workspace(s, pool);
    sol_op_gram(pool, in, weights, work, gram);
    for (size_t i = 0; i < channels; i++)
        for (size_t j = 0; j < channels; j++) {
            double wanted = mean_of_products(planes + i * plane, planes + j * plane, weights, plane);
            assert_true(fabs((double)gram[i * channels + j] - wanted) < 2e-6);
        }
    sol_free(work);
}

static void check_symmetric(const float *planes, SolShape s, const SolFeatures *in, const SolPixelWeights *weights,
                            const float *matrix, SolPool *pool)
{
    size_t plane = sol_shape_plane(s), channels = (size_t)s.channels;
    void *work = workspace(s, pool);
    SolFeatures out = lay(NULL, s, in->layout, pool), back;
    float *found = malloc(plane * channels * sizeof *found);
    assert_non_null(found);
    sol_op_symmetric(pool, in, weights, matrix, work, &out);
    back = sol_planes(found, s);
    sol_op_convert(pool, &out, &back);
    for (size_t i = 0; i < channels; i++)
        for (size_t p = 0; p < plane; p += 1 + plane / 50) {
            double wanted = 0;
            for (size_t j = 0; j < channels; j++)
                wanted += (double)matrix[i * channels + j] * (double)planes[j * plane + p];
            wanted *= weights ? (double)weights->values[p] : 1;
            assert_true(fabs((double)found[i * plane + p] - wanted) < 1e-5 * (1 + fabs(wanted)));
        }
    sol_free(out.data);
    sol_free(work);
    free(found);
}

/* Some pixels count nothing, others up to 2. Freed with free(). */
static float *make_weights(SolShape s, SolPixelWeights *weights)
{
    size_t plane = sol_shape_plane(s);
    float *values = random_planes(plane, 11);
    *weights = (SolPixelWeights){.values = values};
    for (size_t i = 0; i < plane; i++) {
        values[i] = values[i] < -0.5f && i > 0 ? 0 : 1 + values[i];
        weights->sum += (double)values[i];
    }
    return values;
}

/* Overwrites the features. */
static void check_weigh(const float *planes, SolShape s, const SolFeatures *in, const SolPixelWeights *weights,
                        SolPool *pool)
{
    size_t plane = sol_shape_plane(s), count = plane * (size_t)s.channels;
    float *found = malloc(count * sizeof *found);
    SolFeatures back = sol_planes(found, s);
    assert_non_null(found);
    sol_op_weigh(pool, in, weights);
    sol_op_convert(pool, in, &back);
    for (size_t i = 0; i < count; i++)
        assert_true(found[i] == planes[i] * weights->values[i % plane]);
    free(found);
}

static void check_shapes(bool weighed)
{
    for (int i = 0; i < SHAPES; i++)
        for (int l = 0; l < LAYOUTS; l++) {
            SolShape s = shapes[i];
            size_t channels = (size_t)s.channels;
            float *planes = random_planes(channels * sol_shape_plane(s), 3), *values;
            SolPixelWeights w, *weights = weighed ? &w : NULL;
            float *first = malloc(channels * channels * sizeof *first), *gram = malloc(channels * channels * sizeof *gram);
            assert_true(first && gram);
            values = make_weights(s, &w);
            for (int t = 0; t < POOLS; t++) {
                SolFeatures in = lay(planes, s, layouts[l], pools[t]);
                check_gram(planes, s, &in, weights, pools[t], t == 0 ? first : gram);
                if (t > 0)
                    assert_memory_equal(gram, first, channels * channels * sizeof *gram);
                check_symmetric(planes, s, &in, weights, first, pools[t]);
                if (weighed)
                    check_weigh(planes, s, &in, weights, pools[t]);
                sol_free(in.data);
            }
            free(planes);
            free(values);
            free(first);
            free(gram);
        }
}

static void test_alike(void **state)
{
    (void)state;
    check_shapes(false);
}

static void test_weighed(void **state)
{
    (void)state;
    check_shapes(true);
}

/* Pixels that count nothing are as none: a picture's upper rows are a picture of their own. */
static void test_a_part_is_a_picture(void **state)
{
    const SolShape s = {9, 14, 11}, part = {9, 6, 11};
    float weight[14 * 11], whole[81], own[81], *planes = random_planes(9 * 14 * 11, 5);
    float upper[9 * 6 * 11];
    SolPixelWeights weights = {.values = weight, .sum = 6 * 11};
    SolFeatures in = sol_planes(planes, s), in_part = sol_planes(upper, part);
    void *work = workspace(s, pools[0]);
    (void)state;
    for (int i = 0; i < 14 * 11; i++)
        weight[i] = i < 6 * 11;
    for (size_t c = 0; c < 9; c++)
        memcpy(upper + c * 66, planes + c * 154, 66 * sizeof *upper);
    sol_op_gram(pools[0], &in, &weights, work, whole);
    sol_op_gram(pools[0], &in_part, NULL, work, own);
    for (int i = 0; i < 81; i++)
        assert_true(fabsf(whole[i] - own[i]) < 1e-6f);
    sol_free(work);
    free(planes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alike), cmocka_unit_test(test_weighed),
                                       cmocka_unit_test(test_a_part_is_a_picture)};
    return cmocka_run_group_tests_name("nn/gram", tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Gram matrices, and products with a symmetric matrix, against their definition on awkward shapes in every layout; the
 * same bits with any number of threads.
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

static double sum_of_products(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void check_gram(const float *planes, SolShape s, const SolFeatures *in, SolPool *pool, float *gram)
{
    size_t plane = sol_shape_plane(s), channels = (size_t)s.channels;
    void *work = workspace(s, pool);
    sol_op_gram(pool, in, work, gram);
    for (size_t i = 0; i < channels; i++)
        for (size_t j = 0; j < channels; j++) {
            double wanted = sum_of_products(planes + i * plane, planes + j * plane, plane) / (double)plane;
            assert_true(fabs((double)gram[i * channels + j] - wanted) < 2e-6);
        }
    sol_free(work);
}

static void check_symmetric(const float *planes, SolShape s, const SolFeatures *in, const float *matrix, SolPool *pool)
{
    size_t plane = sol_shape_plane(s), channels = (size_t)s.channels;
    void *work = workspace(s, pool);
    SolFeatures out = lay(NULL, s, in->layout, pool), back;
    float *found = malloc(plane * channels * sizeof *found);
    assert_non_null(found);
    sol_op_symmetric(pool, in, matrix, work, &out);
    back = sol_planes(found, s);
    sol_op_convert(pool, &out, &back);
    for (size_t i = 0; i < channels; i++)
        for (size_t p = 0; p < plane; p += 1 + plane / 50) {
            double wanted = 0;
            for (size_t j = 0; j < channels; j++)
                wanted += (double)matrix[i * channels + j] * (double)planes[j * plane + p];
            assert_true(fabs((double)found[i * plane + p] - wanted) < 1e-5 * (1 + fabs(wanted)));
        }
    sol_free(out.data);
    sol_free(work);
    free(found);
}

static void test_gram(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++)
        for (int l = 0; l < LAYOUTS; l++) {
            SolShape s = shapes[i];
            size_t channels = (size_t)s.channels;
            float *planes = random_planes(channels * sol_shape_plane(s), 3);
            float *first = malloc(channels * channels * sizeof *first), *gram = malloc(channels * channels * sizeof *gram);
            assert_true(first && gram);
            for (int t = 0; t < POOLS; t++) {
                SolFeatures in = lay(planes, s, layouts[l], pools[t]);
                check_gram(planes, s, &in, pools[t], t == 0 ? first : gram);
                if (t > 0)
                    assert_memory_equal(gram, first, channels * channels * sizeof *gram);
                check_symmetric(planes, s, &in, first, pools[t]);
                sol_free(in.data);
            }
            free(planes);
            free(first);
            free(gram);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gram)};
    return cmocka_run_group_tests_name("nn/gram", tests, set_up_pools, tear_down_pools);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances from styles and contents, by the default model: none from themselves, those of the formulas otherwise, and
 * less for a painting than for what it was painted of.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "model/model.h"
#include "style/distance.h"
#include "style/gatys.h"

#include <math.h>
#include <stdlib.h>

static SolModel *model;
static SolPool *pool;

static int set_up(void **state)
{
    (void)state;
    return sol_model_open(&model, "models/compact.safetensors") == 0 && sol_pool_open(&pool, 2) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sol_pool_close(&pool);
    sol_model_close(&model);
    return 0;
}

/* The style's part by what painting by optimisation learns of both pictures. */
static double naive_style(const SolImage *painting, const SolImage *style, SolStatistics statistics)
{
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    SolOptimiseOptions options;
    SolGatysGoal goal;
    double sum = 0;
    size_t at = 0;
    float *a, *g;
    sol_optimise_defaults(&options);
    options.statistics = statistics;
    assert_int_equal(sol_gatys_goal(&goal, sol_model_graph(model), &options), 0);
    assert_int_equal(goal.style_count, 4);
    a = malloc(sol_gatys_statistics(&goal) * sizeof *a);
    g = malloc(sol_gatys_statistics(&goal) * sizeof *g);
    assert_true(a && g);
    assert_int_equal(sol_gatys_learn(&goal, style, &how, pool, a), 0);
    assert_int_equal(sol_gatys_learn(&goal, painting, &how, pool, g), 0);
    for (int i = 0; i < goal.style_count; i++) {
        size_t channels = (size_t)sol_graph_node(goal.graph, goal.style[i].node)->channels;
        size_t end = at + (statistics == SOL_STATISTICS_GRAM ? channels * channels : 2 * channels);
        double difference = 0, square = 0;
        for (; at < end; at++) {
            difference += pow((double)g[at] - (double)a[at], 2);
            square += pow((double)a[at], 2);
        }
        sum += difference / square / 4;
    }
    free(a);
    free(g);
    return sum;
}

static void test_distances(void **state)
{
    SolImage *style = make_picture(700, 512, 3), *other = make_picture(512, 640, 8);
    (void)state;
    for (int s = SOL_STATISTICS_GRAM; s <= SOL_STATISTICS_MOMENTS; s++) {
        SolDistance *distance = NULL;
        int first = -1, second = -1;
        double from_style, from_content, wanted;
        assert_int_equal(sol_distance_open(&distance, model, 700, 512, (SolStatistics)s, pool), 0);
        assert_string_equal(sol_distance_layers(distance), "relu1_1 .. relu4_1, content relu4_1");
        assert_int_equal(sol_distance_learn(distance, style, &first), 0);
        assert_int_equal(sol_distance_learn(distance, other, &second), 0);
        assert_true(first == 0 && second == 1);
        sol_distance_set_frame(distance, style);
        sol_distance_find(distance, style, first, &from_style, &from_content);
        assert_true(from_style < 1e-10 && from_content == 0);
        sol_distance_find(distance, style, second, &from_style, NULL);
        wanted = naive_style(style, other, (SolStatistics)s);
        assert_true(wanted > 1e-3 && fabs(from_style / wanted - 1) < 1e-5);
        sol_distance_find(distance, style, -1, &from_style, NULL);
        assert_true(isnan(from_style));
        sol_distance_close(&distance);
    }
    sol_image_unref(&style);
    sol_image_unref(&other);
}

static void test_content(void **state)
{
    SolImage *frame = make_picture(64, 48, 1), *near = make_picture(64, 48, 1);
    SolImage *flat = make_flat(64, 48, (uint8_t[]){128, 128, 128});
    SolDistance *distance = NULL;
    double style, to_near, to_flat;
    (void)state;
    for (int x = 10; x < 20; x++)
        sol_image_row(near, 20)[3 * x] ^= 64;
    assert_int_equal(sol_distance_open(&distance, model, 64, 48, SOL_STATISTICS_GRAM, pool), 0);
    sol_distance_set_frame(distance, frame);
    sol_distance_find(distance, near, -1, &style, &to_near);
    sol_distance_find(distance, flat, -1, &style, &to_flat);
    assert_true(to_near > 0 && to_near < 0.5 * to_flat && to_flat < 3);
    sol_distance_close(&distance);
    assert_int_equal(sol_distance_open(&distance, model, 4, 4, SOL_STATISTICS_GRAM, pool), SOL_ERR_ARGUMENT);
    assert_null(distance);
    sol_image_unref(&frame);
    sol_image_unref(&near);
    sol_image_unref(&flat);
}

/* A painting is nearer to its style than the frame is. */
static void test_painting(void **state)
{
    SolImage *frame = make_picture(160, 120, 1), *style = make_picture(160, 120, 4), *painting = NULL;
    SolDistance *distance = NULL;
    SolEngine *engine = NULL;
    SolStyle *learned = NULL;
    double of_frame, of_painting;
    int number;
    (void)state;
    assert_int_equal(sol_engine_open(&engine, model, NULL), 0);
    assert_int_equal(sol_style_learn(&learned, engine, style, SOL_STYLE_SHORT_SIDE), 0);
    assert_int_equal(sol_engine_plan(engine, 160, 120), 0);
    assert_int_equal(sol_engine_paint(engine, learned, 1, frame, &painting), 0);
    assert_int_equal(sol_distance_open(&distance, model, 160, 120, SOL_STATISTICS_GRAM, pool), 0);
    assert_int_equal(sol_distance_learn(distance, style, &number), 0);
    sol_distance_find(distance, frame, number, &of_frame, NULL);
    sol_distance_find(distance, painting, number, &of_painting, NULL);
    assert_true(of_painting < 0.7 * of_frame);
    sol_distance_close(&distance);
    sol_style_close(&learned);
    sol_engine_close(&engine);
    sol_image_unref(&frame);
    sol_image_unref(&style);
    sol_image_unref(&painting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_painting),
    };
    return cmocka_run_group_tests_name("style/distance", tests, set_up, tear_down);
}

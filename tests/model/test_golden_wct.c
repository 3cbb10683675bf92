/* SPDX-License-Identifier: Apache-2.0
 *
 * Whitening and colouring as PyTorch computes it: of features (scripts/golden.py), and at one depth and at five of the
 * published networks: what each encoder and decoder makes of a picture, what each level makes of the former's
 * painting, and the fourth level by itself.
 *
 * The networks are not ours: they are imported from the reference material.
 */
#include "support/planes.h"
#include "support/published.h"
#include "support/support.h"

#include "base/error.h"
#include "base/pool.h"
#include "image/image.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "nn/levels.h"
#include "nn/tiled.h"

#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-3
#define OWN "tests/data/golden-wct.safetensors"

enum { LEVELS = 5, CHANNELS = 3 };

typedef struct Fixture {
    SolModel *model; /* NULL where it cannot be made */
    SolPool *pool;
    SolTensors *golden;
    SolShape shape, style_shape;
    float *content, *style; /* planes */
} Fixture;

static float *load(const Fixture *f, const char *path, SolShape *shape)
{
    SolImage *image = NULL;
    float *planes;
    assert_int_equal(sol_image_load(&image, path), 0);
    *shape = (SolShape){CHANNELS, image->height, image->width};
    planes = malloc(CHANNELS * sizeof *planes * sol_shape_plane(*shape));
    assert_non_null(planes);
    sol_image_to_planes(image, sol_shape_area(*shape), planes, f->pool);
    sol_image_unref(&image);
    return planes;
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    *state = f;
    if (!f || set_up_folder(state) != 0 || sol_pool_open(&f->pool, 2) != 0)
        return -1;
    *state = f;
    if (!has_published())
        return 0;
    write_distilled_wct(in_folder("wct.safetensors"));
    if (sol_model_open(&f->model, in_folder("wct.safetensors")) != 0 ||
        sol_tensors_read(&f->golden, SHARED_DATA "/golden/distilled-vgg19-wct.safetensors") != 0)
        return -1;
    f->content = load(f, SHARED_DATA "/golden/inputs/content.png", &f->shape);
    f->style = load(f, SHARED_DATA "/golden/inputs/style.png", &f->style_shape);
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    sol_model_close(&f->model);
    sol_tensors_close(&f->golden);
    sol_pool_close(&f->pool);
    free(f->content);
    free(f->style);
    free(f);
    return tear_down_folder(state);
}

static void need(const Fixture *f)
{
    if (f->model)
        return;
    print_message("%s is not there\n", SHARED_DATA);
    skip();
}

/* The model's network with levels of these strengths, the fifth first. */
static SolGraph *levels(const Fixture *f, const double strength[LEVELS])
{
    SolGraph *graph = NULL;
    if (sol_graph_levels(&graph, sol_model_graph(f->model), strength, LEVELS) != 0)
        fail_msg("%s", sol_error_text());
    return graph;
}

static SolGraph *only(const Fixture *f, int level)
{
    double strength[LEVELS] = {0};
    strength[LEVELS - level] = 1;
    return levels(f, strength);
}

static void read_style(void *context, SolArea area, float *planes)
{
    const Fixture *f = context;
    assert_int_equal(area.width, f->style_shape.width);
    memcpy(planes, f->style, CHANNELS * sizeof *planes * sol_shape_plane(f->style_shape));
}

/* What a style has; freed with free(). */
static float *learn(Fixture *f, const SolGraph *graph, const SolPlanOptions *how)
{
    const SolCanvas canvas = {.context = f, .read = read_style};
    float *statistics = calloc(sol_graph_statistics(graph, -1), sizeof *statistics);
    int taps[LEVELS], count = sol_graph_tap_count(graph);
    SolTiledPlan *plan = NULL;
    assert_non_null(statistics);
    for (int i = 0; i < count; i++)
        taps[i] = sol_graph_tap(graph, i);
    assert_int_equal(sol_tiled_open(&plan, graph, f->style_shape.width, f->style_shape.height, taps, count, how, f->pool,
                                    (SolMemoryLimit){.bytes = SIZE_MAX}), 0);
    assert_int_equal(sol_tiled_learn(plan, &canvas, statistics), 0);
    sol_tiled_close(&plan);
    return statistics;
}

/* What is compared: a node's result, and what it is called in the golden file. */
typedef struct Wanted {
    char node[16], golden[32];
} Wanted;

/* Paints, and compares `count` results. */
static void compare(Fixture *f, const SolGraph *graph, const char *backend, float strength, const Wanted wanted[],
                    int count)
{
    const SolPlanOptions how = {.backend = backend ? sol_conv_backend(backend) : NULL};
    float *statistics = learn(f, graph, &how);
    int keep[LEVELS];
    SolPlan *plan = NULL;
    for (int i = 0; i < count; i++)
        assert_true((keep[i] = sol_graph_find(graph, wanted[i].node)) >= 0);
    assert_int_equal(sol_plan_open(&plan, graph, f->shape.width, f->shape.height, keep, count, &how, f->pool), 0);
    memcpy(sol_plan_input(plan), f->content, CHANNELS * sizeof(float) * sol_shape_plane(f->shape));
    assert_int_equal(sol_plan_run(plan, statistics, strength), 0);
    for (int i = 0; i < count; i++) {
        SolShape shape;
        const float *result = sol_plan_result(plan, keep[i], &shape);
        const SolTensor *golden = sol_tensors_find(f->golden, wanted[i].golden);
        double difference;
        assert_non_null(golden);
        assert_int_equal(golden->count, (size_t)shape.channels * sol_shape_plane(shape));
        difference = largest_difference(result, golden->data, golden->count);
        print_message("%-16s %-9s: largest difference %.2g\n", wanted[i].golden, backend ? backend : "auto",
                      difference);
        assert_true(difference <= TOLERANCE);
    }
    sol_plan_close(&plan);
    free(statistics);
}

/* ---- features ---- */

/* A style's features, as a canvas is read. */
static void read_tensor(void *context, SolArea area, float *planes)
{
    const SolTensor *tensor = context;
    assert_int_equal(area.width, tensor->shape[3]);
    memcpy(planes, tensor->data, tensor->count * sizeof *planes);
}

static void check_features(const SolTensors *golden, const char *content, float strength, const char *result,
                           SolPool *pool)
{
    const SolTensor *style = sol_tensors_find(golden, "style"), *in = sol_tensors_find(golden, content);
    const SolTensor *wanted = sol_tensors_find(golden, result);
    const SolCanvas canvas = {.context = (void *)(uintptr_t)style, .read = read_tensor};
    float statistics[24 + 24 * 24];
    int first = 0, last = 1;
    SolTiledPlan *learning = NULL;
    SolGraph *g = NULL;
    SolPlan *plan = NULL;
    SolShape shape;
    double difference;
    assert_true(style && in && wanted);
    assert_int_equal(sol_graph_open(&g), 0);
    sol_graph_add(g, "in", &(SolLayer){.op = SOL_OP_INPUT, .channels = 24});
    sol_graph_add(g, "wct", &(SolLayer){.op = SOL_OP_WCT, .strength = strength});
    assert_int_equal(sol_tiled_open(&learning, g, (int)style->shape[3], (int)style->shape[2], &first, 1, NULL, pool,
                                    (SolMemoryLimit){.bytes = SIZE_MAX}), 0);
    assert_int_equal(sol_tiled_learn(learning, &canvas, statistics), 0);
    assert_int_equal(sol_plan_open(&plan, g, (int)in->shape[3], (int)in->shape[2], &last, 1, NULL, pool), 0);
    memcpy(sol_plan_input(plan), in->data, in->count * sizeof *in->data);
    assert_int_equal(sol_plan_run(plan, statistics, 1), 0);
    difference = largest_difference(sol_plan_result(plan, last, &shape), wanted->data, wanted->count);
    print_message("%-16s largest difference %.2g\n", result, difference);
    assert_true(difference <= 2e-5);
    sol_tiled_close(&learning);
    sol_plan_close(&plan);
    sol_graph_close(&g);
}

/* One channel is always 0, and `few` has fewer pixels than channels: eigenvalues are dropped. */
static void test_features(void **state)
{
    const Fixture *f = *state;
    SolTensors *golden = NULL;
    assert_int_equal(sol_tensors_read(&golden, OWN), 0);
    check_features(golden, "content", 1, "content_1", f->pool);
    check_features(golden, "content", 0.6f, "content_0.6", f->pool);
    check_features(golden, "few", 1, "few_1", f->pool);
    sol_tensors_close(&golden);
}

/* ---- networks ---- */

/* A single level at strength 0 is an encoder and its decoder. */
static void test_autoencoders(void **state)
{
    Fixture *f = *state;
    need(f);
    for (int level = 1; level <= LEVELS; level++) {
        SolGraph *graph = only(f, level);
        Wanted wanted = {.node = "output"};
        snprintf(wanted.golden, sizeof wanted.golden, "autoencode%d", level);
        compare(f, graph, NULL, 0, &wanted, 1);
        sol_graph_close(&graph);
    }
}

static void test_one_level(void **state)
{
    const Wanted wanted = {"output", "wct_only4_alpha1"};
    Fixture *f = *state;
    SolGraph *graph;
    need(f);
    graph = only(f, 4);
    for (int b = 0; sol_conv_backend_at(b); b++)
        compare(f, graph, sol_conv_backend_at(b)->name, 1, &wanted, 1);
    sol_graph_close(&graph);
}

static void test_all_levels(void **state)
{
    const double strength[LEVELS] = {0.6, 0.6, 0.6, 0.6, 0.6};
    Fixture *f = *state;
    Wanted wanted[LEVELS];
    SolGraph *graph;
    need(f);
    graph = levels(f, strength);
    for (int i = 0; i < LEVELS; i++) {
        snprintf(wanted[i].node, sizeof wanted[i].node, "d%d.conv11", LEVELS - i);
        snprintf(wanted[i].golden, sizeof wanted[i].golden, "wct_stage%d", LEVELS - i);
    }
    compare(f, graph, NULL, 1, wanted, LEVELS);
    for (int b = 0; sol_conv_backend_at(b) != sol_conv_backend("reference"); b++) /* which takes long */
        compare(f, graph, sol_conv_backend_at(b)->name, 1, wanted, LEVELS);
    sol_graph_close(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_autoencoders),
        cmocka_unit_test(test_one_level),
        cmocka_unit_test(test_all_levels),
    };
    return cmocka_run_group_tests_name("model/golden_wct", tests, set_up, tear_down);
}

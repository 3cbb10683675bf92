/* SPDX-License-Identifier: Apache-2.0
 *
 * The default model computes what the reference network computes (scripts/golden.py): the taps on the content picture
 * and the painted picture, as tensors made with PyTorch. So does AdaIN's VGG-19, with random weights
 * (scripts/golden_vgg19.py).
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/pool.h"
#include "image/image.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "nn/ops.h"
#include "nn/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE 2e-4

static const char own[] = "tests/data/golden-compact.safetensors", vgg19[] = "tests/data/golden-vgg19.safetensors";
#define SHARED "../shared/data/golden"

static const char *const names[] = {"relu2_2", "relu3_2", "relu4_1", "output"};
enum { NAMES = 4 };

/* A picture as planes. */
typedef struct Picture {
    int width, height;
    const float *planes;
} Picture;

typedef struct Fixture {
    SolModel *model, *vgg19;
    SolPool *pool;
} Fixture;

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    *state = f;
    return f && sol_model_open(&f->model, "models/compact.safetensors") == 0 &&
                   sol_model_open_random(&f->vgg19, "models/vgg19.json", 1) == 0 && sol_pool_open(&f->pool, 2) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    sol_model_close(&f->model);
    sol_model_close(&f->vgg19);
    sol_pool_close(&f->pool);
    free(f);
    return 0;
}

/* The statistics of a style image, as sol_graph_statistics() lays them out; freed with free(). */
static float *learn(const Fixture *f, const SolModel *model, Picture style)
{
    const SolGraph *graph = sol_model_graph(model);
    float *statistics = calloc(sol_graph_statistics(graph, -1), sizeof *statistics);
    int taps[3], count = sol_graph_tap_count(graph);
    SolPlan *plan = NULL;
    assert_non_null(statistics);
    assert_in_range(count, 1, 3);
    for (int i = 0; i < count; i++)
        taps[i] = sol_graph_tap(graph, i);
    assert_int_equal(sol_plan_open(&plan, graph, style.width, style.height, taps, count, NULL, f->pool), 0);
    memcpy(sol_plan_input(plan), style.planes, 3 * (size_t)(style.width * style.height) * sizeof(float));
    sol_plan_run(plan, NULL, 0);
    for (int i = 0; i < count; i++) {
        float *mean = statistics + sol_graph_statistics(graph, taps[i]);
        int channels = sol_graph_node(graph, taps[i])->channels;
        SolMoments moments[512];
        SolShape shape;
        assert_in_range(channels, 1, 512);
        sol_plan_result(plan, taps[i], &shape);
        sol_plan_moments(plan, taps[i], sol_shape_area(shape), (SolWeightRows){.first = NULL}, moments);
        for (int c = 0; c < channels; c++) {
            mean[c] = (float)moments[c].mean;
            mean[channels + c] = sol_deviation(&moments[c]);
        }
    }
    sol_plan_close(&plan);
    return statistics;
}

/* The largest absolute value, or 1 where that is more. */
static double scale_of(const SolTensor *tensor)
{
    double largest = 1;
    for (size_t i = 0; i < tensor->count; i++)
        largest = fmax(largest, fabs((double)tensor->data[i]));
    return largest;
}

/* Paints with a backend (NULL: as the product does) in float32 and compares everything that `golden` holds. */
static void compare(const Fixture *f, const SolModel *model, Picture content, Picture style, const SolTensors *golden,
                    const char *backend)
{
    const SolGraph *graph = sol_model_graph(model);
    const SolPlanOptions how = {.backend = backend ? sol_conv_backend(backend) : NULL,
                                .precision = SOL_PRECISION_FLOAT32};
    float *statistics = learn(f, model, style);
    int keep[NAMES], count = 0;
    SolPlan *plan = NULL;
    for (int i = 0; i < NAMES; i++)
        if (sol_tensors_find(golden, names[i]))
            keep[count++] = sol_graph_find(graph, names[i]);
    assert_true(count >= 2);
    assert_int_equal(sol_plan_open(&plan, graph, content.width, content.height, keep, count, &how, f->pool), 0);
    memcpy(sol_plan_input(plan), content.planes, 3 * (size_t)(content.width * content.height) * sizeof(float));
    assert_int_equal(sol_plan_run(plan, statistics, 1), 0);
    for (int i = 0; i < count; i++) {
        SolShape shape;
        const char *name = sol_graph_node(graph, keep[i])->name;
        const float *result = sol_plan_result(plan, keep[i], &shape);
        const SolTensor *wanted = sol_tensors_find(golden, name);
        double difference, scale = scale_of(wanted);
        assert_int_equal(wanted->count, (size_t)shape.channels * sol_shape_plane(shape));
        difference = largest_difference(result, wanted->data, wanted->count);
        print_message("%-8s %dx%dx%d: largest difference %.2g of %.2g\n", name, shape.channels, shape.height,
                      shape.width, difference, scale);
        assert_true(difference <= TOLERANCE * scale);
    }
    sol_plan_close(&plan);
    free(statistics);
}

static Picture picture_of(const SolTensors *golden, const char *name)
{
    const SolTensor *tensor = sol_tensors_find(golden, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->rank, 4);
    return (Picture){(int)tensor->shape[3], (int)tensor->shape[2], tensor->data};
}

static void test_own_golden(void **state)
{
    const Fixture *f = *state;
    SolTensors *golden = NULL;
    assert_int_equal(sol_tensors_read(&golden, own), 0);
    compare(f, f->model, picture_of(golden, "content"), picture_of(golden, "style"), golden, NULL);
    for (int b = 0; sol_conv_backend_at(b); b++)
        compare(f, f->model, picture_of(golden, "content"), picture_of(golden, "style"), golden, sol_conv_backend_at(b)->name);
    sol_tensors_close(&golden);
}

static void test_vgg19(void **state)
{
    const Fixture *f = *state;
    SolTensors *golden = NULL;
    assert_int_equal(sol_tensors_read(&golden, vgg19), 0);
    compare(f, f->vgg19, picture_of(golden, "content"), picture_of(golden, "style"), golden, NULL);
    for (int b = 0; sol_conv_backend_at(b) != sol_conv_backend("reference"); b++) /* which takes long */
        compare(f, f->vgg19, picture_of(golden, "content"), picture_of(golden, "style"), golden,
                sol_conv_backend_at(b)->name);
    sol_tensors_close(&golden);
}

/* Loads a picture into planes of its own size; freed with free(). */
static float *load(const Fixture *f, const char *path, Picture *picture)
{
    SolImage *image = NULL;
    float *planes;
    assert_int_equal(sol_image_load(&image, path), 0);
    planes = malloc(3 * sizeof *planes * (size_t)(image->width * image->height));
    assert_non_null(planes);
    sol_image_to_planes(image, (SolArea){0, 0, image->width, image->height}, planes, f->pool);
    *picture = (Picture){image->width, image->height, planes};
    sol_image_unref(&image);
    return planes;
}

static void test_shared_golden(void **state)
{
    const Fixture *f = *state;
    SolTensors *golden = NULL;
    Picture content, style;
    float *planes[2];
    if (access(SHARED "/compact.safetensors", R_OK) != 0) {
        print_message("%s is not there\n", SHARED);
        skip();
    }
    assert_int_equal(sol_tensors_read(&golden, SHARED "/compact.safetensors"), 0);
    planes[0] = load(f, SHARED "/inputs/content.png", &content);
    planes[1] = load(f, SHARED "/inputs/style.png", &style);
    compare(f, f->model, content, style, golden, NULL);
    for (int b = 0; sol_conv_backend_at(b) != sol_conv_backend("reference"); b++) /* which takes long */
        compare(f, f->model, content, style, golden, sol_conv_backend_at(b)->name);
    free(planes[0]);
    free(planes[1]);
    sol_tensors_close(&golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_golden),
        cmocka_unit_test(test_vgg19),
        cmocka_unit_test(test_shared_golden),
    };
    return cmocka_run_group_tests_name("model/golden", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks of the method transform compute what the networks that they come from compute: tensors made with PyTorch,
 * of a network of TensorFlow's (models/transform-tf.json) in the reference material, and of one of PyTorch's
 * (models/transform-johnson.json) in tests/data (scripts/golden.py).
 */
#include "support/planes.h"
#include "support/support.h"
#include "support/transform.h"

#include "base/error.h"
#include "image/image.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "nn/tiled.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE 1e-3

/* ---- pictures ---- */

typedef struct Picture {
    SolShape shape;
    const float *in;
    float *out;
} Picture;

static void read_picture(void *context, SolArea a, float *to)
{
    const Picture *p = context;
    size_t width = (size_t)p->shape.width;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < a.height; y++, to += a.width)
            memcpy(to, p->in + (size_t)c * sol_shape_plane(p->shape) + (size_t)(a.y + y) * width + (size_t)a.x,
                   (size_t)a.width * sizeof *to);
}

static void write_picture(void *context, SolArea a, const float *from, size_t row, size_t plane)
{
    const Picture *p = context;
    size_t width = (size_t)p->shape.width;
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < a.height; y++)
            memcpy(p->out + (size_t)c * sol_shape_plane(p->shape) + (size_t)(a.y + y) * width + (size_t)a.x,
                   from + (size_t)c * plane + (size_t)y * row, (size_t)a.width * sizeof *from);
}

/* The network's output on a picture, clamped to [0, 1]; freed with free(). Within `bytes` of memory. */
static float *paint(const SolGraph *graph, const float *in, SolShape shape, const SolPlanOptions *how, size_t bytes,
                    int *tiles)
{
    size_t count = 3 * sol_shape_plane(shape);
    Picture picture = {.shape = shape, .in = in, .out = malloc(count * sizeof(float))};
    const SolCanvas canvas = {.context = &picture, .read = read_picture, .write = write_picture};
    SolTiledPlan *plan = NULL;
    int output = sol_graph_count(graph) - 1;
    assert_non_null(picture.out);
    if (sol_tiled_open(&plan, graph, shape.width, shape.height, &output, 1, how, pools[1],
                       (SolMemoryLimit){.bytes = bytes}) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_tiled_run(plan, &canvas, NULL, 1);
    *tiles = sol_tiled_count(plan);
    sol_tiled_close(&plan);
    for (size_t i = 0; i < count; i++)
        picture.out[i] = picture.out[i] < 0 ? 0 : picture.out[i] > 1 ? 1 : picture.out[i];
    return picture.out;
}

/* Whole, by every backend, and in tiles. */
static void compare(const char *name, const SolGraph *graph, const float *in, SolShape shape, const SolTensor *wanted,
                    size_t little)
{
    SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    int tiles;
    assert_non_null(wanted);
    assert_int_equal(wanted->count, 3 * sol_shape_plane(shape));
    for (int b = 0; b == 0 || sol_conv_backend_at(b - 1); b++) {
        float *out;
        double difference;
        how.backend = b > 0 ? sol_conv_backend_at(b - 1) : NULL;
        out = paint(graph, in, shape, &how, (size_t)1 << 32, &tiles);
        difference = largest_difference(out, wanted->data, wanted->count);
        print_message("%-8s %-9s: largest difference %.2g\n", name, b > 0 ? how.backend->name : "any", difference);
        assert_int_equal(tiles, 1);
        assert_true(difference <= TOLERANCE);
        free(out);
    }
    how.backend = NULL;
    if (little > 0) {
        float *out = paint(graph, in, shape, &how, little, &tiles);
        double difference = largest_difference(out, wanted->data, wanted->count);
        print_message("%-8s in %d tiles: largest difference %.2g\n", name, tiles, difference);
        assert_true(tiles > 1);
        assert_true(difference <= TOLERANCE);
        free(out);
    }
}

static void test_network_of_tensorflow(void **state)
{
    static const char *const names[] = {"la_muse", "wave"};
    SolTensors *golden = NULL;
    SolImage *image = NULL;
    float *planes;
    (void)state;
    need_transform_nets();
    assert_int_equal(sol_tensors_read(&golden, SHARED_DATA "/golden/transform-net.safetensors"), 0);
    assert_int_equal(sol_image_load(&image, SHARED_DATA "/golden/inputs/content.png"), 0);
    planes = malloc(3 * sizeof *planes * (size_t)(image->width * image->height));
    assert_non_null(planes);
    sol_image_to_planes(image, (SolArea){0, 0, image->width, image->height}, planes, pools[1]);
    for (int i = 0; i < 2; i++) {
        SolModel *model = NULL;
        const char *path = in_folder(names[i]);
        write_transform_net(path, names[i]);
        if (sol_model_open(&model, path) != SOL_OK)
            fail_msg("%s", sol_error_text());
        compare(names[i], sol_model_graph(model), planes, (SolShape){3, image->height, image->width},
                sol_tensors_find(golden, names[i]), 0);
        sol_model_close(&model);
    }
    sol_image_unref(&image);
    sol_tensors_close(&golden);
    free(planes);
}

static int set_up(void **state)
{
    return set_up_folder(state) == 0 ? set_up_pools(state) : -1;
}

static int tear_down(void **state)
{
    tear_down_pools(state);
    return tear_down_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_of_tensorflow),
    };
    return cmocka_run_group_tests_name("model/transform", tests, set_up, tear_down);
}

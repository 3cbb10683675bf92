/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks of the method transform compute what the networks that they come from compute: tensors made with PyTorch,
 * of a network of TensorFlow's (models/transform-tf.json) in the reference material, and of one of PyTorch's
 * (models/transform-johnson.json) and that of adaptive-style-transfer (models/transform-sanakoyeu.json) in tests/data
 * (scripts/golden.py).
 */
#include "support/planes.h"
#include "support/support.h"
#include "support/published.h"

#include "base/error.h"
#include "image/image.h"
#include "model/architecture.h"
#include "model/import.h"
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
    sol_tiled_run(plan, &canvas, &(SolApply){.strength = 1});
    *tiles = sol_tiled_count(plan);
    sol_tiled_close(&plan);
    for (size_t i = 0; i < count; i++)
        picture.out[i] = picture.out[i] < 0 ? 0 : picture.out[i] > 1 ? 1 : picture.out[i];
    return picture.out;
}

/* In one piece, by whatever suits and by every backend, `last` the last of them. */
static void compare(const char *name, const SolGraph *graph, const float *in, SolShape shape, const SolTensor *wanted,
                    const char *last)
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
        if (b > 0 && strcmp(how.backend->name, last) == 0)
            break;
    }
}

/* In tiles, with less memory than the whole picture takes: statistics are those of the whole all the same. */
static void compare_tiles(const char *name, const SolGraph *graph, const float *in, SolShape shape,
                          const SolTensor *wanted)
{
    const SolPlanOptions how = {.precision = SOL_PRECISION_FLOAT32};
    int output = sol_graph_count(graph) - 1, tiles;
    SolPlanSize size;
    double difference;
    float *out;
    assert_int_equal(sol_plan_measure(&size, graph, shape.width, shape.height, &output, 1, &how, pools[1]), 0);
    out = paint(graph, in, shape, &how, size.bytes - 1, &tiles);
    difference = largest_difference(out, wanted->data, wanted->count);
    print_message("%-8s in %d tiles: largest difference %.2g\n", name, tiles, difference);
    assert_true(tiles > 1);
    assert_true(difference <= TOLERANCE);
    free(out);
}

static void test_network_of_tensorflow(void **state)
{
    static const char *const names[] = {"la_muse", "wave"};
    SolTensors *golden = NULL;
    SolImage *image = NULL;
    SolShape shape;
    float *planes;
    (void)state;
    need_published();
    assert_int_equal(sol_tensors_read(&golden, SHARED_DATA "/golden/transform-net.safetensors"), 0);
    assert_int_equal(sol_image_load(&image, SHARED_DATA "/golden/inputs/content.png"), 0);
    shape = (SolShape){3, image->height, image->width};
    planes = malloc(3 * sizeof *planes * sol_shape_plane(shape));
    assert_non_null(planes);
    sol_image_to_planes(image, (SolArea){0, 0, image->width, image->height}, planes, pools[1]);
    for (int i = 0; i < 2; i++) {
        SolModel *model = NULL;
        const char *path = in_folder(names[i]);
        write_transform_net(path, names[i]);
        if (sol_model_open(&model, path) != SOL_OK)
            fail_msg("%s", sol_error_text());
        /* the reference takes a minute */
        compare(names[i], sol_model_graph(model), planes, shape, sol_tensors_find(golden, names[i]), "blas");
        compare_tiles(names[i], sol_model_graph(model), planes, shape, sol_tensors_find(golden, names[i]));
        sol_model_close(&model);
    }
    sol_image_unref(&image);
    sol_tensors_close(&golden);
    free(planes);
}

/* An architecture with few channels; freed with free(). */
static char *narrow_architecture(const char *path)
{
    static const char *const replaced[][2] = {
        {"\"channels\": 256", "\"channels\": 10 "}, {"\"channels\": 128", "\"channels\": 8  "},
        {"\"channels\": 64", "\"channels\": 6 "}, {"\"channels\": 32", "\"channels\": 4 "}};
    size_t size;
    char *text = (char *)read_bytes(path, &size);
    text = realloc(text, size + 1);
    assert_non_null(text);
    text[size] = '\0';
    for (int i = 0; i < 4; i++)
        for (char *at = text; (at = strstr(at, replaced[i][0]));)
            memcpy(at, replaced[i][1], strlen(replaced[i][1]));
    return text;
}

static void test_network_of_pytorch(void **state)
{
    char *text = narrow_architecture("models/transform-johnson.json"), *method = NULL;
    SolTensors *golden = NULL;
    SolGraph *graph = NULL;
    const SolTensor *content;
    (void)state;
    assert_int_equal(sol_tensors_read(&golden, "tests/data/golden-transform.safetensors"), 0);
    content = sol_tensors_find(golden, "content");
    assert_non_null(content);
    if (sol_architecture_read(&graph, &method, text, golden) != SOL_OK)
        fail_msg("%s", sol_error_text());
    assert_string_equal(method, "transform");
    assert_int_equal(sol_graph_multiple(graph), 4);
    compare("johnson", graph, content->data, (SolShape){3, (int)content->shape[2], (int)content->shape[3]},
            sol_tensors_find(golden, "output"), "reference");
    sol_graph_close(&graph);
    sol_tensors_close(&golden);
    free(method);
    free(text);
}

/* From the file as TensorFlow has it, with an architecture of its name beside the models. */
static void test_network_of_adaptive_style_transfer(void **state)
{
    static const char golden_path[] = "tests/data/golden-sanakoyeu.safetensors";
    char *text = narrow_architecture("models/transform-sanakoyeu.json");
    SolTensors *golden = NULL;
    SolImport *import = NULL;
    SolImportInfo info;
    SolModel *model = NULL;
    const SolTensor *content;
    (void)state;
    write_text(in_folder("transform-sanakoyeu.json"), text);
    assert_int_equal(sol_tensors_read(&golden, golden_path), 0);
    content = sol_tensors_find(golden, "content");
    assert_non_null(content);
    if (sol_import_open(&import, (const char *const[]){golden_path, NULL}, 1, NULL,
                        (const char *const[]){folder, NULL}) != SOL_OK)
        fail_msg("%s", sol_error_text());
    sol_import_info(import, &info);
    assert_string_equal(info.method, "transform");
    assert_int_equal(info.tensors, 2 + 5 * 3 + 18 * 3 + 4 * 3 + 1);
    assert_int_equal(sol_import_write(import, in_folder("narrow.safetensors"), false), 0);
    sol_import_close(&import);
    assert_int_equal(sol_model_open(&model, in_folder("narrow.safetensors")), 0);
    assert_int_equal(sol_graph_multiple(sol_model_graph(model)), 16);
    compare("sanakoyeu", sol_model_graph(model), content->data,
            (SolShape){3, (int)content->shape[2], (int)content->shape[3]}, sol_tensors_find(golden, "output"),
            "reference");
    sol_model_close(&model);
    sol_tensors_close(&golden);
    free(text);
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
        cmocka_unit_test(test_network_of_pytorch),
        cmocka_unit_test(test_network_of_adaptive_style_transfer),
        cmocka_unit_test(test_network_of_tensorflow),
    };
    return cmocka_run_group_tests_name("model/transform", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The loss of painting by optimisation, part by part, and its gradient are those that PyTorch finds
 * (scripts/golden_vgg19.py): through VGG-19 with made-up weights, and through the distilled VGG-19, whose weights are
 * not ours: its model is imported from the reference material.
 */
#include "support/planes.h"
#include "support/published.h"
#include "support/support.h"

#include "image/image.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "style/gatys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-3 /* relative */

static SolTensors *golden;

static const SolTensor *tensor(const char *network, const char *statistics, const char *what)
{
    char name[96];
    const SolTensor *found;
    snprintf(name, sizeof name, "%s%s%s%s%s", network, *network ? "." : "", statistics, *statistics ? "." : "", what);
    found = sol_tensors_find(golden, name);
    if (!found)
        fail_msg("there is no golden tensor %s", name);
    return found;
}

/* A golden picture, which has 8 bits. */
static SolImage *picture(const char *name)
{
    const SolTensor *t = tensor("", "", name);
    int height = (int)t->shape[2], width = (int)t->shape[3];
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                sol_image_row(image, y)[3 * x + c] =
                    (uint8_t)lround(255 * (double)t->data[((size_t)c * t->shape[2] + (size_t)y) * t->shape[3] + (size_t)x]);
    return image;
}

static double length_of(const float *v, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* The relative difference of two vectors. */
static double distance(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum) / length_of(b, count);
}

static void check(const SolModel *model, const char *network, SolStatistics statistics, const char *backend)
{
    const SolPlanOptions how = {.backend = backend ? sol_conv_backend(backend) : NULL};
    const char *kind = sol_statistics_name((int)statistics);
    const SolTensor *parts = tensor(network, kind, "parts"), *gradient = tensor(network, kind, "gradient");
    const SolTensor *painting = tensor("", "", "painting");
    SolImage *content = picture("content"), *style = picture("style");
    SolOptimiseOptions options;
    SolGatysGoal goal;
    SolGatysLoss *loss = NULL;
    SolGatysParts found;
    float *numbers, *own = malloc(gradient->count * sizeof *own);
    double sum;
    sol_optimise_defaults(&options);
    options.content_weight = 1;
    options.style_weight = 1000;
    options.tv_weight = 10;
    options.statistics = statistics;
    assert_int_equal(sol_gatys_goal(&goal, sol_model_graph(model), &options), 0);
    numbers = malloc(sol_gatys_statistics(&goal) * sizeof *numbers);
    assert_true(numbers && own);
    assert_int_equal(sol_gatys_learn(&goal, style, &how, pools[1], numbers), 0);
    if (sol_gatys_loss_open(&loss, &goal, 40, 32, &how, pools[1]) != 0)
        fail_msg("%s", sol_error_text());
    sol_gatys_loss_set_content(loss, content);
    sol_gatys_loss_set_style(loss, numbers, 1);
    sum = sol_gatys_loss(loss, painting->data, own);
    found = sol_gatys_loss_parts(loss);
    assert_true(fabs(found.content / (double)parts->data[0] - 1) < TOLERANCE);
    assert_true(fabs(found.style / (double)parts->data[1] - 1) < TOLERANCE);
    assert_true(fabs(found.tv / (double)parts->data[2] - 1) < TOLERANCE);
    assert_true(sum == found.content + found.style + found.tv);
    if (!(distance(own, gradient->data, gradient->count) < TOLERANCE))
        fail_msg("%s, %s, %s: the gradient is %g away", network, kind, backend ? backend : "any",
                 distance(own, gradient->data, gradient->count));
    sol_gatys_loss_close(&loss);
    sol_image_unref(&content);
    sol_image_unref(&style);
    free(numbers);
    free(own);
}

static void check_all(const SolModel *model, const char *network)
{
    check(model, network, SOL_STATISTICS_GRAM, NULL);
    check(model, network, SOL_STATISTICS_MOMENTS, NULL);
    for (int i = 0; sol_conv_backend_at(i); i++)
        if (strcmp(sol_conv_backend_at(i)->name, "reference") != 0) /* which takes its time */
            check(model, network, i % 2 ? SOL_STATISTICS_GRAM : SOL_STATISTICS_MOMENTS, sol_conv_backend_at(i)->name);
}

static void test_vgg19(void **state)
{
    SolModel *model = NULL;
    (void)state;
    assert_int_equal(sol_model_open_random(&model, "models/vgg19-features.json", 1), 0);
    check_all(model, "vgg19-features");
    sol_model_close(&model);
}

static void test_distilled(void **state)
{
    SolModel *model = NULL;
    (void)state;
    need_published();
    write_distilled_features(in_folder("distilled.safetensors"));
    if (sol_model_open(&model, in_folder("distilled.safetensors")) != 0)
        fail_msg("%s", sol_error_text());
    check_all(model, "vgg19-distilled-features");
    sol_model_close(&model);
}

static int set_up(void **state)
{
    return set_up_folder(state) || set_up_pools(state) ||
           sol_tensors_read(&golden, "tests/data/golden-gatys.safetensors");
}

static int tear_down(void **state)
{
    sol_tensors_close(&golden);
    return tear_down_pools(state) || tear_down_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vgg19), cmocka_unit_test(test_distilled)};
    return cmocka_run_group_tests_name("style/golden_gatys", tests, set_up, tear_down);
}

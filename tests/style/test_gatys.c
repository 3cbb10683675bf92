/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting by optimisation with the default model, any of whose layers will do: what is refused, that the loss falls
 * and is told truly, beginnings, the former painting, early ends, and pictures that have brought others down.
 */
#include "support/support.h"

#include "base/clock.h"
#include "style/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a painting told of itself. */
typedef struct Told {
    int count, stop_after; /* 0: never */
    SolOptimiseProgress first, last;
    double least;          /* loss of the last level */
    SolImage *picture;     /* at the end */
    bool keeps;            /* the picture */
} Told;

static SolModel *model;

static SolImage *make_picture(int width, int height, unsigned seed)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                sol_image_row(image, y)[3 * x + c] =
                    (uint8_t)(128 + 60 * sin(0.2 * x * (c + 1) + seed) + 50 * cos(0.3 * y + seed * (unsigned)c) +
                              (x / 9 + y / 7) % 2 * 15);
    return image;
}

static SolImage *make_flat(int width, int height, int value)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        memset(sol_image_row(image, y), value, 3 * (size_t)width);
    return image;
}

static double distance(const SolImage *a, const SolImage *b)
{
    double sum = 0;
    assert_true(a->width == b->width && a->height == b->height);
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < 3 * a->width; x++)
            sum += pow((double)sol_image_row_const(a, y)[x] - (double)sol_image_row_const(b, y)[x], 2);
    return sqrt(sum / (3.0 * a->width * a->height));
}

static void keep(void *context, const SolOptimiseProgress *progress)
{
    Told *told = context;
    if (told->count > 0) {
        assert_true(progress->iteration > told->last.iteration);
        assert_true(progress->evaluations > told->last.evaluations);
        assert_true(progress->level >= told->last.level);
        if (progress->level == told->last.level)
            assert_true(progress->loss <= told->last.loss);
    } else {
        told->first = *progress;
    }
    assert_true(isfinite(progress->loss) && progress->seconds_left >= 0);
    told->last = *progress;
    told->count++;
    if (told->keeps) {
        sol_image_unref(&told->picture);
        assert_int_equal(sol_optimise_picture(progress, &told->picture), 0);
    }
}

static bool is_over(void *context)
{
    const Told *told = context;
    return told->stop_after > 0 && told->count >= told->stop_after;
}

static SolOptimiseOptions few(int iterations, Told *told)
{
    SolOptimiseOptions options;
    sol_optimise_defaults(&options);
    options.iterations = iterations;
    options.next_iterations = 2;
    options.progress = keep;
    options.stop = is_over;
    options.context = told;
    *told = (Told){0};
    return options;
}

static SolEngine *open_engine(const SolOptimiseOptions *options)
{
    const SolEngineOptions how = {.threads = 2, .method = "gatys", .optimise = options};
    SolEngine *engine = NULL;
    if (sol_engine_open(&engine, model, &how) != 0)
        fail_msg("%s", sol_error_text());
    return engine;
}

static SolImage *paint(SolEngine *engine, const SolImage *style_image, const SolImage *frame, float strength)
{
    SolStyle *style = NULL;
    SolImage *painted = NULL;
    assert_int_equal(sol_style_learn(&style, engine, style_image, 64), 0);
    if (sol_engine_plan(engine, frame->width, frame->height) != 0 ||
        sol_engine_paint(engine, style, strength, frame, &painted) != 0)
        fail_msg("%s", sol_error_text());
    sol_style_close(&style);
    return painted;
}

static SolImage *paint_once(const SolOptimiseOptions *options, const SolImage *style, const SolImage *frame)
{
    SolEngine *engine = open_engine(options);
    SolImage *painted = paint(engine, style, frame, 1);
    sol_engine_close(&engine);
    return painted;
}

/* ---- painting ---- */

static void test_a_painting_follows_its_style(void **state)
{
    SolImage *frame = make_picture(70, 53, 1), *style = make_picture(80, 64, 5), *painted;
    (void)state;
    for (int s = 0; sol_statistics_name(s); s++)
        for (int o = 0; sol_optimizer_name(o); o++) {
            Told told;
            SolOptimiseOptions options = few(25, &told);
            options.statistics = (SolStatistics)s;
            options.optimizer = (SolOptimizer)o;
            options.levels = 1;
            told.keeps = true;
            painted = paint_once(&options, style, frame);
            assert_int_equal(told.count, 25);
            assert_int_equal(told.last.iteration, 25);
            assert_int_equal(told.last.iterations, 25);
            assert_true(told.last.width == 70 && told.last.height == 53 && told.last.levels == 1);
            assert_true(told.last.loss < 0.6 * told.first.loss);
            assert_true(told.last.style > 0 && told.last.content > 0 && told.last.tv > 0);
            assert_true(distance(painted, frame) > 3);
            assert_true(distance(painted, told.picture) == 0);
            sol_image_unref(&told.picture);
            sol_image_unref(&painted);
        }
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

static void test_the_pyramid(void **state)
{
    Told told;
    SolOptimiseOptions options = few(7, &told);
    SolImage *frame = make_picture(75, 40, 1), *style = make_picture(80, 64, 5), *painted;
    (void)state;
    options.levels = 3;
    told.keeps = true;
    painted = paint_once(&options, style, frame);
    assert_int_equal(told.count, 7);
    assert_true(told.first.level == 1 && told.first.width == 19 && told.first.height == 10);
    assert_true(told.last.level == 3 && told.last.width == 75 && told.last.height == 40);
    sol_image_unref(&painted);
    sol_image_unref(&told.picture);
    options = few(1, &told); /* all are the finest's */
    options.levels = 3;
    told.keeps = true;
    painted = paint_once(&options, style, frame);
    assert_true(told.count == 1 && told.last.level == 3);
    assert_true(told.picture->width == 75 && told.picture->height == 40);
    sol_image_unref(&painted);
    sol_image_unref(&told.picture);
    sol_image_unref(&frame);
    frame = make_picture(300, 256, 1); /* where nothing is said, 128 pixels are the least */
    options = few(2, &told);
    painted = paint_once(&options, style, frame);
    assert_true(told.last.levels == 2 && told.first.width == 150 && told.first.height == 128);
    sol_image_unref(&painted);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

static void test_strength(void **state)
{
    Told told;
    SolOptimiseOptions options = few(15, &told);
    SolEngine *engine;
    SolImage *frame = make_picture(48, 48, 1), *style = make_picture(64, 64, 5), *none, *half, *full;
    (void)state;
    options.levels = 1;
    engine = open_engine(&options);
    none = paint(engine, style, frame, 0);
    half = paint(engine, style, frame, 0.3f);
    told = (Told){0};
    full = paint(engine, style, frame, 1);
    assert_true(distance(none, frame) == 0);
    assert_true(distance(half, frame) > 1 && distance(half, frame) < distance(full, frame));
    sol_engine_close(&engine);
    sol_image_unref(&none);
    sol_image_unref(&half);
    sol_image_unref(&full);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

/* A blend's statistics are the blend of the statistics. */
static void test_blends(void **state)
{
    Told told;
    SolOptimiseOptions options = few(1, &told);
    SolEngine *engine = open_engine(&options);
    SolImage *one = make_picture(64, 64, 1), *two = make_picture(64, 64, 5);
    SolStyle *styles[2] = {NULL, NULL}, *blend = NULL;
    const float weights[] = {0.25f, 0.75f};
    (void)state;
    assert_int_equal(sol_style_learn(&styles[0], engine, one, 64), 0);
    assert_int_equal(sol_style_learn(&styles[1], engine, two, 64), 0);
    assert_int_equal(sol_style_blend(&blend, (const SolStyle *const *)styles, weights, 2), 0);
    for (size_t v = 0; v < engine->style_size; v++) {
        double wanted = 0.25 * (double)styles[0]->values[v] + 0.75 * (double)styles[1]->values[v];
        assert_true(fabs((double)blend->values[v] - wanted) <= 1e-6 * (1 + fabs(wanted)));
    }
    sol_style_close(&styles[0]);
    sol_style_close(&styles[1]);
    sol_style_close(&blend);
    sol_engine_close(&engine);
    sol_image_unref(&one);
    sol_image_unref(&two);
}

/* ---- beginnings ---- */

static void test_beginnings(void **state)
{
    SolImage *frame = make_picture(40, 64, 1), *style = make_picture(64, 64, 5), *found[4];
    (void)state;
    for (int i = 0; i < 4; i++) { /* content, style, noise twice */
        Told told;
        SolOptimiseOptions options = few(1, &told);
        options.init = i < 3 ? (SolInit)i : SOL_INIT_NOISE;
        options.seed = 3;
        options.levels = 1;
        found[i] = paint_once(&options, style, frame);
    }
    assert_true(distance(found[0], frame) < distance(found[1], frame)); /* after one step, still near to it */
    assert_true(distance(found[0], found[1]) > 10 && distance(found[1], found[2]) > 10);
    assert_true(distance(found[2], found[3]) == 0);
    for (int i = 0; i < 4; i++)
        sol_image_unref(&found[i]);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

static void test_the_former_painting(void **state)
{
    Told told;
    SolOptimiseOptions options = few(20, &told);
    SolEngine *engine;
    SolImage *frame = make_picture(48, 40, 1), *style = make_picture(64, 64, 5), *first, *second, *again;
    (void)state;
    options.levels = 2;
    options.init = SOL_INIT_PREVIOUS;
    engine = open_engine(&options);
    first = paint(engine, style, frame, 1);
    assert_true(told.count == 20 && told.last.levels == 2);
    told = (Told){0};
    second = paint(engine, style, frame, 1);
    assert_true(told.count == 2 && told.last.iterations == 2 && told.last.levels == 1);
    assert_true(distance(first, second) < distance(first, frame) / 2); /* it goes on from there */
    told = (Told){0};
    sol_engine_forget(engine);
    again = paint(engine, style, frame, 1);
    assert_int_equal(told.count, 20);
    assert_true(distance(first, again) == 0);
    sol_engine_close(&engine);
    sol_image_unref(&first);
    sol_image_unref(&second);
    sol_image_unref(&again);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

/* ---- ends ---- */

static void test_early_ends(void **state)
{
    Told told;
    SolOptimiseOptions options = few(1000, &told);
    SolImage *frame = make_picture(48, 40, 1), *style = make_picture(64, 64, 5), *painted;
    double start;
    (void)state;
    options.levels = 2;
    told.stop_after = 3;
    painted = paint_once(&options, style, frame);
    assert_true(told.count == 3 && told.last.level == 1);
    assert_true(distance(painted, frame) > 0.5); /* what there is, enlarged */
    sol_image_unref(&painted);
    options = few(100000, &told);
    options.levels = 2;
    options.time_limit = 0.5;
    start = sol_clock();
    painted = paint_once(&options, style, frame);
    assert_true(sol_clock() - start < 20); /* not the hours that it would be */
    assert_true(told.count > 1 && told.last.level == 2 && told.last.seconds_left <= 0.5);
    sol_image_unref(&painted);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

/* Nothing is divided by 0: losses are finite (keep() looks), and something is painted. */
static void test_flat_pictures(void **state)
{
    static const int values[][2] = {{0, 128}, {128, 0}, {0, 0}, {255, 128}};
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int s = 0; sol_statistics_name(s); s++) {
            Told told;
            SolOptimiseOptions options = few(5, &told);
            SolImage *frame = make_flat(41, 33, values[i][0]), *style = make_flat(64, 64, values[i][1]), *painted;
            options.statistics = (SolStatistics)s;
            painted = paint_once(&options, style, frame);
            sol_image_unref(&painted);
            sol_image_unref(&frame);
            sol_image_unref(&style);
        }
}

/* ---- what is refused ---- */

static void assert_refused(const SolOptimiseOptions *options, const char *method, const char *text)
{
    const SolEngineOptions how = {.threads = 1, .method = method, .optimise = options};
    SolEngine *engine = NULL;
    assert_int_equal(sol_engine_open(&engine, model, &how), SOL_ERR_ARGUMENT);
    assert_null(engine);
    assert_contains(sol_error_text(), text);
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *content, *style, *text;
    } layers[] = {
        {"relu9_1", NULL, "models/compact.safetensors: content layers: the network has no layer \"relu9_1\"; did you mean \""},
        {NULL, "relu1_1,rleu2_1", "style layers: the network has no layer \"rleu2_1\"; did you mean \"relu2_1\"?"},
        {NULL, "banana", "style layers: the network has no layer \"banana\""},
        {NULL, "", "style layers: the network has no layer \"\""},
        {NULL, "relu1_1,", "style layers: the network has no layer \"\""},
        {NULL, "sum3", "style layers: the layer \"sum3\" depends on a style; only what lies before can be compared"},
        {"image", NULL, "content layers: the network has no layer"},
        {NULL, "relu1_1=0", "style layers: the weight in \"relu1_1=0\" must be a number above 0"},
        {NULL, "relu1_1=x", "style layers: the weight in \"relu1_1=x\" must be a number above 0"},
        {NULL, "relu1_1,relu1_1=2", "style layers: the layer \"relu1_1\" is named twice"},
    };
    Told told;
    SolOptimiseOptions options;
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        options = few(1, &told);
        options.content_layers = layers[i].content;
        options.style_layers = layers[i].style;
        assert_refused(&options, "gatys", layers[i].text);
    }
    assert_refused(NULL, "gattys", "there is no method \"gattys\"; did you mean \"gatys\"? There are adain, ");
    assert_refused(NULL, "oil", "there is no method \"oil\"; there are adain, ");
    options = few(0, &told);
    assert_refused(&options, "gatys", "0 iterations: there must be 1 or more");
    options = few(1, &told);
    options.tv_weight = -1;
    assert_refused(&options, "gatys", "a weight, or time limit, of -1: it must be 0 or more");
    options.tv_weight = NAN;
    assert_refused(&options, "gatys", "it must be 0 or more");
    options.tv_weight = 0;
    options.levels = 7;
    assert_refused(&options, "gatys", "7 levels: there may be 1 to 6, or 0 for as many as suit the size");
}

static void test_sizes(void **state)
{
    const SolEngineOptions how = {.threads = 1, .method = "gatys", .memory = 64 << 20};
    SolEngine *engine = NULL;
    (void)state;
    assert_int_equal(sol_engine_open(&engine, model, &how), 0);
    assert_string_equal(sol_engine_method(engine), "gatys");
    assert_int_equal(sol_engine_plan(engine, 5, 64), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "5x64 pixels are too few: nothing is left at layer \"pool3\"");
    assert_int_equal(sol_engine_plan(engine, 900, 900), SOL_ERR_NOMEM);
    assert_contains(sol_error_text(), "optimising 900x900 pixels takes ");
    assert_contains(sol_error_text(), " MiB, and 64 may be taken: it is not done in tiles; allow more memory or paint a "
                                      "smaller picture");
    assert_true(sol_engine_gflop(engine) == 0);
    assert_int_equal(sol_engine_plan(engine, 64, 48), 0);
    assert_true(sol_engine_gflop(engine) > 0 && sol_engine_tiles(engine) == 1);
    assert_true(sol_engine_layers(engine, NULL, 0) > 10);
    sol_engine_close(&engine);
}

/* Two layers and their weights: those of a list sum to 1, so the loss does not grow with it. */
static void test_layers(void **state)
{
    Told plain, weighed;
    SolImage *frame = make_picture(48, 40, 1), *style = make_picture(64, 64, 5), *painted;
    SolOptimiseOptions options = few(1, &plain);
    (void)state;
    options.levels = 1;
    options.style_layers = "relu1_1";
    painted = paint_once(&options, style, frame);
    sol_image_unref(&painted);
    options = few(1, &weighed);
    options.levels = 1;
    options.style_layers = "relu1_1=3,relu2_1=1e-9";
    options.content_layers = "relu1_1,relu4_1"; /* one that is both */
    painted = paint_once(&options, style, frame);
    assert_true(fabs(weighed.first.style / plain.first.style - 1) < 0.5);
    sol_image_unref(&painted);
    sol_image_unref(&frame);
    sol_image_unref(&style);
}

static int set_up(void **state)
{
    (void)state;
    return sol_model_open(&model, "models/compact.safetensors");
}

static int tear_down(void **state)
{
    (void)state;
    sol_model_close(&model);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_painting_follows_its_style),
        cmocka_unit_test(test_the_pyramid),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_blends),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_the_former_painting),
        cmocka_unit_test(test_early_ends),
        cmocka_unit_test(test_flat_pictures),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_layers),
    };
    return cmocka_run_group_tests_name("style/gatys", tests, set_up, tear_down);
}

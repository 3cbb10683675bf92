/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine `wct`: levels and their strengths, frames and styles of one colour, tiles. The network is the published
 * one with random weights; tests/model/test_golden_wct.c has the true ones.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "style/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 5 };

static SolModel *model;

static int set_up(void **state)
{
    (void)state;
    return sol_model_open_random(&model, "models/vgg19-distilled-wct.json", 1);
}

static int tear_down(void **state)
{
    (void)state;
    sol_model_close(&model);
    return 0;
}

/* With strengths of all levels, or NULL for the model's. */
static SolEngine *open_engine(const double strength[LEVELS], uint64_t memory, int threads)
{
    const SolEngineOptions options = {.threads = threads, .precision = SOL_PRECISION_FLOAT32, .memory = memory,
                                      .level_strength = strength, .levels = strength ? LEVELS : 0};
    SolEngine *engine = NULL;
    if (sol_engine_open(&engine, model, &options) != 0)
        fail_msg("%s", sol_error_text());
    return engine;
}

static SolStyle *learn(SolEngine *engine, const SolImage *image)
{
    SolStyle *style = NULL;
    if (sol_style_learn(&style, engine, image, 64) != 0)
        fail_msg("%s", sol_error_text());
    for (size_t i = 0; i < engine->style_size; i++)
        assert_true(isfinite(style->values[i]));
    return style;
}

static SolImage *paint(SolEngine *engine, const SolStyle *style, float strength, const SolImage *frame)
{
    SolImage *painted = NULL;
    if (sol_engine_plan(engine, frame->width, frame->height) != 0 ||
        sol_engine_paint(engine, style, strength, frame, &painted) != 0)
        fail_msg("%s", sol_error_text());
    return painted;
}

static int farthest(const SolImage *a, const SolImage *b)
{
    int most = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < 3 * a->width; x++) {
            int d = abs(sol_image_row_const(a, y)[x] - sol_image_row_const(b, y)[x]);
            most = d > most ? d : most;
        }
    return most;
}

/* A frame painted in the style of another, once. */
static SolImage *paint_with(const double strength[LEVELS], uint64_t memory, int threads, float painting_strength)
{
    SolEngine *engine = open_engine(strength, memory, threads);
    SolImage *image = make_picture(120, 90, 1), *frame = make_picture(200, 152, 3), *painted;
    SolStyle *style = learn(engine, image);
    painted = paint(engine, style, painting_strength, frame);
    sol_image_unref(&image);
    sol_image_unref(&frame);
    sol_style_close(&style);
    sol_engine_close(&engine);
    return painted;
}

static bool has_layer(const SolEngine *engine, const char *name)
{
    SolEngineLayer layers[200];
    int count = sol_engine_layers(engine, layers, 200);
    assert_in_range(count, 1, 200);
    for (int i = 0; i < count; i++)
        if (strcmp(layers[i].name, name) == 0)
            return true;
    return false;
}

/* A level of strength 0 is not run, nor learned for; painting runs no encoder on the frame that only styles need. */
static void test_levels_that_are_run(void **state)
{
    static const double fourth[LEVELS] = {0, 1, 0, 0, 0};
    SolEngine *all = open_engine(NULL, 0, 1), *one = open_engine(fourth, 0, 1);
    (void)state;
    assert_int_equal(all->style_size, 2 * (128 + 128 * 128) + 64 + 64 * 64 + 32 + 32 * 32 + 24 + 24 * 24);
    assert_int_equal(one->style_size, 128 + 128 * 128);
    assert_int_equal(sol_engine_plan(all, 64, 48), 0);
    assert_int_equal(sol_engine_plan(one, 64, 48), 0);
    assert_true(has_layer(all, "wct5") && has_layer(all, "wct4") && has_layer(all, "e4.conv41"));
    assert_false(has_layer(all, "s4.conv41") || has_layer(all, "s1.conv11"));
    assert_true(has_layer(one, "wct4") && has_layer(one, "d4.conv11"));
    assert_false(has_layer(one, "wct5") || has_layer(one, "e5.conv11") || has_layer(one, "d3.conv11"));
    assert_true(sol_engine_gflop(one) < sol_engine_gflop(all) / 2);
    sol_engine_close(&all);
    sol_engine_close(&one);
}

static void test_strengths(void **state)
{
    static const double own[LEVELS] = {0.6, 0.6, 0.6, 0.6, 0.6}, full[LEVELS] = {1, 1, 1, 1, 1};
    SolImage *a = paint_with(NULL, 0, 2, 1), *b = paint_with(own, 0, 2, 1), *c = paint_with(full, 0, 2, 0.6f);
    SolImage *d = paint_with(full, 0, 2, 1);
    (void)state;
    assert_int_equal(farthest(a, b), 0);
    assert_in_range(farthest(a, c), 0, 1); /* 1 * 0.6 and 0.6 * 1 */
    assert_true(farthest(a, d) > 10);
    sol_image_unref(&a);
    sol_image_unref(&b);
    sol_image_unref(&c);
    sol_image_unref(&d);
}

static void test_threads_do_not_matter(void **state)
{
    SolImage *one = paint_with(NULL, 0, 1, 1), *three = paint_with(NULL, 0, 3, 1);
    (void)state;
    assert_int_equal(farthest(one, three), 0);
    sol_image_unref(&one);
    sol_image_unref(&three);
}

static void assert_refused(const SolModel *from, const SolEngineOptions *options, const char *text)
{
    SolEngine *engine = NULL;
    assert_int_equal(sol_engine_open(&engine, from, options), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), text);
    assert_null(engine);
}

static void test_strengths_that_do_not_suit(void **state)
{
    static const double some[LEVELS] = {1, 1, 1, 1, 2}, none[LEVELS];
    SolModel *adain = NULL;
    (void)state;
    assert_refused(model, &(SolEngineOptions){.level_strength = some, .levels = 4},
                   "models/vgg19-distilled-wct.json: 4 strengths of levels, where the network has 5 levels");
    assert_refused(model, &(SolEngineOptions){.level_strength = some, .levels = 5},
                   "models/vgg19-distilled-wct.json: level 5 has a strength of 2: it must be 0 to 1");
    assert_refused(model, &(SolEngineOptions){.level_strength = none, .levels = 5},
                   "models/vgg19-distilled-wct.json: no level has a strength above 0");
    assert_int_equal(sol_model_open(&adain, "models/compact.safetensors"), 0);
    assert_refused(adain, &(SolEngineOptions){.level_strength = some, .levels = 5},
                   "models/compact.safetensors: its network has no levels to give strengths to: its method is adain");
    sol_model_close(&adain);
}

/* Frames of one colour stay so, whatever the style; 17 pixels are no multiple of anything, and 1 is one pixel. */
static void test_frames_of_one_colour(void **state)
{
    static const uint8_t colours[][3] = {{0, 0, 0}, {255, 255, 255}, {200, 30, 90}};
    static const int sizes[][2] = {{72, 56}, {17, 33}, {1, 1}};
    SolEngine *engine = open_engine(NULL, 0, 2);
    SolImage *image = make_picture(120, 90, 1);
    SolStyle *style = learn(engine, image);
    (void)state;
    for (int i = 0; i < 9; i++) {
        SolImage *frame = make_flat(sizes[i / 3][0], sizes[i / 3][1], colours[i % 3]);
        SolImage *painted = paint(engine, style, 1, frame);
        assert_in_range(roughness(painted), 0, 1);
        sol_image_unref(&painted);
        sol_image_unref(&frame);
    }
    sol_image_unref(&image);
    sol_style_close(&style);
    sol_engine_close(&engine);
}

/* A style of one colour has no directions: at full strength nothing is left of the frame. */
static void test_styles_of_one_colour(void **state)
{
    static const double full[LEVELS] = {1, 1, 1, 1, 1};
    SolEngine *engine = open_engine(full, 0, 2);
    (void)state;
    for (int grey = 0; grey < 256; grey += 127) {
        SolImage *flat = make_flat(64, 64, (uint8_t[]){(uint8_t)grey, (uint8_t)grey, (uint8_t)grey});
        SolImage *frame = make_picture(60, 44, 2), *painted;
        SolStyle *style = learn(engine, flat);
        painted = paint(engine, style, 1, frame);
        assert_in_range(roughness(painted), 0, 1);
        sol_image_unref(&painted);
        painted = paint(engine, style, 0, frame);
        assert_true(roughness(painted) > 2);
        sol_image_unref(&painted);
        sol_image_unref(&frame);
        sol_image_unref(&flat);
        sol_style_close(&style);
    }
    sol_engine_close(&engine);
}

/* Levels in tiles: of the frame, and of the style image. */
static void test_little_memory(void **state)
{
    static const double upper[LEVELS] = {0, 0, 0.6, 0.6, 0.6};
    SolEngine *whole = open_engine(upper, 0, 2), *cut = open_engine(upper, (uint64_t)62 << 20, 2);
    SolImage *image = make_picture(700, 600, 2), *frame = make_picture(640, 401, 3), *wanted, *painted;
    SolStyle *style = NULL, *same = NULL;
    (void)state;
    assert_int_equal(sol_style_learn(&style, whole, image, 600), 0);
    assert_int_equal(sol_style_learn(&same, cut, image, 600), 0);
    for (size_t i = 0; i < cut->style_size; i++)
        assert_true(fabsf(style->values[i] - same->values[i]) <= 1e-4f * (1 + fabsf(style->values[i])));
    wanted = paint(whole, style, 1, frame);
    painted = paint(cut, same, 1, frame);
    assert_int_equal(sol_engine_tiles(whole), 1);
    assert_true(sol_engine_tiles(cut) > 1);
    assert_in_range(farthest(painted, wanted), 0, 1);
    sol_image_unref(&image);
    sol_image_unref(&frame);
    sol_image_unref(&wanted);
    sol_image_unref(&painted);
    sol_style_close(&style);
    sol_style_close(&same);
    sol_engine_close(&whole);
    sol_engine_close(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_that_are_run),
        cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_strengths_that_do_not_suit),
        cmocka_unit_test(test_frames_of_one_colour),
        cmocka_unit_test(test_styles_of_one_colour),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests_name("style/wct", tests, set_up, tear_down);
}

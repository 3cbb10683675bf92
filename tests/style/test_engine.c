/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines: what is refused, strength, blending, plans, and frames that have brought others down (one
 * colour, black, a pixel wide, sides that are no multiple of anything).
 */
#include "support/pictures.h"
#include "support/support.h"
#include "support/tensors.h"

#include "base/clock.h"
#include "style/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Fixture {
    SolModel *model;
    SolEngine *engine;
    SolStyle *style;
    SolModel *own_model; /* of a network with a style of its own */
    SolEngine *own;
} Fixture;

static SolStyle *learn(SolEngine *engine, unsigned seed)
{
    SolImage *image = make_picture(120, 90, seed);
    SolStyle *style = NULL;
    assert_int_equal(sol_style_learn(&style, engine, image, 64), 0);
    sol_image_unref(&image);
    return style;
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    *state = f;
    assert_non_null(f);
    assert_int_equal(set_up_folder(state), 0);
    assert_int_equal(sol_model_open(&f->model, "models/compact.safetensors"), 0);
    assert_int_equal(sol_engine_open(&f->engine, f->model, &(SolEngineOptions){.threads = 2}), 0);
    f->style = learn(f->engine, 1);
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    sol_style_close(&f->style);
    sol_engine_close(&f->engine);
    sol_model_close(&f->model);
    free(f);
    return tear_down_folder(state);
}

/* Plans for the frame and paints it. */
static SolImage *paint(SolEngine *engine, const SolStyle *style, float strength, const SolImage *frame)
{
    SolImage *painted = NULL;
    if (sol_engine_plan(engine, frame->width, frame->height) != 0 ||
        sol_engine_paint(engine, style, strength, frame, &painted) != 0)
        fail_msg("%s", sol_error_text());
    assert_int_equal(painted->width, frame->width);
    assert_int_equal(painted->height, frame->height);
    return painted;
}

/* Root of the mean squared difference over x0..x1-1, y0..y1-1, in grey levels. */
static double distance_within(const SolImage *a, const SolImage *b, int x0, int y0, int x1, int y1)
{
    double sum = 0;
    for (int y = y0; y < y1; y++)
        for (int x = 3 * x0; x < 3 * x1; x++) {
            double d = (double)sol_image_row_const(a, y)[x] - (double)sol_image_row_const(b, y)[x];
            sum += d * d;
        }
    return sqrt(sum / (3.0 * (x1 - x0) * (y1 - y0)));
}

static double distance(const SolImage *a, const SolImage *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    return distance_within(a, b, 0, 0, a->width, a->height);
}

static void test_a_painting_follows_its_style(void **state)
{
    Fixture *f = *state;
    SolStyle *other = learn(f->engine, 5);
    SolImage *frame = make_picture(96, 64, 3), *one, *two;
    frame->number = 7;
    frame->pts = 1234;
    frame->duration = 40;
    frame->time_base = (SolRational){1, 1000};
    one = paint(f->engine, f->style, 1, frame);
    two = paint(f->engine, other, 1, frame);
    assert_true(distance(one, frame) > 5);
    assert_true(distance(one, two) > 5);
    assert_int_equal(one->number, 7);
    assert_int_equal(one->pts, 1234);
    assert_int_equal(one->duration, 40);
    assert_int_equal(one->time_base.den, 1000);
    sol_image_unref(&one);
    sol_image_unref(&two);
    sol_image_unref(&frame);
    sol_style_close(&other);
}

/* Strength 0 is the picture in its own style; between, the painting moves steadily to the full one. */
static void test_strength(void **state)
{
    Fixture *f = *state;
    SolStyle *own = NULL, *other = learn(f->engine, 5);
    SolImage *frame = make_picture(96, 64, 3), *painted, *again, *full;
    double last = INFINITY;
    assert_int_equal(sol_style_learn(&own, f->engine, frame, 64), 0);
    painted = paint(f->engine, f->style, 0, frame);
    again = paint(f->engine, own, 1, frame);
    assert_true(distance(painted, again) < 0.1); /* the frame's own size, so the statistics are the same */
    sol_image_unref(&again);
    again = paint(f->engine, other, 0, frame);
    assert_true(distance(painted, again) == 0); /* nothing of the style is left */
    sol_image_unref(&again);
    sol_image_unref(&painted);
    full = paint(f->engine, f->style, 1, frame);
    for (int i = 0; i <= 4; i++) {
        double d;
        painted = paint(f->engine, f->style, 0.25f * (float)i, frame);
        d = distance(painted, full);
        assert_true(d < last);
        last = d;
        sol_image_unref(&painted);
    }
    assert_true(last == 0);
    sol_image_unref(&full);
    sol_image_unref(&frame);
    sol_style_close(&own);
    sol_style_close(&other);
}

static void test_blending(void **state)
{
    Fixture *f = *state;
    SolStyle *other = learn(f->engine, 5), *blend = NULL;
    const SolStyle *both[] = {f->style, other};
    SolEngine *second = NULL;
    size_t size = f->engine->style_size;
    assert_int_equal(size, 2 * (32 + 64 + 128));
    assert_int_equal(sol_style_blend(&blend, both, (float[]){1, 0}, 2), 0);
    assert_memory_equal(blend->values, f->style->values, size * sizeof(float));
    sol_style_close(&blend);
    assert_int_equal(sol_style_blend(&blend, both, (float[]){0.25f, 0.5f}, 2), 0);
    for (size_t i = 0; i < size; i++)
        assert_true(fabsf(blend->values[i] - (0.25f * f->style->values[i] + 0.5f * other->values[i])) <=
                    1e-6f * (1 + fabsf(blend->values[i])));
    sol_style_close(&blend);
    assert_null(blend);
    assert_int_equal(sol_style_blend(&blend, both, (float[]){1, 0}, 0), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_style_blend(&blend, both, (float[]){1, NAN}, 2), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "style 2 cannot be blended: its weight is no number");
    sol_style_close(&other);
    assert_int_equal(sol_engine_open(&second, f->model, &(SolEngineOptions){.threads = 1}), 0);
    other = learn(second, 5);
    both[1] = other;
    assert_int_equal(sol_style_blend(&blend, both, (float[]){1, 0}, 2), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "style 2 cannot be blended: another engine learned it");
    assert_null(blend);
    sol_style_close(&other);
    sol_engine_close(&second);
}

static void test_single_colours(void **state)
{
    static const uint8_t colours[][3] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {200, 30, 90}};
    Fixture *f = *state;
    for (int i = 0; i < 4; i++)
        for (int strength = 0; strength <= 2; strength++) {
            SolImage *frame = make_flat(72, 56, colours[i]);
            SolImage *painted = paint(f->engine, f->style, 0.5f * (float)strength, frame);
            if (roughness(painted) > 1)
                fail_msg("a flat frame (colour %d) at strength %g has steps of %d", i, 0.5 * strength,
                         roughness(painted));
            sol_image_unref(&painted);
            sol_image_unref(&frame);
        }
}

static void test_a_style_of_one_colour(void **state)
{
    Fixture *f = *state;
    for (int grey = 0; grey < 256; grey += 85) {
        SolImage *flat = make_flat(64, 64, (uint8_t[]){(uint8_t)grey, (uint8_t)grey, (uint8_t)grey});
        SolImage *frame = make_picture(40, 40, 2), *painted;
        SolStyle *style = NULL;
        assert_int_equal(sol_style_learn(&style, f->engine, flat, 64), 0);
        for (size_t i = 0; i < f->engine->style_size; i++)
            assert_true(isfinite(style->values[i]));
        painted = paint(f->engine, style, 1, frame);
        assert_true(roughness(painted) < 128);
        sol_image_unref(&painted);
        sol_image_unref(&frame);
        sol_image_unref(&flat);
        sol_style_close(&style);
    }
}

/*
 * A frame whose sides are no multiples of 8 is continued by reflection: painting it must give what painting
 * that larger frame gives, cut. Nothing is sheared, and its right and lower border are painted like the rest.
 */
static void test_odd_sizes(void **state)
{
    static const int sizes[][2] = {{97, 65}, {103, 71}, {89, 72}, {96, 67}, {33, 95}};
    Fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        int width = sizes[i][0], height = sizes[i][1], wide = (width + 7) / 8 * 8, high = (height + 7) / 8 * 8;
        SolImage *frame = make_picture(width, height, 3), *larger = NULL, *painted, *whole;
        assert_int_equal(sol_image_create(&larger, wide, high), 0);
        for (int y = 0; y < high; y++)
            for (int x = 0; x < wide; x++)
                memcpy(sol_image_row(larger, y) + 3 * x,
                       sol_image_row(frame, y < height ? y : 2 * (height - 1) - y) +
                           3 * (x < width ? x : 2 * (width - 1) - x), 3);
        painted = paint(f->engine, f->style, 1, frame);
        whole = paint(f->engine, f->style, 1, larger);
        assert_true(distance_within(painted, whole, 0, 0, width, height) == 0);
        sol_image_unref(&painted);
        sol_image_unref(&whole);
        sol_image_unref(&larger);
        sol_image_unref(&frame);
    }
}

static void test_tiny_frames(void **state)
{
    Fixture *f = *state;
    for (int width = 1; width <= 9; width += 4)
        for (int height = 1; height <= 9; height += 2) {
            SolImage *frame = make_picture(width, height, 4), *painted = paint(f->engine, f->style, 1, frame);
            sol_image_unref(&painted);
            sol_image_unref(&frame);
        }
}

static void test_plans(void **state)
{
    Fixture *f = *state;
    SolImage *frame = make_picture(50, 40, 3), *first, *second, *painted = NULL;
    SolStyle *style;
    double gflop;
    first = paint(f->engine, f->style, 1, frame);
    gflop = sol_engine_gflop(f->engine);
    assert_true(gflop > 0);
    assert_string_equal(sol_engine_backend(f->engine), "blas");
    /* learning in between leaves the plan and its results alone */
    style = learn(f->engine, 8);
    assert_true(sol_engine_gflop(f->engine) == gflop);
    assert_int_equal(sol_engine_paint(f->engine, f->style, 1, frame, &second), 0);
    assert_true(distance(first, second) == 0);
    sol_image_unref(&second);
    /* so does another size, planned and left again */
    assert_int_equal(sol_engine_plan(f->engine, 80, 80), 0);
    assert_true(sol_engine_gflop(f->engine) > gflop);
    assert_int_equal(sol_engine_paint(f->engine, f->style, 1, frame, &painted), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a frame of 50x40 pixels cannot be painted: 80x80 are planned");
    assert_null(painted);
    second = paint(f->engine, f->style, 1, frame);
    assert_true(distance(first, second) == 0);
    sol_image_unref(&first);
    sol_image_unref(&second);
    sol_image_unref(&frame);
    sol_style_close(&style);
}

static void test_layers(void **state)
{
    enum { ROOM = 64 };
    Fixture *f = *state;
    SolEngineLayer layers[ROOM], some[2] = {{.name = "untouched"}, {.name = "untouched"}};
    SolEngine *fresh = NULL;
    SolImage *frame = make_picture(50, 40, 3), *painted;
    double gflop = 0, seconds = 0, start;
    int count;
    assert_int_equal(sol_engine_open(&fresh, f->model, NULL), 0);
    assert_int_equal(sol_engine_layers(fresh, layers, ROOM), 0); /* no plan */
    sol_engine_close(&fresh);
    assert_int_equal(sol_engine_plan(f->engine, 80, 80), 0);
    start = sol_clock();
    painted = paint(f->engine, f->style, 1, frame);
    start = sol_clock() - start;
    count = sol_engine_layers(f->engine, layers, ROOM);
    assert_in_range(count, 13 + 2, 28); /* convolutions do some of the others in passing, depending on the machine */
    assert_string_equal(layers[0].name, "input");
    assert_string_equal(layers[1].name, "relu1_1");
    assert_string_equal(layers[1].op, "conv");
    assert_true(layers[1].in_channels == 3 && layers[1].channels == 16 && layers[1].kernel == 3);
    assert_true(layers[1].width == 56 && layers[1].height == 40);
    assert_string_equal(layers[1].precision, "float32");
    assert_true(*layers[1].backend);
    assert_string_equal(layers[0].op, "affine");
    assert_string_equal(layers[0].backend, "");
    assert_string_equal(layers[count - 1].name, "output");
    for (int i = 0; i < count; i++) {
        assert_true((layers[i].gflop > 0) == (strcmp(layers[i].op, "conv") == 0));
        assert_true(layers[i].seconds > 0);
        gflop += layers[i].gflop;
        seconds += layers[i].seconds;
    }
    assert_true(fabs(gflop - sol_engine_gflop(f->engine)) < 1e-9);
    assert_true(seconds <= start);
    assert_int_equal(sol_engine_layers(f->engine, some, 1), count);
    assert_string_equal(some[0].name, "input");
    assert_string_equal(some[1].name, "untouched");
    sol_image_unref(&painted);
    sol_image_unref(&frame);
}

/* After a size that cannot be planned the engine has no plan, rather than the one before. */
static void test_a_plan_that_fails(void **state)
{
    static const TestTensor tensors[] = {{"t.weight", {3, 3, 1, 1, 0}}, {"t.bias", {3, 0}}, {NULL, {0}}};
    SolImage *frame = make_picture(16, 16, 1), *painted = NULL;
    SolModel *model = NULL;
    SolEngine *engine = NULL;
    SolStyle *style;
    (void)state;
    write_model(in_folder("m.safetensors"), tensors,
                "{'version': 1, 'method': 'adain', 'layers': [{'name': 'a', 'op': 'adain', 'style': 'input'},"
                "{'name': 'u', 'op': 'upsample'}, {'name': 'v', 'op': 'upsample'},"
                "{'name': 'c', 'op': 'conv', 'tensors': 't', 'channels': 3, 'kernel': 1},"
                "{'name': 'p', 'op': 'max_pool'}, {'name': 'q', 'op': 'max_pool'}]}");
    assert_int_equal(sol_model_open(&model, in_folder("m.safetensors")), 0);
    assert_int_equal(sol_engine_open(&engine, model, &(SolEngineOptions){.threads = 1}), 0);
    style = learn(engine, 1);
    painted = paint(engine, style, 1, frame);
    sol_image_unref(&painted);
    /* layer "c" would have 2^34 pixels */
    assert_int_equal(sol_engine_plan(engine, SOL_IMAGE_MAX_SIDE, SOL_IMAGE_MAX_SIDE), SOL_ERR_ARGUMENT);
    assert_true(sol_engine_gflop(engine) == 0);
    assert_int_equal(sol_engine_paint(engine, style, 1, frame, &painted), SOL_ERR_ARGUMENT);
    assert_null(painted);
    painted = paint(engine, style, 1, frame);
    sol_image_unref(&painted);
    sol_image_unref(&frame);
    sol_style_close(&style);
    sol_engine_close(&engine);
    sol_model_close(&model);
}

/* A style is learned the same before any plan, beside one, and with another number of threads. */
static void test_a_style_does_not_depend_on_the_plan(void **state)
{
    Fixture *f = *state;
    for (int threads = 1; threads <= 3; threads++) {
        SolEngine *engine = NULL;
        SolStyle *style;
        assert_int_equal(sol_engine_open(&engine, f->model, &(SolEngineOptions){.threads = threads}), 0);
        assert_true(sol_engine_gflop(engine) == 0);
        assert_string_equal(sol_engine_backend(engine), "");
        for (int planned = 0; planned < 2; planned++) {
            style = learn(engine, 1);
            assert_memory_equal(style->values, f->style->values, engine->style_size * sizeof(float));
            sol_style_close(&style);
            assert_int_equal(sol_engine_plan(engine, 33, 77), 0);
        }
        sol_engine_close(&engine);
    }
}

static void test_style_images_of_all_shapes(void **state)
{
    Fixture *f = *state;
    SolImage *image = make_picture(3, 5, 1);
    SolImage *scaled = NULL;
    SolStyle *style = NULL, *wanted = NULL;
    assert_int_equal(sol_style_learn(&style, f->engine, image, 64), 0); /* enlarged */
    sol_style_close(&style);
    sol_image_unref(&image);
    image = make_picture(64, 40, 1); /* it is the shorter side that counts */
    assert_int_equal(sol_image_scale(&scaled, image, 102, 64), 0);
    assert_int_equal(sol_style_learn(&style, f->engine, image, 64), 0);
    assert_int_equal(sol_style_learn(&wanted, f->engine, scaled, 64), 0);
    assert_memory_equal(style->values, wanted->values, f->engine->style_size * sizeof(float));
    sol_style_close(&style);
    sol_style_close(&wanted);
    sol_image_unref(&scaled);
    sol_image_unref(&image);
    image = make_picture(64, 131, 1); /* already there, an odd longer side */
    assert_int_equal(sol_style_learn(&style, f->engine, image, 64), 0);
    sol_style_close(&style);
    assert_int_equal(sol_style_learn(&style, f->engine, image, 63), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(),
                        "a style cannot be learned at 63 pixels; the shorter side must have 64 to 4096");
    assert_int_equal(sol_style_learn(&style, f->engine, image, 4097), SOL_ERR_ARGUMENT);
    sol_image_unref(&image);
    image = make_picture(1, 600, 1);
    assert_int_equal(sol_style_learn(&style, f->engine, image, 64), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a style image of 1x600 pixels is too narrow: its longer side would have "
                                          "more than 32768 at 64");
    assert_null(style);
    sol_image_unref(&image);
}

static void test_style_files(void **state)
{
    Fixture *f = *state;
    SolImage *image = make_picture(512, 530, 1);
    SolStyle *style = NULL, *wanted = NULL;
    assert_int_equal(sol_image_save(image, in_folder("style.png"), false), 0);
    assert_int_equal(sol_style_learn(&wanted, f->engine, image, SOL_STYLE_SHORT_SIDE), 0);
    assert_int_equal(sol_style_open(&style, f->engine, in_folder("style.png")), 0);
    assert_memory_equal(style->values, wanted->values, f->engine->style_size * sizeof(float));
    sol_style_close(&style);
    sol_style_close(&wanted);
    assert_int_equal(sol_style_open(&style, f->engine, in_folder("none.png")), SOL_ERR_IO);
    assert_null(style);
    sol_image_unref(&image);
}

/* bfloat16 changes a painting by less than anyone can see: 40 dB, in real pictures and styles of all seasons. */
static void test_bfloat16(void **state)
{
    static const char *const seasons[] = {"spring", "summer", "autumn", "winter"};
    const Fixture *f = *state;
    SolEngine *engines[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        assert_int_equal(sol_engine_open(&engines[i], f->model, &(SolEngineOptions){
            .threads = 2, .precision = i ? SOL_PRECISION_BFLOAT16 : SOL_PRECISION_FLOAT32}), 0);
    if (sol_engine_plan(engines[1], 322, 241) != 0) {
        print_message("%s\n", sol_error_text());
        sol_engine_close(&engines[0]);
        sol_engine_close(&engines[1]);
        skip();
    }
    for (int s = 0; s < 4; s++) {
        SolImage *whole = NULL, *frame = NULL, *painted[2];
        char content[64], path[64];
        double psnr;
        snprintf(content, sizeof content, "configs/sample/styles/%s.jpg", seasons[(s + 1) % 4]);
        snprintf(path, sizeof path, "configs/sample/styles/%s.jpg", seasons[s]);
        assert_int_equal(sol_image_load(&whole, content), 0);
        assert_int_equal(sol_image_scale(&frame, whole, 322, 241), 0);
        for (int i = 0; i < 2; i++) {
            SolStyle *style = NULL;
            assert_int_equal(sol_style_open(&style, engines[i], path), 0);
            painted[i] = paint(engines[i], style, 1, frame);
            sol_style_close(&style);
        }
        psnr = 20 * log10(255 / distance(painted[0], painted[1]));
        print_message("%s: %.1f dB\n", seasons[s], psnr);
        assert_true(psnr >= 40);
        assert_true(distance(painted[0], painted[1]) > 0); /* it was another precision */
        for (int i = 0; i < 2; i++)
            sol_image_unref(&painted[i]);
        sol_image_unref(&whole);
        sol_image_unref(&frame);
    }
    for (int i = 0; i < 2; i++)
        sol_engine_close(&engines[i]);
}

/* The largest difference of two pictures, in grey levels. */
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

/* Painted in tiles, a frame of any size is within a level of what it is painted whole; so are learned styles. */
static void test_little_memory(void **state)
{
    static const int sizes[][2] = {{640, 400}, {497, 611}, {1203, 202}};
    const Fixture *f = *state;
    SolEngine *whole = NULL, *engine = NULL;
    SolImage *picture = make_picture(900, 700, 2);
    SolStyle *style = NULL, *same = NULL;
    assert_int_equal(sol_engine_open(&whole, f->model, &(SolEngineOptions){.threads = 2}), 0);
    for (uint64_t mib = 64; mib <= 72; mib += 8) {
        assert_int_equal(sol_engine_open(&engine, f->model, &(SolEngineOptions){.threads = 2, .memory = mib << 20}), 0);
        assert_int_equal(sol_engine_tiles(engine), 0);
        assert_int_equal(sol_style_learn(&style, whole, picture, 700), 0);
        assert_int_equal(sol_style_learn(&same, engine, picture, 700), 0);
        for (size_t i = 0; i < engine->style_size; i++)
            assert_true(fabsf(style->values[i] - same->values[i]) <= 1e-5f * (1 + fabsf(style->values[i])));
        for (int i = 0; i < 3; i++) {
            SolImage *frame = make_picture(sizes[i][0], sizes[i][1], 3);
            for (int half = 1; half <= 2; half++) {
                SolImage *painted = paint(engine, same, 0.5f * (float)half, frame);
                SolImage *wanted = paint(whole, style, 0.5f * (float)half, frame);
                assert_true(sol_engine_tiles(engine) > 1);
                assert_int_equal(sol_engine_tiles(whole), 1);
                assert_in_range(farthest(painted, wanted), 0, 1);
                sol_image_unref(&painted);
                sol_image_unref(&wanted);
            }
            assert_true(sol_engine_gflop(engine) == sol_engine_gflop(whole));
            sol_image_unref(&frame);
        }
        sol_style_close(&style);
        sol_style_close(&same);
        sol_engine_close(&engine);
    }
    assert_int_equal(sol_engine_open(&engine, f->model, &(SolEngineOptions){.threads = 2, .memory = 1 << 20}), 0);
    assert_int_equal(sol_engine_plan(engine, 640, 400), SOL_ERR_NOMEM);
    assert_contains(sol_error_text(), "640x400 pixels need ");
    assert_contains(sol_error_text(), " MiB of memory, even in the smallest tiles; 1 MiB are allowed");
    sol_image_unref(&picture);
    sol_engine_close(&engine);
    sol_engine_close(&whole);
}

static void test_arguments(void **state)
{
    Fixture *f = *state;
    SolImage *frame = make_picture(16, 16, 1), *painted = NULL;
    SolEngine *other = NULL;
    assert_int_equal(sol_engine_open(&other, f->model, &(SolEngineOptions){.threads = 1}), 0);
    assert_int_equal(sol_engine_paint(other, f->style, 1, frame, &painted), SOL_ERR_ARGUMENT); /* no plan */
    assert_int_equal(sol_engine_plan(other, 16, 16), 0);
    assert_int_equal(sol_engine_paint(other, f->style, 1, frame, &painted), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "another engine learned this style");
    assert_int_equal(sol_engine_plan(f->engine, 16, 16), 0);
    assert_int_equal(sol_engine_paint(f->engine, f->style, 1.5f, frame, &painted), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a strength of 1.5: it must be 0 to 1");
    assert_int_equal(sol_engine_paint(f->engine, f->style, NAN, frame, &painted), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_engine_plan(other, 0, 16), SOL_ERR_ARGUMENT);
    assert_int_equal(sol_engine_plan(other, 16, SOL_IMAGE_MAX_SIDE + 1), SOL_ERR_ARGUMENT);
    assert_true(sol_engine_gflop(other) > 0); /* a senseless size is not planned, and changes nothing */
    assert_null(painted);
    sol_engine_close(&other);
    assert_null(other);
    sol_engine_close(&other);
    sol_image_unref(&frame);
    assert_true(strlen(sol_blas_core()) > 0);
}

/* ---- networks with a style of their own ---- */

static const TestTensor transform_tensors[] = {
    {"a.weight", {6, 3, 3, 3, 0}}, {"an.weight", {6, 0}}, {"an.bias", {6, 0}}, {"b.weight", {6, 5, 3, 3, 0}},
    {"bn.weight", {5, 0}},         {"bn.bias", {5, 0}},   {"c.weight", {3, 5, 9, 9, 0}}, {"c.bias", {3, 0}},
    {NULL, {0}},
};

static const char transform_architecture[] =
    "{'version': 1, 'method': 'transform', 'layers': ["
    "{'name': 'half', 'op': 'conv', 'tensors': 'a', 'channels': 6, 'stride': 2, 'bias': false},"
    "{'name': 'norm1', 'op': 'instance_norm', 'tensors': 'an', 'relu': true}, {'name': 'pool', 'op': 'max_pool'},"
    "{'name': 'near', 'op': 'upsample'},"
    "{'name': 'double', 'op': 'conv_transpose', 'tensors': 'b', 'channels': 5, 'bias': false},"
    "{'name': 'norm2', 'op': 'instance_norm', 'tensors': 'bn', 'relu': true},"
    "{'name': 'last', 'op': 'conv', 'tensors': 'c', 'channels': 3, 'kernel': 9}, {'name': 'tanh', 'op': 'tanh'}],"
    "'output': {'scale': 0.5, 'offset': 0.5}}";

static int open_transform(void **state)
{
    Fixture *f = *state;
    const char *path = in_folder("transform.safetensors");
    write_model(path, transform_tensors, transform_architecture);
    assert_int_equal(sol_model_open(&f->own_model, path), 0);
    assert_int_equal(sol_engine_open(&f->own, f->own_model, &(SolEngineOptions){.threads = 2}), 0);
    return 0;
}

static int close_transform(void **state)
{
    Fixture *f = *state;
    sol_engine_close(&f->own);
    sol_model_close(&f->own_model);
    return 0;
}

static void test_a_style_of_its_own_is_the_only_one(void **state)
{
    static const char text[] = "this network paints in one style of its own; leave the style image out";
    Fixture *f = *state;
    SolImage *image = make_picture(80, 70, 1), *painted = NULL;
    SolStyle *style = NULL;
    assert_true(sol_engine_learns(f->engine) && !sol_engine_learns(f->own));
    assert_int_equal(sol_style_learn(&style, f->own, image, 64), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), text);
    assert_int_equal(sol_style_open(&style, f->own, "no/such.jpg"), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), text);
    assert_null(style);
    assert_int_equal(sol_engine_plan(f->own, 80, 70), 0);
    assert_int_equal(sol_engine_paint(f->own, f->style, 1, image, &painted), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "another engine learned this style");
    assert_int_equal(sol_engine_plan(f->engine, 80, 70), 0);
    assert_int_equal(sol_engine_paint(f->engine, NULL, 1, image, &painted), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "this network paints in the style of an image; none was given");
    assert_null(painted);
    sol_image_unref(&image);
}

/* Strength covers the frame with the painting. */
static void test_strength_without_a_style(void **state)
{
    Fixture *f = *state;
    SolImage *frame = make_picture(96, 64, 3), *none = paint(f->own, NULL, 0, frame);
    SolImage *half = paint(f->own, NULL, 0.5f, frame), *all = paint(f->own, NULL, 1, frame);
    assert_true(distance(none, frame) == 0);
    assert_true(distance(all, frame) > 10);
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 3 * 96; x++) {
            int sum = sol_image_row(frame, y)[x] + sol_image_row(all, y)[x];
            assert_in_range(2 * sol_image_row(half, y)[x], sum - 2 < 0 ? 0 : sum - 2, sum + 2);
        }
    sol_image_unref(&none);
    sol_image_unref(&half);
    sol_image_unref(&all);
    sol_image_unref(&frame);
}

/* Frames of one colour are painted alike at all places, but for what strides and the border do. */
static void test_single_colours_without_a_style(void **state)
{
    static const uint8_t colours[][3] = {{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {200, 30, 90}};
    Fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        SolImage *frame = make_flat(72, 56, colours[i]), *painted = paint(f->own, NULL, 1, frame);
        const uint8_t *middle = sol_image_row(painted, 28) + 3 * 36;
        for (int y = 16; y < 40; y += 4)
            for (int x = 16; x < 56; x += 4)
                for (int c = 0; c < 3; c++) {
                    assert_in_range(sol_image_row(painted, y)[3 * x + c] + 1, middle[c], middle[c] + 2);
                    assert_in_range(middle[c], 1, 254); /* no number becomes 0 */
                }
        sol_image_unref(&painted);
        sol_image_unref(&frame);
    }
}

/* With a margin, a frame is painted as part of a larger one that continues it by reflection; in tiles, too. */
static void test_a_margin(void **state)
{
    enum { MARGIN = 9, WIDTH = 202, HEIGHT = 150 };
    Fixture *f = *state;
    const char *path = in_folder("margin.safetensors");
    char architecture[2048];
    SolImage *frame = make_picture(WIDTH, HEIGHT, 3), *larger = NULL, *whole, *painted;
    SolModel *model = NULL;
    snprintf(architecture, sizeof architecture, "{'margin': %d, %s", (int)MARGIN, transform_architecture + 1);
    write_model(path, transform_tensors, architecture);
    assert_int_equal(sol_model_open(&model, path), 0);
    assert_int_equal(sol_image_create(&larger, WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN), 0);
    for (int y = 0; y < larger->height; y++)
        for (int x = 0; x < larger->width; x++) {
            int sx = abs(x - MARGIN), sy = abs(y - MARGIN);
            sx = sx < WIDTH ? sx : 2 * (WIDTH - 1) - sx;
            sy = sy < HEIGHT ? sy : 2 * (HEIGHT - 1) - sy;
            memcpy(sol_image_row(larger, y) + 3 * x, sol_image_row(frame, sy) + 3 * sx, 3);
        }
    whole = paint(f->own, NULL, 1, larger);
    for (int little = 0; little < 2; little++) {
        SolEngine *engine = NULL;
        uint64_t memory = little ? (uint64_t)50 << 20 : 0;
        assert_int_equal(sol_engine_open(&engine, model, &(SolEngineOptions){.threads = 2, .memory = memory}), 0);
        painted = paint(engine, NULL, 1, frame);
        assert_true(little ? sol_engine_tiles(engine) > 1 : sol_engine_tiles(engine) == 1);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < 3 * WIDTH; x++)
                assert_in_range(sol_image_row(painted, y)[x] + little,
                                sol_image_row(whole, y + MARGIN)[x + 3 * MARGIN],
                                sol_image_row(whole, y + MARGIN)[x + 3 * MARGIN] + 2 * little);
        sol_image_unref(&painted);
        sol_engine_close(&engine);
    }
    sol_image_unref(&whole);
    sol_image_unref(&larger);
    sol_image_unref(&frame);
    sol_model_close(&model);
}

static void test_layers_that_change_sizes(void **state)
{
    Fixture *f = *state;
    SolEngineLayer layers[16];
    double gflop = 0;
    int count;
    assert_int_equal(sol_engine_plan(f->own, 70, 49), 0); /* which is painted as 72x52 */
    count = sol_engine_layers(f->own, layers, 16);
    assert_in_range(count, 8, 16);
    for (int i = 0; i < count; i++)
        gflop += layers[i].gflop;
    assert_true(fabs(gflop - sol_engine_gflop(f->own)) < 1e-9);
    assert_true(fabs(gflop - 2e-9 * (36 * 26 * 9 * 18 + 36 * 26 * 9 * 30 + 72 * 52 * 81 * 15)) < 1e-9);
}

/* A network that pads and convolves without borders: frames of any size, and none where it takes too much memory. */
static void test_a_network_that_pads(void **state)
{
    static const char architecture[] =
        "{'version': 1, 'method': 'transform', 'layers': [{'name': 'pad', 'op': 'pad', 'pixels': 4},"
        "{'name': 'bare', 'op': 'conv', 'tensors': 'a', 'channels': 6, 'border': 'valid', 'bias': false},"
        "{'name': 'half', 'op': 'conv', 'tensors': 'h', 'channels': 3, 'stride': 2, 'border': 'valid', 'bias': false},"
        "{'name': 'crop', 'op': 'conv', 'tensors': 'p', 'channels': 3, 'border': 'valid', 'bias': false},"
        "{'name': 'near', 'op': 'upsample'}, {'name': 'tanh', 'op': 'tanh'}]}";
    static const TestTensor tensors[] = {{"a.weight", {6, 3, 3, 3, 0}}, {"h.weight", {3, 6, 3, 3, 0}},
                                         {"p.weight", {3, 3, 3, 3, 0}}, {NULL, {0}}};
    static const int sizes[][2] = {{1, 1}, {2, 7}, {31, 18}, {64, 48}, {97, 203}};
    const char *path = in_folder("pads.safetensors");
    SolModel *model = NULL;
    SolEngine *engine = NULL;
    SolEngineLayer layers[16];
    double gflop = 0;
    (void)state;
    write_model(path, tensors, architecture);
    if (sol_model_open(&model, path) != 0)
        fail_msg("%s", sol_error_text());
    assert_int_equal(sol_engine_open(&engine, model, &(SolEngineOptions){.threads = 2, .memory = 64 << 20}), 0);
    for (int i = 0; i < 5; i++) {
        SolImage *frame = make_picture(sizes[i][0], sizes[i][1], 3), *painted = paint(engine, NULL, 1, frame);
        assert_int_equal(sol_engine_tiles(engine), 1);
        sol_image_unref(&painted);
        sol_image_unref(&frame);
    }
    assert_int_equal(sol_engine_plan(engine, 63, 48), 0); /* which is painted as 64x48 */
    for (int i = 0, count = sol_engine_layers(engine, layers, 16); i < count; i++)
        gflop += layers[i].gflop;
    assert_true(fabs(gflop - sol_engine_gflop(engine)) < 1e-12);
    assert_true(fabs(gflop - 2e-9 * 9 * (70 * 54 * 18 + 34 * 26 * 18 + 32 * 24 * 9)) < 1e-12);
    assert_int_equal(sol_engine_plan(engine, 2000, 1500), SOL_ERR_NOMEM);
    assert_contains(sol_error_text(), "2000x1500 pixels need ");
    assert_contains(sol_error_text(), " MiB of memory, and 64 MiB are allowed: with its layer \"pad\" the network is not "
                                      "run in tiles; allow more memory or paint a smaller picture");
    sol_engine_close(&engine);
    sol_model_close(&model);
}

static void test_models_without_an_engine(void **state)
{
    static const TestTensor none[] = {{NULL, {0}}};
    static const char *const architectures[] = {
        "{'version': 1, 'method': 'oil', 'layers': [{'name': 'r', 'op': 'relu'}]}",
        "{'version': 1, 'method': 'adain', 'layers': [{'name': 'r', 'op': 'relu'}]}",
        "{'version': 1, 'method': 'transform', 'layers': [{'name': 'r', 'op': 'adain', 'style': 'input'}]}",
    };
    static const char *const texts[] = {"its method \"oil\" is not known to this version",
                                        "the network has no adain layer",
                                        "a network of the method transform has no adain or wct layers; this one has"};
    char wanted[512];
    (void)state;
    for (int i = 0; i < 3; i++) {
        const char *path = in_folder("m.safetensors");
        SolModel *model = NULL;
        SolEngine *engine = NULL;
        write_model(path, none, architectures[i]);
        assert_int_equal(sol_model_open(&model, path), 0);
        assert_int_equal(sol_engine_open(&engine, model, &(SolEngineOptions){.threads = 1}), SOL_ERR_FORMAT);
        snprintf(wanted, sizeof wanted, "%s: %s", path, texts[i]);
        assert_string_equal(sol_error_text(), wanted);
        assert_null(engine);
        sol_model_close(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_painting_follows_its_style),
        cmocka_unit_test(test_strength),
        cmocka_unit_test(test_blending),
        cmocka_unit_test(test_single_colours),
        cmocka_unit_test(test_a_style_of_one_colour),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_tiny_frames),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_a_plan_that_fails),
        cmocka_unit_test(test_a_style_does_not_depend_on_the_plan),
        cmocka_unit_test(test_style_images_of_all_shapes),
        cmocka_unit_test(test_style_files),
        cmocka_unit_test(test_bfloat16),
        cmocka_unit_test(test_little_memory),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test_setup_teardown(test_a_style_of_its_own_is_the_only_one, open_transform, close_transform),
        cmocka_unit_test_setup_teardown(test_strength_without_a_style, open_transform, close_transform),
        cmocka_unit_test_setup_teardown(test_single_colours_without_a_style, open_transform, close_transform),
        cmocka_unit_test_setup_teardown(test_a_margin, open_transform, close_transform),
        cmocka_unit_test_setup_teardown(test_layers_that_change_sizes, open_transform, close_transform),
        cmocka_unit_test(test_a_network_that_pads),
        cmocka_unit_test(test_models_without_an_engine),
    };
    return cmocka_run_group_tests_name("style/engine", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames that an engine paints at once, by threads of their own: the same pixels as one by one by all threads.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "style/engine.h"

#include <string.h>

enum { WIDTH = 150, HEIGHT = 90, FRAMES = 8 };

static const char *const files[] = {"models/compact.safetensors", "models/vgg19-distilled-wct.json"};

static SolModel *open_model(int i)
{
    SolModel *model = NULL;
    if ((i == 0 ? sol_model_open(&model, files[i]) : sol_model_open_random(&model, files[i], 1)) != 0)
        fail_msg("%s", sol_error_text());
    return model;
}

static SolEngine *open_engine(const SolModel *model, int threads, uint64_t memory)
{
    const SolEngineOptions options = {.threads = threads, .memory = memory};
    SolEngine *engine = NULL;
    if (sol_engine_open(&engine, model, &options) != 0)
        fail_msg("%s", sol_error_text());
    return engine;
}

static SolStyle *learn(SolEngine *engine)
{
    SolImage *image = make_picture(100, 80, 1);
    SolStyle *style = NULL;
    if (sol_style_learn(&style, engine, image, 64) != 0)
        fail_msg("%s", sol_error_text());
    sol_image_unref(&image);
    return style;
}

/* What is painted, and what comes of it. */
typedef struct Film {
    SolEngine *engine;
    const SolStyle *style;
    SolMask *region; /* every other frame is painted in it */
    SolImage *frames[FRAMES], *paintings[FRAMES];
    int lanes, results[FRAMES];
} Film;

static void paint(Film *film, int n, int lane)
{
    const SolBrush brush = {.style = film->style, .strength = n % 3 ? 1 : 0.5F, .region = n % 2 ? film->region : NULL,
                            .lane = lane};
    film->results[n] = sol_engine_paint_with(film->engine, &brush, film->frames[n], &film->paintings[n]);
}

static void paint_on_lane(void *context, int item)
{
    Film *film = context;
    for (int n = item; n < FRAMES; n += film->lanes)
        paint(film, n, item + 1);
}

static void open_film(Film *film, SolEngine *engine, const SolStyle *style)
{
    *film = (Film){.engine = engine, .style = style};
    assert_int_equal(sol_mask_create(&film->region, WIDTH, HEIGHT), 0);
    for (int y = 0; y < HEIGHT; y++)
        memset(sol_mask_row(film->region, y), y < HEIGHT / 3 ? 255 : 40, WIDTH);
    for (int n = 0; n < FRAMES; n++)
        film->frames[n] = make_picture(WIDTH, HEIGHT, (unsigned)n + 2);
}

static void assert_all_painted(const Film *film)
{
    for (int n = 0; n < FRAMES; n++)
        assert_int_equal(film->results[n], 0);
}

static void close_film(Film *film)
{
    for (int n = 0; n < FRAMES; n++) {
        sol_image_unref(&film->frames[n]);
        sol_image_unref(&film->paintings[n]);
    }
    sol_mask_close(&film->region);
}

static void assert_same(const Film *a, const Film *b)
{
    for (int n = 0; n < FRAMES; n++)
        for (int y = 0; y < HEIGHT; y++)
            assert_memory_equal(sol_image_row_const(a->paintings[n], y), sol_image_row_const(b->paintings[n], y),
                                3 * (size_t)WIDTH);
}

/* By `threads` on as many lanes as `lanes`, and again one by one on none. */
static void check_lanes(SolEngine *engine, const SolStyle *style, const Film *wanted, int lanes, int expected)
{
    SolPool *pool = NULL;
    Film film;
    open_film(&film, engine, style);
    assert_int_equal(sol_engine_plan_lanes(engine, WIDTH, HEIGHT, lanes), 0);
    film.lanes = sol_engine_lanes(engine);
    assert_int_equal(film.lanes, expected);
    assert_int_equal(sol_engine_tiles(engine), 1);
    assert_int_equal(sol_pool_open(&pool, film.lanes), 0);
    sol_pool_run(pool, paint_on_lane, &film, film.lanes);
    assert_all_painted(&film);
    assert_same(&film, wanted);
    for (int n = 0; n < FRAMES; n++) {
        sol_image_unref(&film.paintings[n]);
        paint(&film, n, 0);
    }
    assert_all_painted(&film);
    assert_same(&film, wanted);
    sol_pool_close(&pool);
    close_film(&film);
}

static void test_the_same_pixels(void **state)
{
    (void)state;
    for (int m = 0; m < 2; m++) {
        SolModel *model = open_model(m);
        SolEngine *engine = open_engine(model, 5, 0);
        SolStyle *style = learn(engine);
        Film wanted;
        open_film(&wanted, engine, style);
        assert_int_equal(sol_engine_plan(engine, WIDTH, HEIGHT), 0);
        assert_int_equal(sol_engine_lanes(engine), 1);
        for (int n = 0; n < FRAMES; n++)
            paint(&wanted, n, 0);
        assert_all_painted(&wanted);
        check_lanes(engine, style, &wanted, 9, 5); /* one for each thread */
        check_lanes(engine, style, &wanted, 2, 2); /* of two threads each */
        check_lanes(engine, style, &wanted, 1, 1);
        close_film(&wanted);
        sol_style_close(&style);
        sol_engine_close(&engine);
        sol_model_close(&model);
    }
}

/* Lanes are there for speed: where they would cost tiles there are fewer. */
static void test_little_memory(void **state)
{
    static const struct {
        int mebibytes, lanes;
    } rows[] = {{4096, 4}, {300, 2}, {170, 1}, {90, 1}};
    SolModel *model = open_model(0);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        SolEngine *engine = open_engine(model, 4, (uint64_t)rows[i].mebibytes << 20);
        assert_int_equal(sol_engine_plan_lanes(engine, 960, 540, 4), 0);
        assert_int_equal(sol_engine_lanes(engine), rows[i].lanes);
        assert_int_equal(sol_engine_tiles(engine) > 1, rows[i].mebibytes == 90);
        sol_engine_close(&engine);
    }
    sol_model_close(&model);
}

static void test_lanes_that_are_not_there(void **state)
{
    SolModel *model = open_model(0);
    SolEngine *engine = open_engine(model, 2, 0);
    SolStyle *style = learn(engine);
    SolImage *frame = make_picture(WIDTH, HEIGHT, 2), *painting = NULL;
    (void)state;
    assert_int_equal(sol_engine_lanes(engine), 0);
    assert_int_equal(sol_engine_plan_lanes(engine, WIDTH, HEIGHT, 2), 0);
    for (int lane = -1; lane <= 3; lane += 4) {
        const SolBrush brush = {.style = style, .strength = 1, .lane = lane};
        assert_int_equal(sol_engine_paint_with(engine, &brush, frame, &painting), SOL_ERR_ARGUMENT);
        assert_contains(sol_error_text(), "2 are planned");
        assert_null(painting);
    }
    sol_image_unref(&frame);
    sol_style_close(&style);
    sol_engine_close(&engine);
    sol_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_pixels),
        cmocka_unit_test(test_little_memory),
        cmocka_unit_test(test_lanes_that_are_not_there),
    };
    return cmocka_run_group_tests_name("style/lanes", tests, NULL, NULL);
}

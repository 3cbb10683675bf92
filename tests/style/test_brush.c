/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting with a brush: by the statistics of a region, and by statistics that are smoothed along a film. With the
 * compact network, and with levels of whitening and colouring that have random weights.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "base/memory.h"
#include "style/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMPACT, WCT, MODELS };

static SolModel *models[MODELS];

static int set_up(void **state)
{
    (void)state;
    return sol_model_open(&models[COMPACT], "models/compact.safetensors") ||
           sol_model_open_random(&models[WCT], "models/vgg19-distilled-wct.json", 1);
}

static int tear_down(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++)
        sol_model_close(&models[m]);
    return 0;
}

static SolEngine *open_with(int model, int threads, uint64_t memory, const double levels[5])
{
    const SolEngineOptions options = {.threads = threads, .precision = SOL_PRECISION_FLOAT32, .memory = memory,
                                      .level_strength = levels, .levels = levels ? 5 : 0};
    SolEngine *engine = NULL;
    if (sol_engine_open(&engine, models[model], &options) != 0)
        fail_msg("%s", sol_error_text());
    return engine;
}

static SolEngine *open_levels(const double levels[5])
{
    return open_with(WCT, 2, 0, levels);
}

static SolEngine *open_engine(int model, int threads, uint64_t memory)
{
    static const double levels[] = {0, 1, 0, 0.8, 1};
    return open_with(model, threads, memory, model == WCT ? levels : NULL);
}

static SolStyle *learn(SolEngine *engine)
{
    SolImage *image = make_picture(120, 90, 1);
    SolStyle *style = NULL;
    if (sol_style_learn(&style, engine, image, 64) != 0)
        fail_msg("%s", sol_error_text());
    sol_image_unref(&image);
    return style;
}

static SolImage *paint(SolEngine *engine, const SolBrush *brush, const SolImage *frame)
{
    SolImage *painted = NULL;
    if (sol_engine_plan(engine, frame->width, frame->height) != 0 ||
        sol_engine_paint_with(engine, brush, frame, &painted) != 0)
        fail_msg("%s", sol_error_text());
    return painted;
}

static void assert_same(const SolImage *a, const SolImage *b)
{
    for (int y = 0; y < a->height; y++)
        assert_memory_equal(sol_image_row_const(a, y), sol_image_row_const(b, y), 3 * (size_t)a->width);
}

/* Of columns x0..x1-1, in grey levels: the largest difference, and the mean of all. */
static int farthest(const SolImage *a, const SolImage *b, int x0, int x1, double *mean)
{
    int most = 0;
    double sum = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 3 * x0; x < 3 * x1; x++) {
            int d = abs(sol_image_row_const(a, y)[x] - sol_image_row_const(b, y)[x]);
            sum += d;
            most = d > most ? d : most;
        }
    *mean = sum / (3.0 * (x1 - x0) * a->height);
    return most;
}

/* A mask that is 255 in the columns before `edge`, and 0 from there on. */
static SolMask *left_of(int width, int height, int edge)
{
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int y = 0; y < height; y++)
        memset(sol_mask_row(mask, y), 255, (size_t)edge);
    return mask;
}

/* Pictures of a film: the same things, of which every other picture has only so much of the brightness. */
static SolImage *make_frame(int width, int height, int n, double dark)
{
    SolImage *image = make_picture(width, height, 3);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            sol_image_row(image, y)[x] = (uint8_t)(sol_image_row(image, y)[x] * (n % 2 ? dark : 1));
    return image;
}

/* ---- regions ---- */

/* What covers everything alike, or nothing, is no region: the same bits. Nor is one pixel, of layers of an eighth. */
static void test_regions_that_are_none(void **state)
{
    static const uint8_t values[] = {255, 0, 100, 0};
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        SolEngine *engine = open_engine(m, 2, 0);
        SolStyle *style = learn(engine);
        SolImage *frame = make_picture(97, 61, 3), *plain, *painted;
        SolBrush brush = {.style = style, .strength = 0.7f};
        SolMask *mask = left_of(97, 61, 0);
        plain = paint(engine, &brush, frame);
        brush.region = mask;
        for (int i = 0; i < (m == WCT ? 3 : 4); i++) { /* wct has a layer at full size */
            sol_mask_fill(mask, values[i % 4]);
            mask->values[61 * 40 + 20] = i < 3 ? values[i] : 155;
            painted = paint(engine, &brush, frame);
            assert_same(painted, plain);
            sol_image_unref(&painted);
        }
        sol_mask_close(&mask);
        sol_image_unref(&plain);
        sol_image_unref(&frame);
        sol_style_close(&style);
        sol_engine_close(&engine);
    }
}

enum { WIDTH = 288, HEIGHT = 48, EDGE = 64, END = 224 }; /* a region's edge; and where things end, out of its sight */

static SolImage *make_half(int grey)
{
    SolImage *frame = make_picture(WIDTH, HEIGHT, 3);
    for (int y = 0; y < HEIGHT; y++)
        memset(sol_image_row(frame, y) + 3 * END, grey, 3 * (WIDTH - END));
    return frame;
}

/* A region is painted by its own statistics, whatever lies beside it; by those of the frame it depends on what does. */
static void test_a_region_by_itself(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++)
        for (int half = 0; half < 2; half++) {
            SolEngine *engine = open_engine(m, 2, 0);
            SolStyle *style = learn(engine);
            SolMask *mask = left_of(WIDTH, HEIGHT, EDGE);
            SolImage *own[2], *all[2];
            SolBrush brush = {.style = style, .strength = half ? 0.5f : 1};
            double difference;
            for (int i = 0; i < 2; i++) {
                SolImage *frame = make_half(i == 0 ? 0 : 250);
                brush.region = NULL;
                all[i] = paint(engine, &brush, frame);
                brush.region = mask;
                own[i] = paint(engine, &brush, frame);
                sol_image_unref(&frame);
            }
            assert_in_range(farthest(own[0], own[1], 0, EDGE, &difference), 0, 1);
            farthest(all[0], all[1], 0, EDGE, &difference);
            assert_true(difference > 3);
            farthest(own[0], all[0], 0, EDGE, &difference);
            assert_true(difference > 3);
            for (int i = 0; i < 2; i++) {
                sol_image_unref(&own[i]);
                sol_image_unref(&all[i]);
            }
            sol_mask_close(&mask);
            sol_style_close(&style);
            sol_engine_close(&engine);
        }
}

/* ---- films ---- */

enum { FRAMES = 4 };

/* How a film is painted. */
typedef struct Film {
    int model, threads;
    uint64_t memory;
    int width, height;
    float strength, smoothing;
    bool region, trail;
    int frames; /* 0: FRAMES of them */
} Film;

/* Paints a film of flickering pictures; returns how many tiles each took. */
static int paint_film(const Film *film, SolImage *painted[FRAMES], SolTrail *trail)
{
    SolEngine *engine = open_engine(film->model, film->threads, film->memory);
    SolStyle *style = learn(engine);
    SolMask *mask = left_of(film->width, film->height, film->width / 2);
    SolBrush brush = {.style = style, .strength = film->strength, .smoothing = film->smoothing,
                      .region = film->region ? mask : NULL, .trail = film->trail ? trail : NULL};
    int tiles;
    memset(painted, 0, FRAMES * sizeof *painted);
    for (int n = 0; n < (film->frames ? film->frames : FRAMES); n++) {
        SolImage *frame = make_frame(film->width, film->height, n, 0.7);
        painted[n] = paint(engine, &brush, frame);
        sol_image_unref(&frame);
    }
    tiles = sol_engine_tiles(engine);
    sol_mask_close(&mask);
    sol_style_close(&style);
    sol_engine_close(&engine);
    return tiles;
}

static void free_film(SolImage *painted[FRAMES], SolTrail *trail)
{
    for (int n = 0; n < FRAMES; n++)
        sol_image_unref(&painted[n]);
    sol_trail_clear(trail);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        Film film = {m, 1, 0, 88, 72, 0.8f, 0.6f, true, true, 3};
        SolImage *first[FRAMES], *painted[FRAMES];
        SolTrail trail = {0}, other = {0};
        paint_film(&film, first, &trail);
        for (film.threads = 2; film.threads <= 5; film.threads++) {
            paint_film(&film, painted, &other);
            for (int n = 0; n < film.frames; n++)
                assert_same(painted[n], first[n]);
            assert_int_equal(trail.count, other.count);
            assert_memory_equal(trail.statistics, other.statistics, trail.count * sizeof *trail.statistics);
            free_film(painted, &other);
        }
        free_film(first, &trail);
    }
}

static void test_tiles(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++)
        for (int half = m == WCT; half < 2; half++) {
            Film film = {m, 2, 0, m == WCT ? 200 : 320, m == WCT ? 280 : 400, half ? 0.5f : 1, 0.7f, true, true, 2};
            SolImage *whole[FRAMES], *painted[FRAMES];
            SolTrail trail = {0}, other = {0};
            double mean;
            assert_int_equal(paint_film(&film, whole, &trail), 1);
            film.memory = (uint64_t)(m == WCT ? 64 : 62) << 20;
            assert_true(paint_film(&film, painted, &other) > 1);
            for (int n = 0; n < 2; n++)
                assert_in_range(farthest(painted[n], whole[n], 0, film.width, &mean), 0, 1);
            free_film(whole, &trail);
            free_film(painted, &other);
        }
}

/* Without smoothing, and where a film begins, a trail changes no bit. */
static void test_a_trail_without_smoothing(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++)
        for (int half = 0; half < 2; half++) {
            Film film = {m, 2, 0, 97, 61, half ? 0.5f : 1, 0, half, false, 0};
            SolImage *plain[FRAMES], *painted[FRAMES];
            SolTrail trail = {0};
            paint_film(&film, plain, &trail);
            assert_null(trail.statistics);
            film.trail = true;
            paint_film(&film, painted, &trail);
            assert_non_null(trail.statistics);
            for (int n = 0; n < FRAMES; n++)
                assert_same(painted[n], plain[n]);
            free_film(painted, &trail);
            film.smoothing = 0.9f;
            paint_film(&film, painted, &trail);
            assert_same(painted[0], plain[0]);
            for (int n = 1; n < FRAMES; n++) {
                double mean;
                assert_true(farthest(painted[n], plain[n], 0, film.width, &mean) > 0);
            }
            free_film(painted, &trail);
            free_film(plain, &trail);
        }
}

/* Numbers of a trail that are the first layer's, which depends on no other: of 128 channels the mean and variance by
   turns; of 24, the means and then the upper triangle of the covariance. */
enum { ADAIN_NUMBERS = 2 * 128, SCATTERED = 24, WCT_NUMBERS = SCATTERED + SCATTERED * (SCATTERED + 1) / 2, PAIRS = 40 };

static bool is_mean(int model, int i)
{
    return model == WCT ? i < SCATTERED : i % 2 == 0;
}

/* The means that number `i`, which is a (co)variance, belongs to. */
static void find_means(int model, int i, int means[2])
{
    int row = 0;
    means[0] = means[1] = i - 1;
    if (model != WCT)
        return;
    for (i -= SCATTERED; i >= SCATTERED - row; row++)
        i -= SCATTERED - row;
    means[0] = row;
    means[1] = row + i;
}

/* What becomes of statistics when those of a picture are pooled with them. */
static void pool_numbers(int model, int count, double share, const double *own, double *kept)
{
    for (int i = 0; i < count; i++)
        if (!is_mean(model, i)) {
            int m[2];
            find_means(model, i, m);
            kept[i] = share * kept[i] + (1 - share) * own[i] +
                      share * (1 - share) * (own[m[0]] - kept[m[0]]) * (own[m[1]] - kept[m[1]]);
        }
    for (int i = 0; i < count; i++)
        if (is_mean(model, i))
            kept[i] = share * kept[i] + (1 - share) * own[i];
}

/* Paints picture `n`, and tells the first layer's part of the trail. */
static void paint_next(SolEngine *engine, const SolBrush *brush, int n, int count, double *numbers)
{
    SolImage *frame = make_frame(32, 32, n, 0.5), *painted = paint(engine, brush, frame);
    memcpy(numbers, brush->trail->statistics, (size_t)count * sizeof *numbers);
    sol_image_unref(&frame);
    sol_image_unref(&painted);
}

/*
 * Statistics are pooled with those before, picture by picture. Where pictures flicker between two, means that are
 * smoothed with the share s of what was before settle on flickering (1 - s) / (1 + s) as far.
 */
static void test_flicker(void **state)
{
    static const double last[] = {0, 0, 0, 0, 1};
    static const float shares[] = {0.5f, 0.8f};
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        SolEngine *engine = m == WCT ? open_levels(last) : open_engine(m, 2, 0);
        SolStyle *style = learn(engine);
        SolTrail trail = {0};
        SolBrush brush = {.style = style, .strength = 1, .trail = &trail};
        int count = m == WCT ? WCT_NUMBERS : ADAIN_NUMBERS;
        double own[2][WCT_NUMBERS], wanted[WCT_NUMBERS], got[2][WCT_NUMBERS], most = 0;
        for (int n = 0; n < 2; n++)
            paint_next(engine, &brush, n, count, own[n]);
        for (int i = 0; i < 2; i++) {
            double share = (double)shares[i], factor = (1 - share) / (1 + share);
            brush.smoothing = shares[i];
            memcpy(wanted, own[1], sizeof wanted);
            sol_trail_clear(&trail);
            paint_next(engine, &brush, 1, count, got[1]);
            for (int n = 0; n < 2 * PAIRS; n++) {
                paint_next(engine, &brush, n, count, got[n % 2]);
                pool_numbers(m, count, share, own[n % 2], wanted);
                for (int k = 0; k < count; k++)
                    assert_true(fabs(got[n % 2][k] - wanted[k]) <= 1e-10 * (1 + fabs(wanted[k])));
            }
            for (int k = 0; k < count; k++) {
                double change = own[1][k] - own[0][k];
                most = is_mean(m, k) ? fmax(most, fabs(change)) : most;
                if (is_mean(m, k))
                    assert_true(fabs(got[1][k] - got[0][k] - factor * change) <= 1e-6 * (1e-3 + fabs(change)));
            }
        }
        assert_true(most > 0.01);
        sol_trail_clear(&trail);
        sol_style_close(&style);
        sol_engine_close(&engine);
    }
}

/* Covariances of hardly more pixels than channels are not smoothed: of 128 channels, an eighth of 88x72 pixels. */
static void test_few_pixels(void **state)
{
    static const double fourth[] = {0, 1, 0, 0, 0};
    SolEngine *engine = open_levels(fourth);
    SolStyle *style = learn(engine);
    SolTrail trail = {0};
    (void)state;
    for (int large = 0; large < 2; large++) {
        SolBrush plain = {.style = style, .strength = 1}, brush = plain;
        double difference;
        brush.trail = &trail;
        brush.smoothing = 0.8f;
        for (int n = 0; n < 2; n++) {
            int width = large ? 208 : 88, height = large ? 200 : 72;
            SolImage *frame = make_frame(width, height, n, 0.6);
            SolImage *wanted = paint(engine, &plain, frame), *painted = paint(engine, &brush, frame);
            int most = farthest(painted, wanted, 0, width, &difference);
            assert_true(large && n == 1 ? most > 3 : most == 0);
            sol_image_unref(&frame);
            sol_image_unref(&wanted);
            sol_image_unref(&painted);
        }
        sol_trail_clear(&trail);
    }
    sol_style_close(&style);
    sol_engine_close(&engine);
}

/* ---- trails ---- */

static void test_a_film_goes_on(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        SolEngine *engine = open_engine(m, 2, 0);
        SolStyle *style = learn(engine);
        SolTrail trail = {0}, restored = {0};
        SolBrush brush = {.style = style, .strength = 0.7f, .trail = &trail, .smoothing = 0.8f};
        SolImage *frame, *painted = NULL, *again;
        SolBlob blob = {0};
        for (int n = 0; n < 3; n++) {
            sol_image_unref(&painted);
            frame = make_frame(64, 48, n, 0.6);
            if (n == 2)
                sol_trail_save(&trail, &blob);
            painted = paint(engine, &brush, frame);
            if (n < 2)
                sol_image_unref(&frame);
        }
        assert_true(sol_blob_is_sound(&blob));
        assert_int_equal(sol_trail_restore(&restored, &blob), 0);
        assert_int_equal(blob.at, blob.size);
        brush.trail = &restored;
        again = paint(engine, &brush, frame);
        assert_same(again, painted);
        assert_int_equal(restored.count, trail.count);
        assert_memory_equal(restored.statistics, trail.statistics, trail.count * sizeof *trail.statistics);
        sol_blob_clear(&blob);
        sol_image_unref(&frame);
        sol_image_unref(&painted);
        sol_image_unref(&again);
        sol_trail_clear(&trail);
        sol_trail_clear(&restored);
        sol_style_close(&style);
        sol_engine_close(&engine);
    }
}

static void test_broken_trails(void **state)
{
    SolTrail trail = {0}, other = {0};
    SolBlob blob = {0};
    (void)state;
    sol_trail_save(&trail, &blob);
    assert_int_equal(sol_trail_restore(&other, &blob), 0);
    assert_null(other.statistics);
    assert_int_equal(sol_trail_restore(&other, &blob), SOL_ERR_FORMAT); /* nothing is left */
    sol_blob_clear(&blob);
    trail.statistics = sol_alloc(3, sizeof *trail.statistics);
    assert_non_null(trail.statistics);
    trail.count = 3;
    for (int i = 0; i < 3; i++)
        trail.statistics[i] = i / 3.0;
    sol_trail_save(&trail, &blob);
    blob.size--;
    assert_int_equal(sol_trail_restore(&trail, &blob), SOL_ERR_FORMAT);
    assert_contains(sol_error_text(), "the smoothed statistics of a film are not whole");
    assert_true(trail.count == 3 && trail.statistics[2] == 2 / 3.0);
    sol_blob_reset(&blob);
    sol_blob_put_int(&blob, -1);
    assert_int_equal(sol_trail_restore(&trail, &blob), SOL_ERR_FORMAT);
    sol_blob_reset(&blob);
    sol_blob_put_int(&blob, INT64_MAX);
    assert_int_equal(sol_trail_restore(&trail, &blob), SOL_ERR_FORMAT);
    sol_blob_clear(&blob);
    sol_trail_clear(&trail);
    assert_true(trail.count == 0 && !trail.statistics);
    sol_trail_clear(&trail);
}

/* A trail of another network begins anew. */
static void test_the_trail_of_another(void **state)
{
    SolEngine *engines[MODELS];
    SolStyle *styles[MODELS];
    SolImage *frame = make_picture(48, 40, 2), *plain, *painted;
    SolTrail trail = {0};
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        SolBrush brush = {.strength = 1, .smoothing = 0.9f};
        engines[m] = open_engine(m, 1, 0);
        brush.style = styles[m] = learn(engines[m]);
        plain = paint(engines[m], &brush, frame);
        brush.trail = &trail;
        painted = paint(engines[m], &brush, frame);
        assert_same(painted, plain);
        sol_image_unref(&plain);
        sol_image_unref(&painted);
    }
    sol_trail_clear(&trail);
    for (int m = 0; m < MODELS; m++) {
        sol_style_close(&styles[m]);
        sol_engine_close(&engines[m]);
    }
    sol_image_unref(&frame);
}

static void test_arguments(void **state)
{
    SolEngine *engine = open_engine(COMPACT, 1, 0);
    SolStyle *style = learn(engine);
    SolMask *mask = left_of(40, 40, 20);
    SolImage *frame = make_picture(48, 40, 2), *painted = NULL;
    SolReference reference = {.image = frame, .trust = mask};
    SolBrush brush = {.style = style, .strength = 1, .region = mask};
    (void)state;
    assert_int_equal(sol_engine_plan(engine, 48, 40), 0);
    assert_int_equal(sol_engine_paint_with(engine, &brush, frame, &painted), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "a region of 40x40 pixels does not fit the frame's 48x40");
    brush = (SolBrush){.style = style, .strength = 1, .references = &reference, .reference_count = 1};
    assert_int_equal(sol_engine_paint_with(engine, &brush, frame, &painted), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "a reference's trust of 40x40 pixels does not fit the frame's 48x40");
    brush = (SolBrush){.style = style, .strength = 1, .smoothing = 1.5f};
    assert_int_equal(sol_engine_paint_with(engine, &brush, frame, &painted), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "a smoothing of 1.5: it must be 0 to 1");
    brush = (SolBrush){.strength = 1};
    assert_int_equal(sol_engine_paint_with(engine, &brush, frame, &painted), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "paints in the style of an image; none was given");
    assert_null(painted);
    sol_mask_close(&mask);
    sol_image_unref(&frame);
    sol_style_close(&style);
    sol_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions_that_are_none),
        cmocka_unit_test(test_a_region_by_itself),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_a_trail_without_smoothing),
        cmocka_unit_test(test_flicker),
        cmocka_unit_test(test_few_pixels),
        cmocka_unit_test(test_a_film_goes_on),
        cmocka_unit_test(test_broken_trails),
        cmocka_unit_test(test_the_trail_of_another),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests_name("style/brush", tests, set_up, tear_down);
}

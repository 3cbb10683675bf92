/* SPDX-License-Identifier: Apache-2.0
 *
 * Steadying: paintings of what stands still stand still, those of what moves move along without ghosts, cuts are found,
 * slow changes are followed; what is saved goes on as if nothing had happened, bit by bit.
 */
#include "support/motion.h"
#include "support/planes.h"
#include "support/support.h"

#include "temporal/kernels.h"
#include "temporal/cuts.h"
#include "temporal/stabiliser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 160, HIGH = 120, SQUARE = 40, STEP = 6 };

static const SolSteady strong = {SOL_STEADY_STRONG, true, true, true};
static const SolSteady light = {SOL_STEADY_LIGHT, true, true, true};

static SolStabiliser *open_stabiliser(const SolSteady *steady, int width, int height, SolPool *pool)
{
    SolStabiliser *s = NULL;
    assert_int_equal(sol_stabiliser_open(&s, steady, width, height, pool), 0);
    return s;
}

static SolImage *copy_of(const SolImage *image)
{
    SolImage *copy = NULL;
    assert_int_equal(sol_image_create(&copy, image->width, image->height), 0);
    for (int y = 0; y < image->height; y++)
        memcpy(sol_image_row(copy, y), sol_image_row_const(image, y), 3 * (size_t)image->width);
    return copy;
}

/* Adds noise up to `most`, another one for every seed. */
static SolImage *disturbed(const SolImage *image, int most, unsigned seed)
{
    SolImage *copy = copy_of(image);
    uint32_t state = seed * 2654435761u + 1;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < 3 * image->width; x++) {
            int value;
            state = state * 1664525u + 1013904223u;
            value = sol_image_row(copy, y)[x] + (int)(state >> 8) % (2 * most + 1) - most;
            sol_image_row(copy, y)[x] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    return copy;
}

/* The mean difference within a rectangle. */
static double difference(const SolImage *a, const SolImage *b, SolArea area)
{
    double sum = 0;
    for (int y = area.y; y < area.y + area.height; y++)
        for (int x = 3 * area.x; x < 3 * (area.x + area.width); x++)
            sum += abs(sol_image_row_const(a, y)[x] - sol_image_row_const(b, y)[x]);
    return sum / (3.0 * area.width * area.height);
}

static const SolArea all = {0, 0, WIDE, HIGH};

/* A frame: a square that goes right by STEP pixels over a background. */
static SolImage *frame_at(int n)
{
    SolImage *ground = make_texture(WIDE, HIGH, 1), *square = make_texture(WIDE, HIGH, 50);
    for (int y = HIGH / 3; y < HIGH / 3 + SQUARE; y++)
        memcpy(sol_image_row(ground, y) + 3 * (10 + STEP * n), sol_image_row(square, y) + 30, 3 * SQUARE);
    sol_image_unref(&square);
    return ground;
}

static bool look(SolStabiliser *s, const SolImage *frame)
{
    bool cut = false;
    assert_int_equal(sol_stabiliser_look(s, frame, &cut), 0);
    return cut;
}

/* Looks and blends; `painting` becomes what is shown. */
static bool show(SolStabiliser *s, const SolImage *frame, SolImage *painting)
{
    bool cut = look(s, frame);
    assert_int_equal(sol_stabiliser_blend(s, painting, 1), 0);
    return cut;
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(sol_steadiness_name(SOL_STEADY_OFF), "off");
    assert_string_equal(sol_steadiness_name(SOL_STEADY_LIGHT), "light");
    assert_string_equal(sol_steadiness_name(SOL_STEADY_STRONG), "strong");
    assert_null(sol_steadiness_name(3));
    assert_null(sol_steadiness_name(-1));
}

/* How much what is shown changes from frame to frame, where the source stands still but for its noise. */
static double flicker(const SolSteady *steady, int noise)
{
    SolStabiliser *s = open_stabiliser(steady, WIDE, HIGH, pools[1]);
    SolImage *still = make_texture(WIDE, HIGH, 1), *painted = make_texture(WIDE, HIGH, 2), *before = NULL;
    double sum = 0;
    for (int n = 0; n < 8; n++) {
        SolImage *frame = disturbed(still, noise, (unsigned)n), *painting = disturbed(painted, 30, 100 + (unsigned)n);
        SolImage *fresh = copy_of(painting);
        assert_int_equal(show(s, frame, painting), n == 0);
        if (n == 0)
            assert_true(difference(painting, fresh, all) == 0);
        else
            sum += difference(painting, before, all);
        sol_image_unref(&before);
        sol_image_unref(&fresh);
        sol_image_unref(&frame);
        before = painting;
    }
    sol_image_unref(&before);
    sol_image_unref(&still);
    sol_image_unref(&painted);
    sol_stabiliser_close(&s);
    return sum;
}

static void test_still(void **state)
{
    static const SolSteady off = {SOL_STEADY_OFF, false, false, false}, flowless = {SOL_STEADY_STRONG, true, false, true};
    double without = flicker(&off, 2), lightly = flicker(&light, 2), strongly = flicker(&strong, 2);
    (void)state;
    assert_true(flicker(&flowless, 2) == without);
    assert_true(lightly < 0.5 * without);
    assert_true(strongly < 0.15 * without);
    assert_true(flicker(&strong, 0) < 0.1 * without);
}

/* The painting is the source with other colours: what is shown must be that, also where the square has been. */
static void test_moving(void **state)
{
    SolStabiliser *s = open_stabiliser(&strong, WIDE, HIGH, pools[1]);
    (void)state;
    for (int n = 0; n < 8; n++) {
        SolImage *frame = frame_at(n), *painting = frame_at(n), *fresh;
        SolArea gone = {10 + STEP * (n - 1), HIGH / 3, STEP, SQUARE};
        for (int y = 0; y < HIGH; y++)
            for (int x = 0; x < 3 * WIDE; x++)
                sol_image_row(painting, y)[x] = (uint8_t)(255 - sol_image_row(painting, y)[x]);
        fresh = copy_of(painting);
        assert_int_equal(show(s, frame, painting), n == 0);
        assert_true(difference(painting, fresh, all) < 2);
        if (n > 0)
            assert_true(difference(painting, fresh, gone) < 8); /* the square and what is behind it differ by 50 or so */
        sol_image_unref(&frame);
        sol_image_unref(&painting);
        sol_image_unref(&fresh);
    }
    sol_stabiliser_close(&s);
}

/* A flickering painting of a picture that is shifted moves along with it. */
static void test_panning(void **state)
{
    SolStabiliser *s = open_stabiliser(&strong, WIDE, HIGH, pools[1]);
    SolImage *wide = make_texture(WIDE + 100, HIGH, 4), *paint = make_texture(WIDE + 100, HIGH, 5);
    double sum = 0, without = 0;
    (void)state;
    for (int n = 0; n < 8; n++) {
        SolImage *frame = NULL, *clean = NULL, *painting;
        assert_int_equal(sol_image_create(&frame, WIDE, HIGH), 0);
        assert_int_equal(sol_image_create(&clean, WIDE, HIGH), 0);
        for (int y = 0; y < HIGH; y++) {
            memcpy(sol_image_row(frame, y), sol_image_row(wide, y) + 15 * n, 3 * WIDE);
            memcpy(sol_image_row(clean, y), sol_image_row(paint, y) + 15 * n, 3 * WIDE);
        }
        painting = disturbed(clean, 30, (unsigned)n);
        without += difference(painting, clean, (SolArea){0, 0, WIDE - 60, HIGH});
        show(s, frame, painting);
        sum += difference(painting, clean, (SolArea){0, 0, WIDE - 60, HIGH});
        sol_image_unref(&frame);
        sol_image_unref(&clean);
        sol_image_unref(&painting);
    }
    assert_true(sum < 0.7 * without);
    sol_image_unref(&wide);
    sol_image_unref(&paint);
    sol_stabiliser_close(&s);
}

static void test_cuts(void **state)
{
    SolStabiliser *s = open_stabiliser(&strong, WIDE, HIGH, pools[1]);
    (void)state;
    for (int n = 0; n < 9; n++) {
        SolImage *frame = n < 6 ? make_texture(WIDE, HIGH, 10 * (unsigned)(n / 3)) : frame_at(n), *fresh, *painting;
        painting = disturbed(frame, 20, (unsigned)n);
        fresh = copy_of(painting);
        assert_int_equal(show(s, frame, painting), n == 0 || n == 3 || n == 6);
        if (n == 0 || n == 3 || n == 6)
            assert_true(difference(painting, fresh, all) == 0);
        sol_image_unref(&frame);
        sol_image_unref(&painting);
        sol_image_unref(&fresh);
    }
    sol_stabiliser_forget(s);
    for (int n = 0; n < 2; n++) {
        SolImage *frame = frame_at(0);
        assert_int_equal(look(s, frame), n == 0);
        sol_image_unref(&frame);
    }
    sol_stabiliser_close(&s);
}

/* From afar: a camera that pans, and one that stands in changing light, make no cut; another scene of other colours does. */
static void test_glance(void **state)
{
    SolGlance glance = {0};
    SolImage *wide = make_texture(2 * WIDE, HIGH, 3), *other = make_texture(WIDE, HIGH, 20);
    (void)state;
    for (int n = 0; n < 30; n++) {
        SolImage *frame = make_texture(WIDE, HIGH, 3);
        SolBlob blob = {0};
        for (int y = 0; y < HIGH; y++)
            for (int x = 0; x < 3 * WIDE; x++) {
                uint8_t *at = sol_image_row(frame, y) + x;
                *at = n < 15 ? sol_image_row_const(wide, y)[x + 3 * (n * WIDE / 20)] : *at;
                if (n >= 15)
                    *at = (uint8_t)(n < 25 ? *at / 4 + 2 * n : 255 - sol_image_row_const(other, y)[x] / 4);
            }
        assert_int_equal(sol_glance_at(&glance, frame), n == 15 || n == 25);
        sol_glance_save(&glance, &blob); /* and another one goes on */
        glance = (SolGlance){.begun = true};
        sol_glance_restore(&glance, &blob);
        assert_true(sol_blob_is_sound(&blob) && blob.at == blob.size);
        sol_blob_clear(&blob);
        sol_image_unref(&frame);
    }
    for (int i = 0; i < 2; i++) { /* smaller than the cells */
        SolImage *tiny = make_texture(5, 3, 1);
        assert_false(sol_glance_at(&(SolGlance){0}, tiny));
        sol_image_unref(&tiny);
    }
    sol_image_unref(&wide);
    sol_image_unref(&other);
}

/* A source that turns from dark to bright, a level a frame: paint of the beginning must not stay. */
static void test_fading(void **state)
{
    SolStabiliser *s = open_stabiliser(&strong, WIDE, HIGH, pools[1]);
    double last = 0;
    (void)state;
    for (int n = 0; n < 40; n++) {
        SolImage *frame = make_texture(WIDE, HIGH, 3), *painting;
        for (int y = 0; y < HIGH; y++)
            for (int x = 0; x < 3 * WIDE; x++)
                sol_image_row(frame, y)[x] = (uint8_t)(sol_image_row(frame, y)[x] / 2 + 2 * n);
        painting = copy_of(frame);
        assert_int_equal(show(s, frame, painting), n == 0);
        last = difference(painting, frame, all);
        sol_image_unref(&frame);
        sol_image_unref(&painting);
    }
    assert_true(last < 12);
    sol_stabiliser_close(&s);
}

/* What is shown at frame `n`, by a film that is saved and restored before the frames whose bits are set. */
static SolImage *shown_at(int n, unsigned breaks, SolPool *pool)
{
    SolStabiliser *s = open_stabiliser(&strong, WIDE, HIGH, pool);
    SolImage *shown = NULL;
    for (int i = 0; i <= n; i++) {
        SolImage *frame = frame_at(i), *painting = disturbed(frame, 25, (unsigned)i);
        if (breaks >> i & 1) {
            SolBlob blob = {0};
            sol_stabiliser_save(s, &blob);
            assert_true(sol_blob_is_sound(&blob));
            sol_stabiliser_close(&s);
            s = open_stabiliser(&strong, WIDE, HIGH, pool);
            assert_int_equal(sol_stabiliser_restore(s, &blob), 0);
            assert_int_equal(blob.at, blob.size);
            sol_blob_clear(&blob);
        }
        show(s, frame, painting);
        sol_image_unref(&frame);
        if (i == n)
            shown = painting;
        else
            sol_image_unref(&painting);
    }
    sol_stabiliser_close(&s);
    return shown;
}

static void test_going_on(void **state)
{
    SolImage *wanted = shown_at(5, 0, pools[0]);
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        static const unsigned breaks[] = {0, 0x3f, 0x14, 0x20};
        SolImage *got = shown_at(5, breaks[i], pools[i % POOLS]);
        assert_true(difference(wanted, got, all) == 0);
        sol_image_unref(&got);
    }
    for (int i = 0; sol_temporal_kernels_at(i); i++) {
        SolImage *got;
        setenv("SOLSTICE_CPUMASK", sol_temporal_kernels_at(i)->name, 1);
        got = shown_at(5, 0, pools[2]);
        unsetenv("SOLSTICE_CPUMASK");
        assert_true(difference(wanted, got, all) == 0);
        sol_image_unref(&got);
    }
    sol_image_unref(&wanted);
}

static void test_damage(void **state)
{
    SolStabiliser *s = open_stabiliser(&strong, 40, 30, pools[0]), *other = open_stabiliser(&strong, 41, 30, pools[0]);
    SolImage *frame = make_texture(40, 30, 1), *painting = copy_of(frame);
    SolBlob blob = {0}, part;
    (void)state;
    sol_stabiliser_save(s, &blob);
    assert_int_equal(sol_stabiliser_restore(s, &blob), 0);
    sol_blob_reset(&blob);
    show(s, frame, painting);
    sol_stabiliser_save(s, &blob);
    part = sol_blob_of(blob.bytes, blob.size);
    assert_int_equal(sol_stabiliser_restore(other, &part), SOL_ERR_FORMAT);
    assert_string_equal(sol_error_text(), "what was kept of a steadied film is not of 41x30 pixels");
    for (size_t size = 0; size < blob.size; size += 997) {
        part = sol_blob_of(blob.bytes, size);
        assert_int_equal(sol_stabiliser_restore(s, &part), SOL_ERR_FORMAT);
        assert_true(look(s, frame));
    }
    assert_string_equal(sol_error_text(), "what was kept of a steadied film breaks off");
    sol_blob_clear(&blob);
    sol_image_unref(&frame);
    sol_image_unref(&painting);
    sol_stabiliser_close(&s);
    sol_stabiliser_close(&other);
}

static void test_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 9}, {16, 1}, {17, 33}, {98, 97}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        SolStabiliser *s = open_stabiliser(&light, sizes[i][0], sizes[i][1], pools[2]);
        SolImage *still = make_texture(sizes[i][0], sizes[i][1], 1), *out = copy_of(still), *wrong = NULL;
        bool cut;
        for (int n = 0; n < 3; n++) {
            SolImage *painting = disturbed(still, 9, (unsigned)n);
            assert_int_equal(show(s, still, painting), n == 0);
            sol_image_unref(&painting);
        }
        sol_stabiliser_warp(s, still, out);
        assert_true(difference(still, out, (SolArea){0, 0, still->width, still->height}) == 0);
        assert_int_equal(sol_stabiliser_trust(s)->width, still->width);
        assert_int_equal(sol_image_create(&wrong, still->width + 1, still->height), 0);
        assert_int_equal(sol_stabiliser_look(s, wrong, &cut), SOL_ERR_ARGUMENT);
        assert_int_equal(sol_stabiliser_blend(s, wrong, 1), SOL_ERR_ARGUMENT);
        sol_image_unref(&still);
        sol_image_unref(&out);
        sol_image_unref(&wrong);
        sol_stabiliser_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_still),    cmocka_unit_test(test_moving),
        cmocka_unit_test(test_panning),  cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_glance),     cmocka_unit_test(test_fading),
        cmocka_unit_test(test_going_on), cmocka_unit_test(test_damage),   cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, set_up_pools, tear_down_pools);
}

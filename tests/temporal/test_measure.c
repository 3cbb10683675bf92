/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures of steadiness, of films whose numbers are known: things that move by whole pixels, noise of a known
 * variance, changes of a known size, ghosts that were put there; and SSIM beside its definition.
 */
#include "support/support.h"

#include "image/image.h"
#include "temporal/measure.h"
#include "temporal/ssim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 97, HEIGHT = 75 };

static SolPool *pool;

static int set_up(void **state)
{
    (void)state;
    return sol_pool_open(&pool, 2);
}

static int tear_down(void **state)
{
    (void)state;
    sol_pool_close(&pool);
    return 0;
}

/* ---- films ---- */

static SolImage *new_image(int width, int height)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    return image;
}

/* Something to see everywhere, at any place (x, y). */
static int texture(int x, int y, int c)
{
    return (int)lround(120 + 50 * sin(0.19 * x + 0.5 * c) + 40 * sin(0.23 * y - 0.1 * x) +
                       20 * cos(0.07 * (x + 2 * y)));
}

/* A picture that shows the texture from (dx, dy) on. */
static SolImage *make_scene(int dx, int dy)
{
    SolImage *image = new_image(WIDTH, HEIGHT);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                sol_image_row(image, y)[3 * x + c] = (uint8_t)texture(x + dx, y + dy, c);
    return image;
}

static SolImage *make_grey(int level)
{
    SolImage *image = new_image(WIDTH, HEIGHT);
    for (int y = 0; y < HEIGHT; y++)
        memset(sol_image_row(image, y), level, 3 * WIDTH);
    return image;
}

static unsigned state_of_noise = 1;

/* About normal, of deviation 1: the sum of twelve even numbers. */
static double noise(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        state_of_noise = state_of_noise * 1664525u + 1013904223u;
        sum += (state_of_noise >> 8) / 16777216.0;
    }
    return sum;
}

static void add_noise(SolImage *image, double deviation)
{
    for (int y = 0; y < image->height; y++)
        for (int i = 0; i < 3 * image->width; i++) {
            double value = sol_image_row(image, y)[i] + deviation * noise();
            sol_image_row(image, y)[i] = (uint8_t)lround(fmin(255, fmax(0, value)));
        }
}

static SolFlow *make_flow(double u, double v)
{
    SolFlow *flow = NULL;
    assert_int_equal(sol_flow_create(&flow, WIDTH, HEIGHT), 0);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        flow->u[i] = (float)u;
        flow->v[i] = (float)v;
    }
    return flow;
}

/* What is found of one film at its second frame; the pictures are given back. `flow` NULL: by the measurer's own. */
typedef struct Found {
    SolMeasuredMotion motion;
    SolMeasured of[2]; /* the source, the film */
} Found;

static Found measure(SolImage *const source[2], SolImage *const film[2], const SolFlow *back, const SolFlow *forth)
{
    SolMeasurer *measurer = NULL;
    Found found;
    assert_int_equal(sol_measurer_open(&measurer, WIDTH, HEIGHT, 1, -1, pool), 0);
    for (int i = 0; i < 2; i++) {
        if (back)
            sol_measurer_next_by(measurer, source[i], &film[i], back, forth, &found.motion, found.of);
        else
            sol_measurer_next(measurer, source[i], &film[i], &found.motion, found.of);
        if (i == 0) {
            assert_false(found.motion.former);
            assert_true(isnan(found.of[1].warp) && isnan(found.of[1].flicker) && isnan(found.of[1].ghosting));
            assert_true(!isnan(found.of[1].ssim));
        }
    }
    sol_measurer_close(&measurer);
    return found;
}

static void unref_all(SolImage *images[], int count)
{
    for (int i = 0; i < count; i++)
        sol_image_unref(&images[i]);
}

/* ---- tests ---- */

/* What moves with the source costs nothing, what does not does; pixels that came in from outside are left out. */
static void test_warping_error(void **state)
{
    SolImage *source[2] = {make_scene(0, 0), make_scene(3, -2)}, *still[2];
    SolFlow *back = make_flow(3, -2), *forth = make_flow(-3, 2);
    double followed = (double)(WIDTH - 3) * (HEIGHT - 2) / (WIDTH * HEIGHT), sum = 0;
    Found found = measure(source, source, back, forth);
    (void)state;
    assert_true(found.of[0].warp == 0 && found.of[1].warp == 0 && found.of[1].ssim == 1);
    assert_true(fabs(found.motion.followed - followed) < 1e-12 && found.motion.still == 0);
    still[0] = still[1] = source[0];
    found = measure(source, still, back, forth);
    for (int y = 2; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH - 3; x++)
            for (int c = 0; c < 3; c++)
                sum += pow((texture(x, y, c) - texture(x + 3, y - 2, c)) / 255.0, 2);
    assert_true(fabs(found.of[1].warp / (sum / (3.0 * (WIDTH - 3) * (HEIGHT - 2))) - 1) < 1e-12);
    assert_true(found.of[0].warp == 0);
    unref_all(source, 2);
    sol_flow_close(&back);
    sol_flow_close(&forth);
}

/* Between pixels, linearly: a slope that moves by a fraction of a pixel is followed exactly. */
static void test_between_pixels(void **state)
{
    SolImage *slope[2] = {new_image(WIDTH, HEIGHT), new_image(WIDTH, HEIGHT)};
    SolFlow *back = make_flow(0.5, -0.25), *forth = make_flow(-0.5, 0.25);
    (void)state;
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < 3 * WIDTH; i++) {
            sol_image_row(slope[0], y)[i] = (uint8_t)(2 * (i / 3));
            sol_image_row(slope[1], y)[i] = (uint8_t)(2 * (i / 3) + 1);
        }
    Found found = measure(slope, slope, back, forth);
    assert_true(found.of[1].warp < 1e-20);
    assert_true(fabs(found.motion.followed - (double)(WIDTH - 1) * (HEIGHT - 1) / (WIDTH * HEIGHT)) < 1e-12);
    unref_all(slope, 2);
    sol_flow_close(&back);
    sol_flow_close(&forth);
}

/* Noise that is new in every frame: twice its variance. */
static void test_noise(void **state)
{
    SolImage *source[2] = {make_scene(0, 0), make_scene(4, 1)}, *film[2] = {make_grey(128), make_grey(128)};
    SolFlow *back = make_flow(4, 1), *forth = make_flow(-4, -1);
    double wanted = 2 * (9 + 1 / 12.0) / (255 * 255); /* and of rounding */
    (void)state;
    add_noise(film[0], 3);
    add_noise(film[1], 3);
    Found found = measure(source, film, back, forth);
    assert_true(fabs(found.of[1].warp / wanted - 1) < 0.05);
    unref_all(source, 2);
    unref_all(film, 2);
    sol_flow_close(&back);
    sol_flow_close(&forth);
}

/* With the flow that is found: far less than without it. */
static void test_own_flow(void **state)
{
    SolImage *source[2] = {make_scene(0, 0), make_scene(2, 1)}, *still[2] = {source[0], source[0]};
    Found found = measure(source, still, NULL, NULL);
    (void)state;
    assert_true(found.motion.former && found.motion.followed > 0.85);
    assert_true(found.of[0].warp < 0.01 * found.of[1].warp);
    unref_all(source, 2);
}

static void test_flicker(void **state)
{
    SolImage *source[2] = {make_scene(0, 0), make_scene(0, 0)}, *film[2] = {make_grey(100), make_grey(105)};
    SolFlow *none = make_flow(0, 0), *slow = make_flow(0.09, 0), *fast = make_flow(0.08, 0.08);
    Found found = measure(source, film, none, none);
    (void)state;
    assert_true(found.motion.still == 1 && found.of[1].flicker == 5 && found.of[0].flicker == 0);
    assert_true(measure(source, film, slow, slow).of[1].flicker == 5);
    assert_true(isnan(measure(source, film, fast, fast).of[1].flicker));
    /* two levels are still, three are not, in any channel */
    for (int x = 0; x < 10; x++)
        sol_image_row(source[1], 7)[3 * x + x % 3] = (uint8_t)(sol_image_row(source[0], 7)[3 * x + x % 3] + 2 + x % 2);
    sol_image_row(film[1], 7)[3 * 2] = 115; /* a pixel that is still, .. */
    sol_image_row(film[1], 7)[3 * 3] = 200; /* .. and one that is not */
    found = measure(source, film, none, none);
    assert_true(fabs(found.motion.still - (WIDTH * HEIGHT - 5.0) / (WIDTH * HEIGHT)) < 1e-12);
    assert_true(fabs(found.of[1].flicker - (5 + 10 / (3.0 * (WIDTH * HEIGHT - 5)))) < 1e-12);
    unref_all(source, 2);
    unref_all(film, 2);
    sol_flow_close(&none);
    sol_flow_close(&slow);
    sol_flow_close(&fast);
}

/* Where a scene begins, nothing is compared; with the next frame it is again. */
static void test_cut(void **state)
{
    SolImage *scene = make_scene(0, 0), *grey = make_grey(90);
    SolFlow *none = make_flow(0, 0), *wrong = make_flow(0, 3);
    SolMeasurer *measurer = NULL;
    SolMeasuredMotion motion;
    SolMeasured found[2];
    (void)state;
    assert_int_equal(sol_measurer_open(&measurer, WIDTH, HEIGHT, 1, -1, pool), 0);
    sol_measurer_next_by(measurer, scene, &scene, none, none, &motion, found);
    sol_measurer_next_by(measurer, grey, &grey, wrong, wrong, &motion, found);
    assert_true(motion.cut && !motion.former && isnan(found[1].warp) && isnan(found[1].flicker));
    assert_true(found[1].ssim == 1);
    sol_measurer_next_by(measurer, grey, &grey, none, none, &motion, found);
    assert_true(!motion.cut && motion.former && found[1].warp == 0 && motion.uncovered == 0);
    sol_measurer_close(&measurer);
    assert_int_equal(sol_measurer_open(&measurer, WIDTH, HEIGHT, SOL_MEASURE_FILMS_MAX + 1, -1, pool),
                     SOL_ERR_ARGUMENT);
    assert_int_equal(sol_measurer_open(&measurer, WIDTH, HEIGHT, 2, 2, pool), SOL_ERR_ARGUMENT);
    assert_null(measurer);
    sol_image_unref(&scene);
    sol_image_unref(&grey);
    sol_flow_close(&none);
    sol_flow_close(&wrong);
}

/* ---- ghosts ---- */

enum { SIDE = 24, STEP = 6, TOP = 20, FRAMES = 5 };

static bool is_in_square(int n, int x, int y)
{
    return y >= TOP && y < TOP + SIDE && x >= 10 + STEP * n && x < 10 + STEP * n + SIDE;
}

/* A square that moves to the right, by STEP pixels a frame, over a texture that stays. */
static SolImage *make_moving(int n)
{
    SolImage *image = make_scene(0, 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3 && is_in_square(n, x, y); c++)
                sol_image_row(image, y)[3 * x + c] = (uint8_t)(255 - texture(x - STEP * n, y, c) / 2);
    return image;
}

/* Other tones, and a pattern of its own. */
static SolImage *paint(const SolImage *source)
{
    SolImage *image = new_image(WIDTH, HEIGHT);
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < 3 * WIDTH; i++)
            sol_image_row(image, y)[i] =
                (uint8_t)(230 - 0.8 * sol_image_row_const(source, y)[i] + 10 * sin(0.9 * i / 3 + 0.7 * y));
    return image;
}

/* A film with so much of the former painting left where the square was, beside one without; by the last frame. */
typedef struct Ghosts {
    SolMeasuredMotion motion;
    SolMeasured of[3]; /* the source, the film, the reference */
} Ghosts;

static Ghosts measure_ghosts(double share)
{
    SolMeasurer *measurer = NULL;
    SolFlow *back = make_flow(0, 0), *forth = make_flow(0, 0);
    SolImage *former = NULL;
    Ghosts found;
    assert_int_equal(sol_measurer_open(&measurer, WIDTH, HEIGHT, 2, 1, pool), 0);
    for (int n = 0; n < FRAMES; n++) {
        SolImage *source = make_moving(n), *fresh = paint(source), *films[2] = {paint(source), fresh};
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                back->u[y * WIDTH + x] = is_in_square(n, x, y) ? -STEP : 0;
                forth->u[y * WIDTH + x] = n > 0 && is_in_square(n - 1, x, y) ? STEP : 0;
                for (int c = 0; former && c < 3 && is_in_square(n - 1, x, y) && !is_in_square(n, x, y); c++) {
                    uint8_t *to = &sol_image_row(films[0], y)[3 * x + c];
                    *to = (uint8_t)lround(*to + share * (sol_image_row(former, y)[3 * x + c] - *to));
                }
            }
        sol_measurer_next_by(measurer, source, films, back, forth, &found.motion, found.of);
        sol_image_unref(&former);
        former = fresh;
        sol_image_unref(&source);
        sol_image_unref(&films[0]);
    }
    sol_image_unref(&former);
    sol_flow_close(&back);
    sol_flow_close(&forth);
    sol_measurer_close(&measurer);
    return found;
}

static void test_ghosts(void **state)
{
    double area = WIDTH * HEIGHT;
    Ghosts none = measure_ghosts(0), some = measure_ghosts(0.3), more = measure_ghosts(0.6);
    (void)state;
    assert_true(fabs(none.motion.uncovered - STEP * SIDE / area) < 1e-12);
    assert_true(none.of[1].ghosting == 1 && none.of[2].ghosting == 1 && more.of[2].ghosting == 1);
    assert_true(fabs(some.of[1].ghosting - 1.3) < 0.01 && fabs(more.of[1].ghosting - 1.6) < 0.01);
    assert_true(isnan(none.of[0].ghosting)); /* the source is no painting */
    assert_true(sol_echo(&none.of[0].edges) < 1e-6 && sol_echo(&none.of[1].edges) < 0.15);
    assert_true(sol_echo(&some.of[1].edges) > sol_echo(&none.of[1].edges) + 0.1);
    assert_true(sol_echo(&more.of[1].edges) > sol_echo(&some.of[1].edges) + 0.1);
    assert_true(none.of[1].warp == none.of[2].warp && more.of[1].warp > none.of[1].warp); /* ghosts that go */
}

/* Edges of the former frame alone; none; and none to tell. */
static void test_echo(void **state)
{
    SolEdges edges = {.count = 100, .present2 = 50, .former2 = 40, .both = 1, .former_film = 40, .present_film = 1};
    (void)state;
    assert_true(sol_echo(&edges) == 1);
    edges.former_film = 1;
    edges.present_film = 50;
    assert_true(sol_echo(&edges) == 0);
    edges.former_film = edges.present_film = 41;
    assert_true(sol_echo(&edges) > 0.4 && sol_echo(&edges) < 0.7);
    edges.both = sqrt(50 * 40.0);
    assert_true(isnan(sol_echo(&edges)));
    assert_true(isnan(sol_echo(&(SolEdges){0})));
}

/* ---- SSIM ---- */

static double naive_ssim(const float *a, const float *b, int width, int height)
{
    double total = 0, weights[11][11], sum = 0;
    for (int j = 0; j < 11; j++)
        for (int i = 0; i < 11; i++)
            sum += weights[j][i] = exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / (2 * 1.5 * 1.5));
    for (int y = 0; y + 11 <= height; y++)
        for (int x = 0; x + 11 <= width; x++) {
            double ma = 0, mb = 0, va = 0, vb = 0, cov = 0;
            for (int j = 0; j < 11; j++)
                for (int i = 0; i < 11; i++) {
                    ma += weights[j][i] / sum * (double)a[(y + j) * width + x + i];
                    mb += weights[j][i] / sum * (double)b[(y + j) * width + x + i];
                }
            for (int j = 0; j < 11; j++)
                for (int i = 0; i < 11; i++) {
                    double p = (double)a[(y + j) * width + x + i] - ma, q = (double)b[(y + j) * width + x + i] - mb;
                    va += weights[j][i] / sum * p * p;
                    vb += weights[j][i] / sum * q * q;
                    cov += weights[j][i] / sum * p * q;
                }
            total += (2 * ma * mb + 6.5025) * (2 * cov + 58.5225) /
                     ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225));
        }
    return total / ((width - 10) * (height - 10));
}

static void test_ssim(void **state)
{
    static const int sizes[][2] = {{11, 11}, {12, 40}, {53, 17}, {64, 48}};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        size_t area = (size_t)width * (size_t)height;
        float *a = malloc(area * sizeof *a), *b = malloc(area * sizeof *b);
        SolSsim *ssim = NULL;
        assert_true(a && b);
        for (size_t i = 0; i < area; i++) {
            a[i] = (float)(120 + 100 * sin(0.3 * (double)i) * cos(0.01 * (double)i));
            b[i] = (float)(0.7 * (double)a[i] + 20 * noise() + 40);
        }
        assert_int_equal(sol_ssim_open(&ssim, width, height, pool), 0);
        assert_true(fabs(sol_ssim(ssim, a, b) - naive_ssim(a, b, width, height)) < 1e-11);
        assert_true(sol_ssim(ssim, a, a) == 1);
        /* of two flat planes only the means count */
        for (size_t i = 0; i < area; i++) {
            a[i] = 100;
            b[i] = 120;
        }
        assert_true(fabs(sol_ssim(ssim, a, b) - (2 * 100 * 120 + 6.5025) / (100 * 100 + 120 * 120 + 6.5025)) < 1e-9);
        sol_ssim_close(&ssim);
        free(a);
        free(b);
    }
}

static void test_small(void **state)
{
    SolSsim *ssim = NULL;
    SolImage *image = NULL;
    float luma[10 * 40] = {0};
    (void)state;
    assert_int_equal(sol_ssim_open(&ssim, 40, 10, pool), 0);
    assert_true(isnan(sol_ssim(ssim, luma, luma)));
    sol_ssim_close(&ssim);
    assert_int_equal(sol_image_create(&image, 1, 1), 0);
    memcpy(sol_image_row(image, 0), (const uint8_t[]){200, 100, 50}, 3);
    sol_luma(image, luma, pool);
    assert_true(fabs((double)luma[0] - (0.299 * 200 + 0.587 * 100 + 0.114 * 50)) < 1e-4);
    sol_image_unref(&image);
}

/* ---- threads ---- */

static void test_threads(void **state)
{
    SolImage *source[2] = {make_scene(0, 0), make_scene(2, 1)}, *film[2] = {make_grey(90), make_scene(2, 0)};
    SolPool *two = pool;
    Found found[2];
    (void)state;
    add_noise(film[0], 20);
    memset(found, 0, sizeof found);
    found[0] = measure(source, film, NULL, NULL);
    assert_int_equal(sol_pool_open(&pool, 1), 0);
    found[1] = measure(source, film, NULL, NULL);
    sol_pool_close(&pool);
    pool = two;
    assert_true(found[0].of[1].warp == found[1].of[1].warp && found[0].of[1].ssim == found[1].of[1].ssim);
    assert_true(found[0].motion.followed == found[1].motion.followed);
    unref_all(source, 2);
    unref_all(film, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warping_error),
        cmocka_unit_test(test_between_pixels),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_own_flow),
        cmocka_unit_test(test_flicker),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_ghosts),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_ssim),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("temporal/measure", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a brush tells painting by optimisation: the loss in a region and the distance from references are those of
 * their formulas, and their gradients those that differences show, at any number of threads; what a painting makes of
 * them, and that without them its bits are the same.
 */
#include "support/planes.h"
#include "support/support.h"

#include "model/model.h"
#include "nn/plan.h"
#include "style/engine.h"
#include "style/gatys.h"
#include "style/gatys_pixels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 45, HEIGHT = 37, COUNT = 3 * WIDTH * HEIGHT };

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

/* Soft on its left side, wholly covered in the middle, nothing from x = 28 on, and in the uppermost rows. */
static SolMask *make_mask(int width, int height)
{
    SolMask *mask = NULL;
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (int y = 3; y < height; y++)
        for (int x = 0; x < width; x++)
            sol_mask_row(mask, y)[x] = (uint8_t)(x >= 28 ? 0 : x > 10 ? 255 : 20 * x);
    return mask;
}

static SolMask *make_noise(int width, int height, uint32_t seed)
{
    SolMask *mask = NULL;
    float *noise = random_planes((size_t)width * (size_t)height, seed);
    assert_int_equal(sol_mask_create(&mask, width, height), 0);
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        mask->values[i] = (uint8_t)(noise[i] < -0.3f ? 0 : 127.5f + 127.5f * noise[i]);
    free(noise);
    return mask;
}

/* A loss of WIDTH x HEIGHT pixels with a content and a style. */
typedef struct Fixture {
    SolOptimiseOptions options;
    SolGatysGoal goal;
    SolGatysLoss *loss;
    SolImage *content, *style;
    float *statistics;
    float x[COUNT], gradient[COUNT];
} Fixture;

static Fixture *open_fixture(const SolOptimiseOptions *options, SolPool *pool)
{
    const SolPlanOptions how = {0};
    Fixture *f = calloc(1, sizeof *f);
    float *noise = random_planes(COUNT, 21);
    assert_non_null(f);
    f->content = make_picture(WIDTH, HEIGHT, 1);
    f->style = make_picture(64, 64, 5);
    f->options = *options;
    assert_int_equal(sol_gatys_goal(&f->goal, sol_model_graph(model), &f->options), 0);
    f->statistics = malloc(sol_gatys_statistics(&f->goal) * sizeof *f->statistics);
    assert_non_null(f->statistics);
    assert_int_equal(sol_gatys_learn(&f->goal, f->style, &how, pool, f->statistics), 0);
    assert_int_equal(sol_gatys_loss_open(&f->loss, &f->goal, WIDTH, HEIGHT, &how, pool), 0);
    sol_gatys_loss_set_content(f->loss, f->content);
    sol_gatys_loss_set_style(f->loss, f->statistics, 1);
    for (int i = 0; i < COUNT; i++)
        f->x[i] = 0.5f + 0.3f * noise[i];
    free(noise);
    return f;
}

static void close_fixture(Fixture *f)
{
    sol_gatys_loss_close(&f->loss);
    sol_image_unref(&f->content);
    sol_image_unref(&f->style);
    free(f->statistics);
    free(f);
}

static SolOptimiseOptions defaults(void)
{
    SolOptimiseOptions options;
    sol_optimise_defaults(&options);
    return options;
}

/* The gradient along some direction is what the loss changes by. */
static void check_gradient(Fixture *f, double tolerance)
{
    static float moved[COUNT], other[COUNT];
    const float step = 2e-5f; /* above rounding, and below where ReLUs and maxima change */
    sol_gatys_loss(f->loss, f->x, f->gradient);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        float *noise = random_planes(COUNT, seed);
        double slope = 0, length = 0, after, before;
        for (int i = 0; i < COUNT; i++)
            length += (double)f->gradient[i] * (double)f->gradient[i];
        length = sqrt(length / COUNT);
        for (int i = 0; i < COUNT; i++) { /* half the gradient's own direction, half any */
            noise[i] += (float)((double)f->gradient[i] / length);
            slope += (double)f->gradient[i] * (double)noise[i];
            moved[i] = f->x[i] + step * noise[i];
        }
        after = sol_gatys_loss(f->loss, moved, other);
        for (int i = 0; i < COUNT; i++)
            moved[i] = f->x[i] - step * noise[i];
        before = sol_gatys_loss(f->loss, moved, other);
        if (!(fabs((after - before) / (2 * (double)step) / slope - 1) < tolerance))
            fail_msg("the gradient says %g, and differences %g", slope, (after - before) / (2 * (double)step));
        free(noise);
    }
}

/* ---- planes at other sizes ---- */

static void test_reducing(void **state)
{
    const float from[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; /* 5 x 3 */
    float to[15], one[1];
    (void)state;
    sol_gatys_reduce(from, 5, 3, to, 5, 3);
    assert_memory_equal(to, from, sizeof from);
    sol_gatys_reduce(from, 5, 3, one, 1, 1);
    assert_true(one[0] == 8);
    sol_gatys_reduce(from, 5, 3, to, 2, 1); /* 2.5 pixels each */
    assert_true(fabsf(to[0] - (6 + 7 + 0.5f * 8) / 2.5f) < 1e-6f && fabsf(to[1] - (9 + 10 + 0.5f * 8) / 2.5f) < 1e-6f);
    sol_gatys_reduce(from, 4, 2, to, 2, 1);
    assert_true(to[0] == 3.5f && to[1] == 5.5f);
    sol_gatys_reduce(from, 2, 1, to, 4, 2); /* more pixels */
    assert_true(to[0] == 1 && to[1] == 1 && to[2] == 2 && to[7] == 2);
}

/* ---- regions ---- */

/* How far a mask covers the part of the frame that pixel (x, y) of a layer of width x height pixels stands for. */
static double coverage(const SolMask *mask, int x, int y, int width, int height)
{
    double fx = (double)mask->width / width, fy = (double)mask->height / height, sum = 0;
    for (int j = 0; j < mask->height; j++)
        for (int i = 0; i < mask->width; i++) {
            double w = fmin(i + 1, (x + 1) * fx) - fmax(i, x * fx), h = fmin(j + 1, (y + 1) * fy) - fmax(j, y * fy);
            if (w > 0 && h > 0)
                sum += w * h * sol_mask_row(mask, j)[i];
        }
    return sum / 255 / fx / fy;
}

/* The mean of a b over the layer's pixels as far as they are covered, for two channels, or of a alone. */
static double covered_mean(const float *a, const float *b, const double *covered, size_t plane)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < plane; i++) {
        sum += covered[i] * (double)a[i] * (b ? (double)b[i] : 1);
        count += covered[i];
    }
    return sum / count;
}

/* |G - A|^2 / |A|^2 of one layer by the definition, with G of the part of the painting that is covered. */
static double relative_square(const SolFeatures *value, const double *covered, const float *wanted, SolStatistics kind)
{
    size_t plane = sol_shape_plane(value->shape), channels = (size_t)value->shape.channels;
    const float *v = value->data;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < channels; i++) {
        double mean = covered_mean(v + i * plane, NULL, covered, plane);
        double variance = covered_mean(v + i * plane, v + i * plane, covered, plane) - mean * mean;
        for (size_t j = 0; j < channels && kind == SOL_STATISTICS_GRAM; j++) {
            double a = (double)wanted[i * channels + j];
            sum += pow(covered_mean(v + i * plane, v + j * plane, covered, plane) - a, 2);
            squares += a * a;
        }
        if (kind == SOL_STATISTICS_MOMENTS) {
            double a = (double)wanted[i], b = (double)wanted[channels + i];
            sum += pow(mean - a, 2) + pow(sqrt(variance + SOL_MOMENTS_EPSILON) - b, 2);
            squares += a * a + b * b;
        }
    }
    return sum / squares;
}

/* The style's part of the loss by its definition, from a plan's values. */
static double style_by_definition(const Fixture *f, const SolMask *mask)
{
    const SolPlanOptions raw = {.precision = SOL_PRECISION_FLOAT32, .raw = true};
    const float *wanted = f->statistics;
    int keep[SOL_GATYS_LAYERS_MAX];
    double sum = 0, share = 0;
    SolPlan *plan = NULL;
    for (int i = 0; i < f->goal.style_count; i++)
        keep[i] = f->goal.style[i].node;
    assert_int_equal(sol_plan_open(&plan, f->goal.graph, WIDTH, HEIGHT, keep, f->goal.style_count, &raw, pools[0]), 0);
    memcpy(sol_plan_input(plan), f->x, sizeof f->x);
    sol_plan_run(plan, NULL, 0);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        share += mask->values[i] / 255.0 / (WIDTH * HEIGHT);
    for (int i = 0; i < f->goal.style_count; i++) {
        SolFeatures value = sol_plan_value(plan, keep[i]), planes = {.shape = value.shape, .layout = SOL_PLANES};
        size_t plane = sol_shape_plane(value.shape), channels = (size_t)value.shape.channels;
        double *covered = malloc(plane * sizeof *covered);
        planes.data = malloc(plane * channels * sizeof(float));
        assert_true(covered && planes.data);
        sol_op_convert(NULL, &value, &planes);
        for (size_t p = 0; p < plane; p++)
            covered[p] = coverage(mask, (int)(p % (size_t)value.shape.width), (int)(p / (size_t)value.shape.width),
                                  value.shape.width, value.shape.height);
        sum += f->goal.style_weight * share * f->goal.style[i].weight *
               relative_square(&planes, covered, wanted, f->goal.statistics);
        wanted += f->goal.statistics == SOL_STATISTICS_GRAM ? channels * channels : 2 * channels;
        free(planes.data);
        free(covered);
    }
    sol_plan_close(&plan);
    return sum;
}

static void test_the_loss_in_a_region(void **state)
{
    SolMask *mask = make_mask(WIDTH, HEIGHT);
    (void)state;
    for (int s = 0; sol_statistics_name(s); s++) {
        SolOptimiseOptions options = defaults();
        Fixture *f;
        double wanted;
        options.statistics = (SolStatistics)s;
        options.style_layers = "relu1_1,relu2_1,relu3_1=2"; /* the last at 11x9 pixels of 45x37 */
        f = open_fixture(&options, pools[0]);
        assert_int_equal(sol_gatys_loss_set_region(f->loss, mask), 0);
        sol_gatys_loss(f->loss, f->x, f->gradient);
        wanted = style_by_definition(f, mask);
        if (!(fabs(sol_gatys_loss_parts(f->loss).style / wanted - 1) < 1e-4))
            fail_msg("%g, not %g", sol_gatys_loss_parts(f->loss).style, wanted);
        close_fixture(f);
    }
    sol_mask_close(&mask);
}

static void test_its_gradient(void **state)
{
    SolMask *mask = make_mask(WIDTH, HEIGHT);
    (void)state;
    for (int s = 0; sol_statistics_name(s); s++)
        for (int content = 0; content < 2; content++) {
            SolOptimiseOptions options = defaults();
            Fixture *f;
            options.statistics = (SolStatistics)s;
            options.content_weight = content * 100;
            options.tv_weight = 0;
            f = open_fixture(&options, pools[1]);
            assert_int_equal(sol_gatys_loss_set_region(f->loss, mask), 0);
            check_gradient(f, 1e-3);
            close_fixture(f);
        }
    sol_mask_close(&mask);
}

/* Pixels that no covered one sees have no part in the style. */
static void test_the_gradient_stays_within(void **state)
{
    SolMask *mask = make_mask(WIDTH, HEIGHT);
    SolOptimiseOptions options = defaults();
    Fixture *f;
    double inside = 0;
    (void)state;
    options.style_layers = "relu1_1,relu2_1"; /* which see 2 and 5 pixels around theirs, at the most */
    options.content_weight = options.tv_weight = 0;
    f = open_fixture(&options, pools[0]);
    assert_int_equal(sol_gatys_loss_set_region(f->loss, mask), 0);
    sol_gatys_loss(f->loss, f->x, f->gradient);
    for (int i = 0; i < COUNT; i++)
        if (i % WIDTH >= 28 + 8)
            assert_true(f->gradient[i] == 0);
        else if (i % WIDTH < 28)
            inside += fabs((double)f->gradient[i]);
    assert_true(inside > 0);
    close_fixture(f);
    sol_mask_close(&mask);
}

/* The same bits: all that is covered, nothing, and no mask any more; and with any number of threads. */
static void test_no_region(void **state)
{
    static float plain[COUNT], first[COUNT];
    SolMask *full = make_mask(WIDTH, HEIGHT), *empty = make_mask(WIDTH, HEIGHT), *mask = make_mask(WIDTH, HEIGHT);
    (void)state;
    sol_mask_fill(full, 255);
    sol_mask_fill(empty, 0);
    for (int s = 0; sol_statistics_name(s); s++)
        for (int t = 0; t < POOLS; t++) {
            SolOptimiseOptions options = defaults();
            const SolMask *const others[] = {full, empty, mask, NULL};
            Fixture *f;
            double loss;
            options.statistics = (SolStatistics)s;
            f = open_fixture(&options, pools[t]);
            loss = sol_gatys_loss(f->loss, f->x, plain);
            for (int i = 0; i < 4; i++) {
                double other;
                assert_int_equal(sol_gatys_loss_set_region(f->loss, others[i]), 0);
                other = sol_gatys_loss(f->loss, f->x, f->gradient);
                assert_true((other == loss) == (others[i] != mask));
                assert_true((memcmp(f->gradient, plain, sizeof plain) == 0) == (others[i] != mask));
                if (others[i] == mask && t == 0)
                    memcpy(first, f->gradient, sizeof first);
                else if (others[i] == mask)
                    assert_memory_equal(first, f->gradient, sizeof first);
            }
            close_fixture(f);
        }
    sol_mask_close(&full);
    sol_mask_close(&empty);
    sol_mask_close(&mask);
}

/* ---- references ---- */

static double pixel(const SolImage *image, int x, int y, int c)
{
    return sol_image_row_const(image, y)[3 * x + c] / 255.0;
}

/* The temporal part by its definition, with references twice the size where `twice`. */
static double held_by_definition(const SolReference references[], int count, const float *x, bool twice)
{
    double sum = 0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < COUNT; i++) {
            int c = i / (WIDTH * HEIGHT), u = i % WIDTH, v = i / WIDTH % HEIGHT, step = twice ? 2 : 1;
            double trust = 0, target = 0;
            for (int j = 0; j < step * step; j++) {
                int px = step * u + j % 2, py = step * v + j / 2;
                double t = sol_mask_row(references[k].trust, py)[px] / 255.0;
                trust += t / (step * step);
                target += t * pixel(references[k].image, px, py, c) / (step * step);
            }
            if (trust > 0)
                sum += trust * pow((double)x[i] - target / trust, 2);
        }
    return sum / COUNT;
}

static void make_references(SolReference references[3], int width, int height)
{
    for (unsigned k = 0; k < 3; k++)
        references[k] = (SolReference){make_picture(width, height, k + 2), make_noise(width, height, k + 7)};
}

static void free_references(SolReference references[3])
{
    for (int k = 0; k < 3; k++) {
        SolImage *image = (SolImage *)(uintptr_t)references[k].image;
        SolMask *trust = (SolMask *)(uintptr_t)references[k].trust;
        sol_image_unref(&image);
        sol_mask_close(&trust);
    }
}

static void test_the_loss_of_references(void **state)
{
    (void)state;
    for (int twice = 0; twice < 2; twice++)
        for (int count = 1; count <= 3; count++) {
            SolOptimiseOptions options = defaults();
            SolReference references[3];
            Fixture *f;
            double found, wanted;
            options.temporal_weight = 70;
            make_references(references, WIDTH << twice, HEIGHT << twice);
            f = open_fixture(&options, pools[0]);
            assert_int_equal(sol_gatys_loss_set_references(f->loss, references, count), 0);
            sol_gatys_loss(f->loss, f->x, f->gradient);
            found = sol_gatys_loss_parts(f->loss).temporal;
            wanted = 70 * held_by_definition(references, count, f->x, twice);
            if (!(fabs(found / wanted - 1) < 1e-5))
                fail_msg("%d references: %g, not %g", count, found, wanted);
            close_fixture(f);
            free_references(references);
        }
}

/* By differences; and it is what references add to the gradient, and no more: their bits go when they do. */
static void test_the_gradient_of_references(void **state)
{
    static float plain[COUNT], first[COUNT];
    SolReference references[3];
    (void)state;
    make_references(references, WIDTH, HEIGHT);
    for (int t = 0; t < POOLS; t++) {
        SolOptimiseOptions options = defaults();
        Fixture *f;
        double loss, other;
        options.temporal_weight = 3000; /* as much as the rest, about */
        f = open_fixture(&options, pools[t]);
        loss = sol_gatys_loss(f->loss, f->x, plain);
        assert_true(sol_gatys_loss_parts(f->loss).temporal == 0);
        assert_int_equal(sol_gatys_loss_set_references(f->loss, references, 3), 0);
        if (t == 0)
            check_gradient(f, 1e-3);
        other = sol_gatys_loss(f->loss, f->x, f->gradient);
        assert_true(fabs(loss + sol_gatys_loss_parts(f->loss).temporal - other) < 1e-9 * other);
        for (int i = 0; i < COUNT; i++) {
            double added = 0;
            for (int k = 0; k < 3; k++)
                added += references[k].trust->values[i % (WIDTH * HEIGHT)] / 255.0 *
                         ((double)f->x[i] -
                          pixel(references[k].image, i % WIDTH, i / WIDTH % HEIGHT, i / (WIDTH * HEIGHT)));
            added *= 2 * 3000.0 / COUNT;
            assert_true(fabs((double)f->gradient[i] - (double)plain[i] - added) < 1e-5 * (1 + fabs(added)));
        }
        if (t == 0)
            memcpy(first, f->gradient, sizeof first);
        assert_memory_equal(first, f->gradient, sizeof first);
        assert_int_equal(sol_gatys_loss_set_references(f->loss, NULL, 0), 0);
        assert_true(sol_gatys_loss(f->loss, f->x, f->gradient) == loss);
        assert_memory_equal(plain, f->gradient, sizeof plain);
        close_fixture(f);
    }
    free_references(references);
}

/* ---- paintings ---- */

/* What a painting told of itself. */
typedef struct Told {
    int count;
    SolOptimiseProgress last;
} Told;

static void keep(void *context, const SolOptimiseProgress *progress)
{
    Told *told = context;
    told->last = *progress;
    told->count++;
}

static Told told;
static SolEngine *engine;
static SolStyle *style;

static void open_engine(SolOptimiseOptions options)
{
    SolEngineOptions how = {.threads = 2, .method = "gatys", .optimise = &options};
    SolImage *image = make_picture(80, 64, 5);
    options.progress = keep;
    options.context = &told;
    told = (Told){0};
    if (sol_engine_open(&engine, model, &how) != 0 || sol_engine_plan(engine, 64, 48) != 0 ||
        sol_style_learn(&style, engine, image, 64) != 0)
        fail_msg("%s", sol_error_text());
    sol_image_unref(&image);
}

static void close_engine(void)
{
    sol_style_close(&style);
    sol_engine_close(&engine);
}

static SolImage *paint(SolBrush brush, const SolImage *frame)
{
    SolImage *painted = NULL;
    brush.style = style;
    brush.strength = 1;
    told = (Told){0};
    if (sol_engine_paint_with(engine, &brush, frame, &painted) != 0)
        fail_msg("%s", sol_error_text());
    return painted;
}

/* The root mean square of the difference within columns from `from` up to `to`. */
static double apart(const SolImage *a, const SolImage *b, int from, int to)
{
    double sum = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 3 * from; x < 3 * to; x++)
            sum += pow((double)sol_image_row_const(a, y)[x] - (double)sol_image_row_const(b, y)[x], 2);
    return sqrt(sum / (3.0 * (to - from) * a->height));
}

static SolOptimiseOptions few(int iterations)
{
    SolOptimiseOptions options = defaults();
    options.iterations = iterations;
    options.next_iterations = 3;
    return options;
}

static void test_painting_a_region(void **state)
{
    SolImage *frame = make_picture(64, 48, 1), *plain, *part, *other;
    SolMask *mask = make_mask(64, 48);
    (void)state;
    open_engine(few(15));
    plain = paint((SolBrush){0}, frame);
    part = paint((SolBrush){.region = mask}, frame);
    assert_true(apart(part, frame, 8, 28) > 5); /* painted */
    assert_true(apart(part, frame, 48, 64) < 0.3 * apart(part, frame, 8, 28)); /* smoothed only */
    sol_mask_fill(mask, 0);
    other = paint((SolBrush){.region = mask}, frame);
    assert_true(apart(other, plain, 0, 64) == 0);
    sol_image_unref(&other);
    sol_mask_fill(mask, 255);
    other = paint((SolBrush){.region = mask}, frame);
    assert_true(apart(other, plain, 0, 64) == 0);
    sol_image_unref(&other);
    sol_image_unref(&part);
    sol_image_unref(&plain);
    sol_image_unref(&frame);
    sol_mask_close(&mask);
    close_engine();
}

/* A start is as a former painting that is remembered, whatever the init. */
static void test_painting_from_a_start(void **state)
{
    SolImage *frame = make_picture(64, 48, 1), *start = make_picture(64, 48, 3), *remembered = NULL;
    (void)state;
    for (int i = SOL_INIT_PREVIOUS; i >= 0; i--) {
        SolOptimiseOptions options = few(20);
        SolImage *painted;
        options.init = (SolInit)i;
        options.levels = 2;
        open_engine(options);
        if (options.init == SOL_INIT_PREVIOUS) {
            sol_engine_remember(engine, start);
            remembered = paint((SolBrush){0}, frame);
            sol_engine_remember(engine, frame);
        }
        painted = paint((SolBrush){.start = start}, frame);
        assert_true(told.count == 3 && told.last.iterations == 3 && told.last.levels == 1);
        assert_true(apart(painted, remembered, 0, 64) == 0 && apart(painted, start, 0, 64) > 1);
        sol_image_unref(&painted);
        painted = paint((SolBrush){0}, frame);
        assert_int_equal(told.count, options.init == SOL_INIT_PREVIOUS ? 3 : 20);
        sol_image_unref(&painted);
        close_engine();
    }
    sol_image_unref(&remembered);
    sol_image_unref(&start);
    sol_image_unref(&frame);
}

/* Paintings are nearer to what they are held to; where that is not trusted, they are as without. At every level. */
static void test_painting_to_references(void **state)
{
    SolImage *frame = make_picture(64, 48, 1), *other = make_picture(64, 48, 3), *plain, *held;
    SolMask *trust = NULL;
    SolReference reference = {.image = other};
    (void)state;
    assert_int_equal(sol_mask_create(&trust, 64, 48), 0);
    reference.trust = trust;
    for (int levels = 1; levels <= 2; levels++) {
        SolOptimiseOptions options = few(15);
        options.levels = levels;
        options.temporal_weight = 20000;
        open_engine(options);
        sol_mask_fill(trust, 0);
        plain = paint((SolBrush){0}, frame);
        held = paint((SolBrush){.references = &reference, .reference_count = 1}, frame);
        assert_true(told.last.temporal == 0 && apart(plain, held, 0, 64) == 0);
        sol_image_unref(&held);
        for (int y = 0; y < 48; y++)
            memset(sol_mask_row(trust, y), 255, 32);
        held = paint((SolBrush){.references = &reference, .reference_count = 1}, frame);
        assert_true(told.last.temporal > 0 && told.last.levels == levels);
        assert_true(apart(held, other, 0, 32) < 0.5 * apart(plain, other, 0, 32));
        assert_true(apart(held, other, 40, 64) > 0.7 * apart(plain, other, 40, 64));
        sol_image_unref(&held);
        sol_image_unref(&plain);
        close_engine();
    }
    sol_mask_close(&trust);
    sol_image_unref(&other);
    sol_image_unref(&frame);
}

static int set_up(void **state)
{
    return set_up_pools(state) || sol_model_open(&model, "models/compact.safetensors");
}

static int tear_down(void **state)
{
    sol_model_close(&model);
    return tear_down_pools(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reducing),
        cmocka_unit_test(test_the_loss_in_a_region),
        cmocka_unit_test(test_its_gradient),
        cmocka_unit_test(test_the_gradient_stays_within),
        cmocka_unit_test(test_no_region),
        cmocka_unit_test(test_the_loss_of_references),
        cmocka_unit_test(test_the_gradient_of_references),
        cmocka_unit_test(test_painting_a_region),
        cmocka_unit_test(test_painting_from_a_start),
        cmocka_unit_test(test_painting_to_references),
    };
    return cmocka_run_group_tests_name("style/gatys_brush", tests, set_up, tear_down);
}

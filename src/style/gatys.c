/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine `gatys`: a painting is searched for whose layers hold the frame's content and the style's statistics
 * (Gatys, Ecker & Bethge 2016), from coarse to fine: each level of a pyramid begins with the painting of the level
 * before, enlarged (Gatys et al. 2017). A level compares with the style image at the same scale, so that coarse
 * levels paint its large forms and fine ones its strokes.
 *
 * A style is its statistics at every scale, one after the other, and where paintings begin with the style, the middle
 * of its image, too: numbers that can be blended, all of them.
 */
#include "style/gatys.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "nn/optimise.h"
#include "style/engine.h"

#include <math.h>
#include <string.h>

enum {
    LEAST_SIDE = 128,     /* pixels of a coarser level's shorter side, at least, where nothing is said */
    LEVELS = 4,           /* of the pyramid, at most, where nothing is said */
    LEAST_STYLE_SIDE = 32, /* of a style image at a coarser scale */
    PICTURE_SIDE = 256,   /* of what is kept of a style image to begin with */
    PROGRAM_BYTES = 48 << 20 /* of code, libraries and what they allocate, about */
};

typedef struct State {
    SolGatysGoal goal;
    size_t statistics;    /* numbers of one scale */
    int scales;
    SolGatysLoss *loss;   /* at the frame's size */
    SolImage *former;     /* painting; NULL for none */
} State;

/* A painting under way. */
typedef struct Run {
    const SolEngine *engine;
    const SolOptimiseOptions *options;
    const SolBrush *brush;
    const SolImage *frame;
    const float *values;      /* of the brush's style */
    double strength;
    SolImage *image;          /* what the next level begins with */
    SolGatysLoss *loss;       /* of the level */
    SolOptimiser *optimiser;
    int width, height;        /* of the level */
    int level, levels;        /* from 0, the coarsest; how many */
    int done, iterations;     /* of all levels */
    int evaluations;          /* in levels that are done */
    double begin, work_done, work; /* work: pixels of all iterations */
    bool stopped;
} Run;

/* ---- levels ---- */

static int shorter(int a, int b)
{
    return a < b ? a : b;
}

static int level_count(const SolOptimiseOptions *options, int width, int height)
{
    int levels = 1, side = shorter(width, height);
    while (options->levels == 0 && levels < LEVELS && side >> levels >= LEAST_SIDE)
        levels++;
    while (levels < options->levels && side >> levels >= 1)
        levels++;
    return levels;
}

/* A side at a level that is 2^k times smaller. */
static int scaled_side(int side, int k)
{
    int scaled = (side + (1 << k >> 1)) >> k;
    return scaled < 1 ? 1 : scaled;
}

/* `image` at another size; the same image, with one reference more, where it has that. */
static int scale_image(SolImage **out, const SolImage *image, int width, int height)
{
    if (image->width != width || image->height != height)
        return sol_image_scale(out, image, width, height);
    *out = sol_image_ref((SolImage *)(uintptr_t)image);
    return SOL_OK;
}

/* ---- opening and planning ---- */

static int check_options(const SolOptimiseOptions *o)
{
    const double weights[] = {o->content_weight, o->style_weight, o->tv_weight, o->temporal_weight, o->time_limit};
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        if (!(weights[i] >= 0) || !isfinite(weights[i]))
            return sol_fail(SOL_ERR_ARGUMENT, "a weight, or time limit, of %g: it must be 0 or more", weights[i]);
    if (o->iterations < 1 || o->next_iterations < 1)
        return sol_fail(SOL_ERR_ARGUMENT, "%d iterations: there must be 1 or more",
                        shorter(o->iterations, o->next_iterations));
    if (o->levels < 0 || o->levels > SOL_OPTIMISE_LEVELS_MAX)
        return sol_fail(SOL_ERR_ARGUMENT, "%d levels: there may be 1 to %d, or 0 for as many as suit the size", o->levels,
                        (int)SOL_OPTIMISE_LEVELS_MAX);
    if (!sol_init_name((int)o->init) || !sol_statistics_name((int)o->statistics) ||
        !sol_optimizer_name((int)o->optimizer))
        return sol_fail(SOL_ERR_ARGUMENT, "there is no such start, statistics or optimizer");
    return SOL_OK;
}

static size_t picture_floats(const SolEngine *engine)
{
    return engine->optimise.init == SOL_INIT_STYLE ? 3 * (size_t)PICTURE_SIDE * PICTURE_SIDE : 0;
}

static int gatys_open(SolEngine *engine)
{
    State *state = sol_calloc(1, sizeof *state);
    int result;
    if (!state)
        return sol_fail_memory("an engine");
    engine->state = state;
    result = check_options(&engine->optimise);
    if (result == SOL_OK)
        result = sol_gatys_goal(&state->goal, sol_model_graph(engine->model), &engine->optimise);
    if (result != SOL_OK)
        return result;
    state->statistics = sol_gatys_statistics(&state->goal);
    state->scales = engine->optimise.levels ? engine->optimise.levels : LEVELS;
    engine->style_size = state->statistics * (size_t)state->scales + picture_floats(engine);
    return SOL_OK;
}

/* What painting at this size takes: the finest level, and while it waits the one before. */
static int check_memory(const SolEngine *engine, int width, int height)
{
    const State *state = engine->state;
    double bytes = PROGRAM_BYTES, vectors = engine->optimise.optimizer == SOL_OPTIMIZER_ADAM ? 5 : 26;
    int levels = level_count(&engine->optimise, width, height);
    for (int k = 0; k < 2 && k < levels; k++) {
        int w = scaled_side(width, k), h = scaled_side(height, k), result;
        SolPlanSize size;
        result = sol_gatys_loss_measure(&size, &state->goal, w, h, &engine->how, engine->pool);
        if (result != SOL_OK)
            return result;
        bytes += (double)size.bytes;
        bytes += k == 0 ? (vectors * sizeof(float) + 4) * 3 * w * h : 0;
    }
    if (bytes > (double)engine->memory)
        return sol_fail(SOL_ERR_NOMEM, "optimising %dx%d pixels takes %.0f MiB, and %.0f may be taken: it is not done in "
                        "tiles; allow more memory or paint a smaller picture", width, height, bytes / (1 << 20),
                        (double)engine->memory / (1 << 20));
    return SOL_OK;
}

static int gatys_plan(SolEngine *engine, int width, int height, int lanes)
{
    (void)lanes;
    State *state = engine->state;
    int result;
    sol_gatys_loss_close(&state->loss);
    result = check_memory(engine, width, height);
    return result == SOL_OK ? sol_gatys_loss_open(&state->loss, &state->goal, width, height, &engine->how, engine->pool)
                            : result;
}

/* ---- styles ---- */

/* The square in the middle of a style image, as planes. */
static int keep_picture(const SolEngine *engine, const SolImage *image, float *planes)
{
    int side = shorter(image->width, image->height), result;
    SolImage *square = NULL, *scaled = NULL;
    result = sol_image_create(&square, side, side);
    for (int y = 0; y < side && result == SOL_OK; y++)
        memcpy(sol_image_row(square, y),
               sol_image_row_const(image, (image->height - side) / 2 + y) + 3 * ((image->width - side) / 2),
               3 * (size_t)side);
    if (result == SOL_OK)
        result = sol_image_scale(&scaled, square, PICTURE_SIDE, PICTURE_SIDE);
    if (result == SOL_OK)
        sol_image_to_planes(scaled, (SolArea){.width = PICTURE_SIDE, .height = PICTURE_SIDE}, planes, engine->pool);
    sol_image_unref(&square);
    sol_image_unref(&scaled);
    return result;
}

static int gatys_learn(SolEngine *engine, const SolImage *image, float *values)
{
    const State *state = engine->state;
    int result = SOL_OK;
    for (int k = 0; k < state->scales && result == SOL_OK; k++) {
        SolImage *scaled = NULL;
        float *to = values + (size_t)k * state->statistics;
        if (k > 0 && shorter(image->width, image->height) >> k < LEAST_STYLE_SIDE) {
            memcpy(to, to - state->statistics, state->statistics * sizeof *to);
            continue;
        }
        result = scale_image(&scaled, image, scaled_side(image->width, k), scaled_side(image->height, k));
        if (result == SOL_OK)
            result = sol_gatys_learn(&state->goal, scaled, &engine->how, engine->pool, to);
        sol_image_unref(&scaled);
    }
    if (result == SOL_OK && picture_floats(engine) > 0)
        result = keep_picture(engine, image, values + (size_t)state->scales * state->statistics);
    return result;
}

/* ---- beginnings ---- */

static int begin_with_noise(SolImage **out, int width, int height, uint64_t seed)
{
    int result = sol_image_create(out, width, height);
    for (int y = 0; y < height && result == SOL_OK; y++)
        for (int x = 0; x < 3 * width; x++)
            sol_image_row(*out, y)[x] = (uint8_t)(sol_random(&seed) >> 56);
    return result;
}

/* The style's picture, as large as it must be to cover the frame, whose middle is the picture's. */
static int begin_with_style(SolImage **out, const Run *run)
{
    const State *state = run->engine->state;
    int width = run->frame->width, height = run->frame->height, side = width > height ? width : height, result;
    SolImage *square = NULL, *large = NULL, *image = NULL;
    result = sol_image_create(&square, PICTURE_SIDE, PICTURE_SIDE);
    if (result == SOL_OK)
        sol_image_from_planes(square, (SolArea){.width = PICTURE_SIDE, .height = PICTURE_SIDE},
                              run->values + (size_t)state->scales * state->statistics, PICTURE_SIDE,
                              (size_t)PICTURE_SIDE * PICTURE_SIDE, run->engine->pool);
    if (result == SOL_OK)
        result = sol_image_scale(&large, square, side, side);
    if (result == SOL_OK)
        result = sol_image_create(&image, width, height);
    for (int y = 0; y < height && result == SOL_OK; y++)
        memcpy(sol_image_row(image, y), sol_image_row_const(large, (side - height) / 2 + y) + 3 * ((side - width) / 2),
               3 * (size_t)width);
    sol_image_unref(&square);
    sol_image_unref(&large);
    if (result == SOL_OK)
        *out = image;
    return result;
}

/* The picture of the frame's size that a painting goes on from; NULL where it begins anew. */
static const SolImage *former_of(const Run *run)
{
    const SolImage *former = ((State *)run->engine->state)->former;
    if (run->brush->start)
        return run->brush->start;
    return run->options->init == SOL_INIT_PREVIOUS && former && former->width == run->frame->width &&
           former->height == run->frame->height ? former : NULL;
}

/* What a painting begins with, and with how many levels and iterations. */
static int begin(Run *run)
{
    const SolImage *former = former_of(run);
    int width = run->frame->width, height = run->frame->height, k;
    run->levels = former ? 1 : level_count(run->options, width, height);
    run->iterations = former ? run->options->next_iterations : run->options->iterations;
    k = run->levels - 1;
    if (!former && run->options->init == SOL_INIT_NOISE)
        return begin_with_noise(&run->image, scaled_side(width, k), scaled_side(height, k), run->options->seed);
    if (!former && run->options->init == SOL_INIT_STYLE)
        return begin_with_style(&run->image, run);
    return scale_image(&run->image, former ? former : run->frame, width, height);
}

/* ---- painting ---- */

/* Iterations of a level: an equal share, and what is left over for the finest. */
static int level_iterations(const Run *run, int level)
{
    int share = run->iterations / run->levels;
    return level == run->levels - 1 ? run->iterations - share * level : share;
}

static double level_pixels(const Run *run, int level)
{
    int k = run->levels - 1 - level;
    return (double)scaled_side(run->frame->width, k) * scaled_side(run->frame->height, k);
}

static void tell(Run *run)
{
    const SolGatysParts parts = sol_gatys_loss_parts(run->loss);
    double seconds = sol_clock() - run->begin;
    SolOptimiseProgress progress = {.iteration = run->done,
                                    .iterations = run->iterations,
                                    .level = run->level + 1,
                                    .levels = run->levels,
                                    .width = run->width,
                                    .height = run->height,
                                    .evaluations = run->evaluations + sol_optimiser_evaluations(run->optimiser),
                                    .loss = sol_optimiser_value(run->optimiser),
                                    .content = parts.content,
                                    .style = parts.style,
                                    .tv = parts.tv,
                                    .temporal = parts.temporal,
                                    .seconds = seconds,
                                    .seconds_left = seconds / run->work_done * (run->work - run->work_done),
                                    .painting = run};
    if (run->options->time_limit > 0 && progress.seconds_left > run->options->time_limit - seconds)
        progress.seconds_left = fmax(0, run->options->time_limit - seconds);
    if (run->options->progress)
        run->options->progress(run->options->context, &progress);
}

/* Iterations of one level, until they are done, its share of the time is over, or somebody stops it. */
static void iterate(Run *run)
{
    const SolOptimiseOptions *options = run->options;
    int count = level_iterations(run, run->level);
    double pixels = level_pixels(run, run->level), before = run->work_done, share;
    share = (before + pixels * count) / run->work;
    for (int i = 0; i < count; i++) {
        if (options->stop && options->stop(options->context)) {
            run->stopped = true;
            break;
        }
        if (options->time_limit > 0 && sol_clock() - run->begin >= options->time_limit * share)
            break;
        if (!sol_optimiser_step(run->optimiser))
            break;
        run->done++;
        run->work_done += pixels;
        tell(run);
    }
    run->work_done = before + pixels * count;
}

/* The best planes so far, as a picture of the level's size. */
static int take_picture(const Run *run, SolImage **out)
{
    size_t row = (size_t)run->width;
    SolImage *image = NULL;
    int result = sol_image_create(&image, run->width, run->height);
    if (result != SOL_OK)
        return result;
    sol_image_from_planes(image, (SolArea){.width = run->width, .height = run->height},
                          sol_optimiser_best(run->optimiser), row, row * (size_t)run->height, run->engine->pool);
    *out = image;
    return SOL_OK;
}

int sol_optimise_picture(const SolOptimiseProgress *progress, SolImage **image)
{
    const Run *run = progress->painting;
    SolImage *small = NULL;
    int result = take_picture(run, &small);
    if (result == SOL_OK)
        result = scale_image(image, small, run->frame->width, run->frame->height);
    sol_image_unref(&small);
    return result;
}

/* Plans a level, or takes the plan that there is for the finest, and sets what is aimed at. */
static int open_level(Run *run)
{
    const SolEngine *engine = run->engine;
    const State *state = engine->state;
    int k = run->levels - 1 - run->level, scale = k < state->scales ? k : state->scales - 1, result;
    const SolOptimiserOptions how = {.kind = run->options->optimizer == SOL_OPTIMIZER_ADAM ? SOL_ADAM : SOL_LBFGS};
    SolImage *content = NULL, *start = NULL;
    run->width = scaled_side(run->frame->width, k);
    run->height = scaled_side(run->frame->height, k);
    run->loss = k == 0 ? state->loss : NULL;
    result = scale_image(&content, run->frame, run->width, run->height);
    if (result == SOL_OK)
        result = scale_image(&start, run->image, run->width, run->height);
    if (result == SOL_OK && k > 0)
        result = sol_gatys_loss_open(&run->loss, &state->goal, run->width, run->height, &engine->how, engine->pool);
    if (result == SOL_OK)
        result = sol_gatys_loss_set_region(run->loss, run->brush->region);
    if (result == SOL_OK)
        result = sol_gatys_loss_set_references(run->loss, run->brush->references, run->brush->reference_count);
    if (result == SOL_OK)
        result = sol_optimiser_open(&run->optimiser, &how, 3 * (size_t)run->width * (size_t)run->height, sol_gatys_loss,
                                    run->loss, engine->pool);
    if (result == SOL_OK) {
        sol_gatys_loss_set_content(run->loss, content);
        sol_gatys_loss_set_style(run->loss, run->values + (size_t)scale * state->statistics, run->strength);
        sol_image_to_planes(start, (SolArea){.width = run->width, .height = run->height},
                            sol_optimiser_start(run->optimiser), engine->pool);
    }
    sol_image_unref(&content);
    sol_image_unref(&start);
    return result;
}

static int paint_level(Run *run)
{
    const State *state = run->engine->state;
    SolImage *painted = NULL;
    int result = open_level(run);
    if (result == SOL_OK) {
        iterate(run);
        run->evaluations += sol_optimiser_evaluations(run->optimiser);
        result = take_picture(run, &painted);
    }
    if (result == SOL_OK) {
        sol_image_unref(&run->image);
        run->image = painted;
    }
    sol_optimiser_close(&run->optimiser);
    if (run->loss != state->loss)
        sol_gatys_loss_close(&run->loss);
    return result;
}

/* Puts the picture into `painted`, of the frame's size, and remembers it. */
static int finish(Run *run, SolImage *painted)
{
    State *state = run->engine->state;
    SolImage *image = NULL;
    int result = scale_image(&image, run->image, painted->width, painted->height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < painted->height; y++)
        memcpy(sol_image_row(painted, y), sol_image_row_const(image, y), 3 * (size_t)painted->width);
    sol_image_unref(&state->former);
    if (run->options->init == SOL_INIT_PREVIOUS)
        state->former = sol_image_ref(image);
    sol_image_unref(&image);
    return SOL_OK;
}

static int gatys_paint(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage *painted)
{
    Run run = {.engine = engine, .options = &engine->optimise, .brush = brush, .frame = frame,
               .values = brush->style->values, .strength = pow((double)brush->strength, 3), .begin = sol_clock()};
    int result = SOL_OK;
    if (brush->strength == 0) /* the content is the best painting there is */
        run.image = sol_image_ref((SolImage *)(uintptr_t)frame);
    else
        result = begin(&run);
    for (int level = 0; level < run.levels; level++)
        run.work += level_pixels(&run, level) * level_iterations(&run, level);
    for (; run.level < run.levels && result == SOL_OK && !run.stopped; run.level++)
        if (level_iterations(&run, run.level) > 0)
            result = paint_level(&run);
    if (result == SOL_OK)
        result = finish(&run, painted);
    sol_image_unref(&run.image);
    return result;
}

static SolImage **gatys_memory(SolEngine *engine)
{
    return &((State *)engine->state)->former;
}

/* ---- reports ---- */

static double gatys_gflop(const SolEngine *engine)
{
    return 2 * sol_backward_macs(sol_gatys_loss_network(((State *)engine->state)->loss)) / 1e9;
}

static int gatys_tiles(const SolEngine *engine)
{
    (void)engine;
    return 1;
}

static const char *gatys_backend(const SolEngine *engine)
{
    return sol_backward_backend(sol_gatys_loss_network(((State *)engine->state)->loss));
}

/* The layers on the way forward, and back; last, all that compares. */
static int gatys_layers(const SolEngine *engine, SolEngineLayer layers[], int room)
{
    const State *state = engine->state;
    const SolBackward *network = sol_gatys_loss_network(state->loss);
    int nodes = sol_graph_count(state->goal.graph), count = 0;
    for (int i = 0; i < 2 * nodes; i++) {
        SolPlanStep step;
        if (!sol_backward_step(network, i < nodes ? i : 2 * nodes - 1 - i, i >= nodes, &step))
            continue;
        if (count < room) {
            layers[count] = sol_engine_describe(&step, step.node);
            layers[count].op = i < nodes ? layers[count].op : "back";
        }
        count++;
    }
    if (count < room)
        layers[count] = (SolEngineLayer){.name = "loss", .op = "compare", .width = engine->width,
                                         .height = engine->height, .channels = 3, .precision = "", .backend = "",
                                         .method = "", .seconds = sol_gatys_loss_seconds(state->loss)};
    return count + 1;
}

static void gatys_close(SolEngine *engine)
{
    State *state = engine->state;
    if (!state)
        return;
    sol_gatys_loss_close(&state->loss);
    sol_image_unref(&state->former);
    sol_free(state);
}

const SolEngineClass sol_engine_gatys = {
    .name = "gatys",
    .open = gatys_open,
    .plan = gatys_plan,
    .learn = gatys_learn,
    .paint = gatys_paint,
    .gflop = gatys_gflop,
    .tiles = gatys_tiles,
    .backend = gatys_backend,
    .layers = gatys_layers,
    .memory = gatys_memory,
    .close = gatys_close,
};

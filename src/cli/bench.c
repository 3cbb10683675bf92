/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice bench: how fast a model paints on this machine.
 */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "model/model.h"
#include "nn/gemm.h"
#include "style/brush.h"

#include <solstice/style.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP_FRAMES = 2, WEIGHTS_SEED = 1 };

typedef struct Wishes {
    const char *model, *method, *backend;
    Choice precision;
    FrameSize size;
    uint64_t memory;
    Levels levels;
    int64_t frames, threads;
    bool json, layers;
    bool random; /* the model has random weights */
} Wishes;

typedef struct Figures {
    const char *what; /* is timed: a frame, or a step of optimisation, which is the network forward and back */
    double median_ms; /* of one */
    double gflop;     /* of one */
    double sgemm;     /* what OpenBLAS's sgemm reaches by itself, in GFLOP/s */
    int64_t memory;   /* the most that was resident, in bytes */
    int at_once;      /* frames that a render would paint at once; 0: one by one, as they were timed */
    double rate;      /* of those: frames a second */
    int64_t memory_at_once; /* the most that was resident meanwhile */
    const char *backend;
    SolEngineLayer *layers; /* with the seconds of one */
    int layer_count;
    int tiles;
} Figures;

/* Uniform noise, always the same. */
static int make_noise(SolImage **out, int width, int height)
{
    uint64_t state = 0;
    SolImage *image = NULL;
    int result = sol_image_create(&image, width, height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < height; y++) {
        uint8_t *row = sol_image_row(image, y);
        for (int x = 0; x < 3 * width; x++)
            row[x] = (uint8_t)(sol_random(&state) >> 56);
    }
    *out = image;
    return SOL_OK;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Paints a frame, and tells the seconds that took. */
static int time_frame(SolEngine *engine, const SolStyle *style, const SolImage *image, double *seconds)
{
    SolImage *painting = NULL;
    double start = sol_clock();
    int result;
    if (was_interrupted(NULL))
        return sol_fail(SOL_ERR_CANCELLED, "interrupted");
    result = sol_engine_paint(engine, style, 1, image, &painting);
    *seconds = sol_clock() - start;
    sol_image_unref(&painting);
    return result;
}

/* Timings of a few frames or steps: the whole, and every layer in them. */
typedef struct Timings {
    SolEngine *engine;
    int64_t count, done; /* done: less than 0 in the warm-up */
    double *times;       /* seconds: a row of `count` for the whole, and for each layer */
    SolEngineLayer *layers;
    int layer_count;
    double begin;        /* of the present one */
    int evaluations;     /* so far, of steps */
} Timings;

static int open_timings(Timings *t, SolEngine *engine, int64_t count)
{
    *t = (Timings){.engine = engine, .count = count, .done = -WARM_UP_FRAMES,
                   .layer_count = sol_engine_layers(engine, NULL, 0)};
    t->layers = sol_calloc((size_t)t->layer_count, sizeof *t->layers);
    t->times = sol_calloc((size_t)(t->layer_count + 1) * (size_t)count, sizeof *t->times);
    return t->layers && t->times ? SOL_OK : sol_fail_memory("the timings");
}

/* Notes one that took so many seconds, or `share` times as many if it was several at once. */
static void note(Timings *t, double seconds, double share)
{
    int64_t n = t->done++;
    for (int l = 0; l < t->layer_count && n >= 0; l++)
        t->times[(l + 1) * t->count + n] = -t->layers[l].seconds;
    sol_engine_layers(t->engine, t->layers, t->layer_count);
    for (int l = 0; l < t->layer_count && n >= 0; l++)
        t->times[(l + 1) * t->count + n] = share * (t->times[(l + 1) * t->count + n] + t->layers[l].seconds);
    if (n >= 0)
        t->times[n] = share * seconds;
}

/* Hands the medians over, if all went well, and releases the rest. */
static void close_timings(Timings *t, bool well, Figures *figures)
{
    if (well) {
        figures->median_ms = 1000 * median(t->times, t->count);
        for (int l = 0; l < t->layer_count; l++)
            t->layers[l].seconds = median(t->times + (l + 1) * t->count, t->count);
        figures->layers = t->layers;
        figures->layer_count = t->layer_count;
    } else {
        sol_free(t->layers);
    }
    sol_free(t->times);
}

static int time_frames(SolEngine *engine, const SolStyle *style, const SolImage *image, int64_t frames,
                       Figures *figures)
{
    Timings timings;
    double seconds = 0;
    int result = open_timings(&timings, engine, frames);
    while (result == SOL_OK && timings.done < frames) {
        result = time_frame(engine, style, image, &seconds);
        note(&timings, seconds, 1);
    }
    figures->what = "frame";
    close_timings(&timings, result == SOL_OK, figures);
    return result;
}

static int thread_count(const Wishes *wishes)
{
    return wishes->threads ? (int)wishes->threads : sol_cpu_count();
}

/* Frames that are painted at once. */
typedef struct Beside {
    SolEngine *engine;
    const SolStyle *style;
    const SolImage *image;
    int lanes;
    int64_t frames; /* on all of them */
    int *results;   /* [lanes] */
} Beside;

/* Every so-manieth frame, on one of the lanes. */
static void paint_lane(void *context, int lane)
{
    const Beside *b = context;
    const SolBrush brush = {.style = b->style, .strength = 1, .lane = lane + 1};
    for (int64_t n = lane; n < b->frames && b->results[lane] == SOL_OK; n += b->lanes) {
        SolImage *painting = NULL;
        b->results[lane] = was_interrupted(NULL) ? sol_fail(SOL_ERR_CANCELLED, "interrupted")
                                                 : sol_engine_paint_with(b->engine, &brush, b->image, &painting);
        sol_image_unref(&painting);
    }
}

/* Paints all of them, and tells the seconds that took. */
static int paint_beside(const Beside *b, SolPool *pool, double *seconds)
{
    double start = sol_clock();
    int result = SOL_OK;
    sol_pool_run(pool, paint_lane, (void *)(uintptr_t)b, b->lanes);
    *seconds = sol_clock() - start;
    for (int i = 0; i < b->lanes && result == SOL_OK; i++)
        result = b->results[i];
    if (result == SOL_OK)
        return SOL_OK;
    return sol_fail(result, "%s", result == SOL_ERR_CANCELLED ? "interrupted" : "frames cannot be painted at once");
}

/* As renders do it, where they do: so many frames for each lane as were painted one by one. */
static int time_beside(SolEngine *engine, const SolStyle *style, const SolImage *image, const Wishes *wishes,
                       Figures *figures)
{
    Beside beside = {.engine = engine, .style = style, .image = image};
    SolPool *pool = NULL;
    double seconds;
    int result = sol_engine_plan_lanes(engine, wishes->size.width, wishes->size.height, thread_count(wishes));
    if (result != SOL_OK || sol_engine_lanes(engine) == 1)
        return result;
    beside.lanes = sol_engine_lanes(engine);
    beside.results = sol_calloc((size_t)beside.lanes, sizeof *beside.results);
    result = beside.results ? sol_pool_open(&pool, beside.lanes) : sol_fail_memory("the timings");
    if (result == SOL_OK) {
        beside.frames = beside.lanes; /* to warm up */
        result = paint_beside(&beside, pool, &seconds);
    }
    if (result == SOL_OK) {
        beside.frames = wishes->frames * beside.lanes;
        result = paint_beside(&beside, pool, &seconds);
    }
    if (result == SOL_OK) {
        figures->at_once = beside.lanes;
        figures->rate = (double)beside.frames / seconds;
        figures->memory_at_once = peak_memory();
    }
    sol_pool_close(&pool);
    sol_free(beside.results);
    return result;
}

/* A SolOptimiseOptions.progress: an iteration is a step or, where it searched, some. */
static void note_step(void *context, const SolOptimiseProgress *progress)
{
    Timings *t = context;
    double now = sol_clock();
    if (t->done < t->count)
        note(t, now - t->begin, 1.0 / (progress->evaluations - t->evaluations));
    t->begin = now;
    t->evaluations = progress->evaluations;
}

static int time_steps(Timings *timings, SolEngine *engine, const SolStyle *style, const SolImage *image,
                      int64_t steps, Figures *figures)
{
    SolImage *painting = NULL;
    int result = open_timings(timings, engine, steps);
    timings->begin = sol_clock();
    if (result == SOL_OK)
        result = sol_engine_paint(engine, style, 1, image, &painting);
    if (result == SOL_OK && timings->done < steps)
        result = sol_fail(SOL_ERR_CANCELLED, "interrupted");
    sol_image_unref(&painting);
    figures->what = "step";
    close_timings(timings, result == SOL_OK, figures);
    return result;
}

static int measure(SolModel *model, const Wishes *wishes, Figures *figures)
{
    SolOptimiseOptions optimise;
    const SolEngineOptions options = {.threads = (int)wishes->threads,
                                      .precision = (SolPrecision)wishes->precision.value,
                                      .backend = wishes->backend,
                                      .memory = wishes->memory,
                                      .level_strength = wishes->levels.count > 0 ? wishes->levels.strength : NULL,
                                      .levels = wishes->levels.count,
                                      .method = wishes->method,
                                      .optimise = &optimise};
    Timings timings;
    SolEngine *engine = NULL;
    SolStyle *style = NULL;
    SolImage *image = NULL;
    int result;
    sol_optimise_defaults(&optimise);
    optimise.levels = 1;
    optimise.init = SOL_INIT_NOISE;
    optimise.iterations = (int)wishes->frames + WARM_UP_FRAMES;
    optimise.stop = was_interrupted;
    optimise.progress = note_step;
    optimise.context = &timings;
    result = sol_engine_open(&engine, model, &options);
    if (result == SOL_OK)
        result = make_noise(&image, wishes->size.width, wishes->size.height);
    if (result == SOL_OK && sol_engine_learns(engine))
        result = sol_style_learn(&style, engine, image, 256);
    if (result == SOL_OK)
        result = sol_engine_plan(engine, wishes->size.width, wishes->size.height);
    if (result == SOL_OK) {
        figures->gflop = sol_engine_gflop(engine);
        figures->backend = sol_engine_backend(engine);
        figures->tiles = sol_engine_tiles(engine);
        if (strcmp(sol_engine_method(engine), "gatys") == 0)
            result = time_steps(&timings, engine, style, image, wishes->frames, figures);
        else
            result = time_frames(engine, style, image, wishes->frames, figures);
        figures->memory = peak_memory();
        if (result == SOL_OK)
            result = time_beside(engine, style, image, wishes, figures);
    }
    sol_image_unref(&image);
    sol_style_close(&style);
    sol_engine_close(&engine);
    return result == SOL_OK ? sol_gemm_measure(thread_count(wishes), &figures->sgemm) : result;
}

static json_t *layer_json(const SolEngineLayer *layer)
{
    json_t *json = json_pack("{s:s, s:s, s:i, s:i, s:i, s:f}", "name", layer->name, "op", layer->op, "channels",
                             layer->channels, "width", layer->width, "height", layer->height, "ms",
                             1000 * layer->seconds);
    if (json && layer->gflop > 0)
        json_object_update_new(json, json_pack("{s:i, s:i, s:f, s:f, s:s, s:s, s:s}", "in_channels",
                                               layer->in_channels, "kernel", layer->kernel, "gflop", layer->gflop,
                                               "gflops", layer->gflop / layer->seconds, "precision",
                                               layer->precision, "backend", layer->backend, "method",
                                               layer->method));
    return json;
}

static int print_json(const char *model, const Wishes *wishes, const Figures *figures, int threads,
                      const char *processor)
{
    json_t *json = json_pack("{s:s, s:b, s:s, s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:I, s:i}",
                             "model", model, "random_weights", wishes->random, "timed", figures->what, "width",
                             wishes->size.width, "height", wishes->size.height, "precision",
                             sol_precision_name((SolPrecision)wishes->precision.value), "backend",
                             figures->backend, "threads", threads, "blas_core", sol_blas_core(), "processor", processor,
                             "frames", (json_int_t)wishes->frames, "median_ms", figures->median_ms, "gflop",
                             figures->gflop, "gflops", 1000 * figures->gflop / figures->median_ms, "sgemm_gflops",
                             figures->sgemm, "peak_memory", (json_int_t)figures->memory, "tiles",
                             figures->tiles);
    json_t *layers = json_array();
    int status;
    if (json && figures->at_once > 0)
        json_object_update_new(json, json_pack("{s:i, s:f, s:I}", "at_once", figures->at_once, "frames_per_second",
                                               figures->rate, "peak_memory_at_once",
                                               (json_int_t)figures->memory_at_once));
    for (int l = 0; l < figures->layer_count && wishes->layers; l++)
        json_array_append_new(layers, layer_json(&figures->layers[l]));
    if (wishes->layers)
        json_object_set(json, "layers", layers);
    status = json && layers && json_dumpf(json, stdout, JSON_INDENT(2)) == 0 ? EXIT_DONE : EXIT_FAILED;
    printf("\n");
    json_decref(layers);
    json_decref(json);
    return status;
}

static void print_layers(const Figures *figures)
{
    printf("\n%-12s %-34s %8s %8s %8s  %s\n", "layer", "", "GFLOP", "ms", "GFLOP/s", "by");
    for (int l = 0; l < figures->layer_count; l++) {
        const SolEngineLayer *layer = &figures->layers[l];
        char what[64];
        if (layer->gflop > 0) {
            snprintf(what, sizeof what, "%s %dx%d, %d to %d, %dx%d", layer->op, layer->kernel, layer->kernel,
                     layer->in_channels, layer->channels, layer->width, layer->height);
            printf("%-12s %-34s %8.3f %8.3f %8.1f  %s%s%s %s\n", layer->name, what, layer->gflop,
                   1000 * layer->seconds, layer->gflop / layer->seconds, layer->backend, *layer->method ? "/" : "",
                   layer->method, layer->precision);
        } else {
            snprintf(what, sizeof what, "%s, %d, %dx%d", layer->op, layer->channels, layer->width, layer->height);
            printf("%-12s %-34s %8s %8.3f\n", layer->name, what, "", 1000 * layer->seconds);
        }
    }
}

static void print_text(const char *model, const Wishes *wishes, const Figures *figures, int threads,
                       const char *processor)
{
    char memory[32], tiles[32] = "";
    if (figures->tiles > 1)
        snprintf(tiles, sizeof tiles, " in %d tiles", figures->tiles);
    printf("%s%s, %dx%d%s, %s: %.1f ms a %s (%.1f %ss/s), the median of %lld\n", model,
           wishes->random ? " (random weights)" : "", wishes->size.width, wishes->size.height, tiles,
           sol_precision_name((SolPrecision)wishes->precision.value), figures->median_ms, figures->what,
           1000 / figures->median_ms,
           figures->what, (long long)wishes->frames);
    printf("%.2f GFLOP a %s, %.1f GFLOP/s (sgemm alone reaches %.1f); %s of memory\n", figures->gflop, figures->what,
           1000 * figures->gflop / figures->median_ms, figures->sgemm, format_bytes(figures->memory, memory));
    if (figures->at_once > 0)
        printf("%d at once, as renders paint: %.1f frames/s; %s of memory\n", figures->at_once, figures->rate,
               format_bytes(figures->memory_at_once, memory));
    printf("backend %s, %d thread%s, OpenBLAS %s, %s\n", figures->backend, threads, threads == 1 ? "" : "s",
           sol_blas_core(), processor);
}

static int print_figures(const char *model, const Wishes *wishes, const Figures *figures)
{
    int threads = thread_count(wishes);
    char processor[128];
    processor_name(processor);
    if (wishes->json)
        return print_json(model, wishes, figures, threads, processor);
    print_text(model, wishes, figures, threads, processor);
    if (wishes->layers)
        print_layers(figures);
    return EXIT_DONE;
}

/* Opens the model, or where only its architecture is there, makes up the weights. */
static int open_or_make(Wishes *wishes, SolModel **model)
{
    char *path = NULL;
    int result;
    wishes->random = wishes->model && sol_model_find_architecture(&path, wishes->model, model_folders());
    if (!wishes->random)
        return open_model(wishes->model, wishes->method, model);
    result = sol_model_open_random(model, path, WEIGHTS_SEED);
    free(path);
    return result == SOL_OK ? 0 : report_failure(result);
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.size = {512, 512}, .frames = 10, .precision = {SOL_PRECISION_AUTO, precision_choice}};
    Figures figures = {0};
    TextList operands = {0};
    SolModel *model = NULL;
    SolModelInfo info;
    const Option options[] = {
        {"model", 0, OPTION_MODEL, &wishes.model, 0, 0},   {"size", 0, OPTION_SIZE, &wishes.size, 0, 0},
        {"frames", 0, OPTION_INT, &wishes.frames, 1, 10000}, {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"precision", 0, OPTION_CHOICE, &wishes.precision, 0, 0}, {"backend", 0, OPTION_TEXT, &wishes.backend, 0, 0},
        {"method", 0, OPTION_METHOD, &wishes.method, 0, 0},
        {"memory", 0, OPTION_MEMORY, &wishes.memory, 0, 0}, {"layers", 0, OPTION_FLAG, &wishes.layers, 0, 0},
        {"levels", 0, OPTION_LEVELS, &wishes.levels, 0, 0}, {"json", 0, OPTION_FLAG, &wishes.json, 0, 0},
        {0},
    };
    int result, status = read_arguments(&sol_command_bench, argc, argv, options, &operands, 0, 0);
    free(operands.items);
    if (status >= 0 || (status = open_or_make(&wishes, &model)) != 0)
        return status;
    catch_interrupts();
    sol_model_info(model, &info);
    result = measure(model, &wishes, &figures);
    status = result == SOL_OK ? print_figures(info.name, &wishes, &figures) : report_failure(result);
    sol_free(figures.layers);
    sol_model_close(&model);
    return status;
}

const Command sol_command_bench = {
    .name = "bench",
    .arguments = "[--model M] [--size WxH] [OPTION ...]",
    .summary = "measure how fast this machine paints",
    .help = "Paints frames of random noise, after a warm-up, and prints the median time, beside it what\n"
            "OpenBLAS's matrix product reaches by itself, and the most memory that was taken; then the frames\n"
            "a second of several at once, one a thread, which is how renders paint. Of painting by\n"
            "optimisation (gatys), steps are timed: the network forward and back once.\n\n"
            "      --model M        this model, a name or a .safetensors file; default compact. Of a .json\n"
            "                       file, or a name that has no more, it makes up the weights\n"
            "      --size WxH       frames of this size; default 512x512\n"
            "      --frames N       so many of them, or steps; default 10\n"
            "      --method M       paint by this method; the model's own where it is not given\n"
            "      --precision P    auto (the default), float32 or bfloat16\n"
            "      --backend B      compute all convolutions by onednn (where it is built in), blas or reference\n"
            "      --memory SIZE    within this much memory, in tiles where that is needed: 2GiB for example;\n"
            "                       default half of the machine's\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --levels A,B,..  of a wct model: the strength of each level; one of 0 is not run\n"
            "      --layers         and what every layer takes\n"
            "      --json           as a JSON object\n",
    .run = run,
};

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

#include <solstice/style.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP_FRAMES = 2, WEIGHTS_SEED = 1 };

typedef struct Wishes {
    const char *model, *backend;
    Precision precision;
    FrameSize size;
    uint64_t memory;
    Levels levels;
    int64_t frames, threads;
    bool json, layers;
    bool random; /* the model has random weights */
} Wishes;

typedef struct Figures {
    double median_ms; /* a frame */
    double gflop;     /* a frame */
    double sgemm;     /* what OpenBLAS's sgemm reaches by itself, in GFLOP/s */
    int64_t memory;   /* the most that was resident, in bytes */
    const char *backend;
    SolEngineLayer *layers; /* with the seconds of one frame */
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

/* Paints a frame, and tells the milliseconds that took. */
static int time_frame(SolEngine *engine, const SolStyle *style, const SolImage *image, double *ms)
{
    SolImage *painting = NULL;
    double start = sol_clock();
    int result;
    if (was_interrupted(NULL))
        return sol_fail(SOL_ERR_CANCELLED, "interrupted");
    result = sol_engine_paint(engine, style, 1, image, &painting);
    *ms = 1000 * (sol_clock() - start);
    sol_image_unref(&painting);
    return result;
}

/* Times whole frames, and every layer in them: a row of `frames` timings each, the frames' own first. */
static int time_frames(SolEngine *engine, const SolStyle *style, const SolImage *image, int64_t frames,
                       Figures *figures)
{
    int count = sol_engine_layers(engine, NULL, 0), result = SOL_OK;
    SolEngineLayer *layers = sol_calloc((size_t)count, sizeof *layers);
    double *times = sol_calloc((size_t)(count + 1) * (size_t)frames, sizeof *times), ms;
    if (!layers || !times)
        result = sol_fail_memory("the timings");
    for (int64_t n = -WARM_UP_FRAMES; n < frames && result == SOL_OK; n++) {
        result = time_frame(engine, style, image, n < 0 ? &ms : &times[n]);
        for (int l = 0; l < count && n >= 0; l++)
            times[(l + 1) * frames + n] = -layers[l].seconds;
        sol_engine_layers(engine, layers, count);
        for (int l = 0; l < count && n >= 0; l++)
            times[(l + 1) * frames + n] += layers[l].seconds;
    }
    if (result == SOL_OK) {
        figures->median_ms = median(times, frames);
        for (int l = 0; l < count; l++)
            layers[l].seconds = median(times + (l + 1) * frames, frames);
        figures->layers = layers;
        figures->layer_count = count;
    } else {
        sol_free(layers);
    }
    sol_free(times);
    return result;
}

static int thread_count(const Wishes *wishes)
{
    return wishes->threads ? (int)wishes->threads : sol_cpu_count();
}

static int measure(SolModel *model, const Wishes *wishes, Figures *figures)
{
    const SolEngineOptions options = {.threads = (int)wishes->threads,
                                      .precision = wishes->precision.value,
                                      .backend = wishes->backend,
                                      .memory = wishes->memory,
                                      .level_strength = wishes->levels.count > 0 ? wishes->levels.strength : NULL,
                                      .levels = wishes->levels.count};
    SolEngine *engine = NULL;
    SolStyle *style = NULL;
    SolImage *image = NULL;
    int result = sol_engine_open(&engine, model, &options);
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
        result = time_frames(engine, style, image, wishes->frames, figures);
    }
    sol_image_unref(&image);
    sol_style_close(&style);
    sol_engine_close(&engine);
    figures->memory = peak_memory();
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
    json_t *json = json_pack("{s:s, s:b, s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:I, s:i}",
                             "model", model, "random_weights", wishes->random, "width", wishes->size.width, "height",
                             wishes->size.height, "precision", sol_precision_name(wishes->precision.value), "backend",
                             figures->backend, "threads", threads, "blas_core", sol_blas_core(), "processor", processor,
                             "frames", (json_int_t)wishes->frames, "median_ms", figures->median_ms, "gflop",
                             figures->gflop, "gflops", 1000 * figures->gflop / figures->median_ms, "sgemm_gflops",
                             figures->sgemm, "peak_memory", (json_int_t)figures->memory, "tiles",
                             figures->tiles);
    json_t *layers = json_array();
    int status;
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
    printf("%s%s, %dx%d%s, %s: %.1f ms a frame (%.1f frames/s), the median of %lld\n", model,
           wishes->random ? " (random weights)" : "", wishes->size.width, wishes->size.height, tiles,
           sol_precision_name(wishes->precision.value), figures->median_ms, 1000 / figures->median_ms,
           (long long)wishes->frames);
    printf("%.2f GFLOP a frame, %.1f GFLOP/s (sgemm alone reaches %.1f); %s of memory\n", figures->gflop,
           1000 * figures->gflop / figures->median_ms, figures->sgemm, format_bytes(figures->memory, memory));
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
        return open_model(wishes->model, model);
    result = sol_model_open_random(model, path, WEIGHTS_SEED);
    free(path);
    return result == SOL_OK ? 0 : report_failure(result);
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.size = {512, 512}, .frames = 10};
    Figures figures = {0};
    TextList operands = {0};
    SolModel *model = NULL;
    SolModelInfo info;
    const Option options[] = {
        {"model", 0, OPTION_TEXT, &wishes.model, 0, 0},   {"size", 0, OPTION_SIZE, &wishes.size, 0, 0},
        {"frames", 0, OPTION_INT, &wishes.frames, 1, 10000}, {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"precision", 0, OPTION_PRECISION, &wishes.precision, 0, 0}, {"backend", 0, OPTION_TEXT, &wishes.backend, 0, 0},
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
            "OpenBLAS's matrix product reaches by itself, and the most memory that was taken.\n\n"
            "      --model M        this model, a name or a .safetensors file; default compact. Of a .json\n"
            "                       file, or a name that has no more, it makes up the weights\n"
            "      --size WxH       frames of this size; default 512x512\n"
            "      --frames N       so many of them; default 10\n"
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

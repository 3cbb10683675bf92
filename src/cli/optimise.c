/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting by optimisation, as the command line sees it: its options, and what happens after every iteration.
 */
#include "cli/optimise.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void begin_optimising(Optimising *o)
{
    *o = (Optimising){.content_weight = -1, .style_weight = -1, .tv_weight = -1, .time_limit = -1, .iterations = -1,
                      .seed = -1, .levels = -1, .save_every = -1, .optimizer = {-1, sol_optimizer_name},
                      .init = {-1, sol_init_name}, .statistics = {-1, sol_statistics_name}};
}

void add_optimise_options(Optimising *o, Option to[])
{
    const Option options[OPTIMISE_OPTIONS] = {
        {"content-layers", 0, OPTION_TEXT, &o->content_layers, 0, 0},
        {"style-layers", 0, OPTION_TEXT, &o->style_layers, 0, 0},
        {"content-weight", 0, OPTION_NUMBER, &o->content_weight, 0, 1e12},
        {"style-weight", 0, OPTION_NUMBER, &o->style_weight, 0, 1e12},
        {"tv-weight", 0, OPTION_NUMBER, &o->tv_weight, 0, 1e12},
        {"optimizer", 0, OPTION_CHOICE, &o->optimizer, 0, 0},
        {"iterations", 0, OPTION_INT, &o->iterations, 1, 1000000},
        {"init", 0, OPTION_CHOICE, &o->init, 0, 0},
        {"seed", 0, OPTION_INT, &o->seed, 0, 1e15},
        {"statistics", 0, OPTION_CHOICE, &o->statistics, 0, 0},
        {"pyramid", 0, OPTION_INT, &o->levels, 1, SOL_OPTIMISE_LEVELS_MAX},
        {"save-every", 0, OPTION_INT, &o->save_every, 1, 1000000},
        {"loss", 0, OPTION_LIST, &o->curves, 0, 0},
        {"time-limit", 0, OPTION_NUMBER, &o->time_limit, 0.001, 1e9},
    };
    memcpy(to, options, sizeof options);
}

const char *given_optimise_option(const Optimising *o)
{
    const struct {
        bool given;
        const char *name;
    } options[] = {
        {o->content_layers, "--content-layers"}, {o->style_layers, "--style-layers"},
        {o->content_weight >= 0, "--content-weight"}, {o->style_weight >= 0, "--style-weight"},
        {o->tv_weight >= 0, "--tv-weight"}, {o->optimizer.value >= 0, "--optimizer"},
        {o->iterations >= 0, "--iterations"}, {o->init.value >= 0, "--init"}, {o->seed >= 0, "--seed"},
        {o->statistics.value >= 0, "--statistics"}, {o->levels >= 0, "--pyramid"},
        {o->save_every >= 0, "--save-every"}, {o->curves.count > 0, "--loss"}, {o->time_limit >= 0, "--time-limit"},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].given)
            return options[i].name;
    return NULL;
}

/* ---- after every iteration ---- */

/* "out.png" and 50 to "out-0050.png"; freed with free(). */
static char *name_after(const char *output, int iteration)
{
    const char *extension = sol_path_extension(output);
    size_t stem = strlen(output) - strlen(extension) - 1;
    return sol_format("%.*s-%04d.%s", (int)stem, output, iteration, extension);
}

static int save_intermediate(const Optimising *o, const SolOptimiseProgress *progress)
{
    char *path = name_after(o->output, progress->iteration);
    SolImage *image = NULL;
    int result = path ? sol_optimise_picture(progress, &image) : sol_fail_memory("a file's name");
    if (result == SOL_OK)
        result = sol_image_save(image, path, o->overwrite);
    sol_image_unref(&image);
    free(path);
    return result;
}

static void keep_point(Optimising *o, const SolOptimiseProgress *p)
{
    if (!sol_grow((void **)&o->points, &o->capacity, o->count + 1, sizeof *o->points)) {
        o->failure = sol_fail_memory("the curve");
        return;
    }
    o->points[o->count++] = (CurvePoint){p->iteration, p->level, p->evaluations, p->seconds,
                                         p->loss,      p->content, p->style,     p->tv};
}

static void show(const SolOptimiseProgress *p)
{
    char text[256], left[32];
    snprintf(text, sizeof text, "iteration %d of %d  %dx%d  loss %.4g (content %.3g, style %.3g)  %s left", p->iteration,
             p->iterations, p->width, p->height, p->loss, p->content, p->style,
             p->seconds_left < 0 ? "?" : format_duration(p->seconds_left, left));
    show_progress(text, p->seconds, p->iteration == p->iterations);
}

static void follow(void *context, const SolOptimiseProgress *progress)
{
    Optimising *o = context;
    o->planned = progress->iterations;
    keep_point(o, progress);
    show(progress);
    if (o->save_every > 0 && progress->iteration % o->save_every == 0 && o->failure == SOL_OK)
        o->failure = save_intermediate(o, progress);
}

static bool is_over(void *context)
{
    const Optimising *o = context;
    return o->failure != SOL_OK || was_interrupted(NULL);
}

/* ---- before and after ---- */

int prepare_optimising(Optimising *o, const char *output, bool overwrite)
{
    SolOptimiseOptions *options = &o->options;
    sol_optimise_defaults(options);
    o->output = output;
    o->overwrite = overwrite;
    for (size_t i = 0; i < o->curves.count; i++) {
        const char *path = o->curves.items[i];
        if (!sol_path_has_extension(path, "csv svg")) {
            complain("stylize: --loss %s: must end in .csv or .svg", path);
            return EXIT_USAGE;
        }
        if (!overwrite && sol_path_exists(path))
            return report_failure(sol_fail_exists(path));
    }
    if (o->init.value == SOL_INIT_PREVIOUS) {
        complain("stylize: --init previous: a single picture has none before it; there are content, style, noise");
        return EXIT_USAGE;
    }
    options->content_layers = o->content_layers;
    options->style_layers = o->style_layers;
    options->content_weight = o->content_weight >= 0 ? o->content_weight : options->content_weight;
    options->style_weight = o->style_weight >= 0 ? o->style_weight : options->style_weight;
    options->tv_weight = o->tv_weight >= 0 ? o->tv_weight : options->tv_weight;
    options->statistics = o->statistics.value >= 0 ? (SolStatistics)o->statistics.value : options->statistics;
    options->optimizer = o->optimizer.value >= 0 ? (SolOptimizer)o->optimizer.value : options->optimizer;
    options->init = o->init.value >= 0 ? (SolInit)o->init.value : options->init;
    options->seed = o->seed >= 0 ? (uint64_t)o->seed : options->seed;
    options->iterations = o->iterations > 0 ? (int)o->iterations : options->iterations;
    options->levels = o->levels > 0 ? (int)o->levels : options->levels;
    options->time_limit = o->time_limit > 0 ? o->time_limit : options->time_limit;
    options->stop = is_over;
    options->progress = follow;
    options->context = o;
    return 0;
}

int write_curves(const Optimising *o)
{
    int result = SOL_OK;
    for (size_t i = 0; i < o->curves.count && result == SOL_OK; i++)
        result = write_curve(o->curves.items[i], o->points, o->count, o->overwrite);
    return result;
}

void end_optimising(Optimising *o)
{
    free(o->points);
    free(o->curves.items);
    o->points = NULL;
    o->curves = (TextList){0};
}

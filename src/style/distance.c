/* SPDX-License-Identifier: Apache-2.0
 *
 * Distances of paintings from styles and contents: one plan that is run forward alone, for the painting and the frame.
 */
#include "style/distance.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/model.h"
#include "nn/gram.h"
#include "style/gatys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a layer's values are taken to have at least in the mean of their squares, so that nothing is divided by 0. */
static const double LEAST_SQUARE = 1e-6;

/* Where a frame's content is compared, if the network has it. */
#define CONTENT_LAYER "relu4_1"

struct SolDistance {
    SolPool *pool;
    SolGatysGoal goal;
    SolPlanOptions how;
    SolPlan *plan;
    int width, height;
    size_t numbers;       /* of all style layers' statistics */
    float **styles;       /* [count][numbers] */
    size_t count, capacity;
    float *found;         /* [numbers] of the painting */
    void *work;           /* for statistics of any style layer */
    float *frame, *other; /* [planes] the content layer's values on the frame and the painting */
    double *sums;         /* [channels][2] of that */
    char *layers;
};

/* ---- statistics ---- */

static int layer_channels(const SolDistance *d, int layer)
{
    return sol_graph_node(d->goal.graph, d->goal.style[layer].node)->channels;
}

static size_t layer_numbers(const SolDistance *d, int layer)
{
    size_t channels = (size_t)layer_channels(d, layer);
    return d->goal.statistics == SOL_STATISTICS_GRAM ? channels * channels : 2 * channels;
}

static bool work_bytes(const SolDistance *d, SolShape shape, size_t *bytes)
{
    return d->goal.statistics == SOL_STATISTICS_GRAM ? sol_gram_bytes(shape, d->pool, bytes)
                                                     : sol_mul((size_t)shape.channels, sizeof(SolMoments), bytes);
}

static void find_statistics(SolDistance *d, int layer, float *to)
{
    SolFeatures value = sol_plan_value(d->plan, d->goal.style[layer].node);
    SolMoments *moments = d->work;
    int channels = value.shape.channels;
    if (d->goal.statistics == SOL_STATISTICS_GRAM) {
        sol_op_gram(d->pool, &value, NULL, d->work, to);
        return;
    }
    sol_op_moments(d->pool, &value, sol_shape_area(value.shape), moments);
    for (int c = 0; c < channels; c++) {
        to[c] = (float)moments[c].mean;
        to[channels + c] = sol_deviation(&moments[c]);
    }
}

/* ---- opening ---- */

static int reserve(SolDistance *d)
{
    SolShape content = sol_plan_shape(d->plan, d->goal.content[0].node);
    size_t most = 1, bytes;
    for (int i = 0; i < d->goal.style_count; i++) {
        if (!work_bytes(d, sol_plan_shape(d->plan, d->goal.style[i].node), &bytes))
            return sol_fail_memory("the distance from a style");
        most = bytes > most ? bytes : most;
    }
    d->numbers = sol_gatys_statistics(&d->goal);
    d->found = sol_alloc(d->numbers, sizeof(float));
    d->work = sol_alloc(most, 1);
    if (!sol_mul((size_t)content.channels, sol_shape_plane(content), &bytes))
        return sol_fail_memory("the distance from a frame");
    d->frame = sol_calloc(bytes, sizeof(float));
    d->other = sol_calloc(bytes, sizeof(float));
    d->sums = sol_calloc((size_t)content.channels, 2 * sizeof *d->sums);
    return d->found && d->work && d->frame && d->other && d->sums ? SOL_OK
                                                                  : sol_fail_memory("the distance from a style");
}

static int find_layers(SolDistance *d, const SolModel *model, SolStatistics statistics)
{
    const SolGraph *graph = sol_model_graph(model);
    SolOptimiseOptions options;
    int content = sol_graph_find(graph, CONTENT_LAYER), result;
    sol_optimise_defaults(&options);
    options.statistics = statistics;
    if (content > 0 && !sol_graph_node(graph, content)->styled)
        options.content_layers = CONTENT_LAYER;
    result = sol_gatys_goal(&d->goal, graph, &options);
    if (result != SOL_OK)
        return result;
    d->layers = sol_format("%s .. %s, content %s", sol_graph_node(graph, d->goal.style[0].node)->name,
                           sol_graph_node(graph, d->goal.style[d->goal.style_count - 1].node)->name,
                           sol_graph_node(graph, d->goal.content[0].node)->name);
    return d->layers ? SOL_OK : sol_fail_memory("the distance from a style");
}

int sol_distance_open(SolDistance **out, const SolModel *model, int width, int height, SolStatistics statistics,
                      SolPool *pool)
{
    SolDistance *d = sol_calloc(1, sizeof *d);
    int keep[SOL_GATYS_LAYERS_MAX + 1], result;
    if (!d)
        return sol_fail_memory("the distance from a style");
    d->pool = pool;
    d->width = width;
    d->height = height;
    d->how = (SolPlanOptions){.precision = SOL_PRECISION_FLOAT32, .raw = true};
    result = find_layers(d, model, statistics);
    for (int i = 0; i < d->goal.style_count; i++)
        keep[i] = d->goal.style[i].node;
    if (result == SOL_OK) {
        keep[d->goal.style_count] = d->goal.content[0].node;
        result = sol_plan_open(&d->plan, d->goal.graph, width, height, keep, d->goal.style_count + 1, &d->how, pool);
    }
    if (result == SOL_OK)
        result = reserve(d);
    if (result != SOL_OK) {
        sol_distance_close(&d);
        return result;
    }
    *out = d;
    return SOL_OK;
}

void sol_distance_close(SolDistance **out)
{
    SolDistance *d = *out;
    *out = NULL;
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++)
        sol_free(d->styles[i]);
    free(d->styles);
    sol_plan_close(&d->plan);
    sol_free(d->found);
    sol_free(d->work);
    sol_free(d->frame);
    sol_free(d->other);
    sol_free(d->sums);
    free(d->layers);
    sol_free(d);
}

const char *sol_distance_layers(const SolDistance *d)
{
    return d->layers;
}

/* Scaled so that the shorter side has SOL_STYLE_SHORT_SIDE pixels. */
static int scale_style(const SolImage *image, SolImage **scaled)
{
    int side = image->width < image->height ? image->width : image->height;
    double factor = (double)SOL_STYLE_SHORT_SIDE / side;
    return sol_image_scale(scaled, image, (int)fmax(1, round(image->width * factor)),
                           (int)fmax(1, round(image->height * factor)));
}

int sol_distance_learn(SolDistance *d, const SolImage *image, int *number)
{
    SolImage *scaled = NULL;
    float *statistics = NULL;
    int result = scale_style(image, &scaled);
    if (result == SOL_OK && (!(statistics = sol_alloc(d->numbers, sizeof *statistics)) ||
                             !sol_grow((void **)&d->styles, &d->capacity, d->count + 1, sizeof *d->styles)))
        result = sol_fail_memory("a style");
    if (result == SOL_OK)
        result = sol_gatys_learn(&d->goal, scaled, &d->how, d->pool, statistics);
    sol_image_unref(&scaled);
    if (result != SOL_OK) {
        sol_free(statistics);
        return result;
    }
    *number = (int)d->count;
    d->styles[d->count++] = statistics;
    return SOL_OK;
}

/* ---- comparing ---- */

static void run(SolDistance *d, const SolImage *image, float *content)
{
    const SolArea all = {.width = d->width, .height = d->height};
    SolFeatures value, planes;
    sol_image_to_planes(image, all, sol_plan_input(d->plan), d->pool);
    sol_plan_run(d->plan, NULL, 0);
    value = sol_plan_value(d->plan, d->goal.content[0].node);
    planes = sol_planes(content, value.shape);
    sol_op_convert(d->pool, &value, &planes);
}

void sol_distance_set_frame(SolDistance *d, const SolImage *frame)
{
    run(d, frame, d->frame);
}

static void compare_channel(void *context, int channel)
{
    SolDistance *d = context;
    size_t plane = sol_shape_plane(sol_plan_shape(d->plan, d->goal.content[0].node)), from = (size_t)channel * plane;
    double difference = 0, square = 0;
    for (size_t i = from; i < from + plane; i++) {
        double p = (double)d->frame[i], e = (double)d->other[i] - p;
        difference += e * e;
        square += p * p;
    }
    d->sums[2 * channel] = difference;
    d->sums[2 * channel + 1] = square;
}

static double content_distance(SolDistance *d)
{
    SolShape shape = sol_plan_shape(d->plan, d->goal.content[0].node);
    double difference = 0, square = 0;
    sol_pool_run(d->pool, compare_channel, d, shape.channels);
    for (int c = 0; c < shape.channels; c++) {
        difference += d->sums[2 * c];
        square += d->sums[2 * c + 1];
    }
    return difference / fmax(square, LEAST_SQUARE * (double)sol_shape_plane(shape) * shape.channels);
}

static double style_distance(SolDistance *d, const float *wanted)
{
    const double least = d->goal.statistics == SOL_STATISTICS_GRAM ? LEAST_SQUARE * LEAST_SQUARE : LEAST_SQUARE;
    double sum = 0;
    for (int i = 0; i < d->goal.style_count; wanted += layer_numbers(d, i++)) {
        double difference = 0, square = 0;
        find_statistics(d, i, d->found);
        for (size_t n = 0; n < layer_numbers(d, i); n++) {
            double a = (double)wanted[n], e = (double)d->found[n] - a;
            difference += e * e;
            square += a * a;
        }
        sum += d->goal.style[i].weight * difference / fmax(square, least * layer_channels(d, i));
    }
    return sum;
}

void sol_distance_find(SolDistance *d, const SolImage *painting, int style, double *from_style, double *from_content)
{
    run(d, painting, d->other);
    if (from_content)
        *from_content = content_distance(d);
    *from_style = style >= 0 && (size_t)style < d->count ? style_distance(d, d->styles[style]) : (double)NAN;
}

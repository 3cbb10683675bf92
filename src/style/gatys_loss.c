/* SPDX-License-Identifier: Apache-2.0
 *
 * The loss and its gradient: the network forward, what is compared at each layer and the gradient there, and the
 * network back. Sums are in double precision, over parts whose number the shape alone decides.
 */
#include "style/gatys.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "image/image.h"
#include "nn/gram.h"
#include "nn/kernels.h"
#include "nn/moments.h"
#include "style/gatys_pixels.h"

#include <math.h>
#include <string.h>

/* What a layer's values are taken to have at least in the mean of their squares, so that nothing is divided by 0. */
static const double LEAST_SQUARE = 1e-6;

enum { BAND = 8, BUFFER = 2048 /* floats */ };

struct SolGatysLoss {
    const SolGatysGoal *goal;
    SolPool *pool;
    SolBackward *network;
    int width, height;
    double strength;
    SolFeatures content[SOL_GATYS_LAYERS_MAX]; /* the content's values, in memory of their own */
    double content_scale[SOL_GATYS_LAYERS_MAX], style_scale[SOL_GATYS_LAYERS_MAX]; /* of the squared differences */
    const float *statistics;                   /* of all style layers, one after the other */
    bool fresh[SOL_GATYS_LAYERS_MAX];          /* of a content layer: nothing else writes its gradient */
    void *work;                                /* of the Gram matrices */
    float *numbers;                            /* statistics of a layer on the painting */
    double *sums;                              /* of bands */
    SolPixelWeights region[SOL_GATYS_LAYERS_MAX]; /* of style layers: how far their pixels are covered; all: NULL */
    double share;                              /* of the picture that is covered */
    SolGatysHold *hold;                        /* what the picture is held to; NULL for nothing */
    SolGatysParts parts;
    double seconds;
};

/* ---- statistics ---- */

static int channels_of(const SolGatysGoal *goal, int i)
{
    return sol_graph_node(goal->graph, goal->style[i].node)->channels;
}

/* How many numbers the statistics of style layer `i` are. */
static size_t statistics_of(const SolGatysGoal *goal, int i)
{
    size_t channels = (size_t)channels_of(goal, i);
    return goal->statistics == SOL_STATISTICS_GRAM ? channels * channels : 2 * channels;
}

size_t sol_gatys_statistics(const SolGatysGoal *goal)
{
    size_t count = 0;
    for (int i = 0; i < goal->style_count; i++)
        count += statistics_of(goal, i);
    return count;
}

/* The workspace that find_statistics() takes for a value. */
static bool work_bytes(const SolGatysGoal *goal, SolShape shape, const SolPool *pool, size_t *bytes)
{
    if (goal->statistics == SOL_STATISTICS_GRAM)
        return sol_gram_bytes(shape, pool, bytes);
    return sol_mul((size_t)shape.channels, sizeof(SolMoments) + 3 * sizeof(float), bytes);
}

/* Of all pixels alike, or with `weights`. */
static void find_statistics(const SolGatysGoal *goal, SolPool *pool, const SolFeatures *value,
                            const SolPixelWeights *weights, void *work, float *statistics)
{
    SolArea all = sol_shape_area(value->shape);
    SolMoments *moments = work;
    int channels = value->shape.channels;
    if (goal->statistics == SOL_STATISTICS_GRAM) {
        sol_op_gram(pool, value, weights, work, statistics);
        return;
    }
    if (weights)
        sol_op_moments_weighted(pool, value, all, (SolWeightRows){weights->values, (size_t)all.width}, moments);
    else
        sol_op_moments(pool, value, all, moments);
    for (int c = 0; c < channels; c++) {
        statistics[c] = (float)moments[c].mean;
        statistics[channels + c] = sol_deviation(&moments[c]);
    }
}

int sol_gatys_learn(const SolGatysGoal *goal, const SolImage *image, const SolPlanOptions *how, SolPool *pool,
                    float *statistics)
{
    const SolPlanOptions raw = {.backend = how->backend, .precision = SOL_PRECISION_FLOAT32, .raw = true};
    const SolArea all = {.width = image->width, .height = image->height};
    int keep[SOL_GATYS_LAYERS_MAX], result;
    SolPlan *plan = NULL;
    for (int i = 0; i < goal->style_count; i++)
        keep[i] = goal->style[i].node;
    result = sol_plan_open(&plan, goal->graph, image->width, image->height, keep, goal->style_count, &raw, pool);
    if (result != SOL_OK)
        return result;
    sol_image_to_planes(image, all, sol_plan_input(plan), pool);
    sol_plan_run(plan, NULL, 0);
    for (int i = 0; i < goal->style_count && result == SOL_OK; i++) {
        SolFeatures value = sol_plan_value(plan, keep[i]);
        size_t bytes = 0;
        void *work = work_bytes(goal, value.shape, pool, &bytes) ? sol_alloc(bytes, 1) : NULL;
        if (work)
            find_statistics(goal, pool, &value, NULL, work, statistics);
        else
            result = sol_fail_memory("a style");
        statistics += statistics_of(goal, i);
        sol_free(work);
    }
    sol_plan_close(&plan);
    return result;
}

/* ---- content ---- */

/* A loop over bands of rows of groups: to (+)= scale * (value - target), and sums of (value - target)^2. */
typedef struct Compare {
    const SolFeatures *value, *target, *to; /* without `target`, sums of value^2; without `to` nothing is written */
    float scale;
    bool add;
    double *sums;
    const SolRowKernels *kernels;
} Compare;

static int bands_of(const SolFeatures *f)
{
    return (f->shape.height + BAND - 1) / BAND;
}

static void compare_piece(const Compare *c, const float *value, const float *target, float *to, size_t count,
                          double sums[SOL_LANES])
{
    float difference[BUFFER];
    if (!target) {
        c->kernels->dot(value, value, count, sums);
        return;
    }
    c->kernels->combine(value, -1, target, count, difference);
    c->kernels->dot(difference, difference, count, sums);
    if (to && c->add)
        c->kernels->combine(to, c->scale, difference, count, to);
    else if (to)
        c->kernels->affine(difference, count, 0, c->scale, 0, to);
}

static void compare_band(void *context, int item)
{
    const Compare *c = context;
    const SolFeatures *value = c->value;
    int group = item / bands_of(value), y = item % bands_of(value) * BAND;
    size_t block = (size_t)value->layout.block, length = (size_t)value->shape.width * block;
    size_t lanes = (size_t)(value->shape.channels - group * value->layout.block);
    size_t step = lanes < block ? block : BUFFER, piece = lanes < block ? lanes : BUFFER; /* channels that there are */
    double sums[SOL_LANES] = {0};
    for (int end = y + BAND; y < end && y < value->shape.height; y++)
        for (size_t from = 0; from < length; from += step)
            compare_piece(c, (const float *)sol_features_row(value, group, y) + from,
                          c->target ? (const float *)sol_features_row(c->target, group, y) + from : NULL,
                          c->to ? (float *)sol_features_row(c->to, group, y) + from : NULL,
                          length - from < piece ? length - from : piece, sums);
    for (int l = 1; l < SOL_LANES; l++)
        sums[0] += sums[l];
    c->sums[item] = sums[0];
}

static double compare(SolGatysLoss *loss, Compare *c)
{
    int items = sol_features_groups(c->value) * bands_of(c->value);
    double sum = 0;
    c->sums = loss->sums;
    c->kernels = sol_kernels()->rows;
    sol_pool_run(loss->pool, compare_band, c, items);
    for (int i = 0; i < items; i++)
        sum += loss->sums[i];
    return sum;
}

/* The content part, whose gradients are added to those of the style where a layer has both. */
static double content_loss(SolGatysLoss *loss)
{
    const SolGatysGoal *goal = loss->goal;
    double sum = 0;
    for (int i = 0; i < goal->content_count; i++) {
        SolFeatures value = sol_backward_value(loss->network, goal->content[i].node);
        SolFeatures gradient = sol_backward_gradient(loss->network, goal->content[i].node);
        Compare c = {.value = &value, .target = &loss->content[i], .to = &gradient,
                     .scale = (float)(2 * loss->content_scale[i]), .add = !loss->fresh[i]};
        sum += loss->content_scale[i] * compare(loss, &c);
    }
    return sum;
}

/* ---- style ---- */

/* How much all pixels count together. */
static double total_of(const SolFeatures *value, const SolPixelWeights *weights)
{
    return weights ? weights->sum : (double)sol_shape_plane(value->shape);
}

static double gram_loss(SolGatysLoss *loss, const SolFeatures *value, const SolPixelWeights *weights,
                        const float *wanted, double scale, const SolFeatures *gradient)
{
    size_t channels = (size_t)value->shape.channels;
    double sum = 0, factor = 4 * scale / total_of(value, weights);
    float *gram = loss->numbers;
    for (size_t i = 0; i < channels * channels; i++) {
        double d = (double)gram[i] - (double)wanted[i];
        sum += d * d;
        gram[i] = (float)(factor * d);
    }
    sol_op_symmetric(loss->pool, value, weights, gram, loss->work, gradient);
    return scale * sum;
}

static double moments_loss(SolGatysLoss *loss, const SolFeatures *value, const SolPixelWeights *weights,
                           const float *wanted, double scale, const SolFeatures *gradient)
{
    int channels = value->shape.channels;
    SolMoments *moments = loss->work; /* of find_statistics() */
    float *centres = (float *)(moments + channels), *scales = centres + channels, *offsets = scales + channels;
    double sum = 0, pixels = total_of(value, weights);
    for (int c = 0; c < channels; c++) {
        double mean = moments[c].mean - (double)wanted[c];
        double deviation = (double)sol_deviation(&moments[c]), other = deviation - (double)wanted[channels + c];
        sum += mean * mean + other * other;
        centres[c] = (float)moments[c].mean;
        scales[c] = (float)(2 * scale * other / (pixels * deviation));
        offsets[c] = (float)(2 * scale * mean / pixels);
    }
    sol_op_affine(loss->pool, value, centres, scales, offsets, gradient);
    if (weights)
        sol_op_weigh(loss->pool, gradient, weights);
    return scale * sum;
}

static double style_loss(SolGatysLoss *loss)
{
    const SolGatysGoal *goal = loss->goal;
    const float *wanted = loss->statistics;
    double sum = 0;
    for (int i = 0; i < goal->style_count; wanted += statistics_of(goal, i++)) {
        SolFeatures value = sol_backward_value(loss->network, goal->style[i].node);
        SolFeatures gradient = sol_backward_gradient(loss->network, goal->style[i].node);
        const SolPixelWeights *weights = loss->region[i].values ? &loss->region[i] : NULL;
        find_statistics(goal, loss->pool, &value, weights, loss->work, loss->numbers);
        sum += (goal->statistics == SOL_STATISTICS_GRAM ? gram_loss : moments_loss)(
            loss, &value, weights, wanted, loss->strength * loss->share * loss->style_scale[i], &gradient);
    }
    return sum;
}

/* ---- the region ---- */

static void forget_region(SolGatysLoss *loss)
{
    for (int i = 0; i < SOL_GATYS_LAYERS_MAX; i++) {
        sol_free((void *)(uintptr_t)loss->region[i].values);
        loss->region[i] = (SolPixelWeights){0};
    }
    loss->share = 1;
}

/* The share of a mask's picture that it covers. */
static double share_of(const SolMask *mask)
{
    uint64_t sum = 0;
    size_t count = (size_t)mask->width * (size_t)mask->height;
    for (size_t i = 0; i < count; i++)
        sum += mask->values[i];
    return (double)sum / 255 / (double)count;
}

/* How far a layer's pixels are covered. */
static int reduce_region(const SolGatysLoss *loss, const SolMask *mask, const float *covered, SolPixelWeights *weights,
                         int node)
{
    SolShape shape = sol_backward_value(loss->network, node).shape;
    float *values = sol_alloc(sol_shape_plane(shape), sizeof *values);
    if (!values)
        return sol_fail_memory("a region");
    sol_gatys_reduce(covered, mask->width, mask->height, values, shape.width, shape.height);
    weights->values = values;
    weights->sum = 0;
    for (size_t i = 0; i < sol_shape_plane(shape); i++)
        weights->sum += (double)values[i];
    return SOL_OK;
}

int sol_gatys_loss_set_region(SolGatysLoss *loss, const SolMask *region)
{
    double share = region ? share_of(region) : 1;
    size_t count = region ? (size_t)region->width * (size_t)region->height : 0;
    float *covered;
    int result = SOL_OK;
    forget_region(loss);
    if (share == 0 || share == 1) /* nothing is as all */
        return SOL_OK;
    covered = sol_alloc(count, sizeof *covered);
    if (!covered)
        return sol_fail_memory("a region");
    for (size_t i = 0; i < count; i++)
        covered[i] = (float)region->values[i] / 255;
    for (int i = 0; i < loss->goal->style_count && result == SOL_OK; i++)
        result = reduce_region(loss, region, covered, &loss->region[i], loss->goal->style[i].node);
    loss->share = share;
    sol_free(covered);
    if (result != SOL_OK)
        forget_region(loss);
    return result;
}

/* ---- what the picture is held to ---- */

int sol_gatys_loss_set_references(SolGatysLoss *loss, const SolReference references[], int count)
{
    SolGatysHold *hold = NULL;
    int result = SOL_OK;
    if (count > 0)
        result = sol_gatys_hold_open(&hold, references, count, loss->width, loss->height, loss->pool);
    if (result != SOL_OK)
        return result;
    sol_gatys_hold_close(&loss->hold);
    loss->hold = hold;
    return SOL_OK;
}

/* ---- all ---- */

static size_t picture_bytes(const SolGatysLoss *loss)
{
    return 3 * (size_t)loss->width * (size_t)loss->height * sizeof(float);
}

double sol_gatys_loss(void *context, const float *x, float *gradient)
{
    SolGatysLoss *loss = context;
    const SolGatysPicture picture = {.x = x, .gradient = gradient, .width = loss->width, .height = loss->height,
                                     .sums = loss->sums, .pool = loss->pool};
    double begin, back;
    memcpy(sol_backward_input(loss->network), x, picture_bytes(loss));
    sol_backward_forward(loss->network);
    begin = sol_clock();
    loss->parts.style = style_loss(loss);
    loss->parts.content = content_loss(loss);
    loss->seconds += sol_clock() - begin;
    memcpy(gradient, sol_backward_run(loss->network), picture_bytes(loss));
    back = sol_clock();
    loss->parts.tv = sol_gatys_smoothness(&picture, loss->goal->tv_weight);
    loss->parts.temporal = loss->hold ? sol_gatys_hold_loss(loss->hold, &picture, loss->goal->temporal_weight) : 0;
    loss->seconds += sol_clock() - back;
    return loss->parts.content + loss->parts.style + loss->parts.tv + loss->parts.temporal;
}

SolGatysParts sol_gatys_loss_parts(const SolGatysLoss *loss)
{
    return loss->parts;
}

const SolBackward *sol_gatys_loss_network(const SolGatysLoss *loss)
{
    return loss->network;
}

double sol_gatys_loss_seconds(const SolGatysLoss *loss)
{
    return loss->seconds;
}

void sol_gatys_loss_set_content(SolGatysLoss *loss, const SolImage *content)
{
    const SolGatysGoal *goal = loss->goal;
    const SolArea all = {.width = loss->width, .height = loss->height};
    sol_image_to_planes(content, all, sol_backward_input(loss->network), loss->pool);
    sol_backward_forward(loss->network);
    for (int i = 0; i < goal->content_count; i++) {
        SolFeatures value = sol_backward_value(loss->network, goal->content[i].node);
        Compare c = {.value = &loss->content[i]};
        double count = (double)sol_shape_plane(value.shape) * value.shape.channels;
        sol_op_convert(loss->pool, &value, &loss->content[i]);
        loss->content_scale[i] =
            goal->content_weight * goal->content[i].weight / fmax(compare(loss, &c), LEAST_SQUARE * count);
    }
}

void sol_gatys_loss_set_style(SolGatysLoss *loss, const float *statistics, double strength)
{
    const SolGatysGoal *goal = loss->goal;
    const double least = goal->statistics == SOL_STATISTICS_GRAM ? LEAST_SQUARE * LEAST_SQUARE : LEAST_SQUARE;
    loss->statistics = statistics;
    loss->strength = strength;
    for (int i = 0; i < goal->style_count; statistics += statistics_of(goal, i++)) {
        double squares = 0, channels = channels_of(goal, i);
        for (size_t v = 0; v < statistics_of(goal, i); v++)
            squares += (double)statistics[v] * (double)statistics[v];
        loss->style_scale[i] = goal->style_weight * goal->style[i].weight / fmax(squares, least * channels);
    }
}

/* The nodes that are compared. */
static int find_kept(const SolGatysGoal *goal, int keep[])
{
    int count = 0;
    for (int i = 0; i < goal->style_count; i++)
        keep[count++] = goal->style[i].node;
    for (int i = 0; i < goal->content_count; i++)
        keep[count++] = goal->content[i].node;
    return count;
}

/* What a loss takes beside the network, of one content or style layer: the content's values, or workspace. */
static bool layer_bytes(const SolGatysGoal *goal, SolFeatures value, bool content, const SolPool *pool, size_t *bytes)
{
    value.layout.margin = 0;
    return content ? sol_features_bytes(value.shape, value.layout, bytes) : work_bytes(goal, value.shape, pool, bytes);
}

static int reserve(SolGatysLoss *loss)
{
    const SolGatysGoal *goal = loss->goal;
    size_t work = 0, numbers = 0, sums = 3 * (size_t)loss->height, bytes = 0;
    for (int i = 0; i < goal->style_count; i++) {
        SolFeatures value = sol_backward_value(loss->network, goal->style[i].node);
        if (!layer_bytes(goal, value, false, loss->pool, &bytes))
            return sol_fail_memory("the loss");
        work = bytes > work ? bytes : work;
        numbers = statistics_of(goal, i) > numbers ? statistics_of(goal, i) : numbers;
    }
    for (int i = 0; i < goal->content_count; i++) {
        SolFeatures value = sol_backward_value(loss->network, goal->content[i].node);
        size_t bands = (size_t)sol_features_groups(&value) * (size_t)bands_of(&value);
        sums = bands > sums ? bands : sums;
        loss->content[i] = value;
        loss->content[i].layout.margin = 0;
        loss->content[i].data = layer_bytes(goal, value, true, loss->pool, &bytes) ? sol_alloc(bytes, 1) : NULL;
        if (!loss->content[i].data)
            return sol_fail_memory("the content's values");
        loss->fresh[i] = true;
        for (int s = 0; s < goal->style_count; s++)
            loss->fresh[i] = loss->fresh[i] && goal->style[s].node != goal->content[i].node;
    }
    loss->work = sol_alloc(work, 1);
    loss->numbers = sol_alloc(numbers, sizeof *loss->numbers);
    loss->sums = sol_alloc(sums, sizeof *loss->sums);
    return loss->work && loss->numbers && loss->sums ? SOL_OK : sol_fail_memory("the loss");
}

int sol_gatys_loss_open(SolGatysLoss **out, const SolGatysGoal *goal, int width, int height, const SolPlanOptions *how,
                        SolPool *pool)
{
    SolGatysLoss *loss = sol_calloc(1, sizeof *loss);
    int keep[2 * SOL_GATYS_LAYERS_MAX], count = find_kept(goal, keep), result;
    if (!loss)
        return sol_fail_memory("the loss");
    *loss = (SolGatysLoss){.goal = goal, .pool = pool, .width = width, .height = height, .share = 1};
    result = sol_backward_open(&loss->network, goal->graph, width, height, keep, count, how, pool);
    if (result == SOL_OK)
        result = reserve(loss);
    if (result != SOL_OK) {
        sol_gatys_loss_close(&loss);
        return result;
    }
    *out = loss;
    return SOL_OK;
}

int sol_gatys_loss_measure(SolPlanSize *size, const SolGatysGoal *goal, int width, int height,
                           const SolPlanOptions *how, SolPool *pool)
{
    int keep[2 * SOL_GATYS_LAYERS_MAX], count = find_kept(goal, keep);
    return sol_backward_measure(size, goal->graph, width, height, keep, count, how, pool);
}

void sol_gatys_loss_close(SolGatysLoss **out)
{
    SolGatysLoss *loss = *out;
    if (!loss)
        return;
    for (int i = 0; i < SOL_GATYS_LAYERS_MAX; i++)
        sol_free(loss->content[i].data);
    forget_region(loss);
    sol_gatys_hold_close(&loss->hold);
    sol_backward_close(&loss->network);
    sol_free(loss->work);
    sol_free(loss->numbers);
    sol_free(loss->sums);
    sol_free(loss);
    *out = NULL;
}

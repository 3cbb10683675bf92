/* SPDX-License-Identifier: Apache-2.0
 *
 * The engines that paint by one run of a network:
 *
 * - `adain`: an encoder and a decoder with adaptive instance normalisation between (Huang & Belongie 2017). A style is
 *   the mean and deviation of every tapped channel.
 * - `wct`: encoders and decoders with whitening and colouring between, at one depth or at several, one after the other
 *   (Li et al. 2017). A style is the mean and the colouring of every tap.
 * - `transform`: a network that was trained for one style (Johnson et al. 2016), and learns no other.
 *
 * Frames are continued by reflection to the sizes that the network's poolings and strides divide evenly, and by the
 * network's margin, and the painting is cut back. Style images run through the encoder at their own size. Both are
 * cut into tiles where they would take more memory than the engine may.
 */
#include "style/engine.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/levels.h"
#include "nn/tiled.h"

#include <string.h>

/* Of code, libraries and what they allocate, about: it has to fit into the engine's memory, too. */
enum { PROGRAM_BYTES = 48 << 20 };

/* What painting a frame may take for several to be painted at once: above that, they would be in each other's way. */
enum { LANE_BYTES = 256 << 20 };

/* What paints one frame at a time. */
typedef struct Lane {
    SolTiledPlan *plan;
    SolPool *pool;       /* its threads; NULL: the caller's alone */
    SolWeights *weights; /* of a frame's pixels in a region; NULL before the first */
} Lane;

typedef struct State {
    const SolGraph *graph; /* the model's, or `own` */
    SolGraph *own;         /* of the levels that are painted with */
    Lane *lanes;           /* [count] the first paints frames on no lane, too, with all threads */
    int count;
} State;

static int output_node(const SolGraph *graph)
{
    return sol_graph_count(graph) - 1;
}

/* Opens the engine of a network with layers `op`; without any that learn where that is SOL_OP_COUNT. */
static int feedforward_open(SolEngine *engine, SolOp op)
{
    const SolGraph *graph = sol_model_graph(engine->model);
    State *state;
    bool found = false;
    if (engine->level_strength && op != SOL_OP_WCT)
        return sol_fail(SOL_ERR_ARGUMENT, "its network has no levels to give strengths to: its method is %s",
                        engine->kind->name);
    state = sol_calloc(1, sizeof *state);
    if (!state)
        return sol_fail_memory("an engine");
    engine->state = state;
    state->graph = graph;
    engine->style_size = sol_graph_statistics(graph, -1);
    for (int n = 0; n < sol_graph_count(graph); n++)
        found = found || sol_graph_node(graph, n)->layer.op == op;
    if (op != SOL_OP_COUNT)
        return found ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "the network has no %s layer", sol_op_name(op));
    return engine->style_size == 0 ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "a network of the method transform has no adain or "
                                                                       "wct layers; this one has");
}

static int adain_open(SolEngine *engine)
{
    return feedforward_open(engine, SOL_OP_ADAIN);
}

static int transform_open(SolEngine *engine)
{
    return feedforward_open(engine, SOL_OP_COUNT);
}

static int wct_open(SolEngine *engine)
{
    int result = feedforward_open(engine, SOL_OP_WCT);
    State *state = engine->state;
    if (result == SOL_OK)
        result = sol_graph_levels(&state->own, state->graph, engine->level_strength, engine->levels);
    if (result != SOL_OK)
        return result;
    state->graph = state->own;
    engine->style_size = sol_graph_statistics(state->own, -1);
    return SOL_OK;
}

static int round_up(int side, int multiple)
{
    return (side + multiple - 1) / multiple * multiple;
}

/* What the engine may take, where `pictures` of so many pixels are held beside the network. */
static SolMemoryLimit limit_for(const SolEngine *engine, int width, int height, int pictures)
{
    const SolGraph *graph = ((State *)engine->state)->graph;
    uint64_t others = PROGRAM_BYTES + (uint64_t)pictures * 3 * (uint64_t)width * (uint64_t)height;
    for (int n = 0; n < sol_graph_count(graph); n++) {
        const SolLayer *layer = &sol_graph_node(graph, n)->layer;
        if (sol_op_convolves(layer->op))
            others += sizeof(float) * (uint64_t)layer->kernel * (uint64_t)layer->kernel * (uint64_t)layer->channels *
                      (uint64_t)sol_graph_node(graph, layer->inputs[0])->channels;
    }
    return (SolMemoryLimit){.bytes = engine->memory, .others = others};
}

/* A side of the network's picture, from one of a frame. */
static int padded(const SolGraph *graph, int side)
{
    return round_up(side + 2 * sol_graph_margin(graph), sol_graph_multiple(graph));
}

static void close_lanes(State *state)
{
    for (int i = 0; i < state->count; i++) {
        sol_tiled_close(&state->lanes[i].plan);
        sol_weights_close(&state->lanes[i].weights);
        sol_pool_close(&state->lanes[i].pool);
    }
    sol_free(state->lanes);
    state->lanes = NULL;
    state->count = 0;
}

/* The lane `i` of `count`. */
static int open_lane(SolEngine *engine, int width, int height, int i, int count)
{
    State *state = engine->state;
    Lane *lane = &state->lanes[i];
    SolMemoryLimit limit = limit_for(engine, width, height, 2);
    int output = output_node(state->graph), threads = sol_pool_threads(engine->pool) / count, result = SOL_OK;
    limit.bytes /= (uint64_t)count;
    if (count > 1 && limit.bytes > LANE_BYTES)
        limit.bytes = LANE_BYTES;
    if (threads > 1 && count > 1)
        result = sol_pool_open(&lane->pool, threads);
    return result != SOL_OK ? result
                            : sol_tiled_open(&lane->plan, state->graph, padded(state->graph, width),
                                             padded(state->graph, height), &output, 1, &engine->how,
                                             i == 0 ? engine->pool : lane->pool, limit);
}

/* @param[out] fits  whether all of them have room for a whole frame */
static int open_lanes(SolEngine *engine, int width, int height, int count, bool *fits)
{
    State *state = engine->state;
    int result = SOL_OK;
    *fits = true;
    close_lanes(state);
    state->lanes = sol_calloc((size_t)count, sizeof *state->lanes);
    if (!state->lanes)
        return sol_fail_memory("an engine's plan");
    for (int i = 0; i < count && *fits && result == SOL_OK; i++) {
        state->count = i + 1;
        result = open_lane(engine, width, height, i, count);
        *fits = result == SOL_OK && sol_tiled_count(state->lanes[i].plan) == 1;
    }
    return result;
}

static int feedforward_plan(SolEngine *engine, int width, int height, int lanes)
{
    State *state = engine->state;
    int threads = sol_pool_threads(engine->pool), result;
    bool fits;
    lanes = lanes < threads ? lanes : threads;
    result = open_lanes(engine, width, height, lanes, &fits);
    for (; !fits && lanes > 1; result = open_lanes(engine, width, height, lanes, &fits))
        lanes /= 2;
    engine->lanes = lanes;
    if (result != SOL_OK)
        close_lanes(state);
    return result;
}

/* A SolCanvas's context. */
typedef struct Pictures {
    const SolImage *in;
    SolImage *out; /* NULL where nothing is painted */
    int margin;    /* the network's pixel (margin, margin) is the picture's first */
    SolPool *pool;
} Pictures;

static void read_area(void *context, SolArea area, float *planes)
{
    const Pictures *pictures = context;
    area.x -= pictures->margin;
    area.y -= pictures->margin;
    sol_image_to_planes(pictures->in, area, planes, pictures->pool);
}

static void write_area(void *context, SolArea area, const float *planes, size_t row, size_t plane)
{
    const Pictures *pictures = context;
    int left = area.x < pictures->margin ? pictures->margin - area.x : 0;
    int top = area.y < pictures->margin ? pictures->margin - area.y : 0;
    area = (SolArea){area.x + left - pictures->margin, area.y + top - pictures->margin, area.width - left,
                     area.height - top};
    if (area.width > 0 && area.height > 0 && area.x < pictures->out->width && area.y < pictures->out->height)
        sol_image_from_planes(pictures->out, area, planes + (size_t)top * row + left, row, plane, pictures->pool);
}

static int feedforward_learn(SolEngine *engine, const SolImage *image, float *values)
{
    const SolGraph *graph = ((State *)engine->state)->graph;
    const SolPlanOptions exact = {.backend = engine->how.backend, .precision = SOL_PRECISION_FLOAT32};
    Pictures pictures = {.in = image, .pool = engine->pool};
    const SolCanvas canvas = {.context = &pictures, .read = read_area};
    int count = sol_graph_tap_count(graph), result;
    int *taps = sol_alloc((size_t)count, sizeof *taps);
    SolTiledPlan *plan = NULL;
    if (!taps)
        return sol_fail_memory("a style");
    for (int i = 0; i < count; i++)
        taps[i] = sol_graph_tap(graph, i);
    result = sol_tiled_open(&plan, graph, image->width, image->height, taps, count, &exact, engine->pool,
                            limit_for(engine, image->width, image->height, 1));
    if (result == SOL_OK)
        result = sol_tiled_learn(plan, &canvas, values);
    sol_tiled_close(&plan);
    sol_free(taps);
    return result;
}

/* ---- painting ---- */

/* The lane that a brush paints on, and the threads that do. */
static Lane *lane_of(const SolEngine *engine, const SolBrush *brush, SolPool **pool)
{
    const State *state = engine->state;
    Lane *lane = &state->lanes[brush->lane > 0 ? brush->lane - 1 : 0];
    *pool = brush->lane > 0 ? lane->pool : engine->pool;
    return lane;
}

/* Runs the network on a frame. */
static int run(SolEngine *engine, const SolBrush *brush, const SolApply *apply, const SolImage *frame,
               SolImage *painted)
{
    const State *state = engine->state;
    SolPool *pool;
    Lane *lane = lane_of(engine, brush, &pool);
    Pictures pictures = {.in = frame, .out = painted, .margin = sol_graph_margin(state->graph), .pool = pool};
    const SolCanvas canvas = {.context = &pictures, .read = read_area, .write = write_area};
    sol_tiled_set_pool(lane->plan, pool);
    return sol_tiled_run(lane->plan, &canvas, apply);
}

/* Whether a mask tells pixels apart. */
static bool is_uniform(const SolMask *mask)
{
    size_t count = (size_t)mask->width * (size_t)mask->height;
    return memcmp(mask->values, mask->values + 1, count - 1) == 0;
}

/* What pixels count in the statistics of a region. */
static int weigh(SolEngine *engine, const SolBrush *brush, SolApply *apply)
{
    const State *state = engine->state;
    const SolMask *region = brush->region;
    SolPool *pool;
    Lane *lane = lane_of(engine, brush, &pool);
    int result = SOL_OK;
    if (!region || is_uniform(region))
        return SOL_OK;
    if (!lane->weights)
        result = sol_weights_open(&lane->weights, state->graph, padded(state->graph, region->width),
                                  padded(state->graph, region->height));
    if (result != SOL_OK)
        return result;
    sol_weights_set(lane->weights, region, sol_graph_margin(state->graph), pool);
    apply->weights = lane->weights;
    return SOL_OK;
}

/* Has the statistics move a trail on, which is made where there is none, or one of another network. */
static int follow(const SolEngine *engine, const SolBrush *brush, SolApply *apply)
{
    SolTrail *trail = brush->trail;
    size_t count = sol_apply_trail(((State *)engine->state)->graph, -1);
    if (!trail)
        return SOL_OK;
    if (trail->count != count)
        sol_trail_clear(trail);
    apply->begun = trail->statistics != NULL;
    apply->smoothing = brush->smoothing;
    if (!trail->statistics && !(trail->statistics = sol_calloc(count, sizeof *trail->statistics)))
        return sol_fail_memory("the smoothed statistics of a film");
    trail->count = count;
    apply->trail = trail->statistics;
    return SOL_OK;
}

static int feedforward_paint(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage *painted)
{
    SolApply apply = {.statistics = brush->style->values, .strength = brush->strength};
    int result = weigh(engine, brush, &apply);
    if (result == SOL_OK)
        result = follow(engine, brush, &apply);
    if (result == SOL_OK)
        result = run(engine, brush, &apply, frame, painted);
    if (result != SOL_OK && apply.trail)
        sol_trail_clear(brush->trail);
    return result;
}

static int transform_paint(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage *painted)
{
    const SolApply full = {.strength = 1};
    int result = run(engine, brush, &full, frame, painted);
    if (result == SOL_OK && brush->strength < 1)
        sol_image_mix(painted, frame, brush->strength);
    return result;
}

/* ---- reports ---- */

static double feedforward_gflop(const SolEngine *engine)
{
    return 2 * sol_tiled_macs(((State *)engine->state)->lanes[0].plan) / 1e9;
}

static int feedforward_tiles(const SolEngine *engine)
{
    return sol_tiled_count(((State *)engine->state)->lanes[0].plan);
}

static const char *feedforward_backend(const SolEngine *engine)
{
    return sol_tiled_backend(((State *)engine->state)->lanes[0].plan);
}

/* What goes in along a side where a convolution gives so many pixels. */
static int input_side(const SolConvShape *shape, int output)
{
    if (shape->border == SOL_BORDER_VALID)
        return (output - 1) * sol_conv_stride(shape) + shape->kernel;
    return shape->transposed ? output / 2 : output * sol_conv_stride(shape);
}

SolEngineLayer sol_engine_describe(const SolPlanStep *step, const SolNode *named)
{
    SolEngineLayer layer = {.name = named->name,
                            .op = sol_op_name(step->node->layer.op),
                            .channels = step->shape.channels,
                            .width = step->shape.width,
                            .height = step->shape.height,
                            .seconds = step->seconds,
                            .precision = "",
                            .backend = "",
                            .method = ""};
    if (step->conv) {
        SolConvShape shape = step->conv->shape;
        shape.width = input_side(&shape, step->shape.width);
        shape.height = input_side(&shape, step->shape.height);
        layer.gflop = 2e-9 * sol_conv_macs(&shape);
        layer.in_channels = shape.in_channels;
        layer.kernel = shape.kernel;
        layer.precision = sol_precision_name(shape.element == SOL_BFLOAT16 ? SOL_PRECISION_BFLOAT16
                                                                            : SOL_PRECISION_FLOAT32);
        layer.backend = step->conv->backend->name;
        layer.method = step->conv->method ? step->conv->method->name : "";
    }
    return layer;
}

static int feedforward_layers(const SolEngine *engine, SolEngineLayer layers[], int room)
{
    const State *state = engine->state;
    const SolGraph *graph = sol_model_graph(engine->model);
    int count = 0;
    for (int n = 0; n < sol_graph_count(state->graph); n++) {
        SolPlanStep step;
        if (!sol_tiled_step(state->lanes[0].plan, n, &step))
            continue;
        if (count < room)
            layers[count] = sol_engine_describe(&step, sol_graph_node(graph, sol_graph_find(graph, step.node->name)));
        count++;
    }
    return count;
}

static void feedforward_close(SolEngine *engine)
{
    State *state = engine->state;
    if (!state)
        return;
    close_lanes(state);
    sol_graph_close(&state->own);
    sol_free(state);
}

const SolEngineClass sol_engine_adain = {
    .name = "adain",
    .open = adain_open,
    .plan = feedforward_plan,
    .learn = feedforward_learn,
    .paint = feedforward_paint,
    .gflop = feedforward_gflop,
    .tiles = feedforward_tiles,
    .backend = feedforward_backend,
    .layers = feedforward_layers,
    .close = feedforward_close,
};

const SolEngineClass sol_engine_wct = {
    .name = "wct",
    .open = wct_open,
    .plan = feedforward_plan,
    .learn = feedforward_learn,
    .paint = feedforward_paint,
    .gflop = feedforward_gflop,
    .tiles = feedforward_tiles,
    .backend = feedforward_backend,
    .layers = feedforward_layers,
    .close = feedforward_close,
};

const SolEngineClass sol_engine_transform = {
    .name = "transform",
    .open = transform_open,
    .plan = feedforward_plan,
    .paint = transform_paint,
    .gflop = feedforward_gflop,
    .tiles = feedforward_tiles,
    .backend = feedforward_backend,
    .layers = feedforward_layers,
    .close = feedforward_close,
};

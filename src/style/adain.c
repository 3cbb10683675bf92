/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine `adain`: one pass through an encoder and a decoder with adaptive instance normalisation
 * between (Huang & Belongie 2017). A style is the mean and deviation of every tapped channel.
 *
 * Frames are continued by reflection to the sizes that the network's poolings divide evenly, and the
 * painting is cut back. Style images run through the encoder at their own size.
 */
#include "style/engine.h"

#include "base/error.h"
#include "base/memory.h"
#include "nn/ops.h"
#include "nn/plan.h"

typedef struct State {
    const SolGraph *graph;
    SolPlan *plan; /* for frames */
} State;

static int output_node(const SolGraph *graph)
{
    return sol_graph_count(graph) - 1;
}

static int adain_open(SolEngine *engine)
{
    State *state = sol_calloc(1, sizeof *state);
    if (!state)
        return sol_fail_memory("an engine");
    engine->state = state;
    state->graph = sol_model_graph(engine->model);
    engine->style_size = sol_graph_statistics(state->graph, -1);
    return engine->style_size > 0 ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "the network has no adain layer");
}

static int round_up(int side, int multiple)
{
    return (side + multiple - 1) / multiple * multiple;
}

static int adain_plan(SolEngine *engine, int width, int height)
{
    State *state = engine->state;
    int multiple = sol_graph_multiple(state->graph), output = output_node(state->graph);
    sol_plan_close(&state->plan);
    return sol_plan_open(&state->plan, state->graph, round_up(width, multiple), round_up(height, multiple), &output, 1,
                         &engine->how, engine->pool);
}

/* The channels' means, then their deviations, of a node that the plan has run. */
static int keep_statistics(const SolPlan *plan, int node, float *values)
{
    SolShape shape;
    SolMoments *moments;
    sol_plan_result(plan, node, &shape);
    moments = sol_alloc((size_t)shape.channels, sizeof *moments);
    if (!moments)
        return sol_fail_memory("a style");
    sol_plan_moments(plan, node, moments);
    for (int c = 0; c < shape.channels; c++) {
        values[c] = (float)moments[c].mean;
        values[shape.channels + c] = sol_deviation(&moments[c]);
    }
    sol_free(moments);
    return SOL_OK;
}

static int adain_learn(SolEngine *engine, const SolImage *image, float *values)
{
    const SolGraph *graph = ((State *)engine->state)->graph;
    const SolPlanOptions exact = {.backend = engine->how.backend, .precision = SOL_PRECISION_FLOAT32};
    int count = sol_graph_tap_count(graph), result;
    int *taps = sol_alloc((size_t)count, sizeof *taps);
    SolPlan *plan = NULL;
    if (!taps)
        return sol_fail_memory("a style");
    for (int i = 0; i < count; i++)
        taps[i] = sol_graph_tap(graph, i);
    result = sol_plan_open(&plan, graph, image->width, image->height, taps, count, &exact, engine->pool);
    if (result == SOL_OK) {
        sol_image_to_planes(image, sol_plan_input(plan), image->width, image->height, engine->pool);
        sol_plan_run(plan, NULL, 0);
    }
    for (int i = 0; i < count && result == SOL_OK; i++)
        result = keep_statistics(plan, taps[i], values + sol_graph_statistics(graph, taps[i]));
    sol_plan_close(&plan);
    sol_free(taps);
    return result;
}

static int adain_paint(SolEngine *engine, const float *values, float strength, const SolImage *frame,
                       SolImage *painted)
{
    State *state = engine->state;
    SolShape shape;
    const float *output = sol_plan_result(state->plan, output_node(state->graph), &shape);
    sol_image_to_planes(frame, sol_plan_input(state->plan), shape.width, shape.height, engine->pool);
    sol_plan_run(state->plan, values, strength);
    sol_image_from_planes(painted, output, shape.width, shape.height, engine->pool);
    return SOL_OK;
}

static double adain_gflop(const SolEngine *engine)
{
    return 2 * sol_plan_macs(((State *)engine->state)->plan) / 1e9;
}

static const char *adain_backend(const SolEngine *engine)
{
    return sol_plan_backend(((State *)engine->state)->plan);
}

static SolEngineLayer describe(const SolPlanStep *step)
{
    SolEngineLayer layer = {.name = step->node->name,
                            .op = sol_op_name(step->node->layer.op),
                            .channels = step->shape.channels,
                            .width = step->shape.width,
                            .height = step->shape.height,
                            .seconds = step->seconds,
                            .precision = "",
                            .backend = "",
                            .method = ""};
    if (step->conv) {
        const SolConvShape *shape = &step->conv->shape;
        layer.gflop = 2e-9 * sol_conv_macs(shape);
        layer.in_channels = shape->in_channels;
        layer.kernel = shape->kernel;
        layer.precision = sol_precision_name(shape->element == SOL_BFLOAT16 ? SOL_PRECISION_BFLOAT16
                                                                            : SOL_PRECISION_FLOAT32);
        layer.backend = step->conv->backend->name;
        layer.method = step->conv->method ? step->conv->method->name : "";
    }
    return layer;
}

static int adain_layers(const SolEngine *engine, SolEngineLayer layers[], int room)
{
    const State *state = engine->state;
    int count = 0;
    for (int n = 0; n < sol_graph_count(state->graph); n++) {
        SolPlanStep step;
        if (!sol_plan_step(state->plan, n, &step))
            continue;
        if (count < room)
            layers[count] = describe(&step);
        count++;
    }
    return count;
}

static void adain_close(SolEngine *engine)
{
    State *state = engine->state;
    if (!state)
        return;
    sol_plan_close(&state->plan);
    sol_free(state);
}

const SolEngineClass sol_engine_adain = {
    .name = "adain",
    .open = adain_open,
    .plan = adain_plan,
    .learn = adain_learn,
    .paint = adain_paint,
    .gflop = adain_gflop,
    .backend = adain_backend,
    .layers = adain_layers,
    .close = adain_close,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the same for all engines: opening by a model's method, checking arguments, scaling and
 * blending styles.
 */
#include "style/engine.h"

#include "base/error.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "nn/gemm.h"

#include <solstice/color.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

extern const SolEngineClass sol_engine_adain, sol_engine_wct, sol_engine_transform, sol_engine_gatys;

static const SolEngineClass *const engines[] = {
    &sol_engine_adain,
    &sol_engine_wct,
    &sol_engine_transform,
    &sol_engine_gatys,
};

enum { ENGINES = sizeof engines / sizeof engines[0], MIN_SHORT_SIDE = 64, MAX_SHORT_SIDE = 4096 };

static const SolEngineClass *find_class(const char *name)
{
    for (int i = 0; i < ENGINES; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

const char *sol_engine_method_name(int i)
{
    return i >= 0 && i < ENGINES ? engines[i]->name : NULL;
}

const char *sol_engine_backend_name(int i)
{
    const SolConvBackend *backend = sol_conv_backend_at(i);
    return backend ? backend->name : NULL;
}

int sol_engine_check_method(const char *method)
{
    const char *names[ENGINES + 1] = {0}, *nearest;
    char known[128] = "";
    if (find_class(method))
        return SOL_OK;
    for (int i = 0; i < ENGINES; i++) {
        names[i] = engines[i]->name;
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", names[i]);
    }
    nearest = sol_nearest(method, names);
    return nearest ? sol_fail(SOL_ERR_ARGUMENT, "there is no method \"%s\"; did you mean \"%s\"? There are %s", method,
                              nearest, known)
                   : sol_fail(SOL_ERR_ARGUMENT, "there is no method \"%s\"; there are %s", method, known);
}

/* The engine of that name, or of the model's own method where that is NULL. */
static int choose_class(const SolEngineClass **kind, const SolModelInfo *info, const char *method)
{
    int result = method ? sol_engine_check_method(method) : SOL_OK;
    if (result == SOL_OK && !(*kind = find_class(method ? method : info->method)))
        result = sol_fail(SOL_ERR_FORMAT, "%s: its method \"%s\" is not known to this version", info->path,
                          info->method);
    return result;
}

/* Fills engine->how, engine->memory and engine->optimise. */
static int choose_how(SolEngine *engine, const SolEngineOptions *options)
{
    char known[128] = "";
    engine->how.precision = options->precision;
    engine->memory = options->memory ? options->memory : sol_machine_memory() / 2;
    sol_optimise_defaults(&engine->optimise);
    if (options->optimise)
        engine->optimise = *options->optimise;
    if (!options->backend || (engine->how.backend = sol_conv_backend(options->backend)))
        return SOL_OK;
    for (int i = 0; sol_engine_backend_name(i); i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", sol_engine_backend_name(i));
    return sol_fail(SOL_ERR_ARGUMENT, "there is no backend \"%s\" in this build; there are %s", options->backend, known);
}

int sol_engine_open(SolEngine **out, const SolModel *model, const SolEngineOptions *options)
{
    static const SolEngineOptions best;
    SolModelInfo info;
    SolEngine *engine;
    const SolEngineClass *kind;
    int result;
    options = options ? options : &best;
    sol_model_info(model, &info);
    result = choose_class(&kind, &info, options->method);
    if (result != SOL_OK)
        return result;
    engine = sol_calloc(1, sizeof *engine);
    if (!engine)
        return sol_fail_memory("an engine");
    engine->kind = kind;
    engine->model = model;
    engine->level_strength = options->level_strength;
    engine->levels = options->levels;
    result = choose_how(engine, options);
    if (result == SOL_OK)
        result = sol_pool_open(&engine->pool, options->threads);
    if (result == SOL_OK && (result = kind->open(engine)) != SOL_OK)
        sol_fail_within(result, "%s", info.path);
    if (result != SOL_OK) {
        sol_engine_close(&engine);
        return result;
    }
    engine->level_strength = NULL;
    *out = engine;
    return SOL_OK;
}

static bool size_is_sound(int width, int height)
{
    return width >= 1 && height >= 1 && width <= SOL_IMAGE_MAX_SIDE && height <= SOL_IMAGE_MAX_SIDE;
}

int sol_engine_plan_lanes(SolEngine *engine, int width, int height, int lanes)
{
    int result;
    if (!size_is_sound(width, height))
        return sol_fail(SOL_ERR_ARGUMENT, "frames of %dx%d pixels: sides must be 1 to %d", width, height,
                        SOL_IMAGE_MAX_SIDE);
    if (width == engine->width && height == engine->height && lanes == engine->wanted_lanes)
        return SOL_OK;
    engine->width = engine->height = 0;
    engine->lanes = 1;
    result = engine->kind->plan(engine, width, height, lanes);
    if (result == SOL_OK) {
        engine->width = width;
        engine->height = height;
        engine->wanted_lanes = lanes;
    }
    return result;
}

int sol_engine_plan(SolEngine *engine, int width, int height)
{
    return sol_engine_plan_lanes(engine, width, height, 1);
}

static int new_style(SolStyle **out, const SolEngine *engine)
{
    SolStyle *style = sol_calloc(1, sizeof *style);
    if (!style || !(style->values = sol_calloc(engine->style_size, sizeof *style->values))) {
        sol_free(style);
        return sol_fail_memory("a style");
    }
    style->engine = engine;
    *out = style;
    return SOL_OK;
}

static int shorter_side(const SolImage *image)
{
    return image->width < image->height ? image->width : image->height;
}

/* A copy of `image` whose shorter side has `short_side` pixels. */
static int scale_to(SolImage **out, const SolImage *image, int short_side)
{
    double scale = (double)short_side / shorter_side(image);
    double width = floor(image->width * scale + 0.5), height = floor(image->height * scale + 0.5);
    if (width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT,
                        "a style image of %dx%d pixels is too narrow: its longer side would have more than %d at %d",
                        image->width, image->height, SOL_IMAGE_MAX_SIDE, short_side);
    return sol_image_scale(out, image, (int)width, (int)height);
}

static int refuse_styles(void)
{
    return sol_fail(SOL_ERR_ARGUMENT, "this network paints in one style of its own; leave the style image out");
}

bool sol_engine_learns(const SolEngine *engine)
{
    return engine->kind->learn != NULL;
}

int sol_style_learn(SolStyle **out, SolEngine *engine, const SolImage *image, int short_side)
{
    SolImage *scaled = NULL;
    SolStyle *style = NULL;
    int result;
    if (!engine->kind->learn)
        return refuse_styles();
    if (short_side < MIN_SHORT_SIDE || short_side > MAX_SHORT_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a style cannot be learned at %d pixels; the shorter side must have %d to %d",
                        short_side, (int)MIN_SHORT_SIDE, (int)MAX_SHORT_SIDE);
    result = new_style(&style, engine);
    if (result == SOL_OK && shorter_side(image) != short_side)
        result = scale_to(&scaled, image, short_side);
    if (result == SOL_OK)
        result = engine->kind->learn(engine, scaled ? scaled : image, style->values);
    sol_image_unref(&scaled);
    if (result != SOL_OK) {
        sol_style_close(&style);
        return result;
    }
    *out = style;
    return SOL_OK;
}

/* As sol_style_open(), with the colours of `content` where that is not NULL. */
static int open_one(SolStyle **style, SolEngine *engine, const char *path, const SolImage *content)
{
    SolImage *image = NULL, *matched = NULL;
    int result;
    if (!engine->kind->learn)
        return refuse_styles();
    result = sol_image_load(&image, path);
    if (result != SOL_OK)
        return result;
    if (content)
        result = sol_image_match_color(&matched, image, content);
    if (result == SOL_OK)
        result = sol_style_learn(style, engine, matched ? matched : image, SOL_STYLE_SHORT_SIDE);
    sol_image_unref(&matched);
    sol_image_unref(&image);
    return result == SOL_OK ? SOL_OK : sol_fail_within(result, "%s", path);
}

int sol_style_open(SolStyle **style, SolEngine *engine, const char *path)
{
    return open_one(style, engine, path, NULL);
}

int sol_style_blend(SolStyle **out, const SolStyle *const style[], const float weight[], int count)
{
    SolStyle *blend = NULL;
    size_t size;
    int result;
    if (count < 1)
        return sol_fail(SOL_ERR_ARGUMENT, "a blend of %d styles: there must be one at least", count);
    for (int i = 0; i < count; i++)
        if (style[i]->engine != style[0]->engine || !isfinite(weight[i]))
            return sol_fail(SOL_ERR_ARGUMENT, "style %d cannot be blended: %s", i + 1,
                            isfinite(weight[i]) ? "another engine learned it" : "its weight is no number");
    result = new_style(&blend, style[0]->engine);
    if (result != SOL_OK)
        return result;
    size = blend->engine->style_size;
    for (size_t v = 0; v < size; v++) {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += (double)weight[i] * (double)style[i]->values[v];
        blend->values[v] = (float)sum;
    }
    *out = blend;
    return SOL_OK;
}

int sol_style_open_blend(SolStyle **style, SolEngine *engine, const char *const paths[], const float weight[], int count,
                         const SolImage *content)
{
    SolStyle **styles = count > 0 ? sol_calloc((size_t)count, sizeof *styles) : NULL;
    int result = SOL_OK;
    if (count > 0 && !styles)
        return sol_fail_memory("the styles");
    for (int i = 0; i < count && result == SOL_OK; i++)
        result = open_one(&styles[i], engine, paths[i], content);
    if (result == SOL_OK)
        result = sol_style_blend(style, (const SolStyle *const *)styles, weight, count);
    for (int i = 0; i < count; i++)
        sol_style_close(&styles[i]);
    sol_free(styles);
    return result;
}

void sol_style_close(SolStyle **out)
{
    SolStyle *style = *out;
    if (!style)
        return;
    sol_free(style->values);
    sol_free(style);
    *out = NULL;
}

static int check_brush(const SolEngine *engine, const SolBrush *brush)
{
    if (!brush->style && engine->kind->learn)
        return sol_fail(SOL_ERR_ARGUMENT, "this network paints in the style of an image; none was given");
    if (brush->style && brush->style->engine != engine)
        return sol_fail(SOL_ERR_ARGUMENT, "another engine learned this style");
    if (!(brush->strength >= 0 && brush->strength <= 1))
        return sol_fail(SOL_ERR_ARGUMENT, "a strength of %g: it must be 0 to 1", (double)brush->strength);
    if (!(brush->smoothing >= 0 && brush->smoothing <= 1))
        return sol_fail(SOL_ERR_ARGUMENT, "a smoothing of %g: it must be 0 to 1", (double)brush->smoothing);
    if (brush->lane < 0 || brush->lane > engine->lanes)
        return sol_fail(SOL_ERR_ARGUMENT, "there is no lane %d: %d are planned", brush->lane, engine->lanes);
    return SOL_OK;
}

static int check_size(const SolEngine *engine, const char *what, int width, int height)
{
    if (width == engine->width && height == engine->height)
        return SOL_OK;
    return sol_fail(SOL_ERR_ARGUMENT, "%s of %dx%d pixels does not fit the frame's %dx%d", what, width, height,
                    engine->width, engine->height);
}

/* The sizes of all pictures of a brush. */
static int check_pictures(const SolEngine *engine, const SolBrush *brush)
{
    int result = SOL_OK;
    if (brush->region)
        result = check_size(engine, "a region", brush->region->width, brush->region->height);
    if (brush->start && result == SOL_OK)
        result = check_size(engine, "a start", brush->start->width, brush->start->height);
    for (int i = 0; i < brush->reference_count && result == SOL_OK; i++) {
        const SolReference *reference = &brush->references[i];
        result = check_size(engine, "a reference", reference->image->width, reference->image->height);
        if (result == SOL_OK)
            result = check_size(engine, "a reference's trust", reference->trust->width, reference->trust->height);
    }
    return result;
}

int sol_engine_paint_with(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage **out)
{
    SolImage *painted = NULL;
    int result;
    if (engine->width == 0 || frame->width != engine->width || frame->height != engine->height)
        return sol_fail(SOL_ERR_ARGUMENT, "a frame of %dx%d pixels cannot be painted: %dx%d are planned", frame->width,
                        frame->height, engine->width, engine->height);
    result = check_brush(engine, brush);
    if (result == SOL_OK)
        result = check_pictures(engine, brush);
    if (result == SOL_OK)
        result = sol_image_create(&painted, frame->width, frame->height);
    if (result == SOL_OK)
        result = engine->kind->paint(engine, brush, frame, painted);
    if (result != SOL_OK) {
        sol_image_unref(&painted);
        return result;
    }
    sol_image_copy_time(painted, frame);
    *out = painted;
    return SOL_OK;
}

int sol_engine_paint(SolEngine *engine, const SolStyle *style, float strength, const SolImage *frame,
                     SolImage **painted)
{
    const SolBrush brush = {.style = style, .strength = strength};
    return sol_engine_paint_with(engine, &brush, frame, painted);
}

const SolImage *sol_engine_memory(SolEngine *engine)
{
    return engine->kind->memory ? *engine->kind->memory(engine) : NULL;
}

void sol_engine_remember(SolEngine *engine, SolImage *image)
{
    if (!engine->kind->memory)
        return;
    sol_image_unref(engine->kind->memory(engine));
    *engine->kind->memory(engine) = image ? sol_image_ref(image) : NULL;
}

void sol_engine_forget(SolEngine *engine)
{
    sol_engine_remember(engine, NULL);
}

const char *sol_engine_method(const SolEngine *engine)
{
    return engine->kind->name;
}

double sol_engine_gflop(const SolEngine *engine)
{
    return engine->width > 0 ? engine->kind->gflop(engine) : 0;
}

int sol_engine_tiles(const SolEngine *engine)
{
    return engine->width > 0 ? engine->kind->tiles(engine) : 0;
}

int sol_engine_lanes(const SolEngine *engine)
{
    return engine->width > 0 ? engine->lanes : 0;
}

const char *sol_engine_backend(const SolEngine *engine)
{
    return engine->width > 0 ? engine->kind->backend(engine) : "";
}

int sol_engine_layers(const SolEngine *engine, SolEngineLayer layers[], int room)
{
    return engine->width > 0 ? engine->kind->layers(engine, layers, room) : 0;
}

void sol_engine_close(SolEngine **out)
{
    SolEngine *engine = *out;
    if (!engine)
        return;
    engine->kind->close(engine);
    sol_pool_close(&engine->pool);
    sol_free(engine);
    *out = NULL;
}

const char *sol_blas_core(void)
{
    return sol_gemm_core();
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines and styles for the layers of a timeline. Layers whose looks name one model and method share an engine, and
 * those with one look altogether share a style.
 */
#include "render/strokes.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

/* ---- which looks go together ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_levels(const SolLook *a, const SolLook *b)
{
    if (a->level_count != b->level_count)
        return false;
    for (int i = 0; i < a->level_count; i++)
        if (a->levels[i] < b->levels[i] || a->levels[i] > b->levels[i])
            return false;
    return true;
}

static bool same_engine(const SolLook *a, const SolLook *b)
{
    return strcmp(a->model, b->model) == 0 && same_text(a->method, b->method) && same_levels(a, b) &&
           a->optimise == b->optimise;
}

static bool same_style(const SolLook *a, const SolLook *b)
{
    if (a->style_count != b->style_count || a->color == SOL_COLOR_CONTENT || b->color == SOL_COLOR_CONTENT)
        return false;
    for (int i = 0; i < a->style_count; i++)
        if (strcmp(a->styles[i], b->styles[i]) != 0 || a->weights[i] < b->weights[i] || a->weights[i] > b->weights[i])
            return false;
    return true;
}

/* Whether two regions, or none, select the same. */
static int same_region(const SolRegion *a, const SolRegion *b, bool *same)
{
    const SolRegion *const both[] = {a, b};
    SolDigester *digester = NULL;
    SolDigest digest[2];
    int result = SOL_OK;
    *same = a == b;
    if (a == b || !a || !b)
        return SOL_OK;
    result = sol_digester_open(&digester);
    for (int i = 0; i < 2 && result == SOL_OK; i++) {
        result = sol_region_digest(both[i], digester);
        digest[i] = sol_digester_finish(digester);
    }
    sol_digester_close(&digester);
    *same = result == SOL_OK && memcmp(&digest[0], &digest[1], sizeof digest[0]) == 0;
    return result;
}

static bool same_painting(const SolLook *a, const SolLook *b)
{
    if (!a || !b)
        return a == b;
    return same_engine(a, b) && a->style_count > 0 && b->style_count > 0 &&
           (a->color == SOL_COLOR_LUMINANCE) == (b->color == SOL_COLOR_LUMINANCE);
}

int sol_painters_blend(const SolStretch *a, const SolStretch *b, bool *blend)
{
    bool same = a->layer_count == b->layer_count;
    int result = SOL_OK;
    for (int i = 0; i < a->layer_count && same && result == SOL_OK; i++) {
        same = same_painting(a->layers[i].look, b->layers[i].look) &&
               a->layers[i].own_statistics == b->layers[i].own_statistics;
        if (same)
            result = same_region(a->layers[i].region, b->layers[i].region, &same);
    }
    if (result == SOL_OK)
        *blend = same;
    return result;
}

int sol_painters_engines(const SolTimeline *timeline, const bool wanted[])
{
    const SolLook **looks = NULL;
    size_t capacity = 0;
    int count = 0;
    for (int i = 0; i < sol_timeline_count(timeline); i++) {
        SolStretch stretch;
        sol_timeline_stretch(timeline, i, &stretch);
        for (int k = 0; wanted[i] && k < stretch.layer_count; k++) {
            const SolLook *look = stretch.layers[k].look;
            void *grown = looks;
            bool first = look != NULL;
            for (int e = 0; e < count && first; e++)
                first = !same_engine(looks[e], look);
            if (!first || !sol_grow(&grown, &capacity, (size_t)count + 1, sizeof *looks))
                continue;
            looks = grown;
            looks[count++] = look;
        }
    }
    free(looks);
    return count;
}

/* ---- learning ---- */

static bool is_stopped(void *context)
{
    const SolPaintersWatch *watch = &((SolPainters *)context)->watch;
    return watch->stop && watch->stop(watch->context);
}

static void tell_part(void *context, const SolOptimiseProgress *progress)
{
    const SolPaintersWatch *watch = &((SolPainters *)context)->watch;
    double left = progress->seconds_left;
    if (watch->progress && left >= 0 && progress->seconds > 0)
        watch->progress(watch->context, progress->seconds / (progress->seconds + left));
}

/* Opens the engine of a stroke, unless an earlier one has it. */
static int open_engine(SolPainters *painters, SolStroke *stroke, const SolEngineOptions *how)
{
    const SolLook *look = stroke->layer->look;
    SolEngineOptions options = *how;
    SolOptimiseOptions optimise;
    const SolModel *model;
    int result;
    for (const SolStroke *earlier = painters->strokes; earlier < stroke; earlier++)
        if (earlier->engine && same_engine(earlier->layer->look, look)) {
            stroke->engine = earlier->engine;
            return SOL_OK;
        }
    sol_optimise_defaults(&optimise);
    optimise.init = SOL_INIT_PREVIOUS;
    if (look->optimise)
        optimise = *look->optimise;
    optimise.stop = is_stopped;
    optimise.progress = tell_part;
    optimise.context = painters;
    options.method = look->method;
    options.level_strength = look->levels;
    options.levels = look->level_count;
    options.optimise = &optimise;
    result = sol_model_cache_get(painters->models, look->model, &model);
    if (result == SOL_OK)
        result = sol_engine_open(&stroke->engine, model, &options);
    if (result == SOL_OK)
        painters->engines[painters->engine_count++] = stroke->engine;
    return result;
}

static int learn_style(SolStroke *stroke, const char *segment, const SolImage *reference)
{
    const SolLook *look = stroke->layer->look;
    int count = look->style_count;
    if (!sol_engine_learns(stroke->engine))
        return count == 0 ? SOL_OK
                          : sol_fail(SOL_ERR_ARGUMENT, "segment \"%s\": the model %s has a style of its own and learns "
                                                       "no other; remove \"style\"", segment, look->model);
    if (count == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "segment \"%s\": the model %s paints in the style of an image; name one with "
                                          "\"style\"", segment, look->model);
    return sol_style_open_blend(&stroke->style, stroke->engine, look->styles, look->weights, count,
                                look->color == SOL_COLOR_CONTENT ? reference : NULL);
}

static int open_stroke(SolPainters *painters, SolStroke *stroke, const char *segment, const SolImage *reference,
                       const SolEngineOptions *how)
{
    int result = open_engine(painters, stroke, how);
    if (result != SOL_OK)
        return result;
    for (const SolStroke *earlier = painters->strokes; earlier < stroke; earlier++)
        if (earlier->engine == stroke->engine && earlier->style &&
            same_style(earlier->layer->look, stroke->layer->look)) {
            stroke->style = earlier->style;
            stroke->shared = true;
            return SOL_OK;
        }
    return learn_style(stroke, segment, reference);
}

/* Room for all strokes; their layers are filled in. */
static int lay_out(SolPainters *painters)
{
    int count = sol_timeline_count(painters->timeline);
    SolStretch stretch;
    painters->first = sol_calloc((size_t)count + 1, sizeof *painters->first);
    if (!painters->first)
        return sol_fail_memory("the styles");
    painters->stretch_count = count;
    for (int i = 0; i < count; i++) {
        sol_timeline_stretch(painters->timeline, i, &stretch);
        painters->first[i + 1] = painters->first[i] + stretch.layer_count;
    }
    painters->strokes = sol_calloc((size_t)painters->first[count], sizeof *painters->strokes);
    painters->engines = sol_calloc((size_t)painters->first[count], sizeof(SolEngine *));
    if (!painters->strokes || !painters->engines)
        return sol_fail_memory("the styles");
    for (int i = 0; i < count; i++) {
        sol_timeline_stretch(painters->timeline, i, &stretch);
        for (int k = 0; k < stretch.layer_count; k++)
            painters->strokes[painters->stroke_count++] =
                (SolStroke){.layer = &stretch.layers[k], .stretch = i, .number = -1};
    }
    return SOL_OK;
}

static int open_strokes(SolPainters *painters, const SolPaintersSource *source)
{
    int result = SOL_OK;
    for (int i = 0; i < painters->stroke_count && result == SOL_OK; i++) {
        SolStroke *stroke = &painters->strokes[i];
        SolStretch stretch;
        if (!source->wanted[stroke->stretch] || !stroke->layer->look)
            continue;
        sol_timeline_stretch(painters->timeline, stroke->stretch, &stretch);
        result = source->cancelled && source->cancelled(source->user)
                     ? sol_fail(SOL_ERR_CANCELLED, "interrupted")
                     : open_stroke(painters, stroke, stretch.name, source->references[stroke->stretch], source->how);
    }
    return result;
}

int sol_painters_open(SolPainters **out, const SolPaintersSource *source)
{
    SolPainters *painters = sol_calloc(1, sizeof *painters);
    int result;
    if (!painters)
        return sol_fail_memory("the styles");
    painters->timeline = source->timeline;
    painters->steady = source->steady;
    painters->last = -1;
    result = lay_out(painters);
    if (result == SOL_OK)
        result = sol_pool_open(&painters->pool, source->how->threads);
    if (result == SOL_OK && !source->models)
        result = sol_model_cache_open(&painters->own);
    painters->models = source->models ? source->models : painters->own;
    if (result == SOL_OK)
        result = open_strokes(painters, source);
    if (result != SOL_OK) {
        sol_painters_close(&painters);
        return result;
    }
    *out = painters;
    return SOL_OK;
}

void sol_stroke_forget(SolStroke *stroke)
{
    stroke->number = -1;
    sol_trail_clear(&stroke->trail);
    sol_image_unref(&stroke->memory);
    for (int i = 0; i < SOL_STROKE_HISTORY; i++) {
        sol_image_unref(&stroke->history[i].image);
        sol_mask_close(&stroke->history[i].trust);
    }
    if (stroke->selector)
        sol_selector_forget(stroke->selector);
}

/* What is made for frames of a size. */
static void close_size(SolPainters *painters)
{
    for (int i = 0; i < painters->stroke_count; i++) {
        sol_stroke_forget(&painters->strokes[i]);
        sol_selector_close(&painters->strokes[i].selector);
        sol_mask_close(&painters->strokes[i].mask);
    }
    for (int i = 0; i < painters->growth_count; i++)
        sol_selector_close(&painters->growths[i].selector);
    sol_free(painters->growths);
    painters->growths = NULL;
    painters->growth_count = 0;
    sol_mask_files_close(&painters->files);
    sol_stabiliser_close(&painters->stabiliser);
    painters->glances = false;
    painters->last = -1;
}

void sol_painters_close(SolPainters **out)
{
    SolPainters *painters = *out;
    if (!painters)
        return;
    close_size(painters);
    for (int i = 0; i < painters->stroke_count; i++)
        if (!painters->strokes[i].shared)
            sol_style_close(&painters->strokes[i].style);
    for (int i = 0; i < painters->engine_count; i++)
        sol_engine_close(&painters->engines[i]);
    sol_model_cache_close(&painters->own);
    sol_pool_close(&painters->pool);
    sol_free(painters->engines);
    sol_free(painters->strokes);
    sol_free(painters->first);
    sol_free(painters);
    *out = NULL;
}

/* ---- planning ---- */

void sol_painters_watch(SolPainters *painters, const SolPaintersWatch *watch)
{
    painters->watch = *watch;
}

/* Whether any layer of a stretch is painted by this render. */
static bool is_opened(const SolPainters *painters, int stretch)
{
    for (int i = painters->first[stretch]; i < painters->first[stretch + 1]; i++)
        if (painters->strokes[i].engine)
            return true;
    return false;
}

static int open_selectors(SolPainters *painters, const SolSelectorSource *source)
{
    int result = SOL_OK;
    for (int i = 0; i < painters->stroke_count && result == SOL_OK; i++) {
        SolStroke *stroke = &painters->strokes[i];
        if (!stroke->layer->region || !is_opened(painters, stroke->stretch))
            continue;
        result = sol_selector_open(&stroke->selector, stroke->layer->region, source);
        if (result == SOL_OK)
            result = sol_mask_create(&stroke->mask, source->width, source->height);
    }
    return result;
}

/* For every transition that grows out of a region. */
static int open_growths(SolPainters *painters, const SolSelectorSource *source)
{
    int result = SOL_OK;
    painters->growths = sol_calloc((size_t)painters->stretch_count, sizeof *painters->growths);
    if (!painters->growths)
        return sol_fail_memory("the transitions");
    for (int i = 0; i < painters->stretch_count && result == SOL_OK; i++) {
        const SolTransition *transition = sol_timeline_transition(painters->timeline, i);
        bool known = false;
        for (int k = 0; k < painters->growth_count; k++)
            known |= painters->growths[k].transition == transition;
        if (known || !transition || transition->kind != SOL_TRANSITION_REGION)
            continue;
        painters->growths[painters->growth_count] = (SolGrowth){.transition = transition, .number = -1};
        result = sol_selector_open(&painters->growths[painters->growth_count].selector, transition->region, source);
        if (result == SOL_OK)
            painters->growth_count++;
    }
    return result;
}

/* Whether any layer of a stretch is painted in a region, which selectors find frame after frame. */
static bool has_regions(const SolPainters *painters, int stretch)
{
    for (int i = painters->first[stretch]; i < painters->first[stretch + 1]; i++)
        if (painters->strokes[i].layer->region)
            return true;
    return false;
}

/* How many frames an engine is to paint at once. */
static int lanes_for(const SolPainters *painters, const SolEngine *engine)
{
    for (int i = 0; i < painters->stroke_count && painters->steady.level == SOL_STEADY_OFF; i++)
        if (painters->strokes[i].engine == engine && !has_regions(painters, painters->strokes[i].stretch))
            return sol_pool_threads(painters->pool);
    return 1;
}

int sol_painters_at_once(const SolPainters *painters, const SolMoment *moment)
{
    int lanes = sol_painters_lanes(painters);
    if (painters->stabiliser || (moment->transition && moment->transition->kind == SOL_TRANSITION_REGION))
        return 1;
    for (int side = 0; side < moment->sides; side++) {
        int stretch = moment->from[side];
        for (int i = painters->first[stretch]; i < painters->first[stretch + 1]; i++) {
            const SolEngine *engine = painters->strokes[i].engine;
            int own = engine ? sol_engine_lanes(engine) : lanes;
            lanes = own < lanes ? own : lanes;
        }
        if (has_regions(painters, stretch))
            return 1;
    }
    return lanes;
}

/* Whether any region goes by what it was in frames before. */
static bool has_remembering(const SolPainters *painters)
{
    bool found = false;
    for (int i = 0; i < painters->stroke_count; i++)
        found |= painters->strokes[i].selector && sol_region_remembers(painters->strokes[i].layer->region);
    for (int i = 0; i < painters->growth_count; i++)
        found |= sol_region_remembers(painters->growths[i].transition->region);
    return found;
}

int sol_painters_plan(SolPainters *painters, const SolPaintersSize *size)
{
    SolSelectorSource source = {size->width, size->height, size->source_width, size->source_height, painters->pool, NULL};
    int result;
    close_size(painters);
    painters->size = *size;
    result = sol_mask_files_open(&painters->files);
    source.files = painters->files;
    for (int i = 0; i < painters->engine_count && result == SOL_OK; i++)
        result = sol_engine_plan_lanes(painters->engines[i], size->width, size->height,
                                       lanes_for(painters, painters->engines[i]));
    if (result == SOL_OK)
        result = open_selectors(painters, &source);
    if (result == SOL_OK)
        result = open_growths(painters, &source);
    if (result == SOL_OK && painters->steady.level != SOL_STEADY_OFF)
        result = sol_stabiliser_open(&painters->stabiliser, &painters->steady, size->width, size->height, painters->pool);
    painters->glances = !painters->stabiliser && has_remembering(painters);
    return result;
}

bool sol_painters_stop_within(const SolPainters *painters)
{
    for (int i = 0; i < painters->engine_count; i++)
        if (strcmp(sol_engine_method(painters->engines[i]), "gatys") == 0)
            return true;
    return false;
}

int64_t sol_painters_last(const SolPainters *painters)
{
    return painters->last;
}

int sol_painters_lanes(const SolPainters *painters)
{
    int most = 1;
    for (int i = 0; i < painters->engine_count; i++) {
        int lanes = sol_engine_lanes(painters->engines[i]);
        most = lanes > most ? lanes : most;
    }
    return most;
}

void sol_painters_tell(const SolPainters *painters, const SolLog *log)
{
    for (int i = 0; i < painters->engine_count; i++) {
        const SolEngine *engine = painters->engines[i];
        const SolStroke *stroke = painters->strokes;
        while (stroke->engine != engine)
            stroke++;
        sol_log(log, SOL_LOG_DETAIL, "%s paints by %s: %.2f GFLOP a frame, backend %s, tiles %d, frames at once %d",
                stroke->layer->look->model, sol_engine_method(engine), sol_engine_gflop(engine),
                sol_engine_backend(engine), sol_engine_tiles(engine), sol_engine_lanes(engine));
    }
}

int sol_painters_tiles(const SolPainters *painters)
{
    int most = 0;
    for (int i = 0; i < painters->engine_count; i++) {
        int tiles = sol_engine_tiles(painters->engines[i]);
        most = tiles > most ? tiles : most;
    }
    return most;
}

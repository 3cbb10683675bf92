/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines and styles for the stretches of a timeline. Stretches whose looks name one model and method share an
 * engine, and those with one look altogether share a style.
 */
#include "render/painters.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "image/image.h"

#include <string.h>

/* An engine, and what it painted last. */
typedef struct Tool {
    SolEngine *engine;
    int64_t number; /* of the frame; -1 before the first */
    int stretch;    /* that the frame lay in, or was on its way to */
} Tool;

/* A stretch's own: which engine, and in which style. */
typedef struct Part {
    SolStretch stretch;
    Tool *tool; /* NULL for stretches that nothing is painted from */
    SolStyle *style;   /* NULL where the engine has but one */
    bool shared;       /* the style is an earlier part's */
} Part;

struct SolPainters {
    Part *parts; /* [part_count], one a stretch */
    int part_count;
    Tool *tools;    /* [tool_count], as many as there are parts at most */
    int tool_count;
    SolModelCache *models; /* the engines' */
    SolModelCache *own;    /* the same, where they are nobody else's */
    SolPaintersWatch watch;
};

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

bool sol_painters_blend(const SolLook *a, const SolLook *b)
{
    return same_engine(a, b) && a->style_count > 0 &&
           (a->color == SOL_COLOR_LUMINANCE) == (b->color == SOL_COLOR_LUMINANCE);
}

int sol_painters_engines(const SolTimeline *timeline, const bool wanted[])
{
    int count = 0;
    for (int i = 0; i < sol_timeline_count(timeline); i++) {
        SolStretch stretch, earlier;
        bool first = wanted[i];
        sol_timeline_stretch(timeline, i, &stretch);
        for (int k = 0; k < i && first; k++) {
            sol_timeline_stretch(timeline, k, &earlier);
            first = !wanted[k] || !same_engine(earlier.look, stretch.look);
        }
        count += first;
    }
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

static int open_engine(SolPainters *painters, Part *part, const SolEngineOptions *how)
{
    const SolLook *look = part->stretch.look;
    SolEngineOptions options = *how;
    SolOptimiseOptions optimise;
    Tool *tool = &painters->tools[painters->tool_count];
    const SolModel *model;
    int result;
    for (const Part *earlier = painters->parts; earlier < part; earlier++)
        if (earlier->tool && same_engine(earlier->stretch.look, look)) {
            part->tool = earlier->tool;
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
        result = sol_engine_open(&tool->engine, model, &options);
    if (result != SOL_OK)
        return result;
    tool->number = tool->stretch = -1;
    part->tool = tool;
    painters->tool_count++;
    return SOL_OK;
}

static int learn_style(Part *part, const SolImage *reference)
{
    const SolLook *look = part->stretch.look;
    int count = look->style_count;
    if (!sol_engine_learns(part->tool->engine))
        return count == 0 ? SOL_OK
                          : sol_fail(SOL_ERR_ARGUMENT, "segment \"%s\": the model %s has a style of its own and learns "
                                                       "no other; remove \"style\"", part->stretch.name, look->model);
    if (count == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "segment \"%s\": the model %s paints in the style of an image; name one with "
                                          "\"style\"", part->stretch.name, look->model);
    return sol_style_open_blend(&part->style, part->tool->engine, look->styles, look->weights, count,
                                look->color == SOL_COLOR_CONTENT ? reference : NULL);
}

static int open_part(SolPainters *painters, Part *part, const SolImage *reference, const SolEngineOptions *how)
{
    int result = open_engine(painters, part, how);
    if (result != SOL_OK)
        return result;
    for (const Part *earlier = painters->parts; earlier < part; earlier++)
        if (earlier->tool == part->tool && earlier->style && same_style(earlier->stretch.look, part->stretch.look)) {
            part->style = earlier->style;
            part->shared = true;
            return SOL_OK;
        }
    return learn_style(part, reference);
}

int sol_painters_open(SolPainters **out, const SolTimeline *timeline, const bool wanted[], SolImage *const references[],
                      const SolEngineOptions *how, SolModelCache *models, bool (*cancelled)(void *user), void *user)
{
    SolPainters *painters = sol_calloc(1, sizeof *painters);
    size_t count = (size_t)sol_timeline_count(timeline);
    int result = SOL_OK;
    if (!painters || !(painters->parts = sol_calloc(count, sizeof *painters->parts)) ||
        !(painters->tools = sol_calloc(count, sizeof *painters->tools))) {
        sol_painters_close(&painters);
        return sol_fail_memory("the styles");
    }
    if (!models && (result = sol_model_cache_open(&painters->own)) != SOL_OK) {
        sol_painters_close(&painters);
        return result;
    }
    painters->models = models ? models : painters->own;
    painters->part_count = (int)count;
    for (int i = 0; i < painters->part_count; i++)
        sol_timeline_stretch(timeline, i, &painters->parts[i].stretch);
    for (int i = 0; i < painters->part_count && result == SOL_OK; i++) {
        if (!wanted[i])
            continue;
        result = cancelled && cancelled(user) ? sol_fail(SOL_ERR_CANCELLED, "interrupted")
                                              : open_part(painters, &painters->parts[i], references[i], how);
    }
    if (result != SOL_OK) {
        sol_painters_close(&painters);
        return result;
    }
    *out = painters;
    return SOL_OK;
}

void sol_painters_close(SolPainters **out)
{
    SolPainters *painters = *out;
    if (!painters)
        return;
    for (int i = 0; painters->parts && i < painters->part_count; i++)
        if (!painters->parts[i].shared)
            sol_style_close(&painters->parts[i].style);
    for (int i = 0; i < painters->tool_count; i++)
        sol_engine_close(&painters->tools[i].engine);
    sol_model_cache_close(&painters->own);
    sol_free(painters->parts);
    sol_free(painters->tools);
    sol_free(painters);
    *out = NULL;
}

/* ---- painting ---- */

void sol_painters_watch(SolPainters *painters, const SolPaintersWatch *watch)
{
    painters->watch = *watch;
}

int sol_painters_plan(SolPainters *painters, int width, int height)
{
    int result = SOL_OK;
    for (int i = 0; i < painters->tool_count && result == SOL_OK; i++)
        result = sol_engine_plan(painters->tools[i].engine, width, height);
    return result;
}

void sol_painters_tell(const SolPainters *painters, const SolLog *log)
{
    for (int i = 0; i < painters->tool_count; i++) {
        const SolEngine *engine = painters->tools[i].engine;
        const Part *part = painters->parts;
        while (part->tool != &painters->tools[i])
            part++;
        sol_log(log, SOL_LOG_DETAIL, "%s paints by %s: %.2f GFLOP a frame, backend %s, tiles %d", part->stretch.look->model,
                sol_engine_method(engine), sol_engine_gflop(engine), sol_engine_backend(engine),
                sol_engine_tiles(engine));
    }
}

int sol_painters_tiles(const SolPainters *painters)
{
    int most = 0;
    for (int i = 0; i < painters->tool_count; i++) {
        int tiles = sol_engine_tiles(painters->tools[i].engine);
        most = tiles > most ? tiles : most;
    }
    return most;
}

/*
 * One painting, by a part's engine and with the colours of its look. What the engine painted last is no beginning for
 * another scene: where that was not the frame that shows before, or the style changes without a transition.
 */
static int paint_part(const Part *part, const SolStyle *style, float strength, const SolMoment *moment,
                      const SolImage *frame, int64_t before, SolImage **painting)
{
    Tool *tool = part->tool;
    int result;
    if (before < 0 || tool->number != before || (moment->styles == 1 && tool->stretch != moment->stretch))
        sol_engine_forget(tool->engine);
    tool->number = frame->number;
    tool->stretch = moment->styles == 2 ? moment->from[1] : moment->stretch;
    result = sol_engine_paint(tool->engine, style, strength, frame, painting);
    if (result == SOL_OK && part->stretch.look->color == SOL_COLOR_LUMINANCE)
        sol_image_take_chroma(*painting, frame);
    return result;
}

static int paint_blend(const Part *parts[2], const SolMoment *moment, const SolImage *frame, int64_t before,
                       SolImage **painting)
{
    const SolStyle *both[] = {parts[0]->style, parts[1]->style};
    SolStyle *blend = NULL;
    int result = sol_style_blend(&blend, both, moment->weight, 2);
    if (result == SOL_OK)
        result = paint_part(parts[0], blend, moment->strength, moment, frame, before, painting);
    sol_style_close(&blend);
    return result;
}

static int paint_both(const Part *parts[2], const SolMoment *moment, const SolImage *frame, int64_t before,
                      SolImage **painting)
{
    SolImage *paintings[2] = {NULL, NULL};
    int result = SOL_OK;
    for (int i = 0; i < 2 && result == SOL_OK; i++)
        result = paint_part(parts[i], parts[i]->style, parts[i]->stretch.strength, moment, frame, before, &paintings[i]);
    if (result == SOL_OK) {
        sol_image_mix(paintings[1], paintings[0], moment->later);
        *painting = paintings[1];
        paintings[1] = NULL;
    }
    sol_image_unref(&paintings[0]);
    sol_image_unref(&paintings[1]);
    return result;
}

int sol_painters_paint(SolPainters *painters, const SolMoment *moment, const SolImage *frame, int64_t before,
                       SolImage **painting)
{
    const Part *parts[2] = {&painters->parts[moment->from[0]], &painters->parts[moment->from[1]]};
    if (moment->styles == 1)
        return paint_part(parts[0], parts[0]->style, moment->strength, moment, frame, before, painting);
    if (sol_painters_blend(parts[0]->stretch.look, parts[1]->stretch.look))
        return paint_blend(parts, moment, frame, before, painting);
    return paint_both(parts, moment, frame, before, painting);
}

/* ---- what engines remember ---- */

bool sol_painters_memory(const SolPainters *painters, int i, SolPaintersMemory *memory)
{
    const Tool *tool = painters->tools + i;
    if (i >= painters->tool_count)
        return false;
    *memory = (SolPaintersMemory){.number = tool->number,
                                  .stretch = tool->stretch,
                                  .image = (SolImage *)(uintptr_t)sol_engine_memory(tool->engine)};
    while (painters->parts[memory->of].tool != tool)
        memory->of++;
    return true;
}

void sol_painters_remember(SolPainters *painters, const SolPaintersMemory *memory)
{
    if (memory->of < 0 || memory->of >= painters->part_count || !painters->parts[memory->of].stretch.look)
        return;
    for (int i = 0; i < painters->part_count; i++) {
        Tool *tool = painters->parts[i].tool;
        if (!tool || !same_engine(painters->parts[i].stretch.look, painters->parts[memory->of].stretch.look))
            continue;
        sol_engine_remember(tool->engine, memory->image);
        tool->number = memory->number;
        tool->stretch = memory->stretch;
        return;
    }
}

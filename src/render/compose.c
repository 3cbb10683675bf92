/* SPDX-License-Identifier: Apache-2.0
 *
 * Painting one frame: layer over layer on either side of a transition, one side over the other, all of it held to the
 * frame before, and laid over the frame itself.
 */
#include "render/history.h"

#include "base/error.h"
#include "base/memory.h"
#include "region/edge.h"
#include "schedule/transition.h"

#include <string.h>

/*
 * How much of the content's statistics are those of before, by how steady the film is to be. Covariances are left alone:
 * whitening by those of former frames too steadies nothing.
 */
static const float smoothing[] = {[SOL_STEADY_OFF] = 0, [SOL_STEADY_LIGHT] = 0.5F, [SOL_STEADY_STRONG] = 0.8F};

/* The frame at hand. */
typedef struct Scene {
    SolPainters *painters;
    const SolMoment *moment;
    const SolImage *frame;
    double seconds;  /* its time */
    int64_t before;  /* the frame whose paintings go on; -1: none */
    bool cut;        /* a new scene begins, and regions begin anew */
    int lane;        /* of the engines; above 0, other frames are painted meanwhile, and nothing may go on */
    SolMask *edge;   /* of the transition; NULL before it is asked for */
} Scene;

/* One side of a transition, or what there is without one. */
typedef struct Side {
    int stretch;
    int earlier;      /* the stretch whose styles are blended in; -1: none */
    SolImage *picture; /* NULL: the frame itself */
    SolMask *cover;    /* what of it is painted; NULL: all */
} Side;

static SolStroke *stroke_of(const SolPainters *painters, int stretch, int layer)
{
    return &painters->strokes[painters->first[stretch] + layer];
}

/* ---- one layer ---- */

/* What a stroke leaves becomes another's, which goes on from there. */
static void inherit(SolStroke *to, SolStroke *from)
{
    SolSelector *selector = to->selector;
    sol_stroke_forget(to);
    to->number = from->number;
    to->trail = from->trail;
    to->memory = from->memory;
    for (int i = 0; i < SOL_STROKE_HISTORY; i++) {
        to->history[i] = from->history[i];
        from->history[i] = (SolEarlier){0};
    }
    from->trail = (SolTrail){0};
    from->memory = NULL;
    if (to->selector && from->selector) { /* of the same region */
        to->selector = from->selector;
        from->selector = selector;
    }
    sol_stroke_forget(from);
}

/* Makes a stroke go on from the frame before, or begin anew. */
static void take_up(const Scene *scene, SolStroke *stroke, SolStroke *earlier)
{
    if (scene->before >= 0 && stroke->number == scene->before)
        return;
    if (earlier && scene->before >= 0 && earlier->number == scene->before)
        inherit(stroke, earlier);
    else
        sol_stroke_forget(stroke);
}

static SolInstant instant_of(const Scene *scene, int stretch)
{
    return sol_timeline_instant(scene->painters->timeline, stretch, scene->frame->number, scene->seconds);
}

/* How an engine is to hold its painting to those before. */
static int hold(const Scene *scene, SolStroke *stroke, SolBrush *brush, SolHistory *history)
{
    const SolSteady *steady = &scene->painters->steady;
    int result;
    if (steady->statistics && strcmp(sol_engine_method(stroke->engine), "adain") == 0) {
        brush->trail = &stroke->trail;
        brush->smoothing = smoothing[steady->level];
    }
    if (!steady->loss || scene->before < 0 || !sol_stroke_has_history(stroke))
        return SOL_OK;
    result = sol_history_make(history, stroke, scene->painters->stabiliser);
    if (result != SOL_OK)
        return result;
    brush->references = history->references;
    brush->reference_count = history->count;
    if (history->count > 0)
        brush->start = history->references[0].image;
    return SOL_OK;
}

static int paint_stroke(const Scene *scene, SolStroke *stroke, const SolStyle *style, float strength,
                        SolImage **painting)
{
    SolEngine *engine = stroke->engine;
    SolBrush brush = {.style = style, .strength = strength, .lane = scene->lane};
    SolHistory history = {0};
    SolImage *memory;
    int result = hold(scene, stroke, &brush, &history);
    if (stroke->layer->own_statistics)
        brush.region = stroke->mask;
    sol_engine_remember(engine, stroke->memory);
    if (result == SOL_OK)
        result = sol_engine_paint_with(engine, &brush, scene->frame, painting);
    sol_history_clear(&history);
    if (result == SOL_OK && scene->painters->steady.loss && sol_stroke_has_history(stroke))
        result = sol_history_note(stroke, *painting);
    if (result != SOL_OK)
        return result;
    memory = (SolImage *)(uintptr_t)sol_engine_memory(engine);
    if (scene->lane == 0) {
        sol_image_unref(&stroke->memory);
        stroke->memory = memory ? sol_image_ref(memory) : NULL;
    }
    if (stroke->layer->look->color == SOL_COLOR_LUMINANCE)
        sol_image_take_chroma(*painting, scene->frame);
    return SOL_OK;
}

/* The painting of a layer, in a blend with that of the earlier stretch where the side has one. */
static int paint_layer(const Scene *scene, const Side *side, int k, SolImage **painting)
{
    SolPainters *painters = scene->painters;
    SolStroke *stroke = stroke_of(painters, side->stretch, k), *earlier;
    const SolStyle *both[2];
    float strength[2], weight[2], together;
    SolStyle *blend = NULL;
    int result;
    strength[1] = sol_layer_strength(stroke->layer, instant_of(scene, side->stretch));
    if (side->earlier < 0)
        return paint_stroke(scene, stroke, stroke->style, strength[1], painting);
    earlier = stroke_of(painters, side->earlier, k);
    strength[0] = sol_layer_strength(earlier->layer, instant_of(scene, side->earlier));
    sol_blend_weights(strength, scene->moment->later, weight, &together);
    both[0] = earlier->style;
    both[1] = stroke->style;
    result = sol_style_blend(&blend, both, weight, 2);
    if (result == SOL_OK)
        result = paint_stroke(scene, stroke, blend, together, painting);
    sol_style_close(&blend);
    return result;
}

static bool is_empty(const SolMask *mask)
{
    for (size_t i = 0, count = (size_t)mask->width * (size_t)mask->height; i < count; i++)
        if (mask->values[i])
            return false;
    return true;
}

/* ---- one side ---- */

/* Lays a painting (NULL: the frame itself) over the side's picture where a mask has it. */
static int lay_over(const Scene *scene, Side *side, const SolImage *painting, const SolMask *mask)
{
    int result = SOL_OK;
    if (!side->picture && !painting)
        return SOL_OK;
    if (!side->picture) {
        result = sol_image_copy(&side->picture, scene->frame);
        if (result == SOL_OK)
            result = sol_mask_create(&side->cover, mask->width, mask->height);
    } else if (!painting && !side->cover) {
        result = sol_mask_create(&side->cover, mask->width, mask->height);
        if (result == SOL_OK)
            sol_mask_fill(side->cover, 255);
    }
    if (result != SOL_OK)
        return result;
    sol_mask_compose(side->picture, painting ? painting : scene->frame, mask);
    if (side->cover && painting)
        sol_mask_unite(side->cover, mask);
    else if (side->cover)
        sol_mask_subtract(side->cover, mask);
    return SOL_OK;
}

/* One layer of a side over those below it. */
static int add_layer(const Scene *scene, Side *side, int k)
{
    SolStroke *stroke = stroke_of(scene->painters, side->stretch, k);
    SolImage *painting = NULL;
    int result = SOL_OK;
    if (scene->lane == 0) {
        take_up(scene, stroke, side->earlier < 0 ? NULL : stroke_of(scene->painters, side->earlier, k));
        stroke->number = scene->frame->number;
        if (scene->cut && stroke->selector)
            sol_selector_forget(stroke->selector);
    }
    if (stroke->selector)
        result = sol_selector_at(stroke->selector, scene->frame, instant_of(scene, side->stretch), stroke->mask);
    if (result != SOL_OK || (stroke->selector && is_empty(stroke->mask)))
        return result;
    if (stroke->layer->look)
        result = paint_layer(scene, side, k, &painting);
    if (result != SOL_OK) {
        sol_image_unref(&painting);
    } else if (stroke->selector) {
        result = lay_over(scene, side, painting, stroke->mask);
    } else {
        sol_image_unref(&side->picture);
        sol_mask_close(&side->cover);
        side->picture = painting;
        painting = NULL;
    }
    sol_image_unref(&painting);
    return result;
}

static int paint_side(const Scene *scene, Side *side)
{
    const SolPainters *painters = scene->painters;
    int layers = painters->first[side->stretch + 1] - painters->first[side->stretch], result = SOL_OK;
    for (int k = 0; k < layers && result == SOL_OK; k++)
        result = add_layer(scene, side, k);
    return result;
}

static void clear_side(Side *side)
{
    sol_image_unref(&side->picture);
    sol_mask_close(&side->cover);
}

/* ---- both sides ---- */

/* Fills the scene's edge with where the later picture shows, `progress` of the way. */
static int find_edge(Scene *scene, double progress)
{
    SolPainters *painters = scene->painters;
    const SolTransition *transition = scene->moment->transition;
    SolGrowth *growth = painters->growths;
    int result = scene->edge ? SOL_OK : sol_mask_create(&scene->edge, scene->frame->width, scene->frame->height);
    if (result != SOL_OK)
        return result;
    if (transition->kind == SOL_TRANSITION_WIPE) {
        sol_edge_wipe(scene->edge, transition->angle, transition->feather, progress);
        return SOL_OK;
    }
    while (growth->transition != transition)
        growth++;
    if (scene->before < 0 || growth->number != scene->before || scene->cut)
        sol_selector_forget(growth->selector);
    growth->number = scene->frame->number;
    result = sol_selector_at(growth->selector, scene->frame, instant_of(scene, scene->moment->stretch), scene->edge);
    return result == SOL_OK ? sol_edge_grow(scene->edge, transition->feather, progress) : result;
}

/* Whether an edge travels over the frame in the transition under way. */
static bool has_edge(const SolMoment *moment)
{
    return moment->transition && (moment->transition->kind == SOL_TRANSITION_WIPE ||
                                  moment->transition->kind == SOL_TRANSITION_REGION);
}

/* A side that is the frame itself gets a picture and a cover of its own. */
static int fill_side(const Scene *scene, Side *side)
{
    if (side->picture)
        return SOL_OK;
    int result = sol_image_copy(&side->picture, scene->frame);
    return result == SOL_OK ? sol_mask_create(&side->cover, scene->frame->width, scene->frame->height) : result;
}

/* Puts two sides together in the second one. */
static int join(Scene *scene, Side sides[2])
{
    const SolMoment *moment = scene->moment;
    int result = SOL_OK;
    for (int i = 0; i < 2 && result == SOL_OK; i++)
        result = fill_side(scene, &sides[i]);
    if (result != SOL_OK)
        return result;
    if (has_edge(moment)) {
        result = find_edge(scene, (double)moment->later);
        if (result != SOL_OK)
            return result;
        sol_mask_compose(sides[0].picture, sides[1].picture, scene->edge);
        SolImage *joined = sides[0].picture;
        sides[0].picture = sides[1].picture;
        sides[1].picture = joined;
    } else {
        sol_image_mix(sides[1].picture, sides[0].picture, moment->later);
    }
    if (sides[0].cover && sides[1].cover)
        sol_mask_unite(sides[1].cover, sides[0].cover);
    else
        sol_mask_close(&sides[1].cover);
    return SOL_OK;
}

/* Paints all that the moment is made of into `side`. */
static int paint_sides(Scene *scene, Side *side)
{
    const SolMoment *moment = scene->moment;
    Side sides[2] = {{.stretch = moment->from[0], .earlier = -1}, {.stretch = moment->from[1], .earlier = -1}};
    bool blend = false;
    int result = SOL_OK;
    *side = sides[1];
    if (moment->sides == 2 && moment->transition->kind == SOL_TRANSITION_STYLE) {
        SolStretch stretches[2];
        for (int i = 0; i < 2; i++)
            sol_timeline_stretch(scene->painters->timeline, moment->from[i], &stretches[i]);
        result = sol_painters_blend(&stretches[0], &stretches[1], &blend);
        side->earlier = blend ? moment->from[0] : -1;
    }
    if (result != SOL_OK)
        return result;
    if (moment->sides == 1 || blend)
        return paint_side(scene, side);
    for (int i = 0; i < 2 && result == SOL_OK; i++)
        result = paint_side(scene, &sides[i]);
    if (result == SOL_OK)
        result = join(scene, sides);
    clear_side(&sides[0]);
    *side = sides[1];
    return result;
}

/* ---- the whole ---- */

/* Whether the frame's painting goes on from the one before: not where a new scene begins. */
static bool goes_on(const SolPainters *painters, const SolMoment *moment, int64_t before)
{
    return before >= 0 && painters->last == before && (moment->sides == 2 || painters->scene == moment->stretch);
}

/* Finds out how the frame goes on from the one before. */
static int look(Scene *scene)
{
    SolPainters *painters = scene->painters;
    bool cut = false;
    int result;
    if (painters->glances && scene->lane == 0) {
        painters->glance.begun &= scene->before >= 0;
        scene->cut = sol_glance_at(&painters->glance, scene->frame);
    }
    if (!painters->stabiliser)
        return SOL_OK;
    if (scene->before < 0)
        sol_stabiliser_forget(painters->stabiliser);
    result = sol_stabiliser_look(painters->stabiliser, scene->frame, &cut);
    if (cut)
        scene->before = -1;
    return result;
}

/* How much stronger or weaker the layers of a stretch are than at the frame before. */
static double strength_step(const Scene *scene, int stretch)
{
    const SolTimeline *timeline = scene->painters->timeline;
    int64_t n = scene->frame->number;
    SolStretch s;
    double largest = 0, length;
    sol_timeline_stretch(timeline, stretch, &s);
    length = (s.end - s.start) / (double)(s.last - s.first + 1); /* of a frame */
    for (int k = 0; k < s.layer_count; k++) {
        SolInstant now = instant_of(scene, stretch);
        SolInstant then = sol_timeline_instant(timeline, stretch, scene->before,
                                               scene->seconds - length * (double)(n - scene->before));
        double step = (double)sol_layer_strength(&s.layers[k], now) - (double)sol_layer_strength(&s.layers[k], then);
        largest = step > largest ? step : -step > largest ? -step : largest;
    }
    return largest;
}

/* How far a transition had come at the frame before, as seen from that between these stretches. */
static double later_before(const Scene *scene, int from, int to)
{
    SolMoment then;
    sol_timeline_at(scene->painters->timeline, scene->before, &then);
    if (then.sides == 2 && then.from[0] == from && then.from[1] == to)
        return (double)then.later;
    return then.sides == 2 || then.stretch == from ? 0 : 1;
}

/*
 * How much of the former painting may stay. Where a schedule changes how frames are painted by the share d from one to the
 * next, a painting that keeps the share w of the one before lags behind by d w / (1 - w), which is not to be seen.
 */
static float most_to_keep(const Scene *scene)
{
    static const double lag = 0.06;
    const SolMoment *moment = scene->moment;
    double step = 0;
    if (scene->before < 0)
        return 1;
    for (int i = 0; i < moment->sides; i++) {
        double strength = strength_step(scene, moment->from[i]);
        step = strength > step ? strength : step;
    }
    if (moment->sides == 2) {
        double later = (double)moment->later - later_before(scene, moment->from[0], moment->from[1]);
        step += later < 0 ? -later : later;
    }
    return (float)(lag / (step + lag));
}

/* Holds the painting to the one before; what is not painted stays the frame's own. */
static int steady(const Scene *scene, Side *side)
{
    SolPainters *painters = scene->painters;
    int result;
    if (!painters->stabiliser)
        return SOL_OK;
    result = fill_side(scene, side);
    if (result == SOL_OK)
        result = sol_stabiliser_blend(painters->stabiliser, side->picture, most_to_keep(scene));
    for (int y = 0; y < scene->frame->height && side->cover && result == SOL_OK; y++) {
        const uint8_t *cover = sol_mask_row(side->cover, y), *from = sol_image_row_const(scene->frame, y);
        uint8_t *to = sol_image_row(side->picture, y);
        for (int x = 0; x < scene->frame->width; x++)
            if (!cover[x])
                memcpy(to + 3 * (size_t)x, from + 3 * (size_t)x, 3);
    }
    return result;
}

/* Lays the painting over the frame as far as a transition from or to untouched frames is. */
static int lay_on_frame(Scene *scene, SolImage *picture)
{
    const SolMoment *moment = scene->moment;
    bool leaves = moment->leaves;
    int result;
    if (!(moment->opacity < 1))
        return SOL_OK;
    if (!has_edge(moment)) {
        sol_image_mix(picture, scene->frame, moment->opacity);
        return SOL_OK;
    }
    result = find_edge(scene, (double)(leaves ? 1 - moment->opacity : moment->opacity));
    if (result != SOL_OK)
        return result;
    if (!leaves)
        sol_mask_invert(scene->edge);
    sol_mask_compose(picture, scene->frame, scene->edge);
    return SOL_OK;
}

/* Paints the scene. */
static int paint(Scene *scene, SolImage **painting)
{
    Side side = {0};
    int result = look(scene);
    if (result == SOL_OK)
        result = paint_sides(scene, &side);
    if (result == SOL_OK)
        result = steady(scene, &side);
    if (result == SOL_OK)
        result = fill_side(scene, &side);
    if (result == SOL_OK)
        result = lay_on_frame(scene, side.picture);
    if (result == SOL_OK) {
        *painting = side.picture;
        side.picture = NULL;
    }
    clear_side(&side);
    sol_mask_close(&scene->edge);
    return result;
}

static double seconds_of(const SolImage *frame)
{
    return (double)frame->pts * frame->time_base.num / frame->time_base.den;
}

int sol_painters_paint(SolPainters *painters, const SolMoment *moment, const SolImage *frame, int64_t before,
                       SolImage **painting)
{
    Scene scene = {.painters = painters,
                   .moment = moment,
                   .frame = frame,
                   .seconds = seconds_of(frame),
                   .before = goes_on(painters, moment, before) ? before : -1};
    int result = paint(&scene, painting);
    painters->last = result == SOL_OK ? frame->number : -1;
    painters->scene = moment->sides == 2 ? moment->from[1] : moment->stretch;
    return result;
}

int sol_painters_paint_beside(SolPainters *painters, int lane, const SolMoment *moment, const SolImage *frame,
                              SolImage **painting)
{
    return paint(&(Scene){.painters = painters,
                          .moment = moment,
                          .frame = frame,
                          .seconds = seconds_of(frame),
                          .before = -1,
                          .lane = lane},
                 painting);
}

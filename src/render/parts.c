/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting a render into parts, and the keys under which they are kept.
 */
#include "render/parts.h"

#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"
#include "media/video.h"
#include "media/writer.h"
#include "region/region.h"
#include "render/painters.h"
#include "schedule/timeline.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

#include <solstice/version.h>

#include <stdlib.h>
#include <string.h>

/* Of one part: frames at most, bytes of its frames at most, and as many frames at least whatever their size. */
enum { MOST_FRAMES = 120, LEAST_FRAMES = 24, MOST_BYTES = 1 << 30 };

/* ---- cutting ---- */

/* Whether two frames are painted in the same way, up to the proportion in which styles are mixed. */
static bool same_way(const SolMoment *a, const SolMoment *b)
{
    return a->sides == b->sides && (a->sides < 1 || a->from[0] == b->from[0]) &&
           (a->sides < 2 || a->from[1] == b->from[1]);
}

static int add_part(SolParts *parts, size_t *capacity, int64_t first, int64_t count, bool painted)
{
    void *items = parts->items;
    if (!sol_grow(&items, capacity, (size_t)parts->count + 1, sizeof *parts->items))
        return sol_fail_memory("the parts of a render");
    parts->items = items;
    parts->items[parts->count++] = (SolPart){.first = first, .count = count, .painted = painted};
    return SOL_OK;
}

/* Cuts frames that are painted alike into as few parts as can be, of equal length. */
static int cut_run(SolParts *parts, size_t *capacity, int64_t first, int64_t count, int64_t most, bool painted)
{
    int64_t pieces = (count + most - 1) / most;
    int result = SOL_OK;
    for (int64_t i = 0; i < pieces && result == SOL_OK; i++)
        result = add_part(parts, capacity, first + count * i / pieces, count * (i + 1) / pieces - count * i / pieces,
                          painted);
    return result;
}

static int cut(SolParts *parts, const SolPartsSource *source)
{
    int64_t bytes = (int64_t)source->width * source->height * 3, most = MOST_BYTES / bytes;
    int64_t end = source->first + source->count, start = source->first;
    size_t capacity = 0;
    SolMoment moment, next;
    int result = SOL_OK;
    most = most > MOST_FRAMES ? MOST_FRAMES : most < LEAST_FRAMES ? LEAST_FRAMES : most;
    sol_timeline_at(source->timeline, start, &moment);
    for (int64_t n = start + 1; n <= end && result == SOL_OK; n++) {
        if (n < end) {
            sol_timeline_at(source->timeline, n, &next);
            if (same_way(&moment, &next))
                continue;
        }
        result = cut_run(parts, &capacity, start, n - start, most, moment.sides > 0);
        start = n;
        moment = next;
    }
    return result;
}

/* ---- keys ---- */

/* What is to be known of files that several looks name. */
typedef struct File {
    const char *path;
    SolDigest digest;
    int sequential; /* of models: whether a painting begins with the one before it; -1: not asked yet */
} File;

typedef struct Keys {
    const SolPartsSource *source;
    SolDigester *digester;
    File *files; /* [file_count] */
    size_t file_count, capacity;
    SolDigest *looks;  /* [stretches] how each is painted */
    SolDigest *growths; /* [stretches] of the regions that transitions into them grow out of */
    bool *sequential;  /* [stretches] */
} Keys;

/* @param[out] file  valid until the next call */
static int find_file(Keys *keys, const char *path, File **file)
{
    void *files = keys->files;
    SolDigest digest;
    int result;
    for (size_t i = 0; i < keys->file_count; i++)
        if (strcmp(keys->files[i].path, path) == 0) {
            *file = &keys->files[i];
            return SOL_OK;
        }
    if (!sol_grow(&files, &keys->capacity, keys->file_count + 1, sizeof *keys->files))
        return sol_fail_memory("the keys of a render");
    keys->files = files;
    result = sol_digester_add_file(keys->digester, path);
    digest = sol_digester_finish(keys->digester);
    if (result != SOL_OK)
        return result;
    *file = &keys->files[keys->file_count++];
    **file = (File){path, digest, -1};
    return SOL_OK;
}

static void add_digest(Keys *keys, const SolDigest *digest)
{
    sol_digester_add(keys->digester, digest->bytes, sizeof digest->bytes);
}

static void add_optimise(SolDigester *digester, const SolOptimiseOptions *options)
{
    sol_digester_add_int(digester, options != NULL);
    if (!options)
        return;
    sol_digester_add_text(digester, options->content_layers);
    sol_digester_add_text(digester, options->style_layers);
    sol_digester_add_double(digester, options->content_weight);
    sol_digester_add_double(digester, options->style_weight);
    sol_digester_add_double(digester, options->tv_weight);
    sol_digester_add_double(digester, options->temporal_weight);
    sol_digester_add_int(digester, options->statistics);
    sol_digester_add_int(digester, options->optimizer);
    sol_digester_add_int(digester, options->init);
    sol_digester_add_int(digester, (int64_t)options->seed);
    sol_digester_add_int(digester, options->iterations);
    sol_digester_add_int(digester, options->next_iterations);
    sol_digester_add_int(digester, options->levels);
    sol_digester_add_double(digester, options->time_limit);
}

static int digest_region(Keys *keys, const SolRegion *region, SolDigest *digest)
{
    int result = region ? sol_region_digest(region, keys->digester) : SOL_OK;
    *digest = sol_digester_finish(keys->digester);
    return result;
}

/* The fingerprints of files and regions are found before any of a stretch's own numbers are added up. */
static int find_files(Keys *keys, const SolStretch *stretch, SolDigest regions[])
{
    File *file;
    int result = SOL_OK;
    for (int k = 0; k < stretch->layer_count && result == SOL_OK; k++) {
        const SolLook *look = stretch->layers[k].look;
        if (look)
            result = find_file(keys, look->model, &file);
        for (int i = 0; look && i < look->style_count && result == SOL_OK; i++)
            result = find_file(keys, look->styles[i], &file);
        if (result == SOL_OK)
            result = digest_region(keys, stretch->layers[k].region, &regions[k]);
    }
    return result;
}

static void add_file(Keys *keys, const char *path)
{
    File *file;
    if (find_file(keys, path, &file) == SOL_OK) /* it was found before */
        add_digest(keys, &file->digest);
}

static void add_look(Keys *keys, const SolStretch *stretch, const SolLook *look)
{
    SolDigester *digester = keys->digester;
    add_file(keys, look->model);
    sol_digester_add_text(digester, look->method);
    sol_digester_add_int(digester, look->style_count);
    for (int i = 0; i < look->style_count; i++) {
        add_file(keys, look->styles[i]);
        sol_digester_add_double(digester, (double)look->weights[i]);
    }
    sol_digester_add_int(digester, look->level_count);
    for (int i = 0; i < look->level_count; i++)
        sol_digester_add_double(digester, look->levels[i]);
    add_optimise(digester, look->optimise);
    sol_digester_add_int(digester, look->color);
    if (look->color == SOL_COLOR_CONTENT) { /* whose frame in the middle lends its colours */
        sol_digester_add_int(digester, stretch->first);
        sol_digester_add_int(digester, stretch->last);
    }
}

/* Everything that a stretch is painted by, but the strengths of its layers, which moments have. */
static int digest_stretch(Keys *keys, const SolStretch *stretch, SolDigest *key)
{
    SolDigest *regions = sol_alloc((size_t)stretch->layer_count, sizeof *regions);
    int result = regions ? find_files(keys, stretch, regions) : sol_fail_memory("the keys of a render");
    for (int k = 0; k < stretch->layer_count && result == SOL_OK; k++) {
        const SolPaintLayer *layer = &stretch->layers[k];
        sol_digester_add_int(keys->digester, layer->look != NULL);
        if (layer->look)
            add_look(keys, stretch, layer->look);
        sol_digester_add_int(keys->digester, layer->region != NULL);
        add_digest(keys, &regions[k]);
        sol_digester_add_int(keys->digester, layer->own_statistics);
    }
    if (result == SOL_OK)
        *key = sol_digester_finish(keys->digester);
    sol_free(regions);
    return result;
}

/* Whether a painting begins with the one before it. */
static int find_sequential(Keys *keys, const SolLook *look, bool *sequential)
{
    SolModel *model = NULL;
    SolModelInfo info;
    File *file;
    int result = find_file(keys, look->model, &file);
    if (result == SOL_OK && !look->method && file->sequential < 0) {
        result = sol_model_open(&model, look->model);
        if (result == SOL_OK) {
            sol_model_info(model, &info);
            file->sequential = strcmp(info.method, "gatys") == 0;
        }
        sol_model_close(&model);
    }
    if (result == SOL_OK)
        *sequential = (look->method ? strcmp(look->method, "gatys") == 0 : file->sequential > 0) &&
                      (!look->optimise || look->optimise->init == SOL_INIT_PREVIOUS);
    return result;
}

/* Whether a painting of a stretch goes by the one before it. */
static int stretch_is_sequential(Keys *keys, const SolStretch *stretch, bool *sequential)
{
    int result = SOL_OK;
    *sequential = keys->source->steady.level != SOL_STEADY_OFF;
    for (int k = 0; k < stretch->layer_count && !*sequential && result == SOL_OK; k++) {
        const SolPaintLayer *layer = &stretch->layers[k];
        if (layer->region && sol_region_remembers(layer->region))
            *sequential = true;
        else if (layer->look)
            result = find_sequential(keys, layer->look, sequential);
    }
    return result;
}

/* What grows out of a region, in the transition into a stretch. */
static int digest_transition(Keys *keys, int stretch)
{
    const SolTransition *transition = sol_timeline_transition(keys->source->timeline, stretch);
    if (!transition || !transition->region)
        return SOL_OK;
    return digest_region(keys, transition->region, &keys->growths[stretch]);
}

/* The stretches that the render touches. */
static int digest_stretches(Keys *keys)
{
    const SolPartsSource *source = keys->source;
    int count = sol_timeline_count(source->timeline), result = SOL_OK;
    bool *touched = sol_calloc((size_t)count, sizeof *touched);
    keys->looks = sol_calloc((size_t)count, sizeof *keys->looks);
    keys->growths = sol_calloc((size_t)count, sizeof *keys->growths);
    keys->sequential = sol_calloc((size_t)count, sizeof *keys->sequential);
    if (!keys->looks || !keys->growths || !keys->sequential || !touched)
        result = sol_fail_memory("the keys of a render");
    else
        sol_parts_touched(source->timeline, source->first, source->count, touched);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolStretch stretch;
        result = digest_transition(keys, i);
        if (!touched[i] || result != SOL_OK)
            continue;
        sol_timeline_stretch(source->timeline, i, &stretch);
        result = digest_stretch(keys, &stretch, &keys->looks[i]);
        if (result == SOL_OK)
            result = stretch_is_sequential(keys, &stretch, &keys->sequential[i]);
    }
    sol_free(touched);
    return result;
}

/* The transition under way: what decides how it looks, but how far it is. */
static void add_transition(Keys *keys, const SolMoment *moment)
{
    const SolTransition *transition = moment->transition;
    SolDigester *digester = keys->digester;
    sol_digester_add_int(digester, transition->kind);
    sol_digester_add_int(digester, moment->leaves);
    sol_digester_add_double(digester, transition->kind == SOL_TRANSITION_WIPE ? transition->angle : 0);
    sol_digester_add_double(digester, transition->feather);
    for (int i = 0; i < sol_timeline_count(keys->source->timeline); i++)
        if (transition->region && sol_timeline_transition(keys->source->timeline, i) == transition) {
            add_digest(keys, &keys->growths[i]);
            break;
        }
}

/* Whether the moment blends styles; asked before its numbers are added up. */
static int blends(const Keys *keys, const SolMoment *moment, bool *blend)
{
    SolStretch stretch[2];
    *blend = false;
    if (moment->sides < 2)
        return SOL_OK;
    for (int i = 0; i < 2; i++)
        sol_timeline_stretch(keys->source->timeline, moment->from[i], &stretch[i]);
    return sol_painters_blend(&stretch[0], &stretch[1], blend);
}

static void add_moment(Keys *keys, const SolMoment *moment, int64_t n, bool blend)
{
    const SolTimeline *timeline = keys->source->timeline;
    SolDigester *digester = keys->digester;
    double seconds = sol_index_seconds(keys->source->index, n);
    sol_digester_add_int(digester, moment->sides);
    if (moment->sides == 0)
        return;
    for (int i = 0; i < moment->sides; i++) {
        SolInstant at = sol_timeline_instant(timeline, moment->from[i], n, seconds);
        SolStretch stretch;
        sol_timeline_stretch(timeline, moment->from[i], &stretch);
        add_digest(keys, &keys->looks[moment->from[i]]);
        for (int k = 0; k < stretch.layer_count; k++)
            sol_digester_add_double(digester, (double)sol_layer_strength(&stretch.layers[k], at));
        sol_digester_add_double(digester, at.share);
    }
    sol_digester_add_double(digester, seconds);
    sol_digester_add_double(digester, (double)moment->later);
    sol_digester_add_double(digester, (double)moment->opacity);
    sol_digester_add_int(digester, blend);
    if (moment->transition)
        add_transition(keys, moment);
}

static bool is_sequence(const Keys *keys, const SolMoment *moment)
{
    bool sequential = moment->transition && moment->transition->region &&
                      sol_region_remembers(moment->transition->region);
    for (int i = 0; i < moment->sides; i++)
        sequential |= keys->sequential[moment->from[i]];
    return sequential;
}

/*
 * Whether the first frame of `part` begins with the painting of `frame`, which shows before it (-1: there is none): not
 * where a new scene does, nor where that is not painted.
 */
static bool follows(const Keys *keys, const SolPart *part, int64_t frame, const SolMoment *moment)
{
    SolMoment before;
    if (!part->sequential || frame < 0)
        return false;
    sol_timeline_at(keys->source->timeline, frame, &before);
    return before.sides > 0 && (moment->sides == 2 || before.sides == 2 || before.stretch == moment->stretch);
}

static int digest_part(Keys *keys, const SolDigest *all, const SolParts *parts, SolPart *part)
{
    SolMoment moment;
    bool blend;
    int result;
    sol_timeline_at(keys->source->timeline, part->first, &moment);
    result = blends(keys, &moment, &blend); /* which is so for all of the part */
    if (result != SOL_OK)
        return result;
    part->sequential = is_sequence(keys, &moment);
    part->follows = follows(keys, part, sol_parts_before(parts, part->first), &moment);
    add_digest(keys, all);
    sol_digester_add_int(keys->digester, part->follows);
    if (part->follows)
        add_digest(keys, &part[-1].key);
    sol_digester_add_int(keys->digester, part->first);
    sol_digester_add_int(keys->digester, part->count);
    for (int64_t n = part->first; n < part->first + part->count; n++) {
        sol_timeline_at(keys->source->timeline, n, &moment);
        add_moment(keys, &moment, n, blend);
        if (keys->source->wanted && !keys->source->wanted[n - keys->source->first])
            sol_digester_add_text(keys->digester, "not shown");
    }
    part->key = sol_digester_finish(keys->digester);
    return SOL_OK;
}

/* What is the same for all parts: program and machine, input, size and how it is computed. */
static int digest_source(Keys *keys, SolDigest *all)
{
    const SolPartsSource *source = keys->source;
    SolDigester *digester = keys->digester;
    int result;
    sol_digester_add_text(digester, "solstice " SOL_VERSION);
    sol_digester_add_int(digester, (int64_t)avcodec_version());
    sol_digester_add_int(digester, (int64_t)swscale_version());
    sol_digester_add_int(digester, (int64_t)sol_cpu_flags());
    sol_digester_add_text(digester, sol_blas_core());
    sol_digester_add_int(digester, source->width);
    sol_digester_add_int(digester, source->height);
    sol_digester_add_int(digester, source->precision);
    sol_digester_add_int(digester, source->steady.level);
    sol_digester_add_int(digester, source->steady.statistics);
    sol_digester_add_int(digester, source->steady.flow);
    sol_digester_add_int(digester, source->steady.loss);
    sol_digester_add_int(digester, (int64_t)source->memory); /* and with threads, how frames are cut into tiles */
    sol_digester_add_int(digester, source->threads);
    result = sol_video_digest(source->video, digester);
    *all = sol_digester_finish(digester);
    return result;
}

static int digest_parts(SolParts *parts, const SolPartsSource *source)
{
    Keys keys = {.source = source};
    SolDigest all;
    int result = sol_digester_open(&keys.digester);
    if (result == SOL_OK)
        result = digest_source(&keys, &all);
    if (result == SOL_OK)
        result = digest_stretches(&keys);
    for (int i = 0; i < parts->count && result == SOL_OK; i++)
        result = digest_part(&keys, &all, parts, &parts->items[i]);
    sol_digester_close(&keys.digester);
    free(keys.files);
    sol_free(keys.looks);
    sol_free(keys.growths);
    sol_free(keys.sequential);
    return result;
}

int sol_parts_cut(SolParts *out, const SolPartsSource *source)
{
    SolParts parts = {.wanted = source->wanted};
    int result = cut(&parts, source);
    if (result == SOL_OK && sol_video_has_digest(source->video))
        result = digest_parts(&parts, source);
    if (result == SOL_OK)
        *out = parts;
    else
        sol_parts_clear(&parts);
    return result;
}

bool sol_parts_want(const SolParts *parts, int64_t n)
{
    return !parts->wanted || parts->wanted[n - parts->items[0].first];
}

int64_t sol_parts_before(const SolParts *parts, int64_t n)
{
    const SolPart *part = sol_parts_at(parts, n);
    int64_t first = part->first;
    if (part > parts->items && part[-1].first + part[-1].count == first)
        first = part[-1].first;
    while (--n >= first)
        if (sol_parts_want(parts, n))
            return n;
    return -1;
}

int64_t sol_parts_shown(const SolParts *parts, int64_t first, int64_t count)
{
    int64_t shown = 0;
    for (int64_t n = first; n < first + count; n++)
        shown += sol_parts_want(parts, n);
    return shown;
}

SolPart *sol_parts_at(const SolParts *parts, int64_t n)
{
    int low = 0, high = parts->count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (parts->items[middle].first <= n)
            low = middle;
        else
            high = middle - 1;
    }
    return &parts->items[low];
}

void sol_parts_touched(const SolTimeline *timeline, int64_t first, int64_t count, bool touched[])
{
    for (int64_t n = first; n < first + count; n++) {
        SolMoment moment;
        sol_timeline_at(timeline, n, &moment);
        for (int i = 0; i < moment.sides; i++)
            touched[moment.from[i]] = true;
    }
}

void sol_parts_clear(SolParts *parts)
{
    free(parts->items);
    *parts = (SolParts){0};
}

int sol_part_output_key(SolDigest *key, const SolPart *part, const SolOutputSettings *settings,
                        const SolWriterInput *input)
{
    const SolVideoIndex *index = input->index;
    SolDigester *digester = NULL;
    int result = sol_digester_open(&digester);
    if (result != SOL_OK)
        return result;
    sol_digester_add(digester, part->key.bytes, sizeof part->key.bytes);
    sol_writer_digest(settings, input, digester);
    sol_digester_add_int(digester, input->width);
    sol_digester_add_int(digester, input->height);
    sol_digester_add_int(digester, input->time_base.num);
    sol_digester_add_int(digester, input->time_base.den);
    sol_digester_add_int(digester, input->frame_rate.num);
    sol_digester_add_int(digester, input->frame_rate.den);
    sol_digester_add_int(digester, input->threads);
    if (settings->layout == SOL_LAYOUT_WIPE) { /* frames show how far it is, from the first to the last */
        sol_digester_add_int(digester, input->first);
        sol_digester_add_int(digester, input->count);
    }
    sol_digester_add_int(digester, (int64_t)avformat_version());
    for (int64_t n = part->first; n < part->first + part->count; n++)
        sol_digester_add_int(digester, index->pts[n] - index->pts[input->first]);
    sol_digester_add_int(digester, (part->first + part->count < index->frames ? index->pts[part->first + part->count]
                                                                              : index->end) - index->pts[input->first]);
    *key = sol_digester_finish(digester);
    sol_digester_close(&digester);
    return SOL_OK;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * From the keys of a YAML file to a SolSchedule. Each mapping has a list of its keys and a function
 * that reads them in that order; a new key takes a name in the list and a line in the function.
 * Checked here is all that can be without opening the input: what depends on the number of its
 * frames is for timeline.c.
 */
#include "schedule/schedule.h"

#include "base/file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "schedule/layers.h"
#include "schedule/outputs.h"
#include "schedule/pieces.h"
#include "schedule/steady.h"
#include "schedule/values.h"
#include "schedule/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    VERSION, INPUT, FORMAT, FRAMERATE, GAPS, BACKGROUND, MODEL, METHOD, LEVELS, GATYS, COLOR, SIZE, PRECISION, MEMORY,
    SEGMENTS, TRANSITION, CYCLE, STEADY, OUTPUTS, SCHEDULE_KEYS
};
static const char *const schedule_keys[SCHEDULE_KEYS + 1] = {
    [VERSION] = "version", [INPUT] = "input", [FORMAT] = "format", [FRAMERATE] = "framerate", [GAPS] = "gaps",
    [BACKGROUND] = "background", [MODEL] = "model", [METHOD] = "method", [LEVELS] = "levels", [GATYS] = "gatys",
    [COLOR] = "color", [SIZE] = "size", [PRECISION] = "precision", [MEMORY] = "memory", [SEGMENTS] = "segments",
    [TRANSITION] = "transition", [CYCLE] = "cycle", [STEADY] = "steady", [OUTPUTS] = "outputs",
};

/* FRAMES, TIME and SHARE in the order of SolSpanKind */
enum {
    NAME, FRAMES, TIME, SHARE, STYLE, WEIGHTS, STRENGTH, OWN_MODEL, OWN_METHOD, OWN_LEVELS, OWN_GATYS, OWN_COLOR,
    REGION, STATISTICS, LAYERS, OWN_TRANSITION, SEGMENT_KEYS
};
static const char *const segment_keys[SEGMENT_KEYS + 1] = {
    [NAME] = "name", [FRAMES] = "frames", [TIME] = "time", [SHARE] = "share", [STYLE] = "style",
    [WEIGHTS] = "weights", [STRENGTH] = "strength", [OWN_MODEL] = "model", [OWN_METHOD] = "method",
    [OWN_LEVELS] = "levels", [OWN_GATYS] = "gatys", [OWN_COLOR] = "color", [REGION] = "region",
    [STATISTICS] = "statistics", [LAYERS] = "layers", [OWN_TRANSITION] = "transition",
};

/* ---- segments ---- */

/* What the segments have in common, as they are read one after another. */
typedef struct SegmentReader {
    const SolYaml *yaml;
    SolSchedule *schedule;
    const SolLookSource *looks;
    double share; /* percent, so far */
} SegmentReader;

static int read_frames(const SegmentReader *reader, const SolYamlPair *pair, SolSegment *segment)
{
    const char *text = sol_yaml_scalar(pair);
    segment->kind = SOL_SPAN_FRAMES;
    if (!text || !sol_parse_frames(text, &segment->first, &segment->last))
        return sol_yaml_fail_value(reader->yaml, pair, "frame numbers such as 0-59, counted from 0");
    if (segment->first > segment->last)
        return sol_fail_at(segment->place, "%s: frames %s run backwards; write %lld-%lld", segment->label, text,
                           (long long)segment->last, (long long)segment->first);
    return SOL_OK;
}

static int read_time(const SegmentReader *reader, const SolYamlPair *pair, SolSegment *segment)
{
    const char *text = sol_yaml_scalar(pair);
    segment->kind = SOL_SPAN_TIME;
    if (!text || !sol_parse_times(text, &segment->from, &segment->to))
        return sol_yaml_fail_value(reader->yaml, pair, "a range of times such as 0s-2.5s or 0:10-1:02.5");
    if (segment->from >= segment->to)
        return sol_fail_at(segment->place, "%s: time %s %s; the end must be later than the start", segment->label,
                           text, segment->from > segment->to ? "runs backwards" : "is empty");
    return SOL_OK;
}

static int read_share(SegmentReader *reader, const SolYamlPair *pair, SolSegment *segment)
{
    const char *text = sol_yaml_scalar(pair);
    double share;
    segment->kind = SOL_SPAN_SHARE;
    if (!text || !sol_parse_percent(text, &share) || share <= 0 || share > 100)
        return sol_yaml_fail_value(reader->yaml, pair, "a percentage above 0% and up to 100%, such as 25%");
    segment->from = reader->share;
    segment->to = reader->share += share;
    if (segment->to > 100 + 1e-6)
        return sol_fail_at(segment->place, "%s: the shares up to here come to %.6g%%; together they may be 100%%",
                           segment->label, segment->to);
    return SOL_OK;
}

/* The one of frames, time and share that a segment has. */
static int read_span(SegmentReader *reader, const SolYamlNode *node, const SolYamlPair pairs[], SolSegment *segment)
{
    const SolYaml *yaml = reader->yaml;
    const SolSegment *first = &reader->schedule->segments[0];
    int key = -1, result;
    for (int k = FRAMES; k <= SHARE; k++) {
        if (pairs[k].key && key >= 0)
            return sol_fail_at(sol_yaml_place(yaml, pairs[k].key), "%s has both \"%s\" and \"%s\"; keep one",
                               segment->label, segment_keys[key], segment_keys[k]);
        if (pairs[k].key)
            key = k;
    }
    if (key < 0)
        return sol_fail_at(sol_yaml_place(yaml, node),
                           "%s does not say when; give it \"frames\", \"time\" or \"share\"", segment->label);
    segment->place = sol_yaml_place(yaml, pairs[key].value);
    result = key == FRAMES ? read_frames(reader, &pairs[key], segment)
             : key == TIME ? read_time(reader, &pairs[key], segment)
                           : read_share(reader, &pairs[key], segment);
    if (result == SOL_OK && !(segment->span = sol_copy(sol_yaml_scalar(&pairs[key]))))
        result = sol_fail_memory("the schedule");
    if (result == SOL_OK && (segment->kind == SOL_SPAN_SHARE) != (first->kind == SOL_SPAN_SHARE))
        result = sol_fail_at(sol_yaml_place(yaml, pairs[key].key),
                             "%s has \"%s\", but %s has \"%s\"; shares cannot be mixed with frames or times",
                             segment->label, segment_keys[key], first->label, segment_keys[FRAMES + (int)first->kind]);
    return result;
}

static int read_segment(SegmentReader *reader, const SolYamlNode *node, int number, SolSegment *segment)
{
    const SolYaml *yaml = reader->yaml;
    SolYamlPair pairs[SEGMENT_KEYS];
    SolLayerKeys keys;
    int result = sol_yaml_mapping(yaml, node, "a segment", segment_keys, pairs);
    keys = (SolLayerKeys){.look = {pairs[STYLE], pairs[WEIGHTS], pairs[OWN_MODEL], pairs[OWN_METHOD], pairs[OWN_LEVELS],
                                   pairs[OWN_GATYS], pairs[OWN_COLOR]},
                          .strength = pairs[STRENGTH],
                          .region = pairs[REGION],
                          .statistics = pairs[STATISTICS]};
    if (result != SOL_OK || (result = sol_yaml_copy(yaml, &pairs[NAME], &segment->name)))
        return result;
    segment->label = segment->name ? sol_format("segment \"%s\"", segment->name) : sol_format("segment %d", number);
    if (!segment->name)
        segment->name = sol_copy(segment->label);
    if (!segment->label || !segment->name)
        return sol_fail_memory("the schedule");
    if ((result = read_span(reader, node, pairs, segment)) ||
        (result = sol_layers_read(&segment->layers, &segment->layer_count, reader->looks, segment->label, node, &keys,
                                  &pairs[LAYERS])))
        return result;
    return sol_transition_read(&segment->transition, yaml, &pairs[OWN_TRANSITION], reader->schedule->folder);
}

/* Refuses two segments of one name. */
static int check_names(const SolYaml *yaml, const SolYamlPair *pair, const SolSchedule *schedule)
{
    SolWord *words = sol_alloc((size_t)schedule->segment_count, sizeof *words);
    int again, earlier = 0;
    if (!words)
        return sol_fail_memory("the schedule");
    for (int i = 0; i < schedule->segment_count; i++)
        words[i] = (SolWord){schedule->segments[i].name, i};
    again = sol_find_repeated(words, schedule->segment_count, &earlier);
    sol_free(words);
    if (again < 0)
        return SOL_OK;
    return sol_fail_at(sol_yaml_place(yaml, sol_yaml_item(yaml, pair, again)),
                       "two segments are called \"%s\", the first on line %d; give each a name of its own",
                       schedule->segments[again].name, sol_yaml_place(yaml, sol_yaml_item(yaml, pair, earlier)).line);
}

static int read_segments(const SolYaml *yaml, const SolYamlPair *pair, const SolLookSource *looks,
                         SolSchedule *schedule)
{
    SegmentReader reader = {yaml, schedule, looks, 0};
    int count = 0, result = sol_yaml_sequence(yaml, pair, &count);
    if (result != SOL_OK)
        return result;
    schedule->segments = sol_calloc((size_t)count, sizeof *schedule->segments);
    if (!schedule->segments)
        return sol_fail_memory("the schedule");
    for (int i = 0; i < count; i++) {
        schedule->segment_count = i + 1; /* what is half read is freed, too */
        result = read_segment(&reader, sol_yaml_item(yaml, pair, i), i + 1, &schedule->segments[i]);
        if (result != SOL_OK)
            return result;
    }
    return check_names(yaml, pair, schedule);
}

/* ---- the whole ---- */

/* The version decides which keys there are, so it is looked at before any of them. */
static int check_version(const SolYaml *yaml, const SolYamlNode *root)
{
    SolYamlPair pair = sol_yaml_find(yaml, root, schedule_keys[VERSION]);
    int version = 1;
    return sol_yaml_int(yaml, &pair, 1, 1, &version) == SOL_OK
               ? SOL_OK
               : sol_yaml_fail_value(yaml, &pair, "1, the one that this program reads");
}

static int read_precision(const SolYaml *yaml, const SolYamlPair *pair, SolPrecision *precision)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_precision_find(text, precision)))
        return sol_yaml_fail_value(yaml, pair, "auto, float32 or bfloat16");
    return SOL_OK;
}

static int read_memory(const SolYaml *yaml, const SolYamlPair *pair, uint64_t *memory)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_memory(text, memory)))
        return sol_yaml_fail_value(yaml, pair, SOL_MEMORY_WORDS);
    return SOL_OK;
}

static int read_transition(const SolYaml *yaml, const SolYamlNode *root, const SolYamlPair *pair, SolSchedule *schedule)
{
    return pair->key ? sol_transition_read(&schedule->transition, yaml, pair, schedule->folder)
                     : sol_transition_none(&schedule->transition, sol_yaml_place(yaml, root));
}

/* What holds for all segments, and the segments. */
static int read_looks(const SolYaml *yaml, const SolYamlNode *root, const SolYamlPair pairs[],
                      const SolScheduleOptions *options, SolSchedule *schedule)
{
    const SolLookKeys keys = {
        .model = pairs[MODEL], .method = pairs[METHOD], .levels = pairs[LEVELS], .color = pairs[COLOR]};
    SolLookSource looks = {.yaml = yaml, .folder = schedule->folder, .options = options};
    int result = sol_look_source(&looks, root, &keys);
    if (result == SOL_OK)
        result = sol_optimise_read(&schedule->optimise, yaml, &pairs[GATYS], NULL);
    looks.optimise = schedule->optimise;
    return result == SOL_OK ? read_segments(yaml, &pairs[SEGMENTS], &looks, schedule) : result;
}

/* Of an input that has no end of its own, what the segments ask for is read. */
static void measure_input(SolSchedule *schedule)
{
    SolInput *input = schedule->input;
    for (int i = 0; i < schedule->segment_count; i++) {
        const SolSegment *segment = &schedule->segments[i];
        input->shared |= segment->kind == SOL_SPAN_SHARE;
        if (segment->kind == SOL_SPAN_FRAMES && segment->last >= input->frames)
            input->frames = segment->last + 1;
        if (segment->kind == SOL_SPAN_TIME && segment->to > input->seconds)
            input->seconds = segment->to;
    }
}

static int read_schedule(const SolYaml *yaml, const SolScheduleOptions *options, SolSchedule *schedule)
{
    const SolYamlNode *root = sol_yaml_root(yaml);
    const char *what = "the schedule";
    SolYamlPair pairs[SCHEDULE_KEYS];
    int result;
    SolInputKeys input;
    if ((result = check_version(yaml, root)) ||
        (result = sol_yaml_mapping(yaml, root, what, schedule_keys, pairs)))
        return result;
    input = (SolInputKeys){pairs[INPUT], pairs[FORMAT], pairs[FRAMERATE], pairs[GAPS], pairs[BACKGROUND]};
    if ((result = sol_yaml_need(yaml, root, &pairs[VERSION], what, "version", "write \"version: 1\"")) ||
        (result = sol_yaml_need(yaml, root, &pairs[INPUT], what, "input", "name a video or a folder of numbered images")) ||
        (result = sol_yaml_need(yaml, root, &pairs[SEGMENTS], what, "segments", "list one or more")) ||
        (result = sol_yaml_need(yaml, root, &pairs[OUTPUTS], what, "outputs", "list one or more")) ||
        (result = sol_input_read(schedule->input, yaml, schedule->folder, &input)) ||
        (result = sol_yaml_int(yaml, &pairs[SIZE], 64, 8192, &schedule->size)) ||
        (result = read_precision(yaml, &pairs[PRECISION], &schedule->precision)) ||
        (result = read_memory(yaml, &pairs[MEMORY], &schedule->memory)) ||
        (result = read_looks(yaml, root, pairs, options, schedule)) ||
        (result = read_transition(yaml, root, &pairs[TRANSITION], schedule)) ||
        (result = sol_yaml_flag(yaml, &pairs[CYCLE], &schedule->cycle)) ||
        (result = sol_steady_read(&schedule->steady, yaml, &pairs[STEADY])) ||
        (result = sol_outputs_read(schedule, yaml, &pairs[OUTPUTS])))
        return result;
    measure_input(schedule);
    return SOL_OK;
}

int sol_schedule_load(SolSchedule **out, const char *path, const SolScheduleOptions *options)
{
    SolSchedule *schedule = sol_calloc(1, sizeof *schedule);
    SolYaml *yaml = NULL;
    int result;
    if (!schedule || !(schedule->path = sol_copy(path)) || !(schedule->folder = sol_path_folder(path)) ||
        !(schedule->input = sol_calloc(1, sizeof *schedule->input)))
        result = sol_fail_memory("the schedule");
    else if ((result = sol_yaml_open(&yaml, schedule->path)) == SOL_OK)
        result = read_schedule(yaml, options, schedule);
    sol_yaml_close(&yaml);
    if (result != SOL_OK) {
        sol_schedule_close(&schedule);
        return result;
    }
    *out = schedule;
    return SOL_OK;
}

void sol_schedule_close(SolSchedule **out)
{
    SolSchedule *schedule = *out;
    if (!schedule)
        return;
    for (int i = 0; i < schedule->segment_count; i++) {
        SolSegment *segment = &schedule->segments[i];
        free(segment->name);
        free(segment->label);
        sol_layers_close(&segment->layers, &segment->layer_count);
        sol_transition_close(&segment->transition);
        free(segment->span);
    }
    sol_outputs_close(schedule);
    sol_free(schedule->segments);
    sol_optimise_close(&schedule->optimise);
    sol_transition_close(&schedule->transition);
    if (schedule->input)
        sol_input_clear(schedule->input);
    sol_free(schedule->input);
    free(schedule->folder);
    free(schedule->path);
    sol_free(schedule);
    *out = NULL;
}

int sol_schedule_open_input(const SolSchedule *schedule, const SolVideoOptions *options, SolVideo **video)
{
    SolVideoOptions own = *options;
    own.short_side = own.short_side ? own.short_side : schedule->size;
    return sol_input_open(schedule->input, &own, video);
}

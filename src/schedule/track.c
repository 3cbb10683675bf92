/* SPDX-License-Identifier: Apache-2.0
 *
 * From "{at: {0%: 0, 100%: 1}}" to a track.
 */
#include "schedule/track.h"

#include "base/text.h"
#include "schedule/values.h"

#include <string.h>

enum { MAX_KEYS = 10000 };

/* Whether a value is {at: ...}, or would be if it were right. */
static bool moves(const SolYamlPair *pair)
{
    return pair->value && sol_yaml_is_mapping(pair->value);
}

const SolYamlNode *sol_track_first(const SolYaml *yaml, const SolYamlPair *pair)
{
    SolYamlPair at;
    if (!moves(pair))
        return pair->value;
    at = sol_yaml_find(yaml, pair->value, "at");
    return at.value && sol_yaml_is_mapping(at.value) ? sol_yaml_entry(yaml, &at, 0).value : NULL;
}

/* A place: "30", "2s" or "50%". */
static bool parse_place(const char *text, SolTrackUnit *unit, double *at)
{
    int64_t frame;
    double number;
    size_t length = strlen(text);
    if (sol_parse_int(text, 0, INT64_C(1) << 52, &frame)) {
        *unit = SOL_TRACK_FRAMES;
        *at = (double)frame;
        return true;
    }
    if (sol_parse_percent(text, &number)) {
        *unit = SOL_TRACK_SHARE;
        *at = number / 100;
        return number <= 100;
    }
    *unit = SOL_TRACK_SECONDS; /* "2.5" could be meant for anything */
    return length > 0 && (strchr(text, ':') || text[length - 1] == 's') && sol_parse_time(text, at);
}

static const char *name_of(SolTrackUnit unit)
{
    return unit == SOL_TRACK_FRAMES ? "frames" : unit == SOL_TRACK_SECONDS ? "times" : "shares of the segment";
}

/* The place of key number `i`, which must go with those before. */
static int read_place(SolTrack *track, const SolYaml *yaml, const SolYamlPair *entry, int i)
{
    const char *text = sol_yaml_key(entry);
    SolPlace place = sol_yaml_place(yaml, entry->key);
    SolTrackUnit unit = SOL_TRACK_FRAMES;
    double at = 0;
    if (!text || !parse_place(text, &unit, &at))
        return sol_fail_at(place,
                           "a place in time must be a frame (30), a time (2.5s, 0:02.5) or a share of the segment "
                           "(50%%)%s%s%s", text ? ", not \"" : "", text && strlen(text) < 60 ? text : text ? "..." : "",
                           text ? "\"" : "");
    if (i > 0 && unit != track->unit)
        return sol_fail_at(place, "%s among %s; write all places of one \"at\" in the same way", name_of(unit),
                           name_of(track->unit));
    if (i > 0 && at <= track->at[i - 1])
        return sol_fail_at(place, "%s does not come behind the place before; write them in ascending order", text);
    track->unit = unit;
    track->at[i] = at;
    return SOL_OK;
}

/* The keys of "at". */
static int read_keys(SolTrack *track, const SolYaml *yaml, const SolYamlPair *pair, int width, SolTrackValue read,
                     void *context)
{
    static const char *const keys[] = {"at", NULL};
    SolYamlPair at;
    int count = 0, result = sol_yaml_mapping(yaml, pair->value, "a value that changes", keys, &at);
    if (result == SOL_OK && !at.key)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "\"at\" is missing; write {at: {PLACE: VALUE, ...}}");
    if (result != SOL_OK || (result = sol_yaml_entries(yaml, &at, &count)) != SOL_OK)
        return result;
    if (count > MAX_KEYS)
        return sol_fail_at(sol_yaml_place(yaml, at.value), "%d places; at most %d can be given", count, (int)MAX_KEYS);
    if ((result = sol_track_create(track, count, width)) != SOL_OK)
        return result;
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair entry = sol_yaml_entry(yaml, &at, i), value = {pair->key, entry.value};
        if ((result = read_place(track, yaml, &entry, i)) == SOL_OK)
            result = read(context, yaml, &value, track->values + (size_t)i * (size_t)width);
    }
    return result;
}

int sol_track_read_values(SolTrack *out, const SolYaml *yaml, const SolYamlPair *pair, int width, SolTrackValue read,
                          void *context)
{
    SolTrack track = {0};
    int result;
    if (!pair->value)
        return SOL_OK;
    if (moves(pair))
        result = read_keys(&track, yaml, pair, width, read, context);
    else if ((result = sol_track_create(&track, 1, width)) == SOL_OK)
        result = read(context, yaml, pair, track.values);
    if (result == SOL_OK)
        *out = track;
    else
        sol_track_clear(&track);
    return result;
}

/* What a single number must be. */
typedef struct Range {
    double low, high;
} Range;

static int read_number(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[])
{
    const Range *range = context;
    return sol_yaml_number(yaml, pair, range->low, range->high, &values[0]);
}

int sol_track_read(SolTrack *track, const SolYaml *yaml, const SolYamlPair *pair, double low, double high)
{
    Range range = {low, high};
    return sol_track_read_values(track, yaml, pair, 1, read_number, &range);
}

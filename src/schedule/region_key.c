/* SPDX-License-Identifier: Apache-2.0
 *
 * What a schedule says of regions by colour and by subject.
 */
#include "schedule/region_key.h"

#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"
#include "region/cascade.h"
#include "region/clean.h"
#include "region/face.h"
#include "region/key.h"
#include "schedule/values.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COLOURS = 16, MAX_AREA = 100000000 };

/* ---- ranges ---- */

/* A number, with or without a percent sign where `percent`, in 0..most; nothing at all leaves *value. */
static bool parse_end(const char *text, size_t length, bool percent, double most, double *value)
{
    char part[24];
    double number;
    while (length > 0 && text[0] == ' ')
        text++, length--;
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0)
        return true;
    if (percent && text[length - 1] == '%')
        length--;
    if (length == 0 || length >= sizeof part || text[0] < '0' || text[0] > '9')
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    if (!sol_parse_number(part, &number) || number > most)
        return false;
    *value = number;
    return true;
}

/* "20-80", "20-" or "-80"; false, with the range as it was, for anything else. */
static bool parse_ends(const char *text, bool percent, double most, double range[2])
{
    const char *dash = text ? strchr(text, '-') : NULL;
    double ends[2] = {range[0], range[1]};
    if (!dash || strlen(text) < 2 || !parse_end(text, (size_t)(dash - text), percent, most, &ends[0]) ||
        !parse_end(dash + 1, strlen(dash + 1), percent, most, &ends[1]))
        return false;
    range[0] = ends[0];
    range[1] = ends[1];
    return true;
}

static int read_percent_range(const SolYaml *yaml, const SolYamlPair *pair, double range[2])
{
    if (!pair->value)
        return SOL_OK;
    if (!parse_ends(sol_yaml_scalar(pair), true, 100, range) || range[0] > range[1])
        return sol_yaml_fail_value(yaml, pair, "a range of percent: 20-80, 20- or -80");
    return SOL_OK;
}

static int read_hue(const SolYaml *yaml, const SolYamlPair *pair, SolKeyColours *colours)
{
    double range[2] = {-1, -1};
    if (!pair->value)
        return SOL_OK;
    if (!parse_ends(sol_yaml_scalar(pair), false, 360, range) || range[0] < 0 || range[1] < 0)
        return sol_yaml_fail_value(yaml, pair, "a range of degrees from 0 to 360: 180-260, or by way of red 340-20");
    memcpy(colours->hue, range, sizeof range);
    colours->by_hue = true;
    return SOL_OK;
}

/* ---- colours ---- */

enum { HUE, SATURATION, VALUE, NEAR, WITHIN, COLOUR_KEYS };
#define COLOUR_NAMES "hue", "saturation", "value", "near", "within"

static int read_near(const SolYaml *yaml, const SolYamlPair pairs[COLOUR_KEYS], SolKeyColours *colours)
{
    const char *text;
    colours->within = 0.1;
    if (!pairs[NEAR].value && pairs[WITHIN].value)
        return sol_fail_at(sol_yaml_place(yaml, pairs[WITHIN].key), "\"within\" goes with \"near\", the colour that it "
                           "is counted from");
    if (!pairs[NEAR].value)
        return SOL_OK;
    text = sol_yaml_scalar(&pairs[NEAR]);
    if (!text || !sol_parse_colour(text, colours->near))
        return sol_yaml_fail_value(yaml, &pairs[NEAR], "a colour: \"#87ceeb\" (in quotes) or a name like skyblue");
    colours->by_nearness = true;
    return sol_yaml_number(yaml, &pairs[WITHIN], 0, 2, &colours->within);
}

/* What one description says; *any: whether it says anything. */
static int read_colours(const SolYaml *yaml, const SolYamlPair pairs[COLOUR_KEYS], SolKeyColours *colours, bool *any)
{
    int result;
    *colours = (SolKeyColours){.saturation = {0, 100}, .value = {0, 100}};
    *any = pairs[HUE].value || pairs[SATURATION].value || pairs[VALUE].value || pairs[NEAR].value;
    if ((result = read_hue(yaml, &pairs[HUE], colours)) != SOL_OK ||
        (result = read_percent_range(yaml, &pairs[SATURATION], colours->saturation)) != SOL_OK ||
        (result = read_percent_range(yaml, &pairs[VALUE], colours->value)) != SOL_OK)
        return result;
    return read_near(yaml, pairs, colours);
}

static int fail_nothing(const SolYaml *yaml, const SolYamlNode *node)
{
    return sol_fail_at(sol_yaml_place(yaml, node), "this says nothing of colours; give hue, saturation, value or near");
}

/* One of the list behind "any". */
static int read_one(const SolYaml *yaml, const SolYamlNode *node, SolKeyColours *colours)
{
    static const char *const keys[] = {COLOUR_NAMES, NULL};
    SolYamlPair pairs[COLOUR_KEYS];
    bool any = false;
    int result = sol_yaml_mapping(yaml, node, "a description of colours", keys, pairs);
    if (result == SOL_OK)
        result = read_colours(yaml, pairs, colours, &any);
    return result == SOL_OK && !any ? fail_nothing(yaml, node) : result;
}

static int read_any(const SolYaml *yaml, const SolYamlPair *pair, SolKey *key)
{
    int count = 0, result;
    if (!pair->value)
        return SOL_OK;
    if (!sol_yaml_is_sequence(pair->value))
        return sol_yaml_fail_value(yaml, pair, "a list of descriptions of colours");
    result = sol_yaml_sequence(yaml, pair, &count);
    if (result == SOL_OK && count >= MAX_COLOURS)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%d descriptions of colours; give at most %d", count,
                           MAX_COLOURS - 1);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        result = read_one(yaml, sol_yaml_item(yaml, pair, i), &key->colours[key->count]);
        key->count += result == SOL_OK;
    }
    return result;
}

/* ---- cleaning ---- */

enum { ANY = COLOUR_KEYS, SOFT, OPEN, CLOSE, SMALLEST, TOUCHING, HOLD, KEY_KEYS };

static int read_smallest(const SolYaml *yaml, const SolYamlPair *pair, SolKey *key)
{
    double pixels, share;
    const char *text = sol_yaml_scalar(pair);
    if (!pair->value)
        return SOL_OK;
    if (!text || !sol_parse_length(text, &pixels, &share) || pixels < 0 || share < 0 || pixels > MAX_AREA || share > 1)
        return sol_yaml_fail_value(yaml, pair, "an area in pixels (30) or percent of the frame (0.1%)");
    key->smallest_is_share = share > 0;
    key->smallest = share > 0 ? share * 100 : pixels;
    return SOL_OK;
}

static int read_edge(const SolYaml *yaml, const SolYamlPair *pair, unsigned *edges)
{
    static const char *const names[] = {"top", "bottom", "left", "right"};
    const char *text = sol_yaml_scalar(pair);
    for (int i = 0; i < 4 && text; i++)
        if (strcmp(text, names[i]) == 0) {
            *edges |= 1u << i; /* SOL_EDGE_TOP, .. */
            return SOL_OK;
        }
    return sol_yaml_fail_value(yaml, pair, "top, bottom, left or right, or a list of them");
}

static int read_touching(const SolYaml *yaml, const SolYamlPair *pair, unsigned *edges)
{
    int count = 0, result;
    if (!pair->value)
        return SOL_OK;
    if (!sol_yaml_is_sequence(pair->value))
        return read_edge(yaml, pair, edges);
    result = sol_yaml_sequence(yaml, pair, &count);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair item = {pair->key, sol_yaml_item(yaml, pair, i)};
        result = read_edge(yaml, &item, edges);
    }
    return result;
}

static int read_cleaning(const SolYaml *yaml, const SolYamlPair pairs[KEY_KEYS], SolKey *key)
{
    int result;
    key->soft = 1;
    key->hold = 0.7;
    if ((result = sol_yaml_number(yaml, &pairs[SOFT], 0, 10, &key->soft)) != SOL_OK ||
        (result = sol_yaml_number(yaml, &pairs[OPEN], 0, SOL_DISC_MAX, &key->open)) != SOL_OK ||
        (result = sol_yaml_number(yaml, &pairs[CLOSE], 0, SOL_DISC_MAX, &key->close)) != SOL_OK ||
        (result = read_smallest(yaml, &pairs[SMALLEST], key)) != SOL_OK ||
        (result = read_touching(yaml, &pairs[TOUCHING], &key->touching)) != SOL_OK)
        return result;
    return sol_yaml_number(yaml, &pairs[HOLD], 0, 1, &key->hold);
}

int sol_region_read_key(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    static const char *const keys[] = {COLOUR_NAMES, "any",      "soft", "open", "close",
                                       "smallest",   "touching", "hold", NULL};
    SolYamlPair pairs[KEY_KEYS];
    SolKey *key = sol_calloc(1, sizeof *key);
    bool any = false;
    int result;
    (void)node;
    if (!key || !(key->colours = sol_calloc(MAX_COLOURS, sizeof *key->colours))) {
        sol_free(key);
        return sol_fail_memory("a key");
    }
    region->kind = &sol_region_key;
    region->what = key;
    if ((result = sol_yaml_mapping(source->yaml, pair->value, "a key", keys, pairs)) != SOL_OK ||
        (result = read_colours(source->yaml, pairs, &key->colours[0], &any)) != SOL_OK)
        return result;
    key->count = any;
    if ((result = read_any(source->yaml, &pairs[ANY], key)) != SOL_OK)
        return result;
    if (key->count == 0)
        return fail_nothing(source->yaml, pair->value);
    return read_cleaning(source->yaml, pairs, key);
}

/* ---- subjects ---- */

const char *const sol_region_subject_keys[] = {"cascade", "scale", "smallest", "neighbours", "every", NULL};

/* The cascade's path, and whether it is one. */
static int read_cascade(const SolRegionSource *source, const SolYamlPair *subject, const SolYamlPair *pair,
                        SolFace *face)
{
    SolPlace place = sol_yaml_place(source->yaml, pair->value ? pair->value : subject->value);
    SolCascade *cascade = NULL;
    int result;
    if (pair->value && (result = sol_region_find_file(source, pair, "cascade", &face->cascade)) != SOL_OK)
        return result;
    result = pair->value ? SOL_OK : sol_face_find_cascade(&face->cascade);
    if (result == SOL_OK)
        result = sol_cascade_load(&cascade, face->cascade);
    sol_cascade_close(&cascade);
    if (result == SOL_OK || result == SOL_ERR_NOMEM)
        return result;
    return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", place.file, place.line, place.column);
}

static int read_least(const SolYaml *yaml, const SolYamlPair *pair, SolFace *face)
{
    double pixels, share;
    const char *text = sol_yaml_scalar(pair);
    if (!pair->value)
        return SOL_OK;
    if (!text || !sol_parse_length(text, &pixels, &share) || pixels < 0 || share < 0 || pixels > 100000 || share > 1)
        return sol_yaml_fail_value(yaml, pair, "pixels (40) or percent of the frame's shorter side (8%)");
    face->smallest = pixels;
    face->smallest_share = share;
    return SOL_OK;
}

int sol_region_read_subject(SolRegion *region, SolRegionSource *source, const SolYamlNode *node,
                            const SolYamlPair *pair)
{
    const SolYaml *yaml = source->yaml;
    const char *subject = sol_yaml_scalar(pair);
    SolYamlPair cascade = sol_yaml_find(yaml, node, "cascade"), scale = sol_yaml_find(yaml, node, "scale");
    SolYamlPair smallest = sol_yaml_find(yaml, node, "smallest"), every = sol_yaml_find(yaml, node, "every");
    SolYamlPair neighbours = sol_yaml_find(yaml, node, "neighbours");
    SolFace *face;
    int result;
    if (!subject || strcmp(subject, "face") != 0)
        return sol_yaml_fail_value(yaml, pair, "face");
    if (!(face = sol_calloc(1, sizeof *face)))
        return sol_fail_memory("a finder of faces");
    *face = (SolFace){.scale = 1.2, .smallest_share = 0.08, .neighbours = 3, .every = 2};
    region->kind = &sol_region_face;
    region->what = face;
    if ((result = sol_yaml_number(yaml, &scale, 0.1, 10, &face->scale)) != SOL_OK ||
        (result = read_least(yaml, &smallest, face)) != SOL_OK ||
        (result = sol_yaml_int(yaml, &neighbours, 1, 100, &face->neighbours)) != SOL_OK ||
        (result = sol_yaml_int(yaml, &every, 1, 100, &face->every)) != SOL_OK)
        return result;
    return read_cascade(source, pair, &cascade, face);
}

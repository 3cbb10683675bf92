/* SPDX-License-Identifier: Apache-2.0
 *
 * From "region: {..}" to a region. Its kind is the one key of the mapping that names one; a table tells who reads what
 * stands there. The other keys say what becomes of the edge, and are the same for all.
 */
#include "schedule/region.h"

#include "base/file.h"
#include "base/memory.h"
#include "media/sequence.h"
#include "region/mask_file.h"
#include "region/shapes.h"
#include "schedule/region_key.h"
#include "schedule/track.h"
#include "schedule/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 16, MAX_NODES = 256, MAX_PIXELS = 100000, MAX_SHARE = 10, MAX_NUMBERS = 4 };

/* ---- lengths ---- */

static int read_length(const SolYaml *yaml, const SolYamlPair *pair, const char *wanted, bool positive, double *length)
{
    const char *text = sol_yaml_scalar(pair);
    if (!text || !sol_parse_length(text, &length[0], &length[1]))
        return sol_yaml_fail_value(yaml, pair, wanted);
    if (fabs(length[0]) > MAX_PIXELS || fabs(length[1]) > MAX_SHARE)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%.20s is too far; a length is at most %d pixels or %d%%",
                           text, (int)MAX_PIXELS, 100 * MAX_SHARE);
    if (positive && (length[0] < 0 || length[1] < 0))
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%.20s is less than nothing; it must be 0 or more", text);
    return SOL_OK;
}

/* How the list of numbers of a shape looks. */
typedef struct List {
    const char *wanted;
    int least, most;
    int sizes; /* from this one on, numbers are sizes: none is less than 0 */
} List;

static int read_list(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[])
{
    const List *list = context;
    int count = 0, result;
    if (!sol_yaml_is_sequence(pair->value))
        return sol_yaml_fail_value(yaml, pair, list->wanted);
    if ((result = sol_yaml_sequence(yaml, pair, &count)) != SOL_OK)
        return result;
    if (count < list->least || count > list->most)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "\"%s\" must be %s, and here %s %d", sol_yaml_key(pair),
                           list->wanted, count == 1 ? "is" : "are", count);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair item = {pair->key, sol_yaml_item(yaml, pair, i)};
        result = read_length(yaml, &item, list->wanted, i >= list->sizes, values + i * SOL_LENGTH);
    }
    for (int i = count; i < list->most && result == SOL_OK; i++) /* an ellipse's second radius */
        memcpy(values + i * SOL_LENGTH, values + (count - 1) * SOL_LENGTH, SOL_LENGTH * sizeof *values);
    return result;
}

static int read_corners(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[])
{
    static const List corner = {"corners [x, y], each in pixels (300) or percent (50%)", 2, 2, 2};
    int corners = *(const int *)context, count = 0, result = sol_yaml_sequence(yaml, pair, &count);
    List wanted = corner;
    if (result != SOL_OK)
        return result;
    if (count != corners)
        return sol_fail_at(sol_yaml_place(yaml, pair->value),
                           "%d corners, but %d at the first place; give as many at every place", count, corners);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair item = {pair->key, sol_yaml_item(yaml, pair, i)};
        result = read_list(&wanted, yaml, &item, values + 2 * i * SOL_LENGTH);
    }
    return result;
}

/* Lengths that go by the shorter side. */
#define DISTANCE "pixels (12) or percent of the shorter side (3%)"

static int read_distance(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[])
{
    (void)context;
    return read_length(yaml, pair, DISTANCE, false, values);
}

static int read_width(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[])
{
    (void)context;
    return read_length(yaml, pair, DISTANCE, true, values);
}

/* ---- kinds ---- */

static int start_shape(SolRegion *region, const SolRegionKind *kind, SolShape **shape)
{
    int result = sol_shape_create(shape);
    if (result == SOL_OK) {
        region->kind = kind;
        region->what = *shape;
    }
    return result;
}

static int read_shape(SolRegion *region, const SolRegionSource *source, const SolYamlPair *pair,
                      const SolRegionKind *kind, List list)
{
    SolShape *shape;
    int result = start_shape(region, kind, &shape);
    if (result == SOL_OK)
        result = sol_track_read_values(&shape->at, source->yaml, pair, list.most * SOL_LENGTH, read_list, &list);
    return result;
}

static int read_rect(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    (void)node;
    return read_shape(region, source, pair, &sol_region_rect,
                      (List){"[x, y, width, height], each in pixels (300) or percent (50%)", 4, 4, 2});
}

static int read_ellipse(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    (void)node;
    return read_shape(
        region, source, pair, &sol_region_ellipse,
        (List){"[x, y, radius] or [x, y, radius, radius], each in pixels (300) or percent (50%)", 3, 4, 2});
}

static int read_polygon(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    SolYamlPair first = {pair->key, sol_track_first(source->yaml, pair)};
    SolShape *shape;
    int corners = 0, result = sol_yaml_sequence(source->yaml, &first, &corners);
    (void)node;
    if (result != SOL_OK)
        return result;
    if (first.value && (corners < SOL_POLYGON_LEAST || corners > SOL_POLYGON_MOST))
        return sol_fail_at(sol_yaml_place(source->yaml, first.value), "a polygon of %d corner%s; give %d to %d",
                           corners, corners == 1 ? "" : "s", SOL_POLYGON_LEAST, SOL_POLYGON_MOST);
    if (!first.value)
        corners = SOL_POLYGON_LEAST; /* what is wrong is found on the way */
    if ((result = start_shape(region, &sol_region_polygon, &shape)) != SOL_OK)
        return result;
    return sol_track_read_values(&shape->at, source->yaml, pair, 2 * corners * SOL_LENGTH, read_corners, &corners);
}

/* Numbered images that are in order; or why they are not, at a place. */
static int check_numbered(SolPlace place, const char *path)
{
    SolSequence sequence = {0};
    int result = sol_sequence_find(&sequence, path, false);
    if (result == SOL_ERR_FORMAT && sol_sequence_find(&sequence, path, true) == SOL_OK)
        result = sol_fail(SOL_ERR_FORMAT,
                          "%s lacks some images between its first and its last; a mask needs one for every frame",
                          path);
    sol_sequence_clear(&sequence);
    if (result == SOL_OK || result == SOL_ERR_NOMEM)
        return result;
    return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", place.file, place.line, place.column);
}

int sol_region_find_file(const SolRegionSource *source, const SolYamlPair *pair, const char *what, char **out)
{
    const char *text = NULL;
    char *path = NULL;
    SolPlace place = sol_yaml_place(source->yaml, pair->value);
    struct stat status;
    int result = sol_yaml_text(source->yaml, pair, &text);
    if (result != SOL_OK)
        return result;
    if (!(path = sol_path_join(source->folder, text)))
        return sol_fail_memory("the schedule");
    if (sol_sequence_takes(path))
        result = check_numbered(place, path);
    else if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        result = sol_fail_path_at(place, what, path);
    else if (!S_ISREG(status.st_mode))
        result = sol_fail_at(place, "%s %s is not a file", what, path);
    if (result == SOL_OK)
        *out = path;
    else
        free(path);
    return result;
}

static int read_mask(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    SolMaskFile *file;
    int result = sol_mask_file_create(&file);
    (void)node;
    if (result != SOL_OK)
        return result;
    region->kind = &sol_region_file;
    region->what = file;
    return sol_region_find_file(source, pair, "mask", &file->path);
}

static int read_node(SolRegion **region, SolRegionSource *source, const SolYamlNode *node);

static int add_part(SolRegion *region, SolRegionSource *source, const SolYamlNode *node)
{
    SolRegion *part = NULL;
    int result = read_node(&part, source, node);
    if (result == SOL_OK)
        result = sol_region_add(region, &part);
    sol_region_close(&part);
    return result;
}

static int read_parts(SolRegion *region, SolRegionSource *source, const SolYamlPair *pair, const SolRegionKind *kind)
{
    int count = 0, result;
    region->kind = kind;
    if (!sol_yaml_is_sequence(pair->value))
        return sol_yaml_fail_value(source->yaml, pair, "a list of regions");
    result = sol_yaml_sequence(source->yaml, pair, &count);
    for (int i = 0; i < count && result == SOL_OK; i++)
        result = add_part(region, source, sol_yaml_item(source->yaml, pair, i));
    return result;
}

static int read_union(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    (void)node;
    return read_parts(region, source, pair, &sol_region_union);
}

static int read_difference(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    (void)node;
    return read_parts(region, source, pair, &sol_region_difference);
}

static int read_intersection(SolRegion *region, SolRegionSource *source, const SolYamlNode *node,
                             const SolYamlPair *pair)
{
    (void)node;
    return read_parts(region, source, pair, &sol_region_intersection);
}

static int read_outside(SolRegion *region, SolRegionSource *source, const SolYamlNode *node, const SolYamlPair *pair)
{
    (void)node;
    region->kind = &sol_region_outside;
    return add_part(region, source, pair->value);
}

/* ---- the table ---- */

/* A key that says of which kind a region is. */
typedef struct Kind {
    const char *key;
    SolRegionReader read;
    const char *const *keys; /* further ones that go with it, NULL-terminated; NULL: none */
} Kind;

static const Kind kinds[] = {
    {"rect", read_rect, NULL},
    {"ellipse", read_ellipse, NULL},
    {"polygon", read_polygon, NULL},
    {"mask", read_mask, NULL},
    {"key", sol_region_read_key, NULL},
    {"subject", sol_region_read_subject, sol_region_subject_keys},
    {"union", read_union, NULL},
    {"difference", read_difference, NULL},
    {"intersection", read_intersection, NULL},
    {"outside", read_outside, NULL},
};

enum { KINDS = sizeof kinds / sizeof *kinds, MAX_KEYS = 64 };
enum { FEATHER, GROW, INVERT, OPACITY, COMMON }; /* keys that go with every kind */

/* "rect, ellipse, .. or outside". */
static const char *list_kinds(char *text, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < KINDS && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", i == 0 ? "" : i == KINDS - 1 ? " or " : ", ",
                               kinds[i].key);
    return text;
}

/* All keys that a region may have: the kinds', the common ones as in their enum, and those of single kinds. */
static void list_keys(const char *keys[MAX_KEYS])
{
    static const char *const common[COMMON] = {"feather", "grow", "invert", "opacity"};
    int count = 0;
    for (int i = 0; i < KINDS; i++)
        keys[count++] = kinds[i].key;
    for (int i = 0; i < COMMON; i++)
        keys[count++] = common[i];
    for (int i = 0; i < KINDS; i++)
        for (int k = 0; kinds[i].keys && kinds[i].keys[k]; k++)
            keys[count++] = kinds[i].keys[k];
    keys[count] = NULL;
}

/* Fails where a key is there that goes with another kind. */
static int check_company(const SolYaml *yaml, const Kind *kind, const SolYamlPair further[])
{
    for (int i = 0; i < KINDS; i++)
        for (int k = 0; kinds[i].keys && kinds[i].keys[k]; k++, further++)
            if (further->key && &kinds[i] != kind)
                return sol_fail_at(sol_yaml_place(yaml, further->key), "\"%s\" goes with \"%s\", not with \"%s\"",
                                   kinds[i].keys[k], kinds[i].key, kind->key);
    return SOL_OK;
}

/* The one kind that a region names. */
static int find_kind(const SolYaml *yaml, const SolYamlNode *node, const SolYamlPair pairs[], const Kind **kind)
{
    const SolYamlPair *found = NULL;
    char text[256];
    for (int i = 0; i < KINDS; i++) {
        if (!pairs[i].key)
            continue;
        if (found)
            return sol_fail_at(sol_yaml_place(yaml, pairs[i].key), "\"%s\" beside \"%s\"; a region is one of them, and "
                               "\"union\" or \"intersection\" joins several", kinds[i].key, (*kind)->key);
        found = &pairs[i];
        *kind = &kinds[i];
    }
    if (!found)
        return sol_fail_at(sol_yaml_place(yaml, node), "this region says nothing of what it selects; give %s",
                           list_kinds(text, sizeof text));
    return check_company(yaml, *kind, pairs + KINDS + COMMON);
}

static int read_common(SolRegion *region, const SolYaml *yaml, const SolYamlPair pairs[COMMON])
{
    int result = sol_track_read_values(&region->feather, yaml, &pairs[FEATHER], SOL_LENGTH, read_width, NULL);
    if (result == SOL_OK)
        result = sol_track_read_values(&region->grow, yaml, &pairs[GROW], SOL_LENGTH, read_distance, NULL);
    if (result == SOL_OK)
        result = sol_yaml_choice(yaml, &pairs[INVERT], "yes", "no", &region->invert);
    if (result == SOL_OK)
        result = sol_track_read(&region->opacity, yaml, &pairs[OPACITY], 0, 1);
    return result;
}

/* ---- the whole ---- */

/* Aliases let a short file describe a tree that never ends. */
static int check_size(const SolRegionSource *source, const SolYamlNode *node)
{
    SolPlace place = sol_yaml_place(source->yaml, node);
    if (source->depth > MAX_DEPTH)
        return sol_fail_at(place, "regions nested deeper than %d", (int)MAX_DEPTH);
    if (source->count > MAX_NODES)
        return sol_fail_at(place, "a region of more than %d parts", (int)MAX_NODES);
    return SOL_OK;
}

static int read_node(SolRegion **out, SolRegionSource *source, const SolYamlNode *node)
{
    const char *keys[MAX_KEYS];
    SolYamlPair pairs[MAX_KEYS];
    const Kind *kind = NULL;
    SolRegion *region = NULL;
    int result;
    list_keys(keys);
    source->depth++;
    source->count++;
    if ((result = check_size(source, node)) == SOL_OK &&
        (result = sol_yaml_mapping(source->yaml, node, "a region", keys, pairs)) == SOL_OK &&
        (result = find_kind(source->yaml, node, pairs, &kind)) == SOL_OK &&
        (result = sol_region_create(&region)) == SOL_OK &&
        (result = kind->read(region, source, node, &pairs[kind - kinds])) == SOL_OK)
        result = read_common(region, source->yaml, pairs + KINDS);
    source->depth--;
    if (result == SOL_OK)
        *out = region;
    else
        sol_region_close(&region);
    return result;
}

int sol_region_read(SolRegion **region, const SolYaml *yaml, const SolYamlPair *pair, const char *folder)
{
    SolRegionSource source = {.yaml = yaml, .folder = folder};
    return pair->value ? read_node(region, &source, pair->value) : SOL_OK;
}

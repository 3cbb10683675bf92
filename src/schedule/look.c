/* SPDX-License-Identifier: Apache-2.0
 *
 * From "style: ..", "model: .." and their like to how frames are painted.
 */
#include "schedule/look.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <solstice/model.h>
#include <solstice/style.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_STYLES = 64, MAX_LEVELS = 16 };

/* The text of the error in force, at a place. */
static int place_error(SolPlace place)
{
    return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", place.file, place.line, place.column);
}

/* ---- method and colour ---- */

static int read_method(const SolYaml *yaml, const SolYamlPair *pair, const char **method)
{
    int result = sol_yaml_text(yaml, pair, method);
    if (result != SOL_OK || !pair->value || (result = sol_engine_check_method(*method)) == SOL_OK)
        return result;
    return result == SOL_ERR_NOMEM ? result : place_error(sol_yaml_place(yaml, pair->value));
}

static int read_color(const SolYaml *yaml, const SolYamlPair *pair, SolColor *color)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_color_find(text, color)))
        return sol_yaml_fail_value(yaml, pair, "style, content or luminance");
    return SOL_OK;
}

int sol_look_source(SolLookSource *source, const SolYamlNode *root, const SolLookKeys *keys)
{
    const SolScheduleOptions *options = source->options;
    int result;
    source->place = sol_yaml_place(source->yaml, keys->model.value ? keys->model.value : root);
    if ((result = sol_yaml_text(source->yaml, &keys->model, &source->model)) ||
        (result = read_method(source->yaml, &keys->method, &source->method)) ||
        (result = read_color(source->yaml, &keys->color, &source->color)))
        return result;
    if (options->method && (result = sol_engine_check_method(options->method)) != SOL_OK)
        return result;
    if (options->model)
        source->model = options->model;
    source->model_is_given = options->model != NULL;
    source->levels = keys->levels;
    if (options->method)
        source->method = options->method;
    if (options->color)
        source->color = *options->color;
    return SOL_OK;
}

/* ---- style ---- */

/* The path of a style image that is there. */
static int find_image(const SolLookSource *source, SolPlace place, const char *text, char **path)
{
    struct stat status;
    if (!(*path = sol_path_join(source->folder, text)))
        return sol_fail_memory("the schedule");
    if (stat(*path, &status) != 0)
        return sol_fail_path_at(place, "style", *path);
    if (!S_ISREG(status.st_mode))
        return sol_fail_at(place, "style %s is %s; name an image file", *path,
                           S_ISDIR(status.st_mode) ? "a folder" : "not a file");
    return access(*path, R_OK) == 0 ? SOL_OK : sol_fail_path_at(place, "style", *path);
}

/* What a look owns. */
typedef struct Owned {
    SolLook look; /* first, so that a look is its Owned */
    char *model, *method;
    char *styles[MAX_STYLES];
    float weights[MAX_STYLES];
    double levels[MAX_LEVELS];
    SolOptimise *optimise;
} Owned;

static int read_styles(const SolLookSource *source, const SolYamlPair *pair, Owned *owned)
{
    const SolYaml *yaml = source->yaml;
    SolLook *look = &owned->look;
    int count = 0, result;
    bool list = pair->value && !sol_yaml_scalar(pair);
    if (!pair->value)
        return SOL_OK;
    if (list && ((result = sol_yaml_sequence(yaml, pair, &count)) != SOL_OK))
        return sol_yaml_fail_value(yaml, pair, "an image, or a list of images to blend");
    if (list && count > MAX_STYLES)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%d styles; at most %d can be blended", count,
                           (int)MAX_STYLES);
    for (int i = 0; i < (list ? count : 1); i++) {
        SolYamlPair item = {pair->key, list ? sol_yaml_item(yaml, pair, i) : pair->value};
        const char *text = NULL;
        result = sol_yaml_text(yaml, &item, &text);
        if (result != SOL_OK)
            return result;
        look->style_count = i + 1; /* what is half read is freed, too */
        result = find_image(source, sol_yaml_place(yaml, item.value), text, &owned->styles[i]);
        if (result != SOL_OK)
            return result;
    }
    look->styles = (const char *const *)owned->styles;
    look->weights = owned->weights;
    return SOL_OK;
}

/* The weights of the styles, made to sum to 1. */
static int read_weights(const SolLookSource *source, const SolYamlPair *pair, Owned *owned)
{
    const SolYaml *yaml = source->yaml;
    int styles = owned->look.style_count, count = 0, result;
    double sum = 0;
    if (pair->value && (result = sol_yaml_sequence(yaml, pair, &count)) != SOL_OK)
        return result;
    if (pair->value && count != styles)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%d weight%s for %d style%s; give one for each", count,
                           count == 1 ? "" : "s", styles, styles == 1 ? "" : "s");
    for (int i = 0; i < styles; i++) {
        double weight = 1;
        SolYamlPair item = {pair->key, pair->value ? sol_yaml_item(yaml, pair, i) : NULL};
        if (pair->value && (result = sol_yaml_number(yaml, &item, 0, 1e6, &weight)) != SOL_OK)
            return result;
        owned->weights[i] = (float)weight;
        sum += weight;
    }
    if (styles > 0 && !(sum > 0))
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "all weights are 0; one of them must be more");
    for (int i = 0; i < styles; i++)
        owned->weights[i] = (float)(owned->weights[i] / sum);
    return SOL_OK;
}

/* How strong the levels of a model are that has several. */
static int read_levels(const SolLookSource *source, const SolYamlPair *pair, Owned *owned)
{
    int count = 0, result;
    if (!pair->value)
        return SOL_OK;
    if ((result = sol_yaml_sequence(source->yaml, pair, &count)) != SOL_OK)
        return result;
    if (count > MAX_LEVELS)
        return sol_fail_at(sol_yaml_place(source->yaml, pair->value), "%d levels; no model has more than %d", count,
                           (int)MAX_LEVELS);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair item = {pair->key, sol_yaml_item(source->yaml, pair, i)};
        result = sol_yaml_number(source->yaml, &item, 0, 1, &owned->levels[i]);
    }
    owned->look.levels = owned->levels;
    owned->look.level_count = count;
    return result;
}

/* ---- model ---- */

static int find_model(const SolLookSource *source, const SolYamlPair *pair, Owned *owned)
{
    const char *name = source->model, *const *folders = source->options->model_folders;
    bool given = !pair->value && source->model_is_given;
    SolPlace place = pair->value ? sol_yaml_place(source->yaml, pair->value) : source->place;
    int result = sol_yaml_text(source->yaml, pair, &name);
    if (result != SOL_OK)
        return result;
    result = name ? sol_model_find(&owned->model, name, given ? NULL : source->folder, folders)
                  : sol_model_find_for(&owned->model, owned->method, folders);
    if (result == SOL_OK || result == SOL_ERR_NOMEM)
        return result;
    return given ? sol_fail(SOL_ERR_ARGUMENT, "%s", sol_error_text()) : place_error(place);
}

/* ---- the whole ---- */

/* Whether a segment's frames are left as they are; or why "style" is missing. */
static int check_style(const SolLookSource *source, const char *label, const SolYamlNode *node,
                       const SolLookKeys *keys, const char *method, bool *none)
{
    const char *text = keys->style.value ? sol_yaml_scalar(&keys->style) : NULL;
    bool own_style = keys->model.value || (method && strcmp(method, "transform") == 0);
    *none = text && strcmp(text, "none") == 0;
    if (!keys->style.key && !own_style)
        return sol_fail_at(sol_yaml_place(source->yaml, node), "%s has no \"style\"; name an image, or none", label);
    if (keys->style.key && sol_yaml_is_null(keys->style.value))
        return sol_fail_at(sol_yaml_place(source->yaml, keys->style.value),
                           "\"style\" is empty; name an image, or write none to leave the frames untouched");
    return SOL_OK;
}

int sol_look_read(SolLook **look, const SolLookSource *source, const char *label, const SolYamlNode *node,
                  const SolLookKeys *keys)
{
    Owned *owned;
    SolLook *made;
    const char *method = source->method;
    bool none = false;
    int result = read_method(source->yaml, &keys->method, &method);
    if (result == SOL_OK)
        result = check_style(source, label, node, keys, method, &none);
    if (result != SOL_OK || none)
        return result;
    owned = sol_calloc(1, sizeof *owned);
    if (!owned)
        return sol_fail_memory("the schedule");
    made = &owned->look;
    made->color = source->color;
    made->optimise = source->optimise ? &source->optimise->options : NULL;
    if (method && !(owned->method = sol_copy(method)))
        result = sol_fail_memory("the schedule");
    if (result == SOL_OK && (result = read_styles(source, &keys->style, owned)) == SOL_OK &&
        (result = read_weights(source, &keys->weights, owned)) == SOL_OK &&
        (result = read_levels(source, keys->levels.value ? &keys->levels : &source->levels, owned)) == SOL_OK &&
        (result = sol_optimise_read(&owned->optimise, source->yaml, &keys->gatys, source->optimise)) == SOL_OK &&
        (result = read_color(source->yaml, &keys->color, &made->color)) == SOL_OK)
        result = find_model(source, &keys->model, owned);
    if (result == SOL_OK && made->color == SOL_COLOR_CONTENT && made->style_count == 0)
        result = sol_fail_at(sol_yaml_place(source->yaml, node),
                             "%s: \"color: content\" moves the colours of a style image, and there is none; write "
                             "\"color: luminance\"", label);
    if (result != SOL_OK) {
        sol_look_close(&made);
        return result;
    }
    made->model = owned->model;
    made->method = owned->method;
    if (owned->optimise)
        made->optimise = &owned->optimise->options;
    *look = made;
    return SOL_OK;
}

void sol_look_close(SolLook **look)
{
    Owned *owned = (Owned *)*look;
    if (!owned)
        return;
    for (int i = 0; i < owned->look.style_count; i++)
        free(owned->styles[i]);
    free(owned->model);
    free(owned->method);
    sol_optimise_close(&owned->optimise);
    sol_free(owned);
    *look = NULL;
}

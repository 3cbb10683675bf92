/* SPDX-License-Identifier: Apache-2.0
 *
 * How a stretch is painted, in words.
 */
#include <solstice/schedule.h>

#include "base/error.h"
#include "base/file.h"
#include "base/track.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text in the making, which ends where there is no more room. */
typedef struct Words {
    char *text;
    size_t size;
    bool paths; /* files with their folders */
} Words;

static void append(Words *words, const char *format, ...) SOL_PRINTF(2, 3);

static void append(Words *words, const char *format, ...)
{
    size_t used = strlen(words->text);
    va_list args;
    va_start(args, format);
    vsnprintf(words->text + used, words->size - used, format, args);
    va_end(args);
}

static const char *name_of(const Words *words, const char *path)
{
    return words->paths ? path : sol_path_name(path);
}

/* "a.jpg", "0.7 a.jpg + 0.3 b.jpg", "la_muse.safetensors". */
static void describe_look(Words *words, const SolLook *look)
{
    for (int i = 0; i < look->style_count; i++) {
        append(words, "%s", i ? " + " : "");
        if (look->style_count > 1)
            append(words, "%.3g ", (double)look->weights[i]);
        append(words, "%s", name_of(words, look->styles[i]));
    }
    if (look->style_count == 0)
        append(words, "%s", name_of(words, look->model));
    if (look->method)
        append(words, ", %s", look->method);
    if (look->color != SOL_COLOR_STYLE)
        append(words, ", color %s", sol_color_name(look->color));
}

static void describe_layer(Words *words, const SolStretch *stretch, int k)
{
    const SolPaintLayer *layer = &stretch->layers[k];
    double first, last;
    if (layer->look)
        describe_look(words, layer->look);
    else
        append(words, "none");
    sol_stretch_strength(stretch, k, &first, &last);
    if (first < last || first > last)
        append(words, ", strength %g to %g", first, last);
    else if (first < 1)
        append(words, ", strength %g", first);
    if (layer->region)
        append(words, layer->own_statistics ? ", in a region by its own statistics" : ", in a region");
}

void sol_stretch_describe(const SolStretch *stretch, bool paths, char *text, size_t size)
{
    Words words = {text, size, paths};
    text[0] = '\0';
    for (int k = 0; k < stretch->layer_count; k++) {
        append(&words, "%s", k ? "; " : "");
        describe_layer(&words, stretch, k);
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts of schedules: text that docs/schedule.md explains, with the clip's own numbers filled in.
 */
#include "cli/draft.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- YAML ---- */

/* True where a text can stand as it is, in a list on one line too. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "none", "y", "n"};
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return (strchr(letters, *text) || *text == '/' || strncmp(text, "../", 3) == 0) &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-")] == '\0';
}

/* Writes a text as a YAML scalar, in single quotes where it needs them. */
static void put_text(FILE *stream, const char *text)
{
    if (is_plain(text)) {
        fputs(text, stream);
        return;
    }
    fputc('\'', stream);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', stream);
        fputc(*text, stream);
    }
    fputc('\'', stream);
}

/* A schedule is UTF-8, and its texts are one line. */
static int check_text(const char *text)
{
    json_t *json = json_string(text); /* jansson takes UTF-8 alone */
    bool sound = json != NULL;
    json_decref(json);
    for (const char *c = text; *c; c++)
        sound = sound && (unsigned char)*c >= ' ' && *c != 127;
    return sound ? SOL_OK
                 : sol_fail(SOL_ERR_ARGUMENT, "%s: a schedule cannot hold this name: it is not UTF-8, or has a line "
                                              "break or another control character in it; rename the file", text);
}

/* ---- segments ---- */

/* The first frame of segment `i`: halves rounded up, as shares are. */
static int64_t boundary(const Draft *draft, int i)
{
    return (int64_t)floor((double)draft->frames * i / draft->segments + 0.5);
}

/* The longest transition that all segments have room for (docs/schedule.md, "Transitions"). */
static int64_t longest_transition(const Draft *draft)
{
    int64_t most = INT32_MAX;
    for (int i = 0; i < draft->segments && draft->segments > 1; i++) {
        int64_t length = boundary(draft, i + 1) - boundary(draft, i);
        int64_t fits = i == 0 ? 2 * length + 1 : i == draft->segments - 1 ? 2 * length : length;
        most = fits < most ? fits : most;
    }
    return draft->segments > 1 ? most : 0;
}

/* Half a second, at most half of the room. */
static int64_t suitable_transition(const Draft *draft)
{
    double half = draft->seconds > 0 ? (double)draft->frames / draft->seconds / 2 : 12;
    int64_t frames = (int64_t)(half + 0.5), most = longest_transition(draft) / 2;
    return frames < most ? frames : most;
}

/* "spring" of "styles/spring.jpg". */
static char *style_name(const char *style)
{
    const char *name = sol_path_name(style), *extension = sol_path_extension(style);
    int length = (int)strlen(name) - (*extension ? (int)strlen(extension) + 1 : 0);
    return length > 0 ? sol_format("%.*s", length, name) : sol_copy("segment");
}

static bool is_taken(char *const names[], int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* A name for segment `i`, other than those before it. */
static char *segment_name(const Draft *draft, char *const names[], int i)
{
    static const char *const seasons[] = {"spring", "summer", "autumn", "winter"};
    char *stem, *name;
    if (!draft->styles)
        return draft->segments == 4 ? sol_copy(seasons[i]) : sol_format("part-%d", i + 1);
    stem = style_name(draft->styles[i]);
    name = sol_copy(stem);
    for (int n = 2; stem && name && is_taken(names, i, name); n++) {
        free(name);
        name = sol_format("%s (%d)", stem, n);
    }
    free(stem);
    return name;
}

/* Four digits behind the point; the last share is what the others leave, so that they come to 100%. */
static void put_share(FILE *stream, const Draft *draft, int number)
{
    double each = floor(1e6 / draft->segments) / 1e4;
    double share = number < draft->segments - 1 ? each : 100 - each * (draft->segments - 1);
    fprintf(stream, "%.6g%%", share);
}

static int put_segment(FILE *stream, const Draft *draft, const char *name, int number)
{
    const char *margin = draft->commented ? "#" : " ";
    char *style = draft->styles ? sol_copy(draft->styles[number]) : sol_format("styles/%s.jpg", name);
    if (!style)
        return sol_fail_memory("the schedule");
    fprintf(stream, "%s - name: ", margin);
    put_text(stream, name);
    fprintf(stream, "\n%s   ", margin);
    if (draft->by_share) {
        fputs("share: ", stream);
        put_share(stream, draft, number);
    } else {
        fprintf(stream, "frames: %lld-%lld", (long long)boundary(draft, number),
                (long long)boundary(draft, number + 1) - 1);
    }
    fprintf(stream, "\n%s   style: ", margin);
    put_text(stream, style);
    if (number == 0 && !draft->styles)
        fputs("   # any image", stream);
    fputc('\n', stream);
    free(style);
    return SOL_OK;
}

static int put_segments(FILE *stream, const Draft *draft)
{
    char **names = sol_calloc((size_t)draft->segments, sizeof *names);
    int result = names ? SOL_OK : sol_fail_memory("the schedule");
    fputs("# Which frames are painted in which style; frames are counted from 0. A segment may also have\n"
          "# \"strength: 0.7\" (0 to 1), \"color: content\" or \"luminance\" to keep the clip's colours, a\n"
          "# \"model\" of its own, or a list of styles, which are blended.\n"
          "segments:\n",
          stream);
    if (draft->commented)
        fprintf(stream, "  - name: untouched       # as it is; put the segments below in place of this one\n"
                        "    frames: 0-%lld\n    style: none\n",
                (long long)draft->frames - 1);
    for (int i = 0; i < draft->segments && result == SOL_OK; i++)
        result = (names[i] = segment_name(draft, names, i)) ? put_segment(stream, draft, names[i], i)
                                                            : sol_fail_memory("the schedule");
    for (int i = 0; names && i < draft->segments; i++)
        free(names[i]);
    sol_free(names);
    return result;
}

/* ---- the rest ---- */

/* "clip" of "some/clip.mp4", "frames" of "frames/%d.png", for the outputs' names. */
static char *output_name(const char *input)
{
    char *folder = NULL, *result;
    const char *name = sol_path_name(input), *dot;
    if (strchr(name, '%')) {
        folder = sol_path_folder(input);
        name = folder ? sol_path_name(folder) : "";
    }
    dot = strrchr(name, '.');
    result = sol_format("%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
    free(folder);
    if (result && (!*result || strcmp(result, ".") == 0 || strcmp(result, "..") == 0)) {
        free(result);
        result = sol_copy("film");
    }
    return result;
}

static int put_outputs(FILE *stream, const Draft *draft)
{
    char *name = output_name(draft->input), *film, *gif;
    film = sol_format("out/%s-painted.mp4", name ? name : "");
    gif = sol_format("out/%s-painted.gif", name ? name : "");
    if (name && film && gif) {
        fputs("# What is made, in the folder where \"solstice render\" is run: a film, and a GIF.\n"
              "outputs:\n  - path: ", stream);
        put_text(stream, film);
        fputs("\n    crf: 18             # quality: less is better and larger, 0 to 51\n  - path: ", stream);
        put_text(stream, gif);
        fputs(draft->info->out_width > 480 ? "\n    width: 480\n    fps: 15\n" : "\n    fps: 15\n", stream);
    }
    free(film);
    free(gif);
    free(name);
    return name && film && gif ? SOL_OK : sol_fail_memory("the schedule");
}

static void put_head(FILE *stream, const Draft *draft)
{
    const SolVideoInfo *info = draft->info;
    fprintf(stream,
            "# %lld frames, %.3f seconds, %dx%d pixels.\n"
            "#\n"
            "#   solstice check FILE     finds mistakes in this file, or prints its timeline\n"
            "#   solstice render FILE    makes the film\n"
            "#\n"
            "# solstice-schedule(5), or docs/schedule.md, tells every key.\n"
            "version: 1\ninput: ",
            (long long)draft->frames, draft->seconds, info->out_width, info->out_height);
    put_text(stream, draft->input);
    fputc('\n', stream);
    if (strcmp(info->format, "images") == 0)
        fprintf(stream, "framerate: %d/%d         # frames a second\n", info->frame_rate.num, info->frame_rate.den);
    fprintf(stream, "# size: 480               # paint with so many pixels on the shorter side; now %d\n\n",
            info->out_width < info->out_height ? info->out_width : info->out_height);
}

/* Checks what can be wrong before anything is written. */
static int check(const Draft *draft, int64_t transition)
{
    int result = check_text(draft->input);
    for (int i = 0; i < draft->segments && draft->styles && result == SOL_OK; i++)
        result = check_text(draft->styles[i]);
    if (result != SOL_OK)
        return result;
    if (draft->frames < draft->segments)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: has %lld frame%s, too few for %d segments", draft->input,
                        (long long)draft->frames, draft->frames == 1 ? "" : "s", draft->segments);
    if (draft->segments > 1 && transition > longest_transition(draft))
        return sol_fail(SOL_ERR_ARGUMENT, "a transition of %lld frames is longer than %d segments of %lld frames have "
                        "room for; at most %lld", (long long)transition, draft->segments, (long long)draft->frames,
                        (long long)longest_transition(draft));
    return SOL_OK;
}

int write_draft(FILE *stream, const Draft *draft)
{
    int64_t transition = draft->transition >= 0 ? draft->transition : suitable_transition(draft);
    int result = check(draft, transition);
    if (result != SOL_OK)
        return result;
    put_head(stream, draft);
    result = put_segments(stream, draft);
    if (result != SOL_OK)
        return result;
    fprintf(stream, "\n# Frames over which one style passes into the next.\ntransition: %lld\n\n",
            draft->segments > 1 ? (long long)transition : 0);
    return put_outputs(stream, draft);
}

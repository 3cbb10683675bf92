/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule's input: one path, or several that follow each other; a device or a filter graph by its format. What can
 * be read only once (standard input, a device) is put into a temporary file when the input is first opened.
 */
#include "schedule/input.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"
#include "media/capture.h"
#include "media/formats.h"
#include "media/sequence.h"
#include "media/spool.h"
#include "schedule/pieces.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_INPUTS = 1000 };

/* ---- reading the keys ---- */

/* Refuses an input that is not there: for a pattern of numbered images, its folder. */
static int check_present(const SolYaml *yaml, const SolYamlNode *node, const char *path)
{
    const char *what = "input";
    char *folder = NULL;
    int result = SOL_OK;
    if (sol_is_standard_input(path))
        return SOL_OK;
    if (sol_sequence_takes(path) && !sol_path_is_folder(path)) {
        if (!(folder = sol_path_folder(path)))
            return sol_fail_memory("the schedule");
        what = "folder";
        path = *folder ? folder : ".";
    }
    if (access(path, R_OK) != 0)
        result = sol_fail_path_at(sol_yaml_place(yaml, node), what, path);
    free(folder);
    return result;
}

/* One path; that of a device is not one of files. */
static int read_path(SolInput *input, const SolYaml *yaml, const char *folder, const SolYamlPair *pair)
{
    const char *text = NULL;
    char *path;
    int result = sol_yaml_text(yaml, pair, &text);
    if (result != SOL_OK)
        return result;
    path = input->device || sol_is_standard_input(text) ? sol_copy(text) : sol_path_join(folder, text);
    if (!path)
        return sol_fail_memory("the schedule");
    input->paths[input->count++] = path;
    if (input->device)
        return SOL_OK;
    input->numbered |= !input->format && sol_sequence_takes(path);
    return check_present(yaml, pair->value, path);
}

static int read_paths(SolInput *input, const SolYaml *yaml, const char *folder, const SolYamlPair *pair)
{
    int count = 1, result = SOL_OK, standard = 0;
    bool list = !sol_yaml_scalar(pair) && sol_yaml_sequence(yaml, pair, &count) == SOL_OK;
    if (count > MOST_INPUTS)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "%d inputs; at most %d can follow each other", count,
                           (int)MOST_INPUTS);
    input->paths = sol_calloc((size_t)count, sizeof *input->paths);
    input->then = sol_calloc((size_t)count, sizeof *input->then);
    if (!input->paths || !input->then)
        return sol_fail_memory("the schedule");
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolYamlPair item = {pair->key, list ? sol_yaml_item(yaml, pair, i) : pair->value};
        result = read_path(input, yaml, folder, &item);
        standard += result == SOL_OK && sol_is_standard_input(input->paths[i]);
        if (standard > 1)
            result = sol_fail_at(sol_yaml_place(yaml, item.value), "\"-\", standard input, can be read only once");
        if (result == SOL_OK && i > 0)
            input->then[i - 1] = input->paths[i];
    }
    return result;
}

/* The format's own name is kept, and whether it is a device. */
static int read_format(SolInput *input, const SolYaml *yaml, const SolInputKeys *keys)
{
    const AVInputFormat *format = NULL;
    SolPlace place;
    int result = sol_yaml_copy(yaml, &keys->format, &input->format);
    if (result != SOL_OK || !input->format)
        return result;
    place = sol_yaml_place(yaml, keys->format.value);
    if (!sol_yaml_scalar(&keys->input))
        return sol_fail_at(place, "\"format\" is for a single input, and there is a list; remove it");
    result = sol_input_format(&format, input->format);
    if (result != SOL_OK)
        return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", place.file, place.line, place.column);
    input->device = sol_input_is_device(format);
    return SOL_OK;
}

static int read_background(SolInput *input, const SolYaml *yaml, const SolYamlPair *pair)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_colour(text, input->background)))
        return sol_yaml_fail_value(yaml, pair, "a colour such as black, \"#ff8000\" or \"0xff8000\"");
    return SOL_OK;
}

int sol_input_read(SolInput *input, const SolYaml *yaml, const char *folder, const SolInputKeys *keys)
{
    const SolYamlPair *of_images[] = {&keys->framerate, &keys->gaps};
    static const char *const names[] = {"framerate", "gaps"};
    int result;
    memset(input->background, 255, sizeof input->background);
    input->place = sol_yaml_place(yaml, keys->input.value);
    if ((result = read_format(input, yaml, keys)) || (result = read_paths(input, yaml, folder, &keys->input)) ||
        (result = sol_yaml_rate(yaml, &keys->framerate,
                                "frames a second, from 0.01 to 1000, such as 25 or 30000/1001", &input->framerate)) ||
        (result = sol_yaml_choice(yaml, &keys->gaps, "skip", "error", &input->skip_gaps)) ||
        (result = read_background(input, yaml, &keys->background)))
        return result;
    for (int i = 0; i < 2 && !input->numbered && input->count == 1; i++)
        if (of_images[i]->key)
            return sol_fail_at(sol_yaml_place(yaml, of_images[i]->key),
                               "\"%s\" is for numbered images, and the input is a single file; remove it", names[i]);
    return SOL_OK;
}

/* ---- what is read ---- */

bool sol_input_has_file(const SolInput *input, const char *path)
{
    for (int i = 0; i < input->count; i++)
        if (!input->device && !sol_sequence_takes(input->paths[i]) && sol_path_is_same(path, input->paths[i]))
            return true;
    return false;
}

bool sol_input_has_folder_of(const SolInput *input, const char *path)
{
    char *to = sol_path_folder(path);
    bool same = false;
    for (int i = 0; to && i < input->count && !same; i++) {
        const char *own = input->paths[i];
        char *from;
        if (input->device || !sol_sequence_takes(own))
            continue;
        from = sol_path_is_folder(own) ? sol_copy(own) : sol_path_folder(own);
        same = from && sol_path_is_same(from, to);
        free(from);
    }
    free(to);
    return same;
}

/* ---- opening ---- */

/* Where the spool's file takes an input's place: -1 for none. */
static int spooled(const SolInput *input)
{
    for (int i = 0; i < input->count; i++)
        if (input->device || sol_is_standard_input(input->paths[i]))
            return i;
    return -1;
}

/* Reads what can be read only once, and puts its file in its place. */
static int spool(SolInput *input, int at, const SolVideoOptions *wishes)
{
    int result;
    char *path;
    if (input->device && input->shared)
        return sol_fail_at(input->place, "an input of the format \"%s\" may have no end; give all segments \"frames\" or "
                           "\"time\", which say how much of it is wanted, and not \"share\"", input->format);
    result = input->device ? sol_capture(&input->spool, input->paths[at], input->format, input->frames, input->seconds,
                                         wishes)
                           : sol_spool_standard_input(&input->spool, wishes);
    if (result != SOL_OK)
        return result;
    path = sol_copy(sol_spool_path(input->spool));
    if (!path)
        return sol_fail_memory("the schedule");
    free(input->paths[at]);
    input->paths[at] = path;
    if (at > 0)
        input->then[at - 1] = path;
    return SOL_OK;
}

int sol_input_open(SolInput *input, const SolVideoOptions *wishes, SolVideo **video)
{
    SolVideoOptions options = {.framerate = input->framerate,
                               .skip_gaps = input->skip_gaps,
                               .short_side = wishes->short_side,
                               .threads = wishes->threads,
                               .background = input->background,
                               .then = input->then,
                               .log = wishes->log,
                               .cancelled = wishes->cancelled,
                               .user = wishes->user};
    int at = input->spool ? -1 : spooled(input), result = at >= 0 ? spool(input, at, wishes) : SOL_OK;
    options.format = input->device ? NULL : input->format;
    if (result == SOL_OK)
        result = sol_video_open(video, input->paths[0], &options);
    /* which numbers there are is a matter of the schedule: it may have to say "gaps: skip" */
    if (result == SOL_ERR_FORMAT && input->numbered)
        return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", input->place.file, input->place.line,
                               input->place.column);
    return result;
}

void sol_input_clear(SolInput *input)
{
    for (int i = 0; i < input->count; i++)
        free(input->paths[i]);
    sol_free(input->paths);
    sol_free(input->then);
    free(input->format);
    sol_spool_close(&input->spool);
    *input = (SolInput){0};
}

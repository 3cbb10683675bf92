/* SPDX-License-Identifier: Apache-2.0
 *
 * The outputs of a schedule: a new key takes a name in the list, and a line in the function that reads
 * them.
 */
#include "schedule/outputs.h"

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/layout.h"
#include "media/budget.h"
#include "media/codecs.h"
#include "media/encode_still.h"
#include "media/writer.h"
#include "schedule/pieces.h"
#include "schedule/values.h"

#include <stdlib.h>
#include <string.h>

enum { PATH, CODEC, CRF, BITRATE, PRESET, PIX_FMT, WIDTH, FPS, SPEED, FRAMES, LOOP, AUDIO, LAYOUT, CROP, TEXT,
       BOUNCE, QUALITY, COLOURS, DITHER, DITHER_STRENGTH, MAX_SIZE, GIVE_UP, OUTPUT_KEYS };
static const char *const output_keys[OUTPUT_KEYS + 1] = {
    [PATH] = "path",     [CODEC] = "codec",     [CRF] = "crf",     [BITRATE] = "bitrate",
    [PRESET] = "preset", [PIX_FMT] = "pix_fmt", [WIDTH] = "width", [FPS] = "fps",
    [SPEED] = "speed",   [FRAMES] = "frames",   [LOOP] = "loop",   [AUDIO] = "audio",
    [LAYOUT] = "layout", [CROP] = "crop",       [TEXT] = "text",
    [BOUNCE] = "bounce", [QUALITY] = "quality", [COLOURS] = "colours", [DITHER] = "dither",
    [DITHER_STRENGTH] = "dither_strength", [MAX_SIZE] = "max_size", [GIVE_UP] = "give_up",
};

static const char *const audio_words[] = {[SOL_AUDIO_NONE] = "none", [SOL_AUDIO_COPY] = "copy", [SOL_AUDIO_AAC] = "aac",
                                          [SOL_AUDIO_STRETCH] = "stretch"};

#define LEAST_DITHER 0.01 /* strength; less is "none" */

/* Refuses to write over the input: the same file, or numbered stills among the input's own. */
static int check_apart(const SolSchedule *schedule, const char *path)
{
    if (sol_input_has_file(schedule->input, path))
        return sol_fail(SOL_ERR_ARGUMENT, "output %s is the input itself; choose another name", path);
    if (sol_path_has_extension(path, SOL_STILL_EXTENSIONS) && sol_input_has_folder_of(schedule->input, path))
        return sol_fail(SOL_ERR_ARGUMENT, "output %s is in the folder of the input; choose another folder", path);
    return SOL_OK;
}

/* Puts the place in front of what sol_writer_check() says: that of the key it begins with, or the path's. */
static int fail_output(const SolYaml *yaml, const SolYamlPair pairs[])
{
    SolPlace place = sol_yaml_place(yaml, pairs[PATH].value);
    const char *text = sol_error_text();
    for (int key = PATH + 1; key < OUTPUT_KEYS; key++) {
        size_t length = strlen(output_keys[key]);
        if (pairs[key].key && text[0] == '"' && strncmp(text + 1, output_keys[key], length) == 0 &&
            text[1 + length] == '"')
            place = sol_yaml_place(yaml, pairs[key].key);
    }
    return sol_fail_within(SOL_ERR_SCHEDULE, "%s:%d:%d", place.file, place.line, place.column);
}

static int read_bitrate(const SolYaml *yaml, const SolYamlPair *pair, int64_t *bits)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_bitrate(text, bits)))
        return sol_yaml_fail_value(yaml, pair, "bits a second, such as 4M or 800k");
    return SOL_OK;
}

static int read_audio(const SolYaml *yaml, const SolYamlPair *pair, SolAudio *audio)
{
    const char *text = sol_yaml_scalar(pair);
    if (!pair->value)
        return SOL_OK;
    for (size_t i = SOL_AUDIO_NONE; i < sizeof audio_words / sizeof *audio_words; i++)
        if (text && strcmp(text, audio_words[i]) == 0) {
            *audio = (SolAudio)i;
            return SOL_OK;
        }
    return sol_yaml_fail_value(yaml, pair, "none, copy, aac or stretch");
}

static int read_speed(const SolYaml *yaml, const SolYamlPair *pair, SolRational *speed)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_speed(text, speed)))
        return sol_yaml_fail_value(yaml, pair, "0.01x to 1000x, such as 4x or 0.5x");
    return SOL_OK;
}

static int read_range(const SolYaml *yaml, const SolYamlPair *pair, SolOutputSettings *output)
{
    const char *text = sol_yaml_scalar(pair);
    int64_t last;
    if (!pair->value)
        return SOL_OK;
    if (!text || !sol_parse_frames(text, &output->first, &last) || last == INT64_MAX)
        return sol_yaml_fail_value(yaml, pair, "frame numbers such as 0-59, counted from 0");
    if (output->first > last)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "frames %s run backwards; write %lld-%lld", text,
                           (long long)last, (long long)output->first);
    output->count = last - output->first + 1;
    return SOL_OK;
}

static int read_crop(const SolYaml *yaml, const SolYamlPair *pair, SolCrop *crop)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_parse_crop(text, crop)))
        return sol_yaml_fail_value(yaml, pair, "WIDTHxHEIGHT+LEFT+TOP such as 640x360+0+60, WIDTHxHEIGHT, or a shape such "
                                   "as 16:9");
    return SOL_OK;
}

static int read_layout(const SolYaml *yaml, const SolYamlPair *pair, SolLayout *layout)
{
    const char *text = sol_yaml_scalar(pair), *names[8], *nearest;
    if (!pair->value || (text && sol_layout_find(text, layout)))
        return SOL_OK;
    for (int i = 0; (names[i] = sol_layout_name(i)); i++)
        ;
    nearest = text ? sol_nearest(text, names) : NULL;
    if (nearest)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "unknown layout \"%s\"; did you mean \"%s\"?", text,
                           nearest);
    return sol_yaml_fail_value(yaml, pair, "painting, side-by-side, stacked or wipe");
}

static int read_dither(const SolYaml *yaml, const SolYamlPair *pair, SolDither *dither)
{
    const char *text = sol_yaml_scalar(pair);
    if (pair->value && (!text || !sol_dither_find(text, dither)))
        return sol_yaml_fail_value(yaml, pair, "diffusion, blue-noise or none");
    return SOL_OK;
}

static int read_size(const SolYaml *yaml, const SolYamlPair *pair, int64_t *size)
{
    const char *text = sol_yaml_scalar(pair);
    uint64_t bytes;
    if (!pair->value)
        return SOL_OK;
    if (!text || !sol_parse_bytes(text, SOL_OUTPUT_LEAST_SIZE, &bytes))
        return sol_yaml_fail_value(yaml, pair, "bytes, 1KB or more, such as 8MB, 500KiB or 8000000");
    *size = (int64_t)bytes;
    return SOL_OK;
}

static int read_give_up(const SolYaml *yaml, const SolYamlPair *pair, SolGiveUp order[SOL_GIVE_UPS])
{
    int count = 0, result = pair->value ? sol_yaml_sequence(yaml, pair, &count) : SOL_OK;
    for (int i = 0; i < count && result == SOL_OK; i++) {
        const SolYamlPair item = {pair->key, sol_yaml_item(yaml, pair, i)};
        const char *text = sol_yaml_scalar(&item);
        if (i == SOL_GIVE_UPS - 1 || !text || !sol_give_up_add(text, order))
            result = sol_yaml_fail_value(yaml, &item, "a list of what is given up, in its order and each once: "
                                         SOL_GIVE_UP_WORDS);
    }
    return result;
}

static int read_output(const SolYaml *yaml, const SolYamlNode *node, const SolSchedule *schedule,
                       SolOutputSettings *output)
{
    SolYamlPair pairs[OUTPUT_KEYS];
    int result = sol_yaml_mapping(yaml, node, "an output", output_keys, pairs);
    output->crf = -1;
    if (result != SOL_OK ||
        (result = sol_yaml_need(yaml, node, &pairs[PATH], "the output", "path", "name a file such as out/film.mp4")) ||
        (result = sol_yaml_copy(yaml, &pairs[PATH], &output->path)) ||
        (result = sol_yaml_copy(yaml, &pairs[CODEC], &output->codec)) ||
        (result = sol_yaml_int(yaml, &pairs[CRF], 0, 63, &output->crf)) ||
        (result = read_bitrate(yaml, &pairs[BITRATE], &output->bitrate)) ||
        (result = sol_yaml_copy(yaml, &pairs[PRESET], &output->preset)) ||
        (result = sol_yaml_copy(yaml, &pairs[PIX_FMT], &output->pix_fmt)) ||
        (result = sol_yaml_int(yaml, &pairs[WIDTH], 16, SOL_IMAGE_MAX_SIDE, &output->width)) ||
        (result = sol_yaml_rate(yaml, &pairs[FPS], "frames a second, such as 25, 12.5 or 30000/1001", &output->fps)) ||
        (result = read_speed(yaml, &pairs[SPEED], &output->speed)) ||
        (result = read_range(yaml, &pairs[FRAMES], output)) ||
        (result = sol_yaml_int(yaml, &pairs[LOOP], 0, 65535, &output->loop)) ||
        (result = read_audio(yaml, &pairs[AUDIO], &output->audio)) ||
        (result = read_layout(yaml, &pairs[LAYOUT], &output->layout)) ||
        (result = read_crop(yaml, &pairs[CROP], &output->crop)) ||
        (result = sol_yaml_copy(yaml, &pairs[TEXT], &output->text)) ||
        (result = sol_yaml_flag(yaml, &pairs[BOUNCE], &output->bounce)) ||
        (result = sol_yaml_int(yaml, &pairs[QUALITY], 1, 100, &output->quality)) ||
        (result = sol_yaml_int(yaml, &pairs[COLOURS], 2, 256, &output->colours)) ||
        (result = read_dither(yaml, &pairs[DITHER], &output->dither)) ||
        (result = sol_yaml_number(yaml, &pairs[DITHER_STRENGTH], LEAST_DITHER, 1, &output->dither_strength)) ||
        (result = read_size(yaml, &pairs[MAX_SIZE], &output->max_size)) ||
        (result = read_give_up(yaml, &pairs[GIVE_UP], output->give_up)))
        return result;
    if ((result = sol_writer_check(output)) || (result = check_apart(schedule, output->path)))
        return result == SOL_ERR_NOMEM ? result : fail_output(yaml, pairs);
    return SOL_OK;
}

/* Refuses two outputs with one path, or two on standard output. */
static int check_outputs(const SolYaml *yaml, const SolYamlPair *pair, const SolSchedule *schedule)
{
    SolWord *words = sol_alloc((size_t)schedule->output_count, sizeof *words);
    SolYamlPair again_path, earlier_path;
    int again, earlier = 0;
    if (!words)
        return sol_fail_memory("the schedule");
    for (int i = 0; i < schedule->output_count; i++)
        words[i] = (SolWord){sol_writer_is_stream(schedule->outputs[i].path) ? "-" : schedule->outputs[i].path, i};
    again = sol_find_repeated(words, schedule->output_count, &earlier);
    sol_free(words);
    if (again < 0)
        return SOL_OK;
    again_path = sol_yaml_find(yaml, sol_yaml_item(yaml, pair, again), output_keys[PATH]);
    earlier_path = sol_yaml_find(yaml, sol_yaml_item(yaml, pair, earlier), output_keys[PATH]);
    return sol_fail_at(sol_yaml_place(yaml, again_path.value),
                       "two outputs have the path %s, the first on line %d; give each its own",
                       schedule->outputs[again].path, sol_yaml_place(yaml, earlier_path.value).line);
}

int sol_outputs_read(SolSchedule *schedule, const SolYaml *yaml, const SolYamlPair *pair)
{
    int count = 0, result = sol_yaml_sequence(yaml, pair, &count);
    if (result != SOL_OK)
        return result;
    schedule->outputs = sol_calloc((size_t)count, sizeof *schedule->outputs);
    if (!schedule->outputs)
        return sol_fail_memory("the schedule");
    for (int i = 0; i < count; i++) {
        schedule->output_count = i + 1;
        result = read_output(yaml, sol_yaml_item(yaml, pair, i), schedule, &schedule->outputs[i]);
        if (result != SOL_OK)
            return result;
    }
    return check_outputs(yaml, pair, schedule);
}

void sol_outputs_close(SolSchedule *schedule)
{
    for (int i = 0; i < schedule->output_count; i++) {
        free(schedule->outputs[i].path);
        free(schedule->outputs[i].codec);
        free(schedule->outputs[i].preset);
        free(schedule->outputs[i].pix_fmt);
        free(schedule->outputs[i].text);
    }
    sol_free(schedule->outputs);
    schedule->outputs = NULL;
    schedule->output_count = 0;
}

/* True where a film at `path` gets the codec that `output` has, so that quality and preset mean the same there. */
static bool has_codec_of(const SolOutputSettings *output, const char *path)
{
    SolOutputSettings other = {.path = (char *)path, .codec = output->codec, .crf = -1};
    SolCodecChoice one, two;
    return sol_codec_choose(&one, output) == SOL_OK && sol_codec_choose(&two, &other) == SOL_OK &&
           one.codec == two.codec;
}

int sol_schedule_output(const SolSchedule *schedule, const char *path, SolOutputSettings *settings)
{
    const SolOutputSettings *nearest = NULL;
    SolOutputSettings made = {.crf = -1};
    bool film = sol_writer_same_kind(path, "a.mkv"), same = false;
    int result;
    for (int i = 0; i < schedule->output_count && !same; i++)
        if (sol_writer_same_kind(schedule->outputs[i].path, path)) {
            same = !film || has_codec_of(&schedule->outputs[i], path);
            if (!nearest || same)
                nearest = &schedule->outputs[i];
        }
    if (nearest)
        made = *nearest;
    if (!same) {
        made.codec = made.preset = made.pix_fmt = NULL;
        made.crf = -1;
        made.bitrate = 0;
    }
    made.path = (char *)path; /* only read from, as long as nobody frees the settings */
    if ((result = sol_writer_check(&made)) || (result = check_apart(schedule, path)))
        return result;
    *settings = made;
    return SOL_OK;
}

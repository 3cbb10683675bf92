/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer: which kind of output a path asks for, whether its settings make sense, and what all
 * kinds have in common: pictures of one size whose times ascend from 0, and a report.
 */
#include "media/writer.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "image/layout.h"
#include "media/caption.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const SolWriterClass *const classes[] = {&sol_film_writer, &sol_gif_writer, &sol_animation_writer,
                                                &sol_stills_writer, &sol_stream_writer};

enum { CLASSES = sizeof classes / sizeof *classes, MIN_WIDTH = 16, MAX_LOOP = 65535, MAX_SPEED = 1000, MIN_SPEED = 100 };

static const struct {
    unsigned key;
    const char *name;
} keys[] = {
    {SOL_KEY_CODEC, "codec"},   {SOL_KEY_CRF, "crf"},       {SOL_KEY_BITRATE, "bitrate"}, {SOL_KEY_PRESET, "preset"},
    {SOL_KEY_PIX_FMT, "pix_fmt"}, {SOL_KEY_WIDTH, "width"}, {SOL_KEY_FPS, "fps"},         {SOL_KEY_SPEED, "speed"},
    {SOL_KEY_FRAMES, "frames"}, {SOL_KEY_LOOP, "loop"},     {SOL_KEY_AUDIO, "audio"},
    {SOL_KEY_LAYOUT, "layout"}, {SOL_KEY_CROP, "crop"},     {SOL_KEY_TEXT, "text"},
    {SOL_KEY_BOUNCE, "bounce"}, {SOL_KEY_QUALITY, "quality"}, {SOL_KEY_COLOURS, "colours"},
    {SOL_KEY_DITHER, "dither"}, {SOL_KEY_DITHER_STRENGTH, "dither_strength"}, {SOL_KEY_MAX_SIZE, "max_size"},
    {SOL_KEY_GIVE_UP, "give_up"},
};

enum { KEYS = sizeof keys / sizeof *keys, TEXT = 256 };

bool sol_writer_is_stream(const char *path)
{
    return path[0] == '-' && (path[1] == '\0' || (path[1] == '.' && !strpbrk(path + 2, "./")));
}

const char *sol_writer_kind_path(const char *path)
{
    return strcmp(path, "-") == 0 ? "-.mkv" : path;
}

static const SolWriterClass *find_class(const char *path)
{
    for (int i = 0; i < CLASSES; i++)
        if (sol_path_has_extension(sol_writer_kind_path(path), classes[i]->extensions) &&
            classes[i]->stream == sol_writer_is_stream(path))
            return classes[i];
    return NULL;
}

bool sol_writer_same_kind(const char *path, const char *other)
{
    const SolWriterClass *kind = find_class(path), *others = find_class(other);
    return kind == others || (kind && others && kind->write == others->write); /* a film, wherever it goes */
}

/* Appends to the text in `list`, as far as there is room. */
static void append(char list[TEXT], const char *before, const char *text, int length)
{
    size_t used = strlen(list);
    snprintf(list + used, TEXT - used, "%s%.*s", before, length, text);
}

static int unknown_kind(const char *path)
{
    char list[TEXT] = "";
    if (sol_writer_is_stream(path))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: not a kind of output that can be written to standard output; these are: - "
                        "(Matroska), -.webm, -.y4m", path);
    for (int i = 0; i < CLASSES && !classes[i]->stream; i++) {
        const char *separator = i ? ", ." : ".";
        for (const char *word = classes[i]->extensions; *word; separator = " .") {
            size_t length = strcspn(word, " ");
            append(list, separator, word, (int)length);
            word += length + strspn(word + length, " ");
        }
        append(list, " (", classes[i]->name, -1);
        append(list, "", ")", -1);
    }
    return sol_fail(SOL_ERR_ARGUMENT, "%s: not a kind of output that can be written; these are: %s, - (standard "
                    "output)", path, list);
}

/* A file name with one %d or %0Nd in it, and no other %. */
static int check_pattern(const char *path)
{
    const char *name = sol_path_name(path), *percent = strchr(name, '%');
    size_t length = 1;
    if (!percent)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: one picture a frame needs a number in the file name: write %%d or "
                        "%%05d where it goes", path);
    if (percent[1] == '0') {
        length += 1 + strspn(percent + 2, "0123456789");
        if (length < 3 || length > 4)
            length = strlen(percent);
    }
    if (percent[length] != 'd')
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the number in the file name is written %%d or %%0Nd, as in %%05d", path);
    if (strchr(percent + length, '%'))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the file name may hold one %% only, that of its number", path);
    return SOL_OK;
}

/* Which settings differ from their defaults. */
static unsigned keys_given(const SolOutputSettings *settings)
{
    return (settings->codec ? SOL_KEY_CODEC : 0U) | (settings->crf != -1 ? SOL_KEY_CRF : 0U) |
           (settings->bitrate != 0 ? SOL_KEY_BITRATE : 0U) | (settings->preset ? SOL_KEY_PRESET : 0U) |
           (settings->pix_fmt ? SOL_KEY_PIX_FMT : 0U) | (settings->width != 0 ? SOL_KEY_WIDTH : 0U) |
           (settings->fps.num != 0 || settings->fps.den != 0 ? SOL_KEY_FPS : 0U) |
           (settings->speed.num != 0 || settings->speed.den != 0 ? SOL_KEY_SPEED : 0U) |
           (settings->first != 0 || settings->count != 0 ? SOL_KEY_FRAMES : 0U) |
           (settings->loop != 0 ? SOL_KEY_LOOP : 0U) | (settings->audio != SOL_AUDIO_AUTO ? SOL_KEY_AUDIO : 0U) |
           (settings->layout ? SOL_KEY_LAYOUT : 0U) | (settings->crop.width != 0 ? SOL_KEY_CROP : 0U) |
           (settings->text ? SOL_KEY_TEXT : 0U) | (settings->bounce ? SOL_KEY_BOUNCE : 0U) |
           (settings->colours != 0 ? SOL_KEY_COLOURS : 0U) | (settings->dither ? SOL_KEY_DITHER : 0U) |
           (settings->dither_strength != 0 ? SOL_KEY_DITHER_STRENGTH : 0U) |
           (settings->quality != 0 ? SOL_KEY_QUALITY : 0U) | (settings->max_size != 0 ? SOL_KEY_MAX_SIZE : 0U) |
           (settings->give_up[0] != SOL_GIVE_UP_NOTHING ? SOL_KEY_GIVE_UP : 0U);
}

static int check_keys(const SolOutputSettings *settings, const SolWriterClass *kind)
{
    unsigned wrong = keys_given(settings) & ~kind->keys;
    char list[TEXT] = "";
    for (int i = 0; i < KEYS; i++)
        if (kind->keys & keys[i].key)
            append(list, *list ? ", " : "", keys[i].name, -1);
    for (int i = 0; i < KEYS; i++)
        if (wrong & keys[i].key)
            return sol_fail(SOL_ERR_ARGUMENT, "\"%s\" does not apply to a .%s; it takes %s", keys[i].name,
                            sol_path_extension(sol_writer_kind_path(settings->path)), list);
    return SOL_OK;
}

static bool is_given(SolRational r)
{
    return r.num != 0 || r.den != 0;
}

/* What the settings say of time. */
static int check_times(const SolOutputSettings *settings, const SolWriterClass *kind)
{
    SolRational fps = settings->fps, speed = settings->speed;
    if (is_given(fps) && (fps.num <= 0 || fps.den <= 0 || fps.num > (int64_t)fps.den * kind->most_fps))
        return sol_fail(SOL_ERR_ARGUMENT, "\"fps\" must be above 0 and at most %d, not %g", kind->most_fps,
                        fps.den ? (double)fps.num / fps.den : 0.0);
    if (is_given(speed) && (speed.num <= 0 || speed.den <= 0 || speed.num > (int64_t)speed.den * MAX_SPEED ||
                            (int64_t)speed.num * MIN_SPEED < speed.den))
        return sol_fail(SOL_ERR_ARGUMENT, "\"speed\" must be 0.01x to %dx, not %g", MAX_SPEED,
                        speed.den ? (double)speed.num / speed.den : 0.0);
    if (settings->first < 0 || settings->count < 0 || settings->first > INT64_MAX - settings->count)
        return sol_fail(SOL_ERR_ARGUMENT, "\"frames\" must count from 0");
    return SOL_OK;
}

static int check_values(const SolOutputSettings *settings)
{
    if (settings->width != 0 && (settings->width < MIN_WIDTH || settings->width > SOL_IMAGE_MAX_SIDE))
        return sol_fail(SOL_ERR_ARGUMENT, "\"width\" must be %d to %d pixels, not %d", MIN_WIDTH, SOL_IMAGE_MAX_SIDE,
                        settings->width);
    if (settings->loop < 0 || settings->loop > MAX_LOOP)
        return sol_fail(SOL_ERR_ARGUMENT, "\"loop\" must be 0 (for ever) to %d, not %d", MAX_LOOP, settings->loop);
    if (settings->quality < 0 || settings->quality > 100)
        return sol_fail(SOL_ERR_ARGUMENT, "\"quality\" must be 1 to 100, not %d", settings->quality);
    if (settings->colours != 0 && (settings->colours < 2 || settings->colours > 256))
        return sol_fail(SOL_ERR_ARGUMENT, "\"colours\" must be 2 to 256, not %d", settings->colours);
    if (!(settings->dither_strength >= 0 && settings->dither_strength <= 1))
        return sol_fail(SOL_ERR_ARGUMENT, "\"dither_strength\" must be above 0 and at most 1, not %g",
                        settings->dither_strength);
    if (settings->max_size != 0 && settings->max_size < SOL_OUTPUT_LEAST_SIZE)
        return sol_fail(SOL_ERR_ARGUMENT, "\"max_size\" must be %d bytes or more, not %lld", SOL_OUTPUT_LEAST_SIZE,
                        (long long)settings->max_size);
    if (settings->give_up[0] != SOL_GIVE_UP_NOTHING && settings->max_size == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "\"give_up\" says what is given up for \"max_size\", which is not given");
    if (settings->crop.width < 0 || settings->crop.height < 0 || !settings->crop.width != !settings->crop.height)
        return sol_fail(SOL_ERR_ARGUMENT, "\"crop\" must have a width and a height above 0");
    return settings->text ? sol_caption_check(settings->text) : SOL_OK;
}

int sol_writer_check(const SolOutputSettings *settings)
{
    const SolWriterClass *kind;
    int result;
    if (!settings->path || !*settings->path)
        return sol_fail(SOL_ERR_ARGUMENT, "an output without a path");
    kind = find_class(settings->path);
    if (!kind)
        return unknown_kind(settings->path);
    result = kind->numbered ? check_pattern(settings->path) : SOL_OK;
    if (result == SOL_OK)
        result = check_keys(settings, kind);
    if (result == SOL_OK)
        result = check_values(settings);
    if (result == SOL_OK)
        result = check_times(settings, kind);
    if (result == SOL_OK && kind->check)
        result = kind->check(settings);
    return result;
}

static int check_input(const SolWriterInput *input)
{
    if (input->width < 1 || input->height < 1 || input->width > SOL_IMAGE_MAX_SIDE ||
        input->height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "pictures of %dx%d pixels cannot be written: sides must be 1 to %d",
                        input->width, input->height, SOL_IMAGE_MAX_SIDE);
    if (input->time_base.num <= 0 || input->time_base.den <= 0)
        return sol_fail(SOL_ERR_ARGUMENT, "a time base of %d/%d: both must be above 0", input->time_base.num,
                        input->time_base.den);
    return SOL_OK;
}

/* Narrows the input's range to what the settings want of it. */
static int choose_range(SolWriter *writer)
{
    const SolOutputSettings *settings = writer->settings;
    SolWriterInput *input = &writer->input;
    int64_t first = settings->first, end = settings->first + settings->count;
    if (settings->count == 0 || input->count == 0)
        return SOL_OK;
    if (input->index && end > input->index->frames)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: frames %lld-%lld run past the last frame (%lld)", settings->path,
                        (long long)first, (long long)end - 1, (long long)input->index->frames - 1);
    first = first > input->first ? first : input->first;
    end = end < input->first + input->count ? end : input->first + input->count;
    if (first >= end)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: none of its frames %lld-%lld is among those that are rendered",
                        settings->path, (long long)settings->first, (long long)(settings->first + settings->count - 1));
    input->first = first;
    input->count = end - first;
    return SOL_OK;
}

/* Decides how pictures become the output's, and what that makes of their times. */
static void choose_cadence(SolWriter *writer)
{
    const SolOutputSettings *settings = writer->settings;
    SolWriterInput *input = &writer->input;
    writer->given_base = input->time_base;
    writer->given_rate = input->frame_rate;
    sol_cadence_open(&writer->cadence, &(SolCadenceRequest){.time_base = input->time_base,
                                                            .frame_rate = input->frame_rate,
                                                            .index = input->count > 0 ? input->index : NULL,
                                                            .first = input->first,
                                                            .count = input->count,
                                                            .speed = settings->speed,
                                                            .fps = writer->kind->own_fps ? (SolRational){0, 0}
                                                                                         : settings->fps});
    input->time_base = writer->cadence.time_base;
    input->frame_rate = writer->cadence.frame_rate;
}

/* The size of the pictures once they are laid out. */
static int lay_out_size(SolWriter *writer)
{
    const SolOutputSettings *settings = writer->settings;
    int width = writer->input.width, height = writer->input.height;
    sol_layout_size(settings->layout, &width, &height);
    if (width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: its layout, %s, makes pictures of %dx%d pixels, and sides can be %d at "
                        "most; paint at a smaller size", settings->path, sol_layout_name((int)settings->layout), width,
                        height, SOL_IMAGE_MAX_SIDE);
    writer->laid_width = width;
    writer->laid_height = height;
    return SOL_OK;
}

/* Settles what becomes of pictures laid out before the class gets them, and their size then. */
static int open_framing(SolWriter *writer)
{
    const SolOutputSettings *settings = writer->settings;
    SolFramingRequest request = {.width = writer->laid_width, .height = writer->laid_height, .text = settings->text};
    SolWriterInput *input = &writer->input;
    int result = sol_framing_area(settings, request.width, request.height, &request.area);
    if (result != SOL_OK)
        return result;
    input->width = request.area.width;
    input->height = request.area.height;
    if (!writer->kind->own_width || settings->text)
        result = sol_writer_size(writer, &input->width, &input->height);
    request.out_width = input->width;
    request.out_height = input->height;
    return result == SOL_OK ? sol_framing_open(&writer->framing, &request) : result;
}

int sol_writer_open(SolWriter **out, const SolOutputSettings *settings, const SolWriterInput *input,
                    const SolLog *log)
{
    SolWriter *writer;
    int result = sol_writer_check(settings);
    if (result == SOL_OK)
        result = check_input(input);
    if (result != SOL_OK)
        return result;
    writer = sol_calloc(1, sizeof *writer);
    if (!writer)
        return sol_fail_memory("an output");
    writer->kind = find_class(settings->path);
    writer->settings = settings;
    writer->input = *input;
    writer->log = log;
    writer->report.path = settings->path;
    result = choose_range(writer);
    if (result == SOL_OK)
        result = lay_out_size(writer);
    if (result == SOL_OK)
        result = open_framing(writer);
    if (result == SOL_OK) {
        choose_cadence(writer);
        result = writer->kind->open(writer);
    }
    if (result != SOL_OK)
        sol_writer_close(&writer);
    else
        *out = writer;
    return result;
}

/* What the rate that an output has follows from. */
static void digest_cadence(const SolOutputSettings *settings, const SolWriterInput *input, SolDigester *digester)
{
    SolWriter writer = {.kind = find_class(settings->path), .settings = settings, .input = *input};
    if (choose_range(&writer) != SOL_OK)
        return;
    choose_cadence(&writer);
    sol_digester_add_int(digester, writer.cadence.regular);
    if (!writer.cadence.regular)
        return;
    sol_digester_add_int(digester, writer.cadence.frame_rate.num);
    sol_digester_add_int(digester, writer.cadence.frame_rate.den);
    sol_digester_add_int(digester, writer.cadence.slack);
    sol_digester_add_int(digester, writer.input.first);
    sol_digester_add_int(digester, writer.input.count);
}

void sol_writer_digest(const SolOutputSettings *settings, const SolWriterInput *input, SolDigester *digester)
{
    const SolWriterClass *kind = find_class(settings->path);
    sol_digester_add_text(digester, sol_path_extension(sol_writer_kind_path(settings->path)));
    sol_digester_add_text(digester, settings->codec);
    sol_digester_add_int(digester, settings->crf);
    sol_digester_add_int(digester, settings->bitrate);
    sol_digester_add_text(digester, settings->preset);
    sol_digester_add_text(digester, settings->pix_fmt);
    sol_digester_add_int(digester, settings->width);
    sol_digester_add_int(digester, settings->fps.num);
    sol_digester_add_int(digester, settings->fps.den);
    sol_digester_add_int(digester, settings->speed.num);
    sol_digester_add_int(digester, settings->speed.den);
    sol_digester_add_int(digester, settings->first);
    sol_digester_add_int(digester, settings->count);
    sol_digester_add_int(digester, settings->loop);
    sol_digester_add_int(digester, settings->layout);
    sol_digester_add_int(digester, settings->crop.width);
    sol_digester_add_int(digester, settings->crop.height);
    sol_digester_add_int(digester, settings->crop.left);
    sol_digester_add_int(digester, settings->crop.top);
    sol_digester_add_int(digester, settings->crop.ratio);
    sol_digester_add_int(digester, settings->crop.placed);
    sol_digester_add_text(digester, settings->text);
    digest_cadence(settings, input, digester);
    if (kind && kind->digest)
        kind->digest(settings, digester);
}

bool sol_writer_shows_source(const SolOutputSettings *settings)
{
    return settings->layout != SOL_LAYOUT_PAINTING;
}

/* ---- writing ---- */

/* How long a picture shows that is given: its own duration, or that of a frame at the average rate. */
static int64_t duration_of(const SolWriter *writer, const SolImage *image)
{
    SolRational rate = writer->given_rate, base = writer->given_base;
    double units;
    if (image->duration > 0)
        return image->duration;
    if (rate.num <= 0 || rate.den <= 0)
        return 1;
    units = (double)rate.den / rate.num * base.den / base.num;
    return units < 1 ? 1 : (int64_t)(units + 0.5);
}

static bool is_within(const SolWriterInput *input, int64_t frame)
{
    return input->count == 0 || (frame >= input->first && frame < input->first + input->count);
}

static bool is_last(const SolWriter *writer, int64_t frame)
{
    return writer->input.count > 0 && frame == writer->input.first + writer->input.count - 1;
}

SolShowing sol_writer_showing(const SolWriter *writer, int64_t frame)
{
    const SolVideoIndex *index = writer->input.index;
    int64_t origin = index->pts[writer->input.first];
    int64_t end = frame + 1 < index->frames ? index->pts[frame + 1] : index->end;
    return sol_cadence_show(&writer->cadence, index->pts[frame] - origin, end - origin, is_last(writer, frame));
}

int sol_writer_mark(const SolOutputSettings *settings, const SolWriterInput *input, bool wanted[])
{
    SolWriter writer = {.kind = find_class(settings->path), .settings = settings, .input = *input};
    int result = sol_writer_check(settings);
    if (result == SOL_OK)
        result = choose_range(&writer);
    if (result != SOL_OK)
        return result;
    choose_cadence(&writer);
    if (writer.kind->mark)
        writer.kind->mark(&writer, wanted + (writer.input.first - input->first));
    else
        for (int64_t n = writer.input.first; n < writer.input.first + writer.input.count; n++)
            wanted[n - input->first] |= sol_writer_showing(&writer, n).count > 0;
    return SOL_OK;
}

/* Takes in that a frame shows so. */
static void count(SolWriter *writer, int64_t frame, const SolShowing *showing)
{
    writer->seen++;
    writer->last = frame;
    if (showing->count == 0)
        return;
    writer->shown++;
    if (!writer->kind->numbered)
        writer->report.repeated += showing->count - 1;
    writer->end = showing->pts + showing->count * showing->duration;
}

static int check_picture(SolWriter *writer, const SolImage *image)
{
    const char *path = writer->settings->path;
    int width = image->width, height = image->height;
    if (writer->failed || writer->finished)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: a picture behind the end of the output", path);
    sol_layout_size(writer->settings->layout, &width, &height);
    if (width != writer->laid_width || height != writer->laid_height)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: a picture of %dx%d pixels among those of %dx%d", path, width, height,
                        writer->laid_width, writer->laid_height);
    if (writer->started && image->pts - writer->first_pts <= writer->pts)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: a picture that does not come after the one before it", path);
    return SOL_OK;
}

/* Where the output's time 0 is. Frames that are left out do not move it. */
static void start(SolWriter *writer, int64_t pts)
{
    const SolWriterInput *input = &writer->input;
    if (!writer->started)
        writer->first_pts = input->index && input->count > 0 ? input->index->pts[input->first] : pts;
    writer->started = true;
}

/* A picture as the settings say: laid out, a part of it, scaled, with a caption. One without a source is its own. */
static int compose(SolWriter *writer, SolImage *image, SolImage **out)
{
    const SolWriterInput *input = &writer->input;
    SolLayout layout = writer->settings->layout;
    SolImage *composed = NULL;
    int result = SOL_OK;
    if (layout != SOL_LAYOUT_PAINTING)
        result = sol_layout_compose(&composed, layout, image->source ? image->source : image, image,
                                    image->number - input->first, input->count);
    if (result == SOL_OK)
        result = sol_framing_apply(writer->framing, composed ? composed : image, out);
    sol_image_unref(&composed);
    return result;
}

int sol_writer_write(SolWriter *writer, SolImage *image)
{
    SolShowing showing;
    SolImage *composed = NULL;
    int64_t pts, most;
    int result = check_picture(writer, image);
    if (result != SOL_OK || !is_within(&writer->input, image->number))
        return result;
    start(writer, image->pts);
    writer->pts = pts = image->pts - writer->first_pts;
    showing = sol_cadence_show(&writer->cadence, pts, pts + duration_of(writer, image), is_last(writer, image->number));
    most = writer->kind->numbered && showing.count > 1 ? 1 : showing.count;
    for (int64_t i = 0; i < most && result == SOL_OK; i++) {
        int64_t at = showing.pts + i * showing.duration;
        if (writer->kind->wants && !writer->kind->wants(writer, at, showing.duration))
            continue;
        if (!composed)
            result = compose(writer, image, &composed);
        if (result == SOL_OK)
            result = writer->kind->write(writer, composed, at, showing.duration);
    }
    sol_image_unref(&composed);
    if (result != SOL_OK) {
        writer->failed = true;
        return result;
    }
    writer->pending |= showing.count > 0;
    count(writer, image->number, &showing);
    return SOL_OK;
}

bool sol_writer_keeps_parts(const SolOutputSettings *settings)
{
    const SolWriterClass *kind = find_class(settings->path);
    return kind && kind->splice;
}

void sol_writer_begin_part(SolWriter *writer, SolRecords *part)
{
    writer->part = part;
}

int sol_writer_end_part(SolWriter *writer)
{
    int result = SOL_OK;
    if (writer->pending && writer->kind->end_part)
        result = writer->kind->end_part(writer);
    writer->failed |= result != SOL_OK;
    writer->pending = false;
    writer->part = NULL;
    return result;
}

int sol_writer_splice(SolWriter *writer, SolRecords *part, int64_t first, int64_t frames)
{
    const SolVideoIndex *index = writer->input.index;
    SolRecord record;
    bool got = true;
    int result = SOL_OK;
    while (result == SOL_OK && got) {
        result = sol_records_next(part, &record, &got);
        if (result == SOL_OK && got)
            result = writer->kind->splice(writer, &record);
    }
    if (result == SOL_OK && !sol_records_ended(part))
        result = sol_fail(SOL_ERR_FORMAT, "%s: a part of it that was kept is damaged", writer->settings->path);
    writer->failed |= result != SOL_OK;
    for (int64_t frame = first; frame < first + frames; frame++)
        if (is_within(&writer->input, frame)) {
            SolShowing showing = sol_writer_showing(writer, frame);
            start(writer, index->pts[frame]);
            writer->pts = index->pts[frame] - writer->first_pts;
            count(writer, frame, &showing);
        }
    return result;
}

int64_t sol_writer_written(const SolWriter *writer)
{
    return writer->written;
}

/*
 * Where the output takes only some of the frames, the last one that came shows until the next one that would be taken, or
 * to the end of the range where there is none: frames between them need not have come.
 */
static int find_end(SolWriter *writer)
{
    const SolWriterInput *input = &writer->input;
    const SolVideoIndex *index = input->index;
    int64_t next = writer->last + 1, end = input->first + input->count;
    bool *taken;
    if (!writer->kind->mark || !index || input->count == 0)
        return SOL_OK;
    taken = sol_calloc((size_t)input->count, sizeof *taken);
    if (!taken)
        return sol_fail_memory("the times of an output");
    writer->kind->mark(writer, taken);
    while (next < end && !taken[next - input->first])
        next++;
    sol_free(taken);
    writer->end = sol_cadence_end(&writer->cadence, (next < index->frames ? index->pts[next] : index->end) -
                                                        index->pts[input->first], true);
    return SOL_OK;
}

/* Counts, and says, what the cadence made of the frames; those that were not wanted have not come. */
static void report_cadence(SolWriter *writer)
{
    SolWriterReport *report = &writer->report;
    SolRational rate = writer->input.frame_rate;
    report->dropped = (writer->input.count > 0 ? writer->input.count : writer->seen) -
                      (writer->kind->mark ? report->frames : writer->shown);
    if (writer->cadence.regular && !writer->kind->numbered && report->dropped + report->repeated > 0)
        sol_log(writer->log, SOL_LOG_NOTE, "%s: at %.6g frames a second, %lld frames are dropped and %lld repeated",
                report->path, (double)rate.num / rate.den, (long long)report->dropped, (long long)report->repeated);
}

int sol_writer_finish(SolWriter *writer, SolWriterReport *report)
{
    SolRational base = writer->input.time_base;
    int result;
    if (writer->failed || writer->finished)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: cannot be completed", writer->settings->path);
    if (writer->shown == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: no picture was given to write", writer->settings->path);
    result = find_end(writer);
    if (result != SOL_OK)
        return result;
    report_cadence(writer);
    writer->report.seconds = (double)writer->end * base.num / base.den;
    result = sol_writer_end_part(writer);
    if (result == SOL_OK)
        result = writer->kind->finish(writer);
    if (result != SOL_OK) {
        writer->failed = true;
        return result;
    }
    writer->finished = true;
    if (report)
        *report = writer->report;
    return SOL_OK;
}

int sol_writer_commit(SolWriter *writer, SolPending *pending)
{
    struct stat status;
    if (stat(sol_pending_path(pending), &status) != 0)
        return sol_fail_errno(writer->settings->path, "cannot be written");
    writer->report.bytes += (int64_t)status.st_size;
    return sol_pending_commit(pending);
}

int sol_writer_size(const SolWriter *writer, int *width, int *height)
{
    int64_t w = writer->input.width, h = writer->input.height;
    if (writer->settings->width > 0) {
        h = (h * writer->settings->width + w / 2) / w;
        w = writer->settings->width;
    }
    h = h < 1 ? 1 : h;
    if (h > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: at a width of %d, the height would be %lld; at most %d can be written",
                        writer->settings->path, (int)w, (long long)h, SOL_IMAGE_MAX_SIDE);
    *width = (int)w;
    *height = (int)h;
    return SOL_OK;
}

void sol_writer_close(SolWriter **out)
{
    SolWriter *writer = *out;
    if (!writer)
        return;
    writer->kind->close(writer);
    sol_framing_close(&writer->framing);
    sol_free(writer);
    *out = NULL;
}

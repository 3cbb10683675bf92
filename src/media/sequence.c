/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbered images as a source of pictures. Names are ordered by the number that they bear and never
 * by their letters (1, 2, 10 and not 1, 10, 2); what is ambiguous or incomplete is refused by name.
 */
#include "media/sequence.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/image.h"
#include "media/convert.h"
#include "media/still.h"
#include "media/video.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char image_extensions[] =
    "png jpg jpeg jpe jfif jp2 j2k j2c jpc jxl jls webp avif heic heif gif apng bmp dib tif tiff tga targa "
    "ppm pgm pbm pnm pam pfm phm exr dpx cin qoi sgi sun ras pcx psd xbm xpm xwd dds";

/* A file name taken apart: PREFIX NUMBER SUFFIX. */
typedef struct Name {
    size_t prefix;      /* bytes in front of the digits */
    const char *suffix; /* behind them; NULL where there are no digits */
    int64_t number;
} Name;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at `text`; false where the number exceeds 64 bits. */
static bool read_number(const char *text, size_t digits, int64_t *number)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = text[i] - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

/* Takes the last number in front of the extension. False where it is too large. */
static bool take_apart(const char *text, Name *name)
{
    const char *end = strrchr(text, '.'), *start;
    if (!end)
        end = text + strlen(text);
    while (end > text && !is_digit(end[-1]))
        end--;
    for (start = end; start > text && is_digit(start[-1]);)
        start--;
    *name = (Name){.prefix = (size_t)(start - text), .suffix = end > start ? end : NULL};
    return read_number(start, (size_t)(end - start), &name->number);
}

/* ---- patterns ---- */

/* The %d or %0Nd at or behind `text`, with its end in *end; NULL where there is none. */
static const char *find_conversion(const char *text, const char **end)
{
    for (; (text = strchr(text, '%')); text++) {
        const char *p = text + 1;
        if (*p == '%') {
            text++;
            continue;
        }
        while (is_digit(*p))
            p++;
        if (*p == 'd') {
            *end = p + 1;
            return text;
        }
    }
    return NULL;
}

bool sol_sequence_takes(const char *path)
{
    const char *end;
    return sol_path_is_folder(path) || (!sol_path_exists(path) && find_conversion(path, &end));
}

/* A fresh copy of text..end with %% as %. */
static char *literal(const char *text, const char *end)
{
    char *copy = strndup(text, (size_t)(end - text)), *to = copy;
    for (const char *from = copy; from && *from; *to++ = *from++)
        if (from[0] == '%' && from[1] == '%')
            from++;
    if (copy)
        *to = '\0';
    return copy;
}

/* What a name must look like: in a folder anything numbered, else a pattern's two parts. */
typedef struct Pattern {
    bool any;
    char *prefix, *suffix;
} Pattern;

static int parse_pattern(Pattern *pattern, const char *path)
{
    const char *name = sol_path_name(path), *end = name, *behind, *start = find_conversion(path, &end);
    if (!start || start < name)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the number belongs into the file's name, not the folder's", path);
    if (find_conversion(end, &behind))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: has two numbers; give one %%d", path);
    pattern->prefix = literal(name, start);
    pattern->suffix = literal(end, end + strlen(end));
    return pattern->prefix && pattern->suffix ? SOL_OK : sol_fail_memory("a pattern");
}

/* True where `text` is the pattern with digits for its number. */
static bool matches(const Pattern *pattern, const char *text, size_t *digits)
{
    size_t length = strlen(text), before = strlen(pattern->prefix), after = strlen(pattern->suffix);
    if (length <= before + after || strncmp(text, pattern->prefix, before) != 0 ||
        strcmp(text + length - after, pattern->suffix) != 0)
        return false;
    *digits = length - before - after;
    for (size_t i = 0; i < *digits; i++)
        if (!is_digit(text[before + i]))
            return false;
    return true;
}

/* ---- finding ---- */

/* Looks at one file of the folder and adds it where it belongs to the sequence. */
static int consider(SolSequence *sequence, const Pattern *pattern, const char *text, const char *path)
{
    Name name;
    bool fits = true;
    size_t digits;
    void *images = sequence->images;
    char *copy;
    if (pattern->any) {
        if (text[0] == '.' || !sol_path_has_extension(text, image_extensions))
            return SOL_OK;
        fits = take_apart(text, &name);
    } else {
        if (!matches(pattern, text, &digits))
            return SOL_OK;
        fits = read_number(text + strlen(pattern->prefix), digits, &name.number);
    }
    if (!fits)
        return sol_fail(SOL_ERR_FORMAT, "%s: the number in %s is too large; at most %lld is understood", path, text,
                        (long long)INT64_MAX);
    if (pattern->any && !name.suffix)
        name.number = -1; /* an image without a number */
    if (!sol_grow(&images, &sequence->capacity, sequence->count + 1, sizeof *sequence->images))
        return sol_fail_memory("the names of a sequence");
    sequence->images = images;
    if (!(copy = sol_copy(text)))
        return sol_fail_memory("the names of a sequence");
    sequence->images[sequence->count++] = (SolNumbered){copy, name.number};
    return SOL_OK;
}

static int list_folder(SolSequence *sequence, const Pattern *pattern, const char *path)
{
    const char *folder = *sequence->folder ? sequence->folder : ".";
    DIR *handle = opendir(folder);
    int result = SOL_OK;
    if (!handle)
        return sol_fail_errno(folder, "cannot be opened");
    while (result == SOL_OK) {
        const struct dirent *entry;
        errno = 0;
        entry = readdir(handle);
        if (entry)
            result = consider(sequence, pattern, entry->d_name, path);
        else if (errno)
            result = sol_fail_errno(folder, "cannot be read");
        else
            break;
    }
    closedir(handle);
    return result;
}

static int by_number(const void *a, const void *b)
{
    const SolNumbered *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* In a folder, all images must be named alike: PREFIX NUMBER SUFFIX. */
static int check_kinds(const SolSequence *sequence, const char *path)
{
    const char *first = sequence->images[0].name;
    Name a, b;
    take_apart(first, &a);
    if (!a.suffix && sequence->count == 1)
        return sol_fail(SOL_ERR_FORMAT, "%s: has no numbered images; %s has no number", path, first);
    for (size_t i = 1; i < sequence->count; i++) {
        const char *other = sequence->images[i].name;
        take_apart(other, &b);
        if (!a.suffix || !b.suffix || a.prefix != b.prefix || strncmp(first, other, a.prefix) != 0 ||
            strcasecmp(a.suffix, b.suffix) != 0)
            return sol_fail(SOL_ERR_FORMAT,
                            "%s: holds images of different names, %s and %s; keep one kind, or give a pattern such as "
                            "\"frames/%%d.png\"",
                            path, first, other);
    }
    return SOL_OK;
}

static int check_numbers(const SolSequence *sequence, const char *path, bool skip_gaps)
{
    for (size_t i = 1; i < sequence->count; i++) {
        const SolNumbered *before = &sequence->images[i - 1], *image = &sequence->images[i];
        int64_t missing = image->number - before->number - 1;
        if (missing < 0)
            return sol_fail(SOL_ERR_FORMAT, "%s: %s and %s are both image %lld; keep one of them", path, before->name,
                            image->name, (long long)image->number);
        if (missing == 1 && !skip_gaps)
            return sol_fail(SOL_ERR_FORMAT,
                            "%s: image %lld is missing between %s and %s; add it, or give \"gaps: skip\"", path,
                            (long long)before->number + 1, before->name, image->name);
        if (missing > 1 && !skip_gaps)
            return sol_fail(SOL_ERR_FORMAT,
                            "%s: images %lld to %lld are missing between %s and %s; add them, or give \"gaps: skip\"",
                            path, (long long)before->number + 1, (long long)image->number - 1, before->name,
                            image->name);
    }
    return SOL_OK;
}

int sol_sequence_find(SolSequence *out, const char *path, bool skip_gaps)
{
    SolSequence sequence = {0};
    Pattern pattern = {.any = sol_path_is_folder(path)};
    int result = pattern.any ? SOL_OK : parse_pattern(&pattern, path);
    if (result == SOL_OK) {
        sequence.folder = pattern.any ? sol_copy(path) : sol_path_folder(path);
        result = sequence.folder ? list_folder(&sequence, &pattern, path) : sol_fail_memory("a path");
    }
    if (result == SOL_OK && sequence.count == 0)
        result = sol_fail(SOL_ERR_FORMAT, pattern.any ? "%s: has no numbered images" : "%s: no image has such a name",
                          path);
    if (result == SOL_OK) {
        qsort(sequence.images, sequence.count, sizeof *sequence.images, by_number);
        if (pattern.any)
            result = check_kinds(&sequence, path);
    }
    if (result == SOL_OK)
        result = check_numbers(&sequence, path, skip_gaps);
    free(pattern.prefix);
    free(pattern.suffix);
    if (result == SOL_OK)
        *out = sequence;
    else
        sol_sequence_clear(&sequence);
    return result;
}

void sol_sequence_clear(SolSequence *sequence)
{
    for (size_t i = 0; i < sequence->count; i++)
        free(sequence->images[i].name);
    free(sequence->images);
    free(sequence->folder);
    *sequence = (SolSequence){0};
}

/* ---- reading ---- */

typedef struct Numbered {
    SolSequence sequence;
    SolConverter *converter;
    AVFrame *frame;
    size_t next;            /* image to deliver */
    int width, height;      /* of the pictures delivered */
    int short_side;
    SolRational time_base;
    bool resized;           /* an image of another size has been seen */
    const SolLog *log;
} Numbered;

static void numbered_close(void *state)
{
    Numbered *numbered = state;
    sol_sequence_clear(&numbered->sequence);
    sol_converter_close(&numbered->converter);
    av_frame_free(&numbered->frame);
    sol_free(numbered);
}

static bool numbered_takes(const char *path, const SolVideoOptions *options)
{
    return !options->format && sol_sequence_takes(path);
}

/* Decodes image number `i` into the frame; *path (fresh) is where it lies. */
static int decode(Numbered *numbered, size_t i, char **path, enum AVCodecID *codec)
{
    *path = sol_path_join(numbered->sequence.folder, numbered->sequence.images[i].name);
    if (!*path)
        return sol_fail_memory("a path");
    av_frame_unref(numbered->frame);
    return sol_still_decode(numbered->frame, codec, *path);
}

static int numbered_open(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options)
{
    Numbered *numbered = sol_calloc(1, sizeof *numbered);
    enum AVCodecID codec;
    char *first = NULL;
    int result;
    if (!numbered)
        return sol_fail_memory("a sequence");
    numbered->short_side = options->short_side;
    numbered->log = options->log;
    numbered->time_base = (SolRational){options->framerate.den, options->framerate.num};
    numbered->frame = av_frame_alloc();
    result = numbered->frame ? sol_converter_open(&numbered->converter, options->background)
                             : sol_fail_memory("a sequence");
    if (result == SOL_OK && options->alpha)
        sol_converter_show_alpha(numbered->converter, false);
    if (result == SOL_OK)
        result = sol_sequence_find(&numbered->sequence, path, options->skip_gaps);
    if (result == SOL_OK)
        result = decode(numbered, 0, &first, &codec);
    if (result == SOL_OK) {
        result = sol_picture_size(numbered->frame, numbered->short_side, &numbered->width, &numbered->height);
        if (result != SOL_OK)
            sol_fail_within(result, "%s", first);
    }
    free(first);
    if (result != SOL_OK) {
        numbered_close(numbered);
        return result;
    }
    *info = (SolVideoInfo){
        .format = "images",
        .codec = avcodec_get_name(codec),
        .out_width = numbered->width,
        .out_height = numbered->height,
        .frame_rate = options->framerate,
        .time_base = numbered->time_base,
    };
    sol_describe_frame(numbered->frame, info);
    *state = numbered;
    return SOL_OK;
}

static int numbered_index(void *state, SolVideoIndex *index)
{
    const Numbered *numbered = state;
    size_t count = numbered->sequence.count, bytes;
    int64_t *pts = sol_mul(count, sizeof *pts, &bytes) ? malloc(bytes) : NULL;
    if (!pts)
        return sol_fail_memory("the index of a sequence");
    for (size_t i = 0; i < count; i++)
        pts[i] = (int64_t)i;
    *index = (SolVideoIndex){
        .frames = (int64_t)count, .pts = pts, .end = (int64_t)count, .time_base = numbered->time_base};
    return SOL_OK;
}

/* Notes, once, that an image would have another size than the first one. */
static void note_size(Numbered *numbered, const char *path)
{
    int width, height;
    if (numbered->resized || sol_picture_size(numbered->frame, numbered->short_side, &width, &height) != SOL_OK ||
        (width == numbered->width && height == numbered->height))
        return;
    numbered->resized = true;
    sol_log(numbered->log, SOL_LOG_WARNING, "%s: has another shape than the first image; scaled to %dx%d", path,
            numbered->width, numbered->height);
}

static int numbered_read(void *state, SolImage **out)
{
    Numbered *numbered = state;
    SolImage *image = NULL;
    char *path = NULL;
    int result;
    if (numbered->next >= numbered->sequence.count) {
        *out = NULL;
        return SOL_OK;
    }
    result = decode(numbered, numbered->next, &path, NULL);
    if (result == SOL_OK) {
        note_size(numbered, path);
        result = sol_convert(numbered->converter, numbered->frame, numbered->width, numbered->height, &image);
        if (result != SOL_OK)
            sol_fail_within(result, "%s", path);
    }
    free(path);
    if (result != SOL_OK)
        return result;
    image->number = image->pts = (int64_t)numbered->next++;
    image->duration = 1;
    image->time_base = numbered->time_base;
    *out = image;
    return SOL_OK;
}

static int numbered_skip_to(void *state, int64_t frame)
{
    Numbered *numbered = state;
    size_t count = numbered->sequence.count;
    if (frame < 0 || (size_t)frame < numbered->next)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: frame %lld has been passed already", numbered->sequence.folder,
                        (long long)frame);
    numbered->next = (size_t)frame < count ? (size_t)frame : count;
    return SOL_OK;
}

static int numbered_digest(const void *state, SolDigester *digester)
{
    const SolSequence *sequence = &((const Numbered *)state)->sequence;
    int result = SOL_OK;
    sol_converter_digest(((const Numbered *)state)->converter, digester);
    for (size_t i = 0; i < sequence->count && result == SOL_OK; i++) {
        char *path = sol_path_join(sequence->folder, sequence->images[i].name);
        result = path ? sol_digester_add_file(digester, path) : sol_fail_memory("a path");
        free(path);
    }
    return result;
}

const SolVideoSource sol_source_numbered = {
    .takes = numbered_takes,
    .open = numbered_open,
    .index = numbered_index,
    .read = numbered_read,
    .skip_to = numbered_skip_to,
    .digest = numbered_digest,
    .close = numbered_close,
};

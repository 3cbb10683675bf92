/* SPDX-License-Identifier: Apache-2.0
 *
 * Several inputs one after another as a single source of pictures. Each is a video of its own, opened when its turn
 * comes; times go on where the one before ends, in a time base in which all of them are exact. Pictures
 * have the first one's size: others are scaled to fit into it, between black bars where their shape is another.
 */
#include "media/video.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/image.h"

#include <libavutil/mathematics.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct Part {
    const char *path;
    SolRational time_base;     /* of its own times; of a still, one over the frame rate of numbered images */
    bool still;                /* one picture, which has no time of its own */
    int width, height;         /* that its pictures are scaled to, at most the whole's */
    int64_t frames, end;       /* how many, and when the last one ends, once they have been counted */
} Part;

typedef struct Joined {
    SolVideoOptions options;   /* of every part, but for the size */
    Part *parts;
    int count;
    SolVideo *first;           /* open to the end, since the strings of the info are its own */
    SolVideo *video;           /* of the part `at`; NULL before it is opened */
    int at;
    int64_t number;            /* of the next picture */
    int64_t passed;            /* pictures of the parts before */
    int64_t start, end;        /* of the part `at`, and of its last picture so far, in `time_base` */
    int width, height;
    SolRational time_base;
    bool counted;              /* the frames of all parts */
    char **paths;              /* the parts', owned */
    SolSource *sources;        /* of the parts, for the SolVideoInfo */
} Joined;

/* ---- the parts ---- */

static bool joined_takes(const char *path, const SolVideoOptions *options)
{
    (void)path;
    return options->then && options->then[0];
}

/* A time base of which both are multiples, or microseconds where its terms would be too large. */
static SolRational common_base(SolRational a, SolRational b)
{
    int64_t num = av_gcd((int64_t)a.num * b.den, (int64_t)b.num * a.den), den = (int64_t)a.den * b.den;
    int64_t common = av_gcd(num, den);
    if (num <= 0 || den <= 0 || den / common > INT_MAX || num / common > INT_MAX)
        return (SolRational){1, 1000000};
    return (SolRational){(int)(num / common), (int)(den / common)};
}

/* True for what FFmpeg reads as a single image: its demuxers "png_pipe" and the like, and "image2". */
static bool is_still(const SolVideoInfo *info)
{
    size_t length = strlen(info->format);
    return strcmp(info->format, "image2") == 0 || (length > 5 && strcmp(info->format + length - 5, "_pipe") == 0);
}

static int64_t in_whole(const Joined *joined, const Part *part, int64_t time)
{
    return av_rescale_q(time, (AVRational){part->time_base.num, part->time_base.den},
                        (AVRational){joined->time_base.num, joined->time_base.den});
}

/* Notes what a part has beside its pictures. */
static void note_source(Joined *joined, const Part *part, const SolVideoInfo *info)
{
    SolSource *source = &joined->sources[part - joined->parts];
    if (part->still || info->source_count != 1 || !info->sources->path || strcmp(info->sources->path, part->path) != 0)
        return;
    *source = *info->sources;
    source->path = part->path;
    source->format = joined->options.format;
}

/* How large a part's pictures of width x height become. */
static void fit(const Joined *joined, Part *part, int width, int height)
{
    double across = (double)joined->width / width, down = (double)joined->height / height;
    double scale = across < down ? across : down;
    part->width = (int)(width * scale + 0.5);
    part->height = (int)(height * scale + 0.5);
    /* bars of a hundredth are none: the shapes are the same but for rounding */
    if (joined->width - part->width <= joined->width / 100 && joined->height - part->height <= joined->height / 100) {
        part->width = joined->width;
        part->height = joined->height;
    }
    part->width = part->width < 1 ? 1 : part->width;
    part->height = part->height < 1 ? 1 : part->height;
}

static SolVideoOptions options_of(const Joined *joined, const Part *part)
{
    SolVideoOptions options = joined->options;
    if (part != joined->parts)
        options.short_side = part->width < part->height ? part->width : part->height;
    return options;
}

/* Learns of a part what has to be known before any picture is read. */
static int look_at(Joined *joined, Part *part, SolVideoInfo *info)
{
    SolVideoOptions options = joined->options;
    SolVideo *video = NULL;
    SolVideoInfo own;
    int result;
    options.log = NULL;
    options.short_side = 0;
    result = sol_video_open(&video, part->path, &options);
    if (result != SOL_OK)
        return result;
    sol_video_info(video, &own);
    fit(joined, part, own.out_width, own.out_height);
    info->sound |= own.sound;
    part->still = is_still(&own);
    part->time_base = part->still ? (SolRational){options.framerate.den, options.framerate.num} : own.time_base;
    note_source(joined, part, &own);
    if (part->width != joined->width || part->height != joined->height)
        sol_log(joined->options.log, SOL_LOG_NOTE,
                "%s: has %dx%d pixels; scaled to %dx%d between black bars, to fit the first clip's %dx%d", part->path,
                own.out_width, own.out_height, part->width, part->height, joined->width, joined->height);
    else if (own.out_width != joined->width || own.out_height != joined->height)
        sol_log(joined->options.log, SOL_LOG_NOTE, "%s: has %dx%d pixels; scaled to the first clip's %dx%d", part->path,
                own.out_width, own.out_height, joined->width, joined->height);
    sol_video_close(&video);
    return SOL_OK;
}

/* ---- opening ---- */

static void joined_close(void *state)
{
    Joined *joined = state;
    if (joined->video != joined->first)
        sol_video_close(&joined->video);
    sol_video_close(&joined->first);
    for (int i = 0; joined->paths && i < joined->count; i++)
        free(joined->paths[i]);
    sol_free(joined->paths);
    sol_free(joined->parts);
    sol_free(joined->sources);
    sol_free(joined);
}

static int copy_paths(Joined *joined, const char *path, const char *const then[])
{
    joined->count = 1;
    while (then[joined->count - 1])
        joined->count++;
    joined->paths = sol_calloc((size_t)joined->count, sizeof *joined->paths);
    joined->parts = sol_calloc((size_t)joined->count, sizeof *joined->parts);
    joined->sources = sol_calloc((size_t)joined->count, sizeof *joined->sources);
    if (!joined->paths || !joined->parts || !joined->sources)
        return sol_fail_memory("the inputs");
    for (int i = 0; i < joined->count; i++) {
        joined->parts[i].path = joined->paths[i] = sol_copy(i ? then[i - 1] : path);
        if (!joined->paths[i])
            return sol_fail_memory("the inputs");
    }
    return SOL_OK;
}

static int open_parts(Joined *joined, SolVideoInfo *info)
{
    Part *first = joined->parts;
    int result = sol_video_open(&joined->first, first->path, &joined->options);
    if (result != SOL_OK)
        return result;
    joined->video = joined->first;
    sol_video_info(joined->first, info);
    joined->width = first->width = info->out_width;
    joined->height = first->height = info->out_height;
    first->still = is_still(info);
    first->time_base = first->still ? (SolRational){joined->options.framerate.den, joined->options.framerate.num}
                                    : info->time_base;
    joined->time_base = first->time_base;
    note_source(joined, first, info);
    for (int i = 1; i < joined->count && result == SOL_OK; i++) {
        result = look_at(joined, &joined->parts[i], info);
        if (result == SOL_OK)
            joined->time_base = common_base(joined->time_base, joined->parts[i].time_base);
    }
    info->time_base = joined->time_base;
    info->sources = joined->sources;
    info->source_count = joined->count;
    if (first->still)
        info->frame_rate = joined->options.framerate;
    return result;
}

static int joined_open(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options)
{
    Joined *joined = sol_calloc(1, sizeof *joined);
    SolVideoInfo found = {0};
    int result;
    if (!joined)
        return sol_fail_memory("the inputs");
    joined->options = *options;
    joined->options.then = NULL;
    result = copy_paths(joined, path, options->then);
    if (result == SOL_OK)
        result = open_parts(joined, &found);
    if (result != SOL_OK) {
        joined_close(joined);
        return result;
    }
    *info = found;
    *state = joined;
    return SOL_OK;
}

/* ---- counting ---- */

/* The index of a part, whose times are its own; of a still, the one frame that it lasts. */
static int index_part(const Joined *joined, Part *part, SolVideoIndex *index)
{
    SolVideoOptions options = options_of(joined, part);
    SolVideo *video = NULL;
    int result;
    options.log = NULL;
    result = sol_video_open(&video, part->path, &options);
    if (result == SOL_OK)
        result = sol_video_index(video, index);
    sol_video_close(&video);
    if (result == SOL_OK) {
        part->frames = index->frames;
        part->end = part->still ? 1 : index->end;
    }
    return result;
}

static int joined_index(void *state, SolVideoIndex *out)
{
    Joined *joined = state;
    SolVideoIndex whole = {.time_base = joined->time_base};
    size_t capacity = 0;
    int result = SOL_OK;
    for (int i = 0; i < joined->count && result == SOL_OK; i++) {
        Part *part = &joined->parts[i];
        SolVideoIndex index = {0};
        void *pts = whole.pts;
        result = index_part(joined, part, &index);
        if (result == SOL_OK && !sol_grow(&pts, &capacity, (size_t)(whole.frames + index.frames), sizeof *whole.pts))
            result = sol_fail_memory("the index of the inputs");
        whole.pts = pts;
        joined->sources[i].from = whole.end;
        for (int64_t n = 0; n < index.frames && result == SOL_OK; n++)
            whole.pts[whole.frames + n] = whole.end + in_whole(joined, part, index.pts[n]);
        whole.frames += index.frames;
        whole.end += in_whole(joined, part, part->end);
        sol_video_index_clear(&index);
    }
    if (result != SOL_OK) {
        free(whole.pts);
        return result;
    }
    joined->counted = true;
    *out = whole;
    return SOL_OK;
}

/* ---- reading ---- */

/* Goes on to the part behind the present one. */
static void leave_part(Joined *joined)
{
    const Part *part = &joined->parts[joined->at++];
    joined->start = joined->counted ? joined->start + in_whole(joined, part, part->end) : joined->end;
    joined->end = joined->start;
    joined->passed = joined->counted ? joined->passed + part->frames : joined->number;
    if (joined->number < joined->passed)
        joined->number = joined->passed; /* damage took some, and those behind keep their numbers */
    if (joined->video != joined->first)
        sol_video_close(&joined->video);
    joined->video = NULL;
}

static int open_part(Joined *joined)
{
    const Part *part = &joined->parts[joined->at];
    SolVideoOptions options = options_of(joined, part);
    return joined->video ? SOL_OK : sol_video_open(&joined->video, part->path, &options);
}

/* Brings a picture to the size of all, in place. */
static int frame_picture(const Joined *joined, const Part *part, SolImage **image)
{
    int left = (joined->width - part->width) / 2, top = (joined->height - part->height) / 2;
    SolImage *framed = NULL;
    int result = SOL_OK;
    if ((*image)->width != part->width || (*image)->height != part->height) {
        result = sol_image_scale(&framed, *image, part->width, part->height);
        if (result != SOL_OK)
            return result;
        sol_image_unref(image);
        *image = framed;
    }
    if (part->width == joined->width && part->height == joined->height)
        return SOL_OK;
    result = sol_image_create(&framed, joined->width, joined->height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < joined->height; y++) {
        uint8_t *row = sol_image_row(framed, y);
        memset(row, 0, (size_t)joined->width * 3);
        if (y >= top && y < top + part->height)
            memcpy(row + (size_t)left * 3, sol_image_row_const(*image, y - top), (size_t)part->width * 3);
    }
    framed->pts = (*image)->pts;
    framed->duration = (*image)->duration;
    sol_image_unref(image);
    *image = framed;
    return SOL_OK;
}

/* Gives a picture its place in the whole. */
static void place(Joined *joined, const Part *part, SolImage *image)
{
    int64_t from = part->still ? 0 : image->pts, to = part->still ? 1 : image->pts + image->duration;
    image->number = joined->number++;
    image->pts = joined->start + in_whole(joined, part, from);
    joined->end = joined->start + in_whole(joined, part, to);
    image->duration = joined->end - image->pts;
    image->time_base = joined->time_base;
}

static int joined_read(void *state, SolImage **out)
{
    Joined *joined = state;
    SolImage *image = NULL;
    while (joined->at < joined->count) {
        const Part *part = &joined->parts[joined->at];
        int result = open_part(joined);
        if (result == SOL_OK)
            result = sol_video_read(joined->video, &image);
        if (result == SOL_OK && image)
            result = frame_picture(joined, part, &image);
        if (result != SOL_OK) {
            sol_image_unref(&image);
            return result;
        }
        if (image) {
            place(joined, part, image);
            break;
        }
        leave_part(joined);
    }
    *out = image;
    return SOL_OK;
}

/* Parts are left out without decoding them, which takes counting their frames. */
static int joined_skip_to(void *state, int64_t frame)
{
    Joined *joined = state;
    int result = SOL_OK;
    if (frame < joined->number)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: frame %lld has been passed already", joined->parts[0].path,
                        (long long)frame);
    if (!joined->counted) {
        SolVideoIndex index;
        result = joined_index(joined, &index);
        if (result == SOL_OK)
            sol_video_index_clear(&index);
    }
    while (result == SOL_OK && joined->at < joined->count &&
           frame >= joined->passed + joined->parts[joined->at].frames)
        leave_part(joined);
    if (result == SOL_OK && joined->at < joined->count)
        result = open_part(joined);
    if (result == SOL_OK && joined->at < joined->count)
        result = sol_video_skip_to(joined->video, frame - joined->passed);
    if (result == SOL_OK)
        joined->number = frame;
    return result;
}

static int joined_digest(const void *state, SolDigester *digester)
{
    const Joined *joined = state;
    int result = SOL_OK;
    for (int i = 0; i < joined->count && result == SOL_OK; i++) {
        SolVideoOptions options = options_of(joined, &joined->parts[i]);
        SolVideo *video = NULL;
        options.log = NULL;
        result = sol_video_open(&video, joined->parts[i].path, &options);
        if (result == SOL_OK)
            result = sol_video_digest(video, digester);
        sol_digester_add_int(digester, joined->parts[i].width);
        sol_digester_add_int(digester, joined->parts[i].height);
        sol_video_close(&video);
    }
    return result;
}

const SolVideoSource sol_source_joined = {
    .takes = joined_takes,
    .open = joined_open,
    .index = joined_index,
    .read = joined_read,
    .skip_to = joined_skip_to,
    .digest = joined_digest,
    .close = joined_close,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF writer: which pictures are taken and when they show, which palette they get, and the file,
 * through giflib. One frame is held back until the next one tells for how long it shows; nothing else
 * is kept, so that memory does not grow with the length of the film.
 *
 * A GIF counts time in hundredths of a second (cs). Every frame starts at its own time, rounded, so
 * that rounding errors do not add up; no frame is shorter than 2 cs, which browsers would slow down.
 */
#include "base/error.h"
#include "base/memory.h"
#include "media/dither.h"
#include "media/gif_delta.h"
#include "media/writer.h"

#include <errno.h>
#include <gif_lib.h>
#include <libavutil/mathematics.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKS = 100,             /* cs in a second */
    MIN_DELAY = 2,           /* cs */
    MAX_DELAY = 65535,       /* cs, in 16 bits */
    MAX_RATE = 50,           /* frames a second */
    RATE_TERMS = 1000000,    /* largest numerator and denominator of a rate that is reckoned with */
    REFINING = 3             /* rounds of k-means */
};

/* A palette is kept while a fresh one would not lower the mean squared error by a fifth, and it is
 * visibly above nothing. */
static const double worse_by = 1.25, worse_than = 0.25;

typedef struct Gif {
    SolPending *file;
    FILE *stream;
    int stream_error;        /* errno of the first write that failed, or 0 */
    int64_t written;         /* bytes */
    GifFileType *gif;
    SolPalette global;       /* the palette in the file's head: the first frame's */

    /* choosing frames */
    AVRational rate;         /* frames a second at most */
    bool regular;            /* frames start at multiples of 1 / rate, not at their own times */
    int64_t tick;            /* the last taken frame's place on a grid of 1 / rate */
    int64_t start;           /* the last taken frame's start, cs; -1: none yet */

    /* making frames */
    SolHistogram *histogram;
    SolColourMap *map;       /* set to the palette in use */
    bool has_palette;
    SolIndexed held;         /* the last taken frame */
    uint8_t *shown;          /* R, G, B of the screen once the held frame shows */
} Gif;

/* ---- the file ---- */

static int write_bytes(GifFileType *gif, const GifByteType *bytes, int count)
{
    Gif *state = gif->UserData;
    size_t size = (size_t)count;
    if (state->stream_error == 0 && fwrite(bytes, 1, size, state->stream) != size)
        state->stream_error = errno ? errno : EIO;
    state->written += (int64_t)size;
    return state->stream_error == 0 ? count : 0;
}

static int fail_write(const SolWriter *writer, const Gif *gif)
{
    if (gif->stream_error != 0) {
        errno = gif->stream_error;
        return sol_fail_errno(writer->settings->path, "cannot be written");
    }
    return sol_fail_memory("a GIF's frames");
}

/* giflib's copy of a palette, with room for the transparent index behind its colours; NULL: no memory. */
static ColorMapObject *colour_map(const SolPalette *palette)
{
    int needed = palette->count < SOL_PALETTE_MAX ? palette->count + 1 : palette->count, size = 2;
    ColorMapObject *map;
    while (size < needed)
        size *= 2;
    map = GifMakeMapObject(size, NULL);
    for (int i = 0; map && i < palette->count; i++)
        map->Colors[i] = (GifColorType){palette->colour[i][0], palette->colour[i][1], palette->colour[i][2]};
    return map;
}

/* The wish to play for ever, or more than once: Netscape's extension, which counts repetitions. */
static int put_loop(GifFileType *gif, int times)
{
    int repeats = times == 0 ? 0 : times - 1;
    const GifByteType block[3] = {1, (GifByteType)(repeats & 0xff), (GifByteType)(repeats >> 8)};
    if (times == 1)
        return GIF_OK;
    if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) != GIF_OK ||
        EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") != GIF_OK || EGifPutExtensionBlock(gif, 3, block) != GIF_OK)
        return GIF_ERROR;
    return EGifPutExtensionTrailer(gif);
}

/* The head of the file, whose palette is the first frame's. */
static int put_head(SolWriter *writer, Gif *gif)
{
    ColorMapObject *map;
    int status = GIF_ERROR;
    gif->global = gif->held.palette;
    map = colour_map(&gif->global);
    if (map) {
        EGifSetGifVersion(gif->gif, true);
        status = EGifPutScreenDesc(gif->gif, writer->report.width, writer->report.height, 8, 0, map);
    }
    GifFreeMapObject(map);
    if (status == GIF_OK)
        status = put_loop(gif->gif, writer->settings->loop);
    return status == GIF_OK ? SOL_OK : fail_write(writer, gif);
}

static int put_control(GifFileType *gif, int transparent, int delay)
{
    const GraphicsControlBlock control = {
        .DisposalMode = DISPOSE_DO_NOT, .DelayTime = delay, .TransparentColor = transparent};
    GifByteType bytes[4];
    EGifGCBToExtension(&control, bytes);
    return EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof bytes, bytes);
}

static int put_image(GifFileType *gif, SolIndexed *frame, ColorMapObject *local)
{
    uint8_t *row = frame->indices;
    if (EGifPutImageDesc(gif, frame->left, frame->top, frame->width, frame->height, false, local) != GIF_OK)
        return GIF_ERROR;
    for (int y = 0; y < frame->height; y++, row += frame->width)
        if (EGifPutLine(gif, row, frame->width) != GIF_OK)
            return GIF_ERROR;
    return GIF_OK;
}

/* Writes the held frame, which shows for `left` cs; several times where that is longer than a delay can say. */
static int put_held(SolWriter *writer, Gif *gif, int64_t left)
{
    SolIndexed *frame = &gif->held;
    ColorMapObject *local = NULL;
    int status = GIF_OK;
    if (!sol_palette_equal(&frame->palette, &gif->global) && !(local = colour_map(&frame->palette)))
        return sol_fail_memory("a GIF's palette");
    left = left < MIN_DELAY ? MIN_DELAY : left;
    while (left > 0 && status == GIF_OK) {
        int64_t delay = left <= MAX_DELAY ? left : left < MAX_DELAY + MIN_DELAY ? left / 2 : MAX_DELAY;
        status = put_control(gif->gif, frame->transparent, (int)delay);
        if (status == GIF_OK)
            status = put_image(gif->gif, frame, local);
        left -= delay;
    }
    GifFreeMapObject(local);
    return status == GIF_OK && gif->stream_error == 0 ? SOL_OK : fail_write(writer, gif);
}

/* ---- choosing frames ---- */

static int64_t to_cs(const SolWriter *writer, int64_t pts)
{
    return av_rescale_q(pts, (AVRational){writer->input.time_base.num, writer->input.time_base.den},
                        (AVRational){1, TICKS});
}

static void choose_rate(const SolWriter *writer, Gif *gif)
{
    SolRational wanted = writer->settings->fps, source = writer->input.frame_rate;
    gif->rate = (AVRational){MAX_RATE, 1};
    if (wanted.num > 0)
        av_reduce(&gif->rate.num, &gif->rate.den, wanted.num, wanted.den, RATE_TERMS);
    gif->regular = source.num > 0 && source.den > 0 &&
                   av_cmp_q((AVRational){source.num, source.den}, gif->rate) > 0;
    gif->start = -1;
}

/*
 * Whether the frame that shows from pts to end is taken, and from which time on (cs). Time is cut into
 * ticks of 1 / rate; of the frames that start within a tick, or up to a quarter of one before it
 * (timestamps jitter), the first is taken. The first frame of all is always taken.
 */
static bool take(const SolWriter *writer, Gif *gif, int64_t pts, int64_t end)
{
    AVRational base = {writer->input.time_base.num, writer->input.time_base.den};
    int64_t quarters = av_rescale_q_rnd(pts, base, (AVRational){gif->rate.den, 4 * gif->rate.num}, AV_ROUND_DOWN);
    int64_t tick = (quarters + 1) / 4;
    int64_t start = gif->regular ? av_rescale_q(tick, av_inv_q(gif->rate), (AVRational){1, TICKS})
                                 : to_cs(writer, pts);
    if (gif->start >= 0 &&
        (tick <= gif->tick || start < gif->start + MIN_DELAY || to_cs(writer, end) <= start))
        return false;
    gif->tick = tick;
    gif->start = start;
    return true;
}

static void gif_mark(const SolWriter *writer, bool wanted[])
{
    const SolWriterInput *input = &writer->input;
    Gif gif = {0};
    choose_rate(writer, &gif);
    for (int64_t i = 0; i < input->count; i++) {
        SolShowing showing = sol_writer_showing(writer, input->first + i);
        wanted[i] |= showing.count > 0 && take(writer, &gif, showing.pts, showing.pts + showing.duration);
    }
}

/* ---- making frames ---- */

/* True where the palette in use holds every colour of `palette`. */
static bool holds_all(SolColourMap *map, const SolPalette *palette)
{
    const SolPalette *used = sol_colour_map_palette(map);
    for (int i = 0; i < palette->count; i++) {
        const uint8_t *colour = palette->colour[i];
        int index = sol_colour_map_find(map, colour[0], colour[1], colour[2]);
        if (memcmp(used->colour[index], colour, 3) != 0)
            return false;
    }
    return true;
}

/* Leaves the map set to the palette for `image`: the one in use where that is still good. */
static int choose_palette(Gif *gif, const SolImage *image, bool *exact)
{
    SolPalette palette;
    double error;
    int result;
    *exact = sol_palette_exact(&palette, image, SOL_PALETTE_MAX);
    if (*exact) {
        if (!gif->has_palette || !holds_all(gif->map, &palette))
            sol_colour_map_set(gif->map, &palette);
    } else {
        result = sol_histogram_count(gif->histogram, image);
        if (result != SOL_OK)
            return result;
        /* one index is left for transparency */
        sol_palette_split(&palette, gif->histogram, SOL_PALETTE_MAX - 1, &error);
        if (!gif->has_palette || sol_histogram_error(gif->histogram, gif->map) > worse_by * error + worse_than)
            sol_palette_refine(&palette, gif->histogram, REFINING, gif->map);
    }
    gif->has_palette = true;
    return SOL_OK;
}

/* Makes `image` the held frame. */
static int hold(SolWriter *writer, Gif *gif, const SolImage *image)
{
    SolIndexed *held = &gif->held;
    bool exact, first = writer->report.frames == 0;
    int result = choose_palette(gif, image, &exact);
    if (result != SOL_OK)
        return result;
    if (exact)
        sol_remap(image, gif->map, held->indices);
    else
        result = sol_dither(image, gif->map, held->indices);
    if (result != SOL_OK)
        return result;
    held->palette = *sol_colour_map_palette(gif->map);
    held->left = held->top = 0;
    held->width = image->width;
    held->height = image->height;
    held->transparent = NO_TRANSPARENT_COLOR;
    if (first)
        sol_gif_show(held, gif->shown);
    else
        sol_gif_delta(held, image->width, image->height, gif->shown);
    return first ? put_head(writer, gif) : SOL_OK;
}

/* ---- the class ---- */

static int gif_open(SolWriter *writer)
{
    SolWriterReport *report = &writer->report;
    Gif *gif = sol_calloc(1, sizeof *gif);
    size_t pixels;
    int result, error = 0;
    if (!gif)
        return sol_fail_memory("a GIF");
    writer->state = gif;
    choose_rate(writer, gif);
    result = sol_writer_size(writer, &report->width, &report->height);
    if (result == SOL_OK)
        result = sol_histogram_open(&gif->histogram);
    if (result == SOL_OK)
        result = sol_colour_map_open(&gif->map);
    if (result != SOL_OK)
        return result;
    pixels = (size_t)report->width * (size_t)report->height;
    gif->held.indices = sol_alloc(pixels, 1);
    gif->shown = sol_alloc(pixels, 3);
    if (!gif->held.indices || !gif->shown)
        return sol_fail_memory("a GIF's frames");
    result = sol_pending_open(&gif->file, report->path, writer->input.overwrite);
    if (result != SOL_OK)
        return result;
    gif->stream = fopen(sol_pending_path(gif->file), "wb");
    if (!gif->stream)
        return sol_fail_errno(report->path, "cannot be written");
    gif->gif = EGifOpen(gif, write_bytes, &error);
    return gif->gif ? SOL_OK : sol_fail_memory("a GIF");
}

/* A part of a GIF is the pictures that it takes, at its size: what is made of them depends on those before. */
static int keep(SolWriter *writer, const SolImage *image, int64_t pts, int64_t duration)
{
    size_t row = (size_t)image->width * 3, size = row * (size_t)image->height;
    uint8_t *pixels = sol_alloc(size, 1);
    int result;
    if (!pixels)
        return sol_fail_memory("a part of a GIF");
    for (int y = 0; y < image->height; y++)
        memcpy(pixels + (size_t)y * row, sol_image_row_const(image, y), row);
    result = sol_records_append(writer->part,
                                &(SolRecord){.time = pts, .duration = duration, .size = size, .data = pixels});
    sol_free(pixels);
    return result;
}

static int gif_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Gif *gif = writer->state;
    SolWriterReport *report = &writer->report;
    SolImage *scaled = NULL;
    int64_t former = gif->start;
    int result = SOL_OK;
    if (!take(writer, gif, pts, pts + duration))
        return SOL_OK;
    if (former >= 0)
        result = put_held(writer, gif, gif->start - former);
    if (result == SOL_OK && (report->width != image->width || report->height != image->height))
        result = sol_image_scale(&scaled, image, report->width, report->height);
    if (result == SOL_OK)
        result = hold(writer, gif, scaled ? scaled : image);
    if (result == SOL_OK && writer->part)
        result = keep(writer, scaled ? scaled : image, pts, duration);
    writer->written = gif->written;
    if (result == SOL_OK)
        report->frames++;
    sol_image_unref(&scaled);
    return result;
}

static int gif_splice(SolWriter *writer, const SolRecord *record)
{
    const SolWriterReport *report = &writer->report;
    size_t row = (size_t)report->width * 3;
    SolImage *image = NULL;
    int result;
    if (record->size != row * (size_t)report->height)
        return sol_fail(SOL_ERR_FORMAT, "%s: a part of it that was kept is of another size", report->path);
    result = sol_image_create(&image, report->width, report->height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < report->height; y++)
        memcpy(sol_image_row(image, y), record->data + (size_t)y * row, row);
    result = gif_write(writer, image, record->time, record->duration);
    sol_image_unref(&image);
    return result;
}

static int gif_finish(SolWriter *writer)
{
    Gif *gif = writer->state;
    int64_t end = to_cs(writer, writer->end);
    int result = put_held(writer, gif, end - gif->start), error = 0;
    if (result != SOL_OK)
        return result;
    if (EGifCloseFile(gif->gif, &error) != GIF_OK && gif->stream_error == 0)
        gif->stream_error = EIO;
    gif->gif = NULL;
    if (fclose(gif->stream) != 0 && gif->stream_error == 0)
        gif->stream_error = errno;
    gif->stream = NULL;
    if (gif->stream_error != 0)
        return fail_write(writer, gif);
    writer->report.seconds = (double)(end < gif->start + MIN_DELAY ? gif->start + MIN_DELAY : end) / TICKS;
    return sol_writer_commit(writer, gif->file);
}

static void gif_close(SolWriter *writer)
{
    Gif *gif = writer->state;
    if (!gif)
        return;
    if (gif->gif) {
        gif->stream_error = ECANCELED; /* nothing more is written */
        EGifCloseFile(gif->gif, NULL);
    }
    if (gif->stream)
        fclose(gif->stream);
    sol_pending_close(&gif->file);
    sol_histogram_close(&gif->histogram);
    sol_colour_map_close(&gif->map);
    sol_free(gif->held.indices);
    sol_free(gif->shown);
    sol_free(gif);
}

const SolWriterClass sol_gif_writer = {
    .name = "GIF",
    .extensions = "gif",
    .keys = SOL_KEY_WIDTH | SOL_KEY_FPS | SOL_KEY_SPEED | SOL_KEY_FRAMES | SOL_KEY_LOOP | SOL_KEY_LAYOUT,
    .own_fps = true,
    .mark = gif_mark,
    .most_fps = MAX_RATE,
    .open = gif_open,
    .write = gif_write,
    .splice = gif_splice,
    .finish = gif_finish,
    .close = gif_close,
};

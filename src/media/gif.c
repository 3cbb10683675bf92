/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF writer: which pictures are taken, at which size, and when they show. One is held back until the next one
 * tells for how long it shows; the rest is the encoder's (gif_encoder.h).
 *
 * A GIF counts time in hundredths of a second (cs). Every frame starts at its own time, rounded, so
 * that rounding errors do not add up; no frame is shorter than 2 cs, which browsers would slow down.
 */
#include "base/error.h"
#include "base/memory.h"
#include "media/gif_encoder.h"
#include "media/writer.h"

#include <errno.h>
#include <libavutil/mathematics.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    TICKS = 100,             /* cs in a second */
    MIN_DELAY = SOL_GIF_MIN_DELAY,
    MAX_RATE = 50,           /* frames a second */
    RATE_TERMS = 1000000     /* largest numerator and denominator of a rate that is reckoned with */
};

typedef struct Gif {
    SolPending *file;
    FILE *stream;
    SolGifEncoder *encoder;

    AVRational rate;         /* frames a second at most */
    bool regular;            /* frames start at multiples of 1 / rate, not at their own times */
    int64_t tick;            /* the last taken frame's place on a grid of 1 / rate */
    int64_t start;           /* the last taken frame's start, cs; -1: none yet */
    SolImage *held;          /* the last taken frame */
} Gif;

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

static bool gif_wants(const SolWriter *writer, int64_t pts, int64_t duration)
{
    Gif gif = *(const Gif *)writer->state;
    return take(writer, &gif, pts, pts + duration);
}

/* ---- the class ---- */

static int gif_open(SolWriter *writer)
{
    SolWriterReport *report = &writer->report;
    Gif *gif = sol_calloc(1, sizeof *gif);
    int result;
    if (!gif)
        return sol_fail_memory("a GIF");
    writer->state = gif;
    choose_rate(writer, gif);
    result = sol_writer_size(writer, &report->width, &report->height);
    if (result == SOL_OK)
        result = sol_pending_open(&gif->file, report->path, writer->input.overwrite);
    if (result != SOL_OK)
        return result;
    gif->stream = fopen(sol_pending_path(gif->file), "wb");
    if (!gif->stream)
        return sol_fail_errno(report->path, "cannot be written");
    return sol_gif_encoder_open(&gif->encoder, gif->stream, report->path, report->width, report->height, NULL,
                                writer->settings->loop, writer->input.threads);
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

/* Gives the held frame, which shows for `delay` cs, to the encoder. */
static int add_held(SolWriter *writer, Gif *gif, int64_t delay)
{
    int result = sol_gif_encoder_add(gif->encoder, gif->held, delay);
    sol_image_unref(&gif->held);
    writer->written = sol_gif_encoder_bytes(gif->encoder);
    return result;
}

static int gif_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Gif *gif = writer->state;
    int64_t former = gif->start;
    int result = SOL_OK;
    if (!take(writer, gif, pts, pts + duration))
        return SOL_OK;
    if (former >= 0)
        result = add_held(writer, gif, gif->start - former);
    if (result != SOL_OK)
        return result;
    gif->held = sol_image_ref(image);
    writer->report.frames++;
    return writer->part ? keep(writer, gif->held, pts, duration) : SOL_OK;
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
    int result = add_held(writer, gif, end - gif->start), status;
    if (result == SOL_OK)
        result = sol_gif_encoder_finish(gif->encoder, &writer->written);
    if (result != SOL_OK)
        return result;
    status = fclose(gif->stream);
    gif->stream = NULL;
    if (status != 0)
        return sol_fail_errno(writer->settings->path, "cannot be written");
    writer->report.seconds = (double)(end < gif->start + MIN_DELAY ? gif->start + MIN_DELAY : end) / TICKS;
    return sol_writer_commit(writer, gif->file);
}

static void gif_close(SolWriter *writer)
{
    Gif *gif = writer->state;
    if (!gif)
        return;
    sol_gif_encoder_close(&gif->encoder);
    sol_image_unref(&gif->held);
    if (gif->stream)
        fclose(gif->stream);
    sol_pending_close(&gif->file);
    sol_free(gif);
}

const SolWriterClass sol_gif_writer = {
    .name = "GIF",
    .extensions = "gif",
    .keys = SOL_KEY_WIDTH | SOL_KEY_FPS | SOL_KEY_SPEED | SOL_KEY_FRAMES | SOL_KEY_LOOP | SOL_KEY_LAYOUT |
            SOL_KEY_CROP | SOL_KEY_TEXT,
    .own_fps = true,
    .mark = gif_mark,
    .most_fps = MAX_RATE,
    .open = gif_open,
    .wants = gif_wants,
    .write = gif_write,
    .splice = gif_splice,
    .finish = gif_finish,
    .close = gif_close,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Video files: what a picture goes through on its way into a film. Pictures keep the times that they
 * came with.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "media/encoder.h"
#include "media/muxer.h"
#include "media/writer.h"

#include <libavutil/pixdesc.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { MOST_REORDERED = 16 }; /* pictures that one decoded earlier may show behind; H.264 and H.265 end there */

typedef struct Film {
    SolPending *file;              /* NULL for standard output */
    SolEncoder *encoder;
    SolMuxer *muxer;
    int delay;                     /* pictures that the decoder is ahead of the screen */
    int64_t starts[MOST_REORDERED]; /* of the last `delay` pictures in order of showing, at their number modulo it */
    int64_t lead;                  /* from one packet to the next, of those that are decoded before time 0 */
    int64_t packets;               /* written so far */
    bool ended;                    /* the encoder has given all it had, and takes no more */
} Film;

/* `side` in whole chroma samples, of which there is one for every 1 << shift pixels. */
static int round_up(int side, int shift)
{
    int step = 1 << shift;
    return (side + step - 1) / step * step;
}

/*
 * The video's size, which its pixel format may want to be even; of two such heights, the nearer to the aspect ratio
 * where `width` scales.
 */
static int choose_size(SolWriter *writer, enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(format);
    SolWriterReport *report = &writer->report;
    int result = sol_writer_size(writer, &report->width, &report->height);
    if (result != SOL_OK)
        return result;
    report->width = round_up(report->width, kind->log2_chroma_w);
    if (writer->settings->width > 0) {
        double height = (double)writer->input.height * report->width / writer->input.width;
        double step = 1 << kind->log2_chroma_h;
        report->height = (int)(step * fmax(1, floor(height / step + 0.5)));
    }
    report->height = round_up(report->height, kind->log2_chroma_h);
    return SOL_OK;
}

/* Tells where YUV4MPEG, which knows a frame rate and no times, cannot show pictures when they are due. */
static void warn_of_times(const SolWriter *writer)
{
    const SolVideoIndex *index = writer->input.index;
    SolRational rate = writer->input.frame_rate, base = writer->input.time_base;
    double frame = rate.num > 0 && rate.den > 0 ? (double)rate.den / rate.num * base.den / base.num : 0;
    for (int64_t n = 1; index && n < writer->input.count; n++) {
        int64_t pts = index->pts[writer->input.first + n] - index->pts[writer->input.first];
        if (fabs((double)pts - (double)n * frame) <= frame)
            continue;
        sol_log(writer->log, SOL_LOG_WARNING, "%s: the frames are not evenly spaced in time, and YUV4MPEG plays them so; "
                "- or a .mkv keeps their times", writer->settings->path);
        return;
    }
}

static int film_check(const SolOutputSettings *settings)
{
    SolCodecChoice choice;
    return sol_codec_choose(&choice, settings);
}

/* What goes with the pictures: the part of the source that they are of. */
static SolTracksRequest request_tracks(const SolWriter *writer)
{
    const SolWriterInput *input = &writer->input;
    const SolVideoIndex *index = input->index;
    int64_t last = input->first + input->count;
    SolTracksRequest request = {.path = writer->settings->path,
                                .speed = {1, 1},
                                .audio = writer->settings->audio,
                                .log = writer->log};
    if (sol_path_has_extension(request.path, "y4m")) /* pictures, and nothing else */
        return request;
    request.comment = input->comment;
    if (input->source_count == 0 || !index || input->count == 0)
        return request;
    request.sources = input->sources;
    request.source_count = input->source_count;
    request.time_base = (AVRational){writer->given_base.num, writer->given_base.den};
    if (writer->settings->speed.num > 0)
        request.speed = (AVRational){writer->settings->speed.num, writer->settings->speed.den};
    request.start = index->pts[input->first];
    request.end = last < index->frames ? index->pts[last] : index->end;
    request.whole_start = input->first == 0;
    request.whole_end = last == index->frames;
    return request;
}

/* Parts of a film are by one encoder: another FFmpeg may have others. */
static void film_digest(const SolOutputSettings *settings, SolDigester *digester)
{
    SolCodecChoice choice;
    SolCoder coder;
    for (int i = 0; sol_codec_choose(&choice, settings) == SOL_OK && sol_codec_coder(&choice, i, &coder); i++)
        sol_digester_add_text(digester, coder.encoder->name);
}

static int film_open(SolWriter *writer)
{
    const char *path = writer->settings->path;
    const SolWriterInput *input = &writer->input;
    Film *film = sol_calloc(1, sizeof *film);
    SolEncoderFormat format;
    SolCodecChoice choice;
    SolTracksRequest tracks = request_tracks(writer);
    int result;
    if (!film)
        return sol_fail_memory("a video");
    writer->state = film;
    result = sol_codec_choose(&choice, writer->settings);
    if (result == SOL_OK)
        result = choose_size(writer, choice.format);
    if (result == SOL_OK && writer->kind->stream && isatty(STDOUT_FILENO))
        result = sol_fail(SOL_ERR_ARGUMENT, "standard output is a terminal; pipe it to a program that takes the film, "
                          "as in \"-o - | mpv -\"");
    if (result == SOL_OK && !writer->kind->stream)
        result = sol_pending_open(&film->file, path, input->overwrite);
    if (result != SOL_OK)
        return result;
    if (sol_path_has_extension(path, "y4m"))
        warn_of_times(writer);
    format = (SolEncoderFormat){.settings = writer->settings,
                                .choice = choice,
                                .width = input->width,
                                .height = input->height,
                                .out_width = writer->report.width,
                                .out_height = writer->report.height,
                                .time_base = input->time_base,
                                .frame_rate = input->frame_rate,
                                .threads = input->threads,
                                .global_header = sol_muxer_wants_global_header(path)};
    result = sol_encoder_open(&film->encoder, &format, writer->log);
    if (result != SOL_OK)
        return result;
    film->delay = sol_encoder_context(film->encoder)->has_b_frames;
    if (film->delay > MOST_REORDERED)
        film->delay = MOST_REORDERED;
    return sol_muxer_open(&film->muxer, path, film->file ? sol_pending_path(film->file) : NULL,
                          sol_encoder_context(film->encoder), input->frame_rate, &tracks);
}

/* ---- writing ---- */

/* The time of decoding of the film's packet number `n`, when the picture in its place starts at `start`. */
static int64_t decoding_time(Film *film, int64_t n, const AVPacket *packet)
{
    int64_t *earlier = &film->starts[film->delay ? n % film->delay : 0], time = packet->pts;
    if (n == 0)
        film->lead = packet->duration;
    if (film->delay > 0) {
        time = n < film->delay ? (n - film->delay) * film->lead : *earlier;
        *earlier = packet->dts;
    }
    return time < packet->pts ? time : packet->pts;
}

/*
 * The muxer gets a packet as the encoder left it. Parts of a film come from encoders of their own, of which each
 * begins as if its packets were the first; so the times of decoding are counted here, through all of them.
 */
static int mux(SolWriter *writer, AVPacket *packet)
{
    Film *film = writer->state;
    packet->dts = decoding_time(film, film->packets++, packet);
    writer->written += packet->size;
    return sol_muxer_write(film->muxer, packet, sol_encoder_context(film->encoder)->time_base);
}

static int take_packet(void *user, AVPacket *packet)
{
    SolWriter *writer = user;
    int result = SOL_OK;
    if (writer->part)
        result = sol_records_append(writer->part, &(SolRecord){.time = packet->pts,
                                                               .place = packet->dts,
                                                               .duration = packet->duration,
                                                               .flags = packet->flags,
                                                               .size = (size_t)packet->size,
                                                               .data = packet->data});
    return result == SOL_OK ? mux(writer, packet) : result;
}

static int film_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Film *film = writer->state;
    int result = film->ended ? sol_encoder_restart(film->encoder) : SOL_OK;
    film->ended = false;
    if (result == SOL_OK)
        result = sol_encoder_write(film->encoder, image, pts, pts + duration, &(SolPacketSink){take_packet, writer});
    if (result == SOL_OK)
        writer->report.frames++;
    return result;
}

static int film_end_part(SolWriter *writer)
{
    Film *film = writer->state;
    film->ended = true;
    return sol_encoder_drain(film->encoder, &(SolPacketSink){take_packet, writer});
}

static int film_splice(SolWriter *writer, const SolRecord *record)
{
    Film *film = writer->state;
    AVPacket *packet = av_packet_alloc();
    int result;
    if (!packet || record->size > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE ||
        av_new_packet(packet, (int)record->size) < 0) {
        av_packet_free(&packet);
        return sol_fail_memory("a part of a film");
    }
    memcpy(packet->data, record->data, record->size);
    packet->pts = record->time;
    packet->dts = record->place;
    packet->duration = record->duration;
    packet->flags = (int)record->flags;
    sol_encoder_skip(film->encoder, record->place);
    result = mux(writer, packet);
    av_packet_free(&packet);
    if (result == SOL_OK)
        writer->report.frames++;
    return result;
}

static int film_finish(SolWriter *writer)
{
    Film *film = writer->state;
    int64_t bytes;
    int result = sol_muxer_finish(film->muxer, &bytes);
    if (result == SOL_OK && film->file)
        return sol_writer_commit(writer, film->file);
    writer->report.bytes = bytes;
    return result;
}

static void film_close(SolWriter *writer)
{
    Film *film = writer->state;
    if (!film)
        return;
    sol_encoder_close(&film->encoder);
    sol_muxer_close(&film->muxer);
    sol_pending_close(&film->file);
    sol_free(film);
}

enum {
    KEYS = SOL_KEY_CODEC | SOL_KEY_CRF | SOL_KEY_BITRATE | SOL_KEY_PRESET | SOL_KEY_PIX_FMT | SOL_KEY_WIDTH |
           SOL_KEY_FPS | SOL_KEY_SPEED | SOL_KEY_FRAMES | SOL_KEY_AUDIO | SOL_KEY_LAYOUT | SOL_KEY_CROP |
           SOL_KEY_TEXT,
    MOST_FPS = 1000
};

const SolWriterClass sol_film_writer = {
    .name = "video",
    .extensions = "mp4 mov mkv webm y4m",
    .keys = KEYS,
    .own_width = true,
    .most_fps = MOST_FPS,
    .check = film_check,
    .digest = film_digest,
    .open = film_open,
    .write = film_write,
    .end_part = film_end_part,
    .splice = film_splice,
    .finish = film_finish,
    .close = film_close,
};

/* What is sent is gone: there is nothing to begin again with, and so no splice. */
const SolWriterClass sol_stream_writer = {
    .name = "a video on standard output",
    .extensions = "mkv webm y4m",
    .keys = KEYS,
    .own_width = true,
    .stream = true,
    .most_fps = MOST_FPS,
    .check = film_check,
    .digest = film_digest,
    .open = film_open,
    .write = film_write,
    .end_part = film_end_part,
    .finish = film_finish,
    .close = film_close,
};

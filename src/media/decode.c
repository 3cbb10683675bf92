/* SPDX-License-Identifier: Apache-2.0
 *
 * Demuxing and decoding. Anything that a demuxer or decoder stumbles over within a file becomes a
 * line in the log; only a file that cannot be opened, or that has no pictures, is an error.
 */
#include "media/decode.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/text.h"
#include "media/av.h"
#include "media/formats.h"
#include "media/losses.h"

#include <solstice/image.h>

#include <stdlib.h>
#include <string.h>

enum {
    MOST_THREADS = 16, /* frames in flight cost memory, and gain little beyond */
    MOST_FAILURES = 1000
};

/*
 * What libavformat is to open. A local file is named as such, so that a colon in its name is not
 * taken for a protocol.
 */
static char *url_of(const char *path)
{
    return sol_path_exists(path) ? sol_format("file:%s", path) : sol_copy(path);
}

static int open_demuxer(AVFormatContext **format, const char *path, const char *kind)
{
    const AVInputFormat *known = NULL;
    AVDictionary *options = NULL;
    char *url;
    int code, result = kind ? sol_input_format(&known, kind) : SOL_OK;
    if (result != SOL_OK)
        return result;
    url = url_of(path);
    if (!url)
        return sol_fail_memory("a path");
    /* a still's name is a name, even where it looks like a pattern */
    av_dict_set(&options, "pattern_type", "none", 0);
    code = avformat_open_input(format, url, known, &options);
    av_dict_free(&options);
    free(url);
    if (code == AVERROR_INVALIDDATA || code == AVERROR_EOF)
        return sol_fail_unreadable(path);
    if (code < 0)
        return sol_fail_av(code, path, "cannot be opened");
    if (strcmp((*format)->iformat->name, "tty") == 0) /* which would draw any text file */
        return sol_fail(SOL_ERR_FORMAT, "%s: is no video or image that FFmpeg can read", path);
    return SOL_OK;
}

int sol_demuxer_sounds(const AVFormatContext *format)
{
    int sounds = 0;
    for (unsigned i = 0; i < format->nb_streams; i++)
        sounds += format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    return sounds;
}

/* True where the streams must be read into before anything is known of them. */
static bool must_probe(const AVFormatContext *format)
{
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i]->codecpar->codec_id == AV_CODEC_ID_NONE)
            return true;
    return format->nb_streams == 0 || (format->ctx_flags & AVFMTCTX_NOHEADER);
}

static int pick_stream(AVFormatContext *format, AVStream **stream, const char *path)
{
    int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (best < 0 || (format->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC)) {
        int sounds = sol_demuxer_sounds(format);
        if (sounds == 0 && sol_mp4_is_cut(path))
            return sol_fail_unreadable(path);
        if (sounds == 0)
            return sol_fail(SOL_ERR_FORMAT, "%s: has no pictures", path);
        return sol_fail(SOL_ERR_FORMAT, "%s: has no pictures (%d sound stream%s)", path, sounds,
                        sounds == 1 ? "" : "s");
    }
    *stream = format->streams[best];
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i] != *stream)
            format->streams[i]->discard = AVDISCARD_ALL;
    return SOL_OK;
}

int sol_demuxer_open(AVFormatContext **format, AVStream **stream, const char *path, bool still)
{
    return sol_demuxer_open_as(format, stream, path, NULL, still);
}

int sol_demuxer_open_as(AVFormatContext **out, AVStream **stream, const char *path, const char *kind, bool still)
{
    AVFormatContext *format = NULL;
    int result = open_demuxer(&format, path, kind);
    if (result == SOL_OK && (!still || must_probe(format))) {
        int code = avformat_find_stream_info(format, NULL);
        if (code < 0)
            result = sol_fail_av(code, path, "cannot be read");
    }
    if (result == SOL_OK)
        result = pick_stream(format, stream, path);
    if (result == SOL_OK)
        *out = format;
    else
        avformat_close_input(&format);
    return result;
}

/*
 * VP3 and Theora get one thread: with several, FFmpeg 7.1 reads pictures that others have not finished and
 * delivers something else every time. They are small, and old.
 */
static int most_threads(enum AVCodecID codec)
{
    return codec == AV_CODEC_ID_VP3 || codec == AV_CODEC_ID_VP4 || codec == AV_CODEC_ID_THEORA ? 1 : MOST_THREADS;
}

static int open_codec(SolDecoder *decoder, int threads)
{
    const AVCodecParameters *parameters = decoder->stream->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    int most = most_threads(parameters->codec_id), code;
    if (!codec)
        return sol_fail(SOL_ERR_FORMAT, "%s: this FFmpeg has no decoder for %s", decoder->path,
                        avcodec_get_name(parameters->codec_id));
    decoder->codec = avcodec_alloc_context3(codec);
    if (!decoder->codec)
        return sol_fail_memory("a decoder");
    code = avcodec_parameters_to_context(decoder->codec, parameters);
    if (code >= 0) {
        if (threads == 0)
            threads = sol_cpu_count();
        decoder->codec->pkt_timebase = decoder->stream->time_base;
        decoder->codec->thread_count = threads < most ? threads : most;
        decoder->codec->max_pixels = (int64_t)SOL_IMAGE_MAX_SIDE * SOL_IMAGE_MAX_SIDE;
        code = sol_codec_open(decoder->codec, codec);
    }
    return code < 0 ? sol_fail_av(code, decoder->path, "its decoder cannot be opened") : SOL_OK;
}

int sol_decoder_open(SolDecoder **out, const char *path, const char *kind, int threads, bool still, const SolLog *log)
{
    SolDecoder *decoder = sol_calloc(1, sizeof *decoder);
    int result = SOL_OK;
    if (!decoder)
        return sol_fail_memory("a decoder");
    decoder->log = log;
    decoder->reported = -1;
    decoder->path = sol_copy(path);
    decoder->packet = av_packet_alloc();
    if (!decoder->path || !decoder->packet)
        result = sol_fail_memory("a decoder");
    if (result == SOL_OK)
        result = sol_demuxer_open_as(&decoder->format, &decoder->stream, path, kind, still);
    if (result == SOL_OK)
        result = open_codec(decoder, threads);
    if (result == SOL_OK)
        *out = decoder;
    else
        sol_decoder_close(&decoder);
    return result;
}

/* One line for each place that is damaged. */
static void report_damage(SolDecoder *decoder, const char *what)
{
    if (decoder->reported == decoder->frames)
        return;
    decoder->reported = decoder->frames;
    sol_log(decoder->log, SOL_LOG_WARNING, "%s: damaged at frame %lld; %s", decoder->path,
            (long long)decoder->frames, what);
}

/* Reads the stream's next packet; false at the end of what can be read. */
static bool read_packet(SolDecoder *decoder)
{
    int code, waits = 0;
    for (;;) {
        av_packet_unref(decoder->packet);
        code = av_read_frame(decoder->format, decoder->packet);
        if (code == AVERROR(EAGAIN) && waits++ < MOST_FAILURES)
            continue;
        if (code < 0)
            break;
        if (decoder->packet->stream_index == decoder->stream->index)
            return true;
    }
    if (code == AVERROR_EOF && decoder->format->pb && decoder->format->pb->error < 0)
        code = decoder->format->pb->error;
    if (code != AVERROR_EOF) {
        char words[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
        av_strerror(code, words, sizeof words);
        sol_log(decoder->log, SOL_LOG_WARNING, "%s: ends before its time, after about %lld frames: %s",
                decoder->path, (long long)decoder->frames, words);
    }
    return false;
}

/* Hands the decoder its next packet, or tells it that there is none. */
static int feed(SolDecoder *decoder)
{
    int code;
    decoder->draining = !read_packet(decoder);
    code = avcodec_send_packet(decoder->codec, decoder->draining ? NULL : decoder->packet);
    av_packet_unref(decoder->packet);
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("a decoded picture");
    if (code < 0 && code != AVERROR_EOF)
        report_damage(decoder, "passed over");
    return SOL_OK;
}

/* What the container says of all frames, where a frame says nothing itself. Decoders of libavcodec 61 do this. */
static int copy_side_data(SolDecoder *decoder, AVFrame *frame)
{
#if LIBAVCODEC_VERSION_MAJOR < 61
    static const struct {
        enum AVPacketSideDataType of_stream;
        enum AVFrameSideDataType of_frame;
    } kinds[] = {
        {AV_PKT_DATA_DISPLAYMATRIX, AV_FRAME_DATA_DISPLAYMATRIX},
        {AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL},
        {AV_PKT_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t size = 0;
        const uint8_t *data = av_stream_get_side_data(decoder->stream, kinds[i].of_stream, &size);
        AVFrameSideData *side;
        if (!data || av_frame_get_side_data(frame, kinds[i].of_frame))
            continue;
        side = av_frame_new_side_data(frame, kinds[i].of_frame, size);
        if (!side)
            return sol_fail_memory("a decoded picture");
        memcpy(side->data, data, size);
    }
#else
    (void)decoder;
    (void)frame;
#endif
    return SOL_OK;
}

/* Gives the frame what only its container, or the definition of its codec, knows. */
static int complete(SolDecoder *decoder, AVFrame *frame)
{
    enum AVCodecID codec = decoder->stream->codecpar->codec_id;
    if ((codec == AV_CODEC_ID_VP8 || codec == AV_CODEC_ID_WEBP) && frame->colorspace == AVCOL_SPC_UNSPECIFIED)
        frame->colorspace = AVCOL_SPC_SMPTE170M; /* RFC 6386, 9.2: they know no other */
    frame->sample_aspect_ratio = av_guess_sample_aspect_ratio(decoder->format, decoder->stream, frame);
    return copy_side_data(decoder, frame);
}

int sol_decoder_next(SolDecoder *decoder, AVFrame *frame, bool *got)
{
    for (;;) {
        int result, code = avcodec_receive_frame(decoder->codec, frame);
        if (code == 0) {
            if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
                report_damage(decoder, "shown as far as it could be decoded");
            decoder->failures = 0;
            decoder->frames++;
            *got = true;
            return complete(decoder, frame);
        }
        if (code == AVERROR(ENOMEM))
            return sol_fail_memory("a decoded picture");
        if (code != AVERROR_EOF && code != AVERROR(EAGAIN)) {
            report_damage(decoder, "passed over");
            if (++decoder->failures < MOST_FAILURES)
                continue;
        }
        if (decoder->draining) {
            *got = false;
            return SOL_OK;
        }
        result = feed(decoder);
        if (result != SOL_OK)
            return result;
    }
}

void sol_decoder_close(SolDecoder **out)
{
    SolDecoder *decoder = *out;
    *out = NULL;
    if (!decoder)
        return;
    av_packet_free(&decoder->packet);
    avcodec_free_context(&decoder->codec);
    avformat_close_input(&decoder->format);
    free(decoder->path);
    sol_free(decoder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * MP4, QuickTime and Matroska files.
 */
#include "media/muxer.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"

#include <stdlib.h>

struct SolMuxer {
    const char *path;
    AVFormatContext *format;
    AVStream *stream; /* owned by the format */
};

/* The container by libavformat's name. */
static const char *container_of(const char *path)
{
    if (sol_path_has_extension(path, "mov"))
        return "mov";
    return sol_path_has_extension(path, "mkv") ? "matroska" : "mp4";
}

bool sol_muxer_wants_global_header(const char *path)
{
    const AVOutputFormat *format = av_guess_format(container_of(path), NULL, NULL);
    return format && (format->flags & AVFMT_GLOBALHEADER);
}

/* Its address is set to the temporary file, which it reads again to move the index to the front. */
static int open_format(SolMuxer *muxer, const char *temporary)
{
    char *address = sol_format("file:%s", temporary);
    int error = AVERROR(ENOMEM);
    if (address)
        error = avformat_alloc_output_context2(&muxer->format, NULL, container_of(muxer->path), address);
    free(address);
    return error < 0 ? sol_fail_av(error, muxer->path, "cannot be written") : SOL_OK;
}

/*
 * Options of the MP4 and QuickTime muxer: the index in front, so that playing can start before all is
 * there, and times of the whole film counted as finely as those of its frames (by default, in
 * milliseconds, rounded up).
 */
static int set_options(AVDictionary **options, AVRational time_base)
{
    int64_t scale = time_base.den;
    while (scale < 10000)
        scale *= 2;
    if (av_dict_set(options, "movflags", "+faststart", 0) < 0)
        return AVERROR(ENOMEM);
    return av_dict_set_int(options, "movie_timescale", scale, 0);
}

static int start_stream(SolMuxer *muxer, const AVCodecContext *encoder, SolRational rate)
{
    AVFormatContext *format = muxer->format;
    AVStream *stream = muxer->stream = avformat_new_stream(format, NULL);
    AVDictionary *options = NULL;
    int error;
    if (!stream)
        return sol_fail_memory("the video stream");
    stream->time_base = encoder->time_base;
    stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
    if (rate.num > 0 && rate.den > 0)
        stream->avg_frame_rate = encoder->framerate;
    error = avcodec_parameters_from_context(stream->codecpar, encoder);
    if (error >= 0)
        error = avio_open(&format->pb, format->url, AVIO_FLAG_WRITE);
    if (error >= 0 && !sol_path_has_extension(muxer->path, "mkv"))
        error = set_options(&options, encoder->time_base);
    if (error >= 0)
        error = avformat_write_header(format, &options);
    av_dict_free(&options);
    return error < 0 ? sol_fail_av(error, muxer->path, "cannot be written") : SOL_OK;
}

int sol_muxer_open(SolMuxer **out, const char *path, const char *temporary, const AVCodecContext *encoder,
                   SolRational rate)
{
    SolMuxer *muxer = sol_calloc(1, sizeof *muxer);
    int result;
    if (!muxer)
        return sol_fail_memory("the muxer");
    muxer->path = path;
    result = open_format(muxer, temporary);
    if (result == SOL_OK)
        result = start_stream(muxer, encoder, rate);
    if (result == SOL_OK)
        *out = muxer;
    else
        sol_muxer_close(&muxer);
    return result;
}

int sol_muxer_write(SolMuxer *muxer, AVPacket *packet, AVRational time_base)
{
    int error;
    packet->stream_index = muxer->stream->index;
    av_packet_rescale_ts(packet, time_base, muxer->stream->time_base);
    error = av_interleaved_write_frame(muxer->format, packet);
    if (error >= 0)
        error = muxer->format->pb->error;
    return error < 0 ? sol_fail_av(error, muxer->path, "cannot be written") : SOL_OK;
}

int sol_muxer_finish(SolMuxer *muxer)
{
    AVFormatContext *format = muxer->format;
    int error = av_write_trailer(format);
    avio_flush(format->pb);
    if (error >= 0)
        error = format->pb->error;
    if (error >= 0)
        error = avio_closep(&format->pb);
    return error < 0 ? sol_fail_av(error, muxer->path, "cannot be completed") : SOL_OK;
}

void sol_muxer_close(SolMuxer **out)
{
    SolMuxer *muxer = *out;
    *out = NULL;
    if (!muxer)
        return;
    if (muxer->format)
        avio_closep(&muxer->format->pb);
    avformat_free_context(muxer->format);
    sol_free(muxer);
}

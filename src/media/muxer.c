/* SPDX-License-Identifier: Apache-2.0
 *
 * MP4, QuickTime, Matroska, WebM and YUV4MPEG files.
 */
#include "media/muxer.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"
#include "media/writer.h"

#include <stdlib.h>

enum { FINEST_MOVIE = 200000 }; /* units a second that no sample of sound is lost in */

struct SolMuxer {
    const char *path, *name; /* name: for messages */
    AVFormatContext *format;
    AVStream *stream; /* owned by the format */
    bool y4m;         /* YUV4MPEG: a line before all pictures, and one before each; libavformat writes bare ones */
    SolTracks *tracks;
};

/* The container by libavformat's name. */
static const char *container_of(const char *path)
{
    static const char *const containers[][2] = {
        {"mov", "mov"}, {"mkv", "matroska"}, {"webm", "webm"}, {"y4m", "rawvideo"}};
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (sol_path_has_extension(sol_writer_kind_path(path), containers[i][0]))
            return containers[i][1];
    return "mp4";
}

bool sol_muxer_wants_global_header(const char *path)
{
    const AVOutputFormat *format = av_guess_format(container_of(path), NULL, NULL);
    return format && (format->flags & AVFMT_GLOBALHEADER);
}

static int fail(const SolMuxer *muxer, int error, const char *doing)
{
    if (error == AVERROR(EPIPE))
        return sol_fail(SOL_ERR_IO, "%s: closed by the program that reads it, before the film's end", muxer->name);
    return sol_fail_av(error, muxer->name, doing);
}

/* Its address is set to the temporary file, which it reads again to move the index to the front. */
static int open_format(SolMuxer *muxer, const char *temporary)
{
    char *address = temporary ? sol_format("file:%s", temporary) : sol_copy("pipe:1");
    int error = AVERROR(ENOMEM);
    if (address)
        error = avformat_alloc_output_context2(&muxer->format, NULL, container_of(muxer->path), address);
    free(address);
    return error < 0 ? fail(muxer, error, "cannot be written") : SOL_OK;
}

/*
 * Options of the MP4 and QuickTime muxer: the index in front, so that playing can start before all is
 * there, and times of the whole film counted at least as finely as those of its frames and its sound (by default, in
 * milliseconds, rounded).
 */
static int set_options(AVDictionary **options, AVRational time_base)
{
    int64_t scale = time_base.den;
    while (scale < FINEST_MOVIE)
        scale *= 2;
    if (av_dict_set(options, "movflags", "+faststart", 0) < 0)
        return AVERROR(ENOMEM);
    return av_dict_set_int(options, "movie_timescale", scale, 0);
}

/* The head of a YUV4MPEG file, as mjpegtools' yuv4mpeg(5) has it, with the names that FFmpeg gave to deeper formats. */
static void put_y4m_head(AVIOContext *to, const AVCodecContext *encoder)
{
    static const struct {
        enum AVPixelFormat format;
        const char *name;
    } formats[] = {{AV_PIX_FMT_YUV420P, "420mpeg2 XYSCSS=420MPEG2"},   {AV_PIX_FMT_YUV422P, "422 XYSCSS=422"},
                   {AV_PIX_FMT_YUV444P, "444 XYSCSS=444"},             {AV_PIX_FMT_YUV420P10, "420p10 XYSCSS=420P10"},
                   {AV_PIX_FMT_YUV422P10, "422p10 XYSCSS=422P10"},     {AV_PIX_FMT_YUV444P10, "444p10 XYSCSS=444P10"}};
    const char *name = "";
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].format == encoder->pix_fmt)
            name = formats[i].name;
    avio_printf(to, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C%s XCOLORRANGE=LIMITED\n", encoder->width, encoder->height,
                encoder->framerate.num, encoder->framerate.den, name);
}

static int add_stream(SolMuxer *muxer, const AVCodecContext *encoder, SolRational rate)
{
    AVStream *stream = muxer->stream = avformat_new_stream(muxer->format, NULL);
    if (!stream)
        return sol_fail_memory("the video stream");
    stream->time_base = encoder->time_base;
    stream->sample_aspect_ratio = encoder->sample_aspect_ratio;
    if (rate.num > 0 && rate.den > 0)
        stream->avg_frame_rate = encoder->framerate;
    if (avcodec_parameters_from_context(stream->codecpar, encoder) < 0)
        return sol_fail_memory("the video stream");
    if (encoder->codec_id == AV_CODEC_ID_HEVC && sol_path_has_extension(muxer->path, "mp4 mov"))
        stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1'); /* which Apple's players insist on */
    return SOL_OK;
}

static int write_header(SolMuxer *muxer, const AVCodecContext *encoder)
{
    AVFormatContext *format = muxer->format;
    AVDictionary *options = NULL;
    int error = avio_open(&format->pb, format->url, AVIO_FLAG_WRITE);
    if (error >= 0 && sol_path_has_extension(muxer->path, "mp4 mov"))
        error = set_options(&options, encoder->time_base);
    if (error >= 0)
        error = avformat_write_header(format, &options);
    av_dict_free(&options);
    if (error >= 0 && muxer->y4m)
        put_y4m_head(format->pb, encoder);
    return error < 0 ? fail(muxer, error, "cannot be written") : SOL_OK;
}

int sol_muxer_open(SolMuxer **out, const char *path, const char *temporary, const AVCodecContext *encoder,
                   SolRational rate, const SolTracksRequest *tracks)
{
    SolMuxer *muxer = sol_calloc(1, sizeof *muxer);
    int result;
    if (!muxer)
        return sol_fail_memory("the muxer");
    muxer->path = path;
    muxer->name = sol_writer_is_stream(path) ? "standard output" : path;
    muxer->y4m = sol_path_has_extension(path, "y4m");
    result = open_format(muxer, temporary);
    if (result == SOL_OK)
        result = add_stream(muxer, encoder, rate);
    if (result == SOL_OK)
        result = sol_tracks_open(&muxer->tracks, tracks, muxer->format, muxer->stream);
    if (result == SOL_OK)
        result = write_header(muxer, encoder);
    if (result == SOL_OK)
        *out = muxer;
    else
        sol_muxer_close(&muxer);
    return result;
}

int sol_muxer_write(SolMuxer *muxer, AVPacket *packet, AVRational time_base)
{
    int64_t lead = sol_tracks_lead(muxer->tracks, time_base);
    int result, error;
    packet->pts += lead;
    packet->dts += lead;
    result = sol_tracks_write(muxer->tracks, av_rescale_q(packet->dts, time_base, AV_TIME_BASE_Q));
    if (result != SOL_OK)
        return result;
    packet->stream_index = muxer->stream->index;
    av_packet_rescale_ts(packet, time_base, muxer->stream->time_base);
    if (muxer->y4m)
        avio_printf(muxer->format->pb, "FRAME\n");
    error = muxer->y4m ? av_write_frame(muxer->format, packet) : av_interleaved_write_frame(muxer->format, packet);
    if (error >= 0)
        error = muxer->format->pb->error;
    return error < 0 ? fail(muxer, error, "cannot be written") : SOL_OK;
}

int sol_muxer_finish(SolMuxer *muxer, int64_t *bytes)
{
    AVFormatContext *format = muxer->format;
    int result = sol_tracks_write(muxer->tracks, INT64_MAX), error;
    if (result != SOL_OK)
        return result;
    error = av_write_trailer(format);
    avio_flush(format->pb);
    *bytes = avio_tell(format->pb);
    if (error >= 0)
        error = format->pb->error;
    if (error >= 0)
        error = avio_closep(&format->pb);
    return error < 0 ? fail(muxer, error, "cannot be completed") : SOL_OK;
}

void sol_muxer_close(SolMuxer **out)
{
    SolMuxer *muxer = *out;
    *out = NULL;
    if (!muxer)
        return;
    sol_tracks_close(&muxer->tracks);
    if (muxer->format)
        avio_closep(&muxer->format->pb);
    avformat_free_context(muxer->format);
    sol_free(muxer);
}

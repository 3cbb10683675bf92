/* SPDX-License-Identifier: Apache-2.0
 *
 * Capturing: pictures as the reader delivers them, as FFV1 in NUT, which keep pixels and times exactly.
 */
#include "media/capture.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/image.h"
#include "media/video.h"
#include "media/av.h"

#include <solstice/video.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

typedef struct Capture {
    const char *path; /* of the file */
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    bool begun;       /* the header has been written */
} Capture;

static void close_capture(Capture *capture)
{
    if (capture->format)
        avio_closep(&capture->format->pb);
    avformat_free_context(capture->format);
    avcodec_free_context(&capture->codec);
    av_frame_free(&capture->frame);
    av_packet_free(&capture->packet);
}

static int open_encoder(Capture *capture, const SolVideoInfo *info)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_FFV1);
    AVRational rate = {info->frame_rate.num, info->frame_rate.den};
    if (!codec)
        return sol_fail(SOL_ERR_FORMAT, "this FFmpeg has no encoder for FFV1, which capturing needs");
    capture->codec = avcodec_alloc_context3(codec);
    if (!capture->codec)
        return sol_fail_memory("an encoder");
    capture->codec->width = info->out_width;
    capture->codec->height = info->out_height;
    capture->codec->pix_fmt = AV_PIX_FMT_0RGB32;
    capture->codec->time_base = (AVRational){info->time_base.num, info->time_base.den};
    capture->codec->framerate = rate;
    capture->codec->level = 3;
    capture->stream->time_base = capture->codec->time_base;
    capture->stream->avg_frame_rate = rate;
    if (avcodec_open2(capture->codec, codec, NULL) < 0 ||
        avcodec_parameters_from_context(capture->stream->codecpar, capture->codec) < 0)
        return sol_fail(SOL_ERR_FORMAT, "pictures of %dx%d pixels cannot be captured", info->out_width,
                        info->out_height);
    return SOL_OK;
}

static int open_capture(Capture *capture, const SolVideoInfo *info)
{
    int code = avformat_alloc_output_context2(&capture->format, NULL, "nut", capture->path), result;
    capture->frame = av_frame_alloc();
    capture->packet = av_packet_alloc();
    if (code < 0 || !capture->frame || !capture->packet ||
        !(capture->stream = avformat_new_stream(capture->format, NULL)))
        return sol_fail_memory("a capture");
    result = open_encoder(capture, info);
    if (result != SOL_OK)
        return result;
    capture->frame->format = capture->codec->pix_fmt;
    capture->frame->width = info->out_width;
    capture->frame->height = info->out_height;
    if (av_frame_get_buffer(capture->frame, 0) < 0)
        return sol_fail_memory("a capture");
    code = avio_open(&capture->format->pb, capture->path, AVIO_FLAG_WRITE);
    if (code >= 0)
        code = avformat_write_header(capture->format, NULL);
    capture->begun = code >= 0;
    return code < 0 ? sol_fail_av(code, capture->path, "cannot be written") : SOL_OK;
}

/* Writes what the encoder has ready. */
static int drain(Capture *capture)
{
    int code;
    while ((code = avcodec_receive_packet(capture->codec, capture->packet)) == 0) {
        av_packet_rescale_ts(capture->packet, capture->codec->time_base, capture->stream->time_base);
        capture->packet->stream_index = 0;
        code = av_interleaved_write_frame(capture->format, capture->packet);
        if (code < 0)
            break;
    }
    return code == AVERROR(EAGAIN) || code == AVERROR_EOF
               ? SOL_OK
               : sol_fail_av(code, capture->path, "cannot be written (TMPDIR names another folder)");
}

/* R, G, B to one 32-bit word a pixel. */
static int write_picture(Capture *capture, const SolImage *image)
{
    int code = av_frame_make_writable(capture->frame);
    if (code < 0)
        return sol_fail_memory("a capture");
    for (int y = 0; y < image->height; y++) {
        uint32_t *to = (uint32_t *)(void *)(capture->frame->data[0] + (ptrdiff_t)y * capture->frame->linesize[0]);
        const uint8_t *from = sol_image_row_const(image, y);
        for (int x = 0; x < image->width; x++, from += 3)
            to[x] = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
    }
    capture->frame->pts = image->pts;
    code = avcodec_send_frame(capture->codec, capture->frame);
    return code < 0 ? sol_fail_av(code, capture->path, "cannot be encoded") : drain(capture);
}

static bool is_enough(const SolImage *image, int64_t frames, double seconds)
{
    double end = (double)(image->pts + image->duration) * image->time_base.num / image->time_base.den;
    return image->number + 1 >= frames && end >= seconds;
}

static int copy_pictures(Capture *capture, SolVideo *video, int64_t frames, double seconds,
                         const SolVideoOptions *wishes)
{
    bool enough = false;
    int result = SOL_OK;
    while (result == SOL_OK && !enough) {
        SolImage *image = NULL;
        result = sol_video_interrupted(wishes);
        if (result == SOL_OK)
            result = sol_video_read(video, &image);
        if (result != SOL_OK || !image)
            break;
        result = write_picture(capture, image);
        enough = is_enough(image, frames, seconds);
        sol_image_unref(&image);
    }
    if (result == SOL_OK)
        result = avcodec_send_frame(capture->codec, NULL) < 0 ? sol_fail_memory("a capture") : drain(capture);
    if (result == SOL_OK && av_write_trailer(capture->format) < 0)
        result = sol_fail(SOL_ERR_IO, "%s: cannot be written (TMPDIR names another folder)", capture->path);
    return result;
}

int sol_capture(SolSpool **out, const char *path, const char *format, int64_t frames, double seconds,
                const SolVideoOptions *wishes)
{
    SolSpool *spool = NULL;
    SolVideo *video = NULL;
    SolVideoInfo info;
    Capture capture = {0};
    int result = sol_video_open(&video, path, &(SolVideoOptions){.format = format, .threads = 1, .log = wishes->log});
    if (result == SOL_OK)
        result = sol_spool_open(&spool, format);
    if (result == SOL_OK) {
        capture.path = sol_spool_path(spool);
        sol_video_info(video, &info);
        result = open_capture(&capture, &info);
    }
    if (result == SOL_OK)
        result = copy_pictures(&capture, video, frames, seconds, wishes);
    close_capture(&capture);
    sol_video_close(&video);
    if (result == SOL_OK)
        *out = spool;
    else
        sol_spool_close(&spool);
    return result;
}

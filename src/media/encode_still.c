/* SPDX-License-Identifier: Apache-2.0
 *
 * One picture into one PNG or JPEG file, through libavcodec. PNG takes the picture's rows as they
 * are; JPEG takes full-range YCbCr of BT.601, as JFIF says, at full chroma resolution.
 */
#include "media/encode_still.h"

#include "base/error.h"
#include "base/file.h"
#include "media/av.h"
#include "media/to_yuv.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdio.h>

/* Of 1 .. 31; 2 quantises about as finely as a quality of 92 elsewhere. */
enum { JPEG_QUANTISER = 2 };

/* A frame for PNG: borrows the picture's pixels. */
static int frame_for_png(AVFrame *frame, const SolImage *image)
{
    frame->format = AV_PIX_FMT_RGB24;
    frame->data[0] = image->pixels;
    frame->linesize[0] = (int)image->stride;
    return SOL_OK;
}

static int frame_for_jpeg(AVFrame *frame, const SolImage *image)
{
    struct SwsContext *scaler = NULL;
    SolToYuv to = {image->width,        image->height,   image->width, image->height,
                   AV_PIX_FMT_YUV444P, SWS_CS_ITU601, true};
    int result;
    frame->format = AV_PIX_FMT_YUV444P;
    frame->color_range = AVCOL_RANGE_JPEG;
    frame->colorspace = AVCOL_SPC_SMPTE170M;
    frame->quality = JPEG_QUANTISER * FF_QP2LAMBDA;
    if (av_frame_get_buffer(frame, 0) < 0)
        return sol_fail_memory("a JPEG image");
    result = sol_to_yuv_open(&scaler, &to);
    if (result == SOL_OK)
        sol_to_yuv(scaler, image, frame);
    sws_freeContext(scaler);
    return result;
}

/* An encoder for frames like `frame`, or NULL with *error set. */
static AVCodecContext *open_encoder(enum AVCodecID codec, const AVFrame *frame, int *error)
{
    const AVCodec *encoder = avcodec_find_encoder(codec);
    AVCodecContext *context = encoder ? avcodec_alloc_context3(encoder) : NULL;
    *error = encoder ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    if (!context)
        return NULL;
    context->width = frame->width;
    context->height = frame->height;
    context->pix_fmt = frame->format;
    context->time_base = (AVRational){1, 25};
    context->color_range = frame->color_range;
    context->colorspace = frame->colorspace;
    context->thread_count = 1;
    if (codec == AV_CODEC_ID_PNG) {
        context->compression_level = 3;
        av_opt_set(context->priv_data, "pred", "paeth", 0);
    } else {
        context->flags |= AV_CODEC_FLAG_QSCALE;
        context->qmin = 1;
        context->global_quality = frame->quality;
    }
    *error = avcodec_open2(context, encoder, NULL);
    if (*error < 0)
        avcodec_free_context(&context);
    return context;
}

static int write_file(const AVPacket *packet, const char *name, const char *to)
{
    FILE *file = fopen(to, "wb");
    bool written;
    if (!file)
        return sol_fail_errno(name, "cannot be written");
    written = fwrite(packet->data, 1, (size_t)packet->size, file) == (size_t)packet->size;
    if (fclose(file) != 0 || !written)
        return sol_fail_errno(name, "cannot be written");
    return SOL_OK;
}

int sol_still_encode(const SolImage *image, const char *name, const char *to)
{
    bool png = sol_path_has_extension(name, "png");
    AVFrame *frame = NULL;
    AVPacket *packet = NULL;
    AVCodecContext *encoder = NULL;
    int result, error;
    if (!sol_path_has_extension(name, SOL_STILL_EXTENSIONS))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: not an image that can be written; name it .png, .jpg or .jpeg", name);
    frame = av_frame_alloc();
    packet = av_packet_alloc();
    result = frame && packet ? SOL_OK : sol_fail_memory("an image");
    if (result != SOL_OK)
        goto end;
    frame->width = image->width;
    frame->height = image->height;
    result = png ? frame_for_png(frame, image) : frame_for_jpeg(frame, image);
    if (result != SOL_OK)
        goto end;
    encoder = open_encoder(png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG, frame, &error);
    if (encoder && (error = avcodec_send_frame(encoder, frame)) >= 0)
        error = avcodec_receive_packet(encoder, packet);
    result = error < 0 ? sol_fail_av(error, name, "cannot be encoded") : write_file(packet, name, to);

end:
    avcodec_free_context(&encoder);
    av_packet_free(&packet);
    av_frame_free(&frame);
    return result;
}

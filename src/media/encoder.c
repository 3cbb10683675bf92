/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding by libavcodec. The video is BT.709, in limited range where it is not RGB, and says so. Where chroma
 * has half the samples, sides are even: a last odd column or row is written twice.
 */
#include "media/encoder.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "image/image.h"
#include "media/av.h"
#include "media/to_yuv.h"

#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_RATE = 30,       /* frames a second that the encoder is told where nobody knows */
    FINEST_TIME = 10000000,  /* units a second in the finest time base that is taken as it is */
    MPEG4_FINEST = 65535,    /* the same for MPEG-4 Part 2, as its standard says */
    MPEG4_TIME = 60000,      /* what MPEG-4 Part 2 gets instead; holds 24, 25, 30, 50, 60 and 30/1.001 exactly */
    MICROSECONDS = 1000000
};

/* How long a picture shows that is still inside the encoder. */
typedef struct Shown {
    int64_t pts, duration;   /* in the encoder's time base */
} Shown;

struct SolEncoder {
    SolEncoderFormat format;
    const SolLog *log;
    SolCoder coder;
    AVCodecContext *context;
    struct SwsContext *scaler;
    SolImage *padded;        /* with sides made even; NULL where that is not needed */
    AVFrame *frame;
    AVPacket *packet;
    Shown *shown;            /* [inside], ascending */
    size_t inside, capacity;
    int64_t *places;         /* [inside] starts of as many pictures in the order of showing, whose place a packet takes */
    size_t place_capacity;
    int64_t last;            /* pts given to the encoder last */
    bool fed;                /* the context has had a picture */
};

/* ---- opening ---- */

/* The time base in which the encoder works: that of the input, unless it is out of what encoders take. */
static AVRational choose_time_base(const SolEncoderFormat *format, const AVCodec *codec)
{
    AVRational base;
    bool mpeg4 = codec->id == AV_CODEC_ID_MPEG4;
    av_reduce(&base.num, &base.den, format->time_base.num, format->time_base.den, INT32_MAX);
    if (base.den > (mpeg4 ? MPEG4_FINEST : FINEST_TIME))
        base = (AVRational){1, mpeg4 ? MPEG4_TIME : MICROSECONDS};
    return base;
}

/* What colours are, of a context or a frame: BT.709, in limited range where they are not RGB. */
#define SET_COLOURS(of, rgb)                                                 \
    do {                                                                     \
        (of)->color_range = (rgb) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;     \
        (of)->color_primaries = AVCOL_PRI_BT709;                             \
        (of)->color_trc = AVCOL_TRC_BT709;                                   \
        (of)->colorspace = (rgb) ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;          \
    } while (0)

static bool is_rgb(const SolEncoder *encoder)
{
    return encoder->format.choice.format == AV_PIX_FMT_GBRP;
}

/* 4:2:0 has its chroma samples in the columns of the left of two pixels, as H.264 has by default. */
static enum AVChromaLocation chroma_location(const SolEncoder *encoder)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(encoder->coder.format);
    return kind && kind->log2_chroma_w && kind->log2_chroma_h ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_UNSPECIFIED;
}

static void close_context(SolEncoder *encoder)
{
    bool stuck = encoder->context && avcodec_is_open(encoder->context) && encoder->coder.needs_picture && !encoder->fed;
    if (stuck && encoder->frame)
        stuck = avcodec_send_frame(encoder->context, encoder->frame) < 0;
    if (stuck)
        encoder->context = NULL; /* better lost than never done with */
    avcodec_free_context(&encoder->context);
    encoder->fed = false;
}

static int open_context(SolEncoder *encoder)
{
    const SolEncoderFormat *format = &encoder->format;
    const AVCodec *codec = encoder->coder.encoder;
    AVCodecContext *context;
    SolRational rate = format->frame_rate;
    int error;
    close_context(encoder);
    context = encoder->context = avcodec_alloc_context3(codec);
    if (!context)
        return sol_fail_memory("the encoder");
    context->width = format->out_width;
    context->height = format->out_height;
    context->pix_fmt = encoder->coder.format;
    context->sample_aspect_ratio = (AVRational){1, 1};
    SET_COLOURS(context, is_rgb(encoder));
    context->chroma_sample_location = chroma_location(encoder);
    context->time_base = choose_time_base(format, codec);
    context->framerate = (AVRational){DEFAULT_RATE, 1};
    if (rate.num > 0 && rate.den > 0)
        context->framerate = (AVRational){rate.num, rate.den};
    context->thread_count = format->threads;
    if (format->global_header)
        context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    encoder->coder.set_up(context, &format->choice);
    error = sol_codec_open(context, codec);
    if (error == AVERROR(ENOMEM))
        return sol_fail_memory("the encoder");
    if (error < 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the encoder %s refuses pictures of %dx%d pixels",
                        format->settings->path, codec->name, format->out_width, format->out_height);
    if (context->has_b_frames < encoder->coder.delay)
        context->has_b_frames = encoder->coder.delay;
    return SOL_OK;
}

/* Opens the best of the encoders that this FFmpeg has and that takes the video: some want sides of some length. */
static int open_best(SolEncoder *encoder)
{
    const SolCodecChoice *choice = &encoder->format.choice;
    const char *best = sol_codec_best(choice->codec);
    int result = SOL_ERR_ARGUMENT;
    for (int i = 0; result == SOL_ERR_ARGUMENT && sol_codec_coder(choice, i, &encoder->coder); i++)
        result = open_context(encoder);
    if (result == SOL_OK && !avcodec_find_encoder_by_name(best))
        sol_log(encoder->log, SOL_LOG_NOTE, "%s: encoded with %s, since this FFmpeg has no %s",
                encoder->format.settings->path, encoder->coder.encoder->name, best);
    return result;
}

/* What turns pictures into the encoder's frames: padding or scaling, then YUV. */
static int prepare_conversion(SolEncoder *encoder)
{
    const SolEncoderFormat *format = &encoder->format;
    SolToYuv to = {format->width,         format->height, format->out_width, format->out_height,
                   encoder->coder.format, SWS_CS_ITU709,  is_rgb(encoder)};
    AVFrame *frame;
    int result = SOL_OK;
    if (format->settings->width == 0 && (to.width != to.out_width || to.height != to.out_height)) {
        result = sol_image_create(&encoder->padded, to.out_width, to.out_height);
        to.width = to.out_width;
        to.height = to.out_height;
    }
    if (result == SOL_OK)
        result = sol_to_yuv_open(&encoder->scaler, &to);
    if (result != SOL_OK)
        return result;
    frame = encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    if (!frame || !encoder->packet)
        return sol_fail_memory("a video frame");
    frame->format = encoder->coder.format;
    frame->width = to.out_width;
    frame->height = to.out_height;
    SET_COLOURS(frame, is_rgb(encoder));
    frame->chroma_location = chroma_location(encoder);
    frame->quality = encoder->context->global_quality;
    if (av_frame_get_buffer(frame, 0) < 0)
        return sol_fail_memory("a video frame");
    for (int i = 0; frame->buf[i]; i++) /* an encoder may see it before it holds a picture */
        memset(frame->buf[i]->data, 0, frame->buf[i]->size);
    return SOL_OK;
}

/*
 * Some encoders of AV1 tell their header with the first packet, too late for a file that is written from front to back,
 * or made of parts that were kept. Theirs is got from a picture that is thrown away.
 */
static int find_header(SolEncoder *encoder)
{
    AVPacket *packet = encoder->packet;
    const uint8_t *side;
    uint8_t *header = NULL;
    size_t size = 0;
    int result, error;
    if (!encoder->format.global_header || encoder->context->codec_id != AV_CODEC_ID_AV1 ||
        encoder->context->extradata_size > 0)
        return SOL_OK;
    encoder->frame->pts = 0;
    error = avcodec_send_frame(encoder->context, encoder->frame);
    if (error >= 0 && (error = avcodec_send_frame(encoder->context, NULL)) >= 0)
        error = avcodec_receive_packet(encoder->context, packet);
    if (error < 0)
        return sol_fail_av(error, encoder->format.settings->path, "cannot be encoded");
    side = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    if (side && (header = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE)))
        memcpy(header, side, size);
    av_packet_unref(packet);
    result = open_context(encoder);
    if (result != SOL_OK || encoder->context->extradata_size > 0) {
        av_free(header);
        return result;
    }
    encoder->context->extradata = header;
    encoder->context->extradata_size = header ? (int)size : 0;
    return SOL_OK;
}

int sol_encoder_open(SolEncoder **out, const SolEncoderFormat *format, const SolLog *log)
{
    SolEncoder *encoder = sol_calloc(1, sizeof *encoder);
    int result;
    if (!encoder)
        return sol_fail_memory("the encoder");
    encoder->format = *format;
    encoder->log = log;
    encoder->last = -1;
    result = open_best(encoder);
    if (result == SOL_OK)
        result = prepare_conversion(encoder);
    if (result == SOL_OK)
        result = find_header(encoder);
    if (result != SOL_OK) {
        sol_encoder_close(&encoder);
        return result;
    }
    *out = encoder;
    return SOL_OK;
}

const AVCodecContext *sol_encoder_context(const SolEncoder *encoder)
{
    return encoder->context;
}

/* ---- encoding ---- */

/* Copies `image` into encoder->padded, whose last column and row repeat those before them where they are new. */
static void pad(SolEncoder *encoder, const SolImage *image)
{
    SolImage *padded = encoder->padded;
    for (int y = 0; y < padded->height; y++) {
        const uint8_t *from = sol_image_row_const(image, y < image->height ? y : image->height - 1);
        uint8_t *to = sol_image_row(padded, y);
        size_t bytes = (size_t)image->width * 3;
        memcpy(to, from, bytes);
        if (padded->width > image->width)
            memcpy(to + bytes, from + bytes - 3, 3);
    }
}

/* The start of the picture that is shown in the place at which the next packet is decoded. */
static int64_t take_place(SolEncoder *encoder)
{
    int64_t place = encoder->places[0];
    memmove(encoder->places, encoder->places + 1, (encoder->inside - 1) * sizeof *encoder->places);
    return place;
}

/* Takes the duration of the picture with this pts off the list of those inside the encoder. */
static int64_t take_duration(SolEncoder *encoder, int64_t pts)
{
    size_t i = 0;
    int64_t duration;
    while (i + 1 < encoder->inside && encoder->shown[i].pts != pts)
        i++;
    duration = encoder->shown[i].duration;
    encoder->inside--;
    memmove(encoder->shown + i, encoder->shown + i + 1, (encoder->inside - i) * sizeof *encoder->shown);
    return duration;
}

/* Gives the encoder a frame, or NULL for the end, and the sink all packets that are ready. */
static int encode(SolEncoder *encoder, const AVFrame *frame, const SolPacketSink *sink)
{
    int error = avcodec_send_frame(encoder->context, frame);
    while (error >= 0 && (error = avcodec_receive_packet(encoder->context, encoder->packet)) >= 0) {
        int result;
        if (encoder->inside == 0)
            return sol_fail(SOL_ERR_IO, "%s: the encoder makes more of the film than it was given",
                            encoder->format.settings->path);
        encoder->packet->dts = take_place(encoder);
        encoder->packet->duration = take_duration(encoder, encoder->packet->pts);
        result = sink->take(sink->user, encoder->packet);
        av_packet_unref(encoder->packet);
        if (result != SOL_OK)
            return result;
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF
               ? SOL_OK
               : sol_fail_av(error, encoder->format.settings->path, "cannot be encoded");
}

int sol_encoder_write(SolEncoder *encoder, const SolImage *image, int64_t start, int64_t end,
                      const SolPacketSink *sink)
{
    AVRational from = {encoder->format.time_base.num, encoder->format.time_base.den}, to = encoder->context->time_base;
    void *shown = encoder->shown, *places = encoder->places;
    start = av_rescale_q(start, from, to);
    end = av_rescale_q(end, from, to);
    if (start <= encoder->last) /* a coarser time base */
        start = encoder->last + 1;
    if (!sol_grow(&shown, &encoder->capacity, encoder->inside + 1, sizeof *encoder->shown))
        return sol_fail_memory("the frames being encoded");
    encoder->shown = shown;
    if (!sol_grow(&places, &encoder->place_capacity, encoder->inside + 1, sizeof *encoder->places))
        return sol_fail_memory("the frames being encoded");
    encoder->places = places;
    encoder->places[encoder->inside] = start;
    encoder->shown[encoder->inside++] = (Shown){start, end > start ? end - start : 1};
    if (av_frame_make_writable(encoder->frame) < 0)
        return sol_fail_memory("a video frame");
    if (encoder->padded)
        pad(encoder, image);
    sol_to_yuv(encoder->scaler, encoder->padded ? encoder->padded : image, encoder->frame);
    encoder->frame->pts = encoder->last = start;
    encoder->fed = true;
    return encode(encoder, encoder->frame, sink);
}

int sol_encoder_drain(SolEncoder *encoder, const SolPacketSink *sink)
{
    return encode(encoder, NULL, sink);
}

int sol_encoder_restart(SolEncoder *encoder)
{
    encoder->inside = 0;
    return open_context(encoder);
}

void sol_encoder_skip(SolEncoder *encoder, int64_t pts)
{
    encoder->last = pts;
}

void sol_encoder_close(SolEncoder **out)
{
    SolEncoder *encoder = *out;
    *out = NULL;
    if (!encoder)
        return;
    close_context(encoder);
    sws_freeContext(encoder->scaler);
    sol_image_unref(&encoder->padded);
    av_frame_free(&encoder->frame);
    av_packet_free(&encoder->packet);
    free(encoder->shown);
    free(encoder->places);
    sol_free(encoder);
}

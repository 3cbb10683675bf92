/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs go to our own encoder, all else to one of FFmpeg's and its muxer. libwebp gives nothing away before the end, so the
 * compressed pictures of a WebP are in memory until then.
 */
#include "media/animation.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"

#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <stdlib.h>
#include <string.h>

enum { GIF_TICKS = 100, TICKS = 1000, WEBP_QUALITY = 80 };

/* A kind that FFmpeg makes. */
typedef struct Kind {
    const char *extension;   /* and the muxer's name */
    const char *encoder;
    enum AVPixelFormat format;
    const char *loop;        /* the muxer's option */
    int most_side;           /* pixels */
} Kind;

static const Kind kinds[] = {
    {"webp", "libwebp_anim", AV_PIX_FMT_RGB32, "loop", 16383},
    {"apng", "apng", AV_PIX_FMT_RGB24, "plays", SOL_IMAGE_MAX_SIDE},
};

struct SolAnimation {
    char *path;
    FILE *stream;            /* of a GIF */
    SolGifEncoder *gif;      /* NULL: what follows is used */
    const Kind *kind;
    AVCodecContext *encoder;
    AVFormatContext *muxer;
    AVFrame *frame;
    AVPacket *packet;
    int64_t end, last;       /* of all pictures so far; the last one's duration */
};

/* ---- kinds ---- */

/* NULL: a GIF. */
static const Kind *find_kind(const char *path)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (sol_path_has_extension(path, kinds[i].extension))
            return &kinds[i];
    return NULL;
}

int sol_animation_check(const char *path)
{
    const Kind *kind = find_kind(path);
    if (kind && (!avcodec_find_encoder_by_name(kind->encoder) || !av_guess_format(kind->extension, NULL, NULL)))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: this FFmpeg cannot make a .%s (its encoder %s is missing); a .gif can be "
                        "made", path, kind->extension, kind->encoder);
    return SOL_OK;
}

int sol_animation_ticks(const char *path)
{
    return find_kind(path) ? TICKS : GIF_TICKS;
}

/* ---- opening ---- */

static int open_gif(SolAnimation *animation, const SolAnimationFormat *format)
{
    animation->stream = fopen(format->temporary, "wb");
    if (!animation->stream)
        return sol_fail_errno(animation->path, "cannot be written");
    return sol_gif_encoder_open(&animation->gif, animation->stream, animation->path, format->width, format->height,
                                &format->look, format->loop, format->threads);
}

static int open_encoder(SolAnimation *animation, const SolAnimationFormat *format)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(animation->kind->encoder);
    AVCodecContext *encoder = animation->encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *frame = animation->frame = av_frame_alloc();
    int error;
    animation->packet = av_packet_alloc();
    if (!encoder || !frame || !animation->packet)
        return sol_fail_memory("an animation");
    encoder->width = frame->width = format->width;
    encoder->height = frame->height = format->height;
    encoder->pix_fmt = animation->kind->format;
    frame->format = animation->kind->format;
    encoder->time_base = (AVRational){1, TICKS};
    encoder->thread_count = format->threads;
    av_opt_set_double(encoder->priv_data, "quality", format->quality > 0 ? format->quality : WEBP_QUALITY, 0);
    av_opt_set(encoder->priv_data, "pred", "mixed", 0); /* of APNG */
    error = sol_codec_open(encoder, codec);
    if (error >= 0)
        error = av_frame_get_buffer(frame, 0);
    return error < 0 ? sol_fail_av(error, animation->path, "cannot be encoded") : SOL_OK;
}

static int open_muxer(SolAnimation *animation, const SolAnimationFormat *format)
{
    char *address = sol_format("file:%s", format->temporary);
    int error = address ? avformat_alloc_output_context2(&animation->muxer, NULL, animation->kind->extension, address)
                        : AVERROR(ENOMEM);
    AVStream *stream = error >= 0 ? avformat_new_stream(animation->muxer, NULL) : NULL;
    free(address);
    if (error >= 0 && !stream)
        error = AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_parameters_from_context(stream->codecpar, animation->encoder);
    if (error >= 0) {
        stream->time_base = animation->encoder->time_base;
        error = avio_open(&animation->muxer->pb, animation->muxer->url, AVIO_FLAG_WRITE);
    }
    if (error >= 0)
        error = av_opt_set_int(animation->muxer->priv_data, animation->kind->loop, format->loop, 0);
    if (error >= 0)
        error = avformat_write_header(animation->muxer, NULL);
    return error < 0 ? sol_fail_av(error, animation->path, "cannot be written") : SOL_OK;
}

int sol_animation_open(SolAnimation **out, const SolAnimationFormat *format)
{
    SolAnimation *animation = sol_calloc(1, sizeof *animation);
    int result = SOL_OK;
    if (!animation || !(animation->path = sol_copy(format->path))) {
        sol_free(animation);
        return sol_fail_memory("an animation");
    }
    animation->kind = find_kind(format->path);
    if (!animation->kind) {
        result = open_gif(animation, format);
    } else if (format->width > animation->kind->most_side || format->height > animation->kind->most_side) {
        result = sol_fail(SOL_ERR_ARGUMENT, "%s: pictures of %dx%d pixels are too large for a .%s, whose sides can be %d at "
                          "most", format->path, format->width, format->height, animation->kind->extension,
                          animation->kind->most_side);
    } else {
        result = open_encoder(animation, format);
        if (result == SOL_OK)
            result = open_muxer(animation, format);
    }
    if (result == SOL_OK)
        *out = animation;
    else
        sol_animation_close(&animation);
    return result;
}

/* ---- writing ---- */

static uint32_t read_le(const uint8_t *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/*
 * libwebp has to guess how long the last picture shows, and merges pictures that are the same. The last ANMF chunk of the
 * file gets what is left of the whole time (WebP container specification: a chunk is 4 characters, 4 bytes of size, and
 * the data, padded to even; of ANMF's, bytes 12 to 14 are the duration in milliseconds).
 */
static void set_last_duration(uint8_t *file, size_t size, int64_t end)
{
    enum { FILE_HEAD = 12, CHUNK_HEAD = 8, DURATION = 12, LEAST = 16, MOST = 0xffffff };
    uint8_t *last = NULL;
    int64_t before = 0, left;
    for (size_t at = FILE_HEAD; at + CHUNK_HEAD + LEAST <= size;) {
        uint8_t *data = file + at + CHUNK_HEAD;
        if (memcmp(file + at, "ANMF", 4) == 0) {
            before += last ? read_le(last, 3) : 0;
            last = data + DURATION;
        }
        at += CHUNK_HEAD + ((size_t)read_le(file + at + 4, 4) + 1) / 2 * 2;
    }
    left = end - before;
    for (int i = 0; last && left > 0 && left <= MOST && i < 3; i++)
        last[i] = (uint8_t)(left >> 8 * i);
}

static int write_packet(SolAnimation *animation)
{
    AVPacket *packet = animation->packet;
    int error;
    if (strcmp(animation->kind->extension, "webp") == 0 && (error = av_packet_make_writable(packet)) >= 0)
        set_last_duration(packet->data, (size_t)packet->size, animation->end);
    packet->stream_index = 0;
    av_packet_rescale_ts(packet, animation->encoder->time_base, animation->muxer->streams[0]->time_base);
    error = av_write_frame(animation->muxer, packet);
    av_packet_unref(packet);
    return error;
}

/* Gives the encoder a frame, or NULL for the end, and the muxer all packets that are ready. */
static int encode(SolAnimation *animation, const AVFrame *frame)
{
    int error = avcodec_send_frame(animation->encoder, frame);
    while (error >= 0 && (error = avcodec_receive_packet(animation->encoder, animation->packet)) >= 0)
        error = write_packet(animation);
    if (error >= 0 || error == AVERROR(EAGAIN) || error == AVERROR_EOF)
        return SOL_OK;
    return sol_fail_av(error, animation->path, "cannot be written");
}

static void fill(AVFrame *frame, const SolImage *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *from = sol_image_row_const(image, y);
        uint8_t *to = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        if (frame->format == AV_PIX_FMT_RGB24) {
            memcpy(to, from, (size_t)image->width * 3);
            continue;
        }
        for (int x = 0; x < image->width; x++, from += 3) {
            uint32_t pixel = 0xff000000u | (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(to + 4 * x, &pixel, 4);
        }
    }
}

int sol_animation_add(SolAnimation *animation, SolImage *image, int64_t duration)
{
    AVFrame *frame = animation->frame;
    if (animation->gif)
        return sol_gif_encoder_add(animation->gif, image, duration);
    if (av_frame_make_writable(frame) < 0)
        return sol_fail_memory("an animation");
    fill(frame, image);
    frame->pts = animation->end;
    animation->last = duration;
    animation->end += duration;
    return encode(animation, frame);
}

int64_t sol_animation_bytes(const SolAnimation *animation)
{
    return animation->gif ? sol_gif_encoder_bytes(animation->gif) : avio_tell(animation->muxer->pb);
}

static int finish_gif(SolAnimation *animation, int64_t *bytes)
{
    int result = sol_gif_encoder_finish(animation->gif, bytes), status;
    if (result != SOL_OK)
        return result;
    status = fclose(animation->stream);
    animation->stream = NULL;
    return status == 0 ? SOL_OK : sol_fail_errno(animation->path, "cannot be written");
}

int sol_animation_finish(SolAnimation *animation, int64_t *bytes)
{
    AVFormatContext *muxer = animation->muxer;
    char delay[32];
    int result, error;
    if (animation->gif)
        return finish_gif(animation, bytes);
    result = encode(animation, NULL);
    if (result != SOL_OK)
        return result;
    snprintf(delay, sizeof delay, "%d/%d", (int)(animation->last < UINT16_MAX ? animation->last : UINT16_MAX), TICKS);
    av_opt_set(muxer->priv_data, "final_delay", delay, 0); /* of APNG */
    error = av_write_trailer(muxer);
    avio_flush(muxer->pb);
    *bytes = avio_size(muxer->pb);
    if (error >= 0)
        error = muxer->pb->error;
    if (error >= 0)
        error = avio_closep(&muxer->pb);
    return error < 0 ? sol_fail_av(error, animation->path, "cannot be completed") : SOL_OK;
}

void sol_animation_close(SolAnimation **out)
{
    SolAnimation *animation = *out;
    *out = NULL;
    if (!animation)
        return;
    sol_gif_encoder_close(&animation->gif);
    if (animation->stream)
        fclose(animation->stream);
    avcodec_free_context(&animation->encoder);
    if (animation->muxer)
        avio_closep(&animation->muxer->pb);
    avformat_free_context(animation->muxer);
    av_frame_free(&animation->frame);
    av_packet_free(&animation->packet);
    free(animation->path);
    sol_free(animation);
}

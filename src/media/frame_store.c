/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is a row of records: time and size of the picture's bytes, 8 bytes each; these; the size once more, by which one
 * steps back. The bytes are packets of one of FFmpeg's quick lossless codecs, in planes of G, B and R.
 */
#include "media/frame_store.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "media/av.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

struct SolFrameStore {
    const char *path;
    int width, height;
    FILE *file;
    AVCodecContext *encoder, *decoder;
    AVFrame *frame;
    AVPacket *packet;
    int64_t count, end;  /* pictures; bytes */
    int64_t at, next;    /* places of the picture that was stepped to, and of what lies behind it */
    int64_t size;        /* of that picture's bytes */
    bool writing;        /* the file stands at its end, and was not read from since */
};

enum { HEAD = 16, TAIL = 8 };

/* The codecs that are tried: all are FFmpeg's own, but it may have been built without some. */
static const char *const codecs[] = {"ffvhuff", "rawvideo"};

/* ---- codecs ---- */

static AVCodecContext *new_context(const SolFrameStore *store, const AVCodec *codec)
{
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context)
        return NULL;
    context->width = store->width;
    context->height = store->height;
    context->pix_fmt = AV_PIX_FMT_GBRP;
    context->time_base = (AVRational){1, 1};
    context->thread_count = 1;
    context->color_range = AVCOL_RANGE_JPEG;
    context->colorspace = AVCOL_SPC_RGB;
    return context;
}

/* A pair of contexts for one of the codecs; false where this FFmpeg has not got it. */
static bool open_codec(SolFrameStore *store, const char *name)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    AVCodecContext *encoder, *decoder;
    avcodec_free_context(&store->encoder);
    avcodec_free_context(&store->decoder);
    encoder = store->encoder = new_context(store, codec);
    decoder = store->decoder = new_context(store, codec ? avcodec_find_decoder(codec->id) : NULL);
    if (!encoder || !decoder)
        return false;
    av_opt_set(encoder->priv_data, "pred", "median", 0); /* rawvideo has no such option */
    if (sol_codec_open(encoder, codec) < 0)
        return false;
    decoder->codec_tag = encoder->codec_tag;
    decoder->bits_per_coded_sample = encoder->bits_per_coded_sample;
    if (encoder->extradata_size > 0) {
        decoder->extradata = av_mallocz((size_t)encoder->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
        if (!decoder->extradata)
            return false;
        memcpy(decoder->extradata, encoder->extradata, (size_t)encoder->extradata_size);
        decoder->extradata_size = encoder->extradata_size;
    }
    return sol_codec_open(decoder, decoder->codec) >= 0;
}

static int open_codecs(SolFrameStore *store)
{
    bool opened = false;
    store->frame = av_frame_alloc();
    store->packet = av_packet_alloc();
    for (size_t i = 0; store->frame && store->packet && !opened && i < sizeof codecs / sizeof *codecs; i++)
        opened = open_codec(store, codecs[i]);
    return opened ? SOL_OK : sol_fail_memory("the frames of an output");
}

/* ---- the file ---- */

/* A file beside the output that loses its name at once. */
static int open_file(SolFrameStore *store)
{
    SolPending *pending = NULL;
    int result = sol_pending_open(&pending, store->path, true);
    if (result != SOL_OK)
        return result;
    store->file = fopen(sol_pending_path(pending), "w+b");
    if (!store->file)
        result = sol_fail_errno(store->path, "its frames cannot be kept beside it");
    sol_pending_close(&pending);
    return result;
}

int sol_frame_store_open(SolFrameStore **out, const char *path, int width, int height)
{
    SolFrameStore *store = sol_calloc(1, sizeof *store);
    int result;
    if (!store)
        return sol_fail_memory("the frames of an output");
    *store = (SolFrameStore){.path = path, .width = width, .height = height};
    result = open_codecs(store);
    if (result == SOL_OK)
        result = open_file(store);
    if (result == SOL_OK)
        *out = store;
    else
        sol_frame_store_close(&store);
    return result;
}

/* ---- writing ---- */

static int fail_write(const SolFrameStore *store)
{
    return sol_fail_errno(store->path, "its frames cannot be kept beside it");
}

/* The picture as the encoder's frame. */
static int fill_frame(SolFrameStore *store, const SolImage *image)
{
    AVFrame *frame = store->frame;
    av_frame_unref(frame);
    frame->format = AV_PIX_FMT_GBRP;
    frame->width = store->width;
    frame->height = store->height;
    frame->color_range = AVCOL_RANGE_JPEG;
    frame->colorspace = AVCOL_SPC_RGB;
    frame->pts = store->count;
    if (av_frame_get_buffer(frame, 0) < 0)
        return sol_fail_memory("the frames of an output");
    for (int y = 0; y < store->height; y++) {
        const uint8_t *from = sol_image_row_const(image, y);
        uint8_t *to[3];
        for (int plane = 0; plane < 3; plane++)
            to[plane] = frame->data[plane] + (ptrdiff_t)y * frame->linesize[plane];
        for (int x = 0; x < store->width; x++, from += 3) {
            to[0][x] = from[1];
            to[1][x] = from[2];
            to[2][x] = from[0];
        }
    }
    return SOL_OK;
}

int sol_frame_store_add(SolFrameStore *store, const SolImage *image, int64_t time)
{
    AVPacket *packet = store->packet;
    int64_t head[2] = {time, 0};
    int result = fill_frame(store, image), error;
    if (result != SOL_OK)
        return result;
    error = avcodec_send_frame(store->encoder, store->frame);
    av_frame_unref(store->frame);
    if (error >= 0)
        error = avcodec_receive_packet(store->encoder, packet);
    if (error < 0)
        return sol_fail_av(error, store->path, "its frames cannot be kept");
    head[1] = packet->size;
    if (!store->writing && fseeko(store->file, (off_t)store->end, SEEK_SET) != 0)
        result = fail_write(store);
    store->writing = true;
    if (result == SOL_OK && (fwrite(head, 1, HEAD, store->file) != HEAD ||
                             fwrite(packet->data, 1, (size_t)packet->size, store->file) != (size_t)packet->size ||
                             fwrite(&head[1], 1, TAIL, store->file) != TAIL))
        result = fail_write(store);
    store->end += HEAD + packet->size + TAIL;
    store->count++;
    av_packet_unref(packet);
    return result;
}

int64_t sol_frame_store_count(const SolFrameStore *store)
{
    return store->count;
}

/* ---- reading ---- */

void sol_frame_store_rewind(SolFrameStore *store, bool to_end)
{
    store->at = store->next = to_end ? store->end : 0;
}

static int fail_read(const SolFrameStore *store)
{
    return sol_fail(SOL_ERR_IO, "%s: its frames, which were kept beside it, cannot be read again", store->path);
}

static int read_at(SolFrameStore *store, int64_t place, void *bytes, size_t size)
{
    store->writing = false;
    if (fflush(store->file) != 0)
        return fail_write(store);
    if (fseeko(store->file, (off_t)place, SEEK_SET) != 0 || fread(bytes, 1, size, store->file) != size)
        return fail_read(store);
    return SOL_OK;
}

int sol_frame_store_step(SolFrameStore *store, bool back, int64_t *time, bool *got)
{
    int64_t head[2], size = 0, place = store->next;
    int result = SOL_OK;
    *got = back ? store->at > 0 : store->next < store->end;
    if (!*got)
        return SOL_OK;
    if (back) {
        result = read_at(store, store->at - TAIL, &size, TAIL);
        place = store->at - TAIL - size - HEAD;
    }
    if (result == SOL_OK && (size < 0 || place < 0))
        result = fail_read(store);
    if (result == SOL_OK)
        result = read_at(store, place, head, HEAD);
    if (result == SOL_OK && (head[1] < 0 || head[1] > store->end - place - HEAD - TAIL))
        result = fail_read(store);
    if (result != SOL_OK)
        return result;
    store->at = place;
    store->size = head[1];
    store->next = place + HEAD + head[1] + TAIL;
    *time = head[0];
    return SOL_OK;
}

static int decode(SolFrameStore *store)
{
    int error = avcodec_send_packet(store->decoder, store->packet);
    av_frame_unref(store->frame);
    if (error >= 0)
        error = avcodec_receive_frame(store->decoder, store->frame);
    av_packet_unref(store->packet);
    if (error < 0 || store->frame->format != AV_PIX_FMT_GBRP || store->frame->width != store->width ||
        store->frame->height != store->height)
        return fail_read(store);
    return SOL_OK;
}

int sol_frame_store_image(SolFrameStore *store, SolImage **out)
{
    const AVFrame *frame = store->frame;
    SolImage *image = NULL;
    int result;
    if (av_new_packet(store->packet, (int)store->size) < 0)
        return sol_fail_memory("the frames of an output");
    result = read_at(store, store->at + HEAD, store->packet->data, (size_t)store->size);
    store->packet->flags |= AV_PKT_FLAG_KEY;
    if (result == SOL_OK)
        result = decode(store);
    else
        av_packet_unref(store->packet);
    if (result == SOL_OK)
        result = sol_image_create(&image, store->width, store->height);
    for (int y = 0; y < store->height && result == SOL_OK; y++) {
        uint8_t *to = sol_image_row(image, y);
        for (int x = 0; x < store->width; x++, to += 3)
            for (int plane = 0; plane < 3; plane++)
                to[(plane + 1) % 3] = frame->data[plane][(ptrdiff_t)y * frame->linesize[plane] + x];
    }
    av_frame_unref(store->frame);
    if (result == SOL_OK)
        *out = image;
    return result;
}

void sol_frame_store_close(SolFrameStore **out)
{
    SolFrameStore *store = *out;
    *out = NULL;
    if (!store)
        return;
    if (store->file)
        fclose(store->file);
    avcodec_free_context(&store->encoder);
    avcodec_free_context(&store->decoder);
    av_frame_free(&store->frame);
    av_packet_free(&store->packet);
    sol_free(store);
}

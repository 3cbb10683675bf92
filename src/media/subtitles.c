/* SPDX-License-Identifier: Apache-2.0
 *
 * Libavcodec's subtitles are all one form inside, ASS, which a decoder makes and an encoder takes.
 */
#include "media/subtitles.h"

#include "base/error.h"
#include "base/memory.h"

#include <libavutil/mem.h>
#include <string.h>

enum { MOST_TEXT = 65536 }; /* bytes of one subtitle */

struct SolSubtitles {
    AVCodecContext *decoder, *encoder;
    AVPacket *made;
};

static int fail_open(const char *path, enum AVCodecID from, enum AVCodecID to)
{
    return sol_fail(SOL_ERR_FORMAT, "%s: this FFmpeg cannot turn subtitles from %s into %s", path,
                    avcodec_get_name(from), avcodec_get_name(to));
}

/* The encoder begins with what the decoder knows of the text's style; a libav code. */
static int open_codecs(SolSubtitles *subtitles, const AVCodecParameters *parameters, AVRational time_base,
                       const AVCodec *from, const AVCodec *to)
{
    AVCodecContext *decoder = subtitles->decoder = avcodec_alloc_context3(from), *encoder;
    int code;
    encoder = subtitles->encoder = avcodec_alloc_context3(to);
    subtitles->made = av_packet_alloc();
    if (!decoder || !encoder || !subtitles->made)
        return AVERROR(ENOMEM);
    code = avcodec_parameters_to_context(decoder, parameters);
    decoder->pkt_timebase = time_base;
    if (code >= 0)
        code = avcodec_open2(decoder, from, NULL);
    if (code < 0)
        return code;
    encoder->time_base = (AVRational){1, 1000};
    if (decoder->subtitle_header_size > 0) {
        encoder->subtitle_header = av_mallocz((size_t)decoder->subtitle_header_size + 1);
        if (!encoder->subtitle_header)
            return AVERROR(ENOMEM);
        memcpy(encoder->subtitle_header, decoder->subtitle_header, (size_t)decoder->subtitle_header_size);
        encoder->subtitle_header_size = decoder->subtitle_header_size;
    }
    return avcodec_open2(encoder, to, NULL);
}

int sol_subtitles_open(SolSubtitles **out, const AVCodecParameters *parameters, AVRational time_base,
                       enum AVCodecID codec, const char *path)
{
    const AVCodec *from = avcodec_find_decoder(parameters->codec_id), *to = avcodec_find_encoder(codec);
    SolSubtitles *subtitles;
    int code;
    if (!from || !to)
        return fail_open(path, parameters->codec_id, codec);
    subtitles = sol_calloc(1, sizeof *subtitles);
    if (!subtitles)
        return sol_fail_memory("subtitles");
    code = open_codecs(subtitles, parameters, time_base, from, to);
    if (code < 0) {
        sol_subtitles_close(&subtitles);
        return code == AVERROR(ENOMEM) ? sol_fail_memory("subtitles") : fail_open(path, parameters->codec_id, codec);
    }
    *out = subtitles;
    return SOL_OK;
}

const AVCodecContext *sol_subtitles_encoder(const SolSubtitles *subtitles)
{
    return subtitles->encoder;
}

int sol_subtitles_convert(SolSubtitles *subtitles, AVPacket *packet, bool *got)
{
    AVPacket *made = subtitles->made;
    AVSubtitle text = {0};
    int shows = 0, size = 0;
    *got = false;
    if (avcodec_decode_subtitle2(subtitles->decoder, &text, &shows, packet) < 0 || !shows)
        return SOL_OK;
    if (av_new_packet(made, MOST_TEXT) < 0) {
        avsubtitle_free(&text);
        return sol_fail_memory("a subtitle");
    }
    text.pts = 0;
    text.start_display_time = 0;
    if (text.num_rects > 0)
        size = avcodec_encode_subtitle(subtitles->encoder, made->data, made->size, &text);
    avsubtitle_free(&text);
    if (size > 0) {
        av_shrink_packet(made, size);
        made->pts = packet->pts;
        made->dts = packet->dts;
        made->duration = packet->duration;
        made->flags = packet->flags;
        made->stream_index = packet->stream_index;
        av_packet_unref(packet);
        av_packet_move_ref(packet, made);
        *got = true;
    }
    av_packet_unref(made);
    return SOL_OK;
}

void sol_subtitles_close(SolSubtitles **out)
{
    SolSubtitles *subtitles = *out;
    *out = NULL;
    if (!subtitles)
        return;
    avcodec_free_context(&subtitles->decoder);
    avcodec_free_context(&subtitles->encoder);
    av_packet_free(&subtitles->made);
    sol_free(subtitles);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A decoder, a chain of filters and an encoder. The chain resamples, fills gaps so that sound stays with
 * the pictures, cuts to the sample, and stretches. It is made anew where the sound changes its shape.
 */
#include "media/sound.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "media/av.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Encoders by codec, the best first, with the samples that they take. */
static const struct {
    enum AVCodecID codec;
    const char *name;
    enum AVSampleFormat samples;
} encoders[] = {
    {AV_CODEC_ID_AAC, "aac", AV_SAMPLE_FMT_FLTP},
    {AV_CODEC_ID_OPUS, "libopus", AV_SAMPLE_FMT_FLT},
    {AV_CODEC_ID_OPUS, "opus", AV_SAMPLE_FMT_FLTP},
};

static const int aac_rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000};

enum {
    ENCODERS = sizeof encoders / sizeof *encoders,
    AAC_RATES = sizeof aac_rates / sizeof *aac_rates,
    OPUS_RATE = 48000,
    AAC_BITS = 80000,  /* a second and channel */
    OPUS_BITS = 64000,
    MOST_CHANNELS = 8,
    TEXT = 512
};

static const double least_tempo = 0.5; /* of one atempo filter */
static const double most_apart = 0.015; /* seconds that sound may be from its stamps before it is filled or cut */

struct SolSound {
    SolSoundFormat format;
    AVCodecContext *decoder, *encoder;
    AVFilterGraph *graph;            /* NULL before the first frame */
    AVFilterContext *source, *sink;  /* owned by the graph */
    AVFrame *frame, *filtered;
    AVPacket *packet;
    int64_t next;                    /* stamp of the next decoded frame, where it has none of its own */
    AVAudioFifo *waiting;            /* for the encoder, which takes so many at once */
    int64_t filled;                  /* samples that have come out of the filters */
    bool damaged;                    /* and it has been said */
};

/* ---- opening ---- */

static int open_decoder(SolSound *sound)
{
    const AVCodecParameters *parameters = sound->format.parameters;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    int code;
    if (!codec)
        return sol_fail(SOL_ERR_FORMAT, "%s: this FFmpeg has no decoder for %s", sound->format.path,
                        avcodec_get_name(parameters->codec_id));
    sound->decoder = avcodec_alloc_context3(codec);
    if (!sound->decoder)
        return sol_fail_memory("a decoder");
    code = avcodec_parameters_to_context(sound->decoder, parameters);
    sound->decoder->pkt_timebase = sound->format.time_base;
    sound->decoder->thread_count = 1;
    if (code >= 0)
        code = sol_codec_open(sound->decoder, codec);
    return code < 0 ? sol_fail_av(code, sound->format.path, "the decoder of its sound cannot be opened") : SOL_OK;
}

static int at_least(int own, int least)
{
    return own < least ? least : own;
}

/* The encoder's rate: the sound's own, or the next above it that the codec knows. */
static int choose_rate(enum AVCodecID codec, int own)
{
    if (codec == AV_CODEC_ID_OPUS)
        return OPUS_RATE;
    for (int i = 0; i < AAC_RATES; i++)
        if (own <= aac_rates[i])
            return aac_rates[i];
    return OPUS_RATE;
}

/* Opens an encoder of the list with so many channels; a libav code. */
static int try_encoder(SolSound *sound, int which, const AVChannelLayout *layout)
{
    const SolSoundFormat *format = &sound->format;
    const AVCodec *codec = avcodec_find_encoder_by_name(encoders[which].name);
    AVCodecContext *context;
    int code;
    avcodec_free_context(&sound->encoder);
    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    context = sound->encoder = avcodec_alloc_context3(codec);
    if (!context)
        return AVERROR(ENOMEM);
    context->sample_fmt = encoders[which].samples;
    context->sample_rate = choose_rate(format->codec, at_least(format->parameters->sample_rate, format->least_rate));
    context->time_base = (AVRational){1, context->sample_rate};
    context->bit_rate = (format->codec == AV_CODEC_ID_OPUS ? OPUS_BITS : AAC_BITS) * (int64_t)layout->nb_channels;
    context->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    context->thread_count = 1;
    if (format->global_header)
        context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    code = av_channel_layout_copy(&context->ch_layout, layout);
    return code < 0 ? code : sol_codec_open(context, codec);
}

/* The first encoder that takes the sound's channels; else two of them. */
static int open_encoder(SolSound *sound)
{
    const AVChannelLayout *own = &sound->format.parameters->ch_layout, stereo = AV_CHANNEL_LAYOUT_STEREO;
    AVChannelLayout layout = {0};
    int code = AVERROR_ENCODER_NOT_FOUND, count = at_least(own->nb_channels, sound->format.least_channels);
    bool known = own->order == AV_CHANNEL_ORDER_NATIVE && count == own->nb_channels && count <= MOST_CHANNELS;
    if (!known)
        av_channel_layout_default(&layout, count >= 1 && count <= MOST_CHANNELS ? count : 2);
    for (int i = 0; i < 2 * ENCODERS && code < 0 && code != AVERROR(ENOMEM); i++)
        if (encoders[i % ENCODERS].codec == sound->format.codec)
            code = try_encoder(sound, i % ENCODERS, i >= ENCODERS ? &stereo : known ? own : &layout);
    av_channel_layout_uninit(&layout);
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("a sound encoder");
    return code < 0 ? sol_fail(SOL_ERR_FORMAT, "%s: this FFmpeg cannot encode its sound as %s", sound->format.path,
                               avcodec_get_name(sound->format.codec))
                    : SOL_OK;
}

int sol_sound_open(SolSound **out, const SolSoundFormat *format)
{
    SolSound *sound = sol_calloc(1, sizeof *sound);
    int result;
    if (!sound)
        return sol_fail_memory("a sound track");
    sound->format = *format;
    sound->next = format->start;
    sound->frame = av_frame_alloc();
    sound->filtered = av_frame_alloc();
    sound->packet = av_packet_alloc();
    result = sound->frame && sound->filtered && sound->packet ? open_decoder(sound) : sol_fail_memory("a sound track");
    if (result == SOL_OK)
        result = open_encoder(sound);
    if (result == SOL_OK) {
        sound->waiting = av_audio_fifo_alloc(sound->encoder->sample_fmt, sound->encoder->ch_layout.nb_channels, 1);
        result = sound->waiting ? SOL_OK : sol_fail_memory("a sound track");
    }
    if (result == SOL_OK)
        *out = sound;
    else
        sol_sound_close(&sound);
    return result;
}

const AVCodecContext *sol_sound_encoder(const SolSound *sound)
{
    return sound->encoder;
}

/* ---- the filters ---- */

/* Appends to the text in `chain`, which has room for all that is ever written here. */
static void append(char chain[TEXT], const char *format, ...)
{
    size_t used = strlen(chain);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(chain + used, TEXT - used, format, arguments);
    va_end(arguments);
}

/*
 * Plays so much faster at the same pitch. The filter works by windows of a power of two of samples, 1/24 s or more, and
 * is early by half of one of the sound that comes in; so much silence in front keeps sound and pictures together.
 */
static void stretch(char chain[TEXT], double tempo, int rate)
{
    int window = 1;
    while (window < rate / 24)
        window *= 2;
    append(chain, ",adelay=delays=%dS:all=1,atempo=%.17g", window / 2, tempo);
}

/*
 * Filters by name, for sound of `own_rate`, in whose samples the first filter counts. A time at which sound is missing
 * becomes silence, at the beginning, too. The first sample is at 0, or follows what earlier filters let through. One
 * filter slows to a half at most.
 */
static void describe_chain(const SolSound *sound, int own_rate, char chain[TEXT])
{
    const SolSoundFormat *format = &sound->format;
    const AVCodecContext *encoder = sound->encoder;
    double tempo = av_q2d(format->speed);
    int rate = encoder->sample_rate;
    char layout[64];
    snprintf(chain, TEXT, "aresample=%d:async=1:min_hard_comp=%g:first_pts=%lld", rate, most_apart,
             (long long)av_rescale(av_rescale(sound->filled, own_rate, rate), format->speed.num, format->speed.den));
    if (format->end != INT64_MAX)
        append(chain, ",atrim=end_pts=%lld",
               (long long)av_rescale_q(format->end - format->start, format->time_base, (AVRational){1, rate}));
    for (; tempo < least_tempo; tempo /= least_tempo)
        stretch(chain, least_tempo, rate);
    if (tempo > 1 || tempo < 1)
        stretch(chain, tempo, rate);
    av_channel_layout_describe(&encoder->ch_layout, layout, sizeof layout);
    append(chain, ",aformat=sample_fmts=%s:sample_rates=%d:channel_layouts=%s",
           av_get_sample_fmt_name(encoder->sample_fmt), rate, layout);
}

/* Where the sound of `frame`'s shape comes in; a libav code. */
static int make_source(SolSound *sound, const AVFrame *frame)
{
    AVBufferSrcParameters *parameters = av_buffersrc_parameters_alloc();
    int code;
    if (!parameters)
        return AVERROR(ENOMEM);
    parameters->format = frame->format;
    parameters->sample_rate = frame->sample_rate;
    parameters->time_base = sound->format.time_base;
    code = av_channel_layout_copy(&parameters->ch_layout, &frame->ch_layout);
    sound->source = avfilter_graph_alloc_filter(sound->graph, avfilter_get_by_name("abuffer"), "in");
    if (code >= 0)
        code = sound->source ? av_buffersrc_parameters_set(sound->source, parameters) : AVERROR(ENOMEM);
    av_channel_layout_uninit(&parameters->ch_layout);
    av_free(parameters);
    return code < 0 ? code : avfilter_init_str(sound->source, NULL);
}

static int make_graph(SolSound *sound, const AVFrame *frame)
{
    AVFilterInOut *in = avfilter_inout_alloc(), *out = avfilter_inout_alloc();
    char chain[TEXT];
    int code = AVERROR(ENOMEM);
    avfilter_graph_free(&sound->graph);
    sound->graph = avfilter_graph_alloc();
    if (sound->graph && in && out) {
        sound->graph->nb_threads = 1;
        code = make_source(sound, frame);
    }
    if (code >= 0)
        code = avfilter_graph_create_filter(&sound->sink, avfilter_get_by_name("abuffersink"), "out", NULL, NULL,
                                            sound->graph);
    if (code >= 0) {
        /* named as seen from the chain: its input is open at our source */
        *out = (AVFilterInOut){av_strdup("in"), sound->source, 0, NULL};
        *in = (AVFilterInOut){av_strdup("out"), sound->sink, 0, NULL};
        describe_chain(sound, frame->sample_rate, chain);
        code = avfilter_graph_parse_ptr(sound->graph, chain, &in, &out, NULL);
    }
    if (code >= 0)
        code = avfilter_graph_config(sound->graph, NULL);
    avfilter_inout_free(&in);
    avfilter_inout_free(&out);
    return code < 0 ? sol_fail_av(code, sound->format.path, "its sound cannot be converted") : SOL_OK;
}

/* ---- decoding to encoding ---- */

static void note_damage(SolSound *sound, int code)
{
    char words[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    if (sound->damaged)
        return;
    sound->damaged = true;
    av_strerror(code, words, sizeof words);
    sol_log(sound->format.log, SOL_LOG_WARNING, "%s: the source's sound is damaged and has gaps: %s",
            sound->format.path, words);
}

/* Gives the encoder a frame, or NULL for the end, and the sink all packets that are ready. */
static int encode(SolSound *sound, const AVFrame *frame, const SolSoundSink *sink)
{
    int code = avcodec_send_frame(sound->encoder, frame), result = SOL_OK;
    while (code >= 0 && (code = avcodec_receive_packet(sound->encoder, sound->packet)) >= 0) {
        result = sink->take(sink->user, sound->packet);
        av_packet_unref(sound->packet);
        if (result != SOL_OK)
            return result;
    }
    return code == AVERROR(EAGAIN) || code == AVERROR_EOF
               ? SOL_OK
               : sol_fail_av(code, sound->format.path, "its sound cannot be encoded");
}

/* Encodes what waits, in frames of the encoder's size: of another size only the last may be. */
static int encode_waiting(SolSound *sound, bool last, const SolSoundSink *sink)
{
    const AVCodecContext *encoder = sound->encoder;
    AVFrame *frame = sound->filtered;
    int result = SOL_OK, size;
    while (result == SOL_OK && (size = av_audio_fifo_size(sound->waiting)) > 0 && (last || size >= encoder->frame_size)) {
        frame->nb_samples = encoder->frame_size > 0 && size > encoder->frame_size ? encoder->frame_size : size;
        frame->format = encoder->sample_fmt;
        frame->sample_rate = encoder->sample_rate;
        frame->pts = sound->filled - size; /* the first filter leaves no gap */
        if (av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout) < 0 || av_frame_get_buffer(frame, 0) < 0 ||
            av_audio_fifo_read(sound->waiting, (void **)frame->data, frame->nb_samples) < 0)
            result = sol_fail_memory("a sound track");
        else
            result = encode(sound, frame, sink);
        av_frame_unref(frame);
    }
    return result;
}

/* Encodes what has come through the filters. */
static int empty_filters(SolSound *sound, const SolSoundSink *sink)
{
    AVFrame *frame = sound->filtered;
    int code, result = SOL_OK;
    while (result == SOL_OK && (code = av_buffersink_get_frame(sound->sink, frame)) >= 0) {
        sound->filled += frame->nb_samples;
        if (av_audio_fifo_write(sound->waiting, (void **)frame->data, frame->nb_samples) < frame->nb_samples)
            result = sol_fail_memory("a sound track");
        av_frame_unref(frame);
        if (result == SOL_OK)
            result = encode_waiting(sound, false, sink);
    }
    if (result == SOL_OK && code == AVERROR(ENOMEM))
        result = sol_fail_memory("a sound track");
    return result;
}

/* The filters take frames of one shape only. */
static bool fits(const SolSound *sound, const AVFrame *frame)
{
    AVFilterLink *link = sound->graph ? sound->source->outputs[0] : NULL;
    return link && link->format == frame->format && link->sample_rate == frame->sample_rate &&
           av_channel_layout_compare(&link->ch_layout, &frame->ch_layout) == 0;
}

/* Sends the decoded frame into the filters, its time counted from the start. */
static int filter(SolSound *sound, AVFrame *frame, const SolSoundSink *sink)
{
    const SolSoundFormat *format = &sound->format;
    int64_t stamp = frame->best_effort_timestamp == AV_NOPTS_VALUE ? sound->next : frame->best_effort_timestamp;
    int code, result = SOL_OK;
    sound->next = stamp + av_rescale_q(frame->nb_samples, (AVRational){1, frame->sample_rate}, format->time_base);
    if (format->from != INT64_MIN && stamp + (sound->next - stamp) / 2 < format->from)
        return SOL_OK;
    frame->pts = stamp - format->start;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
    if (!fits(sound, frame)) {
        if (sound->graph && av_buffersrc_add_frame(sound->source, NULL) >= 0)
            result = empty_filters(sound, sink);
        if (result == SOL_OK)
            result = make_graph(sound, frame);
    }
    if (result != SOL_OK)
        return result;
    code = av_buffersrc_add_frame(sound->source, frame);
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("a sound track");
    if (code < 0 && code != AVERROR_EOF) /* which it is behind the end of the cut */
        note_damage(sound, code);
    return empty_filters(sound, sink);
}

static int decode(SolSound *sound, const AVPacket *packet, const SolSoundSink *sink)
{
    int code = sound->decoder ? avcodec_send_packet(sound->decoder, packet) : AVERROR_EOF, result = SOL_OK;
    while (result == SOL_OK && code >= 0 && (code = avcodec_receive_frame(sound->decoder, sound->frame)) >= 0) {
        result = filter(sound, sound->frame, sink);
        av_frame_unref(sound->frame);
    }
    if (result == SOL_OK && code == AVERROR(ENOMEM))
        return sol_fail_memory("a sound track");
    if (code < 0 && code != AVERROR(EAGAIN) && code != AVERROR_EOF)
        note_damage(sound, code);
    return result;
}

/* Encodes all that decoder and filters hold. */
static int end_source(SolSound *sound, const SolSoundSink *sink)
{
    int result = decode(sound, NULL, sink);
    if (result == SOL_OK && sound->graph && av_buffersrc_add_frame(sound->source, NULL) >= 0)
        result = empty_filters(sound, sink);
    avfilter_graph_free(&sound->graph);
    return result;
}

int sol_sound_write(SolSound *sound, const AVPacket *packet, const SolSoundSink *sink)
{
    int result = packet ? decode(sound, packet, sink) : end_source(sound, sink);
    if (result == SOL_OK && !packet)
        result = encode_waiting(sound, true, sink);
    return result == SOL_OK && !packet ? encode(sound, NULL, sink) : result;
}

int sol_sound_continue(SolSound *sound, const SolSoundFormat *format, const SolSoundSink *sink)
{
    int result = end_source(sound, sink);
    if (result != SOL_OK)
        return result;
    avcodec_free_context(&sound->decoder);
    sound->format = *format;
    sound->next = format->start;
    result = open_decoder(sound);
    if (result != SOL_OK)
        avcodec_free_context(&sound->decoder);
    return result;
}

void sol_sound_close(SolSound **out)
{
    SolSound *sound = *out;
    *out = NULL;
    if (!sound)
        return;
    avfilter_graph_free(&sound->graph);
    avcodec_free_context(&sound->decoder);
    avcodec_free_context(&sound->encoder);
    av_audio_fifo_free(sound->waiting);
    av_frame_free(&sound->frame);
    av_frame_free(&sound->filtered);
    av_packet_free(&sound->packet);
    sol_free(sound);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Videos, GIFs and single stills as a source of pictures. One decoded frame is held ahead: it tells
 * how long the one before it lasts. Times are put in order here, once, for reading and for the index.
 */
#include "media/video.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "image/image.h"
#include "media/convert.h"
#include "media/decode.h"
#include "media/deinterlace.h"
#include "media/losses.h"
#include "media/tone.h"

#include <libavfilter/avfilter.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>

/* Makes of a stream's stamps, in presentation order, times that start at 0 and ascend. */
typedef struct Clock {
    int64_t step;   /* a frame's length where nothing says it, 1 or more */
    int64_t origin; /* the stamp of time 0 */
    bool anchored;  /* a stamp has been seen, and `origin` set */
    int64_t last;   /* the time given last, -1 before the first */
    bool repaired;  /* a time was not what its stamp says */
} Clock;

typedef struct Demux {
    SolDecoder *decoder;
    SolDeinterlacer *deinterlacer; /* NULL where only times are asked for */
    SolConverter *converter;
    AVFrame *frame;         /* the next one to deliver, its pts set by the clock */
    bool ready;             /* false at the end */
    AVFrame *ahead;         /* the one behind it, while looking for its time */
    Clock clock;
    SolLosses losses;
    int64_t first;          /* the stamp of the first frame */
    int64_t own_duration;   /* of the last one that has come */
    int64_t number;         /* of the next one to deliver */
    int64_t pulled;         /* frames that have come so far, with those ahead */
    int width, height;      /* of the pictures delivered */
    SolVideoOptions options; /* of the reader */
    bool resized;           /* a picture of another size has been seen */
    SolSoundTrack *sounds;  /* for the SolVideoInfo */
    SolSource source;       /* likewise */
    const SolLog *log;
} Demux;

/* ---- time ---- */

/* Bounds that keep sums of two or three times within 64 bits. */
#define MOST_STAMP (INT64_C(1) << 60)
#define MOST_TIME (INT64_C(1) << 62)
#define MOST_STEP (INT64_C(1) << 40)

static void clock_open(Clock *clock, const AVStream *stream, AVRational rate)
{
    *clock = (Clock){.step = 1, .last = -1};
    if (rate.num > 0 && rate.den > 0)
        clock->step = av_rescale_q(1, av_inv_q(rate), stream->time_base);
    if (clock->step < 1 || clock->step > MOST_STEP)
        clock->step = 1;
}

/* The time of the next frame from its stamp, which may be AV_NOPTS_VALUE. */
static int64_t clock_next(Clock *clock, int64_t stamp)
{
    bool known = stamp > -MOST_STAMP && stamp < MOST_STAMP;
    int64_t follows = clock->last < 0 ? 0 : clock->last + clock->step, time = follows;
    if (known && clock->anchored)
        time = stamp - clock->origin;
    if (time <= clock->last && time >= clock->last - 2 * clock->step) {
        time = clock->last + 1; /* a slip, which those behind make up for */
        clock->repaired = true;
    } else if (time <= clock->last || time > MOST_TIME) {
        time = follows; /* the stamps start anew: go on from here */
        clock->anchored = false;
        clock->repaired = true;
    }
    if (known && !clock->anchored) {
        clock->origin = stamp - time;
        clock->anchored = true;
    }
    return clock->last = time;
}

static AVRational frame_rate(const AVStream *stream)
{
    return stream->avg_frame_rate.num > 0 && stream->avg_frame_rate.den > 0 ? stream->avg_frame_rate
                                                                           : stream->r_frame_rate;
}

static int64_t own_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

/* How long a frame lasts that none follows. */
static int64_t last_duration(const Clock *clock, int64_t own)
{
    return own > 0 && own < MOST_STAMP ? own : clock->step;
}

/* ---- reading ---- */

/* Decodes one frame and sets its pts. */
static int pull(Demux *demux, AVFrame *frame, bool *got)
{
    bool repaired = demux->clock.repaired;
    int result = demux->deinterlacer ? sol_deinterlacer_next(demux->deinterlacer, demux->decoder, frame, got)
                                     : sol_decoder_next(demux->decoder, frame, got);
    if (result == SOL_OK && !*got && demux->pulled > 0)
        sol_losses_end(&demux->losses, demux->decoder, demux->first, demux->own_duration);
    if (result != SOL_OK || !*got)
        return result;
    frame->pts = clock_next(&demux->clock, frame->best_effort_timestamp);
    if (demux->pulled++ == 0)
        demux->first = demux->clock.origin;
    demux->own_duration = last_duration(&demux->clock, own_duration(frame));
    sol_losses_frame(&demux->losses, demux->decoder, frame->pts);
    if (demux->clock.repaired && !repaired)
        sol_log(demux->log, SOL_LOG_WARNING, "%s: times do not ascend at frame %lld; put in order",
                demux->decoder->path, (long long)demux->pulled - 1);
    return SOL_OK;
}

/* Puts the frame ahead in place of the delivered one. */
static void advance(Demux *demux, bool got)
{
    AVFrame *delivered = demux->frame;
    demux->frame = demux->ahead;
    demux->ahead = delivered;
    av_frame_unref(delivered);
    demux->ready = got;
    demux->number++;
}

static int demux_skip_to(void *state, int64_t frame)
{
    Demux *demux = state;
    if (frame < demux->number)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: frame %lld has been passed already", demux->decoder->path,
                        (long long)frame);
    while (demux->ready && demux->number < frame) {
        bool got;
        int result = pull(demux, demux->ahead, &got);
        if (result != SOL_OK)
            return result;
        advance(demux, got);
    }
    return SOL_OK;
}

/* Notes, once, that a frame's own picture would have another size than the first one's. */
static void note_size(Demux *demux)
{
    int width, height;
    if (demux->resized || sol_picture_size(demux->frame, demux->options.short_side, &width, &height) != SOL_OK ||
        (width == demux->width && height == demux->height))
        return;
    demux->resized = true;
    sol_log(demux->log, SOL_LOG_WARNING, "%s: the picture's shape changes at frame %lld; scaled to %dx%d, as the first",
            demux->decoder->path, (long long)demux->number, demux->width, demux->height);
}

static int demux_read(void *state, SolImage **out)
{
    Demux *demux = state;
    SolImage *image = NULL;
    bool got = false;
    int result;
    if (!demux->ready) {
        *out = NULL;
        return SOL_OK;
    }
    note_size(demux);
    result = sol_convert(demux->converter, demux->frame, demux->width, demux->height, &image);
    if (result != SOL_OK)
        return sol_fail_within(result, "%s: frame %lld", demux->decoder->path, (long long)demux->number);
    result = pull(demux, demux->ahead, &got);
    if (result != SOL_OK) {
        sol_image_unref(&image);
        return result;
    }
    image->number = demux->number;
    image->pts = demux->frame->pts;
    image->duration = got ? demux->ahead->pts - image->pts : demux->own_duration;
    image->time_base = (SolRational){demux->decoder->stream->time_base.num, demux->decoder->stream->time_base.den};
    advance(demux, got);
    *out = image;
    return SOL_OK;
}

/* ---- opening ---- */

static void demux_close(void *state)
{
    Demux *demux = state;
    av_frame_free(&demux->frame);
    av_frame_free(&demux->ahead);
    sol_converter_close(&demux->converter);
    sol_deinterlacer_close(&demux->deinterlacer);
    sol_decoder_close(&demux->decoder);
    sol_free(demux->sounds);
    sol_free(demux);
}

static bool demux_takes(const char *path, const SolVideoOptions *options)
{
    (void)path;
    (void)options;
    return true;
}

/* Notes what is known of the sound tracks; the texts are libavformat's. */
static int describe_sounds(Demux *demux, SolVideoInfo *info)
{
    const AVFormatContext *format = demux->decoder->format;
    int count = sol_demuxer_sounds(format);
    demux->sounds = sol_calloc((size_t)count + 1, sizeof *demux->sounds);
    if (!demux->sounds)
        return sol_fail_memory("a video");
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVCodecParameters *parameters = format->streams[i]->codecpar;
        const AVDictionaryEntry *language = av_dict_get(format->streams[i]->metadata, "language", NULL, 0);
        if (parameters->codec_type == AVMEDIA_TYPE_AUDIO && info->sound_count < count)
            demux->sounds[info->sound_count++] =
                (SolSoundTrack){avcodec_get_name(parameters->codec_id), parameters->ch_layout.nb_channels,
                                parameters->sample_rate,
                                language && strcmp(language->value, "und") != 0 ? language->value : ""};
    }
    info->sounds = demux->sounds;
    info->sound = count > 0;
    return SOL_OK;
}

/* Tells what the file does not say, and what is taken instead. */
static void tell_guesses(const Demux *demux, const SolVideoInfo *info)
{
    const char *path = demux->decoder->path;
    enum AVColorSpace said = demux->frame->colorspace;
    if (info->matrix_guessed && said != AVCOL_SPC_UNSPECIFIED)
        sol_log(demux->log, SOL_LOG_WARNING, "%s: has colours (%s) that cannot be read; %s taken", path,
                av_color_space_name(said), info->matrix);
    else if (info->matrix_guessed)
        sol_log(demux->log, SOL_LOG_DETAIL, "%s: does not say its colour matrix; %s taken", path, info->matrix);
    if (info->range_guessed)
        sol_log(demux->log, SOL_LOG_DETAIL, "%s: does not say its colour range; %s taken", path,
                info->full_range ? "full (0-255)" : "limited (16-235)");
    if (info->frame_rate.num == 0)
        sol_log(demux->log, SOL_LOG_DETAIL, "%s: does not say its frame rate; its frames' times are taken", path);
    if (sol_frame_is_hdr(demux->frame))
        sol_log(demux->log, SOL_LOG_NOTE, "%s: high dynamic range (%s, peak %.0f cd/m2); shown as on an ordinary screen",
                path, demux->frame->color_trc == AVCOL_TRC_SMPTE2084 ? "PQ" : "HLG", sol_frame_peak(demux->frame));
}

static int describe(Demux *demux, SolVideoInfo *out)
{
    const AVStream *stream = demux->decoder->stream;
    AVRational rate = frame_rate(stream);
    SolVideoInfo info = {
        .format = demux->decoder->format->iformat->name,
        .codec = avcodec_get_name(stream->codecpar->codec_id),
        .out_width = demux->width,
        .out_height = demux->height,
        .frame_rate = rate.num > 0 && rate.den > 0 ? (SolRational){rate.num, rate.den} : (SolRational){0, 1},
        .time_base = {stream->time_base.num, stream->time_base.den},
    };
    int result = describe_sounds(demux, &info);
    if (result != SOL_OK)
        return result;
    demux->source = (SolSource){.path = demux->decoder->path,
                                .format = demux->options.format,
                                .time_base = info.time_base,
                                .start = demux->clock.origin,
                                .channels = info.sound_count > 0 ? info.sounds->channels : 0,
                                .sample_rate = info.sound_count > 0 ? info.sounds->sample_rate : 0};
    info.sources = &demux->source;
    info.source_count = 1;
    sol_describe_frame(demux->frame, &info);
    tell_guesses(demux, &info);
    *out = info;
    return SOL_OK;
}

/* A source at its first frame; where only `times` are wanted, its frames may be interlaced. */
static int open_at_start(Demux **out, const char *path, const SolVideoOptions *options, bool times)
{
    Demux *demux = sol_calloc(1, sizeof *demux);
    int result;
    if (!demux)
        return sol_fail_memory("a video");
    demux->options = *options;
    demux->log = times ? NULL : options->log;
    demux->frame = av_frame_alloc();
    demux->ahead = av_frame_alloc();
    result = demux->frame && demux->ahead ? sol_converter_open(&demux->converter, options->background)
                                          : sol_fail_memory("a video");
    if (result == SOL_OK && !times)
        result = sol_deinterlacer_open(&demux->deinterlacer);
    if (result == SOL_OK)
        result = sol_decoder_open(&demux->decoder, path, options->format, options->threads, false, demux->log);
    if (result == SOL_OK) {
        clock_open(&demux->clock, demux->decoder->stream, frame_rate(demux->decoder->stream));
        if (options->alpha)
            sol_converter_show_alpha(demux->converter, demux->decoder->stream->codecpar->codec_id == AV_CODEC_ID_GIF);
        result = pull(demux, demux->frame, &demux->ready);
    }
    if (result == SOL_OK && !demux->ready)
        result = sol_fail(SOL_ERR_FORMAT, "%s: is damaged; no picture in it could be decoded", path);
    if (result == SOL_OK) {
        result = sol_picture_size(demux->frame, options->short_side, &demux->width, &demux->height);
        if (result != SOL_OK)
            sol_fail_within(result, "%s", path);
    }
    if (result == SOL_OK)
        *out = demux;
    else
        demux_close(demux);
    return result;
}

static int demux_open(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options)
{
    Demux *demux = NULL;
    int result = open_at_start(&demux, path, options, false);
    if (result == SOL_OK && (result = describe(demux, info)) != SOL_OK)
        demux_close(demux);
    if (result == SOL_OK)
        *state = demux;
    return result;
}

/* ---- index ---- */

typedef struct Times {
    int64_t *pts;
    size_t count, capacity;
    int64_t duration; /* of the frame that is last in time */
} Times;

static int add_time(Times *times, int64_t pts)
{
    void *grown = times->pts;
    if (!sol_grow(&grown, &times->capacity, times->count + 1, sizeof *times->pts))
        return sol_fail_memory("the index of a video");
    times->pts = grown;
    times->pts[times->count++] = pts;
    return SOL_OK;
}

/* True for codecs of which one packet holds one picture, unless it is interlaced. */
static bool packets_are_pictures(const AVCodecParameters *parameters)
{
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(parameters->codec_id);
    if (parameters->field_order != AV_FIELD_UNKNOWN && parameters->field_order != AV_FIELD_PROGRESSIVE)
        return false;
    switch (parameters->codec_id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_FFV1:
    case AV_CODEC_ID_GIF:
    case AV_CODEC_ID_APNG:
        return true;
    default:
        return descriptor && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY);
    }
}

/* The packets of a stream, as long as they leave no doubt about the pictures that they become. */
typedef struct Scan {
    const AVStream *stream;
    AVCodecContext *context;      /* for the parser; never opened */
    AVCodecParserContext *parser; /* NULL where the codec needs none */
    int64_t key;                  /* pts of the first packet, a key frame */
    int64_t dts;                  /* of the packet before */
    int64_t last;                 /* highest pts so far */
    bool started;
} Scan;

/* True where a packet holds a single field, by its own headers. */
static bool is_field(Scan *scan, const AVPacket *packet)
{
    uint8_t *data;
    int size;
    if (!scan->parser)
        return false;
    av_parser_parse2(scan->parser, scan->context, &data, &size, packet->data, packet->size, packet->pts, packet->dts,
                     packet->pos);
    return scan->parser->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
           scan->parser->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
}

/*
 * False where the decoder might show something else than this packet's one picture at its own time:
 * no time, out of order, damaged, a field, or in front of the first key frame.
 */
static bool is_plain(Scan *scan, const AVPacket *packet)
{
    int64_t dts = packet->dts == AV_NOPTS_VALUE ? scan->dts : packet->dts;
    if (packet->pts == AV_NOPTS_VALUE || (packet->flags & AV_PKT_FLAG_CORRUPT) || is_field(scan, packet))
        return false;
    if (!scan->started) {
        if (!(packet->flags & AV_PKT_FLAG_KEY))
            return false;
        scan->key = scan->last = packet->pts;
        scan->dts = packet->dts == AV_NOPTS_VALUE ? INT64_MIN : packet->dts;
        scan->started = true;
        return true;
    }
    if (dts < scan->dts || packet->pts < scan->key)
        return false;
    scan->dts = dts;
    return true;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Collects the stamps of all packets; *sure turns false where they do not settle the matter. */
static int scan_packets(const Demux *demux, AVFormatContext *format, Scan *scan, AVPacket *packet, Times *times,
                        bool *sure)
{
    int code, result = SOL_OK;
    while (result == SOL_OK && *sure && (code = av_read_frame(format, packet)) != AVERROR_EOF) {
        if (code < 0) {
            *sure = false;
        } else if (packet->stream_index == scan->stream->index && packet->size > 0) {
            *sure = is_plain(scan, packet);
            if (*sure && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
                result = add_time(times, packet->pts);
                if (times->count == 1 || packet->pts >= scan->last) {
                    scan->last = packet->pts;
                    times->duration = packet->duration;
                }
            }
        }
        av_packet_unref(packet);
        if (result == SOL_OK)
            result = sol_video_interrupted(&demux->options);
    }
    return result;
}

/* Finds the times from the packets alone; *sure says whether that was possible. */
static int times_from_packets(const Demux *demux, Times *times, bool *sure)
{
    AVFormatContext *format = NULL;
    AVStream *stream;
    AVPacket *packet = av_packet_alloc();
    Scan scan = {0};
    int result = packet ? sol_demuxer_open_as(&format, &stream, demux->decoder->path, demux->options.format, false)
                        : sol_fail_memory("the index of a video");
    *sure = result == SOL_OK && packets_are_pictures(stream->codecpar);
    if (result == SOL_OK && *sure) {
        scan.stream = stream;
        scan.context = avcodec_alloc_context3(NULL);
        if (!scan.context || avcodec_parameters_to_context(scan.context, stream->codecpar) < 0)
            result = sol_fail_memory("the index of a video");
    }
    if (result == SOL_OK && *sure) {
        if (stream->codecpar->codec_id == AV_CODEC_ID_H264) {
            scan.parser = av_parser_init(AV_CODEC_ID_H264);
            *sure = scan.parser != NULL;
        }
        if (scan.parser)
            scan.parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
        result = scan_packets(demux, format, &scan, packet, times, sure);
    }
    if (result == SOL_OK && times->count > 0) {
        qsort(times->pts, times->count, sizeof *times->pts, ascending);
        for (size_t i = 1; i < times->count; i++)
            *sure = *sure && times->pts[i] != times->pts[i - 1];
    }
    *sure = *sure && times->count > 0;
    if (scan.parser)
        av_parser_close(scan.parser);
    avcodec_free_context(&scan.context);
    av_packet_free(&packet);
    avformat_close_input(&format);
    return result;
}

/* Finds the times by decoding everything, exactly as it will be read. */
static int times_from_frames(const Demux *demux, Times *times)
{
    Demux *second = NULL;
    bool got = true;
    int result = open_at_start(&second, demux->decoder->path, &demux->options, true);
    times->count = 0;
    while (result == SOL_OK && got) {
        times->duration = own_duration(second->frame);
        result = add_time(times, second->frame->pts);
        av_frame_unref(second->frame);
        if (result == SOL_OK)
            result = sol_video_interrupted(&demux->options);
        if (result == SOL_OK)
            result = pull(second, second->frame, &got);
    }
    if (second)
        demux_close(second);
    return result;
}

/* The file is opened a second time, so that the reading position stays where it is. */
static int demux_index(void *state, SolVideoIndex *index)
{
    Demux *demux = state;
    Times times = {0};
    Clock clock;
    bool sure;
    int result = times_from_packets(demux, &times, &sure);
    if (result == SOL_OK && !sure)
        result = times_from_frames(demux, &times);
    if (result != SOL_OK) {
        free(times.pts);
        return result;
    }
    clock_open(&clock, demux->decoder->stream, frame_rate(demux->decoder->stream));
    for (size_t i = 0; i < times.count; i++)
        times.pts[i] = clock_next(&clock, times.pts[i]);
    *index = (SolVideoIndex){
        .frames = (int64_t)times.count,
        .pts = times.pts,
        .end = times.pts[times.count - 1] + last_duration(&clock, times.duration),
        .time_base = {demux->decoder->stream->time_base.num, demux->decoder->stream->time_base.den},
        .from_packets = sure,
    };
    return SOL_OK;
}

static int demux_digest(const void *state, SolDigester *digester)
{
    const Demux *demux = state;
    sol_digester_add_text(digester, demux->options.format);
    sol_digester_add_int(digester, (int64_t)avfilter_version());
    sol_converter_digest(demux->converter, digester);
    return sol_digester_add_file(digester, demux->decoder->path);
}

const SolVideoSource sol_source_file = {
    .takes = demux_takes,
    .open = demux_open,
    .index = demux_index,
    .read = demux_read,
    .skip_to = demux_skip_to,
    .digest = demux_digest,
    .close = demux_close,
};

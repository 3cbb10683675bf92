/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracks beside the pictures. Packets are copied where the container takes them, so that not a bit of
 * them changes. A cut falls within a packet: the one that the cut is in comes along, and one before it that decoders
 * need to get going, with times below 0. MP4 and QuickTime hide it by an edit list; in Matroska all tracks begin so
 * much later, and there is none before it. PCM is cut to the sample.
 */
#include "media/tracks.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "media/av.h"
#include "media/decode.h"
#include "media/sound.h"
#include "media/subtitles.h"
#include "media/tags.h"

#include <libavutil/intreadwrite.h>
#include <libavutil/mathematics.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MICROSECONDS = 1000000, OPUS_RATE = 48000 };

/* Bounds that keep sums of a few stamps within 64 bits. */
#define MOST_STAMP (INT64_C(1) << 60)

static const AVRational microsecond = {1, MICROSECONDS};

typedef struct Track {
    const AVStream *in;   /* owned by the source's format */
    AVStream *out;        /* owned by the film's */
    SolSound *sound;      /* these encode anew; */
    SolSubtitles *text;   /* both NULL: packets are copied */
    int64_t start, end;   /* stamps in the source: of the film's time 0, and where the track is cut */
    int64_t from;         /* stamp before which nothing is taken */
    int64_t next;         /* stamp of the packet to come, where it has none of its own; AV_NOPTS_VALUE: not known */
    int64_t smooth;       /* av_rescale_delta()'s memory */
    int64_t last;         /* dts written last, in out->time_base; AV_NOPTS_VALUE: none yet */
    bool refused;         /* the muxer did not take a packet, and it has been said */
} Track;

struct SolTracks {
    SolTracksRequest request;
    AVFormatContext *from, *to; /* from: the source at hand; NULL: there is none, or it cannot be read */
    int at;               /* its number */
    AVRational base;      /* its time base, in which are: */
    int64_t start, end;   /* the film's time 0, and when it, or this source's place in it, ends */
    int64_t first;        /* this source's first picture */
    bool whole_start, whole_end; /* what lies before, and behind, is taken, too */
    Track *tracks;        /* [count] of that source; one that is joined stays the first */
    unsigned count;
    AVPacket *packet;
    int64_t lead;         /* of the sound before the pictures, in `base` */
    int64_t reached;      /* microseconds of the film that the source has been read to */
    bool ended;
};

/* ---- which tracks, and how ---- */

/* Whether the sounds of several sources become one track. */
static bool is_joined(const SolTracks *tracks)
{
    return tracks->request.source_count > 1;
}

static bool is_pcm(enum AVCodecID codec)
{
    return codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT;
}

static bool is_matroska(const AVOutputFormat *format)
{
    return strcmp(format->name, "matroska") == 0 || strcmp(format->name, "webm") == 0;
}

/* Whether players of such files can be expected to know the sound; the muxer may write more than that. */
static bool takes_sound(const AVOutputFormat *format, enum AVCodecID codec)
{
    if (avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) != 1)
        return false;
    if (is_matroska(format))
        return true;
    switch (codec) {
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_MP3:
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3:
    case AV_CODEC_ID_ALAC:
        return true;
    case AV_CODEC_ID_FLAC:
    case AV_CODEC_ID_OPUS:
    case AV_CODEC_ID_DTS:
        return strcmp(format->name, "mp4") == 0;
    default:
        return strcmp(format->name, "mov") == 0 && is_pcm(codec);
    }
}

static int add_stream(SolTracks *tracks, Track *track)
{
    track->out = avformat_new_stream(tracks->to, NULL);
    track->last = AV_NOPTS_VALUE;
    return track->out ? sol_tags_copy_track(track->out, track->in) : sol_fail_memory("a track");
}

/* A track whose packets are copied. */
static int add_copy(SolTracks *tracks, Track *track)
{
    int result = add_stream(tracks, track);
    if (result != SOL_OK)
        return result;
    if (avcodec_parameters_copy(track->out->codecpar, track->in->codecpar) < 0)
        return sol_fail_memory("a track");
    track->out->codecpar->codec_tag = 0;
    tracks->to->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL; /* as FLAC and Opus in MP4 were called for long */
    track->out->time_base = track->in->time_base;
    if (track->in->codecpar->sample_rate > 0)
        track->out->time_base = (AVRational){1, track->in->codecpar->sample_rate};
    return SOL_OK;
}

static SolSoundFormat sound_format(const SolTracks *tracks, const Track *track)
{
    const AVOutputFormat *format = tracks->to->oformat;
    SolSoundFormat sound = {.parameters = track->in->codecpar,
                            .time_base = track->in->time_base,
                            .start = track->start,
                            .end = track->end,
                            .from = is_joined(tracks) ? track->from : INT64_MIN,
                            .speed = tracks->request.speed,
                            .codec = strcmp(format->name, "webm") == 0 ? AV_CODEC_ID_OPUS : AV_CODEC_ID_AAC,
                            .global_header = format->flags & AVFMT_GLOBALHEADER,
                            .path = tracks->request.path,
                            .log = tracks->request.log};
    for (int i = 0; is_joined(tracks) && i < tracks->request.source_count; i++) { /* room for the widest */
        const SolSource *source = &tracks->request.sources[i];
        sound.least_channels = source->channels > sound.least_channels ? source->channels : sound.least_channels;
        sound.least_rate = source->sample_rate > sound.least_rate ? source->sample_rate : sound.least_rate;
    }
    return sound;
}

/* A track that is encoded anew; without a decoder for it, there is none. */
static int add_encoded(SolTracks *tracks, Track *track)
{
    SolSoundFormat sound = sound_format(tracks, track);
    int result = sol_sound_open(&track->sound, &sound);
    if (result == SOL_ERR_FORMAT) {
        sol_log(tracks->request.log, SOL_LOG_WARNING, "%s; left out", sol_error_text());
        track->in = NULL;
        return SOL_OK;
    }
    if (result == SOL_OK)
        result = add_stream(tracks, track);
    if (result != SOL_OK)
        return result;
    track->out->time_base = sol_sound_encoder(track->sound)->time_base;
    if (avcodec_parameters_from_context(track->out->codecpar, sol_sound_encoder(track->sound)) < 0)
        return sol_fail_memory("a track");
    sol_log(tracks->request.log, SOL_LOG_DETAIL, "%s: its sound, %s, is encoded anew as %s", sound.path,
            avcodec_get_name(sound.parameters->codec_id), avcodec_get_name(sound.codec));
    return SOL_OK;
}

static bool plays_as_it_is(const SolTracksRequest *request)
{
    return av_cmp_q(request->speed, (AVRational){1, 1}) == 0;
}

/* Sound is stretched as far as it stays itself, and further where that is asked for. */
static bool wants_sound(const SolTracksRequest *request)
{
    if (request->audio == SOL_AUDIO_AUTO)
        return av_cmp_q(request->speed, (AVRational){1, 2}) >= 0 && av_cmp_q(request->speed, (AVRational){2, 1}) <= 0;
    return request->audio != SOL_AUDIO_NONE;
}

static int add_sound(SolTracks *tracks, Track *track)
{
    const SolTracksRequest *request = &tracks->request;
    enum AVCodecID codec = track->in->codecpar->codec_id;
    bool takes = takes_sound(tracks->to->oformat, codec), as_it_is = plays_as_it_is(request) && !is_joined(tracks);
    if (request->audio == SOL_AUDIO_COPY && !(takes && as_it_is))
        return sol_fail(SOL_ERR_ARGUMENT, "%s: \"audio: copy\" cannot be: %s; leave it out, and the sound is encoded",
                        request->path, is_joined(tracks) ? "that of several inputs is made one track"
                                       : !takes          ? "such files do not take the source's sound"
                                                         : "\"speed\" changes it");
    return request->audio != SOL_AUDIO_AAC && takes && as_it_is ? add_copy(tracks, track) : add_encoded(tracks, track);
}

/*
 * Subtitles that the container has a form for: their own, or another form of text. What becomes of pictures of text
 * depends on the container alone.
 */
static int add_subtitles(SolTracks *tracks, Track *track)
{
    const SolTracksRequest *request = &tracks->request;
    const AVOutputFormat *format = tracks->to->oformat;
    enum AVCodecID codec = track->in->codecpar->codec_id;
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(codec);
    enum AVCodecID form = strcmp(format->name, "webm") == 0 ? AV_CODEC_ID_WEBVTT
                          : is_matroska(format)             ? AV_CODEC_ID_SUBRIP
                                                            : AV_CODEC_ID_MOV_TEXT;
    int result = SOL_ERR_FORMAT;
    if (codec == form || (is_matroska(format) && avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1))
        return add_copy(tracks, track);
    if (descriptor && (descriptor->props & AV_CODEC_PROP_TEXT_SUB))
        result = sol_subtitles_open(&track->text, track->in->codecpar, track->in->time_base, form, request->path);
    if (result == SOL_ERR_FORMAT) {
        sol_log(request->log, SOL_LOG_WARNING, "%s: without the source's subtitles: .%s does not take %s", request->path,
                sol_path_extension(request->path), avcodec_get_name(codec));
        track->in = NULL;
        return SOL_OK;
    }
    if (result == SOL_OK)
        result = add_stream(tracks, track);
    if (result != SOL_OK)
        return result;
    track->out->time_base = track->in->time_base;
    return avcodec_parameters_from_context(track->out->codecpar, sol_subtitles_encoder(track->text)) < 0
               ? sol_fail_memory("a track")
               : SOL_OK;
}

/* Fonts that subtitles are drawn with. */
static int add_attachment(SolTracks *tracks, const AVStream *from)
{
    AVStream *to = avformat_new_stream(tracks->to, NULL);
    return !to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0 ||
                   av_dict_copy(&to->metadata, from->metadata, 0) < 0
               ? sol_fail_memory("an attachment")
               : SOL_OK;
}

/* ---- times ---- */

/* The stamps of a track at which the film begins and ends. */
static void set_times(const SolTracks *tracks, Track *track)
{
    int64_t from = tracks->first > tracks->start ? tracks->first : tracks->start;
    track->next = track->smooth = AV_NOPTS_VALUE;
    track->start = av_rescale_q(tracks->start, tracks->base, track->in->time_base);
    track->end = tracks->whole_end ? INT64_MAX : av_rescale_q(tracks->end, tracks->base, track->in->time_base);
    track->from = tracks->whole_start ? INT64_MIN : av_rescale_q(from, tracks->base, track->in->time_base);
}

/* Takes source number `at` in hand: times of the film become stamps of its own. */
static void choose_source(SolTracks *tracks, int at)
{
    const SolTracksRequest *request = &tracks->request;
    const SolSource *source = &request->sources[at];
    AVRational base = {source->time_base.num, source->time_base.den};
    int64_t end = request->end;
    if (at + 1 < request->source_count && source[1].from < end)
        end = source[1].from;
    tracks->at = at;
    tracks->base = base;
    tracks->first = source->start;
    tracks->start = source->start + av_rescale_q(request->start - source->from, request->time_base, base);
    tracks->end = source->start + av_rescale_q(end - source->from, request->time_base, base);
    tracks->whole_start = request->whole_start && !is_joined(tracks);
    tracks->whole_end = request->whole_end && !is_joined(tracks);
}

/* Moves the film's time 0 to where the earliest sound begins, where that is before the first picture. */
static void set_lead(SolTracks *tracks)
{
    int64_t start = tracks->start;
    if (!tracks->whole_start || !plays_as_it_is(&tracks->request))
        return;
    for (unsigned i = 0; i < tracks->from->nb_streams; i++) {
        const AVStream *stream = tracks->from->streams[i];
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && stream->start_time != AV_NOPTS_VALUE &&
            av_compare_ts(stream->start_time, stream->time_base, start, tracks->base) < 0)
            start = av_rescale_q(stream->start_time, stream->time_base, tracks->base);
    }
    tracks->lead = tracks->start - start;
    tracks->start = start;
}

static int64_t film_time(const Track *track, int64_t stamp)
{
    return av_rescale_q(stamp - track->start, track->in->time_base, microsecond);
}

/* ---- reading ---- */

static bool is_stamp(int64_t stamp)
{
    return stamp > -MOST_STAMP && stamp < MOST_STAMP; /* AV_NOPTS_VALUE is not */
}

/* Gives a packet the times that it lacks. */
static void complete(Track *track, AVPacket *packet)
{
    const AVCodecParameters *parameters = track->in->codecpar;
    AVRational sample = {1, parameters->sample_rate > 0 ? parameters->sample_rate : 1};
    if (!is_stamp(packet->dts))
        packet->dts = AV_NOPTS_VALUE;
    if (!is_stamp(packet->pts))
        packet->pts = packet->dts != AV_NOPTS_VALUE ? packet->dts
                      : track->next != AV_NOPTS_VALUE ? track->next
                                                      : track->start;
    if (packet->dts == AV_NOPTS_VALUE)
        packet->dts = packet->pts;
    if (packet->duration <= 0 || packet->duration > INT_MAX)
        packet->duration = av_rescale_q(av_get_audio_frame_duration2(track->in->codecpar, packet->size), sample,
                                        track->in->time_base);
    track->next = packet->pts + packet->duration;
}

/*
 * How much earlier than the film a decoder begins, which needs to get going where packets overlap. What it makes of
 * that is not heard: it is cut off, or the container says so, as Matroska cannot be relied on to do.
 */
static int64_t warming_up(const SolTracks *tracks, const Track *track, int64_t packet)
{
    enum AVCodecID codec = track->in->codecpar->codec_id;
    if (track->sound)
        return av_rescale_q(1, (AVRational){1, 1}, track->in->time_base);
    if (track->in->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
        return 0;
    if (is_pcm(codec) || codec == AV_CODEC_ID_FLAC || codec == AV_CODEC_ID_ALAC)
        return 0;
    return is_matroska(tracks->to->oformat) ? 0 : packet;
}

/* Whether the packet, or the decoder's state behind it, is heard in the film. */
static bool is_wanted(const SolTracks *tracks, const Track *track, const AVPacket *packet)
{
    int64_t before = warming_up(tracks, track, packet->duration);
    if (packet->pts >= track->end)
        return false;
    return track->from == INT64_MIN || packet->pts + packet->duration > track->from - before;
}

/* Takes off a packet of PCM what lies outside of the film, to the sample. */
static void cut_pcm(const Track *track, AVPacket *packet)
{
    const AVCodecParameters *parameters = track->in->codecpar;
    AVRational sample = {1, parameters->sample_rate};
    int block = parameters->ch_layout.nb_channels * av_get_bits_per_sample(parameters->codec_id) / 8, samples;
    int64_t before = 0, behind = 0;
    if (!is_pcm(parameters->codec_id) || block <= 0 || sample.den <= 0)
        return;
    samples = packet->size / block;
    if (track->from != INT64_MIN && packet->pts < track->from)
        before = av_rescale_q(track->from - packet->pts, track->in->time_base, sample);
    if (packet->pts + packet->duration > track->end)
        behind = av_rescale_q(packet->pts + packet->duration - track->end, track->in->time_base, sample);
    if (before + behind <= 0 || before + behind >= samples)
        return;
    packet->data += before * block;
    packet->size = (int)(samples - before - behind) * block;
    packet->pts = packet->dts = packet->pts + av_rescale_q(before, sample, track->in->time_base);
    packet->duration = av_rescale_q(samples - before - behind, sample, track->in->time_base);
}

/* The track that packets of this stream of the source at hand are of; NULL: none. */
static Track *track_of(SolTracks *tracks, int stream)
{
    Track *track = &tracks->tracks[is_joined(tracks) ? 0 : stream];
    if (!is_joined(tracks) && (unsigned)stream >= tracks->count)
        return NULL;
    return track->in && track->in->index == stream ? track : NULL;
}

/* Reads the next packet that belongs in the film into tracks->packet; *track is NULL at the end. */
static int read_packet(SolTracks *tracks, Track **of)
{
    AVPacket *packet = tracks->packet;
    int64_t end = tracks->end, base_second = av_rescale_q(1, (AVRational){1, 1}, tracks->base);
    int code = 0;
    *of = NULL;
    while (tracks->from && (code = av_read_frame(tracks->from, packet)) >= 0) {
        Track *track = track_of(tracks, packet->stream_index);
        if (track) {
            complete(track, packet);
            if (is_wanted(tracks, track, packet)) {
                if (!track->sound)
                    cut_pcm(track, packet);
                *of = track;
                return SOL_OK;
            }
            if (!tracks->whole_end &&
                av_compare_ts(packet->pts, track->in->time_base, end + base_second, tracks->base) > 0)
                break;
        }
        av_packet_unref(packet);
    }
    av_packet_unref(packet);
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("the tracks");
    return SOL_OK;
}

/* ---- writing ---- */

/*
 * What Matroska's CodecDelay takes off a track's times when they are read. Older muxers write it of Opus and do not move
 * the times by it.
 */
static int64_t codec_delay(const SolTracks *tracks, const Track *track)
{
    const AVCodecParameters *parameters = track->out->codecpar;
    if (LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(59, 31, 100) || parameters->codec_id != AV_CODEC_ID_OPUS ||
        !is_matroska(tracks->to->oformat))
        return 0;
    return av_rescale_q(parameters->initial_padding, (AVRational){1, OPUS_RATE}, track->out->time_base);
}

/* Hands a packet of the film to the muxer. Containers want times of decoding to ascend, whatever the source has. */
static int mux(SolTracks *tracks, Track *track, AVPacket *packet)
{
    bool strict = !(tracks->to->oformat->flags & AVFMT_TS_NONSTRICT);
    int64_t delay = codec_delay(tracks, track);
    int code;
    packet->pts += delay;
    packet->dts += delay;
    if (track->last != AV_NOPTS_VALUE && packet->dts < track->last + strict) {
        packet->dts = track->last + strict;
        packet->pts = packet->pts < packet->dts ? packet->dts : packet->pts;
    }
    track->last = packet->dts;
    packet->stream_index = track->out->index;
    packet->pos = -1;
    code = av_interleaved_write_frame(tracks->to, packet);
    if (code >= 0)
        code = tracks->to->pb->error;
    if (code == AVERROR_INVALIDDATA || code == AVERROR(EINVAL)) {
        if (!track->refused)
            sol_log(tracks->request.log, SOL_LOG_WARNING, "%s: the source's sound is damaged and has gaps",
                    tracks->request.path);
        track->refused = true;
        return SOL_OK;
    }
    return code < 0 ? sol_fail_av(code, tracks->request.path, "cannot be written") : SOL_OK;
}

/* Shortens the packet that the film's end lies in. */
static int cut_end(const Track *track, AVPacket *packet)
{
    int64_t over = packet->pts + packet->duration - track->end;
    AVRational sample = {1, track->out->codecpar->sample_rate};
    uint8_t *skip;
    if (track->end == INT64_MAX || over <= 0 || sample.den <= 0)
        return SOL_OK;
    packet->duration -= over;
    skip = av_packet_new_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, 10);
    if (!skip)
        return sol_fail_memory("a packet");
    memset(skip, 0, 10);
    AV_WL32(skip + 4, (uint32_t)av_rescale_q(over, track->in->time_base, sample));
    return SOL_OK;
}

static int copy_sound(SolTracks *tracks, Track *track, AVPacket *packet)
{
    AVRational from = track->in->time_base, to = track->out->time_base,
               sample = {1, track->out->codecpar->sample_rate};
    int result = cut_end(track, packet);
    int64_t samples;
    if (result != SOL_OK)
        return result;
    packet->flags &= ~AV_PKT_FLAG_DISCARD; /* a time below 0 says so, too */
    samples = av_rescale_q(packet->duration, from, sample);
    /* undoes the source's rounding of times */
    packet->pts = packet->dts = av_rescale_delta(from, packet->pts - track->start, sample, (int)samples,
                                                 &track->smooth, to);
    packet->duration = av_rescale_q(packet->duration, from, to);
    return mux(tracks, track, packet);
}

/* Subtitles show from the film's beginning at the earliest, and until its end at the latest. */
static int pass_on_subtitles(SolTracks *tracks, Track *track, AVPacket *packet)
{
    AVRational speed = tracks->request.speed;
    int64_t start = packet->pts, end = start + packet->duration;
    bool got = true;
    int result = track->text ? sol_subtitles_convert(track->text, packet, &got) : SOL_OK;
    if (result != SOL_OK || !got)
        return result;
    if (!tracks->whole_start && start < track->start)
        start = track->start;
    if (end > track->end)
        end = track->end;
    packet->pts = packet->dts = av_rescale(start - track->start, speed.den, speed.num);
    packet->duration = av_rescale(end - start, speed.den, speed.num);
    av_packet_rescale_ts(packet, track->in->time_base, track->out->time_base);
    return mux(tracks, track, packet);
}

typedef struct Destination {
    SolTracks *tracks;
    Track *track;
} Destination;

static int take_encoded(void *user, AVPacket *packet)
{
    Destination *to = user;
    av_packet_rescale_ts(packet, sol_sound_encoder(to->track->sound)->time_base, to->track->out->time_base);
    return mux(to->tracks, to->track, packet);
}

static int pass_on(SolTracks *tracks, Track *track, AVPacket *packet)
{
    int64_t time = av_rescale(film_time(track, packet->pts), tracks->request.speed.den, tracks->request.speed.num);
    if (track->in->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && time > tracks->reached)
        tracks->reached = time;
    if (track->sound)
        return sol_sound_write(track->sound, packet, &(SolSoundSink){take_encoded, &(Destination){tracks, track}});
    return track->in->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE ? pass_on_subtitles(tracks, track, packet)
                                                                   : copy_sound(tracks, track, packet);
}

/* The first sound of a file; NULL: none. */
static const AVStream *first_sound(const AVFormatContext *from)
{
    for (unsigned i = 0; i < from->nb_streams; i++)
        if (from->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
            return from->streams[i];
    return NULL;
}

/*
 * Opens the next of several sources that has sound in the film, behind number `at`; tracks->from is NULL where there is
 * none. One that has gone is silent.
 */
static int open_next(SolTracks *tracks, int at)
{
    const SolTracksRequest *request = &tracks->request;
    int result = SOL_ERR_IO;
    while (result != SOL_OK && ++at < request->source_count) {
        const SolSource *source = &request->sources[at];
        AVStream *pictures;
        if (source->channels == 0 || source->from >= request->end ||
            (at + 1 < request->source_count && source[1].from <= request->start))
            continue;
        avformat_close_input(&tracks->from);
        result = sol_demuxer_open_as(&tracks->from, &pictures, source->path, source->format, false);
        if (result == SOL_OK && !first_sound(tracks->from))
            result = sol_fail(SOL_ERR_FORMAT, "%s: has no sound any more", source->path);
        if (result == SOL_ERR_NOMEM)
            return result;
        if (result != SOL_OK)
            sol_log(request->log, SOL_LOG_WARNING, "%s: without the sound of one input: %s", request->path,
                    sol_error_text());
        else
            choose_source(tracks, at);
    }
    if (result != SOL_OK)
        avformat_close_input(&tracks->from);
    return SOL_OK;
}

/* Makes the first sound of the source at hand, which has one, what the track is of. */
static void take_first_sound(SolTracks *tracks, Track *track)
{
    track->in = first_sound(tracks->from);
    for (unsigned i = 0; i < tracks->from->nb_streams; i++)
        tracks->from->streams[i]->discard = (int)i == track->in->index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    set_times(tracks, track);
}

/* Goes on with the next of several sources; tracks->from is NULL where there is none. */
static int go_on(SolTracks *tracks)
{
    Track *track = &tracks->tracks[0];
    SolSoundSink sink = {take_encoded, &(Destination){tracks, track}};
    int result = SOL_ERR_FORMAT;
    while (result == SOL_ERR_FORMAT) {
        SolSoundFormat format;
        result = open_next(tracks, tracks->at);
        if (result != SOL_OK || !tracks->from)
            return result;
        take_first_sound(tracks, track);
        format = sound_format(tracks, track);
        result = sol_sound_continue(track->sound, &format, &sink);
        if (result == SOL_ERR_FORMAT)
            sol_log(tracks->request.log, SOL_LOG_WARNING, "%s; left out", sol_error_text());
    }
    return result;
}

/* Reads one packet and passes it on; at the end, all that encoders hold. */
static int pass_on_next(SolTracks *tracks)
{
    Track *track;
    int result = read_packet(tracks, &track);
    if (result == SOL_OK && track)
        result = pass_on(tracks, track, tracks->packet);
    av_packet_unref(tracks->packet);
    if (result == SOL_OK && !track && is_joined(tracks)) {
        result = go_on(tracks);
        if (tracks->from)
            return result;
    }
    if (result != SOL_OK || track)
        return result;
    tracks->ended = true;
    for (unsigned i = 0; i < tracks->count && result == SOL_OK; i++)
        if (tracks->tracks[i].sound)
            result = sol_sound_write(tracks->tracks[i].sound, NULL,
                                     &(SolSoundSink){take_encoded, &(Destination){tracks, &tracks->tracks[i]}});
    return result;
}

/* ---- opening ---- */

/* Says so where it is not what was asked for. */
static void tell_silence(const SolTracks *tracks)
{
    if (tracks->request.audio == SOL_AUDIO_AUTO)
        sol_log(tracks->request.log, SOL_LOG_NOTE, "%s: without sound, which would be far from its own speed; "
                "\"audio: stretch\" keeps it", tracks->request.path);
}

/* Which of the source's streams become tracks; all others are not even read. */
static int add_tracks(SolTracks *tracks)
{
    AVFormatContext *from = tracks->from;
    int result = SOL_OK;
    tracks->tracks = sol_calloc(from->nb_streams, sizeof *tracks->tracks);
    if (!tracks->tracks)
        return sol_fail_memory("the tracks");
    tracks->count = from->nb_streams;
    tracks->ended = true; /* unless there is a track to read */
    if (!wants_sound(&tracks->request) && sol_demuxer_sounds(from) > 0)
        tell_silence(tracks);
    for (unsigned i = 0; i < tracks->count && result == SOL_OK; i++) {
        AVStream *stream = from->streams[i];
        Track *track = &tracks->tracks[i];
        stream->discard = AVDISCARD_ALL;
        track->in = stream;
        set_times(tracks, track);
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && wants_sound(&tracks->request))
            result = add_sound(tracks, track);
        else if (stream->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE)
            result = add_subtitles(tracks, track);
        else
            track->in = NULL;
        if (track->in) {
            stream->discard = AVDISCARD_DEFAULT;
            tracks->ended = false;
        }
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT && result == SOL_OK &&
            strcmp(tracks->to->oformat->name, "matroska") == 0)
            result = add_attachment(tracks, stream);
    }
    return result;
}

/* One track of the first sounds of several sources. */
static int join_sounds(SolTracks *tracks)
{
    const SolTracksRequest *request = &tracks->request;
    int result = sol_tags_copy(tracks->to, NULL, request->comment);
    tracks->tracks = sol_calloc(1, sizeof *tracks->tracks);
    tracks->ended = true; /* unless there is a sound */
    tracks->at = -1;
    if (result == SOL_OK && !tracks->tracks)
        result = sol_fail_memory("the tracks");
    tracks->count = 1;
    for (int i = 0; i < request->source_count && !wants_sound(request); i++)
        if (request->sources[i].channels > 0) {
            tell_silence(tracks);
            break;
        }
    while (result == SOL_OK && tracks->ended && wants_sound(request)) {
        Track *track = &tracks->tracks[0];
        result = open_next(tracks, tracks->at);
        if (result != SOL_OK || !tracks->from)
            return result;
        take_first_sound(tracks, track);
        result = add_sound(tracks, track);
        tracks->ended = !track->in;
    }
    return result;
}

/* Opens the source for the second time. That it has gone since is no reason to lose the pictures. */
static int open_source(SolTracks *tracks, AVStream *video)
{
    const SolTracksRequest *request = &tracks->request;
    AVStream *pictures;
    int result = sol_demuxer_open_as(&tracks->from, &pictures, request->sources->path, request->sources->format, false);
    if (result != SOL_OK) {
        sol_log(request->log, SOL_LOG_WARNING, "%s: without sound: %s", request->path, sol_error_text());
        return sol_tags_copy(tracks->to, NULL, request->comment);
    }
    choose_source(tracks, 0);
    set_lead(tracks);
    result = sol_tags_copy(tracks->to, tracks->from, request->comment);
    if (result == SOL_OK)
        result = sol_tags_copy_track(video, pictures);
    if (result == SOL_OK)
        result = sol_tags_copy_chapters(tracks->to, tracks->from, tracks->start,
                                        tracks->whole_end ? INT64_MAX : tracks->end, tracks->base, request->speed);
    return result == SOL_OK ? add_tracks(tracks) : result;
}

int sol_tracks_open(SolTracks **out, const SolTracksRequest *request, AVFormatContext *to, AVStream *video)
{
    SolTracks *tracks = sol_calloc(1, sizeof *tracks);
    int result = SOL_OK;
    if (!tracks)
        return sol_fail_memory("the tracks");
    tracks->request = *request;
    tracks->to = to;
    tracks->reached = INT64_MIN;
    tracks->packet = av_packet_alloc();
    if (!tracks->packet)
        result = sol_fail_memory("the tracks");
    else if (is_joined(tracks))
        result = join_sounds(tracks);
    else if (request->source_count == 1 && request->sources->path)
        result = open_source(tracks, video);
    else
        result = sol_tags_copy(to, NULL, request->comment);
    if (result == SOL_OK)
        *out = tracks;
    else
        sol_tracks_close(&tracks);
    return result;
}

int64_t sol_tracks_lead(const SolTracks *tracks, AVRational base)
{
    return tracks->lead ? av_rescale_q(tracks->lead, tracks->base, base) : 0;
}

int sol_tracks_write(SolTracks *tracks, int64_t time)
{
    int result = SOL_OK;
    while (result == SOL_OK && !tracks->ended && tracks->reached < time)
        result = pass_on_next(tracks);
    return result;
}

void sol_tracks_close(SolTracks **out)
{
    SolTracks *tracks = *out;
    *out = NULL;
    if (!tracks)
        return;
    for (unsigned i = 0; i < tracks->count; i++) {
        sol_sound_close(&tracks->tracks[i].sound);
        sol_subtitles_close(&tracks->tracks[i].text);
    }
    sol_free(tracks->tracks);
    av_packet_free(&tracks->packet);
    avformat_close_input(&tracks->from);
    sol_free(tracks);
}

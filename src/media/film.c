/* SPDX-License-Identifier: Apache-2.0
 *
 * Video files: H.264 in MP4, QuickTime or Matroska, through libavcodec and libavformat. Pictures keep
 * the times that they came with. The video is 4:2:0 of 8 bits, BT.709, limited range, and says so;
 * 4:2:0 wants even sides, so a last odd column or row is written twice.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/av.h"
#include "media/to_yuv.h"
#include "media/writer.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From the best for our purpose to the one that every FFmpeg has. */
static const char *const encoders[] = {"libx264", "libopenh264", "h264_videotoolbox", "mpeg4"};

static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster",   "fast",    "medium",
                                      "slow",      "slower",    "veryslow", "placebo", NULL};

enum {
    ENCODERS = sizeof encoders / sizeof *encoders,
    DEFAULT_CRF = 18,
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

typedef struct Film {
    SolPending *file;
    AVFormatContext *muxer;
    AVCodecContext *encoder;
    AVStream *stream;        /* owned by the muxer */
    struct SwsContext *scaler;
    SolImage *padded;        /* with sides made even; NULL where they are */
    AVFrame *frame;
    AVPacket *packet;
    Shown *shown;            /* [inside], ascending */
    size_t inside, capacity;
    int64_t last;            /* pts given to the encoder last */
} Film;

static int film_check(const SolOutputSettings *settings)
{
    const char *nearest;
    if (!settings->preset)
        return SOL_OK;
    for (int i = 0; presets[i]; i++)
        if (strcmp(settings->preset, presets[i]) == 0)
            return SOL_OK;
    nearest = sol_nearest(settings->preset, presets);
    return sol_fail(SOL_ERR_ARGUMENT, "\"preset\" must be ultrafast, superfast, veryfast, faster, fast, medium, slow, "
                    "slower, veryslow or placebo, not \"%s\"%s%s%s", settings->preset,
                    nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* ---- opening ---- */

static int even_up(int side)
{
    return side + (side & 1);
}

/* The video's size: even; of two even heights, the nearer to the aspect ratio where `width` scales. */
static int choose_size(SolWriter *writer)
{
    SolWriterReport *report = &writer->report;
    int result = sol_writer_size(writer, &report->width, &report->height);
    if (result != SOL_OK)
        return result;
    if (writer->settings->width > 0) {
        double height = (double)writer->input.height * even_up(report->width) / writer->input.width;
        report->height = 2 * (int)fmax(1, floor(height / 2 + 0.5));
    }
    report->width = even_up(report->width);
    report->height = even_up(report->height);
    return SOL_OK;
}

/* The time base in which the encoder works: that of the input, unless it is out of what encoders take. */
static AVRational choose_time_base(const SolWriter *writer, const AVCodec *codec)
{
    AVRational base;
    bool mpeg4 = codec->id == AV_CODEC_ID_MPEG4;
    av_reduce(&base.num, &base.den, writer->input.time_base.num, writer->input.time_base.den, INT32_MAX);
    if (base.den > (mpeg4 ? MPEG4_FINEST : FINEST_TIME))
        base = (AVRational){1, mpeg4 ? MPEG4_TIME : MICROSECONDS};
    return base;
}

/* Asks the encoder for the quality that x264 understands by `crf`, or the nearest to it that it knows. */
static void set_quality(const SolWriter *writer, AVCodecContext *encoder)
{
    const char *preset = writer->settings->preset;
    int crf = writer->settings->crf >= 0 ? writer->settings->crf : DEFAULT_CRF;
    if (strcmp(encoder->codec->name, "libx264") == 0) {
        av_opt_set_double(encoder->priv_data, "crf", crf, 0);
        av_opt_set(encoder->priv_data, "preset", preset ? preset : "veryfast", 0);
        if (!preset) /* parts of blocks that move each for themselves: time, and nothing gained with paintings */
            av_opt_set(encoder->priv_data, "partitions", "i4x4,i8x8", 0);
    } else if (encoder->codec_id == AV_CODEC_ID_MPEG4) {
        /* both scales double the quantiser's step every six; 18 is near a quantiser of 2 */
        double quantiser = fmin(31, fmax(1, 2 * pow(2, (crf - DEFAULT_CRF) / 6.0)));
        encoder->flags |= AV_CODEC_FLAG_QSCALE;
        encoder->global_quality = (int)(FF_QP2LAMBDA * quantiser);
        encoder->max_b_frames = 2;
    } else {
        double pixels = (double)encoder->width * encoder->height * av_q2d(encoder->framerate);
        encoder->bit_rate = (int64_t)(pixels * 0.2 * pow(2, (DEFAULT_CRF - crf) / 6.0)) + 100000;
        encoder->max_b_frames = 0;
    }
}

static int open_encoder(SolWriter *writer, Film *film)
{
    const AVCodec *codec = NULL;
    AVCodecContext *encoder;
    SolRational rate = writer->input.frame_rate;
    int error;
    for (int i = 0; i < ENCODERS && !codec; i++)
        codec = avcodec_find_encoder_by_name(encoders[i]);
    if (!codec)
        return sol_fail(SOL_ERR_IO, "%s: this FFmpeg has no H.264 or MPEG-4 encoder; install one with libx264",
                        writer->settings->path);
    encoder = film->encoder = avcodec_alloc_context3(codec);
    if (!encoder)
        return sol_fail_memory("the encoder");
    encoder->width = writer->report.width;
    encoder->height = writer->report.height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->color_primaries = AVCOL_PRI_BT709;
    encoder->color_trc = AVCOL_TRC_BT709;
    encoder->colorspace = AVCOL_SPC_BT709;
    encoder->chroma_sample_location = AVCHROMA_LOC_LEFT;
    encoder->time_base = choose_time_base(writer, codec);
    encoder->framerate = (AVRational){DEFAULT_RATE, 1};
    if (rate.num > 0 && rate.den > 0)
        encoder->framerate = (AVRational){rate.num, rate.den};
    encoder->thread_count = writer->input.threads;
    if (film->muxer->oformat->flags & AVFMT_GLOBALHEADER)
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    set_quality(writer, encoder);
    error = sol_codec_open(encoder, codec);
    if (error == AVERROR(ENOMEM))
        return sol_fail_memory("the encoder");
    if (error < 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: the encoder %s refuses pictures of %dx%d pixels",
                        writer->settings->path, codec->name, writer->report.width, writer->report.height);
    if (codec != avcodec_find_encoder_by_name(encoders[0]))
        sol_log(writer->log, SOL_LOG_NOTE, "%s: encoded with %s, since this FFmpeg has no libx264",
                writer->settings->path, codec->name);
    return SOL_OK;
}

/* The muxer, with its address set to the temporary file, which it reads again to move the index to the front. */
static int open_muxer(SolWriter *writer, Film *film)
{
    const char *path = writer->settings->path, *format = "mp4";
    char *address = sol_format("file:%s", sol_pending_path(film->file));
    int error = AVERROR(ENOMEM);
    if (sol_path_has_extension(path, "mov"))
        format = "mov";
    else if (sol_path_has_extension(path, "mkv"))
        format = "matroska";
    if (address)
        error = avformat_alloc_output_context2(&film->muxer, NULL, format, address);
    free(address);
    return error < 0 ? sol_fail_av(error, path, "cannot be written") : SOL_OK;
}

/*
 * Options of the MP4 and QuickTime muxer: the index in front, so that playing can start before all is
 * there, and times of the whole film counted as finely as those of its frames (by default, in
 * milliseconds, rounded up).
 */
static int set_options(AVDictionary **options, AVRational time_base)
{
    int64_t scale = time_base.den;
    while (scale < 10000)
        scale *= 2;
    if (av_dict_set(options, "movflags", "+faststart", 0) < 0)
        return AVERROR(ENOMEM);
    return av_dict_set_int(options, "movie_timescale", scale, 0);
}

static int start_stream(SolWriter *writer, Film *film)
{
    const char *path = writer->settings->path;
    SolRational rate = writer->input.frame_rate;
    AVDictionary *options = NULL;
    int error;
    film->stream = avformat_new_stream(film->muxer, NULL);
    if (!film->stream)
        return sol_fail_memory("the video stream");
    film->stream->time_base = film->encoder->time_base;
    film->stream->sample_aspect_ratio = film->encoder->sample_aspect_ratio;
    if (rate.num > 0 && rate.den > 0)
        film->stream->avg_frame_rate = film->encoder->framerate;
    error = avcodec_parameters_from_context(film->stream->codecpar, film->encoder);
    if (error >= 0)
        error = avio_open(&film->muxer->pb, film->muxer->url, AVIO_FLAG_WRITE);
    if (error >= 0 && !sol_path_has_extension(path, "mkv"))
        error = set_options(&options, film->encoder->time_base);
    if (error >= 0)
        error = avformat_write_header(film->muxer, &options);
    av_dict_free(&options);
    return error < 0 ? sol_fail_av(error, path, "cannot be written") : SOL_OK;
}

/* What turns pictures into the encoder's frames: padding or scaling, then YUV. */
static int prepare_conversion(SolWriter *writer, Film *film)
{
    SolToYuv to = {writer->input.width,    writer->input.height, writer->report.width, writer->report.height,
                   AV_PIX_FMT_YUV420P, SWS_CS_ITU709,        false};
    int result = SOL_OK;
    if (writer->settings->width == 0 && (to.width != to.out_width || to.height != to.out_height)) {
        result = sol_image_create(&film->padded, to.out_width, to.out_height);
        to.width = to.out_width;
        to.height = to.out_height;
    }
    if (result == SOL_OK)
        result = sol_to_yuv_open(&film->scaler, &to);
    if (result != SOL_OK)
        return result;
    film->frame = av_frame_alloc();
    film->packet = av_packet_alloc();
    if (!film->frame || !film->packet)
        return sol_fail_memory("a video frame");
    film->frame->format = AV_PIX_FMT_YUV420P;
    film->frame->width = to.out_width;
    film->frame->height = to.out_height;
    film->frame->color_range = AVCOL_RANGE_MPEG;
    film->frame->color_primaries = AVCOL_PRI_BT709;
    film->frame->color_trc = AVCOL_TRC_BT709;
    film->frame->colorspace = AVCOL_SPC_BT709;
    film->frame->chroma_location = AVCHROMA_LOC_LEFT;
    film->frame->quality = film->encoder->global_quality;
    return av_frame_get_buffer(film->frame, 0) < 0 ? sol_fail_memory("a video frame") : SOL_OK;
}

static int film_open(SolWriter *writer)
{
    Film *film = sol_calloc(1, sizeof *film);
    int result;
    if (!film)
        return sol_fail_memory("a video");
    writer->state = film;
    film->last = -1;
    result = choose_size(writer);
    if (result == SOL_OK)
        result = sol_pending_open(&film->file, writer->settings->path, writer->input.overwrite);
    if (result == SOL_OK)
        result = open_muxer(writer, film);
    if (result == SOL_OK)
        result = open_encoder(writer, film);
    if (result == SOL_OK)
        result = prepare_conversion(writer, film);
    if (result == SOL_OK)
        result = start_stream(writer, film);
    return result;
}

/* ---- writing ---- */

/* Copies `image` into film->padded, whose last column and row repeat those before them where they are new. */
static void pad(Film *film, const SolImage *image)
{
    SolImage *padded = film->padded;
    for (int y = 0; y < padded->height; y++) {
        const uint8_t *from = sol_image_row_const(image, y < image->height ? y : image->height - 1);
        uint8_t *to = sol_image_row(padded, y);
        size_t bytes = (size_t)image->width * 3;
        memcpy(to, from, bytes);
        if (padded->width > image->width)
            memcpy(to + bytes, from + bytes - 3, 3);
    }
}

/* Takes the duration of the picture with this pts off the list of those inside the encoder. */
static int64_t take_duration(Film *film, int64_t pts)
{
    for (size_t i = 0; i < film->inside; i++)
        if (film->shown[i].pts == pts) {
            int64_t duration = film->shown[i].duration;
            film->inside--;
            memmove(film->shown + i, film->shown + i + 1, (film->inside - i) * sizeof *film->shown);
            return duration;
        }
    return 0;
}

/* Gives the encoder a frame, or NULL for the end, and the muxer all packets that are ready. */
static int encode(SolWriter *writer, Film *film, const AVFrame *frame)
{
    const char *path = writer->settings->path;
    int error = avcodec_send_frame(film->encoder, frame);
    while (error >= 0 && (error = avcodec_receive_packet(film->encoder, film->packet)) >= 0) {
        AVPacket *packet = film->packet;
        packet->stream_index = film->stream->index;
        packet->duration = take_duration(film, packet->pts);
        av_packet_rescale_ts(packet, film->encoder->time_base, film->stream->time_base);
        error = av_interleaved_write_frame(film->muxer, packet);
        if (error >= 0)
            error = film->muxer->pb->error;
        if (error < 0)
            return sol_fail_av(error, path, "cannot be written");
    }
    return error == AVERROR(EAGAIN) || error == AVERROR_EOF ? SOL_OK : sol_fail_av(error, path, "cannot be encoded");
}

static int film_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Film *film = writer->state;
    AVRational from = {writer->input.time_base.num, writer->input.time_base.den}, to = film->encoder->time_base;
    void *shown = film->shown;
    int64_t start = av_rescale_q(pts, from, to), end = av_rescale_q(pts + duration, from, to);
    int result;
    if (start <= film->last) /* a coarser time base */
        start = film->last + 1;
    if (!sol_grow(&shown, &film->capacity, film->inside + 1, sizeof *film->shown))
        return sol_fail_memory("the frames being encoded");
    film->shown = shown;
    film->shown[film->inside++] = (Shown){start, end > start ? end - start : 1};
    if (av_frame_make_writable(film->frame) < 0)
        return sol_fail_memory("a video frame");
    if (film->padded)
        pad(film, image);
    sol_to_yuv(film->scaler, film->padded ? film->padded : image, film->frame);
    film->frame->pts = film->last = start;
    result = encode(writer, film, film->frame);
    if (result == SOL_OK)
        writer->report.frames++;
    return result;
}

static int film_finish(SolWriter *writer)
{
    Film *film = writer->state;
    int result = encode(writer, film, NULL), error;
    if (result != SOL_OK)
        return result;
    error = av_write_trailer(film->muxer);
    avio_flush(film->muxer->pb);
    if (error >= 0)
        error = film->muxer->pb->error;
    if (error >= 0)
        error = avio_closep(&film->muxer->pb);
    if (error < 0)
        return sol_fail_av(error, writer->settings->path, "cannot be completed");
    return sol_writer_commit(writer, film->file);
}

static void film_close(SolWriter *writer)
{
    Film *film = writer->state;
    if (!film)
        return;
    avcodec_free_context(&film->encoder);
    if (film->muxer)
        avio_closep(&film->muxer->pb);
    avformat_free_context(film->muxer);
    sws_freeContext(film->scaler);
    sol_image_unref(&film->padded);
    av_frame_free(&film->frame);
    av_packet_free(&film->packet);
    free(film->shown);
    sol_pending_close(&film->file);
    sol_free(film);
}

const SolWriterClass sol_film_writer = {
    .name = "video",
    .extensions = "mp4 mov mkv",
    .keys = SOL_KEY_CRF | SOL_KEY_PRESET | SOL_KEY_WIDTH,
    .check = film_check,
    .open = film_open,
    .write = film_write,
    .finish = film_finish,
    .close = film_close,
};

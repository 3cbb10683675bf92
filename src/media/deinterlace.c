/* SPDX-License-Identifier: Apache-2.0
 *
 * Deinterlacing by libavfilter's bwdif, one frame for one frame. The filter is set up at the first frame that is
 * marked as interlaced, so that other clips never go through it, and anew where the frames change their shape. It
 * looks one frame ahead, and so holds one back.
 */
#include "media/deinterlace.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "media/av.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/mem.h>

struct SolDeinterlacer {
    AVFilterGraph *graph; /* NULL until it is needed, and again where it cannot be had */
    AVFilterContext *source, *sink;
    int format, width, height; /* of the frames that the graph takes */
    AVFrame *held;        /* of another shape, while the graph is emptied; without a buffer otherwise */
    bool ended;           /* the decoder has nothing more */
    bool refused;         /* the filter cannot take such frames, as has been said */
};

static bool is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

static bool top_first(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    return frame->top_field_first;
#endif
}

static bool fits(const SolDeinterlacer *deinterlacer, const AVFrame *frame)
{
    return frame->format == deinterlacer->format && frame->width == deinterlacer->width &&
           frame->height == deinterlacer->height;
}

/* Adds the graph's entrance, for frames such as `frame`. */
static int add_source(SolDeinterlacer *deinterlacer, const AVFrame *frame, AVRational time_base)
{
    AVBufferSrcParameters *parameters = av_buffersrc_parameters_alloc();
    int code;
    if (!parameters)
        return AVERROR(ENOMEM);
    parameters->format = frame->format;
    parameters->width = frame->width;
    parameters->height = frame->height;
    parameters->time_base = time_base;
    parameters->sample_aspect_ratio = frame->sample_aspect_ratio;
#if LIBAVFILTER_VERSION_MAJOR >= 10
    parameters->color_space = frame->colorspace;
    parameters->color_range = frame->color_range;
#endif
    deinterlacer->source = avfilter_graph_alloc_filter(deinterlacer->graph, avfilter_get_by_name("buffer"), "in");
    code = deinterlacer->source ? av_buffersrc_parameters_set(deinterlacer->source, parameters) : AVERROR(ENOMEM);
    if (code >= 0)
        code = avfilter_init_str(deinterlacer->source, NULL);
    av_free(parameters);
    return code;
}

/* A graph for frames such as `frame`; an AVERROR where there can be none. */
static int open_graph(SolDeinterlacer *deinterlacer, const AVFrame *frame, AVRational time_base)
{
    const AVFilter *bwdif = avfilter_get_by_name("bwdif");
    AVFilterContext *filter = NULL;
    int code;
    deinterlacer->graph = bwdif ? avfilter_graph_alloc() : NULL;
    if (!deinterlacer->graph)
        return bwdif ? AVERROR(ENOMEM) : AVERROR_FILTER_NOT_FOUND;
    deinterlacer->graph->nb_threads = 1; /* painting has the cores */
    code = add_source(deinterlacer, frame, time_base);
    if (code >= 0)
        code = avfilter_graph_create_filter(&filter, bwdif, "bwdif", "mode=send_frame:parity=auto:deint=interlaced",
                                            NULL, deinterlacer->graph);
    if (code >= 0)
        code = avfilter_graph_create_filter(&deinterlacer->sink, avfilter_get_by_name("buffersink"), "out", NULL, NULL,
                                            deinterlacer->graph);
    if (code >= 0)
        code = avfilter_link(deinterlacer->source, 0, filter, 0);
    if (code >= 0)
        code = avfilter_link(filter, 0, deinterlacer->sink, 0);
    if (code >= 0)
        code = avfilter_graph_config(deinterlacer->graph, NULL);
    if (code < 0)
        avfilter_graph_free(&deinterlacer->graph);
    deinterlacer->format = frame->format;
    deinterlacer->width = frame->width;
    deinterlacer->height = frame->height;
    return code;
}

/* Makes sure of a graph for an interlaced frame, or says that there is none. */
static int begin(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, const AVFrame *frame)
{
    int code = open_graph(deinterlacer, frame, decoder->stream->time_base);
    if (code == AVERROR(ENOMEM))
        return sol_fail_memory("deinterlacing");
    deinterlacer->refused = code < 0;
    if (code < 0)
        sol_log(decoder->log, SOL_LOG_WARNING, "%s: is interlaced, and pictures of %dx%d cannot be deinterlaced; left "
                "as they are", decoder->path, frame->width, frame->height);
    else
        sol_log(decoder->log, SOL_LOG_DETAIL, "%s: interlaced from frame %lld on, %s field first; deinterlaced",
                decoder->path, (long long)decoder->frames - 1, top_first(frame) ? "top" : "bottom");
    return SOL_OK;
}

int sol_deinterlacer_open(SolDeinterlacer **out)
{
    SolDeinterlacer *deinterlacer = sol_calloc(1, sizeof *deinterlacer);
    if (!deinterlacer || !(deinterlacer->held = av_frame_alloc())) {
        sol_free(deinterlacer);
        return sol_fail_memory("deinterlacing");
    }
    *out = deinterlacer;
    return SOL_OK;
}

/* Takes what the graph has ready; *end where it has been emptied, and is closed. */
static int take(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, AVFrame *frame, bool *got)
{
    int code = av_buffersink_get_frame(deinterlacer->sink, frame);
    *got = code >= 0;
    if (code == AVERROR_EOF)
        avfilter_graph_free(&deinterlacer->graph);
    if (code >= 0 || code == AVERROR_EOF || code == AVERROR(EAGAIN))
        return SOL_OK;
    return sol_fail_av(code, decoder->path, "cannot be deinterlaced");
}

/* The graph takes `frame` over; NULL: there are no more. */
static int give(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, AVFrame *frame)
{
    int code = av_buffersrc_add_frame(deinterlacer->source, frame);
    return code < 0 ? sol_fail_av(code, decoder->path, "cannot be deinterlaced") : SOL_OK;
}

/* The next frame as it was decoded. */
static int fetch(SolDeinterlacer *deinterlacer, SolDecoder *decoder, AVFrame *frame, bool *got)
{
    int result = SOL_OK;
    *got = true;
    if (deinterlacer->held->buf[0])
        av_frame_move_ref(frame, deinterlacer->held);
    else
        result = sol_decoder_next(decoder, frame, got);
    return result;
}

int sol_deinterlacer_next(SolDeinterlacer *deinterlacer, SolDecoder *decoder, AVFrame *frame, bool *got)
{
    for (;;) {
        bool more = false;
        int result = SOL_OK;
        if (deinterlacer->graph)
            result = take(deinterlacer, decoder, frame, &more);
        if (result != SOL_OK || more) {
            *got = more;
            return result;
        }
        if (!deinterlacer->ended)
            result = fetch(deinterlacer, decoder, frame, &more);
        deinterlacer->ended = !more;
        if (result == SOL_OK && more && !deinterlacer->graph && is_interlaced(frame) && !deinterlacer->refused)
            result = begin(deinterlacer, decoder, frame);
        if (result != SOL_OK || !deinterlacer->graph) {
            *got = more;
            return result;
        }
        if (more && !fits(deinterlacer, frame)) {
            av_frame_move_ref(deinterlacer->held, frame);
            more = false;
        }
        result = give(deinterlacer, decoder, more ? frame : NULL);
        if (result != SOL_OK)
            return result;
    }
}

void sol_deinterlacer_close(SolDeinterlacer **out)
{
    SolDeinterlacer *deinterlacer = *out;
    *out = NULL;
    if (!deinterlacer)
        return;
    avfilter_graph_free(&deinterlacer->graph);
    av_frame_free(&deinterlacer->held);
    sol_free(deinterlacer);
}

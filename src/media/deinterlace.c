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
#include "media/filters.h"

struct SolDeinterlacer {
    SolFilters *filters;  /* NULL until they are needed, and again where they cannot be had */
    int format, width, height; /* of the frames that they take */
    AVFrame *held;        /* of another shape, while the filters are emptied; without a buffer otherwise */
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

/* Makes sure of the filter for an interlaced frame, or says that there is none. */
static int begin(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, const AVFrame *frame)
{
    static const SolFilterStep step = {"bwdif", "mode=send_frame:parity=auto:deint=interlaced", NULL};
    int code = sol_filters_open(&deinterlacer->filters, frame, decoder->stream->time_base, &step, 1);
    deinterlacer->format = frame->format;
    deinterlacer->width = frame->width;
    deinterlacer->height = frame->height;
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

/* Takes what the filter has ready; *end where it has been emptied, and is closed. */
static int take(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, AVFrame *frame, bool *got)
{
    int code = sol_filters_take(deinterlacer->filters, frame);
    *got = code >= 0;
    if (code == AVERROR_EOF)
        sol_filters_close(&deinterlacer->filters);
    if (code >= 0 || code == AVERROR_EOF || code == AVERROR(EAGAIN))
        return SOL_OK;
    return sol_fail_av(code, decoder->path, "cannot be deinterlaced");
}

/* The filter takes `frame` over; NULL: there are no more. */
static int give(SolDeinterlacer *deinterlacer, const SolDecoder *decoder, AVFrame *frame)
{
    int code = sol_filters_give(deinterlacer->filters, frame);
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
        if (deinterlacer->filters)
            result = take(deinterlacer, decoder, frame, &more);
        if (result != SOL_OK || more) {
            *got = more;
            return result;
        }
        if (!deinterlacer->ended)
            result = fetch(deinterlacer, decoder, frame, &more);
        deinterlacer->ended = !more;
        if (result == SOL_OK && more && !deinterlacer->filters && is_interlaced(frame) && !deinterlacer->refused)
            result = begin(deinterlacer, decoder, frame);
        if (result != SOL_OK || !deinterlacer->filters) {
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
    sol_filters_close(&deinterlacer->filters);
    av_frame_free(&deinterlacer->held);
    sol_free(deinterlacer);
}

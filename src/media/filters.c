/* SPDX-License-Identifier: Apache-2.0
 *
 * libavfilter's graphs that are a chain. They run in the caller's thread: painting has the cores.
 */
#include "media/filters.h"

#include "base/memory.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>

struct SolFilters {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
};

/* Adds the chain's entrance, for frames such as `frame`. */
static int add_source(SolFilters *filters, const AVFrame *frame, AVRational time_base)
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
    filters->source = avfilter_graph_alloc_filter(filters->graph, avfilter_get_by_name("buffer"), "in");
    code = filters->source ? av_buffersrc_parameters_set(filters->source, parameters) : AVERROR(ENOMEM);
    if (code >= 0)
        code = avfilter_init_str(filters->source, NULL);
    av_free(parameters);
    return code;
}

/* Adds a step behind *last, which it is then. */
static int add_step(SolFilters *filters, const SolFilterStep *step, AVFilterContext **last)
{
    const AVFilter *kind = avfilter_get_by_name(step->name);
    AVFilterContext *filter = kind ? avfilter_graph_alloc_filter(filters->graph, kind, NULL) : NULL;
    int code = 0;
    if (!filter)
        return kind ? AVERROR(ENOMEM) : AVERROR_FILTER_NOT_FOUND;
    if (step->text)
        code = av_opt_set(filter->priv, "text", step->text, 0);
    if (code >= 0)
        code = avfilter_init_str(filter, step->options);
    if (code >= 0)
        code = avfilter_link(*last, 0, filter, 0);
    *last = filter;
    return code;
}

int sol_filters_open(SolFilters **out, const AVFrame *frame, AVRational time_base, const SolFilterStep steps[],
                     int count)
{
    SolFilters *filters = sol_calloc(1, sizeof *filters);
    AVFilterContext *last;
    int code;
    if (!filters || !(filters->graph = avfilter_graph_alloc())) {
        sol_free(filters);
        return AVERROR(ENOMEM);
    }
    filters->graph->nb_threads = 1;
    code = add_source(filters, frame, time_base);
    last = filters->source;
    for (int i = 0; i < count && code >= 0; i++)
        code = add_step(filters, &steps[i], &last);
    if (code >= 0)
        code = add_step(filters, &(SolFilterStep){"buffersink", NULL, NULL}, &last);
    filters->sink = last;
    if (code >= 0)
        code = avfilter_graph_config(filters->graph, NULL);
    if (code >= 0)
        *out = filters;
    else
        sol_filters_close(&filters);
    return code < 0 ? code : 0;
}

int sol_filters_give(SolFilters *filters, AVFrame *frame)
{
    return av_buffersrc_add_frame(filters->source, frame);
}

int sol_filters_take(SolFilters *filters, AVFrame *frame)
{
    return av_buffersink_get_frame(filters->sink, frame);
}

void sol_filters_close(SolFilters **out)
{
    SolFilters *filters = *out;
    *out = NULL;
    if (!filters)
        return;
    avfilter_graph_free(&filters->graph);
    sol_free(filters);
}

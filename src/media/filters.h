/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain of libavfilter's filters for pictures of one shape. Its functions return 0 or an AVERROR, since what a failure
 * means only the caller knows.
 */
#ifndef SOL_MEDIA_FILTERS_H
#define SOL_MEDIA_FILTERS_H

#include <libavutil/frame.h>
#include <libavutil/rational.h>

typedef struct SolFilters SolFilters;

/* A filter of the chain. */
typedef struct SolFilterStep {
    const char *name;    /* libavfilter's */
    const char *options; /* as libavfilter writes them: "w=4:h=3" */
    const char *text;    /* its option `text`, taken as it is; NULL: none */
} SolFilterStep;

/**
 * @param[out] filters  untouched on failure; released by sol_filters_close()
 * @param frame         one such as those to come: its format, size, shape of pixels and colours count
 * @param time_base     of the frames' times
 * @param steps         [count] in the order that pictures go through them
 * @return AVERROR_FILTER_NOT_FOUND where this FFmpeg has not got one of them
 */
int sol_filters_open(SolFilters **filters, const AVFrame *frame, AVRational time_base, const SolFilterStep steps[],
                     int count);

/** The chain takes `frame` over, which is blank then; NULL: there are no more. */
int sol_filters_give(SolFilters *filters, AVFrame *frame);

/** AVERROR(EAGAIN) where the chain wants more first, AVERROR_EOF where it has been emptied. */
int sol_filters_take(SolFilters *filters, AVFrame *frame);

/** Sets *filters to NULL; NULL is accepted. */
void sol_filters_close(SolFilters **filters);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a loaded schedule, for the room that renders it.
 */
#ifndef SOL_SCHEDULE_SCHEDULE_H
#define SOL_SCHEDULE_SCHEDULE_H

#include <solstice/precision.h>
#include <solstice/schedule.h>
#include <solstice/steady.h>

#include "schedule/input.h"
#include "schedule/optimise.h"
#include "schedule/transition.h"
#include "schedule/yaml.h"

/* How a segment says which frames are its own. */
typedef enum SolSpanKind {
    SOL_SPAN_FRAMES, /* first..last */
    SOL_SPAN_TIME,   /* seconds from..to, half-open */
    SOL_SPAN_SHARE   /* percent of all frames from..to: the shares before it, and with its own */
} SolSpanKind;

typedef struct SolSegment {
    char *name;
    char *label;         /* for messages: segment "spring", or segment 2 where it has no name */
    SolPaintLayer *layers; /* [layer_count] its own; none: the frames are left as they are */
    int layer_count;
    SolTransition *transition; /* into it; NULL: the schedule's */
    SolSpanKind kind;
    char *span;          /* as written, "0-59" */
    int64_t first, last; /* SOL_SPAN_FRAMES */
    double from, to;     /* SOL_SPAN_TIME, SOL_SPAN_SHARE */
    SolPlace place;      /* of the span's value */
} SolSegment;

struct SolSchedule {
    char *path;                 /* as the caller gave it */
    char *folder;               /* of `path`, "" for the current one: input, model and styles are found from it */
    SolInput *input;
    int size;                   /* short side, pixels; 0 where it is not given */
    SolOptimise *optimise;      /* of segments that say nothing else; NULL where it is not given */
    SolPrecision precision;
    uint64_t memory;            /* bytes that painting a frame may take; 0 where it is not given */
    SolTransition *transition;  /* between segments that say nothing else */
    bool cycle;                 /* the last segment passes into the first one */
    SolSteady steady;
    SolSegment *segments;       /* in the order of the file */
    int segment_count;
    SolOutputSettings *outputs; /* paths relative to the current folder */
    int output_count;
};

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules: a YAML file that says which frames are painted in which style (docs/schedule.md), and
 * the timeline that it becomes for a given clip.
 *
 * Errors in a schedule are SOL_ERR_SCHEDULE with a text "FILE:LINE:COLUMN: what is wrong, and what
 * would be right"; lines and columns count from 1.
 */
#ifndef SOLSTICE_SCHEDULE_H
#define SOLSTICE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <solstice/color.h>
#include <solstice/error.h>
#include <solstice/style.h>
#include <solstice/video.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SolSchedule SolSchedule;

/* How a schedule is to be read. */
typedef struct SolScheduleOptions {
    const char *const *model_folders; /* where models are looked for by name (sol_model_find()), NULL-terminated */
    /* In place of the schedule's own keys of these names, but not of its segments'; NULL for those. */
    const char *model;  /* a name, or a path from the current folder */
    const char *method;
    const SolColor *color;
} SolScheduleOptions;

/**
 * Reads and checks a schedule: syntax, keys, types, ranges of values, and that the files it names
 * exist. What depends on the clip's length is checked by sol_timeline_open().
 *
 * @param[out] schedule  untouched on failure; released by sol_schedule_close()
 * @return 0, SOL_ERR_SCHEDULE, SOL_ERR_ARGUMENT (what the options say cannot be), SOL_ERR_IO (the schedule itself
 *         cannot be read), SOL_ERR_NOMEM
 */
SOL_API int sol_schedule_load(SolSchedule **schedule, const char *path, const SolScheduleOptions *options);

SOL_API void sol_schedule_close(SolSchedule **schedule);

/**
 * Opens the schedule's input as it asks for (framerate, gaps, size).
 *
 * @param options  of which short_side (0: as the schedule says), threads, log and cancelled count
 * @return 0, SOL_ERR_SCHEDULE (numbered images with a gap, or of several kinds), or what
 *         sol_video_open() returns
 */
SOL_API int sol_schedule_open_input(const SolSchedule *schedule, const SolVideoOptions *options, SolVideo **video);

/**
 * Settings for an output that the schedule does not name: those of its first output of the same kind
 * (film, GIF, stills), or the defaults, with `path` in place of its own.
 *
 * @param[out] settings  borrows from the schedule, and from `path`; untouched on failure
 * @return 0, SOL_ERR_ARGUMENT (no kind of output, or the schedule's own input), SOL_ERR_NOMEM
 */
SOL_API int sol_schedule_output(const SolSchedule *schedule, const char *path, SolOutputSettings *settings);

/* How frames are painted. */
typedef struct SolLook {
    const char *model;         /* path of the model's file */
    const char *method;        /* the engine that paints with it; NULL: as the model itself says */
    const char *const *styles; /* [style_count] paths of images; none where the model has a style of its own */
    const float *weights;      /* [style_count] how much each counts, summing to 1 */
    int style_count;
    const double *levels;      /* [level_count] as SolEngineOptions.level_strength; NULL: as the model says */
    int level_count;
    const SolOptimiseOptions *optimise; /* of the method gatys; the same for all looks that say nothing of their own;
                                  NULL: as suits films */
    SolColor color;
} SolLook;

/* Numbers that change with time, and which pixels something is about: see docs/schedule.md and docs/regions.md. */
typedef struct SolTrack SolTrack;
typedef struct SolRegion SolRegion;
typedef struct SolTransition SolTransition;

/* One layer of paint. Layers lie over each other and over the frame, the first one lowest. */
typedef struct SolPaintLayer {
    SolLook *look;       /* NULL: what this layer covers shows the frame itself */
    SolTrack *strength;  /* 0..1, over time */
    SolRegion *region;   /* that it covers; NULL: the whole frame */
    bool own_statistics; /* the style meets the statistics of the region, not those of the whole frame */
} SolPaintLayer;

/* A schedule laid over a clip: stretches of frames, ascending, without gap or overlap. */
typedef struct SolTimeline SolTimeline;

typedef struct SolStretch {
    const char *name;       /* the segment's name; "" for frames that no segment covers */
    int64_t first, last;    /* frames, from 0, both included */
    double start, end;      /* seconds: start of the first frame, end of the last */
    const SolPaintLayer *layers; /* [layer_count], the schedule's */
    int layer_count;        /* 0: the frames pass through untouched */
    bool covered;           /* false for frames that no segment covers */
} SolStretch;

/**
 * How a stretch is painted, in words: "a.jpg, strength 0.5", "0.7 a.jpg + 0.3 b.jpg; none, in a region"; "" where it is
 * untouched.
 *
 * @param paths  files with their folders; otherwise their names alone
 * @param size   of the room for the text, 1 or more; what does not fit is left out
 */
SOL_API void sol_stretch_describe(const SolStretch *stretch, bool paths, char *text, size_t size);

/** How strong a layer is at the beginning of a stretch and at its end, 0..1. */
SOL_API void sol_stretch_strength(const SolStretch *stretch, int layer, double *first, double *last);

/**
 * Lays the segments over a clip with the given frames.
 *
 * @param[out] timeline  untouched on failure; borrows from the schedule; released by sol_timeline_close()
 * @return 0, SOL_ERR_SCHEDULE (overlap, a range past the last frame, a transition longer than a
 *         segment), SOL_ERR_NOMEM
 */
SOL_API int sol_timeline_open(SolTimeline **timeline, const SolSchedule *schedule, const SolVideoIndex *index);

/** How many stretches there are, 1 or more. */
SOL_API int sol_timeline_count(const SolTimeline *timeline);

/** Stretch number `i`, from 0. The strings belong to the schedule. */
SOL_API void sol_timeline_stretch(const SolTimeline *timeline, int i, SolStretch *stretch);

/* What applies at one frame. */
typedef struct SolMoment {
    int stretch;      /* the stretch that the frame lies in */
    int sides;        /* 0: the frame passes through; 1; or 2 within a transition between painted stretches */
    int from[2];      /* the stretches that it is painted from, the earlier one first */
    float later;      /* 0..1: how far the transition between two sides is; 0 with one */
    float opacity;    /* of the painting over the frame itself, above 0 and up to 1; 0 where sides is 0 */
    bool leaves;      /* whether opacity is below 1 on the way to untouched frames, not from them */
    const SolTransition *transition; /* the one under way, between two sides or to untouched frames; NULL: none */
} SolMoment;

/**
 * What applies at frame `n` (beyond the last frame: what applies at the last one). Within a transition
 * of T frames across a boundary at frame b, frames b - T/2 .. b - T/2 + T - 1 are between the two, the i-th of them
 * being (i + 0.5) / T on its way, as the transition's curve has it. Untouched frames stay as they are: towards them, the
 * painted half of the transition fades out in opacity.
 */
SOL_API void sol_timeline_at(const SolTimeline *timeline, int64_t n, SolMoment *moment);

SOL_API void sol_timeline_close(SolTimeline **timeline);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Rendering: a schedule, or a plain clip, through reader, stylist and writers to finished outputs.
 */
#ifndef SOLSTICE_RENDER_H
#define SOLSTICE_RENDER_H

#include <solstice/model.h>
#include <solstice/precision.h>
#include <solstice/schedule.h>
#include <solstice/steady.h>
#include <solstice/video.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How far a render is. The strings are valid during the call that passes it. */
typedef struct SolRenderProgress {
    int64_t done, frames;   /* frames written, and to be written */
    int64_t reused;         /* of those written: kept by an earlier render that was stopped */
    const char *segment;    /* name of the segment that frame `done` lies in; "" for none */
    double part;            /* 0..1: of the frame that is being painted, where that takes long */
    double seconds;         /* since the first frame was asked for */
    double rate;            /* frames a second lately, reused ones not counted; 0 before the first frame */
    double seconds_left;    /* estimated from what painted and untouched frames took lately; negative: not known */
    int64_t bytes;          /* written so far, to all outputs; less than what they will be when they are complete */
} SolRenderProgress;

/* All zero is a good default: everything as the schedule says, nothing overwritten, all processors. */
typedef struct SolRenderOptions {
    const SolOutputSettings *outputs; /* instead of the schedule's; NULL for those */
    int output_count;
    int64_t first;            /* the first frame rendered, from 0 */
    int64_t count;            /* how many frames; 0: to the last one */
    double from, to;          /* instead of these: the frames that begin within these seconds; 0 for the clip's own ends */
    int size;                 /* short side to paint at, instead of the schedule's; 0 for that */
    const SolPrecision *precision; /* instead of the schedule's; NULL for that */
    const SolSteadiness *steady; /* how steady the film is to be, instead of the schedule's; NULL for that */
    uint64_t memory;          /* bytes that painting a frame may take, instead of the schedule's; 0 for that */
    int threads;              /* 0 for one a processor */
    bool overwrite;           /* existing outputs may be replaced */
    bool keep;                /* what is kept for a later render stays when the outputs are complete */
    SolModelCache *models;    /* where models are taken from, and stay; NULL: opened and closed by the render */
    const SolLog *log;        /* may be NULL */
    /* Both may be NULL. progress() is called after every frame, and now and then within one
     * that takes long, by one thread at a time; cancelled() from any of the render's threads: true ends the render with
     * SOL_ERR_CANCELLED, when the frame that is being painted is done. */
    void (*progress)(void *user, const SolRenderProgress *progress);
    bool (*cancelled)(void *user);
    void *user;
} SolRenderOptions;

/* What a render did. Seconds of the stages overlap, since the stages run side by side. */
typedef struct SolRenderReport {
    int64_t frames, painted;   /* frames written; those of them that were painted */
    int64_t reused;            /* those that an earlier render had painted or encoded */
    int width, height;         /* of the painted frames, pixels */
    double seconds;            /* in all, preparation included */
    double prepare_seconds;    /* index, model, styles, plan */
    double decode_seconds, paint_seconds, encode_seconds; /* at work, waiting not counted */
    int tiles;                 /* that each painted frame was cut into; 1: painted whole, 0: nothing was painted */
    SolPrecision precision;    /* that was asked for */
    int threads;
    SolWriterReport *outputs;  /* [output_count]; their paths belong to the schedule or the options */
    int output_count;
} SolRenderReport;

/**
 * Renders a schedule. All that can be wrong with it and its files is found before anything is
 * written; the outputs appear when they are complete. Until then, what has been painted is kept in a hidden folder
 * beside the first output, ".NAME.parts"; a render of the same output goes on from there, with what has the same
 * input, styles, models and settings, and paints the rest.
 *
 * @param[out] report  may be NULL; untouched on failure; freed by sol_render_report_clear()
 * @return 0, SOL_ERR_SCHEDULE, SOL_ERR_EXISTS (an output, or another process renders it), SOL_ERR_CANCELLED, or what reading, painting and
 *         writing return
 */
SOL_API int sol_render(const SolSchedule *schedule, const SolRenderOptions *options, SolRenderReport *report);

/**
 * Renders a clip without painting it, to `options->outputs`; as sol_render() in all else.
 *
 * @param video  freshly opened; read to the end of the range; stays the caller's
 */
SOL_API int sol_render_clip(SolVideo *video, const SolRenderOptions *options, SolRenderReport *report);

/* A contact sheet: one row for every segment, each of its frames above its painting, with captions. */
typedef struct SolSheetOptions {
    int columns; /* frames of a segment at most, spread evenly over it; 0: SOL_SHEET_COLUMNS */
    int width;   /* of the sheet, pixels; 0: what suits */
} SolSheetOptions;

#define SOL_SHEET_COLUMNS 3

/**
 * Makes a contact sheet of a schedule. Only the frames that it shows are painted, each as in the film, but that a
 * painting which would begin with that of the frame before it (method gatys) begins anew.
 *
 * @param[out] sheet  untouched on failure; released by sol_image_unref()
 * @param options     what they say of outputs, ranges and keeping does not count
 * @return as sol_render(), or SOL_ERR_ARGUMENT (the columns have no room, or the sheet would be too large)
 */
SOL_API int sol_render_sheet(SolImage **sheet, const SolSchedule *schedule, const SolSheetOptions *wishes,
                             const SolRenderOptions *options);

/* Which region of a schedule is to be seen, and how. */
typedef struct SolMaskOptions {
    int64_t frame;       /* from 0 */
    const char *segment; /* by its name, or its number from 1; NULL: that which the frame lies in */
    int layer;           /* from 1; 0: the first that has a region */
    bool overlay;        /* the frame, with what is selected tinted and outlined; otherwise the mask itself, as grey */
} SolMaskOptions;

/* Frames that a region which remembers has seen before the one that is shown, as far as the segment has them. */
#define SOL_MASK_WARM_UP 100

/**
 * Shows what a layer's region selects of a frame, at the size that it would be painted at, as a render sees it: a region
 * that remembers has seen the segment's frames before, SOL_MASK_WARM_UP at most. Paints nothing.
 *
 * @param[out] image     untouched on failure; released by sol_image_unref()
 * @param[out] selected  0..1: how much of the frame is selected; may be NULL
 * @param options        of which size, threads, log and cancelled count
 * @return 0, SOL_ERR_ARGUMENT (no such frame, segment, layer or region), or what reading the schedule's input returns
 */
SOL_API int sol_render_mask(SolImage **image, double *selected, const SolSchedule *schedule, const SolMaskOptions *wishes,
                            const SolRenderOptions *options);

SOL_API void sol_render_report_clear(SolRenderReport *report);

#ifdef __cplusplus
}
#endif

#endif

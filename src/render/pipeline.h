/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of a frame: a reader thread, a stylist thread and the caller's thread, which writes, joined
 * by two bounded queues. Frames keep their order. What the stages work with is borrowed.
 */
#ifndef SOL_RENDER_PIPELINE_H
#define SOL_RENDER_PIPELINE_H

#include <solstice/render.h>
#include "render/painters.h"
#include "render/parts.h"
#include "render/store.h"

typedef struct SolPipeline {
    SolVideo *video;
    const SolParts *parts;           /* of all frames that are to be written */
    SolStore *store;                 /* of those parts; NULL: nothing is kept */
    const SolTimeline *timeline;     /* NULL: every frame passes through */
    SolPainters *painters;           /* planned for the frame size; NULL where nothing is painted */
    SolWriter *const *writers;
    int writer_count;
    bool pairs;                      /* an output, or `take`, shows what frames were painted from */
    int (*take)(void *context, const SolImage *image); /* gets every frame, too; NULL: nobody does */
    void *context;                   /* of that */
    const SolRenderOptions *options; /* log, progress, cancelled */
} SolPipeline;

/**
 * Reads, paints and writes all frames of the parts, and splices those in that are kept; the writers are left unfinished.
 *
 * @param[in,out] report  its frames, painted and seconds of the stages are added to
 * @return 0, SOL_ERR_CANCELLED, or what the first failing stage returned
 */
int sol_pipeline_run(const SolPipeline *pipeline, SolRenderReport *report);

#endif

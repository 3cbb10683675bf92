/* SPDX-License-Identifier: Apache-2.0
 *
 * What a render paints with: an engine for every model and method that its looks name, a style for every layer of paint,
 * a selector for every region, and what holds the film steady.
 */
#ifndef SOL_RENDER_PAINTERS_H
#define SOL_RENDER_PAINTERS_H

#include <solstice/model.h>
#include <solstice/schedule.h>
#include <solstice/steady.h>
#include <solstice/style.h>

#include "base/blob.h"

typedef struct SolPainters SolPainters;

/** How many engines it takes to paint from the wanted stretches. */
int sol_painters_engines(const SolTimeline *timeline, const bool wanted[]);

/**
 * Whether a transition between styles blends those of two stretches: their layers cover the same and are painted by the
 * same engines. Otherwise it mixes their paintings.
 *
 * @param[out] blend  untouched on failure
 * @return 0, SOL_ERR_IO (a file that a region names), SOL_ERR_NOMEM
 */
int sol_painters_blend(const SolStretch *a, const SolStretch *b, bool *blend);

/* What painters are made of; borrowed until they are closed, but for wanted and references. */
typedef struct SolPaintersSource {
    const SolTimeline *timeline;
    const bool *wanted;           /* [stretches] which of them are painted from */
    SolImage *const *references;  /* [stretches] a frame of each stretch with a style that gets the content's colours; NULL
                                     for others */
    const SolEngineOptions *how;  /* of every engine; its method is not looked at */
    SolSteady steady;
    SolModelCache *models;        /* where models are taken from; NULL: the painters' own */
    bool (*cancelled)(void *user); /* as SolRenderOptions has it; may be NULL */
    void *user;
} SolPaintersSource;

/**
 * Opens engines and learns styles.
 *
 * @param[out] painters  untouched on failure; released by sol_painters_close()
 */
int sol_painters_open(SolPainters **painters, const SolPaintersSource *source);

/* Who is told of, and may end, a painting that takes long. */
typedef struct SolPaintersWatch {
    bool (*stop)(void *context);                  /* true: no more of it */
    void (*progress)(void *context, double part); /* 0..1 of the painting of a frame */
    void *context;
} SolPaintersWatch;

void sol_painters_watch(SolPainters *painters, const SolPaintersWatch *watch);

/* The frames that are painted, in pixels, and the input's own size, upright, in which regions are given. */
typedef struct SolPaintersSize {
    int width, height, source_width, source_height;
} SolPaintersSize;

/** Plans all engines, and opens what selects regions, for frames of a size. */
int sol_painters_plan(SolPainters *painters, const SolPaintersSize *size);

/** Tells, in detail, what every engine paints with. Call it when they are planned. */
void sol_painters_tell(const SolPainters *painters, const SolLog *log);

/** The most tiles that any engine cuts a frame into; 0 where there is none. */
int sol_painters_tiles(const SolPainters *painters);

/**
 * Paints a frame as `moment`, in which there are sides, says. Pixels that no layer covers are the frame's own, bit by bit.
 *
 * @param before  number of the frame whose painting this one may begin with, if that was the last one painted; or -1
 * @param[out] painting  a new picture; untouched on failure
 */
int sol_painters_paint(SolPainters *painters, const SolMoment *moment, const SolImage *frame, int64_t before,
                       SolImage **painting);

/**
 * How many frames that are like one of this moment can be painted at once: more than 1 where no painting goes by the one
 * before it, nor by what a region was there.
 */
int sol_painters_at_once(const SolPainters *painters, const SolMoment *moment);

/** The most that it tells of any moment; there is a plan. */
int sol_painters_lanes(const SolPainters *painters);

/**
 * As sol_painters_paint(), of a frame that can be painted beside others, on one of the lanes 1..sol_painters_at_once(): on
 * each of them one at a time, in whichever thread, and none otherwise meanwhile.
 */
int sol_painters_paint_beside(SolPainters *painters, int lane, const SolMoment *moment, const SolImage *frame,
                              SolImage **painting);

/** Whether a painting can be cut short, by what watches: what is remembered is then of no frame that is kept. */
bool sol_painters_stop_within(const SolPainters *painters);

/** The number of the frame painted last, which the next can go on from; -1: none, or what it left is of no use. */
int64_t sol_painters_last(const SolPainters *painters);

/** Puts all that the next frame begins with into a blob. */
void sol_painters_save(const SolPainters *painters, SolBlob *blob);

/**
 * Takes it from there, also where other painters of the same timeline had saved it.
 *
 * @return 0, SOL_ERR_FORMAT (it is none), SOL_ERR_NOMEM
 */
int sol_painters_restore(SolPainters *painters, SolBlob *blob);

void sol_painters_close(SolPainters **painters);

#endif

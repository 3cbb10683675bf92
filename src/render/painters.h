/* SPDX-License-Identifier: Apache-2.0
 *
 * What a render paints with: an engine for every model and method that its looks name, and a style for every
 * stretch of frames.
 */
#ifndef SOL_RENDER_PAINTERS_H
#define SOL_RENDER_PAINTERS_H

#include <solstice/model.h>
#include <solstice/schedule.h>
#include <solstice/style.h>

typedef struct SolPainters SolPainters;

/** How many engines it takes to paint from the wanted stretches. */
int sol_painters_engines(const SolTimeline *timeline, const bool wanted[]);

/** Whether a transition between two looks blends their styles; otherwise it mixes their paintings. */
bool sol_painters_blend(const SolLook *a, const SolLook *b);

/**
 * Opens engines and learns styles.
 *
 * @param[out] painters  untouched on failure; released by sol_painters_close()
 * @param timeline       borrowed until then
 * @param wanted         [stretches] which of them are painted from
 * @param references     [stretches] a frame of each stretch whose style gets the content's colours; NULL for others
 * @param how            of every engine; its method is not looked at
 * @param models         where models are taken from; NULL: the painters' own
 * @param cancelled      as SolRenderOptions has it; may be NULL
 */
int sol_painters_open(SolPainters **painters, const SolTimeline *timeline, const bool wanted[],
                      SolImage *const references[], const SolEngineOptions *how, SolModelCache *models,
                      bool (*cancelled)(void *user), void *user);

/* Who is told of, and may end, a painting that takes long. */
typedef struct SolPaintersWatch {
    bool (*stop)(void *context);                  /* true: no more of it */
    void (*progress)(void *context, double part); /* 0..1 of the painting of a frame */
    void *context;
} SolPaintersWatch;

void sol_painters_watch(SolPainters *painters, const SolPaintersWatch *watch);

/** Plans all engines for frames of a size. */
int sol_painters_plan(SolPainters *painters, int width, int height);

/** Tells, in detail, what every engine paints with. Call it when they are planned. */
void sol_painters_tell(const SolPainters *painters, const SolLog *log);

/** The most tiles that any engine cuts a frame into; 0 where there is none. */
int sol_painters_tiles(const SolPainters *painters);

/**
 * Paints a frame as `moment`, in which there are styles, says. Two styles that one engine learned are blended and
 * painted once; of any others both paintings are made, and their pixels mixed.
 *
 * @param before  number of the frame whose painting this one may begin with, if that was the last one painted; or -1
 * @param[out] painting  a new picture; untouched on failure
 */
int sol_painters_paint(SolPainters *painters, const SolMoment *moment, const SolImage *frame, int64_t before,
                       SolImage **painting);

/* What an engine, which paints the stretch `of`, would begin its next painting with. */
typedef struct SolPaintersMemory {
    int of;
    int64_t number; /* of the frame painted last */
    int stretch;    /* that it lay in, or was on its way to */
    SolImage *image;
} SolPaintersMemory;

/** The memory of engine number `i`, from 0; false behind the last. Its image is NULL where there is none, else borrowed. */
bool sol_painters_memory(const SolPainters *painters, int i, SolPaintersMemory *memory);

/** Gives a memory back to the engine that had it, also where that was in other painters of the same timeline. */
void sol_painters_remember(SolPainters *painters, const SolPaintersMemory *memory);

void sol_painters_close(SolPainters **painters);

#endif

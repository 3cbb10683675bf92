/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines: ways to paint. Each is one table of functions in its own file and one line of the list in
 * engine.c; nothing else knows their names.
 */
#ifndef SOL_STYLE_ENGINE_H
#define SOL_STYLE_ENGINE_H

#include <solstice/style.h>

#include "base/blob.h"
#include "base/pool.h"
#include "image/image.h"
#include "image/mask.h"
#include "model/model.h"
#include "nn/plan.h"

/*
 * What a painting leaves to the next of its film: the content's statistics as they have been smoothed so far, in double
 * precision, which whitening needs. Layers of a film that are painted by one engine have a trail each; it is to be
 * cleared where a new scene begins. All zeros before the first painting.
 */
typedef struct SolTrail {
    double *statistics; /* [count] the engine's own; NULL: of no painting yet */
    size_t count;
} SolTrail;

/* A picture that a painting is held to: an earlier painting, moved to where things are now. */
typedef struct SolReference {
    const SolImage *image; /* of the frame's size */
    const SolMask *trust;  /* how far, pixel by pixel */
} SolReference;

/* One painting: what it goes by besides the frame. */
typedef struct SolBrush {
    const SolStyle *style;  /* NULL where the engine learns none */
    float strength;         /* 0..1 */
    const SolMask *region;  /* of the frame's size: the content's statistics are those of what it covers; NULL: of all */
    SolTrail *trail;        /* the content's statistics are smoothed over time along it; NULL: they are the frame's own */
    float smoothing;        /* 0..1: the share of what was before; with a trail */
    const SolImage *start;  /* what painting by optimisation begins with, in place of its init; NULL: nothing else */
    const SolReference *references; /* [reference_count] what it is held to; none for other methods */
    int reference_count;
} SolBrush;

/**
 * As sol_engine_paint(), with all that a brush has. A region that covers nothing, or every pixel as far as any other, is as
 * none; where it comes to less than one pixel of a layer, that layer takes the statistics of the whole frame. The whole
 * frame is painted in any case. From the first region on the engine keeps about four bytes a pixel for it.
 *
 * Methods without statistics of the content (transform, gatys) look at neither region nor trail.
 *
 * A trail without statistics, or of another engine, begins with this painting; where painting fails it is cleared.
 *
 * @return as sol_engine_paint(); SOL_ERR_ARGUMENT also where a picture of the brush has another size than the frame, or
 *         its smoothing is not 0..1
 */
int sol_engine_paint_with(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage **painted);

/** Puts a trail into a blob, bit by bit. */
void sol_trail_save(const SolTrail *trail, SolBlob *blob);

/** Takes it from there. 0, SOL_ERR_FORMAT (it is not there), SOL_ERR_NOMEM; the trail is untouched on failure. */
int sol_trail_restore(SolTrail *trail, SolBlob *blob);

/** Empties it: what is painted next is the first of its film. */
void sol_trail_clear(SolTrail *trail);

/* What every engine does in its own way. Functions return 0 or an error code; arguments are checked before. */
typedef struct SolEngineClass {
    const char *name; /* as models call their method */

    /** Prepares engine->state for engine->model, and sets engine->style_size. */
    int (*open)(SolEngine *engine);

    /** Reserves what painting frames of this size takes, in place of any plan before; on failure there is none. */
    int (*plan)(SolEngine *engine, int width, int height);

    /**
     * Fills values[0..style_size-1] with what is kept of `image`, at its own size. The frame plan stays. NULL of an
     * engine that paints in one style of its own; its style_size is 0.
     */
    int (*learn)(SolEngine *engine, const SolImage *image, float *values);

    /**
     * Paints `frame`, of the planned size, into `painted`, of the same size. The brush's style is NULL without `learn`,
     * and the pictures in it are of the frame's size.
     */
    int (*paint)(SolEngine *engine, const SolBrush *brush, const SolImage *frame, SolImage *painted);

    /** Multiplications and additions of painting one frame of the planned size, in 1e9. */
    double (*gflop)(const SolEngine *engine);

    /** How many tiles it is painted in, 1 where it is not cut; there is a plan. */
    int (*tiles)(const SolEngine *engine);

    /** The name of what computes its convolutions; there is a plan. */
    const char *(*backend)(const SolEngine *engine);

    /** As sol_engine_layers(); there is a plan. */
    int (*layers)(const SolEngine *engine, SolEngineLayer layers[], int room);

    /** What was painted last, to begin the next painting with; NULL: nothing is remembered. */
    SolImage **(*memory)(SolEngine *engine);

    /** Releases engine->state, which may be NULL or half built. */
    void (*close)(SolEngine *engine);
} SolEngineClass;

struct SolEngine {
    const SolEngineClass *kind;
    const SolModel *model; /* borrowed */
    SolPool *pool;         /* the threads that work on one frame */
    SolPlanOptions how;    /* its convolutions are computed */
    uint64_t memory;       /* bytes that a frame may take */
    const double *level_strength; /* as SolEngineOptions has them, while the engine is opened */
    int levels;
    SolOptimiseOptions optimise; /* for painting by optimisation */
    int width, height;     /* of the planned frames; 0 without a plan */
    size_t style_size;     /* numbers that a style has */
    void *state;           /* the engine's own */
};

/* A style is a point in its engine's own space, where styles can be added and scaled. */
struct SolStyle {
    const SolEngine *engine; /* that learned it */
    float *values;           /* [engine->style_size] */
};

/** What a plan's step is told as, for SolEngineClass.layers; `named` is the model's node, which lasts as long as that. */
SolEngineLayer sol_engine_describe(const SolPlanStep *step, const SolNode *named);

#endif

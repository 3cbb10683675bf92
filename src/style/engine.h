/* SPDX-License-Identifier: Apache-2.0
 *
 * Engines: ways to paint. Each is one table of functions in its own file and one line of the list in
 * engine.c; nothing else knows their names.
 */
#ifndef SOL_STYLE_ENGINE_H
#define SOL_STYLE_ENGINE_H

#include <solstice/style.h>

#include "base/pool.h"
#include "image/image.h"
#include "model/model.h"
#include "nn/plan.h"
#include "style/brush.h"

/* What every engine does in its own way. Functions return 0 or an error code; arguments are checked before. */
typedef struct SolEngineClass {
    const char *name; /* as models call their method */

    /** Prepares engine->state for engine->model, and sets engine->style_size. */
    int (*open)(SolEngine *engine);

    /**
     * Reserves what painting frames of this size takes, in place of any plan before; on failure there is none. Where it
     * can paint several at once, up to `lanes`, it says so in engine->lanes, which is 1.
     */
    int (*plan)(SolEngine *engine, int width, int height, int lanes);

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
    SolPool *pool;         /* the threads that work on a frame, but for one on a lane */
    SolPlanOptions how;    /* its convolutions are computed */
    uint64_t memory;       /* bytes that a frame may take */
    const double *level_strength; /* as SolEngineOptions has them, while the engine is opened */
    int levels;
    SolOptimiseOptions optimise; /* for painting by optimisation */
    int width, height;     /* of the planned frames; 0 without a plan */
    int lanes, wanted_lanes; /* frames that can be painted at once, and that were to be */
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

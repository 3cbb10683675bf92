/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of painters. A stroke is a layer of paint of a stretch with all that it is painted with, and what it leaves
 * from one frame to the next.
 */
#ifndef SOL_RENDER_STROKES_H
#define SOL_RENDER_STROKES_H

#include "image/mask.h"
#include "region/region.h"
#include "render/painters.h"
#include "schedule/timeline.h"
#include "style/brush.h"
#include "temporal/cuts.h"
#include "temporal/stabiliser.h"

/* How many earlier paintings one is held to: those of 1, 2 and 4 frames ago (Ruder et al. 2016). */
enum { SOL_STROKE_HISTORY = 4 };

/* An earlier painting, moved to where things are now, and how far that can be trusted. */
typedef struct SolEarlier {
    SolImage *image; /* NULL: there is none */
    SolMask *trust;
} SolEarlier;

typedef struct SolStroke {
    const SolPaintLayer *layer;
    int stretch;
    SolEngine *engine;      /* NULL where this layer is not painted by this render */
    SolStyle *style;        /* NULL where the engine has but one */
    bool shared;            /* the style is an earlier stroke's */
    SolSelector *selector;  /* of the region; NULL without one */
    SolMask *mask;          /* what that selects of the frame at hand */

    /* what it leaves */
    int64_t number;         /* the frame that it was painted on last; -1: none, or none that counts */
    SolTrail trail;
    SolImage *memory;       /* what the engine begins the next painting with; NULL: nothing */
    SolEarlier history[SOL_STROKE_HISTORY]; /* the painting of the frame before first; of painting by optimisation only */
} SolStroke;

/* What a transition's new painting grows out of. */
typedef struct SolGrowth {
    const SolTransition *transition;
    SolSelector *selector;
    int64_t number; /* of the frame that it was asked about last */
} SolGrowth;

struct SolPainters {
    const SolTimeline *timeline;
    SolSteady steady;
    SolStroke *strokes;     /* [stroke_count] stretch by stretch, layer by layer */
    int stroke_count;
    int *first;             /* [stretch_count + 1] each stretch's first stroke */
    int stretch_count;
    SolEngine **engines;    /* [engine_count] each once */
    int engine_count;
    SolGrowth *growths;     /* [growth_count] */
    int growth_count;
    SolModelCache *models;  /* the engines' */
    SolModelCache *own;     /* the same, where they are nobody else's */
    SolPool *pool;          /* for all but the engines */
    SolMaskFiles *files;    /* that the selectors read masks from */
    SolPaintersSize size;
    SolStabiliser *stabiliser; /* NULL where nothing is steadied */
    bool glances;           /* selectors are to begin anew with a scene, and no stabiliser tells where */
    SolGlance glance;
    SolPaintersWatch watch;
    int64_t last;           /* the frame painted last; -1 before the first */
    int scene;              /* the stretch that it lay in, or was on its way to */
};

/** Frees what a stroke leaves. */
void sol_stroke_forget(SolStroke *stroke);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A render in parts: runs of frames that are painted alike, which outputs encode independently of each other and which a
 * later render takes over where nothing has changed that decides their pixels.
 */
#ifndef SOL_RENDER_PARTS_H
#define SOL_RENDER_PARTS_H

#include <solstice/render.h>
#include <solstice/steady.h>

#include "base/digest.h"

typedef struct SolPart {
    int64_t first, count; /* frames */
    bool painted;         /* all of its frames are; otherwise none */
    bool sequential;      /* its paintings begin with those of the frames before them */
    bool follows;         /* that of its first frame, too, from the part before */
    SolDigest key;        /* of everything that decides the pixels of its frames */
    bool reused;          /* its outputs are there, and spliced in */
    int64_t kept;         /* so many of its first frames have been painted before, and are kept */
} SolPart;

typedef struct SolParts {
    SolPart *items; /* [count], ascending, without gaps */
    int count;
    const bool *wanted; /* which frames show in an output, from the first part's first on; NULL: all; borrowed */
} SolParts;

/* What a render paints, as far as it is the same for all parts. */
typedef struct SolPartsSource {
    const SolVideo *video;
    const SolVideoIndex *index;
    const SolTimeline *timeline;
    int width, height;   /* of the frames */
    SolPrecision precision;
    SolSteady steady;
    uint64_t memory;     /* that each engine may take */
    int threads;
    int64_t first, count; /* frames that are rendered */
    const bool *wanted;  /* [count] those that show in an output, and are painted; NULL: all; borrowed by the parts */
} SolPartsSource;

/**
 * Cuts a render into parts: where another style begins, and a transition begins and ends, and so that none has more
 * frames than make it dear to lose or keep one. Where the cuts are depends on the timeline, the range and the size of
 * frames alone. Their keys are of the contents of files, not of their names; they have none where the input's content
 * is not known before it is read (sol_video_has_digest()).
 *
 * @param[out] parts  untouched on failure; cleared by sol_parts_clear()
 * @return 0, SOL_ERR_IO (a model or style cannot be read), SOL_ERR_NOMEM
 */
int sol_parts_cut(SolParts *parts, const SolPartsSource *source);

/** Whether frame `n` of the parts shows in an output; otherwise it is neither read nor painted. */
bool sol_parts_want(const SolParts *parts, int64_t n);

/**
 * The frame that shows before frame `n`, with which its painting may begin; -1 where that is neither in the same part nor
 * in the one before it.
 */
int64_t sol_parts_before(const SolParts *parts, int64_t n);

/** How many of these frames do. */
int64_t sol_parts_shown(const SolParts *parts, int64_t first, int64_t count);

/** The part that frame `n` lies in. */
SolPart *sol_parts_at(const SolParts *parts, int64_t n);

/** Marks the stretches, of all that the timeline has, whose styles these frames are painted in. */
void sol_parts_touched(const SolTimeline *timeline, int64_t first, int64_t count, bool touched[]);

void sol_parts_clear(SolParts *parts);

/** The fingerprint of everything but the pictures' pixels that decides what an output makes of a part. */
int sol_part_output_key(SolDigest *key, const SolPart *part, const SolOutputSettings *settings,
                        const SolWriterInput *input);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * How a GIF is made to fit into so many bytes: what it gives up, in which order, and how far.
 */
#ifndef SOL_MEDIA_BUDGET_H
#define SOL_MEDIA_BUDGET_H

#include <solstice/log.h>
#include <solstice/video.h>

#include "media/gif_encoder.h"

/* A way to make a GIF. */
typedef struct SolGifPlan {
    SolGifLook look;
    int width; /* pixels */
    int every; /* of so many pictures the first is taken */
} SolGifPlan;

/* Who makes it. */
typedef struct SolGifMaker {
    /** Makes it from a sample of its pictures; *bytes: about what it has in all, or always so many times that. */
    int (*probe)(void *user, const SolGifPlan *plan, double *bytes);

    /** Makes it, and has `*bytes` for it. */
    int (*make)(void *user, const SolGifPlan *plan, int64_t *bytes);
    void *user;
} SolGifMaker;

typedef struct SolBudget {
    const char *path;        /* of the output, for messages */
    int64_t most;            /* bytes */
    SolGifPlan whole;        /* nothing given up */
    int64_t bytes;           /* that it has so: more than `most` */
    double rate;             /* pictures a second, of which not so many are left out that fewer than a few remain */
    int64_t count;           /* pictures in all */
    const SolGiveUp *order;  /* [SOL_GIVE_UPS], up to SOL_GIVE_UP_NOTHING; the default order where there is none */
    const SolLog *log;
} SolBudget;

/* What came of it. */
typedef struct SolBudgetResult {
    SolGifPlan plan;
    int64_t bytes;
    int tries;               /* times that the GIF was made, the first time with nothing given up among them */
} SolBudgetResult;

/**
 * Has GIFs made until one has at most `most` bytes and at least 95 % of that: four times in all, and more often only while
 * there is none that is small enough. Says what was given up.
 *
 * @return 0; SOL_ERR_ARGUMENT where it does not fit whatever is given up; or what the maker returns
 */
int sol_budget_meet(const SolBudget *budget, const SolGifMaker *maker, SolBudgetResult *result);

/* What can be given up, in words. */
#define SOL_GIVE_UP_WORDS "lossy, colours, fps, width, dither"

/** Puts what is called `word` behind what is in the order; false where nothing is, or where it is in there. */
bool sol_give_up_add(const char *word, SolGiveUp order[SOL_GIVE_UPS]);

#endif

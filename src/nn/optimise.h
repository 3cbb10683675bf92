/* SPDX-License-Identifier: Apache-2.0
 *
 * Minimising a function of many numbers whose gradient is known: L-BFGS with a line search for the strong Wolfe
 * conditions (Nocedal & Wright 2006, algorithms 7.4, 7.5, 3.5 and 3.6), and Adam (Kingma & Ba 2015).
 *
 * Vectors are float32, their products are summed in double precision, and results do not depend on the number of
 * threads. All memory is reserved when an optimiser is opened.
 */
#ifndef SOL_NN_OPTIMISE_H
#define SOL_NN_OPTIMISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

typedef enum SolOptimiserKind { SOL_LBFGS, SOL_ADAM } SolOptimiserKind;

enum { SOL_HISTORY_MAX = 100 };

typedef struct SolOptimiserOptions {
    SolOptimiserKind kind;
    int history;  /* lbfgs: 1..SOL_HISTORY_MAX steps that are remembered; 0 for 10 */
    double first; /* lbfgs: the root mean square by which the first step changes the numbers, before it is searched for
                     a better one; 0 for 0.01 */
    double rate;  /* adam: how far a step goes, about; 0 for 0.02 */
} SolOptimiserOptions;

/** The function at x[count], and its gradient there. */
typedef double (*SolObjective)(void *context, const float *x, float *gradient);

typedef struct SolOptimiser SolOptimiser;

/** @param[out] optimiser  untouched on failure; released by sol_optimiser_close(). @return 0, SOL_ERR_NOMEM */
int sol_optimiser_open(SolOptimiser **optimiser, const SolOptimiserOptions *options, size_t count,
                       SolObjective objective, void *context, SolPool *pool);

/** The numbers to begin with are written here before the first step: `count` of them. */
float *sol_optimiser_start(SolOptimiser *optimiser);

/**
 * One iteration.
 *
 * @return false where no better place is found any more: at a minimum, as far as its precision tells, or where the
 *         function is not finite. Nothing has changed then.
 */
bool sol_optimiser_step(SolOptimiser *optimiser);

/** The best place found so far, and the function there; that of the start is known after the first step. */
const float *sol_optimiser_best(const SolOptimiser *optimiser);
double sol_optimiser_value(const SolOptimiser *optimiser);

/** How often the function was computed. */
int sol_optimiser_evaluations(const SolOptimiser *optimiser);

void sol_optimiser_close(SolOptimiser **optimiser);

#endif

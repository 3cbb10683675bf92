/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a frame in bands, for the workers of a pool. How many bands there are depends on the frame alone, never on
 * the number of workers.
 */
#ifndef SOL_REGION_BANDS_H
#define SOL_REGION_BANDS_H

#include "base/pool.h"

/* The rows of one band: first..end-1. */
typedef struct SolBand {
    int first, end;
} SolBand;

/** How many bands of `height` rows each (the last may have fewer) so many rows make. */
static inline int sol_band_count(int rows, int height)
{
    return (rows + height - 1) / height;
}

static inline SolBand sol_band(int rows, int height, int i)
{
    int first = i * height;
    return (SolBand){first, rows - first < height ? rows : first + height};
}

/** As sol_pool_run(); without a pool (NULL) the calling thread does it alone. */
static inline void sol_band_run(SolPool *pool, SolPoolTask task, void *context, int count)
{
    if (pool) {
        sol_pool_run(pool, task, context, count);
        return;
    }
    for (int i = 0; i < count; i++)
        task(context, i);
}

#endif

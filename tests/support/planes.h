/* SPDX-License-Identifier: Apache-2.0
 *
 * Made-up planes of numbers, and how far two of them are apart.
 */
#ifndef TEST_PLANES_H
#define TEST_PLANES_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

enum { POOLS = 3 };

extern SolPool *pools[POOLS]; /* of 1, 2 and 3 threads, between set_up_pools() and tear_down_pools() */

int set_up_pools(void **state);
int tear_down_pools(void **state);

/** `count` numbers from -1 to 1, the same for the same seed; freed with free(). Ends the test without memory. */
float *random_planes(size_t count, uint32_t seed);

/** The largest absolute difference; infinite where either holds something that is no number. */
double largest_difference(const float *a, const float *b, size_t count);

/* Memory for `count` floats that shows reads before writes (NaN within) and writes beyond (guards around). */
typedef struct Guarded {
    float *memory, *data; /* `data` is aligned to SOL_ALIGNMENT */
    size_t count;
} Guarded;

Guarded guarded(size_t count);

/** Checks the guards and frees. */
void release(Guarded *g);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers from a xorshift generator (Marsaglia 2003).
 */
#include "support/planes.h"

#include "support/support.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

SolPool *pools[POOLS];

int set_up_pools(void **state)
{
    (void)state;
    for (int i = 0; i < POOLS; i++)
        if (sol_pool_open(&pools[i], i + 1) != 0)
            return -1;
    return 0;
}

int tear_down_pools(void **state)
{
    (void)state;
    for (int i = 0; i < POOLS; i++)
        sol_pool_close(&pools[i]);
    return 0;
}

float *random_planes(size_t count, uint32_t seed)
{
    float *planes = malloc((count ? count : 1) * sizeof *planes);
    uint32_t state = seed * 2654435761u + 1;
    assert_non_null(planes);
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        planes[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return planes;
}

double largest_difference(const float *a, const float *b, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)a[i] - (double)b[i]);
        if (!(difference <= largest))
            largest = isfinite(difference) ? difference : INFINITY;
    }
    return largest;
}

enum { GUARD = 64 };

Guarded guarded(size_t count)
{
    size_t around = SOL_ALIGNMENT / sizeof(float) * GUARD;
    Guarded g = {.memory = sol_alloc(count + 2 * around, sizeof(float)), .count = count};
    assert_non_null(g.memory);
    for (size_t i = 0; i < count + 2 * around; i++)
        g.memory[i] = i < around || i >= around + count ? 12345.0f : NAN;
    g.data = g.memory + around;
    return g;
}

void release(Guarded *g)
{
    size_t around = SOL_ALIGNMENT / sizeof(float) * GUARD;
    for (size_t i = 0; i < around; i++) {
        assert_true(g->memory[i] == 12345.0f);
        assert_true(g->data[g->count + i] == 12345.0f);
    }
    sol_free(g->memory);
}

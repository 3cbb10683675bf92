/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory plan. Networks have tens of buffers, so plain quadratic searches do.
 */
#include "nn/arena.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

static int compare_sizes(const void *a, const void *b)
{
    const SolBuffer *x = *(SolBuffer *const *)a, *y = *(SolBuffer *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool round_up(size_t bytes, size_t *rounded)
{
    size_t sum;
    if (!sol_add(bytes, SOL_ALIGNMENT - 1, &sum))
        return false;
    *rounded = sum / SOL_ALIGNMENT * SOL_ALIGNMENT;
    return true;
}

/* The lowest offset at which `buffer` disturbs none of the `count` placed ones. */
static size_t lowest_offset(const SolBuffer *buffer, SolBuffer *const placed[], int count)
{
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const SolBuffer *p = placed[i];
            bool same_time = buffer->first <= p->last && p->first <= buffer->last;
            if (same_time && p->offset < offset + buffer->bytes && offset < p->offset + p->bytes) {
                offset = p->offset + p->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

int sol_arena_lay_out(SolBuffer *buffers, int count, size_t *bytes)
{
    SolBuffer **order = sol_alloc((size_t)count, sizeof(SolBuffer *));
    size_t end, highest = 0, sum = 0;
    int result = SOL_OK;
    if (!order)
        return sol_fail_memory("a memory plan");
    /* where all of them side by side can be addressed, no sum below overflows */
    for (int i = 0; i < count && result == SOL_OK; i++) {
        order[i] = &buffers[i];
        if (!round_up(buffers[i].bytes, &buffers[i].bytes) || !sol_add(sum, buffers[i].bytes, &sum))
            result = sol_fail(SOL_ERR_NOMEM, "the picture is too large: its buffers cannot be addressed");
    }
    if (result == SOL_OK) {
        qsort(order, (size_t)count, sizeof(SolBuffer *), compare_sizes);
        for (int i = 0; i < count; i++) {
            order[i]->offset = lowest_offset(order[i], order, i);
            end = order[i]->offset + order[i]->bytes;
            highest = end > highest ? end : highest;
        }
        *bytes = highest;
    }
    sol_free(order);
    return result;
}

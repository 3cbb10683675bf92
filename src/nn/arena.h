/* SPDX-License-Identifier: Apache-2.0
 *
 * Laying out buffers in one arena so that buffers which are never needed at the same time share memory.
 */
#ifndef SOL_NN_ARENA_H
#define SOL_NN_ARENA_H

#include <stddef.h>

typedef struct SolBuffer {
    size_t bytes;
    int first, last; /* the steps during which its content matters, both included */
    size_t offset;   /* where it lies in the arena: a multiple of SOL_ALIGNMENT */
} SolBuffer;

/**
 * Gives every buffer its offset: the largest first, each at the lowest place that is free while it lives
 * (Pisarchyk & Lee 2020, "greedy by size").
 *
 * @param[out] bytes  what the arena takes
 * @return 0, or SOL_ERR_NOMEM (a size overflows)
 */
int sol_arena_lay_out(SolBuffer *buffers, int count, size_t *bytes);

#endif

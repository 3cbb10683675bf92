/* SPDX-License-Identifier: Apache-2.0
 *
 * Overflow-checked, aligned allocation.
 */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool sol_mul(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

bool sol_add(size_t a, size_t b, size_t *sum)
{
    if (a > SIZE_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

void *sol_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (!sol_mul(count, size, &bytes) || bytes > SIZE_MAX - SOL_ALIGNMENT)
        return NULL;
    /* aligned_alloc() wants a multiple of the alignment */
    bytes = (bytes + SOL_ALIGNMENT - 1) / SOL_ALIGNMENT * SOL_ALIGNMENT;
    return aligned_alloc(SOL_ALIGNMENT, bytes ? bytes : SOL_ALIGNMENT);
}

void *sol_calloc(size_t count, size_t size)
{
    void *memory = sol_alloc(count, size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void sol_free(void *memory)
{
    free(memory);
}

bool sol_grow(void **items, size_t *capacity, size_t needed, size_t size)
{
    size_t wanted = *capacity, bytes;
    void *grown;
    if (needed <= *capacity)
        return true;
    if (!sol_mul(wanted, 2, &wanted) || wanted < needed)
        wanted = needed;
    if (wanted < 8)
        wanted = 8;
    if (!sol_mul(wanted, size, &bytes) || !(grown = realloc(*items, bytes)))
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

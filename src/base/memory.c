/* SPDX-License-Identifier: Apache-2.0
 *
 * Overflow-checked, aligned allocation.
 */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20) /* bytes */

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

/* Large memory in whole huge pages, where the system gives them to those who ask: what lies in it at many places,
   features in groups of channels for example, is found faster. */
static void *alloc_pages(size_t bytes)
{
    void *memory = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#ifdef MADV_HUGEPAGE
    if (memory)
        madvise(memory, bytes, MADV_HUGEPAGE); /* advice: refused, it changes nothing */
#endif
    return memory;
}

void *sol_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (!sol_mul(count, size, &bytes) || bytes > SIZE_MAX - HUGE_PAGE)
        return NULL;
    if (bytes >= 2 * HUGE_PAGE)
        return alloc_pages(bytes);
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

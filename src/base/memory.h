/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory whose sizes are checked: sizes that come from a file are multiplied and added only here.
 */
#ifndef SOL_BASE_MEMORY_H
#define SOL_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Alignment of what sol_alloc() returns, in bytes: a cache line, and the widest vector register. */
#define SOL_ALIGNMENT 64

/** *product = a * b; false, with *product untouched, where that overflows. */
bool sol_mul(size_t a, size_t b, size_t *product);

/** *sum = a + b; false, with *sum untouched, where that overflows. */
bool sol_add(size_t a, size_t b, size_t *sum);

/**
 * `count` elements of `size` bytes, aligned to SOL_ALIGNMENT, not cleared; NULL where the product
 * overflows or memory ran out. Zero bytes give a pointer that can be freed.
 */
void *sol_alloc(size_t count, size_t size);

/** As sol_alloc(), cleared. */
void *sol_calloc(size_t count, size_t size);

/** Frees what sol_alloc() or sol_calloc() returned; NULL is accepted. */
void sol_free(void *memory);

/**
 * Grows the array *items (of `size`-byte elements, made by sol_grow() or NULL) so that it holds at
 * least `needed` elements, at least doubling. Freed with free(). False, with all untouched, on failure.
 */
bool sol_grow(void **items, size_t *capacity, size_t needed, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Small work on strings.
 */
#ifndef SOL_BASE_TEXT_H
#define SOL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** A fresh formatted string, freed with free(); NULL where memory ran out. */
char *sol_format(const char *format, ...) SOL_PRINTF(1, 2);

/** A fresh copy, freed with free(); NULL where memory ran out or `text` is NULL. */
char *sol_copy(const char *text);

/** The whole of `text` as a decimal integer in low..high; false otherwise. */
bool sol_parse_int(const char *text, int64_t low, int64_t high, int64_t *value);

/** The whole of `text` as a finite decimal number, whatever the locale; false otherwise. */
bool sol_parse_number(const char *text, double *value);

/** "A-B" or "A" with 0 <= A <= B; false otherwise. */
bool sol_parse_range(const char *text, int64_t *first, int64_t *last);

/** As strcmp(), but with runs of digits compared as numbers: "a2" comes before "a10". 0 for the same text only. */
int sol_compare_natural(const char *a, const char *b);

/**
 * The one of `names` (NULL-terminated) that is spelled most like `word` (Levenshtein distance with
 * swapped neighbours, at most a third of its length), or NULL.
 */
const char *sol_nearest(const char *word, const char *const names[]);

#endif

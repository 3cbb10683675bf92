/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding numbered images: which files belong to a sequence, and in which order.
 */
#ifndef SOL_MEDIA_SEQUENCE_H
#define SOL_MEDIA_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SolNumbered {
    char *name;     /* within the folder */
    int64_t number; /* that the name bears */
} SolNumbered;

/* Images in the order of their numbers. */
typedef struct SolSequence {
    char *folder; /* "" for the current one */
    SolNumbered *images;
    size_t count, capacity;
} SolSequence;

/** True for a folder, and for a path with %d or %0Nd in its file name that does not exist as such. */
bool sol_sequence_takes(const char *path);

/**
 * Finds the images of a folder, or of a pattern with one %d or %0Nd in its file name (%% is a percent
 * sign), and puts them in the order of their numbers, whatever their padding. In a folder, the number
 * is the last one in a name; files without an image's extension, and hidden ones, are none of it.
 *
 * @param skip_gaps      false: every number between the first and the last must be there
 * @param[out] sequence  untouched on failure; freed by sol_sequence_clear()
 * @return 0, SOL_ERR_IO (the folder cannot be read), SOL_ERR_FORMAT (no image, a number missing or
 *         there twice, names of several kinds), SOL_ERR_ARGUMENT (a wrong pattern), SOL_ERR_NOMEM
 */
int sol_sequence_find(SolSequence *sequence, const char *path, bool skip_gaps);

void sol_sequence_clear(SolSequence *sequence);

#endif

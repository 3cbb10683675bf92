/* SPDX-License-Identifier: Apache-2.0
 *
 * A painting and what it was painted from, in one picture.
 */
#ifndef SOL_IMAGE_LAYOUT_H
#define SOL_IMAGE_LAYOUT_H

#include <solstice/video.h>

#include <stdbool.h>

/** Its name in a schedule; NULL where `layout` is none. */
const char *sol_layout_name(int layout);

/** Which layout has this name; false where none has. */
bool sol_layout_find(const char *name, SolLayout *layout);

/** Makes of the size of a painting that of a picture in this layout. */
void sol_layout_size(SolLayout layout, int *width, int *height);

/**
 * Where a wipe is at picture `i` of `count`, in pictures of `width` columns: the painting has the columns before *edge,
 * a white line those from there to before *end, and the source all others. At the first picture there is the source
 * alone, and at the last the painting alone; in between the line goes from left to right, as far at every picture.
 */
void sol_layout_wipe(int width, int64_t i, int64_t count, int *edge, int *end);

/**
 * Composes two pictures of one size.
 *
 * @param[out] composed  a new picture of sol_layout_size(), with the painting's place in time; untouched on failure
 * @param i, count       of wipes: which picture this is, of how many
 * @return 0, SOL_ERR_ARGUMENT (it would be too large), SOL_ERR_NOMEM
 */
int sol_layout_compose(SolImage **composed, SolLayout layout, const SolImage *source, const SolImage *painting,
                       int64_t i, int64_t count);

#endif

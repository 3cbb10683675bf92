/* SPDX-License-Identifier: Apache-2.0
 *
 * A mask: how far every pixel of a picture belongs to something, 0 (not at all) to 255 (wholly).
 */
#ifndef SOL_IMAGE_MASK_H
#define SOL_IMAGE_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

typedef struct SolMask {
    int width, height; /* pixels */
    uint8_t *values;   /* [height][width], without gaps */
} SolMask;

/** @param[out] mask  of zeros; untouched on failure; released by sol_mask_close(). 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM */
int sol_mask_create(SolMask **mask, int width, int height);

static inline uint8_t *sol_mask_row(const SolMask *mask, int y)
{
    return mask->values + (size_t)y * (size_t)mask->width;
}

void sol_mask_fill(SolMask *mask, uint8_t value);

/** mask = 255 - mask. */
void sol_mask_invert(SolMask *mask);

/** mask = opacity * mask, rounded; opacity 0..1. */
void sol_mask_fade(SolMask *mask, double opacity);

/** mask = the larger of both, pixel by pixel; of one size. */
void sol_mask_unite(SolMask *mask, const SolMask *with);

/** mask = mask * (255 - without) / 255, rounded; of one size. */
void sol_mask_subtract(SolMask *mask, const SolMask *without);

/** mask = mask * with / 255, rounded; of one size. */
void sol_mask_intersect(SolMask *mask, const SolMask *with);

/**
 * Lays `over` over `under`, all of one size, in place of `under`: as far as the mask goes. Pixels where it is 0 stay as
 * they are, bit by bit, and where it is 255 they are those of `over`.
 */
void sol_mask_compose(SolImage *under, const SolImage *over, const SolMask *mask);

/** Sets *mask to NULL; NULL is accepted. */
void sol_mask_close(SolMask **mask);

#endif

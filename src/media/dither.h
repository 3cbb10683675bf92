/* SPDX-License-Identifier: Apache-2.0
 *
 * From pictures to palette indices, with or without dithering.
 */
#ifndef SOL_MEDIA_DITHER_H
#define SOL_MEDIA_DITHER_H

#include "media/colour_map.h"

/** indices[y * width + x] = the colour nearest to each pixel. */
void sol_remap(const SolImage *image, SolColourMap *map, uint8_t *indices);

/**
 * As sol_remap(), seven eighths of the error of each pixel spread over its neighbours that are still to
 * come, by Floyd and Steinberg's weights ("An adaptive algorithm for spatial grey scale", 1976), every
 * other row from right to left.
 *
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_dither(const SolImage *image, SolColourMap *map, uint8_t *indices);

#endif

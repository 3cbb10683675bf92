/* SPDX-License-Identifier: Apache-2.0
 *
 * From any colour to the nearest one of a palette, exactly and fast.
 */
#ifndef SOL_MEDIA_COLOUR_MAP_H
#define SOL_MEDIA_COLOUR_MAP_H

#include "media/palette.h"

typedef struct SolColourMap SolColourMap;

/** A map of no use until sol_colour_map_set(). 0 or SOL_ERR_NOMEM. */
int sol_colour_map_open(SolColourMap **map);

/** From now on, colours are looked up in `palette`, which is copied. */
void sol_colour_map_set(SolColourMap *map, const SolPalette *palette);

/** The palette that was set. */
const SolPalette *sol_colour_map_palette(const SolColourMap *map);

/** The index of the palette's colour nearest to r, g, b (0..255 each) by Euclidean distance; the lower of two. */
int sol_colour_map_find(SolColourMap *map, int r, int g, int b);

void sol_colour_map_close(SolColourMap **map);

#endif

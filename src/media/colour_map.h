/* SPDX-License-Identifier: Apache-2.0
 *
 * From any colour to the nearest one of a palette, exactly and fast.
 */
#ifndef SOL_MEDIA_COLOUR_MAP_H
#define SOL_MEDIA_COLOUR_MAP_H

#include "media/palette.h"

typedef struct SolColourMap SolColourMap;

/* One of a palette's colours. */
typedef struct SolMapped {
    int16_t r, g, b, index;
} SolMapped;

/** A map of no use until sol_colour_map_set(). 0 or SOL_ERR_NOMEM. */
int sol_colour_map_open(SolColourMap **map);

/** From now on, colours are looked up in `palette`, which is copied. */
void sol_colour_map_set(SolColourMap *map, const SolPalette *palette);

/** The palette that was set. */
const SolPalette *sol_colour_map_palette(const SolColourMap *map);

/** The index of the palette's colour nearest to r, g, b (0..255 each) by Euclidean distance; the lower of two. */
int sol_colour_map_find(SolColourMap *map, int r, int g, int b);

/**
 * As sol_colour_map_find().
 *
 * @param[out] distance  squared
 */
int sol_colour_map_distance(SolColourMap *map, int r, int g, int b, int *distance);

/**
 * The colours near r, g, b: all that are nearest to any colour of the cell of 8x8x8 colours that it lies in, by index.
 *
 * @param[out] count  of them, 1 or more
 * @return them, until something else is looked up
 */
const SolMapped *sol_colour_map_near(SolColourMap *map, int r, int g, int b, int *count);

void sol_colour_map_close(SolColourMap **map);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * From any colour to the nearest one of a palette, exactly and fast.
 */
#ifndef SOL_MEDIA_COLOUR_MAP_H
#define SOL_MEDIA_COLOUR_MAP_H

#include "media/palette.h"

typedef struct SolColourMap SolColourMap;

enum { SOL_NEAR = 4 };

/* Colours of a palette, four at a time; beyond the last one there are none, far from any colour. */
typedef struct SolNear {
    float r[SOL_NEAR], g[SOL_NEAR], b[SOL_NEAR];
    int index[SOL_NEAR];        /* -1: none */
} SolNear;

/** A map of no use until sol_colour_map_set(). 0 or SOL_ERR_NOMEM. */
int sol_colour_map_open(SolColourMap **map);

/** From now on, colours are looked up in `palette`, which is copied. */
void sol_colour_map_set(SolColourMap *map, const SolPalette *palette);

/** The palette that was set. */
const SolPalette *sol_colour_map_palette(const SolColourMap *map);

/** The index of the palette's colour nearest to r, g, b (0..255 each) by Euclidean distance; the lower of two. */
int sol_colour_map_find(SolColourMap *map, int r, int g, int b);

/** The squared distance of that colour. */
int sol_colour_map_least(SolColourMap *map, int r, int g, int b);

/**
 * The colours near r, g, b: all that are nearest to any colour of the cell of 8x8x8 colours that it lies in, by index.
 *
 * @param[out] count  of groups, 1 or more
 * @return them, until something else is looked up
 */
const SolNear *sol_colour_map_near(SolColourMap *map, int r, int g, int b, int *count);

/** Squared distances of r, g, b from the colours of a group. */
static inline void sol_near_distances(const SolNear *near, float r, float g, float b, float distances[SOL_NEAR])
{
    for (int i = 0; i < SOL_NEAR; i++) {
        float dr = r - near->r[i], dg = g - near->g[i], db = b - near->b[i];
        distances[i] = dr * dr + dg * dg + db * db;
    }
}

void sol_colour_map_close(SolColourMap **map);

#endif

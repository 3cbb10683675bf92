/* SPDX-License-Identifier: Apache-2.0
 *
 * From any colour to the nearest ones of a palette. The colour cube is cut into cells of 8x8x8 colours; for a cell
 * that is asked for, the palette's colour nearest to its centre is found once and kept, as are, for each colour of the
 * palette, those nearest to it.
 */
#ifndef SOL_MEDIA_COLOUR_MAP_H
#define SOL_MEDIA_COLOUR_MAP_H

#include "media/kernels.h"
#include "media/palette.h"

enum {
    SOL_MAP_BITS = 5,        /* of each channel that tell the cell */
    SOL_MAP_CELLS = 1 << (3 * SOL_MAP_BITS)
};

/* Open to those that look up much. */
typedef struct SolColourMap {
    SolPalette palette;
    SolLevels levels;
    const SolMediaKernels *kernels;
    SolNear near[SOL_PALETTE_MAX];      /* of each colour of the palette */
    uint8_t centre[SOL_MAP_CELLS];      /* of a cell: the index of the colour nearest to it, from 1; 0: not known */
} SolColourMap;

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

/** The same for a cell whose colour is not known, or whose colour's group is not. */
const SolNear *sol_colour_map_add(SolColourMap *map, uint32_t cell);

/** Colours near r, g, b: that nearest to the centre of its cell, and those nearest to that. */
static inline const SolNear *sol_colour_map_near(SolColourMap *map, int r, int g, int b)
{
    enum { DROPPED = 8 - SOL_MAP_BITS };
    uint32_t cell = (uint32_t)((r >> DROPPED) << 2 * SOL_MAP_BITS | (g >> DROPPED) << SOL_MAP_BITS | b >> DROPPED);
    const SolNear *near = map->near + (uint8_t)(map->centre[cell] - 1);
    return map->centre[cell] != 0 && near->last != 0 ? near : sol_colour_map_add(map, cell);
}

/** Squared distances of r, g, b from the colours of a group. */
static inline void sol_near_distances(const SolNear *near, int r, int g, int b, int distances[SOL_NEAR])
{
    for (int i = 0; i < SOL_NEAR; i++) {
        int16_t dr = (int16_t)(r - near->level[0][i]), dg = (int16_t)(g - near->level[1][i]);
        int16_t db = (int16_t)(b - near->level[2][i]);
        distances[i] = dr * dr + dg * dg + db * db;
    }
}

/** The nearest of a group's colours: its squared distance << SOL_NEAR_BITS | its index. */
static inline int sol_near_best(const SolNear *near, int r, int g, int b)
{
    int best = 0x7fffffff, distances[SOL_NEAR];
    sol_near_distances(near, r, g, b, distances);
    for (int i = 0; i < SOL_NEAR; i++) {
        int key = distances[i] << SOL_NEAR_BITS | near->index[i];
        best = key < best ? key : best;
    }
    return best;
}

/** As sol_colour_map_find(), faster: of several colours that are about as near, it may be another than the nearest. */
static inline int sol_colour_map_guess(SolColourMap *map, int r, int g, int b)
{
    return sol_near_best(sol_colour_map_near(map, r, g, b), r, g, b) & (SOL_PALETTE_MAX - 1);
}

void sol_colour_map_close(SolColourMap **map);

#endif

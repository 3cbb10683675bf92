/* SPDX-License-Identifier: Apache-2.0
 *
 * An inverse colour map. The colour cube is cut into cells of 8x8x8 colours. The first time that a
 * colour of a cell is looked up, the palette's colours that can be nearest to any colour of the cell
 * are listed: those no farther from the cell's nearest corner than the best of them is from its
 * farthest. Later look-ups compare a handful of colours instead of all (locally sorted search,
 * Heckbert 1982, with an exact bound).
 */
#include "media/colour_map.h"

#include "base/error.h"
#include "base/memory.h"

#include <limits.h>
#include <string.h>

enum {
    BITS = 5,                    /* of each channel that tell the cell */
    SIDE = 1 << (8 - BITS),      /* colours along an edge of a cell */
    CELLS = 1 << (3 * BITS),
    POOL = 1 << 18               /* colours in all lists together; when they are used up, all lists are dropped */
};

typedef struct Candidate {
    int16_t r, g, b, index;
} Candidate;

struct SolColourMap {
    SolPalette palette;
    int32_t start[CELLS];        /* of the cell's list in the pool */
    int16_t length[CELLS];       /* 0: not listed yet */
    int used;
    Candidate pool[POOL];
};

int sol_colour_map_open(SolColourMap **out)
{
    SolColourMap *map = sol_calloc(1, sizeof *map);
    if (!map)
        return sol_fail_memory("a colour map");
    map->palette.count = 1;
    *out = map;
    return SOL_OK;
}

static void forget(SolColourMap *map)
{
    memset(map->length, 0, sizeof map->length);
    map->used = 0;
}

void sol_colour_map_set(SolColourMap *map, const SolPalette *palette)
{
    map->palette = *palette;
    forget(map);
}

const SolPalette *sol_colour_map_palette(const SolColourMap *map)
{
    return &map->palette;
}

/* Adds the squared distances from `colour` of the nearest and the farthest of low .. low + SIDE - 1. */
static void add_bounds(int colour, int low, int *nearest, int *farthest)
{
    int from_low = colour - low, to_high = low + SIDE - 1 - colour; /* both positive inside */
    int gap = from_low < 0 ? -from_low : to_high < 0 ? -to_high : 0;
    int reach = from_low > to_high ? from_low : to_high;
    *nearest += gap * gap;
    *farthest += reach * reach;
}

static void list_candidates(SolColourMap *map, int cell)
{
    const SolPalette *palette = &map->palette;
    int low[3] = {(cell >> (2 * BITS)) * SIDE, (cell >> BITS & ((1 << BITS) - 1)) * SIDE,
                  (cell & ((1 << BITS) - 1)) * SIDE};
    int nearest[SOL_PALETTE_MAX], bound = INT_MAX, length = 0;
    for (int i = 0; i < palette->count; i++) {
        int farthest = 0;
        nearest[i] = 0;
        for (int c = 0; c < 3; c++)
            add_bounds(palette->colour[i][c], low[c], &nearest[i], &farthest);
        bound = farthest < bound ? farthest : bound;
    }
    if (map->used > POOL - SOL_PALETTE_MAX)
        forget(map);
    map->start[cell] = map->used;
    for (int i = 0; i < palette->count; i++)
        if (nearest[i] <= bound) {
            const uint8_t *colour = palette->colour[i];
            map->pool[map->used + length++] = (Candidate){colour[0], colour[1], colour[2], (int16_t)i};
        }
    map->length[cell] = (int16_t)length;
    map->used += length;
}

int sol_colour_map_find(SolColourMap *map, int r, int g, int b)
{
    int cell = (r / SIDE) << (2 * BITS) | (g / SIDE) << BITS | b / SIDE, best = INT_MAX;
    const Candidate *candidate;
    if (map->length[cell] == 0)
        list_candidates(map, cell);
    candidate = map->pool + map->start[cell];
    if (map->length[cell] == 1)
        return candidate->index;
    for (int i = 0; i < map->length[cell]; i++, candidate++) {
        int dr = r - candidate->r, dg = g - candidate->g, db = b - candidate->b;
        int distance = (dr * dr + dg * dg + db * db) << 8 | candidate->index;
        best = distance < best ? distance : best;
    }
    return best & 0xff;
}

void sol_colour_map_close(SolColourMap **map)
{
    sol_free(*map);
    *map = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * An inverse colour map. The colour cube is cut into cells of 8x8x8 colours. The first time that a
 * colour of a cell is looked up, the palette's colours that can be nearest to any colour of the cell
 * are listed: those no farther from the cell's nearest corner than the best of them is from its
 * farthest. They are looked for among those of a block of 16x16x16 colours around the cell, listed likewise among those
 * of a block of 32x32x32. Later look-ups compare a handful of colours instead of all (locally sorted search,
 * Heckbert 1982, with an exact bound).
 */
#include "media/colour_map.h"

#include "base/error.h"
#include "base/memory.h"

#include <float.h>
#include <limits.h>
#include <string.h>

enum {
    BITS = 5,                    /* of each channel that tell the cell */
    SIDE = 1 << (8 - BITS),      /* colours along an edge of a cell */
    CELLS = 1 << (3 * BITS),
    COARSE_BITS = 3,
    FINE_BITS = 4,
    POOL = 1 << 18               /* colours in all lists together; when they are used up, all lists are dropped */
};

/* The colours, by index, that can be nearest to any of a block's. */
typedef struct Block {
    int16_t count;               /* 0: not listed yet */
    uint8_t indices[SOL_PALETTE_MAX];
} Block;

struct SolColourMap {
    SolPalette palette;
    int32_t start[CELLS];        /* of the cell's list in the pool */
    int16_t length[CELLS];       /* 0: not listed yet */
    int used;
    uint8_t all[SOL_PALETTE_MAX];   /* every index */
    Block coarse[1 << (3 * COARSE_BITS)], fine[1 << (3 * FINE_BITS)];
    SolMapped pool[POOL];
};

int sol_colour_map_open(SolColourMap **out)
{
    SolColourMap *map = sol_calloc(1, sizeof *map);
    if (!map)
        return sol_fail_memory("a colour map");
    map->palette.count = 1;
    for (int i = 0; i < SOL_PALETTE_MAX; i++)
        map->all[i] = (uint8_t)i;
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
    if (sol_palette_equal(&map->palette, palette))
        return;
    map->palette = *palette;
    for (int i = 0; i < (int)(sizeof map->coarse / sizeof *map->coarse); i++)
        map->coarse[i].count = 0;
    for (int i = 0; i < (int)(sizeof map->fine / sizeof *map->fine); i++)
        map->fine[i].count = 0;
    forget(map);
}

const SolPalette *sol_colour_map_palette(const SolColourMap *map)
{
    return &map->palette;
}

/*
 * Adds the squared distances of `count` levels from the nearest and the farthest of low .. low + side - 1. In floats,
 * which hold them exactly, since any processor squares several of those at once.
 */
static void add_bounds(const float *level, int count, float low, float side, float *nearest, float *farthest)
{
    for (int i = 0; i < count; i++) {
        float below = low - level[i], above = level[i] - (low + side - 1); /* both negative inside */
        float gap = below > above ? below : above, reach = below < above ? below : above;
        gap = gap > 0 ? gap : 0;
        nearest[i] += gap * gap;
        farthest[i] += reach * reach;
    }
}

/*
 * Of `count` colours, by their indices, those that can be the nearest to any colour of the cell of side^3 colours with
 * the lowest corner `low`. Returns how many; `kept` may be `indices`.
 */
static int keep_near(const SolPalette *palette, const uint8_t *indices, int count, const int low[3], int side,
                     uint8_t *kept)
{
    float level[SOL_PALETTE_MAX], nearest[SOL_PALETTE_MAX], farthest[SOL_PALETTE_MAX], bound = FLT_MAX;
    int length = 0;
    memset(nearest, 0, (size_t)count * sizeof *nearest);
    memset(farthest, 0, (size_t)count * sizeof *farthest);
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < count; i++)
            level[i] = palette->colour[indices[i]][c];
        add_bounds(level, count, (float)low[c], (float)side, nearest, farthest);
    }
    for (int i = 0; i < count; i++)
        bound = farthest[i] < bound ? farthest[i] : bound;
    for (int i = 0; i < count; i++) {
        kept[length] = indices[i];
        length += nearest[i] <= bound;
    }
    return length;
}

/* The colours near any of the block of 2^(8 - bits) levels a side that `level` lies in, found among a larger block's. */
static const uint8_t *near_block(SolColourMap *map, const int level[3], int bits, int *count)
{
    int side = 1 << (8 - bits), low[3], place = 0, of = map->palette.count;
    Block *block;
    for (int c = 0; c < 3; c++) {
        low[c] = level[c] & ~(side - 1);
        place = place << bits | level[c] >> (8 - bits);
    }
    block = (bits == COARSE_BITS ? map->coarse : map->fine) + place;
    if (block->count == 0) {
        const uint8_t *among = bits == COARSE_BITS ? map->all : near_block(map, level, COARSE_BITS, &of);
        block->count = (int16_t)keep_near(&map->palette, among, of, low, side, block->indices);
    }
    *count = block->count;
    return block->indices;
}

static void list_near(SolColourMap *map, const int level[3], int cell)
{
    const int low[3] = {level[0] & ~(SIDE - 1), level[1] & ~(SIDE - 1), level[2] & ~(SIDE - 1)};
    uint8_t near[SOL_PALETTE_MAX];
    int count, length;
    const uint8_t *among = near_block(map, level, FINE_BITS, &count);
    length = keep_near(&map->palette, among, count, low, SIDE, near);
    if (map->used > POOL - length)
        forget(map);
    map->start[cell] = map->used;
    map->length[cell] = (int16_t)length;
    for (int i = 0; i < length; i++) {
        const uint8_t *colour = map->palette.colour[near[i]];
        map->pool[map->used++] = (SolMapped){colour[0], colour[1], colour[2], near[i]};
    }
}

const SolMapped *sol_colour_map_near(SolColourMap *map, int r, int g, int b, int *count)
{
    int cell = (r / SIDE) << (2 * BITS) | (g / SIDE) << BITS | b / SIDE;
    if (map->length[cell] == 0)
        list_near(map, (const int[3]){r, g, b}, cell);
    *count = map->length[cell];
    return map->pool + map->start[cell];
}

int sol_colour_map_distance(SolColourMap *map, int r, int g, int b, int *distance)
{
    int count, best = INT_MAX;
    const SolMapped *near = sol_colour_map_near(map, r, g, b, &count);
    for (int i = 0; i < count; i++, near++) {
        int dr = r - near->r, dg = g - near->g, db = b - near->b;
        int found = (dr * dr + dg * dg + db * db) << 8 | near->index;
        best = found < best ? found : best;
    }
    *distance = best >> 8;
    return best & 0xff;
}

int sol_colour_map_find(SolColourMap *map, int r, int g, int b)
{
    int distance;
    return sol_colour_map_distance(map, r, g, b, &distance);
}

void sol_colour_map_close(SolColourMap **map)
{
    sol_free(*map);
    *map = NULL;
}

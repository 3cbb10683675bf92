/* SPDX-License-Identifier: Apache-2.0
 *
 * An inverse colour map. The colour cube is cut into cells of 8x8x8 colours. Once the
 * colours of a cell have been looked up a few times, the palette's colours that can be nearest to any colour of the cell
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

static const float far = 1e4f; /* no colour's level */

enum {
    BITS = 5,                    /* of each channel that tell the cell */
    SIDE = 1 << (8 - BITS),      /* colours along an edge of a cell */
    CELLS = 1 << (3 * BITS),
    OFTEN = 3,                   /* look-ups of a cell that are worth a list */
    COARSE_BITS = 3,
    FINE_BITS = 4,
    POOL = 1 << 15               /* groups in all lists together; when they are used up, all lists are dropped */
};

/* The colours, by index, that can be nearest to any of a block's. */
typedef struct Block {
    int16_t count;               /* 0: not listed yet */
    uint8_t indices[SOL_PALETTE_MAX];
} Block;

struct SolColourMap {
    SolPalette palette;
    int32_t start[CELLS];        /* of the cell's list in the pool */
    int16_t length[CELLS];       /* groups; 0: not listed yet */
    uint8_t asked[CELLS];        /* how often it was looked for without a list, up to OFTEN */
    int used;
    uint8_t all[SOL_PALETTE_MAX];   /* every index */
    Block coarse[1 << (3 * COARSE_BITS)], fine[1 << (3 * FINE_BITS)];
    SolNear pool[POOL];
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
    memset(map->asked, 0, sizeof map->asked);
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
    int count, length, groups;
    const uint8_t *among = near_block(map, level, FINE_BITS, &count);
    length = keep_near(&map->palette, among, count, low, SIDE, near);
    groups = (length + SOL_NEAR - 1) / SOL_NEAR;
    if (map->used > POOL - groups)
        forget(map);
    map->start[cell] = map->used;
    map->length[cell] = (int16_t)groups;
    for (int i = 0; i < groups * SOL_NEAR; i++) {
        SolNear *group = map->pool + map->used + i / SOL_NEAR;
        const uint8_t *colour = map->palette.colour[near[i < length ? i : 0]];
        group->r[i % SOL_NEAR] = i < length ? colour[0] : far;
        group->g[i % SOL_NEAR] = colour[1];
        group->b[i % SOL_NEAR] = colour[2];
        group->index[i % SOL_NEAR] = i < length ? near[i] : -1;
    }
    map->used += groups;
}

static int cell_of(int r, int g, int b)
{
    return (r / SIDE) << (2 * BITS) | (g / SIDE) << BITS | b / SIDE;
}

const SolNear *sol_colour_map_near(SolColourMap *map, int r, int g, int b, int *count)
{
    int cell = cell_of(r, g, b);
    if (map->length[cell] == 0)
        list_near(map, (const int[3]){r, g, b}, cell);
    *count = map->length[cell];
    return map->pool + map->start[cell];
}

/*
 * The nearest colour, looked for among a block's, and its distance. Until the cell has been looked up often enough to be
 * listed; -1 from then on.
 */
static int find_in_block(SolColourMap *map, int r, int g, int b, int *distance)
{
    const int level[3] = {r, g, b};
    int count, best = INT_MAX, cell = cell_of(r, g, b);
    const uint8_t *indices;
    if (map->length[cell] > 0 || map->asked[cell] == OFTEN)
        return -1;
    map->asked[cell]++;
    indices = near_block(map, level, FINE_BITS, &count);
    for (int i = 0; i < count; i++) {
        const uint8_t *colour = map->palette.colour[indices[i]];
        int dr = r - colour[0], dg = g - colour[1], db = b - colour[2];
        int found = (dr * dr + dg * dg + db * db) << 8 | indices[i];
        best = found < best ? found : best;
    }
    *distance = best >> 8;
    return best & 0xff;
}

static float least_of(const SolNear *near, int count, int r, int g, int b)
{
    float least[SOL_NEAR], distances[SOL_NEAR];
    sol_near_distances(near, (float)r, (float)g, (float)b, least);
    for (int n = 1; n < count; n++) {
        sol_near_distances(near + n, (float)r, (float)g, (float)b, distances);
        for (int i = 0; i < SOL_NEAR; i++)
            least[i] = distances[i] < least[i] ? distances[i] : least[i];
    }
    for (int i = 1; i < SOL_NEAR; i++)
        least[0] = least[i] < least[0] ? least[i] : least[0];
    return least[0];
}

int sol_colour_map_least(SolColourMap *map, int r, int g, int b)
{
    int count, distance;
    const SolNear *near;
    if (find_in_block(map, r, g, b, &distance) >= 0)
        return distance;
    near = sol_colour_map_near(map, r, g, b, &count);
    return (int)least_of(near, count, r, g, b);
}

int sol_colour_map_find(SolColourMap *map, int r, int g, int b)
{
    int count, distance, found = find_in_block(map, r, g, b, &distance);
    const SolNear *near;
    float least;
    if (found >= 0)
        return found;
    near = sol_colour_map_near(map, r, g, b, &count);
    least = least_of(near, count, r, g, b);
    for (;; near++) {
        float distances[SOL_NEAR];
        sol_near_distances(near, (float)r, (float)g, (float)b, distances);
        for (int i = 0; i < SOL_NEAR; i++)
            if (distances[i] <= least)
                return near->index[i];
    }
}

void sol_colour_map_close(SolColourMap **map)
{
    sol_free(*map);
    *map = NULL;
}

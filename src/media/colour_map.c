/* SPDX-License-Identifier: Apache-2.0
 *
 * An inverse colour map. The best of a group is known to be the nearest of all to a colour that is less than half as
 * far from the group's first as any colour beyond the group, by the triangle's inequality; else all are asked.
 */
#include "media/colour_map.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum { DROPPED = 8 - SOL_MAP_BITS, HALF = 1 << (DROPPED - 1) };

int sol_colour_map_open(SolColourMap **out)
{
    SolColourMap *map = sol_calloc(1, sizeof *map);
    if (!map)
        return sol_fail_memory("a colour map");
    map->kernels = sol_media_kernels();
    *out = map;
    return SOL_OK;
}

void sol_colour_map_set(SolColourMap *map, const SolPalette *palette)
{
    int count = palette->count, runs = (count + SOL_NEAR_RUN - 1) / SOL_NEAR_RUN;
    if (sol_palette_equal(&map->palette, palette))
        return;
    map->palette = *palette;
    map->levels.count = runs * SOL_NEAR_RUN;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < map->levels.count; i++)
            map->levels.level[c][i] = i < count ? palette->colour[i][c] : SOL_FAR;
    for (int i = 0; i < count; i++)
        map->near[i].last = 0;
    memset(map->centre, 0, sizeof map->centre);
}

const SolPalette *sol_colour_map_palette(const SolColourMap *map)
{
    return &map->palette;
}

const SolNear *sol_colour_map_add(SolColourMap *map, uint32_t cell)
{
    int point[3], index = map->centre[cell] - 1;
    SolNear *near;
    for (int c = 0; c < 3; c++)
        point[c] = (int)(cell >> (2 - c) * SOL_MAP_BITS & ((1 << SOL_MAP_BITS) - 1)) << DROPPED | HALF;
    if (index < 0)
        index = map->kernels->nearest(&map->levels, point) & (SOL_PALETTE_MAX - 1);
    map->centre[cell] = (uint8_t)(index + 1); /* 0 for the last of 256, which is looked for each time */
    near = map->near + index;
    if (near->last == 0) {
        for (int c = 0; c < 3; c++)
            point[c] = map->palette.colour[index][c];
        map->kernels->group(&map->levels, point, near);
    }
    return near;
}

/* The nearest colour: its squared distance << SOL_NEAR_BITS | its index. */
static int find(SolColourMap *map, int r, int g, int b)
{
    const SolNear *near = sol_colour_map_near(map, r, g, b);
    int first[3] = {r - near->level[0][0], g - near->level[1][0], b - near->level[2][0]};
    if (4 * (first[0] * first[0] + first[1] * first[1] + first[2] * first[2]) >= near->last)
        return map->kernels->nearest(&map->levels, (const int[3]){r, g, b});
    return sol_near_best(near, r, g, b);
}

int sol_colour_map_least(SolColourMap *map, int r, int g, int b)
{
    return find(map, r, g, b) >> SOL_NEAR_BITS;
}

int sol_colour_map_find(SolColourMap *map, int r, int g, int b)
{
    return find(map, r, g, b) & (SOL_PALETTE_MAX - 1);
}

void sol_colour_map_close(SolColourMap **map)
{
    sol_free(*map);
    *map = NULL;
}

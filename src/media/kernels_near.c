/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels of the GIF encoder: nearest colours, and how busy a row is.
 */
#include "media/kernels_set.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

/* A colour's squared distance from a point and, below it, its index. */
static inline int key_of(const SolLevels *levels, int i, float r, float g, float b)
{
    float dr = r - levels->level[0][i], dg = g - levels->level[1][i], db = b - levels->level[2][i];
    return (int)(dr * dr + dg * dg + db * db) << SOL_NEAR_BITS | i;
}

static int find_nearest(const SolLevels *levels, const int point[3])
{
    float r = (float)point[0], g = (float)point[1], b = (float)point[2];
    int least[SOL_NEAR_RUN];
    for (int l = 0; l < SOL_NEAR_RUN; l++)
        least[l] = INT_MAX;
    for (int i = 0; i < levels->count; i += SOL_NEAR_RUN)
        for (int l = 0; l < SOL_NEAR_RUN; l++) {
            int key = key_of(levels, i + l, r, g, b);
            least[l] = key < least[l] ? key : least[l];
        }
    for (int half = SOL_NEAR_RUN / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            least[l] = least[l + half] < least[l] ? least[l + half] : least[l];
    return least[0];
}

/* Adds a colour to the nearest so far, in order, or leaves it. */
static void add_near(int nearest[SOL_NEAR], int key)
{
    int at = SOL_NEAR - 1;
    if (key >= nearest[at])
        return;
    for (; at > 0 && nearest[at - 1] > key; at--)
        nearest[at] = nearest[at - 1];
    nearest[at] = key;
}

static void find_group(const SolLevels *levels, const int point[3], SolNear *near)
{
    float r = (float)point[0], g = (float)point[1], b = (float)point[2];
    int keys[SOL_NEAR_MOST], nearest[SOL_NEAR];
    for (int i = 0; i < levels->count; i += SOL_NEAR_RUN)
        for (int l = 0; l < SOL_NEAR_RUN; l++)
            keys[i + l] = key_of(levels, i + l, r, g, b);
    for (int i = 0; i < SOL_NEAR; i++)
        nearest[i] = INT_MAX;
    for (int i = 0; i < levels->count; i++)
        add_near(nearest, keys[i]);
    for (int i = 0; i < SOL_NEAR; i++) {
        near->index[i] = (uint8_t)nearest[i];
        for (int c = 0; c < 3; c++)
            near->level[c][i] = (int16_t)levels->level[c][near->index[i]];
    }
    near->last = nearest[SOL_NEAR - 1] >> SOL_NEAR_BITS;
}

static void find_busy(const uint8_t *above, const uint8_t *row, const uint8_t *below, int width, uint16_t *sums)
{
    enum { RUN = 64 };
    for (int x = 0; x < width; x += RUN) {
        int count = width - x < RUN ? width - x : RUN;
        const uint8_t *at = row + 3 * (ptrdiff_t)x, *over = above + 3 * (ptrdiff_t)x, *under = below + 3 * (ptrdiff_t)x;
        uint16_t levels[3 * RUN];
        for (int i = 0; i < 3 * count; i++)
            levels[i] = (uint16_t)(abs(at[i - 3] - at[i]) + abs(at[i + 3] - at[i]) + abs(over[i] - at[i]) +
                                   abs(under[i] - at[i]));
        for (int i = 0; i < count; i++)
            sums[x + i] = (uint16_t)(levels[3 * i] + levels[3 * i + 1] + levels[3 * i + 2]);
    }
}

const SolMediaKernels SOL_MEDIA_KERNELS = {
    .name = SOL_KERNELS_NAME,
    .flags = SOL_KERNELS_FLAGS,
    .nearest = find_nearest,
    .group = find_group,
    .busy = find_busy,
    .walk_row = SOL_MEDIA_WALK_ROW,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands still, by blocks and then by pixels.
 */
#include "temporal/stillness.h"

#include "temporal/kernels.h"

#include "base/memory.h"

#include <string.h>

enum { SIDE = 16 }; /* pixels of a block */

/* A block stands still where that explains it about as well as the flow does; of a faint slope that moves, the flow leaves
 * clearly less. The camera stands where such a share of the blocks does. */
static const float LIKELY = 1.25f, ANYWAY = 0.05f, STANDING = 0.46f;

/* By so much may what was at the same place differ more than what the flow leads to: noise is not the same in two frames,
 * and flow follows it. A factor; and levels of 255, of
 * the mean around a block and of that near a pixel. */
static const float MORE = 1.5f, AROUND = 1, NEAR = 3;

static const float DOUBT = 0.4f; /* what is trusted of a flow that no texture speaks for */

bool sol_stillness_alloc(SolStillness *s, int width, int height)
{
    size_t count;
    *s = (SolStillness){.width = width, .height = height, .columns = (width - 1) / SIDE + 1, .rows = (height - 1) / SIDE + 1};
    return sol_mul((size_t)s->columns, (size_t)s->rows, &count) && (s->unmoved = sol_calloc(count, sizeof(float))) &&
           (s->moved = sol_calloc(count, sizeof(float))) && (s->evidence = sol_calloc(count, sizeof(float)));
}

void sol_stillness_free(SolStillness *s)
{
    sol_free(s->unmoved);
    sol_free(s->moved);
    sol_free(s->evidence);
    *s = (SolStillness){0};
}

static void sum_block(SolStillness *s, int column, int row, const float *unmoved, const float *moved)
{
    int right = (column + 1) * SIDE < s->width ? (column + 1) * SIDE : s->width;
    int bottom = (row + 1) * SIDE < s->height ? (row + 1) * SIDE : s->height;
    float sums[2] = {0}, count = (float)((right - column * SIDE) * (bottom - row * SIDE));
    size_t at = (size_t)row * (size_t)s->columns + (size_t)column;
    for (int y = row * SIDE; y < bottom; y++)
        for (int x = column * SIDE; x < right; x++) {
            sums[0] += unmoved[(size_t)y * (size_t)s->width + (size_t)x];
            sums[1] += moved[(size_t)y * (size_t)s->width + (size_t)x];
        }
    s->unmoved[at] = sums[0] / count;
    s->moved[at] = sums[1] / count;
}

/* The evidence for motion in a block and around it. */
static float look_around(const SolStillness *s, int column, int row)
{
    float unmoved = 0, moved = 0, count = 0;
    for (int y = row > 0 ? row - 1 : 0; y <= row + 1 && y < s->rows; y++)
        for (int x = column > 0 ? column - 1 : 0; x <= column + 1 && x < s->columns; x++, count++) {
            unmoved += s->unmoved[y * s->columns + x];
            moved += s->moved[y * s->columns + x];
        }
    return (unmoved - MORE * moved) / count - AROUND;
}

void sol_stillness_find(SolStillness *s, const float *unmoved, const float *moved)
{
    int still = 0;
    for (int row = 0; row < s->rows; row++)
        for (int column = 0; column < s->columns; column++) {
            int at = row * s->columns + column;
            sum_block(s, column, row, unmoved, moved);
            still += s->unmoved[at] <= LIKELY * s->moved[at] + ANYWAY;
        }
    for (int row = 0; row < s->rows; row++)
        for (int column = 0; column < s->columns; column++)
            s->evidence[row * s->columns + column] = look_around(s, column, row);
    s->standing = (float)still > STANDING * (float)(s->rows * s->columns);
}

/* The evidence at a pixel, between the blocks' middles. */
static float evidence_at(const SolStillness *s, const float *upper, const float *lower, float fy, int x)
{
    int from = x - SIDE / 2, left = from < 0 ? 0 : from / SIDE, right = left + 1 < s->columns ? left + 1 : left;
    float fx = from < 0 ? 0 : (float)(from % SIDE) / SIDE;
    float a = upper[left] + fx * (upper[right] - upper[left]), b = lower[left] + fx * (lower[right] - lower[left]);
    return a + fy * (b - a);
}

void sol_stillness_apply(const SolStillness *s, int y, const float *unmoved, float *moved, float *u, float *v,
                         const uint16_t *kept, uint16_t *carried, uint8_t *trust)
{
    int from = y - SIDE / 2, above = from < 0 ? 0 : from / SIDE, below = above + 1 < s->rows ? above + 1 : above;
    float fy = from < 0 ? 0 : (float)(from % SIDE) / SIDE;
    const float *upper = s->evidence + (size_t)above * (size_t)s->columns;
    const float *lower = s->evidence + (size_t)below * (size_t)s->columns;
    for (int x = 0; s->standing && x < s->width; x++) {
        if (unmoved[x] > MORE * moved[x] + NEAR)
            continue;
        if (evidence_at(s, upper, lower, fy, x) <= 0) {
            moved[x] = unmoved[x];
            trust[x] = 255;
            u[x] = v[x] = 0;
            memcpy(carried + (size_t)x * SOL_CARRIED, kept + (size_t)x * SOL_CARRIED, SOL_CARRIED * sizeof *kept);
        } else if (u[x] != 0 || v[x] != 0) {
            trust[x] = (uint8_t)(int)((float)trust[x] * DOUBT);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands still, by blocks and then by pixels.
 */
#include "temporal/stillness.h"

#include "temporal/kernels.h"

#include "base/memory.h"

#include <string.h>

enum {
    SIDE = 16,     /* pixels of a block */
    TEXTURE = 16   /* levels between a block's darkest and brightest pixel from which on it has something to tell */
};

/* By so much may what was at the same place differ more than what the flow leads to: noise is not the same in two frames,
 * and flow follows it. A factor, and levels of 255. */
static const float MORE = 1.5f, AND = 1;

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

/* The mean differences of a block, and how much its green differs from pixel to pixel. */
static int sum_block(SolStillness *s, int column, int row, const SolImage *frame, const float *unmoved, const float *moved)
{
    int right = (column + 1) * SIDE < s->width ? (column + 1) * SIDE : s->width;
    int bottom = (row + 1) * SIDE < s->height ? (row + 1) * SIDE : s->height, least = 255, most = 0;
    float sums[2] = {0}, count = (float)((right - column * SIDE) * (bottom - row * SIDE));
    size_t at = (size_t)row * (size_t)s->columns + (size_t)column;
    for (int y = row * SIDE; y < bottom; y++) {
        const uint8_t *pixels = sol_image_row_const(frame, y);
        for (int x = column * SIDE; x < right; x++) {
            size_t i = (size_t)y * (size_t)s->width + (size_t)x;
            int green = pixels[3 * x + 1];
            sums[0] += unmoved[i];
            sums[1] += moved[i];
            least = green < least ? green : least;
            most = green > most ? green : most;
        }
    }
    s->unmoved[at] = sums[0] / count;
    s->moved[at] = sums[1] / count;
    return most - least;
}

static bool moves(float unmoved, float moved)
{
    return unmoved > MORE * moved + AND;
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
    return (unmoved - MORE * moved) / count - AND;
}

void sol_stillness_find(SolStillness *s, const SolImage *frame, const float *unmoved, const float *moved)
{
    int still = 0, telling = 0;
    for (int row = 0; row < s->rows; row++)
        for (int column = 0; column < s->columns; column++) {
            int at = row * s->columns + column;
            if (sum_block(s, column, row, frame, unmoved, moved) >= TEXTURE) {
                telling++;
                still += !moves(s->unmoved[at], s->moved[at]);
            }
        }
    for (int row = 0; row < s->rows; row++)
        for (int column = 0; column < s->columns; column++)
            s->evidence[row * s->columns + column] = look_around(s, column, row);
    s->standing = 2 * still >= telling;
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
        if (moves(unmoved[x], moved[x]))
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

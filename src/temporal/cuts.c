/* SPDX-License-Identifier: Apache-2.0
 *
 * Cuts, by histograms and by what is left after the motion is taken away.
 */
#include "temporal/cuts.h"

#include <stddef.h>
#include <string.h>

enum { STEP = 2 }; /* of columns and rows that are looked at */

/* What is left after the motion, as a share of the levels' spread, and in levels of 255; how far histograms are apart; and
 * how much of the flow cannot be trusted. Of the clips that these were tuned with, cuts have more than three times what
 * anything else has. */
static const float RESIDUAL = 0.4f, LEAST = 4, APART = 0.06f, DISTRUSTED = 0.6f;

void sol_cuts_begin(SolCuts *cuts, const SolImage *frame)
{
    int counts[3][SOL_CUT_BINS] = {{0}}, pixels = 0;
    for (int y = 0; y < frame->height; y += STEP) {
        const uint8_t *row = sol_image_row_const(frame, y);
        for (int x = 0; x < frame->width; x += STEP, pixels++)
            for (int c = 0; c < 3; c++)
                counts[c][row[3 * x + c] * SOL_CUT_BINS / 256]++;
    }
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SOL_CUT_BINS; i++)
            cuts->share[c][i] = (float)counts[c][i] / (float)pixels;
}

/* How far two histograms are apart, 0..1: how much has to be moved, and how far. */
static float distance(const SolCuts *a, const SolCuts *b)
{
    float sum = 0;
    for (int c = 0; c < 3; c++) {
        float carried = 0;
        for (int i = 0; i < SOL_CUT_BINS; i++) {
            carried += a->share[c][i] - b->share[c][i];
            sum += carried < 0 ? -carried : carried;
        }
    }
    return sum / (3 * SOL_CUT_BINS);
}

/* The mean distance of a histogram's pixels from their mean, in levels of 255. */
static float spread(const SolCuts *cuts)
{
    float sum = 0;
    for (int c = 0; c < 3; c++) {
        float mean = 0, away = 0;
        for (int i = 0; i < SOL_CUT_BINS; i++)
            mean += cuts->share[c][i] * (float)i;
        for (int i = 0; i < SOL_CUT_BINS; i++)
            away += cuts->share[c][i] * ((float)i < mean ? mean - (float)i : (float)i - mean);
        sum += away * (256.0f / SOL_CUT_BINS);
    }
    return sum / 3;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

bool sol_cuts_between(SolCuts *cuts, const SolImage *frame, const float *difference, const SolMask *trust)
{
    SolCuts before = *cuts;
    double sum = 0;
    int distrusted = 0, pixels = 0;
    for (int y = 0; y < frame->height; y += STEP)
        for (int x = 0; x < frame->width; x += STEP, pixels++) {
            sum += (double)difference[(size_t)y * (size_t)frame->width + (size_t)x];
            distrusted += sol_mask_row(trust, y)[x] == 0;
        }
    sol_cuts_begin(cuts, frame);
    cuts->apart = distance(&before, cuts);
    cuts->residual = (float)(sum / pixels);
    cuts->distrusted = (float)distrusted / (float)pixels;
    return cuts->residual > RESIDUAL * larger(spread(&before), spread(cuts)) + LEAST &&
           (cuts->apart > APART || cuts->distrusted > DISTRUSTED);
}

/* ---- from afar ---- */

enum { FARTHEST = 4 }; /* shifts, in cells either way */

/* The mean levels of cells; pictures smaller than those have some that are of one pixel all. */
static void find_cells(SolGlance *glance, const SolImage *frame)
{
    for (int i = 0; i < SOL_GLANCE_CELLS; i++)
        for (int k = 0; k < SOL_GLANCE_CELLS; k++) {
            int top = frame->height * i / SOL_GLANCE_CELLS, bottom = frame->height * (i + 1) / SOL_GLANCE_CELLS;
            int left = frame->width * k / SOL_GLANCE_CELLS, right = frame->width * (k + 1) / SOL_GLANCE_CELLS;
            long sum[3] = {0}, pixels = 0;
            bottom = bottom > top ? bottom : top + 1;
            right = right > left ? right : left + 1;
            for (int y = top; y < bottom; y += STEP) {
                const uint8_t *row = sol_image_row_const(frame, y);
                for (int x = left; x < right; x += STEP, pixels++)
                    for (int c = 0; c < 3; c++)
                        sum[c] += row[3 * x + c];
            }
            for (int c = 0; c < 3; c++)
                glance->cells[i][k][c] = (float)sum[c] / (float)pixels;
        }
}

/* The mean difference of the cells that both have, the second shifted, in levels of 255. */
static float difference_at(const SolGlance *a, const SolGlance *b, int dx, int dy)
{
    float sum = 0;
    int count = 0;
    for (int y = 0; y < SOL_GLANCE_CELLS; y++)
        for (int x = 0; x < SOL_GLANCE_CELLS; x++) {
            if (x + dx < 0 || x + dx >= SOL_GLANCE_CELLS || y + dy < 0 || y + dy >= SOL_GLANCE_CELLS)
                continue;
            for (int c = 0; c < 3; c++) {
                float d = a->cells[y][x][c] - b->cells[y + dy][x + dx][c];
                sum += d < 0 ? -d : d;
            }
            count += 3;
        }
    return sum / (float)count;
}

bool sol_glance_at(SolGlance *glance, const SolImage *frame)
{
    const SolGlance before = *glance;
    glance->begun = true;
    sol_cuts_begin(&glance->cuts, frame);
    find_cells(glance, frame);
    if (!before.begun)
        return false;
    glance->cuts.residual = difference_at(&before, glance, 0, 0);
    for (int dy = -FARTHEST; dy <= FARTHEST; dy++)
        for (int dx = -FARTHEST; dx <= FARTHEST; dx++) {
            float found = difference_at(&before, glance, dx, dy);
            if (found < glance->cuts.residual)
                glance->cuts.residual = found;
        }
    glance->cuts.apart = distance(&before.cuts, &glance->cuts);
    return glance->cuts.apart > APART &&
           glance->cuts.residual > RESIDUAL * larger(spread(&before.cuts), spread(&glance->cuts)) + LEAST;
}

void sol_glance_save(const SolGlance *glance, SolBlob *blob)
{
    sol_blob_put_int(blob, glance->begun);
    if (!glance->begun)
        return;
    sol_blob_put_floats(blob, &glance->cuts.share[0][0], 3 * (size_t)SOL_CUT_BINS);
    sol_blob_put_floats(blob, &glance->cells[0][0][0], 3 * (size_t)SOL_GLANCE_CELLS * SOL_GLANCE_CELLS);
}

void sol_glance_restore(SolGlance *glance, SolBlob *blob)
{
    *glance = (SolGlance){.begun = sol_blob_get_int(blob) == 1};
    if (!glance->begun)
        return;
    sol_blob_get_floats(blob, &glance->cuts.share[0][0], 3 * (size_t)SOL_CUT_BINS);
    sol_blob_get_floats(blob, &glance->cells[0][0][0], 3 * (size_t)SOL_GLANCE_CELLS * SOL_GLANCE_CELLS);
}

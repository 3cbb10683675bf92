/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands still. Optical flow of a wall, of asphalt, of a clear sky is as good as made up: it is what their edges do,
 * and noise. Where the camera stands, and what was there looks like what is there as well as what the flow leads to does,
 * nothing has moved.
 */
#ifndef SOL_TEMPORAL_STILLNESS_H
#define SOL_TEMPORAL_STILLNESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct SolStillness {
    int width, height, columns, rows; /* of the picture; blocks */
    float *unmoved, *moved;           /* [rows][columns] mean differences */
    float *evidence;                  /* [rows][columns] how much speaks for motion around a block; up to 0: nothing */
    bool standing;                    /* the camera is */
} SolStillness;

/** False without memory; in either case released by sol_stillness_free(). */
bool sol_stillness_alloc(SolStillness *stillness, int width, int height);
void sol_stillness_free(SolStillness *stillness);

/**
 * @param unmoved, moved  [height][width] how far a frame is from the one before, at the same place and along the flow, 0..255
 */
void sol_stillness_find(SolStillness *stillness, const float *unmoved, const float *moved);

/**
 * For row y: where nothing has moved, the flow becomes 0, what is carried what is kept, it is trusted, and `moved` is
 * `unmoved`, both of which are means of small squares here. Where that is uncertain, it is trusted less.
 */
void sol_stillness_apply(const SolStillness *stillness, int y, const float *unmoved, float *moved, float *u, float *v,
                         const uint16_t *kept, uint16_t *carried, uint8_t *trust);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a GIF's frame has to be stored: the rectangle in which it differs from what already shows.
 */
#ifndef SOL_MEDIA_GIF_DELTA_H
#define SOL_MEDIA_GIF_DELTA_H

#include "media/palette.h"

/* A picture as a GIF stores it. */
typedef struct SolIndexed {
    SolPalette palette;
    int left, top, width, height;   /* the stored rectangle, pixels of the screen */
    int transparent;                /* index that lets the former frame show, or -1 */
    uint8_t *indices;               /* [height][width] of the rectangle; room for the whole screen */
} SolIndexed;

/**
 * Reduces `frame`, which covers the whole screen of screen_width x screen_height pixels, to what it
 * changes: the smallest rectangle with all pixels that differ from `shown` (a single pixel where none
 * does), unchanged pixels within it left transparent where they are many and the palette has an index
 * to spare. `shown` (R, G, B without gaps) is brought up to date. What a viewer sees is exactly the whole frame.
 */
void sol_gif_delta(SolIndexed *frame, int screen_width, int screen_height, uint8_t *shown);

/** Brings `shown` up to date with a frame that is stored whole. */
void sol_gif_show(const SolIndexed *frame, uint8_t *shown);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a GIF's frame has to be stored: the rectangle in which it differs from what is there already.
 */
#ifndef SOL_MEDIA_GIF_DELTA_H
#define SOL_MEDIA_GIF_DELTA_H

#include "media/remap.h"

/**
 * Narrows the frame's rectangle to the pixels of its image that differ from those of `there`, a picture of the same size;
 * to a single pixel where none does.
 *
 * @param stride  bytes from a row of `there` to the next
 */
void sol_gif_changes(SolRemapFrame *frame, const uint8_t *there, size_t stride);

#endif

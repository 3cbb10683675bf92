/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs as giflib reads them.
 */
#ifndef TEST_GIF_DATA_H
#define TEST_GIF_DATA_H

#include "media/lzw.h"

/** The width * height indices that giflib reads from the data of an image; a failed test where it cannot. */
uint8_t *decode_lzw(const SolLzw *lzw, int width, int height);

/** What a viewer shows of a GIF file, frame by frame. */
typedef struct GifFrames {
    int width, height, count;
    int *delays;            /* [count] cs */
    int *areas;             /* [count] pixels that are stored */
    uint8_t *pixels;        /* [count][height][width][3] */
} GifFrames;

/** Reads a GIF of which no frame is disposed of; a failed test where giflib cannot, or an index has no colour. */
void read_gif(GifFrames *frames, const char *path);

void free_gif(GifFrames *frames);

#endif

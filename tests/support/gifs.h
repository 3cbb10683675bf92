/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs as a viewer shows them: decoded by giflib, and each frame laid over what the one before left. Knows nothing of
 * cmocka, so that benchmarks and fuzzers can use it.
 */
#ifndef TEST_GIFS_H
#define TEST_GIFS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct GifPlayer {
    int width, height;          /* of the screen */
    int frame;                  /* the number of the frame that shows; -1 before the first */
    int delay;                  /* for how long it does, cs */
    int64_t begin;              /* from when on, cs */
    int repeats;                /* as Netscape's extension says, 0 for ever; -1: there is none yet */
    uint8_t *screen;            /* R, G, B, A without gaps; what no frame has drawn is 0, 0, 0, 0 */
    int left, top, right, bottom; /* what of the screen the frame covers */
    const uint8_t *palette;     /* R, G, B of the frame's colours, and how many they are */
    int colours;
    const char *fault;          /* what is wrong with the file; NULL: nothing */
    struct GifInside *inside;
} GifPlayer;

/** Opens a GIF before its first frame. False, with `fault` set, where it is none. Closed in either case. */
bool gif_open(GifPlayer *player, const char *path);

/** Goes on to the next frame. False behind the last one, and, with `fault` set, where the file is damaged. */
bool gif_next(GifPlayer *player);

void gif_close(GifPlayer *player);

/** The frames' delays, cs; freed with free(). NULL, with *fault set, where the file is no whole GIF. */
int *gif_delays(const char *path, int *frames, const char **fault);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs of random pictures, made by the encoder and read back by giflib and by libavcodec. Knows nothing of cmocka, so
 * that a fuzzer can use it as well as a test.
 */
#ifndef TEST_GIF_CASES_H
#define TEST_GIF_CASES_H

#include <stddef.h>
#include <stdint.h>

/**
 * Makes a GIF in the file `path` of what the bytes ask for: sizes, the encoder's look, delays, and the pictures, which
 * are plain, noise, of few colours, gradients, moved, or those before with something changed.
 *
 * It must be the same with one thread and with three; giflib and libavcodec must agree on it; its delays must add up
 * to what was asked for; and what it shows, at every time, be the picture of that time: exactly, where the look keeps
 * colours and the picture has at most 256 of them, nearly, where it has more and nothing was to be given up.
 *
 * @return NULL, or what was wrong: a static text
 */
const char *gif_case(const uint8_t *bytes, size_t size, const char *path);

/**
 * Compares what giflib and libavcodec make of a GIF: the number of frames, their delays, every pixel.
 *
 * @return NULL, or what was wrong: a static text
 */
const char *gif_alike(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures that carry a number, so that a test can tell which frame it holds after any codec and any
 * moderate change of size and colour: 8 bars, white for 1 and black for 0, the lowest bit on the left.
 */
#ifndef TEST_NUMBER_H
#define TEST_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/** Draws `number` (0..255) into width x height RGB pixels with `stride` bytes from row to row. */
void draw_number(uint8_t *pixels, size_t stride, int width, int height, int number);

/** The number that a picture carries. */
int read_number(const uint8_t *pixels, size_t stride, int width, int height);

/**
 * Decodes a clip (anything that the ffmpeg program takes as input) to RGB and reads its numbers.
 *
 * @param[out] numbers  the first `most` of them
 * @return how many frames there are
 */
int read_numbers(const char *input, int width, int height, int numbers[], int most);

/** Writes FOLDER/PREFIXn.png (n unpadded) carrying the number n, for n = first..last. */
void write_numbered_images(const char *folder, const char *prefix, int first, int last, int width, int height);

#endif

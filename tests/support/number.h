/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures that are known again after any codec and any moderate change of size and colour. Those that
 * carry a number are 4 x 3 blocks, light for 1 and dark for 0, the lowest bit first, with some texture
 * that gives an encoder something to do.
 */
#ifndef TEST_NUMBER_H
#define TEST_NUMBER_H

#include <solstice/image.h>

/** Draws `number` (0..4095) all over the picture. */
void draw_number(SolImage *image, int number);

/** The number that a picture of RGB pixels carries, with `stride` bytes from row to row. */
int read_number(const uint8_t *pixels, size_t stride, int width, int height);

int number_in(const SolImage *image);

/** Writes PREFIXn.png (n unpadded) carrying the number n, for n = first..last. */
void write_numbered_images(const char *prefix, int first, int last, int width, int height);

/** Draws red, green, blue and white: upper left, upper right, lower left, lower right. */
void draw_quarters(SolImage *image);

/** The colours of the quarters in that order: "RGBW" as drawn, another order where the picture was turned. */
const char *quarters_of(const SolImage *image);

#endif

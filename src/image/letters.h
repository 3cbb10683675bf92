/* SPDX-License-Identifier: Apache-2.0
 *
 * Small captions on pictures: a proportional bitmap font of printable ASCII. Any other character is shown as a box.
 */
#ifndef SOL_IMAGE_LETTERS_H
#define SOL_IMAGE_LETTERS_H

#include <solstice/image.h>

/* Rows of a letter: those above the base line, and with what hangs below it. A pixel of the font is scale x scale. */
enum { SOL_LETTERS_ASCENT = 7, SOL_LETTERS_HEIGHT = 9 };

/** Pixels that a UTF-8 text is wide. */
int sol_letters_width(const char *text, int scale);

/**
 * Draws a UTF-8 text, as far as it lies within the picture.
 *
 * @param x, y   its upper left corner
 * @param room   pixels that it may be wide; a longer one is cut, and ends in "..."
 * @param color  R, G, B
 * @return pixels that it is wide
 */
int sol_letters_draw(SolImage *image, int x, int y, int room, int scale, const uint8_t color[3], const char *text);

#endif

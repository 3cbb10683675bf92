/* SPDX-License-Identifier: Apache-2.0
 *
 * Made-up pictures.
 */
#ifndef TEST_PICTURES_H
#define TEST_PICTURES_H

#include <solstice/image.h>

#include <stdint.h>

/** A picture with edges, slopes and noise; other patterns and colours for other seeds. */
SolImage *make_picture(int width, int height, unsigned seed);

/** A picture of one colour. */
SolImage *make_flat(int width, int height, const uint8_t colour[3]);

/** The largest difference between neighbours. */
int roughness(const SolImage *image);

#endif

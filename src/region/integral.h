/* SPDX-License-Identifier: Apache-2.0
 *
 * Integral images: the sum of any rectangle's pixels from four numbers.
 */
#ifndef SOL_REGION_INTEGRAL_H
#define SOL_REGION_INTEGRAL_H

#include <stddef.h>
#include <stdint.h>

/* Sums of a picture, [height + 1][stride] each, modulo 2^32: that of pixels above and left of x, y stands at x, y. */
typedef struct SolIntegral {
    uint32_t *sums, *squares;
    uint32_t *tilted; /* of pixels in the triangle that ends in pixel x - 1, y - 1 and opens upwards by 45 degrees */
    size_t stride;    /* width + 1 or more */
} SolIntegral;

/**
 * Fills in the sums; squares and tilted ones where they are not NULL.
 * @param grey  [height][width]
 */
void sol_integral_fill(const SolIntegral *integral, const uint8_t *grey, int width, int height);

/**
 * Scales a grey picture down (or leaves its size) by linear interpolation between four pixels, in fixed point.
 * @param grey  [height][width]
 * @param to    [to_height][to_width], of no more pixels a side
 */
void sol_grey_scale(uint8_t *to, int to_width, int to_height, const uint8_t *grey, int width, int height);

#endif

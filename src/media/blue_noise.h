/* SPDX-License-Identifier: Apache-2.0
 *
 * Thresholds for ordered dithering whose pattern has no grain that the eye finds: blue noise.
 */
#ifndef SOL_MEDIA_BLUE_NOISE_H
#define SOL_MEDIA_BLUE_NOISE_H

#include <stdint.h>

/* Pixels of a side of the pattern, which goes on at its edges. */
enum { SOL_BLUE_NOISE_SIDE = 64 };

/**
 * The pattern: [SOL_BLUE_NOISE_SIDE][SOL_BLUE_NOISE_SIDE] numbers, each of 0 .. SOL_BLUE_NOISE_SIDE^2 - 1 once, so that
 * those below any threshold are spread as evenly as can be, without order. Always the same. Made, by Ulichney's "The
 * void-and-cluster method for dither array generation" (1993), when it is first asked for, in some hundredths of a second;
 * static.
 */
const uint16_t *sol_blue_noise(void);

#endif

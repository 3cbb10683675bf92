/* SPDX-License-Identifier: Apache-2.0
 *
 * A rectangle of pixels.
 */
#ifndef SOL_BASE_AREA_H
#define SOL_BASE_AREA_H

typedef struct SolArea {
    int x, y; /* of the upper left pixel */
    int width, height;
} SolArea;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The moving picture: the scenery of scene.h seen at a moment, with clouds,
 * their shadows, wind, water and a slow drift of the camera.
 */
#ifndef SAMPLE_CLIP_H
#define SAMPLE_CLIP_H

#include <stdio.h>

enum { CLIP_FRAMES = 240, CLIP_RATE = 30 };

/* Writes frames first .. last-1, every step-th; 0 when all went well. */
int clip_write(FILE *f, int first, int last, int step);

#endif

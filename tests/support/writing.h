/* SPDX-License-Identifier: Apache-2.0
 *
 * What the writers' tests share: pictures to write, and a clip written in one call.
 */
#ifndef TEST_WRITING_H
#define TEST_WRITING_H

#include <solstice/video.h>

/** A new picture, all black. */
SolImage *new_picture(int width, int height);

/** Something with a little of everything: a gradient, an edge, and noise that differs from frame to frame. */
void draw_scene(SolImage *image, int n);

typedef struct Clip {
    int width, height, frames;
    SolRational base, rate;
    int64_t first, step;                 /* pts of the first picture, and from one to the next */
    const int64_t *pts;                  /* [frames + 1] instead of those; the last one is the end */
    void (*draw)(SolImage *image, int n);
} Clip;

/** Writes the clip; 0 or the first error. */
int write_clip(const SolOutputSettings *settings, const Clip *clip, bool overwrite, SolWriterReport *report);

/** As write_clip() with defaults to NAME in the test's folder, which must succeed. Returns the path. */
const char *write_as(const char *name, const Clip *clip, SolWriterReport *report);

#endif

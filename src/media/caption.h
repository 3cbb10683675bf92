/* SPDX-License-Identifier: Apache-2.0
 *
 * A caption: a text at the bottom of pictures, white with a black outline, by libavfilter's drawtext and in the system's
 * sans-serif font.
 */
#ifndef SOL_MEDIA_CAPTION_H
#define SOL_MEDIA_CAPTION_H

#include "media/filters.h"

enum { SOL_CAPTION_LINES = 4 };

/* The filters that draw it. */
typedef struct SolCaption {
    SolFilterStep steps[SOL_CAPTION_LINES];
    int count;
    char *text;          /* that the steps point into */
    char *options[SOL_CAPTION_LINES];
} SolCaption;

/**
 * @return 0, or SOL_ERR_ARGUMENT where `text` is no caption: not UTF-8, blank, with control characters other than line
 *         breaks, or too long
 */
int sol_caption_check(const char *text);

/**
 * Lays out a caption for pictures of width x height pixels: as large as suits them, but small enough to fit, on up to
 * SOL_CAPTION_LINES lines, broken at blanks or where the text has line breaks.
 *
 * @param[out] caption  untouched on failure; released by sol_caption_clear()
 * @return 0, SOL_ERR_ARGUMENT (no drawtext in this FFmpeg, or no font on this system), SOL_ERR_NOMEM
 */
int sol_caption_lay_out(SolCaption *caption, const char *text, int width, int height);

void sol_caption_clear(SolCaption *caption);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The boundary to FFmpeg's libraries: their error codes become ours here, once, their log is kept off
 * the terminal, and their threads behind the painting.
 */
#ifndef SOL_MEDIA_AV_H
#define SOL_MEDIA_AV_H

#include <solstice/error.h>

#include <libavcodec/avcodec.h>

#include <stdbool.h>
#include <stdint.h>

/**
 * As sol_fail(..., "PATH: DOING: what libav says") for a negative libav code. Returns SOL_ERR_NOMEM
 * for want of memory, SOL_ERR_FORMAT for content that is damaged or not understood, otherwise
 * SOL_ERR_IO.
 */
int sol_fail_av(int code, const char *path, const char *doing);

/** As avcodec_open2() without options; the threads that the codec starts stand back (base/background.h). */
int sol_codec_open(AVCodecContext *context, const AVCodec *codec);

/** Silences libav's own log, which goes to standard error, in the whole process. */
void sol_media_quiet(void);

/** A colour by its name (as FFmpeg knows them) or as #rrggbb or 0xrrggbb; false, with rgb untouched, for all else. */
bool sol_parse_colour(const char *text, uint8_t rgb[3]);

#endif

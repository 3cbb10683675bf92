/* SPDX-License-Identifier: Apache-2.0
 *
 * The boundary to FFmpeg's libraries: their error codes become ours here, once, and their log is
 * kept off the terminal.
 */
#ifndef SOL_MEDIA_AV_H
#define SOL_MEDIA_AV_H

#include <solstice/error.h>

/**
 * As sol_fail(..., "PATH: DOING: what libav says") for a negative libav code. Returns SOL_ERR_NOMEM
 * for want of memory, SOL_ERR_FORMAT for content that is damaged or not understood, otherwise
 * SOL_ERR_IO.
 */
int sol_fail_av(int code, const char *path, const char *doing);

/** Silences libav's own log, which goes to standard error, in the whole process. */
void sol_media_quiet(void);

#endif

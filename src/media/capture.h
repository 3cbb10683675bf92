/* SPDX-License-Identifier: Apache-2.0
 *
 * Capturing from what has no file: a camera, a screen, a filter graph.
 */
#ifndef SOL_MEDIA_CAPTURE_H
#define SOL_MEDIA_CAPTURE_H

#include <stdint.h>

#include <solstice/video.h>

#include "media/spool.h"

/**
 * Reads pictures of the source `path`, as the input format `format` understands it, into a temporary file without
 * loss, until there are `frames` of them that last `seconds` (or the source ends).
 *
 * @param wishes      whose log and cancelled are used
 * @param[out] spool  untouched on failure; released by sol_spool_close()
 * @return 0, or what sol_video_open(), sol_video_read() and sol_spool_open() return
 */
int sol_capture(SolSpool **spool, const char *path, const char *format, int64_t frames, double seconds,
                const SolVideoOptions *wishes);

#endif

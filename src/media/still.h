/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding of still images, for sol_image_load() and numbered sequences.
 */
#ifndef SOL_MEDIA_STILL_H
#define SOL_MEDIA_STILL_H

#include <libavcodec/avcodec.h>

/**
 * Decodes the first picture of a file.
 *
 * @param frame       fresh or unreferenced
 * @param[out] codec  may be NULL
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT or SOL_ERR_NOMEM
 */
int sol_still_decode(AVFrame *frame, enum AVCodecID *codec, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Subtitles of text, from the form that one container has them in into another's.
 */
#ifndef SOL_MEDIA_SUBTITLES_H
#define SOL_MEDIA_SUBTITLES_H

#include <libavcodec/avcodec.h>

#include <stdbool.h>

typedef struct SolSubtitles SolSubtitles;

/**
 * @param[out] subtitles  untouched on failure; released by sol_subtitles_close()
 * @param parameters      of the source's packets, of text
 * @param codec           the form wanted
 * @param path            what messages begin with; borrowed
 * @return 0, SOL_ERR_FORMAT (this FFmpeg cannot), SOL_ERR_NOMEM
 */
int sol_subtitles_open(SolSubtitles **subtitles, const AVCodecParameters *parameters, AVRational time_base,
                       enum AVCodecID codec, const char *path);

/** For its parameters. */
const AVCodecContext *sol_subtitles_encoder(const SolSubtitles *subtitles);

/**
 * Replaces what a packet holds; its times stay.
 *
 * @param[out] got  false where there is nothing to be shown, or nothing that could be read
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_subtitles_convert(SolSubtitles *subtitles, AVPacket *packet, bool *got);

/** Sets *subtitles to NULL; NULL is accepted. */
void sol_subtitles_close(SolSubtitles **subtitles);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets to a file, by libavformat.
 */
#ifndef SOL_MEDIA_MUXER_H
#define SOL_MEDIA_MUXER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include <solstice/video.h>

#include "media/tracks.h"

typedef struct SolMuxer SolMuxer;

/** True where the container that the path's extension asks for wants a codec's headers apart from its packets. */
bool sol_muxer_wants_global_header(const char *path);

/**
 * Begins a file with one video stream, and what goes with it.
 *
 * @param[out] muxer  untouched on failure; released by sol_muxer_close()
 * @param path        tells the container by its extension (sol_writer_kind_path()); what messages begin with; borrowed
 * @param temporary   what is written to; NULL: standard output
 * @param encoder     opened; read here only
 * @param rate        average, frames a second; {0, 1} where it is not known
 * @param tracks      sound and the like; read here only
 */
int sol_muxer_open(SolMuxer **muxer, const char *path, const char *temporary, const AVCodecContext *encoder,
                   SolRational rate, const SolTracksRequest *tracks);

/**
 * Writes a packet of the video, whose times are in `time_base`, and of the other tracks what comes before it; takes over
 * what the packet refers to.
 */
int sol_muxer_write(SolMuxer *muxer, AVPacket *packet, AVRational time_base);

/** Completes the file, which has `*bytes`. */
int sol_muxer_finish(SolMuxer *muxer, int64_t *bytes);

/** Sets *muxer to NULL; NULL is accepted. */
void sol_muxer_close(SolMuxer **muxer);

#endif

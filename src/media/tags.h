/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file says of itself and of its tracks, from one container into another.
 */
#ifndef SOL_MEDIA_TAGS_H
#define SOL_MEDIA_TAGS_H

#include <libavformat/avformat.h>

/**
 * Copies what holds for the pictures whatever is done to them: title, creation time, artist, place and the like; not what
 * the old container or encoder says of itself.
 *
 * @param from     NULL: nothing is copied
 * @param comment  becomes the tag of this name, in front of what is in it; NULL: nothing
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_tags_copy(AVFormatContext *to, const AVFormatContext *from, const char *comment);

/** Copies a track's language, title, handler's name and creation time, and what it is there for. */
int sol_tags_copy_track(AVStream *to, const AVStream *from);

/**
 * Copies the chapters that lie in start .. end, cut to it.
 *
 * @param start,end  of what is taken, in the source's time; in `base`
 * @param speed      how much faster it plays
 */
int sol_tags_copy_chapters(AVFormatContext *to, const AVFormatContext *from, int64_t start, int64_t end,
                           AVRational base, AVRational speed);

#endif

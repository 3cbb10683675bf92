/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of input behind SolVideo. A new one is a file with a table of its own, and a line in
 * video.c.
 */
#ifndef SOL_MEDIA_VIDEO_H
#define SOL_MEDIA_VIDEO_H

#include <solstice/video.h>

#include "base/digest.h"

/* One kind of input: what the functions of the same names in <solstice/video.h> ask of it. */
typedef struct SolVideoSource {
    bool (*takes)(const char *path, const SolVideoOptions *options);
    /* *state and *info are untouched on failure; the options are complete and checked, and borrowed */
    int (*open)(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options);
    int (*index)(void *state, SolVideoIndex *index);
    int (*read)(void *state, SolImage **image);
    int (*skip_to)(void *state, int64_t frame);
    /* adds everything that its pictures are made of; NULL: that is not known before they have been read */
    int (*digest)(const void *state, SolDigester *digester);
    void (*close)(void *state);
} SolVideoSource;

extern const SolVideoSource sol_source_joined;   /* joined.c: several inputs, one after another */
extern const SolVideoSource sol_source_spooled;  /* spool.c: standard input */
extern const SolVideoSource sol_source_numbered; /* sequence.c: folders and patterns of numbered images */
extern const SolVideoSource sol_source_file;     /* demux.c: all that libavformat reads */

/* Seconds by which a written time and a frame's own may differ and still be meant to be the same. */
#define SOL_TIME_TOLERANCE 0.0005

/** When a frame begins, in seconds; index->frames: when the last one ends. */
double sol_index_seconds(const SolVideoIndex *index, int64_t frame);

/** The first frame that begins at `seconds` or later, but for rounding; index->frames where there is none. */
int64_t sol_index_find(const SolVideoIndex *index, double seconds);

/** SOL_ERR_CANCELLED where the one who gave the options wants no more. */
int sol_video_interrupted(const SolVideoOptions *options);

/** Whether the content of a video is known before it is read, so that sol_video_digest() can tell it. */
bool sol_video_has_digest(const SolVideo *video);

/** Adds the content of what a video is read from, and how it is read, to a fingerprint. */
int sol_video_digest(const SolVideo *video, SolDigester *digester);

#endif

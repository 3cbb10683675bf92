/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of input behind SolVideo. A new one is a file with a table of its own, and a line in
 * video.c.
 */
#ifndef SOL_MEDIA_VIDEO_H
#define SOL_MEDIA_VIDEO_H

#include <solstice/video.h>

/* One kind of input: what the functions of the same names in <solstice/video.h> ask of it. */
typedef struct SolVideoSource {
    bool (*takes)(const char *path);
    /* *state and *info are untouched on failure; the options are complete and checked, and borrowed */
    int (*open)(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options);
    int (*index)(void *state, SolVideoIndex *index);
    int (*read)(void *state, SolImage **image);
    int (*skip_to)(void *state, int64_t frame);
    void (*close)(void *state);
} SolVideoSource;

extern const SolVideoSource sol_source_numbered; /* sequence.c: folders and patterns of numbered images */
extern const SolVideoSource sol_source_file;     /* demux.c: all that libavformat reads */

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are one picture which moves: GIF, and, where FFmpeg can make them, WebP and APNG. Pictures and how long they
 * show go in; which pictures those are is the caller's (gif.c).
 */
#ifndef SOL_MEDIA_ANIMATION_H
#define SOL_MEDIA_ANIMATION_H

#include "media/gif_encoder.h"

typedef struct SolAnimation SolAnimation;

typedef struct SolAnimationFormat {
    const char *path;      /* of the output: its extension tells the kind, and messages name it; borrowed */
    const char *temporary; /* the file that is written; borrowed while it is opened */
    int width, height;     /* of the pictures */
    int loop;              /* how many times it plays; 0: for ever */
    int threads;           /* 0: one a processor */
    SolGifLook look;       /* of a GIF */
    int quality;           /* of a WebP: 1..100; 0: the default */
} SolAnimationFormat;

/* Extensions of the kinds beside GIF, as sol_path_has_extension() takes them. */
#define SOL_ANIMATION_EXTENSIONS "webp apng"

/** @return 0, or SOL_ERR_ARGUMENT where this FFmpeg cannot make a file of this kind */
int sol_animation_check(const char *path);

/** The units of a second in which this kind of file counts time. */
int sol_animation_ticks(const char *path);

/**
 * @param[out] animation  untouched on failure; released by sol_animation_close()
 * @return 0, SOL_ERR_ARGUMENT (pictures that this kind cannot hold), SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_animation_open(SolAnimation **animation, const SolAnimationFormat *format);

/** Adds a picture that shows for `duration` units of sol_animation_ticks(). */
int sol_animation_add(SolAnimation *animation, SolImage *image, int64_t duration);

/** The bytes that have been written so far; what an encoder still holds is not among them. */
int64_t sol_animation_bytes(const SolAnimation *animation);

/** Completes the file, which has `*bytes`. Nothing may be added any more. */
int sol_animation_finish(SolAnimation *animation, int64_t *bytes);

/** Sets *animation to NULL; NULL is accepted. */
void sol_animation_close(SolAnimation **animation);

#endif

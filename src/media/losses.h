/* SPDX-License-Identifier: Apache-2.0
 *
 * What a damaged or cut file has lost, so that it can be told: a demuxer goes on behind a damaged place, or
 * stops at the end of a file that was cut off, without a word.
 */
#ifndef SOL_MEDIA_LOSSES_H
#define SOL_MEDIA_LOSSES_H

#include "media/decode.h"

/* The pace of a stream; begins as {0}. */
typedef struct SolLosses {
    int64_t frames;    /* seen so far */
    int64_t last;      /* time of the last one */
    int64_t interval;  /* between the last two */
    int steady;        /* how many intervals in a row were like it */
    bool ended;        /* the end has been looked at */
} SolLosses;

/**
 * Notes the time of the next frame, in the stream's time base, and warns where a stream of even pace has a hole
 * of 3 frames and a fifth of a second, or more. Animated images may pause as they like.
 */
void sol_losses_frame(SolLosses *losses, const SolDecoder *decoder, int64_t time);

/**
 * Warns where the pictures end before the file says that they do.
 *
 * @param start     the stamp of the first frame
 * @param duration  of the last frame
 */
void sol_losses_end(SolLosses *losses, const SolDecoder *decoder, int64_t start, int64_t duration);

/** Fails for a file that holds no readable picture, SOL_ERR_FORMAT: says so where an MP4 or QuickTime file is cut. */
int sol_fail_unreadable(const char *path);

/** True for an MP4 or QuickTime file without its index (moov), or with a part of it only. */
bool sol_mp4_is_cut(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Clips: made and looked at with the ffmpeg and ffprobe programs, and read with the library. NAMEs and
 * what `arguments` name lie in the test's folder.
 */
#ifndef TEST_CLIPS_H
#define TEST_CLIPS_H

#include <solstice/video.h>

#include <stddef.h>
#include <stdint.h>

/* ---- making ---- */

/* The size of numbered_clip()'s pictures. */
enum { CLIP_WIDTH = 64, CLIP_HEIGHT = 48 };

/** Runs ffmpeg in the test's folder; ends the test where it fails. */
void ffmpeg(const char *arguments);

/** Feeds raw pixels (`layout` as -pix_fmt, 30 pictures a second) to ffmpeg, whose further arguments are given. */
void ffmpeg_from(const void *pixels, size_t bytes, const char *layout, int width, int height, const char *arguments);

/** Makes a clip of `frames` pictures that carry their number, from 0 on, encoded as `arguments` say. */
void numbered_clip(int frames, const char *arguments);

/** Skips the test where FFmpeg was built without an encoder. */
void need_encoder(const char *name);

/* ---- looking ---- */

/**
 * What ffprobe says of the entries ("stream=width,height:format=duration") of the file's pictures, in
 * ffprobe's own order: one "key=value|" after the other. It is in `printed`.
 */
const char *probe(const char *path, const char *entries);

/** All frames as RGB, decoded by ffmpeg; freed with free(). */
uint8_t *decode(const char *path, int width, int height, int *frames);

/** Fails unless ffmpeg finds `count` frames, and they carry the numbers from `first` on. */
void assert_numbers(const char *path, int width, int height, int first, int count);

/* ---- reading ---- */

/* As the functions of the library, which must succeed; the picture is NULL behind the last one. */
SolVideo *open_video(const char *name, const SolVideoOptions *options);
SolImage *read_image(SolVideo *video);

/** Fails unless the clip is at its end, and stays there. */
void assert_end(SolVideo *video);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * From a decoded frame to the picture that a screen would show: RGB by the frame's own matrix and
 * range, upright, with square pixels, laid over a colour where it is transparent, and with the range of light of
 * an ordinary screen where the frame has a higher one (PQ, HLG: tone.h; what is transparent in those is taken as opaque).
 */
#ifndef SOL_MEDIA_CONVERT_H
#define SOL_MEDIA_CONVERT_H

#include <libavutil/frame.h>

#include <solstice/video.h>

#include "base/digest.h"

/* Keeps the scaling contexts from one frame to the next. */
typedef struct SolConverter SolConverter;

/**
 * The size that a frame's picture has, upright and with square pixels (the width follows the sample
 * aspect ratio, the lines stay). A display matrix in the frame's side data, or an Orientation (Exif)
 * in its metadata, turns it.
 *
 * @param short_side  pixels of the shorter side; 0: as it is
 * @return 0, SOL_ERR_ARGUMENT (short_side is negative, or the picture would exceed SOL_IMAGE_MAX_SIDE
 *         because of it) or SOL_ERR_FORMAT (it exceeds it by itself)
 */
int sol_picture_size(const AVFrame *frame, int short_side, int *width, int *height);

/**
 * The matrix that a frame's colours are read with, as AVColorSpace: its own, otherwise BT.2020 for
 * PQ and HLG, BT.601 below 1280 columns and 720 lines, and BT.709 from there on. *guessed (may be NULL) says which it was;
 * RGB and grey need none and are never guessed.
 */
enum AVColorSpace sol_frame_matrix(const AVFrame *frame, bool *guessed);

/** Fills in what a frame itself tells: pixel_format, width, height, rotation, and all that says how colours are read. */
void sol_describe_frame(const AVFrame *frame, SolVideoInfo *info);

/**
 * @param[out] converter  released by sol_converter_close()
 * @param background      R, G, B that transparent pixels are laid over; NULL for white
 */
int sol_converter_open(SolConverter **converter, const uint8_t *background);

/**
 * Has frames with an alpha channel become pictures of that: grey, 255 where they are opaque. One with a palette has it in
 * any case, and counts only where a pixel is transparent.
 *
 * @param palette  all frames do, even if they are decoded to others, as those of a GIF are
 */
void sol_converter_show_alpha(SolConverter *converter, bool palette);

/**
 * Turns a frame into a picture of width x height pixels; the picture's place in time is not set.
 *
 * @param[out] image  untouched on failure
 * @return 0, SOL_ERR_FORMAT (a pixel format that libswscale does not read), SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_convert(SolConverter *converter, const AVFrame *frame, int width, int height, SolImage **image);

/** Adds what pictures depend on beside the frames. */
void sol_converter_digest(const SolConverter *converter, SolDigester *digester);

/** Sets *converter to NULL; NULL is accepted. */
void sol_converter_close(SolConverter **converter);

#endif

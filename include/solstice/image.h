/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture: 8-bit RGB (R, G, B interleaved, full range, the colours a screen would show), upright,
 * with square pixels, and the place in time that it came from. Pictures are reference-counted; the
 * pixels of a picture with more than one reference must not be written to.
 */
#ifndef SOLSTICE_IMAGE_H
#define SOLSTICE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <solstice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Largest width or height of a picture, in pixels. */
#define SOL_IMAGE_MAX_SIDE 32768

typedef struct SolImage SolImage;

/* A fraction, as time bases (seconds a unit) and frame rates (frames a second) are. */
typedef struct SolRational {
    int num, den;
} SolRational;

/**
 * Creates a picture of width x height pixels, 1..SOL_IMAGE_MAX_SIDE each; its pixels are undefined.
 *
 * @param[out] image  untouched on failure; released by sol_image_unref()
 * @return 0, SOL_ERR_ARGUMENT or SOL_ERR_NOMEM
 */
SOL_API int sol_image_create(SolImage **image, int width, int height);

/** Takes one more reference; returns `image`. */
SOL_API SolImage *sol_image_ref(SolImage *image);

/** Gives one reference back, frees the picture with the last, and sets *image to NULL. NULL is accepted. */
SOL_API void sol_image_unref(SolImage **image);

SOL_API int sol_image_width(const SolImage *image);
SOL_API int sol_image_height(const SolImage *image);

/** Row `y` (0 is the top): width * 3 bytes, owned by the picture. */
SOL_API uint8_t *sol_image_row(SolImage *image, int y);
SOL_API const uint8_t *sol_image_row_const(const SolImage *image, int y);

/**
 * Scales to width x height with a bicubic filter (area-averaging as it shrinks).
 *
 * @param[out] scaled  a new picture with the place in time of `image`; untouched on failure
 * @return 0, SOL_ERR_ARGUMENT or SOL_ERR_NOMEM
 */
SOL_API int sol_image_scale(SolImage **scaled, const SolImage *image, int width, int height);

/**
 * Reads a still image of any format that libavcodec decodes. Grey becomes RGB; transparent pixels
 * are laid over white; an orientation stored in the file is applied.
 *
 * @param[out] image  untouched on failure
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT or SOL_ERR_NOMEM
 */
SOL_API int sol_image_load(SolImage **image, const char *path);

/**
 * Writes a PNG or JPEG file (by the extension .png, .jpg or .jpeg), complete or not at all.
 *
 * @return 0, SOL_ERR_EXISTS (when the file exists and `overwrite` is false), SOL_ERR_ARGUMENT (an
 *         extension of another kind), SOL_ERR_IO or SOL_ERR_NOMEM
 */
SOL_API int sol_image_save(const SolImage *image, const char *path, bool overwrite);

#ifdef __cplusplus
}
#endif

#endif

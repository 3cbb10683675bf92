/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose colours a painting has.
 */
#ifndef SOLSTICE_COLOR_H
#define SOLSTICE_COLOR_H

#include <stdbool.h>

#include <solstice/image.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SolColor {
    SOL_COLOR_STYLE,    /* the style's */
    SOL_COLOR_CONTENT,  /* the content's: the style image gets its colours before it is learned */
    SOL_COLOR_LUMINANCE /* each pixel's own: the painting gives the luminance, the frame the chroma */
} SolColor;

/** The name, as schedules write it: "style", "content" or "luminance". */
SOL_API const char *sol_color_name(SolColor color);

/** Looks a name up; false, with *color untouched, where there is no such name. */
SOL_API bool sol_color_find(const char *name, SolColor *color);

/**
 * Gives a picture another's colours: a linear map of R, G, B, as they are coded, moves the mean and covariance
 * of its pixels to those of the other's (correlation alignment: Sun et al. 2016, as Gatys et al. 2016, "Preserving
 * Color", use it on style images). The map is the symmetric one, Cto^1/2 Cfrom^-1/2; what is all but flat in a
 * direction of colours, a grey picture for example, gains nothing in it.
 *
 * @param[out] matched  a new picture of the size of `image`; untouched on failure
 * @return 0 or SOL_ERR_NOMEM
 */
SOL_API int sol_image_match_color(SolImage **matched, const SolImage *image, const SolImage *like);

/**
 * Replaces a painting's chroma by that of the frame it was painted from, pixel by pixel, in BT.709's Y'CbCr (as
 * Gatys et al. 2016 do it in YIQ). Where the colour cannot be that bright or dark, it fades towards grey so that
 * the luminance stays.
 *
 * @param painting  changed in place; of the frame's size
 */
SOL_API void sol_image_take_chroma(SolImage *painting, const SolImage *frame);

#ifdef __cplusplus
}
#endif

#endif

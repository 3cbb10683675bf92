/* SPDX-License-Identifier: Apache-2.0
 *
 * Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004, "Image Quality Assessment: From Error Visibility to
 * Structural Similarity") of two luma planes.
 */
#ifndef SOL_TEMPORAL_SSIM_H
#define SOL_TEMPORAL_SSIM_H

#include "base/pool.h"
#include "image/image.h"

enum { SOL_SSIM_WINDOW = 11 }; /* pixels along a side */

/* What one size takes, reserved once. */
typedef struct SolSsim SolSsim;

/**
 * @param[out] ssim  untouched on failure; released by sol_ssim_close()
 * @param pool       borrowed until then; its threads share the rows, and their number changes no bit of the result
 * @return 0, SOL_ERR_NOMEM
 */
int sol_ssim_open(SolSsim **ssim, int width, int height, SolPool *pool);
void sol_ssim_close(SolSsim **ssim);

/** Fills luma[height][width], 0..255: 0.299 R + 0.587 G + 0.114 B, not rounded. */
void sol_luma(const SolImage *image, float *luma, SolPool *pool);

/**
 * The mean of SSIM over all windows of 11x11 pixels that lie within the picture, weighted by a Gaussian of deviation
 * 1.5 whose weights sum to 1; K1 = 0.01, K2 = 0.03, L = 255.
 *
 * @param a, b  planes of the size; [height][width], 0..255
 * @return NAN where a side has fewer than 11 pixels
 */
double sol_ssim(SolSsim *ssim, const float *a, const float *b);

#endif

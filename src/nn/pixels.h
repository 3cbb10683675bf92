/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of pixels of features in any layout, as float32 planes and back: for operators that look at all channels of a
 * pixel at once. A run is counted row by row within an area. All is done by the calling thread.
 */
#ifndef SOL_NN_PIXELS_H
#define SOL_NN_PIXELS_H

#include "nn/features.h"

/** planes[c * stride + i] = channel c of pixel first + i, for 0 <= i < count. */
void sol_pixels_read(const SolFeatures *in, SolArea area, int first, int count, float *planes, size_t stride);

/** The way back. Channels that only fill up the last group become 0. */
void sol_pixels_write(const float *planes, size_t stride, const SolFeatures *out, SolArea area, int first, int count);

#endif

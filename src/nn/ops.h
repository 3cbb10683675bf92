/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators of a network besides convolution, on features in any layout. They are split over the workers
 * of a pool, allocate nothing, compute in float32 whatever the elements are, and give the same result with
 * any number of workers. `in` and `out` have the same layout unless another is allowed; where they have the
 * same shape too, they may be the same memory. Margins are left as they are.
 */
#ifndef SOL_NN_OPS_H
#define SOL_NN_OPS_H

#include "base/pool.h"
#include "nn/features.h"

/* Added to a variance before its root is taken (Huang & Belongie 2017, their published code). */
#define SOL_MOMENTS_EPSILON 1e-5

/* Mean and biased variance of a channel. */
typedef struct SolMoments {
    double mean, variance;
} SolMoments;

/** out = the largest of every 2x2 pixels; an odd last row or column is dropped. */
void sol_op_max_pool(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = `in` with every pixel repeated 2x2 (nearest-neighbour upsampling). */
void sol_op_upsample(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/**
 * out = `in` at twice the height and width, interpolated linearly along either side between the middles of pixels;
 * beyond the outermost ones it is what they are (half-pixel centres, corners not aligned).
 */
void sol_op_upsample_bilinear(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = `in`, continued by reflection on every side, by as many pixels as `out` has more there. */
void sol_op_pad(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = a + b. One of them may have half the height and width: it is upsampled while it is read. */
void sol_op_add(SolPool *pool, const SolFeatures *a, const SolFeatures *b, const SolFeatures *out);

/** out = max(in, 0). */
void sol_op_relu(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = tanh(in). */
void sol_op_tanh(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** out = (in - centre[c]) * scale[c] + offset[c]; a `centre` of NULL is 0. */
void sol_op_affine(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale, const float *offset,
                   const SolFeatures *out);

/** The same, and max(.., 0) of it where `relu` is wanted. */
void sol_op_normalise(SolPool *pool, const SolFeatures *in, const float *centre, const float *scale,
                      const float *offset, bool relu, const SolFeatures *out);

/** moments[c] of every channel within an area (of one pixel or more), summed in double. */
void sol_op_moments(SolPool *pool, const SolFeatures *in, SolArea area, SolMoments *moments);

/**
 * Adds what is known of `part_count` more pixels to the moments of `count` pixels (0 or more), channel by channel
 * (Chan, Golub & LeVeque 1979).
 */
void sol_moments_merge(SolMoments *moments, double count, const SolMoments *part, double part_count, int channels);

/** out = in, in another layout. Without a pool (NULL), by the calling thread alone. */
void sol_op_convert(SolPool *pool, const SolFeatures *in, const SolFeatures *out);

/** Fills the margin with what the border puts there. */
void sol_op_fill_margin(SolPool *pool, const SolFeatures *features, SolBorder border);

/** sqrt(variance + SOL_MOMENTS_EPSILON): a channel's deviation, as styles keep it. */
float sol_deviation(const SolMoments *moments);

/**
 * What a painting of a strength aims at: mean[c] and std[c] lie that far from the picture's own moments at the
 * tap to the style's.
 *
 * @param own    moments at the tap on the picture itself; not looked at where strength is 1
 * @param style  [channels] means, then [channels] deviations
 */
void sol_adain_aim(const SolMoments *own, int channels, const float *style, float strength, float *mean, float *std);

/* A deviation of this much, relative to 1 + |mean|, is taken for rounding errors by what normalises. */
#define SOL_ADAIN_NOISE 3e-5

/**
 * Adaptive instance normalisation (Huang & Belongie 2017, eq. 8): what sol_op_affine() has to be given so that
 * channels with these moments get mean[c] and std[c].
 *
 * Channels of one value stay flat: contrast is multiplied by std^4 / (std^4 + noise^4), which is 1 but for
 * rounding errors. Those differ from pixel to pixel, and a few adain layers in a row would blow them up to
 * the style's full contrast.
 */
void sol_adain(const SolMoments *moments, int channels, const float *mean, const float *std, float *centre,
               float *scale, float *offset);

/**
 * Instance normalisation (Ulyanov et al. 2016): what sol_op_normalise() has to be given so that channels with these
 * moments get the mean shift[c] and the deviation gain[c], as far as epsilon, added to the variance, leaves it.
 * Channels of one value stay flat, as by sol_adain().
 */
void sol_instance_norm(const SolMoments *moments, int channels, double epsilon, const float *gain, const float *shift,
                       float *centre, float *scale, float *offset);

#endif

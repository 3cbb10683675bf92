/* SPDX-License-Identifier: Apache-2.0
 *
 * Mean and variance of the channels of features, over all pixels alike or weighted, and what follows from them for the
 * layers that normalise. Layouts, workers and precision are as for the operators (nn/ops.h); sums are in double, in an
 * order that depends on the shape alone.
 */
#ifndef SOL_NN_MOMENTS_H
#define SOL_NN_MOMENTS_H

#include "base/pool.h"
#include "nn/features.h"
#include "nn/weights.h"

/* Added to a variance before its root is taken (Huang & Belongie 2017, their published code). */
#define SOL_MOMENTS_EPSILON 1e-5

/* Mean and biased variance of a channel. */
typedef struct SolMoments {
    double mean, variance;
} SolMoments;

/** moments[c] of every channel within an area (of one pixel or more). */
void sol_op_moments(SolPool *pool, const SolFeatures *in, SolArea area, SolMoments *moments);

/**
 * The same where pixel (x, y) of the area counts as much as its weight: mean = sum of w x / sum of w, variance = sum of
 * w (x - mean)^2 / sum of w.
 *
 * @return the sum of the weights; where it is 0 the moments are untouched
 */
double sol_op_moments_weighted(SolPool *pool, const SolFeatures *in, SolArea area, SolWeightRows weights,
                               SolMoments *moments);

/**
 * Adds what is known of `part_count` more pixels to the moments of `count` pixels (0 or more, but not both 0), channel
 * by channel (Chan, Golub & LeVeque 1979). Counts may be sums of weights.
 */
void sol_moments_merge(SolMoments *moments, double count, const SolMoments *part, double part_count, int channels);

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

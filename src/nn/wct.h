/* SPDX-License-Identifier: Apache-2.0
 *
 * Whitening and colouring (Li et al. 2017, "Universal Style Transfer via Feature Transforms"): features get the mean
 * and the covariance that a style has.
 *
 * With the content's mean m and covariance C = E D E^T over all pixels, and the style's n and S = F G F^T,
 *
 *     whitening  W = E D^-1/2 E^T     colouring  K = F G^1/2 F^T     y = K W (x - m) + n
 *
 * where eigenvalues up to SOL_WCT_LEAST, and what belongs to them, are dropped. A style keeps n and K; both are
 * symmetric functions of their matrices, so that the signs and the order of eigenvectors do not matter, and the means
 * and colourings of several styles can be weighted and added: that blends what they make of the same features.
 *
 * All of it is computed in double precision, but for the product of the features with one matrix a picture, in
 * float32. Workers take runs of pixels whose bounds depend on the shape alone, and what they find is put together in a
 * fixed order: the number of threads changes no bit.
 */
#ifndef SOL_NN_WCT_H
#define SOL_NN_WCT_H

#include "base/pool.h"
#include "nn/features.h"
#include "nn/weights.h"

/* Eigenvalues of a covariance up to this much are taken for zero. */
#define SOL_WCT_LEAST 1e-5

enum { SOL_WCT_CHANNELS_MAX = 2048 };

/* How the features of some pixels scatter about their mean. */
typedef struct SolScatter {
    double count;     /* of pixels, or the sum of their weights */
    double *mean;     /* [channels] */
    double *products; /* [channels][channels], the upper triangle: sums of products of deviations from the mean */
} SolScatter;

/** Bytes of a scatter's numbers; a scatter with its numbers in memory for them; and one of no pixels. */
size_t sol_scatter_bytes(int channels);
SolScatter sol_scatter_in(void *memory, int channels);
void sol_scatter_clear(SolScatter *scatter, int channels);

/**
 * Bytes of workspace for the functions below, 1 to SOL_WCT_CHANNELS_MAX channels; aligned to SOL_ALIGNMENT. About
 * 128 (channels)^2 bytes and half a MiB a thread.
 */
size_t sol_wct_bytes(int channels, const SolPool *pool);

/** The scatter of all pixels of an area (of one pixel or more). */
void sol_op_scatter(SolPool *pool, const SolFeatures *in, SolArea area, void *work, SolScatter *scatter);

/**
 * The same where pixel (x, y) of the area counts as much as its weight: the count is the sum of the weights, and mean
 * and products are sums in which every pixel is multiplied by its own. Without any weight it is the scatter of no
 * pixels.
 */
void sol_op_scatter_weighted(SolPool *pool, const SolFeatures *in, SolArea area, SolWeightRows weights, void *work,
                             SolScatter *scatter);

/** Adds the pixels of `part` to those of `scatter` (Chan, Golub & LeVeque 1979). */
void sol_scatter_merge(SolScatter *scatter, const SolScatter *part, int channels);

/**
 * What a style keeps of its features: [channels] means, then the colouring [channels][channels].
 *
 * @return 0, SOL_ERR_FORMAT (the features are not finite)
 */
int sol_wct_colouring(const SolScatter *style, int channels, void *work, float *statistics);

/**
 * What sol_op_matrix() has to be given for strength * (whitened and coloured) + (1 - strength) * x.
 *
 * @param style   as sol_wct_colouring() makes it, or a sum of such
 * @param matrix  [channels][channels]
 * @return 0, SOL_ERR_FORMAT (the features are not finite)
 */
int sol_wct(const SolScatter *content, int channels, const float *style, float strength, void *work, float *centre,
            float *matrix, float *offset);

/** out[c] = offset[c] + sum over d of matrix[c][d] * (in[d] - centre[d]), for every pixel; `out` may be `in`. */
void sol_op_matrix(SolPool *pool, const SolFeatures *in, const float *centre, const float *matrix, const float *offset,
                   void *work, const SolFeatures *out);

#endif

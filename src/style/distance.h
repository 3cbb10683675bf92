/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a painting is from the style that it was painted in and from what it was painted of, as a network that was
 * trained to recognise things sees it: the parts of the loss of painting by optimisation (style/gatys.h), each of
 * weight 1,
 *
 *     style   = the mean over the style layers s of |G_s - A_s|^2 / |A_s|^2
 *     content = |F - P|^2 / |P|^2 at the content layer
 *
 * where F and P are the layer's values on the painting and on the frame, G and A statistics (Gram matrices, or means
 * and deviations) of the painting's and the style image's. 0: nothing differs; 1: as far as a picture without any
 * values.
 *
 * Layers are relu1_1 to relu5_1 for the style and relu4_1 for the content (Gatys et al. 2016, Huang & Belongie 2017),
 * or of a shorter network those that painting by optimisation takes.
 */
#ifndef SOL_STYLE_DISTANCE_H
#define SOL_STYLE_DISTANCE_H

#include <solstice/model.h>
#include <solstice/style.h>

#include "base/pool.h"
#include "image/image.h"

typedef struct SolDistance SolDistance;

/**
 * Plans comparing pictures of one size.
 *
 * @param[out] distance  untouched on failure; released by sol_distance_close()
 * @param model          with layers as above; borrowed until then, as is `pool`
 * @return 0, SOL_ERR_ARGUMENT (the size is too small for the network), SOL_ERR_FORMAT (it has no such layers),
 *         SOL_ERR_NOMEM
 */
int sol_distance_open(SolDistance **distance, const SolModel *model, int width, int height, SolStatistics statistics,
                      SolPool *pool);

/**
 * Learns a style image, at its own aspect ratio and SOL_STYLE_SHORT_SIDE, as painting does.
 *
 * @param[out] number  of the style, from 0 on
 */
int sol_distance_learn(SolDistance *distance, const SolImage *image, int *number);

/** Makes `frame`, of the planned size, what paintings are compared with. */
void sol_distance_set_frame(SolDistance *distance, const SolImage *frame);

/**
 * Compares a painting of that frame.
 *
 * @param style        the number of a learned style; -1: of none, and *from_style is NAN
 * @param from_content may be NULL
 */
void sol_distance_find(SolDistance *distance, const SolImage *painting, int style, double *from_style,
                       double *from_content);

/** The layers that are compared: "relu1_1 .. relu5_1". Owned by `distance`. */
const char *sol_distance_layers(const SolDistance *distance);

void sol_distance_close(SolDistance **distance);

#endif

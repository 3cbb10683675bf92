/* SPDX-License-Identifier: Apache-2.0
 *
 * What painting by optimisation minimises (Gatys, Ecker & Bethge 2016), and its gradient.
 *
 * With F the values of a layer on the painting, P on the content, G the statistics of F and A the style's, over all
 * content layers c and style layers s, whose weights w each sum to 1:
 *
 *     loss = content_weight * sum over c of w_c |F_c - P_c|^2 / |P_c|^2
 *          + style_weight * sum over s of w_s |G_s - A_s|^2 / |A_s|^2
 *          + tv_weight * the mean over all pixels and channels of (right - here)^2 + (below - here)^2
 *          + temporal_weight * sum over k of the mean over all pixels and channels of t_k (x - r_k)^2
 *
 * Statistics are Gram matrices (nn/gram.h), or the means and deviations of all channels. Parts are relative to what
 * they aim at, so that weights mean the same for any network, however large its values are.
 *
 * In a region (Gatys et al. 2017) G is that of the pixels that it covers, each as far as it is covered, and the style
 * counts as much as the share of the picture that the region is: so a pixel within weighs content against style as it
 * does where there is no region.
 */
#ifndef SOL_STYLE_GATYS_H
#define SOL_STYLE_GATYS_H

#include <solstice/style.h>

#include "nn/backward.h"
#include "style/engine.h"

enum { SOL_GATYS_LAYERS_MAX = 32 };

typedef struct SolGatysLayer {
    int node;
    double weight; /* all layers' sum is 1 */
} SolGatysLayer;

/* What is minimised, for any size. */
typedef struct SolGatysGoal {
    const SolGraph *graph;
    SolStatistics statistics;
    double content_weight, style_weight, tv_weight, temporal_weight;
    SolGatysLayer content[SOL_GATYS_LAYERS_MAX], style[SOL_GATYS_LAYERS_MAX];
    int content_count, style_count;
} SolGatysGoal;

/**
 * Reads the goal from the options: which layers are compared.
 *
 * @return 0, SOL_ERR_ARGUMENT (no such layer, or one that depends on a style; a weight that is none), SOL_ERR_FORMAT
 *         (the network has none of the layers that are compared where nothing is said)
 */
int sol_gatys_goal(SolGatysGoal *goal, const SolGraph *graph, const SolOptimiseOptions *options);

/** How many numbers the statistics of all style layers are. */
size_t sol_gatys_statistics(const SolGatysGoal *goal);

/**
 * Fills statistics[] with those of a picture.
 *
 * @param image  of any size that the network's poolings leave a pixel of
 * @return 0, SOL_ERR_ARGUMENT (it is too small), SOL_ERR_NOMEM
 */
int sol_gatys_learn(const SolGatysGoal *goal, const SolImage *image, const SolPlanOptions *how, SolPool *pool,
                    float *statistics);

/* The parts of a loss, with their weights. */
typedef struct SolGatysParts {
    double content, style, tv, temporal;
} SolGatysParts;

typedef struct SolGatysLoss SolGatysLoss;

/**
 * Plans computing the loss and its gradient for pictures of one size.
 *
 * @param[out] loss  untouched on failure; released by sol_gatys_loss_close(). Borrows `goal` and `pool`
 * @return as sol_backward_open()
 */
int sol_gatys_loss_open(SolGatysLoss **loss, const SolGatysGoal *goal, int width, int height,
                        const SolPlanOptions *how, SolPool *pool);

/** What that would take, and multiply-adds of the network, forward and back. */
int sol_gatys_loss_measure(SolPlanSize *size, const SolGatysGoal *goal, int width, int height,
                           const SolPlanOptions *how, SolPool *pool);

/** Takes the content from a picture of the planned size. */
void sol_gatys_loss_set_content(SolGatysLoss *loss, const SolImage *content);

/** Takes the style; statistics[] are borrowed. `strength` is what style_weight is multiplied by. */
void sol_gatys_loss_set_style(SolGatysLoss *loss, const float *statistics, double strength);

/**
 * Takes the painting's statistics from what a mask of the frame's size covers, which is copied. One that covers nothing
 * is as NULL, which is how a loss begins: the whole picture.
 *
 * @return 0, SOL_ERR_NOMEM (there is no region then)
 */
int sol_gatys_loss_set_region(SolGatysLoss *loss, const SolMask *region);

/**
 * Holds the painting to pictures of the frame's size, which are copied; with a count of 0 to none, as a loss begins.
 *
 * @return 0, SOL_ERR_NOMEM
 */
int sol_gatys_loss_set_references(SolGatysLoss *loss, const SolReference references[], int count);

/** A SolObjective: the loss of planes R, G, B in 0..1. `loss` is a SolGatysLoss. */
double sol_gatys_loss(void *loss, const float *x, float *gradient);

/** The parts of the last loss computed. */
SolGatysParts sol_gatys_loss_parts(const SolGatysLoss *loss);

/** What computes both ways through the network. */
const SolBackward *sol_gatys_loss_network(const SolGatysLoss *loss);

/** Seconds that all losses so far took beside the network. */
double sol_gatys_loss_seconds(const SolGatysLoss *loss);

void sol_gatys_loss_close(SolGatysLoss **loss);

#endif

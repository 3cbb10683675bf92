/* SPDX-License-Identifier: Apache-2.0
 *
 * A trail has, node by node in the graph's order: of an adain node the means and variances of what it reads and then
 * those of its tap, by turns for every channel; of a wct node the means, and the upper triangle of the covariance.
 */
#include "nn/apply.h"

size_t sol_apply_trail(const SolGraph *graph, int node)
{
    size_t count = 0;
    for (int n = 0; n < sol_graph_count(graph) && n != node; n++) {
        size_t channels = (size_t)sol_graph_node(graph, n)->channels;
        SolOp op = sol_graph_node(graph, n)->layer.op;
        count += op == SOL_OP_ADAIN ? 4 * channels : op == SOL_OP_WCT ? channels + channels * (channels + 1) / 2 : 0;
    }
    return count;
}

bool sol_apply_needs_own(const SolApply *apply)
{
    return apply->strength < 1 || apply->trail;
}

/* The share of what was before. */
static double share_of(const SolApply *apply)
{
    return apply->begun ? (double)apply->smoothing : 0;
}

/* One number moves on: a mean; or a (co)variance, to which the distance of two means adds. Returns what it becomes. */
static double smooth(double *kept, double share, double own, double apart)
{
    *kept = share > 0 ? share * *kept + (1 - share) * own + share * (1 - share) * apart : own;
    return *kept;
}

void sol_apply_smooth_moments(const SolApply *apply, size_t at, SolMoments *moments, int channels)
{
    double *trail = apply->trail ? apply->trail + at : NULL, share = share_of(apply);
    for (int c = 0; trail && c < channels; c++, trail += 2) {
        double apart = moments[c].mean - trail[0];
        moments[c].mean = smooth(&trail[0], share, moments[c].mean, 0);
        moments[c].variance = smooth(&trail[1], share, moments[c].variance, apart * apart);
    }
}

/* Where there is a trail. */
static void smooth_scatter(const SolApply *apply, size_t at, SolScatter *scatter, int channels)
{
    double pixels = scatter->count > 1 ? scatter->count - 1 : 1; /* as covariances are counted: see sol_wct() */
    double share = scatter->count < SOL_APPLY_PIXELS * (double)channels ? 0 : share_of(apply);
    double *means = apply->trail + at, *kept = means + channels;
    size_t size = (size_t)channels;
    for (size_t c = 0; c < size; c++)
        for (size_t d = c; d < size; d++, kept++) {
            double *products = &scatter->products[c * size + d];
            double apart = (scatter->mean[c] - means[c]) * (scatter->mean[d] - means[d]);
            double covariance = smooth(kept, share, *products / pixels, apart);
            if (share > 0) /* dividing and multiplying again would change the last bit */
                *products = covariance * pixels;
        }
    for (size_t c = 0; c < size; c++)
        scatter->mean[c] = smooth(&means[c], share, scatter->mean[c], 0);
}

void sol_apply_smooth_scatter(const SolApply *apply, size_t at, SolScatter *scatter, int channels)
{
    if (apply->trail)
        smooth_scatter(apply, at, scatter, channels);
}

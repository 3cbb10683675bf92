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

/* One number of a trail moves on; returns what it becomes. */
static double smooth(const SolApply *apply, size_t at, double own)
{
    double share = (double)apply->smoothing, *kept = &apply->trail[at];
    *kept = apply->begun && share > 0 ? share * *kept + (1 - share) * own : own;
    return *kept;
}

void sol_apply_smooth_moments(const SolApply *apply, size_t at, SolMoments *moments, int channels)
{
    for (int c = 0; apply->trail && c < channels; c++, at += 2) {
        moments[c].mean = smooth(apply, at, moments[c].mean);
        moments[c].variance = smooth(apply, at + 1, moments[c].variance);
    }
}

void sol_apply_smooth_scatter(const SolApply *apply, size_t at, SolScatter *scatter, int channels)
{
    double pixels = scatter->count > 1 ? scatter->count - 1 : 1; /* as covariances are counted: see sol_wct() */
    size_t size = (size_t)channels;
    bool own = !apply->begun || apply->smoothing == 0;
    if (!apply->trail)
        return;
    for (size_t c = 0; c < size; c++, at++)
        scatter->mean[c] = smooth(apply, at, scatter->mean[c]);
    for (size_t c = 0; c < size; c++)
        for (size_t d = c; d < size; d++, at++) {
            double covariance = smooth(apply, at, scatter->products[c * size + d] / pixels);
            if (!own) /* dividing and multiplying again would change the last bit */
                scatter->products[c * size + d] = covariance * pixels;
        }
}

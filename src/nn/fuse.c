/* SPDX-License-Identifier: Apache-2.0
 *
 * Melting nodes into steps, kind by kind. Networks have tens of nodes, so plain quadratic searches do.
 */
#include "nn/fuse.h"

typedef struct Fusion {
    const SolGraph *graph;
    const SolConvBackend *backend;
    SolStep *steps;
} Fusion;

static SolOp op_of(const Fusion *f, int n)
{
    return sol_graph_node(f->graph, n)->layer.op;
}

/* Of needed steps, how many times node `n` is read. */
static int count_readers(const Fusion *f, int n)
{
    int readers = 0;
    for (int r = n + 1; r < sol_graph_count(f->graph); r++)
        for (int i = 0; f->steps[r].needed && i < SOL_READS; i++)
            readers += f->steps[r].reads[i] == n;
    return readers;
}

/* ---- upsampling ---- */

/* Whether the step of node `n` can repeat the pixels of its input number `i`. */
static bool can_double(const Fusion *f, int n, int i)
{
    const SolStep *step = &f->steps[n];
    SolConvShape shape = step->conv;
    if (i > 1)
        return false;
    if (op_of(f, n) == SOL_OP_ADD)
        return step->reads[0] != step->reads[1] && !step->doubled[1 - i];
    shape.upsample = true;
    return op_of(f, n) == SOL_OP_CONV && sol_conv_fuses(f->backend, &shape);
}

/* An upsampling melts if all can do without it that read it. */
static void melt_upsampling(const Fusion *f, int u)
{
    int count = sol_graph_count(f->graph);
    if (sol_graph_node(f->graph, u)->layer.bilinear)
        return;
    for (int n = u + 1; n < count; n++)
        for (int i = 0; f->steps[n].needed && i < SOL_READS; i++)
            if (f->steps[n].reads[i] == u && !can_double(f, n, i))
                return;
    for (int n = u + 1; n < count; n++)
        for (int i = 0; f->steps[n].needed && i < 2; i++)
            if (f->steps[n].reads[i] == u) {
                f->steps[n].reads[i] = f->steps[u].reads[0];
                f->steps[n].doubled[i] = true;
                f->steps[n].conv.upsample = true;
            }
    f->steps[u].melted = true;
}

/* ---- ReLU ---- */

static void melt_relu(const Fusion *f, int r)
{
    int c = f->steps[r].reads[0];
    SolStep *step = &f->steps[c];
    if (op_of(f, c) != SOL_OP_CONV || step->kept || count_readers(f, c) > 1)
        return;
    step->conv.relu = true;
    step->sum = r;
    f->steps[r].melted = true;
}

/* ---- pooling ---- */

static void melt_pooling(const Fusion *f, int p)
{
    int whole = f->steps[p].reads[0]; /* what is pooled: a convolution's result, or the ReLU melted into one */
    int c = op_of(f, whole) == SOL_OP_RELU && f->steps[whole].melted ? f->steps[whole].reads[0] : whole;
    SolStep *step = &f->steps[c];
    SolConvShape shape = step->conv;
    if (op_of(f, c) != SOL_OP_CONV || step->pooled >= 0)
        return;
    shape.pooling = f->steps[whole].kept || count_readers(f, whole) > 1 ? SOL_POOLING_ALSO : SOL_POOLING_ONLY;
    if (!sol_conv_fuses(f->backend, &shape))
        return;
    if (shape.pooling == SOL_POOLING_ONLY)
        step->sum = -1;
    step->conv = shape;
    step->pooled = p;
    f->steps[p].melted = true;
}

/* ---- addition ---- */

/* The addition `a` melts into the convolution that computes its later input, if nobody else reads that. */
static void melt_addition(const Fusion *f, int a)
{
    const int *reads = f->steps[a].reads;
    int c = reads[0] > reads[1] ? reads[0] : reads[1], other = reads[0] + reads[1] - c;
    SolStep *step = &f->steps[c];
    SolConvShape shape = step->conv;
    shape.added = true;
    if (other == c || op_of(f, c) != SOL_OP_CONV || step->sum >= 0 || step->kept || count_readers(f, c) > 1 ||
        f->steps[a].doubled[0] || f->steps[a].doubled[1] || !sol_conv_fuses(f->backend, &shape))
        return;
    step->conv = shape;
    step->reads[1] = other;
    step->sum = a;
    f->steps[a].melted = true;
}

/* ---- all ---- */

static void read_inputs(const SolGraph *graph, SolStep *steps, int n)
{
    const SolLayer *layer = &sol_graph_node(graph, n)->layer;
    SolStep *step = &steps[n];
    for (int i = 0; i < SOL_READS; i++)
        step->reads[i] = i < sol_op_inputs(layer->op) ? layer->inputs[i] : -1;
    if (layer->op == SOL_OP_ADAIN)
        step->reads[SOL_READS - 1] = layer->tap;
    if (layer->op == SOL_OP_LEVEL)
        step->reads[1] = -1;
    step->pooled = step->sum = -1;
}

void sol_fuse(const SolGraph *graph, const SolConvBackend *backend, SolStep *steps)
{
    static void (*const melt[SOL_OP_COUNT])(const Fusion *, int) = {
        [SOL_OP_UPSAMPLE] = melt_upsampling,
        [SOL_OP_RELU] = melt_relu,
        [SOL_OP_MAX_POOL] = melt_pooling,
        [SOL_OP_ADD] = melt_addition,
    };
    static const SolOp order[] = {SOL_OP_UPSAMPLE, SOL_OP_RELU, SOL_OP_MAX_POOL, SOL_OP_ADD};
    const Fusion fusion = {graph, backend, steps};
    int count = sol_graph_count(graph);
    for (int n = 0; n < count; n++)
        read_inputs(graph, steps, n);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        for (int n = 0; n < count; n++)
            if (op_of(&fusion, n) == order[i] && steps[n].needed && (!steps[n].kept || order[i] == SOL_OP_RELU))
                melt[order[i]](&fusion, n);
}

bool sol_step_writes(const SolStep *step)
{
    return !step->melted && step->sum < 0 && step->conv.pooling != SOL_POOLING_ONLY;
}

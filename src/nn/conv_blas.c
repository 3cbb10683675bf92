/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution backend `blas`: matrix products by OpenBLAS, after Winograd's transforms where they pay
 * and after im2col elsewhere. Which of the two is a rule over the shape alone, so that one machine always
 * paints the same pixels; docs/performance.md has the timings that it is made from.
 */
#include "nn/conv_blas.h"

#include "nn/gemm.h"

#include <stdatomic.h>

typedef struct Run {
    const SolConv *conv;
    const float *in;
    float *out;
    char *scratch;
    SolConvBlock block;
    int count;
    atomic_int next;
} Run;

/* One worker: blocks until none is left, in scratch of its own. */
static void work(void *context, int worker)
{
    Run *r = context;
    size_t bytes = r->conv->scratch / (size_t)sol_pool_threads(r->conv->pool);
    void *scratch = r->scratch ? r->scratch + (size_t)worker * bytes : NULL;
    for (int block; (block = atomic_fetch_add(&r->next, 1)) < r->count;)
        r->block(r->conv, r->in, r->out, block, scratch);
}

void sol_conv_run_blocks(const SolConv *conv, const float *in, float *out, void *scratch, int count,
                         SolConvBlock block)
{
    Run r = {.conv = conv, .in = in, .out = out, .scratch = scratch, .block = block, .count = count};
    int workers = sol_pool_threads(conv->pool);
    atomic_init(&r.next, 0);
    sol_pool_run(conv->pool, work, &r, workers < count ? workers : count);
}

static const SolConvBackend *choose(const SolConvShape *s)
{
    return sol_conv_winograd.supports(s) ? &sol_conv_winograd : &sol_conv_im2col;
}

static bool supports(const SolConvShape *shape)
{
    return sol_conv_im2col.supports(shape);
}

static int plan(SolConv *conv)
{
    conv->method = choose(&conv->shape);
    sol_gemm_set_threads(1);
    return conv->method->plan(conv);
}

static void run(const SolConv *conv, const float *in, float *out, void *scratch)
{
    conv->method->run(conv, in, out, scratch);
}

static void release(SolConv *conv)
{
    conv->method->release(conv);
}

const SolConvBackend sol_conv_blas = {"blas", supports, plan, run, release};

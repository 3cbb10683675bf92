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

static bool supports(const SolConvShape *shape)
{
    return sol_conv_im2col.supports(shape);
}

static bool pays(const SolConvShape *shape)
{
    (void)shape;
    return true;
}

static int plan(SolConv *conv)
{
    const SolConvBackend *winograd = &sol_conv_winograd;
    conv->method = winograd->supports(&conv->shape) && winograd->pays(&conv->shape) ? winograd : &sol_conv_im2col;
    sol_gemm_set_threads(1);
    return conv->method->plan(conv);
}

static void run(const SolConv *conv, void *in, void *out, void *scratch)
{
    conv->method->run(conv, in, out, scratch);
}

static void release(SolConv *conv)
{
    if (conv->method)
        conv->method->release(conv);
}

const SolConvBackend sol_conv_blas = {"blas", supports, pays, plan, run, release};

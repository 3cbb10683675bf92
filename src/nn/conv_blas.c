/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution backend `blas`: matrix products by OpenBLAS, after Winograd's transforms where they pay and after
 * im2col elsewhere; and sums in registers at a network's ends and where the size changes. Which of them is a rule over
 * the shape alone, so that one machine always paints the same pixels; docs/performance.md has the timings that it is
 * made from.
 */
#include "nn/conv_blas.h"

#include "nn/gemm.h"

typedef struct Run {
    const SolConv *conv;
    const SolConvData *data;
    char *scratch;
    SolConvBlock block;
} Run;

static void run_block(void *context, int block, int worker)
{
    const Run *r = context;
    size_t bytes = r->conv->scratch / (size_t)sol_pool_threads(r->conv->pool);
    r->block(r->conv, r->data, block, r->scratch ? r->scratch + (size_t)worker * bytes : NULL);
}

void sol_conv_run_blocks(const SolConv *conv, const SolConvData *data, void *scratch, int count, SolConvBlock block)
{
    Run r = {.conv = conv, .data = data, .scratch = scratch, .block = block};
    sol_pool_run_workers(conv->pool, run_block, &r, count);
}

/* The rule. What is fused does not change it, so that fused or not, the result has the same bits. */
static const SolConvBackend *method_for(const SolConvShape *shape)
{
    static const SolConvBackend *const methods[] = {&sol_conv_direct, &sol_conv_winograd};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i]->supports(shape) && methods[i]->pays(shape))
            return methods[i];
    return sol_conv_strided.supports(shape) ? &sol_conv_strided : &sol_conv_im2col;
}

static bool supports(const SolConvShape *shape)
{
    return sol_conv_im2col.supports(shape) || sol_conv_strided.supports(shape);
}

static bool pays(const SolConvShape *shape)
{
    (void)shape;
    return true;
}

static bool fuses(const SolConvShape *shape)
{
    const SolConvBackend *method = method_for(shape);
    return method->fuses && method->fuses(shape);
}

static int plan(SolConv *conv)
{
    conv->method = method_for(&conv->shape);
    sol_gemm_set_threads(1);
    return conv->method->plan(conv);
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    conv->method->run(conv, data, scratch);
}

static void release(SolConv *conv)
{
    if (conv->method)
        conv->method->release(conv);
}

const SolConvBackend sol_conv_blas = {"blas", supports, pays, plan, run, release, fuses};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution backend `blas`: matrix products by OpenBLAS, after Winograd's transforms where they pay
 * and after im2col elsewhere. Which of the two is a rule over the shape alone, so that one machine always
 * paints the same pixels; docs/performance.md has the timings that it is made from.
 */
#include "nn/conv_blas.h"

#include "base/cpu.h"
#include "nn/gemm.h"
#include "nn/kernels.h"

#include <stdatomic.h>
#include <stdint.h>

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

/*
 * Winograd's method wins but for pictures of few pixels, where tiles hang over the border and wide layers
 * read 36 matrices of weights for next to nothing, and for layers of so few input channels that the products
 * are nothing beside the transforms; AVX-512 makes those cheap. How many times as fast it is (docs/performance.md):
 *
 *     channels, pixels    AVX-512  AVX2       channels, pixels    AVX-512  AVX2
 *     1 to 16, 256x256       0.9   0.7        64 to 64, 128x128      3.8   2.9
 *     3 to 16, 512x512       1.8   1.0        256 to 256, 64x64      3.9   2.9
 *     3 to 64, 512x512       1.5   1.0        512 to 512, 64x64      3.8   2.8
 *     16 to 3, 512x512       1.9   2.9        512 to 512, 16x16      1.2   1.0
 *     16 to 16, 256x256      3.4   2.4        512 to 512, 8x8        0.7   0.5
 */
static bool winograd_pays(const SolConvShape *s)
{
    int tile = SOL_TILE, channels = sol_kernels()->flags & SOL_CPU_AVX512 ? 3 : 8;
    int64_t pixels = (int64_t)s->height * s->width;
    int64_t covered = ((int64_t)s->height + tile - 1) / tile * tile * (((int64_t)s->width + tile - 1) / tile * tile);
    return sol_conv_winograd.supports(s) && s->in_channels >= channels && pixels >= 256 && covered <= 2 * pixels;
}

static bool supports(const SolConvShape *shape)
{
    return sol_conv_im2col.supports(shape);
}

static int plan(SolConv *conv)
{
    conv->method = winograd_pays(&conv->shape) ? &sol_conv_winograd : &sol_conv_im2col;
    sol_gemm_set_threads(1);
    return conv->method->plan(conv);
}

static void run(const SolConv *conv, const float *in, float *out, void *scratch)
{
    conv->method->run(conv, in, out, scratch);
}

static void release(SolConv *conv)
{
    if (conv->method)
        conv->method->release(conv);
}

const SolConvBackend sol_conv_blas = {"blas", supports, plan, run, release};

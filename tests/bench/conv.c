/* SPDX-License-Identifier: Apache-2.0
 *
 * Times the methods of the convolution backend `blas` beside each other, layer by layer, and OpenBLAS
 * itself, and prints a Markdown table: the one in docs/performance.md, from which the backend's rule is.
 *
 *     env -u OPENBLAS_CORETYPE build/tests/bench/conv [THREADS]
 *
 * A time is the least of many runs, taken in turns. GFLOP/s count the multiplications and additions of
 * the definition, whatever a method spends.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/clock.h"
#include "nn/conv_blas.h"
#include "nn/gemm.h"
#include "nn/kernels.h"

#include <stdlib.h>

enum { METHODS = 2, RUNS_MIN = 8 };

static const double SECONDS = 0.15; /* for each layer, at least */

typedef struct Layer {
    int in, out, side;
} Layer;

static const Layer layers[] = {
    {1, 16, 256},   {2, 16, 256},   {3, 16, 512},   {3, 64, 512},   {16, 3, 512},   {16, 16, 256}, {16, 32, 256},
    {32, 32, 256},  {32, 16, 256},  {32, 64, 128},  {64, 64, 128},  {64, 32, 128},  {64, 128, 64}, {128, 64, 64},
    {128, 128, 64}, {256, 256, 64}, {256, 256, 128}, {512, 512, 32}, {512, 512, 64}, {64, 64, 47},  {64, 64, 16},
    {64, 64, 8},    {512, 512, 16}, {512, 512, 8},
};

static void time_layer(const Layer *layer, SolPool *pool)
{
    static const SolConvBackend *const methods[METHODS] = {&sol_conv_im2col, &sol_conv_winograd};
    const SolConvShape shape = {.in_channels = layer->in, .out_channels = layer->out, .kernel = 3,
                                .height = layer->side, .width = layer->side, .relu = true};
    size_t in = (size_t)layer->in, out = (size_t)layer->out, plane = (size_t)layer->side * (size_t)layer->side;
    float *x = random_planes(in * plane, 1), *y = random_planes(out * plane, 2), *w = random_planes(9 * in * out, 3);
    double best[METHODS] = {1e9, 1e9}, gflop = 2e-9 * sol_conv_macs(&shape), begin = sol_clock();
    SolConv *conv[METHODS] = {NULL};
    void *scratch[METHODS];
    for (int m = 0; m < METHODS; m++) {
        assert_int_equal(sol_conv_plan(&conv[m], methods[m], &shape, w, w, pool), 0);
        assert_non_null(scratch[m] = sol_calloc(conv[m]->scratch, 1));
    }
    for (int i = 0; i < RUNS_MIN || sol_clock() - begin < SECONDS; i++)
        for (int m = 0; m < METHODS; m++) {
            double start = sol_clock();
            sol_conv_run(conv[m], x, y, scratch[m]);
            if (sol_clock() - start < best[m])
                best[m] = sol_clock() - start;
        }
    printf("| %d to %d, %dx%d | %.3f | %.0f | %.3f | %.0f | %.2f |\n", layer->in, layer->out, layer->side, layer->side,
           1e3 * best[0], gflop / best[0], 1e3 * best[1], gflop / best[1], best[0] / best[1]);
    for (int m = 0; m < METHODS; m++) {
        sol_conv_close(&conv[m]);
        sol_free(scratch[m]);
    }
    free(x);
    free(y);
    free(w);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : sol_cpu_count();
    SolPool *pool = NULL;
    double sgemm;
    if (sol_gemm_measure(threads, &sgemm) != 0 || sol_pool_open(&pool, threads) != 0)
        return 1;
    printf("%d threads; OpenBLAS %s: %.0f GFLOP/s in sgemm 2048x2048x2048; transforms: %s\n\n", threads,
           sol_gemm_core(), sgemm, sol_kernels()->name);
    printf("| layer | im2col: ms | GFLOP/s | Winograd: ms | GFLOP/s | times |\n");
    printf("| --- | --: | --: | --: | --: | --: |\n");
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        time_layer(&layers[i], pool);
    sol_pool_close(&pool);
    return 0;
}

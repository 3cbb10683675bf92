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

enum { METHODS = 3, RUNS_MIN = 8 };

static const double SECONDS = 0.15; /* for each layer, at least */

typedef struct Layer {
    int in, out, side;
} Layer;

static const Layer layers[] = {
    {1, 16, 256},   {3, 16, 512},   {3, 64, 512},    {16, 3, 512},   {64, 3, 512},    {16, 16, 256},  {16, 32, 256},
    {32, 32, 256},  {32, 16, 256},  {32, 64, 128},   {64, 64, 128},  {64, 32, 128},   {64, 128, 64},  {128, 64, 64},
    {128, 128, 64}, {256, 256, 64}, {256, 256, 128}, {512, 512, 32}, {512, 512, 64},  {64, 64, 512},  {64, 64, 47},
    {64, 64, 16},   {64, 64, 8},    {64, 64, 4},     {8, 8, 64},     {512, 512, 16},  {512, 512, 8},  {512, 512, 4},
};

/* Random features in this layout; freed with free(). */
static float *features(int channels, const Layer *layer, SolLayout layout)
{
    size_t bytes;
    assert_true(sol_features_bytes((SolShape){channels, layer->side, layer->side}, layout, &bytes));
    return random_planes(bytes / sizeof(float), 1);
}

/* The least seconds of a run by each method; 0 where it does not support the layer. */
static void time_methods(const Layer *layer, const SolConvShape *shape, SolPool *pool, double best[METHODS])
{
    static const SolConvBackend *const methods[METHODS] = {&sol_conv_im2col, &sol_conv_winograd, &sol_conv_direct};
    float *w = random_planes(9 * (size_t)layer->in * (size_t)layer->out, 3), *x[METHODS] = {NULL}, *y[METHODS] = {NULL};
    double begin = sol_clock();
    SolConv *conv[METHODS] = {NULL};
    void *scratch[METHODS] = {NULL};
    for (int m = 0; m < METHODS; m++) {
        best[m] = 0;
        if (!methods[m]->supports(shape))
            continue;
        best[m] = 1e9;
        assert_int_equal(sol_conv_plan(&conv[m], methods[m], shape, w, w, pool), 0);
        assert_non_null(scratch[m] = sol_calloc(conv[m]->scratch, 1));
        x[m] = features(layer->in, layer, conv[m]->in);
        y[m] = features(layer->out, layer, conv[m]->out);
    }
    for (int i = 0; i < RUNS_MIN || sol_clock() - begin < SECONDS; i++)
        for (int m = 0; m < METHODS; m++) {
            double start = sol_clock();
            if (!conv[m])
                continue;
            sol_conv_run(conv[m], &(SolConvData){.in = x[m], .out = y[m]}, scratch[m]);
            if (sol_clock() - start < best[m])
                best[m] = sol_clock() - start;
        }
    for (int m = 0; m < METHODS; m++) {
        sol_conv_close(&conv[m]);
        sol_free(scratch[m]);
        free(x[m]);
        free(y[m]);
    }
    free(w);
}

static void time_layer(const Layer *layer, SolPool *pool)
{
    const SolConvShape shape = {.in_channels = layer->in, .out_channels = layer->out, .kernel = 3,
                                .height = layer->side, .width = layer->side, .relu = true};
    double best[METHODS], gflop = 2e-9 * sol_conv_macs(&shape);
    time_methods(layer, &shape, pool, best);
    printf("| %d to %d, %dx%d |", layer->in, layer->out, layer->side, layer->side);
    for (int m = 0; m < METHODS; m++)
        if (best[m] > 0)
            printf(" %.3f | %.0f |", 1e3 * best[m], gflop / best[m]);
        else
            printf(" | |");
    printf(" %.2f |\n", best[0] / best[1]);
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
    printf("| layer | im2col: ms | GFLOP/s | Winograd: ms | GFLOP/s | direct: ms | GFLOP/s | im2col over Winograd |\n");
    printf("| --- | --: | --: | --: | --: | --: | --: | --: |\n");
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        time_layer(&layers[i], pool);
    sol_pool_close(&pool);
    return 0;
}

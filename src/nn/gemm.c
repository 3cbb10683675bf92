/* SPDX-License-Identifier: Apache-2.0
 *
 * The one file that includes cblas.h.
 */
#include "nn/gemm.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

#include <cblas.h>

enum { MEASURED_SIDE = 2048, RUNS_MIN = 2, RUNS_MAX = 6 };

void sol_gemm(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc);
}

void sol_gemm_double(int n, const double *a, const double *b, double *c)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}

void sol_gemm_add_squares(int n, int k, const double *a, int lda, double *c)
{
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, k, 1, a, lda, 1, c, n);
}

void sol_gemm_squares(int n, int k, const float *a, int lda, bool add, float *c, int ldc)
{
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, n, k, 1.0f, a, lda, add ? 1.0f : 0.0f, c, ldc);
}

void sol_gemm_set_threads(int threads)
{
    openblas_set_num_threads(threads);
}

int sol_gemm_measure(int threads, double *gflops)
{
    const int n = MEASURED_SIDE;
    const size_t count = (size_t)n * (size_t)n;
    float *a = sol_alloc(2 * count, sizeof *a), *c = sol_alloc(count, sizeof *c);
    double seconds, least = 0, all = 0;
    uint64_t random = 0;
    if (!a || !c) {
        sol_free(a);
        sol_free(c);
        return sol_fail_memory("matrices to measure with");
    }
    for (size_t i = 0; i < 2 * count; i++)
        a[i] = (float)(sol_random(&random) >> 40) * 0x1p-24f;
    sol_gemm_set_threads(threads);
    for (int run = 0; run < RUNS_MIN || (run < RUNS_MAX && all < 0.5); run++) {
        double start = sol_clock();
        sol_gemm(n, n, n, a, n, a + count, n, c, n);
        seconds = sol_clock() - start;
        least = run == 0 || seconds < least ? seconds : least;
        all += seconds;
    }
    sol_gemm_set_threads(1);
    sol_free(a);
    sol_free(c);
    *gflops = 2e-9 * n * n * n / least;
    return SOL_OK;
}

const char *sol_gemm_core(void)
{
    return openblas_get_corename();
}

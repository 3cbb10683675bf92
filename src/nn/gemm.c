/* SPDX-License-Identifier: Apache-2.0
 *
 * The one file that includes cblas.h.
 */
#include "nn/gemm.h"

#include <cblas.h>

void sol_gemm(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc);
}

void sol_gemm_set_threads(int threads)
{
    openblas_set_num_threads(threads);
}

const char *sol_gemm_core(void)
{
    return openblas_get_corename();
}

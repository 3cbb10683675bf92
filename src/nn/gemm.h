/* SPDX-License-Identifier: Apache-2.0
 *
 * Matrix multiplication, by OpenBLAS. Nothing else in the library talks to a BLAS (nn/eigen.h to its LAPACK).
 *
 * The cores have one owner, the worker pool: kernels split their work over the pool and every worker
 * multiplies small matrices that stay in its own cache, so OpenBLAS itself is kept at one thread.
 */
#ifndef SOL_NN_GEMM_H
#define SOL_NN_GEMM_H

#include <stdbool.h>

/**
 * C = A B in row-major order: A is m x k, B is k x n, C is m x n; lda, ldb and ldc are the floats from
 * one row to the next. What C held before is not read. May be called by several threads at once.
 */
void sol_gemm(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc);

/** C = A B in double precision, where all are n x n without gaps. May be called by several threads at once. */
void sol_gemm_double(int n, const double *a, const double *b, double *c);

/**
 * Adds A A^T to C in double precision: A is n x k, with `lda` doubles from one row to the next, C is n x n. Only the
 * upper triangle of C (columns from the row's own on) is read and written. May be called by several threads at once.
 */
void sol_gemm_add_squares(int n, int k, const double *a, int lda, double *c);
/**
 * C = A^T A, or with `add` C + A^T A, in row-major order: A is k x n, C is n x n. Only the lower triangle of C (columns up
 * to the row's own) is read and written. May be called by several threads at once.
 */
void sol_gemm_squares(int n, int k, const float *a, int lda, bool add, float *c, int ldc);

/** Sets how many threads OpenBLAS uses within one call, in the whole process. */
void sol_gemm_set_threads(int threads);

/**
 * Measures what OpenBLAS reaches by itself, with so many threads of its own: the fastest of a few products of two
 * 2048x2048 matrices, in GFLOP/s. Leaves OpenBLAS at one thread.
 *
 * @param[out] gflops  untouched on failure
 * @return 0, SOL_ERR_NOMEM
 */
int sol_gemm_measure(int threads, double *gflops);

/** The name of the kernels that OpenBLAS chose for this processor, "Cooperlake" for example. */
const char *sol_gemm_core(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Eigenvalues and eigenvectors of symmetric matrices, by the LAPACK that OpenBLAS brings. Nothing else in the library
 * talks to a LAPACK.
 */
#ifndef SOL_NN_EIGEN_H
#define SOL_NN_EIGEN_H

#include <stddef.h>

enum { SOL_EIGEN_MAX = 4096 }; /* the largest matrix: its workspace is counted in int */

/** Bytes of workspace for an n x n matrix, 1 <= n <= SOL_EIGEN_MAX: about 16 n^2. */
size_t sol_eigen_bytes(int n);

/**
 * Decomposes a symmetric matrix (LAPACK's dsyevd: tridiagonal form, then divide and conquer, Cuppen 1981). Allocates
 * nothing. May be called by several threads at once.
 *
 * @param matrix  [n][n], of which the upper triangle is read (columns from the row's own on); then row k is
 *                eigenvector k, of length 1
 * @param values  [n]: the eigenvalues, ascending
 * @param work    sol_eigen_bytes(n), aligned for doubles
 * @return 0, SOL_ERR_FORMAT (a number of the matrix is not finite, or no decomposition was found)
 */
int sol_eigen(int n, double *matrix, double *values, void *work);

#endif

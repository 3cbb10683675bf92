/* SPDX-License-Identifier: Apache-2.0
 *
 * The one file that calls LAPACK. Packages of OpenBLAS bring its functions, but not always a header for them, so the
 * one that is used is declared here, as Fortran compilers call it: arguments by address, and behind them the lengths
 * of the texts.
 */
#include "nn/eigen.h"

#include "base/error.h"

#include <math.h>
#include <stdbool.h>

extern void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t job_length,
                    size_t triangle_length);

/* What dsyevd's manual asks for. */
static int work_count(int n)
{
    return 1 + 6 * n + 2 * n * n;
}

static int index_count(int n)
{
    return 3 + 5 * n;
}

size_t sol_eigen_bytes(int n)
{
    return (size_t)work_count(n) * sizeof(double) + (size_t)index_count(n) * sizeof(int);
}

static bool is_finite(int n, const double *matrix)
{
    for (int i = 0; i < n; i++)
        for (int j = i; j < n; j++)
            if (!isfinite(matrix[(size_t)i * (size_t)n + (size_t)j]))
                return false;
    return true;
}

int sol_eigen(int n, double *matrix, double *values, void *work)
{
    const int doubles = work_count(n), indices = index_count(n);
    int *index = (int *)((double *)work + doubles), info = 0;
    if (!is_finite(n, matrix))
        return sol_fail(SOL_ERR_FORMAT, "the network's numbers are not finite: its weights are damaged");
    /* LAPACK counts by columns, so that the upper triangle is its lower one, and columns come out as rows */
    dsyevd_("V", "L", &n, matrix, &n, values, work, &doubles, index, &indices, &info, 1, 1);
    return info == 0 ? SOL_OK : sol_fail(SOL_ERR_FORMAT, "the eigenvalues of the network's numbers are not found (%d)",
                                         info);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources of a kernel set have in common: the names of the set that is compiled, and how loops are
 * marked for the compiler. Included by nothing else.
 */
#ifndef SOL_NN_KERNELS_SET_H
#define SOL_NN_KERNELS_SET_H

#include "nn/kernels.h"

#include "base/cpu.h"

#ifndef SOL_KERNELS
#define SOL_KERNELS sol_kernels_c
#define SOL_ROW_KERNELS sol_row_kernels_c
#define SOL_KERNELS_NAME "c"
#define SOL_KERNELS_FLAGS 0
#endif

extern const SolKernels SOL_KERNELS;
extern const SolRowKernels SOL_ROW_KERNELS;

/* Stands before a loop whose iterations do not touch what others write, which pointers alone cannot tell. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* builds that do not optimise do not vectorise */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

/* A register of the set, where a loop is written for registers: compilers take wider vectors apart number by number. */
#if defined(__AVX512F__)
enum { WIDTH = 16 }; /* floats */
#elif defined(__AVX__)
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef float Vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float)), may_alias));

#endif

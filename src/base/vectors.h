/* SPDX-License-Identifier: Apache-2.0
 *
 * How loops are written for the compiler to vectorise, in sources that are compiled once for every instruction set
 * (KERNEL_SOURCES in the Makefile).
 */
#ifndef SOL_BASE_VECTORS_H
#define SOL_BASE_VECTORS_H

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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of the processor's instruction sets kernels may use.
 */
#ifndef SOL_BASE_CPU_H
#define SOL_BASE_CPU_H

/* Bits; each set is only there together with those before it. */
enum {
    SOL_CPU_AVX2 = 1,   /* AVX2 and FMA */
    SOL_CPU_AVX512 = 2, /* AVX-512 F, BW, DQ and VL */
    SOL_CPU_BF16 = 4,   /* AVX-512 BF16: products of bfloat16 */
    SOL_CPU_AMX = 8     /* AMX tiles and products of bfloat16 */
};

/**
 * The instruction sets of this processor that the environment variable SOLSTICE_CPUMASK leaves: a number
 * whose bits are the sets that may be used (0: none), or the name of the last that may: `c`, `avx2`,
 * `avx512`, `bf16`, `amx`. All, where it is not set or is neither. On other processors than x86 there are none.
 */
unsigned sol_cpu_flags(void);

#endif

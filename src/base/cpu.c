/* SPDX-License-Identifier: Apache-2.0
 *
 * Instruction sets: what the processor and the operating system offer (the compiler's runtime asks both,
 * once), less what SOLSTICE_CPUMASK hides.
 */
#include "base/cpu.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static unsigned detected(void)
{
    unsigned flags = 0;
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        flags |= SOL_CPU_AVX2;
    if (flags && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        flags |= SOL_CPU_AVX512;
#endif
    return flags;
}

static unsigned allowed(void)
{
    const char *mask = getenv("SOLSTICE_CPUMASK");
    int64_t bits;
    if (!mask || strcmp(mask, "avx512") == 0)
        return UINT_MAX;
    if (strcmp(mask, "avx2") == 0)
        return SOL_CPU_AVX2;
    if (strcmp(mask, "c") == 0)
        return 0;
    return sol_parse_int(mask, 0, UINT_MAX, &bits) ? (unsigned)bits : UINT_MAX;
}

unsigned sol_cpu_flags(void)
{
    return detected() & allowed();
}

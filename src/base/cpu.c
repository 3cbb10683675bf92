/* SPDX-License-Identifier: Apache-2.0
 *
 * Instruction sets: what the processor and the operating system offer (the compiler's runtime asks both,
 * once), less what SOLSTICE_CPUMASK hides.
 */
#include "base/cpu.h"

#include "base/text.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define KNOWN (1u << 31)

#if defined(__x86_64__) || defined(__i386__)
/* A bit of what CPUID says under leaf 7: registers EAX .. EDX are 0 .. 3. */
static bool has_bit(unsigned subleaf, int reg, int bit)
{
    unsigned r[4];
    return __get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3]) && r[reg] >> bit & 1;
}

/* Whether the operating system keeps the registers of AMX tiles. Only asked where it is known that XGETBV exists. */
static bool keeps_tiles(void)
{
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low >> 17 & 3) == 3;
}

static unsigned detected(void)
{
    unsigned flags = 0;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 0;
    flags |= SOL_CPU_AVX2;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return flags;
    flags |= SOL_CPU_AVX512;
    if (!has_bit(1, 0, 5))
        return flags;
    flags |= SOL_CPU_BF16;
    return has_bit(0, 3, 22) && has_bit(0, 3, 24) && keeps_tiles() ? flags | SOL_CPU_AMX : flags;
}
#else
static unsigned detected(void)
{
    return 0;
}
#endif

static unsigned allowed(void)
{
    static const char *const names[] = {"c", "avx2", "avx512", "bf16", "amx"};
    const char *mask = getenv("SOLSTICE_CPUMASK");
    int64_t bits;
    for (unsigned i = 0; mask && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(mask, names[i]) == 0)
            return (1u << i) - 1;
    return mask && sol_parse_int(mask, 0, UINT_MAX, &bits) ? (unsigned)bits : UINT_MAX;
}

unsigned sol_cpu_flags(void)
{
    static atomic_uint known; /* with a bit above all flags; asking the processor takes long on a virtual machine */
    unsigned flags = atomic_load_explicit(&known, memory_order_relaxed);
    if (!flags) {
        flags = detected() | KNOWN;
        atomic_store_explicit(&known, flags, memory_order_relaxed);
    }
    return flags & allowed() & ~KNOWN;
}

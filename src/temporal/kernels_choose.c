/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of kernel sets that this library was built with.
 */
#include "temporal/kernels.h"

#include "base/cpu.h"

extern const SolTemporalKernels sol_temporal_kernels_c, sol_temporal_kernels_avx2, sol_temporal_kernels_avx512;

/* The fastest first; the last needs nothing. */
static const SolTemporalKernels *const sets[] = {
#if defined(__x86_64__) || defined(__i386__)
    &sol_temporal_kernels_avx512,
    &sol_temporal_kernels_avx2,
#endif
    &sol_temporal_kernels_c,
};

enum { SETS = sizeof sets / sizeof sets[0] };

const SolTemporalKernels *sol_temporal_kernels_at(int i)
{
    return i >= 0 && i < SETS ? sets[i] : NULL;
}

const SolTemporalKernels *sol_temporal_kernels(void)
{
    unsigned flags = sol_cpu_flags();
    int i = 0;
    while (sets[i]->flags & ~flags)
        i++;
    return sets[i];
}

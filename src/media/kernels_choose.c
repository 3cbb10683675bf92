/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of kernel sets of the GIF encoder that this library was built with.
 */
#include "media/kernels.h"

#include "base/cpu.h"

#include <stddef.h>

extern const SolMediaKernels sol_media_kernels_c, sol_media_kernels_avx2, sol_media_kernels_avx512;

/* The fastest first; the last needs nothing. */
static const SolMediaKernels *const sets[] = {
#if defined(__x86_64__) || defined(__i386__)
    &sol_media_kernels_avx512,
    &sol_media_kernels_avx2,
#endif
    &sol_media_kernels_c,
};

enum { SETS = sizeof sets / sizeof sets[0] };

const SolMediaKernels *sol_media_kernels_at(int i)
{
    return i >= 0 && i < SETS ? sets[i] : NULL;
}

const SolMediaKernels *sol_media_kernels(void)
{
    unsigned flags = sol_cpu_flags();
    int i = 0;
    while (sets[i]->flags & ~flags)
        i++;
    return sets[i];
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources of a kernel set of the GIF encoder have in common: the names of the set that is compiled. Included
 * by nothing else.
 */
#ifndef SOL_MEDIA_KERNELS_SET_H
#define SOL_MEDIA_KERNELS_SET_H

#include "media/kernels.h"

#include "base/cpu.h"

#ifndef SOL_MEDIA_KERNELS
#define SOL_MEDIA_KERNELS sol_media_kernels_c
#define SOL_MEDIA_WALK_ROW sol_media_walk_row_c
#define SOL_KERNELS_NAME "c"
#define SOL_KERNELS_FLAGS 0
#endif

extern const SolMediaKernels SOL_MEDIA_KERNELS;
int SOL_MEDIA_WALK_ROW(struct SolRemapper *remapper, int node);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources of a kernel set have in common: the names of the set that is compiled. Included by nothing else.
 */
#ifndef SOL_NN_KERNELS_SET_H
#define SOL_NN_KERNELS_SET_H

#include "nn/kernels.h"

#include "base/cpu.h"
#include "base/vectors.h"

#ifndef SOL_KERNELS
#define SOL_KERNELS sol_kernels_c
#define SOL_ROW_KERNELS sol_row_kernels_c
#define SOL_KERNELS_NAME "c"
#define SOL_KERNELS_FLAGS 0
#endif

extern const SolKernels SOL_KERNELS;
extern const SolRowKernels SOL_ROW_KERNELS;

#endif

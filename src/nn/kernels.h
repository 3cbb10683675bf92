/* SPDX-License-Identifier: Apache-2.0
 *
 * Inner loops that are compiled once for every instruction set and chosen by what the processor has.
 *
 * All sets run the same source (kernels.c) without contracted or reordered arithmetic, so they give the
 * same bits; they differ in speed alone.
 *
 * The loops are the transforms of Winograd's convolution F(4x4, 3x3) (Lavin & Gray 2016) over a run of
 * tiles, neighbours in a row of tiles: tile t makes output pixels 4t..4t+3 from input pixels 4t..4t+5.
 * With the points 0, a, -a, b, -b and infinity the transforms are, each for rows and then for columns,
 *
 *     input:  v = B^T d    weights:  u = G w    output:  y = A^T (u v)
 */
#ifndef SOL_NN_KERNELS_H
#define SOL_NN_KERNELS_H

#include <stddef.h>

enum {
    SOL_TILE = 4,            /* outputs of a tile, along either side */
    SOL_TILE_IN = 6,         /* inputs */
    SOL_TILE_POINTS = 36,    /* products */
    SOL_TILES_MAX = 64       /* tiles of a run, at most */
};

/* The points: exact in binary, and of less than half the rounding error of 1 and 2 (docs/performance.md). */
#define SOL_POINT_A 0.625
#define SOL_POINT_B 1.5

typedef struct SolKernels {
    const char *name; /* of the instruction set */
    unsigned flags;   /* that it needs (base/cpu.h) */

    /** to[j * stride + x] = (B^T d)[j], where d are the six pixels rows[0..5][x]; for x in 0..count-1. */
    void (*winograd_rows)(const float *const rows[SOL_TILE_IN], size_t count, float *to, size_t stride);

    /**
     * The second half of the input transform: of the six rows at `from`, 4 * tiles + 2 pixels each, to the
     * products (j, k) at to[(6 * j + k) * step + t]. 1 <= tiles <= SOL_TILES_MAX.
     */
    void (*winograd_columns)(const float *from, size_t stride, size_t tiles, float *to, size_t step);

    /**
     * The output transform of the products at from[(6 * j + k) * step + t] to four rows of 4 * tiles pixels
     * at to[i * stride + x], plus `bias`, and `floor` where that is larger. 1 <= tiles <= SOL_TILES_MAX.
     */
    void (*winograd_output)(const float *from, size_t step, size_t tiles, float bias, float floor, float *to,
                            size_t stride);
} SolKernels;

/** The fastest set that sol_cpu_flags() allows. */
const SolKernels *sol_kernels(void);

/** Set number `i`, the fastest first, whether this processor has what it needs or not; NULL behind the last. */
const SolKernels *sol_kernels_at(int i);

#endif

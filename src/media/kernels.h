/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder's inner loops, compiled once for every instruction set and chosen by what the processor has. All
 * sets run the same sources (kernels_near.c, kernels_walk.c), of integers and of floats that are whole numbers, so they
 * give the same bits; they differ in speed alone.
 */
#ifndef SOL_MEDIA_KERNELS_H
#define SOL_MEDIA_KERNELS_H

#include <stdint.h>

struct SolRemapper;

enum {
    SOL_NEAR = 8,             /* colours of a group */
    SOL_NEAR_RUN = 16,        /* colours that are looked at side by side */
    SOL_NEAR_MOST = 256,      /* colours of a palette; SOL_PALETTE_MAX */
    SOL_NEAR_BITS = 8,        /* of an index, below a squared distance */
    SOL_FAR = 1500            /* a level that no colour has and that is far from all; its square fits in 22 bits */
};

/* The levels of a palette's colours, in whole runs: behind the last colour all levels are SOL_FAR. */
typedef struct SolLevels {
    float level[3][SOL_NEAR_MOST]; /* R, G, B */
    int count;                     /* of the colours, in whole runs */
} SolLevels;

/* The colours of a palette nearest to one of them, itself first. A cache line. */
typedef struct SolNear {
    int16_t level[3][SOL_NEAR]; /* R, G, B; SOL_FAR where the palette has no more colours */
    uint8_t index[SOL_NEAR];
    int last;                   /* the squared distance of the last one from the first; 0: the group is not made yet */
    int spare;
} SolNear;

typedef struct SolMediaKernels {
    const char *name; /* of the instruction set */
    unsigned flags;   /* that it needs (base/cpu.h) */

    /**
     * The colour of `levels` nearest to a point, of equally near ones that with the lowest index: its squared distance
     * << SOL_NEAR_BITS | its index.
     */
    int (*nearest)(const SolLevels *levels, const int point[3]);

    /** Makes the group of the colours of `levels` nearest to a point, in that order. */
    void (*group)(const SolLevels *levels, const int point[3], SolNear *near);

    /**
     * By how much each of `width` pixels differs from those around it: sums[x] = the sum over R, G and B of its
     * distances from the pixels to its left and right, above and below. Reads a pixel to either side of the row.
     */
    void (*busy)(const uint8_t *above, const uint8_t *row, const uint8_t *below, int width, uint16_t *sums);

    /**
     * Walks through the row at hand (remap_walk.h), from the node of the tree of codes that the row above has led to;
     * -1: none. Returns the node that it leads to.
     */
    int (*walk_row)(struct SolRemapper *remapper, int node);
} SolMediaKernels;

/** The fastest set that sol_cpu_flags() allows. */
const SolMediaKernels *sol_media_kernels(void);

/** Set number `i`, the fastest first, whether this processor has what it needs or not; NULL behind the last. */
const SolMediaKernels *sol_media_kernels_at(int i);

#endif

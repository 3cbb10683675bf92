/* SPDX-License-Identifier: Apache-2.0
 *
 * Inner loops that are compiled once for every instruction set and chosen by what the processor has.
 *
 * All sets run the same source (kernels.c, kernels_rows.c) without contracted or reordered arithmetic, so they
 * give the same bits; they differ in speed alone.
 *
 * Convolutions work on groups of SOL_LANES channels that lie side by side: a pixel of a group is one vector or a
 * few, so nothing depends on how wide a picture is. Winograd's F(4x4, 3x3) (Lavin & Gray 2016) makes 4x4 output
 * pixels of 6x6 input pixels. With the points 0, a, -a, b, -b and infinity its transforms are, each for columns
 * and then for rows,
 *
 *     input:  v = B^T d    weights:  u = G w    output:  y = A^T (u v)
 */
#ifndef SOL_NN_KERNELS_H
#define SOL_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOL_LANES = 16,          /* channels of a group */
    SOL_TILE = 4,            /* outputs of a tile, along either side */
    SOL_TILE_IN = 6,         /* inputs */
    SOL_TILE_POINTS = 36,    /* products */
    SOL_FEW = 4              /* output channels that direct_planes computes at a time, at most */
};

/* The points: exact in binary, and of less than half the rounding error of 1 and 2 (docs/performance.md). */
#define SOL_POINT_A 0.625
#define SOL_POINT_B 1.5

/* Where the output of a run of tiles goes: pixels of one group of channels. */
typedef struct SolTilesOut {
    float *to, *pooled;        /* the run's first pixel in the output, and in its 2x2 max pooling; either may be NULL */
    const float *added;        /* laid out as `to`, and may be it: added to the result in the end; NULL for nothing */
    size_t stride;             /* floats from a row to the next of `to` and `added` */
    size_t pooled_stride;
    size_t rows, columns;      /* pixels that there are from the run's first one on; tiles reach beyond them */
} SolTilesOut;

/* Loops over the pixels of rows, for any layout (kernels_rows.c). */
typedef struct SolRowKernels {
    /** to[p] = the largest of pixels 2p and 2p + 1 of both rows; pixels are `block` floats. */
    void (*pool)(const float *upper, const float *lower, size_t pixels, size_t block, float *to);

    /** to[2p] = to[2p + 1] = from[p]; pixels are `block` floats. */
    void (*twice)(const float *from, size_t pixels, size_t block, float *to);

    /** to[i] = 3/4 near[i] + 1/4 far[i]. */
    void (*mix)(const float *near, const float *far, size_t count, float *to);

    /** to[2p] and to[2p + 1] = 3/4 from[p] + 1/4 from[p - 1] and from[p + 1]; pixels are `block` floats. */
    void (*twice_mixed)(const float *from, size_t pixels, size_t block, float *to);

    /** to[i] = a[i] + b[i]; `to` may be either. */
    void (*add)(const float *a, const float *b, size_t count, float *to);

    /** to[i] = max(from[i], 0); `to` may be `from`. */
    void (*relu)(const float *from, size_t count, float *to);

    /** to[i] = tanh(from[i]), to about 2e-7; `to` may be `from`. */
    void (*tanh)(const float *from, size_t count, float *to);
    /** to[i] = 0 where value[i] is not above 0: the gradient in front of a ReLU that gave `value`. */
    void (*rectify)(const float *value, size_t count, float *to);

    /**
     * The gradient in front of a 2x2 pooling: gradient[p] to the first of the largest of pixels 2p and 2p + 1 of
     * both rows of its input, 0 to the others; added to what is there if `add`, then 0 where the input is not above 0
     * if `rectify`. Pixels are `block` floats.
     */
    void (*unpool)(const float *upper, const float *lower, const float *gradient, size_t pixels, size_t block, bool add,
                   bool rectify, float *to_upper, float *to_lower);

    /** to[p] = the sum of pixels 2p and 2p + 1 of both rows, added to what is there if `add`. */
    void (*quarter)(const float *upper, const float *lower, size_t pixels, size_t block, bool add, float *to);

    /** to[i] = (from[i] - centre) * scale + offset; `to` may be `from`. */
    void (*affine)(const float *from, size_t count, float centre, float scale, float offset, float *to);

    /** The same for pixels of `block` floats, the first `channels` of which have numbers of their own; others get 0. */
    void (*affine_block)(const float *from, size_t pixels, size_t block, size_t channels, const float *centre,
                         const float *scale, const float *offset, float *to);

    /** to[i] = a[i] + scale * b[i]; `to` may be either. */
    void (*combine)(const float *a, float scale, const float *b, size_t count, float *to);

    /** sums[l] += a[i] * b[i], where l is i modulo SOL_LANES. */
    void (*dot)(const float *a, const float *b, size_t count, double sums[SOL_LANES]);

    /** sums[l] and squares[l] += (x - shift[0]) and its square over from[i], where l is i modulo SOL_LANES. */
    void (*sums)(const float *from, size_t count, double shift, double sums[SOL_LANES], double squares[SOL_LANES]);

    /** The same over from[p * block + l] for 0 <= p < pixels and 0 <= l < lanes <= SOL_LANES, from shift[l]. */
    void (*sums_block)(const float *from, size_t pixels, size_t block, size_t lanes, const double shift[SOL_LANES],
                       double sums[SOL_LANES], double squares[SOL_LANES]);

    /** As `sums` and `sums_block`, where pixel p counts weights[p] times. */
    void (*weigh)(const float *from, const float *weights, size_t count, double shift, double sums[SOL_LANES],
                  double squares[SOL_LANES]);
    void (*weigh_block)(const float *from, const float *weights, size_t pixels, size_t block, size_t lanes,
                        const double shift[SOL_LANES], double sums[SOL_LANES], double squares[SOL_LANES]);

    /** to[i] = from[i] - shift in double, added to sums[i modulo SOL_LANES]. */
    void (*centre)(const float *from, size_t count, double shift, double *to, double sums[SOL_LANES]);

    /** bfloat16 to float32 and back. */
    void (*widen)(const uint16_t *from, size_t count, float *to);
    void (*narrow)(const float *from, size_t count, uint16_t *to);

    /** to[l * stride + p] = from[p * block + l] for 0 <= l < lanes: some channels of pixels, to planes. */
    void (*to_planes)(const float *from, size_t pixels, size_t block, size_t lanes, float *to, size_t stride);

    /** to[p * block + l] = from[l * stride + p] for 0 <= l < lanes: the way back. */
    void (*from_planes)(const float *from, size_t stride, size_t pixels, size_t lanes, float *to, size_t block);
} SolRowKernels;

/* What a run of output pixels sees: of every row `run` numbers side by side, `step` further for every pixel. */
typedef struct SolSeen {
    const float *const *rows;
    size_t count, run, step;
} SolSeen;

typedef struct SolKernels {
    const char *name; /* of the instruction set */
    unsigned flags;   /* that it needs (base/cpu.h) */

    /**
     * Winograd's input transform of a run of `tiles` tiles side by side, for one group: of the pixels at
     * rows[j] + columns[x], 0 <= x < 4 * tiles + 2, to the products (j, k) at to[(6 * j + k) * step + t * tile_step].
     */
    void (*winograd_input)(const float *const rows[SOL_TILE_IN], const size_t *columns, size_t tiles, float *to,
                           size_t tile_step, size_t step);

    /**
     * The output transform of the products at from[(6 * j + k) * step + t * tile_step], plus `bias` by channel, and
     * `floor` where that is larger.
     */
    void (*winograd_output)(const float *from, size_t tile_step, size_t step, size_t tiles,
                            const float bias[SOL_LANES], float floor, const SolTilesOut *out);

    /**
     * A convolution to `pixels` pixels of one group: to[p * to_step] = the largest of floor and bias + sum over
     * r < seen->count, k < seen->run of weights[r * run + k] * seen->rows[r][p * seen->step + k], by channel.
     */
    void (*direct_group)(const SolSeen *seen, const float *weights, const float bias[SOL_LANES], float floor,
                         size_t pixels, float *to, size_t to_step);

    /**
     * The same to `planes` (1..SOL_FEW) output channels, planes, with steps of 1: with weights[(r * run + k) * planes +
     * o], to to[o * stride + p]. Reads and writes up to SOL_DIRECT_STEP - 1 pixels more.
     */
    void (*direct_planes)(const SolSeen *seen, const float *weights, size_t planes, const float bias[SOL_FEW],
                          float floor, size_t pixels, float *to, size_t stride);

    const SolRowKernels *rows;
} SolKernels;

enum { SOL_DIRECT_STEP = 64 }; /* pixels */

/** The fastest set that sol_cpu_flags() allows. */
const SolKernels *sol_kernels(void);

/** Set number `i`, the fastest first, whether this processor has what it needs or not; NULL behind the last. */
const SolKernels *sol_kernels_at(int i);

#endif

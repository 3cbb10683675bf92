/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner loops of optical flow, compiled once for every instruction set (kernels.c) and chosen by what the processor
 * has. All sets give the same bits: arithmetic is neither contracted nor reordered. A call works on one row, so that
 * blocks of rows can be handed to threads in any way.
 */
#ifndef SOL_TEMPORAL_KERNELS_H
#define SOL_TEMPORAL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    SOL_PATCH = 8,       /* pixels along a side of a patch: a row of it is one vector */
    SOL_FLOW_MARGIN = 16 /* pixels around a picture that repeat its edge; patches may lie in them */
};

/* A row of patches of one picture, to be found in another one. */
typedef struct SolPatchRow {
    const float *grey, *slope_x, *slope_y; /* the first picture and its derivatives, at the row's first pixel */
    const float *other;                    /* the second picture, at its pixel (0, 0) */
    size_t stride;                         /* floats from row to row of all of them */
    int width, height;                     /* pixels of both pictures */
    int y;                                 /* the row's */
    int count, step, last;                 /* patch i is at x = min(i * step, last) */
    int iterations;
    float *u, *v;                          /* [count] where to begin; in the end what has been found */
    float *weights;                        /* [count][SOL_PATCH][SOL_PATCH] how much every pixel agrees with that */
} SolPatchRow;

/* A row of the linear system that refines a flow by (du, dv), with every other pixel's numbers side by side (refine.c). */
typedef struct SolSweepRow {
    float *du, *dv;                          /* pixels of one parity: what is improved */
    const float *left_u, *right_u, *up_u, *down_u, *left_v, *right_v, *up_v, *down_v; /* their neighbours */
    const float *weight_left, *weight_right, *weight_up, *weight_down;
    const float *a12, *b1, *b2, *inverse1, *inverse2;
} SolSweepRow;

/* What the coefficients of a row are made of. Pointers are at the row's first pixel; planes have margins. */
typedef struct SolSystemRow {
    const float *mean, *change; /* of the first picture and the second one warped: (I1 + I2) / 2, I2 - I1 */
    const float *inside;        /* 1 where the flow stays within the picture, 0 elsewhere */
    const float *u, *v, *rigidity; /* the flow so far; how stiff it is at a pixel */
    size_t stride, flow_stride; /* floats from row to row of these, and of u and v */
    float intensity, gradient;  /* the weights of the two constancies */
    /* out, [count] each: */
    float *a12, *b1, *b2, *inverse1, *inverse2, *weight_right, *weight_down;
} SolSystemRow;

enum {
    SOL_CARRIED = 8, /* numbers of a pixel that are carried along: the painting's R, G, B, its source's, and two of 0 */
    SOL_BOX = 5      /* pixels along a side of what differences are averaged over */
};

/* Flows whose trust is asked for: whole planes, without gaps. */
typedef struct SolTrustRow {
    const float *u, *v, *back_u, *back_v;
} SolTrustRow;

/* Loops that films are steadied by (kernels_steady.c). */
typedef struct SolSteadyKernels {
    /**
     * A row of pixels of SOL_CARRIED numbers, 256 times 0..255, moved by (u, v) cubically.
     *
     * @param from  pixel (0, 0); there is a margin of two pixels around the picture
     */
    void (*carry)(const uint16_t *from, size_t stride, int width, int height, int y, const float *u, const float *v,
                  uint16_t *to);

    /** to[x] = how far the carried source is from a picture's pixel: the mean over the channels, 0..255. */
    void (*differ)(const uint16_t *carried, const uint8_t *rgb, size_t count, float *to);

    /** to[x] = 255 where the flow can be trusted, 0 elsewhere; see sol_flow_trust(). */
    void (*trust)(const SolTrustRow *row, int width, int height, int y, uint8_t *to);

    /** to[x] = the mean of a square around x; sums[count + 4] is memory for it. */
    void (*box)(const float *const rows[SOL_BOX], size_t count, float *sums, float *to);

    /** to[x] = trusted[x], less where the difference is not small beside the tolerance. */
    void (*weigh)(const float *difference, const uint8_t *trusted, size_t count, float tolerance, uint8_t *to);

    /**
     * Lays what is carried over a painting's row, by weights times `moving`, or `still` where the flow is none; keeps
     * the result in `kept`, and rounded in `rgb`. The source in `kept` is mixed in the same way.
     */
    void (*blend)(const uint16_t *carried, const uint8_t *weight, const float *u, const float *v, size_t count,
                  float moving, float still, uint8_t *rgb, uint16_t *kept);
} SolSteadyKernels;

typedef struct SolTemporalKernels {
    const char *name; /* of the instruction set */
    unsigned flags;   /* SOL_CPU_...: what it takes */
    const SolSteadyKernels *steady;

    /** to[x] = the brightness of a pixel (Rec. 601), 0..255. */
    void (*grey)(const uint8_t *rgb, size_t count, float *to);

    /** to[x] = the mean of pixels 2x and 2x + 1 of both rows. */
    void (*halve)(const float *upper, const float *lower, size_t count, float *to);

    /** Central differences, of rows with a pixel more on either side. */
    void (*slopes)(const float *at, size_t stride, size_t count, float *to_x, float *to_y);

    /** Finds patches by inverse compositional steps (Baker & Matthews 2004), whatever their mean brightness is. */
    void (*search)(const SolPatchRow *row);

    /** Adds what patches say of one pixel row, their row `line`: weights to w, and weighted flows to u and v. */
    void (*spread)(const SolPatchRow *row, int line, float *u, float *v, float *w);

    /** to[x] = above[x] / below[x]. */
    void (*divide)(const float *above, const float *below, size_t count, float *to);

    /**
     * A row of the second picture where the flow says, beside the first: mean and change as in SolSystemRow, and
     * inside.
     *
     * @param other  the second picture's pixel (0, 0)
     */
    void (*compare)(const float *grey, const float *other, size_t stride, int width, int height, int y, const float *u,
                    const float *v, float *mean, float *change, float *inside);

    /** to[x] = weight / sqrt(|gradient of u|^2 + |gradient of v|^2 + a little). */
    void (*rigidity)(const float *u, const float *v, size_t stride, size_t count, float weight, float *to);

    void (*system)(const SolSystemRow *row, size_t count);

    /** even[k], odd[k] = from[2k], from[2k + 1]; an odd one beyond the end is 0. */
    void (*part)(const float *from, size_t count, float *even, float *odd);

    /** One step of over-relaxation. */
    void (*sweep)(const SolSweepRow *row, size_t count, float omega);

    /** to[2k] += even[k], to[2k + 1] += odd[k]. */
    void (*join)(const float *even, const float *odd, size_t count, float *to);

    /** to[x] = scale * the row twice as wide, between `near` (3/4) and `far` (1/4), also along the row; count of to. */
    void (*enlarge)(const float *near, const float *far, size_t count, size_t source, float scale, float *to);

    /** to[x] of RGB pixels moved by (u, v), cubically and linearly; see sol_warp(). */
    void (*cubic)(const uint8_t *rgb, size_t stride, int width, int height, int y, const float *u, const float *v,
                  uint8_t *to);
    void (*linear)(const uint8_t *rgb, size_t stride, int width, int height, int y, const float *u, const float *v,
                   uint8_t *to);
} SolTemporalKernels;

/** The fastest set that this processor has, less what SOLSTICE_CPUMASK hides. */
const SolTemporalKernels *sol_temporal_kernels(void);

/** The sets that there are, the fastest first; NULL behind the last. Some may not run here. */
const SolTemporalKernels *sol_temporal_kernels_at(int i);

#endif

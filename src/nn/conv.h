/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolutions, planned once for a size and run many times.
 *
 * One description of a planned convolution (SolConvShape) stands before a table of backends, ways to
 * compute it: `onednn` (the library of that name, where it is built in), `blas` (Winograd or im2col, and
 * matrix products) and `reference` (the definition, the oracle of the others). A backend is one file and one
 * line of the table in conv.c.
 */
#ifndef SOL_NN_CONV_H
#define SOL_NN_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "nn/features.h"

/* Whether a convolution also, or only, writes the 2x2 max pooling of its output (of half the size, rounded down). */
typedef enum SolPooling { SOL_POOLING_NONE, SOL_POOLING_ALSO, SOL_POOLING_ONLY } SolPooling;

/*
 * A convolution; bias and ReLU are part of it. Its output is as large as its input, with SOL_BORDER_VALID kernel - 1
 * pixels less along a side; with stride 2 half as large as that, rounding up. A transposed one is the gradient of a
 * convolution with stride 2 and SOL_BORDER_SAME: its output is twice as large as its input. What stands behind
 * `element` is neighbours' work that backends may take over (SolConvBackend.fuses); the result has the same bits.
 */
typedef struct SolConvShape {
    int in_channels, out_channels;
    int kernel;        /* side of the square kernel, odd */
    int stride;        /* 2, or anything else for 1 */
    bool transposed;   /* with neither stride nor border of its own */
    int height, width; /* of the input as it is convolved */
    SolBorder border;
    bool relu;         /* negative results become 0 */
    SolElement element; /* what is multiplied: inputs and weights are rounded to it; sums are float32 */
    bool upsample;     /* the input comes at half the height and width, and every pixel is taken 2x2 times */
    bool added;        /* a value of the output's shape is added to the result */
    SolPooling pooling;
} SolConvShape;

typedef struct SolConvBackend SolConvBackend;

/* A planned convolution. Backends fill in what follows `pool`, but only for what they want otherwise. */
typedef struct SolConv {
    const SolConvBackend *backend;
    const SolConvBackend *method; /* where the backend has several: the one it chose for the shape */
    SolConvShape shape;
    const float *weights; /* [out][in][kernel][kernel], transposed [in][out][kernel][kernel]; borrowed; NULL where
                             nothing but sizes is wanted */
    const float *bias;    /* [out], borrowed; NULL for none */
    SolPool *pool;        /* borrowed */
    SolLayout in, out;    /* of input and output (also pooled, and what is added): planes without a margin, where the
                             backend asks for nothing else */
    size_t scratch;       /* bytes that a run takes for itself */
    size_t prepared;      /* bytes of prepared weights */
    void *state;          /* the backend's own: prepared weights, for example */
} SolConv;

/* What a run works on, in the layouts of the plan. */
typedef struct SolConvData {
    void *in;          /* its margin may be written */
    void *out;         /* NULL with SOL_POOLING_ONLY */
    void *pooled;      /* of half the height and width; NULL without pooling */
    const void *added; /* NULL without; may be `out` */
} SolConvData;

/* One way to compute convolutions. */
struct SolConvBackend {
    const char *name;
    bool (*supports)(const SolConvShape *shape);
    /** Whether it is the one to choose where it supports the shape: a rule over shape and processor. */
    bool (*pays)(const SolConvShape *shape);
    /**
     * Sets conv->in, conv->out, conv->scratch, conv->prepared, and conv->state to weights prepared once (where there
     * are weights). 0 or an error.
     */
    int (*plan)(SolConv *conv);
    /** Computes what is to be written. `scratch` has conv->scratch bytes, aligned to SOL_ALIGNMENT. */
    void (*run)(const SolConv *conv, const SolConvData *data, void *scratch);
    /** Releases conv->state, which may be NULL. */
    void (*release)(SolConv *conv);
    /** Whether it takes over what `shape`, which it supports otherwise, asks for besides; NULL: never. */
    bool (*fuses)(const SolConvShape *shape);
};

/** The backend called `name`, or NULL. */
const SolConvBackend *sol_conv_backend(const char *name);

/** Backend number `i`, in order of preference; NULL behind the last. */
const SolConvBackend *sol_conv_backend_at(int i);

/**
 * What a convolution of this shape is best multiplied in on this processor: a rule, so that one machine always
 * paints the same pixels. SOL_BFLOAT16 only where the processor multiplies that faster than a backend
 * gets through the same layer in float32.
 *
 * @param backend  that will compute it; NULL for any
 */
SolElement sol_conv_best_element(const SolConvBackend *backend, const SolConvShape *shape);

/** The first backend of the table that supports the shape and pays, or supports it at least; NULL for none. */
const SolConvBackend *sol_conv_choose(const SolConvShape *shape);

/** Whether the shape asks for neighbours' work. */
bool sol_conv_is_fused(const SolConvShape *shape);

/** Whether `backend`, or where it is NULL the one that would be chosen, computes the shape with all that is fused. */
bool sol_conv_fuses(const SolConvBackend *backend, const SolConvShape *shape);

/**
 * Plans a convolution, or with `weights` of NULL only finds the sizes of what it would take; it then cannot run.
 *
 * @param[out] conv  untouched on failure; released by sol_conv_close()
 * @param backend    NULL for the first of the table that supports the shape and pays, or supports it at least
 * @param weights    [out][in][kernel][kernel], or for a transposed one [in][out][kernel][kernel], borrowed until
 *                   closing, as are `bias` (may be NULL) and `pool`
 * @return 0, SOL_ERR_ARGUMENT (a shape that makes no sense, or that the backend does not support), SOL_ERR_NOMEM
 */
int sol_conv_plan(SolConv **conv, const SolConvBackend *backend, const SolConvShape *shape, const float *weights,
                  const float *bias, SolPool *pool);

/**
 * Computes the output, which must not overlap the input. The margin of the input is filled here; that of the
 * output is left without meaning. Allocates nothing. One run at a time for a convolution.
 *
 * @param scratch  conv->scratch bytes, aligned to SOL_ALIGNMENT
 */
void sol_conv_run(const SolConv *conv, const SolConvData *data, void *scratch);

/** How many input pixels output pixels lie apart: 1 or 2. */
static inline int sol_conv_stride(const SolConvShape *shape)
{
    return shape->stride == 2 ? 2 : 1;
}

/** Whether the output has another size than the input. */
static inline bool sol_conv_resizes(const SolConvShape *shape)
{
    return shape->transposed || shape->stride == 2 || (shape->border == SOL_BORDER_VALID && shape->kernel > 1);
}

/** The shape of the output; sides that do not fit an int are INT_MAX, those of which nothing is left below 1. */
SolShape sol_conv_output(const SolConvShape *shape);

/**
 * How many pixels before a row's (or column's) first one the kernel begins at the first output pixel; of a transposed
 * convolution: the same of the strided one whose gradient it is.
 *
 * @param side  pixels of the row or column of the input
 */
int sol_conv_before(const SolConvShape *shape, int side);

/** Multiply-adds of one run by the definition, whatever the backend spends. */
double sol_conv_macs(const SolConvShape *shape);

void sol_conv_close(SolConv **conv);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A network as a graph of named nodes, from one input to one output. A graph says what is computed,
 * for no size in particular; nn/plan.h makes it ready to run at one.
 *
 * Nodes are added in the order in which they can be computed: a node's inputs are earlier nodes. The
 * first node is the input.
 */
#ifndef SOL_NN_GRAPH_H
#define SOL_NN_GRAPH_H

#include "nn/shape.h"

typedef struct SolGraph SolGraph;

typedef enum SolOp {
    SOL_OP_INPUT,    /* what the caller fills in */
    SOL_OP_AFFINE,   /* x * scale[c] + offset[c] */
    SOL_OP_CONV,     /* convolution with bias, and ReLU if wanted; keeps the size, but for SOL_BORDER_VALID, or
                        halves it, rounding up */
    SOL_OP_CONV_TRANSPOSE, /* the gradient of a convolution of stride 2 and TensorFlow's SAME; doubles the size */
    SOL_OP_RELU,
    SOL_OP_MAX_POOL, /* 2x2, halves the size, rounding down */
    SOL_OP_UPSAMPLE, /* doubles the size: nearest neighbour, or bilinear */
    SOL_OP_ADD,      /* of two inputs */
    SOL_OP_ADAIN,    /* gives its input the mean and deviation that a style has at the node `tap` */
    SOL_OP_WCT,      /* gives its input the mean and covariance that a style has at the node `tap` (nn/wct.h) */
    SOL_OP_LEVEL,    /* its first input: a picture that the wct nodes since the second, an earlier one, made of that.
                        Where their strength is 0, the second will do (nn/levels.h) */
    SOL_OP_INSTANCE_NORM, /* gives every channel the mean bias[c] and the deviation weights[c] (Ulyanov et al. 2016) */
    SOL_OP_TANH,
    SOL_OP_PAD,      /* continues its input by reflection, `pixels` on every side */
    SOL_OP_COUNT
} SolOp;

/* What a node does. Fields that its operator does not name are not looked at. */
typedef struct SolLayer {
    SolOp op;
    int inputs[2];       /* node numbers; as many as the operator takes */
    int channels;        /* input, conv, conv_transpose: of the result */
    int kernel;          /* conv, conv_transpose: side of the kernel, odd */
    int stride;          /* conv: 1 or 2; 0 for 1 */
    SolBorder border;    /* conv */
    bool relu;           /* conv, conv_transpose, instance_norm: negative results become 0 */
    bool bilinear;       /* upsample */
    int pixels;          /* pad: 1 or more */
    double epsilon;      /* instance_norm: added to a variance before its root is taken; above 0 */
    const float *weights; /* conv: [channels][input's channels][kernel][kernel]; conv_transpose: [input's channels]
                             [channels][kernel][kernel]; instance_norm: [channels]; borrowed by the graph */
    const float *bias;    /* conv, conv_transpose: [channels], NULL for none; instance_norm: [channels]; borrowed */
    const float *scale;   /* affine: [channels]; copied */
    const float *offset;  /* affine: [channels]; copied */
    int tap;              /* adain, wct: the node whose statistics on a style image are wanted; adain also reads
                             it, since a painting of less than full strength mixes in the picture's own there */
    float strength;       /* wct: 0..1, times the painting's */
} SolLayer;

typedef struct SolNode {
    char *name;
    SolLayer layer;
    int channels;  /* of its result */
    int level;     /* its result is 2^level times smaller than the input .. */
    int extra;     /* .. and then larger by so many pixels along a side, if those are multiples of what is wanted */
    bool styled;   /* it is, or depends on, an adain or wct node */
    SolOp tapped;  /* of a tap: adain or wct, for which styles have statistics of it; of any other: input */
} SolNode;

/** @param[out] graph  an empty graph; untouched on failure; released by sol_graph_close() */
int sol_graph_open(SolGraph **graph);

/**
 * Adds a node. `name` is unique and copied.
 *
 * @return the node's number, from 0, or SOL_ERR_FORMAT (inputs that do not fit each other or the
 *         operator; the text does not name the node, which the caller knows by its own ways), SOL_ERR_NOMEM
 */
int sol_graph_add(SolGraph *graph, const char *name, const SolLayer *layer);

/** How many nodes there are. The last one is the network's output. */
int sol_graph_count(const SolGraph *graph);

const SolNode *sol_graph_node(const SolGraph *graph, int node);

/** The number of the node called `name`, or -1. */
int sol_graph_find(const SolGraph *graph, const char *name);

/** The operator's name, as architectures write it: "max_pool"; and how many inputs it takes. */
const char *sol_op_name(SolOp op);
int sol_op_inputs(SolOp op);

/** Whether an operator is a convolution, transposed or not. */
bool sol_op_convolves(SolOp op);

/** Whether what an operator does to a pixel depends on the moments of the whole picture: adain, instance_norm. */
bool sol_op_normalises(SolOp op);

/** needed[n] = whether any of the nodes `keep` is the node n or depends on it, for every node. */
void sol_graph_needed(const SolGraph *graph, const int keep[], int keep_count, bool needed[]);

/** What width and height must be multiples of for a run of the whole graph: a power of two. */
int sol_graph_multiple(const SolGraph *graph);

/**
 * How many pixels on every side a picture is to be continued by reflection before it is run, and its result cut: more
 * than 0 for networks that paint a seam where a picture ends. 0 unless it is set.
 */
int sol_graph_margin(const SolGraph *graph);
void sol_graph_set_margin(SolGraph *graph, int margin);

/**
 * The taps: the nodes whose statistics make a style, in ascending order without repetition. A style's
 * statistics are one array, tap by tap: the means of the tap's channels, then for adain their deviations, for wct the
 * colouring (nn/wct.h). A tap serves one of the two.
 */
int sol_graph_tap_count(const SolGraph *graph);
int sol_graph_tap(const SolGraph *graph, int i);

/** Where the statistics of the tap `node` begin in that array; of a node that is no tap: the array's length. */
size_t sol_graph_statistics(const SolGraph *graph, int node);

void sol_graph_close(SolGraph **graph);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Cascades of boosted classifiers (P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
 * features", CVPR 2001; rotated features: R. Lienhart, J. Maydt, ICIP 2002; local binary patterns: S. Liao et al., ICB
 * 2007), as OpenCV's XML files hold them. Every index and rectangle of one that was read is within its bounds.
 */
#ifndef SOL_REGION_CASCADE_H
#define SOL_REGION_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sides of a cascade's window, pixels: sums of squares of a window of the largest still fit 32 bits. */
enum { SOL_CASCADE_LEAST = 4, SOL_CASCADE_MOST = 256 };

/* A weighted sum of two or three rectangles; for local binary patterns the first of nine, three by three. */
typedef struct SolCascadeFeature {
    int count;
    bool tilted; /* turned by 45 degrees: x, y is the upper corner, the sides go down to the right and to the left */
    struct {
        int x, y, width, height;
        float weight;
    } rects[3];
} SolCascadeFeature;

/* A fork of a tree. The next is that of the tree's number next[i] where that is above 0, else the leaf -next[i]. */
typedef struct SolCascadeNode {
    int feature;
    float threshold; /* next[0] is for less, next[1] for as much or more */
    uint32_t subset[8]; /* of local binary patterns: next[0] is for those whose bit is set */
    int next[2];
} SolCascadeNode;

typedef struct SolCascadeTree {
    int node, node_count; /* its forks in `nodes` */
    int leaf;             /* the first of its node_count + 1 leaves in `leaves` */
} SolCascadeTree;

/* A window passes where the sum of the leaves that its trees lead to is at least the threshold. */
typedef struct SolCascadeStage {
    float threshold;
    int tree, tree_count; /* its trees in `trees` */
} SolCascadeStage;

typedef struct SolCascade {
    int width, height;  /* of the window, pixels */
    bool patterns;      /* features are local binary patterns */
    bool has_tilted;
    SolCascadeFeature *features;
    SolCascadeStage *stages;
    SolCascadeTree *trees;
    SolCascadeNode *nodes;
    float *leaves;
    size_t feature_count, stage_count, tree_count, node_count, leaf_count;
} SolCascade;

/**
 * Reads a cascade in OpenCV's present format ("opencv-cascade-classifier", with Haar features or local binary
 * patterns).
 *
 * @param[out] cascade  untouched on failure; released by sol_cascade_close()
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_cascade_load(SolCascade **cascade, const char *path);

/** As above, from memory; `name` is what errors call it. */
int sol_cascade_read(SolCascade **cascade, const void *text, size_t size, const char *name);

/** Sets *cascade to NULL; NULL is accepted. */
void sol_cascade_close(SolCascade **cascade);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What remap.c and the walk through a row, a kernel (kernels_walk.c), share: a frame on its way, and its row at hand.
 *
 * Wanted levels and errors are in sixteenths of a level between pixels, and in whole levels at one. Scores are squared
 * levels in sixteenths, errors among them weighted by `weight` / 64.
 */
#ifndef SOL_MEDIA_REMAP_WALK_H
#define SOL_MEDIA_REMAP_WALK_H

#include "media/remap.h"

enum {
    SOL_SLACK = 16,
    SOL_STRENGTH_BITS = 8,
    SOL_STRENGTH = 1 << SOL_STRENGTH_BITS /* of an error that is spread whole */
};

/* R, G, B and nothing. */
typedef int32_t SolFour __attribute__((vector_size(16)));

/* A colour as the screen and the palette hold it here. */
typedef struct SolShown {
    uint8_t level[4];        /* R, G, B and whatever */
} SolShown;

struct SolRemapper {
    SolFour *wanted;         /* [width] the row's levels and what the rows above brought, sixteenths */
    SolFour *below;          /* [width + 2] what the row leaves for the next one, from the column left of the first */
    SolShown *shown;         /* [width] what the screen shows */
    uint8_t *still;          /* [width] the pixel is as it was in the former picture, and stays */
    uint8_t *weight;         /* [width] of an error, 64ths */
    uint16_t *busy;          /* [width] how much the pixel differs from those around it */
    uint8_t *padded;         /* [width + 2][3] a row, and the pixels beside it */
    const SolMediaKernels *kernels;
    uint8_t weights[12 * 255 + 1]; /* by how much a pixel differs from its neighbours */
    int sure[SOL_PALETTE_MAX]; /* at no more than this squared distance, a colour of the palette is the nearest */

    /* the frame at hand */
    const SolRemapFrame *frame;
    SolColourMap *map;
    SolLzw *lzw;
    int width, transparent;
    int strength;            /* of SOL_STRENGTH */
    int mixing;              /* of SOL_STRENGTH: of errors, by which colours are mixed for blue noise; 0: not at all */
    bool lossless;
    int looks;               /* nodes that are looked at for one code */
    int slack;               /* SOL_SLACKths of a pixel's worth that a way may be behind the best one, and be followed */

    /* the tree of codes, beyond what lzw->nodes say of it */
    uint16_t kept[SOL_LZW_CODES];   /* the child that lets the screen show, which is not among the others; 0: none */
    uint16_t parent[SOL_LZW_CODES];

    /* a search */
    int worth, behind;       /* of a pixel; of all that a way may lie behind the best one */
    int left;                /* looks */
    int begin;               /* x that it begins at */
    int best_score, best_length, best_node;

    /* the image so far */
    double pixels, codes, errors;
};

#endif

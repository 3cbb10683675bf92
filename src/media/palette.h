/* SPDX-License-Identifier: Apache-2.0
 *
 * Palettes: a picture's colours counted, and the 256 or fewer that stand for them best.
 */
#ifndef SOL_MEDIA_PALETTE_H
#define SOL_MEDIA_PALETTE_H

#include <stdbool.h>

#include "image/image.h"

#define SOL_PALETTE_MAX 256

typedef struct SolPalette {
    int count;                              /* 1 .. SOL_PALETTE_MAX */
    uint8_t colour[SOL_PALETTE_MAX][3];     /* R, G, B */
} SolPalette;

struct SolColourMap;

/* The colours of a picture, those that agree in the upper 6 bits of each channel taken together. */
typedef struct SolHistogram SolHistogram;

/** @return 0 or SOL_ERR_NOMEM */
int sol_histogram_open(SolHistogram **histogram);

/**
 * Counts the pixels of `image`, and of no other: those that differ from the same of `former`; all where that is NULL.
 * Of a large picture, every other pixel stands for its neighbour.
 *
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_histogram_count(SolHistogram *histogram, const SolImage *image, const SolImage *former);

/** Mean squared distance (sum over R, G and B) of the counted pixels from their nearest colours in `map`. */
double sol_histogram_error(const SolHistogram *histogram, struct SolColourMap *map);

void sol_histogram_close(SolHistogram **histogram);

/** True, with the palette filled, where `image` has at most `limit` colours. */
bool sol_palette_exact(SolPalette *palette, const SolImage *image, int limit);

/**
 * At most `limit` (1 .. SOL_PALETTE_MAX) colours for the counted pixels: boxes of colours, the one of
 * the largest squared error split in two where that lowers it most (after Wu, "Efficient statistical
 * computations for optimal color quantization", 1991). *error becomes the mean squared distance of the
 * pixels from the centres of their boxes.
 */
void sol_palette_split(SolPalette *palette, SolHistogram *histogram, int limit, double *error);

/**
 * Moves the colours to where the mean squared distance of the counted pixels from their nearest colour
 * is locally least, by `rounds` of k-means. `map` is left set to the palette that results.
 */
void sol_palette_refine(SolPalette *palette, const SolHistogram *histogram, int rounds, struct SolColourMap *map);

/** Squared distance of those pixels from their nearest colours in `map`, summed: an estimate, from a few of them. */
double sol_palette_error(struct SolColourMap *map, const SolImage *image, const SolImage *former);

/** True where both hold the same colours in the same order. */
bool sol_palette_equal(const SolPalette *a, const SolPalette *b);

#endif

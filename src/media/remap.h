/* SPDX-License-Identifier: Apache-2.0
 *
 * From a picture to the compressed indices of a GIF's frame: choosing colours, dithering, keeping what the screen shows,
 * and compressing, all in one.
 */
#ifndef SOL_MEDIA_REMAP_H
#define SOL_MEDIA_REMAP_H

#include "media/colour_map.h"
#include "media/lzw.h"

/* A frame to be made. All is borrowed, and of one size. */
typedef struct SolRemapFrame {
    const SolImage *image;
    const SolImage *former;     /* the picture of the frame before; NULL: there is none */
    uint8_t *screen;            /* [height][width][3] as that left it, brought up to date row by row */
    SolPalette palette;
    SolColourMap *map;          /* to be set to the palette */
    int transparent;            /* index that lets the screen show, not one of the palette's; -1: there is none */
    int left, top, width, height; /* the rectangle that is stored */
    double dither;              /* 0..1: how much of an error is spread; or, where */
    bool ordered;               /* blue noise is added instead, of the way from a colour to the nearest other */
    double lossy;               /* squared error that is worth a bit saved; 0: each pixel gets its best colour */
    void (*await)(void *context, int row);  /* called before a row of the screen is touched; NULL: no need */
    void (*done)(void *context, int row);   /* called when it will not be touched any more */
    void *context;
} SolRemapFrame;

/** The colours that the codes of a frame reckon with: a power of two with room for the palette and transparency, 4..256. */
int sol_remap_colours(const SolPalette *palette);

/* What one thread needs for pictures of one size. */
typedef struct SolRemapper SolRemapper;

/** @return 0 or SOL_ERR_NOMEM */
int sol_remapper_open(SolRemapper **remapper, int width);

/**
 * Makes a frame: the data of an image, as GIF89a has it behind the least code size, is in lzw->bytes.
 *
 * Every pixel wants its colour and the errors that Floyd & Steinberg's weights ("An adaptive algorithm for spatial grey
 * scale", 1976) bring it, most of them at a `dither` of 1; or its colour and the noise of its place (blue_noise.h),
 * each channel's of a place of its own. What it gets is found in the tree of codes: of the
 * ways that go on from the code so far, each with the errors that it makes spread on, that one is taken that saves most,
 * every pixel being worth what pixels cost on average, less the squared error beyond the least possible. That weighs
 * less where the picture is busy, and hides it. A pixel that is as it was in the former picture stays as the screen has
 * it; others may, like any colour.
 *
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_remap(SolRemapper *remapper, const SolRemapFrame *frame, SolLzw *lzw);

void sol_remapper_close(SolRemapper **remapper);

#endif

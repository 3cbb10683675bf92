/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder: pictures and how long they show go in, a file comes out. Which pictures those are, and where the
 * file lies, is the caller's (gif.c).
 */
#ifndef SOL_MEDIA_GIF_ENCODER_H
#define SOL_MEDIA_GIF_ENCODER_H

#include <stdio.h>

#include <solstice/video.h>

#include "image/image.h"

/* The shortest time that a picture shows, in hundredths of a second (cs): browsers slow down what is shorter. */
#define SOL_GIF_MIN_DELAY 2

/* How pictures are made into indices. sol_gif_look_default() is what is best for most. */
typedef struct SolGifLook {
    int colours;      /* 2..256 in a picture; 0: 256 */
    SolDither kind;   /* of dither; none: as with a strength of 0 */
    double dither;    /* 0..1: how much of it: of each pixel's error, or of the way from a colour to its neighbour */
    double lossy;     /* 0..: how far a pixel may be off for the sake of a smaller file; 0: not at all */
} SolGifLook;

/** The look that is used where none is asked for. */
SolGifLook sol_gif_look_default(void);

/** The look of a quality of 1 (smallest file) .. 100 (best picture); beyond those, that of the nearer of the two. */
SolGifLook sol_gif_look_of_quality(int quality);

/** The name of a way to dither: "diffusion", "blue-noise", "none"; NULL behind the last. */
const char *sol_dither_name(int dither);

/** The way to dither of this name; false where there is none. */
bool sol_dither_find(const char *name, SolDither *dither);

typedef struct SolGifEncoder SolGifEncoder;

/**
 * Begins a GIF of width x height pixels, 1..65535 each.
 *
 * @param[out] encoder  untouched on failure; released by sol_gif_encoder_close()
 * @param stream        where the file's bytes go; borrowed until the encoder is closed, flushed and closed by the caller
 * @param name          of the file, as messages call it; borrowed likewise
 * @param look          NULL: the default; numbers out of range become the nearest in range
 * @param loop          how many times it plays, 1..65535; 0: for ever
 * @param threads       that work on pictures; 0: one a processor. The file is the same with any number of them
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_gif_encoder_open(SolGifEncoder **encoder, FILE *stream, const char *name, int width, int height,
                         const SolGifLook *look, int loop, int threads);

/**
 * Adds a picture of the GIF's size, which shows for `delay` cs: at least SOL_GIF_MIN_DELAY of them, and for more than a
 * GIF can say of one frame as several frames. What is written of it may be written later.
 *
 * @param image  kept, by a reference of the encoder's own, for as long as it is needed
 * @return 0, SOL_ERR_IO or SOL_ERR_NOMEM
 */
int sol_gif_encoder_add(SolGifEncoder *encoder, SolImage *image, int64_t delay);

/** The bytes that have been given to the stream so far. */
int64_t sol_gif_encoder_bytes(const SolGifEncoder *encoder);

/**
 * Writes what is left, and the end. Nothing may be added any more.
 *
 * @param[out] bytes  of the whole file; may be NULL
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM, or SOL_ERR_ARGUMENT where no picture was added
 */
int sol_gif_encoder_finish(SolGifEncoder *encoder, int64_t *bytes);

/** Sets *encoder to NULL; NULL is accepted. What was not finished is of no use. */
void sol_gif_encoder_close(SolGifEncoder **encoder);

#endif

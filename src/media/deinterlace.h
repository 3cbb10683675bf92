/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoded frames without the comb of interlacing: a frame that its stream calls interlaced is two half pictures
 * taken one after the other, which a screen must not show as one.
 */
#ifndef SOL_MEDIA_DEINTERLACE_H
#define SOL_MEDIA_DEINTERLACE_H

#include "media/decode.h"

typedef struct SolDeinterlacer SolDeinterlacer;

/** @param[out] deinterlacer  untouched on failure; released by sol_deinterlacer_close() */
int sol_deinterlacer_open(SolDeinterlacer **deinterlacer);

/**
 * As sol_decoder_next(): one frame out for each that the decoder delivers, at its own time. Frames marked as
 * interlaced have the lines of their first field as they are and the others made by libavfilter's bwdif;
 * frames that are not are left alone. Where it cannot be done (fewer than 4 lines or 3 columns) frames stay as they
 * are, which is logged once.
 *
 * @param decoder  always the same one
 */
int sol_deinterlacer_next(SolDeinterlacer *deinterlacer, SolDecoder *decoder, AVFrame *frame, bool *got);

/** Sets *deinterlacer to NULL; NULL is accepted. */
void sol_deinterlacer_close(SolDeinterlacer **deinterlacer);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What an output makes of the pictures that it is given before it takes them: a part of them, at another size, with a
 * caption; by libavfilter's crop, scale and drawtext.
 */
#ifndef SOL_MEDIA_FRAMING_H
#define SOL_MEDIA_FRAMING_H

#include <solstice/video.h>

#include "base/area.h"

typedef struct SolFraming SolFraming;

/**
 * The part of pictures of width x height pixels that an output shows: all of them where it has no crop.
 *
 * @return 0 or SOL_ERR_ARGUMENT (it reaches past them)
 */
int sol_framing_area(const SolOutputSettings *settings, int width, int height, SolArea *area);

/* What is done, in this order. */
typedef struct SolFramingRequest {
    int width, height;          /* of the pictures that come */
    SolArea area;               /* that is kept of them */
    int out_width, out_height;  /* that it is scaled to */
    const char *text;           /* the caption; NULL: none */
} SolFramingRequest;

/**
 * @param[out] framing  untouched on failure; released by sol_framing_close(); NULL where there is nothing to do
 * @return 0, SOL_ERR_ARGUMENT (no caption can be drawn), SOL_ERR_NOMEM
 */
int sol_framing_open(SolFraming **framing, const SolFramingRequest *request);

/**
 * @param[out] out  a new picture in the place in time of `image`; a reference to that where `framing` is NULL
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_framing_apply(SolFraming *framing, SolImage *image, SolImage **out);

/** Sets *framing to NULL; NULL is accepted. */
void sol_framing_close(SolFraming **framing);

#endif

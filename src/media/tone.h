/* SPDX-License-Identifier: Apache-2.0
 *
 * High dynamic range to what an ordinary screen shows: PQ and HLG (ITU-R BT.2100) in, 8-bit pictures of BT.709's
 * primaries out, as players show such clips there.
 */
#ifndef SOL_MEDIA_TONE_H
#define SOL_MEDIA_TONE_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

/* A curve, made once for a clip. */
typedef struct SolTone SolTone;

/** True where a frame's transfer characteristic is PQ (SMPTE ST 2084) or HLG (ARIB STD-B67). */
bool sol_frame_is_hdr(const AVFrame *frame);

/**
 * The peak that a frame's light is taken to have, in cd/m2: for PQ its MaxCLL, otherwise that of its mastering display,
 * otherwise 1000; for HLG 1000, the nominal peak. From 203, the light of white (BT.2408), to 10000.
 */
double sol_frame_peak(const AVFrame *frame);

/**
 * Makes sure of a curve for frames such as `frame`. One that *tone already has is kept where transfer and primaries
 * are the same, whatever peak this frame states, so that the brightness of a clip does not jump.
 *
 * @param white  the 16-bit value that stands for 1.0 of the signal
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_tone_prepare(SolTone **tone, const AVFrame *frame, int white);

/**
 * A row of `width` pixels, R, G, B of 16 bits each, to 8 bits. Light of 203 cd/m2 is white; what is brighter
 * is rolled off by the EETF of ITU-R BT.2390-10, 5.4.1, on the largest of R, G and B, the two others following in
 * proportion. Then the primaries become BT.709's (what lies outside is clipped), and light becomes a signal by
 * BT.1886, gamma 2.4. HLG is shown on a display of 1000 cd/m2 first (BT.2100, system gamma 1.2).
 */
void sol_tone_row(const SolTone *tone, uint8_t *to, const uint16_t *from, int width);

/** Sets *tone to NULL; NULL is accepted. */
void sol_tone_close(SolTone **tone);

#endif

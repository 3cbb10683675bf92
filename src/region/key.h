/* SPDX-License-Identifier: Apache-2.0
 *
 * A region by colour: what has the colours of a description, cleaned of specks and holes and held steady from frame to
 * frame.
 */
#ifndef SOL_REGION_KEY_H
#define SOL_REGION_KEY_H

#include "base/blob.h"
#include "base/digest.h"
#include "image/mask.h"
#include "region/colours.h"

/* What a key selects. Pixels are the source's (SolSelectorSource); radii and areas are scaled to the frame's. */
typedef struct SolKey {
    SolKeyColours *colours;   /* [count] they unite */
    int count;                /* 1 or more */
    double soft;              /* how wide the edges of ranges are: 1 as usual, 0 hard; 0..10 */
    double open, close;       /* radii of discs, pixels, 0..SOL_DISC_MAX: narrower strips go, gaps are filled */
    double smallest;          /* islands and holes with less area go: pixels, or percent of the frame; 0: none */
    bool smallest_is_share;   /* percent */
    unsigned touching;        /* edges of the frame, SOL_EDGE_*, of which an island must touch one; 0: need not */
    double hold;              /* how steady it is held, 0 (not at all) to 1 */
} SolKey;

void sol_key_digest(const SolKey *key, SolDigester *digester);

/* Selects frame by frame, and remembers what holds it steady. */
typedef struct SolKeyer SolKeyer;

/**
 * @param[out] keyer  untouched on failure; released by sol_keyer_close()
 * @param key         borrowed until then
 * @param width,height  of the frames
 * @param scale       pixels of the frame a pixel of the source
 * @param pool        borrowed; NULL: the calling thread alone
 * @return 0, SOL_ERR_ARGUMENT, SOL_ERR_NOMEM
 */
int sol_keyer_open(SolKeyer **keyer, const SolKey *key, int width, int height, double scale, SolPool *pool);

/**
 * Fills `mask` with what is selected of a frame; both of the keyer's size.
 *
 * With hold h, what a pixel's colour says goes into a running mean in which each frame counts 1 - 0.9 h; more, up to
 * all, where the picture has changed by more than noise does (by 6 to 24 of 255 levels, averaged over 3x3 pixels). Of
 * the mean, swings of up to 0.1 h to either side are passed over.
 *
 * @return 0 or SOL_ERR_NOMEM, with the mask undefined
 */
int sol_keyer_at(SolKeyer *keyer, const SolImage *frame, SolMask *mask);

/** Forgets the frames before: another scene begins. */
void sol_keyer_forget(SolKeyer *keyer);

/** Puts what is remembered into a blob, and takes it from there, bit by bit; a keyer of the same key and size. */
void sol_keyer_save(const SolKeyer *keyer, SolBlob *blob);
void sol_keyer_restore(SolKeyer *keyer, SolBlob *blob);

/** Sets *keyer to NULL; NULL is accepted. */
void sol_keyer_close(SolKeyer **keyer);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What paintings by optimisation are held to: those of 1, 2 and 4 frames ago, moved to where things are now (Ruder,
 * Dosovitskiy & Brox 2016, eqs. 8 and 9).
 */
#ifndef SOL_RENDER_HISTORY_H
#define SOL_RENDER_HISTORY_H

#include "render/strokes.h"

enum { SOL_HISTORY_REFERENCES = 3 };

/* References with the masks that they need for as long as they are looked at. */
typedef struct SolHistory {
    SolReference references[SOL_HISTORY_REFERENCES];
    SolMask *trusts[SOL_HISTORY_REFERENCES];
    int count;
} SolHistory;

/** Whether a stroke is painted by what can be held to earlier paintings. */
bool sol_stroke_has_history(const SolStroke *stroke);

/**
 * Moves a stroke's earlier paintings to where things are in the frame that the stabiliser has looked at, and makes
 * references of them: the nearest as far as its flow can be trusted, older ones where those nearer cannot.
 *
 * @param[out] history  cleared by sol_history_clear(); untouched on failure
 */
int sol_history_make(SolHistory *history, SolStroke *stroke, SolStabiliser *stabiliser);

/** Notes the painting of the frame at hand. A copy is made. */
int sol_history_note(SolStroke *stroke, const SolImage *painting);

void sol_history_clear(SolHistory *history);

#endif

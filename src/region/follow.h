/* SPDX-License-Identifier: Apache-2.0
 *
 * Boxes that follow what is found from frame to frame: which find is which of the frame before, and where a box is
 * shown in between.
 */
#ifndef SOL_REGION_FOLLOW_H
#define SOL_REGION_FOLLOW_H

#include "base/blob.h"

#include <stdbool.h>

enum { SOL_FOLLOWED_MAX = 64, SOL_FOLLOWED_FULL = 5 };

/* A box by its middle. */
typedef struct SolBox {
    double x, y, width, height;
} SolBox;

typedef struct SolFollowed {
    SolBox shown, found; /* where it is shown; where it was found last */
    int level;           /* 0..SOL_FOLLOWED_FULL: how far it is shown */
    int seen;            /* how often it was found, up to 2: only then it is shown */
    int lost;            /* frames since a search did not find it; 0: the last one did */
} SolFollowed;

/* All zeros is one that has seen nothing. */
typedef struct SolFollower {
    bool begun;
    int count;
    SolFollowed boxes[SOL_FOLLOWED_MAX];
} SolFollower;

/**
 * Takes in what a search of the frame at hand found. Finds go to the boxes that they share most with, at least a fifth
 * of what both cover; the others begin boxes of their own.
 */
void sol_follower_find(SolFollower *follower, const SolBox *finds, int count);

/** Moves boxes towards where they were found, by one frame, and lets them appear or go. After sol_follower_find(). */
void sol_follower_step(SolFollower *follower);

void sol_follower_save(const SolFollower *follower, SolBlob *blob);

/** False, with an empty one, where the blob has no such thing. */
bool sol_follower_restore(SolFollower *follower, SolBlob *blob);

#endif

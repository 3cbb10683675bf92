/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a region, for those who read one and those who add a kind: a tree. Its leaves are of a kind that knows
 * how to fill a mask (a shape, a file, ..); its inner nodes join the masks of their parts. Every node then treats its
 * edge in the same way: it is moved (grow), softened (feather), turned inside out (invert), and faded (opacity).
 *
 * A kind is a table of functions in a file of its own. It gets what a schedule says about it (`what`), and makes a
 * state of that when frames of some size are to come.
 */
#ifndef SOL_REGION_NODE_H
#define SOL_REGION_NODE_H

#include "region/region.h"

/* A kind of region. A function that it has no use for is NULL. */
typedef struct SolRegionKind {
    const char *name; /* as a schedule writes it */
    bool remembers;   /* what it selects depends on the frames before */

    /* Of leaves. */
    int (*open)(void **state, const void *what, const SolSelectorSource *source); /* both borrowed until close() */
    int (*at)(void *state, const SolImage *frame, SolInstant at, SolMask *mask);  /* writes every pixel of the mask */
    void (*forget)(void *state);
    void (*save)(const void *state, SolBlob *blob);
    void (*restore)(void *state, SolBlob *blob);
    void (*close)(void *state);
    int (*digest)(const void *what, SolDigester *digester);
    void (*free)(void *what);

    /* Of nodes with parts. */
    void (*join)(SolMask *mask, const SolMask *with); /* takes each further part in */
    void (*finish)(SolMask *mask);                    /* when all parts are joined */
} SolRegionKind;

extern const SolRegionKind sol_region_rect, sol_region_ellipse, sol_region_polygon; /* shapes.c */
extern const SolRegionKind sol_region_file;                                         /* mask_file.c */
extern const SolRegionKind sol_region_key; /* key_kind.c: a SolKey and its colours, both of sol_alloc() */
extern const SolRegionKind sol_region_face; /* face_kind.c: a SolFace of sol_alloc() */
extern const SolRegionKind sol_region_union, sol_region_difference, sol_region_intersection,
    sol_region_outside; /* region.c */

struct SolRegion {
    const SolRegionKind *kind;
    void *what;        /* of a leaf: as its kind has it; freed by that */
    SolRegion **parts; /* [part_count] of a node that joins */
    int part_count;
    SolTrack feather;  /* a length: how wide the soft edge is, across; none: 0 */
    SolTrack grow;     /* a length: how far the edge moves outwards; none: 0 */
    SolTrack opacity;  /* 0..1; none: 1 */
    bool invert;
};

/*
 * A length is two numbers of a track: pixels of the input's own frame, and a share of one of its sides (1: all of it).
 * One of them is 0 where a schedule says it, and between two keyframes neither need be.
 */
enum { SOL_LENGTH = 2 };

/* How lengths become pixels of the frames that are painted. */
typedef struct SolLengths {
    double x, y, either;             /* pixels for one of the input's: along a row, along a column, and for a radius */
    double width, height, short_side; /* of a painted frame */
} SolLengths;

SolLengths sol_lengths_of(const SolSelectorSource *source);

/** A region without parts, to be filled in; released by sol_region_close(). 0, SOL_ERR_NOMEM. */
int sol_region_create(SolRegion **region);

/** Adds a part to a region, which takes it over and sets *part to NULL. 0, SOL_ERR_NOMEM. */
int sol_region_add(SolRegion *region, SolRegion **part);

/** Adds all that a track says. */
void sol_track_digest(const SolTrack *track, SolDigester *digester);

#endif

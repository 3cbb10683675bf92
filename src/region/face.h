/* SPDX-License-Identifier: Apache-2.0
 *
 * A region by subject: ellipses around faces, or whatever a cascade was trained for, which follow them from frame to
 * frame without a jerk, appear and disappear softly, and stay for a little where one is missed.
 */
#ifndef SOL_REGION_FACE_H
#define SOL_REGION_FACE_H

#include "base/blob.h"
#include "base/digest.h"
#include "base/pool.h"
#include "image/mask.h"

/* What is looked for, and what is selected of it. */
typedef struct SolFace {
    char *cascade;         /* path of the cascade's file */
    double scale;          /* of the ellipse: 1 is as high as the box that is found, and four fifths as wide */
    double smallest_share; /* least height of a find, of the frame's shorter side, 0..1 */
    double smallest;       /* further pixels of the source's frame */
    int neighbours;        /* windows that a find must have beside its own: fewer find more, also what is not there */
    int every;             /* frames from one search to the next, 1 or more */
} SolFace;

/**
 * The cascade for faces that OpenCV brings, where it is installed.
 *
 * @param[out] path  freed with free(); untouched on failure
 * @return 0, SOL_ERR_IO (with advice on what to install), SOL_ERR_NOMEM
 */
int sol_face_find_cascade(char **path);

/** 0, SOL_ERR_IO (the cascade cannot be read), SOL_ERR_NOMEM */
int sol_face_digest(const SolFace *face, SolDigester *digester);

/* Follows faces frame by frame. */
typedef struct SolFaceFinder SolFaceFinder;

/**
 * @param[out] finder  untouched on failure; released by sol_face_finder_close()
 * @param face         borrowed until then
 * @param width,height  of the frames
 * @param scale        pixels of the frame a pixel of the source
 * @param pool         borrowed; NULL: the calling thread alone. The number of threads changes nothing
 * @return 0, SOL_ERR_IO or SOL_ERR_FORMAT (the cascade), SOL_ERR_NOMEM
 */
int sol_face_finder_open(SolFaceFinder **finder, const SolFace *face, int width, int height, double scale,
                         SolPool *pool);

/**
 * Fills `mask` with the ellipses in a frame, both of the finder's size. What is there in the first frame is selected at
 * once; what comes later, when it was found twice, and then within five frames. What is not found any more stays where
 * it was for eight frames, and goes within five.
 *
 * @return 0 or SOL_ERR_NOMEM, with the mask undefined
 */
int sol_face_finder_at(SolFaceFinder *finder, const SolImage *frame, SolMask *mask);

/** Forgets the frames before: another scene begins. */
void sol_face_finder_forget(SolFaceFinder *finder);

/** Puts what is remembered into a blob, and takes it from there, bit by bit; a finder of the same face and size. */
void sol_face_finder_save(const SolFaceFinder *finder, SolBlob *blob);
void sol_face_finder_restore(SolFaceFinder *finder, SolBlob *blob);

/** Sets *finder to NULL; NULL is accepted. */
void sol_face_finder_close(SolFaceFinder **finder);

#endif

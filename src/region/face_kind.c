/* SPDX-License-Identifier: Apache-2.0
 *
 * Faces as a kind of region.
 */
#include "region/face.h"
#include "region/node.h"

#include "base/memory.h"

#include <stdlib.h>

static int open_face(void **state, const void *what, const SolSelectorSource *source)
{
    SolFaceFinder *finder = NULL;
    int result =
        sol_face_finder_open(&finder, what, source->width, source->height, sol_lengths_of(source).either, source->pool);
    if (result == SOL_OK)
        *state = finder;
    return result;
}

static int face_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)at;
    return sol_face_finder_at(state, frame, mask);
}

static void forget_face(void *state)
{
    sol_face_finder_forget(state);
}

static void save_face(const void *state, SolBlob *blob)
{
    sol_face_finder_save(state, blob);
}

static void restore_face(void *state, SolBlob *blob)
{
    sol_face_finder_restore(state, blob);
}

static void close_face(void *state)
{
    SolFaceFinder *finder = state;
    sol_face_finder_close(&finder);
}

static int digest_face(const void *what, SolDigester *digester)
{
    return sol_face_digest(what, digester);
}

static void free_face(void *what)
{
    free(((SolFace *)what)->cascade);
    sol_free(what);
}

const SolRegionKind sol_region_face = {
    .name = "subject",
    .remembers = true,
    .open = open_face,
    .at = face_at,
    .forget = forget_face,
    .save = save_face,
    .restore = restore_face,
    .close = close_face,
    .digest = digest_face,
    .free = free_face,
};

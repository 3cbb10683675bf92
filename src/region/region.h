/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions: which pixels of a frame something is about. A region is a tree that a schedule describes; a selector
 * evaluates it frame by frame, and remembers what holds it steady from one to the next.
 */
#ifndef SOL_REGION_REGION_H
#define SOL_REGION_REGION_H

#include "base/blob.h"
#include "base/digest.h"
#include "base/pool.h"
#include "base/track.h"
#include "image/mask.h"

/* A region as it is described. Made by the schedule's reader (src/schedule/region.c). */
typedef struct SolRegion SolRegion;

void sol_region_close(SolRegion **region);

/** Adds all that decides what it selects, files' contents among it. 0, SOL_ERR_IO, SOL_ERR_NOMEM. */
int sol_region_digest(const SolRegion *region, SolDigester *digester);

/** Whether what it selects depends on the frames before. */
bool sol_region_remembers(const SolRegion *region);

typedef struct SolSelector SolSelector;

/* Files that masks come from, opened once for all selectors of the same frames. */
typedef struct SolMaskFiles SolMaskFiles;

/** @param[out] files  none yet; released by sol_mask_files_close(), behind the selectors. 0, SOL_ERR_NOMEM */
int sol_mask_files_open(SolMaskFiles **files);

/** Sets *files to NULL; NULL is accepted. */
void sol_mask_files_close(SolMaskFiles **files);

/* What a selector is told about the frames. */
typedef struct SolSelectorSource {
    int width, height;               /* of the frames that are painted */
    int source_width, source_height; /* of the input's, upright, before it was scaled: pixels are given in these */
    SolPool *pool;                   /* borrowed; NULL: the calling thread alone */
    SolMaskFiles *files;             /* borrowed; NULL: the selector opens its files for itself alone */
} SolSelectorSource;

/**
 * @param[out] selector  untouched on failure; released by sol_selector_close()
 * @param region         borrowed until then
 * @return 0, SOL_ERR_IO or SOL_ERR_FORMAT (a file that it names), SOL_ERR_NOMEM
 */
int sol_selector_open(SolSelector **selector, const SolRegion *region, const SolSelectorSource *source);

/**
 * Fills `mask`, of the frames' size, with what is selected of a frame.
 *
 * @param at  of the frame: keyframes go by it, and masks that move by at.frame
 */
int sol_selector_at(SolSelector *selector, const SolImage *frame, SolInstant at, SolMask *mask);

/** Forgets the frames before: another scene begins. */
void sol_selector_forget(SolSelector *selector);

/** Puts what is remembered into a blob, and takes it from there; a selector of the same region and size. */
void sol_selector_save(const SolSelector *selector, SolBlob *blob);
void sol_selector_restore(SolSelector *selector, SolBlob *blob);

void sol_selector_close(SolSelector **selector);

#endif

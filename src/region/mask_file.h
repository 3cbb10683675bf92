/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks that come from files: a still, a video, or numbered images. How light a picture is says how far it selects, or,
 * where the file has an alpha channel, how opaque it is.
 */
#ifndef SOL_REGION_MASK_FILE_H
#define SOL_REGION_MASK_FILE_H

#include "region/node.h"

/* What sol_region_file is made of. */
typedef struct SolMaskFile {
    char *path; /* as sol_video_open() takes it; freed with free() */
} SolMaskFile;

/** @param[out] file  without a path; goes to a region, whose kind frees it. 0, SOL_ERR_NOMEM */
int sol_mask_file_create(SolMaskFile **file);

#endif

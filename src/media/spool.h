/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that stand for what can be read only once: a stream on standard input.
 */
#ifndef SOL_MEDIA_SPOOL_H
#define SOL_MEDIA_SPOOL_H

#include <stdbool.h>

#include <solstice/video.h>

/* A folder of its own in TMPDIR (or /tmp) with one file in it. */
typedef struct SolSpool SolSpool;

/** True for "-", the path that means standard input. */
bool sol_is_standard_input(const char *path);

/**
 * Makes the folder for a file called `name`, which is not made yet.
 *
 * @param[out] spool  untouched on failure; released by sol_spool_close()
 * @return 0, SOL_ERR_IO or SOL_ERR_NOMEM
 */
int sol_spool_open(SolSpool **spool, const char *name);

/**
 * A spool with all that standard input holds, as the file "standard-input".
 *
 * @param wishes  whose cancelled is used
 * @return 0, SOL_ERR_ARGUMENT (it is a terminal), SOL_ERR_FORMAT (there is nothing), SOL_ERR_CANCELLED, SOL_ERR_IO or SOL_ERR_NOMEM
 */
int sol_spool_standard_input(SolSpool **spool, const SolVideoOptions *wishes);

/** The path of the file; owned by the spool. */
const char *sol_spool_path(const SolSpool *spool);

/** Removes file and folder. Sets *spool to NULL; NULL is accepted. */
void sol_spool_close(SolSpool **spool);

#endif

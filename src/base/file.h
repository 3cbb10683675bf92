/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths, and files that appear under their final name only when they are complete.
 *
 * A pending file is written under a hidden temporary name in the folder of its final name; committing
 * syncs and renames it, discarding removes it together with the folders that were made for it.
 */
#ifndef SOL_BASE_FILE_H
#define SOL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SolPending SolPending;

/**
 * Prepares a file that will become `path`: makes missing
 * parent folders and the empty temporary file or folder.
 *
 * @return 0, SOL_ERR_EXISTS (path exists and `overwrite` is false), SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_pending_open(SolPending **pending, const char *path, bool overwrite);

/** The temporary name to write to; owned by `pending`. */
const char *sol_pending_path(const SolPending *pending);

/** Syncs the file and gives it its final name. On failure the file can still be discarded. */
int sol_pending_commit(SolPending *pending);

/**
 * Removes what processes that are no more have left of pending files of this path. A "%d" or "%05d" in its name stands
 * for any digits.
 *
 * @return how many were removed
 */
int sol_pending_sweep(const char *path);

/**
 * True where `entry` of a folder is what a process that is no more has left of a pending file `name`, as above; NULL: of
 * any.
 */
bool sol_pending_is_left(const char *entry, const char *name);

/** Discards the file where it was not committed, and frees. Sets *pending to NULL; NULL is accepted. */
void sol_pending_close(SolPending **pending);

/**
 * Reads a whole file.
 *
 * @param[out] bytes  freed with sol_free(); untouched on failure
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_read_file(const char *path, uint8_t **bytes, size_t *size);

/** Makes `bytes` the whole of a file. */
int sol_write_file(const char *path, const uint8_t *bytes, size_t size);

/**
 * Makes the folder of `path` and those above it; existing ones are fine.
 *
 * @param[out] made  may be NULL; the topmost folder that was made, NULL where all were there; freed with free()
 * @return 0, SOL_ERR_IO or SOL_ERR_NOMEM
 */
int sol_make_parent_folders(const char *path, char **made);

/** Brings to the disk which names a folder holds, as far as the system can; "" is the current one. */
void sol_sync_folder(const char *path);

/** Removes the folders from that of `path` up to `made`, as far as they are empty. */
void sol_remove_made_folders(const char *path, const char *made);

/** A fresh string "folder/name"; `name` itself where it is absolute or `folder` is "" or NULL. NULL: no memory. */
char *sol_path_join(const char *folder, const char *name);

/** A fresh string with the folder part of `path` ("" where it has none), without a final slash but for "/". */
char *sol_path_folder(const char *path);

/** The part of `path` behind the last slash; points into `path`. */
const char *sol_path_name(const char *path);

/** The extension of `path` without its dot, "" where it has none; points into `path`. */
const char *sol_path_extension(const char *path);

/** True where `path` ends in one of the extensions in `list`, "png jpg jpeg", without regard to case. */
bool sol_path_has_extension(const char *path, const char *list);

/** True where both paths lead to one existing file or folder; "" is the current folder. */
bool sol_path_is_same(const char *path, const char *other);

bool sol_path_is_folder(const char *path);
bool sol_path_exists(const char *path);

#endif

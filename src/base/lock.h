/* SPDX-License-Identifier: Apache-2.0
 *
 * One process at a time: a file that is locked as long as its holder lives, however that ends.
 */
#ifndef SOL_BASE_LOCK_H
#define SOL_BASE_LOCK_H

#include <stdbool.h>

typedef struct SolLock SolLock;

/**
 * Takes the lock that is the file `path`, which is made where it is missing.
 *
 * @param[out] lock    untouched on failure; released by sol_lock_close()
 * @param[out] holder  the process that has it, where the return is SOL_ERR_EXISTS; 0 where that is not known
 * @return 0, SOL_ERR_EXISTS (another process has it, or this one has it already), SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_lock_open(SolLock **lock, const char *path, long *holder);

/**
 * True where a process has the lock that is the file `path`; *holder is that process, 0 where it is not known. Touches
 * nothing.
 */
bool sol_lock_is_held(const char *path, long *holder);

/** Removes the file, and gives the lock back. Sets *lock to NULL; NULL is accepted. */
void sol_lock_close(SolLock **lock);

#endif

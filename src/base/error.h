/* SPDX-License-Identifier: Apache-2.0
 *
 * How modules report a failure: `return sol_fail(SOL_ERR_IO, "%s: cannot be read: %s", path, ...)`.
 */
#ifndef SOL_BASE_ERROR_H
#define SOL_BASE_ERROR_H

#include <solstice/error.h>

#if defined(__GNUC__)
#define SOL_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define SOL_PRINTF(string, first)
#endif

/** Keeps the message as the calling thread's error text and returns `code`. */
int sol_fail(int code, const char *format, ...) SOL_PRINTF(2, 3);

/** As sol_fail(SOL_ERR_NOMEM, ...): memory for `what` could not be had. */
int sol_fail_memory(const char *what);

/** As sol_fail(SOL_ERR_IO, "PATH: DOING: strerror(errno)"). */
int sol_fail_errno(const char *path, const char *doing);

/** As sol_fail(SOL_ERR_EXISTS, ...): the output `path` is there already, and may not be replaced. */
int sol_fail_exists(const char *path);

/** Puts "CONTEXT: " in front of the calling thread's error text and returns `code`. */
int sol_fail_within(int code, const char *format, ...) SOL_PRINTF(2, 3);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes, and the one place that holds the error text.
 *
 * Every function of the library that can fail returns 0 or one of these negative codes, and leaves
 * its outputs untouched on failure. The text of the last failure in the calling thread says what is
 * wrong, where, and what to do about it, in one line without a final full stop or newline.
 */
#ifndef SOLSTICE_ERROR_H
#define SOLSTICE_ERROR_H

#if defined(__GNUC__)
#define SOL_API __attribute__((visibility("default")))
#else
#define SOL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SolError {
    SOL_OK = 0,
    SOL_ERR_ARGUMENT = -1,  /* a value given by the caller is out of range */
    SOL_ERR_NOMEM = -2,     /* memory ran out, or a size would overflow */
    SOL_ERR_IO = -3,        /* a file is missing, or cannot be read or written */
    SOL_ERR_FORMAT = -4,    /* a file's content is damaged, or of a kind that is not understood */
    SOL_ERR_SCHEDULE = -5,  /* the schedule is wrong, by itself or for its input */
    SOL_ERR_EXISTS = -6,    /* an output exists and may not be overwritten */
    SOL_ERR_CANCELLED = -7  /* the caller asked to stop */
} SolError;

/**
 * The text of the calling thread's last failure: one line, owned by the library, valid until the
 * thread's next call that fails. An empty string when nothing has failed yet.
 */
SOL_API const char *sol_error_text(void);

#ifdef __cplusplus
}
#endif

#endif

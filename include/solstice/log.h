/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the library tells what it noticed: guesses it made, frames it could not decode, an encoder
 * that it had to replace. The library never prints; whoever wants to know passes a SolLog along.
 */
#ifndef SOLSTICE_LOG_H
#define SOLSTICE_LOG_H

#include <solstice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SolLogLevel {
    SOL_LOG_WARNING, /* the result is not all that was asked for */
    SOL_LOG_NOTE,    /* a choice was made that the user may want to know of */
    SOL_LOG_DETAIL   /* of interest when looking for a fault */
} SolLogLevel;

/**
 * A receiver of messages. `write` may be NULL (messages are dropped); it may be called from any of
 * the library's threads, one at a time for one render. `text` is one line without a newline, valid
 * during the call.
 */
typedef struct SolLog {
    void (*write)(void *user, SolLogLevel level, const char *text);
    void *user;
} SolLog;

#ifdef __cplusplus
}
#endif

#endif

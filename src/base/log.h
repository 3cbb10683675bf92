/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a formatted line to a SolLog.
 */
#ifndef SOL_BASE_LOG_H
#define SOL_BASE_LOG_H

#include <solstice/log.h>

#include "base/error.h"

/** Formats one line and hands it to `log`; a NULL log, or one without a receiver, drops it. */
void sol_log(const SolLog *log, SolLogLevel level, const char *format, ...) SOL_PRINTF(3, 4);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Formatting for the log receiver that the caller passed in.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void sol_log(const SolLog *log, SolLogLevel level, const char *format, ...)
{
    char line[1024];
    va_list args;
    if (!log || !log->write)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    log->write(log->user, level, line);
}

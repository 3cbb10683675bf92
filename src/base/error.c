/* SPDX-License-Identifier: Apache-2.0
 *
 * The error text, one for every thread: a failure in a stage thread is carried to the caller's
 * thread by whoever joins that stage.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 2048 };

static _Thread_local char text[TEXT_SIZE];

const char *sol_error_text(void)
{
    return text;
}

int sol_fail(int code, const char *format, ...)
{
    char fresh[TEXT_SIZE]; /* the arguments may include the old text */
    va_list args;
    va_start(args, format);
    vsnprintf(fresh, sizeof fresh, format, args);
    va_end(args);
    for (char *c = fresh; *c; c++) /* names from files may hold anything; the text is one line */
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    memcpy(text, fresh, sizeof text);
    return code;
}

int sol_fail_memory(const char *what)
{
    return sol_fail(SOL_ERR_NOMEM, "not enough memory for %s", what);
}

int sol_fail_errno(const char *path, const char *doing)
{
    return sol_fail(SOL_ERR_IO, "%s: %s: %s", path, doing, strerror(errno));
}

int sol_fail_exists(const char *path)
{
    return sol_fail(SOL_ERR_EXISTS, "%s: exists; choose another name or give --overwrite", path);
}

int sol_fail_within(int code, const char *format, ...)
{
    char context[TEXT_SIZE / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    return sol_fail(code, "%s: %s", context, text);
}

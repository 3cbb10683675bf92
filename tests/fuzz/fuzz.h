/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzzers share. Each is one file, fuzz_NAME.c, with libFuzzer's entry; `make fuzz` builds and runs them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where `condition` does not hold, which libFuzzer takes for a find. */
static inline void require(int condition)
{
    if (!condition)
        abort();
}

/* Writes the input to a file, for what reads files, and returns its path. The file has no name of its own. */
static inline const char *as_file(const uint8_t *data, size_t size)
{
    static FILE *file;
    static char path[64];
    if (!file) {
        file = tmpfile();
        require(file != NULL);
        snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    }
    require(ftruncate(fileno(file), 0) == 0);
    require(pwrite(fileno(file), data, size, 0) == (ssize_t)size);
    return path;
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of several rooms share: cmocka, temporary folders, commands.
 */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

/* cmocka wants these before its own header */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/** Makes a fresh folder below TMPDIR or /tmp, and leaves its name in `path`. */
void make_folder(char path[256]);

/** Removes a folder and all in it. */
void remove_folder(const char *path);

/** How many entries a folder has, hidden ones counted; -1 where there is no such folder. */
int count_entries(const char *path);

/** "FOLDER/NAME" in one of a few static buffers that are used in turn. */
const char *in_folder(const char *folder, const char *name);

/** Writes a text file. */
void write_text(const char *path, const char *text);

/**
 * Runs a shell command (formatted), keeps what it writes to standard output and standard error in
 * `output` (cut to `size`, always terminated), and returns its exit status (128 + N where signal N ended it).
 */
int run_command(char *output, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What all tests share: cmocka, a temporary folder, files, commands, a log that can be asked.
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

#include <solstice/log.h>

/* ---- folders and files ---- */

/* The folder of the test, while there is one. */
extern char folder[256];

/** Makes `folder` below TMPDIR or /tmp, and silences libav; for cmocka, as a set-up, or called by one. */
int set_up_folder(void **state);

/** Removes `folder` and all in it. */
int tear_down_folder(void **state);

/** The path of `name` in `folder`, in one of a few static buffers that are used in turn. */
const char *in_folder(const char *name);

void make_folder(const char *path);

/** Removes a folder and all in it. */
void remove_folder(const char *path);

/** How many entries a folder has, hidden ones counted; -1 where there is no such folder. */
int count_entries(const char *path);

void write_bytes(const char *path, const void *bytes, size_t size);
void write_text(const char *path, const char *text);

/** All that a file holds, or all that is left of a stream; freed with free(). */
uint8_t *read_bytes(const char *path, size_t *size);
uint8_t *read_stream(FILE *stream, size_t *size);

/* ---- commands ---- */

/* What the last command wrote to standard output and standard error, cut to this size. */
extern char printed[65536];

/** Runs a shell command (formatted), and returns its exit status (128 + N where signal N ended it). */
int run_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- texts ---- */

/** Fails unless `part` occurs in `text`. */
void assert_contains(const char *text, const char *part);

/** The error text, without `folder` where it begins with that. */
const char *error_in_folder(void);

/* A log's warnings: SolLog log = {keep_line, &lines}. */
typedef struct Lines {
    int count;
    char first[1024];
} Lines;

void keep_line(void *lines, SolLogLevel level, const char *text);

#endif

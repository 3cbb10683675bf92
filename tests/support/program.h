/* SPDX-License-Identifier: Apache-2.0
 *
 * The program, as a user runs it: in the test's folder, from a shell.
 */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

#include "support/support.h"

/* Its full path: that in $SOLSTICE, or build/solstice. */
extern char *program;

/** Finds the program and makes the folder; for cmocka, as a set-up, or called by one. */
int set_up_program(void **state);

/** Removes the folder; likewise. */
int tear_down_program(void **state);

/** Runs the program with `arguments`, as a shell reads them, to which it is $S; as run_command() does. */
int run(const char *arguments);

#endif

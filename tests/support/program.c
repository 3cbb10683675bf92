/* SPDX-License-Identifier: Apache-2.0 */
#include "support/program.h"

#include <stdlib.h>

char *program;

int set_up_program(void **state)
{
    program = realpath(getenv("SOLSTICE") ? getenv("SOLSTICE") : "build/solstice", NULL);
    assert_non_null(program);
    return set_up_folder(state);
}

int tear_down_program(void **state)
{
    free(program);
    return tear_down_folder(state);
}

int run(const char *arguments)
{
    return run_command("cd %s && S=%s && $S %s", folder, program, arguments);
}

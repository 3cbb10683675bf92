/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of how steady a film is to be, and what belongs to them.
 */
#include <solstice/steady.h>

#include <string.h>

static const char *const names[] = {"off", "light", "strong"};

enum { NAMES = sizeof names / sizeof names[0] };

const char *sol_steadiness_name(int i)
{
    return i >= 0 && i < NAMES ? names[i] : NULL;
}

bool sol_steadiness_find(const char *name, SolSteadiness *level)
{
    for (int i = 0; i < NAMES; i++)
        if (strcmp(names[i], name) == 0) {
            *level = (SolSteadiness)i;
            return true;
        }
    return false;
}

SolSteady sol_steady_of(SolSteadiness level)
{
    bool any = level != SOL_STEADY_OFF;
    return (SolSteady){.level = level, .statistics = any, .flow = any, .loss = any};
}

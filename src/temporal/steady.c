/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of how steady a film can be.
 */
#include <solstice/steady.h>

#include <stddef.h>

static const char *const names[] = {
    [SOL_STEADY_OFF] = "off",
    [SOL_STEADY_LIGHT] = "light",
    [SOL_STEADY_STRONG] = "strong",
};

const char *sol_steadiness_name(int i)
{
    return i >= 0 && i < (int)(sizeof names / sizeof names[0]) ? names[i] : NULL;
}

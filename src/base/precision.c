/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of precisions.
 */
#include <solstice/precision.h>

#include <string.h>

static const char *const names[] = {"auto", "float32", "bfloat16"};

const char *sol_precision_name(SolPrecision precision)
{
    return names[precision];
}

bool sol_precision_find(const char *name, SolPrecision *precision)
{
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *precision = (SolPrecision)i;
            return true;
        }
    return false;
}

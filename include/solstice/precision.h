/* SPDX-License-Identifier: Apache-2.0
 *
 * In which numbers a network multiplies.
 */
#ifndef SOLSTICE_PRECISION_H
#define SOLSTICE_PRECISION_H

#include <stdbool.h>

#include <solstice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SolPrecision {
    SOL_PRECISION_AUTO,    /* bfloat16 in layers that the processor multiplies faster in it, float32 elsewhere */
    SOL_PRECISION_FLOAT32,
    SOL_PRECISION_BFLOAT16 /* wherever it can be: not in the first and the last layer, nor in statistics */
} SolPrecision;

/** The name, as schedules write it: "auto", "float32" or "bfloat16". */
SOL_API const char *sol_precision_name(SolPrecision precision);

/** Looks a name up; false, with *precision untouched, where there is no such precision. */
SOL_API bool sol_precision_find(const char *name, SolPrecision *precision);

#ifdef __cplusplus
}
#endif

#endif

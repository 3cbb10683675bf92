/* SPDX-License-Identifier: Apache-2.0
 *
 * How steady a painted film is to be.
 */
#ifndef SOLSTICE_STEADY_H
#define SOLSTICE_STEADY_H

#include <stdbool.h>

#include <solstice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum SolSteadiness {
    SOL_STEADY_OFF,
    SOL_STEADY_LIGHT,
    SOL_STEADY_STRONG
} SolSteadiness;

/* The parts of it, each of which can be left out; with SOL_STEADY_OFF all are. */
typedef struct SolSteady {
    SolSteadiness level;
    bool statistics; /* the content's statistics are smoothed over time */
    bool flow;       /* the former painting, moved by optical flow, is blended in */
    bool loss;       /* painting by optimisation begins with it, and is held to it and to earlier ones */
} SolSteady;

/** The name of level `i`, as schedules write it: "off", "light" or "strong"; NULL behind the last. */
SOL_API const char *sol_steadiness_name(int i);

/** Looks a name up; false, with *level untouched, where there is no such name. */
SOL_API bool sol_steadiness_find(const char *name, SolSteadiness *level);

/** All parts of a level, none of which are left out. */
SOL_API SolSteady sol_steady_of(SolSteadiness level);

#ifdef __cplusplus
}
#endif

#endif

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

/** The name, as schedules write it: "off", "light" or "strong"; NULL behind the last. */
SOL_API const char *sol_steadiness_name(int i);

#ifdef __cplusplus
}
#endif

#endif

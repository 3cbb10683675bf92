/* SPDX-License-Identifier: Apache-2.0
 *
 * The outputs of a schedule.
 */
#ifndef SOL_SCHEDULE_OUTPUTS_H
#define SOL_SCHEDULE_OUTPUTS_H

#include "schedule/schedule.h"
#include "schedule/yaml.h"

/** Reads the list of outputs into the schedule, whose input is known. */
int sol_outputs_read(SolSchedule *schedule, const SolYaml *yaml, const SolYamlPair *pair);

/** Frees them. */
void sol_outputs_close(SolSchedule *schedule);

#endif

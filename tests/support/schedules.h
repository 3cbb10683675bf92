/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary folder with the files that schedules name. The tests run inside it, so that every path in
 * a schedule and in an error is short and known.
 */
#ifndef TEST_SCHEDULES_H
#define TEST_SCHEDULES_H

#include <solstice/schedule.h>

/* Where models are looked for. */
extern const char *const model_folders[];
extern const SolScheduleOptions schedule_options;

/* For cmocka, as set-up and tear-down. */
int enter_folder(void **state);
int leave_folder(void **state);

/** Loads a schedule that must be right. */
SolSchedule *load_text(const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a film says of how it was made.
 */
#ifndef SOL_RENDER_COMMENT_H
#define SOL_RENDER_COMMENT_H

#include "schedule/schedule.h"

enum { SOL_COMMENT_SIZE = 96 };

/**
 * Writes "Solstice VERSION, schedule HASH", whose hash is the fingerprint of what the schedule's file holds, 32
 * hexadecimal digits; without a schedule (NULL), "Solstice VERSION".
 *
 * @return 0, SOL_ERR_IO (the file is gone), SOL_ERR_NOMEM
 */
int sol_comment_write(char comment[SOL_COMMENT_SIZE], const SolSchedule *schedule);

#endif

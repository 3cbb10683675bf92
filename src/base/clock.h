/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring time.
 */
#ifndef SOL_BASE_CLOCK_H
#define SOL_BASE_CLOCK_H

/** Seconds on a clock that only runs forward; its zero means nothing. */
double sol_clock(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers without a pattern, the same on every machine: for noise to measure with, and made-up weights.
 */
#ifndef SOL_BASE_RANDOM_H
#define SOL_BASE_RANDOM_H

#include <stdint.h>

/** The next 64 bits of the sequence that `state`, any number at first, stands in (splitmix64; Steele et al. 2014). */
uint64_t sol_random(uint64_t *state);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory the machine has, and amounts of memory as people write them.
 */
#ifndef SOL_BASE_MACHINE_H
#define SOL_BASE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* The least amount of memory that may be asked for, in bytes, and in words what sol_parse_memory() takes. */
#define SOL_MEMORY_MIN ((uint64_t)64 << 20)
#define SOL_MEMORY_WORDS "64MiB or more, such as 2GiB"

/**
 * "2GiB", "1.5 GB" or "2000000000": bytes, `least` or more. KiB, MiB, GiB, TiB and K, M, G, T count by
 * 1024, KB, MB, GB, TB by 1000; B, or no unit, is bytes.
 *
 * @return false, with *bytes untouched, for anything else
 */
bool sol_parse_bytes(const char *text, uint64_t least, uint64_t *bytes);

/** The same for memory: SOL_MEMORY_MIN or more. */
bool sol_parse_memory(const char *text, uint64_t *bytes);

/**
 * Bytes of memory that this process may hope for: the machine's, or less where a control group (Linux,
 * version 2) grants it less; 4 GiB where the system does not tell.
 */
uint64_t sol_machine_memory(void);

#endif

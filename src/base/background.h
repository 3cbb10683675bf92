/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that stand back: what they do is done while the painting leaves a core idle, or waits for
 * them. Painting is a row of short loops over all cores; a core that a codec takes in the middle of one
 * leaves the others waiting for its share.
 */
#ifndef SOL_BASE_BACKGROUND_H
#define SOL_BASE_BACKGROUND_H

/**
 * Lowers the priority of the calling thread, and of threads that it starts from now on, for good. Does
 * nothing where only whole processes have a priority (anywhere but on Linux).
 */
void sol_background(void);

#endif

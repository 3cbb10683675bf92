/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that stand back: on Linux the nice value belongs to a thread, and new threads inherit it.
 */
#include "base/background.h"

#ifdef __linux__
#include <sys/resource.h>

void sol_background(void)
{
    enum { LEAST_URGENT = 19 };
    setpriority(PRIO_PROCESS, 0, LEAST_URGENT); /* 0: the calling thread; lowering is never refused */
}
#else
void sol_background(void)
{
}
#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool of worker threads for parallel loops inside kernels. Threads are created once; a loop is
 * handed out item by item, and the calling thread works too.
 */
#ifndef SOL_BASE_POOL_H
#define SOL_BASE_POOL_H

typedef struct SolPool SolPool;

/** One item of a loop: `item` in 0..count-1. Items of one loop may run at the same time. */
typedef void (*SolPoolTask)(void *context, int item);

/**
 * @param[out] pool   released by sol_pool_close(); untouched on failure
 * @param threads     how many threads work on a loop, the caller's included; 0 for one a processor
 * @return 0, SOL_ERR_NOMEM
 */
int sol_pool_open(SolPool **pool, int threads);

/** Runs task(context, 0..count-1) and returns when all are done. One loop at a time for a pool; NULL: in this thread. */
void sol_pool_run(SolPool *pool, SolPoolTask task, void *context, int count);

/** How many threads work on a loop. */
int sol_pool_threads(const SolPool *pool);

void sol_pool_close(SolPool **pool);

/** Processors that this process may use, at least 1. */
int sol_cpu_count(void);

#endif

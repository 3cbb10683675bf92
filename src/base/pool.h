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

/** The same, for what needs scratch of its own: `worker` runs it, in 0..sol_pool_threads()-1. */
typedef void (*SolPoolWorkerTask)(void *context, int item, int worker);

/**
 * @param[out] pool   released by sol_pool_close(); untouched on failure
 * @param threads     how many threads work on a loop, the caller's included; 0 for one a processor
 * @return 0, SOL_ERR_NOMEM
 */
int sol_pool_open(SolPool **pool, int threads);

/**
 * Runs task(context, 0..count-1) and returns when all are done. One loop at a time for a pool; NULL: in this thread.
 * Neighbouring items fall to the same thread, and the same share of the items in each loop, as far as that keeps all
 * busy: loops that go over the same rows in the same order find them in the caches of their core.
 */
void sol_pool_run(SolPool *pool, SolPoolTask task, void *context, int count);

/** sol_pool_run() for a task that wants to know its worker; NULL, or one item: worker 0. */
void sol_pool_run_workers(SolPool *pool, SolPoolWorkerTask task, void *context, int count);

/**
 * sol_pool_run() for items that wait for those before them: each is begun when all those are, by whichever thread is free.
 */
void sol_pool_run_in_order(SolPool *pool, SolPoolTask task, void *context, int count);

/** How many threads work on a loop; NULL: 1. */
int sol_pool_threads(const SolPool *pool);

void sol_pool_close(SolPool **pool);

/** Processors that this process may use, at least 1. */
int sol_cpu_count(void);

#endif

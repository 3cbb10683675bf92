/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker pool: workers wait until a loop is published, take items under the lock (items are large: a strip of rows, a
 * block of tiles), and the last one done wakes the caller.
 *
 * Each worker has a share of a loop's items, neighbours, and the same share of every loop; one that is through with its own
 * takes from the end of the largest that is left. So what a core wrote in one loop, a band of a picture's rows say, it finds
 * in its own caches in the next, and nobody waits for a thread that the system has put aside.
 *
 * The loops of a network follow each other within microseconds, and waking a thread takes tens of them. So both
 * sides look for a moment whether what they wait for has come before they sleep.
 */
#include "base/pool.h"

#include "base/error.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

enum { LOOKS = 2000 }; /* before sleeping: some 30 microseconds */

/* Items next..end-1. */
typedef struct Share {
    int next, end;
} Share;

struct SolPool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t *workers;
    Share *shares;    /* of the loop under way: the caller's, then those of the workers */
    int worker_count; /* created, the caller not counted */
    int started;      /* workers that know their number */
    bool quit;
    bool looks;       /* there is a processor for each thread, so that looking takes none from the others */
    atomic_uint loops; /* published so far, and one more for quitting */

    /* the loop under way */
    SolPoolWorkerTask task;
    void *context;
    bool in_order; /* all items are in the caller's share, and taken from its beginning */
    atomic_int unfinished;
};

/* Passes the time of one look, leaving the core to its other thread where it has one. */
static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The next item for a worker, its own or from the end of the largest share that is left; -1: none. With the lock held. */
static int take_item(SolPool *pool, int worker)
{
    Share *largest = &pool->shares[pool->in_order ? 0 : worker];
    if (largest->next < largest->end)
        return largest->next++;
    for (int i = 0; i <= pool->worker_count; i++)
        if (pool->shares[i].end - pool->shares[i].next > largest->end - largest->next)
            largest = &pool->shares[i];
    return largest->next < largest->end ? --largest->end : -1;
}

/* Takes and runs items until none is left; called and returns with the lock held. */
static void take_items(SolPool *pool, int worker)
{
    for (int item; (item = take_item(pool, worker)) >= 0;) {
        SolPoolWorkerTask task = pool->task;
        void *context = pool->context;
        pthread_mutex_unlock(&pool->lock);
        task(context, item, worker);
        pthread_mutex_lock(&pool->lock);
        if (atomic_fetch_sub(&pool->unfinished, 1) == 1)
            pthread_cond_signal(&pool->done);
    }
}

/* Waits for a loop after number `seen`; called and returns with the lock held. */
static void await_loop(SolPool *pool, unsigned seen)
{
    if (pool->looks && atomic_load(&pool->loops) == seen) {
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < LOOKS && atomic_load_explicit(&pool->loops, memory_order_relaxed) == seen; i++)
            pause_briefly();
        pthread_mutex_lock(&pool->lock);
    }
    while (atomic_load(&pool->loops) == seen)
        pthread_cond_wait(&pool->work, &pool->lock);
}

/* Waits for the other threads' last items; called and returns with the lock held. */
static void await_items(SolPool *pool)
{
    if (pool->looks && atomic_load(&pool->unfinished) > 0) {
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < LOOKS && atomic_load_explicit(&pool->unfinished, memory_order_relaxed) > 0; i++)
            pause_briefly();
        pthread_mutex_lock(&pool->lock);
    }
    while (atomic_load(&pool->unfinished) > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
}

static void *worker(void *argument)
{
    SolPool *pool = argument;
    unsigned seen = 0;
    int number;
    pthread_mutex_lock(&pool->lock);
    number = ++pool->started; /* 0 is the caller */
    while (!pool->quit) {
        await_loop(pool, seen);
        seen = atomic_load(&pool->loops);
        take_items(pool, number);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int sol_cpu_count(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 1024 ? 1024 : (int)online;
}

int sol_pool_open(SolPool **out, int threads)
{
    SolPool *pool = sol_calloc(1, sizeof *pool);
    if (threads <= 0)
        threads = sol_cpu_count();
    if (!pool || !(pool->workers = sol_calloc((size_t)threads, sizeof *pool->workers)) ||
        !(pool->shares = sol_calloc((size_t)threads, sizeof *pool->shares))) {
        sol_free(pool ? pool->workers : NULL);
        sol_free(pool);
        return sol_fail_memory("the worker threads");
    }
    pool->looks = threads <= sol_cpu_count();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    /* fewer workers than asked for are slower, not wrong */
    while (pool->worker_count < threads - 1 &&
           pthread_create(&pool->workers[pool->worker_count], NULL, worker, pool) == 0)
        pool->worker_count++;
    *out = pool;
    return SOL_OK;
}

static void run(SolPool *pool, SolPoolWorkerTask task, void *context, int count, bool in_order)
{
    if (count <= 0)
        return;
    if (!pool || count == 1 || pool->worker_count == 0) {
        for (int item = 0; item < count; item++)
            task(context, item, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->in_order = in_order;
    for (int i = 0, threads = in_order ? 1 : pool->worker_count + 1; i < threads; i++)
        pool->shares[i] = (Share){(int)((int64_t)count * i / threads), (int)((int64_t)count * (i + 1) / threads)};
    atomic_store(&pool->unfinished, count);
    atomic_fetch_add(&pool->loops, 1);
    pthread_cond_broadcast(&pool->work);
    take_items(pool, 0);
    await_items(pool);
    pthread_mutex_unlock(&pool->lock);
}

void sol_pool_run_workers(SolPool *pool, SolPoolWorkerTask task, void *context, int count)
{
    run(pool, task, context, count, false);
}

/* A loop whose items need not know who runs them. */
typedef struct Plain {
    SolPoolTask task;
    void *context;
} Plain;

static void run_plain(void *context, int item, int worker)
{
    const Plain *plain = context;
    (void)worker;
    plain->task(plain->context, item);
}

void sol_pool_run(SolPool *pool, SolPoolTask task, void *context, int count)
{
    run(pool, run_plain, &(Plain){task, context}, count, false);
}

void sol_pool_run_in_order(SolPool *pool, SolPoolTask task, void *context, int count)
{
    run(pool, run_plain, &(Plain){task, context}, count, true);
}

int sol_pool_threads(const SolPool *pool)
{
    return pool ? pool->worker_count + 1 : 1;
}

void sol_pool_close(SolPool **out)
{
    SolPool *pool = *out;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    atomic_fetch_add(&pool->loops, 1);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->worker_count; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    sol_free(pool->workers);
    sol_free(pool->shares);
    sol_free(pool);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded queue: a ring under one lock.
 */
#include "base/queue.h"

#include "base/error.h"
#include "base/memory.h"

#include <pthread.h>

struct SolQueue {
    pthread_mutex_t lock;
    pthread_cond_t not_full, not_empty;
    void **items;
    int capacity, first, count;
    bool finished, aborted;
    void (*discard)(void *item);
};

int sol_queue_open(SolQueue **out, int capacity, void (*discard)(void *item))
{
    SolQueue *queue = sol_calloc(1, sizeof *queue);
    if (!queue || !(queue->items = sol_calloc((size_t)capacity, sizeof *queue->items))) {
        sol_free(queue);
        return sol_fail_memory("a queue");
    }
    queue->capacity = capacity;
    queue->discard = discard;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    *out = queue;
    return SOL_OK;
}

bool sol_queue_push(SolQueue *queue, void *item)
{
    bool taken;
    pthread_mutex_lock(&queue->lock);
    while (queue->count == queue->capacity && !queue->aborted)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    taken = !queue->aborted;
    if (taken) {
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

bool sol_queue_pop(SolQueue *queue, void **item)
{
    bool got;
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->finished && !queue->aborted)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    got = queue->count > 0 && !queue->aborted;
    if (got) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->lock);
    return got;
}

void sol_queue_finish(SolQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->finished = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void sol_queue_abort(SolQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->aborted = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void sol_queue_close(SolQueue **out)
{
    SolQueue *queue = *out;
    if (!queue)
        return;
    for (int i = 0; i < queue->count; i++)
        queue->discard(queue->items[(queue->first + i) % queue->capacity]);
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    sol_free(queue->items);
    sol_free(queue);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that take jobs from one queue, first come, first served.
 */
#include "render/lanes.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Lane {
    SolLanes *lanes;
    int number; /* 1.. */
    pthread_t thread;
} Lane;

struct SolLanes {
    SolPainters *painters;
    SolQueue *jobs; /* of SolLaneJob, which are the caller's */
    Lane *items;    /* [count] those whose threads run */
    int count;
    pthread_mutex_t lock; /* of what is done */
    pthread_cond_t done;
};

static void leave(void *job)
{
    (void)job;
}

static void *paint_jobs(void *argument)
{
    const Lane *lane = argument;
    SolLanes *lanes = lane->lanes;
    void *item;
    while (sol_queue_pop(lanes->jobs, &item)) {
        SolLaneJob *job = item;
        double start = sol_clock();
        job->result = sol_painters_paint_beside(lanes->painters, lane->number, &job->moment, job->frame, &job->painting);
        job->text = job->result == SOL_OK ? NULL : sol_format("%s", sol_error_text());
        job->seconds = sol_clock() - start;
        pthread_mutex_lock(&lanes->lock);
        job->done = true;
        pthread_cond_broadcast(&lanes->done);
        pthread_mutex_unlock(&lanes->lock);
    }
    return NULL;
}

int sol_lanes_open(SolLanes **out, SolPainters *painters, int room)
{
    SolLanes *lanes = sol_calloc(1, sizeof *lanes);
    int count = sol_painters_lanes(painters), result;
    if (!lanes || !(lanes->items = sol_calloc((size_t)count, sizeof *lanes->items))) {
        sol_free(lanes);
        return sol_fail_memory("the painters' threads");
    }
    lanes->painters = painters;
    pthread_mutex_init(&lanes->lock, NULL);
    pthread_cond_init(&lanes->done, NULL);
    result = sol_queue_open(&lanes->jobs, room, leave);
    for (int i = 0; i < count && result == SOL_OK; i++) {
        lanes->items[i] = (Lane){.lanes = lanes, .number = i + 1};
        if (pthread_create(&lanes->items[i].thread, NULL, paint_jobs, &lanes->items[i]) == 0)
            lanes->count++;
        else
            result = sol_fail(SOL_ERR_NOMEM, "a painter's thread cannot be started");
    }
    if (result != SOL_OK) {
        sol_lanes_close(&lanes);
        return result;
    }
    *out = lanes;
    return SOL_OK;
}

void sol_lanes_begin(SolLanes *lanes, SolLaneJob *job)
{
    sol_queue_push(lanes->jobs, job);
}

int sol_lanes_finish(SolLanes *lanes, SolLaneJob *job)
{
    int result;
    pthread_mutex_lock(&lanes->lock);
    while (!job->done)
        pthread_cond_wait(&lanes->done, &lanes->lock);
    pthread_mutex_unlock(&lanes->lock);
    if (job->result == SOL_OK)
        return SOL_OK;
    result = job->text ? sol_fail(job->result, "%s", job->text) : sol_fail_memory("a message");
    free(job->text);
    job->text = NULL;
    return result;
}

void sol_lanes_close(SolLanes **out)
{
    SolLanes *lanes = *out;
    if (!lanes)
        return;
    if (lanes->jobs)
        sol_queue_abort(lanes->jobs);
    for (int i = 0; i < lanes->count; i++)
        pthread_join(lanes->items[i].thread, NULL);
    sol_queue_close(&lanes->jobs);
    pthread_mutex_destroy(&lanes->lock);
    pthread_cond_destroy(&lanes->done);
    sol_free(lanes->items);
    sol_free(lanes);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue of pointers between two threads. The end of a stream drains forward
 * (sol_queue_finish), an error stops both ends at once (sol_queue_abort).
 */
#ifndef SOL_BASE_QUEUE_H
#define SOL_BASE_QUEUE_H

#include <stdbool.h>

typedef struct SolQueue SolQueue;

/**
 * @param capacity  items held at most, 1 or more; a push into a full queue waits
 * @param discard   releases an item that nobody will take; called by sol_queue_close()
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_queue_open(SolQueue **queue, int capacity, void (*discard)(void *item));

/** Appends `item`, which the queue then owns. False, with `item` still the caller's, after an abort. */
bool sol_queue_push(SolQueue *queue, void *item);

/** Takes the oldest item. False after an abort, or when the stream has finished and none is left. */
bool sol_queue_pop(SolQueue *queue, void **item);

/** No further push will come: pops drain what is there and then return false. */
void sol_queue_finish(SolQueue *queue);

/** Wakes both ends; every later push and pop returns false. */
void sol_queue_abort(SolQueue *queue);

void sol_queue_close(SolQueue **queue);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Models that stay open from one render to the next.
 */
#include <solstice/model.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Entry {
    char *path;
    SolModel *model;
} Entry;

struct SolModelCache {
    pthread_mutex_t lock; /* held while a model is opened, so that none is opened twice */
    Entry *entries;
    size_t count, capacity;
};

int sol_model_cache_open(SolModelCache **out)
{
    SolModelCache *cache = sol_calloc(1, sizeof *cache);
    if (!cache)
        return sol_fail_memory("the models");
    pthread_mutex_init(&cache->lock, NULL);
    *out = cache;
    return SOL_OK;
}

/* Opens a model that is not there yet. */
static int add(SolModelCache *cache, const char *path, const SolModel **model)
{
    void *entries = cache->entries;
    Entry entry = {0};
    int result;
    if (!sol_grow(&entries, &cache->capacity, cache->count + 1, sizeof *cache->entries))
        return sol_fail_memory("the models");
    cache->entries = entries;
    if (!(entry.path = sol_copy(path)))
        return sol_fail_memory("the models");
    result = sol_model_open(&entry.model, path);
    if (result != SOL_OK) {
        free(entry.path);
        return result;
    }
    cache->entries[cache->count++] = entry;
    *model = entry.model;
    return SOL_OK;
}

int sol_model_cache_get(SolModelCache *cache, const char *path, const SolModel **model)
{
    int result = SOL_OK;
    size_t i = 0;
    pthread_mutex_lock(&cache->lock);
    while (i < cache->count && strcmp(cache->entries[i].path, path) != 0)
        i++;
    if (i < cache->count)
        *model = cache->entries[i].model;
    else
        result = add(cache, path, model);
    pthread_mutex_unlock(&cache->lock);
    return result;
}

void sol_model_cache_close(SolModelCache **out)
{
    SolModelCache *cache = *out;
    if (!cache)
        return;
    for (size_t i = 0; i < cache->count; i++) {
        free(cache->entries[i].path);
        sol_model_close(&cache->entries[i].model);
    }
    free(cache->entries);
    pthread_mutex_destroy(&cache->lock);
    sol_free(cache);
    *out = NULL;
}

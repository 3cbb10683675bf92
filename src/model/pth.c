/* SPDX-License-Identifier: Apache-2.0
 *
 * What both formats of torch.save() have in common: from a pickled state dict to tensors, and its storages.
 */
#include "model/checkpoint_format.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- storages ---- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const SolPickled *)a)->key, ((const SolPickled *)b)->key);
}

static int compare_values(const void *a, const void *b)
{
    uint32_t x = ((const SolPickled *)a)->value, y = ((const SolPickled *)b)->value;
    return x < y ? -1 : x > y;
}

int sol_pickled_list(SolPickledList *list, const SolPickle *pickle)
{
    size_t capacity = 0;
    *list = (SolPickledList){0};
    for (uint32_t i = 0; i < sol_pickle_count(pickle); i++) {
        const SolPickleValue *value = sol_pickle_value(pickle, i), *key;
        SolPickled *item;
        if (value->kind != SOL_PICKLE_STORAGE)
            continue;
        if (!sol_grow((void **)&list->items, &capacity, list->count + 1, sizeof *list->items))
            return sol_fail_memory("a file's storages");
        key = sol_pickle_value(pickle, value->of.storage.key);
        item = &list->items[list->count];
        *item = (SolPickled){.dtype = (SolDtype)value->of.storage.dtype, .count = value->of.storage.count, .value = i,
                             .storage = SIZE_MAX, .key = sol_pickle_copy(key)};
        if (!item->key)
            return sol_fail(SOL_ERR_FORMAT, "a storage's key is no text");
        list->count++;
    }
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare_keys);
    return SOL_OK;
}

size_t sol_pickled_find(const SolPickledList *list, const char *key)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(list->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->count && strcmp(list->items[low].key, key) == 0 ? low : list->count;
}

size_t sol_pickled_next(const SolPickledList *list, size_t first)
{
    size_t next = first + 1;
    while (next < list->count && strcmp(list->items[next].key, list->items[first].key) == 0)
        next++;
    return next;
}

int sol_pickled_place(SolPickledList *list, size_t first, SolCheckpoint *checkpoint, uint64_t place, uint64_t bytes)
{
    const SolPickled *storage = &list->items[first];
    size_t wanted;
    int result;
    if ((uint64_t)storage->count > SIZE_MAX ||
        !sol_mul((size_t)storage->count, sol_dtype_bytes(storage->dtype), &wanted) || wanted != bytes)
        return sol_fail(SOL_ERR_FORMAT, "storage \"%s\" has %llu bytes, which is not what %lld numbers of type %s take",
                        storage->key, (unsigned long long)bytes, (long long)storage->count,
                        sol_dtype_name(storage->dtype));
    result = sol_checkpoint_add_storage(checkpoint, (SolStorage){.place = place, .bytes = wanted});
    for (size_t i = first, end = sol_pickled_next(list, first); i < end && result == SOL_OK; i++) {
        if (list->items[i].dtype != storage->dtype || list->items[i].count != storage->count)
            result = sol_fail(SOL_ERR_FORMAT, "storage \"%s\" is described in two ways", storage->key);
        list->items[i].storage = checkpoint->storage_count - 1;
    }
    return result;
}

void sol_pickled_clear(SolPickledList *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].key);
    free(list->items);
    *list = (SolPickledList){0};
}

/* ---- tensors ---- */

/* A length, stride or offset that is not negative. */
static bool get_size(int64_t number, size_t *size)
{
    if (number < 0 || (uint64_t)number > SIZE_MAX)
        return false;
    *size = (size_t)number;
    return true;
}

static int describe(SolStored *stored, const SolPickle *pickle, const SolPickleValue *value,
                    const SolPickledList *list)
{
    const SolPickleValue *size = sol_pickle_value(pickle, value->of.tensor.size);
    const SolPickleValue *stride = sol_pickle_value(pickle, value->of.tensor.stride);
    const SolPickled wanted = {.value = value->of.tensor.storage}, *storage;
    storage = bsearch(&wanted, list->items, list->count, sizeof wanted, compare_values);
    if (!storage || storage->storage == SIZE_MAX)
        return sol_fail(SOL_ERR_FORMAT, "its storage is not in the file");
    stored->storage = storage->storage;
    stored->dtype = storage->dtype;
    if (size->of.list.count > SOL_TENSOR_MAX_RANK)
        return sol_fail(SOL_ERR_FORMAT, "%zu dimensions: there can be %d at most", size->of.list.count,
                        (int)SOL_TENSOR_MAX_RANK);
    stored->rank = (int)size->of.list.count;
    for (int i = 0; i < stored->rank; i++)
        if (!get_size(sol_pickle_value(pickle, size->of.list.items[i])->of.integer, &stored->shape[i]) ||
            !get_size(sol_pickle_value(pickle, stride->of.list.items[i])->of.integer, &stored->strides[i]))
            return sol_fail(SOL_ERR_FORMAT, "dimension %d of its shape or strides is no count", i + 1);
    if (!get_size(value->of.tensor.offset, &stored->offset))
        return sol_fail(SOL_ERR_FORMAT, "its offset is no count");
    return SOL_OK;
}

static int add_tensor(SolCheckpoint *checkpoint, const SolPickle *pickle, const SolPickleValue *key,
                      const SolPickleValue *value, const SolPickledList *list)
{
    SolStored stored = {0};
    char *name = key->kind == SOL_PICKLE_TEXT ? sol_pickle_copy(key) : NULL;
    int result;
    if (!name)
        return sol_fail(SOL_ERR_FORMAT, "a tensor's name is no text");
    result = describe(&stored, pickle, value, list);
    if (result != SOL_OK) {
        sol_fail_within(result, "tensor \"%s\"", name);
        free(name);
        return result;
    }
    stored.name = name;
    return sol_checkpoint_add(checkpoint, stored);
}

static bool has_tensors(const SolPickle *pickle, const SolPickleValue *dict)
{
    for (size_t i = 1; dict && dict->kind == SOL_PICKLE_DICT && i < dict->of.list.count; i += 2)
        if (sol_pickle_value(pickle, dict->of.list.items[i])->kind == SOL_PICKLE_TENSOR)
            return true;
    return false;
}

/* The error of a dictionary without tensors, which says what it holds. */
static int no_tensors(const SolPickle *pickle, const SolPickleValue *dict)
{
    char keys[256] = "";
    for (size_t i = 0; dict->kind == SOL_PICKLE_DICT && i < dict->of.list.count; i += 2) {
        const SolPickleValue *key = sol_pickle_value(pickle, dict->of.list.items[i]);
        size_t used = strlen(keys);
        if (key->kind == SOL_PICKLE_TEXT)
            snprintf(keys + used, sizeof keys - used, "%s\"%.*s\"", used ? ", " : "",
                     (int)(key->of.text.length < 60 ? key->of.text.length : 60), key->of.text.bytes);
    }
    return *keys ? sol_fail(SOL_ERR_FORMAT,
                            "holds no tensors, nor does \"state_dict\", \"model\" or \"model_state_dict\" in it; "
                            "there is %s", keys)
                 : sol_fail(SOL_ERR_FORMAT, "holds no dictionary of tensors; save the network's state_dict()");
}

int sol_pickled_tensors(SolPickledList *list, const SolPickle *pickle, SolCheckpoint *checkpoint)
{
    static const char *const places[] = {"state_dict", "model", "model_state_dict"};
    const SolPickleValue *root = sol_pickle_value(pickle, sol_pickle_root(pickle)), *dict = NULL;
    int result = SOL_OK;
    for (size_t i = 0; i < sizeof places / sizeof *places && !has_tensors(pickle, dict); i++)
        dict = sol_pickle_get(pickle, root, places[i]);
    if (!has_tensors(pickle, dict))
        dict = root;
    if (!has_tensors(pickle, dict))
        return no_tensors(pickle, root);
    qsort(list->items, list->count, sizeof *list->items, compare_values);
    for (size_t i = 0; i + 1 < dict->of.list.count && result == SOL_OK; i += 2) {
        const SolPickleValue *key = sol_pickle_value(pickle, dict->of.list.items[i]);
        const SolPickleValue *value = sol_pickle_value(pickle, dict->of.list.items[i + 1]);
        if (value->kind == SOL_PICKLE_TENSOR)
            result = add_tensor(checkpoint, pickle, key, value, list);
    }
    return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What torch.save() wrote before PyTorch 1.6: a stream of pickles (a magic number, a version, the machine it was
 * written on, the object, a list of storages' keys), then for every key eight bytes with how many numbers the
 * storage has (little endian), and the numbers.
 */
#include "model/checkpoint_format.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAGIC = 15, VERSION = 1001 };

/* The pickled magic number, 0x1950a86a20f9469cfc6c. */
static const unsigned char magic[MAGIC] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                           0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

static bool legacy_matches(const unsigned char start[SOL_CHECKPOINT_START])
{
    return memcmp(start, magic, MAGIC) == 0;
}

/* Where in the beginning of a file the next pickle is. */
typedef struct Stream {
    unsigned char *bytes;
    size_t size, at;
} Stream;

static int next_pickle(Stream *stream, SolPickle **pickle)
{
    size_t used;
    int result = sol_pickle_read(pickle, stream->bytes + stream->at, stream->size - stream->at, &used);
    if (result == SOL_OK)
        stream->at += used;
    return result;
}

/* The version, and that the machine was little-endian. */
static int check_preamble(Stream *stream)
{
    SolPickle *version = NULL, *machine = NULL;
    const SolPickleValue *number, *little;
    int result = next_pickle(stream, &version);
    if (result == SOL_OK)
        result = next_pickle(stream, &machine);
    if (result == SOL_OK) {
        number = sol_pickle_value(version, sol_pickle_root(version));
        if (number->kind != SOL_PICKLE_INT || number->of.integer != VERSION)
            result = sol_fail(SOL_ERR_FORMAT, "its version is not %d, which is all that is understood", (int)VERSION);
    }
    if (result == SOL_OK) {
        little = sol_pickle_get(machine, sol_pickle_value(machine, sol_pickle_root(machine)), "little_endian");
        if (!little || little->kind != SOL_PICKLE_BOOL || !little->of.integer)
            result = sol_fail(SOL_ERR_FORMAT, "it was not written on a little-endian machine");
    }
    sol_pickle_close(&version);
    sol_pickle_close(&machine);
    return result;
}

/* Places the storage with this key, whose data is at byte `*at`; moves that behind it. */
static int place_storage(SolCheckpoint *checkpoint, SolPickledList *list, const char *key, uint64_t *at)
{
    unsigned char raw[8];
    uint64_t count = 0, bytes, left = checkpoint->bytes - *at;
    size_t first = sol_pickled_find(list, key), size;
    if (first == list->count)
        return sol_fail(SOL_ERR_FORMAT, "storage \"%s\" is listed, but no tensor's", key);
    if (list->items[first].storage != SIZE_MAX)
        return sol_fail(SOL_ERR_FORMAT, "storage \"%s\" is listed twice", key);
    if (left < sizeof raw || fseeko(checkpoint->file, (off_t)*at, SEEK_SET) != 0 ||
        fread(raw, 1, sizeof raw, checkpoint->file) != sizeof raw)
        return sol_fail(SOL_ERR_FORMAT, "cut short: storage \"%s\" is missing", key);
    left -= sizeof raw;
    for (size_t i = 0; i < sizeof raw; i++)
        count |= (uint64_t)raw[i] << (8 * i);
    size = sol_dtype_bytes(list->items[first].dtype);
    if (count > left / size)
        return sol_fail(SOL_ERR_FORMAT,
                        "cut short: storage \"%s\" has %llu numbers of %zu bytes, where %llu bytes follow", key,
                        (unsigned long long)count, size, (unsigned long long)left);
    bytes = count * size;
    *at += sizeof raw + bytes;
    return sol_pickled_place(list, first, checkpoint, *at - bytes, bytes);
}

static int place_storages(SolCheckpoint *checkpoint, const SolPickle *keys, SolPickledList *list, uint64_t at)
{
    const SolPickleValue *root = sol_pickle_value(keys, sol_pickle_root(keys));
    int result = SOL_OK;
    if (root->kind != SOL_PICKLE_LIST)
        return sol_fail(SOL_ERR_FORMAT, "it has no list of storages");
    for (size_t i = 0; i < root->of.list.count && result == SOL_OK; i++) {
        const SolPickleValue *text = sol_pickle_value(keys, root->of.list.items[i]);
        char *key = text->kind == SOL_PICKLE_TEXT ? sol_pickle_copy(text) : NULL;
        result = key ? place_storage(checkpoint, list, key, &at)
                     : sol_fail(SOL_ERR_FORMAT, "a storage's key is no text");
        free(key);
    }
    return result;
}

static int read_stream(SolCheckpoint *checkpoint, Stream *stream)
{
    SolPickle *object = NULL, *keys = NULL;
    SolPickledList list = {0};
    int result = check_preamble(stream);
    if (result == SOL_OK)
        result = next_pickle(stream, &object);
    if (result == SOL_OK)
        result = next_pickle(stream, &keys);
    if (result == SOL_OK)
        result = sol_pickled_list(&list, object);
    if (result == SOL_OK)
        result = place_storages(checkpoint, keys, &list, stream->at);
    if (result == SOL_OK)
        result = sol_pickled_tensors(&list, object, checkpoint);
    sol_pickled_clear(&list);
    sol_pickle_close(&object);
    sol_pickle_close(&keys);
    return result;
}

static int legacy_open(SolCheckpoint *checkpoint)
{
    Stream stream = {.at = MAGIC};
    bool whole = checkpoint->bytes <= SOL_PICKLE_MAX;
    int result;
    stream.size = whole ? (size_t)checkpoint->bytes : SOL_PICKLE_MAX;
    stream.bytes = sol_alloc(stream.size, 1);
    if (!stream.bytes)
        return sol_fail_memory("a file's beginning");
    if (fseeko(checkpoint->file, 0, SEEK_SET) != 0 ||
        fread(stream.bytes, 1, stream.size, checkpoint->file) != stream.size)
        result = sol_fail(SOL_ERR_IO, "cannot be read");
    else
        result = read_stream(checkpoint, &stream);
    sol_free(stream.bytes);
    return result;
}

const SolCheckpointFormat sol_format_pth_legacy = {.matches = legacy_matches, .open = legacy_open};

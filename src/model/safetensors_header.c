/* SPDX-License-Identifier: Apache-2.0
 *
 * The header is parsed and checked as a whole, with every size against the file's own, before a byte of data is read.
 */
#include "model/safetensors_header.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The longest header that is read, in bytes; the format's own implementation has the same limit. */
#define MAX_HEADER 100000000

/* A count or offset: an integer that is not negative. */
static bool get_size(const json_t *value, size_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (unsigned long long)json_integer_value(value) > SIZE_MAX)
        return false;
    *size = (size_t)json_integer_value(value);
    return true;
}

static int read_shape(SolHeaderEntry *entry, const json_t *shape)
{
    if (!json_is_array(shape))
        return sol_fail(SOL_ERR_FORMAT, "\"shape\" is missing or no list");
    if (json_array_size(shape) > SOL_TENSOR_MAX_RANK)
        return sol_fail(SOL_ERR_FORMAT, "%zu dimensions: there can be %d at most", json_array_size(shape),
                        (int)SOL_TENSOR_MAX_RANK);
    entry->rank = (int)json_array_size(shape);
    entry->count = 1;
    for (int i = 0; i < entry->rank; i++)
        if (!get_size(json_array_get(shape, (size_t)i), &entry->shape[i]))
            return sol_fail(SOL_ERR_FORMAT, "dimension %d of its shape is no count", i + 1);
    for (int i = 0; i < entry->rank; i++)
        if (!sol_mul(entry->count, entry->shape[i], &entry->count))
            return sol_fail(SOL_ERR_FORMAT, "its shape has more numbers than can be addressed");
    return SOL_OK;
}

static int read_dtype(SolHeaderEntry *entry, const json_t *dtype)
{
    if (!json_is_string(dtype))
        return sol_fail(SOL_ERR_FORMAT, "\"dtype\" is missing or no text");
    if (!sol_dtype_find(json_string_value(dtype), &entry->dtype))
        return sol_fail(SOL_ERR_FORMAT, "its type \"%s\" is not known", json_string_value(dtype));
    return SOL_OK;
}

static int read_offsets(SolHeaderEntry *entry, const json_t *offsets, size_t data_bytes)
{
    size_t bytes;
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !get_size(json_array_get(offsets, 0), &entry->begin) || !get_size(json_array_get(offsets, 1), &entry->end))
        return sol_fail(SOL_ERR_FORMAT, "\"data_offsets\" is missing or no pair of counts");
    if (entry->begin > entry->end)
        return sol_fail(SOL_ERR_FORMAT, "its data ends (%zu) before it begins (%zu)", entry->end, entry->begin);
    if (entry->end > data_bytes)
        return sol_fail(SOL_ERR_FORMAT, "its data ends at byte %zu, but the file holds %zu bytes of data", entry->end,
                        data_bytes);
    if (!sol_mul(entry->count, sol_dtype_bytes(entry->dtype), &bytes) || bytes != entry->end - entry->begin)
        return sol_fail(SOL_ERR_FORMAT, "its data has %zu bytes, which is not what its shape and type %s take",
                        entry->end - entry->begin, sol_dtype_name(entry->dtype));
    return SOL_OK;
}

static int read_entry(SolHeaderEntry *entry, const char *name, json_t *value, size_t data_bytes)
{
    const char *key;
    json_t *unused;
    int result = SOL_OK;
    if (!json_is_object(value))
        return sol_fail(SOL_ERR_FORMAT, "its description is no object");
    json_object_foreach(value, key, unused)
        if (strcmp(key, "dtype") != 0 && strcmp(key, "shape") != 0 && strcmp(key, "data_offsets") != 0)
            return sol_fail(SOL_ERR_FORMAT, "\"%s\" in its description is not understood", key);
    result = read_dtype(entry, json_object_get(value, "dtype"));
    if (result == SOL_OK)
        result = read_shape(entry, json_object_get(value, "shape"));
    if (result == SOL_OK)
        result = read_offsets(entry, json_object_get(value, "data_offsets"), data_bytes);
    if (result == SOL_OK && !(entry->name = sol_copy(name)))
        result = sol_fail_memory("a tensor's name");
    return result;
}

static int read_metadata(SolHeader *header, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return sol_fail(SOL_ERR_FORMAT, "\"__metadata__\" is no object");
    json_object_foreach(metadata, key, value)
        if (!json_is_string(value))
            return sol_fail(SOL_ERR_FORMAT, "\"__metadata__\": \"%s\" is no text", key);
    header->metadata = json_incref(metadata);
    return SOL_OK;
}

static int compare_offsets(const void *a, const void *b)
{
    const SolHeaderEntry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int check_overlaps(const SolHeader *header)
{
    for (size_t i = 1; i < header->count; i++)
        if (header->entries[i].begin < header->entries[i - 1].end)
            return sol_fail(SOL_ERR_FORMAT, "the data of tensor \"%s\" overlaps that of \"%s\"",
                            header->entries[i].name, header->entries[i - 1].name);
    return SOL_OK;
}

static int read_entries(SolHeader *header, json_t *object, size_t data_bytes)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return sol_fail(SOL_ERR_FORMAT, "the header is no JSON object");
    header->entries = sol_calloc(json_object_size(object) + 1, sizeof *header->entries);
    if (!header->entries)
        return sol_fail_memory("a model's tensors");
    json_object_foreach(object, name, value) {
        bool metadata = strcmp(name, "__metadata__") == 0;
        SolHeaderEntry *entry = &header->entries[header->count];
        int result = metadata ? read_metadata(header, value) : read_entry(entry, name, value, data_bytes);
        if (result != SOL_OK)
            return metadata || result == SOL_ERR_NOMEM ? result : sol_fail_within(result, "tensor \"%s\"", name);
        header->count += !metadata;
    }
    qsort(header->entries, header->count, sizeof *header->entries, compare_offsets);
    return check_overlaps(header);
}

int sol_header_read(SolHeader *header, FILE *file, uint64_t file_bytes)
{
    unsigned char raw[8];
    uint64_t length = 0, rest;
    char *text = NULL;
    json_t *object = NULL;
    json_error_t error;
    int result;
    *header = (SolHeader){0};
    if (file_bytes < sizeof raw || fread(raw, 1, sizeof raw, file) != sizeof raw)
        return sol_fail(SOL_ERR_FORMAT, "no .safetensors file: it is shorter than 8 bytes");
    rest = file_bytes - sizeof raw;
    for (size_t i = 0; i < sizeof raw; i++)
        length |= (uint64_t)raw[i] << (8 * i);
    if (length > rest || length > MAX_HEADER)
        return sol_fail(SOL_ERR_FORMAT, "no .safetensors file, or cut short: a header of %llu bytes, where %llu follow",
                        (unsigned long long)length, (unsigned long long)rest);
    text = sol_alloc((size_t)length + 1, 1);
    if (!text)
        return sol_fail_memory("a model's header");
    if (fread(text, 1, (size_t)length, file) != (size_t)length) {
        result = sol_fail(SOL_ERR_IO, "the header cannot be read");
    } else if (!(object = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error))) {
        result = sol_fail(SOL_ERR_FORMAT, "the header is no valid JSON: %s (byte %d)", error.text, error.position);
    } else {
        header->data = sizeof raw + length;
        result = read_entries(header, object, (size_t)(rest - length));
    }
    json_decref(object);
    sol_free(text);
    return result;
}

void sol_header_clear(SolHeader *header)
{
    for (size_t i = 0; i < header->count; i++)
        free(header->entries[i].name);
    sol_free(header->entries);
    json_decref(header->metadata);
    *header = (SolHeader){0};
}

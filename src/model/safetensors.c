/* SPDX-License-Identifier: Apache-2.0
 *
 * The .safetensors reader. A header is parsed and checked as a whole, with every size against the
 * file's own, before a byte of data is read; so a lying header cannot ask for more memory than the file's size.
 */
#include "model/safetensors.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The longest header that is read, in bytes; the format's own implementation has the same limit. */
#define MAX_HEADER 100000000

typedef enum Dtype { F32, F16 } Dtype;

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {[F32] = {"F32", 4}, [F16] = {"F16", 2}};

enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

/* A tensor, and where its data lies in the file's data section. */
typedef struct Entry {
    SolTensor tensor;
    Dtype dtype;
    size_t begin, end;
} Entry;

struct SolTensors {
    Entry *entries; /* those of a file by ascending offset */
    size_t count, capacity;
    json_t *metadata; /* an object of strings, or NULL */
    int64_t file_bytes;
};

/* ---- the header ---- */

/* A count or offset: an integer that is not negative. */
static bool get_size(const json_t *value, size_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (unsigned long long)json_integer_value(value) > SIZE_MAX)
        return false;
    *size = (size_t)json_integer_value(value);
    return true;
}

static int read_shape(Entry *entry, const json_t *shape)
{
    SolTensor *tensor = &entry->tensor;
    if (!json_is_array(shape))
        return sol_fail(SOL_ERR_FORMAT, "\"shape\" is missing or no list");
    if (json_array_size(shape) > SOL_TENSOR_MAX_RANK)
        return sol_fail(SOL_ERR_FORMAT, "%zu dimensions: there can be %d at most", json_array_size(shape),
                        (int)SOL_TENSOR_MAX_RANK);
    tensor->rank = (int)json_array_size(shape);
    tensor->count = 1;
    for (int i = 0; i < tensor->rank; i++)
        if (!get_size(json_array_get(shape, (size_t)i), &tensor->shape[i]))
            return sol_fail(SOL_ERR_FORMAT, "dimension %d of its shape is no count", i + 1);
    for (int i = 0; i < tensor->rank; i++)
        if (!sol_mul(tensor->count, tensor->shape[i], &tensor->count))
            return sol_fail(SOL_ERR_FORMAT, "its shape has more numbers than can be addressed");
    return SOL_OK;
}

static int read_dtype(Entry *entry, const json_t *dtype)
{
    if (!json_is_string(dtype))
        return sol_fail(SOL_ERR_FORMAT, "\"dtype\" is missing or no text");
    for (int i = 0; i < DTYPES; i++)
        if (strcmp(dtypes[i].name, json_string_value(dtype)) == 0) {
            entry->dtype = (Dtype)i;
            return SOL_OK;
        }
    return sol_fail(SOL_ERR_FORMAT, "its type is %s; F32 and F16 are understood", json_string_value(dtype));
}

static int read_offsets(Entry *entry, const json_t *offsets, size_t data_bytes)
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
    if (!sol_mul(entry->tensor.count, dtypes[entry->dtype].bytes, &bytes) || bytes != entry->end - entry->begin)
        return sol_fail(SOL_ERR_FORMAT, "its data has %zu bytes, which is not what its shape and type %s take",
                        entry->end - entry->begin, dtypes[entry->dtype].name);
    return SOL_OK;
}

static int read_entry(Entry *entry, const char *name, json_t *value, size_t data_bytes)
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
    if (result == SOL_OK && !(entry->tensor.name = sol_copy(name)))
        result = sol_fail_memory("a tensor's name");
    return result;
}

static int read_metadata(SolTensors *tensors, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return sol_fail(SOL_ERR_FORMAT, "\"__metadata__\" is no object");
    json_object_foreach(metadata, key, value)
        if (!json_is_string(value))
            return sol_fail(SOL_ERR_FORMAT, "\"__metadata__\": \"%s\" is no text", key);
    tensors->metadata = json_incref(metadata);
    return SOL_OK;
}

static int compare_offsets(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int check_overlaps(const SolTensors *tensors)
{
    for (size_t i = 1; i < tensors->count; i++)
        if (tensors->entries[i].begin < tensors->entries[i - 1].end)
            return sol_fail(SOL_ERR_FORMAT, "the data of tensor \"%s\" overlaps that of \"%s\"",
                            tensors->entries[i].tensor.name, tensors->entries[i - 1].tensor.name);
    return SOL_OK;
}

static int read_entries(SolTensors *tensors, json_t *header, size_t data_bytes)
{
    const char *name;
    json_t *value;
    if (!json_is_object(header))
        return sol_fail(SOL_ERR_FORMAT, "the header is no JSON object");
    if (!sol_grow((void **)&tensors->entries, &tensors->capacity, json_object_size(header) + 1,
                  sizeof *tensors->entries))
        return sol_fail_memory("a model's tensors");
    json_object_foreach(header, name, value) {
        bool metadata = strcmp(name, "__metadata__") == 0;
        Entry *entry = &tensors->entries[tensors->count];
        int result;
        *entry = (Entry){0};
        result = metadata ? read_metadata(tensors, value) : read_entry(entry, name, value, data_bytes);
        if (result != SOL_OK)
            return metadata || result == SOL_ERR_NOMEM ? result : sol_fail_within(result, "tensor \"%s\"", name);
        tensors->count += !metadata;
    }
    qsort(tensors->entries, tensors->count, sizeof *tensors->entries, compare_offsets);
    return check_overlaps(tensors);
}

/* Reads, parses and checks the header; leaves `file` at the first byte of data. */
static int read_header(SolTensors *tensors, FILE *file)
{
    unsigned char raw[8];
    uint64_t length = 0, rest;
    char *text = NULL;
    json_t *header = NULL;
    json_error_t error;
    int result;
    if (tensors->file_bytes < (int64_t)sizeof raw || fread(raw, 1, sizeof raw, file) != sizeof raw)
        return sol_fail(SOL_ERR_FORMAT, "no .safetensors file: it is shorter than 8 bytes");
    rest = (uint64_t)tensors->file_bytes - sizeof raw;
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
    } else if (!(header = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error))) {
        result = sol_fail(SOL_ERR_FORMAT, "the header is no valid JSON: %s (byte %d)", error.text, error.position);
    } else {
        result = read_entries(tensors, header, (size_t)(rest - length));
    }
    json_decref(header);
    sol_free(text);
    return result;
}

/* ---- the data ---- */

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16 to float32. */
static float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 */
        float value = (float)fraction * (1.0f / 16777216.0f);
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* Little-endian numbers, in the last part of what `data` holds, to floats in place. */
static void decode(float *data, size_t count, Dtype dtype)
{
    const unsigned char *from = (const unsigned char *)data + count * (sizeof *data - dtypes[dtype].bytes);
    for (size_t i = 0; i < count; i++, from += dtypes[dtype].bytes) {
        uint32_t low = (uint32_t)from[0] | (uint32_t)from[1] << 8;
        data[i] = dtype == F16 ? float_of_half(low)
                               : float_of_bits(low | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24);
    }
}

static int read_data(Entry *entry, FILE *file, size_t data_start)
{
    SolTensor *tensor = &entry->tensor;
    size_t bytes = entry->end - entry->begin;
    tensor->data = sol_alloc(tensor->count, sizeof *tensor->data);
    if (!tensor->data)
        return sol_fail_memory("a model's tensors");
    /* within the file's size, so within what off_t and size_t hold */
    if (fseeko(file, (off_t)(data_start + entry->begin), SEEK_SET) != 0 ||
        fread((char *)tensor->data + tensor->count * sizeof *tensor->data - bytes, 1, bytes, file) != bytes)
        return sol_fail(SOL_ERR_IO, "tensor \"%s\": its data cannot be read", tensor->name);
    decode(tensor->data, tensor->count, entry->dtype);
    return SOL_OK;
}

/* ---- the whole ---- */

static int read_file(SolTensors *tensors, FILE *file)
{
    off_t data_start;
    int result = read_header(tensors, file);
    if (result != SOL_OK)
        return result;
    data_start = ftello(file);
    if (data_start < 0)
        return sol_fail(SOL_ERR_IO, "the file's position is not known");
    for (size_t i = 0; i < tensors->count && result == SOL_OK; i++)
        result = read_data(&tensors->entries[i], file, (size_t)data_start);
    return result;
}

int sol_tensors_read(SolTensors **out, const char *path)
{
    SolTensors *tensors = NULL;
    struct stat status;
    FILE *file = fopen(path, "rb");
    int result;
    if (!file)
        return sol_fail_errno(path, "cannot be opened");
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
        fclose(file);
        return sol_fail(SOL_ERR_IO, "%s: is no regular file", path);
    }
    tensors = sol_calloc(1, sizeof *tensors);
    if (tensors) {
        tensors->file_bytes = (int64_t)status.st_size;
        result = read_file(tensors, file);
    } else {
        result = sol_fail_memory("a model");
    }
    fclose(file);
    if (result != SOL_OK) {
        sol_tensors_close(&tensors);
        return sol_fail_within(result, "%s", path);
    }
    *out = tensors;
    return SOL_OK;
}

int sol_tensors_create(SolTensors **out)
{
    SolTensors *tensors = sol_calloc(1, sizeof *tensors);
    if (!tensors)
        return sol_fail_memory("a model's tensors");
    *out = tensors;
    return SOL_OK;
}

int sol_tensors_add(SolTensors *tensors, const char *name, const size_t shape[], int rank, float **data)
{
    SolTensor tensor = {.rank = rank, .count = 1};
    bool fits = sol_grow((void **)&tensors->entries, &tensors->capacity, tensors->count + 1, sizeof *tensors->entries);
    for (int i = 0; i < rank && fits; i++) {
        tensor.shape[i] = shape[i];
        fits = sol_mul(tensor.count, shape[i], &tensor.count);
    }
    if (!fits || !(tensor.name = sol_copy(name)) || !(tensor.data = sol_alloc(tensor.count, sizeof *tensor.data))) {
        free(tensor.name);
        return sol_fail_memory("a model's tensors");
    }
    tensors->entries[tensors->count++] = (Entry){.tensor = tensor, .dtype = F32};
    *data = tensor.data;
    return SOL_OK;
}

const SolTensor *sol_tensors_find(const SolTensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->entries[i].tensor.name, name) == 0)
            return &tensors->entries[i].tensor;
    return NULL;
}

const SolTensor *sol_tensors_at(const SolTensors *tensors, size_t i)
{
    return i < tensors->count ? &tensors->entries[i].tensor : NULL;
}

const char *sol_tensors_metadata(const SolTensors *tensors, const char *key)
{
    return json_string_value(json_object_get(tensors->metadata, key));
}

int64_t sol_tensors_file_bytes(const SolTensors *tensors)
{
    return tensors->file_bytes;
}

void sol_tensors_close(SolTensors **out)
{
    SolTensors *tensors = *out;
    if (!tensors)
        return;
    for (size_t i = 0; tensors->entries && i < tensors->count; i++) {
        free(tensors->entries[i].tensor.name);
        sol_free(tensors->entries[i].tensor.data);
    }
    free(tensors->entries);
    json_decref(tensors->metadata);
    sol_free(tensors);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of tensors: read from .safetensors files, made, and written.
 */
#include "model/safetensors.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/safetensors_header.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct SolTensors {
    SolTensor *tensors; /* those of a file by ascending offset */
    size_t count, capacity;
    json_t *metadata; /* an object of texts, or NULL */
    int64_t file_bytes;
};

/* ---- reading ---- */

static int read_tensor(SolTensor *tensor, SolHeaderEntry *entry, FILE *file, uint64_t data)
{
    size_t bytes = entry->end - entry->begin;
    unsigned char *place;
    if (!sol_dtype_is_weight(entry->dtype))
        return sol_fail(SOL_ERR_FORMAT, "tensor \"%s\": its type is %s; F32, F16 and BF16 are understood", entry->name,
                        sol_dtype_name(entry->dtype));
    *tensor = (SolTensor){.name = entry->name, .rank = entry->rank, .count = entry->count};
    entry->name = NULL;
    memcpy(tensor->shape, entry->shape, sizeof tensor->shape);
    tensor->data = sol_alloc(tensor->count, sizeof *tensor->data);
    if (!tensor->data)
        return sol_fail_memory("a model's tensors");
    place = (unsigned char *)tensor->data + tensor->count * sizeof *tensor->data - bytes;
    /* within the file's size, so within what off_t and size_t hold */
    if (fseeko(file, (off_t)(data + entry->begin), SEEK_SET) != 0 || fread(place, 1, bytes, file) != bytes)
        return sol_fail(SOL_ERR_IO, "tensor \"%s\": its data cannot be read", tensor->name);
    sol_numbers(tensor->data, place, tensor->count, entry->dtype);
    return SOL_OK;
}

static int read_file(SolTensors *tensors, FILE *file)
{
    SolHeader header;
    int result = sol_header_read(&header, file, (uint64_t)tensors->file_bytes);
    if (result == SOL_OK && !sol_grow((void **)&tensors->tensors, &tensors->capacity, header.count,
                                      sizeof *tensors->tensors))
        result = sol_fail_memory("a model's tensors");
    for (size_t i = 0; i < header.count && result == SOL_OK; i++) {
        SolTensor *tensor = &tensors->tensors[tensors->count++];
        *tensor = (SolTensor){0};
        result = read_tensor(tensor, &header.entries[i], file, header.data);
    }
    tensors->metadata = json_incref(header.metadata);
    sol_header_clear(&header);
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

/* ---- writing ---- */

/* The tensor's entry in the header; its data begins at `offset`, which moves on. NULL where memory ran out. */
static json_t *describe(const SolTensor *tensor, size_t *offset)
{
    json_t *shape = json_array();
    size_t begin = *offset;
    for (int i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    *offset += tensor->count * sizeof *tensor->data;
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)*offset);
}

/* The header as text, with spaces at the end so that the data begins at a multiple of 8. */
static int make_header(const SolTensors *tensors, char **out)
{
    json_t *header = json_object();
    size_t offset = 0;
    char *text;
    int result = SOL_OK;
    if (tensors->metadata)
        json_object_set(header, "__metadata__", tensors->metadata);
    for (size_t i = 0; i < tensors->count && result == SOL_OK; i++)
        if (json_object_set_new(header, tensors->tensors[i].name, describe(&tensors->tensors[i], &offset)) != 0)
            result = sol_fail(SOL_ERR_FORMAT, "tensor \"%s\": its name is no UTF-8", tensors->tensors[i].name);
    text = result == SOL_OK ? json_dumps(header, JSON_COMPACT) : NULL;
    if (text)
        *out = sol_format("%s%*s", text, (int)((8 - strlen(text) % 8) % 8), "");
    free(text);
    json_decref(header);
    return result == SOL_OK && !*out ? sol_fail_memory("a model's header") : result;
}

/* Stores the lower `bytes` bytes of `number`, the lowest first. */
static void store(unsigned char *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

static bool write_numbers(FILE *file, const float *data, size_t count)
{
    enum { CHUNK = 4096 };
    unsigned char bytes[CHUNK * 4];
    for (size_t done = 0; done < count;) {
        size_t part = count - done < CHUNK ? count - done : CHUNK;
        for (size_t i = 0; i < part; i++) {
            uint32_t bits;
            memcpy(&bits, &data[done + i], sizeof bits);
            store(bytes + 4 * i, bits, 4);
        }
        if (fwrite(bytes, 4, part, file) != part)
            return false;
        done += part;
    }
    return true;
}

int sol_tensors_write(const SolTensors *tensors, const char *path)
{
    unsigned char length[8];
    char *header = NULL;
    FILE *file;
    bool written;
    int result = make_header(tensors, &header);
    if (result != SOL_OK)
        return result;
    file = fopen(path, "wb");
    if (!file) {
        free(header);
        return sol_fail_errno(path, "cannot be written");
    }
    store(length, strlen(header), 8);
    written = fwrite(length, 1, 8, file) == 8 && fputs(header, file) >= 0;
    for (size_t i = 0; i < tensors->count && written; i++)
        written = write_numbers(file, tensors->tensors[i].data, tensors->tensors[i].count);
    free(header);
    if (fclose(file) != 0 || !written)
        return sol_fail_errno(path, "cannot be written");
    return SOL_OK;
}

/* ---- sets ---- */

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
    bool fits = sol_grow((void **)&tensors->tensors, &tensors->capacity, tensors->count + 1, sizeof *tensors->tensors);
    for (int i = 0; i < rank && fits; i++) {
        tensor.shape[i] = shape[i];
        fits = sol_mul(tensor.count, shape[i], &tensor.count);
    }
    if (!fits || !(tensor.name = sol_copy(name)) || !(tensor.data = sol_alloc(tensor.count, sizeof *tensor.data))) {
        free(tensor.name);
        return sol_fail_memory("a model's tensors");
    }
    tensors->tensors[tensors->count++] = tensor;
    *data = tensor.data;
    return SOL_OK;
}

const SolTensor *sol_tensors_find(const SolTensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->tensors[i].name, name) == 0)
            return &tensors->tensors[i];
    return NULL;
}

const SolTensor *sol_tensors_at(const SolTensors *tensors, size_t i)
{
    return i < tensors->count ? &tensors->tensors[i] : NULL;
}

const char *sol_tensors_metadata(const SolTensors *tensors, const char *key)
{
    return json_string_value(json_object_get(tensors->metadata, key));
}

int sol_tensors_set_metadata(SolTensors *tensors, const char *key, const char *text)
{
    json_t *value = json_string(text);
    if (!value)
        return sol_fail(SOL_ERR_FORMAT, "what is to be kept under \"%s\" is no UTF-8", key);
    if (!tensors->metadata)
        tensors->metadata = json_object();
    if (json_object_set_new(tensors->metadata, key, value) != 0)
        return sol_fail_memory("a model's metadata");
    return SOL_OK;
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
    for (size_t i = 0; tensors->tensors && i < tensors->count; i++) {
        free(tensors->tensors[i].name);
        sol_free(tensors->tensors[i].data);
    }
    free(tensors->tensors);
    json_decref(tensors->metadata);
    sol_free(tensors);
    *out = NULL;
}

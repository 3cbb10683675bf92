/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the same for all formats: telling them apart, checking what they say, and gathering tensors from their
 * storages. The .safetensors format, whose reader is elsewhere, is put in here too.
 */
#include "model/checkpoint.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/checkpoint_format.h"
#include "model/safetensors_header.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Tensors may lie over each other, but not have more than so many float32 numbers for each byte of the file. */
enum { MAX_EXPANSION = 4 };

/* ---- .safetensors ---- */

static bool tensors_match(const unsigned char start[SOL_CHECKPOINT_START])
{
    return start[8] == '{' && start[6] == 0 && start[7] == 0;
}

static int tensors_open(SolCheckpoint *checkpoint)
{
    SolHeader header;
    int result = sol_header_read(&header, checkpoint->file, checkpoint->bytes);
    for (size_t i = 0; i < header.count && result == SOL_OK; i++) {
        SolHeaderEntry *entry = &header.entries[i];
        SolStored stored = {.name = entry->name, .dtype = entry->dtype, .rank = entry->rank,
                            .storage = checkpoint->storage_count};
        size_t stride = 1;
        memcpy(stored.shape, entry->shape, sizeof stored.shape);
        for (int d = entry->rank - 1; d >= 0; d--) {
            stored.strides[d] = stride;
            stride *= entry->count > 0 ? entry->shape[d] : 1; /* the product was checked */
        }
        result = sol_checkpoint_add_storage(checkpoint, (SolStorage){.place = header.data + entry->begin,
                                                                     .bytes = entry->end - entry->begin});
        if (result != SOL_OK)
            break;
        entry->name = NULL;
        result = sol_checkpoint_add(checkpoint, stored);
    }
    checkpoint->metadata = json_incref(header.metadata);
    sol_header_clear(&header);
    return result;
}

const SolCheckpointFormat sol_format_safetensors = {.matches = tensors_match, .open = tensors_open};

static const SolCheckpointFormat *const formats[] = {&sol_format_pth_zip, &sol_format_pth_legacy,
                                                     &sol_format_safetensors};

/* ---- what formats call ---- */

int sol_checkpoint_add_storage(SolCheckpoint *checkpoint, SolStorage storage)
{
    if (!sol_grow((void **)&checkpoint->storages, &checkpoint->storage_capacity, checkpoint->storage_count + 1,
                  sizeof storage))
        return sol_fail_memory("a file's storages");
    checkpoint->storages[checkpoint->storage_count++] = storage;
    return SOL_OK;
}

/* Counts a tensor's numbers, and checks that they are in its storage. */
static int check_extent(const SolCheckpoint *checkpoint, SolStored *tensor)
{
    size_t there = checkpoint->storages[tensor->storage].bytes / sol_dtype_bytes(tensor->dtype), last = tensor->offset;
    tensor->count = 1;
    for (int i = 0; i < tensor->rank; i++)
        if (!sol_mul(tensor->count, tensor->shape[i], &tensor->count))
            return sol_fail(SOL_ERR_FORMAT, "its shape has more numbers than can be addressed");
    if (tensor->count == 0)
        return SOL_OK;
    for (int i = 0; i < tensor->rank; i++) {
        size_t reach;
        if (!sol_mul(tensor->shape[i] - 1, tensor->strides[i], &reach) || !sol_add(last, reach, &last))
            return sol_fail(SOL_ERR_FORMAT, "its strides reach further than can be addressed");
    }
    if (last >= there)
        return sol_fail(SOL_ERR_FORMAT, "it reaches to number %zu of its storage, which has %zu", last, there);
    if (tensor->count > there)
        return sol_fail(SOL_ERR_FORMAT, "it has %zu numbers, its storage %zu", tensor->count, there);
    return SOL_OK;
}

int sol_checkpoint_add(SolCheckpoint *checkpoint, SolStored tensor)
{
    int result = check_extent(checkpoint, &tensor);
    if (result != SOL_OK)
        result = sol_fail_within(result, "tensor \"%s\"", tensor.name);
    else if (!sol_grow((void **)&checkpoint->tensors, &checkpoint->capacity, checkpoint->count + 1, sizeof tensor))
        result = sol_fail_memory("a file's tensors");
    if (result != SOL_OK)
        free(tensor.name);
    else
        checkpoint->tensors[checkpoint->count++] = tensor;
    return result;
}

/* ---- opening ---- */

/* Networks that were trained on several processors at once are saved within a "module". */
static void strip_module(SolCheckpoint *checkpoint)
{
    static const char prefix[] = "module.";
    size_t length = sizeof prefix - 1;
    for (size_t i = 0; i < checkpoint->count; i++)
        if (strncmp(checkpoint->tensors[i].name, prefix, length) != 0)
            return;
    for (size_t i = 0; i < checkpoint->count; i++)
        memmove(checkpoint->tensors[i].name, checkpoint->tensors[i].name + length,
                strlen(checkpoint->tensors[i].name) - length + 1);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const SolStored *const *)a)->name, (*(const SolStored *const *)b)->name);
}

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, (*(const SolStored *const *)tensor)->name);
}

/* Sorts the tensors by name, and checks that no name is used twice and that not too much lies over each other. */
static int check_tensors(SolCheckpoint *checkpoint)
{
    uint64_t numbers = 0;
    checkpoint->sorted = sol_alloc(checkpoint->count, sizeof *checkpoint->sorted);
    if (!checkpoint->sorted)
        return sol_fail_memory("a file's tensors");
    for (size_t i = 0; i < checkpoint->count; i++)
        checkpoint->sorted[i] = &checkpoint->tensors[i];
    qsort(checkpoint->sorted, checkpoint->count, sizeof *checkpoint->sorted, compare_names);
    for (size_t i = 1; i < checkpoint->count; i++)
        if (strcmp(checkpoint->sorted[i - 1]->name, checkpoint->sorted[i]->name) == 0)
            return sol_fail(SOL_ERR_FORMAT, "there are two tensors \"%s\"", checkpoint->sorted[i]->name);
    for (size_t i = 0; i < checkpoint->count; i++) {
        numbers += checkpoint->tensors[i].count; /* no more than its storage has, and that is in the file */
        if (numbers > checkpoint->bytes * MAX_EXPANSION)
            return sol_fail(SOL_ERR_FORMAT, "its tensors have more numbers than %d for each of its %llu bytes",
                            (int)MAX_EXPANSION, (unsigned long long)checkpoint->bytes);
    }
    return SOL_OK;
}

/* What a file is that is of no format: a guess from its first bytes. */
static int refuse_format(const unsigned char start[SOL_CHECKPOINT_START])
{
    const char *guess = "";
    if (start[0] == '<')
        guess = "; it looks like a web page, so the download went wrong";
    else if (start[0] == 0x80 && start[1] >= 2 && start[1] <= 5)
        guess = "; it is a pickle, but not one of torch.save()";
    else if (memcmp(start, "\x89HDF", 4) == 0)
        guess = "; it is a HDF5 file";
    else if (memcmp(start, "\x1f\x8b", 2) == 0)
        guess = "; it is compressed: unpack it first";
    return sol_fail(SOL_ERR_FORMAT, "is neither a .safetensors file nor one that torch.save() wrote%s", guess);
}

static int open_file(SolCheckpoint *checkpoint)
{
    unsigned char start[SOL_CHECKPOINT_START] = {0};
    struct stat status;
    int result;
    checkpoint->file = fopen(checkpoint->path, "rb");
    if (!checkpoint->file)
        return sol_fail_errno(checkpoint->path, "cannot be opened");
    if (fstat(fileno(checkpoint->file), &status) != 0 || !S_ISREG(status.st_mode))
        return sol_fail(SOL_ERR_IO, "%s: is no regular file", checkpoint->path);
    checkpoint->bytes = (uint64_t)status.st_size;
    if (fread(start, 1, sizeof start, checkpoint->file) < 4 || fseeko(checkpoint->file, 0, SEEK_SET) != 0)
        return sol_fail(SOL_ERR_FORMAT, "%s: is empty or cannot be read", checkpoint->path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats && !checkpoint->format; i++)
        if (formats[i]->matches(start))
            checkpoint->format = formats[i];
    result = checkpoint->format ? checkpoint->format->open(checkpoint) : refuse_format(start);
    if (result == SOL_OK) {
        strip_module(checkpoint);
        result = check_tensors(checkpoint);
    }
    return result == SOL_OK || result == SOL_ERR_NOMEM ? result : sol_fail_within(result, "%s", checkpoint->path);
}

int sol_checkpoint_open(SolCheckpoint **out, const char *path)
{
    SolCheckpoint *checkpoint = sol_calloc(1, sizeof *checkpoint);
    int result;
    if (!checkpoint)
        return sol_fail_memory("a file of weights");
    checkpoint->path = sol_copy(path);
    result = checkpoint->path ? open_file(checkpoint) : sol_fail_memory("a path");
    if (result != SOL_OK) {
        sol_checkpoint_close(&checkpoint);
        return result;
    }
    *out = checkpoint;
    return SOL_OK;
}

/* ---- reading ---- */

const char *sol_checkpoint_path(const SolCheckpoint *checkpoint)
{
    return checkpoint->path;
}

const SolStored *sol_checkpoint_at(const SolCheckpoint *checkpoint, size_t i)
{
    return i < checkpoint->count ? &checkpoint->tensors[i] : NULL;
}

const SolStored *sol_checkpoint_find(const SolCheckpoint *checkpoint, const char *name)
{
    const SolStored **found = bsearch(name, checkpoint->sorted, checkpoint->count, sizeof *checkpoint->sorted,
                                      compare_name);
    return found ? *found : NULL;
}

const char *sol_checkpoint_metadata(const SolCheckpoint *checkpoint, const char *key)
{
    return json_string_value(json_object_get(checkpoint->metadata, key));
}

/* Has the data of this storage in checkpoint->data. */
static int load(SolCheckpoint *checkpoint, size_t number)
{
    const SolStorage *storage = &checkpoint->storages[number];
    int result = SOL_OK;
    if (checkpoint->data && checkpoint->data_storage == number)
        return SOL_OK;
    sol_free(checkpoint->data);
    checkpoint->data = sol_alloc(storage->bytes, 1);
    if (!checkpoint->data)
        return sol_fail_memory("a tensor");
    checkpoint->data_storage = number;
    if (checkpoint->format->read)
        result = checkpoint->format->read(checkpoint, storage, checkpoint->data);
    else if (fseeko(checkpoint->file, (off_t)storage->place, SEEK_SET) != 0 ||
             fread(checkpoint->data, 1, storage->bytes, checkpoint->file) != storage->bytes)
        result = sol_fail(SOL_ERR_IO, "its data cannot be read");
    if (result != SOL_OK) {
        sol_free(checkpoint->data);
        checkpoint->data = NULL;
    }
    return result;
}

/* Gathers the tensor's numbers, the last dimension fastest. */
static void gather(const SolStored *tensor, const unsigned char *storage, float *data)
{
    size_t place[SOL_TENSOR_MAX_RANK] = {0}, bytes = sol_dtype_bytes(tensor->dtype), at = tensor->offset;
    for (size_t i = 0; i < tensor->count; i++) {
        int d = tensor->rank - 1;
        data[i] = sol_number(storage + at * bytes, tensor->dtype);
        for (; d >= 0 && place[d] + 1 == tensor->shape[d]; d--) { /* back to this dimension's beginning */
            at -= place[d] * tensor->strides[d];
            place[d] = 0;
        }
        if (d >= 0) {
            at += tensor->strides[d];
            place[d]++;
        }
    }
}

int sol_checkpoint_read(SolCheckpoint *checkpoint, const SolStored *tensor, float *data)
{
    int result = SOL_OK;
    if (!sol_dtype_is_weight(tensor->dtype))
        result = sol_fail(SOL_ERR_FORMAT, "its type is %s; F32, F16 and BF16 are understood",
                          sol_dtype_name(tensor->dtype));
    if (result == SOL_OK)
        result = load(checkpoint, tensor->storage);
    if (result != SOL_OK)
        return sol_fail_within(result, "%s: tensor \"%s\"", checkpoint->path, tensor->name);
    gather(tensor, checkpoint->data, data);
    return SOL_OK;
}

void sol_checkpoint_close(SolCheckpoint **out)
{
    SolCheckpoint *checkpoint = *out;
    if (!checkpoint)
        return;
    if (checkpoint->format && checkpoint->format->close)
        checkpoint->format->close(checkpoint);
    if (checkpoint->file)
        fclose(checkpoint->file);
    for (size_t i = 0; i < checkpoint->count; i++)
        free(checkpoint->tensors[i].name);
    free(checkpoint->tensors);
    free(checkpoint->storages);
    sol_free(checkpoint->sorted);
    sol_free(checkpoint->data);
    json_decref(checkpoint->metadata);
    free(checkpoint->path);
    sol_free(checkpoint);
    *out = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What torch.save() writes since PyTorch 1.6: a zip with one folder, in it the pickled object (data.pkl) and every
 * storage as an entry of its own (data/KEY), none of them compressed. The only file that includes zip.h.
 */
#include "model/checkpoint_format.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

static bool zip_matches(const unsigned char start[SOL_CHECKPOINT_START])
{
    return memcmp(start, "PK\3\4", 4) == 0;
}

/* The size of an entry, which lies in the file as it is: so it is not larger than that. */
static int check_entry(const SolCheckpoint *checkpoint, zip_uint64_t entry, uint64_t *bytes)
{
    enum { WANTED = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD };
    zip_stat_t status;
    const char *name = zip_get_name(checkpoint->state, entry, 0);
    if (zip_stat_index(checkpoint->state, entry, 0, &status) != 0 || (status.valid & WANTED) != WANTED)
        return sol_fail(SOL_ERR_FORMAT, "%s: %s", name ? name : "an entry", zip_strerror(checkpoint->state));
    if (status.comp_method != ZIP_CM_STORE || status.encryption_method != ZIP_EM_NONE)
        return sol_fail(SOL_ERR_FORMAT, "%s is compressed or encrypted, which torch.save() never does", name);
    if (status.size != status.comp_size || status.size > checkpoint->bytes)
        return sol_fail(SOL_ERR_FORMAT, "%s is said to have %llu bytes, in a file of %llu", name,
                        (unsigned long long)status.size, (unsigned long long)checkpoint->bytes);
    *bytes = status.size;
    return SOL_OK;
}

/* All of an entry, of so many bytes; the checksum is checked on the way. */
static int read_entry(SolCheckpoint *checkpoint, zip_uint64_t entry, unsigned char *data, size_t bytes)
{
    const char *name = zip_get_name(checkpoint->state, entry, 0);
    zip_file_t *file = zip_fopen_index(checkpoint->state, entry, 0);
    size_t done = 0;
    zip_int64_t part = 1;
    char more;
    int result = SOL_OK;
    if (!file)
        return sol_fail(SOL_ERR_FORMAT, "%s: %s", name, zip_strerror(checkpoint->state));
    while (done < bytes && (part = zip_fread(file, data + done, bytes - done)) > 0)
        done += (size_t)part;
    if (done == bytes && part > 0)
        part = zip_fread(file, &more, 1); /* nothing: but only the end has the checksum compared */
    if (done < bytes || part < 0)
        result = sol_fail(SOL_ERR_FORMAT, "%s cannot be read: %s", name,
                          part < 0 ? zip_file_strerror(file) : "it is cut short");
    zip_fclose(file);
    return result;
}

/* The number of entry FOLDER/name, or -1. */
static zip_int64_t locate(SolCheckpoint *checkpoint, const char *root, const char *name)
{
    char *path = sol_format("%s/%s", root, name);
    zip_int64_t entry = path ? zip_name_locate(checkpoint->state, path, 0) : -1;
    free(path);
    return entry;
}

/* The folder that has data.pkl, freed with free(); NULL where there is none. */
static char *find_folder(SolCheckpoint *checkpoint)
{
    zip_int64_t count = zip_get_num_entries(checkpoint->state, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name = zip_get_name(checkpoint->state, (zip_uint64_t)i, 0);
        const char *slash = name ? strchr(name, '/') : NULL;
        if (slash && strcmp(slash, "/data.pkl") == 0)
            return strndup(name, (size_t)(slash - name));
    }
    return NULL;
}

/* The entry's bytes, at most `most`, in fresh memory for sol_free(). */
static int load_entry(SolCheckpoint *checkpoint, zip_int64_t entry, size_t most, unsigned char **data, size_t *size)
{
    uint64_t bytes = 0;
    unsigned char *memory;
    int result = check_entry(checkpoint, (zip_uint64_t)entry, &bytes);
    if (result != SOL_OK)
        return result;
    if (bytes > most)
        return sol_fail(SOL_ERR_FORMAT, "%s has %llu bytes; there can be %zu at most",
                        zip_get_name(checkpoint->state, (zip_uint64_t)entry, 0), (unsigned long long)bytes, most);
    memory = sol_alloc((size_t)bytes, 1);
    if (!memory)
        return sol_fail_memory("a file's entry");
    result = read_entry(checkpoint, (zip_uint64_t)entry, memory, (size_t)bytes);
    if (result != SOL_OK) {
        sol_free(memory);
        return result;
    }
    *data = memory;
    *size = (size_t)bytes;
    return SOL_OK;
}

static int check_kind(SolCheckpoint *checkpoint, const char *root)
{
    zip_int64_t order = locate(checkpoint, root, "byteorder");
    unsigned char *data = NULL;
    size_t size = 0;
    int result;
    if (locate(checkpoint, root, "constants.pkl") >= 0)
        return sol_fail(SOL_ERR_FORMAT, "is a TorchScript program; save its state_dict() with torch.save()");
    if (order < 0)
        return SOL_OK;
    result = load_entry(checkpoint, order, 64, &data, &size);
    if (result == SOL_OK && (size != 6 || memcmp(data, "little", 6) != 0))
        result = sol_fail(SOL_ERR_FORMAT, "it was not written on a little-endian machine");
    sol_free(data);
    return result;
}

static int place_storages(SolCheckpoint *checkpoint, const char *root, SolPickledList *list)
{
    int result = SOL_OK;
    for (size_t i = 0; i < list->count && result == SOL_OK; i = sol_pickled_next(list, i)) {
        char *name = sol_format("data/%s", list->items[i].key);
        zip_int64_t entry = name ? locate(checkpoint, root, name) : -1;
        uint64_t bytes = 0;
        free(name);
        if (entry < 0)
            return sol_fail(SOL_ERR_FORMAT, "storage \"%s\" is missing", list->items[i].key);
        result = check_entry(checkpoint, (zip_uint64_t)entry, &bytes);
        if (result == SOL_OK)
            result = sol_pickled_place(list, i, checkpoint, (uint64_t)entry, bytes);
    }
    return result;
}

static int read_archive(SolCheckpoint *checkpoint, const char *root)
{
    unsigned char *bytes = NULL;
    size_t size = 0, used;
    SolPickle *pickle = NULL;
    SolPickledList list = {0};
    int result = check_kind(checkpoint, root);
    if (result == SOL_OK)
        result = load_entry(checkpoint, locate(checkpoint, root, "data.pkl"), SOL_PICKLE_MAX, &bytes, &size);
    if (result == SOL_OK)
        result = sol_pickle_read(&pickle, bytes, size, &used);
    if (result == SOL_OK)
        result = sol_pickled_list(&list, pickle);
    if (result == SOL_OK)
        result = place_storages(checkpoint, root, &list);
    if (result == SOL_OK)
        result = sol_pickled_tensors(&list, pickle, checkpoint);
    sol_pickled_clear(&list);
    sol_pickle_close(&pickle);
    sol_free(bytes);
    return result;
}

static int zip_format_open(SolCheckpoint *checkpoint)
{
    char *root;
    int code, result;
    checkpoint->state = zip_open(checkpoint->path, ZIP_RDONLY, &code);
    if (!checkpoint->state) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        result = sol_fail(SOL_ERR_FORMAT, "a damaged zip: %s", zip_error_strerror(&error));
        zip_error_fini(&error);
        return result;
    }
    root = find_folder(checkpoint);
    if (!root)
        return sol_fail(SOL_ERR_FORMAT, "is a zip, but none of torch.save()'s: it has no data.pkl");
    result = read_archive(checkpoint, root);
    free(root);
    return result;
}

static int zip_read(SolCheckpoint *checkpoint, const SolStorage *storage, unsigned char *data)
{
    return read_entry(checkpoint, storage->place, data, storage->bytes);
}

static void zip_format_close(SolCheckpoint *checkpoint)
{
    if (checkpoint->state)
        zip_discard(checkpoint->state);
}

const SolCheckpointFormat sol_format_pth_zip = {
    .matches = zip_matches, .open = zip_format_open, .read = zip_read, .close = zip_format_close};

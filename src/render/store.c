/* SPDX-License-Identifier: Apache-2.0
 *
 * The store of a render: names, files, and what is in them.
 */
#include "render/store.h"

#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/records.h"
#include "base/text.h"
#include "image/image.h"
#include "media/video.h"
#include "media/writer.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What files are called behind their frames and key. */
static const char frames_suffix[] = "frames", memory_suffix[] = "memory", output_suffix[] = "part";
static const char lock_name[] = "lock";

/* Flags of records in files of frames and memories. */
enum { FRAME = 0, MEMORY = 1 };

struct SolStore {
    SolStoreSource source;
    char *folder;
    char *made; /* the topmost folder that was made for it, or NULL */
    SolLock *lock;
    SolRecords **open;      /* [output_count] of the part that is being written */
    SolRecords *journal;    /* frames of the part that is being painted */
    int64_t journal_first;  /* its first frame */
    atomic_llong frames;
};

/* ---- names ---- */

char *sol_store_folder(const char *output)
{
    char *folder = sol_path_folder(output), *name = sol_format(".%s.parts", sol_path_name(output));
    char *path = folder && name ? sol_path_join(folder, name) : NULL;
    free(folder);
    free(name);
    return path;
}

/* "FOLDER/60-119.0123456789abcdef.SUFFIX" */
static char *path_of(const SolStore *store, const SolPart *part, const SolDigest *key, const char *suffix)
{
    char text[33];
    return sol_format("%s/%" PRId64 "-%" PRId64 ".%.16s.%s", store->folder, part->first, part->first + part->count - 1,
                      sol_digest_text(key, text), suffix);
}

static int output_path(const SolStore *store, const SolPart *part, int output, SolDigest *key, char **path)
{
    int result = sol_part_output_key(key, part, &store->source.outputs[output], store->source.input);
    if (result == SOL_OK && !(*path = path_of(store, part, key, output_suffix)))
        result = sol_fail_memory("a path");
    return result;
}

/* ---- frames in records ---- */

static size_t frame_bytes(const SolStore *store)
{
    return (size_t)store->source.input->width * (size_t)store->source.input->height * 3;
}

static int append_image(SolRecords *records, const SolImage *image, SolRecord record)
{
    size_t row = (size_t)image->width * 3;
    uint8_t *packed = NULL;
    int result;
    record.size = row * (size_t)image->height;
    record.data = image->pixels;
    if (image->stride != row) {
        if (!(packed = sol_alloc(record.size, 1)))
            return sol_fail_memory("a frame that is kept");
        for (int y = 0; y < image->height; y++)
            memcpy(packed + (size_t)y * row, sol_image_row_const(image, y), row);
        record.data = packed;
    }
    result = sol_records_append(records, &record);
    sol_free(packed);
    return result;
}

/* A picture of the frames' size from a record. */
static int image_of(const SolStore *store, const SolRecord *record, SolImage **out)
{
    const SolWriterInput *input = store->source.input;
    size_t row = (size_t)input->width * 3;
    int result;
    if (record->size != frame_bytes(store))
        return sol_fail(SOL_ERR_FORMAT, "%s: a frame that is kept there is of another size", store->folder);
    result = sol_image_create(out, input->width, input->height);
    for (int y = 0; y < input->height && result == SOL_OK; y++)
        memcpy(sol_image_row(*out, y), record->data + (size_t)y * row, row);
    return result;
}

/* How many of a part's first frames are kept, in order. */
static int count_frames(const SolStore *store, const SolPart *part, int64_t *count)
{
    char *path = path_of(store, part, &part->key, frames_suffix);
    SolRecords *records = NULL;
    SolRecord record;
    bool got = true;
    int result = path ? SOL_OK : sol_fail_memory("a path");
    *count = 0;
    if (result == SOL_OK && sol_records_open(&records, path, &part->key) == SOL_OK) {
        while ((result = sol_records_next(records, &record, &got)) == SOL_OK && got)
            if (record.flags == FRAME && (record.time != part->first + *count || record.size != frame_bytes(store)))
                break;
            else
                *count += record.flags == FRAME;
        sol_records_close(&records);
    }
    free(path);
    return result;
}

/* ---- finding ---- */

static int find_outputs(const SolStore *store, const SolPart *part, bool *all)
{
    int result = SOL_OK;
    *all = true;
    for (int i = 0; i < store->source.output_count && *all && result == SOL_OK; i++) {
        SolDigest key;
        char *path = NULL;
        int64_t records;
        result = output_path(store, part, i, &key, &path);
        *all = result == SOL_OK && sol_records_verify(path, &key, &records);
        free(path);
    }
    return result;
}

static bool has_memory(const SolStore *store, const SolPart *part)
{
    char *path = path_of(store, part, &part->key, memory_suffix);
    int64_t records;
    bool has = path && sol_records_verify(path, &part->key, &records);
    free(path);
    return has;
}

/* What there is of every part. Where painting goes on behind a part, what was remembered at its end must be there, too. */
static int find(SolStore *store)
{
    const SolParts *parts = store->source.parts;
    int result = SOL_OK;
    for (int i = parts->count - 1; i >= 0 && result == SOL_OK; i--) {
        SolPart *part = &parts->items[i];
        const SolPart *next = i + 1 < parts->count ? part + 1 : NULL;
        bool needed = next && next->follows && !next->reused && next->kept == 0;
        result = find_outputs(store, part, &part->reused);
        if (part->reused && needed && !has_memory(store, part))
            part->reused = false;
        if (result == SOL_OK && !part->reused && part->painted)
            result = count_frames(store, part, &part->kept);
        if (part->kept == part->count && needed && !has_memory(store, part))
            part->kept--; /* painting its last frame again is the shortest way to it */
        atomic_fetch_add(&store->frames, part->reused ? part->count : part->kept);
    }
    return result;
}

/* ---- opening and closing ---- */

static int lock_folder(SolStore *store)
{
    char *path = sol_path_join(store->folder, lock_name);
    long holder = 0;
    int result = path ? sol_make_parent_folders(path, &store->made) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = sol_lock_open(&store->lock, path, &holder);
    if (result == SOL_ERR_EXISTS)
        result = sol_fail(result, "%s: is being rendered already, by process %ld; wait for it, or stop it",
                          store->source.outputs[0].path, holder);
    free(path);
    return result;
}

int sol_store_open(SolStore **out, const SolStoreSource *source)
{
    SolStore *store = sol_calloc(1, sizeof *store);
    int result = SOL_OK;
    if (!store || !(store->folder = sol_store_folder(source->outputs[0].path)) ||
        !(store->open = sol_calloc((size_t)source->output_count, sizeof *store->open)))
        result = sol_fail_memory("the store of a render");
    if (result == SOL_OK) {
        store->source = *source;
        result = lock_folder(store);
    }
    for (int i = 0; i < source->output_count && result == SOL_OK; i++)
        sol_pending_sweep(source->outputs[i].path);
    if (result == SOL_OK)
        result = find(store);
    if (result == SOL_OK)
        *out = store;
    else
        sol_store_close(&store, false);
    return result;
}

/* Removes files with these extensions. */
static void remove_files(const SolStore *store, const char *extensions)
{
    DIR *directory = opendir(store->folder);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        char *path = sol_path_has_extension(entry->d_name, extensions) ? sol_path_join(store->folder, entry->d_name) : NULL;
        if (path)
            unlink(path);
        free(path);
    }
    if (directory)
        closedir(directory);
}

void sol_store_close(SolStore **out, bool remove)
{
    SolStore *store = *out;
    *out = NULL;
    if (!store)
        return;
    for (int i = 0; store->open && i < store->source.output_count; i++)
        sol_records_close(&store->open[i]);
    sol_records_close(&store->journal);
    if (store->lock) {
        remove_files(store, remove ? "frames memory part partial" : "partial");
        sol_lock_close(&store->lock);
        if (rmdir(store->folder) == 0 && store->made)
            sol_remove_made_folders(store->folder, store->made);
    }
    free(store->made);
    sol_free(store->open);
    free(store->folder);
    sol_free(store);
}

int64_t sol_store_frames(const SolStore *store)
{
    return store ? (int64_t)atomic_load(&store->frames) : 0;
}

/* ---- painting ---- */

static int open_journal(SolStore *store, const SolPart *part)
{
    char *path = path_of(store, part, &part->key, frames_suffix);
    int result = path ? sol_records_continue(&store->journal, path, &part->key) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = sol_records_reserve(store->journal, (uint64_t)(part->count - part->kept) * frame_bytes(store));
    store->journal_first = part->first;
    if (result != SOL_OK && path && part->kept == 0)
        unlink(path);
    free(path);
    return result;
}

static int append_memories(SolRecords *records, const SolPainters *painters)
{
    SolPaintersMemory memory;
    int result = SOL_OK;
    for (int i = 0; result == SOL_OK && sol_painters_memory(painters, i, &memory); i++)
        if (memory.image)
            result = append_image(records, memory.image, (SolRecord){.time = memory.number,
                                                                     .place = memory.stretch,
                                                                     .duration = memory.of,
                                                                     .flags = MEMORY});
    return result;
}

/* Writes what the painters remember at the end of a part, for the part behind it. */
static int keep_memories(SolStore *store, const SolPart *part, const SolPainters *painters)
{
    char *path = path_of(store, part, &part->key, memory_suffix);
    SolRecords *records = NULL;
    int result = path ? sol_records_create(&records, path, &part->key) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = append_memories(records, painters);
    if (result == SOL_OK)
        result = sol_records_complete(records);
    sol_records_close(&records);
    free(path);
    return result;
}

int sol_store_keep(SolStore *store, const SolPart *part, const SolImage *image, const SolPainters *painters)
{
    int result = SOL_OK;
    bool last = image->number == part->first + part->count - 1;
    if (!store)
        return SOL_OK;
    if (!store->journal || store->journal_first != part->first) {
        sol_records_close(&store->journal);
        result = open_journal(store, part);
    }
    if (result == SOL_OK)
        result = append_memories(store->journal, painters);
    if (result == SOL_OK && last && part + 1 < store->source.parts->items + store->source.parts->count &&
        part[1].follows)
        result = keep_memories(store, part, painters);
    if (result == SOL_OK)
        result = append_image(store->journal, image, (SolRecord){.time = image->number, .flags = FRAME});
    if (result == SOL_OK)
        atomic_fetch_add(&store->frames, 1);
    if (last)
        sol_records_close(&store->journal);
    return result;
}

static int remind_from(SolStore *store, const SolPart *part, const char *suffix, int64_t before, SolPainters *painters)
{
    char *path = path_of(store, part, &part->key, suffix);
    SolRecords *records = NULL;
    SolRecord record;
    bool got = true;
    int result = path ? sol_records_open(&records, path, &part->key) : sol_fail_memory("a path");
    while (result == SOL_OK && (result = sol_records_next(records, &record, &got)) == SOL_OK && got) {
        SolPaintersMemory memory = {(int)record.duration, record.time, (int)record.place, NULL};
        if (record.flags != MEMORY || record.time > before)
            continue;
        result = image_of(store, &record, &memory.image);
        if (result == SOL_OK)
            sol_painters_remember(painters, &memory);
        sol_image_unref(&memory.image);
    }
    sol_records_close(&records);
    free(path);
    return result;
}

int sol_store_remind(SolStore *store, const SolPart *part, int64_t number, SolPainters *painters)
{
    if (store && part->sequential && number > part->first)
        return remind_from(store, part, frames_suffix, number - 1, painters);
    if (store && part->follows)
        return remind_from(store, part - 1, memory_suffix, number - 1, painters);
    return SOL_OK;
}

/* ---- writing ---- */

int sol_store_begin(SolStore *store, const SolPart *part, SolWriter *const writers[])
{
    int result = SOL_OK;
    for (int i = 0; store && i < store->source.output_count && result == SOL_OK; i++) {
        SolDigest key;
        char *path = NULL, *partial = NULL;
        result = output_path(store, part, i, &key, &path);
        if (result == SOL_OK && !(partial = sol_format("%s.partial", path)))
            result = sol_fail_memory("a path");
        if (result == SOL_OK)
            result = sol_records_create(&store->open[i], partial, &key);
        if (result == SOL_OK)
            sol_writer_begin_part(writers[i], store->open[i]);
        free(partial);
        free(path);
    }
    return result;
}

int sol_store_replay(SolStore *store, const SolPart *part, SolWriter *const writers[])
{
    char *path = path_of(store, part, &part->key, frames_suffix);
    SolRecords *records = NULL;
    int64_t done = 0;
    int result = path ? sol_records_open(&records, path, &part->key) : sol_fail_memory("a path");
    while (result == SOL_OK && done < part->kept) {
        SolImage *image = NULL;
        SolRecord record;
        bool got;
        result = sol_records_next(records, &record, &got);
        if (result == SOL_OK && !got)
            result = sol_fail(SOL_ERR_IO, "%s: ends before its time", path);
        if (result != SOL_OK || record.flags != FRAME)
            continue;
        result = image_of(store, &record, &image);
        if (result == SOL_OK)
            sol_video_index_place(store->source.input->index, record.time, image);
        for (int i = 0; i < store->source.output_count && result == SOL_OK; i++)
            result = sol_writer_write(writers[i], image);
        sol_image_unref(&image);
        done++;
    }
    sol_records_close(&records);
    free(path);
    return result;
}

/* Gives the records of an output their name, now that they are complete. */
static int commit(SolStore *store, const SolPart *part, int output)
{
    SolDigest key;
    char *path = NULL, *partial = NULL;
    int result = sol_records_complete(store->open[output]);
    sol_records_close(&store->open[output]);
    if (result == SOL_OK)
        result = output_path(store, part, output, &key, &path);
    if (result == SOL_OK && !(partial = sol_format("%s.partial", path)))
        result = sol_fail_memory("a path");
    if (result == SOL_OK && rename(partial, path) != 0)
        result = sol_fail_errno(path, "cannot be written");
    free(partial);
    free(path);
    return result;
}

int sol_store_end(SolStore *store, const SolPart *part, SolWriter *const writers[], int count)
{
    char *frames;
    int result = SOL_OK;
    for (int i = 0; i < count && result == SOL_OK; i++)
        result = sol_writer_end_part(writers[i]);
    if (!store || result != SOL_OK)
        return result;
    for (int i = 0; i < count && result == SOL_OK; i++)
        result = commit(store, part, i);
    if (result == SOL_OK && !part->painted)
        atomic_fetch_add(&store->frames, part->count);
    frames = path_of(store, part, &part->key, frames_suffix);
    if (result == SOL_OK && frames)
        unlink(frames);
    free(frames);
    return result;
}

int sol_store_splice(SolStore *store, const SolPart *part, SolWriter *const writers[])
{
    int result = SOL_OK;
    for (int i = 0; i < store->source.output_count && result == SOL_OK; i++) {
        SolRecords *records = NULL;
        SolDigest key;
        char *path = NULL;
        result = output_path(store, part, i, &key, &path);
        if (result == SOL_OK)
            result = sol_records_open(&records, path, &key);
        if (result == SOL_OK)
            result = sol_writer_splice(writers[i], records, part->first, part->count);
        sol_records_close(&records);
        free(path);
    }
    return result;
}

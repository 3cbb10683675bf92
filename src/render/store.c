/* SPDX-License-Identifier: Apache-2.0
 *
 * The store of a render: names, files, and what is in them.
 */
#include "render/store.h"

#include "base/clock.h"
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
static const char painted_suffix[] = "frames", paired_suffix[] = "pairs"; /* with what they were painted from */
static const char memory_suffix[] = "memory", output_suffix[] = "part";
/* Of what is remembered at the last frames of the part that is being painted, in turns. */
static const char *const state_suffixes[] = {"state0", "state1"};
/* Files that are not whole end in the first of these, and what a store makes in any. */
static const char partial_suffix[] = "partial", our_suffixes[] = "partial frames pairs memory state0 state1 part naming";
static const char lock_name[] = "lock", naming_name[] = "outputs.naming";

/* Flags of records: of a frame; of what it was painted from, in front of it; of what is remembered at a frame. */
enum { FRAME = 0, SOURCE = 2, MEMORY = 3 };

/* From one state that is written to the next: they are large, and of use only where a render is stopped. */
static const double STATE_SECONDS = 1;

struct SolStore {
    SolStoreSource source;
    const char *frames_suffix; /* frames by themselves, or in pairs with their sources */
    char *folder;
    char *made; /* the topmost folder that was made for it, or NULL */
    SolLock *lock;
    SolRecords **open;      /* [output_count] of the part that is being written */
    SolRecords *journal;    /* frames of the part that is being painted */
    const SolPart *journal_part;
    int64_t journal_frames; /* in it */
    int64_t journal_last;   /* number of the one appended last; -1: none */
    SolBlob memory;         /* what is remembered at the frame at hand */
    int turn;               /* which of the two files of states is written next */
    int64_t state;          /* the frame whose state was written last; -1: none, or of another part */
    double state_time;      /* when that was */
    bool was_naming;        /* an earlier render was */
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

bool sol_store_is_called(const char *entry, const char *name)
{
    static const char suffix[] = ".parts";
    size_t length = strlen(entry), ends = length - strlen(suffix);
    if (*entry != '.' || length < strlen(suffix) + 2 || strcmp(entry + ends, suffix) != 0)
        return false;
    return !name || (strlen(name) == ends - 1 && strncmp(entry + 1, name, ends - 1) == 0);
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

/* The first frame at or behind `n` that shows in an output; the part's end where there is none. */
static int64_t next_shown(const SolStore *store, const SolPart *part, int64_t n)
{
    while (n < part->first + part->count && !sol_parts_want(store->source.parts, n))
        n++;
    return n;
}

/* How many of a part's first frames are kept, in order, with those between them that do not show. */
static int count_frames(const SolStore *store, const SolPart *part, int64_t *count)
{
    char *path = path_of(store, part, &part->key, store->frames_suffix);
    SolRecords *records = NULL;
    SolRecord record;
    bool got = true;
    int result = path ? SOL_OK : sol_fail_memory("a path");
    *count = 0;
    if (result == SOL_OK && sol_records_open(&records, path, &part->key) == SOL_OK) {
        while ((result = sol_records_next(records, &record, &got)) == SOL_OK && got)
            if (record.flags != FRAME)
                continue;
            else if (record.time == next_shown(store, part, part->first + *count) && record.size == frame_bytes(store))
                *count = record.time - part->first + 1;
            else
                break;
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

/* Looks for what was remembered last, but not behind frame `number`, in both files of states; *found is NULL where it is in
   none. */
static int find_state(const SolStore *store, const SolPart *part, int64_t number, SolRecords **found, SolRecord *record,
                      int *which)
{
    int result = SOL_OK;
    *found = NULL;
    for (int i = 0; i < 2 && result == SOL_OK; i++) {
        char *path = path_of(store, part, &part->key, state_suffixes[i]);
        SolRecords *records = NULL;
        SolRecord read;
        bool got = false;
        if (path && sol_records_open(&records, path, &part->key) == SOL_OK)
            result = sol_records_next(records, &read, &got);
        free(path);
        if (result == SOL_OK && got && read.flags == MEMORY && read.time >= part->first && read.time <= number &&
            (!*found || read.time > record->time)) {
            sol_records_close(found);
            *found = records;
            *record = read;
            *which = i;
        } else {
            sol_records_close(&records);
        }
    }
    return result;
}

/* Frames that are kept are of no use where painting cannot go on behind them: they are painted again. */
static int check_state(const SolStore *store, SolPart *part)
{
    SolRecords *records;
    SolRecord record;
    int which, result;
    if (!part->sequential || part->kept == 0 || part->kept == part->count)
        return SOL_OK;
    result = find_state(store, part, part->first + part->kept - 1, &records, &record, &which);
    if (result != SOL_OK)
        return result;
    part->kept = records ? record.time - part->first + 1 : 0;
    sol_records_close(&records);
    return SOL_OK;
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
        if (result == SOL_OK)
            result = check_state(store, part);
        atomic_fetch_add(&store->frames, sol_parts_shown(parts, part->first, part->reused ? part->count : part->kept));
    }
    return result;
}

/* ---- giving outputs their names ---- */

/* "FOLDER/outputs.naming", and its key: what the outputs are made of, and what they are called. */
static int naming_path(const SolStore *store, SolDigest *key, char **path)
{
    const SolParts *parts = store->source.parts;
    SolDigester *digester = NULL;
    int result = sol_digester_open(&digester);
    for (int i = 0; i < store->source.output_count && result == SOL_OK; i++) {
        sol_digester_add_text(digester, store->source.outputs[i].path);
        for (int k = 0; k < parts->count && result == SOL_OK; k++) {
            SolDigest part;
            result = sol_part_output_key(&part, &parts->items[k], &store->source.outputs[i], store->source.input);
            sol_digester_add(digester, part.bytes, sizeof part.bytes);
        }
    }
    if (result == SOL_OK) {
        *key = sol_digester_finish(digester);
        if (!(*path = sol_path_join(store->folder, naming_name)))
            result = sol_fail_memory("a path");
    }
    sol_digester_close(&digester);
    return result;
}

static int find_naming(SolStore *store)
{
    SolDigest key;
    char *path = NULL;
    int64_t records;
    int result = naming_path(store, &key, &path);
    store->was_naming = result == SOL_OK && sol_records_verify(path, &key, &records);
    free(path);
    return result;
}

bool sol_store_was_naming(const SolStore *store)
{
    return store && store->was_naming;
}

int sol_store_naming(SolStore *store, bool begins)
{
    SolRecords *records = NULL;
    SolDigest key;
    char *path = NULL;
    int result;
    if (!store)
        return SOL_OK;
    result = naming_path(store, &key, &path);
    if (result == SOL_OK && !begins)
        unlink(path);
    if (result == SOL_OK && begins)
        result = sol_records_create(&records, path, &key);
    if (result == SOL_OK && begins)
        result = sol_records_complete(records);
    sol_records_close(&records);
    free(path);
    return result;
}

/* ---- opening and closing ---- */

/* Whether a store has made the file `name` in a folder, whose name ends in one of these; *path is freed with free(). */
static bool is_ours(const char *folder, const char *name, const char *suffixes, char **path)
{
    *path = sol_path_join(folder, name);
    return *path && sol_path_has_extension(name, suffixes) && sol_records_are_in(*path);
}

/* Removes the files of a folder that end in one of these, and nothing else. */
static void remove_files(const char *folder, const char *suffixes)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        char *path;
        if (is_ours(folder, entry->d_name, suffixes, &path))
            unlink(path);
        free(path);
    }
    if (directory)
        closedir(directory);
}

static int try_to_lock(SolStore *store, const char *path, long *holder)
{
    char *made = NULL;
    int result = sol_make_parent_folders(path, &made);
    if (!store->made)
        store->made = made;
    else
        free(made);
    return result == SOL_OK ? sol_lock_open(&store->lock, path, holder) : result;
}

static int lock_folder(SolStore *store)
{
    const char *output = store->source.outputs[0].path;
    char *path = sol_path_join(store->folder, lock_name);
    long holder = 0;
    int result = path ? try_to_lock(store, path, &holder) : sol_fail_memory("a path");
    /* who had the lock may have removed the folder in between */
    for (int i = 0; i < 3 && result == SOL_ERR_IO && !sol_path_exists(store->folder); i++)
        result = try_to_lock(store, path, &holder);
    if (result == SOL_ERR_EXISTS && holder > 0)
        result = sol_fail(result, "%s: is being rendered already, by process %ld; wait for it, or stop it", output,
                          holder);
    else if (result == SOL_ERR_EXISTS)
        result = sol_fail(result, "%s: is being rendered already, by another process; wait for it, or stop it", output);
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
        store->frames_suffix = source->pairs ? paired_suffix : painted_suffix;
        result = lock_folder(store);
    }
    if (result == SOL_OK)
        remove_files(store->folder, partial_suffix);
    for (int i = 0; i < source->output_count && result == SOL_OK; i++)
        sol_pending_sweep(source->outputs[i].path);
    if (result == SOL_OK)
        result = find_naming(store);
    if (result == SOL_OK)
        result = find(store);
    if (result == SOL_OK)
        *out = store;
    else
        sol_store_close(&store, false);
    return result;
}

/* A journal without a frame is removed. */
static void close_journal(SolStore *store)
{
    char *path = store->journal && store->journal_frames == 0
                     ? path_of(store, store->journal_part, &store->journal_part->key, store->frames_suffix)
                     : NULL;
    sol_records_close(&store->journal);
    if (path)
        unlink(path);
    free(path);
}

void sol_store_close(SolStore **out, bool remove)
{
    SolStore *store = *out;
    *out = NULL;
    if (!store)
        return;
    for (int i = 0; store->open && i < store->source.output_count; i++)
        sol_records_close(&store->open[i]);
    close_journal(store);
    if (store->lock)
        remove_files(store->folder, remove ? our_suffixes : partial_suffix);
    if (store->lock || store->made) {
        sol_lock_close(&store->lock);
        if (rmdir(store->folder) == 0 && store->made)
            sol_remove_made_folders(store->folder, store->made);
    }
    sol_blob_clear(&store->memory);
    free(store->made);
    sol_free(store->open);
    free(store->folder);
    sol_free(store);
}

/* ---- what is left ---- */

static int measure(const char *folder, SolStoreRest *rest)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    if (!directory)
        return sol_fail_errno(folder, "cannot be read");
    while ((entry = readdir(directory))) {
        struct stat status;
        char *path;
        if (is_ours(folder, entry->d_name, our_suffixes, &path) && lstat(path, &status) == 0)
            rest->bytes += (int64_t)status.st_size;
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strcmp(entry->d_name, lock_name) != 0)
            rest->has_others = true;
        free(path);
    }
    closedir(directory);
    return SOL_OK;
}

static int remove_rest(const char *path, const char *lock_path, SolStoreRest *rest)
{
    SolLock *lock = NULL;
    int result = sol_lock_open(&lock, lock_path, &rest->holder);
    rest->held = result == SOL_ERR_EXISTS;
    if (result != SOL_OK)
        return rest->held ? SOL_OK : result;
    remove_files(path, our_suffixes);
    sol_lock_close(&lock);
    if (rmdir(path) != 0 && !rest->has_others)
        return sol_fail_errno(path, "cannot be removed");
    return SOL_OK;
}

int sol_store_rest(const char *path, bool remove, SolStoreRest *rest)
{
    char *lock_path = sol_path_join(path, lock_name);
    int result = lock_path ? SOL_OK : sol_fail_memory("a path");
    *rest = (SolStoreRest){0};
    if (result == SOL_OK)
        result = measure(path, rest);
    rest->held = result == SOL_OK && sol_lock_is_held(lock_path, &rest->holder);
    if (result == SOL_OK && !rest->held && remove && (rest->bytes > 0 || !rest->has_others)) /* else it is no store */
        result = remove_rest(path, lock_path, rest);
    free(lock_path);
    return result;
}

int64_t sol_store_frames(const SolStore *store)
{
    return store ? (int64_t)atomic_load(&store->frames) : 0;
}

/* ---- painting ---- */

static int open_journal(SolStore *store, const SolPart *part)
{
    char *path = path_of(store, part, &part->key, store->frames_suffix);
    int64_t last = part->first + part->kept - 1;
    int result = path ? sol_records_continue(&store->journal, path, &part->key, last) : sol_fail_memory("a path");
    store->journal_part = part;
    store->journal_frames = part->kept;
    store->journal_last = store->state = -1;
    free(path);
    return result;
}

int sol_store_ready(SolStore *store, const SolPart *part)
{
    uint64_t bytes;
    int result = SOL_OK;
    if (!store)
        return SOL_OK;
    bytes = (uint64_t)(1 + store->source.pairs) * (frame_bytes(store) + SOL_RECORD_HEAD);
    if (part->sequential)
        bytes += store->memory.size + SOL_RECORD_HEAD;
    if (!store->journal || store->journal_part != part) {
        close_journal(store);
        result = open_journal(store, part);
    }
    return result == SOL_OK ? sol_records_reserve(store->journal, bytes) : result;
}

/* What the painters remember, as a record. */
static int append_memory(SolStore *store, SolRecords *records, int64_t number, const SolPainters *painters)
{
    sol_blob_reset(&store->memory);
    sol_painters_save(painters, &store->memory);
    if (!sol_blob_is_sound(&store->memory))
        return sol_fail_memory("what a render remembers");
    return sol_records_append(records, &(SolRecord){.time = number,
                                                    .flags = MEMORY,
                                                    .size = store->memory.size,
                                                    .data = store->memory.bytes});
}

/* Writes what the painters remember at a frame, in place of what was written before the last: one file is always whole. */
static int keep_state(SolStore *store, const SolPart *part, int64_t number, const SolPainters *painters)
{
    char *path = path_of(store, part, &part->key, state_suffixes[store->turn]);
    SolRecords *records = NULL;
    int result = path ? sol_records_create(&records, path, &part->key) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = append_memory(store, records, number, painters);
    sol_records_close(&records);
    free(path);
    store->turn = !store->turn;
    store->state = number;
    store->state_time = sol_clock();
    return result;
}

int sol_store_pause(SolStore *store, const SolPainters *painters)
{
    int64_t last = painters ? sol_painters_last(painters) : -1;
    if (!store || !store->journal || !store->journal_part->sequential || store->journal_last < 0 ||
        last != store->journal_last || last == store->state)
        return SOL_OK;
    return keep_state(store, store->journal_part, last, painters);
}

/* Writes what the painters remember at the end of a part, for the part behind it. */
static int keep_memory(SolStore *store, const SolPart *part, int64_t number, const SolPainters *painters)
{
    char *path = path_of(store, part, &part->key, memory_suffix);
    SolRecords *records = NULL;
    int result = path ? sol_records_create(&records, path, &part->key) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = append_memory(store, records, number, painters);
    if (result == SOL_OK)
        result = sol_records_complete(records);
    sol_records_close(&records);
    free(path);
    return result;
}

int sol_store_keep(SolStore *store, const SolPart *part, const SolImage *image, const SolPainters *painters)
{
    const SolPart *end;
    int result = SOL_OK;
    if (!store)
        return SOL_OK;
    end = store->source.parts->items + store->source.parts->count;
    if (part->sequential && (store->state < part->first || sol_clock() - store->state_time >= STATE_SECONDS ||
                             sol_painters_stop_within(painters)))
        result = keep_state(store, part, image->number, painters);
    if (result == SOL_OK && store->source.pairs)
        result = append_image(store->journal, image->source, (SolRecord){.time = image->number, .flags = SOURCE});
    if (result == SOL_OK)
        result = append_image(store->journal, image, (SolRecord){.time = image->number,
                                                                 .place = image->pts,
                                                                 .duration = image->duration,
                                                                 .flags = FRAME});
    if (result != SOL_OK)
        return result;
    store->journal_frames++;
    store->journal_last = image->number;
    atomic_fetch_add(&store->frames, 1);
    if (next_shown(store, part, image->number + 1) < part->first + part->count)
        return SOL_OK;
    close_journal(store);
    return part + 1 < end && part[1].follows ? keep_memory(store, part, image->number, painters) : SOL_OK;
}

static int restore(const SolRecord *record, SolPainters *painters)
{
    SolBlob memory = sol_blob_of(record->data, record->size);
    return sol_painters_restore(painters, &memory);
}

/* From what was kept at the end of a part. */
static int remind_of_end(SolStore *store, const SolPart *part, SolPainters *painters)
{
    char *path = path_of(store, part, &part->key, memory_suffix);
    SolRecords *records = NULL;
    SolRecord record;
    bool got = false;
    int result = path ? sol_records_open(&records, path, &part->key) : sol_fail_memory("a path");
    if (result == SOL_OK)
        result = sol_records_next(records, &record, &got);
    if (result == SOL_OK && got && record.flags == MEMORY)
        result = restore(&record, painters);
    sol_records_close(&records);
    free(path);
    return result;
}

int sol_store_remind(SolStore *store, const SolPart *part, int64_t before, SolPainters *painters)
{
    SolRecords *records;
    SolRecord record;
    int which, result;
    if (!store || !part->sequential)
        return SOL_OK;
    if (before < part->first)
        return part->follows ? remind_of_end(store, part - 1, painters) : SOL_OK;
    result = find_state(store, part, before, &records, &record, &which);
    if (result == SOL_OK && records && record.time == before) {
        store->turn = !which;
        store->state = before;
        store->state_time = sol_clock();
        result = restore(&record, painters);
    }
    sol_records_close(&records);
    return result;
}

/* ---- writing ---- */

int sol_store_begin(SolStore *store, const SolPart *part, SolWriter *const writers[])
{
    int result = SOL_OK;
    for (int i = 0; store && i < store->source.output_count && result == SOL_OK; i++) {
        SolDigest key;
        char *path = NULL, *partial = NULL;
        result = output_path(store, part, i, &key, &path);
        if (result == SOL_OK && !(partial = sol_format("%s.%s", path, partial_suffix)))
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
    char *path = path_of(store, part, &part->key, store->frames_suffix);
    SolRecords *records = NULL;
    SolImage *source = NULL;
    int64_t done = 0, kept = sol_parts_shown(store->source.parts, part->first, part->kept);
    int result = path ? sol_records_open(&records, path, &part->key) : sol_fail_memory("a path");
    while (result == SOL_OK && done < kept) {
        SolImage *image = NULL;
        SolRecord record;
        bool got;
        result = sol_records_next(records, &record, &got);
        if (result == SOL_OK && !got)
            result = sol_fail(SOL_ERR_IO, "%s: ends before its time", path);
        if (result == SOL_OK && record.flags == SOURCE && !source)
            result = image_of(store, &record, &source);
        if (result != SOL_OK || record.flags != FRAME)
            continue;
        result = image_of(store, &record, &image);
        if (result == SOL_OK) {
            image->number = record.time;
            image->pts = record.place;
            image->duration = record.duration;
            image->time_base = store->source.input->time_base;
            image->source = source;
            source = NULL;
        }
        for (int i = 0; i < store->source.output_count && result == SOL_OK; i++)
            result = sol_writer_write(writers[i], image);
        sol_image_unref(&image);
        done++;
    }
    sol_image_unref(&source);
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
    if (result == SOL_OK && !(partial = sol_format("%s.%s", path, partial_suffix)))
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
        atomic_fetch_add(&store->frames, sol_parts_shown(store->source.parts, part->first, part->count));
    if (result != SOL_OK)
        return result;
    frames = path_of(store, part, &part->key, store->frames_suffix);
    sol_sync_folder(store->folder); /* the outputs' names, before what they are made of goes */
    if (frames)
        unlink(frames);
    free(frames);
    for (int i = 0; i < 2; i++) {
        char *state = path_of(store, part, &part->key, state_suffixes[i]);
        if (state)
            unlink(state);
        free(state);
    }
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of records.
 */
#include "base/records.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC = 8, KEY = 16, NUMBERS = 40, HEAD = SOL_RECORD_HEAD };

static const char magic[MAGIC + 1] = "SOLREC1\n";

struct SolRecords {
    char *path;
    FILE *file;
    SolDigester *digester;
    uint8_t *data; /* of the record read last */
    size_t capacity;
    int64_t count, bytes; /* records appended or read, and where the next one goes */
    bool over, ended;     /* there is no further record that is whole; since the file is complete */
};

static void put_number(uint8_t *to, int64_t number)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)((uint64_t)number >> 8 * i);
}

static int64_t get_number(const uint8_t *from)
{
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | from[i];
    return (int64_t)number;
}

static SolDigest digest_of(SolRecords *records, const uint8_t numbers[NUMBERS], const uint8_t *data, size_t size)
{
    sol_digester_add(records->digester, numbers, NUMBERS);
    sol_digester_add(records->digester, data, size);
    return sol_digester_finish(records->digester);
}

static int open_file(SolRecords **out, const char *path, const char *mode)
{
    SolRecords *records = sol_calloc(1, sizeof *records);
    int result = SOL_OK;
    if (!records || !(records->path = sol_copy(path)))
        result = sol_fail_memory("a file of records");
    if (result == SOL_OK)
        result = sol_digester_open(&records->digester);
    if (result == SOL_OK && !(records->file = fopen(path, mode)))
        result = sol_fail_errno(path, "cannot be opened");
    if (result == SOL_OK) {
        fcntl(fileno(records->file), F_SETFD, FD_CLOEXEC);
        *out = records;
    } else if (records) {
        sol_records_close(&records);
    }
    return result;
}

static int put(SolRecords *records, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, records->file) != size)
        return sol_fail_errno(records->path, "cannot be written");
    records->bytes += (int64_t)size;
    return SOL_OK;
}

int sol_records_create(SolRecords **out, const char *path, const SolDigest *key)
{
    SolRecords *records = NULL;
    int result = open_file(&records, path, "wb");
    if (result == SOL_OK)
        result = put(records, magic, MAGIC);
    if (result == SOL_OK)
        result = put(records, key->bytes, KEY);
    if (result == SOL_OK && fflush(records->file) != 0)
        result = sol_fail_errno(path, "cannot be written");
    if (result != SOL_OK && records)
        unlink(path);
    if (result == SOL_OK)
        *out = records;
    else
        sol_records_close(&records);
    return result;
}

int sol_records_continue(SolRecords **out, const char *path, const SolDigest *key, int64_t last)
{
    SolRecords *records = NULL;
    SolRecord record;
    bool got = true;
    int result = sol_records_open(&records, path, key);
    if (result == SOL_ERR_NOMEM)
        return result;
    if (result != SOL_OK)
        return sol_records_create(out, path, key);
    while (result == SOL_OK && got) {
        int64_t bytes = records->bytes, count = records->count;
        result = sol_records_next(records, &record, &got);
        if (result == SOL_OK && got && record.time > last) {
            records->bytes = bytes;
            records->count = count;
            got = false;
        }
    }
    records->over = records->ended = false;
    if (result == SOL_OK && ((records->file = freopen(path, "r+b", records->file)) == NULL ||
                             fcntl(fileno(records->file), F_SETFD, FD_CLOEXEC) != 0 ||
                             ftruncate(fileno(records->file), (off_t)records->bytes) != 0 ||
                             fseeko(records->file, (off_t)records->bytes, SEEK_SET) != 0))
        result = sol_fail_errno(path, "cannot be written");
    if (result == SOL_OK)
        *out = records;
    else
        sol_records_close(&records);
    return result;
}

int sol_records_reserve(SolRecords *records, uint64_t bytes)
{
#if defined(__linux__) || defined(__FreeBSD__)
    int error = EFBIG;
    if (bytes <= (uint64_t)INT64_MAX / 2)
        error = posix_fallocate(fileno(records->file), (off_t)records->bytes, (off_t)bytes);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
        errno = error;
        return sol_fail_errno(records->path, "cannot be written");
    }
#else
    (void)records;
    (void)bytes;
#endif
    return SOL_OK;
}

int sol_records_append(SolRecords *records, const SolRecord *record)
{
    uint8_t head[HEAD];
    const int64_t numbers[] = {record->time, record->place, record->duration, record->flags, (int64_t)record->size};
    SolDigest digest;
    int result;
    for (int i = 0; i < 5; i++)
        put_number(head + 8 * i, numbers[i]);
    digest = digest_of(records, head, record->data, record->size);
    memcpy(head + NUMBERS, digest.bytes, KEY);
    result = put(records, head, HEAD);
    if (result == SOL_OK)
        result = put(records, record->data, record->size);
    if (result == SOL_OK && fflush(records->file) != 0)
        result = sol_fail_errno(records->path, "cannot be written");
    records->count++;
    return result;
}

int sol_records_complete(SolRecords *records)
{
    const SolRecord end = {.flags = -1, .place = records->count};
    int result = sol_records_append(records, &end);
    if (result == SOL_OK && (ftruncate(fileno(records->file), (off_t)records->bytes) != 0 ||
                             fsync(fileno(records->file)) != 0))
        result = sol_fail_errno(records->path, "cannot be written");
    return result;
}

int sol_records_open(SolRecords **out, const char *path, const SolDigest *key)
{
    SolRecords *records = NULL;
    uint8_t head[MAGIC + KEY];
    int result = open_file(&records, path, "rb");
    if (result != SOL_OK)
        return result;
    if (fread(head, 1, sizeof head, records->file) != sizeof head || memcmp(head, magic, MAGIC) != 0 ||
        memcmp(head + MAGIC, key->bytes, KEY) != 0) {
        sol_records_close(&records);
        return sol_fail(SOL_ERR_FORMAT, "%s: is not what it was kept for", path);
    }
    records->bytes = MAGIC + KEY;
    *out = records;
    return SOL_OK;
}

/* Makes room for `size` bytes, of which the file must have at least as many left. */
static int reserve(SolRecords *records, size_t size, bool *fits)
{
    struct stat status;
    *fits = fstat(fileno(records->file), &status) == 0 && status.st_size >= records->bytes + HEAD &&
            (uint64_t)size <= (uint64_t)(status.st_size - records->bytes - HEAD);
    if (!*fits || size <= records->capacity)
        return SOL_OK;
    sol_free(records->data);
    records->capacity = 0;
    records->data = sol_alloc(size, 1);
    if (!records->data)
        return sol_fail_memory("a record");
    records->capacity = size;
    return SOL_OK;
}

int sol_records_next(SolRecords *records, SolRecord *record, bool *got)
{
    uint8_t head[HEAD];
    SolDigest digest;
    size_t size;
    bool fits;
    int result;
    *got = false;
    if (records->over)
        return SOL_OK;
    records->over = true; /* until the record has turned out to be whole: where another begins would not be known */
    if (fread(head, 1, HEAD, records->file) != HEAD || get_number(head + 32) < 0 ||
        (uint64_t)get_number(head + 32) > SIZE_MAX / 2)
        return SOL_OK;
    size = (size_t)get_number(head + 32);
    result = reserve(records, size, &fits);
    if (result != SOL_OK || !fits || fread(records->data, 1, size, records->file) != size)
        return result;
    digest = digest_of(records, head, records->data, size);
    if (memcmp(digest.bytes, head + NUMBERS, KEY) != 0)
        return SOL_OK;
    *record = (SolRecord){get_number(head),      get_number(head + 8), get_number(head + 16),
                          get_number(head + 24), size,                 records->data};
    if (record->flags < 0) {
        records->ended = size == 0 && record->place == records->count;
        return SOL_OK;
    }
    records->count++;
    records->bytes += (int64_t)(HEAD + size);
    records->over = false;
    *got = true;
    return SOL_OK;
}

bool sol_records_ended(const SolRecords *records)
{
    return records->ended;
}

void sol_records_close(SolRecords **out)
{
    SolRecords *records = *out;
    *out = NULL;
    if (!records)
        return;
    if (records->file)
        fclose(records->file);
    sol_digester_close(&records->digester);
    sol_free(records->data);
    free(records->path);
    sol_free(records);
}

bool sol_records_verify(const char *path, const SolDigest *key, int64_t *count)
{
    SolRecords *records = NULL;
    SolRecord record;
    bool got = true, ended;
    if (sol_records_open(&records, path, key) != SOL_OK)
        return false;
    while (got && sol_records_next(records, &record, &got) == SOL_OK)
        continue;
    ended = records->ended;
    *count = records->count;
    sol_records_close(&records);
    return ended;
}

bool sol_records_are_in(const char *path)
{
    FILE *file = fopen(path, "rb");
    char head[MAGIC];
    size_t size = file ? fread(head, 1, MAGIC, file) : 1;
    if (file)
        fclose(file);
    return size == 0 || (size == MAGIC && memcmp(head, magic, MAGIC) == 0);
}

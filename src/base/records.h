/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of records that are only ever appended to, each with a fingerprint of its own. Whatever ends the writing, what
 * was appended before is found again, and anything behind it that is not whole is seen to be so.
 *
 * A file is 8 bytes "SOLREC1\n" and the 16 of a key, by which its maker tells whether it is the file wanted; then
 * records: time, place, duration, flags and size, 8 bytes each, little-endian; 16 bytes of fingerprint of these and the
 * data; the data. A file that is complete ends in a record whose flags and size are -1 and 0, and whose place is the
 * number of records before it.
 */
#ifndef SOL_BASE_RECORDS_H
#define SOL_BASE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

/* What the numbers mean is the writer's business; flags are 0 or more. */
typedef struct SolRecord {
    int64_t time, place, duration, flags;
    size_t size;
    const uint8_t *data;
} SolRecord;

typedef struct SolRecords SolRecords;

/**
 * Begins a file; what stands under its name is replaced.
 *
 * @param[out] records  untouched on failure; released by sol_records_close()
 * @return 0, SOL_ERR_IO, SOL_ERR_NOMEM
 */
int sol_records_create(SolRecords **records, const char *path, const SolDigest *key);

/**
 * As sol_records_create(), but what the file holds under this key stays, up to the first record that is not whole, or is of
 * a time behind `last`.
 */
int sol_records_continue(SolRecords **records, const char *path, const SolDigest *key, int64_t last);

/** A record's bytes in the file beside its data. */
enum { SOL_RECORD_HEAD = 56 };

/** Makes sure that the disk has room for `bytes` more, where the system can. SOL_ERR_IO where it has not. */
int sol_records_reserve(SolRecords *records, uint64_t bytes);

int sol_records_append(SolRecords *records, const SolRecord *record);

/** Ends the file; it is on the disk when this returns. */
int sol_records_complete(SolRecords *records);

/**
 * Opens a file to read.
 *
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (not such a file, or of another key), SOL_ERR_NOMEM
 */
int sol_records_open(SolRecords **records, const char *path, const SolDigest *key);

/**
 * @param[out] record  its data are valid until the next call
 * @param[out] got     false at the end, and at the first record that is not whole
 * @return 0, SOL_ERR_NOMEM
 */
int sol_records_next(SolRecords *records, SolRecord *record, bool *got);

/** True once reading has come to the end of a complete file. */
bool sol_records_ended(const SolRecords *records);

/** Sets *records to NULL; NULL is accepted. */
void sol_records_close(SolRecords **records);

/** True where `path` is a file of records, or of nothing yet. */
bool sol_records_are_in(const char *path);

/** True where `path` is a complete file of this key, all of whose `*count` records are whole. */
bool sol_records_verify(const char *path, const SolDigest *key, int64_t *count);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes in a row: what things that have a memory put their state into, and read it from again, in the same order.
 * Numbers are little-endian on every machine. A reader never goes past the end: what is not there reads as zeros, and
 * sol_blob_is_sound() tells.
 */
#ifndef SOL_BASE_BLOB_H
#define SOL_BASE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty one. */
typedef struct SolBlob {
    uint8_t *bytes;  /* [size] */
    size_t size, capacity;
    size_t at;       /* the next byte to be read */
    bool failed;     /* memory ran out while it was filled, or something was read that is not there */
} SolBlob;

void sol_blob_put(SolBlob *blob, const void *bytes, size_t size);
void sol_blob_put_int(SolBlob *blob, int64_t number);
void sol_blob_put_float(SolBlob *blob, float number);
void sol_blob_put_floats(SolBlob *blob, const float *numbers, size_t count);
void sol_blob_put_double(SolBlob *blob, double number);

void sol_blob_get(SolBlob *blob, void *bytes, size_t size);
int64_t sol_blob_get_int(SolBlob *blob);
float sol_blob_get_float(SolBlob *blob);
void sol_blob_get_floats(SolBlob *blob, float *numbers, size_t count);
double sol_blob_get_double(SolBlob *blob);

/** Whether everything so far was put, or read, as it should be. */
bool sol_blob_is_sound(const SolBlob *blob);

/** A reader of bytes that are somebody else's; not to be cleared. */
SolBlob sol_blob_of(const uint8_t *bytes, size_t size);

/** Empties it, and keeps its memory. */
void sol_blob_reset(SolBlob *blob);

void sol_blob_clear(SolBlob *blob);

#endif

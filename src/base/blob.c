/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes in a row.
 */
#include "base/blob.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void sol_blob_put(SolBlob *blob, const void *bytes, size_t size)
{
    void *grown = blob->bytes;
    size_t needed;
    if (blob->failed || size == 0)
        return;
    if (!sol_add(blob->size, size, &needed) || !sol_grow(&grown, &blob->capacity, needed, 1)) {
        blob->failed = true;
        return;
    }
    blob->bytes = grown;
    memcpy(blob->bytes + blob->size, bytes, size);
    blob->size = needed;
}

void sol_blob_put_int(SolBlob *blob, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
    sol_blob_put(blob, bytes, sizeof bytes);
}

void sol_blob_put_float(SolBlob *blob, float number)
{
    uint8_t bytes[4];
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(bits >> (8 * i));
    sol_blob_put(blob, bytes, sizeof bytes);
}

void sol_blob_put_floats(SolBlob *blob, const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sol_blob_put_float(blob, numbers[i]);
}

void sol_blob_put_double(SolBlob *blob, double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    sol_blob_put_int(blob, bits);
}

void sol_blob_get(SolBlob *blob, void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (blob->failed || size > blob->size - blob->at) {
        blob->failed = true;
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, blob->bytes + blob->at, size);
    blob->at += size;
}

int64_t sol_blob_get_int(SolBlob *blob)
{
    uint8_t bytes[8];
    uint64_t number = 0;
    sol_blob_get(blob, bytes, sizeof bytes);
    for (int i = 7; i >= 0; i--)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

float sol_blob_get_float(SolBlob *blob)
{
    uint8_t bytes[4];
    uint32_t bits = 0;
    float number;
    sol_blob_get(blob, bytes, sizeof bytes);
    for (int i = 3; i >= 0; i--)
        bits = bits << 8 | bytes[i];
    memcpy(&number, &bits, sizeof number);
    return number;
}

void sol_blob_get_floats(SolBlob *blob, float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = sol_blob_get_float(blob);
}

double sol_blob_get_double(SolBlob *blob)
{
    int64_t bits = sol_blob_get_int(blob);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

bool sol_blob_is_sound(const SolBlob *blob)
{
    return !blob->failed;
}

SolBlob sol_blob_of(const uint8_t *bytes, size_t size)
{
    return (SolBlob){.bytes = (uint8_t *)(uintptr_t)bytes, .size = size};
}

void sol_blob_reset(SolBlob *blob)
{
    blob->size = blob->at = 0;
    blob->failed = false;
}

void sol_blob_clear(SolBlob *blob)
{
    free(blob->bytes);
    *blob = (SolBlob){0};
}

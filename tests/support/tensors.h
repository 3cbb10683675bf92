/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes .safetensors files, sound and broken ones.
 */
#ifndef TEST_TENSORS_H
#define TEST_TENSORS_H

#include <stddef.h>
#include <stdint.h>

/** Writes a file from its three parts: the header's length as it is claimed, the header, and the data. */
void write_tensors_raw(const char *path, uint64_t header_length, const char *header, const void *data,
                       size_t data_bytes);

/** As write_tensors_raw(), with the header's true length. */
void write_tensors(const char *path, const char *header, const void *data, size_t data_bytes);

/* A float32 tensor of made-up numbers: a name, and a shape that ends with 0. */
typedef struct TestTensor {
    const char *name;
    int shape[5];
} TestTensor;

/**
 * Writes a model file: `tensors` (up to a NULL name) with small made-up numbers, and `architecture` in the
 * metadata unless it is NULL. Double quotes are written as single ones in `architecture`.
 */
void write_model(const char *path, const TestTensor tensors[], const char *architecture);

#endif

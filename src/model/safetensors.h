/* SPDX-License-Identifier: Apache-2.0
 *
 * Named tensors with text metadata, as a .safetensors file holds them: eight bytes with the length of a
 * JSON header (little endian), the header, and the tensors' data, which the header describes as
 *
 *     {"__metadata__": {"key": "text", ..},
 *      "NAME": {"dtype": "F32", "shape": [16, 3, 3, 3], "data_offsets": [BEGIN, END]}, ..}
 *
 * with offsets in bytes from the header's end. Everything in a header is checked before it is used.
 */
#ifndef SOL_MODEL_SAFETENSORS_H
#define SOL_MODEL_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

enum { SOL_TENSOR_MAX_RANK = 8 };

typedef struct SolTensor {
    char *name;
    int rank;
    size_t shape[SOL_TENSOR_MAX_RANK];
    size_t count;  /* numbers: the product of the shape */
    float *data;   /* row-major, aligned to SOL_ALIGNMENT */
} SolTensor;

typedef struct SolTensors SolTensors;

/**
 * Reads all tensors and the metadata. Data of type F32 and F16 is understood and becomes float32.
 *
 * @param[out] tensors  untouched on failure; released by sol_tensors_close()
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (the text names the file, the tensor and what is wrong), SOL_ERR_NOMEM
 */
int sol_tensors_read(SolTensors **tensors, const char *path);

/** A set without tensors and metadata. @param[out] tensors  untouched on failure; released by sol_tensors_close() */
int sol_tensors_create(SolTensors **tensors);

/**
 * Adds a tensor, whose numbers the caller is to write. Tensors found before are to be looked for again.
 *
 * @param name       copied; no tensor has it yet
 * @param rank       1..SOL_TENSOR_MAX_RANK
 * @param[out] data  of the tensor; untouched on failure
 * @return 0, SOL_ERR_NOMEM
 */
int sol_tensors_add(SolTensors *tensors, const char *name, const size_t shape[], int rank, float **data);

/** The tensor called `name`, or NULL. */
const SolTensor *sol_tensors_find(const SolTensors *tensors, const char *name);

/** Tensor number `i`, in the order of the data; NULL behind the last. */
const SolTensor *sol_tensors_at(const SolTensors *tensors, size_t i);

/** The metadata under `key`, or NULL. */
const char *sol_tensors_metadata(const SolTensors *tensors, const char *key);

/** Size of the file in bytes; 0 where they were not read from one. */
int64_t sol_tensors_file_bytes(const SolTensors *tensors);

void sol_tensors_close(SolTensors **tensors);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Named tensors with text metadata, as .safetensors files hold them (model/safetensors_header.h has the format).
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
 * Reads all tensors and the metadata. Data of type F32, F16 and BF16 is understood and becomes float32.
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

/** Puts `text` under `key` in the metadata, copied. 0, SOL_ERR_FORMAT (no UTF-8), SOL_ERR_NOMEM */
int sol_tensors_set_metadata(SolTensors *tensors, const char *key, const char *text);

/**
 * Writes all tensors, as F32 and in their order, and the metadata to the file `path`, in place of what it holds.
 *
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (a name that is no UTF-8), SOL_ERR_NOMEM; after an error the file is useless
 */
int sol_tensors_write(const SolTensors *tensors, const char *path);

/** Size of the file in bytes; 0 where they were not read from one. */
int64_t sol_tensors_file_bytes(const SolTensors *tensors);

void sol_tensors_close(SolTensors **tensors);

#endif

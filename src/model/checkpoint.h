/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of weights in any of the formats that people have them in: .safetensors, and what torch.save() writes (the
 * zip of PyTorch 1.6 and later, and the stream before that). Opening one reads what tensors there are; their data is
 * read when it is asked for.
 *
 * A file is checked before it is believed: shapes, strides and offsets against the storages that tensors lie in, and
 * those against the file's size. All that is allocated is bounded by that size.
 */
#ifndef SOL_MODEL_CHECKPOINT_H
#define SOL_MODEL_CHECKPOINT_H

#include <stddef.h>

#include "model/numbers.h"
#include "model/safetensors.h"

typedef struct SolCheckpoint SolCheckpoint;

/* A tensor of a file, and where it lies. */
typedef struct SolStored {
    char *name;
    SolDtype dtype;
    int rank;
    size_t shape[SOL_TENSOR_MAX_RANK];
    size_t count; /* numbers: the product of the shape */
    size_t strides[SOL_TENSOR_MAX_RANK]; /* in numbers */
    size_t storage, offset;              /* which storage, and the first number in it */
} SolStored;

/**
 * Opens a file of weights. Names are unique; a "module." in front of all of them is dropped.
 *
 * @param[out] checkpoint  untouched on failure; released by sol_checkpoint_close()
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_checkpoint_open(SolCheckpoint **checkpoint, const char *path);

const char *sol_checkpoint_path(const SolCheckpoint *checkpoint);

/** Tensor number `i`, in the file's order; NULL behind the last. */
const SolStored *sol_checkpoint_at(const SolCheckpoint *checkpoint, size_t i);

/** The tensor called `name`, or NULL. */
const SolStored *sol_checkpoint_find(const SolCheckpoint *checkpoint, const char *name);

/** The metadata under `key`, of a .safetensors file, or NULL. */
const char *sol_checkpoint_metadata(const SolCheckpoint *checkpoint, const char *key);

/**
 * Reads a tensor's numbers, row by row, as float32.
 *
 * @param data  room for tensor->count numbers
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (numbers that are no weights), SOL_ERR_NOMEM
 */
int sol_checkpoint_read(SolCheckpoint *checkpoint, const SolStored *tensor, float *data);

void sol_checkpoint_close(SolCheckpoint **checkpoint);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a .safetensors file: eight bytes with the length of a JSON object (little endian), and the object,
 *
 *     {"__metadata__": {"key": "text", ..},
 *      "NAME": {"dtype": "F32", "shape": [16, 3, 3, 3], "data_offsets": [BEGIN, END]}, ..}
 *
 * with offsets in bytes from the header's end. Everything in it is checked against the file's size, so a header
 * that lies cannot ask for more memory than that.
 */
#ifndef SOL_MODEL_SAFETENSORS_HEADER_H
#define SOL_MODEL_SAFETENSORS_HEADER_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "model/numbers.h"
#include "model/safetensors.h"

/* A tensor that the file has. */
typedef struct SolHeaderEntry {
    char *name;
    SolDtype dtype;
    int rank;
    size_t shape[SOL_TENSOR_MAX_RANK];
    size_t count;      /* numbers: the product of the shape */
    size_t begin, end; /* where its data lies, in bytes from `data`; together of what shape and type take */
} SolHeaderEntry;

typedef struct SolHeader {
    SolHeaderEntry *entries; /* by ascending offset; they do not overlap */
    size_t count;
    json_t *metadata; /* an object of texts, or NULL */
    uint64_t data;    /* bytes before the data */
} SolHeader;

/**
 * Reads the header at the beginning of `file`.
 *
 * @param[out] header  to be cleared by sol_header_clear(), also on failure
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM; the text names the tensor but not the file
 */
int sol_header_read(SolHeader *header, FILE *file, uint64_t file_bytes);

void sol_header_clear(SolHeader *header);

#endif

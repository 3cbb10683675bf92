/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose weights these are: published networks are known by the names and shapes of their tensors. A network that is
 * known has an architecture (NAME.json in the folders of models), and its tensors get the names that this uses.
 */
#ifndef SOL_MODEL_RECOGNISE_H
#define SOL_MODEL_RECOGNISE_H

#include <stdbool.h>

#include "model/checkpoint.h"

/* A tensor that belongs to the model. */
typedef struct SolTaken {
    SolCheckpoint *file; /* borrowed */
    const SolStored *tensor;
    char *name; /* in the model */
    bool is_hwio; /* four dimensions are TensorFlow's, [kernel][kernel][in][out], and become [out][in][kernel][kernel];
                     of a transposed convolution [kernel][kernel][out][in], and become [in][out][kernel][kernel] */
} SolTaken;

typedef struct SolRecognised {
    const char *architecture; /* the name of its architecture */
    const char *what;         /* the network, in words; "" where it is not known */
    bool one_of_many;         /* there is a set of weights for every style: it is named after its file */
    SolTaken *tensors;
    size_t count, capacity;
} SolRecognised;

/**
 * Finds out what network these files make up, and which of their tensors it takes. What is not a weight is dropped.
 *
 * @param[out] recognised  cleared by sol_recognised_clear(), also on failure
 * @param files            in any order
 * @param architecture     what the user says it is; borrowed; NULL: it is recognised
 * @return 0, SOL_ERR_FORMAT (it is no known network, a part is missing, two files have one tensor), SOL_ERR_NOMEM
 */
int sol_recognise(SolRecognised *recognised, SolCheckpoint *const files[], size_t count, const char *architecture);

void sol_recognised_clear(SolRecognised *recognised);

#endif

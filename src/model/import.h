/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a model of weights that people have: read, recognised, renamed, as float32, with the architecture in the
 * file, and checked against that.
 */
#ifndef SOL_MODEL_IMPORT_H
#define SOL_MODEL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SolImport SolImport;

typedef struct SolImportInfo {
    const char *name;         /* what the model may be called: after its file or its architecture */
    const char *architecture; /* its name, "" where the file has its own */
    const char *what;         /* the network in words, "" where it is not known */
    const char *method;       /* the engine that paints with it */
    size_t tensors;
    int64_t parameters;       /* numbers in all of them */
} SolImportInfo;

/**
 * Reads files of weights and makes a model of them. One that is a model already is taken as it is.
 *
 * @param[out] import   untouched on failure; released by sol_import_close()
 * @param files         1 or more; which is which of a network's parts is recognised
 * @param architecture  the name of an architecture in `folders`, or the path of one that ends in .json; NULL: the
 *                      network is recognised
 * @param folders       where architectures are looked for; NULL-terminated
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_import_open(SolImport **import, const char *const files[], size_t count, const char *architecture,
                    const char *const folders[]);

/** The texts belong to the import. */
void sol_import_info(const SolImport *import, SolImportInfo *info);

/**
 * Notes what the model may be used under, in place of what its files say of that.
 *
 * @return 0, SOL_ERR_FORMAT (no UTF-8), SOL_ERR_NOMEM
 */
int sol_import_set_licence(SolImport *import, const char *licence);

/** Writes the model file, which appears when it is complete. 0, SOL_ERR_EXISTS, SOL_ERR_IO, SOL_ERR_NOMEM */
int sol_import_write(const SolImport *import, const char *path, bool overwrite);

void sol_import_close(SolImport **import);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a checkpoint, for the formats: each is a table of functions in a file of its own and a line of the
 * list in checkpoint.c.
 */
#ifndef SOL_MODEL_CHECKPOINT_FORMAT_H
#define SOL_MODEL_CHECKPOINT_FORMAT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/checkpoint.h"
#include "model/pickle.h"

/* What a file begins with, as far as formats tell themselves by it. */
enum { SOL_CHECKPOINT_START = 16 };

/* The longest pickle that is read, in bytes. */
enum { SOL_PICKLE_MAX = 16 << 20 };

/* Memory that tensors lie in. */
typedef struct SolStorage {
    uint64_t place; /* where its data is: of a zip an entry's number, else a byte of the file */
    size_t bytes;
} SolStorage;

typedef struct SolCheckpointFormat {
    bool (*matches)(const unsigned char start[SOL_CHECKPOINT_START]);

    /** Fills the tensors and storages of a checkpoint whose `path`, `file` and `bytes` are there. */
    int (*open)(SolCheckpoint *checkpoint);

    /** Reads a storage's data; NULL: it lies in the file as it is. */
    int (*read)(SolCheckpoint *checkpoint, const SolStorage *storage, unsigned char *data);

    /** Releases `state`; NULL where there is none. */
    void (*close)(SolCheckpoint *checkpoint);
} SolCheckpointFormat;

extern const SolCheckpointFormat sol_format_safetensors, sol_format_pth_legacy, sol_format_pth_zip;

struct SolCheckpoint {
    const SolCheckpointFormat *format;
    char *path;
    FILE *file;
    uint64_t bytes; /* size of the file */
    SolStored *tensors;
    size_t count, capacity;
    SolStorage *storages;
    size_t storage_count, storage_capacity;
    const SolStored **sorted; /* the tensors by name */
    json_t *metadata;         /* an object of texts, or NULL */
    unsigned char *data;      /* of the storage that was read last, or NULL */
    size_t data_storage;
    void *state; /* the format's own */
};

/** Adds a storage; its number is the count before. 0 or SOL_ERR_NOMEM. */
int sol_checkpoint_add_storage(SolCheckpoint *checkpoint, SolStorage storage);

/**
 * Adds a tensor, whose shape, strides and offset are to lie within its storage and to name no more numbers than
 * that holds.
 *
 * @param tensor  its name is taken over, also on failure; its `count` need not be set
 * @return 0, SOL_ERR_FORMAT, SOL_ERR_NOMEM
 */
int sol_checkpoint_add(SolCheckpoint *checkpoint, SolStored tensor);

/* ---- state dicts of PyTorch ---- */

/* A storage that a pickle speaks of. Several may have one key: they are one. */
typedef struct SolPickled {
    char *key;
    SolDtype dtype;
    int64_t count;  /* numbers */
    uint32_t value; /* its number in the pickle */
    size_t storage; /* its number in the checkpoint; SIZE_MAX until it is placed */
} SolPickled;

typedef struct SolPickledList {
    SolPickled *items;
    size_t count;
} SolPickledList;

/** Lists a pickle's storages, sorted by key; cleared by sol_pickled_clear(), also on failure. */
int sol_pickled_list(SolPickledList *list, const SolPickle *pickle);

/** The place in the list of the first storage with this key; the list's count where there is none. */
size_t sol_pickled_find(const SolPickledList *list, const char *key);

/** The place behind the last storage that has the key of that at `first`. */
size_t sol_pickled_next(const SolPickledList *list, size_t first);

/**
 * Says where the data of all storages with the key of that at `first` is, and makes one storage of the checkpoint of
 * them. 0, SOL_ERR_FORMAT (they do not agree, or not with `bytes`, the data's size in the file), SOL_ERR_NOMEM
 */
int sol_pickled_place(SolPickledList *list, size_t first, SolCheckpoint *checkpoint, uint64_t place, uint64_t bytes);

/** Adds the tensors of the pickled state dict; all storages are placed. Leaves the list in another order. */
int sol_pickled_tensors(SolPickledList *list, const SolPickle *pickle, SolCheckpoint *checkpoint);

void sol_pickled_clear(SolPickledList *list);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What torch.save() writes of a state dict with Python's pickle, read without executing any of it.
 *
 * A pickle is a program for a machine with a stack. This one knows the instructions that tensors in dictionaries
 * take (of protocols 2 to 5) and a handful of names, those of torch's storages and of the functions that make
 * tensors of them, which it answers by writing down what was to be made. Any other instruction or name is an error
 * that says which; nothing is looked up, called or made.
 *
 * Values are kept in one list and speak of each other by their numbers, so a pickle can make circles of them without
 * harm to whoever does not walk along. Each takes an instruction: what a pickle can have allocated is bounded by its
 * size.
 */
#ifndef SOL_MODEL_PICKLE_H
#define SOL_MODEL_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "model/numbers.h"

typedef enum SolPickleKind {
    SOL_PICKLE_NONE,
    SOL_PICKLE_BOOL,
    SOL_PICKLE_INT,
    SOL_PICKLE_FLOAT,
    SOL_PICKLE_TEXT,
    SOL_PICKLE_TUPLE,
    SOL_PICKLE_LIST,
    SOL_PICKLE_DICT,    /* items: key, value, key, value, .. in the order in which they were set */
    SOL_PICKLE_NAME,    /* of what torch calls while it reads */
    SOL_PICKLE_STORAGE,
    SOL_PICKLE_TENSOR
} SolPickleKind;

typedef struct SolPickleValue {
    SolPickleKind kind;
    union {
        int64_t integer; /* also of a bool */
        struct {
            const char *bytes; /* within the pickle; not terminated */
            size_t length;
        } text;
        struct {
            uint32_t *items;
            size_t count, capacity;
        } list; /* of tuple, list and dict */
        int name;
        struct {
            uint32_t key;  /* a text */
            uint32_t dtype;
            int64_t count; /* numbers; 0 or more */
        } storage;
        struct {
            uint32_t storage, size, stride; /* the latter two: tuples of as many integers, which may be negative */
            int64_t offset;                 /* in numbers; may be negative */
        } tensor;
    } of;
} SolPickleValue;

typedef struct SolPickle SolPickle;

/**
 * Reads one pickle.
 *
 * @param[out] pickle  borrows `bytes`; untouched on failure; released by sol_pickle_close()
 * @param[out] used    the pickle's length, so that another behind it can be found; untouched on failure
 * @return 0, SOL_ERR_FORMAT (the text says at which byte, and does not name the file), SOL_ERR_NOMEM
 */
int sol_pickle_read(SolPickle **pickle, const unsigned char *bytes, size_t size, size_t *used);

/** The number of the value that the pickle stands for. */
uint32_t sol_pickle_root(const SolPickle *pickle);

/** Value `number`, and how many there are. */
const SolPickleValue *sol_pickle_value(const SolPickle *pickle, uint32_t number);
uint32_t sol_pickle_count(const SolPickle *pickle);

/** What the dictionary `dict` has under the text `key`; NULL where that is not there, or `dict` is no dictionary. */
const SolPickleValue *sol_pickle_get(const SolPickle *pickle, const SolPickleValue *dict, const char *key);

/** A fresh copy of a text, freed with free(); NULL where it holds a zero byte or memory ran out. */
char *sol_pickle_copy(const SolPickleValue *text);

void sol_pickle_close(SolPickle **pickle);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The pickle machine on any bytes at all: it may refuse, but not fall.
 */
#include "fuzz/fuzz.h"

#include "model/pickle.h"

#include <stdlib.h>

/* Looks at all that the values say. */
static void walk(const SolPickle *pickle)
{
    for (uint32_t i = 0; i < sol_pickle_count(pickle); i++) {
        const SolPickleValue *value = sol_pickle_value(pickle, i);
        switch (value->kind) {
        case SOL_PICKLE_TEXT:
            free(sol_pickle_copy(value));
            break;
        case SOL_PICKLE_TUPLE:
        case SOL_PICKLE_LIST:
        case SOL_PICKLE_DICT:
            for (size_t k = 0; k < value->of.list.count; k++)
                require(value->of.list.items[k] < sol_pickle_count(pickle));
            sol_pickle_get(pickle, value, "state_dict");
            break;
        case SOL_PICKLE_TENSOR:
            require(sol_pickle_value(pickle, value->of.tensor.storage)->kind == SOL_PICKLE_STORAGE);
            break;
        case SOL_PICKLE_STORAGE:
            require(sol_pickle_value(pickle, value->of.storage.key)->kind == SOL_PICKLE_TEXT);
            break;
        default:
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SolPickle *pickle = NULL;
    size_t used = 0;
    if (sol_pickle_read(&pickle, data, size, &used) == 0) {
        require(used <= size);
        walk(pickle);
    }
    sol_pickle_close(&pickle);
    return 0;
}

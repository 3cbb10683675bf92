/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys as a kind of region.
 */
#include "region/key.h"
#include "region/node.h"

#include "base/memory.h"

static int open_key(void **state, const void *what, const SolSelectorSource *source)
{
    SolKeyer *keyer = NULL;
    double scale = sol_lengths_of(source).either;
    int result = sol_keyer_open(&keyer, what, source->width, source->height, scale, source->pool);
    if (result == SOL_OK)
        *state = keyer;
    return result;
}

static int key_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    (void)at;
    return sol_keyer_at(state, frame, mask);
}

static void forget_key(void *state)
{
    sol_keyer_forget(state);
}

static void save_key(const void *state, SolBlob *blob)
{
    sol_keyer_save(state, blob);
}

static void restore_key(void *state, SolBlob *blob)
{
    sol_keyer_restore(state, blob);
}

static void close_key(void *state)
{
    SolKeyer *keyer = state;
    sol_keyer_close(&keyer);
}

static int digest_key(const void *what, SolDigester *digester)
{
    sol_key_digest(what, digester);
    return SOL_OK;
}

static void free_key(void *what)
{
    sol_free(((SolKey *)what)->colours);
    sol_free(what);
}

const SolRegionKind sol_region_key = {
    .name = "key",
    .remembers = true,
    .open = open_key,
    .at = key_at,
    .forget = forget_key,
    .save = save_key,
    .restore = restore_key,
    .close = close_key,
    .digest = digest_key,
    .free = free_key,
};

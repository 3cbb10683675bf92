/* SPDX-License-Identifier: Apache-2.0
 *
 * Trails: what paintings leave to the next of their film, kept between renders.
 */
#include "style/engine.h"

#include "base/error.h"
#include "base/memory.h"

void sol_trail_save(const SolTrail *trail, SolBlob *blob)
{
    sol_blob_put_int(blob, (int64_t)trail->count);
    for (size_t i = 0; i < trail->count; i++)
        sol_blob_put_double(blob, trail->statistics[i]);
}

int sol_trail_restore(SolTrail *trail, SolBlob *blob)
{
    int64_t count = sol_blob_get_int(blob);
    double *statistics = NULL;
    if (!sol_blob_is_sound(blob) || count < 0 || (uint64_t)count > (blob->size - blob->at) / sizeof(double))
        return sol_fail(SOL_ERR_FORMAT, "the smoothed statistics of a film are not whole");
    if (count > 0 && !(statistics = sol_alloc((size_t)count, sizeof *statistics)))
        return sol_fail_memory("the smoothed statistics of a film");
    for (int64_t i = 0; i < count; i++)
        statistics[i] = sol_blob_get_double(blob);
    sol_trail_clear(trail);
    *trail = (SolTrail){.statistics = statistics, .count = (size_t)count};
    return SOL_OK;
}

void sol_trail_clear(SolTrail *trail)
{
    sol_free(trail->statistics);
    *trail = (SolTrail){.statistics = NULL};
}

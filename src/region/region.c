/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions as they are described: the tree, the kinds that join parts, and a region's fingerprint.
 */
#include "region/node.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>

const SolRegionKind sol_region_union = {.name = "union", .join = sol_mask_unite};
const SolRegionKind sol_region_difference = {.name = "difference", .join = sol_mask_subtract};
const SolRegionKind sol_region_intersection = {.name = "intersection", .join = sol_mask_intersect};
const SolRegionKind sol_region_outside = {.name = "outside", .finish = sol_mask_invert};

int sol_region_create(SolRegion **region)
{
    SolRegion *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("a region");
    *region = made;
    return SOL_OK;
}

int sol_region_add(SolRegion *region, SolRegion **part)
{
    size_t bytes;
    SolRegion **parts;
    if (!sol_mul((size_t)region->part_count + 1, sizeof *parts, &bytes) || !(parts = realloc(region->parts, bytes)))
        return sol_fail_memory("a region");
    region->parts = parts;
    parts[region->part_count++] = *part;
    *part = NULL;
    return SOL_OK;
}

void sol_region_close(SolRegion **out)
{
    SolRegion *region = *out;
    if (!region)
        return;
    if (region->what && region->kind && region->kind->free)
        region->kind->free(region->what);
    for (int i = 0; i < region->part_count; i++)
        sol_region_close(&region->parts[i]);
    free(region->parts);
    sol_track_clear(&region->feather);
    sol_track_clear(&region->grow);
    sol_track_clear(&region->opacity);
    sol_free(region);
    *out = NULL;
}

bool sol_region_remembers(const SolRegion *region)
{
    bool remembers = region->kind->remembers;
    for (int i = 0; i < region->part_count && !remembers; i++)
        remembers = sol_region_remembers(region->parts[i]);
    return remembers;
}

void sol_track_digest(const SolTrack *track, SolDigester *digester)
{
    size_t values = (size_t)track->count * (size_t)track->width;
    sol_digester_add_int(digester, track->count);
    sol_digester_add_int(digester, track->width);
    sol_digester_add_int(digester, track->count > 1 ? track->unit : 0);
    for (int i = 0; i < track->count && track->count > 1; i++)
        sol_digester_add_double(digester, track->at[i]);
    for (size_t i = 0; i < values; i++)
        sol_digester_add_double(digester, track->values[i]);
}

int sol_region_digest(const SolRegion *region, SolDigester *digester)
{
    int result = SOL_OK;
    sol_digester_add_text(digester, region->kind->name);
    if (region->kind->digest)
        result = region->kind->digest(region->what, digester);
    sol_digester_add_int(digester, region->part_count);
    for (int i = 0; i < region->part_count && result == SOL_OK; i++)
        result = sol_region_digest(region->parts[i], digester);
    sol_track_digest(&region->feather, digester);
    sol_track_digest(&region->grow, digester);
    sol_track_digest(&region->opacity, digester);
    sol_digester_add_int(digester, region->invert);
    return result;
}

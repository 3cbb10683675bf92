/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that change with time.
 */
#include "base/track.h"

#include "base/error.h"
#include "base/memory.h"

#include <solstice/error.h>

#include <string.h>

int sol_track_create(SolTrack *out, int count, int width)
{
    SolTrack track = {.count = count, .width = width};
    size_t values;
    if (count < 1 || width < 1 || width > SOL_TRACK_WIDTH_MAX)
        return sol_fail(SOL_ERR_ARGUMENT, "a track of %d keys of %d numbers cannot be", count, width);
    if (!sol_mul((size_t)count, (size_t)width, &values) || !(track.at = sol_calloc((size_t)count, sizeof *track.at)) ||
        !(track.values = sol_calloc(values, sizeof *track.values))) {
        sol_track_clear(&track);
        return sol_fail_memory("keys");
    }
    *out = track;
    return SOL_OK;
}

void sol_track_at(const SolTrack *track, SolInstant instant, double values[])
{
    double at = track->unit == SOL_TRACK_FRAMES    ? instant.frame
                : track->unit == SOL_TRACK_SECONDS ? instant.seconds
                                                   : instant.share;
    int low = 0, high = track->count - 1; /* the last key that is not behind `at`, or the first */
    const double *from, *to;
    double part;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (track->at[middle] <= at)
            low = middle;
        else
            high = middle - 1;
    }
    from = track->values + (size_t)low * (size_t)track->width;
    if (low + 1 >= track->count || at <= track->at[low]) {
        memcpy(values, from, (size_t)track->width * sizeof *values);
        return;
    }
    to = from + track->width;
    part = (at - track->at[low]) / (track->at[low + 1] - track->at[low]);
    for (int i = 0; i < track->width; i++)
        values[i] = from[i] + part * (to[i] - from[i]);
}

void sol_track_clear(SolTrack *track)
{
    sol_free(track->at);
    sol_free(track->values);
    *track = (SolTrack){0};
}

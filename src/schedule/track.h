/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that change with time, as a schedule writes them: "0.5", which stays, or "{at: {0: 0, 30: 1}}". The places
 * are frames of the clip (30), times in it (2s, 0:02.5) or shares of the segment (50%), all of one kind, in ascending
 * order; between them straight lines.
 */
#ifndef SOL_SCHEDULE_TRACK_H
#define SOL_SCHEDULE_TRACK_H

#include "base/track.h"
#include "schedule/yaml.h"

/**
 * Reads what holds at one place.
 *
 * @param pair    the track's key with the value that stands there
 * @param values  [width] of the track, to be filled in
 */
typedef int (*SolTrackValue)(void *context, const SolYaml *yaml, const SolYamlPair *pair, double values[]);

/**
 * A track of `width` numbers a place.
 *
 * @param[out] track  released by sol_track_clear(); untouched on failure, and where the key is absent
 * @param pair        the key, "opacity", and its value: what `read` takes, or {at: {PLACE: what `read` takes}}
 * @return 0, SOL_ERR_SCHEDULE, SOL_ERR_NOMEM
 */
int sol_track_read_values(SolTrack *track, const SolYaml *yaml, const SolYamlPair *pair, int width, SolTrackValue read,
                          void *context);

/** A track of one number a place, in low..high; otherwise as above. */
int sol_track_read(SolTrack *track, const SolYaml *yaml, const SolYamlPair *pair, double low, double high);

/**
 * The value that says how many numbers there are: that of a track which stays, or the first of one that moves; NULL
 * where there is none, and reading it fails.
 */
const SolYamlNode *sol_track_first(const SolYaml *yaml, const SolYamlPair *pair);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that say how frames are painted: "model", "method", "levels", "gatys" and "color", which a schedule
 * has for all its segments and a segment for its own, and a segment's "style" and "weights".
 */
#ifndef SOL_SCHEDULE_LOOK_H
#define SOL_SCHEDULE_LOOK_H

#include <solstice/schedule.h>

#include "schedule/optimise.h"
#include "schedule/yaml.h"

/* What holds for segments that say nothing else, and where to look things up. */
typedef struct SolLookSource {
    const SolYaml *yaml;
    const char *folder;               /* of the schedule */
    const SolScheduleOptions *options;
    const char *model;                /* name or path; NULL: what suits the method */
    bool model_is_given;              /* by the options: paths count from the current folder */
    const char *method;               /* NULL: the model's own */
    SolYamlPair levels;
    const SolOptimise *optimise;      /* the schedule's */
    SolColor color;
    SolPlace place;                   /* of the key `model`, or of the schedule where there is none */
} SolLookSource;

/* The keys, in the order in which they are passed. */
typedef struct SolLookKeys {
    SolYamlPair style, weights, model, method, levels, gatys, color; /* style and weights of a segment only */
} SolLookKeys;

/**
 * Reads the schedule's own keys, less those that source->options replaces, into `source`, whose first three members
 * are filled in.
 */
int sol_look_source(SolLookSource *source, const SolYamlNode *root, const SolLookKeys *keys);

/**
 * Reads a segment's keys.
 *
 * @param label      the segment in words
 * @param node       the segment
 * @param[out] look  NULL for frames that are left as they are; released by sol_look_close(); untouched on failure
 */
int sol_look_read(SolLook **look, const SolLookSource *source, const char *label, const SolYamlNode *node,
                  const SolLookKeys *keys);

void sol_look_close(SolLook **look);

#endif

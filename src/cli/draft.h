/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts of schedules, for "solstice init" and "solstice probe --split".
 */
#ifndef SOL_CLI_DRAFT_H
#define SOL_CLI_DRAFT_H

#include <solstice/video.h>

#include <stdio.h>

enum { MAX_DRAFT_SEGMENTS = 1000 };

/* What a draft is made of. Everything is borrowed; paths are as they are to stand in the schedule. */
typedef struct Draft {
    const char *input;
    const SolVideoInfo *info;  /* of the input, */
    int64_t frames;            /* as are these */
    double seconds;
    int segments;              /* of equal length, 1..MAX_DRAFT_SEGMENTS */
    const char *const *styles; /* [segments]; NULL: made-up names */
    bool commented;            /* the segments are comments, and one that leaves the clip as it is stands in for them */
    bool by_share;             /* segments by their share of the clip, otherwise by frames */
    int transition;            /* frames; -1: half a second, or as many as there is room for */
} Draft;

/**
 * Writes the schedule, with comments, in YAML.
 *
 * @return 0, SOL_ERR_ARGUMENT (more segments than frames; a path that YAML cannot hold; a transition that is longer
 *         than there is room for), SOL_ERR_NOMEM
 */
int write_draft(FILE *stream, const Draft *draft);

#endif

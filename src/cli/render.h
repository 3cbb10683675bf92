/* SPDX-License-Identifier: Apache-2.0
 *
 * Renders of one or of several schedules: what is asked for, what became of each, and who is told.
 */
#ifndef SOL_CLI_RENDER_H
#define SOL_CLI_RENDER_H

#include "cli/cli.h"

#include "base/file.h"

#include <jansson.h>

/* What the command line says beside the schedules. */
typedef struct RenderWishes {
    TextList outputs;
    FrameRange frames;
    int64_t size, threads, jobs;
    Choice precision;
    uint64_t memory;
    const char *model, *method, *stats;
    Choice color, steady;
    bool overwrite, keep, quiet, verbose, json;
} RenderWishes;

/* One schedule, and what became of it. */
typedef struct RenderJob {
    const char *path;           /* of the schedule */
    SolSchedule *schedule;      /* kept while the report is looked at; NULL before it is read */
    SolOutputSettings *outputs; /* in place of the schedule's; NULL for those */
    SolRenderReport report;
    int result;                 /* an error code */
    char *failure;              /* its text, where there is one */
    bool begun, finished;
    bool streams;               /* a film goes to standard output: what is told goes to standard error */
    double told;                /* when its progress was told last, in its own seconds; below 0: never */
} RenderJob;

enum { MAX_RENDER_JOBS = 64 };

/** Where a render's messages go. */
const SolLog *render_log(const RenderWishes *wishes);

/** Reads a job's schedule, as the wishes would have it. */
int load_job(RenderJob *job, const RenderWishes *wishes);

/**
 * Renders a job whose schedule is read. The wishes say what is rendered, `options` with how many threads, how much
 * memory, which models, and who is told.
 */
int render_job(RenderJob *job, const RenderWishes *wishes, SolRenderOptions options);

void close_job(RenderJob *job);

/** Renders several schedules; an exit status. */
int render_batch(const TextList *operands, const RenderWishes *wishes);

/**
 * Writes the statistics of jobs, as a list or, of one alone, as an object.
 *
 * @param file  opened before the render, so that nothing is rendered in vain; becomes `path`
 * @return 0 or an error code
 */
int write_stats(SolPending *file, const char *path, const RenderJob jobs[], size_t count, bool list);

/** What a finished job did, as JSON. */
json_t *job_json(const RenderJob *job);

/* ---- for other programs (--json-progress): one JSON object a line, on standard output where no film goes there ---- */

/** Tells how far a job is: twice a second at most, and at its end. */
void tell_json_progress(RenderJob *job, const SolRenderProgress *progress);

/** Tells what became of a job. */
void tell_json_end(const RenderJob *job);

#endif

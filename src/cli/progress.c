/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a render is: a line for people, and lines of JSON for other programs.
 */
#include "cli/render.h"

#include <stdio.h>
#include <stdlib.h>

const char *format_progress(const SolRenderProgress *progress, char text[256])
{
    char left[32], rate[32], bytes[32], part[32] = "", reused[48] = "", segment[80] = "";
    if (progress->part > 0)
        snprintf(part, sizeof part, " (%.0f%% of the next)", 100 * progress->part);
    if (*progress->segment)
        snprintf(segment, sizeof segment, "  %s", progress->segment);
    if (progress->reused > 0)
        snprintf(reused, sizeof reused, "  %lld reused", (long long)progress->reused);
    snprintf(text, 256, "frame %lld of %lld%s  %s  %s left  %s%s%s", (long long)progress->done,
             (long long)progress->frames, part, format_rate(progress->rate, rate),
             progress->seconds_left < 0 ? "?" : format_duration(progress->seconds_left, left),
             format_bytes(progress->bytes, bytes), reused, segment);
    return text;
}

void show_render_progress(void *unused, const SolRenderProgress *progress)
{
    char text[256];
    (void)unused;
    show_progress(format_progress(progress, text), progress->seconds, progress->done == progress->frames);
}

/* ---- JSON ---- */

/* One line about a job; what cannot be told (a name that is not UTF-8) is left out. */
static void put_line(const RenderJob *job, json_t *json)
{
    FILE *to = job->streams ? stderr : stdout;
    char *line = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    if (line) {
        fprintf(to, "%s\n", line);
        fflush(to);
    }
    free(line);
    json_decref(json);
}

static json_t *text_or_null(const char *text)
{
    json_t *json = text && *text ? json_string(text) : NULL;
    return json ? json : json_null();
}

void tell_json_progress(RenderJob *job, const SolRenderProgress *progress)
{
    if (job->told >= 0 && progress->seconds - job->told < 0.5 && progress->done < progress->frames)
        return;
    job->told = progress->seconds;
    put_line(job, json_pack("{s:s, s:o, s:I, s:I, s:f, s:f, s:f, s:o, s:o, s:I, s:I}", "event", "progress", "schedule",
                       text_or_null(job->path), "frame", (json_int_t)progress->done, "frames",
                       (json_int_t)progress->frames, "part", progress->part, "frames_per_second", progress->rate,
                       "seconds", progress->seconds, "seconds_left",
                       progress->seconds_left < 0 ? json_null() : json_real(progress->seconds_left), "segment",
                       text_or_null(progress->segment), "bytes", (json_int_t)progress->bytes, "reused",
                       (json_int_t)progress->reused));
}

void tell_json_end(const RenderJob *job)
{
    json_t *json = json_pack("{s:s}", "event", !job->begun ? "skipped" : job->finished ? "done" : "failed");
    json_t *rest = job_json(job);
    if (json && rest)
        json_object_update(json, rest);
    json_decref(rest);
    put_line(job, json);
}

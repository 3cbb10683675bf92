/* SPDX-License-Identifier: Apache-2.0
 *
 * Several schedules in one process: models are opened once, a failure is noted and the others go on, and a table at
 * the end tells what became of each. Renders at once share the threads and the memory that one would have.
 */
#include "cli/render.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/text.h"
#include "media/writer.h"
#include "schedule/schedule.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A job among others. */
typedef struct Member {
    RenderJob job;
    struct Batch *batch;
    SolLog log;       /* names the schedule, where several speak at once */
    double part;      /* 0..1: of it that is done */
    double left;      /* seconds; below 0: not known */
    bool running;
} Member;

typedef struct Batch {
    const RenderWishes *wishes;
    Member *members;      /* [count] */
    size_t count;
    int jobs;             /* at once */
    SolModelCache *models;
    double start;

    pthread_mutex_t lock; /* of what follows, and of the members' progress */
    size_t next;          /* member to begin */
    size_t ended;
} Batch;

/* ---- which schedules ---- */

/* Paths of schedules, owned. */
typedef struct Paths {
    char **items;
    size_t count, capacity;
} Paths;

static int add_path(Paths *paths, char *path)
{
    void *items = paths->items;
    if (!path || !sol_grow(&items, &paths->capacity, paths->count + 1, sizeof *paths->items)) {
        free(path);
        return sol_fail_memory("the schedules' names");
    }
    paths->items = items;
    paths->items[paths->count++] = path;
    return SOL_OK;
}

static int compare_paths(const void *a, const void *b)
{
    return sol_compare_natural(*(char *const *)a, *(char *const *)b);
}

/* All schedules in a folder, in the order of the numbers in their names. */
static int add_folder(Paths *paths, const char *folder)
{
    size_t first = paths->count;
    const struct dirent *entry;
    int result = SOL_OK;
    DIR *handle = opendir(folder);
    if (!handle)
        return sol_fail_errno(folder, "cannot be opened");
    while (result == SOL_OK && (entry = readdir(handle)))
        if (*entry->d_name != '.' && sol_path_has_extension(entry->d_name, "yaml yml"))
            result = add_path(paths, sol_path_join(folder, entry->d_name));
    closedir(handle);
    if (result == SOL_OK && paths->count == first)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: holds no schedule; their names end in .yaml or .yml", folder);
    if (result == SOL_OK)
        qsort(paths->items + first, paths->count - first, sizeof *paths->items, compare_paths);
    return result;
}

static int find_schedules(const TextList *operands, Paths *paths)
{
    int result = SOL_OK;
    for (size_t i = 0; i < operands->count && result == SOL_OK; i++) {
        char *operand = sol_copy(operands->items[i]);
        size_t length = operand ? strlen(operand) : 0;
        bool folder = operand && sol_path_is_folder(operand);
        while (folder && length > 1 && operand[length - 1] == '/')
            operand[--length] = '\0';
        result = folder ? add_folder(paths, operand) : add_path(paths, operand);
        if (folder)
            free(operand);
    }
    return result;
}

/* ---- telling ---- */

/* "[2/5] b.yaml: frame 12 of 240 ..", or of several at once what share of each is done. */
static void show_state(Batch *batch, const Member *told, const SolRenderProgress *progress)
{
    char text[512], line[256], left[32];
    double longest = -1;
    size_t used = 0;
    if (batch->jobs == 1) {
        snprintf(text, sizeof text, "[%zu/%zu] %s: %s", batch->ended + 1, batch->count, told->job.path,
                 format_progress(progress, line));
    } else {
        used = (size_t)snprintf(text, sizeof text, "%zu of %zu done  ", batch->ended, batch->count);
        for (size_t i = 0; i < batch->count && used < sizeof text; i++) {
            const Member *member = &batch->members[i];
            if (!member->running)
                continue;
            longest = member->left > longest ? member->left : longest;
            used += (size_t)snprintf(text + used, sizeof text - used, "%s %.0f%%  ", member->job.path,
                                     100 * member->part);
        }
        if (used < sizeof text && longest >= 0)
            snprintf(text + used, sizeof text - used, "%s left of these", format_duration(longest, left));
    }
    show_progress(text, sol_clock() - batch->start, false);
}

static void note_progress(void *user, const SolRenderProgress *progress)
{
    Member *member = user;
    Batch *batch = member->batch;
    pthread_mutex_lock(&batch->lock);
    member->part = ((double)progress->done + progress->part) / (double)progress->frames;
    member->left = progress->seconds_left;
    if (batch->wishes->json)
        tell_json_progress(&member->job, progress);
    else if (!batch->wishes->quiet)
        show_state(batch, member, progress);
    pthread_mutex_unlock(&batch->lock);
}

static void name_schedule(void *user, SolLogLevel level, const char *text)
{
    const Member *member = user;
    const SolLog *log = render_log(member->batch->wishes);
    char *line = sol_format("%s: %s", member->job.path, text);
    log->write(log->user, level, line ? line : text);
    free(line);
}

static void print_row(FILE *to, const RenderJob *job, int wide)
{
    const SolRenderReport *report = &job->report;
    char size[32], rate[32];
    fprintf(to, "%-*s  ", wide, job->path);
    if (!job->finished) {
        fprintf(to, "%8s  %8s  %8s  %s%s\n", "-", "-", "-",
               !job->begun                          ? "not begun"
               : job->result == SOL_ERR_CANCELLED ? ""
                                                    : "failed: ",
               job->begun && job->failure ? job->failure : "");
        return;
    }
    snprintf(rate, sizeof rate, "%.2f", report->seconds > 0 ? (double)report->frames / report->seconds : 0);
    fprintf(to, "%8lld  %8.1f  %8s  ", (long long)report->frames, report->seconds, rate);
    for (int i = 0; i < report->output_count; i++)
        fprintf(to, "%s%s (%s)", i ? ", " : "", report->outputs[i].path, format_bytes(report->outputs[i].bytes, size));
    fprintf(to, "\n");
}

static void print_table(const Batch *batch)
{
    char seconds[32];
    size_t done = 0;
    int wide = 8;
    FILE *to = stdout;
    for (size_t i = 0; i < batch->count; i++) {
        int length = (int)strlen(batch->members[i].job.path);
        wide = length > wide ? length : wide;
        to = batch->members[i].job.streams ? stderr : to;
        done += batch->members[i].job.finished;
    }
    fprintf(to, "%-*s  %8s  %8s  %8s  %s\n", wide, "schedule", "frames", "seconds", "frames/s", "outputs");
    for (size_t i = 0; i < batch->count; i++)
        print_row(to, &batch->members[i].job, wide);
    fprintf(to, "%zu of %zu schedules rendered in %s\n", done, batch->count,
           format_duration(sol_clock() - batch->start, seconds));
}

/* ---- rendering ---- */

/* There is one standard output, however it is written. */
static bool is_same_output(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (sol_writer_is_stream(a) && sol_writer_is_stream(b));
}

/* Refuses outputs that another schedule of the batch writes, too: with --overwrite the later would win unnoticed. */
static int check_apart(Batch *batch, const Member *member)
{
    const SolSchedule *schedule = member->job.schedule;
    for (const Member *other = batch->members; other < batch->members + batch->count; other++)
        for (int i = 0; other != member && other->job.schedule && i < other->job.schedule->output_count; i++)
            for (int k = 0; k < schedule->output_count; k++)
                if (is_same_output(schedule->outputs[k].path, other->job.schedule->outputs[i].path))
                    return sol_fail(SOL_ERR_ARGUMENT, "%s: %s and %s both write it; give each its own outputs",
                                    schedule->outputs[k].path, other->job.path, member->job.path);
    return SOL_OK;
}

/* The share of the memory that a render has beside others; 0: what it has alone. */
static uint64_t memory_share(const Batch *batch, const SolSchedule *schedule)
{
    uint64_t all = batch->wishes->memory ? batch->wishes->memory : sol_machine_memory() / 2, share;
    if (batch->jobs == 1)
        return batch->wishes->memory;
    share = all / (uint64_t)batch->jobs;
    return batch->wishes->memory == 0 && schedule->memory > 0 && schedule->memory < share ? schedule->memory : share;
}

static int thread_share(const Batch *batch)
{
    int threads = batch->wishes->threads ? (int)batch->wishes->threads : sol_cpu_count();
    if (batch->jobs == 1)
        return (int)batch->wishes->threads;
    return threads > batch->jobs ? threads / batch->jobs : 1;
}

static int render_member(Batch *batch, Member *member)
{
    SolRenderOptions options = {.threads = thread_share(batch),
                                .models = batch->models,
                                .log = batch->jobs > 1 ? &member->log : render_log(batch->wishes),
                                .progress = note_progress,
                                .user = member};
    int result;
    pthread_mutex_lock(&batch->lock);
    result = load_job(&member->job, batch->wishes);
    if (result == SOL_OK)
        result = check_apart(batch, member);
    member->running = result == SOL_OK;
    pthread_mutex_unlock(&batch->lock);
    if (result != SOL_OK)
        return result;
    options.memory = memory_share(batch, member->job.schedule);
    return render_job(&member->job, batch->wishes, options);
}

/* Notes how a member ended. */
static void end_member(Batch *batch, Member *member, int result)
{
    pthread_mutex_lock(&batch->lock);
    member->job.result = result;
    member->running = false;
    batch->ended++;
    if (result != SOL_OK)
        member->job.failure = sol_copy(sol_error_text());
    if (!batch->wishes->json)
        show_progress("", sol_clock() - batch->start, true);
    if (result == SOL_ERR_CANCELLED)
        complain("%s: %s", member->job.path, sol_error_text());
    else if (result != SOL_OK)
        report_failure(result);
    if (batch->wishes->json)
        tell_json_end(&member->job);
    pthread_mutex_unlock(&batch->lock);
}

/* Takes one schedule after another until there is none left, or Ctrl-C. */
static void *work(void *argument)
{
    Batch *batch = argument;
    for (;;) {
        Member *member = NULL;
        pthread_mutex_lock(&batch->lock);
        if (batch->next < batch->count && !was_interrupted(NULL))
            member = &batch->members[batch->next++];
        pthread_mutex_unlock(&batch->lock);
        if (!member)
            return NULL;
        end_member(batch, member, render_member(batch, member));
    }
}

static void run_members(Batch *batch)
{
    pthread_t threads[MAX_RENDER_JOBS];
    int started = 0;
    while (started < batch->jobs - 1 && pthread_create(&threads[started], NULL, work, batch) == 0)
        started++;
    work(batch);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* No more at once than there are schedules, and than memory can be shared among. */
static int jobs_at_once(const RenderWishes *wishes, size_t count)
{
    uint64_t memory = wishes->memory ? wishes->memory : sol_machine_memory() / 2;
    int64_t most = (int64_t)(memory / SOL_MEMORY_MIN), jobs = wishes->jobs;
    if (jobs > (int64_t)count)
        jobs = (int64_t)count;
    if (jobs > most) {
        jobs = most > 1 ? most : 1;
        complain("there is memory for %lld render%s at once", (long long)jobs, jobs == 1 ? "" : "s");
    }
    return (int)jobs;
}

/* What the program returns: interrupted, or failed where anything did. */
static int batch_status(const Batch *batch)
{
    if (was_interrupted(NULL))
        return EXIT_INTERRUPTED;
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->members[i].job.finished)
            return EXIT_FAILED;
    return EXIT_DONE;
}

static int write_batch_stats(const Batch *batch, SolPending *file)
{
    RenderJob *jobs = sol_calloc(batch->count, sizeof *jobs);
    int result = jobs ? SOL_OK : sol_fail_memory("the statistics");
    for (size_t i = 0; jobs && i < batch->count; i++)
        jobs[i] = batch->members[i].job;
    if (result == SOL_OK)
        result = write_stats(file, batch->wishes->stats, jobs, batch->count, true);
    sol_free(jobs);
    return result;
}

static int render_members(Batch *batch)
{
    SolPending *stats = NULL;
    int status, result = batch->wishes->stats ? sol_pending_open(&stats, batch->wishes->stats, true) : SOL_OK;
    if (result == SOL_OK)
        result = sol_model_cache_open(&batch->models);
    if (result != SOL_OK) {
        sol_pending_close(&stats);
        return report_failure(result);
    }
    pthread_mutex_init(&batch->lock, NULL);
    catch_interrupts();
    run_members(batch);
    status = batch_status(batch);
    for (size_t i = batch->next; i < batch->count && batch->wishes->json; i++)
        tell_json_end(&batch->members[i].job);
    if (!batch->wishes->json && !batch->wishes->quiet)
        print_table(batch);
    if (stats && (result = write_batch_stats(batch, stats)) != SOL_OK)
        status = report_failure(result);
    sol_pending_close(&stats);
    pthread_mutex_destroy(&batch->lock);
    sol_model_cache_close(&batch->models);
    return status;
}

int render_batch(const TextList *operands, const RenderWishes *wishes)
{
    Paths paths = {0};
    Batch batch = {.wishes = wishes, .start = sol_clock()};
    int status, result = find_schedules(operands, &paths);
    if (result == SOL_OK && !(batch.members = sol_calloc(paths.count, sizeof *batch.members)))
        result = sol_fail_memory("the schedules");
    if (result == SOL_OK) {
        batch.count = paths.count;
        batch.jobs = jobs_at_once(wishes, paths.count);
        for (size_t i = 0; i < batch.count; i++) {
            Member *member = &batch.members[i];
            *member = (Member){.job = {.path = paths.items[i], .told = -1}, .batch = &batch};
            member->log = (SolLog){name_schedule, member};
        }
    }
    status = result == SOL_OK ? render_members(&batch) : report_failure(result);
    for (size_t i = 0; i < batch.count; i++)
        close_job(&batch.members[i].job);
    for (size_t i = 0; i < paths.count; i++)
        free(paths.items[i]);
    free(paths.items);
    sol_free(batch.members);
    return status;
}

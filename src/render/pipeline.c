/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline: end of stream drains forward through the queues; an error in any stage is kept with
 * its text, aborts both queues, and is handed to the caller when the threads are joined.
 */
#include "render/pipeline.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/queue.h"
#include "image/image.h"
#include "render/estimate.h"
#include "render/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    QUEUE_CAPACITY = 4, /* frames waiting between two stages */
    ERROR_TEXT_SIZE = 2048
};

/* A frame that is painted beside others. */
typedef struct Pending {
    SolLaneJob job;
    SolImage *image;
    const SolPart *part;
} Pending;

/* Those that are, in their order. */
typedef struct Window {
    SolLanes *lanes; /* NULL where frames are painted one by one */
    Pending *items;  /* [room] a ring */
    int room, first, count;
} Window;

typedef struct Run {
    const SolPipeline *pipeline;
    SolQueue *decoded, *painted; /* of SolImage */

    pthread_mutex_t lock;        /* of the failure */
    int failure;                 /* the first one */
    char failure_text[ERROR_TEXT_SIZE];

    Window window;               /* of the stylist, as is what follows */
    int64_t painted_count;       /* read when it has been joined */
    int64_t painting;            /* number of the frame at hand */
    int64_t painted_last;        /* and of the one painted last */
    bool cut_short;              /* the painting that was being made when somebody asked to stop */
    double decode_seconds, paint_seconds, encode_seconds;

    int64_t frames;              /* to be written */
    double start;

    pthread_mutex_t telling;     /* of what follows */
    int64_t done, reused;        /* frames written; those of them that an earlier run had painted */
    int64_t left[SOL_FRAME_KINDS]; /* frames of this run that are not written yet */
    int64_t bytes;               /* written so far, to all outputs */
    SolEstimate estimate;
} Run;

static void discard_image(void *item)
{
    SolImage *image = item;
    sol_image_unref(&image);
}

/* Keeps the first failure, with the calling thread's error text, and stops all stages. */
static void stop(Run *run, int failure)
{
    pthread_mutex_lock(&run->lock);
    if (run->failure == SOL_OK) {
        run->failure = failure;
        snprintf(run->failure_text, sizeof run->failure_text, "%s", sol_error_text());
    }
    pthread_mutex_unlock(&run->lock);
    sol_queue_abort(run->decoded);
    sol_queue_abort(run->painted);
}

static bool has_failed(Run *run)
{
    bool failed;
    pthread_mutex_lock(&run->lock);
    failed = run->failure != SOL_OK;
    pthread_mutex_unlock(&run->lock);
    return failed;
}

static bool is_cancelled(Run *run)
{
    const SolRenderOptions *options = run->pipeline->options;
    if (!options->cancelled || !options->cancelled(options->user))
        return false;
    stop(run, sol_fail(SOL_ERR_CANCELLED, "interrupted"));
    return true;
}

/* ---- reader ---- */

/* Reads one part's frames, less those that are kept; *ended tells that the clip has no more. */
static int read_part(Run *run, const SolPart *part, bool *ended)
{
    SolVideo *video = run->pipeline->video;
    int result = SOL_OK;
    for (int64_t n = part->first + part->kept; result == SOL_OK && n < part->first + part->count; n++) {
        SolImage *image = NULL;
        double start = sol_clock();
        if (is_cancelled(run))
            return SOL_ERR_CANCELLED;
        if (!sol_parts_want(run->pipeline->parts, n))
            continue;
        result = sol_video_skip_to(video, n);
        if (result == SOL_OK)
            result = sol_video_read(video, &image);
        run->decode_seconds += sol_clock() - start;
        if (result != SOL_OK)
            return result;
        if (!image) {
            sol_log(run->pipeline->options->log, SOL_LOG_WARNING, "the clip ended after %lld frames, sooner than its "
                    "times tell", (long long)n);
            *ended = true;
            return SOL_OK;
        }
        if (!sol_queue_push(run->decoded, image)) {
            sol_image_unref(&image);
            return SOL_ERR_CANCELLED;
        }
    }
    return result;
}

static void *read_frames(void *argument)
{
    Run *run = argument;
    const SolParts *parts = run->pipeline->parts;
    bool ended = false;
    int result = SOL_OK;
    sol_background();
    for (int i = 0; i < parts->count && result == SOL_OK && !ended; i++)
        if (!parts->items[i].reused)
            result = read_part(run, &parts->items[i], &ended);
    if (result == SOL_OK)
        sol_queue_finish(run->decoded);
    else if (result != SOL_ERR_CANCELLED)
        stop(run, result);
    return NULL;
}

/* ---- stylist ---- */

/* How many frames can be painted at once that are like frame `n`: 0 where that is not painted. */
static int find_moment(const SolPipeline *pipeline, int64_t n, SolMoment *moment)
{
    if (!pipeline->timeline)
        return 0;
    sol_timeline_at(pipeline->timeline, n, moment);
    return moment->sides > 0 ? sol_painters_at_once(pipeline->painters, moment) : 0;
}

/* Hands an image on to the writer. */
static int hand_on(Run *run, SolImage *image)
{
    if (sol_queue_push(run->painted, image))
        return SOL_OK;
    sol_image_unref(&image);
    return SOL_ERR_CANCELLED;
}

/* Keeps the painting of an image, and hands it on in its place. */
static int settle(Run *run, const SolPart *part, SolImage *image, SolImage *painting)
{
    const SolPipeline *pipeline = run->pipeline;
    int result;
    if (pipeline->pairs)
        painting->source = image;
    else
        sol_image_unref(&image);
    run->painted_count++;
    run->painted_last = painting->number;
    result = run->cut_short ? SOL_ERR_CANCELLED
                            : sol_store_keep(pipeline->store, part, painting, pipeline->painters);
    if (result == SOL_OK)
        return hand_on(run, painting);
    sol_image_unref(&painting);
    return result;
}

/* Paints an image by itself, with all that the one before it has left. */
static int paint_alone(Run *run, const SolPart *part, const SolMoment *moment, SolImage *image)
{
    const SolPipeline *pipeline = run->pipeline;
    int64_t number = image->number, before = sol_parts_before(pipeline->parts, number);
    SolImage *painting = NULL;
    double start = sol_clock();
    int result = sol_store_ready(pipeline->store, part);
    if (result == SOL_OK) {
        run->painting = number;
        if (before >= 0 && before != run->painted_last)
            result = sol_store_remind(pipeline->store, part, before, pipeline->painters);
        if (result == SOL_OK)
            result = sol_painters_paint(pipeline->painters, moment, image, before, &painting);
        if (result != SOL_OK)
            sol_fail_within(result, "frame %lld", (long long)number);
    }
    run->paint_seconds += sol_clock() - start;
    if (result == SOL_OK)
        return settle(run, part, image, painting);
    sol_image_unref(&image);
    return result;
}

/* Waits for the first of the frames that are painted beside others. */
static int finish_first(Run *run)
{
    Window *window = &run->window;
    Pending *pending = &window->items[window->first];
    int result = sol_lanes_finish(window->lanes, &pending->job);
    SolImage *image = pending->image, *painting = pending->job.painting;
    run->paint_seconds += pending->job.seconds / sol_painters_lanes(run->pipeline->painters);
    window->first = (window->first + 1) % window->room;
    window->count--;
    if (result != SOL_OK)
        sol_fail_within(result, "frame %lld", (long long)image->number);
    else
        result = sol_store_ready(run->pipeline->store, pending->part);
    if (result == SOL_OK)
        return settle(run, pending->part, image, painting);
    sol_image_unref(&image);
    sol_image_unref(&painting);
    return result;
}

/* Has an image painted beside others, or by itself, or leaves it as it is; it is no longer the caller's. */
static int take_image(Run *run, SolImage *image)
{
    Window *window = &run->window;
    const SolPart *part = sol_parts_at(run->pipeline->parts, image->number);
    SolMoment moment;
    int at_once = find_moment(run->pipeline, image->number, &moment), result = SOL_OK;
    bool beside = at_once > 1;
    while (window->count > (beside ? window->room - 1 : 0) && result == SOL_OK)
        result = finish_first(run);
    if (result != SOL_OK) {
        sol_image_unref(&image);
        return result;
    }
    if (beside) {
        Pending *pending = &window->items[(window->first + window->count++) % window->room];
        *pending = (Pending){.job = {.moment = moment, .frame = image}, .image = image, .part = part};
        sol_lanes_begin(window->lanes, &pending->job);
        return SOL_OK;
    }
    return at_once == 1 ? paint_alone(run, part, &moment, image) : hand_on(run, image);
}

/* Twice as many frames as there are lanes: so none of them waits for the one that paints the first. */
static int open_window(Run *run)
{
    Window *window = &run->window;
    int lanes = run->pipeline->painters ? sol_painters_lanes(run->pipeline->painters) : 1;
    if (lanes == 1)
        return SOL_OK;
    window->room = 2 * lanes;
    window->items = sol_calloc((size_t)window->room, sizeof *window->items);
    if (!window->items)
        return sol_fail_memory("the frames that are painted at once");
    return sol_lanes_open(&window->lanes, run->pipeline->painters, window->room);
}

static void close_window(Window *window)
{
    sol_lanes_close(&window->lanes);
    for (; window->count > 0; window->count--) {
        Pending *pending = &window->items[window->first];
        sol_image_unref(&pending->image);
        sol_image_unref(&pending->job.painting);
        free(pending->job.text);
        window->first = (window->first + 1) % window->room;
    }
    sol_free(window->items);
}

static void *paint_frames(void *argument)
{
    Run *run = argument;
    int result = open_window(run);
    void *item;
    while (result == SOL_OK && sol_queue_pop(run->decoded, &item)) {
        SolImage *image = item;
        result = is_cancelled(run) ? SOL_ERR_CANCELLED : SOL_OK;
        if (result == SOL_OK)
            result = take_image(run, image);
        else
            sol_image_unref(&image);
    }
    while (result == SOL_OK && run->window.count > 0)
        result = finish_first(run);
    close_window(&run->window);
    if (result != SOL_OK)
        stop(run, result);
    else
        sol_queue_finish(run->painted);
    sol_store_pause(run->pipeline->store, run->pipeline->painters); /* its failing costs no more than a second's work */
    return NULL;
}

/* ---- writer, in the caller's thread ---- */

/*
 * Tells how far the render is, in whichever thread.
 *
 * @param part  0..1: of the frame `number`, which is being painted
 */
static void tell_progress(Run *run, int64_t number, double part)
{
    const SolPipeline *pipeline = run->pipeline;
    const SolRenderOptions *options = pipeline->options;
    double now = sol_clock();
    SolRenderProgress progress = {.done = run->done,
                                  .frames = run->frames,
                                  .reused = run->reused,
                                  .part = part,
                                  .segment = "",
                                  .seconds = now - run->start,
                                  .rate = sol_estimate_rate(&run->estimate),
                                  .seconds_left = sol_estimate_left(&run->estimate, run->left, part, now),
                                  .bytes = run->bytes};
    if (!options->progress)
        return;
    if (pipeline->timeline) {
        SolMoment moment;
        SolStretch stretch;
        sol_timeline_at(pipeline->timeline, number, &moment);
        sol_timeline_stretch(pipeline->timeline, moment.stretch, &stretch);
        progress.segment = stretch.name;
    }
    options->progress(options->user, &progress);
}

static SolFrameKind kind_of(const SolPart *part)
{
    return part->painted ? SOL_FRAME_PAINTED : SOL_FRAME_UNTOUCHED;
}

/* Counts frames of a part that have been written, up to frame `number`: one of this run, or reused ones. */
static void count_done(Run *run, const SolPart *part, int64_t frames, bool reused, int64_t number)
{
    const SolPipeline *pipeline = run->pipeline;
    pthread_mutex_lock(&run->telling);
    run->done += frames;
    run->bytes = 0;
    for (int i = 0; i < pipeline->writer_count; i++)
        run->bytes += sol_writer_written(pipeline->writers[i]);
    if (reused) {
        run->reused += frames;
        sol_estimate_pass(&run->estimate, sol_clock());
    } else {
        run->left[kind_of(part)] -= frames;
        sol_estimate_note(&run->estimate, kind_of(part), sol_clock());
    }
    tell_progress(run, number, 0);
    pthread_mutex_unlock(&run->telling);
}

/* The frames of a part that come through the queue; *whole tells whether all did. */
static int write_painted(Run *run, const SolPart *part, bool *whole)
{
    const SolPipeline *pipeline = run->pipeline;
    void *item;
    for (int64_t n = sol_parts_shown(pipeline->parts, part->first + part->kept, part->count - part->kept); n > 0; n--) {
        SolImage *image;
        int64_t number;
        double start;
        int result = SOL_OK;
        *whole = sol_queue_pop(run->painted, &item);
        if (!*whole)
            return SOL_OK;
        image = item;
        number = image->number;
        start = sol_clock();
        for (int i = 0; i < pipeline->writer_count && result == SOL_OK; i++)
            result = sol_writer_write(pipeline->writers[i], image);
        if (result == SOL_OK && pipeline->take)
            result = pipeline->take(pipeline->context, image);
        run->encode_seconds += sol_clock() - start;
        sol_image_unref(&image);
        if (result != SOL_OK)
            return result;
        count_done(run, part, 1, false, number);
    }
    return SOL_OK;
}

static int write_part(Run *run, const SolPart *part, bool *whole)
{
    const SolPipeline *pipeline = run->pipeline;
    double start = sol_clock();
    int64_t reused = sol_parts_shown(pipeline->parts, part->first, part->reused ? part->count : part->kept);
    int result = part->reused ? sol_store_splice(pipeline->store, part, pipeline->writers)
                              : sol_store_begin(pipeline->store, part, pipeline->writers);
    if (result == SOL_OK && !part->reused && reused > 0)
        result = sol_store_replay(pipeline->store, part, pipeline->writers);
    run->encode_seconds += sol_clock() - start;
    if (result == SOL_OK && reused > 0)
        count_done(run, part, reused, true, part->first + (part->reused ? part->count : part->kept) - 1);
    if (result != SOL_OK || part->reused)
        return result;
    result = write_painted(run, part, whole);
    start = sol_clock();
    if (result == SOL_OK && !has_failed(run))
        result = sol_store_end(*whole ? pipeline->store : NULL, part, pipeline->writers, pipeline->writer_count);
    run->encode_seconds += sol_clock() - start;
    return result;
}

static void write_frames(Run *run, SolRenderReport *report)
{
    const SolParts *parts = run->pipeline->parts;
    bool whole = true;
    int result = SOL_OK;
    for (int i = 0; i < parts->count && result == SOL_OK && whole; i++) {
        result = write_part(run, &parts->items[i], &whole);
        if (result == SOL_OK && is_cancelled(run))
            break;
    }
    if (result != SOL_OK)
        stop(run, result);
    report->frames += run->done;
    report->reused += run->reused;
}

/* ---- all three ---- */

/* In the stylist's thread, while it paints a frame that takes long. */
static void tell_part(void *context, double part)
{
    Run *run = context;
    pthread_mutex_lock(&run->telling);
    tell_progress(run, run->painting, part);
    pthread_mutex_unlock(&run->telling);
}

/* Asked in the stylist's thread, in the middle of a painting, which then is not what it should be. */
static bool stops(void *context)
{
    Run *run = context;
    run->cut_short |= is_cancelled(run);
    return run->cut_short;
}

/* Runs the stages; the queues are open. */
static void run_stages(Run *run, SolRenderReport *report)
{
    pthread_t reader, stylist;
    if (pthread_create(&reader, NULL, read_frames, run) != 0) {
        stop(run, sol_fail(SOL_ERR_NOMEM, "the reader's thread cannot be started"));
        return;
    }
    if (pthread_create(&stylist, NULL, paint_frames, run) != 0) {
        stop(run, sol_fail(SOL_ERR_NOMEM, "the stylist's thread cannot be started"));
        pthread_join(reader, NULL);
        return;
    }
    write_frames(run, report);
    pthread_join(stylist, NULL);
    pthread_join(reader, NULL);
}

int sol_pipeline_run(const SolPipeline *pipeline, SolRenderReport *report)
{
    Run run = {.pipeline = pipeline, .start = sol_clock(), .painted_last = -2};
    int result;
    for (int i = 0; i < pipeline->parts->count; i++) {
        const SolPart *part = &pipeline->parts->items[i];
        int64_t shown = sol_parts_shown(pipeline->parts, part->first, part->count);
        run.frames += shown;
        if (!part->reused)
            run.left[kind_of(part)] += shown - sol_parts_shown(pipeline->parts, part->first, part->kept);
    }
    sol_estimate_begin(&run.estimate, run.start);
    if ((result = sol_queue_open(&run.decoded, QUEUE_CAPACITY, discard_image)) != SOL_OK)
        return result;
    if ((result = sol_queue_open(&run.painted, QUEUE_CAPACITY, discard_image)) != SOL_OK) {
        sol_queue_close(&run.decoded);
        return result;
    }
    pthread_mutex_init(&run.lock, NULL);
    pthread_mutex_init(&run.telling, NULL);
    if (pipeline->painters)
        sol_painters_watch(pipeline->painters, &(SolPaintersWatch){stops, tell_part, &run});
    run_stages(&run, report);
    if (pipeline->painters)
        sol_painters_watch(pipeline->painters, &(SolPaintersWatch){0});
    pthread_mutex_destroy(&run.telling);
    pthread_mutex_destroy(&run.lock);
    sol_queue_close(&run.decoded);
    sol_queue_close(&run.painted);
    report->painted += run.painted_count;
    report->decode_seconds += run.decode_seconds;
    report->paint_seconds += run.paint_seconds;
    report->encode_seconds += run.encode_seconds;
    return run.failure == SOL_OK ? SOL_OK : sol_fail(run.failure, "%s", run.failure_text);
}

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
#include "base/queue.h"
#include "image/image.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum {
    QUEUE_CAPACITY = 4, /* frames waiting between two stages */
    ERROR_TEXT_SIZE = 2048
};

typedef struct Run {
    const SolPipeline *pipeline;
    SolQueue *decoded, *painted; /* of SolImage */

    pthread_mutex_t lock;        /* of the failure */
    int failure;                 /* the first one */
    char failure_text[ERROR_TEXT_SIZE];

    int64_t painted_count;       /* of the stylist, read when it has been joined */
    double decode_seconds, paint_seconds, encode_seconds;

    int64_t to_paint;            /* frames of the range that will be painted */
    double start;

    pthread_mutex_t telling;     /* of what follows */
    int64_t done, done_painted;  /* frames written, and those of them that were painted */
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

static bool is_cancelled(Run *run)
{
    const SolRenderOptions *options = run->pipeline->options;
    if (!options->cancelled || !options->cancelled(options->user))
        return false;
    stop(run, sol_fail(SOL_ERR_CANCELLED, "interrupted"));
    return true;
}

/* ---- reader ---- */

static void *read_frames(void *argument)
{
    Run *run = argument;
    const SolPipeline *pipeline = run->pipeline;
    double start = sol_clock();
    int result;
    sol_background();
    result = pipeline->first > 0 ? sol_video_skip_to(pipeline->video, pipeline->first) : SOL_OK;
    run->decode_seconds += sol_clock() - start;
    for (int64_t n = 0; result == SOL_OK && n < pipeline->count; n++) {
        SolImage *image = NULL;
        if (is_cancelled(run))
            return NULL;
        start = sol_clock();
        result = sol_video_read(pipeline->video, &image);
        run->decode_seconds += sol_clock() - start;
        if (result != SOL_OK)
            break;
        if (!image) {
            sol_log(pipeline->options->log, SOL_LOG_WARNING, "the clip ended after %lld of %lld frames",
                    (long long)n, (long long)pipeline->count);
            break;
        }
        if (!sol_queue_push(run->decoded, image)) {
            sol_image_unref(&image);
            return NULL;
        }
    }
    if (result != SOL_OK)
        stop(run, result);
    else
        sol_queue_finish(run->decoded);
    return NULL;
}

/* ---- stylist ---- */

/* True where frame `n` is going to be painted. */
static bool is_painted(const SolPipeline *pipeline, int64_t n, SolMoment *moment)
{
    if (!pipeline->timeline)
        return false;
    sol_timeline_at(pipeline->timeline, n, moment);
    return moment->styles > 0;
}

/* Replaces *image by its painting, where the timeline has a style for it. */
static int paint_frame(Run *run, SolImage **image)
{
    const SolPipeline *pipeline = run->pipeline;
    SolImage *painting = NULL;
    SolMoment moment;
    int result;
    if (!is_painted(pipeline, (*image)->number, &moment))
        return SOL_OK;
    result = sol_painters_paint(pipeline->painters, &moment, *image, &painting);
    if (result != SOL_OK)
        return sol_fail_within(result, "frame %lld", (long long)(*image)->number);
    if (moment.opacity < 1)
        sol_image_mix(painting, *image, moment.opacity);
    sol_image_unref(image);
    *image = painting;
    run->painted_count++;
    return SOL_OK;
}

static void *paint_frames(void *argument)
{
    Run *run = argument;
    void *item;
    while (sol_queue_pop(run->decoded, &item)) {
        SolImage *image = item;
        double start = sol_clock();
        int result = is_cancelled(run) ? SOL_ERR_CANCELLED : paint_frame(run, &image);
        run->paint_seconds += sol_clock() - start;
        if (result != SOL_OK) {
            stop(run, result);
            sol_image_unref(&image);
            return NULL;
        }
        if (!sol_queue_push(run->painted, image)) {
            sol_image_unref(&image);
            return NULL;
        }
    }
    sol_queue_finish(run->painted);
    return NULL;
}

/* ---- writer, in the caller's thread ---- */

/*
 * Tells how far the render is, in whichever thread. Painting is what takes time: the estimate goes by painted frames,
 * where there are any.
 *
 * @param part  0..1: of the frame `number`, which is being painted
 */
static void tell_progress(Run *run, int64_t number, double part)
{
    const SolPipeline *pipeline = run->pipeline;
    const SolRenderOptions *options = pipeline->options;
    SolRenderProgress progress = {
        .done = run->done, .frames = pipeline->count, .part = part, .segment = "", .seconds_left = -1};
    double total = run->to_paint ? (double)run->to_paint : (double)pipeline->count;
    double finished = (run->to_paint ? (double)run->done_painted : (double)run->done) + part;
    if (!options->progress)
        return;
    progress.seconds = sol_clock() - run->start;
    progress.rate = progress.seconds > 0 ? (double)run->done / progress.seconds : 0;
    if (finished > 0)
        progress.seconds_left = progress.seconds * (total - finished) / finished;
    if (pipeline->timeline) {
        SolMoment moment;
        SolStretch stretch;
        sol_timeline_at(pipeline->timeline, number, &moment);
        sol_timeline_stretch(pipeline->timeline, moment.stretch, &stretch);
        progress.segment = stretch.name;
    }
    options->progress(options->user, &progress);
}

static int write_frames(Run *run, SolRenderReport *report)
{
    const SolPipeline *pipeline = run->pipeline;
    SolMoment moment;
    void *item;
    while (sol_queue_pop(run->painted, &item)) {
        SolImage *image = item;
        int64_t number = image->number;
        double start = sol_clock();
        int result = SOL_OK;
        for (int i = 0; i < pipeline->writer_count && result == SOL_OK; i++)
            result = sol_writer_write(pipeline->writers[i], image);
        run->encode_seconds += sol_clock() - start;
        sol_image_unref(&image);
        if (result != SOL_OK) {
            stop(run, result);
            return result;
        }
        report->frames++;
        pthread_mutex_lock(&run->telling);
        run->done = report->frames;
        run->done_painted += is_painted(pipeline, number, &moment);
        tell_progress(run, number, 0);
        pthread_mutex_unlock(&run->telling);
    }
    return SOL_OK;
}

/* ---- all three ---- */

/* In the stylist's thread, while it paints a frame that takes long. */
static void tell_part(void *context, double part)
{
    Run *run = context;
    pthread_mutex_lock(&run->telling);
    tell_progress(run, run->pipeline->first + run->done, part);
    pthread_mutex_unlock(&run->telling);
}

static bool stops(void *context)
{
    return is_cancelled(context);
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
    Run run = {.pipeline = pipeline, .start = sol_clock()};
    SolMoment moment;
    int result;
    for (int64_t n = 0; n < pipeline->count; n++)
        run.to_paint += is_painted(pipeline, pipeline->first + n, &moment);
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

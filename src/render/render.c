/* SPDX-License-Identifier: Apache-2.0
 *
 * Rendering: everything that can fail for a reason in the schedule or its files is done first (input,
 * frame index, timeline, model, styles, plan), then the outputs are opened, then the pipeline runs.
 */
#include <solstice/render.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/pool.h"
#include "render/pipeline.h"
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

/* What a render holds; released by release(), half-built or whole. */
typedef struct Render {
    const SolRenderOptions *options;
    const SolOutputSettings *outputs;
    int output_count;
    SolVideo *video;          /* borrowed */
    SolVideoIndex index;
    SolTimeline *timeline;    /* NULL for a plain clip */
    SolModel *model;
    SolEngine *engine;
    SolStyle **styles;        /* [stretches]; several may point to one style */
    int style_count;
    SolWriter **writers;      /* [output_count] */
    int64_t first, count;
} Render;

static void release(Render *render)
{
    for (int i = 0; render->writers && i < render->output_count; i++)
        sol_writer_close(&render->writers[i]);
    sol_free(render->writers);
    for (int i = 0; i < render->style_count; i++) {
        SolStyle *style = render->styles[i];
        for (int k = i; k < render->style_count; k++) /* one style may serve several stretches */
            if (render->styles[k] == style)
                render->styles[k] = NULL;
        sol_style_close(&style);
    }
    sol_free(render->styles);
    sol_engine_close(&render->engine);
    sol_model_close(&render->model);
    sol_timeline_close(&render->timeline);
    sol_video_index_clear(&render->index);
}

static bool is_cancelled(const SolRenderOptions *options)
{
    return options->cancelled && options->cancelled(options->user);
}

static int find_range(Render *render)
{
    const SolRenderOptions *options = render->options;
    int64_t frames;
    int result = sol_video_index(render->video, &render->index);
    if (result != SOL_OK)
        return result;
    frames = render->index.frames;
    if (options->first < 0 || options->first >= frames || options->count < 0 ||
        options->count > frames - options->first)
        return options->count > 0 && options->first >= 0 && options->first <= INT64_MAX - options->count
                   ? sol_fail(SOL_ERR_ARGUMENT, "frames %lld-%lld run past the last frame (%lld)",
                              (long long)options->first, (long long)(options->first + options->count - 1),
                              (long long)(frames - 1))
                   : sol_fail(SOL_ERR_ARGUMENT, "there is no frame %lld; the frames are 0-%lld",
                              (long long)options->first, (long long)(frames - 1));
    render->first = options->first;
    render->count = options->count ? options->count : frames - options->first;
    return SOL_OK;
}

/* Says which frames of the range lie in no segment. */
static void report_uncovered(const Render *render)
{
    for (int i = 0; i < sol_timeline_count(render->timeline); i++) {
        SolStretch stretch;
        sol_timeline_stretch(render->timeline, i, &stretch);
        if (!stretch.covered)
            sol_log(render->options->log, SOL_LOG_WARNING,
                    "frames %lld-%lld lie in no segment and pass through untouched", (long long)stretch.first,
                    (long long)stretch.last);
    }
}

/* True where one of the range's frames is painted with the style of stretch `i`. */
static bool is_wanted(const Render *render, int i)
{
    SolStretch stretch, next;
    sol_timeline_stretch(render->timeline, i, &stretch);
    if (!stretch.style)
        return false;
    /* a transition reaches at most one stretch further */
    if (i > 0) {
        sol_timeline_stretch(render->timeline, i - 1, &next);
        stretch.first = next.first;
    }
    if (i + 1 < sol_timeline_count(render->timeline)) {
        sol_timeline_stretch(render->timeline, i + 1, &next);
        stretch.last = next.last;
    }
    return stretch.first < render->first + render->count && stretch.last >= render->first;
}

static SolPrecision precision_of(const SolRenderOptions *options, const SolSchedule *schedule)
{
    return options->precision ? *options->precision : schedule->precision;
}

static int learn_styles(Render *render, const SolSchedule *schedule)
{
    const SolRenderOptions *options = render->options;
    const SolEngineOptions how = {.threads = options->threads,
                                  .precision = precision_of(options, schedule),
                                  .memory = options->memory ? options->memory : schedule->memory};
    const char *model_path = options->model ? options->model : schedule->model;
    int stretches = sol_timeline_count(render->timeline), result = SOL_OK;
    render->styles = sol_calloc((size_t)stretches, sizeof *render->styles);
    if (!render->styles)
        return sol_fail_memory("the styles");
    render->style_count = stretches;
    for (int i = 0; i < stretches && result == SOL_OK; i++) {
        SolStretch stretch, earlier;
        if (!is_wanted(render, i))
            continue;
        if (is_cancelled(options))
            return sol_fail(SOL_ERR_CANCELLED, "interrupted");
        sol_timeline_stretch(render->timeline, i, &stretch);
        for (int k = 0; k < i && !render->styles[i]; k++) {
            sol_timeline_stretch(render->timeline, k, &earlier);
            if (render->styles[k] && strcmp(earlier.style, stretch.style) == 0)
                render->styles[i] = render->styles[k];
        }
        if (render->styles[i])
            continue;
        if (!model_path)
            return sol_fail(SOL_ERR_ARGUMENT, "the schedule was read without its model, and no other is given");
        if (!render->model && (result = sol_model_open(&render->model, model_path)) != SOL_OK)
            break;
        if (!render->engine && (result = sol_engine_open(&render->engine, render->model, &how)) != SOL_OK)
            break;
        result = sol_style_open(&render->styles[i], render->engine, stretch.style);
    }
    return result;
}

enum { DECODING_SHARE = 4, ENCODING_SHARE = 1 };

/*
 * Threads of a codec beside the painting, which has the cores: one for every `share` of them. They keep ahead of it,
 * and every further one costs time in passing pictures on.
 */
static int codec_threads(const SolRenderOptions *options, bool painting, int share)
{
    int threads = options->threads > 0 ? options->threads : sol_cpu_count();
    return painting ? (threads + share - 1) / share : options->threads;
}

static bool paints(const SolSchedule *schedule)
{
    for (int i = 0; i < schedule->segment_count; i++)
        if (schedule->segments[i].style)
            return true;
    return false;
}

static int open_writers(Render *render, const SolVideoInfo *info)
{
    SolWriterInput input = {.width = info->out_width,
                            .height = info->out_height,
                            .time_base = info->time_base,
                            .frame_rate = info->frame_rate,
                            .threads = codec_threads(render->options, render->engine, ENCODING_SHARE),
                            .overwrite = render->options->overwrite,
                            .first = render->first,
                            .count = render->count};
    int result = SOL_OK;
    render->writers = sol_calloc((size_t)render->output_count, sizeof *render->writers);
    if (!render->writers)
        return sol_fail_memory("the outputs");
    for (int i = 0; i < render->output_count && result == SOL_OK; i++)
        result = sol_writer_open(&render->writers[i], &render->outputs[i], &input, render->options->log);
    return result;
}

static int finish_writers(Render *render, SolRenderReport *report)
{
    int result = SOL_OK;
    report->outputs = sol_calloc((size_t)render->output_count, sizeof *report->outputs);
    if (!report->outputs)
        return sol_fail_memory("the report");
    report->output_count = render->output_count;
    for (int i = 0; i < render->output_count && result == SOL_OK; i++)
        result = sol_writer_finish(render->writers[i], &report->outputs[i]);
    return result;
}

/* From a known timeline (or none) to finished outputs. */
static int carry_out(Render *render, double start, SolRenderReport *report)
{
    SolVideoInfo info;
    SolPipeline pipeline;
    int result = SOL_OK;
    double encode_start;
    sol_video_info(render->video, &info);
    if (render->engine)
        result = sol_engine_plan(render->engine, info.out_width, info.out_height);
    if (result == SOL_OK)
        result = open_writers(render, &info);
    if (result != SOL_OK)
        return result;
    report->tiles = render->engine ? sol_engine_tiles(render->engine) : 0;
    report->width = info.out_width;
    report->height = info.out_height;
    report->threads = render->options->threads > 0 ? render->options->threads : sol_cpu_count();
    report->prepare_seconds = sol_clock() - start;
    pipeline = (SolPipeline){.video = render->video,
                             .first = render->first,
                             .count = render->count,
                             .timeline = render->timeline,
                             .engine = render->engine,
                             .styles = render->styles,
                             .writers = render->writers,
                             .writer_count = render->output_count,
                             .options = render->options};
    result = sol_pipeline_run(&pipeline, report);
    if (result != SOL_OK)
        return result;
    encode_start = sol_clock();
    result = finish_writers(render, report);
    report->encode_seconds += sol_clock() - encode_start;
    report->seconds = sol_clock() - start;
    return result;
}

static void hand_over(SolRenderReport *made, int result, SolRenderReport *report)
{
    if (result == SOL_OK && report)
        *report = *made;
    else
        sol_render_report_clear(made);
}

int sol_render(const SolSchedule *schedule, const SolRenderOptions *options, SolRenderReport *report)
{
    const SolOutputSettings *outputs = options->outputs ? options->outputs : schedule->outputs;
    int output_count = options->outputs ? options->output_count : (int)schedule->output_count;
    Render render = {.options = options, .outputs = outputs, .output_count = output_count};
    SolRenderReport made = {.precision = precision_of(options, schedule)};
    SolVideo *video = NULL;
    double start = sol_clock();
    int decoders = codec_threads(options, paints(schedule), DECODING_SHARE);
    int result = sol_schedule_open_input(schedule, options->size, decoders, options->log, &video);
    if (result != SOL_OK)
        return result;
    render.video = video;
    result = find_range(&render);
    if (result == SOL_OK)
        result = sol_timeline_open(&render.timeline, schedule, &render.index);
    if (result == SOL_OK) {
        report_uncovered(&render);
        result = learn_styles(&render, schedule);
    }
    if (result == SOL_OK)
        result = carry_out(&render, start, &made);
    release(&render);
    sol_video_close(&video);
    hand_over(&made, result, report);
    return result;
}

int sol_render_clip(SolVideo *video, const SolRenderOptions *options, SolRenderReport *report)
{
    Render render = {
        .options = options, .outputs = options->outputs, .output_count = options->output_count, .video = video};
    SolRenderReport made = {0};
    double start = sol_clock();
    int result = find_range(&render);
    if (result == SOL_OK)
        result = carry_out(&render, start, &made);
    release(&render);
    hand_over(&made, result, report);
    return result;
}

void sol_render_report_clear(SolRenderReport *report)
{
    sol_free(report->outputs);
    *report = (SolRenderReport){0};
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Rendering: everything that can fail for a reason in the schedule or its files is done first (input,
 * frame index, timeline, model, styles, plan), then the outputs are opened, then the pipeline runs.
 */
#include <solstice/render.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/text.h"
#include "media/video.h"
#include "media/writer.h"
#include "render/comment.h"
#include "render/frames.h"
#include "render/parts.h"
#include "render/pipeline.h"
#include "render/store.h"
#include "schedule/schedule.h"

#include <stdlib.h>

/* What a render holds; released by release(), half-built or whole. */
typedef struct Render {
    const SolRenderOptions *options;
    const SolOutputSettings *outputs;
    int output_count;
    SolVideo *video;          /* borrowed */
    SolVideoIndex index;
    SolTimeline *timeline;    /* NULL for a plain clip */
    SolParts parts;           /* of frames first .. first + count - 1 */
    SolWriterInput input;     /* of every output */
    SolStore *store;          /* NULL where nothing is kept */
    SolPainters *painters;    /* NULL where nothing is painted */
    SolWriter **writers;      /* [output_count] */
    int64_t first, count;
    bool *wanted;             /* [count] frames that show in an output */
    int64_t shown;            /* how many these are */
    char comment[SOL_COMMENT_SIZE];
    uint64_t memory;          /* that each engine may take */
    bool pairs;               /* an output shows what frames were painted from */
    bool complete;            /* the outputs are */
} Render;

static void release(Render *render)
{
    for (int i = 0; render->writers && i < render->output_count; i++)
        sol_writer_close(&render->writers[i]);
    sol_free(render->writers);
    sol_store_close(&render->store, render->complete && !render->options->keep);
    sol_painters_close(&render->painters);
    sol_parts_clear(&render->parts);
    sol_free(render->wanted);
    sol_timeline_close(&render->timeline);
    sol_video_index_clear(&render->index);
}

static bool is_cancelled(const SolRenderOptions *options)
{
    return options->cancelled && options->cancelled(options->user);
}

/* The frames that begin within the wanted seconds. */
static int find_times(Render *render)
{
    const SolRenderOptions *options = render->options;
    const SolVideoIndex *index = &render->index;
    double end = sol_index_seconds(index, index->frames);
    int64_t last = options->to > 0 ? sol_index_find(index, options->to) : index->frames;
    if (options->to > 0 && options->from >= options->to)
        return sol_fail(SOL_ERR_ARGUMENT, "from %.3f to %.3f s there is nothing; the end must come behind the beginning",
                        options->from, options->to);
    if (options->from >= end)
        return sol_fail(SOL_ERR_ARGUMENT, "from %.3f s there is nothing; the clip is over at %.3f s", options->from, end);
    render->first = sol_index_find(index, options->from);
    render->count = last - render->first;
    if (render->count < 1)
        return sol_fail(SOL_ERR_ARGUMENT, "from %.3f to %.3f s no frame begins; take longer", options->from,
                        options->to > 0 ? options->to : end);
    return SOL_OK;
}

static int find_range(Render *render)
{
    const SolRenderOptions *options = render->options;
    int64_t frames;
    int result = sol_video_index(render->video, &render->index);
    if (result != SOL_OK)
        return result;
    if (options->from > 0 || options->to > 0)
        return find_times(render);
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
        if (stretch.first < render->first)
            stretch.first = render->first;
        if (stretch.last >= render->first + render->count)
            stretch.last = render->first + render->count - 1;
        if (!stretch.covered && stretch.first <= stretch.last)
            sol_log(render->options->log, SOL_LOG_WARNING,
                    "frames %lld-%lld lie in no segment and pass through untouched", (long long)stretch.first,
                    (long long)stretch.last);
    }
}

static int open_input(const SolSchedule *schedule, const SolRenderOptions *options, int threads, const SolLog *log,
                      SolVideo **video)
{
    return sol_schedule_open_input(schedule, &(SolVideoOptions){.short_side = options->size, .threads = threads, .log = log,
                                                                .cancelled = options->cancelled, .user = options->user},
                                   video);
}

static SolPrecision precision_of(const SolRenderOptions *options, const SolSchedule *schedule)
{
    return options->precision ? *options->precision : schedule->precision;
}

static SolSteady steadiness_of(const SolRenderOptions *options, const SolSchedule *schedule)
{
    return options->steady ? sol_steady_of(*options->steady) : schedule->steady;
}

/* Whether a style of a stretch gets the content's colours. */
static bool takes_colors(const SolStretch *stretch)
{
    for (int k = 0; k < stretch->layer_count; k++)
        if (stretch->layers[k].look && stretch->layers[k].look->color == SOL_COLOR_CONTENT)
            return true;
    return false;
}

/*
 * Reads the frame in the middle of every wanted stretch whose style gets the content's colours. One frame speaks for
 * all of a stretch, so that its colours do not change from frame to frame.
 */
static int read_references(const Render *render, const SolSchedule *schedule, const bool wanted[],
                           SolImage *references[])
{
    SolVideo *video = NULL;
    int result = SOL_OK;
    for (int i = 0; i < sol_timeline_count(render->timeline) && result == SOL_OK; i++) {
        SolStretch stretch;
        sol_timeline_stretch(render->timeline, i, &stretch);
        if (!wanted[i] || !takes_colors(&stretch))
            continue;
        if (is_cancelled(render->options))
            result = sol_fail(SOL_ERR_CANCELLED, "interrupted");
        else if (!video)
            result = open_input(schedule, render->options, render->options->threads, NULL, &video);
        if (result == SOL_OK)
            result = sol_video_skip_to(video, stretch.first + (stretch.last - stretch.first) / 2);
        if (result == SOL_OK)
            result = sol_video_read(video, &references[i]);
        if (result == SOL_OK && !references[i])
            result = sol_fail(SOL_ERR_FORMAT, "the clip ends before the middle of segment \"%s\"", stretch.name);
    }
    sol_video_close(&video);
    return result;
}

static int learn_styles(Render *render, const SolSchedule *schedule)
{
    const SolRenderOptions *options = render->options;
    const SolEngineOptions how = {.threads = options->threads,
                                  .precision = precision_of(options, schedule),
                                  .memory = render->memory};
    int count = sol_timeline_count(render->timeline), result = SOL_OK;
    bool *wanted = sol_calloc((size_t)count, sizeof *wanted), any = false;
    SolImage **references = sol_calloc((size_t)count, sizeof *references);
    if (!wanted || !references)
        result = sol_fail_memory("the styles");
    for (int i = 0; i < render->parts.count && result == SOL_OK; i++) {
        const SolPart *part = &render->parts.items[i];
        if (!part->reused && sol_parts_shown(&render->parts, part->first, part->count) > 0)
            sol_parts_touched(render->timeline, part->first + part->kept, part->count - part->kept, wanted);
    }
    for (int i = 0; i < count && result == SOL_OK; i++)
        any |= wanted[i];
    if (result == SOL_OK && any)
        result = read_references(render, schedule, wanted, references);
    if (result == SOL_OK && any)
        result = sol_painters_open(&render->painters,
                                   &(SolPaintersSource){render->timeline, wanted, references, &how,
                                                        steadiness_of(options, schedule), options->models,
                                                        options->cancelled, options->user});
    for (int i = 0; references && i < count; i++)
        sol_image_unref(&references[i]);
    sol_free(references);
    sol_free(wanted);
    return result;
}

static int thread_count(const SolRenderOptions *options)
{
    return options->threads > 0 ? options->threads : sol_cpu_count();
}

enum { DECODING_SHARE = 4, ENCODING_SHARE = 2 };

/*
 * Threads of a codec beside the painting, which has the cores: one for every `share` of them. They keep ahead of it,
 * and every further one costs time in passing pictures on.
 */
static int codec_threads(const SolRenderOptions *options, bool painting, int share)
{
    return painting ? (thread_count(options) + share - 1) / share : options->threads;
}

static bool paints(const SolSchedule *schedule)
{
    for (int i = 0; i < schedule->segment_count; i++)
        if (schedule->segments[i].layer_count > 0)
            return true;
    return false;
}

/* What is given to every output; marks the frames that show in one. */
static int describe_input(Render *render, const SolSchedule *schedule, bool painting)
{
    SolVideoInfo info;
    int result = sol_comment_write(render->comment, schedule);
    sol_video_info(render->video, &info);
    for (int i = 0; i < render->output_count; i++)
        render->pairs |= sol_writer_shows_source(&render->outputs[i]);
    render->input = (SolWriterInput){.width = info.out_width,
                                     .height = info.out_height,
                                     .time_base = info.time_base,
                                     .frame_rate = info.frame_rate,
                                     .threads = codec_threads(render->options, painting, ENCODING_SHARE),
                                     .overwrite = render->options->overwrite,
                                     .first = render->first,
                                     .count = render->count,
                                     .index = &render->index,
                                     .sources = info.sources,
                                     .source_count = info.source_count,
                                     .comment = render->comment,
                                     .cancelled = render->options->cancelled,
                                     .user = render->options->user};
    render->wanted = sol_calloc((size_t)render->count, sizeof *render->wanted);
    if (result == SOL_OK && !render->wanted)
        result = sol_fail_memory("the frames of the outputs");
    for (int i = 0; i < render->output_count && result == SOL_OK; i++)
        result = sol_writer_mark(&render->outputs[i], &render->input, render->wanted);
    for (int64_t n = 0; n < render->count && result == SOL_OK; n++)
        render->shown += render->wanted[n];
    return result;
}

enum { MEMORY_STEP = 64 << 20 };

/*
 * The engines share what painting may take, all of them, also where what is kept leaves work for some only: memory
 * decides how frames are cut into tiles. Where nothing is said, it is half of the machine's, less what
 * may change when that is started again.
 */
static int share_memory(Render *render, const SolSchedule *schedule)
{
    uint64_t memory = render->options->memory ? render->options->memory : schedule->memory;
    bool *painted = sol_calloc((size_t)sol_timeline_count(render->timeline), sizeof *painted);
    int engines;
    if (!painted)
        return sol_fail_memory("the styles");
    if (memory == 0) {
        memory = sol_machine_memory() / 2;
        memory -= memory > 2 * MEMORY_STEP ? memory % MEMORY_STEP : 0;
    }
    sol_parts_touched(render->timeline, render->first, render->count, painted);
    engines = sol_painters_engines(render->timeline, painted);
    render->memory = engines > 1 ? memory / (uint64_t)engines : memory;
    sol_free(painted);
    return SOL_OK;
}

/* Cuts the render into parts, and finds what an earlier one has kept of them. */
static int open_parts(Render *render, const SolSchedule *schedule)
{
    const SolRenderOptions *options = render->options;
    const SolPartsSource source = {.video = render->video,
                                   .index = &render->index,
                                   .timeline = render->timeline,
                                   .width = render->input.width,
                                   .height = render->input.height,
                                   .precision = precision_of(options, schedule),
                                   .steady = steadiness_of(options, schedule),
                                   .memory = render->memory,
                                   .threads = thread_count(options),
                                   .first = render->first,
                                   .count = render->count,
                                   .wanted = render->wanted};
    const SolStoreSource store = {render->outputs, render->output_count, &render->input, &render->parts,
                                   render->pairs};
    bool keeps = sol_video_has_digest(render->video);
    int result = sol_parts_cut(&render->parts, &source);
    for (int i = 0; i < render->output_count; i++)
        keeps &= sol_writer_keeps_parts(&render->outputs[i]);
    if (result == SOL_OK && keeps)
        result = sol_store_open(&render->store, &store);
    /* those that an earlier render of just this had completed before it was stopped */
    render->input.overwrite |= sol_store_was_naming(render->store);
    return result;
}

static int open_writers(Render *render)
{
    int result = SOL_OK, streams = 0;
    for (int i = 0; i < render->output_count; i++)
        streams += sol_writer_is_stream(render->outputs[i].path);
    if (streams > 1)
        return sol_fail(SOL_ERR_ARGUMENT, "standard output takes one film, and %d outputs name it", streams);
    render->writers = sol_calloc((size_t)render->output_count, sizeof *render->writers);
    if (!render->writers)
        return sol_fail_memory("the outputs");
    for (int i = 0; i < render->output_count && result == SOL_OK; i++)
        result = sol_writer_open(&render->writers[i], &render->outputs[i], &render->input, render->options->log);
    return result;
}

/* Brings the outputs' names to the disk, before what they were made from goes. */
static void sync_names(const Render *render)
{
    for (int i = 0; i < render->output_count; i++) {
        char *folder = sol_path_folder(render->outputs[i].path);
        if (folder)
            sol_sync_folder(folder);
        free(folder);
    }
}

static int finish_writers(Render *render, SolRenderReport *report)
{
    int result = SOL_OK;
    report->outputs = sol_calloc((size_t)render->output_count, sizeof *report->outputs);
    if (!report->outputs)
        return sol_fail_memory("the report");
    report->output_count = render->output_count;
    result = sol_store_naming(render->store, true);
    for (int i = 0; i < render->output_count && result == SOL_OK; i++)
        result = sol_writer_finish(render->writers[i], &report->outputs[i]);
    if (result == SOL_OK && render->store)
        sync_names(render);
    if (result == SOL_OK || result == SOL_ERR_EXISTS) {
        int unnamed = sol_store_naming(render->store, false);
        result = result == SOL_OK ? unnamed : result;
    }
    return result;
}

/* Adds to the text of a failure that is not one of the request what has been saved from it. */
static int tell_kept(const Render *render, int result)
{
    long long kept = (long long)sol_store_frames(render->store), count = (long long)render->shown;
    char *text = result == SOL_OK || kept == 0 ? NULL : sol_copy(sol_error_text());
    if (text && result == SOL_ERR_CANCELLED)
        sol_fail(result, "interrupted with %lld of %lld frames done; the same command goes on from there", kept, count);
    else if (text)
        sol_fail(result, "%s; %lld of %lld frames are kept, and the same command goes on from there", text, kept, count);
    free(text);
    return result;
}

static SolPipeline pipeline_of(const Render *render)
{
    return (SolPipeline){.video = render->video,
                         .parts = &render->parts,
                         .store = render->store,
                         .timeline = render->timeline,
                         .painters = render->painters,
                         .writers = render->writers,
                         .writer_count = render->output_count,
                         .pairs = render->pairs,
                         .options = render->options};
}

static int plan_painters(Render *render)
{
    SolVideoInfo info;
    sol_video_info(render->video, &info);
    return sol_painters_plan(render->painters, &(SolPaintersSize){info.out_width, info.out_height, info.upright_width,
                                                                  info.upright_height});
}

/* From known parts to finished outputs. */
static int carry_out(Render *render, double start, SolRenderReport *report)
{
    const SolWriterInput *input = &render->input;
    SolPipeline pipeline;
    int result = SOL_OK;
    double encode_start;
    if (render->painters)
        result = plan_painters(render);
    if (result == SOL_OK)
        result = open_writers(render);
    if (result != SOL_OK)
        return result;
    if (render->painters)
        sol_painters_tell(render->painters, render->options->log);
    report->tiles = render->painters ? sol_painters_tiles(render->painters) : 0;
    report->width = input->width;
    report->height = input->height;
    report->threads = thread_count(render->options);
    report->prepare_seconds = sol_clock() - start;
    pipeline = pipeline_of(render);
    result = sol_pipeline_run(&pipeline, report);
    encode_start = sol_clock();
    if (result == SOL_OK)
        result = finish_writers(render, report);
    render->complete = result == SOL_OK;
    if (result != SOL_OK)
        return tell_kept(render, result);
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
    int result = open_input(schedule, options, decoders, options->log, &video);
    if (result != SOL_OK)
        return result;
    render.video = video;
    result = find_range(&render);
    if (result == SOL_OK)
        result = sol_timeline_open(&render.timeline, schedule, &render.index);
    if (result == SOL_OK) {
        report_uncovered(&render);
        result = describe_input(&render, schedule, paints(schedule));
    }
    if (result == SOL_OK)
        result = share_memory(&render, schedule);
    if (result == SOL_OK)
        result = open_parts(&render, schedule);
    if (result == SOL_OK) {
        result = learn_styles(&render, schedule);
        if (result == SOL_ERR_CANCELLED)
            tell_kept(&render, result);
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
    SolPart whole = {0};
    double start = sol_clock();
    int result = find_range(&render);
    whole.first = render.first;
    whole.count = render.count;
    if (result == SOL_OK)
        result = describe_input(&render, NULL, false);
    render.parts = (SolParts){&whole, 1, render.wanted};
    if (result == SOL_OK)
        result = carry_out(&render, start, &made);
    render.parts = (SolParts){0};
    release(&render);
    hand_over(&made, result, report);
    return result;
}

/* Every frame that is chosen is a part of its own. */
static int choose_parts(Render *render, const SolFrames *frames)
{
    int64_t *numbers = NULL;
    int count = 0, result;
    result = frames->choose(frames->context, render->timeline, render->input.width, render->input.height, &numbers,
                            &count);
    if (result == SOL_OK && !(render->parts.items = calloc((size_t)count, sizeof *render->parts.items)))
        result = sol_fail_memory("the parts of a render");
    for (int i = 0; i < count && result == SOL_OK; i++) {
        SolMoment moment;
        sol_timeline_at(render->timeline, numbers[i], &moment);
        render->parts.items[i] = (SolPart){.first = numbers[i], .count = 1, .painted = moment.sides > 0};
        render->parts.count = i + 1;
    }
    sol_free(numbers);
    return result;
}

static int paint_chosen(Render *render, const SolFrames *frames)
{
    SolRenderReport report = {0};
    SolPipeline pipeline;
    int result = SOL_OK;
    if (render->painters)
        result = plan_painters(render);
    if (result != SOL_OK)
        return result;
    pipeline = pipeline_of(render);
    pipeline.pairs = true;
    pipeline.take = frames->take;
    pipeline.context = frames->context;
    return sol_pipeline_run(&pipeline, &report);
}

int sol_render_frames(const SolSchedule *schedule, const SolRenderOptions *options, const SolFrames *frames)
{
    SolRenderOptions whole = *options;
    Render render = {.options = &whole};
    SolVideo *video = NULL;
    int decoders = codec_threads(options, paints(schedule), DECODING_SHARE);
    int result = open_input(schedule, options, decoders, options->log, &video);
    if (result != SOL_OK)
        return result;
    whole.first = whole.count = 0;
    render.video = video;
    result = find_range(&render);
    if (result == SOL_OK)
        result = sol_timeline_open(&render.timeline, schedule, &render.index);
    if (result == SOL_OK)
        result = describe_input(&render, schedule, paints(schedule));
    if (result == SOL_OK)
        result = share_memory(&render, schedule);
    if (result == SOL_OK)
        result = choose_parts(&render, frames);
    if (result == SOL_OK)
        result = learn_styles(&render, schedule);
    if (result == SOL_OK)
        result = paint_chosen(&render, frames);
    release(&render);
    sol_video_close(&video);
    return result;
}

void sol_render_report_clear(SolRenderReport *report)
{
    sol_free(report->outputs);
    *report = (SolRenderReport){0};
}

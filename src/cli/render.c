/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice render: a schedule in, its outputs out.
 */
#include "cli/render.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/writer.h"
#include "schedule/schedule.h"

#include <solstice/style.h>
#include <solstice/version.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- statistics ---- */

static json_t *stage_json(int64_t frames, double seconds)
{
    return json_pack("{s:f, s:f}", "seconds", seconds, "frames_per_second",
                     seconds > 0 ? (double)frames / seconds : 0.0);
}

static json_t *report_json(const SolRenderReport *report)
{
    json_t *outputs = json_array();
    for (int i = 0; i < report->output_count; i++) {
        const SolWriterReport *output = &report->outputs[i];
        json_array_append_new(outputs, json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:f, s:I}", "path", output->path,
                                                 "width", output->width, "height", output->height, "frames",
                                                 (json_int_t)output->frames, "dropped", (json_int_t)output->dropped,
                                                 "repeated", (json_int_t)output->repeated, "seconds", output->seconds,
                                                 "bytes", (json_int_t)output->bytes));
    }
    return json_pack("{s:s, s:I, s:I, s:i, s:i, s:f, s:f, s:f, s:o, s:o, s:o, s:I, s:i, s:i, s:s, s:s, s:o}", "version",
                     SOL_VERSION, "frames", (json_int_t)report->frames, "painted", (json_int_t)report->painted,
                     "width", report->width, "height", report->height, "seconds", report->seconds,
                     "frames_per_second", (double)report->frames / report->seconds, "prepare_seconds",
                     report->prepare_seconds, "decode", stage_json(report->frames, report->decode_seconds), "paint",
                     stage_json(report->painted, report->paint_seconds), "encode",
                     stage_json(report->frames, report->encode_seconds), "peak_memory_bytes",
                     (json_int_t)peak_memory(), "threads", report->threads, "tiles", report->tiles, "precision",
                     sol_precision_name(report->precision), "blas_core", sol_blas_core(), "outputs",
                     outputs);
}

json_t *job_json(const RenderJob *job)
{
    json_t *json = job->finished ? report_json(&job->report) : json_object(), *path = json_string(job->path);
    if (json && path)
        json_object_set_new(json, "schedule", path);
    if (json && job->failure)
        json_object_set_new(json, "error", json_string(job->failure));
    return json;
}

int write_stats(SolPending *file, const char *path, const RenderJob jobs[], size_t count, bool list)
{
    json_t *json = list ? json_array() : job_json(&jobs[0]);
    bool written;
    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(json, job_json(&jobs[i]));
    written = json && json_dump_file(json, sol_pending_path(file), JSON_INDENT(2)) == 0;
    json_decref(json);
    if (!written)
        return sol_fail(SOL_ERR_IO, "%s: the statistics cannot be written", path);
    return sol_pending_commit(file);
}

/* ---- one schedule ---- */

const SolLog *render_log(const RenderWishes *wishes)
{
    return wishes->quiet ? &sol_console_warnings : wishes->verbose ? &sol_console_details : &sol_console_log;
}

int load_job(RenderJob *job, const RenderWishes *wishes)
{
    const SolColor color = (SolColor)wishes->color.value;
    const SolScheduleOptions options = {.model_folders = model_folders(),
                                        .model = wishes->model,
                                        .method = wishes->method,
                                        .color = wishes->color.value >= 0 ? &color : NULL};
    int result;
    job->begun = true;
    result = sol_schedule_load(&job->schedule, job->path, &options);
    for (size_t i = 0; i < wishes->outputs.count; i++)
        job->streams |= sol_writer_is_stream(wishes->outputs.items[i]);
    for (int i = 0; result == SOL_OK && wishes->outputs.count == 0 && i < job->schedule->output_count; i++)
        job->streams |= sol_writer_is_stream(job->schedule->outputs[i].path);
    return result;
}

/* Settings for the outputs named on the command line, in the schedule's manner. */
static int choose_outputs(RenderJob *job, const TextList *paths)
{
    int result = SOL_OK;
    job->outputs = sol_calloc(paths->count, sizeof *job->outputs);
    if (!job->outputs)
        return sol_fail_memory("the outputs");
    for (size_t i = 0; i < paths->count && result == SOL_OK; i++)
        result = sol_schedule_output(job->schedule, paths->items[i], &job->outputs[i]);
    return result;
}

int render_job(RenderJob *job, const RenderWishes *wishes, SolRenderOptions options)
{
    const SolPrecision precision = (SolPrecision)wishes->precision.value;
    const SolSteadiness steady = (SolSteadiness)wishes->steady.value;
    int result = SOL_OK;
    options.first = wishes->frames.first;
    options.count = wishes->frames.count;
    options.size = (int)wishes->size;
    options.precision = wishes->precision.value >= 0 ? &precision : NULL;
    options.steady = wishes->steady.value >= 0 ? &steady : NULL;
    options.overwrite = wishes->overwrite;
    options.keep = wishes->keep;
    options.cancelled = was_interrupted;
    if (wishes->outputs.count > 0) {
        result = choose_outputs(job, &wishes->outputs);
        options.outputs = job->outputs;
        options.output_count = (int)wishes->outputs.count;
    }
    if (result == SOL_OK)
        result = sol_render(job->schedule, &options, &job->report);
    job->finished = result == SOL_OK;
    return result;
}

void close_job(RenderJob *job)
{
    sol_render_report_clear(&job->report);
    sol_free(job->outputs);
    sol_schedule_close(&job->schedule);
    free(job->failure);
    job->failure = NULL;
}

static void show_job_progress(void *user, const SolRenderProgress *progress)
{
    tell_json_progress(user, progress);
}

static int render_one(const char *path, const RenderWishes *wishes)
{
    RenderJob job = {.path = path, .told = -1};
    const SolRenderOptions options = {.threads = (int)wishes->threads,
                                      .memory = wishes->memory,
                                      .log = render_log(wishes),
                                      .progress = wishes->json    ? show_job_progress
                                                  : wishes->quiet ? NULL
                                                                  : show_render_progress,
                                      .user = &job};
    SolPending *stats = NULL;
    int result = load_job(&job, wishes), status;
    catch_interrupts();
    if (result == SOL_OK && wishes->stats)
        result = sol_pending_open(&stats, wishes->stats, true);
    if (result == SOL_OK)
        result = render_job(&job, wishes, options);
    if (result == SOL_OK && stats)
        result = write_stats(stats, wishes->stats, &job, 1, false);
    sol_pending_close(&stats);
    status = result == SOL_OK ? EXIT_DONE : report_failure(result);
    job.failure = result == SOL_OK ? NULL : sol_copy(sol_error_text());
    if (wishes->json)
        tell_json_end(&job);
    else if (result == SOL_OK && !wishes->quiet)
        print_report(&job.report);
    close_job(&job);
    return status;
}

/* ---- the command ---- */

static int check_wishes(const TextList *operands, const RenderWishes *wishes, bool batch)
{
    if (batch && wishes->outputs.count > 0)
        complain("render: -o %s: several schedules cannot share an output; leave -o out, or render them one by one",
                 wishes->outputs.items[0]);
    else if (wishes->quiet && (wishes->verbose || wishes->json))
        complain("render: --quiet and --%s say opposite things; keep one", wishes->json ? "json-progress" : "verbose");
    else if (!batch && wishes->jobs > 1)
        complain("render: --jobs is for several schedules; there is one, %s", operands->items[0]);
    else
        return -1;
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    RenderWishes wishes = {.precision = {-1, precision_choice},
                           .color = {-1, color_choice},
                           .steady = {-1, sol_steadiness_name},
                           .jobs = 1};
    TextList operands = {0};
    const Option options[] = {
        {"output", 'o', OPTION_LIST, &wishes.outputs, 0, 0},
        {"frames", 0, OPTION_RANGE, &wishes.frames, 0, 0},
        {"size", 0, OPTION_INT, &wishes.size, 64, 8192},
        {"model", 0, OPTION_MODEL, &wishes.model, 0, 0},
        {"method", 0, OPTION_METHOD, &wishes.method, 0, 0},
        {"color", 0, OPTION_CHOICE, &wishes.color, 0, 0},
        {"steady", 0, OPTION_CHOICE, &wishes.steady, 0, 0},
        {"precision", 0, OPTION_CHOICE, &wishes.precision, 0, 0},
        {"memory", 0, OPTION_MEMORY, &wishes.memory, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"jobs", 'j', OPTION_INT, &wishes.jobs, 1, MAX_RENDER_JOBS},
        {"stats", 0, OPTION_FILE, &wishes.stats, 0, 0},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"keep", 0, OPTION_FLAG, &wishes.keep, 0, 0},
        {"json-progress", 0, OPTION_FLAG, &wishes.json, 0, 0},
        {"verbose", 'v', OPTION_FLAG, &wishes.verbose, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_render, argc, argv, options, &operands, 1, INT_MAX);
    bool batch = operands.count > 1 || (operands.count == 1 && sol_path_is_folder(operands.items[0]));
    if (status < 0)
        status = check_wishes(&operands, &wishes, batch);
    if (status < 0)
        status = batch ? render_batch(&operands, &wishes) : render_one(operands.items[0], &wishes);
    free(operands.items);
    free(wishes.outputs.items);
    return status;
}

const Command sol_command_render = {
    .name = "render",
    .arguments = "SCHEDULE... [-o PATH]... [OPTION ...]",
    .summary = "paint a clip as a schedule says, and write films, GIFs and stills",
    .help =
        "Reads the schedule (a YAML file, see docs/schedule.md), paints the frames of its input, and\n"
        "writes its outputs. They appear under their names only when they are complete.\n"
        "Several schedules, or a folder of them (all its .yaml and .yml files, in the order of the numbers\n"
        "in their names), are rendered one after another; one that fails does not stop the others. A\n"
        "table at the end tells what became of each.\n\n"
        "  -o, --output PATH    write PATH instead of the schedule's outputs; may be given again.\n"
        "                       .mp4 .mov .mkv .webm .y4m, .gif, .webp, .apng, or numbered stills:\n"
        "                       frames/%05d.png (.jpg);\n"
        "                       - is standard output, to which Matroska goes, or YUV4MPEG as -.y4m:\n"
        "                       solstice render film.yaml -o - | mpv -\n"
        "                       Quality, width and rate are those of the schedule's output of that kind\n"
        "      --frames A-B     only these frames, counted from 0\n"
        "      --size N         paint with N pixels on the shorter side\n"
        "      --model M        paint with this model: a name (\"solstice models\") or a .safetensors file\n"
        "      --method NAME    paint by this method: adain for example; as the model says where it is not given\n"
        "      --color WHOSE    colours: the style's (style), the content's (content), or each pixel's own, with\n"
        "                       the painting's luminance (luminance)\n"
        "                       (these three are for segments that do not say so themselves)\n"
        "      --steady LEVEL   keep paint from flickering: off, light or strong, instead of what the schedule says\n"
        "      --precision P    compute in float32, bfloat16, or auto, which picks for each layer\n"
        "      --memory SIZE    paint within this much memory, in tiles where that is needed: 2GiB for example\n"
        "      --threads N      use N threads; as many as there are processors where it is not given\n"
        "  -j, --jobs N         of several schedules: render N at once, which share threads and memory\n"
        "      --stats FILE     write how long everything took, as JSON\n"
        "      --overwrite      replace outputs that exist\n"
        "      --keep           keep what has been painted when the outputs are complete, for another render\n"
        "      --json-progress  print one JSON object a line, twice a second and at the end, in place of the\n"
        "                       progress line and the report\n"
        "  -v, --verbose        also say what had to be guessed, and how it is painted\n"
        "  -q, --quiet          print warnings and errors only\n\n"
        "Ctrl-C stops the render when the frame is done. What has been painted is kept in a hidden folder beside\n"
        "the first output, also when the program is killed, and the same command goes on from there.\n",
    .files = "yaml yml",
    .run = run,
};

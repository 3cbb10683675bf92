/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice render: a schedule in, its outputs out.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <solstice/style.h>
#include <solstice/version.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the command line says beside the schedule. */
typedef struct Wishes {
    TextList outputs;
    FrameRange frames;
    int64_t size, threads;
    Choice precision;
    uint64_t memory;
    const char *model, *method, *stats;
    Choice color;
    bool overwrite, keep, quiet;
} Wishes;

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
        json_array_append_new(outputs, json_pack("{s:s, s:i, s:i, s:I, s:f, s:I}", "path", output->path, "width",
                                                 output->width, "height", output->height, "frames",
                                                 (json_int_t)output->frames, "seconds", output->seconds, "bytes",
                                                 (json_int_t)output->bytes));
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

/* Writes the statistics to the file that was opened before the render; 0 or an error code. */
static int write_stats(SolPending *file, const char *path, const SolRenderReport *report)
{
    json_t *json = report_json(report);
    bool written = json && json_dump_file(json, sol_pending_path(file), JSON_INDENT(2)) == 0;
    json_decref(json);
    if (!written)
        return sol_fail(SOL_ERR_IO, "%s: the statistics cannot be written", path);
    return sol_pending_commit(file);
}

/* Settings for the outputs named on the command line, in the schedule's manner. */
static int choose_outputs(const SolSchedule *schedule, const TextList *paths, SolOutputSettings **settings)
{
    int result = SOL_OK;
    *settings = sol_calloc(paths->count, sizeof **settings);
    if (!*settings)
        return sol_fail_memory("the outputs");
    for (size_t i = 0; i < paths->count && result == SOL_OK; i++)
        result = sol_schedule_output(schedule, paths->items[i], &(*settings)[i]);
    return result;
}

static int render_schedule(const SolSchedule *schedule, const Wishes *wishes)
{
    const SolPrecision precision = (SolPrecision)wishes->precision.value;
    SolRenderOptions options = {.first = wishes->frames.first,
                                .count = wishes->frames.count,
                                .size = (int)wishes->size,
                                .precision = wishes->precision.value >= 0 ? &precision : NULL,
                                .memory = wishes->memory,
                                .threads = (int)wishes->threads,
                                .overwrite = wishes->overwrite,
                                .keep = wishes->keep,
                                .log = wishes->quiet ? &sol_console_warnings : &sol_console_log,
                                .progress = wishes->quiet ? NULL : show_render_progress,
                                .cancelled = was_interrupted};
    SolOutputSettings *outputs = NULL;
    SolPending *stats = NULL;
    SolRenderReport report = {0};
    int result = SOL_OK;
    if (wishes->outputs.count > 0) {
        result = choose_outputs(schedule, &wishes->outputs, &outputs);
        options.outputs = outputs;
        options.output_count = (int)wishes->outputs.count;
    }
    if (result == SOL_OK && wishes->stats)
        result = sol_pending_open(&stats, wishes->stats, true);
    if (result == SOL_OK)
        result = sol_render(schedule, &options, &report);
    if (result == SOL_OK && stats)
        result = write_stats(stats, wishes->stats, &report);
    if (result == SOL_OK && !wishes->quiet)
        print_report(&report);
    sol_pending_close(&stats);
    sol_render_report_clear(&report);
    sol_free(outputs);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int render_file(const char *path, const Wishes *wishes)
{
    const SolColor color = (SolColor)wishes->color.value;
    const SolScheduleOptions options = {.model_folders = model_folders(),
                                        .model = wishes->model,
                                        .method = wishes->method,
                                        .color = wishes->color.value >= 0 ? &color : NULL};
    SolSchedule *schedule = NULL;
    int result = sol_schedule_load(&schedule, path, &options), status;
    catch_interrupts();
    status = result == SOL_OK ? render_schedule(schedule, wishes) : report_failure(result);
    sol_schedule_close(&schedule);
    return status;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.precision = {-1, precision_choice}, .color = {-1, color_choice}};
    TextList operands = {0};
    const Option options[] = {
        {"output", 'o', OPTION_LIST, &wishes.outputs, 0, 0},
        {"frames", 0, OPTION_RANGE, &wishes.frames, 0, 0},
        {"size", 0, OPTION_INT, &wishes.size, 64, 8192},
        {"model", 0, OPTION_TEXT, &wishes.model, 0, 0},
        {"method", 0, OPTION_TEXT, &wishes.method, 0, 0},
        {"color", 0, OPTION_CHOICE, &wishes.color, 0, 0},
        {"precision", 0, OPTION_CHOICE, &wishes.precision, 0, 0},
        {"memory", 0, OPTION_MEMORY, &wishes.memory, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"stats", 0, OPTION_TEXT, &wishes.stats, 0, 0},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"keep", 0, OPTION_FLAG, &wishes.keep, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_render, argc, argv, options, &operands, 1, 1);
    if (status < 0)
        status = render_file(operands.items[0], &wishes);
    free(operands.items);
    free(wishes.outputs.items);
    return status;
}

const Command sol_command_render = {
    .name = "render",
    .arguments = "SCHEDULE [-o PATH]... [OPTION ...]",
    .summary = "paint a clip as a schedule says, and write films, GIFs and stills",
    .help =
        "Reads the schedule (a YAML file, see docs/schedule.md), paints the frames of its input, and\n"
        "writes its outputs. They appear under their names only when they are complete.\n\n"
        "  -o, --output PATH    write PATH instead of the schedule's outputs; may be given again.\n"
        "                       .mp4 .mov .mkv, .gif, or numbered stills: frames/%05d.png (.jpg).\n"
        "                       Quality, width and rate are those of the schedule's output of that kind\n"
        "      --frames A-B     only these frames, counted from 0\n"
        "      --size N         paint with N pixels on the shorter side\n"
        "      --model M        paint with this model: a name (\"solstice models\") or a .safetensors file\n"
        "      --method NAME    paint by this method: adain for example; as the model says where it is not given\n"
        "      --color WHOSE    colours: the style's (style), the content's (content), or each pixel's own, with\n"
        "                       the painting's luminance (luminance)\n"
        "                       (these three are for segments that do not say so themselves)\n"
        "      --precision P    compute in float32, bfloat16, or auto, which picks for each layer\n"
        "      --memory SIZE    paint within this much memory, in tiles where that is needed: 2GiB for example\n"
        "      --threads N      use N threads; as many as there are processors where it is not given\n"
        "      --stats FILE     write how long everything took, as JSON\n"
        "      --overwrite      replace outputs that exist\n"
        "      --keep           keep what has been painted when the outputs are complete, for another render\n"
        "  -q, --quiet          print warnings and errors only\n\n"
        "Ctrl-C stops the render when the frame is done. What has been painted is kept in a hidden folder beside\n"
        "the first output, also when the program is killed, and the same command goes on from there.\n",
    .run = run,
};

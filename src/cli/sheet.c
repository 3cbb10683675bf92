/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice sheet: a schedule as a contact sheet.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "media/encode_still.h"

#include <solstice/render.h>

#include <stdio.h>
#include <stdlib.h>

enum { MOST_COLUMNS = 100 };

typedef struct Wishes {
    const char *output, *model, *method;
    int64_t columns, width, size, threads;
    Choice precision, color;
    uint64_t memory;
    bool overwrite, quiet;
} Wishes;

/* "frame 3 of 12  0:04 left  autumn" */
static void show_sheet_progress(void *unused, const SolRenderProgress *progress)
{
    char text[256], left[32];
    (void)unused;
    snprintf(text, sizeof text, "frame %lld of %lld  %s left%s%s", (long long)progress->done,
             (long long)progress->frames, progress->seconds_left < 0 ? "?" : format_duration(progress->seconds_left, left),
             *progress->segment ? "  " : "", progress->segment);
    show_progress(text, progress->seconds, progress->done == progress->frames);
}

static int load(const char *path, const Wishes *wishes, SolSchedule **schedule)
{
    const SolColor color = (SolColor)wishes->color.value;
    const SolScheduleOptions options = {.model_folders = model_folders(),
                                        .model = wishes->model,
                                        .method = wishes->method,
                                        .color = wishes->color.value >= 0 ? &color : NULL};
    return sol_schedule_load(schedule, path, &options);
}

static int make_sheet(const char *path, const Wishes *wishes)
{
    const SolPrecision precision = (SolPrecision)wishes->precision.value;
    const SolSheetOptions sheet_options = {.columns = (int)wishes->columns, .width = (int)wishes->width};
    const SolRenderOptions options = {.size = (int)wishes->size,
                                      .precision = wishes->precision.value >= 0 ? &precision : NULL,
                                      .memory = wishes->memory,
                                      .threads = (int)wishes->threads,
                                      .log = wishes->quiet ? &sol_console_warnings : &sol_console_log,
                                      .progress = wishes->quiet ? NULL : show_sheet_progress,
                                      .cancelled = was_interrupted};
    SolSchedule *schedule = NULL;
    SolImage *sheet = NULL;
    int result = load(path, wishes, &schedule);
    if (result == SOL_OK && sol_path_is_same(path, wishes->output))
        result = sol_fail(SOL_ERR_ARGUMENT, "%s: is the schedule itself; choose another name", wishes->output);
    if (result == SOL_OK)
        result = sol_render_sheet(&sheet, schedule, &sheet_options, &options);
    if (result == SOL_OK)
        result = sol_image_save(sheet, wishes->output, wishes->overwrite);
    if (result == SOL_OK && !wishes->quiet)
        printf("%s: %dx%d\n", wishes->output, sol_image_width(sheet), sol_image_height(sheet));
    sol_image_unref(&sheet);
    sol_schedule_close(&schedule);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int check_wishes(const Wishes *wishes)
{
    if (!wishes->output)
        complain("sheet: no output given; add -o SHEET.png");
    else if (!sol_path_has_extension(wishes->output, SOL_STILL_EXTENSIONS))
        complain("sheet: -o %s: must end in .png, .jpg or .jpeg", wishes->output);
    else if (!wishes->overwrite && sol_path_exists(wishes->output))
        return report_failure(sol_fail_exists(wishes->output));
    else
        return -1;
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.columns = SOL_SHEET_COLUMNS, .precision = {-1, precision_choice}, .color = {-1, color_choice}};
    TextList operands = {0};
    const Option options[] = {
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"columns", 0, OPTION_INT, &wishes.columns, 1, MOST_COLUMNS},
        {"width", 0, OPTION_INT, &wishes.width, 64, SOL_IMAGE_MAX_SIDE},
        {"size", 0, OPTION_INT, &wishes.size, 64, 8192},
        {"model", 0, OPTION_MODEL, &wishes.model, 0, 0},
        {"method", 0, OPTION_METHOD, &wishes.method, 0, 0},
        {"color", 0, OPTION_CHOICE, &wishes.color, 0, 0},
        {"precision", 0, OPTION_CHOICE, &wishes.precision, 0, 0},
        {"memory", 0, OPTION_MEMORY, &wishes.memory, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_sheet, argc, argv, options, &operands, 1, 1);
    if (status < 0)
        status = check_wishes(&wishes);
    catch_interrupts();
    if (status < 0)
        status = make_sheet(operands.items[0], &wishes);
    free(operands.items);
    return status;
}

const Command sol_command_sheet = {
    .name = "sheet",
    .arguments = "SCHEDULE -o SHEET.png [OPTION ...]",
    .summary = "show what a schedule makes, as a contact sheet",
    .help = "Makes a picture with a row for each segment of the schedule: some of its frames, each above its\n"
            "painting, with the segment's name, frames and style. Only these frames are painted, at the size\n"
            "that the film's would be; a look at all styles takes seconds.\n\n"
            "  -o, --output FILE    the sheet: .png or .jpg\n"
            "      --columns N      frames of each segment, spread evenly over it; 3 where it is not given, and 1 is\n"
            "                       the frame in the middle\n"
            "      --width N        make the sheet N pixels wide; about 1280 where it is not given\n"
            "      --size N         paint with N pixels on the shorter side, instead of the schedule's size\n"
            "      --model M        paint with this model: a name (\"solstice models\") or a .safetensors file\n"
            "      --method NAME    paint by this method: adain for example; as the model says where it is not given\n"
            "      --color WHOSE    colours: the style's (style), the content's (content), or each pixel's own, with\n"
            "                       the painting's luminance (luminance)\n"
            "      --precision P    compute in float32, bfloat16, or auto, which picks for each layer\n"
            "      --memory SIZE    paint within this much memory, in tiles where that is needed: 2GiB for example\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --overwrite      replace FILE where it exists\n"
            "  -q, --quiet          print warnings and errors only\n",
    .files = "yaml yml",
    .run = run,
};

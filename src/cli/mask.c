/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice mask: what a region of a schedule selects of a frame.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "media/encode_still.h"

#include <solstice/render.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct Wishes {
    const char *output;
    int64_t frame, layer, size, threads;
    const char *segment;
    bool overlay, overwrite, quiet;
} Wishes;

static int make_mask(const char *path, const Wishes *wishes)
{
    const SolScheduleOptions schedule_options = {.model_folders = model_folders()};
    const SolMaskOptions mask_options = {.frame = wishes->frame,
                                         .segment = wishes->segment,
                                         .layer = (int)wishes->layer,
                                         .overlay = wishes->overlay};
    const SolRenderOptions options = {.size = (int)wishes->size,
                                      .threads = (int)wishes->threads,
                                      .log = wishes->quiet ? &sol_console_warnings : &sol_console_log,
                                      .cancelled = was_interrupted};
    SolSchedule *schedule = NULL;
    SolImage *image = NULL;
    double selected = 0;
    int result = sol_schedule_load(&schedule, path, &schedule_options);
    if (result == SOL_OK)
        result = sol_render_mask(&image, &selected, schedule, &mask_options, &options);
    if (result == SOL_OK)
        result = sol_image_save(image, wishes->output, wishes->overwrite);
    if (result == SOL_OK && !wishes->quiet)
        printf("%s: %dx%d, %.1f%% of frame %lld selected\n", wishes->output, sol_image_width(image),
               sol_image_height(image), 100 * selected, (long long)wishes->frame);
    sol_image_unref(&image);
    sol_schedule_close(&schedule);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int check_wishes(const char *path, const Wishes *wishes)
{
    if (wishes->frame < 0)
        complain("mask: no frame given; add --frame N");
    else if (!sol_path_has_extension(wishes->output, SOL_STILL_EXTENSIONS))
        complain("mask: -o %s: must end in .png, .jpg or .jpeg", wishes->output);
    else if (sol_path_is_same(path, wishes->output))
        complain("mask: -o %s: is the schedule itself; choose another name", wishes->output);
    else if (!wishes->overwrite && sol_path_exists(wishes->output))
        return report_failure(sol_fail_exists(wishes->output));
    else
        return -1;
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.output = "mask.png", .frame = -1};
    TextList operands = {0};
    const Option options[] = {
        {"frame", 'f', OPTION_INT, &wishes.frame, 0, 1e15},
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"overlay", 0, OPTION_FLAG, &wishes.overlay, 0, 0},
        {"segment", 0, OPTION_TEXT, &wishes.segment, 0, 0},
        {"layer", 0, OPTION_INT, &wishes.layer, 1, 64},
        {"size", 0, OPTION_INT, &wishes.size, 64, 8192},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_mask, argc, argv, options, &operands, 1, 1);
    if (status < 0)
        status = check_wishes(operands.items[0], &wishes);
    catch_interrupts();
    if (status < 0)
        status = make_mask(operands.items[0], &wishes);
    free(operands.items);
    return status;
}

const Command sol_command_mask = {
    .name = "mask",
    .arguments = "SCHEDULE --frame N [OPTION ...]",
    .summary = "show what a region of a schedule selects",
    .help = "Shows what a region selects of a frame, without painting anything: as a grey picture, white where all of\n"
            "a pixel is selected, or with --overlay as the frame itself, on which the selection is tinted and\n"
            "outlined. A region that remembers (a key, a subject) sees the frames of its segment before, up to a\n"
            "hundred of them.\n\n"
            "  -f, --frame N        the frame, from 0\n"
            "  -o, --output FILE    the picture: .png or .jpg; mask.png where it is not given\n"
            "      --overlay        show the frame, with the selection tinted and outlined\n"
            "      --segment NAME   the region of this segment (its name, or its number from 1), in place of the one\n"
            "                       that the frame lies in\n"
            "      --layer N        that of the segment's layer N, from 1; of the first that has one where it is not\n"
            "                       given\n"
            "      --size N         frames with N pixels on the shorter side, instead of the schedule's size\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --overwrite      replace FILE where it exists\n"
            "  -q, --quiet          print warnings and errors only\n",
    .files = "yaml yml",
    .run = run,
};

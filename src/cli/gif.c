/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice gif: a clip as a GIF.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

#include <solstice/render.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct Wishes {
    const char *output;
    FrameRange frames;
    int64_t width, loop, threads;
    SolRational fps;
    bool overwrite, quiet;
} Wishes;

static int make_gif(const char *input, SolOutputSettings *settings, const Wishes *wishes)
{
    const SolLog *log = wishes->quiet ? &sol_console_warnings : &sol_console_log;
    SolVideoOptions video_options = {.threads = (int)wishes->threads, .log = log};
    SolRenderOptions options = {.outputs = settings,
                                .output_count = 1,
                                .first = wishes->frames.first,
                                .count = wishes->frames.count,
                                .threads = (int)wishes->threads,
                                .overwrite = wishes->overwrite,
                                .log = log,
                                .progress = wishes->quiet ? NULL : show_render_progress,
                                .cancelled = was_interrupted};
    SolRenderReport report = {0};
    SolVideo *video = NULL;
    int result = sol_writer_check(settings);
    if (result == SOL_OK && sol_path_is_same(input, settings->path))
        result = sol_fail(SOL_ERR_ARGUMENT, "%s: is the input itself; choose another name", settings->path);
    if (result == SOL_OK)
        result = sol_video_open(&video, input, &video_options);
    if (result == SOL_OK)
        result = sol_render_clip(video, &options, &report);
    if (result == SOL_OK && !wishes->quiet)
        print_report(&report);
    sol_render_report_clear(&report);
    sol_video_close(&video);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int run(int argc, char **argv)
{
    Wishes wishes = {0};
    TextList operands = {0};
    SolOutputSettings settings = {.crf = -1};
    const Option options[] = {
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"frames", 0, OPTION_RANGE, &wishes.frames, 0, 0},
        {"width", 0, OPTION_INT, &wishes.width, 16, SOL_IMAGE_MAX_SIDE},
        {"fps", 0, OPTION_FRACTION, &wishes.fps, 0, 0},
        {"loop", 0, OPTION_INT, &wishes.loop, 0, 65535},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_gif, argc, argv, options, &operands, 1, 1);
    if (status < 0 && (!wishes.output || !sol_path_has_extension(wishes.output, "gif"))) {
        complain("gif: %s", wishes.output ? "-o must name a file that ends in .gif" : "no output given; add -o OUT.gif");
        status = EXIT_USAGE;
    }
    if (status < 0) {
        settings.path = sol_copy(wishes.output);
        settings.width = (int)wishes.width;
        settings.fps = wishes.fps;
        settings.loop = (int)wishes.loop;
        catch_interrupts();
        status = make_gif(operands.items[0], &settings, &wishes);
        free(settings.path);
    }
    free(operands.items);
    return status;
}

const Command sol_command_gif = {
    .name = "gif",
    .arguments = "INPUT -o OUT.gif [OPTION ...]",
    .summary = "make a GIF from a clip",
    .help = "Makes a GIF from a video, another GIF, or numbered images (a folder, or frames/%d.png),\n"
            "without painting it.\n\n"
            "  -o, --output FILE    the GIF\n"
            "      --frames A-B     only these frames, counted from 0\n"
            "      --width N        N pixels wide, the height follows; the clip's own width otherwise\n"
            "      --fps N          at most N frames a second; the clip's own rate, at most 50, otherwise\n"
            "      --loop N         play N times; 0, for ever, where it is not given\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --overwrite      replace FILE where it exists\n"
            "  -q, --quiet          print warnings and errors only\n",
    .files = SOL_VIDEO_FILES,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice gif: a clip as a GIF.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "media/animation.h"
#include "media/writer.h"

#include <solstice/render.h>

#include <stdlib.h>
#include <string.h>

typedef struct Wishes {
    TextList outputs;
    SolOutputSettings settings; /* of each of these, but for its path */
    int64_t width, loop, quality, colours, threads;
    Choice dither;
    FrameRange frames;
    double from, to;
    bool overwrite, quiet;
} Wishes;

/* Checks the outputs, and that there is work to do which they do not stand in the way of. */
static int check_outputs(const char *input, const SolOutputSettings outputs[], size_t count)
{
    int result = SOL_OK;
    for (size_t i = 0; i < count && result == SOL_OK; i++) {
        const char *path = outputs[i].path;
        result = sol_writer_check(&outputs[i]);
        if (result == SOL_OK && sol_path_is_same(input, path))
            result = sol_fail(SOL_ERR_ARGUMENT, "%s: is the input itself; choose another name", path);
        for (size_t k = 0; k < i && result == SOL_OK; k++)
            if (strcmp(path, outputs[k].path) == 0)
                result = sol_fail(SOL_ERR_ARGUMENT, "%s: is named twice; give each output a name of its own", path);
    }
    return result;
}

static int make_gifs(const char *input, const SolOutputSettings outputs[], const Wishes *wishes)
{
    const SolLog *log = wishes->quiet ? &sol_console_warnings : &sol_console_log;
    SolVideoOptions video_options = {.threads = (int)wishes->threads, .log = log, .cancelled = was_interrupted};
    SolRenderOptions options = {.outputs = outputs,
                                .output_count = (int)wishes->outputs.count,
                                .first = wishes->frames.first,
                                .count = wishes->frames.count,
                                .from = wishes->from,
                                .to = wishes->to,
                                .threads = (int)wishes->threads,
                                .overwrite = wishes->overwrite,
                                .log = log,
                                .progress = wishes->quiet ? NULL : show_render_progress,
                                .cancelled = was_interrupted};
    SolRenderReport report = {0};
    SolVideo *video = NULL;
    int result = check_outputs(input, outputs, wishes->outputs.count);
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

static int check_wishes(const Wishes *wishes)
{
    for (size_t i = 0; i < wishes->outputs.count; i++)
        if (!sol_path_has_extension(wishes->outputs.items[i], "gif " SOL_ANIMATION_EXTENSIONS)) {
            complain("gif: -o %s: must end in .gif, .webp or .apng", wishes->outputs.items[i]);
            return EXIT_USAGE;
        }
    if (wishes->outputs.count == 0)
        complain("gif: no output given; add -o OUT.gif");
    else if (wishes->frames.count > 0 && (wishes->from > 0 || wishes->to > 0))
        complain("gif: --frames and --%s exclude each other; keep one", wishes->from > 0 ? "from" : "to");
    else
        return -1;
    return EXIT_USAGE;
}

/* The settings of one of several outputs: what has no use for its kind is meant for the others. */
static SolOutputSettings settings_for(const Wishes *wishes, const char *path)
{
    SolOutputSettings settings = wishes->settings;
    settings.path = (char *)path; /* only read from */
    settings.width = (int)wishes->width;
    settings.loop = (int)wishes->loop;
    settings.quality = (int)wishes->quality;
    settings.colours = (int)wishes->colours;
    settings.dither = (SolDither)wishes->dither.value;
    if (wishes->outputs.count > 1 && !sol_path_has_extension(path, "gif")) {
        settings.max_size = 0;
        settings.colours = 0;
        settings.dither = SOL_DITHER_DIFFUSION;
        settings.dither_strength = 0;
        memset(settings.give_up, 0, sizeof settings.give_up);
        if (sol_path_has_extension(path, "apng"))
            settings.quality = 0;
    }
    return settings;
}

static int run_wishes(const char *input, const Wishes *wishes)
{
    SolOutputSettings *outputs = sol_calloc(wishes->outputs.count, sizeof *outputs);
    int status;
    for (size_t i = 0; outputs && i < wishes->outputs.count; i++)
        outputs[i] = settings_for(wishes, wishes->outputs.items[i]);
    catch_interrupts();
    status = outputs ? make_gifs(input, outputs, wishes) : report_failure(sol_fail_memory("the outputs"));
    sol_free(outputs);
    return status;
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.settings.crf = -1, .dither.name = sol_dither_name};
    SolOutputSettings *settings = &wishes.settings;
    TextList operands = {0};
    const Option options[] = {
        {"output", 'o', OPTION_LIST, &wishes.outputs, 0, 0},
        {"from", 0, OPTION_TIME, &wishes.from, 0, 0},
        {"to", 0, OPTION_TIME, &wishes.to, 0, 0},
        {"frames", 0, OPTION_RANGE, &wishes.frames, 0, 0},
        {"crop", 0, OPTION_CROP, &settings->crop, 0, 0},
        {"width", 0, OPTION_INT, &wishes.width, 16, SOL_IMAGE_MAX_SIDE},
        {"text", 0, OPTION_TEXT, &settings->text, 0, 0},
        {"fps", 0, OPTION_FRACTION, &settings->fps, 0, 0},
        {"speed", 0, OPTION_SPEED, &settings->speed, 0, 0},
        {"loop", 0, OPTION_INT, &wishes.loop, 0, 65535},
        {"bounce", 0, OPTION_FLAG, &settings->bounce, 0, 0},
        {"quality", 0, OPTION_INT, &wishes.quality, 1, 100},
        {"colours", 0, OPTION_INT, &wishes.colours, 2, 256},
        {"dither", 0, OPTION_CHOICE, &wishes.dither, 0, 0},
        {"dither-strength", 0, OPTION_NUMBER, &settings->dither_strength, 0.01, 1},
        {"max-size", 0, OPTION_BYTES, &settings->max_size, SOL_OUTPUT_LEAST_SIZE, 0},
        {"give-up", 0, OPTION_GIVE_UP, settings->give_up, 0, 0},
        {"threads", 0, OPTION_INT, &wishes.threads, 1, 1024},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {"quiet", 'q', OPTION_FLAG, &wishes.quiet, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_gif, argc, argv, options, &operands, 1, 1);
    if (status < 0)
        status = check_wishes(&wishes);
    if (status < 0)
        status = run_wishes(operands.items[0], &wishes);
    free(operands.items);
    free(wishes.outputs.items);
    return status;
}

const Command sol_command_gif = {
    .name = "gif",
    .arguments = "INPUT -o OUT.gif [OPTION ...]",
    .summary = "make a GIF from a clip",
    .help = "Makes a GIF from a video, another GIF, or numbered images (a folder, or frames/%d.png),\n"
            "without painting it; or an animated WebP or APNG.\n\n"
            "  -o, --output FILE    the GIF, or .webp or .apng; may be given again\n"
            "      --from TIME      begin with the frame at this time: 12.5, 0:12.5 or 1:02:03\n"
            "      --to TIME        end before the frame at this time\n"
            "      --frames A-B     only these frames, counted from 0, instead of times\n"
            "      --crop PART      a part of the picture: 640x360+0+60 is 640x360 pixels from column 0 and row 60\n"
            "                       on, 640x360 those in the middle, 16:9 the largest part of that shape\n"
            "      --width N        N pixels wide, the height follows; the clip's own width otherwise\n"
            "      --text CAPTION   a caption at the bottom, on up to four lines\n"
            "      --fps N          at most N frames a second; the clip's own rate, at most 50, otherwise\n"
            "      --speed Nx       play N times as fast: 2x, 0.5x\n"
            "      --loop N         play N times; 0, for ever, where it is not given\n"
            "      --bounce         play forth and back\n"
            "      --quality N      from 1, the smallest file, to 100, the best picture\n"
            "      --colours N      at most N colours in a frame, 2 to 256\n"
            "      --dither WAY     how other colours are mixed: diffusion (finest; where it is not given),\n"
            "                       blue-noise (an even grain that stays in its place), none\n"
            "      --dither-strength X  0.01 to 1, which is the whole of it\n"
            "      --max-size SIZE  at most this many bytes: 8MB, 500KiB. What that takes is given up, and said\n"
            "      --give-up WHAT   what may be given up for it, in this order: lossy,width,fps,colours,dither,\n"
            "                       or some of these\n"
            "      --threads N      use N threads; as many as there are processors where it is not given\n"
            "      --overwrite      replace FILE where it exists\n"
            "  -q, --quiet          print warnings and errors only\n",
    .files = SOL_VIDEO_FILES,
    .run = run,
};

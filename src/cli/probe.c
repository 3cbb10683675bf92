/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice probe: what the reader sees in a file.
 */
#include "cli/cli.h"

#include <solstice/video.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static double in_seconds(int64_t time, SolRational base)
{
    return base.den ? (double)time * base.num / base.den : 0;
}

static void print_text(const char *path, const SolVideoInfo *info, const SolVideoIndex *index)
{
    double seconds = in_seconds(index->end, index->time_base);
    printf("%s\n", path);
    printf("  frames    %lld\n", (long long)index->frames);
    printf("  seconds   %.3f\n", seconds);
    if (info->frame_rate.num && info->frame_rate.den)
        printf("  rate      %g frames/s (%d/%d)\n", (double)info->frame_rate.num / info->frame_rate.den,
               info->frame_rate.num, info->frame_rate.den);
    printf("  size      %dx%d", info->width, info->height);
    if (info->out_width != info->width || info->out_height != info->height)
        printf(", upright with square pixels %dx%d", info->out_width, info->out_height);
    printf("\n  format    %s, %s, %s\n", info->format, info->codec, info->pixel_format);
    printf("  sound     %s\n", info->sound ? "yes" : "no");
}

static int print_json(const char *path, const SolVideoInfo *info, const SolVideoIndex *index)
{
    json_t *json = json_pack("{s:s, s:I, s:f, s:[i, i], s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:b}", "path", path,
                             "frames", (json_int_t)index->frames, "seconds",
                             in_seconds(index->end, index->time_base), "frame_rate", info->frame_rate.num,
                             info->frame_rate.den, "width", info->width, "height", info->height, "upright_width",
                             info->out_width, "upright_height", info->out_height, "format", info->format, "codec",
                             info->codec, "pixel_format", info->pixel_format, "sound", info->sound);
    int status = json && json_dumpf(json, stdout, JSON_INDENT(2)) == 0 ? EXIT_DONE : EXIT_FAILED;
    printf("\n");
    json_decref(json);
    if (status != EXIT_DONE)
        complain("%s: cannot be told as JSON (is its name UTF-8?)", path);
    return status;
}

static int probe(const char *path, bool json)
{
    SolVideoOptions options = {.log = &sol_console_log};
    SolVideo *video = NULL;
    SolVideoInfo info;
    SolVideoIndex index = {0};
    int status = EXIT_DONE, result = sol_video_open(&video, path, &options);
    if (result == SOL_OK)
        result = sol_video_index(video, &index);
    if (result == SOL_OK) {
        sol_video_info(video, &info);
        if (json)
            status = print_json(path, &info, &index);
        else
            print_text(path, &info, &index);
    }
    sol_video_index_clear(&index);
    sol_video_close(&video);
    return result == SOL_OK ? status : report_failure(result);
}

static int run(int argc, char **argv)
{
    bool json = false;
    TextList operands = {0};
    const Option options[] = {{"json", 0, OPTION_FLAG, &json, 0, 0}, {0}};
    int status = read_arguments(&sol_command_probe, argc, argv, options, &operands, 1, 1);
    if (status < 0)
        status = probe(operands.items[0], json);
    free(operands.items);
    return status;
}

const Command sol_command_probe = {
    .name = "probe",
    .arguments = "INPUT [--json]",
    .summary = "tell what is in a clip: frames, duration, size, format",
    .help = "Prints what the reader sees in a video, a GIF, or numbered images: the exact number of frames,\n"
            "duration, rate, size and format.\n\n"
            "      --json           as a JSON object\n",
    .run = run,
};

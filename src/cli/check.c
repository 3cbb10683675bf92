/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice check: a schedule's mistakes, or its timeline.
 */
#include "cli/cli.h"

#include <solstice/schedule.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *stretch_name(const SolStretch *stretch)
{
    return stretch->covered ? stretch->name : "(no segment)";
}

static void print_look(const SolStretch *stretch)
{
    char text[4096];
    sol_stretch_describe(stretch, true, text, sizeof text);
    printf("%s\n", stretch->layer_count > 0 ? text : "none (untouched)");
}

static void print_timeline(const SolTimeline *timeline)
{
    int wide = 7;
    for (int i = 0; i < sol_timeline_count(timeline); i++) {
        SolStretch stretch;
        sol_timeline_stretch(timeline, i, &stretch);
        if ((int)strlen(stretch_name(&stretch)) > wide)
            wide = (int)strlen(stretch_name(&stretch));
    }
    printf("%-*s  %-15s  %-17s  %s\n", wide, "segment", "frames", "seconds", "style");
    for (int i = 0; i < sol_timeline_count(timeline); i++) {
        SolStretch stretch;
        char frames[48], seconds[48];
        sol_timeline_stretch(timeline, i, &stretch);
        snprintf(frames, sizeof frames, "%lld-%lld", (long long)stretch.first, (long long)stretch.last);
        snprintf(seconds, sizeof seconds, "%.3f-%.3f", stretch.start, stretch.end);
        printf("%-*s  %-15s  %-17s  ", wide, stretch_name(&stretch), frames, seconds);
        print_look(&stretch);
    }
}

static int check_file(const char *path)
{
    SolSchedule *schedule = NULL;
    SolVideo *video = NULL;
    SolVideoIndex index = {0};
    SolVideoInfo info;
    SolTimeline *timeline = NULL;
    const SolVideoOptions options = {.log = &sol_console_log, .cancelled = was_interrupted};
    int result = sol_schedule_load(&schedule, path, &(SolScheduleOptions){.model_folders = model_folders()});
    if (result == SOL_OK)
        result = sol_schedule_open_input(schedule, &options, &video);
    if (result == SOL_OK)
        result = sol_video_index(video, &index);
    if (result == SOL_OK)
        result = sol_timeline_open(&timeline, schedule, &index);
    if (result == SOL_OK) {
        sol_video_info(video, &info);
        print_timeline(timeline);
        printf("%lld frames, painted at %dx%d\n", (long long)index.frames, info.out_width, info.out_height);
    }
    sol_timeline_close(&timeline);
    sol_video_index_clear(&index);
    sol_video_close(&video);
    sol_schedule_close(&schedule);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int run(int argc, char **argv)
{
    TextList operands = {0};
    int status = read_arguments(&sol_command_check, argc, argv, (const Option[]){{0}}, &operands, 1, 1);
    catch_interrupts();
    if (status < 0)
        status = check_file(operands.items[0]);
    free(operands.items);
    return status;
}

const Command sol_command_check = {
    .name = "check",
    .arguments = "SCHEDULE",
    .summary = "find mistakes in a schedule, or print its timeline",
    .help = "Reads the schedule and its input as \"solstice render\" does, without painting. Prints the\n"
            "segments with their frames, seconds and styles; or the first mistake, with its place in the\n"
            "file, and exits with status 2.\n",
    .files = "yaml yml",
    .run = run,
};

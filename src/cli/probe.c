/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice probe: what the reader sees in a file.
 */
#include "cli/cli.h"
#include "cli/draft.h"

#include "base/clock.h"
#include "base/error.h"

#include <solstice/video.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Wishes {
    bool json, count;
    int64_t split; /* segments of the schedule that is printed; 0 for none */
} Wishes;

/* What was found of one input. */
typedef struct Findings {
    const char *path;
    SolVideoInfo info;
    SolVideoIndex index;
    int64_t frames;             /* counted one by one where that was asked for, otherwise the index's */
    bool counted;
    bool constant;              /* frames follow each other at one rate */
    double shortest, longest;   /* seconds from a frame to the next */
} Findings;

static double in_seconds(int64_t time, SolRational base)
{
    return base.den ? (double)time * base.num / base.den : 0;
}

/* ---- finding ---- */

/* One rate: no frame is further than a unit of its time, to which times are rounded, from where that puts it. */
static void judge_rate(Findings *findings)
{
    const SolVideoIndex *index = &findings->index;
    double step = index->frames > 1 ? (double)index->pts[index->frames - 1] / (double)(index->frames - 1) : 0;
    int64_t shortest = INT64_MAX, longest = 0;
    findings->constant = true;
    for (int64_t i = 1; i < index->frames; i++) {
        int64_t interval = index->pts[i] - index->pts[i - 1];
        shortest = interval < shortest ? interval : shortest;
        longest = interval > longest ? interval : longest;
        findings->constant = findings->constant && fabs((double)index->pts[i] - step * (double)i) <= 1;
    }
    findings->shortest = index->frames > 1 ? in_seconds(shortest, index->time_base) : 0;
    findings->longest = in_seconds(longest, index->time_base);
}

/* Reads all pictures to the end. */
static int count_frames(SolVideo *video, Findings *findings)
{
    double start = sol_clock();
    SolImage *image = NULL;
    char text[96];
    int result;
    do {
        sol_image_unref(&image);
        result = was_interrupted(NULL) ? sol_fail(SOL_ERR_CANCELLED, "interrupted") : sol_video_read(video, &image);
        if (result == SOL_OK && image) {
            findings->frames++;
            snprintf(text, sizeof text, "counting: frame %lld of %lld", (long long)findings->frames,
                     (long long)findings->index.frames);
            show_progress(text, sol_clock() - start, false);
        }
    } while (result == SOL_OK && image);
    show_progress("", 0, true);
    findings->counted = true;
    return result;
}

/* ---- telling ---- */

static void print_rate(const Findings *findings)
{
    SolRational rate = findings->info.frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        return;
    printf("  rate      %g frames/s (%d/%d), ", (double)rate.num / rate.den, rate.num, rate.den);
    if (findings->constant)
        printf("constant\n");
    else
        printf("variable: a frame lasts %.1f to %.1f ms\n", 1000 * findings->shortest, 1000 * findings->longest);
}

static void print_size(const SolVideoInfo *info)
{
    printf("  size      %dx%d", info->width, info->height);
    if (info->mirrored)
        printf(", mirrored");
    if (info->rotation)
        printf(", turned by %d degrees clockwise", info->rotation);
    if (info->out_width != info->width || info->out_height != info->height)
        printf(", upright with square pixels %dx%d", info->out_width, info->out_height);
    printf("\n");
}

static void print_colour(const SolVideoInfo *info)
{
    printf("  colour    ");
    if (*info->matrix)
        printf("matrix %s%s, ", info->matrix, info->matrix_guessed ? " (guessed)" : "");
    printf("%s range%s", info->full_range ? "full" : "limited", info->range_guessed ? " (guessed)" : "");
    if (*info->primaries)
        printf(", primaries %s", info->primaries);
    if (*info->transfer)
        printf(", transfer %s", info->transfer);
    printf("\n");
}

static void print_sounds(const SolVideoInfo *info)
{
    if (info->sound_count == 0)
        printf("  sound     none\n");
    for (int i = 0; i < info->sound_count; i++) {
        const SolSoundTrack *track = &info->sounds[i];
        printf("  %-8s  %s, %d channel%s, %d Hz%s%s\n", i ? "" : "sound", track->codec, track->channels,
               track->channels == 1 ? "" : "s", track->sample_rate, *track->language ? ", language " : "",
               track->language);
    }
}

static void print_text(const Findings *findings)
{
    const SolVideoInfo *info = &findings->info;
    printf("%s\n", findings->path);
    printf("  frames    %lld%s\n", (long long)findings->frames,
           findings->counted               ? " (counted by decoding all)"
           : findings->index.from_packets ? " (by its packets; --count decodes them all)"
                                          : "");
    printf("  seconds   %.3f\n", in_seconds(findings->index.end, findings->index.time_base));
    print_rate(findings);
    print_size(info);
    printf("  format    %s, %s, %s\n", info->format, info->codec, info->pixel_format);
    print_colour(info);
    print_sounds(info);
}

static json_t *sounds_json(const SolVideoInfo *info)
{
    json_t *sounds = json_array();
    for (int i = 0; i < info->sound_count; i++) {
        const SolSoundTrack *track = &info->sounds[i];
        json_t *language = *track->language ? json_string(track->language) : json_null();
        json_array_append_new(sounds, json_pack("{s:s, s:i, s:i, s:o}", "codec", track->codec, "channels",
                                                track->channels, "sample_rate", track->sample_rate, "language",
                                                language ? language : json_null()));
    }
    return sounds;
}

static json_t *text_json(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *findings_json(const Findings *findings)
{
    const SolVideoInfo *info = &findings->info;
    json_t *json = json_pack(
        "{s:s, s:I, s:s, s:f, s:[i, i], s:s, s:f, s:f, s:i, s:i, s:i, s:b, s:i, s:i}", "path", findings->path,
        "frames", (json_int_t)findings->frames, "counted",
        findings->counted || !findings->index.from_packets ? "frames" : "packets", "seconds",
        in_seconds(findings->index.end, findings->index.time_base), "frame_rate", info->frame_rate.num,
        info->frame_rate.den, "rate", findings->constant ? "constant" : "variable", "shortest_frame",
        findings->shortest, "longest_frame", findings->longest, "width", info->width, "height", info->height,
        "rotation", info->rotation, "mirrored", info->mirrored, "upright_width", info->out_width, "upright_height",
        info->out_height);
    json_t *more = json_pack("{s:s, s:s, s:s, s:o, s:b, s:s, s:b, s:o, s:o, s:b, s:o}", "format", info->format,
                             "codec", info->codec, "pixel_format", info->pixel_format, "matrix",
                             text_json(info->matrix), "matrix_guessed", info->matrix_guessed, "range",
                             info->full_range ? "full" : "limited", "range_guessed", info->range_guessed, "primaries",
                             text_json(info->primaries), "transfer", text_json(info->transfer), "sound",
                             info->sound, "sounds", sounds_json(info));
    if (json && more)
        json_object_update(json, more);
    json_decref(more);
    return json;
}

static int print_json(const Findings *findings)
{
    json_t *json = findings_json(findings);
    int status = json && json_dumpf(json, stdout, JSON_INDENT(2)) == 0 ? EXIT_DONE : EXIT_FAILED;
    printf("\n");
    json_decref(json);
    if (status != EXIT_DONE)
        complain("%s: cannot be told as JSON (is its name UTF-8?)", findings->path);
    return status;
}

static int print_schedule(const Findings *findings, const Wishes *wishes)
{
    const Draft draft = {.input = findings->path,
                         .info = &findings->info,
                         .frames = findings->frames,
                         .seconds = in_seconds(findings->index.end, findings->index.time_base),
                         .segments = (int)wishes->split,
                         .transition = -1};
    int result = write_draft(stdout, &draft);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int tell(const Findings *findings, const Wishes *wishes)
{
    if (findings->frames != findings->index.frames)
        complain("warning: %s: its packets promise %lld frames, and %lld could be decoded", findings->path,
                 (long long)findings->index.frames, (long long)findings->frames);
    if (wishes->split)
        return print_schedule(findings, wishes);
    if (wishes->json)
        return print_json(findings);
    print_text(findings);
    return EXIT_DONE;
}

static int probe(const char *path, const Wishes *wishes)
{
    SolVideoOptions options = {.log = &sol_console_log, .cancelled = was_interrupted};
    SolVideo *video = NULL;
    Findings findings = {.path = path};
    int status = EXIT_DONE, result = sol_video_open(&video, path, &options);
    if (result == SOL_OK)
        result = sol_video_index(video, &findings.index);
    if (result == SOL_OK)
        result = wishes->count ? count_frames(video, &findings) : SOL_OK;
    if (result == SOL_OK) {
        sol_video_info(video, &findings.info);
        if (!wishes->count)
            findings.frames = findings.index.frames;
        judge_rate(&findings);
        status = tell(&findings, wishes);
    }
    sol_video_index_clear(&findings.index);
    sol_video_close(&video);
    return result == SOL_OK ? status : report_failure(result);
}

static int run(int argc, char **argv)
{
    Wishes wishes = {0};
    TextList operands = {0};
    const Option options[] = {
        {"count", 0, OPTION_FLAG, &wishes.count, 0, 0},
        {"json", 0, OPTION_FLAG, &wishes.json, 0, 0},
        {"split", 0, OPTION_INT, &wishes.split, 1, MAX_DRAFT_SEGMENTS},
        {0},
    };
    int status = read_arguments(&sol_command_probe, argc, argv, options, &operands, 1, 1);
    if (status < 0 && wishes.json && wishes.split) {
        complain("probe: --split prints a schedule, which is YAML; leave out --json");
        status = EXIT_USAGE;
    }
    catch_interrupts();
    if (status < 0)
        status = probe(operands.items[0], &wishes);
    free(operands.items);
    return status;
}

const Command sol_command_probe = {
    .name = "probe",
    .arguments = "INPUT [--count] [--json | --split N]",
    .summary = "tell what is in a clip: frames, duration, size, format",
    .help = "Prints what the reader sees in a video, a GIF, or numbered images: how many frames, their\n"
            "duration and rate (one for all, or variable), size and how it is turned, format, how colours\n"
            "are read (and what of that the file does not say), and the sound tracks.\n\n"
            "      --count          decode every frame to count them. Otherwise the packets are counted where\n"
            "                       one packet is one frame, which is exact for files that are not damaged\n"
            "      --json           as a JSON object\n"
            "      --split N        print a schedule of N equal segments for it instead; names of style images\n"
            "                       are for you to fill in (\"solstice init\" does that, too)\n",
    .files = SOL_VIDEO_FILES,
    .run = run,
};

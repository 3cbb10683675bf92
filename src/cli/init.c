/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice init: a schedule to begin with.
 */
#include "cli/cli.h"
#include "cli/draft.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Wishes {
    TextList styles;
    const char *output; /* NULL: standard output */
    int64_t segments, transition;
    bool share, overwrite;
} Wishes;

/* ---- paths ---- */

/* The real path of what `path` names: its folder's, which must be there, and its own last part. */
static int real_path(const char *path, char **real)
{
    char *folder = sol_path_folder(path), *full;
    if (!folder)
        return sol_fail_memory("a path");
    full = realpath(*folder ? folder : ".", NULL);
    if (!full) {
        int result = sol_fail(SOL_ERR_IO, "%s: %s", path, strerror(errno));
        free(folder);
        return result;
    }
    *real = sol_path_join(full, sol_path_name(path));
    free(full);
    free(folder);
    return *real ? SOL_OK : sol_fail_memory("a path");
}

/* The part of both real paths up to the last slash that they share. */
static size_t common_part(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            common = i + 1;
    return common;
}

/* `path` as it is written in the folder of the file `schedule`; an absolute one stays what it is. */
static int path_from(const char *schedule, const char *path, char **result)
{
    char *here = NULL, *there = NULL, *up = NULL;
    size_t common;
    int failure = SOL_OK;
    if (*path == '/' || !strchr(schedule, '/')) {
        *result = sol_copy(path);
        return *result ? SOL_OK : sol_fail_memory("a path");
    }
    failure = real_path(schedule, &here);
    if (failure == SOL_OK)
        failure = real_path(path, &there);
    if (failure == SOL_OK) {
        common = common_part(here, there);
        up = sol_copy("");
        for (const char *slash = here + common; up && (slash = strchr(slash, '/')); slash++) {
            char *more = sol_format("../%s", up);
            free(up);
            up = more;
        }
        *result = up ? sol_format("%s%s", up, there + common) : NULL;
        failure = *result ? SOL_OK : sol_fail_memory("a path");
    }
    free(up);
    free(here);
    free(there);
    return failure;
}

/* A trailing slash is no part of a name. */
static char *trimmed(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

/* ---- writing ---- */

/* To standard output, or to a file that is yet to appear. */
static int put_draft(const Draft *draft, const Wishes *wishes, const SolPending *file)
{
    FILE *stream = file ? fopen(sol_pending_path(file), "w") : stdout;
    bool bad;
    int result;
    if (!stream)
        return sol_fail_errno(wishes->output, "cannot be written");
    result = write_draft(stream, draft);
    if (!file)
        return result;
    bad = ferror(stream) != 0;
    if ((fclose(stream) != 0 || bad) && result == SOL_OK)
        result = sol_fail_errno(wishes->output, "cannot be written");
    return result;
}

/* A style that cannot be read is better known now than when the film is rendered. */
static int check_style(const char *path)
{
    SolImage *image = NULL;
    int result = sol_path_is_folder(path) ? sol_fail(SOL_ERR_IO, "%s: is a folder; name an image file", path)
                                          : sol_image_load(&image, path);
    sol_image_unref(&image);
    return result;
}

/* Paths as they are to stand in the schedule: those of the styles, and at the end the input's. */
static int place_paths(const char *input, const Wishes *wishes, char *paths[])
{
    size_t count = wishes->styles.count;
    char *name = trimmed(input);
    int result = name ? SOL_OK : sol_fail_memory("a path");
    for (size_t i = 0; i < count && result == SOL_OK; i++) {
        result = check_style(wishes->styles.items[i]);
        if (result == SOL_OK)
            result = path_from(wishes->output ? wishes->output : "", wishes->styles.items[i], &paths[i]);
    }
    if (result == SOL_OK)
        result = path_from(wishes->output ? wishes->output : "", name, &paths[count]);
    free(name);
    return result;
}

static int draft_schedule(const char *input, const SolVideoInfo *info, const SolVideoIndex *index,
                          const Wishes *wishes, const SolPending *file)
{
    size_t count = wishes->styles.count;
    char **paths = sol_calloc(count + 1, sizeof *paths);
    int result = paths ? place_paths(input, wishes, paths) : sol_fail_memory("a path");
    if (result == SOL_OK) {
        const Draft draft = {.input = paths[count],
                             .info = info,
                             .frames = index->frames,
                             .seconds = (double)index->end * index->time_base.num / index->time_base.den,
                             .segments = count ? (int)count : (int)wishes->segments,
                             .styles = count ? (const char *const *)paths : NULL,
                             .commented = count == 0,
                             .by_share = wishes->share,
                             .transition = (int)wishes->transition};
        result = put_draft(&draft, wishes, file);
    }
    for (size_t i = 0; paths && i <= count; i++)
        free(paths[i]);
    sol_free(paths);
    return result;
}

/* A file appears when it is complete; paths are found from its folder, which is made first. */
static int write_schedule(const char *input, const SolVideoInfo *info, const SolVideoIndex *index,
                          const Wishes *wishes)
{
    SolPending *file = NULL;
    int result = wishes->output ? sol_pending_open(&file, wishes->output, wishes->overwrite) : SOL_OK;
    if (result == SOL_OK)
        result = draft_schedule(input, info, index, wishes, file);
    if (result == SOL_OK && file) {
        result = sol_pending_commit(file);
        if (result == SOL_OK)
            printf("%s: a schedule for %lld frames; next: solstice check %s\n", wishes->output,
                   (long long)index->frames, wishes->output);
    }
    sol_pending_close(&file);
    return result;
}

static int init(const char *input, const Wishes *wishes)
{
    SolVideoOptions options = {.log = &sol_console_warnings, .cancelled = was_interrupted};
    SolVideo *video = NULL;
    SolVideoInfo info;
    SolVideoIndex index = {0};
    int result = sol_video_open(&video, input, &options);
    if (result == SOL_OK)
        result = sol_video_index(video, &index);
    if (result == SOL_OK) {
        sol_video_info(video, &info);
        result = write_schedule(input, &info, &index, wishes);
    }
    sol_video_index_clear(&index);
    sol_video_close(&video);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int run(int argc, char **argv)
{
    Wishes wishes = {.segments = 4, .transition = -1};
    TextList operands = {0};
    const Option options[] = {
        {"styles", 's', OPTION_MANY, &wishes.styles, 0, 0},
        {"segments", 0, OPTION_INT, &wishes.segments, 1, MAX_DRAFT_SEGMENTS},
        {"share", 0, OPTION_FLAG, &wishes.share, 0, 0},
        {"transition", 0, OPTION_INT, &wishes.transition, 0, 10000},
        {"output", 'o', OPTION_FILE, &wishes.output, 0, 0},
        {"overwrite", 0, OPTION_FLAG, &wishes.overwrite, 0, 0},
        {0},
    };
    int status = read_arguments(&sol_command_init, argc, argv, options, &operands, 1, 1);
    if (status < 0 && wishes.output && !sol_path_has_extension(wishes.output, "yaml yml")) {
        complain("init: -o %s: must end in .yaml or .yml", wishes.output);
        status = EXIT_USAGE;
    }
    if (status < 0 && wishes.styles.count > MAX_DRAFT_SEGMENTS) {
        complain("init: %zu styles; at most %d segments are drafted", wishes.styles.count, MAX_DRAFT_SEGMENTS);
        status = EXIT_USAGE;
    }
    catch_interrupts();
    if (status < 0)
        status = init(operands.items[0], &wishes);
    free(operands.items);
    free(wishes.styles.items);
    return status;
}

const Command sol_command_init = {
    .name = "init",
    .arguments = "CLIP [--styles IMAGE...] [-o FILE.yaml]",
    .summary = "write a schedule to begin with",
    .help = "Writes a commented schedule for a clip: segments of equal length, one for each style image, named\n"
            "after it; a transition; a film and a GIF as outputs. \"solstice check\" accepts it as it is, and\n"
            "\"solstice render\" makes the film. Without styles, the table of segments is there as comments,\n"
            "with made-up names to fill in.\n\n"
            "  -s, --styles IMAGE.. style images, in the order in which they are to follow each other\n"
            "      --segments N     without styles: so many segments; 4 where it is not given\n"
            "      --share          write segments as shares of the clip (25%), which fit clips of any length,\n"
            "                       not as frames (0-59)\n"
            "      --transition N   N frames from one style to the next; half a second where it is not given\n"
            "  -o, --output FILE    write FILE (.yaml), with paths as they are seen from its folder. Without it\n"
            "                       the schedule is printed, with paths from the current folder:\n"
            "                       solstice init clip.mp4 --styles *.jpg > film.yaml\n"
            "      --overwrite      replace FILE where it exists\n",
    .files = SOL_VIDEO_FILES,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice clean: what renders that were stopped, and not gone on with, have left.
 */
#include "cli/cli.h"

#include "base/error.h"
#include "base/file.h"
#include "render/store.h"
#include "schedule/schedule.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What has been found so far. */
typedef struct Finding {
    bool dry;       /* nothing is removed */
    int count;      /* of what is removed, or would be */
    int64_t bytes;  /* of that */
    int failed;
} Finding;

static void tell(Finding *finding, const char *path, int64_t bytes)
{
    char size[32];
    printf("%s%s, %s\n", finding->dry ? "" : "removed ", path, format_bytes(bytes, size));
    finding->count++;
    finding->bytes += bytes;
}

static void clean_store(Finding *finding, const char *path)
{
    SolStoreRest rest;
    if (sol_store_rest(path, !finding->dry, &rest) != SOL_OK) {
        complain("%s", sol_error_text());
        finding->failed++;
    } else if (rest.held && rest.holder > 0) {
        printf("%s: a render is at work with it, process %ld; it stays\n", path, rest.holder);
    } else if (rest.held) {
        printf("%s: a render is at work with it; it stays\n", path);
    } else if (rest.bytes > 0 || !rest.has_others) {
        tell(finding, path, rest.bytes);
        if (rest.has_others)
            printf("%s: holds files that no render makes; they stay\n", path);
    }
}

static void clean_file(Finding *finding, const char *path)
{
    struct stat status;
    int64_t bytes = lstat(path, &status) == 0 ? (int64_t)status.st_size : 0;
    if (finding->dry || unlink(path) == 0) {
        tell(finding, path, bytes);
    } else {
        complain("%s: cannot be removed: %s", path, strerror(errno));
        finding->failed++;
    }
}

/* What is left in a folder of outputs `name`; NULL: of any. A folder that is not there holds nothing. */
static void clean_folder(Finding *finding, const char *folder, const char *name)
{
    struct dirent **entries = NULL;
    int count = scandir(*folder ? folder : ".", &entries, NULL, alphasort);
    if (count < 0 && !name) {
        complain("%s: cannot be read: %s", folder, strerror(errno));
        finding->failed++;
    }
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;
        char *path = sol_path_join(folder, entry);
        if (path && sol_store_is_called(entry, name) && sol_path_is_folder(path))
            clean_store(finding, path);
        else if (path && sol_pending_is_left(entry, name))
            clean_file(finding, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static int clean_schedule(Finding *finding, const char *path)
{
    const SolScheduleOptions options = {.model_folders = model_folders()};
    SolSchedule *schedule = NULL;
    int result = sol_schedule_load(&schedule, path, &options);
    for (int i = 0; result == SOL_OK && i < schedule->output_count; i++) {
        const char *output = schedule->outputs[i].path;
        char *folder = sol_path_folder(output);
        if (folder)
            clean_folder(finding, folder, sol_path_name(output));
        free(folder);
    }
    sol_schedule_close(&schedule);
    return result == SOL_OK ? EXIT_DONE : report_failure(result);
}

static int run(int argc, char **argv)
{
    TextList operands = {0};
    Finding finding = {0};
    const Option options[] = {{"dry-run", 'n', OPTION_FLAG, &finding.dry, 0, 0}, {0}};
    int status = read_arguments(&sol_command_clean, argc, argv, options, &operands, 0, INT_MAX);
    bool begins = status < 0;
    char size[32];
    if (begins && operands.count == 0)
        clean_folder(&finding, "", NULL);
    for (size_t i = 0; begins && i < operands.count && status < 0; i++) {
        if (sol_path_is_folder(operands.items[i]))
            clean_folder(&finding, operands.items[i], NULL);
        else if ((status = clean_schedule(&finding, operands.items[i])) == EXIT_DONE)
            status = -1;
    }
    if (begins && finding.count == 0 && status < 0)
        printf("nothing to clean\n");
    else if (begins && finding.count > 0)
        printf("%d %s%s, %s\n", finding.count, finding.count == 1 ? "leftover" : "leftovers",
               finding.dry ? "" : " removed", format_bytes(finding.bytes, size));
    free(operands.items);
    return status >= 0 ? status : finding.failed ? EXIT_FAILED : EXIT_DONE;
}

const Command sol_command_clean = {
    .name = "clean",
    .arguments = "[SCHEDULE | FOLDER]... [-n]",
    .summary = "remove what renders that were stopped have left",
    .help = "A render that is stopped leaves what it has painted beside its first output, in a hidden folder,\n"
            ".NAME.parts, so that the same command goes on from there; one that is killed also leaves\n"
            "unfinished outputs, .NAME.PID-N.partial. This removes both, for those who will not go on: beside\n"
            "the outputs of a schedule, or in a folder, but not in those below it; in the current one where\n"
            "nothing is named. What a render is at work with stays.\n"
            "\n"
            "  -n, --dry-run        list what would be removed, with its size, and remove nothing\n",
    .files = "yaml yml",
    .run = run,
};

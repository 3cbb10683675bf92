/* SPDX-License-Identifier: Apache-2.0
 *
 * Temporary folders and commands for tests.
 */
#include "support/support.h"

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void make_folder(char path[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/solstice-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

void remove_folder(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = -2; /* . and .. */
    if (!folder)
        return -1;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

const char *in_folder(const char *folder, const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

int run_command(char *output, size_t size, const char *format, ...)
{
    char command[4096], rest[4096];
    size_t length = 0, got;
    FILE *pipe;
    int status;
    va_list args;
    strcpy(command, "exec 2>&1; ");
    va_start(args, format);
    vsnprintf(command + strlen(command), sizeof command - strlen(command), format, args);
    va_end(args);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while (length + 1 < size && (got = fread(output + length, 1, size - 1 - length, pipe)) > 0)
        length += got;
    output[length] = '\0';
    while (fread(rest, 1, sizeof rest, pipe) > 0)
        ;
    status = pclose(pipe);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

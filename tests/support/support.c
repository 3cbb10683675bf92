/* SPDX-License-Identifier: Apache-2.0
 *
 * Temporary folders, files and commands for tests.
 */
#include "support/support.h"

#include "media/av.h"

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

char folder[256], printed[65536];

/* ---- folders and files ---- */

int set_up_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    sol_media_quiet();
    snprintf(folder, sizeof folder, "%s/solstice-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

int tear_down_folder(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

const char *in_folder(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    assert_true(snprintf(path, sizeof paths[0], "%s/%s", folder, name) < (int)sizeof paths[0]);
    return path;
}

void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
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
    DIR *entries = opendir(path);
    int count = -2; /* . and .. */
    if (!entries)
        return -1;
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

uint8_t *read_bytes(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    assert_non_null(file);
    bytes = read_stream(file, size);
    fclose(file);
    return bytes;
}

uint8_t *read_stream(FILE *stream, size_t *size)
{
    uint8_t *bytes = NULL;
    size_t capacity = 1 << 15, got;
    *size = 0;
    do {
        capacity *= 2;
        bytes = realloc(bytes, capacity);
        assert_non_null(bytes);
        got = fread(bytes + *size, 1, capacity - *size, stream);
        *size += got;
    } while (*size == capacity);
    return bytes;
}

/* ---- commands ---- */

int run_command(const char *format, ...)
{
    char command[4096] = "exec 2>&1; ";
    const int start = (int)strlen(command), space = (int)sizeof command - start;
    uint8_t *bytes;
    size_t size;
    FILE *pipe;
    int status;
    va_list args;
    va_start(args, format);
    assert_in_range(vsnprintf(command + start, (size_t)space, format, args), 0, space - 1);
    va_end(args);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    bytes = read_stream(pipe, &size);
    status = pclose(pipe);
    size = size < sizeof printed ? size : sizeof printed - 1;
    memcpy(printed, bytes, size);
    printed[size] = '\0';
    free(bytes);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- texts ---- */

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

const char *error_in_folder(void)
{
    const char *text = sol_error_text();
    size_t length = strlen(folder);
    return strncmp(text, folder, length) == 0 && text[length] == '/' ? text + length + 1 : text;
}

void keep_line(void *user, SolLogLevel level, const char *text)
{
    Lines *lines = user;
    if (level == SOL_LOG_WARNING && lines->count++ == 0)
        snprintf(lines->first, sizeof lines->first, "%s", text);
}

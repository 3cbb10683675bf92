/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths and pending files. The temporary name is ".NAME.PID-N.partial" beside the final one, so that
 * the rename stays within one file system and two processes never share a name.
 */
#include "base/file.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct SolPending {
    char *path, *temporary;
    char *made;     /* the topmost folder that was made for it, or NULL */
    bool overwrite, present; /* present: the temporary file exists */
};

char *sol_path_join(const char *folder, const char *name)
{
    if (!folder || !*folder || *name == '/')
        return sol_copy(name);
    return sol_format(folder[strlen(folder) - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

char *sol_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return sol_copy("");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *sol_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *sol_path_extension(const char *path)
{
    const char *name = sol_path_name(path), *dot = strrchr(name, '.');
    return dot && dot != name ? dot + 1 : "";
}

bool sol_path_has_extension(const char *path, const char *list)
{
    const char *extension = sol_path_extension(path);
    size_t length = strlen(extension);
    while (length && *list) {
        size_t word = strcspn(list, " ");
        if (word == length && strncasecmp(list, extension, length) == 0)
            return true;
        list += word + strspn(list + word, " ");
    }
    return false;
}

bool sol_path_is_same(const char *path, const char *other)
{
    struct stat a, b;
    return stat(*path ? path : ".", &a) == 0 && stat(*other ? other : ".", &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool sol_path_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool sol_path_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

int sol_read_file(const char *path, uint8_t **out, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t count = 0;
    int result = SOL_OK;
    if (!file || fstat(fileno(file), &status) != 0)
        result = sol_fail_errno(path, "cannot be read");
    else if ((uint64_t)status.st_size > SIZE_MAX / 2 || !(bytes = sol_alloc(count = (size_t)status.st_size, 1)))
        result = sol_fail_memory("a file");
    else if (fread(bytes, 1, count, file) != count)
        result = sol_fail_errno(path, "cannot be read");
    if (file)
        fclose(file);
    if (result != SOL_OK) {
        sol_free(bytes);
        return result;
    }
    *out = bytes;
    *size = count;
    return SOL_OK;
}

int sol_write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes, 1, size, file) == size;
    if (file && fclose(file) != 0)
        written = false;
    return written ? SOL_OK : sol_fail_errno(path, "cannot be written");
}

int sol_make_parent_folders(const char *path, char **made)
{
    char *copy = sol_copy(path), *first = NULL;
    int result = SOL_OK;
    if (!copy)
        return sol_fail_memory("a path");
    for (char *slash = copy + 1; *copy && (slash = strchr(slash, '/')) && result == SOL_OK; slash++) {
        int error;
        *slash = '\0';
        error = mkdir(copy, 0777) == 0 ? 0 : errno;
        if (error == 0 && !first)
            first = sol_copy(copy);
        if (error != 0 && !sol_path_is_folder(copy)) {
            errno = error;
            result = sol_fail_errno(copy, "the folder cannot be made");
        }
        *slash = '/';
    }
    free(copy);
    if (made)
        *made = first;
    else
        free(first);
    return result;
}

void sol_remove_made_folders(const char *path, const char *made)
{
    char *folder = sol_path_folder(path);
    while (folder && strlen(folder) >= strlen(made) && rmdir(folder) == 0) {
        char *above = sol_path_folder(folder);
        free(folder);
        folder = above;
    }
    free(folder);
}

static int make_temporary(SolPending *pending)
{
    char *folder = sol_path_folder(pending->path);
    for (int n = 0; folder && n < 1000; n++) {
        int file;
        char *name = sol_format(".%s.%ld-%d.partial", sol_path_name(pending->path), (long)getpid(), n);
        free(pending->temporary);
        pending->temporary = name ? sol_path_join(folder, name) : NULL;
        free(name);
        if (!pending->temporary)
            break;
        file = open(pending->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0) {
            close(file);
            pending->present = true;
            free(folder);
            return SOL_OK;
        }
        if (errno != EEXIST) {
            free(folder);
            return sol_fail_errno(pending->path, "cannot be written");
        }
    }
    free(folder);
    return sol_fail_memory("a temporary file's name");
}

int sol_pending_open(SolPending **out, const char *path, bool overwrite)
{
    SolPending *pending;
    int result;
    if (sol_path_is_folder(path))
        return sol_fail(SOL_ERR_IO, "%s: is a folder; name a file", path);
    if (!overwrite && sol_path_exists(path))
        return sol_fail_exists(path);
    pending = sol_calloc(1, sizeof *pending);
    if (!pending || !(pending->path = sol_copy(path))) {
        sol_free(pending);
        return sol_fail_memory("an output file");
    }
    pending->overwrite = overwrite;
    result = sol_make_parent_folders(path, &pending->made);
    if (result == SOL_OK)
        result = make_temporary(pending);
    if (result != SOL_OK) {
        sol_pending_close(&pending);
        return result;
    }
    *out = pending;
    return SOL_OK;
}

const char *sol_pending_path(const SolPending *pending)
{
    return pending->temporary;
}

/* Brings to the disk what is still on its way there. macOS's fsync() ends at the drive's own memory. */
static bool sync_path(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool synced;
#ifdef F_FULLFSYNC
    synced = file >= 0 && (fcntl(file, F_FULLFSYNC) == 0 || fsync(file) == 0 || errno == EINVAL);
#else
    synced = file >= 0 && (fsync(file) == 0 || errno == EINVAL);
#endif
    if (file >= 0)
        close(file);
    return synced;
}

void sol_sync_folder(const char *path)
{
    sync_path(*path ? path : ".");
}

int sol_pending_commit(SolPending *pending)
{
    if (!sync_path(pending->temporary))
        return sol_fail_errno(pending->path, "cannot be written");
    if (!pending->overwrite && sol_path_exists(pending->path))
        return sol_fail(SOL_ERR_EXISTS, "%s: appeared meanwhile; choose another name or give --overwrite",
                        pending->path);
    if (rename(pending->temporary, pending->path) != 0)
        return sol_fail_errno(pending->path, "cannot be given its final name");
    pending->present = false;
    free(pending->made);
    pending->made = NULL;
    return SOL_OK;
}

void sol_pending_close(SolPending **out)
{
    SolPending *pending = *out;
    if (!pending)
        return;
    if (pending->present)
        unlink(pending->temporary);
    if (pending->made)
        sol_remove_made_folders(pending->path, pending->made);
    free(pending->path);
    free(pending->temporary);
    free(pending->made);
    sol_free(pending);
    *out = NULL;
}

/* ---- leftovers ---- */

/* How many characters of `name` are a number's place, "%d" or "%05d"; 0 where it does not begin with one. */
static size_t place_of_number(const char *name)
{
    size_t digits = *name == '%' ? strspn(name + 1, "0123456789") : 0;
    return *name == '%' && name[1 + digits] == 'd' ? digits + 2 : 0;
}

/* True where `text` begins with the name, in which a %d or %0Nd stands for itself or for digits; *rest is what follows. */
static bool begins_with_name(const char *text, const char *name, const char **rest)
{
    while (*name) {
        size_t place = place_of_number(name), digits = strspn(text, "0123456789");
        if (*text == *name) {
            text++;
            name++;
        } else if (place > 0 && digits > 0) {
            text += digits;
            name += place;
        } else {
            return false;
        }
    }
    *rest = text;
    return true;
}

/* Takes a number off the end of a text that ends at `end`; NULL where there is none. */
static const char *before_number(const char *text, const char *end)
{
    const char *at = end;
    while (at > text && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at < end ? at : NULL;
}

bool sol_pending_is_left(const char *entry, const char *name)
{
    static const char suffix[] = ".partial";
    size_t length = strlen(entry);
    const char *end = length > strlen(suffix) ? entry + length - strlen(suffix) : NULL, *rest;
    long process;
    if (*entry != '.' || !end || strcmp(end, suffix) != 0 || !(end = before_number(entry, end)) || *--end != '-' ||
        !(end = before_number(entry, end)))
        return false;
    process = strtol(end, NULL, 10);
    if (end - entry < 3 || *--end != '.' || process <= 0 || process > INT_MAX)
        return false;
    if (name && (!begins_with_name(entry + 1, name, &rest) || rest != end))
        return false;
    return kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

int sol_pending_sweep(const char *path)
{
    char *folder = sol_path_folder(path);
    DIR *directory = folder ? opendir(*folder ? folder : ".") : NULL;
    const struct dirent *entry;
    int count = 0;
    while (directory && (entry = readdir(directory))) {
        bool is_left = sol_pending_is_left(entry->d_name, sol_path_name(path));
        char *left = is_left ? sol_path_join(folder, entry->d_name) : NULL;
        count += left && unlink(left) == 0;
        free(left);
    }
    if (directory)
        closedir(directory);
    free(folder);
    return count;
}

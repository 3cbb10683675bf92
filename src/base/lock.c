/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks by flock(), which the system takes back when a process ends.
 */
#include "base/lock.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct SolLock {
    char *path;
    int file;
};

/* Whether the file is still what its name leads to: its last holder may have removed it in between. */
static bool is_current(int file, const char *path)
{
    struct stat mine, named;
    return fstat(file, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

static long read_holder(int file)
{
    char text[32];
    ssize_t size = pread(file, text, sizeof text - 1, 0);
    long holder;
    text[size > 0 ? size : 0] = '\0';
    holder = strtol(text, NULL, 10);
    return holder > 0 && holder <= INT_MAX ? holder : 0;
}

static void write_holder(int file)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* for the message of whoever wants the lock: nothing hangs on it */
    if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)size, 0) != size)
        return;
}

static int take(SolLock *lock, long *holder)
{
    for (;;) {
        lock->file = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (lock->file < 0)
            return sol_fail_errno(lock->path, "cannot be written");
        if (flock(lock->file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            *holder = read_holder(lock->file);
            return sol_fail(SOL_ERR_EXISTS, "%s: in use", lock->path);
        }
        /* some network file systems cannot lock: work there goes on unguarded, rather than not at all */
        if (is_current(lock->file, lock->path))
            break;
        close(lock->file);
        lock->file = -1;
    }
    write_holder(lock->file);
    return SOL_OK;
}

int sol_lock_open(SolLock **out, const char *path, long *holder)
{
    SolLock *lock = sol_calloc(1, sizeof *lock);
    int result;
    if (!lock || !(lock->path = sol_copy(path))) {
        sol_free(lock);
        return sol_fail_memory("a lock");
    }
    lock->file = -1;
    result = take(lock, holder);
    if (result == SOL_OK) {
        *out = lock;
        return SOL_OK;
    }
    if (lock->file >= 0)
        close(lock->file);
    free(lock->path);
    sol_free(lock);
    return result;
}

bool sol_lock_is_held(const char *path, long *holder)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool held = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    *holder = held ? read_holder(file) : 0;
    if (file >= 0)
        close(file);
    return held;
}

void sol_lock_close(SolLock **out)
{
    SolLock *lock = *out;
    *out = NULL;
    if (!lock)
        return;
    unlink(lock->path);
    close(lock->file);
    free(lock->path);
    sol_free(lock);
}

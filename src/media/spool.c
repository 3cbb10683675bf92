/* SPDX-License-Identifier: Apache-2.0
 *
 * Spooling. A clip is opened more than once (to count its frames, to read them, for its sound), which a pipe cannot
 * be; so what comes through one is put into a file first.
 */
#include "media/spool.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/video.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct SolSpool {
    char *folder, *path;
};

enum { BLOCK = 1 << 16 }; /* bytes that are copied at once */

bool sol_is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

int sol_spool_open(SolSpool **out, const char *name)
{
    const char *where = getenv("TMPDIR");
    SolSpool *spool = sol_calloc(1, sizeof *spool);
    if (!spool)
        return sol_fail_memory("a temporary file");
    spool->folder = sol_format("%s/solstice-XXXXXX", where && *where ? where : "/tmp");
    if (spool->folder && !mkdtemp(spool->folder)) {
        int result = sol_fail(SOL_ERR_IO, "%s: no temporary file can be made there (%s); set TMPDIR to another folder",
                              where && *where ? where : "/tmp", strerror(errno));
        free(spool->folder);
        sol_free(spool);
        return result;
    }
    spool->path = spool->folder ? sol_format("%s/%s", spool->folder, name) : NULL;
    if (!spool->path) {
        sol_spool_close(&spool);
        return sol_fail_memory("a temporary file");
    }
    *out = spool;
    return SOL_OK;
}

static int write_all(int file, const char *path, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR)
            return sol_fail(SOL_ERR_IO, "%s: what comes through standard input cannot be kept: %s; set TMPDIR to a folder "
                            "with room for it", path, strerror(errno));
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return SOL_OK;
}

/* Copies standard input to the end. */
static int copy_input(int file, const char *path, const SolVideoOptions *wishes)
{
    char *block = sol_alloc(BLOCK, 1);
    int result = block ? SOL_OK : sol_fail_memory("a temporary file");
    bool any = false;
    while (result == SOL_OK) {
        ssize_t size = read(STDIN_FILENO, block, BLOCK);
        if (size == 0)
            break;
        if (size < 0 && errno != EINTR)
            result = sol_fail_errno("standard input", "cannot be read");
        if (result == SOL_OK)
            result = sol_video_interrupted(wishes);
        if (result == SOL_OK && size > 0) {
            result = write_all(file, path, block, (size_t)size);
            any = true;
        }
    }
    sol_free(block);
    if (result == SOL_OK && !any)
        result = sol_fail(SOL_ERR_FORMAT, "standard input: is empty; give it a film: ffmpeg ... | solstice ...");
    return result;
}

int sol_spool_standard_input(SolSpool **out, const SolVideoOptions *wishes)
{
    SolSpool *spool = NULL;
    int file, result;
    if (isatty(STDIN_FILENO))
        return sol_fail(SOL_ERR_ARGUMENT,
                        "the input \"-\" is standard input, and that is a terminal; send a film through it, or name a "
                        "file");
    result = sol_spool_open(&spool, "standard-input");
    if (result != SOL_OK)
        return result;
    file = open(spool->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        result = sol_fail_errno(spool->path, "cannot be written");
    } else {
        result = copy_input(file, spool->path, wishes);
        if (close(file) != 0 && result == SOL_OK)
            result = sol_fail_errno(spool->path, "cannot be written");
    }
    if (result == SOL_OK)
        *out = spool;
    else
        sol_spool_close(&spool);
    return result;
}

const char *sol_spool_path(const SolSpool *spool)
{
    return spool->path;
}

void sol_spool_close(SolSpool **out)
{
    SolSpool *spool = *out;
    *out = NULL;
    if (!spool)
        return;
    if (spool->path)
        unlink(spool->path);
    rmdir(spool->folder);
    free(spool->path);
    free(spool->folder);
    sol_free(spool);
}

/* ---- as a source ---- */

typedef struct Spooled {
    SolSpool *spool;
    void *file; /* of sol_source_file */
} Spooled;

static bool spooled_takes(const char *path, const SolVideoOptions *options)
{
    (void)options;
    return sol_is_standard_input(path);
}

static void spooled_close(void *state)
{
    Spooled *spooled = state;
    if (spooled->file)
        sol_source_file.close(spooled->file);
    sol_spool_close(&spooled->spool);
    sol_free(spooled);
}

static int spooled_open(void **state, SolVideoInfo *info, const char *path, const SolVideoOptions *options)
{
    Spooled *spooled = sol_calloc(1, sizeof *spooled);
    int result = spooled ? sol_spool_standard_input(&spooled->spool, options) : sol_fail_memory("a video");
    (void)path;
    if (result == SOL_OK)
        result = sol_source_file.open(&spooled->file, info, spooled->spool->path, options);
    if (result == SOL_OK)
        *state = spooled;
    else if (spooled)
        spooled_close(spooled);
    return result;
}

static int spooled_index(void *state, SolVideoIndex *index)
{
    return sol_source_file.index(((Spooled *)state)->file, index);
}

static int spooled_read(void *state, SolImage **image)
{
    return sol_source_file.read(((Spooled *)state)->file, image);
}

static int spooled_skip_to(void *state, int64_t frame)
{
    return sol_source_file.skip_to(((Spooled *)state)->file, frame);
}

static int spooled_digest(const void *state, SolDigester *digester)
{
    return sol_source_file.digest(((const Spooled *)state)->file, digester);
}

const SolVideoSource sol_source_spooled = {
    .takes = spooled_takes,
    .open = spooled_open,
    .index = spooled_index,
    .read = spooled_read,
    .skip_to = spooled_skip_to,
    .digest = spooled_digest,
    .close = spooled_close,
};

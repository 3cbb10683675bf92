/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbered stills: one PNG or JPEG file a picture, numbered as the frame in its source. All files get
 * their final names at the end, so that an interrupted render leaves none.
 */
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/encode_still.h"
#include "media/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Stills {
    SolPending **files;      /* [count], in the order of writing */
    size_t count, capacity;
} Stills;

/* The path of frame `number`: the settings' path, which sol_writer_check() found right, with its %0Nd replaced. */
static char *numbered_path(const char *pattern, int64_t number)
{
    const char *percent = strchr(sol_path_name(pattern), '%');
    int width = percent[1] == 'd' ? 0 : atoi(percent + 1);
    return sol_format("%.*s%0*" PRId64 "%s", (int)(percent - pattern), pattern, width, number,
                      strchr(percent, 'd') + 1);
}

/* Refuses, before anything is painted, to write over files that are there. */
static int check_free(const SolWriter *writer)
{
    int result = SOL_OK;
    for (int64_t i = 0; i < writer->input.count && !writer->input.overwrite && result == SOL_OK; i++) {
        char *path = numbered_path(writer->settings->path, writer->input.first + i);
        if (!path)
            result = sol_fail_memory("a file name");
        else if (sol_path_exists(path))
            result = sol_fail_exists(path);
        free(path);
    }
    return result;
}

static int stills_open(SolWriter *writer)
{
    int result = check_free(writer);
    if (result != SOL_OK)
        return result;
    writer->state = sol_calloc(1, sizeof(Stills));
    if (!writer->state)
        return sol_fail_memory("numbered stills");
    return sol_writer_size(writer, &writer->report.width, &writer->report.height);
}

static int add_file(SolWriter *writer, const char *path)
{
    Stills *stills = writer->state;
    void *files = stills->files;
    int result;
    if (!sol_grow(&files, &stills->capacity, stills->count + 1, sizeof(SolPending *)))
        return sol_fail_memory("numbered stills");
    stills->files = files;
    result = sol_pending_open(&stills->files[stills->count], path, writer->input.overwrite);
    if (result == SOL_OK)
        stills->count++;
    return result;
}

/* A part is the files themselves. */
static int keep(SolWriter *writer, const char *path, int64_t number)
{
    size_t size;
    uint8_t *bytes = NULL;
    int result = sol_read_file(path, &bytes, &size);
    if (result == SOL_OK)
        result = sol_records_append(writer->part, &(SolRecord){.place = number, .size = size, .data = bytes});
    sol_free(bytes);
    return result;
}

static int64_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

static int stills_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Stills *stills = writer->state;
    SolWriterReport *report = &writer->report;
    char *path = numbered_path(writer->settings->path, image->number);
    int result = path ? add_file(writer, path) : sol_fail_memory("a file name");
    if (result == SOL_OK)
        result = sol_still_encode(image, path, sol_pending_path(stills->files[stills->count - 1]));
    if (result == SOL_OK && writer->part)
        result = keep(writer, sol_pending_path(stills->files[stills->count - 1]), image->number);
    if (result == SOL_OK) {
        report->frames++;
        writer->written += size_of(sol_pending_path(stills->files[stills->count - 1]));
    }
    free(path);
    (void)pts;
    (void)duration;
    return result;
}

static int stills_splice(SolWriter *writer, const SolRecord *record)
{
    Stills *stills = writer->state;
    char *path = numbered_path(writer->settings->path, record->place);
    int result = path ? add_file(writer, path) : sol_fail_memory("a file name");
    if (result == SOL_OK)
        result = sol_write_file(sol_pending_path(stills->files[stills->count - 1]), record->data, record->size);
    if (result == SOL_OK) {
        writer->report.frames++;
        writer->written += (int64_t)record->size;
    }
    free(path);
    return result;
}

static int stills_finish(SolWriter *writer)
{
    Stills *stills = writer->state;
    int result = SOL_OK;
    for (size_t i = 0; i < stills->count && result == SOL_OK; i++)
        result = sol_writer_commit(writer, stills->files[i]);
    return result;
}

static void stills_close(SolWriter *writer)
{
    Stills *stills = writer->state;
    if (!stills)
        return;
    /* the first file may have made the folders, and takes them away when nothing is left in them */
    while (stills->count > 0)
        sol_pending_close(&stills->files[--stills->count]);
    free(stills->files);
    sol_free(stills);
}

const SolWriterClass sol_stills_writer = {
    .name = "numbered stills, as in %05d.png",
    .extensions = SOL_STILL_EXTENSIONS,
    .keys = SOL_KEY_WIDTH | SOL_KEY_FPS | SOL_KEY_FRAMES | SOL_KEY_LAYOUT | SOL_KEY_CROP | SOL_KEY_TEXT,
    .numbered = true,
    .most_fps = 1000,
    .open = stills_open,
    .write = stills_write,
    .splice = stills_splice,
    .finish = stills_finish,
    .close = stills_close,
};

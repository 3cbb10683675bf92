/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks from files. For frame n the file's picture n is read and scaled to the frame, whatever its own shape; behind
 * the last picture, that one stays. Nothing is remembered: a frame that lies before the picture at hand has the file
 * opened anew. Selectors of the same frames share what they read.
 */
#include "region/mask_file.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "media/video.h"

#include <stdlib.h>
#include <string.h>

/* A file that is read, by one selector or by several. */
typedef struct Reading {
    char *path;
    SolMaskFiles *files; /* that it belongs to; NULL: to a single selector */
    int users;
    SolVideo *video;     /* NULL where it is not needed any more, or not yet again */
    int64_t pictures;    /* how many the file has */
    int64_t next;        /* the picture that the video gives next */
    int64_t shown;       /* the one in the mask; -1: none yet */
    SolMask *mask;       /* of the frames' size */
} Reading;

struct SolMaskFiles {
    Reading **items; /* [count] */
    size_t count, capacity;
};

static const SolVideoOptions options = {.threads = 1, .alpha = true};

int sol_mask_file_create(SolMaskFile **file)
{
    SolMaskFile *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("a region");
    *file = made;
    return SOL_OK;
}

/* ---- opening and closing ---- */

static void free_reading(Reading *reading)
{
    sol_video_close(&reading->video);
    sol_mask_close(&reading->mask);
    free(reading->path);
    sol_free(reading);
}

static void close_reading(void *state)
{
    Reading *reading = state;
    SolMaskFiles *files = reading->files;
    if (--reading->users > 0)
        return;
    for (size_t i = 0; files && i < files->count; i++)
        if (files->items[i] == reading) {
            files->items[i] = files->items[--files->count];
            break;
        }
    free_reading(reading);
}

static int make_reading(Reading **out, const char *path, const SolSelectorSource *source)
{
    Reading *reading = sol_calloc(1, sizeof *reading);
    SolVideoIndex index = {0};
    int result;
    if (!reading)
        return sol_fail_memory("a region");
    *reading = (Reading){.path = sol_copy(path), .files = source->files, .users = 1, .shown = -1};
    result = reading->path ? SOL_OK : sol_fail_memory("a region");
    if (result == SOL_OK)
        result = sol_mask_create(&reading->mask, source->width, source->height);
    if (result == SOL_OK)
        result = sol_video_open(&reading->video, path, &options);
    if (result == SOL_OK)
        result = sol_video_index(reading->video, &index);
    if (result != SOL_OK) {
        free_reading(reading);
        return result;
    }
    reading->pictures = index.frames;
    sol_video_index_clear(&index);
    *out = reading;
    return SOL_OK;
}

/* The reading of a file that another selector has opened, or a new one. */
static int open_reading(void **state, const void *what, const SolSelectorSource *source)
{
    const char *path = ((const SolMaskFile *)what)->path;
    SolMaskFiles *files = source->files;
    void *items = files ? files->items : NULL;
    Reading *reading = NULL;
    int result;
    for (size_t i = 0; files && i < files->count && !reading; i++)
        if (strcmp(files->items[i]->path, path) == 0)
            reading = files->items[i];
    if (reading) {
        reading->users++;
        *state = reading;
        return SOL_OK;
    }
    if (files && !sol_grow(&items, &files->capacity, files->count + 1, sizeof *files->items))
        return sol_fail_memory("a region");
    if (files)
        files->items = items;
    result = make_reading(&reading, path, source);
    if (result != SOL_OK)
        return result;
    if (files)
        files->items[files->count++] = reading;
    *state = reading;
    return SOL_OK;
}

int sol_mask_files_open(SolMaskFiles **files)
{
    SolMaskFiles *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("a region");
    *files = made;
    return SOL_OK;
}

void sol_mask_files_close(SolMaskFiles **files)
{
    if (!*files)
        return;
    free((*files)->items);
    sol_free(*files);
    *files = NULL;
}

/* ---- reading ---- */

/* How light every pixel is (the luma of BT.709), into the mask. */
static void take_luma(SolMask *mask, const SolImage *image)
{
    for (int y = 0; y < mask->height; y++) {
        const uint8_t *from = sol_image_row_const(image, y);
        uint8_t *to = sol_mask_row(mask, y);
        for (int x = 0; x < mask->width; x++, from += 3)
            to[x] = (uint8_t)((from[0] * 54 + from[1] * 183 + from[2] * 19 + 128) >> 8);
    }
}

static int take_picture(Reading *reading, const SolImage *image)
{
    SolImage *scaled = NULL;
    int result = sol_image_scale(&scaled, image, reading->mask->width, reading->mask->height);
    if (result == SOL_OK)
        take_luma(reading->mask, scaled);
    sol_image_unref(&scaled);
    return result;
}

/* Brings picture `n` into the mask. Where that is the last one, the video has done its work. */
static int show(Reading *reading, int64_t n)
{
    SolImage *image = NULL;
    int result = SOL_OK;
    if (!reading->video || n < reading->next) {
        sol_video_close(&reading->video);
        reading->next = 0;
        result = sol_video_open(&reading->video, reading->path, &options);
    }
    if (result == SOL_OK && n > reading->next)
        result = sol_video_skip_to(reading->video, n);
    if (result == SOL_OK)
        result = sol_video_read(reading->video, &image);
    if (result == SOL_OK && image)
        result = take_picture(reading, image);
    sol_image_unref(&image);
    if (result != SOL_OK)
        return result;
    reading->next = n + 1;
    reading->shown = n;
    if (n == reading->pictures - 1)
        sol_video_close(&reading->video);
    return SOL_OK;
}

static int reading_at(void *state, const SolImage *frame, SolInstant at, SolMask *mask)
{
    Reading *reading = state;
    int64_t n = (int64_t)(at.frame + 0.5), last = reading->pictures - 1;
    int result = SOL_OK;
    (void)frame;
    n = n < 0 ? 0 : n < last ? n : last;
    if (n != reading->shown)
        result = show(reading, n);
    if (result == SOL_OK)
        memcpy(mask->values, reading->mask->values, (size_t)mask->width * (size_t)mask->height);
    return result;
}

static int digest_file(const void *what, SolDigester *digester)
{
    const SolMaskFile *file = what;
    SolVideo *video = NULL;
    int result = sol_video_open(&video, file->path, &options);
    if (result == SOL_OK)
        result = sol_video_digest(video, digester);
    sol_video_close(&video);
    return result;
}

static void free_file(void *what)
{
    free(((SolMaskFile *)what)->path);
    sol_free(what);
}

const SolRegionKind sol_region_file = {
    .name = "mask",
    .open = open_reading,
    .at = reading_at,
    .close = close_reading,
    .digest = digest_file,
    .free = free_file,
};

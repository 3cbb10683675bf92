/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks from files. For frame n the file's picture n is read and scaled to the frame, whatever its own shape; behind the
 * last picture, that one stays. Nothing is remembered: a frame that lies before the picture at hand has the file opened
 * anew.
 */
#include "region/mask_file.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/video.h"

#include <stdlib.h>
#include <string.h>

/* A file that is read. */
typedef struct Reading {
    const SolMaskFile *file;
    SolVideo *video;
    int64_t pictures; /* how many the file has */
    int64_t next;     /* the picture that comes next */
    int64_t shown;    /* the one in the mask; -1: none yet */
    SolMask *mask;    /* of the frames' size */
} Reading;

static const SolVideoOptions options = {.threads = 1, .alpha = true};

int sol_mask_file_create(SolMaskFile **file)
{
    SolMaskFile *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("a region");
    *file = made;
    return SOL_OK;
}

static void close_reading(void *state)
{
    Reading *reading = state;
    sol_video_close(&reading->video);
    sol_mask_close(&reading->mask);
    sol_free(reading);
}

static int open_reading(void **state, const void *what, const SolSelectorSource *source)
{
    Reading *reading = sol_calloc(1, sizeof *reading);
    SolVideoIndex index = {0};
    int result;
    if (!reading)
        return sol_fail_memory("a region");
    reading->file = what;
    reading->shown = -1;
    result = sol_mask_create(&reading->mask, source->width, source->height);
    if (result == SOL_OK)
        result = sol_video_open(&reading->video, reading->file->path, &options);
    if (result == SOL_OK)
        result = sol_video_index(reading->video, &index);
    if (result != SOL_OK) {
        close_reading(reading);
        return result;
    }
    reading->pictures = index.frames;
    sol_video_index_clear(&index);
    *state = reading;
    return SOL_OK;
}

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

/* Brings picture `n` into the mask. */
static int show(Reading *reading, int64_t n)
{
    SolImage *image = NULL;
    int result = SOL_OK;
    if (n < reading->next) {
        sol_video_close(&reading->video);
        reading->next = 0;
        result = sol_video_open(&reading->video, reading->file->path, &options);
    }
    if (result == SOL_OK && n > reading->next)
        result = sol_video_skip_to(reading->video, n);
    if (result == SOL_OK)
        result = sol_video_read(reading->video, &image);
    if (result == SOL_OK && image)
        result = take_picture(reading, image);
    sol_image_unref(&image);
    if (result == SOL_OK) {
        reading->next = n + 1;
        reading->shown = n;
    }
    return result;
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

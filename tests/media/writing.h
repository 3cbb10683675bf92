/* SPDX-License-Identifier: Apache-2.0
 *
 * What the writers' tests share: pictures to write, a clip written in one call, and files looked at
 * with the ffmpeg and ffprobe programs.
 */
#ifndef TEST_MEDIA_WRITING_H
#define TEST_MEDIA_WRITING_H

#include "support/number.h"
#include "support/support.h"

#include <solstice/video.h>

#include "image/image.h"
#include "media/av.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[256];

static inline int setup(void **state)
{
    (void)state;
    sol_media_quiet();
    make_folder(folder);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* ---- pictures ---- */

/* Something with a little of everything: a gradient, an edge, and noise that differs from frame to frame. */
static inline void draw_scene(SolImage *image, int n)
{
    uint32_t seed = 12345U + (uint32_t)n * 7919U;
    for (int y = 0; y < image->height; y++) {
        uint8_t *pixel = sol_image_row(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3) {
            int noise;
            seed = seed * 1664525U + 1013904223U;
            noise = (int)(seed >> 29);
            pixel[0] = (uint8_t)(30 + 200 * x / image->width + noise);
            pixel[1] = (uint8_t)(60 + 150 * y / image->height + noise);
            pixel[2] = (uint8_t)(x + n < image->width / 2 ? 200 + noise : 90 + noise);
        }
    }
}

static inline void draw_its_number(SolImage *image, int n)
{
    draw_number(image->pixels, image->stride, image->width, image->height, n);
}

static inline SolImage *new_picture(int width, int height)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    memset(image->pixels, 0, image->stride * (size_t)height);
    return image;
}

/* ---- clips ---- */

typedef struct Clip {
    int width, height, frames;
    SolRational base, rate;
    int64_t first, step;                 /* pts of the first picture, and from one to the next */
    const int64_t *pts;                  /* [frames + 1] instead of those; the last one is the end */
    void (*draw)(SolImage *image, int n);
} Clip;

/* Writes the clip; 0 or the first error. */
static inline int write_clip(const SolOutputSettings *settings, const Clip *clip, bool overwrite,
                             SolWriterReport *report)
{
    SolWriterInput input = {.width = clip->width,
                            .height = clip->height,
                            .time_base = clip->base,
                            .frame_rate = clip->rate,
                            .threads = 2,
                            .overwrite = overwrite};
    SolWriter *writer = NULL;
    int result = sol_writer_open(&writer, settings, &input, NULL);
    for (int n = 0; n < clip->frames && result == 0; n++) {
        SolImage *image = new_picture(clip->width, clip->height);
        clip->draw(image, n);
        image->number = n;
        image->time_base = clip->base;
        image->pts = clip->pts ? clip->pts[n] : clip->first + n * clip->step;
        image->duration = clip->pts ? clip->pts[n + 1] - clip->pts[n] : clip->step;
        result = sol_writer_write(writer, image);
        sol_image_unref(&image);
    }
    if (result == 0)
        result = sol_writer_finish(writer, report);
    sol_writer_close(&writer);
    assert_null(writer);
    return result;
}

/* As write_clip() with defaults to NAME in the test's folder, which must succeed. */
static inline const char *write_as(const char *name, const Clip *clip, SolWriterReport *report)
{
    const char *path = in_folder(folder, name);
    char copy[512];
    SolOutputSettings settings = {.path = copy, .crf = -1};
    snprintf(copy, sizeof copy, "%s", path);
    if (write_clip(&settings, clip, true, report) != 0)
        fail_msg("%s", sol_error_text());
    if (report)
        report->path = path;
    return path;
}

/* ---- looking at files ---- */

/* What ffprobe says of the entries ("stream=width,height:format=duration"), one "key=value|" after the other. */
static inline const char *probe(const char *path, const char *entries)
{
    static char output[16384];
    assert_int_equal(run_command(output, sizeof output,
                                 "ffprobe -v error -count_frames -of default=noprint_wrappers=1 -show_entries '%s' "
                                 "'%s' | tr '\\n' '|'", entries, path), 0);
    return output;
}

/* All frames as RGB, decoded by the ffmpeg program; freed with free(). */
static inline uint8_t *decode(const char *path, int width, int height, int *frames)
{
    size_t size = 3 * (size_t)width * (size_t)height, used = 0, capacity = size * 400 + 1, got;
    uint8_t *pixels = malloc(capacity);
    char command[1024];
    FILE *pipe;
    snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -f rawvideo -pix_fmt rgb24 -vsync passthrough -", path);
    pipe = popen(command, "r");
    assert_non_null(pixels);
    assert_non_null(pipe);
    while ((got = fread(pixels + used, 1, capacity - used, pipe)) > 0)
        used += got;
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(used % size, 0);
    *frames = (int)(used / size);
    return pixels;
}

static inline void assert_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

#endif

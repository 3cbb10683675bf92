/* SPDX-License-Identifier: Apache-2.0
 *
 * Clips by way of the ffmpeg and ffprobe programs.
 */
#include "support/clips.h"

#include "support/number.h"
#include "support/support.h"

#include <libavcodec/avcodec.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- making ---- */

void ffmpeg(const char *arguments)
{
    if (run_command("cd '%s' && ffmpeg -v error -nostdin -y %s", folder, arguments) != 0)
        fail_msg("ffmpeg %s: %s", arguments, printed);
}

void ffmpeg_from(const void *pixels, size_t bytes, const char *layout, int width, int height, const char *arguments)
{
    const char *raw = in_folder("pixels.raw");
    char all[2048];
    write_bytes(raw, pixels, bytes);
    assert_true(snprintf(all, sizeof all, "-f rawvideo -pix_fmt %s -s %dx%d -r 30 -i pixels.raw -threads 2 %s", layout,
                         width, height, arguments) < (int)sizeof all);
    ffmpeg(all);
    unlink(raw);
}

void numbered_clip(int frames, const char *arguments)
{
    size_t row = 3 * CLIP_WIDTH, bytes = row * CLIP_HEIGHT * (size_t)frames;
    uint8_t *pixels = malloc(bytes), *to = pixels;
    SolImage *image = NULL;
    assert_non_null(pixels);
    assert_int_equal(sol_image_create(&image, CLIP_WIDTH, CLIP_HEIGHT), 0);
    for (int n = 0; n < frames; n++) {
        draw_number(image, n);
        for (int y = 0; y < CLIP_HEIGHT; y++, to += row)
            memcpy(to, sol_image_row_const(image, y), row);
    }
    sol_image_unref(&image);
    ffmpeg_from(pixels, bytes, "rgb24", CLIP_WIDTH, CLIP_HEIGHT, arguments);
    free(pixels);
}

void need_encoder(const char *name)
{
    if (!avcodec_find_encoder_by_name(name)) {
        print_message("skipped: this FFmpeg has no encoder %s\n", name);
        skip();
    }
}

/* ---- looking ---- */

const char *probe(const char *path, const char *entries)
{
    if (run_command("ffprobe -v error -count_frames -select_streams v -of default=noprint_wrappers=1 "
                    "-show_entries '%s' '%s' | tr '\\n' '|'", entries, path) != 0)
        fail_msg("%s", printed);
    return printed;
}

uint8_t *decode(const char *path, int width, int height, int *frames)
{
    size_t picture = 3 * (size_t)width * (size_t)height, size;
    char command[1024];
    uint8_t *pixels;
    FILE *pipe;
    snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -f rawvideo -pix_fmt rgb24 -vsync passthrough -", path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    pixels = read_stream(pipe, &size);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(size % picture, 0);
    *frames = (int)(size / picture);
    return pixels;
}

void assert_numbers(const char *path, int width, int height, int first, int count)
{
    size_t row = 3 * (size_t)width;
    int frames;
    uint8_t *pixels = decode(path, width, height, &frames);
    assert_int_equal(frames, count);
    for (int n = 0; n < count; n++)
        assert_int_equal(read_number(pixels + (size_t)n * row * (size_t)height, row, width, height), first + n);
    free(pixels);
}

/* ---- reading ---- */

SolVideo *open_video(const char *name, const SolVideoOptions *options)
{
    SolVideo *video = NULL;
    if (sol_video_open(&video, in_folder(name), options) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return video;
}

SolImage *read_image(SolVideo *video)
{
    SolImage *image = (SolImage *)video; /* anything but NULL */
    if (sol_video_read(video, &image) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return image;
}

void assert_end(SolVideo *video)
{
    assert_null(read_image(video));
    assert_null(read_image(video));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Material for the reader's tests: a folder of their own, clips made by the ffmpeg program out of
 * pixels that the test draws, pictures that carry their number, and a log that can be asked.
 */
#ifndef SOL_TESTS_MEDIA_CLIPS_H
#define SOL_TESTS_MEDIA_CLIPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>

#include <solstice/image.h>
#include <solstice/log.h>

#include "base/file.h"
#include "media/av.h"

/* Pictures that carry a number: 4 x 3 blocks of 16 x 16 pixels, the first one the lowest bit. */
enum { CLIP_WIDTH = 64, CLIP_HEIGHT = 48, CLIP_BLOCK = 16, CLIP_BITS = 12 };

static char clips_folder[512];

/* ---- the folder ---- */

/* The path of `name` in the test's folder; the last few results stay valid. */
static inline const char *in_folder(const char *name)
{
    static char paths[8][1024];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", clips_folder, name);
    return path;
}

static inline void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        struct stat status;
        char *inner;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        inner = sol_path_join(path, entry->d_name);
        assert_non_null(inner);
        if (lstat(inner, &status) == 0 && S_ISDIR(status.st_mode))
            remove_tree(inner);
        else
            unlink(inner);
        free(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static inline int clips_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    sol_media_quiet();
    signal(SIGPIPE, SIG_IGN); /* an ffmpeg that gives up is seen by its exit status */
    snprintf(clips_folder, sizeof clips_folder, "%s/solstice-media-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(clips_folder) ? 0 : -1;
}

static inline int clips_teardown(void **state)
{
    (void)state;
    remove_tree(clips_folder);
    return 0;
}

static inline void make_folder(const char *name)
{
    assert_int_equal(mkdir(in_folder(name), 0777), 0);
}

static inline void write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The whole of a file, freed with free(). */
static inline uint8_t *read_bytes(const char *name, size_t *size)
{
    FILE *file = fopen(in_folder(name), "rb");
    uint8_t *bytes;
    long length;
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    assert_true(length > 0);
    bytes = malloc((size_t)length);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)length, file);
    assert_int_equal(*size, length);
    fclose(file);
    return bytes;
}

/* ---- the ffmpeg program ---- */

/* Skips the calling test where there is no ffmpeg program. */
static inline void need_ffmpeg(void)
{
    if (system("ffmpeg -version >/dev/null 2>&1") != 0) {
        print_message("skipped: the ffmpeg program is not here\n");
        skip();
    }
}

/* Skips the calling test where FFmpeg was built without an encoder. */
static inline void need_encoder(const char *name)
{
    need_ffmpeg();
    if (!avcodec_find_encoder_by_name(name)) {
        print_message("skipped: this FFmpeg has no encoder %s\n", name);
        skip();
    }
}

/* Runs ffmpeg with `arguments`, in the test's folder. */
static inline void ffmpeg(const char *arguments)
{
    char command[4096];
    snprintf(command, sizeof command, "cd '%s' && ffmpeg -v quiet -nostdin -y -threads 2 %s >/dev/null 2>&1",
             clips_folder, arguments);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* Feeds raw pixels (`layout` as -pix_fmt) to ffmpeg, whose further arguments are given. */
static inline void ffmpeg_from(const void *pixels, size_t bytes, const char *layout, int width, int height,
                               const char *arguments)
{
    char command[4096];
    FILE *pipe;
    size_t written;
    snprintf(command, sizeof command,
             "cd '%s' && ffmpeg -v quiet -y -f rawvideo -pix_fmt %s -s %dx%d -r 30 -i - -threads 2 %s >/dev/null 2>&1",
             clips_folder, layout, width, height, arguments);
    pipe = popen(command, "w");
    assert_non_null(pipe);
    written = fwrite(pixels, 1, bytes, pipe);
    if (pclose(pipe) != 0 || written != bytes)
        fail_msg("failed: %s", command);
}

/* ---- pictures that carry their number ---- */

/* Some texture on top gives an encoder something to do. */
static inline void draw_number(uint8_t *rgb, int number)
{
    uint32_t noise = (uint32_t)number * 2654435761u + 1;
    for (int y = 0; y < CLIP_HEIGHT; y++)
        for (int x = 0; x < CLIP_WIDTH; x++) {
            int bit = y / CLIP_BLOCK * (CLIP_WIDTH / CLIP_BLOCK) + x / CLIP_BLOCK;
            noise = noise * 1664525u + 1013904223u;
            memset(rgb + 3 * (y * CLIP_WIDTH + x), (number >> bit & 1 ? 224 : 0) + (int)(noise >> 27), 3);
        }
}

/* The number that a picture carries, of any size that keeps the blocks apart. */
static inline int number_in(const SolImage *image)
{
    int number = 0, width = sol_image_width(image), height = sol_image_height(image);
    for (int bit = 0; bit < CLIP_BITS; bit++) {
        int columns = CLIP_WIDTH / CLIP_BLOCK, rows = CLIP_HEIGHT / CLIP_BLOCK;
        int x = (2 * (bit % columns) + 1) * width / (2 * columns);
        int y = (2 * (bit / columns) + 1) * height / (2 * rows);
        const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
        number |= (pixel[0] + pixel[1] + pixel[2] > 3 * 128) << bit;
    }
    return number;
}

/* A clip of `frames` pictures numbered from 0, encoded as `arguments` say. */
static inline void numbered_clip(int frames, const char *arguments)
{
    size_t size = CLIP_WIDTH * CLIP_HEIGHT * 3;
    uint8_t *pixels = malloc(size * (size_t)frames);
    assert_non_null(pixels);
    for (int n = 0; n < frames; n++)
        draw_number(pixels + size * (size_t)n, n);
    ffmpeg_from(pixels, size * (size_t)frames, "rgb24", CLIP_WIDTH, CLIP_HEIGHT, arguments);
    free(pixels);
}

/* ---- a log ---- */

typedef struct Lines {
    int count;         /* of warnings */
    char first[1024];  /* warning */
} Lines;

static inline void keep_line(void *user, SolLogLevel level, const char *text)
{
    Lines *lines = user;
    if (level != SOL_LOG_WARNING)
        return;
    if (lines->count++ == 0)
        snprintf(lines->first, sizeof lines->first, "%s", text);
}

/* The error text without the test's folder. */
static inline const char *error_in_folder(void)
{
    static char text[2048];
    const char *from = sol_error_text();
    char *to = text;
    size_t length = strlen(clips_folder);
    while (*from && to < text + sizeof text - 1) {
        if (strncmp(from, clips_folder, length) == 0 && (from[length] == '/' || from[length] == ':'))
            from += length + (from[length] == '/');
        else
            *to++ = *from++;
    }
    *to = '\0';
    return text;
}

#endif

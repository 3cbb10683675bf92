/* SPDX-License-Identifier: Apache-2.0
 *
 * Video files, as other programs see them: frames, times, sizes, colours, layout of the file.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"

#include <libavutil/intreadwrite.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static const SolRational thirtieth = {1, 30}, thirty = {30, 1};

/* ---- frames and times ---- */

static void test_every_frame_in_its_place(void **state)
{
    static const char *const names[] = {"a.mp4", "b.mov", "c.mkv"};
    Clip clip = {64, 48, 70, thirtieth, thirty, 0, 1, NULL, draw_number};
    (void)state;
    for (int i = 0; i < 3; i++) {
        SolWriterReport report;
        const char *path = write_as(names[i], &clip, &report), *text;
        assert_numbers(path, 64, 48, 0, 70);
        text = probe(path, "stream=width,height,pix_fmt,codec_name,r_frame_rate,avg_frame_rate,start_time,"
                           "nb_read_frames:format=duration");
        assert_contains(text, "codec_name=h264|");
        assert_contains(text, "width=64|height=48|pix_fmt=yuv420p|");
        assert_contains(text, "r_frame_rate=30/1|avg_frame_rate=30/1|start_time=0.000000|");
        assert_contains(text, "nb_read_frames=70|");
        assert_contains(text, i < 2 ? "duration=2.333333|" : "duration=2.333000|"); /* Matroska counts in 1/1000 s */
        assert_int_equal(report.frames, 70);
        assert_int_equal(report.width, 64);
        assert_int_equal(report.height, 48);
        assert_float_equal((float)report.seconds, 70.0f / 30, 1e-6f);
    }
}

static void test_ntsc_rate_is_exact(void **state)
{
    Clip clip = {32, 32, 31, {1001, 30000}, {30000, 1001}, 0, 1, NULL, draw_scene};
    const char *text = probe(write_as("ntsc.mp4", &clip, NULL), "stream=r_frame_rate,time_base,duration_ts,nb_frames");
    (void)state;
    assert_contains(text, "r_frame_rate=30000/1001|");
    assert_contains(text, "time_base=1/30000|");
    assert_contains(text, "duration_ts=31031|");
    assert_contains(text, "nb_frames=31|");
}

/* A film's length as its own header tells it, since some versions of ffprobe add up the times of packets instead. */
static double movie_seconds(const char *path)
{
    uint32_t scale, duration;
    size_t size, at = 0;
    uint8_t *bytes;
    if (strstr(path, ".mkv"))
        return atof(strchr(probe(path, "format=duration"), '=') + 1);
    bytes = read_bytes(path, &size);
    while (at + 24 < size && memcmp(bytes + at, "mvhd", 5) != 0) /* and version 0 */
        at++;
    assert_true(at + 24 < size);
    scale = AV_RB32(bytes + at + 16);
    duration = AV_RB32(bytes + at + 20);
    free(bytes);
    return (double)duration / scale;
}

static void test_variable_times_are_kept(void **state)
{
    /* in 1/1000 s, and not from 0 */
    static const int64_t pts[] = {7000, 7040, 7055, 7200, 8000, 8001, 8100, 8133, 8500, 9999};
    static const char *const names[] = {"vfr.mp4", "vfr.mov", "vfr.mkv"};
    Clip clip = {64, 48, 9, {1, 1000}, {0, 1}, 0, 0, pts, draw_number};
    (void)state;
    for (int i = 0; i < 3; i++) {
        SolWriterReport report;
        const char *path = write_as(names[i], &clip, &report), *text = probe(path, "frame=pts_time");
        char expected[512] = "";
        for (int n = 0; n < 9; n++)
            sprintf(expected + strlen(expected), "pts_time=%.6f|", (double)(pts[n] - 7000) / 1000);
        assert_string_equal(text, expected);
        assert_numbers(path, 64, 48, 0, 9);
        assert_float_equal((float)report.seconds, 2.999f, 1e-6f);
        assert_float_equal((float)movie_seconds(path), 2.999f, 1e-6f);
    }
}

static void test_one_frame(void **state)
{
    Clip clip = {48, 32, 1, {1, 2}, {2, 1}, 5, 1, NULL, draw_scene};
    (void)state;
    assert_contains(probe(write_as("one.mp4", &clip, NULL), "stream=nb_read_frames,duration"),
                    "duration=0.500000|nb_read_frames=1|");
    assert_contains(probe(write_as("one.mkv", &clip, NULL), "stream=nb_read_frames:format=duration"),
                    "nb_read_frames=1|duration=0.500000|");
}

static void test_absurd_time_base(void **state)
{
    Clip clip = {64, 48, 5, {1, 2000000000}, {0, 1}, 999, 80000000, NULL, draw_number};
    const char *path = write_as("nano.mp4", &clip, NULL);
    (void)state;
    assert_string_equal(probe(path, "frame=pts_time"),
                        "pts_time=0.000000|pts_time=0.040000|pts_time=0.080000|pts_time=0.120000|pts_time=0.160000|");
    assert_numbers(path, 64, 48, 0, 5);
    assert_contains(probe(path, "format=duration"), "duration=0.200000|");
}

/* ---- pictures ---- */

/* Waves of grey, whose edges can be told from each other. */
static void draw_waves(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            int wave = 40 + 3 * abs((x + n) % 40 - 20) + 4 * abs(y % 40 - 20);
            memset(sol_image_row(image, y) + 3 * x, wave, 3);
        }
}

static void test_awkward_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 2}, {17, 33}, {1, 50}, {853, 479}};
    (void)state;
    for (int i = 0; i < 5; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        int even_width = width + width % 2, even_height = height + height % 2;
        Clip clip = {width, height, 4, thirtieth, thirty, 0, 1, NULL, draw_waves};
        SolWriterReport report;
        SolImage *scene = new_picture(width, height);
        char size[64];
        int frames, worst = 0;
        const char *path = write_as("odd.mp4", &clip, &report);
        uint8_t *pixels = decode(path, even_width, even_height, &frames);
        snprintf(size, sizeof size, "width=%d|height=%d|", even_width, even_height);
        assert_contains(probe(path, "stream=width,height"), size);
        assert_int_equal(report.width, even_width);
        assert_int_equal(report.height, even_height);
        assert_int_equal(frames, 4);
        /* every pixel, and those that repeat the last column and row */
        draw_waves(scene, 0);
        for (int y = 0; y < even_height; y++)
            for (int x = 0; x < even_width; x++) {
                int from_x = x < width ? x : width - 1, from_y = y < height ? y : height - 1;
                int is = pixels[3 * (y * even_width + x) + 1];
                int was = sol_image_row_const(scene, from_y)[3 * from_x + 1];
                worst = abs(is - was) > worst ? abs(is - was) : worst;
            }
        assert_in_range(worst, 0, 8);
        sol_image_unref(&scene);
        free(pixels);
    }
}

static void draw_patches(SolImage *image, int n)
{
    static const uint8_t colours[8][3] = {{255, 0, 0},     {0, 255, 0},   {0, 0, 255},   {255, 255, 255},
                                          {128, 128, 128}, {200, 150, 60}, {20, 90, 160}, {0, 0, 0}};
    (void)n;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            memcpy(sol_image_row(image, y) + 3 * x, colours[x * 8 / image->width], 3);
}

static void test_colours_are_bt709(void **state)
{
    Clip clip = {256, 64, 3, thirtieth, thirty, 0, 1, NULL, draw_patches};
    SolImage *patches = new_picture(256, 64);
    int frames;
    const char *path = write_as("colours.mp4", &clip, NULL);
    uint8_t *pixels;
    (void)state;
    assert_contains(probe(path, "stream=color_range,color_space,color_transfer,color_primaries,chroma_location"),
                    "color_range=tv|color_space=bt709|color_transfer=bt709|color_primaries=bt709|"
                    "chroma_location=left|");
    pixels = decode(path, 256, 64, &frames);
    draw_patches(patches, 0);
    assert_int_equal(frames, 3);
    for (int patch = 0; patch < 8; patch++)
        for (int c = 0; c < 3; c++) {
            int x = 32 * patch + 16, is = pixels[3 * (32 * 256 + x) + c], was = patches->pixels[3 * x + c];
            if (abs(is - was) > 3)
                fail_msg("patch %d, channel %d: %d became %d", patch, c, was, is);
        }
    sol_image_unref(&patches);
    free(pixels);
}

static void test_width_scales(void **state)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = 30, .preset = "ultrafast", .width = 51};
    Clip clip = {100, 74, 3, thirtieth, thirty, 0, 1, NULL, draw_number};
    SolWriterReport report;
    (void)state;
    snprintf(path, sizeof path, "%s/width.mp4", folder);
    assert_int_equal(write_clip(&settings, &clip, false, &report), 0);
    assert_int_equal(report.width, 52);
    assert_int_equal(report.height, 38); /* 74 * 52 / 100 = 38.5 */
    assert_numbers(path, 52, 38, 0, 3);
}

static void test_crf_and_preset_matter(void **state)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = 40, .preset = "veryfast"};
    Clip clip = {128, 96, 10, thirtieth, thirty, 0, 1, NULL, draw_scene};
    SolWriterReport coarse, fine;
    (void)state;
    snprintf(path, sizeof path, "%s/quality.mp4", folder);
    assert_int_equal(write_clip(&settings, &clip, true, &coarse), 0);
    settings.crf = 5;
    assert_int_equal(write_clip(&settings, &clip, true, &fine), 0);
    assert_true(fine.bytes > 3 * coarse.bytes);
}

/* ---- the file ---- */

/* Where a four-letter box starts in the file, or -1. */
static long find_box(const uint8_t *bytes, size_t size, const char *name)
{
    for (size_t at = 0; at + 8 <= size;) {
        size_t length = 0;
        for (size_t i = 0; i < 4; i++)
            length = length << 8 | bytes[at + i];
        if (memcmp(bytes + at + 4, name, 4) == 0)
            return (long)at;
        if (length < 8)
            break;
        at += length;
    }
    return -1;
}

static void test_index_comes_first(void **state)
{
    static const char *const names[] = {"fast.mp4", "fast.mov"};
    Clip clip = {64, 48, 20, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (int i = 0; i < 2; i++) {
        SolWriterReport report;
        size_t size;
        uint8_t *bytes = read_bytes(write_as(names[i], &clip, &report), &size);
        long moov = find_box(bytes, size, "moov"), mdat = find_box(bytes, size, "mdat");
        assert_true(moov > 0);
        assert_true(mdat > moov);
        assert_int_equal(report.bytes, size);
        free(bytes);
    }
}

static void test_path_is_taken_literally(void **state)
{
    Clip clip = {32, 32, 2, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    write_as("http:50%d it's.MP4", &clip, NULL);
    assert_int_equal(access(in_folder("http:50%d it's.MP4"), F_OK), 0);
}

/* Blocks that drift, in rows of an odd number of macroblocks. */
static void draw_drifting(SolImage *image, int n)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < 3 * image->width; x++) {
            unsigned block = (unsigned)((x / 3 + 3 * n) / 8 * 31 + (y + n) / 8 * 17) * 2654435761u;
            sol_image_row(image, y)[x] = (uint8_t)((block >> 24) / 2 + (unsigned)(x * y + n * n) * 40503u % 64);
        }
}

/* Whatever memory holds before an encoder gets it. */
static void test_same_film_in_any_memory(void **state)
{
    static const char *const names[] = {"clean.mp4", "dirty.mp4"};
    Clip clip = {360, 96, 60, thirtieth, thirty, 0, 1, NULL, draw_drifting};
    uint8_t *films[2];
    size_t sizes[2];
    (void)state;
#ifdef __GLIBC__
    for (int i = 0; i < 2; i++) {
        mallopt(M_PERTURB, i == 0 ? 0 : 0x5a);
        films[i] = read_bytes(write_as(names[i], &clip, NULL), &sizes[i]);
    }
    mallopt(M_PERTURB, 0);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(films[0], films[1], sizes[0]);
    free(films[0]);
    free(films[1]);
#else
    (void)names, (void)clip, (void)films, (void)sizes;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_in_its_place), cmocka_unit_test(test_ntsc_rate_is_exact),
        cmocka_unit_test(test_variable_times_are_kept),  cmocka_unit_test(test_one_frame),
        cmocka_unit_test(test_same_film_in_any_memory),
        cmocka_unit_test(test_absurd_time_base),         cmocka_unit_test(test_awkward_sizes),
        cmocka_unit_test(test_colours_are_bt709),        cmocka_unit_test(test_width_scales),
        cmocka_unit_test(test_crf_and_preset_matter),    cmocka_unit_test(test_index_comes_first),
        cmocka_unit_test(test_path_is_taken_literally),
    };
    return cmocka_run_group_tests_name("media/film", tests, set_up_folder, tear_down_folder);
}

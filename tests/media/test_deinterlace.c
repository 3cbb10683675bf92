/* SPDX-License-Identifier: Apache-2.0
 *
 * Deinterlacing, held against the ffmpeg program's own bwdif; and that libavfilter, which brings a BLAS along, leaves
 * OpenBLAS the only one.
 */
#include "support/clips.h"
#include "support/support.h"

#include "image/image.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 96, HEIGHT = 64 };

/* As the library converts 4:2:0, where nothing is tagged. */
#define TO_RGB "scale=in_h_chr_pos=0:in_v_chr_pos=128:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
#define BWDIF "bwdif=mode=send_frame:deint=interlaced,"

/* Ten frames that move from field to field, as H.264 without a container. */
static void make_clip(const char *name, const char *size, bool interlaced)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments,
             "-f lavfi -i testsrc2=s=%s:r=50:d=0.4,%s -c:v libx264 -bf 0 %s -f h264 %s", size,
             interlaced ? "tinterlace=interleave_top" : "fps=25",
             interlaced ? "-flags +ilme+ildct -x264-params tff=1" : "", name);
    ffmpeg(arguments);
}

/* One file behind the other. */
static void join(const char *first, const char *second, const char *name)
{
    size_t size, second_size;
    uint8_t *bytes = read_bytes(in_folder(first), &size), *more = read_bytes(in_folder(second), &second_size);
    bytes = realloc(bytes, size + second_size);
    assert_non_null(bytes);
    memcpy(bytes + size, more, second_size);
    write_bytes(in_folder(name), bytes, size + second_size);
    free(bytes);
    free(more);
}

/* How many of a clip's frames, which the library reads, are the same as what ffmpeg makes with the filter. */
static int count_same(const char *name, const char *filter, int count)
{
    const size_t picture = 3 * WIDTH * HEIGHT;
    char arguments[512];
    uint8_t *pixels;
    size_t size;
    SolVideo *video = open_video(name, NULL);
    SolImage *image;
    int same = 0, n;
    snprintf(arguments, sizeof arguments, "-i %s -vf %s" TO_RGB ",format=rgb24 -f rawvideo -vsync passthrough right.rgb",
             name, filter);
    ffmpeg(arguments);
    pixels = read_bytes(in_folder("right.rgb"), &size);
    assert_int_equal(size, picture * (size_t)count);
    for (n = 0; (image = read_image(video)); n++) {
        bool equal = true;
        assert_true(n < count);
        for (int y = 0; y < HEIGHT; y++)
            equal = equal && memcmp(sol_image_row_const(image, y),
                                    pixels + (size_t)n * picture + (size_t)y * 3 * WIDTH, 3 * WIDTH) == 0;
        same += equal;
        sol_image_unref(&image);
    }
    assert_int_equal(n, count);
    sol_video_close(&video);
    free(pixels);
    return same;
}

static void takes_the_comb_out(void **state)
{
    (void)state;
    need_encoder("libx264");
    make_clip("fields.h264", "96x64", true);
    assert_int_equal(count_same("fields.h264", BWDIF, 10), 10);
    assert_int_equal(count_same("fields.h264", "", 10), 0);
}

static void leaves_whole_frames_alone(void **state)
{
    (void)state;
    need_encoder("libx264");
    make_clip("frames.h264", "96x64", false);
    assert_int_equal(count_same("frames.h264", "", 10), 10);
    /* first the one, then the other */
    make_clip("fields.h264", "96x64", true);
    join("frames.h264", "fields.h264", "both.h264");
    assert_int_equal(count_same("both.h264", "", 20), 10);
    join("fields.h264", "frames.h264", "other.h264");
    assert_int_equal(count_same("other.h264", BWDIF, 20), 20);
}

/* Frames that the filter holds when another size comes are not lost. */
static void goes_on_at_another_size(void **state)
{
    SolVideo *video;
    SolVideoIndex index;
    SolImage *image;
    int n;
    (void)state;
    need_encoder("libx264");
    make_clip("fields.h264", "96x64", true);
    make_clip("large.h264", "128x96", true);
    join("fields.h264", "large.h264", "sizes.h264");
    video = open_video("sizes.h264", NULL);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 20);
    for (n = 0; (image = read_image(video)); n++) {
        assert_int_equal(image->number, n);
        assert_int_equal(image->pts, index.pts[n]);
        assert_int_equal(sol_image_width(image), WIDTH);
        sol_image_unref(&image);
    }
    assert_int_equal(n, 20);
    sol_video_index_clear(&index);
    sol_video_close(&video);
}

/* The filter refuses pictures of so few lines. */
static void passes_on_what_it_cannot_do(void **state)
{
    Lines lines = {0};
    SolLog log = {keep_line, &lines};
    SolVideo *video;
    SolImage *image;
    int n;
    (void)state;
    ffmpeg("-f lavfi -i testsrc2=s=64x2:r=25:d=0.2 -vf setfield=tff -c:v prores -flags +ilme+ildct low.mov");
    video = open_video("low.mov", &(SolVideoOptions){.log = &log});
    for (n = 0; (image = read_image(video)); n++)
        sol_image_unref(&image);
    assert_int_equal(n, 5);
    assert_int_equal(lines.count, 1);
    assert_contains(lines.first, "low.mov: is interlaced, and pictures of 64x2 cannot be deinterlaced; left as they are");
    sol_video_close(&video);
}

/* Debian's libavfilter asks for libblas.so.3, which has to be OpenBLAS's own. */
static void leaves_openblas_the_only_blas(void **state)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024], found[1024] = "";
    int count = 0;
    (void)state;
    if (!maps) {
        print_message("skipped: this system does not tell which libraries a program has loaded\n");
        skip();
    }
    while (fgets(line, sizeof line, maps)) {
        const char *path = strchr(line, '/'), *name = path ? strrchr(path, '/') : NULL;
        if (!name || !strstr(name, "blas") || strcmp(path, found) == 0)
            continue;
        if (!strstr(path, "openblas"))
            fail_msg("another BLAS is loaded beside OpenBLAS: %s", path);
        count += strncmp(name, "/libopenblas", 12) == 0;
        snprintf(found, sizeof found, "%s", path);
    }
    fclose(maps);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_comb_out),
        cmocka_unit_test(leaves_whole_frames_alone),
        cmocka_unit_test(goes_on_at_another_size),
        cmocka_unit_test(passes_on_what_it_cannot_do),
        cmocka_unit_test(leaves_openblas_the_only_blas),
    };
    return cmocka_run_group_tests_name("media/deinterlace", tests, set_up_folder, tear_down_folder);
}

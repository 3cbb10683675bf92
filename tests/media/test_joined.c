/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs one after another: every frame of each at its own time, exactly, in the first one's size.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"

#include "image/image.h"

#include <stdlib.h>
#include <string.h>

static SolVideo *open_joined(const char *const names[], SolVideoOptions options)
{
    const char *paths[8] = {NULL};
    SolVideo *video = NULL;
    for (int i = 0; names[i]; i++)
        paths[i] = in_folder(names[i]);
    options.then = paths + 1;
    if (sol_video_open(&video, paths[0], &options) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return video;
}

/* A clip of 5 frames at 24000/1001, one of 4 at 25, a still, and one of 3 whose times are uneven. */
static void make_clips(void)
{
    numbered_clip(5, "-vf settb=1/24000,setpts=N*1001 -r 24000/1001 -c:v mpeg4 -q:v 2 film.mp4");
    numbered_clip(4, "-vf settb=1/25,setpts=N -r 25 -c:v mpeg4 -q:v 2 tv.mp4");
    numbered_clip(1, "still.png");
    numbered_clip(3, "-vf settb=1/1000,setpts=N*N*100+N*7 -fps_mode passthrough -enc_time_base 1:1000 -c:v ffv1 uneven.mkv");
}

static const char *const all[] = {"film.mp4", "tv.mp4", "still.png", "uneven.mkv", NULL};

/* seconds * 3,000,000 of every frame, and of the end: the still lasts a tenth, the uneven clip's last frame 33 ms */
static const int64_t starts[] = {0,      125125, 250250, 375375, 500500, 625625,  745625,
                                 865625, 985625, 1105625, 1405625, 1726625, 2647625};
static const int numbers[] = {0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 0, 1, 2};

static int64_t in_parts(int64_t time, SolRational base)
{
    assert_int_equal(time * base.num * 3000000 % base.den, 0);
    return time * base.num * 3000000 / base.den;
}

static void joins_times(void **state)
{
    SolVideo *video;
    SolVideoIndex index;
    SolImage *image;
    int n;
    (void)state;
    make_clips();
    for (int indexed = 0; indexed <= 1; indexed++) {
        int64_t end = 0;
        video = open_joined(all, (SolVideoOptions){.framerate = {10, 1}});
        if (indexed) {
            assert_int_equal(sol_video_index(video, &index), SOL_OK);
            assert_int_equal(index.frames, 13);
        }
        for (n = 0; (image = read_image(video)); n++) {
            assert_true(n < 13);
            assert_int_equal(image->number, n);
            assert_int_equal(number_in(image), numbers[n]);
            assert_int_equal(in_parts(image->pts, image->time_base), starts[n]);
            assert_int_equal(image->pts, end);
            if (indexed)
                assert_int_equal(image->pts, index.pts[n]);
            end = image->pts + image->duration;
            sol_image_unref(&image);
        }
        assert_int_equal(n, 13);
        if (indexed) {
            assert_int_equal(end, index.end);
            sol_video_index_clear(&index);
        }
        assert_end(video);
        sol_video_close(&video);
    }
}

static void skips_across_clips(void **state)
{
    static const int places[] = {2, 4, 5, 9, 10, 12};
    (void)state;
    make_clips();
    for (int indexed = 0; indexed <= 1; indexed++) {
        SolVideo *video = open_joined(all, (SolVideoOptions){.framerate = {10, 1}});
        SolVideoIndex index;
        SolImage *image;
        if (indexed) {
            assert_int_equal(sol_video_index(video, &index), SOL_OK);
            sol_video_index_clear(&index);
        }
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            assert_int_equal(sol_video_skip_to(video, places[i]), SOL_OK);
            image = read_image(video);
            assert_non_null(image);
            assert_int_equal(image->number, places[i]);
            assert_int_equal(number_in(image), numbers[places[i]]);
            assert_int_equal(in_parts(image->pts, image->time_base), starts[places[i]]);
            sol_image_unref(&image);
        }
        assert_int_equal(sol_video_skip_to(video, 3), SOL_ERR_ARGUMENT);
        assert_int_equal(sol_video_skip_to(video, 100), SOL_OK);
        assert_end(video);
        sol_video_close(&video);
    }
}

/* Another shape is shown whole between bars; nearly the same one fills the picture. */
static void fits_into_the_first(void **state)
{
    static const char *const names[] = {"wide.png", "tall.png", "nearly.png", "small.png", NULL};
    Lines lines = {0};
    SolVideo *video;
    SolVideoInfo info;
    SolImage *image;
    (void)state;
    ffmpeg("-f lavfi -i color=white:s=80x40 -frames:v 1 wide.png");
    ffmpeg("-f lavfi -i color=white:s=30x60 -frames:v 1 tall.png");
    ffmpeg("-f lavfi -i color=white:s=401x200 -frames:v 1 nearly.png");
    ffmpeg("-f lavfi -i color=white:s=20x10 -frames:v 1 small.png");
    for (int half = 0; half <= 1; half++) {
        int width = half ? 40 : 80, height = half ? 20 : 40;
        video = open_joined(names, (SolVideoOptions){.short_side = half ? 20 : 0, .log = &(SolLog){keep_line, &lines}});
        sol_video_info(video, &info);
        assert_int_equal(info.out_width, width);
        assert_int_equal(info.out_height, height);
        for (int n = 0; n < 4; n++) {
            const uint8_t *row;
            image = read_image(video);
            assert_int_equal(sol_image_width(image), width);
            assert_int_equal(sol_image_height(image), height);
            row = sol_image_row_const(image, height / 3);
            for (int x = 0; x < width; x++) {
                bool bar = n == 1 && (x < width * 3 / 8 || x >= width * 5 / 8);
                assert_int_equal(row[3 * x + 1], bar ? 0 : 255);
            }
            sol_image_unref(&image);
        }
        assert_end(video);
        sol_video_close(&video);
    }
    assert_int_equal(lines.count, 0); /* it is a note, and no warning */
}

static void names_the_one_that_is_wrong(void **state)
{
    const char *paths[4] = {NULL};
    SolVideo *video = NULL;
    (void)state;
    numbered_clip(2, "-c:v ffv1 good.mkv");
    write_text(in_folder("bad.mkv"), "not a film\n");
    paths[0] = in_folder("good.mkv");
    paths[1] = in_folder("bad.mkv");
    assert_int_equal(sol_video_open(&video, paths[0], &(SolVideoOptions){.then = paths + 1}), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "bad.mkv: is no video or image that FFmpeg can read");
    paths[1] = in_folder("none.mkv");
    assert_int_equal(sol_video_open(&video, paths[0], &(SolVideoOptions){.then = paths + 1}), SOL_ERR_IO);
    assert_null(video);
}

/* What a damaged clip has lost moves nothing behind it. */
static void keeps_its_place_behind_damage(void **state)
{
    static const char *const names[] = {"broken.mp4", "good.mkv", NULL};
    SolVideo *video;
    SolVideoIndex index;
    SolImage *image;
    uint8_t *bytes;
    size_t size;
    int n = 0;
    (void)state;
    need_encoder("libx264");
    numbered_clip(40, "-c:v libx264 -g 10 -bf 2 -pix_fmt yuv420p -movflags +faststart broken.mp4");
    numbered_clip(3, "-c:v ffv1 good.mkv");
    bytes = read_bytes(in_folder("broken.mp4"), &size);
    memset(bytes + size / 2, 0xff, size / 12);
    write_bytes(in_folder("broken.mp4"), bytes, size);
    free(bytes);
    video = open_joined(names, (SolVideoOptions){0});
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.frames, 43);
    for (; (image = read_image(video)); n++) {
        if (image->number >= 40) {
            assert_int_equal(image->pts, index.pts[image->number]);
            assert_int_equal(number_in(image), image->number - 40);
        }
        sol_image_unref(&image);
    }
    assert_in_range(n, 20, 42);
    sol_video_index_clear(&index);
    sol_video_close(&video);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_times),
        cmocka_unit_test(skips_across_clips),
        cmocka_unit_test(fits_into_the_first),
        cmocka_unit_test(names_the_one_that_is_wrong),
        cmocka_unit_test(keeps_its_place_behind_damage),
    };
    return cmocka_run_group_tests_name("media/joined", tests, set_up_folder, tear_down_folder);
}

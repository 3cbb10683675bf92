/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading videos: that frame n is picture n in every container and codec, that the index promises
 * exactly what reading delivers, and that colour, shape, orientation, damage and time come out right.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"

#include "image/image.h"

#include <libavcodec/avcodec.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- frames and their times ---- */

/*
 * Reads a whole clip and holds it against its index. Picture n must carry first + n, or anything
 * where first is -1.
 */
static void check_clip(const char *name, int frames, int first)
{
    SolVideo *video = open_video(name, &(SolVideoOptions){.threads = 2});
    SolVideoIndex index;
    SolImage *image;
    int64_t end = 0;
    int n = 0;
    if (sol_video_index(video, &index) != SOL_OK)
        fail_msg("%s", sol_error_text());
    assert_int_equal(index.frames, frames);
    assert_int_equal(index.pts[0], 0);
    for (; (image = read_image(video)); n++) {
        assert_true(n < frames);
        assert_int_equal(image->number, n);
        if (first >= 0 && number_in(image) != first + n)
            fail_msg("%s: frame %d carries %d", name, n, number_in(image));
        assert_int_equal(image->pts, index.pts[n]);
        assert_int_equal(image->time_base.num, index.time_base.num);
        assert_int_equal(image->time_base.den, index.time_base.den);
        assert_true(image->duration > 0);
        if (n > 0)
            assert_int_equal(image->pts, end); /* no gap, and strictly ascending */
        end = image->pts + image->duration;
        sol_image_unref(&image);
    }
    assert_int_equal(n, frames);
    assert_int_equal(end, index.end);
    sol_video_index_clear(&index);
    sol_video_close(&video);
}

/* Skips about in a clip of `frames` pictures, the first of which carries 0. */
static void check_skipping(const char *name, int frames)
{
    SolVideo *video = open_video(name, &(SolVideoOptions){.threads = 2, .short_side = 24});
    const int places[] = {3, 4, frames - 5, frames - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        SolImage *image;
        assert_int_equal(sol_video_skip_to(video, places[i]), SOL_OK);
        image = read_image(video);
        assert_non_null(image);
        assert_int_equal(image->number, places[i]);
        assert_int_equal(number_in(image), places[i]);
        assert_int_equal(sol_image_height(image), 24);
        sol_image_unref(&image);
    }
    assert_end(video);
    assert_int_equal(sol_video_skip_to(video, frames + 10), SOL_OK);
    assert_end(video);
    assert_int_equal(sol_video_skip_to(video, 2), SOL_ERR_ARGUMENT);
    sol_video_close(&video);
}

enum { FRAMES = 24 };

static const struct {
    const char *encoder, *arguments, *name;
} kinds[] = {
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.mp4"},
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.mkv"},
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.ts"},
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.flv"},
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.avi"},
    {"libx264", "-bf 3 -pix_fmt yuv420p", "h264.h264"},
    {"libx264", "-bf 3 -g 8 -x264-params open-gop=1 -pix_fmt yuv420p", "open.mp4"},
    {"libx264", "-flags +ilme+ildct -x264-params tff=1 -pix_fmt yuv420p", "interlaced.mp4"},
    {"libx265", "-x265-params log-level=none:bframes=3 -pix_fmt yuv420p", "hevc.mp4"},
    {"mpeg4", "-bf 2 -q:v 2", "mpeg4.mp4"},
    {"mpeg4", "-bf 2 -q:v 2", "mpeg4.avi"},
    {"mpeg2video", "-bf 2 -q:v 2", "mpeg2.mpg"},
    {"mpeg2video", "-bf 2 -q:v 2 -flags +ilme+ildct", "mpeg2.ts"},
    {"libvpx", "-auto-alt-ref 1 -lag-in-frames 16 -b:v 1M", "vp8.webm"},
    {"libvpx-vp9", "-auto-alt-ref 1 -lag-in-frames 16 -b:v 1M -pix_fmt yuv420p", "vp9.webm"},
    {"libvpx-vp9", "-b:v 1M -pix_fmt yuv420p -deadline realtime -cpu-used 8", "vp9.mp4"},
    {"libaom-av1", "-cpu-used 8 -usage realtime -pix_fmt yuv420p", "av1.mkv"},
    {"gif", "", "film.gif"},
    {"apng", "-f apng", "film.png"},
    {"mjpeg", "-q:v 2 -pix_fmt yuvj420p", "mjpeg.avi"},
    {"prores", "-pix_fmt yuv422p10le", "prores.mov"},
    {"ffv1", "", "ffv1.mkv"},
    {"qtrle", "", "qtrle.mov"},
    {"rawvideo", "-pix_fmt yuv420p -f yuv4mpegpipe", "raw.y4m"},
    {"libtheora", "-q:v 8 -pix_fmt yuv420p", "theora.ogv"},
};

static void delivers_every_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char arguments[512];
        if (!avcodec_find_encoder_by_name(kinds[i].encoder)) {
            print_message("%s left out: this FFmpeg has no encoder %s\n", kinds[i].name, kinds[i].encoder);
            continue;
        }
        snprintf(arguments, sizeof arguments, "-c:v %s %s %s",
                 strcmp(kinds[i].encoder, "rawvideo") ? kinds[i].encoder : "wrapped_avframe", kinds[i].arguments,
                 kinds[i].name);
        numbered_clip(FRAMES, arguments);
        check_clip(kinds[i].name, FRAMES, 0);
        check_skipping(kinds[i].name, FRAMES);
    }
}

static void reads_one_still(void **state)
{
    (void)state;
    numbered_clip(1, "-q:v 2 -pix_fmt yuvj444p still.jpg");
    numbered_clip(1, "still.png");
    check_clip("still.jpg", 1, 0);
    check_clip("still.png", 1, 0);
}

/* Clips that begin in the middle: what a player would show, and no more. */
static void begins_where_the_clip_does(void **state)
{
    (void)state;
    need_encoder("libx264");
    numbered_clip(40, "-c:v libx264 -bf 3 -g 10 -sc_threshold 0 -pix_fmt yuv420p whole.mp4");
    /* an edit list hides the frames between the key frame and 0.55 s */
    ffmpeg("-ss 0.55 -i whole.mp4 -c copy edit.mp4");
    check_clip("edit.mp4", 23, 17);
    /* Matroska has no such thing, and shows them from the key frame on; some have no time at all */
    ffmpeg("-ss 0.55 -i whole.mp4 -c copy -avoid_negative_ts disabled negative.mkv");
    check_clip("negative.mkv", 30, 10);
    ffmpeg("-i whole.mp4 -c copy -output_ts_offset 7.3 late.mp4");
    check_clip("late.mp4", 40, 0);
    ffmpeg("-i whole.mp4 -c copy -output_ts_offset 1000 late.ts");
    check_clip("late.ts", 40, 0);
    /* an open group of pictures, cut: its first B-frames refer to what is gone */
    numbered_clip(40, "-c:v libx264 -bf 3 -g 10 -x264-params open-gop=1:scenecut=0 -pix_fmt yuv420p open40.mp4");
    ffmpeg("-ss 0.7 -i open40.mp4 -c copy -avoid_negative_ts disabled open.mkv");
    check_clip("open.mkv", 20, 20);
}

static void keeps_variable_times(void **state)
{
    SolVideo *video;
    SolVideoIndex index;
    SolVideoInfo info;
    (void)state;
    need_encoder("libx264");
    numbered_clip(FRAMES, "-vf settb=1/15360,setpts=N*N*40+N*411 -fps_mode passthrough -enc_time_base 1:15360 "
                          "-video_track_timescale 15360 -c:v libx264 -bf 2 -pix_fmt yuv420p variable.mp4");
    check_clip("variable.mp4", FRAMES, 0);
    video = open_video("variable.mp4", NULL);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.time_base.num, 1);
    assert_int_equal(index.time_base.den, 15360);
    for (int n = 0; n < FRAMES; n++)
        assert_int_equal(index.pts[n], n * n * 40 + n * 411);
    sol_video_index_clear(&index);
    sol_video_close(&video);

    numbered_clip(FRAMES, "-vf settb=1/60000,setpts=N*1001 -r 60000/1001 -c:v mjpeg "
                          "-q:v 2 -pix_fmt yuvj420p ntsc.mov");
    video = open_video("ntsc.mov", NULL);
    sol_video_info(video, &info);
    assert_int_equal(info.frame_rate.num, 60000);
    assert_int_equal(info.frame_rate.den, 1001);
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    assert_int_equal(index.pts[FRAMES - 1] * 60000 * info.time_base.num,
                     (int64_t)(FRAMES - 1) * 1001 * info.time_base.den);
    sol_video_index_clear(&index);
    sol_video_close(&video);
}

/* Times that start anew in the middle of a stream go on from there. */
static void repairs_times(void **state)
{
    Lines lines = {0};
    SolLog log = {keep_line, &lines};
    SolVideo *video;
    SolImage *image;
    uint8_t *bytes, *twice;
    size_t size;
    int n;
    (void)state;
    need_encoder("libx264");
    numbered_clip(40, "-c:v libx264 -bf 0 -pix_fmt yuv420p half.ts");
    bytes = read_bytes(in_folder("half.ts"), &size);
    twice = malloc(2 * size);
    assert_non_null(twice);
    memcpy(twice, bytes, size);
    memcpy(twice + size, bytes, size);
    write_bytes(in_folder("twice.ts"), twice, 2 * size);
    free(bytes);
    free(twice);
    video = open_video("twice.ts", &(SolVideoOptions){.log = &log});
    for (n = 0; (image = read_image(video)); n++) {
        assert_int_equal(number_in(image), n % 40);
        assert_int_equal(image->pts, n * 3000); /* 30 frames/s in 1/90000 s */
        assert_int_equal(image->duration, 3000);
        sol_image_unref(&image);
    }
    assert_int_equal(n, 80);
    assert_int_equal(lines.count, 1);
    assert_contains(lines.first, "twice.ts: times do not ascend at frame 40; put in order");
    sol_video_close(&video);
    check_clip("twice.ts", 80, -1);
}

/* ---- damage ---- */

/* What is left of a damaged clip comes at its own times, and is told about. */
static void passes_over_damage(void **state)
{
    Lines lines = {0};
    SolLog log = {keep_line, &lines};
    SolVideo *video;
    SolVideoInfo info;
    SolImage *image;
    uint8_t *bytes;
    size_t size;
    int frames, whole = 0, last = -1;
    (void)state;
    need_encoder("libx264");
    numbered_clip(60, "-c:v libx264 -g 10 -bf 2 -pix_fmt yuv420p -movflags +faststart sound.mp4");
    bytes = read_bytes(in_folder("sound.mp4"), &size);
    memset(bytes + size / 2, 0xff, size / 20);
    write_bytes(in_folder("damaged.mp4"), bytes, size);
    free(bytes);
    video = open_video("damaged.mp4", &(SolVideoOptions){.log = &log, .threads = 2});
    sol_video_info(video, &info);
    for (frames = 0; (image = read_image(video)); frames++) {
        int64_t time = image->pts * 30 * info.time_base.num;
        assert_int_equal(image->number, frames);
        assert_int_equal(time % info.time_base.den, 0);
        assert_true(time / info.time_base.den > last);
        last = (int)(time / info.time_base.den);
        whole += number_in(image) == last;
        sol_image_unref(&image);
    }
    sol_video_close(&video);
    assert_int_equal(last, 59);
    assert_in_range(frames, 45, 59);
    assert_in_range(whole, 45, 59);
    assert_true(lines.count > 0);
    assert_contains(lines.first, "damaged.mp4: damaged at frame ");
}

static void reads_truncated_files(void **state)
{
    static const char *const clips[][2] = {
        {"-c:v mpeg4 -bf 0 -q:v 2 cut.ts", "cut.ts"},
        {"-c:v mpeg4 -bf 0 -q:v 2 cut.mkv", "cut.mkv"},
        {"-c:v flv1 -q:v 2 cut.flv", "cut.flv"},
        {"cut.gif", "cut.gif"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        const char *name = clips[i][1];
        SolVideo *video;
        SolVideoIndex index;
        SolImage *image;
        uint8_t *bytes;
        size_t size;
        int frames;
        numbered_clip(60, clips[i][0]);
        bytes = read_bytes(in_folder(name), &size);
        write_bytes(in_folder(name), bytes, size * 6 / 10);
        free(bytes);
        video = open_video(name, NULL);
        assert_int_equal(sol_video_index(video, &index), SOL_OK);
        for (frames = 0; (image = read_image(video)); frames++) {
            if (frames < 25) /* the last one may be shown in part */
                assert_int_equal(number_in(image), frames);
            sol_image_unref(&image);
        }
        assert_in_range(frames, 25, 45);
        assert_int_equal(index.frames, frames);
        sol_video_index_clear(&index);
        sol_video_close(&video);
    }
}

static void refuses_what_has_no_picture(void **state)
{
    SolVideo *video = NULL;
    uint8_t *bytes, *data = NULL;
    size_t size;
    (void)state;
    assert_int_equal(sol_video_open(&video, in_folder("clip.mp4"), NULL), SOL_ERR_IO);
    assert_string_equal(error_in_folder(), "clip.mp4: cannot be opened: No such file or directory");
    write_text(in_folder("notes.txt"), "A text.\nOf two lines.\n");
    assert_int_equal(sol_video_open(&video, in_folder("notes.txt"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "notes.txt: is no video or image that FFmpeg can read");
    write_text(in_folder("notes.mp4"), "A text.\nOf two lines.\n");
    assert_int_equal(sol_video_open(&video, in_folder("notes.mp4"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "notes.mp4: is no video or image that FFmpeg can read");
    write_text(in_folder("empty.mp4"), "");
    assert_int_equal(sol_video_open(&video, in_folder("empty.mp4"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "empty.mp4: is no video or image that FFmpeg can read");
    ffmpeg("-f lavfi -i sine=d=0.2 song.m4a");
    assert_int_equal(sol_video_open(&video, in_folder("song.m4a"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "song.m4a: has no pictures (1 sound stream)");
    ffmpeg("-f lavfi -i sine=d=0.2 -map 0 -map 0 songs.mka");
    assert_int_equal(sol_video_open(&video, in_folder("songs.mka"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "songs.mka: has no pictures (2 sound streams)");
    /* a container whose pictures have all been overwritten */
    numbered_clip(10, "-c:v mpeg4 -movflags +faststart lost.mp4");
    bytes = read_bytes(in_folder("lost.mp4"), &size);
    for (size_t i = 0; i + 4 < size && !data; i++)
        if (memcmp(bytes + i, "mdat", 4) == 0)
            data = bytes + i + 4;
    assert_non_null(data);
    memset(data, 0, size - (size_t)(data - bytes));
    write_bytes(in_folder("lost.mp4"), bytes, size);
    free(bytes);
    assert_int_equal(sol_video_open(&video, in_folder("lost.mp4"), NULL), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "lost.mp4: is damaged; no picture in it could be decoded");
    assert_null(video);
}

/* ---- shape ---- */

static void assert_size(const char *name, int short_side, int width, int height)
{
    SolVideo *video = open_video(name, &(SolVideoOptions){.short_side = short_side});
    SolVideoInfo info;
    SolImage *image = read_image(video);
    sol_video_info(video, &info);
    assert_int_equal(info.out_width, width);
    assert_int_equal(info.out_height, height);
    assert_int_equal(sol_image_width(image), width);
    assert_int_equal(sol_image_height(image), height);
    sol_image_unref(&image);
    sol_video_close(&video);
}

static void scales_the_shorter_side(void **state)
{
    SolVideo *video = NULL;
    (void)state;
    numbered_clip(2, "-c:v ffv1 shape.mkv");
    assert_size("shape.mkv", 0, 64, 48);
    assert_size("shape.mkv", 24, 32, 24);
    assert_size("shape.mkv", 30, 40, 30);
    assert_size("shape.mkv", 7, 9, 7);
    assert_size("shape.mkv", 96, 128, 96);
    assert_size("shape.mkv", 1, 1, 1);
    assert_int_equal(sol_video_open(&video, in_folder("shape.mkv"), &(SolVideoOptions){.short_side = 32768}),
                     SOL_ERR_ARGUMENT);
    assert_string_equal(
        error_in_folder(),
        "shape.mkv: pictures of 43691x32768 pixels are too large; a side may have 32768 at most");
    assert_null(video);
    numbered_clip(2, "-vf transpose -c:v ffv1 tall.mkv");
    assert_size("tall.mkv", 24, 24, 32);
    numbered_clip(2, "-vf crop=63:47:0:0 -c:v ffv1 odd.mkv");
    assert_size("odd.mkv", 0, 63, 47);
}

static void makes_pixels_square(void **state)
{
    SolVideo *video;
    SolVideoInfo info;
    (void)state;
    numbered_clip(2, "-vf setsar=2/1 -c:v mpeg4 -q:v 2 wide.mp4");
    assert_size("wide.mp4", 0, 128, 48);
    assert_size("wide.mp4", 24, 64, 24);
    check_clip("wide.mp4", 2, 0);
    video = open_video("wide.mp4", NULL);
    sol_video_info(video, &info);
    assert_int_equal(info.width, 64);
    assert_int_equal(info.height, 48);
    sol_video_close(&video);
    numbered_clip(2, "-vf setsar=8/9 -c:v mpeg4 -q:v 2 narrow.mp4");
    assert_size("narrow.mp4", 0, 57, 48);
    numbered_clip(2, "-vf setsar=1/2 -c:v ffv1 thin.mkv");
    assert_size("thin.mkv", 64, 64, 96);
}

static void put_fixed(uint8_t *bytes, int value)
{
    uint32_t fixed = (uint32_t)value << 16;
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(fixed >> (24 - 8 * i));
}

/* The display matrix of an MP4 file's track header: a, b, c, d as ISO/IEC 14496-12 names them. */
static void turns_upright(void **state)
{
    static const struct {
        int a, b, c, d;
        const char *seen;
    } turns[] = {
        {1, 0, 0, 1, "RGBW"},  {-1, 0, 0, 1, "GRWB"}, {-1, 0, 0, -1, "WBGR"}, {1, 0, 0, -1, "BWRG"},
        {0, 1, 1, 0, "RBGW"},  {0, 1, -1, 0, "BRWG"}, {0, -1, -1, 0, "WGBR"}, {0, -1, 1, 0, "GWRB"},
    };
    uint8_t *bytes, *header = NULL;
    size_t size;
    SolImage *upright = NULL;
    (void)state;
    assert_int_equal(sol_image_create(&upright, 64, 48), SOL_OK);
    draw_quarters(upright);
    assert_int_equal(sol_image_save(upright, in_folder("upright.png"), false), SOL_OK);
    sol_image_unref(&upright);
    ffmpeg("-i upright.png -vf setsar=2/1 -c:v mpeg4 -q:v 2 turn.mp4");
    bytes = read_bytes(in_folder("turn.mp4"), &size);
    for (size_t i = 0; i + 84 < size && !header; i++)
        if (memcmp(bytes + i, "tkhd", 4) == 0)
            header = bytes + i;
    assert_non_null(header);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        uint8_t *matrix = header + 44;
        SolVideo *video;
        SolImage *image;
        put_fixed(matrix, turns[i].a);
        put_fixed(matrix + 4, turns[i].b);
        put_fixed(matrix + 12, turns[i].c);
        put_fixed(matrix + 16, turns[i].d);
        write_bytes(in_folder("turned.mp4"), bytes, size);
        /* 64x48 pixels twice as wide as high */
        assert_size("turned.mp4", 0, turns[i].a ? 128 : 48, turns[i].a ? 48 : 128);
        assert_size("turned.mp4", 24, turns[i].a ? 64 : 24, turns[i].a ? 24 : 64);
        video = open_video("turned.mp4", NULL);
        image = read_image(video);
        assert_string_equal(quarters_of(image), turns[i].seen);
        sol_image_unref(&image);
        sol_video_close(&video);
    }
    free(bytes);
}

/* A stream whose pictures change their size goes on at the first one's. */
static void scales_what_changes_size(void **state)
{
    Lines lines = {0};
    SolLog log = {keep_line, &lines};
    SolVideo *video;
    SolImage *image;
    uint8_t *small, *large, *both;
    size_t small_size, large_size;
    int n;
    (void)state;
    numbered_clip(10, "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p -f mjpeg small.mjpeg");
    numbered_clip(10, "-vf scale=200:96 -c:v mjpeg -q:v 2 -pix_fmt yuvj420p -f mjpeg large.mjpeg");
    small = read_bytes(in_folder("small.mjpeg"), &small_size);
    large = read_bytes(in_folder("large.mjpeg"), &large_size);
    both = malloc(small_size + large_size);
    assert_non_null(both);
    memcpy(both, small, small_size);
    memcpy(both + small_size, large, large_size);
    write_bytes(in_folder("both.mjpeg"), both, small_size + large_size);
    free(small);
    free(large);
    free(both);
    video = open_video("both.mjpeg", &(SolVideoOptions){.log = &log, .threads = 2});
    for (n = 0; (image = read_image(video)); n++) {
        assert_int_equal(sol_image_width(image), 64);
        assert_int_equal(sol_image_height(image), 48);
        assert_int_equal(number_in(image), n % 10);
        sol_image_unref(&image);
    }
    assert_int_equal(n, 20);
    assert_int_equal(lines.count, 1);
    assert_contains(lines.first, "both.mjpeg: the picture's shape changes at frame 10; scaled to 64x48, as the first");
    sol_video_close(&video);
}

/* ---- colour ---- */

static const uint8_t colours[12][3] = {
    {255, 255, 255}, {0, 0, 0},      {128, 128, 128}, {255, 0, 0},    {0, 255, 0},   {0, 0, 255},
    {255, 255, 0},   {0, 255, 255}, {255, 0, 255},   {200, 120, 40}, {20, 90, 160}, {240, 200, 180},
};

/* A clip of 4 x 3 fields in known colours comes back within 3 of 255. */
static void check_colours(const char *name, const char *encoder, const char *arguments, int width, int height)
{
    size_t bytes = (size_t)width * (size_t)height * 3;
    uint8_t *rgb = malloc(bytes);
    char all[512];
    SolVideo *video;
    SolImage *image;
    if (!avcodec_find_encoder_by_name(encoder)) {
        print_message("left out: this FFmpeg has no encoder %s\n", encoder);
        free(rgb);
        return;
    }
    assert_non_null(rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(rgb + 3 * ((size_t)y * (size_t)width + (size_t)x), colours[y * 3 / height * 4 + x * 4 / width], 3);
    snprintf(all, sizeof all, "%s -c:v %s %s", arguments, encoder, name);
    ffmpeg_from(rgb, bytes, "rgb24", width, height, all);
    free(rgb);
    video = open_video(name, NULL);
    image = read_image(video);
    for (int i = 0; i < 12; i++) {
        int x = (2 * (i % 4) + 1) * width / 8, y = (2 * (i / 4) + 1) * height / 6;
        const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
        for (int c = 0; c < 3; c++)
            if (abs(pixel[c] - colours[i][c]) > 3)
                fail_msg("%s %s: %d,%d,%d instead of %d,%d,%d", encoder, arguments, pixel[0], pixel[1], pixel[2],
                         colours[i][0], colours[i][1], colours[i][2]);
    }
    sol_image_unref(&image);
    sol_video_close(&video);
}

#define TO(matrix, range, layout) \
    "-vf scale=out_color_matrix=" matrix ":out_range=" range ":flags=accurate_rnd+full_chroma_inp,format=" layout " "
#define TAG(matrix, range) "-colorspace " matrix " -color_range " range " "

static void reads_tagged_colours(void **state)
{
    (void)state;
    check_colours("colour.mp4", "libx264", TO("bt709", "tv", "yuv420p") TAG("bt709", "tv") "-qp 1", 64, 48);
    check_colours("colour.mp4", "libx264", TO("bt601", "tv", "yuv420p") TAG("smpte170m", "tv") "-qp 1", 1280, 720);
    check_colours("colour.mp4", "libx264", TO("bt709", "pc", "yuv420p") TAG("bt709", "pc") "-qp 1", 64, 48);
    check_colours("colour.mp4", "libx264", TO("bt601", "pc", "yuvj420p") TAG("bt470bg", "pc") "-qp 1", 64, 48);
    check_colours("colour.mp4", "libx264", TO("bt2020", "tv", "yuv420p") TAG("bt2020nc", "tv") "-qp 1", 64, 48);
    check_colours("colour.mkv", "ffv1", TO("bt709", "tv", "yuv422p10le") TAG("bt709", "tv"), 64, 48);
    check_colours("colour.mkv", "ffv1", TO("bt601", "pc", "yuv444p") TAG("smpte170m", "pc"), 64, 48);
}

static void guesses_as_players_do(void **state)
{
    Lines lines = {0};
    SolVideo *video;
    (void)state;
    /* AVI says nothing about colours */
    check_colours("colour.avi", "ffv1", TO("bt601", "tv", "yuv420p"), 64, 48);
    check_colours("colour.avi", "ffv1", TO("bt601", "tv", "yuv422p10le"), 1264, 704);
    check_colours("colour.avi", "ffv1", TO("bt709", "tv", "yuv420p"), 1280, 96);
    check_colours("colour.avi", "ffv1", TO("bt709", "tv", "yuv420p"), 96, 720);
    check_colours("colour.avi", "mjpeg", "-pix_fmt yuvj444p -q:v 1", 1280, 720); /* JPEG is BT.601 at any size */
    check_colours("colour.webp", "libwebp", "-pix_fmt yuv420p -q:v 100", 1280, 720); /* and so is WebP */
    check_colours("colour.mkv", "ffv1", "-pix_fmt bgr0", 64, 48);
    check_colours("colour.mkv", "ffv1", "-pix_fmt gbrp10le", 64, 48);
    check_colours("colour.mkv", "ffv1", "-pix_fmt bgra", 64, 48);
    /* and it is said where they are of another kind */
    ffmpeg("-f lavfi -i color=red:s=64x48:d=0.04 -c:v ffv1 -pix_fmt yuv444p -colorspace ycgco colour.mkv");
    video = open_video("colour.mkv", &(SolVideoOptions){.log = &(SolLog){keep_line, &lines}});
    sol_video_close(&video);
    assert_int_equal(lines.count, 1);
    assert_contains(lines.first, "colour.mkv: has colours (ycgco) that cannot be read; ");
}

/* ---- the reference clips ---- */

static void reads_the_reference_clips(void **state)
{
    static const struct {
        const char *path;
        int frames, width, height;
    } clips[] = {
        {"../shared/data/media/campus.mov", 240, 180, 320},
        {"../shared/data/media/cars.mp4", 377, 320, 180},
        {"../shared/data/media/bunny.mp4", 720, 320, 180},
    };
    (void)state;
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        SolVideo *video;
        SolVideoInfo info;
        SolVideoIndex index;
        SolImage *image;
        int n;
        if (access(clips[i].path, R_OK) != 0) {
            print_message("skipped: %s is not here\n", clips[i].path);
            skip();
        }
        assert_int_equal(sol_video_open(&video, clips[i].path, &(SolVideoOptions){.short_side = 180}), SOL_OK);
        sol_video_info(video, &info);
        assert_int_equal(info.out_width, clips[i].width);
        assert_int_equal(info.out_height, clips[i].height);
        assert_int_equal(sol_video_index(video, &index), SOL_OK);
        assert_int_equal(index.frames, clips[i].frames);
        if (i > 0) { /* reading them all takes its time */
            assert_int_equal(sol_video_skip_to(video, clips[i].frames - 3), SOL_OK);
            n = clips[i].frames - 3;
        } else {
            n = 0;
        }
        for (; (image = read_image(video)); n++) {
            assert_int_equal(image->number, n);
            assert_int_equal(image->pts, index.pts[n]);
            sol_image_unref(&image);
        }
        assert_int_equal(n, clips[i].frames);
        sol_video_index_clear(&index);
        sol_video_close(&video);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_every_frame),
        cmocka_unit_test(reads_one_still),
        cmocka_unit_test(begins_where_the_clip_does),
        cmocka_unit_test(keeps_variable_times),
        cmocka_unit_test(repairs_times),
        cmocka_unit_test(passes_over_damage),
        cmocka_unit_test(reads_truncated_files),
        cmocka_unit_test(refuses_what_has_no_picture),
        cmocka_unit_test(scales_the_shorter_side),
        cmocka_unit_test(makes_pixels_square),
        cmocka_unit_test(turns_upright),
        cmocka_unit_test(scales_what_changes_size),
        cmocka_unit_test(reads_tagged_colours),
        cmocka_unit_test(guesses_as_players_do),
        cmocka_unit_test(reads_the_reference_clips),
    };
    return cmocka_run_group_tests_name("media/video", tests, set_up_folder, tear_down_folder);
}

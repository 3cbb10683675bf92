/* SPDX-License-Identifier: Apache-2.0
 *
 * Awkward clips, one a test: made by ffmpeg, read by the library, and held against the ffmpeg program's own decoding
 * and the times that ffprobe tells.
 */
#include "support/clips.h"
#include "support/support.h"

#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Row {
    const char *name;      /* of the clip */
    const char *make;      /* ffmpeg's arguments; where there are several commands, with ";" between them */
    void (*alter)(const struct Row *row); /* the clip as it was made; may be NULL */
    const char *filter;    /* in front of ffmpeg's conversion to RGB, with a comma behind */
    const char *chroma;    /* where the clip's chroma lies, for its scale filter */
    int width, height;     /* of the upright pictures; 0: 96x64 */
    double most, mean;     /* differences allowed, of 255; 0: 1 at most, 0.2 on the average */
    int matrix[4];         /* a, b, c, d of the display matrix, for turn() */
    double at;             /* the part of the file where it is cut or spoiled */
} Row;

#define S "-f lavfi -i testsrc2=s=96x64:r=30:d=0.4 "
#define LONG "-f lavfi -i testsrc2=s=96x64:r=30:d=1.5 "
#define H264 "-c:v libx264 -pix_fmt yuv420p -qp 4 "
#define LEFT "in_h_chr_pos=0:in_v_chr_pos=128:"  /* 4:2:0 as MPEG-2 has it */
#define LEFT_422 "in_h_chr_pos=0:"
#define OVER_WHITE "split[a][b];[a]format=rgb24,lutrgb=255:255:255[w];[w][b]overlay=format=rgb,"
#define BWDIF "bwdif=mode=send_frame:deint=interlaced,"

/* ---- altering ---- */

static void put_fixed(uint8_t *bytes, int value)
{
    uint32_t fixed = (uint32_t)value << 16;
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(fixed >> (24 - 8 * i));
}

/* Sets the display matrix in an MP4 file's track header. */
static void turn(const Row *row)
{
    static const int places[] = {44, 48, 56, 60};
    size_t size;
    uint8_t *bytes = read_bytes(in_folder(row->name), &size), *header = NULL;
    for (size_t i = 0; i + 84 < size && !header; i++)
        if (memcmp(bytes + i, "tkhd", 4) == 0)
            header = bytes + i;
    assert_non_null(header);
    for (int i = 0; i < 4; i++)
        put_fixed(header + places[i], row->matrix[i]);
    write_bytes(in_folder(row->name), bytes, size);
    free(bytes);
}

static void cut(const Row *row)
{
    size_t size;
    uint8_t *bytes = read_bytes(in_folder(row->name), &size);
    write_bytes(in_folder(row->name), bytes, (size_t)((double)size * row->at));
    free(bytes);
}

static void spoil(const Row *row)
{
    size_t size;
    uint8_t *bytes = read_bytes(in_folder(row->name), &size);
    for (size_t i = (size_t)((double)size * row->at), end = i + size / 30; i < end && i < size; i++)
        bytes[i] = (uint8_t)(bytes[i] * 7 + 91);
    write_bytes(in_folder(row->name), bytes, size);
    free(bytes);
}

/* Puts the clip "other" behind this one. */
static void append(const Row *row)
{
    size_t size, more_size;
    uint8_t *bytes = read_bytes(in_folder(row->name), &size), *more = read_bytes(in_folder("other"), &more_size);
    bytes = realloc(bytes, size + more_size);
    assert_non_null(bytes);
    memcpy(bytes + size, more, more_size);
    write_bytes(in_folder(row->name), bytes, size + more_size);
    free(bytes);
    free(more);
}

/* ---- the clips ---- */

static const Row rows[] = {
    /* orientation; 4:4:4, since chroma lies elsewhere in what has been turned */
    {"turned-90.mp4", .make = S "-c:v libx264 -pix_fmt yuv444p -qp 4 turned-90.mp4", .alter = turn, .width = 64,
     .height = 96, .matrix = {0, 1, -1, 0}},
    {"turned-180.mov", .make = S "-c:v libx264 -pix_fmt yuv444p -qp 4 turned-180.mov", .alter = turn,
     .matrix = {-1, 0, 0, -1}},
    {"turned-270.mp4", .make = S "-c:v libx264 -pix_fmt yuv444p -qp 4 turned-270.mp4", .alter = turn, .width = 64,
     .height = 96, .matrix = {0, -1, 1, 0}},
    {"mirrored.mp4", .make = S "-c:v libx264 -pix_fmt yuv444p -qp 4 mirrored.mp4", .alter = turn,
     .matrix = {-1, 0, 0, 1}},

    /* time */
    {"variable.mkv", .make = S "-vf settb=1/1000,setpts=N*N*3+N*17 -fps_mode passthrough -enc_time_base 1:1000 "
     H264 "-bf 3 variable.mkv", .chroma = LEFT},
    {"variable.mp4", .make = S "-vf settb=1/90000,setpts=N*N*311+N*1501 -fps_mode passthrough -enc_time_base "
     "1:90000 -video_track_timescale 90000 " H264 "-bf 3 variable.mp4", .chroma = LEFT},
    {"odd-base.mov", .make = S "-video_track_timescale 12347 " H264 "-bf 2 odd-base.mov", .chroma = LEFT},
    {"23.976.mp4", .make = "-f lavfi -i testsrc2=s=96x64:r=24000/1001:d=0.5 " H264 "23.976.mp4", .chroma = LEFT},
    {"29.97.avi", .make = "-f lavfi -i testsrc2=s=96x64:r=30000/1001:d=0.5 -c:v mpeg4 -q:v 2 29.97.avi",
     .chroma = LEFT},
    {"59.94.ts", .make = "-f lavfi -i testsrc2=s=96x64:r=60000/1001:d=0.3 " H264 "-bf 3 59.94.ts", .chroma = LEFT},
    {"late.mp4", .make = "-itsoffset 1.7 " S H264 "-bf 2 -copyts late.mp4", .chroma = LEFT},
    {"edited.mp4", .make = LONG H264 "-g 10 -bf 2 whole.mp4;-ss 0.85 -i whole.mp4 -c copy edited.mp4",
     .chroma = LEFT},
    {"negative.mkv", .make = LONG H264 "-g 10 -bf 2 whole.mp4;-ss 0.85 -i whole.mp4 -c copy -avoid_negative_ts "
     "disabled negative.mkv", .chroma = LEFT},
    {"open-gop.ts", .make = S H264 "-bf 3 -g 6 -x264-params open-gop=1 open-gop.ts", .chroma = LEFT},
    {"fragments.mp4", .make = LONG H264 "-g 10 -movflags frag_keyframe+empty_moov fragments.mp4", .chroma = LEFT},

    /* range and matrix */
    {"full-709.mp4",
     .make = S "-vf scale=out_range=pc:out_color_matrix=bt709 -color_range pc -colorspace bt709 " H264 "full-709.mp4",
     .chroma = LEFT},
    {"limited-601.mp4", .make = S "-vf scale=out_color_matrix=bt601 -colorspace smpte170m " H264 "limited-601.mp4",
     .chroma = LEFT},
    {"2020.mkv", .make = S "-vf scale=out_color_matrix=bt2020,format=yuv420p10 -colorspace bt2020nc -color_range tv "
     "-c:v ffv1 " "2020.mkv", .chroma = LEFT},
    {"untagged-hd.avi", .make = "-f lavfi -i testsrc2=s=1280x16:d=0.1 -vf "
     "scale=out_color_matrix=bt709,format=yuv444p -c:v ffv1 untagged-hd.avi", .chroma = "in_color_matrix=bt709:",
     .width = 1280, .height = 16},
    {"untagged-sd.avi", .make = S "-vf scale=out_color_matrix=bt601,format=yuv444p -c:v ffv1 untagged-sd.avi",
     .chroma = "in_color_matrix=bt601:"},
    {"jpeg.avi", .make = S "-c:v mjpeg -pix_fmt yuvj420p -q:v 2 jpeg.avi"},

    /* depth and layout */
    {"hevc-10.mp4", .make = S "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10 hevc-10.mp4",
     .chroma = LEFT},
    {"hevc-422-12.mkv", .make = S "-c:v libx265 -x265-params log-level=none -pix_fmt yuv422p12 hevc-422-12.mkv",
     .chroma = LEFT_422},
    {"deep.mkv", .make = S "-c:v ffv1 -pix_fmt yuv444p16 deep.mkv"},
    {"411.mkv", .make = S "-c:v ffv1 -pix_fmt yuv411p 411.mkv", .chroma = LEFT_422},
    {"410.avi", .make = S "-c:v ffv1 -pix_fmt yuv410p 410.avi", .chroma = LEFT_422},
    {"uyvy.nut", .make = S "-c:v rawvideo -pix_fmt uyvy422 uyvy.nut", .chroma = LEFT_422},
    {"v210.mov", .make = S "-c:v v210 v210.mov", .chroma = LEFT_422},
    {"gbr-12.mkv", .make = S "-c:v ffv1 -pix_fmt gbrp12 gbr-12.mkv"},
    {"rgb.avi", .make = S "-c:v huffyuv -pix_fmt rgb24 rgb.avi"},
    {"grey.mkv", .make = S "-c:v ffv1 -pix_fmt gray grey.mkv"},
    {"grey-10.mkv", .make = S "-c:v ffv1 -pix_fmt gray10 grey-10.mkv"},
    {"bits.png", .make = S "-frames:v 1 -pix_fmt monob bits.png"},
    {"deep.png", .make = S "-frames:v 1 -pix_fmt rgb48be deep.png"},
    {"palette.gif", .make = S "palette.gif"},
    {"film.apng", .make = S "-f apng film.apng"},
    {"still.webp", .make = S "-frames:v 1 -c:v libwebp -pix_fmt yuv420p -q:v 95 still.webp", .chroma = LEFT},
    {"alpha.mov", .make = "-f lavfi -i testsrc2=s=96x64:r=30:d=0.2:alpha=90 -c:v prores_ks -profile:v 4444 -pix_fmt "
     "yuva444p10 alpha.mov", .filter = OVER_WHITE, .most = 3, .mean = 1},
    {"alpha.png", .make = "-f lavfi -i testsrc2=s=96x64:r=30:d=0.2:alpha=90 -frames:v 1 -pix_fmt rgba alpha.png",
     .filter = OVER_WHITE, .most = 3, .mean = 1},

    /* shape */
    {"odd.mkv", .make = "-f lavfi -i testsrc=s=97x63:r=30:d=0.2 -c:v ffv1 -pix_fmt yuv444p odd.mkv", .width = 97,
     .height = 63},
    {"odd-420.mkv", .make = "-f lavfi -i testsrc=s=97x63:r=30:d=0.2 -c:v ffv1 -pix_fmt yuv420p odd-420.mkv",
     .chroma = LEFT, .width = 97, .height = 63, .most = 3},
    {"tiny.png", .make = "-f lavfi -i testsrc2=s=2x2 -frames:v 1 tiny.png", .width = 2, .height = 2},
    {"anamorphic.mpg", .make = S "-r 25 -c:v mpeg2video -q:v 2 -aspect 16:9 anamorphic.mpg", .chroma = LEFT,
     .width = 114, .height = 64},
    {"narrow.mp4", .make = S "-vf setsar=8/9 " H264 "narrow.mp4", .chroma = LEFT, .width = 85, .height = 64},
    {"fields-top.mp4", .make = "-f lavfi -i testsrc2=s=96x64:r=50:d=0.6,tinterlace=interleave_top " H264 "-flags "
     "+ilme+ildct -x264-params tff=1 fields-top.mp4", .filter = BWDIF, .chroma = LEFT},
    {"fields-bottom.dv", .make = "-f lavfi -i testsrc2=s=720x576:r=50:d=0.2,tinterlace=interleave_bottom -c:v "
     "dvvideo -pix_fmt yuv420p -flags +ilme+ildct -aspect 4:3 fields-bottom.dv", .filter = BWDIF,
     .chroma = "in_h_chr_pos=0:in_v_chr_pos=0:", .width = 768, .height = 576},
    {"sizes.h264",
     .make = S H264 "-bf 0 -f h264 sizes.h264;-f lavfi -i testsrc2=s=192x128:r=30:d=0.4 " H264 "-bf 0 -f h264 other",
     .alter = append, .chroma = LEFT, .most = 90, .mean = 3},

    /* damage */
    {"cut.ts", .make = LONG "-c:v mpeg4 -q:v 2 cut.ts", .alter = cut, .chroma = LEFT, .at = 0.6},
    {"cut.mkv", .make = LONG H264 "-g 10 -bf 0 cut.mkv", .alter = cut, .chroma = LEFT, .at = 0.6},
    {"cut.avi", .make = LONG "-c:v mjpeg -pix_fmt yuvj422p -q:v 2 cut.avi", .alter = cut, .at = 0.6,
     .most = 255, .mean = 1}, /* the last picture has no end */
    {"cut.mp4", .make = LONG H264 "-g 10 -bf 2 -movflags +faststart cut.mp4", .alter = cut, .chroma = LEFT,
     .at = 0.6},
    {"cut.gif", .make = LONG "cut.gif", .alter = cut, .at = 0.6},
    {"spoiled.ts", .make = LONG "-c:v mpeg2video -g 10 -q:v 2 spoiled.ts", .alter = spoil, .chroma = LEFT, .at = 0.5},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* ---- comparing ---- */

/* Skips the test where one of the clip's encoders is not there. */
static void need_encoders(const Row *row)
{
    for (const char *at = row->make; (at = strstr(at, "-c:v ")); at++) {
        char name[32] = "";
        if (sscanf(at, "-c:v %31s", name) == 1)
            need_encoder(name);
    }
}

static void make(const Row *row)
{
    char commands[1024], *rest = commands;
    assert_true(snprintf(commands, sizeof commands, "%s", row->make) < (int)sizeof commands);
    for (char *command; (command = strtok_r(rest, ";", &rest));)
        ffmpeg(command);
    if (row->alter)
        row->alter(row);
}

/* The times of all frames in seconds (NAN: it has none), by ffprobe, and how many there are. */
static int probe_times(const Row *row, double times[], int most)
{
    int count = 0;
    if (run_command("ffprobe -v quiet -select_streams v:0 -show_entries frame=best_effort_timestamp_time -of "
                    "default=noprint_wrappers=1:nokey=1 '%s'", in_folder(row->name)) != 0)
        fail_msg("ffprobe: %s", printed);
    for (char *line = printed, *end = printed; *line; line = end + (*end == '\n')) {
        times[count] = strncmp(line, "N/A", 3) ? strtod(line, &end) : NAN;
        if (*line != '\n')
            assert_true(++count < most);
        end = strchr(line, '\n') ? strchr(line, '\n') : line + strlen(line);
    }
    return count;
}

static void compare(const SolImage *image, const uint8_t *right, double *most, double *sum)
{
    int width = sol_image_width(image) * 3;
    for (int y = 0; y < sol_image_height(image); y++)
        for (int x = 0; x < width; x++) {
            double difference = abs(sol_image_row_const(image, y)[x] - *right++);
            *most = fmax(*most, difference);
            *sum += difference;
        }
}

/* The test of a row: as many frames as ffmpeg finds, at ffprobe's times, with ffmpeg's pixels. */
static void is_read_as_ffmpeg_does(void **state)
{
    enum { MOST_FRAMES = 200 };
    const Row *row = *state;
    int width = row->width ? row->width : 96, height = row->height ? row->height : 64, frames = 0, n = 0, count;
    size_t picture = (size_t)width * (size_t)height * 3, size;
    double times[MOST_FRAMES], start = NAN, most = 0, sum = 0;
    uint8_t *right;
    char arguments[1024];
    SolVideo *video;
    SolVideoIndex index;
    SolImage *image;
    need_encoders(row);
    make(row);
    count = probe_times(row, times, MOST_FRAMES);
    snprintf(arguments, sizeof arguments, "-v quiet -i %s -vf '%sscale=%d:%d:%sflags=bicubic+accurate_rnd+"
             "full_chroma_int+full_chroma_inp,format=rgb24' -vsync passthrough -f rawvideo right.rgb",
             row->name, row->filter ? row->filter : "", width, height, row->chroma ? row->chroma : "");
    ffmpeg(arguments);
    right = read_bytes(in_folder("right.rgb"), &size);
    frames = (int)(size / picture);
    video = open_video(row->name, &(SolVideoOptions){.threads = 2});
    assert_int_equal(sol_video_index(video, &index), SOL_OK);
    for (; (image = read_image(video)); n++) {
        double time = (double)image->pts * image->time_base.num / image->time_base.den;
        assert_int_equal(sol_image_width(image), width);
        assert_int_equal(sol_image_height(image), height);
        assert_true(n < count && n < frames);
        if (isnan(start))
            start = times[n] - time;
        if (fabs(time - (times[n] - start)) > 2e-6)
            fail_msg("frame %d is at %f s, not at %f", n, time, times[n] - start);
        if (n < (int)index.frames)
            assert_int_equal(image->pts, index.pts[n]);
        compare(image, right + (size_t)n * picture, &most, &sum);
        sol_image_unref(&image);
    }
    print_message("%s: %d frames, differing by %.0f at most, %.3f on the average\n", row->name, n, most,
                  sum / (double)(picture * (size_t)(n ? n : 1)));
    assert_int_equal(n, frames);
    assert_int_equal(n, count);
    assert_int_equal(n, index.frames);
    assert_true(most <= (row->most > 0 ? row->most : 1));
    assert_true(sum / (double)(picture * (size_t)n) <= (row->mean > 0 ? row->mean : 0.2));
    sol_video_index_clear(&index);
    sol_video_close(&video);
    free(right);
}

int main(void)
{
    static struct CMUnitTest tests[ROWS];
    for (int i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = is_read_as_ffmpeg_does,
                                       .initial_state = (void *)&rows[i]};
    return cmocka_run_group_tests_name("media/awkward", tests, set_up_folder, tear_down_folder);
}

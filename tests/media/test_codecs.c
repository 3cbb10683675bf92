/* SPDX-License-Identifier: Apache-2.0
 *
 * Films of all codecs and pixel formats, as other programs see them: what they say of themselves, and what of
 * their colours returns. The oracle for YUV is the definition of BT.709 in floating point, not libswscale.
 */
#include "support/clips.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"

#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SolRational thirtieth = {1, 30}, thirty = {30, 1};

typedef struct Film {
    const char *name, *codec, *pix_fmt;
    int crf;
    const char *encoder;   /* needed for it */
    const char *stored;    /* the pixel format that decoders deliver, where it is another */
    const char *says;      /* the codec and its profile, as ffprobe names them */
} Film;

static const Film films[] = {
    {"a.mp4", NULL, NULL, -1, "libx264", NULL, "codec_name=h264|profile=High|codec_tag_string=avc1|"},
    {"b.mov", "h264", "yuv422p10le", -1, "libx264", NULL, "codec_name=h264|profile=High 4:2:2"},
    {"c.mkv", "avc", "yuv444p", 0, "libx264", NULL, "codec_name=h264|profile=High 4:4:4 Predictive|"},
    {"d.mp4", "h264", "gbrp", 0, "libx264rgb", NULL, "codec_name=h264|profile=High 4:4:4 Predictive|"},
    {"e.mp4", "h265", NULL, -1, "libx265", NULL, "codec_name=hevc|profile=Main|codec_tag_string=hvc1|"},
    {"f.mov", "hevc", "yuv420p10le", -1, "libx265", NULL, "codec_name=hevc|profile=Main 10|codec_tag_string=hvc1|"},
    {"g.mkv", "x265", "gbrp", 0, "libx265", NULL, "codec_name=hevc|profile=Rext|"},
    {"h.webm", NULL, NULL, -1, "libvpx-vp9", NULL, "codec_name=vp9|profile=Profile 0|"},
    {"i.mp4", "vp9", "yuv444p", 0, "libvpx-vp9", NULL, "codec_name=vp9|profile=Profile 1|codec_tag_string=vp09|"},
    {"j.mkv", "vp9", "gbrp", 0, "libvpx-vp9", NULL, "codec_name=vp9|profile=Profile 1|"},
    {"k.mp4", "av1", NULL, -1, "libsvtav1", NULL, "codec_name=av1|profile=Main|codec_tag_string=av01|"},
    {"l.webm", "av1", "yuv420p10le", -1, "libsvtav1", NULL, "codec_name=av1|profile=Main|"},
    {"m.mkv", "av1", "yuv444p", 0, "libaom-av1", NULL, "codec_name=av1|profile=High|"},
    {"n.mov", "prores", NULL, -1, "prores_ks", "yuv422p10le", "codec_name=prores|profile=HQ|codec_tag_string=apch|"},
    {"o.mkv", "prores", "yuv444p10le", -1, "prores_ks", "yuv444p12le", "codec_name=prores|profile=4444|"},
    {"p.mkv", "ffv1", NULL, -1, "ffv1", "bgr0", "codec_name=ffv1|"},
    {"q.mkv", "ffv1", "yuv422p", -1, "ffv1", NULL, "codec_name=ffv1|"},
    {"r.mp4", "mpeg4", NULL, 2, "mpeg4", NULL, "codec_name=mpeg4|"},
    {"s.y4m", NULL, "yuv444p10le", -1, "rawvideo", NULL, "codec_name=rawvideo|"},
    {"t.y4m", NULL, NULL, -1, "rawvideo", NULL, "codec_name=rawvideo|"},
};

enum { FILMS = sizeof films / sizeof *films };

static bool is_rgb(const char *format)
{
    return av_pix_fmt_desc_get(av_get_pix_fmt(format))->flags & AV_PIX_FMT_FLAG_RGB;
}

static const char *format_of(const Film *film)
{
    const char *format = film->stored ? film->stored : film->pix_fmt;
    return format ? format : "yuv420p";
}

/* Writes the clip as `film`, and returns its path; NULL where this FFmpeg has not the encoder. */
static const char *write_film(const Film *film, const Clip *clip, SolWriterReport *report)
{
    static char path[512];
    SolOutputSettings settings = {
        .path = path, .codec = (char *)film->codec, .pix_fmt = (char *)film->pix_fmt, .crf = film->crf};
    if (!avcodec_find_encoder_by_name(film->encoder)) {
        print_message("left out: this FFmpeg has no encoder %s\n", film->encoder);
        return NULL;
    }
    snprintf(path, sizeof path, "%s/%s", folder, film->name);
    if (write_clip(&settings, clip, true, report) != 0)
        fail_msg("%s", sol_error_text());
    return path;
}

/* ---- what films say ---- */

static void test_films_say_what_they_are(void **state)
{
    Clip clip = {128, 72, 5, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (int i = 0; i < FILMS; i++) {
        const char *path = write_film(&films[i], &clip, NULL), *text;
        bool rgb = is_rgb(format_of(&films[i])), y4m = strstr(films[i].name, ".y4m") != NULL;
        char format[64];
        if (!path)
            continue;
        text = probe(path, "stream=codec_name,profile,codec_tag_string,width,height,pix_fmt,color_range,color_space,"
                           "color_transfer,color_primaries,chroma_location,nb_read_frames,avg_frame_rate:"
                           "frame=color_range,color_space");
        assert_contains(text, films[i].says);
        snprintf(format, sizeof format, "width=128|height=72|pix_fmt=%s|", format_of(&films[i]));
        assert_contains(text, format);
        assert_contains(text, "avg_frame_rate=30/1|");
        assert_contains(text, "nb_read_frames=5|");
        assert_contains(text, rgb ? "color_range=pc|" : "color_range=tv|");
        if (y4m)
            continue; /* has no words for the rest */
        assert_contains(text, rgb ? "color_space=gbr|color_transfer=bt709|color_primaries=bt709|"
                                  : "color_space=bt709|color_transfer=bt709|color_primaries=bt709|");
        /* and every picture */
        assert_contains(text, rgb ? "color_range=pc|color_space=gbr|" : "color_range=tv|color_space=bt709|");
    }
}

static void test_chroma_is_to_the_left(void **state)
{
    static const int with[] = {0, 4, 7, 10, 19};
    Clip clip = {128, 72, 2, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (int i = 0; i < 5; i++) {
        const char *path = write_film(&films[with[i]], &clip, NULL);
        if (path)
            assert_contains(probe(path, "stream=chroma_location"), "chroma_location=left|");
    }
}

/* ---- colours ---- */

enum { SIDE = 256, BARS = 8, EDGE = 8 };

static const uint8_t bars[BARS][3] = {{255, 255, 255}, {255, 255, 0}, {0, 255, 255}, {0, 255, 0},
                                      {255, 0, 255},   {255, 0, 0},   {0, 0, 255},   {0, 0, 0}};

/* A ramp of grey from left to right above, colour bars below. */
static void draw_chart(SolImage *image, int n)
{
    (void)n;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            if (y < image->height / 2)
                memset(pixel, x * 256 / image->width, 3);
            else
                memcpy(pixel, bars[x * BARS / image->width], 3);
        }
}

/* Raw pixels as decoders deliver them; freed with free(). */
static uint8_t *decode_raw(const char *path, const char *format, size_t *size)
{
    char command[1024];
    uint8_t *bytes;
    FILE *pipe;
    snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -f rawvideo -pix_fmt %s -vsync passthrough -", path,
             format);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    bytes = read_stream(pipe, size);
    assert_int_equal(pclose(pipe), 0);
    return bytes;
}

/* A sample of a plane as a fraction: luma 0 .. 1, chroma -0.5 .. 0.5 (BT.709, limited range). */
static double sample(const uint8_t *at, int depth, bool chroma)
{
    double value = depth > 8 ? at[0] + 256 * at[1] : at[0], one = 1 << (depth - 8);
    return chroma ? (value - 128 * one) / (224 * one) : (value - 16 * one) / (219 * one);
}

/* R, G, B, 0 .. 255, of a pixel in planes of YUV; chroma of the nearest sample at the left. */
static void rgb_at(const uint8_t *planes, const AVPixFmtDescriptor *kind, int x, int y, double rgb[3])
{
    int depth = kind->comp[0].depth, bytes = depth > 8 ? 2 : 1;
    int width = SIDE >> kind->log2_chroma_w, height = SIDE >> kind->log2_chroma_h;
    size_t luma = (size_t)SIDE * SIDE, chroma = (size_t)width * (size_t)height;
    size_t at = (size_t)(y >> kind->log2_chroma_h) * (size_t)width + (size_t)(x >> kind->log2_chroma_w);
    double l = sample(planes + (size_t)(y * SIDE + x) * (size_t)bytes, depth, false);
    double b = sample(planes + (luma + at) * (size_t)bytes, depth, true);
    double r = sample(planes + (luma + chroma + at) * (size_t)bytes, depth, true);
    rgb[0] = 255 * (l + 1.5748 * r);
    rgb[1] = 255 * (l - 0.2126 * 1.5748 / 0.7152 * r - 0.0722 * 1.8556 / 0.7152 * b);
    rgb[2] = 255 * (l + 1.8556 * b);
}

static bool is_near_an_edge(int x, int y)
{
    int in_bar = x % (SIDE / BARS);
    return abs(y - SIDE / 2) < EDGE || (y >= SIDE / 2 && (in_bar < EDGE || in_bar >= SIDE / BARS - EDGE));
}

static void test_ramp_and_bars_return(void **state)
{
    Clip clip = {SIDE, SIDE, 2, thirtieth, thirty, 0, 1, NULL, draw_chart};
    SolImage *chart = new_picture(SIDE, SIDE);
    (void)state;
    draw_chart(chart, 0);
    for (int i = 0; i < FILMS; i++) {
        const char *path, *format = format_of(&films[i]);
        const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(av_get_pix_fmt(format));
        bool rgb = is_rgb(format);
        Film fine = films[i];
        double worst = 0;
        uint8_t *raw;
        size_t size;
        bool mpeg4 = strcmp(fine.encoder, "mpeg4") == 0; /* which cannot without loss */
        if (fine.crf < 0 && !strstr("prores ffv1", fine.codec ? fine.codec : "h264") && !strstr(fine.name, ".y4m"))
            fine.crf = 0;
        if (!(path = write_film(&fine, &clip, NULL)))
            continue;
        raw = decode_raw(path, rgb ? "rgb24" : format, &size);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const uint8_t *was = sol_image_row_const(chart, y) + 3 * x, *is = raw + 3 * (y * SIDE + x);
                double pixel[3] = {is[0], is[1], is[2]};
                if (!rgb)
                    rgb_at(raw, kind, x, y, pixel);
                for (int c = 0; c < 3 && (rgb || !is_near_an_edge(x, y)); c++)
                    worst = fmax(worst, fabs(pixel[c] - was[c]));
            }
        if (worst > (rgb ? 0 : kind->comp[0].depth > 8 ? 0.5 : mpeg4 ? 5 : 1.5))
            fail_msg("%s (%s): %g away", films[i].name, format, worst);
        free(raw);
    }
    sol_image_unref(&chart);
}

/* ---- without loss ---- */

/* A crf of 0, and codecs that know nothing else, return RGB itself, and YUV as it is without any codec. */
static void test_lossless(void **state)
{
    static const Film all[] = {
        {"rgb.mp4", "h264", "gbrp", 0, "libx264rgb", NULL, NULL},
        {"rgb.mkv", "h265", "gbrp", 0, "libx265", NULL, NULL},
        {"rgb.webm", "vp9", "gbrp", 0, "libvpx-vp9", NULL, NULL},
        {"1.mkv", "ffv1", NULL, -1, "ffv1", NULL, NULL},
        {"2.mkv", "ffv1", "gbrp", -1, "ffv1", NULL, NULL},
        {"3.mkv", "ffv1", "rgb24", -1, "ffv1", NULL, NULL},
        {"4.mkv", "h264", "yuv420p", 0, "libx264", NULL, NULL},
        {"5.mp4", "h264", "yuv444p10le", 0, "libx264", NULL, NULL},
        {"6.mp4", "h265", "yuv422p", 0, "libx265", NULL, NULL},
        {"7.webm", "vp9", "yuv420p", 0, "libvpx-vp9", NULL, NULL},
        {"8.mkv", "av1", "yuv420p", 0, "libaom-av1", NULL, NULL},
        {"9.mkv", "ffv1", "yuv420p10le", -1, "ffv1", NULL, NULL},
    };
    Clip clip = {96, 64, 4, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *path = write_film(&all[i], &clip, NULL), *format = all[i].pix_fmt ? all[i].pix_fmt : "gbrp";
        Film plain = {"plain.y4m", NULL, format, -1, "rawvideo", NULL, NULL};
        size_t size, plain_size;
        uint8_t *raw, *same;
        if (!path)
            continue;
        raw = decode_raw(path, is_rgb(format) ? "rgb24" : format, &size);
        if (is_rgb(format)) {
            same = malloc(plain_size = (size_t)clip.width * (size_t)clip.height * 3 * (size_t)clip.frames);
            assert_non_null(same);
            for (int n = 0; n < clip.frames; n++) {
                SolImage *image = new_picture(clip.width, clip.height);
                draw_scene(image, n);
                for (int y = 0; y < clip.height; y++)
                    memcpy(same + (size_t)(n * clip.height + y) * (size_t)clip.width * 3, sol_image_row(image, y),
                           (size_t)clip.width * 3);
                sol_image_unref(&image);
            }
        } else {
            same = decode_raw(write_film(&plain, &clip, NULL), format, &plain_size);
        }
        assert_int_equal(size, plain_size);
        assert_memory_equal(raw, same, size);
        free(raw);
        free(same);
    }
}

/* Every frame of a real clip, passed on without loss, is what FFmpeg itself decodes; chroma lies as H.264 has it. */
static void test_a_clip_passes_through(void **state)
{
    enum { WIDTH = 720, HEIGHT = 1280, COUNT = 8 };
    static const char clip[] = "../shared/data/media/campus.mov";
    char path[512], command[1024];
    SolOutputSettings settings = {.path = path, .codec = (char[]){"ffv1"}, .crf = -1};
    SolWriterInput input = {.width = WIDTH, .height = HEIGHT, .time_base = thirtieth, .frame_rate = thirty};
    SolVideo *video = NULL;
    SolWriter *writer = NULL;
    size_t size, same_size;
    uint8_t *raw, *same;
    FILE *pipe;
    (void)state;
    if (run_command("test -e %s", clip) != 0) {
        print_message("skipped: there is no %s\n", clip);
        skip();
    }
    snprintf(path, sizeof path, "%s/campus.mkv", folder);
    assert_int_equal(sol_video_open(&video, clip, NULL), 0);
    assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), 0);
    for (int n = 0; n < COUNT; n++) {
        SolImage *image = read_image(video);
        image->pts = n;
        image->duration = 1;
        assert_int_equal(sol_writer_write(writer, image), 0);
        sol_image_unref(&image);
    }
    assert_int_equal(sol_writer_finish(writer, NULL), 0);
    sol_writer_close(&writer);
    sol_video_close(&video);
    raw = decode_raw(path, "rgb24", &size);
    snprintf(command, sizeof command, "ffmpeg -v error -i %s -vf 'scale=in_h_chr_pos=0:flags=bicubic+accurate_rnd+"
             "full_chroma_int+full_chroma_inp,format=gbrp' -frames:v %d -f rawvideo -pix_fmt rgb24 -vsync passthrough -",
             clip, COUNT);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    same = read_stream(pipe, &same_size);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(size, (size_t)WIDTH * HEIGHT * 3 * COUNT);
    assert_int_equal(size, same_size);
    for (size_t i = 0; i < size; i++)
        if (abs(raw[i] - same[i]) > 1)
            fail_msg("frame %zu: %d became %d", i / (size / COUNT), same[i], raw[i]);
    free(raw);
    free(same);
}

/* ---- sizes, rates, presets ---- */

static void test_odd_sizes(void **state)
{
    static const struct {
        Film film;
        int width, height, out_width, out_height;
    } cases[] = {
        {{"1.mp4", NULL, "yuv420p", -1, "libx264", NULL, NULL}, 33, 21, 34, 22},
        {{"2.mp4", NULL, "yuv422p", -1, "libx264", NULL, NULL}, 33, 21, 34, 21},
        {{"3.mp4", NULL, "yuv444p", -1, "libx264", NULL, NULL}, 33, 21, 33, 21},
        {{"4.mkv", NULL, "gbrp", 0, "libx264rgb", NULL, NULL}, 33, 21, 33, 21},
        {{"5.mkv", "ffv1", NULL, -1, "ffv1", NULL, NULL}, 33, 21, 33, 21},
        {{"6.mkv", "ffv1", NULL, -1, "ffv1", NULL, NULL}, 1, 1, 1, 1},
        {{"7.webm", NULL, NULL, -1, "libvpx-vp9", NULL, NULL}, 33, 21, 34, 22},
        {{"8.mov", "prores", NULL, -1, "prores_ks", NULL, NULL}, 33, 21, 34, 21},
        {{"9.mp4", "av1", NULL, -1, "libaom-av1", NULL, NULL}, 33, 21, 34, 22}, /* below what SVT-AV1 takes */
        {{"10.mp4", "h265", "yuv444p", -1, "libx265", NULL, NULL}, 65, 43, 65, 43},
        {{"11.y4m", NULL, "yuv444p", -1, "rawvideo", NULL, NULL}, 33, 21, 33, 21},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Clip clip = {cases[i].width, cases[i].height, 3, thirtieth, thirty, 0, 1, NULL, draw_scene};
        SolWriterReport report;
        const char *path = write_film(&cases[i].film, &clip, &report);
        char size[64];
        if (!path)
            continue;
        snprintf(size, sizeof size, "width=%d|height=%d|", cases[i].out_width, cases[i].out_height);
        assert_contains(probe(path, "stream=width,height,nb_read_frames"), size);
        assert_contains(printed, "nb_read_frames=3|");
        assert_int_equal(report.width, cases[i].out_width);
        assert_int_equal(report.height, cases[i].out_height);
    }
}

/* Frames that are hard to predict, so that there is something to spend bits on. */
static void draw_noise(SolImage *image, int n)
{
    uint32_t seed = (uint32_t)n + 1;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < 3 * image->width; x++) {
            seed = seed * 1664525U + 1013904223U;
            sol_image_row(image, y)[x] = (uint8_t)(seed >> 24);
        }
}

static void test_rates_are_kept(void **state)
{
    static const struct {
        const char *name, *codec, *encoder;
    } cases[] = {{"r.mp4", "h264", "libx264"}, {"s.mp4", "h265", "libx265"}, {"t.webm", "vp9", "libvpx-vp9"},
                 {"u.mp4", "av1", "libsvtav1"}, {"v.mkv", "mpeg4", "mpeg4"}};
    Clip clip = {96, 96, 90, {1, 90000}, thirty, 0, 3000, NULL, draw_noise};
    (void)state;
    for (int i = 0; i < 5; i++) {
        char path[512];
        SolOutputSettings settings = {.path = path, .codec = (char *)cases[i].codec, .crf = -1, .bitrate = 600000};
        SolWriterReport report;
        double rate;
        if (!avcodec_find_encoder_by_name(cases[i].encoder))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
        assert_int_equal(write_clip(&settings, &clip, true, &report), 0);
        rate = 8 * (double)report.bytes / report.seconds;
        if (rate < 300000 || rate > 1200000)
            fail_msg("%s: %.0f bits a second", cases[i].name, rate);
    }
}

static void test_presets_are_taken(void **state)
{
    static const struct {
        const char *name, *codec, *preset, *pix_fmt, *encoder;
    } cases[] = {
        {"a.mp4", "h264", "placebo", NULL, "libx264"},       {"b.mp4", "h265", "ultrafast", NULL, "libx265"},
        {"c.mp4", "h265", "slower", NULL, "libx265"},        {"d.webm", "vp9", "ultrafast", NULL, "libvpx-vp9"},
        {"e.webm", "vp9", "placebo", NULL, "libvpx-vp9"},    {"f.mp4", "av1", "ultrafast", NULL, "libsvtav1"},
        {"g.mp4", "av1", "slow", NULL, "libsvtav1"},         {"h.mkv", "av1", "medium", "yuv444p", "libaom-av1"},
        {"i.mov", "prores", "proxy", NULL, "prores_ks"},     {"j.mov", "prores", "4444xq", NULL, "prores_ks"},
        {"k.mov", "prores", "standard", NULL, "prores_ks"},
    };
    static const char *const profiles[] = {"profile=Proxy|codec_tag_string=apco|", "profile=XQ|codec_tag_string=ap4x|",
                                           "profile=Standard|codec_tag_string=apcn|"};
    Clip clip = {128, 96, 6, thirtieth, thirty, 0, 1, NULL, draw_scene};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512];
        SolOutputSettings settings = {.path = path, .codec = (char *)cases[i].codec, .crf = -1,
                                      .preset = (char *)cases[i].preset, .pix_fmt = (char *)cases[i].pix_fmt};
        if (!avcodec_find_encoder_by_name(cases[i].encoder))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].name);
        assert_int_equal(write_clip(&settings, &clip, true, NULL), 0);
        assert_contains(probe(path, "stream=profile,codec_tag_string,nb_read_frames"), "nb_read_frames=6|");
        if (i >= 8)
            assert_contains(printed, profiles[i - 8]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_films_say_what_they_are), cmocka_unit_test(test_chroma_is_to_the_left),
        cmocka_unit_test(test_ramp_and_bars_return),    cmocka_unit_test(test_lossless),
        cmocka_unit_test(test_a_clip_passes_through),   cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_rates_are_kept),          cmocka_unit_test(test_presets_are_taken),
    };
    return cmocka_run_group_tests_name("media/codecs", tests, set_up_folder, tear_down_folder);
}

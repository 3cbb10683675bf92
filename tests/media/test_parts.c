/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs made in parts: what is kept of them makes the same output again, alone and among parts that are
 * made anew, whatever their lengths and the times of their pictures.
 */
#include "support/clips.h"
#include "support/support.h"
#include "support/writing.h"

#include "base/file.h"
#include "base/records.h"
#include "image/image.h"
#include "media/writer.h"

#include <libavcodec/avcodec.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A clip has ALL pictures, of which FRAMES from number FIRST on are written. */
enum { ALL = 25, FIRST = 2, FRAMES = ALL - FIRST, SHORTEST = 4 };

/* Lengths of parts, taken in turn, up to a 0. */
static const int patterns[][SHORTEST + 1] = {{1, 0}, {3, 1, 1, 2, 0}, {FRAMES, 0}};

enum { PATTERNS = sizeof patterns / sizeof *patterns };

/* How an output is made: all of it, and what is kept of it; of that alone; of every other part of that. */
typedef enum Way { KEEPING, SPLICING, MIXING } Way;

static const SolDigest key = {{1}};

static const char *part_path(int part)
{
    char name[32];
    snprintf(name, sizeof name, "part-%d", part);
    return in_folder(name);
}

static void write_frame(SolWriter *writer, const Clip *clip, int n)
{
    SolImage *image = new_picture(clip->width, clip->height);
    clip->draw(image, n);
    image->number = n;
    image->time_base = clip->base;
    image->pts = clip->pts[n];
    image->duration = clip->pts[n + 1] - clip->pts[n];
    if (sol_writer_write(writer, image) != 0)
        fail_msg("frame %d: %s", n, sol_error_text());
    sol_image_unref(&image);
}

static void make_part(SolWriter *writer, const Clip *clip, const char *path, int first, int count)
{
    SolRecords *records = NULL;
    if (path)
        assert_int_equal(sol_records_create(&records, path, &key), 0);
    sol_writer_begin_part(writer, records);
    for (int n = first; n < first + count; n++)
        write_frame(writer, clip, n);
    if (sol_writer_end_part(writer) != 0)
        fail_msg("part from %d: %s", first, sol_error_text());
    if (path)
        assert_int_equal(sol_records_complete(records), 0);
    sol_records_close(&records);
}

static void splice_part(SolWriter *writer, const char *path, int first, int count)
{
    SolRecords *records = NULL;
    assert_int_equal(sol_records_open(&records, path, &key), 0);
    if (sol_writer_splice(writer, records, first, count) != 0)
        fail_msg("part from %d: %s", first, sol_error_text());
    sol_records_close(&records);
}

static SolVideoIndex index_of(const Clip *clip)
{
    return (SolVideoIndex){.frames = ALL, .pts = (int64_t *)clip->pts, .end = clip->pts[ALL], .time_base = clip->base};
}

static SolWriterReport make(const SolOutputSettings *settings, const Clip *clip, const int lengths[], Way way)
{
    SolVideoIndex index = index_of(clip);
    SolWriterInput input = {.width = clip->width,
                            .height = clip->height,
                            .time_base = clip->base,
                            .frame_rate = clip->rate,
                            .threads = 2,
                            .overwrite = true,
                            .first = FIRST,
                            .count = FRAMES,
                            .index = &index};
    SolWriter *writer = NULL;
    SolWriterReport report;
    if (sol_writer_open(&writer, settings, &input, NULL) != 0)
        fail_msg("%s", sol_error_text());
    for (int first = FIRST, part = 0, next = 0; first < ALL; part++) {
        int count = lengths[next] < ALL - first ? lengths[next] : ALL - first;
        next = lengths[next + 1] ? next + 1 : 0;
        if (way == KEEPING || (way == MIXING && part % 2 == 1))
            make_part(writer, clip, way == KEEPING ? part_path(part) : NULL, first, count);
        else
            splice_part(writer, part_path(part), first, count);
        first += count;
    }
    if (sol_writer_finish(writer, &report) != 0)
        fail_msg("%s", sol_error_text());
    sol_writer_close(&writer);
    return report;
}

/* ---- comparing ---- */

/* The headers of a film and its packets with their times, as ffprobe sees them; freed with free(). */
static char *packets_of(const char *path)
{
    char *text;
    if (run_command("ffprobe -v error -show_streams -show_packets -show_data_hash md5 -of compact '%s'", path) != 0)
        fail_msg("%s", printed);
    text = strdup(printed);
    assert_non_null(text);
    assert_contains(text, "data_hash=MD5:");
    return text;
}

static void assert_times(const char *path, const Clip *clip)
{
    const char *text = probe(path, "frame=pts_time");
    for (int n = FIRST; n < ALL; n++) {
        double wanted = (double)(clip->pts[n] - clip->pts[FIRST]) * clip->base.num / clip->base.den;
        assert_non_null(text = strchr(text, '='));
        if (strtod(++text, NULL) < wanted - 0.00051 || strtod(text, NULL) > wanted + 0.00051)
            fail_msg("%s: frame %d is at %.8s and not at %g", path, n, text, wanted);
    }
    assert_null(strchr(text, '='));
}

static void assert_same_bytes(const char *path, const char *other)
{
    size_t size, other_size;
    uint8_t *bytes = read_bytes(path, &size), *others = read_bytes(other, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, others, size);
    free(bytes);
    free(others);
}

static void assert_same_report(SolWriterReport report, SolWriterReport other)
{
    assert_int_equal(report.frames, other.frames);
    assert_int_equal(report.bytes, other.bytes);
    assert_int_equal(report.width, other.width);
    assert_int_equal(report.height, other.height);
    assert_true(report.seconds == other.seconds);
}

/* Makes the output in the folders "0" to "2", one for each way, and `compare`s the latter with the first. */
static void check_pattern(SolOutputSettings settings, const char *name, const Clip *clip, const int lengths[],
                          void (*compare)(const char *, const char *))
{
    SolWriterReport reports[3];
    char paths[3][512];
    for (int way = KEEPING; way <= MIXING; way++) {
        snprintf(paths[way], sizeof paths[way], "%s/%d/%s", folder, way, name);
        settings.path = paths[way];
        reports[way] = make(&settings, clip, lengths, (Way)way);
    }
    assert_same_report(reports[KEEPING], reports[SPLICING]);
    assert_same_report(reports[KEEPING], reports[MIXING]);
    compare(paths[KEEPING], paths[SPLICING]);
    compare(paths[KEEPING], paths[MIXING]);
    if (!strchr(name, '%') && !sol_path_has_extension(name, "gif webp apng"))
        assert_times(paths[KEEPING], clip);
}

static void check_parts(SolOutputSettings settings, const char *name, const Clip *clip,
                        void (*compare)(const char *, const char *))
{
    for (int i = 0; i < PATTERNS; i++)
        check_pattern(settings, name, clip, patterns[i], compare);
}

/* Matroska files have an identity of their own, which is drawn by chance. */
static void compare_films(const char *path, const char *other)
{
    char *text = packets_of(path), *same = packets_of(other);
    assert_string_equal(text, same);
    free(text);
    free(same);
}

static void compare_stills(const char *path, const char *other)
{
    for (int n = FIRST; n < ALL; n++) {
        char one[600], two[600];
        snprintf(one, sizeof one, path, n);
        snprintf(two, sizeof two, other, n);
        assert_same_bytes(one, two);
    }
}

/* ---- clips ---- */

/* Something moving over a still ground, so that encoders find use for pictures of all kinds. */
static void draw_motion(SolImage *image, int n)
{
    draw_scene(image, 0);
    for (int y = image->height / 4; y < image->height / 2; y++)
        for (int x = 2 * n; x < 2 * n + 12 && x < image->width; x++)
            memset(sol_image_row(image, y) + 3 * x, 255 - 5 * n, 3);
}

static void set_regular(int64_t pts[ALL + 1])
{
    for (int n = 0; n <= ALL; n++)
        pts[n] = 1001 * n;
}

/* In 1/1000 s: from 1 to some thousands. */
static void set_variable(int64_t pts[ALL + 1])
{
    static const int lengths[] = {9, 9, 1, 700, 3000, 2000, 4000, 2000, 1, 1, 33, 34, 1, 2};
    pts[0] = 0;
    for (int n = 0; n < ALL; n++) /* FFmpeg loses key pictures of an MP4 that are nearer to its end than a gap is long */
        pts[n + 1] = pts[n] + (n < 14 ? lengths[n] : 1000);
}

static void check_film(SolOutputSettings settings, const char *name)
{
    int64_t pts[ALL + 1];
    Clip regular = {64, 48, ALL, {1, 30000}, {30000, 1001}, 0, 0, pts, draw_motion};
    Clip variable = {64, 48, ALL, {1, 1000}, {0, 1}, 0, 0, pts, draw_motion};
    set_regular(pts);
    check_parts(settings, name, &regular, assert_same_bytes);
    set_variable(pts);
    check_parts(settings, name, &variable, assert_same_bytes);
}

/* ---- tests ---- */

static void test_films(void **state)
{
    int64_t pts[ALL + 1];
    Clip clip = {64, 48, ALL, {1, 1000}, {0, 1}, 0, 0, pts, draw_motion};
    SolOutputSettings settings = {.crf = -1};
    (void)state;
    check_film(settings, "a.mp4");
    set_variable(pts);
    check_pattern(settings, "a.mkv", &clip, patterns[1], compare_films);
    check_pattern(settings, "a.mov", &clip, patterns[1], assert_same_bytes);
}

static void test_films_of_many_b_frames(void **state)
{
    (void)state;
    check_film((SolOutputSettings){.crf = 30, .preset = (char[]){"slow"}, .width = 34}, "slow.mp4");
}

/* Encoders that hide pictures in packets, reorder them, or write others' headers; small parts, and uneven times. */
static void test_other_codecs(void **state)
{
    static const struct {
        const char *codec, *name;
        int crf;
        const char *pix_fmt, *encoder;
    } films[] = {
        {"h264", "rgb.mkv", 0, "gbrp", "libx264rgb"}, {"h265", "h265.mp4", 30, "yuv420p10le", "libx265"},
        {"vp9", "vp9.webm", 40, NULL, "libvpx-vp9"},  {"av1", "av1.mp4", 40, NULL, "libsvtav1"},
        {"av1", "aom.mkv", 40, "yuv444p", "libaom-av1"}, {"prores", "prores.mov", -1, NULL, "prores_ks"},
        {"ffv1", "ffv1.mkv", -1, NULL, "ffv1"},       {"mpeg4", "mpeg4.mp4", 10, NULL, "mpeg4"},
        {NULL, "raw.y4m", -1, NULL, "rawvideo"},
    };
    int64_t pts[ALL + 1];
    Clip clip = {128, 96, ALL, {1, 1000}, {0, 1}, 0, 0, pts, draw_motion};
    (void)state;
    for (size_t i = 0; i < sizeof films / sizeof *films; i++) {
        bool matroska = strstr(films[i].name, ".mkv") || strstr(films[i].name, ".webm");
        SolOutputSettings settings = {.codec = (char *)films[i].codec, .crf = films[i].crf,
                                      .pix_fmt = (char *)films[i].pix_fmt};
        bool timeless = strstr(films[i].name, ".y4m") != NULL;
        set_variable(pts);
        clip.base.den = timeless ? 30 : 1000;
        for (int n = 0; timeless && n <= ALL; n++)
            pts[n] = n;
        if (!avcodec_find_encoder_by_name(films[i].encoder))
            print_message("left out: this FFmpeg has no encoder %s\n", films[i].encoder);
        else
            check_pattern(settings, films[i].name, &clip, patterns[1], matroska ? compare_films : assert_same_bytes);
    }
}

static void test_gifs(void **state)
{
    int64_t pts[ALL + 1];
    Clip clip = {64, 48, ALL, {1, 30000}, {30000, 1001}, 0, 0, pts, draw_motion};
    SolOutputSettings settings = {.crf = -1};
    (void)state;
    set_regular(pts);
    check_parts(settings, "a.gif", &clip, assert_same_bytes);
    settings.fps = (SolRational){7, 1};
    settings.width = 33;
    check_parts(settings, "slow.gif", &clip, assert_same_bytes);
    settings.fps = (SolRational){0, 0};
    clip.base = (SolRational){1, 1000};
    clip.rate = (SolRational){0, 1};
    set_variable(pts);
    check_parts(settings, "variable.gif", &clip, assert_same_bytes);
}

/* Pictures that are gone through more than once, cut and written on, and the other animations. */
static void test_animations(void **state)
{
    int64_t pts[ALL + 1];
    Clip clip = {64, 48, ALL, {1, 30000}, {30000, 1001}, 0, 0, pts, draw_motion};
    SolOutputSettings settings = {.crf = -1, .bounce = true, .crop = {.width = 50, .height = 40}, .text = "a"};
    (void)state;
    set_regular(pts);
    check_pattern(settings, "bounce.gif", &clip, patterns[1], assert_same_bytes);
    settings.max_size = 12000;
    check_pattern(settings, "fits.gif", &clip, patterns[1], assert_same_bytes);
    settings.max_size = 0;
    if (avcodec_find_encoder_by_name("libwebp_anim"))
        check_pattern(settings, "a.webp", &clip, patterns[1], assert_same_bytes);
    if (avcodec_find_encoder_by_name("apng"))
        check_pattern(settings, "a.apng", &clip, patterns[1], assert_same_bytes);
}

static void test_stills(void **state)
{
    int64_t pts[ALL + 1];
    Clip clip = {33, 21, ALL, {1, 30000}, {30000, 1001}, 0, 0, pts, draw_motion};
    (void)state;
    set_regular(pts);
    check_parts((SolOutputSettings){.crf = -1}, "%03d.png", &clip, compare_stills);
    check_parts((SolOutputSettings){.crf = -1, .width = 20}, "%d.jpg", &clip, compare_stills);
}

/* A part that is cut off is refused, wherever it ends. */
static void test_damaged_parts(void **state)
{
    static const char *const names[] = {"a.mp4", "a.gif", "%d.png"};
    int64_t pts[ALL + 1];
    Clip clip = {64, 48, ALL, {1, 30000}, {30000, 1001}, 0, 0, pts, draw_motion};
    (void)state;
    set_regular(pts);
    for (int i = 0; i < 3; i++) {
        char path[512];
        SolOutputSettings settings = {.path = path, .crf = -1};
        SolVideoIndex index = index_of(&clip);
        SolWriterInput input = {.width = 64, .height = 48, .time_base = clip.base, .overwrite = true, .index = &index};
        size_t size;
        uint8_t *bytes;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        make(&settings, &clip, patterns[PATTERNS - 1], KEEPING);
        bytes = read_bytes(part_path(0), &size);
        for (int share = 1; share < 9; share++) {
            SolRecords *records = NULL;
            SolWriter *writer = NULL;
            write_bytes(part_path(0), bytes, 24 + (size - 25) * (size_t)share / 8);
            assert_int_equal(sol_writer_open(&writer, &settings, &input, NULL), 0);
            assert_int_equal(sol_records_open(&records, part_path(0), &key), 0);
            assert_int_equal(sol_writer_splice(writer, records, FIRST, FRAMES), SOL_ERR_FORMAT);
            assert_contains(sol_error_text(), ": a part of it that was kept is damaged");
            assert_int_equal(sol_writer_finish(writer, NULL), SOL_ERR_ARGUMENT);
            sol_records_close(&records);
            sol_writer_close(&writer);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_films), cmocka_unit_test(test_films_of_many_b_frames),
        cmocka_unit_test(test_other_codecs), cmocka_unit_test(test_gifs), cmocka_unit_test(test_animations), cmocka_unit_test(test_stills),
        cmocka_unit_test(test_damaged_parts),
    };
    return cmocka_run_group_tests_name("media/parts", tests, set_up_folder, tear_down_folder);
}

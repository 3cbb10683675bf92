/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice probe: what it says of clips whose properties are known, compared whole where that is short, and the
 * schedule that --split prints.
 */
#include "support/clips.h"
#include "support/program.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -f lavfi -i sine=duration=1 "
           "-f lavfi -i anullsrc=channel_layout=stereo:sample_rate=48000:duration=1 -map 0 -map 1 -map 2 "
           "-metadata:s:a:0 language=deu -pix_fmt yuv420p -color_range pc -colorspace bt709 clip.mp4");
    /* ten frames a second, of which the seventh is held for three */
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -vf \"select='not(eq(n,7)+eq(n,8))'\" -fps_mode vfr "
           "-pix_fmt yuv420p uneven.mkv");
    return 0;
}

static json_t *json_of(const char *arguments)
{
    json_t *json;
    assert_int_equal(run(arguments), 0);
    json = json_loads(printed, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static int number_of(const json_t *json, const char *key)
{
    return (int)json_integer_value(json_object_get(json, key));
}

static void test_text(void **state)
{
    (void)state;
    assert_int_equal(run("probe clip.mp4"), 0);
    assert_string_equal(printed, "clip.mp4\n"
                                 "  frames    10 (by its packets; --count decodes them all)\n"
                                 "  seconds   1.000\n"
                                 "  rate      10 frames/s (10/1), constant\n"
                                 "  size      64x48\n"
                                 "  format    mov,mp4,m4a,3gp,3g2,mj2, h264, yuvj420p\n"
                                 "  colour    matrix bt709, full range\n"
                                 "  sound     aac, 1 channel, 44100 Hz, language deu\n"
                                 "            aac, 2 channels, 48000 Hz\n");
    assert_int_equal(run("probe uneven.mkv"), 0);
    assert_contains(printed, "  frames    8 (");
    assert_contains(printed, ", variable: a frame lasts 100.0 to 300.0 ms\n");
    assert_contains(printed, "  colour    matrix smpte170m (guessed), limited range (guessed)\n");
    assert_contains(printed, "  sound     none\n");
}

static void test_json(void **state)
{
    json_t *json = json_of("probe clip.mp4 --json"), *sounds = json_object_get(json, "sounds");
    (void)state;
    assert_int_equal(number_of(json, "frames"), 10);
    assert_string_equal(text_of(json, "counted"), "packets");
    assert_string_equal(text_of(json, "rate"), "constant");
    assert_string_equal(text_of(json, "range"), "full");
    assert_true(json_is_false(json_object_get(json, "matrix_guessed")));
    assert_int_equal(json_array_size(sounds), 2);
    assert_string_equal(text_of(json_array_get(sounds, 0), "language"), "deu");
    assert_true(json_is_null(json_object_get(json_array_get(sounds, 1), "language")));
    assert_int_equal(number_of(json_array_get(sounds, 1), "sample_rate"), 48000);
    json_decref(json);
    json = json_of("probe uneven.mkv --json");
    assert_string_equal(text_of(json, "rate"), "variable");
    assert_true(json_is_true(json_object_get(json, "range_guessed")));
    assert_true(json_is_null(json_object_get(json, "primaries")));
    json_decref(json);
}

/* The turns that a camera may have been held at. */
static void test_rotation(void **state)
{
    static const struct {
        int display; /* counter-clockwise, as ffmpeg takes it */
        const char *text;
    } cases[] = {
        {90, "  size      64x48, turned by 270 degrees clockwise, upright with square pixels 48x64\n"},
        {180, "  size      64x48, turned by 180 degrees clockwise\n"},
        {270, "  size      64x48, turned by 90 degrees clockwise, upright with square pixels 48x64\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[128];
        /* FFmpeg 5 takes the turn as a tag, later ones as an option */
        if (run_command("ffmpeg -hide_banner -h full 2>/dev/null | grep -q -- -display_rotation") == 0)
            snprintf(command, sizeof command, "-display_rotation %d -i clip.mp4 -c copy turned.mp4", cases[i].display);
        else
            snprintf(command, sizeof command, "-i clip.mp4 -c copy -metadata:s:v:0 rotate=%d turned.mp4",
                     cases[i].display);
        ffmpeg(command);
        assert_int_equal(run("probe turned.mp4"), 0);
        assert_contains(printed, cases[i].text);
    }
}

/* What is promised and what can be decoded differ where a file is cut short. */
static void test_count(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(run("probe clip.mp4 --count"), 0);
    assert_contains(printed, "  frames    10 (counted by decoding all)\n");
    ffmpeg("-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -pix_fmt yuv420p -g 5 -movflags faststart long.mp4");
    assert_int_equal(stat(in_folder("long.mp4"), &status), 0);
    assert_int_equal(run_command("truncate -s %lld %s", (long long)status.st_size / 2, in_folder("long.mp4")), 0);
    assert_int_equal(run("probe long.mp4 --count 2>/dev/null"), 0);
    assert_contains(printed, "(counted by decoding all)");
    assert_null(strstr(printed, "frames    50 "));
}

static void test_numbered_images(void **state)
{
    json_t *json;
    (void)state;
    make_folder(in_folder("images"));
    ffmpeg("-i clip.mp4 images/%d.png");
    json = json_of("probe images --json");
    assert_string_equal(text_of(json, "counted"), "frames");
    assert_string_equal(text_of(json, "format"), "images");
    assert_string_equal(text_of(json, "range"), "full");
    assert_true(json_is_null(json_object_get(json, "matrix")));
    assert_int_equal(json_array_size(json_object_get(json, "sounds")), 0);
    json_decref(json);
    assert_int_equal(run("probe images"), 0);
    assert_contains(printed, "  frames    10\n");
    remove_folder(in_folder("images"));
}

/* The schedule is accepted as soon as its styles are there. */
static void test_split(void **state)
{
    (void)state;
    assert_int_equal(run("probe clip.mp4 --split 3 > three.yaml"), 0);
    assert_int_equal(run("check three.yaml"), 2);
    assert_contains(printed, "three.yaml:");
    assert_contains(printed, "styles/part-1.jpg");
    make_folder(in_folder("styles"));
    ffmpeg("-i clip.mp4 -frames:v 1 styles/part-1.jpg");
    ffmpeg("-i clip.mp4 -frames:v 1 styles/part-2.jpg");
    ffmpeg("-i clip.mp4 -frames:v 1 styles/part-3.jpg");
    assert_int_equal(run("check three.yaml"), 0);
    assert_string_equal(printed, "segment  frames           seconds            style\n"
                                 "part-1   0-2              0.000-0.300        styles/part-1.jpg\n"
                                 "part-2   3-6              0.300-0.700        styles/part-2.jpg\n"
                                 "part-3   7-9              0.700-1.000        styles/part-3.jpg\n"
                                 "10 frames, painted at 64x48\n");
    assert_int_equal(run("probe clip.mp4 --split 11"), 2);
    assert_string_equal(printed, "solstice: clip.mp4: has 10 frames, too few for 11 segments\n");
    assert_int_equal(run("probe clip.mp4 --split 2 --json"), 2);
    assert_string_equal(printed, "solstice: probe: --split prints a schedule, which is YAML; leave out --json\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),  cmocka_unit_test(test_json),            cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_count), cmocka_unit_test(test_numbered_images), cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests_name("cli/probe", tests, set_up, tear_down_program);
}

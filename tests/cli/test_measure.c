/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice measure: numbers of films that are known, the files that tell them, pairing, and mistakes.
 */
#include "support/clips.h"
#include "support/program.h"

#include <solstice/image.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_X = 80, SIDE_Y = 60, FRAMES = 6 };

/* Clips without loss: `still` does not move, `flicker` changes by 5 levels in turns, `short` has three frames of it. */
static void make_clips(void)
{
    uint8_t *pixels = malloc(FRAMES * SIDE_X * SIDE_Y * 3), *to = pixels;
    assert_non_null(pixels);
    for (int kind = 0; kind < 2; kind++) {
        to = pixels;
        for (int n = 0; n < FRAMES; n++)
            for (int y = 0; y < SIDE_Y; y++)
                for (int x = 0; x < SIDE_X; x++)
                    for (int c = 0; c < 3; c++)
                        *to++ = (uint8_t)(120 + 60 * sin(0.3 * x + c) + 40 * cos(0.25 * y) +
                                          (kind == 1 ? 5 * (n % 2) : 0));
        ffmpeg_from(pixels, FRAMES * SIDE_X * SIDE_Y * 3, "rgb24", SIDE_X, SIDE_Y,
                    kind == 0 ? "-c:v ffv1 -pix_fmt gbrp still.mkv" : "-c:v ffv1 -pix_fmt gbrp flicker.mkv");
    }
    free(pixels);
    ffmpeg("-i flicker.mkv -frames:v 3 -c:v ffv1 -pix_fmt gbrp short.mkv");
    ffmpeg("-i still.mkv -vf scale=160:120 -c:v ffv1 -pix_fmt gbrp large.mkv");
    ffmpeg("-i still.mkv -frames:v 1 style.png");
}

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    make_clips();
    return 0;
}

static json_t *load(const char *name)
{
    json_error_t error;
    json_t *json = json_load_file(in_folder(name), 0, &error);
    if (!json)
        fail_msg("%s: %s", name, error.text);
    return json;
}

static double number(const json_t *json, const char *outer, const char *key)
{
    const json_t *value = json_object_get(json_object_get(json, outer), key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void test_numbers(void **state)
{
    json_t *json, *film, *reference;
    (void)state;
    assert_int_equal(run("measure still.mkv flicker.mkv --reference still.mkv --json a/m.json --csv m.csv --svg m.svg "
                         "-q"), 0);
    assert_string_equal(printed, "");
    json = load("a/m.json");
    assert_int_equal(json_integer_value(json_object_get(json, "count")), FRAMES);
    assert_int_equal(json_integer_value(json_object_get(json, "pairs")), FRAMES - 1);
    assert_true(json_number_value(json_object_get(json, "still")) == 1);
    film = json_array_get(json_object_get(json, "films"), 0);
    reference = json_array_get(json_object_get(json, "films"), 1);
    assert_string_equal(json_string_value(json_object_get(film, "path")), "flicker.mkv");
    assert_true(json_is_false(json_object_get(film, "reference")));
    assert_true(json_is_true(json_object_get(reference, "reference")));
    assert_true(fabs(number(film, "means", "flicker") - 5) < 1e-9 && number(reference, "means", "flicker") == 0);
    assert_true(fabs(number(film, "means", "warping_error") - 25.0 / (255 * 255)) < 1e-9);
    assert_true(number(reference, "means", "ssim") == 1 && number(film, "beside_reference", "ssim") < 0);
    assert_true(isnan(number(film, "means", "ghosting"))); /* nothing has moved */
    assert_int_equal(json_array_size(json_object_get(json, "frames")), FRAMES);
    assert_true(json_is_null(json_object_get(
        json_array_get(json_object_get(json_array_get(json_object_get(json, "frames"), 0), "films"), 0), "flicker")));
    json_decref(json);
    assert_int_equal(run_command("cd %s && head -n 1 m.csv; wc -l <m.csv; grep -c svg m.svg", folder), 0);
    assert_string_equal(printed, "film,frame,seconds,cut,followed,still,uncovered,warping_error,flicker,ssim,ghosting,"
                                 "echo,style_distance,content_distance\n19\n2\n");
}

static void test_table(void **state)
{
    (void)state;
    assert_int_equal(run("measure still.mkv flicker.mkv -r still.mkv"), 0);
    assert_contains(printed, "still.mkv, frames 0-5, 80x60: 100.0% of the pixels can be followed, 100.0% are still, ");
    assert_contains(printed, "\nflicker, levels       0.000                   5.000");
    assert_contains(printed, "\nSSIM to the source                            ");
    assert_int_equal(run("measure still.mkv flicker.mkv --json - | head -c 2"), 0);
    assert_string_equal(printed, "{\n");
}

/* Sizes and lengths that differ, a part, and a film that begins later. */
static void test_pairing(void **state)
{
    json_t *json;
    (void)state;
    assert_int_equal(run("measure large.mkv short.mkv --json p.json -q"), 0);
    assert_string_equal(printed, "solstice: warning: the films differ in length; frames 0-2, which all have, are "
                                 "measured\n");
    json = load("p.json");
    assert_int_equal(json_integer_value(json_object_get(json, "width")), SIDE_X);
    assert_int_equal(json_integer_value(json_object_get(json, "count")), 3);
    json_decref(json);
    assert_int_equal(run("measure still.mkv short.mkv --offset 2 --frames 3-9 --json p.json -q --overwrite"), 0);
    assert_string_equal(printed, "");
    json = load("p.json");
    assert_int_equal(json_integer_value(json_object_get(json, "first")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "count")), 2);
    json_t *first = json_array_get(json_object_get(json, "frames"), 0);
    assert_true(fabs(json_number_value(json_object_get(first, "seconds")) - 0.1) < 1e-3);
    json_decref(json);
    assert_int_equal(run("measure flicker.mkv short.mkv --frames 3-5"), 2);
    assert_string_equal(printed, "solstice: measure: there is no frame to measure: \"flicker.mkv\" has 6, "
                                 "\"short.mkv\" 3 from its frame 0 on\n");
}

/* The column of every frame, painting above source. */
static void test_slice(void **state)
{
    SolImage *slice = NULL;
    (void)state;
    assert_int_equal(run("measure still.mkv flicker.mkv --slice s.png --column 7 -q"), 0);
    assert_int_equal(sol_image_load(&slice, in_folder("s.png")), 0);
    assert_int_equal(sol_image_width(slice), 8 * FRAMES);
    assert_int_equal(sol_image_height(slice), 2 * SIDE_Y);
    for (int n = 0; n < FRAMES; n++)
        for (int c = 0; c < 3; c++) {
            int at = 3 * (8 * n + 3) + c, source = sol_image_row(slice, SIDE_Y + 11)[at];
            assert_int_equal(source, (int)(120 + 60 * sin(0.3 * 7 + c) + 40 * cos(0.25 * 11)));
            assert_in_range(sol_image_row(slice, 11)[at], source + 5 * (n % 2), source + 5 * (n % 2) + 1);
        }
    sol_image_unref(&slice);
}

static void test_distances(void **state)
{
    json_t *json;
    (void)state;
    assert_int_equal(run("measure still.mkv flicker.mkv --model compact --style style.png --every 2 --json d.json "
                         "--flows f.flo -q"), 0);
    json = load("d.json");
    assert_string_equal(json_string_value(json_object_get(json, "model")), "compact");
    assert_true(number(json_array_get(json_object_get(json, "films"), 0), "means", "style_distance") > 0);
    /* frames 0, 2 and 4 are the source's */
    assert_true(number(json_array_get(json_object_get(json, "films"), 0), "means", "content_distance") == 0);
    json_decref(json);
    assert_int_equal(run_command("wc -c <%s; head -c 4 %s", in_folder("f.flo"), in_folder("f.flo")), 0);
    assert_string_equal(printed, "384120\nPIEH"); /* five pairs, there and back */
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
        int status;
    } cases[] = {
        {"measure still.mkv flicker.mkv --slice a.gif",
         "solstice: measure: --slice a.gif: must end in .png, .jpg or .jpeg\n", 2},
        {"measure still.mkv flicker.mkv --csv style.png",
         "solstice: style.png: exists; choose another name or give --overwrite\n", 1},
        {"measure still.mkv flicker.mkv --csv still.mkv --overwrite",
         "solstice: measure: --csv still.mkv: is one of the films\n", 2},
        {"measure still.mkv flicker.mkv --csv a.x --json a.x",
         "solstice: measure: --csv a.x: is what --json writes, too\n", 2},
        {"measure still.mkv flicker.mkv --slice b.png --column 80",
         "solstice: measure: --column 80: the films are 80 pixels wide, so columns are 0 to 79\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, cases[i].status);
    }
    assert_int_not_equal(run("measure still.mkv"), 0);
    assert_int_not_equal(run_command("ls %s", in_folder("b.png")), 0);
}

/* Ctrl-C leaves nothing. */
static void test_interrupted(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i testsrc2=size=640x480:rate=30 -frames:v 300 -c:v mpeg4 -q:v 3 long.mp4");
    assert_int_equal(run_command("cd %s; %s measure long.mp4 long.mp4 --json long.json --flows long.flo & pid=$!; "
                                 "for i in $(seq 100); do sleep 0.02; ls -A | grep -q '^[.].*long.flo' && break; done; "
                                 "kill -INT $pid; wait $pid", folder, program), 130);
    assert_string_equal(printed, "solstice: interrupted; nothing was written\n");
    assert_int_equal(run_command("cd %s && ls -A | grep long", folder), 0);
    assert_string_equal(printed, "long.mp4\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_pairing),
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests_name("cli/measure", tests, set_up, tear_down_program);
}

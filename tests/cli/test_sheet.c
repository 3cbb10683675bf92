/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice sheet: files, options and mistakes.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/program.h"

#include <solstice/image.h>

#include <string.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    numbered_clip(12, "-c:v ffv1 clip.mkv");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    write_text(in_folder("film.yaml"), "version: 1\ninput: clip.mkv\nsegments:\n"
                                       "  - {name: first, frames: 0-5, style: none}\n"
                                       "  - {name: second, frames: 6-11, style: a.png}\n"
                                       "outputs: [{path: film.mp4}]\n");
    return 0;
}

/* The number of the frame that the sheet shows first. */
static int first_number(const char *name)
{
    SolImage *sheet = NULL;
    int number;
    if (sol_image_load(&sheet, in_folder(name)) != 0)
        fail_msg("%s", sol_error_text());
    number = read_number(sol_image_row(sheet, 28) + 3 * 16,
                         (size_t)(sol_image_row(sheet, 1) - sol_image_row(sheet, 0)), CLIP_WIDTH, CLIP_HEIGHT);
    sol_image_unref(&sheet);
    return number;
}

static void test_sheet(void **state)
{
    (void)state;
    assert_int_equal(run("sheet film.yaml -o sheet.png"), 0);
    assert_string_equal(printed, "sheet.png: 320x284\n");
    assert_int_equal(first_number("sheet.png"), 1);
    assert_int_equal(run("sheet film.yaml -o deep/one.jpg --columns 1 -q --color luminance"), 0);
    assert_string_equal(printed, "");
    assert_int_equal(first_number("deep/one.jpg"), 3);
    assert_int_equal(count_entries(in_folder("deep")), 1);
    assert_int_equal(run("sheet film.yaml -o sheet.png --width 640 --size 96 --overwrite --threads 1"), 0);
    assert_contains(printed, "sheet.png: 640x");
    assert_int_equal(run_command("cd %s && ls -A | sort | tr '\\n' ' '", folder), 0);
    assert_string_equal(printed, "a.png clip.mkv deep film.yaml sheet.png "); /* nothing else is written */
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
        int status;
    } cases[] = {
        {"sheet film.yaml", "solstice: sheet: no output given; add -o SHEET.png\n", 2},
        {"sheet film.yaml -o a.gif", "solstice: sheet: -o a.gif: must end in .png, .jpg or .jpeg\n", 2},
        {"sheet film.yaml -o a.png", "solstice: a.png: exists; choose another name or give --overwrite\n", 1},
        {"sheet film.yaml -o b.png --columns 0",
         "solstice: sheet: --columns 0: must be a whole number from 1 to 100\n", 2},
        {"sheet film.yaml -o b.png --columns 6 --width 90",
         "solstice: a sheet that is 90 pixels wide has no room for 6 columns; make it 168 or more\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, cases[i].status);
    }
    assert_int_not_equal(run_command("ls %s", in_folder("b.png")), 0);
}

/* Ctrl-C leaves nothing. */
static void test_interrupted(void **state)
{
    (void)state;
    write_text(in_folder("slow.yaml"), "version: 1\ninput: clip.mkv\nsegments: [{frames: 0-11, style: a.png}]\n"
                                       "size: 1500\noutputs: [{path: film.mp4}]\n");
    /* sent when its threads are at work, or after two seconds where that cannot be seen */
    assert_int_equal(run_command("cd %s; %s sheet slow.yaml -o slow.png --columns 12 & pid=$!; for i in $(seq 100); do "
                                 "sleep 0.02; test $(ls /proc/$pid/task 2>/dev/null | wc -l) -gt 3 && break; done; "
                                 "kill -INT $pid; wait $pid", folder, program),
                     130);
    assert_string_equal(printed, "solstice: interrupted; nothing was written\n");
    assert_int_equal(run_command("cd %s && ls -A | grep slow", folder), 0);
    assert_string_equal(printed, "slow.yaml\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sheet),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests_name("cli/sheet", tests, set_up, tear_down_program);
}

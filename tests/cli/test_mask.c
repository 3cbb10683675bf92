/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice mask: files, options and mistakes.
 */
#include "support/clips.h"
#include "support/program.h"

#include <solstice/image.h>

#include <string.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    numbered_clip(4, "-c:v ffv1 clip.mkv");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    write_text(in_folder("film.yaml"), "version: 1\ninput: clip.mkv\nsegments:\n"
                                       "  - {name: first, frames: 0-1, style: a.png, "
                                       "region: {rect: [0, 0, 50%, 50%]}}\n"
                                       "  - {name: second, frames: 2-3, style: a.png}\n"
                                       "outputs: [{path: film.mp4}]\n");
    write_text(in_folder("wrong.yaml"), "version: 1\ninput: clip.mkv\nsegments:\n"
                                        "  - {frames: 0-3, style: a.png, region: {rect: [0, 0, 50%]}}\n"
                                        "outputs: [{path: film.mp4}]\n");
    return 0;
}

static void test_mask(void **state)
{
    SolImage *image = NULL;
    (void)state;
    assert_int_equal(run("mask film.yaml --frame 1"), 0);
    assert_string_equal(printed, "mask.png: 64x48, 25.0% of frame 1 selected\n");
    assert_int_equal(sol_image_load(&image, in_folder("mask.png")), SOL_OK);
    assert_int_equal(sol_image_row(image, 23)[3 * 31], 255);
    assert_int_equal(sol_image_row(image, 23)[3 * 32], 0);
    assert_int_equal(sol_image_row(image, 24)[3 * 31], 0);
    sol_image_unref(&image);
    assert_int_equal(run("mask film.yaml -f 3 --segment first -o deep/over.jpg --overlay -q --size 96 --threads 1"), 0);
    assert_string_equal(printed, "");
    assert_int_equal(sol_image_load(&image, in_folder("deep/over.jpg")), SOL_OK);
    assert_int_equal(sol_image_height(image), 96);
    sol_image_unref(&image);
    assert_int_equal(run("mask film.yaml -f 0 --layer 1 --overwrite"), 0);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *error;
        int status;
    } cases[] = {
        {"mask film.yaml", "solstice: mask: no frame given; add --frame N\n", 2},
        {"mask film.yaml -f 0 -o a.gif", "solstice: mask: -o a.gif: must end in .png, .jpg or .jpeg\n", 2},
        {"mask film.yaml -f 0 -o a.png", "solstice: a.png: exists; choose another name or give --overwrite\n", 1},
        {"mask film.yaml -f 2 -o b.png",
         "solstice: frame 2 lies where no layer has a region; choose another frame or segment\n", 2},
        {"mask film.yaml -f 4 -o b.png", "solstice: there is no frame 4; the last one is 3\n", 2},
        {"mask film.yaml -f 0 -o b.png --layer 0",
         "solstice: mask: --layer 0: must be a whole number from 1 to 64\n", 2},
        {"mask wrong.yaml -f 0 -o b.png",
         "wrong.yaml:4:48: \"rect\" must be [x, y, width, height], each in pixels (300) or percent (50%), and here "
         "are 3\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].arguments);
        assert_string_equal(printed, cases[i].error);
        assert_int_equal(status, cases[i].status);
    }
    assert_int_equal(run("mask --help"), 0);
    assert_contains(printed, "usage: solstice mask SCHEDULE --frame N [OPTION ...]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests_name("cli/mask", tests, set_up, tear_down_program);
}

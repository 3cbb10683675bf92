/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice init: its drafts are accepted by "solstice check" as they are, whatever files are called and wherever
 * the schedule lies.
 */
#include "support/clips.h"
#include "support/program.h"

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=20:duration=1 -pix_fmt yuv420p clip.mp4");
    make_folder(in_folder("styles"));
    ffmpeg("-i clip.mp4 -frames:v 1 styles/sea.png");
    ffmpeg("-i clip.mp4 -frames:v 1 styles/sky.png");
    return 0;
}

static void test_with_styles(void **state)
{
    (void)state;
    assert_int_equal(run("init clip.mp4 --styles styles/*.png > film.yaml && $S check film.yaml"), 0);
    assert_string_equal(printed, "segment  frames           seconds            style\n"
                                 "sea      0-9              0.000-0.500        styles/sea.png\n"
                                 "sky      10-19            0.500-1.000        styles/sky.png\n"
                                 "20 frames, painted at 64x48\n");
    assert_int_equal(run("init clip.mp4 --styles styles/*.png --transition 4"), 0);
    assert_contains(printed, "\ntransition: 4\n");
    assert_contains(printed, "\n  - path: out/clip-painted.mp4\n");
}

static void test_shares_come_to_the_whole(void **state)
{
    (void)state;
    for (int count = 1; count <= 7; count++) {
        char command[512] = "init clip.mp4 --share --styles";
        for (int i = 0; i < count; i++)
            strcat(command, " styles/sea.png");
        strcat(command, " > film.yaml && $S check film.yaml");
        assert_int_equal(run(command), 0);
        assert_contains(printed, "-19 ");
        assert_null(strstr(printed, "(no segment)"));
    }
    assert_contains(printed, "\nsea (7) ");
}

/* The table is there as comments, and the schedule is one all the same: also when they take its place. */
static void test_without_styles(void **state)
{
    (void)state;
    assert_int_equal(run("init clip.mp4 > film.yaml && $S check film.yaml"), 0);
    assert_contains(printed, "\nuntouched  0-19 ");
    assert_int_equal(run("init clip.mp4 --segments 2 | sed -e '/- name: untouched/,/style: none/d' -e 's/^# - / - /' "
                         "-e 's/^#   \\(frames\\|style\\): /   \\1: /' -e 's/part-1.jpg/sea.png/' "
                         "-e 's/part-2.jpg/sky.png/' > film.yaml && $S check film.yaml"),
                     0);
    assert_contains(printed, "\npart-2   10-19            0.500-1.000        styles/sky.png\n");
}

/* Paths are those seen from the schedule's folder. */
static void test_a_file_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(run("init clip.mp4 -s styles/sea.png -o plans/deep/film.yaml && $S check plans/deep/film.yaml "
                         "&& cat plans/deep/film.yaml"), 0);
    assert_contains(printed, "plans/deep/film.yaml: a schedule for 20 frames; next: solstice check plans/deep/film.yaml\n");
    assert_contains(printed, "\ninput: ../../clip.mp4\n");
    assert_contains(printed, "\n    style: ../../styles/sea.png\n");
    assert_int_equal(run("init clip.mp4 -s styles/sea.png -o styles/film.yaml && $S check styles/film.yaml && "
                         "cat styles/film.yaml && rm styles/film.yaml"), 0);
    assert_contains(printed, "\n    style: sea.png\n");
    assert_int_equal(run("init \"$PWD/clip.mp4\" -o plans/film.yaml && $S check plans/film.yaml"), 0);
    assert_int_equal(run("init clip.mp4 -o plans/film.yaml"), 1);
    assert_string_equal(printed, "solstice: plans/film.yaml: exists; choose another name or give --overwrite\n");
    assert_int_equal(run("init clip.mp4 -s nothing.png -o other/film.yaml"), 1);
    assert_string_equal(printed, "solstice: nothing.png: cannot be opened: No such file or directory\n");
    assert_int_equal(count_entries(in_folder("other")), -1);
}

/* Names that YAML would take for something else. */
static void test_odd_names(void **state)
{
    static const char *const names[] = {"it's.png", "a: b # c.png", "none", "- x.png", "{a, b}.png", "\"q\".png",
                                        "100", "*.png", "~", "\xc3\xa4.png", "back\\slash.png", "%d%%.png"};
    (void)state;
    make_folder(in_folder("odd"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char from[512], to[512];
        size_t size;
        uint8_t *bytes;
        snprintf(from, sizeof from, "%s", in_folder("styles/sea.png"));
        bytes = read_bytes(from, &size);
        snprintf(to, sizeof to, "%s/odd/%s", folder, names[i]);
        write_bytes(to, bytes, size);
        free(bytes);
    }
    assert_int_equal(run("init clip.mp4 -s odd/* > film.yaml && $S check film.yaml"), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_contains(printed, names[i]);
    assert_int_equal(run("init clip.mp4 -s odd/* -o odd/film.yaml && $S check odd/film.yaml"), 0);
    assert_int_equal(run("init clip.mp4 -s odd/\xc3\xa4.png -o \"$PWD/odd/film.yaml\" --overwrite"), 0);
    assert_int_equal(run_command("cd %s && cp clip.mp4 'a\tb.mp4' && %s init 'a\tb.mp4'", folder, program), 2);
    assert_contains(printed, "a schedule cannot hold this name");
    remove_folder(in_folder("odd"));
}

static void test_numbered_images(void **state)
{
    (void)state;
    make_folder(in_folder("shots"));
    ffmpeg("-i clip.mp4 shots/%d.png");
    assert_int_equal(run("init shots/ -s styles/sea.png > film.yaml && $S check film.yaml && cat film.yaml"), 0);
    assert_contains(printed, "\ninput: shots\nframerate: 30/1 ");
    assert_contains(printed, "out/shots-painted.mp4");
    assert_int_equal(run("init 'shots/%d.png' -s styles/sea.png > film.yaml && $S check film.yaml && cat film.yaml"), 0);
    assert_contains(printed, "\ninput: 'shots/%d.png'\n");
    remove_folder(in_folder("shots"));
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
        int status;
    } cases[] = {
        {"init clip.mp4 -s styles", "solstice: styles: is a folder; name an image file\n", 1},
        {"init clip.mp4 -o film.yam", "solstice: init: -o film.yam: must end in .yaml or .yml\n", 2},
        {"init clip.mp4 --segments 21", "solstice: clip.mp4: has 20 frames, too few for 21 segments\n", 2},
        {"init clip.mp4 --segments 4 --transition 6",
         "solstice: a transition of 6 frames is longer than 4 segments of 20 frames have room for; at most 5\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_styles),      cmocka_unit_test(test_shares_come_to_the_whole),
        cmocka_unit_test(test_without_styles),   cmocka_unit_test(test_a_file_elsewhere),
        cmocka_unit_test(test_odd_names),        cmocka_unit_test(test_numbered_images),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests_name("cli/init", tests, set_up, tear_down_program);
}

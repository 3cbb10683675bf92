/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice clean: finds what stopped renders have left, says so, removes that and nothing else, and leaves running ones
 * alone.
 */
#include "support/clips.h"
#include "support/program.h"

#include "base/lock.h"

#include <string.h>
#include <unistd.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=24:duration=1 clip.mp4");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    write_text(in_folder("s.yaml"), "version: 1\ninput: clip.mp4\nsegments: [{frames: 0-23, style: a.png}]\n"
                                    "outputs:\n  - path: out/s.mp4\n  - path: other/%03d.png\n");
    return 0;
}

/* A number that no process has: above what systems give out. */
enum { NOBODY = 999999999 };

/* What a killed render leaves, of other outputs, of a living process, and of other programs. */
static void leave(void)
{
    assert_int_equal(run("render s.yaml --keep --overwrite -q"), 0);
    assert_int_equal(run_command("cd %s && printf 12345 >out/.s.mp4.%d-0.partial && printf 1 >other/.017.png.%d-16.partial "
                                 "&& printf 1 >other/.018.png.%ld-17.partial && printf 1 >out/.else.gif.%d-0.partial && "
                                 "printf 1 >out/.s.mp4.x-0.partial",
                                 folder, NOBODY, NOBODY, (long)getpid(), NOBODY),
                     0);
    make_folder(in_folder("out/.foreign.parts"));
    write_text(in_folder("out/.foreign.parts/film.part"), "of a program that is not ours");
}

/* Fails unless a file or folder is there, or not. */
static void assert_there(const char *name, int there)
{
    if ((access(in_folder(name), F_OK) == 0) != there)
        fail_msg("%s is %sthere: %s", name, there ? "not " : "", printed);
}

static void assert_untouched(void)
{
    assert_there("out/.foreign.parts/film.part", 1);
    assert_there("out/.s.mp4.x-0.partial", 1);
    assert_there("out/s.mp4", 1);
    assert_int_equal(run_command("test -e %s/other/.018.png.%ld-17.partial", folder, (long)getpid()), 0);
}

static void test_schedule(void **state)
{
    (void)state;
    leave();
    for (int dry = 1; dry >= 0; dry--) {
        assert_int_equal(run(dry ? "clean -n s.yaml" : "clean s.yaml"), 0);
        assert_contains(printed, dry ? "out/.s.mp4.parts, " : "removed out/.s.mp4.parts, ");
        assert_contains(printed, dry ? "out/.s.mp4.999999999-0.partial, 5 bytes\n"
                                     : "removed out/.s.mp4.999999999-0.partial, 5 bytes\n");
        assert_contains(printed, "other/.017.png.999999999-16.partial, 1 bytes\n");
        assert_contains(printed, dry ? "\n3 leftovers, " : "\n3 leftovers removed, ");
        assert_null(strstr(printed, "else"));
        assert_there("out/.s.mp4.parts", dry);
        assert_there("out/.s.mp4.999999999-0.partial", dry);
        assert_there("other/.017.png.999999999-16.partial", dry);
        assert_there("out/.else.gif.999999999-0.partial", 1);
        assert_untouched();
    }
    assert_int_equal(run("clean s.yaml"), 0);
    assert_string_equal(printed, "nothing to clean\n");
}

static void test_folder(void **state)
{
    (void)state;
    assert_int_equal(run("clean out"), 0);
    assert_contains(printed, "removed out/.else.gif.999999999-0.partial, 1 bytes\n");
    assert_null(strstr(printed, "foreign"));
    assert_there("out/.else.gif.999999999-0.partial", 0);
    assert_untouched();
    remove_folder(in_folder("out/.foreign.parts"));
    assert_int_equal(run("clean"), 0); /* not in the folders below */
    assert_string_equal(printed, "nothing to clean\n");
    assert_int_equal(run("render s.yaml --keep --overwrite -q"), 0);
    write_text(in_folder("out/.s.mp4.parts/mine.part"), "put there by hand");
    assert_int_equal(run_command("cd %s/out && %s clean", folder, program), 0);
    assert_memory_equal(printed, "removed .s.mp4.parts, ", 22);
    assert_contains(printed, ".s.mp4.parts: holds files that no render makes; they stay\n");
    assert_int_equal(count_entries(in_folder("out/.s.mp4.parts")), 1);
    remove_folder(in_folder("out/.s.mp4.parts"));
}

static void test_running(void **state)
{
    SolLock *lock = NULL;
    long holder;
    char expected[256];
    (void)state;
    assert_int_equal(run("render s.yaml --keep --overwrite -q"), 0);
    assert_int_equal(sol_lock_open(&lock, in_folder("out/.s.mp4.parts/lock"), &holder), 0);
    snprintf(expected, sizeof expected, "out/.s.mp4.parts: a render is at work with it, process %ld; it stays\n",
             (long)getpid());
    for (int dry = 0; dry < 2; dry++) {
        int entries = count_entries(in_folder("out/.s.mp4.parts"));
        assert_int_equal(run(dry ? "clean out -n" : "clean s.yaml"), 0);
        assert_memory_equal(printed, expected, strlen(expected));
        assert_int_equal(count_entries(in_folder("out/.s.mp4.parts")), entries);
    }
    sol_lock_close(&lock);
    assert_int_equal(run("clean s.yaml"), 0);
    assert_there("out/.s.mp4.parts", 0);
}

static void test_mistakes(void **state)
{
    (void)state;
    assert_int_equal(run("clean lost.yaml"), 1);
    assert_memory_equal(printed, "solstice: lost.yaml: ", 21);
    assert_int_equal(run("clean --wet"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests_name("cli/clean", tests, set_up, tear_down_program);
}

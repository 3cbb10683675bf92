/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever stops a render, as a user meets it: what is said, what is left, and that the same command goes on and makes
 * what it would have made.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/program.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAMES = 24 };

static char *expected; /* what an undisturbed render makes */

/* Fingerprints of the film and the stills. */
static char *outcome(void)
{
    if (run_command("cd %s/out && cksum film.mp4 && cat s/*.png | cksum", folder) != 0)
        fail_msg("%s", printed);
    return strdup(printed);
}

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/"), 0, FRAMES - 1, 160, 120);
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    ffmpeg("-f lavfi -i testsrc2=size=64x80 -frames:v 1 b.png");
    write_text(in_folder("s.yaml"), "version: 1\ninput: images\nsize: 256\ntransition: 4\nsegments:\n"
                                    "  - {frames: 0-11, style: a.png}\n  - {frames: 12-23, style: b.png}\n"
                                    "outputs:\n  - path: out/film.mp4\n  - {path: out/s/%02d.png, width: 64}\n");
    assert_int_equal(run("render s.yaml -q"), 0);
    expected = outcome();
    remove_folder(in_folder("out"));
    return 0;
}

static int tear_down(void **state)
{
    free(expected);
    return tear_down_program(state);
}

/* Begins a render with `options`, and does something to it when it has kept some frames: `with` knows it as $pid. */
static int disturb(const char *options, const char *with)
{
    return run_command("cd %s && { %s render s.yaml %s & } && pid=$!; for i in $(seq 3000); do sleep 0.01; "
                       "test -n \"$(find out/.film.mp4.parts -size +700k 2>/dev/null)\" && break; done; %s; wait $pid",
                       folder, program, options, with);
}

/* The same command goes on: no frame that was kept is painted again, and nothing but the outputs is there at the end. */
static void go_on(int least)
{
    json_t *stats;
    char *made;
    assert_int_equal(run("render s.yaml -q --stats stats.json"), 0);
    assert_string_equal(printed, "");
    made = outcome();
    assert_string_equal(made, expected);
    free(made);
    stats = json_load_file(in_folder("stats.json"), 0, NULL);
    assert_non_null(stats);
    assert_in_range(json_integer_value(json_object_get(stats, "painted")), 0, FRAMES - least);
    json_decref(stats);
    assert_int_equal(count_entries(in_folder("out")), 2);
    assert_int_equal(count_entries(in_folder("out/s")), FRAMES);
    remove_folder(in_folder("out"));
}

/* How many frames a message says are kept. */
static int kept_frames(const char *format)
{
    int kept = -1;
    const char *text = strstr(printed, "solstice: ");
    if (!text || sscanf(text, format, &kept) != 1)
        fail_msg("\"%s\" is not \"%s\"", printed, format);
    assert_contains(printed, " of 24 frames");
    assert_contains(printed, "the same command goes on from there\n");
    return kept;
}

static void test_kill(void **state)
{
    (void)state;
    assert_int_equal(disturb("-q", "kill -9 $pid"), 128 + 9);
    go_on(1);
}

/* As under nohup: then it does not stop a render either. */
static bool hangup_is_ignored(void)
{
    struct sigaction action;
    return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void test_ctrl_c(void **state)
{
    static const char *const names[] = {"INT", "TERM", "HUP"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char with[64];
        if (strcmp(names[i], "HUP") == 0 && hangup_is_ignored())
            continue;
        snprintf(with, sizeof with, "kill -%s $pid", names[i]);
        assert_int_equal(disturb("-q", with), 130);
        go_on(kept_frames("solstice: interrupted with %d of 24 frames done"));
    }
}

/* The second one does not wait for the frame. */
static void test_ctrl_c_twice(void **state)
{
    (void)state;
    assert_int_equal(disturb("-q --size 2000", "kill -INT $pid; sleep 0.02; kill -INT $pid"), 130);
    assert_string_equal(printed, "");
    go_on(0);
}

/* A limit of files' size stands for a full disk: of the first frame's, and of some frames'. */
static void test_disk_full(void **state)
{
    static const int blocks[] = {100, 2000};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run_command("cd %s; ulimit -f %d; %s render s.yaml -q", folder, blocks[i], program), 1);
        if (i == 0)
            assert_contains(printed, ": cannot be written: File too large\n");
        else
            assert_true(kept_frames("solstice: out/.film.mp4.parts/%*s cannot be written: File too large; %d of") > 0);
        if (i == 0)
            assert_int_equal(count_entries(in_folder("out")), -1);
        else
            go_on(1);
    }
}

static void test_full_file_system(void **state)
{
    int kept;
    (void)state;
    make_folder(in_folder("out"));
    if (run_command("mount -t tmpfs -o size=2m none %s/out", folder) != 0) {
        print_message("skipped: a small file system cannot be mounted here\n");
        remove_folder(in_folder("out"));
        skip();
    }
    if (run("render s.yaml -q") != 1) {
        run_command("umount %s/out", folder);
        fail_msg("a full disk is no failure");
    }
    kept = kept_frames("solstice: out/%*s cannot be written: No space left on device; %d of");
    assert_true(kept > 0);
    assert_int_equal(run_command("mount -o remount,size=64m %s/out", folder), 0);
    assert_int_equal(run("render s.yaml -q --stats stats.json"), 0);
    assert_int_equal(run_command("cd %s && mkdir made && mv out/film.mp4 out/s made && test -z \"$(ls -A out)\" && "
                                 "umount out && rmdir out && mv made out", folder), 0);
    assert_int_equal(run_command("cd %s/out && cksum film.mp4 && cat s/*.png | cksum", folder), 0);
    assert_string_equal(printed, expected);
    remove_folder(in_folder("out"));
}

static void test_input_vanishes(void **state)
{
    (void)state;
    assert_int_equal(disturb("-q", "mv images/22.png away.png"), 1);
    assert_contains(printed, "22.png");
    assert_true(kept_frames("solstice: %*[^;]; %d of") > 0);
    assert_int_equal(run_command("cd %s && mv away.png images/22.png", folder), 0);
    go_on(1);
}

/* What can be read only once is put aside, and gone when a command is stopped that reads it: of a pipe without an end,
   and of a device. */
static void test_stopped_while_reading(void **state)
{
    static const char *const commands[] = {"probe -", "init - --styles a.png", "gif - -o a.gif",
                                           "check endless.yaml", "render endless.yaml"};
    (void)state;
    write_text(in_folder("endless.yaml"), "version: 1\ninput: 'testsrc2=size=64x48:rate=200,realtime'\nformat: lavfi\n"
               "segments: [{frames: 0-100000, style: none}]\noutputs: [{path: a.mkv}]\n");
    make_folder(in_folder("spools"));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        assert_int_equal(run_command("cd %s && { yes 2>/dev/null | TMPDIR=$PWD/spools %s %s & } && pid=$!; "
                                     "for i in $(seq 3000); do sleep 0.01; test -n \"$(find spools -size +10k)\" && break; "
                                     "done; kill -INT $pid; wait $pid", folder, program, commands[i]), 130);
        assert_contains(printed, "solstice: interrupted");
        assert_int_equal(count_entries(in_folder("spools")), 0);
    }
    assert_int_equal(run_command("cd %s && rm -r spools endless.yaml", folder), 0);
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    make_folder(in_folder("out"));
    assert_int_equal(chmod(in_folder("out"), 0555), 0);
    if (access(in_folder("out"), W_OK) == 0) {
        print_message("skipped: this user may write anywhere\n");
        remove_folder(in_folder("out"));
        skip();
    }
    assert_int_equal(run("render s.yaml -q"), 1);
    assert_string_equal(printed, "solstice: out/.film.mp4.parts: the folder cannot be made: Permission denied\n");
    remove_folder(in_folder("out"));
}

static void test_second_render(void **state)
{
    char with[1024];
    (void)state;
    snprintf(with, sizeof with, "kill -STOP $pid; echo \"first: $pid\"; %s render s.yaml -q; echo \"status: $?\"; "
             "kill -CONT $pid", program);
    assert_int_equal(disturb("-q", with), 0);
    {
        const char *first = strstr(printed, "first: "), *refusal = strstr(printed, "solstice: ");
        char text[256];
        assert_non_null(first);
        snprintf(text, sizeof text, "solstice: out/film.mp4: is being rendered already, by process %ld; wait for it, or "
                 "stop it\nstatus: 1\n", strtol(first + 7, NULL, 10));
        assert_string_equal(refusal, text);
    }
    remove_folder(in_folder("out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_ctrl_c),
        cmocka_unit_test(test_ctrl_c_twice),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_full_file_system),
        cmocka_unit_test(test_input_vanishes),
        cmocka_unit_test(test_stopped_while_reading),
        cmocka_unit_test(test_unwritable_folder),
        cmocka_unit_test(test_second_render),
    };
    return cmocka_run_group_tests_name("cli/stop", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Films on standard output: what another program reads there, and what happens when it does not.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/program.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 40 };

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    numbered_clip(FRAMES, "-pix_fmt yuv420p -crf 4 clip.mp4");
    write_text(in_folder("film.yaml"), "version: 1\ninput: clip.mp4\nsegments: [{share: 100%, style: none}]\n"
                                       "outputs: [{path: film.mp4, crf: 12, width: 64}]\n");
    return 0;
}

static int render(const char *arguments)
{
    return run_command("cd %s && %s render film.yaml %s", folder, program, arguments);
}

/* ---- read to the end ---- */

static void test_other_programs_read_it(void **state)
{
    static const char *const outputs[][2] = {
        {"-", "codec_name=h264|width=64|height=48|pix_fmt=yuv420p|color_range=tv|color_space=bt709|"},
        {"-.mkv", "codec_name=h264|width=64|height=48|pix_fmt=yuv420p|color_range=tv|color_space=bt709|"},
        {"-.webm", "codec_name=vp9|width=64|height=48|pix_fmt=yuv420p|color_range=tv|color_space=bt709|"},
        {"-.y4m", "codec_name=rawvideo|width=64|height=48|pix_fmt=yuv420p|color_range=tv|"},
    };
    (void)state;
    for (int i = 0; i < 4; i++) {
        char arguments[256];
        /* everything that is said goes to standard error */
        snprintf(arguments, sizeof arguments, "-o %s >film.out 2>said", outputs[i][0]);
        assert_int_equal(render(arguments), 0);
        assert_contains(probe(in_folder("film.out"), "stream=codec_name,width,height,pix_fmt,color_range,color_space"),
                        outputs[i][1]);
        assert_numbers(in_folder("film.out"), 64, 48, 0, FRAMES);
        assert_int_equal(run_command("cat %s/said", folder), 0);
        assert_contains(printed, outputs[i][0]);
        assert_contains(printed, ": 40 frames, 64x48, 1.33 s, ");
        assert_contains(printed, "40 frames in ");
    }
    /* through a pipe, where nobody can seek */
    assert_int_equal(render("-q -o - | ffmpeg -v error -y -i - -f rawvideo -pix_fmt rgb24 piped.raw"), 0);
    assert_string_equal(printed, "");
    assert_int_equal(run_command("test $(wc -c <%s/piped.raw) = %d", folder, FRAMES * 64 * 48 * 3), 0);
    assert_int_equal(render("-q -o -.y4m | ffmpeg -v error -y -i - -f rawvideo -pix_fmt yuv420p piped.raw"), 0);
    assert_string_equal(printed, "");
    assert_int_equal(run_command("test $(wc -c <%s/piped.raw) = %d", folder, FRAMES * 64 * 48 * 3 / 2), 0);
}

static void test_bytes_are_counted(void **state)
{
    json_t *stats;
    size_t size;
    (void)state;
    assert_int_equal(render("-o - -o also.mp4 --overwrite --stats stats.json >film.out"), 0);
    free(read_bytes(in_folder("film.out"), &size));
    stats = json_load_file(in_folder("stats.json"), 0, NULL);
    assert_non_null(stats);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(stats, "outputs"), 0), "bytes")),
                     size);
    json_decref(stats);
    assert_numbers(in_folder("also.mp4"), 64, 48, 0, FRAMES);
    /* there is nothing to overwrite, and nothing stays behind */
    assert_int_equal(run_command("ls -A %s | grep -c -e '^-' -e '^\\.'", folder), 1);
    assert_string_equal(printed, "0\n");
}

/* ---- not read ---- */

static void test_a_reader_that_quits(void **state)
{
    static const char closed[] = "solstice: standard output: closed by the program that reads it, before the film's "
                                 "end\n";
    (void)state;
    render("-o -.y4m 2>said | head -c 1000 >film.out");
    assert_int_equal(run_command("cat %s/said", folder), 0);
    assert_string_equal(printed, closed);
    render("-o - 2>said | true");
    assert_int_equal(run_command("cat %s/said", folder), 0);
    assert_string_equal(printed, closed);
    /* not by a signal */
    assert_int_equal(run_command("cd %s && { %s render film.yaml -o -.y4m 2>/dev/null; echo $? >status; } | true", folder,
                                 program), 0);
    assert_int_equal(run_command("cat %s/status", folder), 0);
    assert_string_equal(printed, "1\n");
}

static void test_a_full_disk(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(render("-o -.y4m >/dev/full"), 1);
    assert_string_equal(printed, "solstice: standard output: cannot be written: No space left on device\n");
}

static void test_a_terminal_is_refused(void **state)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char arguments[256];
    (void)state;
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        skip();
    snprintf(arguments, sizeof arguments, "-o - >%s", ptsname(terminal));
    assert_int_equal(render(arguments), 2);
    assert_string_equal(printed, "solstice: standard output is a terminal; pipe it to a program that takes the film, as "
                                 "in \"-o - | mpv -\"\n");
    close(terminal);
}

static void test_one_film_only(void **state)
{
    (void)state;
    assert_int_equal(render("-o - -o -.y4m >film.out"), 2);
    assert_string_equal(printed, "solstice: standard output takes one film, and 2 outputs name it\n");
    /* what programs are told goes to standard error, too */
    assert_int_equal(render("-o - --json-progress 2>said >film.out"), 0);
    assert_int_equal(run_command("cat %s/said", folder), 0);
    assert_contains(printed, "\"event\":");
    assert_numbers(in_folder("film.out"), 64, 48, 0, FRAMES);
    /* and schedules that are rendered together have one between them */
    write_text(in_folder("pipe.yaml"), "version: 1\ninput: clip.mp4\nsegments: [{share: 100%, style: none}]\n"
                                       "outputs: [path: \"-\"]\n");
    assert_int_equal(run_command("cd %s && cp pipe.yaml too.yaml && %s render pipe.yaml too.yaml 2>said >film.out",
                                 folder, program), 1);
    assert_int_equal(run_command("cat %s/said", folder), 0);
    assert_contains(printed, "both write it; give each its own outputs");
    assert_numbers(in_folder("film.out"), 64, 48, 0, FRAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_programs_read_it), cmocka_unit_test(test_bytes_are_counted),
        cmocka_unit_test(test_a_reader_that_quits),    cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_terminal_is_refused),  cmocka_unit_test(test_one_film_only),
    };
    return cmocka_run_group_tests_name("cli/stream", tests, set_up, tear_down_program);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Several schedules in one run: their order, failures that stop nothing, renders at once, and what is told to people
 * and to programs.
 */
#include "support/clips.h"
#include "support/program.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_schedule(const char *name, const char *style, const char *output)
{
    char text[512];
    snprintf(text, sizeof text,
             "version: 1\ninput: ../clip.mp4\nsegments:\n  - {name: all, frames: 0-11, style: %s}\noutputs:\n"
             "  - path: %s\n", style, output);
    write_text(in_folder(name), text);
}

/* Schedules 1, 2 and 10, of which the second has a mistake. */
static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=12:duration=1 -pix_fmt yuv420p clip.mp4");
    ffmpeg("-i clip.mp4 -frames:v 1 a.png");
    make_folder(in_folder("films"));
    write_schedule("films/f1.yaml", "../a.png", "out/f1.mp4");
    write_schedule("films/f2.yml", "../none.png", "out/f2.mp4");
    write_schedule("films/f10.yaml", "../a.png", "out/f10.gif");
    write_text(in_folder("films/notes.txt"), "not a schedule");
    return 0;
}

/* `parts` occur in this order. */
static void assert_order(const char *text, const char *const parts[])
{
    for (; *parts; parts++) {
        const char *at = strstr(text, *parts);
        if (!at)
            fail_msg("\"%s\" is missing, or out of order, in \"%s\"", *parts, printed);
        text = at + strlen(*parts);
    }
}

static void test_folder_in_order_of_numbers(void **state)
{
    (void)state;
    assert_int_equal(run("render films/ --threads 1 2>errors"), 1);
    assert_order(printed, (const char *const[]){"schedule ", "\nfilms/f1.yaml         12 ", "out/f1.mp4 (",
                                                "\nfilms/f2.yml           - ",
                                                "failed: films/f2.yml:4:38: there is no style ",
                                                "\nfilms/f10.yaml        12 ", "out/f10.gif (",
                                                "\n2 of 3 schedules rendered in ", NULL});
    assert_int_equal(run_command("cat %s", in_folder("errors")), 0);
    assert_contains(printed, "films/f2.yml:4:38: ");
    assert_int_equal(count_entries(in_folder("out")), 2);
    assert_int_equal(run("render films/f1.yaml films/f10.yaml"), 1);
    assert_contains(printed, "0 of 2 schedules rendered");
    assert_contains(printed, "solstice: out/f1.mp4: exists; choose another name or give --overwrite\n");
}

static void test_at_once(void **state)
{
    (void)state;
    remove_folder(in_folder("out"));
    assert_int_equal(run("render films/f1.yaml films/f10.yaml --jobs 2 --memory 512MiB"), 0);
    assert_contains(printed, "2 of 2 schedules rendered");
    assert_int_equal(count_entries(in_folder("out")), 2);
    /* what is painted does not depend on the company */
    assert_int_equal(run("render films/f1.yaml --frames 3 -o alone-%d.png -q"), 0);
    write_schedule("films/s1.yaml", "../a.png", "stills/a%d.png");
    write_schedule("films/s2.yaml", "../a.png", "stills/b%d.png");
    assert_int_equal(run("render films/s1.yaml films/s2.yaml -j 2 --frames 3 -q && cmp alone-3.png stills/a3.png && "
                         "cmp alone-3.png stills/b3.png"), 0);
    assert_string_equal(printed, "");
    unlink(in_folder("films/s1.yaml"));
    unlink(in_folder("films/s2.yaml"));
}

static void test_memory_bounds_jobs(void **state)
{
    (void)state;
    assert_int_equal(run("render films/f1.yaml films/f10.yaml --jobs 2 --memory 100MiB --frames 0 --overwrite"), 0);
    assert_contains(printed, "solstice: there is memory for 1 render at once\n");
}

static void test_one_output_of_two_schedules(void **state)
{
    (void)state;
    write_schedule("films/same.yaml", "../a.png", "out/f1.mp4");
    assert_int_equal(run("render films/f1.yaml films/same.yaml --overwrite --frames 0-1"), 1);
    assert_contains(printed, "solstice: out/f1.mp4: films/f1.yaml and films/same.yaml both write it; give each its own "
                             "outputs\n");
    assert_contains(printed, "1 of 2 schedules rendered");
    unlink(in_folder("films/same.yaml"));
}

/* Every line is an object; the frames ascend to the last. */
static void check_lines(const char *text, const char *schedule, int frames)
{
    int last = 0, done = 0;
    char *copy = strdup(text), *rest = copy;
    for (char *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *json = json_loads(line, 0, NULL);
        const char *event;
        if (!json)
            fail_msg("not JSON: %s", line);
        event = json_string_value(json_object_get(json, "event"));
        if (strcmp(json_string_value(json_object_get(json, "schedule")), schedule) == 0) {
            int frame = (int)json_integer_value(json_object_get(json, "frame"));
            if (strcmp(event, "progress") == 0) {
                assert_true(frame >= last);
                assert_int_equal(json_integer_value(json_object_get(json, "frames")), frames);
                assert_non_null(json_object_get(json, "seconds_left"));
                assert_true(json_integer_value(json_object_get(json, "bytes")) >= 0);
                assert_int_equal(json_integer_value(json_object_get(json, "reused")), 0);
                assert_string_equal(json_string_value(json_object_get(json, "segment")), "all");
                last = frame;
            } else {
                assert_string_equal(event, "done");
                assert_int_equal(json_integer_value(json_object_get(json, "frames")), frames);
                assert_int_equal(json_array_size(json_object_get(json, "outputs")), 1);
                done++;
            }
        }
        json_decref(json);
    }
    free(copy);
    assert_int_equal(last, frames);
    assert_int_equal(done, 1);
}

static void test_json_progress(void **state)
{
    (void)state;
    assert_int_equal(run("render films/f1.yaml --overwrite --json-progress 2>/dev/null"), 0);
    check_lines(printed, "films/f1.yaml", 12);
    assert_int_equal(run("render films --overwrite --json-progress --frames 2-5 2>/dev/null"), 1);
    assert_contains(printed, "{\"event\":\"failed\",\"schedule\":\"films/f2.yml\",\"error\":\"films/f2.yml:4:38: ");
    check_lines(printed, "films/f1.yaml", 4);
    check_lines(printed, "films/f10.yaml", 4);
}

static void test_stats_are_a_list(void **state)
{
    json_t *stats;
    (void)state;
    assert_int_equal(run("render films --overwrite --frames 0-1 -q --stats stats.json"), 1);
    stats = json_load_file(in_folder("stats.json"), 0, NULL);
    assert_int_equal(json_array_size(stats), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(stats, 0), "painted")), 2);
    assert_non_null(json_object_get(json_array_get(stats, 1), "error"));
    assert_string_equal(json_string_value(json_object_get(json_array_get(stats, 2), "schedule")), "films/f10.yaml");
    json_decref(stats);
}

/* Sent when the first one's output has been opened. */
static void test_interrupt_ends_all(void **state)
{
    (void)state;
    remove_folder(in_folder("out"));
    assert_int_equal(run_command("cd %s && { %s render films/f1.yaml films/f10.yaml --size 1600 & pid=$!; "
                                 "for i in $(seq 1000); do sleep 0.02; test -e out && break; done; kill -INT $pid; "
                                 "wait $pid; }", folder, program), 130);
    assert_contains(printed, "films/f1.yaml          -         -         -  interrupted");
    assert_contains(printed, "films/f10.yaml         -         -         -  not begun\n");
    assert_int_equal(run_command("test -e %s/out/f1.mp4", folder), 1);
    run_command("rm -rf %s/out", folder); /* what was painted, if anything was */
}

/* A film on standard output: everything else is told on standard error. */
static void test_film_on_standard_output(void **state)
{
    (void)state;
    write_schedule("films/stream.yaml", "../a.png", "\"-\"");
    assert_int_equal(run_command("cd %s && %s render films/stream.yaml films/f10.yaml --frames 0-2 2>told | "
                                 "ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 -",
                                 folder, program), 0);
    assert_string_equal(printed, "3\n");
    assert_int_equal(run_command("cat %s/told", folder), 0);
    assert_contains(printed, "2 of 2 schedules rendered in ");
    assert_int_equal(run_command("cd %s && %s render films/stream.yaml --frames 0-2 --json-progress 2>told | "
                                 "ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 -",
                                 folder, program), 0);
    assert_string_equal(printed, "3\n");
    assert_int_equal(run_command("cat %s/told", folder), 0);
    check_lines(printed, "films/stream.yaml", 3);
    unlink(in_folder("films/stream.yaml"));
    remove_folder(in_folder("out"));
}

static void test_verbose_says_guesses(void **state)
{
    (void)state;
    assert_int_equal(run("render films/f1.yaml --overwrite --frames 0 -v"), 0);
    assert_contains(printed, "does not say its colour matrix; smpte170m taken\n");
    assert_contains(printed, "does not say its colour range; limited (16-235) taken\n");
    assert_contains(printed, "paints by adain: ");
    assert_int_equal(run("render films/f1.yaml --overwrite --frames 0"), 0);
    assert_null(strstr(printed, "does not say"));
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"render films -o x.mp4", "solstice: render: -o x.mp4: several schedules cannot share an output; leave -o out, "
                                  "or render them one by one\n"},
        {"render films/f1.yaml -j 2",
         "solstice: render: --jobs is for several schedules; there is one, films/f1.yaml\n"},
        {"render films -q -v", "solstice: render: --quiet and --verbose say opposite things; keep one\n"},
        {"render empty", "solstice: empty: holds no schedule; their names end in .yaml or .yml\n"},
    };
    (void)state;
    make_folder(in_folder("empty"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run(cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder_in_order_of_numbers),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_memory_bounds_jobs),
        cmocka_unit_test(test_one_output_of_two_schedules),
        cmocka_unit_test(test_json_progress),
        cmocka_unit_test(test_stats_are_a_list),
        cmocka_unit_test(test_interrupt_ends_all),
        cmocka_unit_test(test_film_on_standard_output),
        cmocka_unit_test(test_verbose_says_guesses),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests_name("cli/batch", tests, set_up, tear_down_program);
}

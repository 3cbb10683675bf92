/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice stylize --method gatys, as a user meets it: mistakes, what is written beside the painting, Ctrl-C.
 */
#include "support/clips.h"
#include "support/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48 -frames:v 1 a.png");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 b.png");
    return 0;
}

static int stylize(const char *arguments)
{
    return run_command("cd %s && %s stylize %s", folder, program, arguments);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"a.png -s b.png -o c.png --method gatis",
         "solstice: there is no method \"gatis\"; did you mean \"gatys\"? There are "},
        {"a.png -s b.png -o c.png --iterations 5",
         "solstice: stylize: --iterations is for painting by optimisation, and this is \"adain\"; add --method gatys\n"},
        {"a.png -s b.png -o c.png --loss c.csv",
         "solstice: stylize: --loss is for painting by optimisation, and this is \"adain\"; add --method gatys\n"},
        {"a.png -s b.png -o c.png --method gatys --iterations 0",
         "solstice: stylize: --iterations 0: must be a whole number from 1 to 1000000\n"},
        {"a.png -s b.png -o c.png --method gatys --optimizer lbfsg",
         "solstice: stylize: --optimizer lbfsg: did you mean lbfgs? There are lbfgs, adam\n"},
        {"a.png -s b.png -o c.png --method gatys --init zeros",
         "solstice: stylize: --init zeros: must be one of content, style, noise, previous\n"},
        {"a.png -s b.png -o c.png --method gatys --init previous",
         "solstice: stylize: --init previous: a single picture has none before it; there are content, style, noise\n"},
        {"a.png -s b.png -o c.png --method gatys --loss c.txt",
         "solstice: stylize: --loss c.txt: must end in .csv or .svg\n"},
        {"a.png -s b.png -o c.png --method gatys --style-layers relu1_1,relu2_9",
         "style layers: the network has no layer \"relu2_9\"; did you mean \"relu2_"},
        {"a.png -s b.png -o c.png --method gatys --content-weight -1",
         "solstice: stylize: --content-weight -1: must be a number from 0 to 1e+12\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = stylize(cases[i].arguments);
        assert_contains(printed, cases[i].message);
        assert_int_equal(status, 2);
    }
    assert_int_equal(count_entries(folder), 2);
}

static void test_what_is_written(void **state)
{
    size_t size;
    char *text;
    (void)state;
    assert_int_equal(stylize("a.png -s b.png -o c.png --method gatys --iterations 6 --save-every 3 --loss c.csv "
                             "--loss c.svg --pyramid 2 --init noise --seed 4 --statistics moments"), 0);
    assert_contains(printed, "c.png: 64x48, 6 iterations in ");
    assert_int_equal(count_entries(folder), 7);
    text = (char *)read_bytes(in_folder("c.csv"), &size);
    text[size - 1] = '\0';
    assert_true(strncmp(text, "iteration,level,evaluations,seconds,loss,content,style,tv\n1,1,", 62) == 0);
    assert_contains(text, "\n6,2,");
    free(text);
    text = (char *)read_bytes(in_folder("c.svg"), &size);
    text[size - 1] = '\0';
    assert_contains(text, "<polyline");
    assert_contains(text, "</svg>");
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    free(text);
    assert_int_equal(run_command("cd %s && ffprobe -v error -show_entries stream=width,height -of csv=p=0 c-0003.png && "
                                 "cmp c-0006.png c.png", folder), 0);
    assert_contains(printed, "64,48");
    assert_int_equal(stylize("a.png -s b.png -o d.png --method gatys --iterations 1 --loss c.csv"), 1);
    assert_contains(printed, "c.csv: exists");
    assert_int_equal(run_command("cd %s && mv c-0003.png d-0001.png", folder), 0);
    assert_int_equal(stylize("a.png -s b.png -o d.png --method gatys --iterations 5 --pyramid 1 --save-every 1"), 1);
    assert_contains(printed, "d-0001.png: exists");
    assert_int_equal(run_command("cd %s && rm c* d*", folder), 0);
    assert_int_equal(count_entries(folder), 2);
}

static void test_time_limit(void **state)
{
    (void)state;
    assert_int_equal(stylize("a.png -s b.png -o c.png --method gatys --iterations 1000000 --time-limit 0.3"), 0);
    assert_contains(printed, "c.png: 64x48, ");
    assert_int_equal(run_command("rm %s/c.png", folder), 0);
}

/* Ctrl-C writes what there is, says so, and ends with 130. (Not in the foreground, timeout interrupts its group, too: a
   second time, which ends the program at once.) */
static void test_interrupt(void **state)
{
    (void)state;
    /* once it has written a picture */
    assert_int_equal(run_command("cd %s; %s stylize a.png -s b.png -o c.png --method gatys --iterations 1000000 "
                                 "--pyramid 1 --loss c.csv --save-every 100 & pid=$!; for i in $(seq 1000); do sleep 0.05; "
                                 "test -s c-*0100.png && break; done; kill -INT $pid; wait $pid; status=$?; rm c-*.png; "
                                 "exit $status", folder, program), 130);
    assert_contains(printed, "solstice: interrupted after ");
    assert_contains(printed, " of 1000000 iterations; c.png is the best picture so far\n");
    assert_int_equal(count_entries(folder), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistakes), cmocka_unit_test(test_what_is_written),
                                       cmocka_unit_test(test_time_limit), cmocka_unit_test(test_interrupt)};
    return cmocka_run_group_tests_name("cli/optimise", tests, set_up, tear_down_program);
}

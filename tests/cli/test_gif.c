/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice gif: budgets that are met, what is left of a killed run, WebP beside a GIF.
 */
#include "support/clips.h"
#include "support/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int gif(const char *arguments)
{
    return run_command("cd %s && %s gif %s", folder, program, arguments);
}

static long size_of(const char *name)
{
    struct stat status;
    return stat(in_folder(name), &status) == 0 ? (long)status.st_size : -1;
}

/* Clips of three kinds, each to two sizes. */
static void test_budgets(void **state)
{
    static const char *const clips[] = {"mandelbrot=size=240x136:rate=15", "testsrc2=size=240x136:rate=15",
                                        "mandelbrot=size=240x136:rate=15:start_scale=0.5,noise=alls=12:allf=t:all_seed=1"};
    static const double parts[] = {0.6, 0.3};
    char arguments[256];
    (void)state;
    for (int i = 0; i < 3; i++) {
        long whole;
        snprintf(arguments, sizeof arguments, "-f lavfi -i %s -frames:v 30 -c:v ffv1 clip%d.mkv", clips[i], i);
        ffmpeg(arguments);
        snprintf(arguments, sizeof arguments, "clip%d.mkv -o whole.gif --overwrite", i);
        assert_int_equal(gif(arguments), 0);
        whole = size_of("whole.gif");
        for (int k = 0; k < 2; k++) {
            long most = (long)((double)whole * parts[k]);
            const char *tries;
            snprintf(arguments, sizeof arguments, "clip%d.mkv -o fits.gif --overwrite --max-size %ld", i, most);
            assert_int_equal(gif(arguments), 0);
            tries = strstr(printed, "of them used; ");
            assert_non_null(tries);
            if (size_of("fits.gif") > most || (double)size_of("fits.gif") < 0.95 * (double)most ||
                strtol(tries + strlen("of them used; "), NULL, 10) > 4)
                fail_msg("%s: %ld of %ld bytes\n%s", clips[i], size_of("fits.gif"), most, printed);
            assert_contains(probe(in_folder("fits.gif"), "format=duration"), "duration=2.000000|");
        }
    }
}

static void test_budgets_in_words(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i testsrc2=size=160x90:rate=10 -frames:v 10 -c:v ffv1 small.mkv");
    assert_int_equal(gif("small.mkv -o a.gif --max-size 0.02MB --give-up width --overwrite -q"), 0);
    assert_in_range(size_of("a.gif"), 19000, 20000);
    assert_int_equal(gif("small.mkv -o a.gif --max-size 20 --overwrite"), 2);
    assert_string_equal(printed, "solstice: gif: --max-size 20: must be bytes, 1KB or more, such as 8MB, 500KiB or 8000000\n");
    assert_int_equal(gif("small.mkv -o a.gif --max-size 1MB --give-up widht --overwrite"), 2);
    assert_string_equal(printed, "solstice: gif: --give-up widht: must be a list of what is given up, in its order and each "
                                 "once: lossy, colours, fps, width, dither\n");
    assert_int_equal(gif("small.mkv -o a.gif --max-size 1MB --give-up width,width --overwrite"), 2);
    assert_int_equal(gif("small.mkv -o a.gif --give-up width --overwrite"), 2);
    assert_string_equal(printed, "solstice: \"give_up\" says what is given up for \"max_size\", which is not given\n");
    assert_int_equal(gif("small.mkv -o a.webp --max-size 1MB"), 2);
    assert_contains(printed, "solstice: \"max_size\" does not apply to a .webp; it takes ");
    assert_int_equal(gif("small.mkv -o b.gif --max-size 2KB --give-up dither"), 2);
    assert_contains(printed, "solstice: b.gif: does not get smaller than ");
    assert_int_equal(size_of("b.gif"), -1);
}

/* Nothing but the file that was being written is left of a run that is killed, whenever that is. */
static void test_killed(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i mandelbrot=size=320x180:rate=25 -frames:v 60 -c:v ffv1 long.mkv");
    make_folder(in_folder("killed"));
    for (int i = 1; i <= 2; i++) {
        run_command("cd %s && { %s gif long.mkv -o killed/a.gif --max-size 300KB --bounce -q & sleep 0.%d; kill -9 $!; "
                    "wait $!; } 2>/dev/null; ls -A killed | grep -v '^\\.a\\.gif\\.[0-9]*-[0-9]\\.partial$'",
                    folder, program, 2 * i);
        assert_string_equal(printed, "");
    }
}

static void test_webp_beside_a_gif(void **state)
{
    (void)state;
    ffmpeg("-f lavfi -i mandelbrot=size=160x90:rate=10 -frames:v 10 -c:v ffv1 small.mkv");
    if (gif("small.mkv -o a.webp --overwrite") != 0)
        skip();
    assert_contains(printed, "a.webp: 10 frames, 160x90, 1.00 s, ");
    assert_int_equal(gif("small.mkv -o a.gif -o a.webp -o a.apng --overwrite --quality 70 --loop 2 --bounce"), 0);
    assert_contains(printed, "a.gif: 18 frames, 160x90, 1.80 s, ");
    assert_contains(printed, "a.webp is ");
    assert_contains(printed, " smaller than a.gif\n");
    assert_contains(printed, "a.apng is ");
    assert_contains(printed, " times as large as a.gif\n");
    assert_true(size_of("a.webp") < size_of("a.gif"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_budgets_in_words),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_webp_beside_a_gif),
    };
    return cmocka_run_group_tests_name("cli/gif", tests, set_up_program, tear_down_program);
}

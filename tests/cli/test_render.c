/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole renders, run as a user runs them: a clip and a schedule in, films, GIFs and stills out, looked
 * at with ffprobe; and what must not happen to files when a render fails or is stopped.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/program.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A schedule for the clip. */
static void write_schedule(const char *name, const char *segments, const char *outputs)
{
    char text[2048];
    snprintf(text, sizeof text, "version: 1\ninput: clip.mp4\n%soutputs:\n%s", segments, outputs);
    write_text(in_folder(name), text);
}

/* A 24-frame clip (grey: how chroma is interpolated is not our question), two styles, and a schedule. */
static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=75x53:rate=24:duration=1 -pix_fmt yuv420p -vf pad=76:54,hue=s=0 clip.mp4");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 a.png");
    ffmpeg("-f lavfi -i testsrc2=size=64x80 -frames:v 1 b.png");
    write_schedule("film.yaml",
                   "segments:\n"
                   "  - {name: warm, frames: 0-11, style: a.png}\n"
                   "  - {name: cold, frames: 12-23, style: b.png}\n"
                   "transition: 4\n",
                   "  - path: out/film.mp4\n"
                   "  - {path: out/film.gif, width: 40, fps: 12}\n"
                   "  - path: out/stills/%03d.png\n");
    return 0;
}

static void assert_probe(const char *name, const char *entries, const char *expected)
{
    assert_string_equal(probe(in_folder(name), entries), expected);
}

static void test_film_gif_and_stills(void **state)
{
    json_t *stats;
    (void)state;
    assert_int_equal(run("render film.yaml --stats stats.json --threads 2"), 0);
    assert_contains(printed, "out/film.mp4: 24 frames, 76x54, 1.00 s, ");
    assert_contains(printed, "out/film.gif: 12 frames, 40x28, 1.00 s, ");
    assert_contains(printed, "24 frames in ");
    assert_probe("out/film.mp4",
                 "stream=codec_name,width,height,pix_fmt,color_space,r_frame_rate,nb_read_frames:format=duration",
                 "codec_name=h264|width=76|height=54|pix_fmt=yuv420p|color_space=bt709|r_frame_rate=24/1|"
                 "nb_read_frames=24|duration=1.000000|");
    /* of its 12 frames, those that are equal are one image that shows for longer */
    assert_probe("out/film.gif", "stream=codec_name,width,height:format=duration",
                 "codec_name=gif|width=40|height=28|duration=1.000000|");
    assert_int_equal(count_entries(in_folder("out/stills")), 24);
    assert_int_equal(count_entries(in_folder("out")), 3);
    assert_probe("out/stills/023.png", "stream=width,height", "width=76|height=54|");
    stats = json_load_file(in_folder("stats.json"), 0, NULL);
    assert_non_null(stats);
    assert_int_equal(json_integer_value(json_object_get(stats, "frames")), 24);
    assert_int_equal(json_integer_value(json_object_get(stats, "painted")), 24);
    assert_int_equal(json_integer_value(json_object_get(stats, "threads")), 2);
    assert_true(json_integer_value(json_object_get(stats, "peak_memory_bytes")) > 1000000);
    assert_true(json_is_string(json_object_get(stats, "blas_core")));
    for (const char *const *stage = (const char *const[]){"decode", "paint", "encode", NULL}; *stage; stage++)
        assert_true(json_number_value(json_object_get(json_object_get(stats, *stage), "seconds")) > 0);
    json_decref(stats);
}

static void test_existing_outputs_are_kept(void **state)
{
    (void)state;
    write_text(in_folder("kept.gif"), "somebody's");
    assert_int_equal(run("render film.yaml -o new.mp4 -o kept.gif"), 1);
    assert_string_equal(printed, "solstice: kept.gif: exists; choose another name or give --overwrite\n");
    assert_int_equal(run("render film.yaml -o new.mp4 -o kept.gif --frames 0-1 --overwrite --quiet"), 0);
    assert_string_equal(printed, "");
    assert_probe("kept.gif", "stream=codec_name,width", "codec_name=gif|width=40|");
    assert_probe("new.mp4", "stream=nb_read_frames", "nb_read_frames=2|");
    write_text(in_folder("20.png"), "somebody's");
    assert_int_equal(run("render film.yaml -o %d.png"), 1);
    assert_string_equal(printed, "solstice: 20.png: exists; choose another name or give --overwrite\n");
    assert_int_equal(unlink(in_folder("20.png")), 0);
    assert_int_equal(unlink(in_folder("kept.gif")), 0);
    assert_int_equal(unlink(in_folder("new.mp4")), 0);
}

static void test_size_and_frames(void **state)
{
    (void)state;
    assert_int_equal(run("render film.yaml --size 64 --frames 10-13 -o some/%d.png"), 0);
    assert_probe("some/10.png", "stream=width,height", "width=90|height=64|");
    assert_int_equal(count_entries(in_folder("some")), 4);
    assert_int_equal(run("render film.yaml --frames 20-24 -o x.mp4"), 2);
    assert_string_equal(printed, "solstice: frames 20-24 run past the last frame (23)\n");
    remove_folder(in_folder("some"));
}

/* Renders a frame; how many tiles it was painted in, and in which precision. */
static int tiles_of(const char *arguments, const char *precision)
{
    json_t *stats;
    int tiles;
    char text[512];
    snprintf(text, sizeof text, "render little.yaml -o little-%%d.png --frames 5 --size 480 --stats little.json "
             "--overwrite %s", arguments);
    assert_int_equal(run(text), 0);
    stats = json_load_file(in_folder("little.json"), 0, NULL);
    assert_non_null(stats);
    tiles = (int)json_integer_value(json_object_get(stats, "tiles"));
    assert_string_equal(json_string_value(json_object_get(stats, "precision")), precision);
    json_decref(stats);
    return tiles;
}

static void test_memory_and_precision(void **state)
{
    (void)state;
    write_schedule("little.yaml", "memory: 64MiB\nprecision: float32\nsegments: [{frames: 0-11, style: a.png}]\n",
                   "  - path: little.mp4\n");
    assert_true(tiles_of("", "float32") > 1);
    assert_contains(printed, ", each painted in ");
    assert_int_equal(tiles_of("--memory 1GiB --precision auto", "auto"), 1);
    write_schedule("little.yaml", "segments: [{frames: 0-11, style: a.png}]\n", "  - path: little.mp4\n");
    assert_int_equal(tiles_of("", "auto"), 1);
    assert_true(tiles_of("--memory 64MiB --precision float32", "float32") > 1);
    assert_int_equal(run("stylize a.png --style b.png --size 2000 -o x.png --memory 64MiB"), 1);
    assert_contains(printed, "solstice: ");
    assert_contains(printed, " MiB of memory, even in the smallest tiles; 64 MiB are allowed\n");
}

static void test_schedule_mistake_writes_nothing(void **state)
{
    (void)state;
    write_schedule("long.yaml", "segments:\n  - {name: warm, frames: 0-99, style: a.png}\n",
                   "  - path: new/film.mp4\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(i ? "render long.yaml" : "check long.yaml"), 2);
        assert_string_equal(printed, "long.yaml:4:26: segment \"warm\": frames 0-99 run past the last frame (23)\n");
    }
    assert_int_equal(count_entries(in_folder("new")), -1);
}

/* A model on the command line stands in for the schedule's, even one that is not there. */
static void test_model_in_place_of_the_schedules(void **state)
{
    (void)state;
    write_schedule("lost.yaml", "model: lost\nsegments:\n  - {frames: 0-23, style: a.png}\n", "  - path: lost.mp4\n");
    assert_int_equal(run("render lost.yaml --frames 0-1"), 2);
    assert_contains(printed, "lost.yaml:3:8: no model \"lost\"");
    assert_int_equal(run("render lost.yaml --frames 0-1 --model compat"), 2);
    assert_contains(printed, "did you mean \"compact\"?");
    assert_int_equal(run("render lost.yaml --frames 0-1 --model compact --quiet"), 0);
    assert_int_equal(unlink(in_folder("lost.mp4")), 0);
}

static void test_check_prints_the_timeline(void **state)
{
    (void)state;
    write_schedule("gap.yaml",
                   "segments:\n  - {name: warm, frames: 4-11, style: a.png, strength: 0.5}\n"
                   "  - {name: plain, frames: 12-23, style: none}\n",
                   "  - path: new/film.mp4\n");
    assert_int_equal(run("check gap.yaml"), 0);
    assert_string_equal(printed, "segment       frames           seconds            style\n"
                                "(no segment)  0-3              0.000-0.167        none (untouched)\n"
                                "warm          4-11             0.167-0.500        a.png, strength 0.5\n"
                                "plain         12-23            0.500-1.000        none (untouched)\n"
                                "24 frames, painted at 76x54\n");
    assert_int_equal(run("render gap.yaml -o gap.mp4"), 0);
    assert_contains(printed, "solstice: warning: frames 0-3 lie in no segment and pass through untouched\n");
    assert_int_equal(unlink(in_folder("gap.mp4")), 0);
}

/* 1.png .. 24.png, unpadded: 1, 2, 10 in their order, not 1, 10, 2. */
static void test_numbered_images_keep_their_order(void **state)
{
    (void)state;
    make_folder(in_folder("images"));
    write_numbered_images(in_folder("images/"), 1, 240, 64, 16);
    write_text(in_folder("order.yaml"), "version: 1\ninput: images\nsegments:\n"
                                        "  - {share: 100%, style: none}\noutputs:\n  - path: order.mp4\n");
    assert_int_equal(run("render order.yaml"), 0);
    assert_numbers(in_folder("order.mp4"), 64, 16, 1, 240);
    assert_probe("order.mp4", "stream=r_frame_rate:format=duration", "r_frame_rate=30/1|duration=8.000000|");
    assert_int_equal(run("gif images --fps 30 -o order.gif"), 0);
    assert_numbers(in_folder("order.gif"), 64, 16, 1, 240);
    assert_int_equal(unlink(in_folder("images/77.png")), 0);
    assert_int_equal(run("render order.yaml -o gap.mp4"), 2);
    assert_string_equal(printed, "order.yaml:2:8: images: image 77 is missing between 76.png and 78.png; add it, or "
                                "give \"gaps: skip\"\n");
    remove_folder(in_folder("images"));
}

/* Frame n of the range, painted or not, is the picture of frame n. */
static void test_untouched_frames_are_the_sources(void **state)
{
    static const char segments[] = "segments:\n  - {frames: 0-3, style: a.png}\n  - {frames: 4-23, style: none}\n";
    (void)state;
    write_schedule("mixed.yaml", segments, "  - path: mixed.png\n");
    assert_int_equal(run("render mixed.yaml"), 2); /* stills want a number in their name */
    assert_int_equal(run("render mixed.yaml -o mixed/%d.png --frames 2-7"), 2); /* the schedule is read first */
    write_schedule("mixed.yaml", segments, "  - path: mixed/%d.png\n");
    assert_int_equal(run("render mixed.yaml --frames 2-7"), 0);
    for (int n = 2; n <= 7; n++) {
        double psnr;
        assert_int_equal(run_command("cd %s && ffmpeg -v error -i clip.mp4 -i mixed/%d.png -lavfi "
                                     "'[0]select=eq(n\\,%d),format=gbrp[a];[1]format=gbrp[b];[a][b]psnr=f=-' "
                                     "-frames:v 1 -f null - | sed -n 's/.*psnr_avg:\\([0-9a-z.]*\\).*/\\1/p'",
                                     folder, n, n),
                         0);
        psnr = strncmp(printed, "inf", 3) == 0 ? 99 : atof(printed);
        if (n < 4)
            assert_true(psnr < 30); /* painted */
        else
            assert_true(psnr > 40);
    }
    remove_folder(in_folder("mixed"));
}

/* ---- failing and stopping ---- */

static void test_disk_full(void **state)
{
    (void)state;
    /* 8 blocks of 512 or 1024 bytes; the program ignores SIGXFSZ and sees EFBIG */
    make_folder(in_folder("full"));
    for (int i = 0; i < 2; i++) {
        const char *film = i ? "full/f.gif" : "full/f.mp4", *name = i ? "solstice: full/.f.gif" : "solstice: full/.f.mp4";
        assert_int_equal(
            run_command("cd %s; ulimit -f 8; %s render film.yaml --size 256 -q -o %s", folder, program, film), 1);
        assert_contains(printed, name);
        assert_int_equal(count_entries(in_folder("full")), 0);
    }
    remove_folder(in_folder("full"));
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    write_text(in_folder("file"), "in the way");
    assert_int_equal(run("render film.yaml -q -o file/f.mp4"), 1);
    assert_memory_equal(printed, "solstice: file", 14);
}

/* Sent after the outputs were opened: their temporary files are there. */
static void stop_with(const char *signal_name, int expected)
{
    make_folder(in_folder("stop"));
    assert_int_equal(run_command("cd %s && %s render film.yaml --size 1024 -o stop/a/f.mp4 -o stop/f.gif -o "
                                 "stop/s/%%d.png & pid=$!; for i in $(seq 1000); do sleep 0.02; test -e %s/stop/s && "
                                 "break; done; kill -%s $pid; wait $pid",
                                 folder, program, folder, signal_name),
                     expected);
    assert_contains(printed, "solstice: interrupted with ");
    assert_contains(printed, " of 24 frames done; the same command goes on from there\n");
    assert_int_equal(count_entries(in_folder("stop")), 1); /* the folder of the first output, with what is kept */
    assert_int_equal(count_entries(in_folder("stop/a")), 1);
    remove_folder(in_folder("stop"));
}

static void test_interrupt_leaves_what_is_painted(void **state)
{
    (void)state;
    stop_with("INT", 130);
    stop_with("TERM", 130);
}

/* The schedule in configs that has regions, layers, transitions of every kind and steadiness, together and small. */
static void test_everything_at_once(void **state)
{
    char *schedule = realpath("configs/sample/steady.yaml", NULL), arguments[4096];
    (void)state;
    assert_non_null(schedule);
    snprintf(arguments, sizeof arguments, "render %s --size 64 -o all/film.mp4 -o all/film.gif -q", schedule);
    assert_int_equal(run(arguments), 0);
    assert_probe("all/film.mp4", "stream=width,height,nb_read_frames", "width=114|height=64|nb_read_frames=240|");
    assert_probe("all/film.gif", "stream=width,height:format=duration", "width=400|height=225|duration=8.000000|");
    assert_int_equal(count_entries(in_folder("all")), 2);
    free(schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_film_gif_and_stills),
        cmocka_unit_test(test_everything_at_once),
        cmocka_unit_test(test_existing_outputs_are_kept),
        cmocka_unit_test(test_size_and_frames),
        cmocka_unit_test(test_memory_and_precision),
        cmocka_unit_test(test_schedule_mistake_writes_nothing),
        cmocka_unit_test(test_model_in_place_of_the_schedules),
        cmocka_unit_test(test_check_prints_the_timeline),
        cmocka_unit_test(test_numbered_images_keep_their_order),
        cmocka_unit_test(test_untouched_frames_are_the_sources),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_unwritable_folder),
        cmocka_unit_test(test_interrupt_leaves_what_is_painted),
    };
    return cmocka_run_group_tests_name("cli/render", tests, set_up, tear_down_program);
}

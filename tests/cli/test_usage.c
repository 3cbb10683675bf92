/* SPDX-License-Identifier: Apache-2.0
 *
 * The program's manners: help, wrong usage, exit statuses, the small commands. Messages are compared
 * whole, as a user reads them.
 */
#include "support/clips.h"
#include "support/program.h"

#include <jansson.h>
#include <string.h>

static int set_up(void **state)
{
    assert_int_equal(set_up_program(state), 0);
    ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -pix_fmt yuv420p clip.mp4");
    ffmpeg("-i clip.mp4 -frames:v 1 style.png");
    ffmpeg("-f lavfi -i mandelbrot=size=97x61 -frames:v 1 other.png");
    return 0;
}

static void test_mistakes_in_usage(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"rendr x", "solstice: unknown command \"rendr\"; did you mean \"render\"?\n"},
        {"paint", "solstice: unknown command \"paint\"; \"solstice help\" lists them\n"},
        {"help gfi", "solstice: unknown command \"gfi\"; did you mean \"gif\"?\n"},
        {"render",
         "solstice: render: something is missing; usage: solstice render SCHEDULE... [-o PATH]... [OPTION ...]\n"},
        {"check a b", "solstice: check: \"b\" is one argument too many; usage: solstice check SCHEDULE\n"},
        {"render s.yaml --overwite", "solstice: render: unknown option --overwite; did you mean --overwrite?\n"},
        {"render s.yaml --banana", "solstice: render: unknown option --banana; see \"solstice help render\"\n"},
        {"render s.yaml -x", "solstice: render: unknown option -x; see \"solstice help render\"\n"},
        {"render s.yaml --size", "solstice: render: --size needs a value; see \"solstice help render\"\n"},
        {"render s.yaml --size big", "solstice: render: --size big: must be a whole number from 64 to 8192\n"},
        {"render s.yaml --size 20", "solstice: render: --size 20: must be a whole number from 64 to 8192\n"},
        {"render s.yaml --frames 9-3",
         "solstice: render: --frames 9-3: must be FIRST-LAST, counted from 0, such as 0-59\n"},
        {"gif clip.mp4 -o x.gif --fps 0",
         "solstice: gif: --fps 0: must be a number above 0, such as 15, 29.97 or 30000/1001\n"},
        {"gif clip.mp4", "solstice: gif: no output given; add -o OUT.gif\n"},
        {"gif clip.mp4 -o x.mp4", "solstice: gif: -o x.mp4: must end in .gif, .webp or .apng\n"},
        {"gif clip.mp4 -o x.gif --frames 2 --from 1", "solstice: gif: --frames and --from exclude each other; keep one\n"},
        {"gif clip.mp4 -o x.gif --to 1:60",
         "solstice: gif: --to 1:60: must be a time such as 12.5, 0:12.5 or 1:02:03\n"},
        {"gif clip.mp4 -o x.gif --speed fast", "solstice: gif: --speed fast: must be 0.01x to 1000x, such as 2x or 0.5x\n"},
        {"gif clip.mp4 -o x.gif --crop 16:9+1+1", "solstice: gif: --crop 16:9+1+1: must be WIDTHxHEIGHT+LEFT+TOP such as "
                                                  "640x360+0+60, WIDTHxHEIGHT, or a shape such as 16:9\n"},
        {"bench --size 512", "solstice: bench: --size 512: must be WIDTHxHEIGHT, such as 640x360\n"},
        {"bench --precision half", "solstice: bench: --precision half: must be one of auto, float32, bfloat16\n"},
        {"render s.yaml --memory 2", "solstice: render: --memory 2: must be 64MiB or more, such as 2GiB\n"},
        {"stylize a.png --memory 2Gib", "solstice: stylize: --memory 2Gib: must be 64MiB or more, such as 2GiB\n"},
        {"import", "solstice: import: something is missing; usage: solstice import FILE... [OPTION ...]\n"},
        {"import a.pth -o b.pth", "solstice: import: -o b.pth: must end in .safetensors\n"},
        {"import a.pth -o b.safetensors --name c",
         "solstice: import: -o says where the model is to be; leave out --name\n"},
        {"import a.pth --name a/b",
         "solstice: import: --name a/b: must be a name without a slash, and not begin with a dot\n"},
        {"models shwo compact", "solstice: models: \"shwo\" is not understood; usage: solstice models [--names | show MODEL]\n"},
        {"models show", "solstice: models: show which one? \"solstice models\" lists them\n"},
        {"stylize a.png -o b.png", "solstice: stylize: no style given; add --style IMAGE\n"},
        {"stylize a.png --style b.png", "solstice: stylize: no output given; add -o OUT.png\n"},
        {"stylize a.png --style b.png -o c.bmp",
         "solstice: stylize: -o c.bmp: must end in .png, .jpg or .jpeg\n"},
        {"stylize a.png --style b.png -o c.png --strength 2",
         "solstice: stylize: --strength 2: must be a number from 0 to 1\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run_command("%s %s", program, cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, 2);
    }
}

static void test_help(void **state)
{
    static const char *const commands[] = {"init",   "render", "check", "stylize", "gif", "probe",
                                           "models", "import", "bench", "version", "help"};
    (void)state;
    assert_int_equal(run_command("%s", program), 2);
    assert_int_equal(run_command("%s --help", program), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        assert_contains(printed, commands[i]);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char start[64];
        assert_int_equal(run_command("%s help %s", program, commands[i]), 0);
        snprintf(start, sizeof start, "usage: solstice %s", commands[i]);
        assert_memory_equal(printed, start, strlen(start));
    }
    assert_int_equal(run_command("%s render --help", program), 0);
    assert_contains(printed, "--overwrite");
}

/* Options by the names that the program takes: a renamed one is renamed in the help, too. */
static void test_help_names_options(void **state)
{
    static const char *const options[] = {"pyramid 2", "levels 1", "color style", "iterations 5", "next 1"};
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char name[32];
        bool known;
        snprintf(name, sizeof name, "--%.*s", (int)strcspn(options[i], " "), options[i]);
        run_command("%s stylize x.png -o none.png --%s", program, options[i]);
        known = !strstr(printed, "unknown option");
        assert_int_equal(run_command("%s help stylize", program), 0);
        if ((strstr(printed, name) != NULL) != known)
            fail_msg("stylize %s: %s, but the help says otherwise", name, known ? "an option" : "no option");
    }
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s version", program), 0);
    assert_memory_equal(printed, "solstice ", 9);
    assert_contains(printed, "OpenBLAS");
#ifdef SOL_HAVE_ONEDNN
    assert_contains(printed, ", oneDNN ");
#else
    assert_contains(printed, "no oneDNN");
#endif
}

static void test_output_that_goes_nowhere(void **state)
{
    (void)state;
    if (run_command("test -e /dev/full") != 0)
        skip();
    assert_int_equal(run_command("%s probe %s/clip.mp4 2>&1 >/dev/full", program, folder), 1);
    assert_string_equal(printed, "solstice: standard output cannot be written: No space left on device\n");
}

static void test_models(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s models", program), 0);
    assert_contains(printed, "compact");
    assert_contains(printed, "adain");
    assert_contains(printed, "Apache-2.0");
}

static void test_unknown_model(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s bench --model compat", program), 2);
    assert_contains(printed, "did you mean \"compact\"?");
}

static void test_bench(void **state)
{
    static const char *const keys[] = {"model",   "width",     "height", "precision", "backend", "threads",
                                       "blas_core", "frames", "median_ms", "gflop",   "gflops",
                                       "sgemm_gflops", "peak_memory", "tiles"};
    json_t *json;
    (void)state;
    assert_int_equal(run_command("%s bench --size 65x47 --frames 2 --json", program), 0);
    json = json_loads(printed, 0, NULL);
    assert_non_null(json);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(json, keys[i]));
    assert_int_equal(json_integer_value(json_object_get(json, "width")), 65);
    assert_true(json_number_value(json_object_get(json, "median_ms")) > 0);
    assert_true(json_number_value(json_object_get(json, "sgemm_gflops")) > 0);
    assert_true(json_integer_value(json_object_get(json, "peak_memory")) > 1000000);
    json_decref(json);
}

/* A level of 0 is not run. */
static void test_bench_levels(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s bench --model models/vgg19-distilled-wct.json --size 16x16 --frames 1 --layers "
                                 "--levels 0,0,0,1,0.5", program), 0);
    assert_contains(printed, "\nwct2 ");
    assert_contains(printed, "\nwct1 ");
    assert_null(strstr(printed, "\nwct3 "));
    assert_null(strstr(printed, "\ne5.conv11 "));
}

static void test_bench_layers(void **state)
{
    json_t *json, *layers, *layer;
    size_t i;
    double ms = 0;
    (void)state;
    assert_int_equal(run_command("%s bench --size 64x48 --frames 3 --layers", program), 0);
    assert_contains(printed, "\nrelu2_1      conv 3x3, 16 to 32, 32x24 ");
    assert_contains(printed, "\nadain4       adain, 128, 8x6 ");
    assert_int_equal(run_command("%s bench --size 64x48 --frames 3 --json", program), 0);
    assert_null(strstr(printed, "layers"));
    assert_int_equal(run_command("%s bench --size 64x48 --frames 1 --layers --json", program), 0);
    json = json_loads(printed, 0, NULL);
    layers = json_object_get(json, "layers");
    assert_true(json_array_size(layers) > 20);
    json_array_foreach(layers, i, layer)
        ms += json_number_value(json_object_get(layer, "ms"));
    assert_true(ms > 0 && ms <= json_number_value(json_object_get(json, "median_ms")));
    json_decref(json);
}

static void test_bench_of_an_architecture(void **state)
{
    json_t *json;
    (void)state;
    assert_int_equal(run_command("%s models", program), 0);
    assert_null(strstr(printed, "vgg19"));
    assert_int_equal(run_command("%s bench --model vgg19 --size 24x16 --frames 1 --json", program), 0);
    json = json_loads(printed, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "model")), "vgg19");
    assert_true(json_is_true(json_object_get(json, "random_weights")));
    json_decref(json);
    assert_int_equal(run_command("%s bench --model models/compact.json --size 24x16 --frames 1", program), 0);
    assert_contains(printed, "compact (random weights), 24x16, ");
    /* a model with weights hides the architecture that lies beside it */
    assert_int_equal(run_command("%s bench --model compact --size 24x16 --frames 1", program), 0);
    assert_null(strstr(printed, "random"));
    write_text(in_folder("odd.json"), "{\"version\": 3}");
    assert_int_equal(run_command("%s bench --model %s/odd.json", program, folder), 1);
    assert_contains(printed, "odd.json: architecture: \"version\" is 3; 1 is understood");
    /* nothing else paints with made-up weights */
    assert_int_equal(run_command("cd %s && %s stylize style.png --style style.png --model vgg19 -o b.png", folder,
                                 program), 2);
    assert_contains(printed, "no model \"vgg19\"");
    assert_int_equal(run_command("M=$(pwd)/models/vgg19.json && cd %s && "
                                 "%s stylize style.png --style style.png --model $M -o b.png", folder, program), 1);
    assert_contains(printed, "models/vgg19.json: no .safetensors file");
}

static void test_gif(void **state)
{
    (void)state;
    assert_int_equal(run_command("cd %s && %s gif clip.mp4 -o clip.gif --frames 2-7 --width 32 --fps 5 --loop 3 -q && "
                                 "%s probe clip.gif | head -4",
                                 folder, program, program),
                     0);
    assert_string_equal(printed, "clip.gif\n  frames    3 (by its packets; --count decodes them all)\n  seconds   0.600\n"
                                 "  rate      5 frames/s (5/1), constant\n");
    assert_int_equal(run_command("cd %s && %s gif clip.gif -o clip.gif --overwrite", folder, program), 2);
    assert_string_equal(printed, "solstice: clip.gif: is the input itself; choose another name\n");
    assert_int_equal(run_command("cd %s && %s gif clip.mp4 -o a.gif -o a.gif", folder, program), 2);
    assert_string_equal(printed, "solstice: a.gif: is named twice; give each output a name of its own\n");
}

/* Frames of a clip of 30 a second that carry their number, from one time to another. */
static void test_gif_of_a_stretch(void **state)
{
    static const struct {
        const char *options;
        int first, count;
    } cuts[] = {{"--from 0.5 --to 0:01.2", 15, 21}, {"--from 1.55s", 47, 13}, {"--to 0:00.31", 0, 10},
                {"--from 0:00:01 --to 1:00", 30, 30}, {"--from 0 --to 0.03", 0, 1}};
    (void)state;
    numbered_clip(60, "-c:v ffv1 numbers.mkv");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        assert_int_equal(run_command("cd %s && %s gif numbers.mkv -o cut.gif --overwrite -q %s", folder, program,
                                     cuts[i].options), 0);
        assert_numbers(in_folder("cut.gif"), CLIP_WIDTH, CLIP_HEIGHT, cuts[i].first, cuts[i].count);
    }
    run_command("cd %s && %s gif numbers.mkv -o cut.gif --overwrite --from 2", folder, program);
    assert_string_equal(printed, "solstice: from 2.000 s there is nothing; the clip is over at 2.000 s\n");
    run_command("cd %s && %s gif numbers.mkv -o cut.gif --overwrite --from 1 --to 1", folder, program);
    assert_string_equal(printed, "solstice: from 1.000 to 1.000 s there is nothing; the end must come behind the beginning\n");
    run_command("cd %s && %s gif numbers.mkv -o cut.gif --overwrite --from 0.91 --to 0.92", folder, program);
    assert_string_equal(printed, "solstice: from 0.910 to 0.920 s no frame begins; take longer\n");
    assert_int_equal(run_command("cd %s && %s gif numbers.mkv -o cut.gif -o part.gif --overwrite -q --crop 32x24+16+12 "
                                 "--speed 2 && %s probe part.gif | sed -n 's/^  \\(seconds\\|size\\) */\\1 /p'",
                                 folder, program, program), 0);
    assert_string_equal(printed, "seconds 1.000\nsize 32x24\n");
}

static void test_stylize(void **state)
{
    (void)state;
    assert_int_equal(run_command("cd %s && S=%s && $S stylize style.png --style other.png -o a.png && "
                                 "$S stylize other.png -s other.png style.png --weights 3,1 --strength 0.5 --size 64 "
                                 "-o b.jpg && ffprobe -v error -show_entries stream=width,height -of csv=p=0 b.jpg",
                                 folder, program),
                     0);
    /* 97x61 with 64 pixels on the shorter side */
    assert_string_equal(printed, "a.png: 64x48\nb.jpg: 102x64\n102,64\n");
}

static void test_stylize_mistakes(void **state)
{
    static const struct {
        const char *arguments, *message;
        int status;
    } cases[] = {
        {"style.png --style other.png style.png --weights 1 -o x.png",
         "solstice: --weights: must be 2 numbers of 0 or more, one a style, as in 0.7,0.3\n", 2},
        {"style.png --style other.png style.png --weights 1,2,3 -o x.png",
         "solstice: --weights: must be 2 numbers of 0 or more, one a style, as in 0.7,0.3\n", 2},
        {"style.png --style other.png --weights 0 -o x.png",
         "solstice: --weights: one of them must be above 0\n", 2},
        {"style.png --style other.png --levels 0,1.5 -o x.png",
         "solstice: stylize: --levels 0,1.5: must be numbers from 0 to 1, one for each of the model's levels, such as "
         "0,1,0,0,0\n", 2},
        {"style.png --style other.png -o style.png",
         "solstice: style.png: exists; choose another name or give --overwrite\n", 1},
        {"nothing.png --style other.png -o x.png",
         "solstice: nothing.png: cannot be opened: No such file or directory\n", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = run_command("cd %s && %s stylize %s", folder, program, cases[i].arguments);
        assert_string_equal(printed, cases[i].message);
        assert_int_equal(status, cases[i].status);
    }
    assert_int_equal(run_command("test -e %s/x.png", folder), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_in_usage), cmocka_unit_test(test_help), cmocka_unit_test(test_help_names_options),
        cmocka_unit_test(test_version),           cmocka_unit_test(test_models),
        cmocka_unit_test(test_unknown_model),
        cmocka_unit_test(test_bench),             cmocka_unit_test(test_bench_of_an_architecture),
        cmocka_unit_test(test_bench_layers),      cmocka_unit_test(test_bench_levels),
        cmocka_unit_test(test_gif_of_a_stretch),
        cmocka_unit_test(test_gif),               cmocka_unit_test(test_stylize),
        cmocka_unit_test(test_stylize_mistakes),  cmocka_unit_test(test_output_that_goes_nowhere),
    };
    return cmocka_run_group_tests_name("cli/usage", tests, set_up, tear_down_program);
}

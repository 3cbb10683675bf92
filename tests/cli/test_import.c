/* SPDX-License-Identifier: Apache-2.0
 *
 * solstice import, and what the imported models are good for: listed, shown, painted with.
 */
#include "support/clips.h"
#include "support/program.h"
#include "support/weights.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED "../shared/data/models"

static int set_up(void **state)
{
    char data[300];
    assert_int_equal(set_up_program(state), 0);
    snprintf(data, sizeof data, "%s/data", folder);
    assert_int_equal(setenv("XDG_DATA_HOME", data, 1), 0);
    return 0;
}

static void test_adain(void **state)
{
    char wanted[600];
    (void)state;
    write_adain_encoder(in_folder("vgg_normalised.pth"));
    write_adain_decoder(in_folder("decoder.pth"));
    assert_int_equal(run_command("cd %s && %s import decoder.pth vgg_normalised.pth", folder, program), 0);
    snprintf(wanted, sizeof wanted,
             "%s/data/solstice/models/vgg19.safetensors: adain, AdaIN's VGG-19 and decoder, 38 tensors, 7010959 "
             "parameters\n", folder);
    assert_string_equal(printed, wanted);
    assert_int_equal(count_entries(in_folder("data/solstice/models")), 1);
    /* it is there once; another name is another model */
    assert_int_equal(run_command("cd %s && %s import decoder.pth vgg_normalised.pth", folder, program), 1);
    snprintf(wanted, sizeof wanted, "solstice: %s/data/solstice/models/vgg19.safetensors: exists; choose another "
                                    "name or give --overwrite\n", folder);
    assert_string_equal(printed, wanted);
    assert_int_equal(run_command("cd %s && %s import decoder.pth vgg_normalised.pth --overwrite", folder, program), 0);
    assert_int_equal(run_command("cd %s && %s import decoder.pth vgg_normalised.pth --name zeros", folder, program), 0);
    assert_int_equal(run_command("%s models", program), 0);
    assert_contains(printed, "\nvgg19 ");
    assert_contains(printed, "\nzeros ");
    assert_contains(printed, "/data/solstice/models/zeros.safetensors\n");
    ffmpeg("-f lavfi -i mandelbrot=size=65x64 -frames:v 1 a.png");
    assert_int_equal(run_command("cd %s && %s stylize a.png --style a.png --model zeros -o b.png", folder, program), 0);
    assert_string_equal(printed, "b.png: 65x64\n");
    /* half of it, and what it is not */
    assert_int_equal(run_command("cd %s && %s import decoder.pth", folder, program), 1);
    assert_string_equal(printed, "solstice: decoder.pth: the network is not known by its tensors (the first: "
                                 "\"1.weight\", 256x512x3x3); name it with --architecture\n");
    assert_int_equal(run_command("cd %s && %s import decoder.pth --architecture vgg19", folder, program), 1);
    assert_string_equal(printed, "solstice: decoder.pth: architecture: layer \"normal\": the file has no tensor "
                                 "\"encoder.conv0.weight\"\n");
    assert_int_equal(run_command("cd %s && %s import decoder.pth --architecture vgg91", folder, program), 1);
    assert_contains(printed, "solstice: no architecture \"vgg91\"; did you mean \"vgg19\"? There is ");
    assert_int_equal(run_command("cd %s && %s import -o x.safetensors a.png", folder, program), 1);
    assert_string_equal(printed, "solstice: a.png: is neither a .safetensors file nor one that torch.save() wrote\n");
    assert_int_equal(run_command("test -e %s/x.safetensors", folder), 1);
}

static void test_features(void **state)
{
    (void)state;
    if (access(SHARED "/distilled-vgg19/encoder5.pth", R_OK) != 0)
        skip();
    assert_int_equal(run_command("%s import " SHARED "/distilled-vgg19/encoder5.pth -o %s/e.safetensors --licence MIT",
                                 program, folder), 0);
    assert_int_equal(run_command("%s models show %s/e.safetensors", program, folder), 0);
    assert_contains(printed, "/e.safetensors: gatys, 3.9 MB, licence: MIT\n");
    assert_contains(printed, "\nnode         operator                      shape       parameters\n");
    assert_contains(printed, "\nconv1_1      conv 3x3                      16 x 1             448\n");
    assert_contains(printed, "\nconv1_2      conv 3x3 of relu1_1           16 x 1            2320\n");
    assert_contains(printed, "\nrelu5_1_aux  conv 1x1, relu                512 x 1/16       66048\n");
    assert_contains(printed, "\nsum                                                        964188\n");
}

/* Without a place for it. */
static void test_no_home(void **state)
{
    (void)state;
    assert_int_equal(run_command("env -u HOME -u XDG_DATA_HOME %s import models/compact.safetensors", program), 1);
    assert_string_equal(printed, "solstice: import: no home folder to put the model into; add -o OUT.safetensors\n");
    assert_int_equal(run_command("env -u XDG_DATA_HOME HOME=%s %s import models/compact.safetensors && "
                                 "env HOME=%s XDG_DATA_HOME=relative %s models", folder, program, folder, program), 0);
    assert_contains(printed, "/.local/share/solstice/models/compact.safetensors: adain, 28 tensors, 360963 "
                             "parameters\n");
    assert_contains(printed, "Apache-2.0");
}

static void test_show(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s models show models/compact.safetensors", program), 0);
    assert_contains(printed, "models/compact.safetensors: adain, 1.4 MB, licence: Apache-2.0\n");
    assert_int_equal(run_command("%s models show compat", program), 2);
    assert_contains(printed, "did you mean \"compact\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adain),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_no_home),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests_name("cli/import", tests, set_up, tear_down_program);
}

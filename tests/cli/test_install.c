/* SPDX-License-Identifier: Apache-2.0
 *
 * What `make install` puts where, and that it works there: the program finds its model, and a program
 * of somebody else's builds with pkg-config and runs with the shared library.
 */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static void skip_without_make(void)
{
    /* only make knows which variant and compiler this is about */
    if (!getenv("MAKELEVEL")) {
        print_message("not run by \"make test\": installing is not tried\n");
        skip();
    }
}

static void test_install_and_uninstall(void **state)
{
    static const char *const files[] = {
        "bin/solstice",
        "lib/libsolstice.a",
        "lib/libsolstice.so",
        "lib/pkgconfig/solstice.pc",
        "include/solstice/render.h",
        "share/man/man1/solstice.1",
        "share/man/man5/solstice-schedule.5",
        "share/bash-completion/completions/solstice",
        "share/zsh/site-functions/_solstice",
        "share/fish/vendor_completions.d/solstice.fish",
        "share/solstice/models/compact.safetensors",
        "share/solstice/models/vgg19.json",
        "share/doc/solstice/schedule.md",
    };
    (void)state;
    skip_without_make();
    if (run_command("${MAKE:-make} -s install DESTDIR=%s PREFIX=/usr", folder) != 0)
        fail_msg("%s", printed);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_int_equal(run_command("test -s %s/usr/%s", folder, files[i]), 0);
#ifdef SOL_HAVE_ONEDNN
    assert_int_equal(run_command("grep -q '^Libs.private: -ldnnl ' %s/usr/lib/pkgconfig/solstice.pc", folder), 0);
#endif
    assert_int_equal(run_command("cd / && %s/usr/bin/solstice models", folder), 0);
    assert_contains(printed, "/usr/share/solstice/models/compact.safetensors");
    assert_null(strstr(printed, "vgg19")); /* an architecture, which can be measured, but not painted with */
    assert_int_equal(run_command("cd / && %s/usr/bin/solstice bench --model vgg19 --size 8x8 --frames 1", folder), 0);
    assert_contains(printed, "vgg19 (random weights), 8x8, ");
    assert_int_equal(run_command("${MAKE:-make} -s uninstall DESTDIR=%s PREFIX=/usr", folder), 0);
    assert_int_equal(run_command("find %s -type f -o -type l", folder), 0);
    assert_string_equal(printed, "");
}

static void test_library_serves_other_programs(void **state)
{
    (void)state;
    skip_without_make();
    if (run_command("${MAKE:-make} -s install DESTDIR=%s PREFIX=/usr", folder) != 0)
        fail_msg("%s", printed);
    if (run_command("nm -D %s/usr/lib/libsolstice.so | grep -q __asan", folder) == 0) {
        print_message("built with sanitizers: the library is not linked to other programs\n");
        skip();
    }
    write_text(in_folder("user.c"), "#include <solstice/render.h>\n#include <stdio.h>\n"
                                    "int main(void)\n{\n    SolVideo *video = NULL;\n"
                                    "    int result = sol_video_open(&video, \"nothing.mp4\", NULL);\n"
                                    "    puts(sol_error_text());\n    return result != SOL_ERR_IO;\n}\n");
    if (run_command("cd %s && ${CC:-cc} user.c -o user $(PKG_CONFIG_PATH=usr/lib/pkgconfig pkg-config "
                    "--define-variable=prefix=%s/usr --cflags --libs solstice)",
                    folder, folder) != 0)
        fail_msg("%s", printed);
    assert_int_equal(run_command("cd %s && LD_LIBRARY_PATH=usr/lib ./user", folder), 0);
    assert_string_equal(printed, "nothing.mp4: cannot be opened: No such file or directory\n");
    /* nothing but the public functions can be seen */
    run_command("nm -D --defined-only %s/usr/lib/libsolstice.so | grep ' [TDB] ' | grep -v ' sol_'", folder);
    assert_string_equal(printed, "");
    assert_int_equal(run_command("nm -D --defined-only %s/usr/lib/libsolstice.so | grep -c sol_gemm", folder), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_install_and_uninstall),
        cmocka_unit_test(test_library_serves_other_programs),
    };
    return cmocka_run_group_tests_name("cli/install", tests, set_up_folder, tear_down_folder);
}

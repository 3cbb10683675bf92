/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripts for shells: they are sound, they have every option that a command's help has and no other, and bash
 * completes with them what it should.
 */
#include "support/program.h"

#include <ctype.h>
#include <string.h>

static char commands[32][32]; /* by their names, "" behind the last */

static int set_up(void **state)
{
    int count = 0;
    assert_int_equal(set_up_program(state), 0);
    assert_int_equal(run_command("%s help", program), 0);
    for (char *line = printed; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, "  ", 2) == 0 && islower((unsigned char)line[2]) && strncmp(line, "  solstice", 10) != 0)
            sscanf(line, "%31s", commands[count++]);
    assert_true(count >= 10 && count < 32);
    write_text(in_folder("film.yaml"), "");
    write_text(in_folder("film.txt"), "");
    write_text(in_folder("a b.mp4"), "");
    make_folder(in_folder("films"));
    return 0;
}

static void test_shells_accept_them(void **state)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    (void)state;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (run_command("%s completion %s >%s/script && test -s %s/script && command -v %s", program, shells[i], folder,
                        folder, shells[i]) != 0) {
            print_message("%s is not installed: its script is not tried\n", shells[i]);
            assert_int_equal(run_command("test -s %s/script", folder), 0);
            continue;
        }
        assert_int_equal(run_command("%s -n %s/script", shells[i], folder), 0);
        assert_string_equal(printed, "");
    }
    assert_int_equal(run_command("%s completion csh", program), 2);
    assert_string_equal(printed, "solstice: completion: no script for \"csh\"; there are bash, zsh and fish\n");
}

/* All --names in the lines of a command's help that begin with options, each once, one a line, sorted. */
static void options_in_help(const char *command, char *text, size_t size)
{
    run_command("%s help %s | grep '^ *-' | sed -e 's/^ *//' -e 's/  .*//' | grep -o -e '--[a-z-]*' | sort -u", program,
                command);
    assert_true(strlen(printed) < size);
    memcpy(text, printed, strlen(printed) + 1);
}

static void test_every_option_is_there(void **state)
{
    (void)state;
    for (int i = 0; *commands[i]; i++) {
        char help[4096];
        options_in_help(commands[i], help, sizeof help);
        run_command("%s completion bash | sed -n '/^  %s)/,/^    ;;/p' | grep '_solstice_words --help' | "
                    "grep -o -e '--[a-z-]*' | grep -v -e '^--help$' | sort -u", program, commands[i]);
        assert_string_equal(printed, help);
        run_command("%s completion fish | grep \"__solstice_is %s'\" | grep -o -e ' -l [a-z-]*' | sed 's/ -l /--/' | "
                    "sort -u", program, commands[i]);
        assert_string_equal(printed, help);
        run_command("%s completion zsh | sed -n '/^  %s)/,/^    ;;/p' | grep \"^      '\" | grep -v \"^      '\\*:\" | "
                    "sed 's/\\[.*//' | grep -o -e '--[a-z-]*' | sort -u", program, commands[i]);
        assert_string_equal(printed, help);
    }
    assert_int_equal(run_command("%s completion bash | grep -c -e --json-progress", program), 0);
}

/* What bash offers for a command line, whose last word is being written: one a line, sorted. */
static void complete(const char *line)
{
    run_command("cd %s && PATH=${0%%/*}:$PATH bash -c 'source <(\"$0\" completion bash); "
                "IFS=\" \" read -r -a COMP_WORDS <<<\"$1\"; case $1 in *\" \") COMP_WORDS+=(\"\") ;; esac; "
                "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _solstice \"$0\"; "
                "printf \"%%s\\n\" \"${COMPREPLY[@]}\" | sort -u' %s '%s'", folder, program, line);
}

static void test_bash_completes(void **state)
{
    static const struct {
        const char *line, *offered;
    } cases[] = {
        {"solstice re", "render\n"},
        {"solstice render --ov", "--overwrite\n"},
        {"solstice render --color ", "content\nluminance\nstyle\n"},
        {"solstice render --color = lum", "luminance\n"},
        {"solstice render --method g", "gatys\n"},
        {"solstice render fil", "film.yaml\nfilms\n"},
        {"solstice check film.", "film.yaml\n"},
        {"solstice probe ", "a b.mp4\nfilms\n"},
        {"solstice stylize x.png --style one.png fil", "film.txt\nfilm.yaml\nfilms\n"},
        {"solstice stylize x.png --style one.png --str", "--strength\n"},
        {"solstice bench --size ", "\n"},
        {"solstice completion ", "bash\nfish\nzsh\n"},
        {"solstice help comp", "completion\n"},
        {"solstice models show comp", "compact\n"},
        {"solstice render --model comp", "compact\n"},
    };
    (void)state;
    if (run_command("command -v bash") != 0)
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        complete(cases[i].line);
        if (strcmp(printed, cases[i].offered) != 0)
            fail_msg("\"%s\": \"%s\" instead of \"%s\"", cases[i].line, printed, cases[i].offered);
    }
}

static void test_names_of_models(void **state)
{
    (void)state;
    assert_int_equal(run_command("%s models --names", program), 0);
    assert_contains(printed, "compact\n");
    assert_null(strchr(printed, ' '));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shells_accept_them),
        cmocka_unit_test(test_every_option_is_there),
        cmocka_unit_test(test_bash_completes),
        cmocka_unit_test(test_names_of_models),
    };
    return cmocka_run_group_tests_name("cli/completion", tests, set_up, tear_down_program);
}

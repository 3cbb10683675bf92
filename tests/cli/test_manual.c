/* SPDX-License-Identifier: Apache-2.0
 *
 * The man pages are whole: every option of every command is in section 1, every key that a schedule may have in section
 * 5 and in schedule.md; and they are sound, where there is a program that can tell.
 */
#include "support/program.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A whole file, ended by 0; freed with free(). */
static char *read_text(const char *path)
{
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

static bool is_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* True where `word` occurs in `text` and is no part of a longer one. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += length)
        if ((at == text || !is_part(at[-1])) && !is_part(at[length]))
            return true;
    return false;
}

/* Names and their commands, "render --size", one a line. */
static char *all_options(void)
{
    run_command("for c in $(%s help | sed -n 's/^  \\([a-z][a-z]*\\) .*/\\1/p' | grep -v solstice); do "
                "%s help $c | grep '^ *-' | sed -e 's/^ *//' -e 's/  .*//' | grep -o -e '--[a-z-]*' | sed \"s/^/$c /\"; done",
                program, program);
    return strdup(printed);
}

static void test_options_are_in_section_1(void **state)
{
    char *page = read_text("docs/solstice.1"), *options = all_options(), *rest = options;
    int count = 0;
    (void)state;
    for (char *p = page; (p = strstr(p, "\\-")); p++)
        memmove(p, p + 1, strlen(p)); /* roff writes the dashes of options as \- */
    for (char *line; (line = strtok_r(rest, "\n", &rest)); count++) {
        char *name = strchr(line, ' ') + 1;
        if (!has_word(page, name))
            fail_msg("%s: not in docs/solstice.1", line);
    }
    assert_true(count > 60);
    free(options);
    free(page);
}

/* The names in the tables of src/schedule, as "[INPUT] = \"input\"". */
static void test_keys_are_in_section_5(void **state)
{
    char *page = read_text("docs/solstice-schedule.5"), *manual = read_text("docs/schedule.md"), *keys, *rest;
    int count = 0;
    (void)state;
    run_command("grep -ho '\\[[A-Z_]*\\] = \"[a-z_]*\"' src/schedule/*.c | sed 's/.*\"\\(.*\\)\"/\\1/' | sort -u");
    keys = rest = strdup(printed);
    for (char *key; (key = strtok_r(rest, "\n", &rest)); count++) {
        if (!has_word(page, key))
            fail_msg("the key \"%s\" is not in docs/solstice-schedule.5", key);
        if (!has_word(manual, key))
            fail_msg("the key \"%s\" is not in docs/schedule.md", key);
    }
    assert_true(count > 30);
    free(keys);
    free(manual);
    free(page);
}

static void test_pages_are_sound(void **state)
{
    static const char *const pages[] = {"docs/solstice.1", "docs/solstice-schedule.5"};
    bool mandoc = run_command("command -v mandoc") == 0, man = run_command("command -v man") == 0;
    (void)state;
    if (!mandoc && !man) {
        print_message("neither mandoc nor man is installed\n");
        skip();
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (mandoc) {
            run_command("mandoc -T lint -W warning %s", pages[i]);
            assert_string_equal(printed, "");
        }
        /* other systems' man is another program */
        if (man && run_command("man --version 2>&1 | grep -q '^man 2'") == 0) {
            run_command("LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l %s 2>&1 >/dev/null", pages[i]);
            assert_string_equal(printed, "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_in_section_1),
        cmocka_unit_test(test_keys_are_in_section_5),
        cmocka_unit_test(test_pages_are_sound),
    };
    return cmocka_run_group_tests_name("cli/manual", tests, set_up_program, tear_down_program);
}

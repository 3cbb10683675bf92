/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths, and files that appear only when they are complete.
 */
#include "support/support.h"

#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>

static void assert_joined(const char *a, const char *b, const char *joined)
{
    char *path = sol_path_join(a, b);
    assert_string_equal(path, joined);
    free(path);
}

static void assert_folder(const char *path, const char *expected)
{
    char *part = sol_path_folder(path);
    assert_string_equal(part, expected);
    free(part);
}

static void test_paths(void **state)
{
    (void)state;
    assert_joined("a/b", "c.png", "a/b/c.png");
    assert_joined("a/", "c.png", "a/c.png");
    assert_joined("", "c.png", "c.png");
    assert_joined(NULL, "c.png", "c.png");
    assert_joined("a", "/c.png", "/c.png");
    assert_folder("a/b/c", "a/b");
    assert_folder("/c", "/");
    assert_folder("c", "");
    assert_string_equal(sol_path_name("a/b.c/d.e"), "d.e");
    assert_string_equal(sol_path_extension("a.b/c"), "");
    assert_string_equal(sol_path_extension(".hidden"), "");
    assert_string_equal(sol_path_extension("x.tar.GZ"), "GZ");
    assert_true(sol_path_has_extension("x.JPG", "png jpg jpeg"));
    assert_false(sol_path_has_extension("x.jp", "png jpg jpeg"));
    assert_false(sol_path_has_extension("x", "png jpg"));
}

static void test_committed_file_appears_whole(void **state)
{
    SolPending *pending = NULL;
    const char *path = in_folder("deep/er/out.txt");
    (void)state;
    assert_int_equal(sol_pending_open(&pending, path, false), 0);
    assert_false(sol_path_exists(path));
    write_text(sol_pending_path(pending), "done");
    assert_false(sol_path_exists(path));
    assert_int_equal(sol_pending_commit(pending), 0);
    assert_true(sol_path_exists(path));
    sol_pending_close(&pending);
    assert_null(pending);
    assert_int_equal(count_entries(in_folder("deep/er")), 1);
}

static void test_discarded_file_leaves_nothing(void **state)
{
    SolPending *pending = NULL;
    (void)state;
    assert_int_equal(sol_pending_open(&pending, in_folder("new/folders/out.txt"), false), 0);
    write_text(sol_pending_path(pending), "half");
    sol_pending_close(&pending);
    assert_int_equal(count_entries(folder), 0);
}

static void test_folders_with_other_files_stay(void **state)
{
    SolPending *pending = NULL;
    (void)state;
    assert_int_equal(sol_pending_open(&pending, in_folder("a/b/out.txt"), false), 0);
    write_text(in_folder("a/other.txt"), "somebody's");
    sol_pending_close(&pending);
    assert_true(sol_path_exists(in_folder("a/other.txt")));
    assert_false(sol_path_exists(in_folder("a/b")));
}

static void test_existing_file_is_kept(void **state)
{
    SolPending *pending = NULL;
    char expected[600];
    const char *path = in_folder("out.txt");
    (void)state;
    write_text(path, "old");
    assert_int_equal(sol_pending_open(&pending, path, false), SOL_ERR_EXISTS);
    assert_null(pending);
    snprintf(expected, sizeof expected, "%s: exists; choose another name or give --overwrite", path);
    assert_string_equal(sol_error_text(), expected);
    assert_int_equal(sol_pending_open(&pending, path, true), 0);
    write_text(sol_pending_path(pending), "newer");
    assert_int_equal(sol_pending_commit(pending), 0);
    sol_pending_close(&pending);
    assert_int_equal(count_entries(folder), 1);
}

static void test_file_that_appeared_meanwhile_is_kept(void **state)
{
    SolPending *pending = NULL;
    const char *path = in_folder("out.txt");
    (void)state;
    assert_int_equal(sol_pending_open(&pending, path, false), 0);
    write_text(sol_pending_path(pending), "mine");
    write_text(path, "theirs");
    assert_int_equal(sol_pending_commit(pending), SOL_ERR_EXISTS);
    sol_pending_close(&pending);
    assert_int_equal(count_entries(folder), 1);
}

static void test_two_writers_of_one_name_do_not_meet(void **state)
{
    SolPending *a = NULL, *b = NULL;
    const char *path = in_folder("out.txt");
    (void)state;
    assert_int_equal(sol_pending_open(&a, path, true), 0);
    assert_int_equal(sol_pending_open(&b, path, true), 0);
    assert_string_not_equal(sol_pending_path(a), sol_pending_path(b));
    sol_pending_close(&a);
    sol_pending_close(&b);
    assert_int_equal(count_entries(folder), 0);
}

static void test_folder_in_the_way(void **state)
{
    SolPending *pending = NULL;
    (void)state;
    make_folder(in_folder("taken"));
    assert_int_equal(sol_pending_open(&pending, in_folder("taken"), true), SOL_ERR_IO);
    write_text(in_folder("file"), "x");
    assert_int_equal(sol_pending_open(&pending, in_folder("file/out.txt"), true), SOL_ERR_IO);
    assert_null(pending);
}

/* Of dead processes, of this file: 999999999 is more than any system numbers. */
static void test_what_is_left_is_swept(void **state)
{
    static const struct {
        const char *entry, *name;
        bool left;
    } cases[] = {
        {".a.mp4.999999999-0.partial", "a.mp4", true},      {".a.mp4.999999999-17.partial", "a.mp4", true},
        {".a.mp4.999999999-17.partial", NULL, true},        {".a.mp4.999999999-17.partial", "b.mp4", false},
        {".a.mp4.999999999-17.partial", "mp4", false},      {".a.mp4.999999999-17.partial", "a.mp4.9", false},
        {".a.mp4.999999999-.partial", "a.mp4", false},      {".a.mp4.-1-0.partial", "a.mp4", false},
        {".a.mp4.99999999999999999999-0.partial", NULL, false}, {"a.mp4.999999999-0.partial", "a.mp4", false},
        {".a.mp4.1-0.partial", "a.mp4", false},             {"..999999999-0.partial", NULL, false},
        {".007.png.999999999-0.partial", "%03d.png", true}, {".x7y.png.999999999-0.partial", "x%dy.png", true},
        {".xy.png.999999999-0.partial", "x%dy.png", false}, {".%d.mp4.999999999-0.partial", "%d.mp4", true},
        {".50%.mp4.999999999-0.partial", "50%.mp4", true},  {".50.mp4.999999999-0.partial", "50%.mp4", false},
        {".50%", "50%", false},                             {".partial", NULL, false},
        {".", NULL, false},                                 {"", NULL, false},
    };
    SolPending *pending = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sol_pending_is_left(cases[i].entry, cases[i].name) != cases[i].left)
            fail_msg("%s of %s", cases[i].entry, cases[i].name ? cases[i].name : "any");
    assert_int_equal(sol_pending_open(&pending, in_folder("a.mp4"), false), 0);
    write_text(in_folder(".a.mp4.999999999-0.partial"), "left");
    write_text(in_folder(".b.mp4.999999999-0.partial"), "another's");
    assert_int_equal(sol_pending_sweep(in_folder("a.mp4")), 1);
    assert_int_equal(sol_pending_sweep(in_folder("no/such/a.mp4")), 0);
    assert_int_equal(count_entries(folder), 2);
    sol_pending_close(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test_setup_teardown(test_committed_file_appears_whole, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_discarded_file_leaves_nothing, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_folders_with_other_files_stay, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_existing_file_is_kept, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_file_that_appeared_meanwhile_is_kept, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_two_writers_of_one_name_do_not_meet, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_folder_in_the_way, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_what_is_left_is_swept, set_up_folder, tear_down_folder),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding and listing the models that are installed.
 */
#include "support/support.h"

#include "model/model.h"

#include <stdlib.h>

static char near[300], far[300], gone[300];

static int set_up(void **state)
{
    assert_int_equal(set_up_folder(state), 0);
    snprintf(near, sizeof near, "%s/near", folder);
    snprintf(far, sizeof far, "%s/far", folder);
    snprintf(gone, sizeof gone, "%s/gone", folder);
    make_folder(near);
    make_folder(far);
    write_text(in_folder("near/compact.safetensors"), "");
    write_text(in_folder("near/vgg.safetensors"), "");
    write_text(in_folder("near/notes.txt"), "");
    write_text(in_folder("near/.hidden.safetensors"), "");
    write_text(in_folder("far/compact.safetensors"), "");
    write_text(in_folder("far/big.safetensors"), "");
    return 0;
}

static void assert_found(const char *name, const char *beside, const char *wanted)
{
    const char *const folders[] = {near, gone, far, NULL};
    char *path = NULL;
    if (sol_model_find(&path, name, beside, folders) != 0)
        fail_msg("%s", sol_error_text());
    assert_string_equal(path, wanted);
    free(path);
}

static void test_names_and_paths(void **state)
{
    char text[400];
    (void)state;
    assert_found("vgg", NULL, in_folder("near/vgg.safetensors"));
    assert_found("big", NULL, in_folder("far/big.safetensors"));
    assert_found("compact", "elsewhere", in_folder("near/compact.safetensors")); /* the first folder wins */
    assert_found("big.safetensors", far, in_folder("far/big.safetensors"));
    snprintf(text, sizeof text, "%s/far/big.safetensors", folder);
    assert_found("far/big.safetensors", folder, text);
    assert_found(text, "elsewhere", text); /* absolute */
    assert_found(text, NULL, text);
}

static void assert_not_found(const char *name, const char *const folders[], const char *wanted)
{
    char *path = NULL;
    assert_int_equal(sol_model_find(&path, name, near, folders), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), wanted);
    assert_null(path);
}

static void test_what_is_not_there(void **state)
{
    const char *const folders[] = {near, far, NULL}, *const empty[] = {gone, NULL};
    char wanted[1200];
    (void)state;
    snprintf(wanted, sizeof wanted, "no model \"compat\"; did you mean \"compact\"? (looked in %s, %s)", near, far);
    assert_not_found("compat", folders, wanted);
    snprintf(wanted, sizeof wanted, "no model \"unlike\"; there is big, compact, vgg (looked in %s, %s)", near, far);
    assert_not_found("unlike", folders, wanted);
    snprintf(wanted, sizeof wanted, "no model \"compact\", nor any other (looked in %s)", gone);
    assert_not_found("compact", empty, wanted);
    snprintf(wanted, sizeof wanted, "%s/none.safetensors: no such model file", near);
    assert_not_found("none.safetensors", folders, wanted);
    snprintf(wanted, sizeof wanted, "%s/sub/compact: no such model file", near);
    assert_not_found("sub/compact", folders, wanted);
    snprintf(wanted, sizeof wanted, "%s: no such model file", near); /* a folder is no model */
    assert_not_found(near, folders, wanted);
}

static void assert_architecture(const char *name, const char *wanted)
{
    const char *const folders[] = {near, gone, far, NULL};
    char *path = NULL;
    assert_int_equal(sol_model_find_architecture(&path, name, folders), wanted != NULL);
    if (wanted)
        assert_string_equal(path, wanted);
    else
        assert_null(path);
    free(path);
}

static void test_architectures(void **state)
{
    char **paths = NULL;
    const char *const folders[] = {far, NULL};
    (void)state;
    write_text(in_folder("near/big.json"), "");
    write_text(in_folder("far/bare.json"), "");
    make_folder(in_folder("near/bare.json"));
    assert_architecture("bare", in_folder("far/bare.json"));
    assert_architecture("big", NULL); /* has weights in another folder */
    assert_architecture("none", NULL);
    assert_architecture("far/bare", NULL);
    assert_architecture(in_folder("near/big.json"), in_folder("near/big.json"));
    assert_architecture(in_folder("near/bare.json"), NULL);
    assert_architecture("bare.json", NULL); /* a path, which is not there */
    assert_int_equal(sol_model_list(&paths, folders), 0);
    assert_string_equal(paths[0], in_folder("far/big.safetensors"));
    assert_string_equal(paths[1], in_folder("far/compact.safetensors"));
    assert_null(paths[2]);
    sol_model_list_free(&paths);
}

/* Of architectures to import into: weights of that name do not hide them. */
static void test_architectures_by_name(void **state)
{
    const char *const folders[] = {near, gone, far, NULL};
    char *path = NULL, wanted[1200];
    (void)state;
    assert_int_equal(sol_architecture_find(&path, "big", folders), 0);
    assert_string_equal(path, in_folder("near/big.json"));
    free(path);
    assert_int_equal(sol_architecture_find(&path, in_folder("near/big.json"), folders), 0);
    assert_string_equal(path, in_folder("near/big.json"));
    free(path);
    path = NULL;
    assert_int_equal(sol_architecture_find(&path, "bar", folders), SOL_ERR_IO);
    snprintf(wanted, sizeof wanted,
             "no architecture \"bar\"; did you mean \"bare\"? There is bare, big (looked in %s, %s, %s)", near, gone,
             far);
    assert_string_equal(sol_error_text(), wanted);
    assert_int_equal(sol_architecture_find(&path, "unlike", folders), SOL_ERR_IO);
    snprintf(wanted, sizeof wanted, "no architecture \"unlike\"; there is bare, big (looked in %s, %s, %s)", near, gone,
             far);
    assert_string_equal(sol_error_text(), wanted);
    assert_int_equal(sol_architecture_find(&path, "gone/big.json", folders), SOL_ERR_IO);
    assert_string_equal(sol_error_text(), "gone/big.json: no such architecture file");
    assert_null(path);
}

static void test_a_list(void **state)
{
    const char *const folders[] = {near, gone, far, NULL}, *const empty[] = {NULL};
    char **paths = NULL;
    (void)state;
    assert_int_equal(sol_model_list(&paths, folders), 0);
    assert_string_equal(paths[0], in_folder("far/big.safetensors"));
    assert_string_equal(paths[1], in_folder("near/compact.safetensors"));
    assert_string_equal(paths[2], in_folder("near/vgg.safetensors"));
    assert_null(paths[3]);
    sol_model_list_free(&paths);
    assert_null(paths);
    sol_model_list_free(&paths);
    assert_int_equal(sol_model_list(&paths, empty), 0);
    assert_null(paths[0]);
    sol_model_list_free(&paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_paths),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_a_list),
        cmocka_unit_test(test_architectures),
        cmocka_unit_test(test_architectures_by_name),
    };
    return cmocka_run_group_tests_name("model/registry", tests, set_up, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures on the disk: they come back as they were, forth and back, of any size, and leave no file.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "image/image.h"
#include "media/frame_store.h"

#include <string.h>

static void check(SolFrameStore *store, int n, int64_t time, int width, int height)
{
    SolImage *expected = make_picture(width, height, (unsigned)n), *image = NULL;
    assert_int_equal(time, 1000000007LL * n);
    if (sol_frame_store_image(store, &image) != 0) fail_msg("%dx%d #%d: %s", width, height, n, sol_error_text());
    for (int y = 0; y < height; y++)
        assert_memory_equal(sol_image_row(image, y), sol_image_row(expected, y), 3 * (size_t)width);
    sol_image_unref(&expected);
    sol_image_unref(&image);
}

static void add(SolFrameStore *store, int n, int width, int height)
{
    SolImage *image = make_picture(width, height, (unsigned)n);
    assert_int_equal(sol_frame_store_add(store, image, 1000000007LL * n), 0);
    sol_image_unref(&image);
}

static void test_pictures_come_back(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 5}, {3, 2}, {33, 17}, {64, 48}, {257, 131}};
    enum { COUNT = 9 };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        SolFrameStore *store = NULL;
        int64_t time;
        bool got;
        assert_int_equal(sol_frame_store_open(&store, in_folder("a.gif"), width, height), 0);
        assert_int_equal(count_entries(folder), 0);
        sol_frame_store_rewind(store, true);
        assert_int_equal(sol_frame_store_step(store, true, &time, &got), 0);
        assert_false(got);
        for (int n = 0; n < COUNT; n++) {
            add(store, n, width, height);
            if (n == 4) { /* reading in between changes nothing */
                sol_frame_store_rewind(store, false);
                assert_int_equal(sol_frame_store_step(store, false, &time, &got), 0);
                check(store, 0, time, width, height);
            }
        }
        assert_int_equal(sol_frame_store_count(store), COUNT);
        for (int pass = 0; pass < 4; pass++) {
            bool back = pass % 2;
            sol_frame_store_rewind(store, back);
            for (int n = 0; n < COUNT; n++) {
                assert_int_equal(sol_frame_store_step(store, back, &time, &got), 0);
                assert_true(got);
                if (pass < 2 || n % 3 == 0)
                    check(store, back ? COUNT - 1 - n : n, time, width, height);
            }
            assert_int_equal(sol_frame_store_step(store, back, &time, &got), 0);
            assert_false(got);
        }
        sol_frame_store_close(&store);
        assert_null(store);
        assert_int_equal(count_entries(folder), 0);
    }
}

/* Where one turns round, the picture stepped to last is not told again. */
static void test_turning_round(void **state)
{
    static const struct {
        bool back;
        int number;
    } steps[] = {{false, 0}, {false, 1}, {false, 2}, {true, 1}, {true, 0}, {false, 1}, {false, 2}, {false, 3}, {true, 2}};
    SolFrameStore *store = NULL;
    (void)state;
    assert_int_equal(sol_frame_store_open(&store, in_folder("a.gif"), 8, 8), 0);
    for (int n = 0; n < 4; n++)
        add(store, n, 8, 8);
    sol_frame_store_rewind(store, false);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int64_t time;
        bool got;
        assert_int_equal(sol_frame_store_step(store, steps[i].back, &time, &got), 0);
        assert_true(got);
        check(store, steps[i].number, time, 8, 8);
    }
    sol_frame_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_come_back),
        cmocka_unit_test(test_turning_round),
    };
    return cmocka_run_group_tests_name("media/frame_store", tests, set_up_folder, tear_down_folder);
}

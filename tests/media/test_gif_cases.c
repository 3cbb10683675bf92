/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder on random pictures, sizes, delays and looks (tests/support/gif_cases.h tells what must hold), and
 * GIFs of awkward sizes as giflib and libavcodec see them. `make fuzz` goes on where this ends.
 */
#include "support/gif_cases.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"

#include <string.h>

static void test_random_cases(void **state)
{
    uint32_t random = 1;
    (void)state;
    for (int n = 0; n < 150; n++) {
        uint8_t bytes[256];
        const char *path = in_folder("case.gif"), *wrong;
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525U + 1013904223U;
            bytes[i] = (uint8_t)(random >> 24);
        }
        wrong = gif_case(bytes, sizeof bytes, path);
        if (wrong)
            fail_msg("case %d: %s", n, wrong);
    }
}

static void test_awkward_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 300}, {300, 1}, {3, 3}, {7, 5}, {16, 16}, {17, 31}, {64, 65},
                                   {255, 3}, {256, 2}, {257, 129}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Clip clip = {sizes[i][0], sizes[i][1], 7, {1, 15}, {15, 1}, 0, 1, NULL, draw_scene};
        const char *wrong = gif_alike(write_as("awkward.gif", &clip, NULL));
        if (wrong)
            fail_msg("%dx%d: %s", sizes[i][0], sizes[i][1], wrong);
    }
}

/* Of what giflib and libavcodec could disagree on, the encoder may use nothing: but the comparison must see it. */
static void test_comparison_sees_differences(void **state)
{
    /* 1x1, two colours, one frame of 3 cs, pixel 1: then the same without the file's end */
    static const uint8_t whole[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6,
                                    0x21, 0xf9, 4, 0, 3, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0,
                                    2, 2, 0x4c, 1, 0, 0x3b};
    const char *path = in_folder("bytes.gif");
    (void)state;
    write_bytes(path, whole, sizeof whole);
    assert_null(gif_alike(path));
    write_bytes(path, whole, sizeof whole - 4);
    assert_non_null(gif_alike(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparison_sees_differences),
        cmocka_unit_test(test_random_cases),
        cmocka_unit_test(test_awkward_sizes),
    };
    return cmocka_run_group_tests(tests, set_up_folder, tear_down_folder);
}

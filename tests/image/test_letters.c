/* SPDX-License-Identifier: Apache-2.0
 *
 * Captions: every letter is its own, lies where its width says, and no text leaves its room or its picture.
 */
#include "support/pictures.h"
#include "support/support.h"

#include "image/image.h"
#include "image/letters.h"

#include <stdbool.h>
#include <string.h>

static const uint8_t black[3] = {0, 0, 0}, color[3] = {200, 100, 50};

/* The first column behind the text's ink, from column `x` on; 0 where there is none. Fails on ink of another colour. */
static int ink_end(const SolImage *image, int x)
{
    int end = 0;
    for (int row = 0; row < image->height; row++)
        for (int column = 0; column < image->width; column++) {
            const uint8_t *pixel = sol_image_row_const(image, row) + 3 * column;
            bool ink = memcmp(pixel, black, 3) != 0;
            if (!ink)
                continue;
            assert_memory_equal(pixel, color, 3);
            assert_true(column >= x);
            end = column - x + 1 > end ? column - x + 1 : end;
        }
    return end;
}

static void test_letters_have_their_width(void **state)
{
    (void)state;
    for (int scale = 1; scale <= 3; scale++)
        for (char c = '!'; c <= '~'; c++) {
            SolImage *image = make_flat(40, 40, black);
            char text[] = {c, '\0'};
            int width = sol_letters_draw(image, 5, 2, 30, scale, color, text);
            assert_int_equal(width, sol_letters_width(text, scale));
            assert_int_equal(width % scale, 0);
            if (ink_end(image, 5) != width)
                fail_msg("'%c' is %d wide, and its ink %d", c, width, ink_end(image, 5));
            sol_image_unref(&image);
        }
    assert_int_equal(sol_letters_width("", 2), 0);
    assert_true(sol_letters_width("a b", 1) > sol_letters_width("ab", 1));
}

/* No two look alike, nor like the box. */
static void test_letters_differ(void **state)
{
    static SolImage *drawn['~' - '!' + 2];
    int count = 0;
    (void)state;
    for (int c = '!'; c <= '~' + 1; c++) {
        char text[] = {(char)c, '\0'};
        drawn[count] = make_flat(5, SOL_LETTERS_HEIGHT, black);
        sol_letters_draw(drawn[count], 0, 0, 5, 1, color, text); /* 127 is a box */
        for (int other = 0; other < count; other++) {
            bool same = true;
            for (int y = 0; y < SOL_LETTERS_HEIGHT; y++)
                same = same && memcmp(sol_image_row(drawn[count], y), sol_image_row(drawn[other], y), 15) == 0;
            if (same)
                fail_msg("'%c' and '%c' look alike", c, '!' + other);
        }
        count++;
    }
    for (int i = 0; i < count; i++)
        sol_image_unref(&drawn[i]);
}

static void test_other_characters_are_one_box(void **state)
{
    static const char *const texts[] = {"\xc3\xbc", "\xe6\x97\xa5", "\xf0\x9f\x8c\xb8", "\xff", "\t", "\xc3",
                                        "\x80\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(sol_letters_width(texts[i], 1), sol_letters_width("\x7f", 1));
    assert_int_equal(sol_letters_width("\xc3\xbc" "a\xc3\xbc", 1), sol_letters_width("\x7f" "a\x7f", 1));
}

static void test_long_texts_are_cut(void **state)
{
    static const char text[] = "a long name, of jumping foxes";
    int whole = sol_letters_width(text, 2), dots = sol_letters_width("...", 2);
    (void)state;
    for (int room = 0; room <= whole + 3; room++) {
        SolImage *image = make_flat(whole + 30, 30, black);
        int width = sol_letters_draw(image, 7, 3, room, 2, color, text), ink = ink_end(image, 7);
        assert_true(width <= room);
        assert_int_equal(ink, width);
        assert_int_equal(width > 0, room >= dots);
        if (room >= whole)
            assert_int_equal(width, whole);
        else if (room >= dots)
            assert_true(room - width < 14); /* a letter would have fitted otherwise */
        sol_image_unref(&image);
    }
}

static void test_what_is_outside_is_left_out(void **state)
{
    static const int places[][2] = {{-9, -4}, {3, -8}, {-300, 2}, {60, 2}, {2, 60}, {-1, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        SolImage *image = make_flat(13, 11, black);
        sol_letters_draw(image, places[i][0], places[i][1], 1000, 2, color, "WgMj#");
        ink_end(image, 0);
        sol_image_unref(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters_have_their_width),     cmocka_unit_test(test_letters_differ),
        cmocka_unit_test(test_other_characters_are_one_box), cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_what_is_outside_is_left_out),
    };
    return cmocka_run_group_tests_name("image/letters", tests, NULL, NULL);
}

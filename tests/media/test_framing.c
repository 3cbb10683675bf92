/* SPDX-License-Identifier: Apache-2.0
 *
 * What outputs make of pictures: parts of them to the pixel, scaled without losing colour, with captions of any text.
 */
#include "support/pictures.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"
#include "media/caption.h"
#include "media/framing.h"

#include <stdlib.h>
#include <string.h>

/* ---- crops ---- */

static SolArea area_of(SolCrop crop, int width, int height)
{
    SolOutputSettings settings = {.path = "a.gif", .crop = crop};
    SolArea area = {0};
    assert_int_equal(sol_framing_area(&settings, width, height, &area), 0);
    return area;
}

static void assert_area(SolArea area, int x, int y, int width, int height)
{
    if (area.x != x || area.y != y || area.width != width || area.height != height)
        fail_msg("%dx%d+%d+%d instead of %dx%d+%d+%d", area.width, area.height, area.x, area.y, width, height, x, y);
}

static void test_areas(void **state)
{
    SolOutputSettings settings = {.path = "a.gif", .crop = {.width = 641, .height = 1}};
    SolArea area;
    (void)state;
    assert_area(area_of((SolCrop){0}, 640, 360), 0, 0, 640, 360);
    assert_area(area_of((SolCrop){.width = 640, .height = 360}, 640, 360), 0, 0, 640, 360);
    assert_area(area_of((SolCrop){.width = 101, .height = 50}, 640, 360), 269, 155, 101, 50);
    assert_area(area_of((SolCrop){.width = 1, .height = 2, .left = 639, .top = 358, .placed = true}, 640, 360), 639, 358,
                1, 2);
    assert_area(area_of((SolCrop){.width = 1, .height = 1, .ratio = true}, 640, 360), 140, 0, 360, 360);
    assert_area(area_of((SolCrop){.width = 16, .height = 9, .ratio = true}, 640, 480), 0, 60, 640, 360);
    assert_area(area_of((SolCrop){.width = 4, .height = 3, .ratio = true}, 640, 480), 0, 0, 640, 480);
    assert_area(area_of((SolCrop){.width = 1, .height = 32768, .ratio = true}, 3, 5), 1, 0, 1, 5);
    assert_int_equal(sol_framing_area(&settings, 640, 360, &area), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(), "a.gif: its crop, 641x1, is larger than the pictures, which have 640x360 pixels");
    settings.crop = (SolCrop){.width = 10, .height = 10, .left = 631, .top = 5, .placed = true};
    assert_int_equal(sol_framing_area(&settings, 640, 360, &area), SOL_ERR_ARGUMENT);
    assert_string_equal(sol_error_text(),
                        "a.gif: its crop, 10x10+631+5, reaches past the pictures, which have 640x360 pixels");
}

/* The picture as the request makes it. */
static SolImage *frame_image(SolImage *image, const SolFramingRequest *request)
{
    SolFraming *framing = NULL;
    SolImage *made = NULL;
    if (sol_framing_open(&framing, request) != 0)
        fail_msg("%s", sol_error_text());
    assert_int_equal(sol_framing_apply(framing, image, &made), 0);
    sol_framing_close(&framing);
    assert_int_equal(made->width, request->out_width);
    assert_int_equal(made->height, request->out_height);
    assert_int_equal(made->number, image->number);
    assert_int_equal(made->pts, image->pts);
    return made;
}

static void test_crops_are_exact(void **state)
{
    static const SolArea areas[] = {{0, 0, 37, 23}, {1, 1, 35, 21}, {36, 22, 1, 1}, {3, 0, 2, 23}, {0, 7, 37, 3}};
    SolImage *image = make_picture(37, 23, 3);
    (void)state;
    image->number = 7;
    image->pts = 99;
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        const SolArea *a = &areas[i];
        SolFramingRequest request = {37, 23, *a, a->width, a->height, NULL};
        SolImage *made = frame_image(image, &request);
        for (int y = 0; y < a->height; y++)
            assert_memory_equal(sol_image_row(made, y), sol_image_row(image, a->y + y) + 3 * a->x, 3 * (size_t)a->width);
        sol_image_unref(&made);
    }
    sol_image_unref(&image);
}

/* Colours that differ in chroma alone stay apart: what becomes of a channel is what becomes of a grey picture like it. */
static void test_scaling_keeps_all_of_the_colour(void **state)
{
    static const uint8_t colours[2][3] = {{200, 70, 90}, {20, 145, 105}};
    static const int widths[] = {15, 20, 30, 60};
    SolImage *image = new_picture(40, 20), *grey = new_picture(40, 20);
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int c = 0; c < 3; c++) {
            SolFramingRequest request = {40, 20, {0, 0, 40, 20}, widths[i], 31, NULL};
            SolImage *made, *oracle;
            for (int y = 0; y < 20; y++)
                for (int x = 0; x < 40; x++) {
                    memcpy(sol_image_row(image, y) + 3 * x, colours[x / 2 % 2], 3);
                    memset(sol_image_row(grey, y) + 3 * x, colours[x / 2 % 2][c], 3);
                }
            made = frame_image(image, &request);
            oracle = frame_image(grey, &request);
            for (int x = 0; x < widths[i]; x++)
                assert_true(abs(sol_image_row(made, 15)[3 * x + c] - sol_image_row(oracle, 15)[3 * x + c]) <= 4);
            sol_image_unref(&made);
            sol_image_unref(&oracle);
        }
    sol_image_unref(&image);
    sol_image_unref(&grey);
}

/* ---- captions ---- */

/* Rows of a grey picture of 320x180 that `text` changes; [first] < 0: none. Its ink must not touch the sides. */
static void find_caption(const char *text, int *first, int *last)
{
    static const uint8_t grey[3] = {128, 128, 128};
    SolFramingRequest request = {320, 180, {0, 0, 320, 180}, 320, 180, text};
    SolImage *image = make_flat(320, 180, grey), *made = frame_image(image, &request);
    *first = *last = -1;
    for (int y = 0; y < 180; y++)
        for (int x = 0; x < 320; x++) {
            const uint8_t *pixel = sol_image_row(made, y) + 3 * x;
            assert_true(abs(pixel[0] - pixel[1]) <= 1 && abs(pixel[1] - pixel[2]) <= 1);
            if (abs(pixel[0] - 128) <= 2)
                continue;
            assert_in_range(x, 2, 317);
            *first = *first < 0 ? y : *first;
            *last = y;
        }
    sol_image_unref(&image);
    sol_image_unref(&made);
}

static bool has_drawtext(void)
{
    SolCaption caption;
    if (sol_caption_lay_out(&caption, "a", 100, 100) != 0) {
        print_message("%s\n", sol_error_text());
        return false;
    }
    sol_caption_clear(&caption);
    return true;
}

static void test_captions_are_at_the_bottom(void **state)
{
    int first, last, second;
    (void)state;
    if (!has_drawtext())
        skip();
    find_caption("spring", &first, &last);
    assert_in_range(first, 150, 165);
    assert_in_range(last, 165, 178);
    find_caption("spring\nsummer", &second, &last);
    assert_in_range(second, 125, first - 10);
    find_caption("What is too long for one line is broken into several of them, as evenly as may be", &second, &last);
    assert_in_range(second, 90, first - 10);
    assert_in_range(last, 165, 178);
    find_caption("Whatisonewordandlongerthanthepictureiswidegetssmallerinsteadofbroken", &second, &last);
    assert_in_range(second, first + 3, 178);
}

/* Each of these means something to libavfilter's syntax or to drawtext; all are drawn, and as they are. */
static void test_hostile_captions(void **state)
{
    static const char *const texts[] = {"'", "it's", "a:b", "100%", "%{pts}", "%{eif:1:x}", "\\", "\\n", "a\\:b", "x=1:y=2",
                                        "[in];[out],", "\"quoted\"", "{}", "%%", "'':fontsize=90", "\xc3\xa4\xc3\xb6 \xe2\x80\x94",
                                        "\xf0\x9f\x8c\xb8", "%", "\\'", "#;!$`", "  blanks  "};
    int first, last;
    (void)state;
    if (!has_drawtext())
        skip();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        find_caption(texts[i], &first, &last);
        if (first < 140 || last > 178)
            fail_msg("%s: rows %d to %d", texts[i], first, last);
    }
    /* a text is what it says, and no more */
    for (int i = 0; i < 2; i++) {
        SolFramingRequest a = {320, 180, {0, 0, 320, 180}, 320, 180, i ? "%{n}" : "\\n"}, b = a;
        SolImage *image = make_picture(320, 180, 1), *one, *other;
        b.text = i ? "0" : "n";
        one = frame_image(image, &a);
        other = frame_image(image, &b);
        assert_memory_not_equal(one->pixels, other->pixels, one->stride * 180);
        sol_image_unref(&one);
        sol_image_unref(&other);
        sol_image_unref(&image);
    }
}

static void test_what_is_no_caption(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {{"", "\"text\" is empty"},
               {" \n ", "\"text\" is empty"},
               {"a\tb", "\"text\" holds a control character; line breaks alone may be in it"},
               {"a\x7f", "\"text\" holds a control character; line breaks alone may be in it"},
               {"\xff", "\"text\" is not UTF-8"},
               {"a\xc3", "\"text\" is not UTF-8"},
               {"\xc0\xaf", "\"text\" is not UTF-8"},
               {"\xed\xa0\x80", "\"text\" is not UTF-8"},
               {"\xf4\x90\x80\x80", "\"text\" is not UTF-8"},
               {"1\n2\n3\n4\n5", "\"text\" may have 400 characters on 4 lines at most"}};
    char path[512], longest[402];
    SolOutputSettings settings = {.path = path, .crf = -1};
    (void)state;
    snprintf(path, sizeof path, "%s/a.gif", folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        settings.text = (char *)bad[i].text;
        assert_int_equal(sol_writer_check(&settings), SOL_ERR_ARGUMENT);
        assert_string_equal(sol_error_text(), bad[i].error);
    }
    memset(longest, 'i', sizeof longest);
    longest[401] = '\0';
    assert_int_equal(sol_caption_check(longest), SOL_ERR_ARGUMENT);
    longest[400] = '\0';
    assert_int_equal(sol_caption_check(longest), 0);
}

/* ---- outputs ---- */

/* The whole way: crop, width and caption of every kind of output. */
static void test_outputs(void **state)
{
    static const char *const names[] = {"out.gif", "out.mkv", "out%d.png"}, *const first[] = {"out.gif", "out.mkv", "out0.png"};
    Clip clip = {200, 120, 2, {1, 10}, {10, 1}, 0, 1, NULL, draw_scene};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char path[512];
        SolOutputSettings settings = {.path = path, .crf = -1, .width = 64, .text = "x",
                                      .crop = {.width = 1, .height = 1, .ratio = true}};
        SolWriterReport report;
        SolImage *image = NULL;
        if (!has_drawtext())
            settings.text = NULL;
        if (strstr(names[i], ".mkv"))
            settings.codec = "ffv1";
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (write_clip(&settings, &clip, true, &report) != 0)
            fail_msg("%s: %s", names[i], sol_error_text());
        assert_int_equal(report.width, 64);
        assert_int_equal(report.height, 64);
        assert_int_equal(sol_image_load(&image, in_folder(first[i])), 0);
        assert_int_equal(image->width, 64);
        assert_int_equal(image->height, 64);
        sol_image_unref(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_crops_are_exact),
        cmocka_unit_test(test_scaling_keeps_all_of_the_colour),
        cmocka_unit_test(test_captions_are_at_the_bottom),
        cmocka_unit_test(test_hostile_captions),
        cmocka_unit_test(test_what_is_no_caption),
        cmocka_unit_test(test_outputs),
    };
    return cmocka_run_group_tests_name("media/framing", tests, set_up_folder, tear_down_folder);
}

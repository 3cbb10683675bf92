/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbered stills: their names, and that each holds its own frame.
 */
#include "support/clips.h"
#include "support/support.h"
#include "support/writing.h"

#include "image/image.h"

#include <math.h>
#include <unistd.h>

static const SolRational thirtieth = {1, 30}, thirty = {30, 1};

/* Writes frames first .. first + count - 1 of `draw` under the pattern. */
static int write_stills(const char *pattern, int first, int count, int size, int width, SolWriterReport *report)
{
    char path[512];
    SolOutputSettings settings = {.path = path, .crf = -1, .width = width};
    SolWriterInput input = {.width = size, .height = size, .time_base = thirtieth, .frame_rate = thirty, .threads = 1};
    SolWriter *writer = NULL;
    int result;
    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    result = sol_writer_open(&writer, &settings, &input, NULL);
    for (int n = first; n < first + count && result == 0; n++) {
        SolImage *image = new_picture(size, size);
        draw_scene(image, n);
        image->number = image->pts = n;
        image->duration = 1;
        result = sol_writer_write(writer, image);
        sol_image_unref(&image);
    }
    if (result == 0)
        result = sol_writer_finish(writer, report);
    sol_writer_close(&writer);
    return result;
}

static double compare(const char *path, int n, int size)
{
    SolImage *scene = new_picture(size, size), *loaded = NULL;
    double sum = 0;
    if (sol_image_load(&loaded, path) != 0)
        fail_msg("%s", sol_error_text());
    assert_int_equal(loaded->width, size);
    assert_int_equal(loaded->height, size);
    draw_scene(scene, n);
    for (int y = 0; y < size; y++)
        for (int i = 0; i < 3 * size; i++) {
            double difference = sol_image_row(scene, y)[i] - sol_image_row(loaded, y)[i];
            sum += difference * difference;
        }
    sol_image_unref(&scene);
    sol_image_unref(&loaded);
    return sum > 0 ? 10 * log10(255.0 * 255 * 3 * size * size / sum) : 1000;
}

static void test_png_is_exact(void **state)
{
    static const int sizes[] = {1, 2, 17, 100};
    (void)state;
    for (int i = 0; i < 4; i++) {
        SolWriterReport report;
        char pattern[64], name[64];
        snprintf(pattern, sizeof pattern, "exact%d/%%05d.png", i);
        assert_int_equal(write_stills(pattern, 98, 3, sizes[i], 0, &report), 0);
        assert_int_equal(report.frames, 3);
        assert_int_equal(report.width, sizes[i]);
        assert_true(report.bytes > 3 * 60);
        snprintf(name, sizeof name, "exact%d", i);
        assert_int_equal(count_entries(in_folder(name)), 3);
        for (int n = 98; n <= 100; n++) {
            snprintf(name, sizeof name, "exact%d/%05d.png", i, n);
            assert_float_equal((float)compare(in_folder(name), n, sizes[i]), 1000.0f, 0.0f);
        }
    }
}

static void test_jpeg_is_close(void **state)
{
    (void)state;
    assert_int_equal(write_stills("close-%d-of.jpg", 9, 2, 90, 0, NULL), 0);
    assert_true(compare(in_folder("close-9-of.jpg"), 9, 90) > 40);
    assert_true(compare(in_folder("close-10-of.jpg"), 10, 90) > 40);
    assert_contains(probe(in_folder("close-9-of.jpg"), "stream=codec_name,pix_fmt"),
                    "codec_name=mjpeg|pix_fmt=yuvj444p|");
    assert_int_equal(write_stills("odd%d.JPEG", 0, 1, 1, 0, NULL), 0);
    assert_int_equal(access(in_folder("odd0.JPEG"), F_OK), 0);
}

static void test_width_scales(void **state)
{
    SolImage *image = NULL;
    SolWriterReport report;
    (void)state;
    assert_int_equal(write_stills("small%02d.png", 7, 1, 99, 33, &report), 0);
    assert_int_equal(report.width, 33);
    assert_int_equal(report.height, 33);
    assert_int_equal(sol_image_load(&image, in_folder("small07.png")), 0);
    assert_int_equal(image->width, 33);
    assert_int_equal(image->height, 33);
    sol_image_unref(&image);
}

/* One file in the way: the others are not left behind, and that one stays as it was. */
static void test_one_file_in_the_way(void **state)
{
    (void)state;
    make_folder(in_folder("way"));
    write_text(in_folder("way/12.png"), "mine");
    assert_int_equal(write_stills("way/%d.png", 10, 5, 8, 0, NULL), SOL_ERR_EXISTS);
    assert_contains(sol_error_text(), "way/12.png: exists");
    assert_int_equal(count_entries(in_folder("way")), 1);
    assert_int_equal(write_stills("way/%d.png", 13, 5, 8, 0, NULL), 0);
    assert_int_equal(count_entries(in_folder("way")), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_is_exact),
        cmocka_unit_test(test_jpeg_is_close),
        cmocka_unit_test(test_width_scales),
        cmocka_unit_test(test_one_file_in_the_way),
    };
    return cmocka_run_group_tests_name("media/stills", tests, set_up_folder, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Still images in and out: grey, palette, 16 bits, transparency, orientation, and files that appear
 * complete or not at all.
 */
#include "support/clips.h"
#include "support/number.h"
#include "support/support.h"

#include "image/image.h"
#include "media/still.h"

#include <libavcodec/avcodec.h>

#include <stdlib.h>
#include <string.h>

static SolImage *load(const char *name)
{
    SolImage *image = NULL;
    if (sol_image_load(&image, in_folder(name)) != SOL_OK)
        fail_msg("%s", sol_error_text());
    return image;
}

static void assert_pixel(const SolImage *image, int x, int y, int r, int g, int b, int within)
{
    const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
    if (abs(pixel[0] - r) > within || abs(pixel[1] - g) > within || abs(pixel[2] - b) > within)
        fail_msg("pixel %d,%d is %d,%d,%d instead of %d,%d,%d", x, y, pixel[0], pixel[1], pixel[2], r, g, b);
}

/* A picture without symmetry, its values spread over the whole range. */
static SolImage *made_image(int width, int height)
{
    SolImage *image;
    assert_int_equal(sol_image_create(&image, width, height), SOL_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = sol_image_row(image, y) + 3 * x;
            pixel[0] = (uint8_t)(x * 255 / width);
            pixel[1] = (uint8_t)(y * 255 / height);
            pixel[2] = (uint8_t)((x + y) * 255 / (width + height));
        }
    return image;
}

static int greatest_difference(const SolImage *a, const SolImage *b)
{
    int greatest = 0;
    assert_int_equal(sol_image_width(a), sol_image_width(b));
    assert_int_equal(sol_image_height(a), sol_image_height(b));
    for (int y = 0; y < sol_image_height(a); y++)
        for (int x = 0; x < 3 * sol_image_width(a); x++) {
            int difference = abs(sol_image_row_const(a, y)[x] - sol_image_row_const(b, y)[x]);
            greatest = difference > greatest ? difference : greatest;
        }
    return greatest;
}

static void png_keeps_every_pixel(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 7}, {67, 3}, {131, 97}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        SolImage *image = made_image(sizes[i][0], sizes[i][1]), *back;
        assert_int_equal(sol_image_save(image, in_folder("same.png"), true), SOL_OK);
        back = load("same.png");
        assert_int_equal(greatest_difference(image, back), 0);
        sol_image_unref(&image);
        sol_image_unref(&back);
    }
}

static void jpeg_keeps_colours(void **state)
{
    SolImage *image = made_image(131, 97), *back;
    (void)state;
    assert_int_equal(sol_image_save(image, in_folder("near.jpg"), false), SOL_OK);
    back = load("near.jpg");
    assert_in_range(greatest_difference(image, back), 0, 5);
    sol_image_unref(&back);
    /* colour at full resolution: a red line one pixel wide stays red */
    for (int y = 0; y < 97; y++)
        for (int x = 0; x < 131; x++)
            memcpy(sol_image_row(image, y) + 3 * x, x == 65 ? "\xff\x00\x00" : "\x00\x80\x00", 3);
    assert_int_equal(sol_image_save(image, in_folder("line.JPEG"), false), SOL_OK);
    back = load("line.JPEG");
    assert_pixel(back, 65, 50, 255, 0, 0, 16);
    assert_pixel(back, 64, 50, 0, 128, 0, 16);
    sol_image_unref(&back);
    sol_image_unref(&image);
}

static void appears_complete_or_not_at_all(void **state)
{
    SolImage *image = made_image(20, 10), *other = made_image(30, 10), *back;
    (void)state;
    make_folder(in_folder("out"));
    assert_int_equal(sol_image_save(image, in_folder("out/a.png"), false), SOL_OK);
    assert_int_equal(sol_image_save(other, in_folder("out/a.png"), false), SOL_ERR_EXISTS);
    back = load("out/a.png");
    assert_int_equal(sol_image_width(back), 20);
    sol_image_unref(&back);
    assert_int_equal(sol_image_save(other, in_folder("out/a.png"), true), SOL_OK);
    back = load("out/a.png");
    assert_int_equal(sol_image_width(back), 30);
    sol_image_unref(&back);
    assert_int_equal(sol_image_save(image, in_folder("out/a.bmp"), false), SOL_ERR_ARGUMENT);
    assert_string_equal(error_in_folder(), "out/a.bmp: not an image that can be written; name it .png, .jpg or .jpeg");
    assert_int_equal(sol_image_save(image, in_folder("out/a.png/b.png"), false), SOL_ERR_IO);
    assert_int_equal(count_entries(in_folder("out")), 1);
    sol_image_unref(&image);
    sol_image_unref(&other);
}

/* Four pixels in several formats and layouts. */
static void reads_other_layouts(void **state)
{
    static const uint8_t rgb[] = {0, 0, 0, 255, 255, 255, 200, 100, 50, 10, 20, 240};
    static const struct {
        const char *arguments, *name;
        int within;
    } kinds[] = {
        {"-pix_fmt rgb48be deep.png", "deep.png", 1},
        {"-pix_fmt bgr24 a.bmp", "a.bmp", 0},
        {"-pix_fmt rgb24 a.tiff", "a.tiff", 0},
        {"-pix_fmt rgb24 a.tga", "a.tga", 0},
        {"-pix_fmt rgb24 a.ppm", "a.ppm", 0},
        {"-vf 'split[a][b],[a]palettegen=reserve_transparent=0[p],[b][p]paletteuse=dither=none' palette.png",
         "palette.png", 2},
        {"-pix_fmt bgra -c:v libwebp -lossless 1 a.webp", "a.webp", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        SolImage *image;
        if (strstr(kinds[i].arguments, "libwebp") && !avcodec_find_encoder_by_name("libwebp"))
            continue;
        ffmpeg_from(rgb, sizeof rgb, "rgb24", 4, 1, kinds[i].arguments);
        image = load(kinds[i].name);
        assert_int_equal(sol_image_width(image), 4);
        for (int x = 0; x < 4; x++)
            assert_pixel(image, x, 0, rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2], kinds[i].within);
        sol_image_unref(&image);
    }
}

static void reads_grey(void **state)
{
    static const uint8_t grey[] = {0, 1, 64, 128, 254, 255};
    static const char *const layouts[] = {"gray", "gray16be", "ya8", "ya16be"};
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        char arguments[64];
        SolImage *image;
        snprintf(arguments, sizeof arguments, "-pix_fmt %s grey.png", layouts[i]);
        ffmpeg_from(grey, sizeof grey, "gray", sizeof grey, 1, arguments);
        image = load("grey.png");
        for (int x = 0; x < (int)sizeof grey; x++)
            assert_pixel(image, x, 0, grey[x], grey[x], grey[x], 1);
        sol_image_unref(&image);
    }
    ffmpeg_from(grey, sizeof grey, "gray", sizeof grey, 1, "-q:v 1 -pix_fmt gray grey.jpg");
    {
        SolImage *image = load("grey.jpg");
        for (int x = 0; x < (int)sizeof grey; x++)
            assert_pixel(image, x, 0, grey[x], grey[x], grey[x], 4);
        sol_image_unref(&image);
    }
}

static void lays_transparency_over_white(void **state)
{
    static const uint8_t rgba[] = {255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 255, 128, 0, 0, 0, 64};
    static const char *const layouts[] = {"rgba", "rgba64be"};
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        char arguments[64];
        SolImage *image;
        snprintf(arguments, sizeof arguments, "-pix_fmt %s clear.png", layouts[i]);
        ffmpeg_from(rgba, sizeof rgba, "rgba", 4, 1, arguments);
        image = load("clear.png");
        assert_pixel(image, 0, 0, 255, 0, 0, 0);
        assert_pixel(image, 1, 0, 255, 255, 255, 0);
        assert_pixel(image, 2, 0, 127, 127, 255, 1);
        assert_pixel(image, 3, 0, 191, 191, 191, 1);
        sol_image_unref(&image);
    }
}

/* ---- orientation ---- */

/* Puts an Exif segment with an orientation behind the first two bytes of a JPEG file. */
static void set_orientation(const char *from, const char *to, int orientation)
{
    const uint8_t segment[] = {
        0xff, 0xe1, 0, 34,                          /* APP1 and its length */
        'E', 'x', 'i', 'f', 0, 0,                   /* */
        'M', 'M', 0, 42, 0, 0, 0, 8,                /* TIFF header, big-endian */
        0, 1,                                       /* one entry: */
        1, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)orientation, 0, 0, /* Orientation, a SHORT */
        0, 0, 0, 0,                                 /* no further directory */
    };
    size_t size;
    uint8_t *bytes = read_bytes(in_folder(from), &size), *longer = malloc(size + sizeof segment);
    assert_non_null(longer);
    memcpy(longer, bytes, 2);
    memcpy(longer + 2, segment, sizeof segment);
    memcpy(longer + 2 + sizeof segment, bytes + 2, size - 2);
    write_bytes(in_folder(to), longer, size + sizeof segment);
    free(longer);
    free(bytes);
}

static void applies_orientation(void **state)
{
    static const char *const expected[] = {"RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};
    SolImage *image;
    (void)state;
    assert_int_equal(sol_image_create(&image, 64, 32), SOL_OK);
    draw_quarters(image);
    assert_int_equal(sol_image_save(image, in_folder("upright.jpg"), false), SOL_OK);
    sol_image_unref(&image);
    for (int orientation = 1; orientation <= 8; orientation++) {
        set_orientation("upright.jpg", "turned.jpg", orientation);
        image = load("turned.jpg");
        assert_int_equal(sol_image_width(image), orientation < 5 ? 64 : 32);
        assert_int_equal(sol_image_height(image), orientation < 5 ? 32 : 64);
        assert_string_equal(quarters_of(image), expected[orientation - 1]);
        sol_image_unref(&image);
    }
}

/* ---- files that are no images ---- */

static void refuses_other_files(void **state)
{
    static const uint8_t noise[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
    SolImage *image = NULL;
    (void)state;
    assert_int_equal(sol_image_load(&image, in_folder("nowhere.png")), SOL_ERR_IO);
    assert_string_equal(error_in_folder(), "nowhere.png: cannot be opened: No such file or directory");
    write_text(in_folder("notes.txt"), "A text.\nOf two lines.\n");
    assert_int_equal(sol_image_load(&image, in_folder("notes.txt")), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "notes.txt: is no video or image that FFmpeg can read");
    write_bytes(in_folder("noise"), noise, sizeof noise);
    assert_int_equal(sol_image_load(&image, in_folder("noise")), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "noise: is no video or image that FFmpeg can read");
    write_text(in_folder("empty.png"), "");
    assert_int_equal(sol_image_load(&image, in_folder("empty.png")), SOL_ERR_FORMAT);
    write_bytes(in_folder("noise.jpg"), noise, sizeof noise);
    assert_int_equal(sol_image_load(&image, in_folder("noise.jpg")), SOL_ERR_FORMAT);
    assert_string_equal(error_in_folder(), "noise.jpg: is damaged; no picture in it could be decoded");
    assert_null(image);
}

static void reads_odd_names(void **state)
{
    static const char *const names[] = {"100%.png", "a%03d.png", "what?.png", "a*b.png", "{x}.png", "at:9.png",
                                        "a b.png", "[1].png"};
    SolImage *image = made_image(20, 10), *back;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(sol_image_save(image, in_folder(names[i]), false), SOL_OK);
        back = load(names[i]);
        assert_int_equal(greatest_difference(image, back), 0);
        sol_image_unref(&back);
    }
    sol_image_unref(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_keeps_every_pixel),
        cmocka_unit_test(jpeg_keeps_colours),
        cmocka_unit_test(appears_complete_or_not_at_all),
        cmocka_unit_test(reads_other_layouts),
        cmocka_unit_test(reads_grey),
        cmocka_unit_test(lays_transparency_over_white),
        cmocka_unit_test(applies_orientation),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(reads_odd_names),
    };
    return cmocka_run_group_tests_name("media/still", tests, set_up_folder, tear_down_folder);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures that carry a number, or their orientation.
 */
#include "support/number.h"

#include "support/support.h"

#include "image/image.h"

#include <string.h>

enum { COLUMNS = 4, ROWS = 3 };

void draw_number(SolImage *image, int number)
{
    uint32_t noise = (uint32_t)number * 2654435761u + 1;
    assert_in_range(number, 0, (1 << COLUMNS * ROWS) - 1);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            int bit = y * ROWS / image->height * COLUMNS + x * COLUMNS / image->width;
            noise = noise * 1664525u + 1013904223u;
            memset(sol_image_row(image, y) + 3 * x, (number >> bit & 1 ? 224 : 0) + (int)(noise >> 27), 3);
        }
}

int read_number(const uint8_t *pixels, size_t stride, int width, int height)
{
    int number = 0;
    for (int bit = 0; bit < COLUMNS * ROWS; bit++) {
        int x = (2 * (bit % COLUMNS) + 1) * width / (2 * COLUMNS), y = (2 * (bit / COLUMNS) + 1) * height / (2 * ROWS);
        const uint8_t *pixel = pixels + (size_t)y * stride + 3 * (size_t)x;
        number |= (pixel[0] + pixel[1] + pixel[2] > 3 * 128) << bit;
    }
    return number;
}

int number_in(const SolImage *image)
{
    return read_number(image->pixels, image->stride, image->width, image->height);
}

void write_numbered_images(const char *prefix, int first, int last, int width, int height)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int n = first; n <= last; n++) {
        char path[512];
        snprintf(path, sizeof path, "%s%d.png", prefix, n);
        draw_number(image, n);
        assert_int_equal(sol_image_save(image, path, false), 0);
    }
    sol_image_unref(&image);
}

void draw_quarters(SolImage *image)
{
    static const uint8_t colours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            memcpy(sol_image_row(image, y) + 3 * x, colours[2 * y / image->height * 2 + 2 * x / image->width], 3);
}

const char *quarters_of(const SolImage *image)
{
    static char letters[5];
    for (int i = 0; i < 4; i++) {
        int x = image->width * (i % 2 ? 3 : 1) / 4, y = image->height * (i / 2 ? 3 : 1) / 4;
        const uint8_t *pixel = sol_image_row_const(image, y) + 3 * x;
        bool r = pixel[0] > 128, g = pixel[1] > 128, b = pixel[2] > 128;
        letters[i] = r && g && b ? 'W' : r ? 'R' : g ? 'G' : b ? 'B' : '-';
    }
    return letters;
}

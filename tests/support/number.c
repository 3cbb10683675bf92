/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures that carry a number.
 */
#include "support/number.h"

#include "support/support.h"

#include <solstice/image.h>

#include <stdlib.h>
#include <string.h>

enum { BITS = 8 };

void draw_number(uint8_t *pixels, size_t stride, int width, int height, int number)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int bit = number >> (x * BITS / width) & 1;
            memset(pixels + (size_t)y * stride + 3 * (size_t)x, bit ? 255 : 0, 3);
        }
}

int read_number(const uint8_t *pixels, size_t stride, int width, int height)
{
    const uint8_t *row = pixels + (size_t)(height / 2) * stride;
    int number = 0;
    for (int bit = 0; bit < BITS; bit++)
        if (row[3 * ((2 * bit + 1) * width / (2 * BITS)) + 1] > 127)
            number |= 1 << bit;
    return number;
}

int read_numbers(const char *input, int width, int height, int numbers[], int most)
{
    size_t size = 3 * (size_t)width * (size_t)height;
    uint8_t *frame = malloc(size);
    char command[1024];
    FILE *pipe;
    int count = 0;
    snprintf(command, sizeof command, "ffmpeg -v error -i '%s' -f rawvideo -pix_fmt rgb24 -vsync passthrough -",
             input);
    pipe = popen(command, "r");
    assert_non_null(frame);
    assert_non_null(pipe);
    while (fread(frame, 1, size, pipe) == size) {
        if (count < most)
            numbers[count] = read_number(frame, 3 * (size_t)width, width, height);
        count++;
    }
    assert_int_equal(pclose(pipe), 0);
    free(frame);
    return count;
}

void write_numbered_images(const char *folder, const char *prefix, int first, int last, int width, int height)
{
    for (int n = first; n <= last; n++) {
        SolImage *image = NULL;
        char path[512];
        assert_int_equal(sol_image_create(&image, width, height), 0);
        draw_number(sol_image_row(image, 0), (size_t)(sol_image_row(image, 1) - sol_image_row(image, 0)), width, height,
                    n);
        snprintf(path, sizeof path, "%s/%s%d.png", folder, prefix, n);
        assert_int_equal(sol_image_save(image, path, false), 0);
        sol_image_unref(&image);
    }
}

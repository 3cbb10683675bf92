/* SPDX-License-Identifier: Apache-2.0 */
#include "support/pictures.h"

#include "support/support.h"

#include "image/image.h"

#include <math.h>
#include <stdlib.h>

SolImage *make_picture(int width, int height, unsigned seed)
{
    SolImage *image = NULL;
    uint32_t noise = seed + 1;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                int gain = (int)((seed * 3 + (unsigned)c * 5) % 7 + 1);
                int wave = (int)(90 * sin(0.11 * x * (c + 1) + 0.07 * y + seed)), edge = (x / 17 + y / 13 + c) % 2 * 50;
                noise = noise * 1664525u + 1013904223u;
                sol_image_row(image, y)[3 * x + c] = (uint8_t)((100 + wave + edge + (int)(noise >> 28)) * gain / 7);
            }
    return image;
}

SolImage *make_flat(int width, int height, const uint8_t colour[3])
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            sol_image_row(image, y)[x] = colour[x % 3];
    return image;
}

int roughness(const SolImage *image)
{
    int roughest = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 3; x < 3 * image->width; x++) {
            int d = abs(sol_image_row_const(image, y)[x] - sol_image_row_const(image, y)[x - 3]);
            roughest = d > roughest ? d : roughest;
        }
    return roughest;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Differences between frames.
 */
#include "media/gif_delta.h"

#include <string.h>

void sol_gif_changes(SolRemapFrame *frame, const uint8_t *there, size_t stride)
{
    const SolImage *image = frame->image;
    int left = image->width, right = -1, top = image->height, bottom = -1;
    for (int y = 0; y < image->height; y++, there += stride) {
        const uint8_t *row = sol_image_row_const(image, y);
        int first = 0, last = image->width - 1;
        if (memcmp(row, there, (size_t)image->width * 3) == 0)
            continue;
        while (first < left && memcmp(row + 3 * (ptrdiff_t)first, there + 3 * (ptrdiff_t)first, 3) == 0)
            first++;
        while (last > right && memcmp(row + 3 * (ptrdiff_t)last, there + 3 * (ptrdiff_t)last, 3) == 0)
            last--;
        left = first < left ? first : left;
        right = last > right ? last : right;
        top = y < top ? y : top;
        bottom = y;
    }
    frame->left = bottom < 0 ? 0 : left;
    frame->top = bottom < 0 ? 0 : top;
    frame->width = bottom < 0 ? 1 : right - left + 1;
    frame->height = bottom < 0 ? 1 : bottom - top + 1;
}

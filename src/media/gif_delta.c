/* SPDX-License-Identifier: Apache-2.0
 *
 * Differences between frames, found in the colours that a viewer sees, not in indices, since palettes
 * change between frames.
 */
#include "media/gif_delta.h"

#include <stddef.h>
#include <string.h>

static bool shows(const uint8_t *shown, const SolPalette *palette, int index)
{
    return memcmp(shown, palette->colour[index], 3) == 0;
}

/* Narrows the frame's rectangle to the pixels that differ from what is shown, or to one pixel where none does. */
static void find_changes(SolIndexed *frame, int width, int height, const uint8_t *shown)
{
    int left = width, right = -1, top = height, bottom = -1;
    for (int y = 0; y < height; y++) {
        const uint8_t *index = frame->indices + (size_t)y * (size_t)width;
        const uint8_t *colour = shown + (size_t)y * (size_t)width * 3;
        int first = 0, last = width - 1;
        while (first < width && shows(colour + 3 * (ptrdiff_t)first, &frame->palette, index[first]))
            first++;
        if (first == width)
            continue;
        while (shows(colour + 3 * (ptrdiff_t)last, &frame->palette, index[last]))
            last--;
        left = first < left ? first : left;
        right = last > right ? last : right;
        top = y < top ? y : top;
        bottom = y;
    }
    if (bottom < 0) {
        frame->left = frame->top = 0;
        frame->width = frame->height = 1;
        return;
    }
    frame->left = left;
    frame->top = top;
    frame->width = right - left + 1;
    frame->height = bottom - top + 1;
}

/* How many of the rectangle's pixels are as shown. */
static size_t count_unchanged(const SolIndexed *frame, int screen_width, const uint8_t *shown)
{
    size_t count = 0;
    for (int y = 0; y < frame->height; y++) {
        size_t at = (size_t)(frame->top + y) * (size_t)screen_width + (size_t)frame->left;
        for (int x = 0; x < frame->width; x++, at++)
            count += shows(shown + 3 * at, &frame->palette, frame->indices[at]);
    }
    return count;
}

void sol_gif_delta(SolIndexed *frame, int screen_width, int screen_height, uint8_t *shown)
{
    const SolPalette *palette = &frame->palette;
    uint8_t *out = frame->indices;
    size_t unchanged;
    find_changes(frame, screen_width, screen_height, shown);
    unchanged = count_unchanged(frame, screen_width, shown);
    /* a few transparent pixels, here and there, would only break the patterns that LZW finds */
    frame->transparent = -1;
    if (palette->count < SOL_PALETTE_MAX && 4 * unchanged >= (size_t)frame->width * (size_t)frame->height)
        frame->transparent = palette->count;
    /* rows move towards the start, so what is read is never overwritten before */
    for (int y = 0; y < frame->height; y++) {
        size_t at = (size_t)(frame->top + y) * (size_t)screen_width + (size_t)frame->left;
        for (int x = 0; x < frame->width; x++, at++) {
            int index = frame->indices[at];
            bool same = shows(shown + 3 * at, palette, index);
            memcpy(shown + 3 * at, palette->colour[index], 3);
            *out++ = (uint8_t)(same && frame->transparent >= 0 ? frame->transparent : index);
        }
    }
}

void sol_gif_show(const SolIndexed *frame, uint8_t *shown)
{
    size_t pixels = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < pixels; i++)
        memcpy(shown + 3 * i, frame->palette.colour[frame->indices[i]], 3);
}

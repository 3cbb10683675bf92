/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs read by giflib, and written by it around data that is given.
 */
#include "support/gif_data.h"

#include "support/support.h"

#include <gif_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *decode_lzw(const SolLzw *lzw, int width, int height)
{
    const char *path = in_folder("data.gif");
    size_t pixels = (size_t)width * (size_t)height;
    ColorMapObject *map = GifMakeMapObject(lzw->colours, NULL);
    uint8_t *indices = malloc(pixels);
    GifFileType *gif = EGifOpenFileName(path, false, NULL);
    assert_non_null(map);
    assert_non_null(indices);
    assert_non_null(gif);
    assert_int_equal(EGifPutScreenDesc(gif, width, height, 8, 0, map), GIF_OK);
    assert_int_equal(EGifPutImageDesc(gif, 0, 0, width, height, false, NULL), GIF_OK);
    for (const uint8_t *block = lzw->bytes; block < lzw->bytes + lzw->size; block += *block + 1) {
        assert_true(*block > 0 && block + *block < lzw->bytes + lzw->size);
        assert_int_equal(EGifPutCodeNext(gif, block), GIF_OK);
    }
    assert_int_equal(EGifPutCodeNext(gif, NULL), GIF_OK);
    assert_int_equal(EGifCloseFile(gif, NULL), GIF_OK);
    GifFreeMapObject(map);
    gif = DGifOpenFileName(path, NULL);
    assert_non_null(gif);
    assert_int_equal(DGifSlurp(gif), GIF_OK);
    assert_int_equal(gif->ImageCount, 1);
    memcpy(indices, gif->SavedImages[0].RasterBits, pixels);
    assert_int_equal(DGifCloseFile(gif, NULL), GIF_OK);
    return indices;
}

static void compose(const GifFileType *gif, const SavedImage *image, int transparent, uint8_t *screen)
{
    const GifImageDesc *place = &image->ImageDesc;
    const ColorMapObject *map = place->ColorMap ? place->ColorMap : gif->SColorMap;
    const GifByteType *index = image->RasterBits;
    assert_true(place->Left >= 0 && place->Width > 0 && place->Left + place->Width <= gif->SWidth);
    assert_true(place->Top >= 0 && place->Height > 0 && place->Top + place->Height <= gif->SHeight);
    for (int y = place->Top; y < place->Top + place->Height; y++)
        for (int x = place->Left; x < place->Left + place->Width; x++, index++) {
            uint8_t *pixel = screen + 3 * (y * gif->SWidth + x);
            if (*index == transparent)
                continue;
            assert_true(*index < map->ColorCount);
            pixel[0] = map->Colors[*index].Red;
            pixel[1] = map->Colors[*index].Green;
            pixel[2] = map->Colors[*index].Blue;
        }
}

void read_gif(GifFrames *frames, const char *path)
{
    GifFileType *gif = DGifOpenFileName(path, NULL);
    size_t size;
    assert_non_null(gif);
    assert_int_equal(DGifSlurp(gif), GIF_OK);
    frames->width = gif->SWidth;
    frames->height = gif->SHeight;
    frames->count = gif->ImageCount;
    size = 3 * (size_t)frames->width * (size_t)frames->height;
    frames->pixels = calloc((size_t)frames->count, size);
    frames->delays = calloc((size_t)frames->count, sizeof *frames->delays);
    frames->areas = calloc((size_t)frames->count, sizeof *frames->areas);
    assert_true(frames->pixels && frames->delays && frames->areas);
    for (int n = 0; n < frames->count; n++) {
        const SavedImage *image = gif->SavedImages + n;
        GraphicsControlBlock control;
        assert_int_equal(DGifSavedExtensionToGCB(gif, n, &control), GIF_OK);
        assert_int_equal(control.DisposalMode, DISPOSE_DO_NOT);
        frames->delays[n] = control.DelayTime;
        frames->areas[n] = image->ImageDesc.Width * image->ImageDesc.Height;
        if (n > 0)
            memcpy(frames->pixels + (size_t)n * size, frames->pixels + (size_t)(n - 1) * size, size);
        else
            assert_int_equal(frames->areas[0], frames->width * frames->height);
        compose(gif, image, control.TransparentColor, frames->pixels + (size_t)n * size);
    }
    assert_int_equal(DGifCloseFile(gif, NULL), GIF_OK);
}

void free_gif(GifFrames *frames)
{
    free(frames->pixels);
    free(frames->delays);
    free(frames->areas);
}

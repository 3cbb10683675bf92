/* SPDX-License-Identifier: Apache-2.0
 *
 * A GIF's frames are read one by one, so that memory does not grow with their number. Disposal is as the format says
 * it (GIF89a, 23): "background" makes the frame's rectangle transparent, as browsers do.
 */
#include "support/gifs.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

struct GifInside {
    GifFileType *gif;
    GraphicsControlBlock control;   /* of the frame that comes next, and then shows */
    uint8_t *row;                   /* indices */
    uint8_t *former;                /* the screen before the frame that shows, where that is to come back */
    uint8_t palette[3 * 256];
};

static bool fail(GifPlayer *player, const char *fault)
{
    player->fault = fault;
    return false;
}

bool gif_open(GifPlayer *player, const char *path)
{
    struct GifInside *inside = calloc(1, sizeof *inside);
    size_t pixels;
    int error = 0;
    *player = (GifPlayer){.frame = -1, .repeats = -1, .inside = inside};
    if (!inside)
        return fail(player, "no memory");
    inside->gif = DGifOpenFileName(path, &error);
    if (!inside->gif)
        return fail(player, "cannot be opened as a GIF");
    player->width = inside->gif->SWidth;
    player->height = inside->gif->SHeight;
    if (player->width < 1 || player->height < 1)
        return fail(player, "its screen is empty");
    pixels = (size_t)player->width * (size_t)player->height;
    player->screen = calloc(pixels, 4);
    inside->row = malloc((size_t)player->width);
    inside->former = malloc(pixels * 4);
    return (player->screen && inside->row && inside->former) || fail(player, "no memory");
}

void gif_close(GifPlayer *player)
{
    struct GifInside *inside = player->inside;
    if (inside && inside->gif)
        DGifCloseFile(inside->gif, NULL);
    if (inside) {
        free(inside->row);
        free(inside->former);
    }
    free(inside);
    free(player->screen);
    player->inside = NULL;
    player->screen = NULL;
}

/* ---- the parts of a file ---- */

static bool read_extension(GifPlayer *player)
{
    struct GifInside *inside = player->inside;
    GifByteType *block;
    bool netscape = false;
    int code;
    if (DGifGetExtension(inside->gif, &code, &block) != GIF_OK)
        return fail(player, "an extension breaks off");
    while (block) {
        if (code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(block[0], block + 1, &inside->control) != GIF_OK)
            return fail(player, "a graphics control extension has another size");
        if (netscape && block[0] == 3 && block[1] == 1)
            player->repeats = block[2] | block[3] << 8;
        netscape = code == APPLICATION_EXT_FUNC_CODE && block[0] == 11 && memcmp(block + 1, "NETSCAPE2.0", 11) == 0;
        if (DGifGetExtensionNext(inside->gif, &block) != GIF_OK)
            return fail(player, "an extension breaks off");
    }
    return true;
}

/* Reads up to the next image's description: 1; 0 at the end, -1 with `fault` set. */
static int find_image(GifPlayer *player)
{
    GifFileType *gif = player->inside->gif;
    GifRecordType type;
    player->inside->control = (GraphicsControlBlock){.TransparentColor = NO_TRANSPARENT_COLOR};
    for (;;) {
        if (DGifGetRecordType(gif, &type) != GIF_OK) {
            fail(player, "breaks off");
            return -1;
        }
        if (type == TERMINATE_RECORD_TYPE)
            return 0;
        if (type == EXTENSION_RECORD_TYPE) {
            if (!read_extension(player))
                return -1;
        } else if (type == IMAGE_DESC_RECORD_TYPE) {
            if (DGifGetImageDesc(gif) == GIF_OK)
                return 1;
            fail(player, "an image's description is damaged");
            return -1;
        }
    }
}

/* ---- playing ---- */

/* What the frame that shows leaves behind. */
static void dispose(GifPlayer *player)
{
    struct GifInside *inside = player->inside;
    size_t stride = 4 * (size_t)player->width;
    if (inside->control.DisposalMode == DISPOSE_PREVIOUS)
        memcpy(player->screen, inside->former, stride * (size_t)player->height);
    else if (inside->control.DisposalMode == DISPOSE_BACKGROUND)
        for (int y = player->top; y < player->bottom; y++)
            memset(player->screen + (size_t)y * stride + 4 * (size_t)player->left, 0,
                   4 * (size_t)(player->right - player->left));
}

static bool draw_row(GifPlayer *player, int y)
{
    struct GifInside *inside = player->inside;
    int width = player->right - player->left, transparent = inside->control.TransparentColor;
    uint8_t *pixel = player->screen + 4 * ((size_t)y * (size_t)player->width + (size_t)player->left);
    if (DGifGetLine(inside->gif, inside->row, width) != GIF_OK)
        return fail(player, "an image's codes are damaged");
    for (int x = 0; x < width; x++, pixel += 4) {
        int index = inside->row[x];
        if (index == transparent)
            continue;
        if (index >= player->colours)
            return fail(player, "a pixel has no colour of the palette");
        memcpy(pixel, player->palette + 3 * index, 3);
        pixel[3] = 255;
    }
    return true;
}

static bool take_palette(GifPlayer *player)
{
    struct GifInside *inside = player->inside;
    const ColorMapObject *map = inside->gif->Image.ColorMap ? inside->gif->Image.ColorMap : inside->gif->SColorMap;
    if (!map)
        return fail(player, "an image has no palette");
    player->colours = map->ColorCount;
    player->palette = inside->palette;
    for (int i = 0; i < map->ColorCount; i++) {
        inside->palette[3 * i] = map->Colors[i].Red;
        inside->palette[3 * i + 1] = map->Colors[i].Green;
        inside->palette[3 * i + 2] = map->Colors[i].Blue;
    }
    return true;
}

bool gif_next(GifPlayer *player)
{
    static const int offsets[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2}; /* of interlaced rows */
    struct GifInside *inside = player->inside;
    const GifImageDesc *image = &inside->gif->Image;
    if (player->frame >= 0)
        dispose(player);
    player->begin += player->delay;
    player->delay = 0;
    if (find_image(player) != 1)
        return false;
    player->left = image->Left;
    player->top = image->Top;
    player->right = image->Left + image->Width;
    player->bottom = image->Top + image->Height;
    if (image->Left < 0 || image->Top < 0 || image->Width < 1 || image->Height < 1 ||
        player->right > player->width || player->bottom > player->height)
        return fail(player, "an image does not lie within the screen");
    if (!take_palette(player))
        return false;
    if (inside->control.DisposalMode == DISPOSE_PREVIOUS)
        memcpy(inside->former, player->screen, 4 * (size_t)player->width * (size_t)player->height);
    for (int pass = 0; pass < (image->Interlace ? 4 : 1); pass++)
        for (int y = image->Interlace ? offsets[pass] : 0; y < image->Height; y += image->Interlace ? steps[pass] : 1)
            if (!draw_row(player, player->top + y))
                return false;
    player->delay = inside->control.DelayTime;
    player->frame++;
    return true;
}

/* ---- delays ---- */

static bool skip_image(GifPlayer *player)
{
    GifByteType *block;
    int size;
    if (DGifGetCode(player->inside->gif, &size, &block) != GIF_OK)
        return fail(player, "an image breaks off");
    while (block)
        if (DGifGetCodeNext(player->inside->gif, &block) != GIF_OK)
            return fail(player, "an image breaks off");
    return true;
}

int *gif_delays(const char *path, int *frames, const char **fault)
{
    GifPlayer player;
    int *delays = NULL, room = 0, count = 0, found = -1;
    if (gif_open(&player, path))
        while ((found = find_image(&player)) == 1 && skip_image(&player)) {
            if (count == room) {
                int *more = realloc(delays, (size_t)(room = 2 * room + 64) * sizeof *delays);
                if (!more) {
                    fail(&player, "no memory");
                    break;
                }
                delays = more;
            }
            delays[count++] = player.inside->control.DelayTime;
        }
    if (!player.fault && count == 0)
        fail(&player, "has no frame");
    *fault = player.fault;
    *frames = count;
    gif_close(&player);
    if (*fault) {
        free(delays);
        delays = NULL;
    }
    return delays;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder: which palette a picture gets, what of it is stored, and the file, through giflib. Nothing is kept
 * but the screen as it shows, so that memory does not grow with the length of the film.
 */
#include "media/gif_encoder.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/dither.h"
#include "media/gif_delta.h"

#include <errno.h>
#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DELAY = 65535,       /* cs, in 16 bits */
    REFINING = 3             /* rounds of k-means */
};

/* A palette is kept while a fresh one would not lower the mean squared error by a fifth, and it is
 * visibly above nothing. */
static const double worse_by = 1.25, worse_than = 0.25;

struct SolGifEncoder {
    FILE *stream;
    const char *name;
    int stream_error;        /* errno of the first write that failed, or 0 */
    int64_t written;         /* bytes */
    GifFileType *gif;
    SolPalette global;       /* the palette in the file's head: the first frame's */
    int width, height, loop;
    SolGifLook look;
    int64_t frames;          /* pictures added */

    SolHistogram *histogram;
    SolColourMap *map;       /* set to the palette in use */
    bool has_palette;
    SolIndexed frame;        /* the picture at hand */
    uint8_t *shown;          /* R, G, B of the screen once that shows */
};

SolGifLook sol_gif_look_default(void)
{
    return sol_gif_look_of_quality(75);
}

SolGifLook sol_gif_look_of_quality(int quality)
{
    SolGifLook look = {.colours = SOL_PALETTE_MAX, .dither = 1, .lossy = 0};
    if (quality < 50)
        look.colours = quality < 2 ? 8 : 8 + quality * 5 < SOL_PALETTE_MAX ? 8 + quality * 5 : SOL_PALETTE_MAX;
    return look;
}

static SolGifLook in_range(SolGifLook look)
{
    look.colours = look.colours == 0 || look.colours > SOL_PALETTE_MAX ? SOL_PALETTE_MAX : look.colours;
    look.colours = look.colours < 2 ? 2 : look.colours;
    look.dither = look.dither > 1 ? 1 : look.dither > 0 ? look.dither : 0;
    look.lossy = look.lossy > 0 ? look.lossy : 0;
    return look;
}

/* ---- the file ---- */

static int write_bytes(GifFileType *file, const GifByteType *bytes, int count)
{
    SolGifEncoder *gif = file->UserData;
    size_t size = (size_t)count;
    if (gif->stream_error == 0 && fwrite(bytes, 1, size, gif->stream) != size)
        gif->stream_error = errno ? errno : EIO;
    gif->written += (int64_t)size;
    return gif->stream_error == 0 ? count : 0;
}

static int fail_write(const SolGifEncoder *gif)
{
    if (gif->stream_error != 0) {
        errno = gif->stream_error;
        return sol_fail_errno(gif->name, "cannot be written");
    }
    return sol_fail_memory("a GIF's frames");
}

/* giflib's copy of a palette, with room for the transparent index behind its colours; NULL: no memory. */
static ColorMapObject *colour_map(const SolPalette *palette)
{
    int needed = palette->count < SOL_PALETTE_MAX ? palette->count + 1 : palette->count, size = 2;
    ColorMapObject *map;
    while (size < needed)
        size *= 2;
    map = GifMakeMapObject(size, NULL);
    for (int i = 0; map && i < palette->count; i++)
        map->Colors[i] = (GifColorType){palette->colour[i][0], palette->colour[i][1], palette->colour[i][2]};
    return map;
}

/* The wish to play for ever, or more than once: Netscape's extension, which counts repetitions. */
static int put_loop(GifFileType *gif, int times)
{
    int repeats = times == 0 ? 0 : times - 1;
    const GifByteType block[3] = {1, (GifByteType)(repeats & 0xff), (GifByteType)(repeats >> 8)};
    if (times == 1)
        return GIF_OK;
    if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) != GIF_OK ||
        EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") != GIF_OK || EGifPutExtensionBlock(gif, 3, block) != GIF_OK)
        return GIF_ERROR;
    return EGifPutExtensionTrailer(gif);
}

/* The head of the file, whose palette is the first frame's. */
static int put_head(SolGifEncoder *gif)
{
    ColorMapObject *map;
    int status = GIF_ERROR;
    gif->global = gif->frame.palette;
    map = colour_map(&gif->global);
    if (map) {
        EGifSetGifVersion(gif->gif, true);
        status = EGifPutScreenDesc(gif->gif, gif->width, gif->height, 8, 0, map);
    }
    GifFreeMapObject(map);
    if (status == GIF_OK)
        status = put_loop(gif->gif, gif->loop);
    return status == GIF_OK ? SOL_OK : fail_write(gif);
}

static int put_control(GifFileType *gif, int transparent, int delay)
{
    const GraphicsControlBlock control = {
        .DisposalMode = DISPOSE_DO_NOT, .DelayTime = delay, .TransparentColor = transparent};
    GifByteType bytes[4];
    EGifGCBToExtension(&control, bytes);
    return EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof bytes, bytes);
}

static int put_image(GifFileType *gif, SolIndexed *frame, ColorMapObject *local)
{
    uint8_t *row = frame->indices;
    if (EGifPutImageDesc(gif, frame->left, frame->top, frame->width, frame->height, false, local) != GIF_OK)
        return GIF_ERROR;
    for (int y = 0; y < frame->height; y++, row += frame->width)
        if (EGifPutLine(gif, row, frame->width) != GIF_OK)
            return GIF_ERROR;
    return GIF_OK;
}

/* Writes the frame, which shows for `left` cs; several times where that is longer than a delay can say. */
static int put_frame(SolGifEncoder *gif, int64_t left)
{
    SolIndexed *frame = &gif->frame;
    ColorMapObject *local = NULL;
    int status = GIF_OK;
    if (!sol_palette_equal(&frame->palette, &gif->global) && !(local = colour_map(&frame->palette)))
        return sol_fail_memory("a GIF's palette");
    left = left < SOL_GIF_MIN_DELAY ? SOL_GIF_MIN_DELAY : left;
    while (left > 0 && status == GIF_OK) {
        int64_t delay = left <= MAX_DELAY ? left : left < MAX_DELAY + SOL_GIF_MIN_DELAY ? left / 2 : MAX_DELAY;
        status = put_control(gif->gif, frame->transparent, (int)delay);
        if (status == GIF_OK)
            status = put_image(gif->gif, frame, local);
        left -= delay;
    }
    GifFreeMapObject(local);
    return status == GIF_OK && gif->stream_error == 0 ? SOL_OK : fail_write(gif);
}

/* ---- making frames ---- */

/* True where the palette in use holds every colour of `palette`. */
static bool holds_all(SolColourMap *map, const SolPalette *palette)
{
    const SolPalette *used = sol_colour_map_palette(map);
    for (int i = 0; i < palette->count; i++) {
        const uint8_t *colour = palette->colour[i];
        int index = sol_colour_map_find(map, colour[0], colour[1], colour[2]);
        if (memcmp(used->colour[index], colour, 3) != 0)
            return false;
    }
    return true;
}

/* Leaves the map set to the palette for `image`: the one in use where that is still good. */
static int choose_palette(SolGifEncoder *gif, const SolImage *image, bool *exact)
{
    SolPalette palette;
    double error;
    /* one index is left for transparency */
    int limit = gif->look.colours < SOL_PALETTE_MAX ? gif->look.colours : SOL_PALETTE_MAX - 1, result;
    *exact = sol_palette_exact(&palette, image, gif->look.colours);
    if (*exact) {
        if (!gif->has_palette || !holds_all(gif->map, &palette))
            sol_colour_map_set(gif->map, &palette);
    } else {
        result = sol_histogram_count(gif->histogram, image);
        if (result != SOL_OK)
            return result;
        sol_palette_split(&palette, gif->histogram, limit, &error);
        if (!gif->has_palette || sol_histogram_error(gif->histogram, gif->map) > worse_by * error + worse_than)
            sol_palette_refine(&palette, gif->histogram, REFINING, gif->map);
    }
    gif->has_palette = true;
    return SOL_OK;
}

/* Makes `image` the frame at hand. */
static int index_picture(SolGifEncoder *gif, const SolImage *image)
{
    SolIndexed *frame = &gif->frame;
    bool exact;
    int result = choose_palette(gif, image, &exact);
    if (result != SOL_OK)
        return result;
    if (exact || gif->look.dither <= 0)
        sol_remap(image, gif->map, frame->indices);
    else
        result = sol_dither(image, gif->map, frame->indices);
    if (result != SOL_OK)
        return result;
    frame->palette = *sol_colour_map_palette(gif->map);
    frame->left = frame->top = 0;
    frame->width = image->width;
    frame->height = image->height;
    frame->transparent = NO_TRANSPARENT_COLOR;
    if (gif->frames == 0)
        sol_gif_show(frame, gif->shown);
    else
        sol_gif_delta(frame, image->width, image->height, gif->shown);
    return SOL_OK;
}

/* ---- the encoder ---- */

static int reserve(SolGifEncoder *gif)
{
    size_t pixels = (size_t)gif->width * (size_t)gif->height;
    int error = 0, result = sol_histogram_open(&gif->histogram);
    if (result == SOL_OK)
        result = sol_colour_map_open(&gif->map);
    if (result != SOL_OK)
        return result;
    gif->frame.indices = sol_alloc(pixels, 1);
    gif->shown = sol_alloc(pixels, 3);
    gif->gif = EGifOpen(gif, write_bytes, &error);
    return gif->frame.indices && gif->shown && gif->gif ? SOL_OK : sol_fail_memory("a GIF's frames");
}

int sol_gif_encoder_open(SolGifEncoder **encoder, FILE *stream, const char *name, int width, int height,
                         const SolGifLook *look, int loop, int threads)
{
    SolGifEncoder *gif = sol_calloc(1, sizeof *gif);
    int result;
    (void)threads;
    if (!gif)
        return sol_fail_memory("a GIF");
    gif->stream = stream;
    gif->name = name;
    gif->width = width;
    gif->height = height;
    gif->loop = loop;
    gif->look = in_range(look ? *look : sol_gif_look_default());
    result = reserve(gif);
    if (result == SOL_OK)
        *encoder = gif;
    else
        sol_gif_encoder_close(&gif);
    return result;
}

int sol_gif_encoder_add(SolGifEncoder *gif, SolImage *image, int64_t delay)
{
    int result = index_picture(gif, image);
    if (result == SOL_OK && gif->frames == 0)
        result = put_head(gif);
    if (result == SOL_OK)
        result = put_frame(gif, delay);
    gif->frames++;
    return result;
}

int64_t sol_gif_encoder_bytes(const SolGifEncoder *gif)
{
    return gif->written;
}

int sol_gif_encoder_finish(SolGifEncoder *gif, int64_t *bytes)
{
    int error = 0;
    if (gif->frames == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: a GIF without pictures", gif->name);
    if (EGifCloseFile(gif->gif, &error) != GIF_OK && gif->stream_error == 0)
        gif->stream_error = EIO;
    gif->gif = NULL;
    if (gif->stream_error != 0)
        return fail_write(gif);
    if (bytes)
        *bytes = gif->written;
    return SOL_OK;
}

void sol_gif_encoder_close(SolGifEncoder **encoder)
{
    SolGifEncoder *gif = *encoder;
    *encoder = NULL;
    if (!gif)
        return;
    if (gif->gif) {
        gif->stream_error = ECANCELED; /* nothing more is written */
        EGifCloseFile(gif->gif, NULL);
    }
    sol_histogram_close(&gif->histogram);
    sol_colour_map_close(&gif->map);
    sol_free(gif->frame.indices);
    sol_free(gif->shown);
    sol_free(gif);
}

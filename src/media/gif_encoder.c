/* SPDX-License-Identifier: Apache-2.0
 *
 * The GIF encoder: palettes, frames in parallel, and the file, through giflib.
 *
 * Pictures are gathered into batches. Of a batch, first all get palettes of their own, side by side; then it is settled
 * from the first to the last which of those are used; then the frames are made, again side by side: a frame follows the
 * one before it down the screen, row by row. The last frame of a batch is held back until the picture behind it is
 * known to be another. So neither batches nor threads show in the file, and memory does not grow with its length.
 */
#include "media/gif_encoder.h"

#include "base/error.h"
#include "base/memory.h"
#include "media/gif_delta.h"
#include "media/remap.h"

#include <errno.h>
#include <gif_lib.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DELAY = 65535,       /* cs, in 16 bits */
    REFINING = 1,            /* rounds of k-means */
    DEFAULT_QUALITY = 75,
    DEFAULT_LOSSY = 28,      /* squared levels a bit */
    HALVING = 12,            /* so much more quality takes half as much loss */
    BATCH = 2,               /* pictures gathered for each thread */
    PALETTE_BITS = 8 * 3 * SOL_PALETTE_MAX
};

/* A better palette lasts for longer than its first frame. */
static const double palette_worth = 0.1;

/* What one thread works with. */
typedef struct Tools {
    SolHistogram *histogram;
    SolRemapper *remapper;
    bool taken;
} Tools;

/* A picture on its way to being a frame. */
typedef struct Slot {
    SolImage *image;
    int64_t delay;           /* cs */
    SolPalette own;          /* the picture's own palette */
    double own_error;        /* its mean squared error on what changed */
    bool exact;              /* it has all colours of the picture */
    SolColourMap *map;       /* set to it, where it is not exact, and then to that of the frame */
    SolRemapFrame frame;
    SolLzw lzw;              /* what became of it */
    int rows;                /* of the screen that it will not touch any more */
    int result;
    struct SolGifEncoder *gif;
} Slot;

struct SolGifEncoder {
    FILE *stream;
    const char *name;
    int stream_error;        /* errno of the first write that failed, or 0 */
    int64_t written;         /* bytes */
    GifFileType *gif;
    SolPalette global;       /* the palette in the file's head: the first frame's */
    int width, height, loop;
    SolGifLook look;
    int64_t frames;          /* written */

    SolPool *pool;
    Tools *tools;            /* [threads] */
    SolColourMap *map;       /* set to the palette in use */
    bool has_palette;
    uint8_t *screen;         /* R, G, B, as the last frame made leaves it */
    Slot *slots;             /* [capacity] */
    int count, capacity;
    int made;                /* slots whose frames are made: 1 where the last one of a batch is held back, or 0 */
    pthread_mutex_t lock;    /* of `taken` and `rows` */
    pthread_cond_t moved;    /* a frame's `rows` have grown */
};

SolGifLook sol_gif_look_default(void)
{
    return sol_gif_look_of_quality(DEFAULT_QUALITY);
}

SolGifLook sol_gif_look_of_quality(int quality)
{
    SolGifLook look = {.colours = SOL_PALETTE_MAX, .dither = 1};
    quality = quality < 1 ? 1 : quality > 100 ? 100 : quality;
    if (quality < 100)
        look.lossy = DEFAULT_LOSSY * exp2((double)(DEFAULT_QUALITY - quality) / HALVING);
    return look;
}

static const char *const dithers[] = {
    [SOL_DITHER_DIFFUSION] = "diffusion", [SOL_DITHER_BLUE_NOISE] = "blue-noise", [SOL_DITHER_NONE] = "none"};

enum { DITHERS = sizeof dithers / sizeof *dithers };

const char *sol_dither_name(int dither)
{
    return dither >= 0 && dither < DITHERS ? dithers[dither] : NULL;
}

bool sol_dither_find(const char *name, SolDither *dither)
{
    for (int i = 0; i < DITHERS; i++)
        if (strcmp(dithers[i], name) == 0) {
            *dither = (SolDither)i;
            return true;
        }
    return false;
}

static SolGifLook in_range(SolGifLook look)
{
    look.colours = look.colours == 0 || look.colours > SOL_PALETTE_MAX ? SOL_PALETTE_MAX : look.colours;
    look.colours = look.colours < 2 ? 2 : look.colours;
    look.dither = look.dither > 1 ? 1 : look.dither > 0 && look.kind != SOL_DITHER_NONE ? look.dither : 0;
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

/* giflib's copy of a palette, of as many colours as its frames' codes reckon with; NULL: no memory. */
static ColorMapObject *colour_map(const SolPalette *palette)
{
    ColorMapObject *map = GifMakeMapObject(sol_remap_colours(palette), NULL);
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
static int put_head(SolGifEncoder *gif, const SolPalette *palette)
{
    ColorMapObject *map = colour_map(palette);
    int status = GIF_ERROR;
    gif->global = *palette;
    if (map) {
        EGifSetGifVersion(gif->gif, true);
        status = EGifPutScreenDesc(gif->gif, gif->width, gif->height, 8, 0, map);
    }
    GifFreeMapObject(map);
    return status == GIF_OK ? put_loop(gif->gif, gif->loop) : status;
}

static int put_control(GifFileType *gif, int transparent, int delay)
{
    const GraphicsControlBlock control = {
        .DisposalMode = DISPOSE_DO_NOT, .DelayTime = delay, .TransparentColor = transparent};
    GifByteType bytes[4];
    EGifGCBToExtension(&control, bytes);
    return EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof bytes, bytes);
}

static int put_image(SolGifEncoder *gif, const Slot *slot, const ColorMapObject *local)
{
    const SolRemapFrame *frame = &slot->frame;
    const uint8_t *block = slot->lzw.bytes, *end = block + slot->lzw.size;
    int status;
    if (!local) { /* giflib up to 5.2 leaks its copy of the image before's, where that had one */
        GifFreeMapObject(gif->gif->Image.ColorMap);
        gif->gif->Image.ColorMap = NULL;
    }
    status = EGifPutImageDesc(gif->gif, frame->left, frame->top, frame->width, frame->height, false, local);
    for (; block < end && status == GIF_OK; block += *block + 1)
        status = EGifPutCodeNext(gif->gif, block);
    return status == GIF_OK ? EGifPutCodeNext(gif->gif, NULL) : status;
}

/* Writes a frame that is made; several times where it shows for longer than a delay can say. */
static int put_frame(SolGifEncoder *gif, const Slot *slot)
{
    const SolPalette *palette = &slot->frame.palette;
    ColorMapObject *local = NULL;
    int64_t left = slot->delay < SOL_GIF_MIN_DELAY ? SOL_GIF_MIN_DELAY : slot->delay;
    int status = gif->frames == 0 ? put_head(gif, palette) : GIF_OK;
    if (!sol_palette_equal(palette, &gif->global) && !(local = colour_map(palette)))
        return sol_fail_memory("a GIF's palette");
    while (left > 0 && status == GIF_OK) {
        int64_t delay = left <= MAX_DELAY ? left : left < MAX_DELAY + SOL_GIF_MIN_DELAY ? left / 2 : MAX_DELAY;
        status = put_control(gif->gif, slot->frame.transparent, (int)delay);
        if (status == GIF_OK)
            status = put_image(gif, slot, local);
        left -= delay;
    }
    GifFreeMapObject(local);
    gif->frames++;
    return status == GIF_OK && gif->stream_error == 0 ? SOL_OK : fail_write(gif);
}

/* ---- what threads share ---- */

static Tools *take_tools(SolGifEncoder *gif)
{
    Tools *tools = gif->tools;
    pthread_mutex_lock(&gif->lock);
    while (tools->taken) /* there are as many as threads */
        tools++;
    tools->taken = true;
    pthread_mutex_unlock(&gif->lock);
    return tools;
}

static void give_tools(SolGifEncoder *gif, Tools *tools)
{
    pthread_mutex_lock(&gif->lock);
    tools->taken = false;
    pthread_mutex_unlock(&gif->lock);
}

/* Waits until the frames before this one are through with a row. */
static void await_row(void *context, int row)
{
    Slot *slot = context;
    SolGifEncoder *gif = slot->gif;
    pthread_mutex_lock(&gif->lock);
    for (Slot *former = gif->slots + gif->made; former < slot; former++)
        while (former->rows <= row)
            pthread_cond_wait(&gif->moved, &gif->lock);
    pthread_mutex_unlock(&gif->lock);
}

static void leave_rows(Slot *slot, int rows)
{
    SolGifEncoder *gif = slot->gif;
    pthread_mutex_lock(&gif->lock);
    slot->rows = rows;
    pthread_cond_broadcast(&gif->moved);
    pthread_mutex_unlock(&gif->lock);
}

static void leave_row(void *context, int row)
{
    leave_rows(context, row + 1);
}

/* ---- palettes ---- */

/* Colours of a palette that is not exact: with the one that stands for transparency, a power of two where that is asked for. */
static int most_colours(const SolGifLook *look)
{
    bool power = (look->colours & (look->colours - 1)) == 0;
    return power && look->colours > 4 ? look->colours - 1 : look->colours;
}

static const SolImage *former_of(const Slot *slot)
{
    return slot > slot->gif->slots ? slot[-1].image : NULL;
}

/* Finds the palette of a picture's own. */
static void propose(void *context, int item)
{
    SolGifEncoder *gif = context;
    Slot *slot = gif->slots + gif->made + item;
    Tools *tools;
    double error;
    slot->exact = sol_palette_exact(&slot->own, slot->image, gif->look.colours);
    slot->result = SOL_OK;
    if (slot->exact)
        return;
    tools = take_tools(gif);
    slot->result = sol_histogram_count(tools->histogram, slot->image, former_of(slot));
    if (slot->result == SOL_OK) {
        sol_palette_split(&slot->own, tools->histogram, most_colours(&gif->look), &error);
        sol_palette_refine(&slot->own, tools->histogram, REFINING, slot->map);
        slot->own_error = sol_palette_error(slot->map, slot->image, former_of(slot));
    }
    give_tools(gif, tools);
}

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

/* Leaves the map set to the palette for a picture: the one in use, where one of its own is not worth its bits. */
static void choose_palette(SolGifEncoder *gif, Slot *slot)
{
    bool better = !gif->has_palette;
    if (!better && slot->exact)
        better = !holds_all(gif->map, &slot->own);
    else if (!better)
        better = sol_palette_error(gif->map, slot->image, former_of(slot)) - slot->own_error >
                 gif->look.lossy * PALETTE_BITS * palette_worth;
    if (better)
        sol_colour_map_set(gif->map, &slot->own);
    gif->has_palette = true;
}

/* ---- frames ---- */

/* All about a frame that can be told before the screen is as the one before leaves it. */
static void plan_frame(SolGifEncoder *gif, Slot *slot)
{
    const SolImage *former = former_of(slot);
    SolRemapFrame *frame = &slot->frame;
    choose_palette(gif, slot);
    memset(frame, 0, sizeof *frame);
    frame->image = slot->image;
    frame->former = slot->exact ? NULL : former;
    frame->screen = gif->screen;
    frame->palette = *sol_colour_map_palette(gif->map);
    frame->map = slot->map;
    frame->transparent = former && frame->palette.count < SOL_PALETTE_MAX ? frame->palette.count : -1;
    frame->width = gif->width;
    frame->height = gif->height;
    frame->dither = gif->look.dither;
    frame->ordered = gif->look.kind == SOL_DITHER_BLUE_NOISE && !slot->exact;
    frame->lossy = slot->exact ? 0 : gif->look.lossy;
    frame->await = await_row;
    frame->done = leave_row;
    frame->context = slot;
    if (former && !slot->exact && frame->transparent >= 0)
        sol_gif_changes(frame, sol_image_row_const(former, 0), former->stride);
    slot->rows = 0;
}

static void make_frame(void *context, int item)
{
    SolGifEncoder *gif = context;
    Slot *slot = gif->slots + gif->made + item;
    Tools *tools = take_tools(gif);
    if (slot->exact && former_of(slot)) {
        await_row(slot, gif->height - 1);
        sol_gif_changes(&slot->frame, gif->screen, (size_t)gif->width * 3);
    }
    leave_rows(slot, slot->frame.top);
    slot->result = sol_remap(tools->remapper, &slot->frame, &slot->lzw);
    leave_rows(slot, gif->height);
    give_tools(gif, tools);
}

/* The first failure of the slots that were worked on; its text is the caller's, since it may be another thread's. */
static int check(const SolGifEncoder *gif)
{
    for (int i = gif->made; i < gif->count; i++)
        if (gif->slots[i].result != SOL_OK)
            return sol_fail_memory("a GIF's frames");
    return SOL_OK;
}

/* Makes frames of all pictures, and writes all but the last, which becomes the first slot. */
static int make_batch(SolGifEncoder *gif)
{
    int count = gif->count - gif->made, result;
    sol_pool_run(gif->pool, propose, gif, count);
    result = check(gif);
    if (result != SOL_OK)
        return result;
    for (int i = gif->made; i < gif->count; i++)
        plan_frame(gif, gif->slots + i);
    sol_pool_run_in_order(gif->pool, make_frame, gif, count);
    result = check(gif);
    for (int i = 0; i < gif->count - 1 && result == SOL_OK; i++) {
        result = put_frame(gif, gif->slots + i);
        sol_image_unref(&gif->slots[i].image);
    }
    if (result == SOL_OK && gif->count > 1) {
        Slot last = gif->slots[gif->count - 1];
        gif->slots[gif->count - 1] = gif->slots[0];
        gif->slots[0] = last;
    }
    gif->count = gif->made = 1;
    return result;
}

/* ---- the encoder ---- */

static int reserve(SolGifEncoder *gif, int threads)
{
    int error = 0, result = sol_pool_open(&gif->pool, threads);
    if (result != SOL_OK)
        return result;
    threads = sol_pool_threads(gif->pool);
    gif->capacity = BATCH * threads + 1;
    gif->screen = sol_alloc((size_t)gif->width * (size_t)gif->height, 3);
    gif->slots = sol_calloc((size_t)gif->capacity, sizeof *gif->slots);
    gif->tools = sol_calloc((size_t)threads, sizeof *gif->tools);
    gif->gif = EGifOpen(gif, write_bytes, &error);
    if (!gif->screen || !gif->slots || !gif->tools || !gif->gif)
        return sol_fail_memory("a GIF's frames");
    result = sol_colour_map_open(&gif->map);
    for (int i = 0; i < threads && result == SOL_OK; i++) {
        result = sol_histogram_open(&gif->tools[i].histogram);
        if (result == SOL_OK)
            result = sol_remapper_open(&gif->tools[i].remapper, gif->width);
    }
    for (int i = 0; i < gif->capacity && result == SOL_OK; i++)
        result = sol_colour_map_open(&gif->slots[i].map);
    return result;
}

int sol_gif_encoder_open(SolGifEncoder **encoder, FILE *stream, const char *name, int width, int height,
                         const SolGifLook *look, int loop, int threads)
{
    SolGifEncoder *gif = sol_calloc(1, sizeof *gif);
    int result;
    if (!gif)
        return sol_fail_memory("a GIF");
    pthread_mutex_init(&gif->lock, NULL);
    pthread_cond_init(&gif->moved, NULL);
    gif->stream = stream;
    gif->name = name;
    gif->width = width;
    gif->height = height;
    gif->loop = loop;
    gif->look = in_range(look ? *look : sol_gif_look_default());
    result = reserve(gif, threads);
    if (result == SOL_OK)
        *encoder = gif;
    else
        sol_gif_encoder_close(&gif);
    return result;
}

static bool same_picture(const SolImage *a, const SolImage *b)
{
    int y = 0;
    while (y < a->height && memcmp(sol_image_row_const(a, y), sol_image_row_const(b, y), (size_t)a->width * 3) == 0)
        y++;
    return y == a->height;
}

int sol_gif_encoder_add(SolGifEncoder *gif, SolImage *image, int64_t delay)
{
    int result = SOL_OK;
    delay = delay < SOL_GIF_MIN_DELAY ? SOL_GIF_MIN_DELAY : delay;
    if (gif->count > 0 && same_picture(gif->slots[gif->count - 1].image, image)) {
        gif->slots[gif->count - 1].delay += delay;
        return SOL_OK;
    }
    if (gif->count == gif->capacity)
        result = make_batch(gif);
    if (result == SOL_OK) {
        Slot *slot = gif->slots + gif->count++;
        slot->image = sol_image_ref(image);
        slot->delay = delay;
        slot->gif = gif;
    }
    return result;
}

int64_t sol_gif_encoder_bytes(const SolGifEncoder *gif)
{
    return gif->written;
}

int sol_gif_encoder_finish(SolGifEncoder *gif, int64_t *bytes)
{
    int error = 0, result;
    if (gif->count == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: a GIF without pictures", gif->name);
    result = make_batch(gif);
    if (result == SOL_OK)
        result = put_frame(gif, gif->slots);
    if (result != SOL_OK)
        return result;
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
    for (int i = 0; gif->slots && i < gif->capacity; i++) {
        sol_image_unref(&gif->slots[i].image);
        sol_colour_map_close(&gif->slots[i].map);
        free(gif->slots[i].lzw.bytes);
    }
    for (int i = 0; gif->tools && i < sol_pool_threads(gif->pool); i++) {
        sol_histogram_close(&gif->tools[i].histogram);
        sol_remapper_close(&gif->tools[i].remapper);
    }
    sol_colour_map_close(&gif->map);
    sol_pool_close(&gif->pool);
    sol_free(gif->screen);
    sol_free(gif->slots);
    sol_free(gif->tools);
    pthread_mutex_destroy(&gif->lock);
    pthread_cond_destroy(&gif->moved);
    sol_free(gif);
}

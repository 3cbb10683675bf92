/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversion of frames by libswscale: matrix, range, chroma siting and size in one accurate pass. A
 * transparent frame takes two, since colours are laid over the background before they are scaled: the colour
 * of a pixel that cannot be seen must not bleed into its neighbours. YUV becomes planes of G, B and R,
 * for which libswscale has vector code that gives the same values, and they are woven together here. PQ and HLG
 * become 16-bit RGB, which tone.c maps.
 */
#include "media/convert.h"

#include "base/error.h"
#include "base/memory.h"
#include "image/image.h"
#include "media/tone.h"

#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How stored pixels become upright ones: transposed first, then mirrored. */
typedef struct Turn {
    bool transpose, flip_x, flip_y;
} Turn;

/* All that a scaling context depends on; compared bytewise, so of one type only. */
typedef struct Recipe {
    int format, width, height;
    int matrix, full_range;     /* of a YUV or grey format */
    int chroma_x, chroma_y;     /* siting in 1/256 of a luma sample, or CHROMA_CENTRED */
    int out_format, out_width, out_height;
} Recipe;

enum { CHROMA_CENTRED = -513 };

typedef struct Scaler {
    Recipe recipe;
    struct SwsContext *context;
} Scaler;

struct SolConverter {
    Scaler frame;     /* a frame to RGB, or to RGBA where it is transparent */
    Scaler opaque;    /* RGB laid over the background to its final size */
    uint8_t *scratch; /* a transparent frame at its own size, or planes or 16-bit RGB at the final one */
    size_t scratch_size;
    uint8_t background[3]; /* R, G, B behind what is transparent */
    bool alpha;       /* a transparent frame's alpha channel is wanted instead, */
    bool palette;     /* and all frames come from palettes */
    SolTone *tone;    /* of frames with a high dynamic range; NULL before the first */
};

/* A matrix of the eight kinds exactly, any other as the nearest of them. */
static Turn turn_of_matrix(const int32_t m[9])
{
    /* x' = m0 x + m3 y, y' = m1 x + m4 y */
    double a = m[0], b = m[1], c = m[3], d = m[4];
    if (fabs(a) + fabs(d) >= fabs(b) + fabs(c))
        return (Turn){false, a < 0, d < 0};
    return (Turn){true, c < 0, b < 0};
}

/* The values of Exif 2.3's Orientation, table 4. */
static Turn turn_of_exif(long orientation)
{
    static const Turn turns[] = {
        {false, false, false}, {false, true, false}, {false, true, true}, {false, false, true},
        {true, false, false},  {true, true, false},  {true, true, true},  {true, false, true},
    };
    return turns[orientation >= 1 && orientation <= 8 ? orientation - 1 : 0];
}

static Turn turn_of(const AVFrame *frame)
{
    const AVFrameSideData *side = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, "Orientation", NULL, 0);
    if (side && side->size >= 9 * sizeof(int32_t)) {
        int32_t matrix[9];
        memcpy(matrix, side->data, sizeof matrix);
        return turn_of_matrix(matrix);
    }
    return turn_of_exif(entry ? strtol(entry->value, NULL, 10) : 1);
}

int sol_picture_size(const AVFrame *frame, int short_side, int *out_width, int *out_height)
{
    AVRational aspect = frame->sample_aspect_ratio;
    double width = frame->width, height = frame->height, scale = 1;
    if (short_side < 0)
        return sol_fail(SOL_ERR_ARGUMENT, "a shorter side of %d pixels; give 1 to %d", short_side, SOL_IMAGE_MAX_SIDE);
    if (aspect.num > 0 && aspect.den > 0)
        width = width * aspect.num / aspect.den;
    if (turn_of(frame).transpose) {
        double swapped = width;
        width = height;
        height = swapped;
    }
    if (short_side)
        scale = short_side / (width < height ? width : height);
    width = fmax(floor(width * scale + 0.5), 1);
    height = fmax(floor(height * scale + 0.5), 1);
    if (width > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(short_side ? SOL_ERR_ARGUMENT : SOL_ERR_FORMAT,
                        "pictures of %.0fx%.0f pixels are too large; a side may have %d at most", width, height,
                        SOL_IMAGE_MAX_SIDE);
    *out_width = (int)width;
    *out_height = (int)height;
    return SOL_OK;
}

/* The full-range aliases of YUV formats by their plain names. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
        return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
        return AV_PIX_FMT_YUV411P;
    default:
        return format;
    }
}

static bool is_grey(const AVPixFmtDescriptor *kind)
{
    return kind->nb_components <= 2 && !(kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

enum AVColorSpace sol_frame_matrix(const AVFrame *frame, bool *guessed)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    bool coloured = kind && !(kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) && !is_grey(kind);
    if (guessed)
        *guessed = false;
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
        return frame->colorspace;
    case AVCOL_SPC_BT2020_CL:
        return AVCOL_SPC_BT2020_NCL;
    default:
        if (guessed)
            *guessed = coloured;
        if (sol_frame_is_hdr(frame))
            return AVCOL_SPC_BT2020_NCL;
        return frame->width >= 1280 || frame->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
}

/* Whether samples have the full range; *guessed (may be NULL): neither the frame nor its format says it. */
static bool is_full_range(const AVFrame *frame, const AVPixFmtDescriptor *kind, bool *guessed)
{
    bool aliased = plain_format((enum AVPixelFormat)frame->format) != frame->format;
    bool said = aliased || (kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) ||
                frame->color_range != AVCOL_RANGE_UNSPECIFIED;
    if (guessed)
        *guessed = !said;
    return aliased || frame->color_range == AVCOL_RANGE_JPEG || (!said && is_grey(kind));
}

/* Where the chroma samples lie along one axis that is subsampled by 1 << shift. */
static int siting(int shift, bool centred)
{
    return shift > 0 && !centred ? 0 : CHROMA_CENTRED;
}

static Recipe recipe_of(const AVFrame *frame, const AVPixFmtDescriptor *kind)
{
    enum AVChromaLocation place = frame->chroma_location;
    bool aliased = plain_format((enum AVPixelFormat)frame->format) != frame->format;
    bool centred_x = place == AVCHROMA_LOC_CENTER || place == AVCHROMA_LOC_TOP || place == AVCHROMA_LOC_BOTTOM ||
                     (place == AVCHROMA_LOC_UNSPECIFIED && aliased);
    bool centred_y = place != AVCHROMA_LOC_TOPLEFT && place != AVCHROMA_LOC_TOP;
    return (Recipe){
        .format = plain_format((enum AVPixelFormat)frame->format),
        .width = frame->width,
        .height = frame->height,
        .matrix = (int)sol_frame_matrix(frame, NULL),
        .full_range = is_full_range(frame, kind, NULL),
        .chroma_x = siting(kind->log2_chroma_w, centred_x),
        .chroma_y = siting(kind->log2_chroma_h, centred_y),
    };
}

/* Makes `scaler` follow `recipe`, keeping the context of the frame before where it is the same. */
static int prepare(Scaler *scaler, const Recipe *recipe)
{
    struct SwsContext *context;
    if (scaler->context && memcmp(&scaler->recipe, recipe, sizeof *recipe) == 0)
        return SOL_OK;
    sws_freeContext(scaler->context);
    scaler->context = context = sws_alloc_context();
    if (!context)
        return sol_fail_memory("scaling");
    av_opt_set_int(context, "sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    av_opt_set_int(context, "srcw", recipe->width, 0);
    av_opt_set_int(context, "srch", recipe->height, 0);
    av_opt_set_int(context, "src_format", recipe->format, 0);
    av_opt_set_int(context, "src_h_chr_pos", recipe->chroma_x, 0);
    av_opt_set_int(context, "src_v_chr_pos", recipe->chroma_y, 0);
    av_opt_set_int(context, "dstw", recipe->out_width, 0);
    av_opt_set_int(context, "dsth", recipe->out_height, 0);
    av_opt_set_int(context, "dst_format", recipe->out_format, 0);
    sws_setColorspaceDetails(context, sws_getCoefficients(recipe->matrix), recipe->full_range,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    if (sws_init_context(context, NULL, NULL) < 0) {
        sws_freeContext(context);
        scaler->context = NULL;
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels cannot be scaled to %dx%d", recipe->width, recipe->height,
                        recipe->out_width, recipe->out_height);
    }
    scaler->recipe = *recipe;
    return SOL_OK;
}

static int scale(Scaler *scaler, const Recipe *recipe, const uint8_t *const from[], const int from_stride[],
                 uint8_t *const to[], const int to_stride[])
{
    int result = prepare(scaler, recipe);
    if (result != SOL_OK)
        return result;
    if (sws_scale(scaler->context, from, from_stride, 0, recipe->height, to, to_stride) < 0)
        return sol_fail(SOL_ERR_FORMAT, "a picture of %dx%d pixels cannot be converted", recipe->width, recipe->height);
    return SOL_OK;
}

/* Makes converter->scratch hold `rows` rows of `width` samples of `bytes` bytes; *stride is what a row takes. */
static int reserve(SolConverter *converter, int width, int bytes, size_t rows, size_t *stride)
{
    size_t size;
    *stride = ((size_t)width * (size_t)bytes + SOL_ALIGNMENT - 1) / SOL_ALIGNMENT * SOL_ALIGNMENT;
    if (!sol_mul(*stride, rows, &size))
        return sol_fail_memory("a decoded picture");
    if (size <= converter->scratch_size)
        return SOL_OK;
    sol_free(converter->scratch);
    converter->scratch_size = 0;
    converter->scratch = sol_alloc(size, 1);
    if (!converter->scratch)
        return sol_fail_memory("a decoded picture");
    converter->scratch_size = size;
    return SOL_OK;
}

/* Planes of R, G and B to R, G, B of `width` pixels. */
static void weave(uint8_t *restrict to, const uint8_t *r, const uint8_t *g, const uint8_t *b, int width)
{
    for (int x = 0; x < width; x++) {
        to[3 * x] = r[x];
        to[3 * x + 1] = g[x];
        to[3 * x + 2] = b[x];
    }
}

/* A frame of YUV or grey into `flat`. */
static int convert_yuv(SolConverter *converter, const AVFrame *frame, Recipe recipe, SolImage *flat)
{
    size_t stride, plane;
    uint8_t *g, *b, *r;
    int result = reserve(converter, flat->width, 1, 3 * (size_t)flat->height, &stride);
    if (result != SOL_OK)
        return result;
    plane = stride * (size_t)flat->height;
    g = converter->scratch;
    b = g + plane;
    r = b + plane;
    recipe.out_format = AV_PIX_FMT_GBRP;
    result = scale(&converter->frame, &recipe, (const uint8_t *const *)frame->data, frame->linesize,
                   (uint8_t *const[]){g, b, r}, (const int[]){(int)stride, (int)stride, (int)stride});
    for (int y = 0; y < flat->height && result == SOL_OK; y++) {
        size_t at = (size_t)y * stride;
        weave(sol_image_row(flat, y), r + at, g + at, b + at, flat->width);
    }
    return result;
}

/* A frame of high dynamic range into `flat`. */
static int convert_hdr(SolConverter *converter, const AVFrame *frame, Recipe recipe, bool rgb, SolImage *flat)
{
    enum { YUV_WHITE = 65283, RGB_WHITE = 65535 }; /* libswscale's: 255 * 256 with rounding, or the largest */
    size_t stride;
    int result = reserve(converter, flat->width, 6, (size_t)flat->height, &stride);
    if (result == SOL_OK)
        result = sol_tone_prepare(&converter->tone, frame, rgb ? RGB_WHITE : YUV_WHITE);
    if (result != SOL_OK)
        return result;
    recipe.out_format = AV_PIX_FMT_RGB48;
    result = scale(&converter->frame, &recipe, (const uint8_t *const *)frame->data, frame->linesize,
                   (uint8_t *const[]){converter->scratch}, (const int[]){(int)stride});
    for (int y = 0; y < flat->height && result == SOL_OK; y++)
        sol_tone_row(converter->tone, sol_image_row(flat, y),
                     (const uint16_t *)(const void *)(converter->scratch + (size_t)y * stride), flat->width);
    return result;
}

/* R, G, B, A of `width` pixels over one colour to R, G, B. */
static void lay_over(const uint8_t background[3], uint8_t *to, const uint8_t *from, int width)
{
    for (int x = 0; x < width; x++, to += 3, from += 4)
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)((from[c] * from[3] + background[c] * (255 - from[3]) + 127) / 255);
}

/* R, G, B, A of `width` pixels to A, A, A. */
static void show_alpha(uint8_t *to, const uint8_t *from, int width)
{
    for (int x = 0; x < width; x++)
        to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = from[4 * x + 3];
}

/* Whether any of R, G, B, A of width x height pixels is not opaque. */
static bool is_transparent(const uint8_t *pixels, size_t stride, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (pixels[(size_t)y * stride + 4 * (size_t)x + 3] != 255)
                return true;
    return false;
}

/* A transparent frame into `flat`. */
static int convert_transparent(SolConverter *converter, const AVFrame *frame, Recipe recipe, SolImage *flat)
{
    SolImage *opaque = NULL;
    size_t stride;
    bool palette = converter->palette || recipe.format == AV_PIX_FMT_PAL8, alpha = converter->alpha;
    int result = reserve(converter, frame->width, 4, (size_t)frame->height, &stride);
    if (result != SOL_OK)
        return result;
    recipe.out_format = AV_PIX_FMT_RGBA;
    recipe.out_width = frame->width;
    recipe.out_height = frame->height;
    result = scale(&converter->frame, &recipe, (const uint8_t *const *)frame->data, frame->linesize,
                   (uint8_t *const[]){converter->scratch}, (const int[]){(int)stride});
    if (result == SOL_OK)
        result = sol_image_create(&opaque, frame->width, frame->height);
    if (result != SOL_OK)
        return result;
    if (alpha && palette)
        alpha = is_transparent(converter->scratch, stride, frame->width, frame->height);
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *from = converter->scratch + (size_t)y * stride;
        if (alpha)
            show_alpha(sol_image_row(opaque, y), from, frame->width);
        else
            lay_over(converter->background, sol_image_row(opaque, y), from, frame->width);
    }
    recipe = (Recipe){.format = AV_PIX_FMT_RGB24, .width = frame->width, .height = frame->height,
                      .matrix = recipe.matrix, .chroma_x = CHROMA_CENTRED, .chroma_y = CHROMA_CENTRED,
                      .out_format = AV_PIX_FMT_RGB24, .out_width = flat->width, .out_height = flat->height};
    result = scale(&converter->opaque, &recipe, (const uint8_t *const[]){opaque->pixels},
                   (const int[]){(int)opaque->stride}, (uint8_t *const[]){flat->pixels},
                   (const int[]){(int)flat->stride});
    sol_image_unref(&opaque);
    return result;
}

/* Fills `upright` from `flat`, whose sides are exchanged where the turn transposes. */
static void turn_image(SolImage *upright, const SolImage *flat, Turn turn)
{
    enum { TILE = 32 }; /* columns of a transposed picture are read a few cache lines at a time */
    for (int left = 0; left < upright->width; left += TILE) {
        int right = left + TILE < upright->width ? left + TILE : upright->width;
        for (int y = 0; y < upright->height; y++) {
            uint8_t *row = sol_image_row(upright, y);
            int v = turn.flip_y ? upright->height - 1 - y : y;
            for (int x = left; x < right; x++) {
                int u = turn.flip_x ? upright->width - 1 - x : x;
                const uint8_t *from = sol_image_row_const(flat, turn.transpose ? u : v);
                memcpy(row + 3 * x, from + 3 * (turn.transpose ? v : u), 3);
            }
        }
    }
}

/* The name of a value that a file may leave open. */
static const char *name_or_empty(const char *name)
{
    return name && strcmp(name, "unknown") != 0 ? name : "";
}

void sol_describe_frame(const AVFrame *frame, SolVideoInfo *info)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    bool rgb = kind && (kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
    enum AVColorSpace matrix = sol_frame_matrix(frame, &info->matrix_guessed);
    Turn turn = turn_of(frame);
    info->pixel_format = kind ? kind->name : "unknown";
    info->width = frame->width;
    info->height = frame->height;
    if (sol_picture_size(frame, 0, &info->upright_width, &info->upright_height) != SOL_OK) { /* too large for that */
        info->upright_width = info->out_width;
        info->upright_height = info->out_height;
    }
    info->rotation = turn.transpose ? (turn.flip_x ? 90 : 270) : turn.flip_y ? 180 : 0;
    info->mirrored = turn.transpose ^ turn.flip_x ^ turn.flip_y;
    info->matrix = !kind || rgb || is_grey(kind) ? "" : name_or_empty(av_color_space_name(matrix));
    info->full_range = rgb || (kind && is_full_range(frame, kind, &info->range_guessed));
    info->primaries = name_or_empty(av_color_primaries_name(frame->color_primaries));
    info->transfer = name_or_empty(av_color_transfer_name(frame->color_trc));
}

int sol_converter_open(SolConverter **out, const uint8_t *background)
{
    SolConverter *converter = sol_calloc(1, sizeof *converter);
    if (!converter)
        return sol_fail_memory("a converter");
    for (int c = 0; c < 3; c++)
        converter->background[c] = background ? background[c] : 255;
    *out = converter;
    return SOL_OK;
}

void sol_converter_show_alpha(SolConverter *converter, bool palette)
{
    converter->alpha = true;
    converter->palette = palette;
}

int sol_convert(SolConverter *converter, const AVFrame *frame, int width, int height, SolImage **out)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    Turn turn = turn_of(frame);
    SolImage *flat = NULL, *upright = NULL;
    Recipe recipe;
    int result;
    if (!kind || !sws_isSupportedInput((enum AVPixelFormat)frame->format))
        return sol_fail(SOL_ERR_FORMAT, "pictures of the pixel format %s cannot be converted",
                        kind ? kind->name : "unknown");
    result = sol_image_create(&flat, turn.transpose ? height : width, turn.transpose ? width : height);
    if (result != SOL_OK)
        return result;
    recipe = recipe_of(frame, kind);
    recipe.out_format = AV_PIX_FMT_RGB24;
    recipe.out_width = flat->width;
    recipe.out_height = flat->height;
    if (sol_frame_is_hdr(frame))
        result = convert_hdr(converter, frame, recipe, kind->flags & AV_PIX_FMT_FLAG_RGB, flat);
    else if (kind->flags & AV_PIX_FMT_FLAG_ALPHA)
        result = convert_transparent(converter, frame, recipe, flat);
    else if (kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL))
        result = scale(&converter->frame, &recipe, (const uint8_t *const *)frame->data, frame->linesize,
                       (uint8_t *const[]){flat->pixels}, (const int[]){(int)flat->stride});
    else
        result = convert_yuv(converter, frame, recipe, flat);
    if (result == SOL_OK && (turn.transpose || turn.flip_x || turn.flip_y)) {
        result = sol_image_create(&upright, width, height);
        if (result == SOL_OK)
            turn_image(upright, flat, turn);
    } else if (result == SOL_OK) {
        upright = sol_image_ref(flat);
    }
    sol_image_unref(&flat);
    if (result == SOL_OK)
        *out = upright;
    return result;
}

void sol_converter_digest(const SolConverter *converter, SolDigester *digester)
{
    sol_digester_add(digester, converter->background, sizeof converter->background);
    if (converter->alpha)
        sol_digester_add_text(digester, "alpha");
}

void sol_converter_close(SolConverter **out)
{
    SolConverter *converter = *out;
    *out = NULL;
    if (!converter)
        return;
    sws_freeContext(converter->frame.context);
    sws_freeContext(converter->opaque.context);
    sol_tone_close(&converter->tone);
    sol_free(converter->scratch);
    sol_free(converter);
}

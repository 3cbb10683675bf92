/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of codecs: a new one is a new entry. Presets have the same names for all codecs that have such, and
 * set_..() tells an encoder what they mean to it.
 */
#include "media/codecs.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "media/writer.h"

#include <libavutil/cpu.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const speeds[] = {"ultrafast", "superfast", "veryfast", "faster",   "fast",    "medium",
                                     "slow",      "slower",    "veryslow", "placebo", NULL};

enum { DEFAULT_SPEED = 2, SPEEDS = 10 };

static const char *const profiles[] = {"proxy", "lt", "standard", "hq", "4444", "4444xq", NULL};

enum { PROFILE_HQ = 3, PROFILE_4444 = 4 };

enum {
    MOST_ENCODERS = 4,
    MOST_NAMES = 2,
    MOST_FORMATS = 40,
    TEXT = 512,
    LEAST_RATE = 10000,         /* bits a second */
    MOST_RATE = 1000000000
};

/* An encoder by FFmpeg's name. */
typedef struct Encoder {
    const char *name;
    bool lossless;              /* with a crf of 0 */
    int delay;                  /* as in SolCoder */
    bool needs_picture;         /* as in SolCoder */
    void (*set_up)(AVCodecContext *context, const SolCodecChoice *choice);
} Encoder;

struct SolCodec {
    const char *name;
    const char *others[MOST_NAMES];  /* names that mean the same */
    const char *containers;          /* extensions; a container's default is the first entry that names it */
    const char *format;              /* pixel format by default */
    const char *formats;             /* those of the encoders' that apply, apart by blanks; NULL: all */
    int finest, coarsest, crf;       /* the range of crf, and the default; all 0 where there is none */
    const char *const *presets;      /* NULL: none */
    Encoder encoders[MOST_ENCODERS]; /* the best first */
};

/* ---- how encoders are told ---- */

static void set_int(AVCodecContext *context, const char *name, int64_t value)
{
    av_opt_set_int(context->priv_data, name, value, 0);
}

static void set_text(AVCodecContext *context, const char *name, const char *text)
{
    av_opt_set(context->priv_data, name, text, 0);
}

/* The number that the preset is for an encoder with a scale of its own. */
static int speed_of(const SolCodecChoice *choice, const int scale[SPEEDS])
{
    return scale[choice->preset >= 0 ? choice->preset : DEFAULT_SPEED];
}

/* A rate, or a quality by the option `crf`. */
static void set_crf(AVCodecContext *context, const SolCodecChoice *choice)
{
    context->bit_rate = choice->bitrate;
    if (choice->crf >= 0)
        set_int(context, "crf", choice->crf);
}

/*
 * Without a preset it looks for no parts of blocks that move each for themselves, and goes the short way when it looks
 * where a block came from: with paintings that costs nothing but time. x264's (0.164) AVX-512 code for `mbtree` reads
 * memory that it never wrote where the number of macroblocks in a row is odd, and makes another film every time.
 */
static void set_x264(AVCodecContext *context, const SolCodecChoice *choice)
{
    set_text(context, "preset", speeds[choice->preset >= 0 ? choice->preset : DEFAULT_SPEED]);
    if (choice->preset < 0) {
        set_text(context, "partitions", "i4x4,i8x8");
        set_text(context, "motion-est", "dia");
    }
    if (av_get_cpu_flags() & AV_CPU_FLAG_AVX512)
        set_text(context, "x264-params", "asm=avx2");
    if (choice->crf == 0)
        set_int(context, "qp", 0);
    else
        set_crf(context, choice);
}

static void set_x265(AVCodecContext *context, const SolCodecChoice *choice)
{
    char text[128];
    int used = snprintf(text, sizeof text, "log-level=none:fps=%d/%d", context->framerate.num, context->framerate.den);
    if (context->thread_count > 0)
        used += snprintf(text + used, sizeof text - (size_t)used, ":pools=%d", context->thread_count);
    if (choice->crf == 0)
        snprintf(text + used, sizeof text - (size_t)used, ":lossless=1");
    set_text(context, "x265-params", text);
    set_text(context, "preset", speeds[choice->preset >= 0 ? choice->preset : DEFAULT_SPEED]);
    set_crf(context, choice);
}

static void set_vpx(AVCodecContext *context, const SolCodecChoice *choice)
{
    static const int scale[SPEEDS] = {5, 5, 4, 4, 3, 2, 1, 1, 0, 0};
    set_int(context, "cpu-used", speed_of(choice, scale));
    set_int(context, "row-mt", 1);
    set_crf(context, choice);
    if (choice->crf == 0)
        set_int(context, "lossless", 1);
}

static void set_svt_av1(AVCodecContext *context, const SolCodecChoice *choice)
{
    static const int scale[SPEEDS] = {12, 11, 10, 9, 8, 6, 5, 4, 2, 0};
    enum { MOST_PARALLEL = 6 };
    char text[32];
    int threads = context->thread_count < MOST_PARALLEL ? context->thread_count : MOST_PARALLEL;
    set_int(context, "preset", speed_of(choice, scale));
    snprintf(text, sizeof text, "lp=%d", threads);
    if (threads > 0)
        set_text(context, "svtav1-params", text);
    set_crf(context, choice);
}

static void set_aom(AVCodecContext *context, const SolCodecChoice *choice)
{
    static const int scale[SPEEDS] = {6, 6, 6, 5, 5, 4, 3, 2, 1, 0};
    enum { KEY_DISTANCE = 250 };
    set_int(context, "cpu-used", speed_of(choice, scale));
    set_int(context, "row-mt", 1);
    context->gop_size = KEY_DISTANCE;
    set_crf(context, choice);
    if (choice->crf == 0)
        set_text(context, "aom-params", "lossless=1");
}

static void set_rav1e(AVCodecContext *context, const SolCodecChoice *choice)
{
    static const int scale[SPEEDS] = {10, 10, 9, 8, 7, 6, 5, 4, 2, 0};
    set_int(context, "speed", speed_of(choice, scale));
    context->bit_rate = choice->bitrate;
    if (choice->crf >= 0)
        set_int(context, "qp", 4 * (int64_t)choice->crf);
}

/* H.264 and H.265 by an encoder that knows rates only: what x264 spends on paintings at a crf, about. */
static void set_rate(AVCodecContext *context, const SolCodecChoice *choice)
{
    double pixels = (double)context->width * context->height * av_q2d(context->framerate);
    context->bit_rate = choice->bitrate;
    if (choice->crf >= 0)
        context->bit_rate = (int64_t)(pixels * 0.2 * pow(2, (18 - choice->crf) / 6.0)) + 100000;
    context->max_b_frames = 0;
}

static void set_mpeg4(AVCodecContext *context, const SolCodecChoice *choice)
{
    /* crf doubles the quantiser's step every six; 18 is near a quantiser of 2 */
    double quantiser = fmin(31, fmax(1, 2 * pow(2, (choice->crf - 18) / 6.0)));
    context->max_b_frames = 2;
    context->bit_rate = choice->bitrate;
    if (choice->crf < 0)
        return;
    context->flags |= AV_CODEC_FLAG_QSCALE;
    context->global_quality = (int)(FF_QP2LAMBDA * quantiser);
}

static void set_prores(AVCodecContext *context, const SolCodecChoice *choice)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(choice->format);
    int whole = kind && kind->log2_chroma_w == 0 ? PROFILE_4444 : PROFILE_HQ;
    set_text(context, "profile", profiles[choice->preset >= 0 ? choice->preset : whole]);
}

static void set_ffv1(AVCodecContext *context, const SolCodecChoice *choice)
{
    (void)choice;
    context->level = 3;     /* version 3, which is a standard: RFC 9043 */
    context->gop_size = 1;
    set_int(context, "slicecrc", 1);
}

static void set_raw(AVCodecContext *context, const SolCodecChoice *choice)
{
    (void)choice;
    context->thread_count = 1;
}

/* ---- the table ---- */

static const SolCodec codecs[] = {
    {.name = "h264", .others = {"avc", "x264"}, .containers = "mp4 mov mkv", .format = "yuv420p",
     .finest = 0, .coarsest = 51, .crf = 18, .presets = speeds,
     .encoders = {{.name = "libx264", .lossless = true, .set_up = set_x264},
                  {.name = "libx264rgb", .lossless = true, .set_up = set_x264},
                  {.name = "libopenh264", .set_up = set_rate},
                  {.name = "h264_videotoolbox", .set_up = set_rate}}},
    {.name = "h265", .others = {"hevc", "x265"}, .containers = "mp4 mov mkv", .format = "yuv420p",
     .finest = 0, .coarsest = 51, .crf = 20, .presets = speeds,
     .encoders = {{.name = "libx265", .lossless = true, .delay = 2, .set_up = set_x265},
                  {.name = "hevc_videotoolbox", .set_up = set_rate}}},
    {.name = "vp9", .containers = "webm mkv mp4", .format = "yuv420p",
     .finest = 0, .coarsest = 63, .crf = 24, .presets = speeds,
     .encoders = {{.name = "libvpx-vp9", .lossless = true, .set_up = set_vpx}}},
    {.name = "av1", .containers = "webm mkv mp4", .format = "yuv420p",
     .finest = 0, .coarsest = 63, .crf = 24, .presets = speeds,
     .encoders = {{.name = "libsvtav1", .needs_picture = true, .set_up = set_svt_av1},
                  {.name = "libaom-av1", .lossless = true, .set_up = set_aom},
                  {.name = "librav1e", .set_up = set_rav1e}}},
    {.name = "prores", .containers = "mov mkv", .format = "yuv422p10le", .presets = profiles,
     .encoders = {{.name = "prores_ks", .set_up = set_prores}}},
    {.name = "ffv1", .containers = "mkv", .format = "gbrp",
     .encoders = {{.name = "ffv1", .lossless = true, .set_up = set_ffv1}}},
    {.name = "mpeg4", .containers = "mp4 mov mkv", .format = "yuv420p", .finest = 1, .coarsest = 51, .crf = 18,
     .encoders = {{.name = "mpeg4", .set_up = set_mpeg4}}},
    {.name = "rawvideo", .containers = "y4m", .format = "yuv420p",
     .formats = "yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le",
     .encoders = {{.name = "rawvideo", .lossless = true, .set_up = set_raw}}},
};

enum { CODECS = sizeof codecs / sizeof *codecs };

const char *sol_codec_name(const SolCodec *codec)
{
    return codec->name;
}

const char *sol_codec_best(const SolCodec *codec)
{
    return codec->encoders[0].name;
}

/* ---- texts ---- */

/* True where `word` is one of those in `list`, apart by blanks. */
static bool holds(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (; *list; list += strspn(list, " ")) {
        size_t each = strcspn(list, " ");
        if (each == length && strncmp(list, word, length) == 0)
            return true;
        list += each;
    }
    return false;
}

/* "a, b LAST c" of a NULL-terminated list, as far as there is room. */
static const char *join(const char *const words[], const char *last, char text[TEXT])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; words[i]; i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : last;
        int length = snprintf(text + used, TEXT - used, "%s%s", before, words[i]);
        used += length > 0 && (size_t)length < TEXT - used ? (size_t)length : 0;
    }
    return text;
}

/* `meant` are the words that may have been meant, which `words` are the best of. */
static int fail_word(const char *key, const char *word, const char *const words[], const char *const meant[],
                     const char *of)
{
    const char *nearest = sol_nearest(word, meant);
    char text[TEXT];
    return sol_fail(SOL_ERR_ARGUMENT, "\"%s\" must be %s%s, not \"%s\"%s%s%s", key, join(words, " or ", text), of, word,
                    nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* ---- encoders and their pixel formats ---- */

/* An 8-bit RGB without alpha, all of which hold the same. */
static bool is_rgb(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_GBRP || format == AV_PIX_FMT_RGB24 || format == AV_PIX_FMT_BGR24 ||
           format == AV_PIX_FMT_BGR0 || format == AV_PIX_FMT_RGB0 || format == AV_PIX_FMT_0BGR ||
           format == AV_PIX_FMT_0RGB;
}

/* A format that to_yuv.c makes: planes of Y, Cb and Cr, limited range, or RGB of 8 bits. */
static bool is_ours(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(format);
    if (is_rgb(format))
        return true;
    return kind && kind->nb_components == 3 && (kind->flags & AV_PIX_FMT_FLAG_PLANAR) &&
           !(kind->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BE)) && av_pix_fmt_count_planes(format) == 3 &&
           strncmp(kind->name, "yuvj", 4) != 0;
}

/* The formats of an encoder, up to AV_PIX_FMT_NONE; NULL: any. */
static const enum AVPixelFormat *formats_of(const AVCodec *encoder)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void *formats = NULL;
    avcodec_get_supported_config(NULL, encoder, AV_CODEC_CONFIG_PIX_FORMAT, 0, &formats, NULL);
    return formats;
#else
    return encoder->pix_fmts;
#endif
}

/* How an encoder takes `format`: as such, or as an RGB of another order; AV_PIX_FMT_NONE: not at all. */
static enum AVPixelFormat format_for(const AVCodec *encoder, enum AVPixelFormat format)
{
    const enum AVPixelFormat *formats = formats_of(encoder);
    for (int i = 0; formats && formats[i] != AV_PIX_FMT_NONE; i++)
        if (formats[i] == format || (is_rgb(formats[i]) && is_rgb(format)))
            return formats[i];
    return formats ? AV_PIX_FMT_NONE : format;
}

static bool has_encoder(const SolCodec *codec)
{
    for (int i = 0; i < MOST_ENCODERS && codec->encoders[i].name; i++)
        if (avcodec_find_encoder_by_name(codec->encoders[i].name))
            return true;
    return false;
}

/* The names of all formats that the codec's encoders take; NULL-terminated. */
static void list_formats(const SolCodec *codec, const char *names[MOST_FORMATS + 1])
{
    int count = 0;
    for (int i = 0; i < MOST_ENCODERS && codec->encoders[i].name; i++) {
        const AVCodec *encoder = avcodec_find_encoder_by_name(codec->encoders[i].name);
        for (int format = 0; encoder && av_pix_fmt_desc_get(format); format++) {
            const char *name = av_get_pix_fmt_name(is_rgb(format) ? AV_PIX_FMT_GBRP : format);
            bool listed = false;
            if (!is_ours(format) || format_for(encoder, format) == AV_PIX_FMT_NONE ||
                (codec->formats && !holds(codec->formats, name)))
                continue;
            for (int n = 0; n < count; n++)
                listed |= strcmp(names[n], name) == 0;
            if (!listed && count < MOST_FORMATS)
                names[count++] = name;
        }
    }
    names[count] = NULL;
}

bool sol_codec_coder(const SolCodecChoice *choice, int i, SolCoder *coder)
{
    const Encoder *encoders = choice->codec->encoders;
    for (int n = 0; n < MOST_ENCODERS && encoders[n].name; n++) {
        const AVCodec *encoder = avcodec_find_encoder_by_name(encoders[n].name);
        enum AVPixelFormat format = encoder ? format_for(encoder, choice->format) : AV_PIX_FMT_NONE;
        if (format == AV_PIX_FMT_NONE || (choice->crf == 0 && !encoders[n].lossless) || i-- > 0)
            continue;
        *coder = (SolCoder){encoder, format, encoders[n].delay, encoders[n].needs_picture, encoders[n].set_up};
        return true;
    }
    return false;
}

/* ---- choosing ---- */

/* The names of the codecs for `path` (NULL: any) that this FFmpeg `has`, or that it might have; NULL-terminated. */
static void list_codecs(const char *path, bool has, const char *names[CODECS + 1])
{
    int count = 0;
    for (int i = 0; i < CODECS; i++)
        if ((!path || sol_path_has_extension(path, codecs[i].containers)) && (!has || has_encoder(&codecs[i])))
            names[count++] = codecs[i].name;
    names[count] = NULL;
}

static bool is_called(const SolCodec *codec, const char *name)
{
    bool called = strcmp(codec->name, name) == 0;
    for (int i = 0; i < MOST_NAMES && codec->others[i]; i++)
        called |= strcmp(codec->others[i], name) == 0;
    return called;
}

/* The codec of this name, or the first for `path` where it is NULL; NULL where there is none. */
static const SolCodec *find_codec(const char *name, const char *path)
{
    for (int i = 0; i < CODECS; i++)
        if (name ? is_called(&codecs[i], name)
                 : sol_path_has_extension(path, codecs[i].containers) && has_encoder(&codecs[i]))
            return &codecs[i];
    return NULL;
}

static int fail_codec(const char *name)
{
    const char *names[CODECS + 1], *all[CODECS * (1 + MOST_NAMES) + 1];
    int count = 0;
    for (int i = 0; i < CODECS; i++) {
        all[count++] = codecs[i].name;
        for (int n = 0; n < MOST_NAMES && codecs[i].others[n]; n++)
            all[count++] = codecs[i].others[n];
    }
    all[count] = NULL;
    list_codecs(NULL, false, names);
    return fail_word("codec", name, names, all, "");
}

static int choose_codec(const char *name, const char *path, const SolCodec **out)
{
    const SolCodec *codec = find_codec(name, path);
    const char *names[CODECS + 1];
    char fitting[TEXT], others[TEXT];
    if (name && !codec)
        return fail_codec(name);
    list_codecs(path, false, names);
    join(names, " or ", fitting);
    if (codec && !sol_path_has_extension(path, codec->containers))
        return sol_fail(SOL_ERR_ARGUMENT, "\"codec\" must be %s for a .%s, not %s", fitting, sol_path_extension(path),
                        codec->name);
    list_codecs(NULL, true, names);
    join(names, " and ", others);
    if (!codec)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: this FFmpeg has no encoder for %s; it has %s", path, fitting, others);
    if (!has_encoder(codec))
        return sol_fail(SOL_ERR_ARGUMENT, "\"codec\" %s: this FFmpeg has no encoder for it; it has %s", codec->name,
                        others);
    *out = codec;
    return SOL_OK;
}

static int choose_format(const SolOutputSettings *settings, SolCodecChoice *choice)
{
    const char *names[MOST_FORMATS + 1], *wanted = settings->pix_fmt;
    const SolCodec *codec = choice->codec;
    enum AVPixelFormat format;
    char of[32];
    if (!wanted && codec->presets == profiles && choice->preset >= PROFILE_4444)
        wanted = "yuv444p10le";
    if (!wanted)
        wanted = codec->format;
    format = av_get_pix_fmt(wanted);
    if (is_rgb(format))
        format = AV_PIX_FMT_GBRP;
    list_formats(codec, names);
    for (int i = 0; names[i]; i++)
        if (format == av_get_pix_fmt(names[i])) {
            choice->format = format;
            return SOL_OK;
        }
    snprintf(of, sizeof of, " for %s", codec->name);
    return fail_word("pix_fmt", wanted, names, names, of);
}

static int choose_quality(const SolOutputSettings *settings, SolCodecChoice *choice)
{
    const SolCodec *codec = choice->codec;
    bool lossy = codec->coarsest > 0;
    if (settings->crf != -1 && settings->bitrate != 0)
        return sol_fail(SOL_ERR_ARGUMENT, "\"bitrate\" and \"crf\" exclude each other; keep one");
    if (!lossy && (settings->crf != -1 || settings->bitrate != 0))
        return sol_fail(SOL_ERR_ARGUMENT, "\"%s\" does not apply to %s%s", settings->bitrate ? "bitrate" : "crf",
                        codec->name, codec->presets ? ", whose quality its preset sets" : ", which is lossless");
    if (settings->crf != -1 && (settings->crf < codec->finest || settings->crf > codec->coarsest))
        return sol_fail(SOL_ERR_ARGUMENT, "\"crf\" must be %d%s to %d for %s, not %d", codec->finest,
                        codec->finest ? "" : " (lossless)", codec->coarsest, codec->name, settings->crf);
    if (settings->bitrate != 0 && (settings->bitrate < LEAST_RATE || settings->bitrate > MOST_RATE))
        return sol_fail(SOL_ERR_ARGUMENT, "\"bitrate\" must be %dk to %dM bits a second, not %lld", LEAST_RATE / 1000,
                        MOST_RATE / 1000000, (long long)settings->bitrate);
    choice->bitrate = settings->bitrate;
    choice->crf = settings->crf >= 0 ? settings->crf : lossy && settings->bitrate == 0 ? codec->crf : -1;
    return SOL_OK;
}

static int choose_preset(const SolOutputSettings *settings, SolCodecChoice *choice)
{
    const char *const *presets = choice->codec->presets;
    choice->preset = -1;
    if (!settings->preset)
        return SOL_OK;
    if (!presets)
        return sol_fail(SOL_ERR_ARGUMENT, "\"preset\" does not apply to %s", choice->codec->name);
    for (int i = 0; presets[i]; i++)
        if (strcmp(settings->preset, presets[i]) == 0)
            choice->preset = i;
    return choice->preset >= 0 ? SOL_OK : fail_word("preset", settings->preset, presets, presets, "");
}

/* What does not go together, each good by itself. */
static int check_together(const SolCodecChoice *choice)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(choice->format);
    const SolCodec *codec = choice->codec;
    SolCoder coder;
    bool whole = kind && kind->log2_chroma_w == 0;
    if (codec->presets == profiles && choice->preset >= 0 && whole != (choice->preset >= PROFILE_4444))
        return sol_fail(SOL_ERR_ARGUMENT, "\"preset\" %s of %s does not go with the pixel format %s; %s do",
                        profiles[choice->preset], codec->name, kind ? kind->name : "",
                        whole ? "4444 and 4444xq" : "proxy, lt, standard and hq");
    if (!sol_codec_coder(choice, 0, &coder))
        return sol_fail(SOL_ERR_ARGUMENT, "\"crf\" 0 is lossless, which no encoder of this FFmpeg can in %s %s; 1 is the "
                        "finest that is not", codec->name, kind ? kind->name : "");
    return SOL_OK;
}

int sol_codec_choose(SolCodecChoice *out, const SolOutputSettings *settings)
{
    SolCodecChoice choice = {0};
    int result = choose_codec(settings->codec, sol_writer_kind_path(settings->path), &choice.codec);
    if (result == SOL_OK)
        result = choose_quality(settings, &choice);
    if (result == SOL_OK)
        result = choose_preset(settings, &choice);
    if (result == SOL_OK)
        result = choose_format(settings, &choice);
    if (result == SOL_OK)
        result = check_together(&choice);
    if (result == SOL_OK)
        *out = choice;
    return result;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a case is made of is read from its bytes, one after the other; behind their end there are zeros.
 */
#include "support/gif_cases.h"

#include "support/gifs.h"

#include "image/image.h"
#include "media/gif_encoder.h"
#include "media/palette.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 12, MOST_SIDE = 96, LONG_SIDE = 700 };

typedef struct Case {
    int width, height, frames, loop;
    SolGifLook look;
    SolImage *images[MOST_FRAMES];
    int64_t delays[MOST_FRAMES];    /* as they must come out, cs */
    bool few[MOST_FRAMES];          /* at most 256 colours */
} Case;

/* ---- what the bytes ask for ---- */

typedef struct Wishes {
    const uint8_t *bytes, *end;
    uint32_t noise;                 /* the state of a generator of random numbers */
} Wishes;

static int next_byte(Wishes *wishes)
{
    return wishes->bytes < wishes->end ? *wishes->bytes++ : 0;
}

/* 0 .. 255 */
static uint8_t next_random(Wishes *wishes)
{
    wishes->noise = wishes->noise * 1664525U + 1013904223U;
    return (uint8_t)(wishes->noise >> 24);
}

static int next_side(Wishes *wishes)
{
    int side = next_byte(wishes);
    return side < 240 ? 1 + side % MOST_SIDE : 1 + LONG_SIDE * (side - 239) / 16;
}

static int64_t next_delay(Wishes *wishes)
{
    int kind = next_byte(wishes);
    return kind < 200 ? kind % 20 : kind < 240 ? 65530 + kind % 12 : (int64_t)next_byte(wishes) * 1000;
}

/* ---- pictures ---- */

typedef struct Area {
    int left, top, right, bottom;
} Area;

static Area whole(const SolImage *image)
{
    return (Area){0, 0, image->width, image->height};
}

/* A part of the picture: at least a pixel. */
static Area some(Wishes *wishes, const SolImage *image)
{
    Area area = {next_byte(wishes) % image->width, next_byte(wishes) % image->height, 0, 0};
    area.right = area.left + 1 + next_byte(wishes) % (image->width - area.left);
    area.bottom = area.top + 1 + next_byte(wishes) % (image->height - area.top);
    return area;
}

static void fill_plain(Wishes *wishes, SolImage *image, Area area)
{
    uint8_t colour[3];
    for (int c = 0; c < 3; c++)
        colour[c] = (uint8_t)next_byte(wishes);
    for (int y = area.top; y < area.bottom; y++)
        for (int x = area.left; x < area.right; x++)
            memcpy(sol_image_row(image, y) + 3 * x, colour, 3);
}

static void fill_noise(Wishes *wishes, SolImage *image, Area area)
{
    int bits = next_byte(wishes) % 8;
    for (int y = area.top; y < area.bottom; y++)
        for (int i = 3 * area.left; i < 3 * area.right; i++)
            sol_image_row(image, y)[i] = (uint8_t)(128 + (next_random(wishes) >> bits));
}

/* Pixels at random of up to 256 colours, or rows of them. */
static void fill_few(Wishes *wishes, SolImage *image, Area area)
{
    uint8_t colours[256][3];
    int count = 1 + next_byte(wishes), run = 1 + next_byte(wishes) % 32, left = 0, colour = 0;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            colours[i][c] = next_random(wishes);
    for (int y = area.top; y < area.bottom; y++)
        for (int x = area.left; x < area.right; x++) {
            if (left-- == 0) {
                left = next_random(wishes) % run;
                colour = next_random(wishes) % count;
            }
            memcpy(sol_image_row(image, y) + 3 * x, colours[colour], 3);
        }
}

static void fill_gradient(Wishes *wishes, SolImage *image, Area area)
{
    int base[3], across[3], down[3];
    for (int c = 0; c < 3; c++) {
        base[c] = next_byte(wishes);
        across[c] = next_byte(wishes) - 128;
        down[c] = next_byte(wishes) - 128;
    }
    for (int y = area.top; y < area.bottom; y++)
        for (int x = area.left; x < area.right; x++)
            for (int c = 0; c < 3; c++) {
                int value = base[c] + across[c] * x / image->width + down[c] * y / image->height;
                sol_image_row(image, y)[3 * x + c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
            }
}

/* The former picture moved by some pixels, its left and upper edges repeated. */
static void move(Wishes *wishes, SolImage *image, const SolImage *former)
{
    int right = next_byte(wishes) % 4, down = next_byte(wishes) % 4;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            memcpy(sol_image_row(image, y) + 3 * x,
                   sol_image_row_const(former, y < down ? 0 : y - down) + 3 * (x < right ? 0 : x - right), 3);
}

static void copy(SolImage *image, const SolImage *former)
{
    for (int y = 0; y < image->height; y++)
        memcpy(sol_image_row(image, y), sol_image_row_const(former, y), 3 * (size_t)image->width);
}

/* Draws a picture: anew, or, where there is a former one, from that. */
static void draw(Wishes *wishes, SolImage *image, const SolImage *former)
{
    static void (*const fills[])(Wishes *, SolImage *, Area) = {fill_plain, fill_noise, fill_few, fill_gradient};
    int kind = next_byte(wishes) % 16;
    if (!former || kind < 4) {
        fills[kind % 4](wishes, image, whole(image));
    } else if (kind == 4) {
        move(wishes, image, former);
    } else {
        copy(image, former);
        if (kind >= 8) /* 5 .. 7: nothing changes */
            fills[kind % 4](wishes, image, kind >= 12 ? some(wishes, image) : (Area){0, 0, 1, 1});
    }
}

static bool make_case(Case *made, Wishes *wishes)
{
    SolPalette palette;
    *made = (Case){.width = next_side(wishes), .height = next_side(wishes)};
    made->frames = 1 + next_byte(wishes) % MOST_FRAMES;
    if (made->width * made->height > MOST_SIDE * MOST_SIDE)
        made->height = 1 + MOST_SIDE * MOST_SIDE / (made->width + 1);
    made->look = sol_gif_look_default();
    made->look.lossy = 0;
    switch (next_byte(wishes) % 8) {
    case 0: made->look.colours = 2 + next_byte(wishes) % 255; break;
    case 1: made->look.lossy = next_byte(wishes) / 2; break;
    case 2: made->look = sol_gif_look_of_quality(1 + next_byte(wishes) % 100); break;
    case 3: made->look.dither = next_byte(wishes) / 255.0; break;
    default: break;
    }
    made->loop = next_byte(wishes) % 4;
    wishes->noise = (uint32_t)next_byte(wishes) << 8 | (uint32_t)next_byte(wishes);
    for (int n = 0; n < made->frames; n++) {
        made->delays[n] = next_delay(wishes);
        if (sol_image_create(&made->images[n], made->width, made->height) != 0)
            return false;
        draw(wishes, made->images[n], n > 0 ? made->images[n - 1] : NULL);
        made->few[n] = sol_palette_exact(&palette, made->images[n], SOL_PALETTE_MAX);
    }
    return true;
}

static void free_case(Case *made)
{
    for (int n = 0; n < MOST_FRAMES; n++)
        sol_image_unref(&made->images[n]);
}

/* ---- encoding ---- */

static bool encode(const Case *made, const char *path, int threads)
{
    SolGifEncoder *encoder = NULL;
    FILE *stream = fopen(path, "wb");
    int64_t bytes = -1;
    int result;
    if (!stream)
        return false;
    result = sol_gif_encoder_open(&encoder, stream, path, made->width, made->height, &made->look, made->loop, threads);
    for (int n = 0; n < made->frames && result == SOL_OK; n++)
        result = sol_gif_encoder_add(encoder, made->images[n], made->delays[n]);
    if (result == SOL_OK)
        result = sol_gif_encoder_finish(encoder, &bytes);
    sol_gif_encoder_close(&encoder);
    if (result == SOL_OK && bytes != ftell(stream))
        result = SOL_ERR_IO;
    return fclose(stream) == 0 && result == SOL_OK;
}

/* A fingerprint (FNV-1a) of the file; 0 where it cannot be read. */
static uint64_t fingerprint(const char *path)
{
    FILE *stream = fopen(path, "rb");
    uint64_t hash = 14695981039346656037U;
    if (!stream)
        return 0;
    for (int c; (c = getc(stream)) != EOF;)
        hash = (hash ^ (uint64_t)c) * 1099511628211U;
    fclose(stream);
    return hash;
}

/* ---- what must have come out ---- */

/* The mean distance of what shows from the picture, R, G and B; and whether it is exactly the picture. */
static double distance(const GifPlayer *player, const SolImage *image, bool *same)
{
    const uint8_t *shown = player->screen;
    int64_t sum = 0;
    *same = true;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *pixel = sol_image_row_const(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3, shown += 4) {
            for (int c = 0; c < 3; c++)
                sum += abs(pixel[c] - shown[c]);
            *same = *same && shown[3] == 255;
        }
    }
    *same = *same && sum == 0;
    return (double)sum / (3.0 * image->width * image->height);
}

/* What is wrong with the frame that shows as picture n. */
static const char *check_picture(const Case *made, const GifPlayer *player, int n)
{
    static const double far = 48; /* of 255: noise in 256 colours is nearer than that */
    bool lossless = made->look.lossy <= 0 && (made->look.colours == 0 || made->look.colours == SOL_PALETTE_MAX), same;
    double off = distance(player, made->images[n], &same);
    if (lossless && made->few[n] && !same)
        return "a picture of at most 256 colours is not shown exactly";
    return lossless && off > far ? "a picture is shown as something else" : NULL;
}

/* What is wrong with the GIF's pictures and their times. */
static const char *check_film(const Case *made, const char *path)
{
    int64_t begins[MOST_FRAMES + 1] = {0};
    GifPlayer player;
    const char *wrong = NULL;
    int n = 0; /* the first picture whose end is behind the frame's begin */
    for (int i = 0; i < made->frames; i++)
        begins[i + 1] = begins[i] + (made->delays[i] < SOL_GIF_MIN_DELAY ? SOL_GIF_MIN_DELAY : made->delays[i]);
    if (gif_open(&player, path) && (player.width != made->width || player.height != made->height))
        wrong = "the screen has another size";
    while (!wrong && !player.fault && gif_next(&player)) {
        if (player.delay < SOL_GIF_MIN_DELAY)
            wrong = "a delay is too short";
        if (player.begin + player.delay > begins[made->frames])
            wrong = "the delays add up to more";
        while (!wrong && begins[n + 1] <= player.begin)
            n++;
        for (int i = n; !wrong && i < made->frames && begins[i] < player.begin + player.delay; i++)
            wrong = check_picture(made, &player, i);
    }
    if (!wrong && player.fault)
        wrong = player.fault;
    if (!wrong && player.begin != begins[made->frames])
        wrong = "the delays add up to less";
    if (!wrong && player.repeats != (made->loop == 1 ? -1 : made->loop == 0 ? 0 : made->loop - 1))
        wrong = "it plays another number of times";
    gif_close(&player);
    return wrong;
}

const char *gif_case(const uint8_t *bytes, size_t size, const char *path)
{
    Wishes wishes = {bytes, bytes + size, 0};
    const char *wrong = NULL;
    uint64_t alone;
    Case made;
    if (!make_case(&made, &wishes))
        wrong = "no memory for the pictures";
    else if (!encode(&made, path, 3))
        wrong = "cannot be encoded by three threads";
    alone = wrong ? 0 : fingerprint(path);
    if (!wrong && !encode(&made, path, 1))
        wrong = "cannot be encoded by one thread";
    if (!wrong && fingerprint(path) != alone)
        wrong = "differs with the number of threads";
    if (!wrong)
        wrong = check_film(&made, path);
    free_case(&made);
    return wrong ? wrong : gif_alike(path);
}

/* ---- giflib and libavcodec ---- */

typedef struct Decoder {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
} Decoder;

static bool open_decoder(Decoder *decoder, const char *path)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_GIF);
    memset(decoder, 0, sizeof *decoder);
    decoder->codec = avcodec_alloc_context3(codec);
    decoder->packet = av_packet_alloc();
    decoder->frame = av_frame_alloc();
    return codec && decoder->codec && decoder->packet && decoder->frame &&
           avformat_open_input(&decoder->format, path, av_find_input_format("gif"), NULL) == 0 &&
           decoder->format->nb_streams == 1 &&
           avcodec_parameters_to_context(decoder->codec, decoder->format->streams[0]->codecpar) == 0 &&
           avcodec_open2(decoder->codec, codec, NULL) == 0;
}

static void close_decoder(Decoder *decoder)
{
    av_frame_free(&decoder->frame);
    av_packet_free(&decoder->packet);
    avcodec_free_context(&decoder->codec);
    avformat_close_input(&decoder->format);
}

/* Decodes the next frame; its delay in cs, 0 at the end, -1 where that fails. */
static int64_t decode_frame(Decoder *decoder)
{
    AVRational base = decoder->format->streams[0]->time_base;
    int64_t delay;
    if (av_read_frame(decoder->format, decoder->packet) != 0)
        return 0;
    delay = av_rescale_q(decoder->packet->duration, base, (AVRational){1, 100});
    if (avcodec_send_packet(decoder->codec, decoder->packet) != 0 ||
        avcodec_receive_frame(decoder->codec, decoder->frame) != 0)
        delay = -1;
    av_packet_unref(decoder->packet);
    return delay;
}

/* libavcodec's B, G, R, A against what giflib shows; colours of transparent pixels do not count. */
static bool same_picture(const AVFrame *frame, const GifPlayer *player)
{
    const uint8_t *b = player->screen;
    if (frame->width != player->width || frame->height != player->height || frame->format != AV_PIX_FMT_BGRA)
        return false;
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *a = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (int x = 0; x < frame->width; x++, a += 4, b += 4)
            if (a[3] != b[3] || (a[3] != 0 && (a[0] != b[2] || a[1] != b[1] || a[2] != b[0])))
                return false;
    }
    return true;
}

const char *gif_alike(const char *path)
{
    const char *wrong = NULL;
    GifPlayer player;
    Decoder decoder;
    if (!gif_open(&player, path))
        wrong = player.fault;
    if (!open_decoder(&decoder, path) && !wrong)
        wrong = "libavcodec cannot open it";
    while (!wrong && gif_next(&player)) {
        int64_t delay = decode_frame(&decoder);
        if (delay <= 0)
            wrong = "libavcodec cannot decode a frame";
        else if (delay != player.delay)
            wrong = "libavcodec sees another delay than giflib";
        else if (!same_picture(decoder.frame, &player))
            wrong = "libavcodec shows another picture than giflib";
    }
    if (!wrong && player.fault)
        wrong = player.fault;
    if (!wrong && (player.frame < 0 || decode_frame(&decoder) != 0))
        wrong = "libavcodec finds more frames than giflib";
    gif_close(&player);
    close_decoder(&decoder);
    return wrong;
}

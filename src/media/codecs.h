/* SPDX-License-Identifier: Apache-2.0
 *
 * Which codecs a film may have: one table entry each, in codecs.c, and what the settings of an output make
 * of them.
 */
#ifndef SOL_MEDIA_CODECS_H
#define SOL_MEDIA_CODECS_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>

#include <solstice/video.h>

typedef struct SolCodec SolCodec;

/* A codec and how it is to be used, with defaults filled in. */
typedef struct SolCodecChoice {
    const SolCodec *codec;
    enum AVPixelFormat format;  /* AV_PIX_FMT_GBRP for any RGB of 8 bits, whatever the encoder's order of bytes */
    int crf;                    /* 0 is lossless; -1: `bitrate` says how much may be spent, or nothing does */
    int64_t bitrate;            /* bits a second, 0 where crf says how good it is to be */
    int preset;                 /* index in the codec's list; -1: the default */
} SolCodecChoice;

/* An encoder of this FFmpeg's for a choice. */
typedef struct SolCoder {
    const AVCodec *encoder;
    enum AVPixelFormat format;  /* as the encoder takes it */
    int delay;                  /* pictures by which decoding is ahead of showing, where FFmpeg does not tell; else 0 */
    bool needs_picture;         /* closing it before it had one never ends (SVT-AV1 1.4) */
    void (*set_up)(AVCodecContext *context, const SolCodecChoice *choice);
} SolCoder;

/**
 * What is made of an output's path, codec, crf, bitrate, preset and pix_fmt.
 *
 * @return 0, or SOL_ERR_ARGUMENT whose text begins with the "key" that is wrong
 */
int sol_codec_choose(SolCodecChoice *choice, const SolOutputSettings *settings);

/**
 * The encoder number `i` that can do what was chosen, the best one first. There is a first one for whatever
 * sol_codec_choose() made.
 */
bool sol_codec_coder(const SolCodecChoice *choice, int i, SolCoder *coder);

/** The codec's name, as in a schedule. */
const char *sol_codec_name(const SolCodec *codec);

/** The encoder that this codec is best made with, whether this FFmpeg has it or not. */
const char *sol_codec_best(const SolCodec *codec);

#endif

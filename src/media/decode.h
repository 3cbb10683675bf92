/* SPDX-License-Identifier: Apache-2.0
 *
 * One file through libavformat and libavcodec: decoded frames in presentation order up to the last
 * one, whatever damage lies between. What the frames are turned into is none of its business.
 */
#ifndef SOL_MEDIA_DECODE_H
#define SOL_MEDIA_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include <solstice/log.h>

typedef struct SolDecoder {
    char *path;
    const SolLog *log;
    AVFormatContext *format;
    AVStream *stream; /* of the pictures */
    AVCodecContext *codec;
    AVPacket *packet;
    int64_t frames;   /* decoded so far */
    int64_t reported; /* the frame that damage was last reported at, -1 before */
    int failures;     /* of the decoder, since it last delivered or took anything */
    bool draining;    /* the file has been read to its end */
} SolDecoder;

/**
 * Opens a file's demuxer and picks its best picture stream; all other streams are discarded.
 *
 * @param still         only the first picture is wanted: nothing is read ahead to learn about the streams
 * @param[out] format   untouched on failure; released by avformat_close_input()
 * @param[out] stream   belongs to the format
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (not a medium, or without pictures), SOL_ERR_NOMEM
 */
int sol_demuxer_open(AVFormatContext **format, AVStream **stream, const char *path, bool still);

/**
 * As sol_demuxer_open(), with the input format that libavformat calls `kind`; NULL: what the file looks like. Devices
 * are among the formats where FFmpeg's libavdevice is installed, which is loaded when one is asked for.
 *
 * @return also SOL_ERR_ARGUMENT: there is no such format
 */
int sol_demuxer_open_as(AVFormatContext **format, AVStream **stream, const char *path, const char *kind, bool still);

/** The number of sound streams. */
int sol_demuxer_sounds(const AVFormatContext *format);

/**
 * @param[out] decoder  untouched on failure; released by sol_decoder_close()
 * @param kind          as of sol_demuxer_open_as()
 * @param threads       0 for one a processor
 * @param log           may be NULL; borrowed
 */
int sol_decoder_open(SolDecoder **decoder, const char *path, const char *kind, int threads, bool still,
                     const SolLog *log);

/**
 * Decodes the next frame, with the stream's sample aspect ratio and display matrix set in it where
 * it has none of its own.
 *
 * @param frame     unreferenced by the caller, or fresh
 * @param[out] got  false at the end
 * @return 0 or SOL_ERR_NOMEM: damage is passed over and logged, a read error ends the file and is logged
 */
int sol_decoder_next(SolDecoder *decoder, AVFrame *frame, bool *got);

/** Sets *decoder to NULL; NULL is accepted. */
void sol_decoder_close(SolDecoder **decoder);

#endif

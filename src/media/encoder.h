/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures to packets: which encoder a video gets, how it is set up, and the way of a picture through
 * it. Where the packets go is the caller's business.
 */
#ifndef SOL_MEDIA_ENCODER_H
#define SOL_MEDIA_ENCODER_H

#include <libavcodec/avcodec.h>

#include <solstice/video.h>

#include "media/codecs.h"

typedef struct SolEncoder SolEncoder;

/* What is encoded, and into what. */
typedef struct SolEncoderFormat {
    const SolOutputSettings *settings; /* borrowed; its path is what messages begin with */
    int width, height;                 /* of the pictures that come in */
    SolCodecChoice choice;
    int out_width, out_height;         /* of the video, even where its pixel format wants that */
    SolRational time_base;             /* of the pictures' times */
    SolRational frame_rate;            /* average; {0, 1} where it is not known */
    int threads;                       /* 0 for one a processor */
    bool global_header;                /* the container wants the codec's headers apart from its packets */
} SolEncoderFormat;

/* Where packets go, in the order of decoding. */
typedef struct SolPacketSink {
    /*
     * Times are in the encoder's time base. The packet's dts is the start of the picture that stands in the order of
     * showing where the packet stands in that of decoding. What is left in the packet is freed.
     */
    int (*take)(void *user, AVPacket *packet);
    void *user;
} SolPacketSink;

/** @param[out] encoder  untouched on failure; released by sol_encoder_close() */
int sol_encoder_open(SolEncoder **encoder, const SolEncoderFormat *format, const SolLog *log);

/** For its parameters and time base; changes with sol_encoder_restart(). */
const AVCodecContext *sol_encoder_context(const SolEncoder *encoder);

/**
 * Encodes a picture that shows from `start` to `end`, in the time base of the pictures; times must ascend. In a coarser
 * time base of the encoder's, pictures keep their order.
 */
int sol_encoder_write(SolEncoder *encoder, const SolImage *image, int64_t start, int64_t end,
                      const SolPacketSink *sink);

/** Hands over all that is inside the encoder. Nothing can be encoded after it, until sol_encoder_restart(). */
int sol_encoder_drain(SolEncoder *encoder, const SolPacketSink *sink);

/** Begins anew, behind the pictures that it had: what follows is encoded as if nothing had gone before it. */
int sol_encoder_restart(SolEncoder *encoder);

/** Goes on behind a picture that another encoder had, which starts at `pts` in the encoder's time base. */
void sol_encoder_skip(SolEncoder *encoder, int64_t pts);

/** Sets *encoder to NULL; NULL is accepted. */
void sol_encoder_close(SolEncoder **encoder);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sound that a container does not take as it is, or not as fast: decoded, cut, resampled, stretched and
 * encoded anew.
 */
#ifndef SOL_MEDIA_SOUND_H
#define SOL_MEDIA_SOUND_H

#include <libavcodec/avcodec.h>

#include <solstice/log.h>

#include <stdbool.h>

typedef struct SolSound SolSound;

/* Which sound, and into what. */
typedef struct SolSoundFormat {
    const AVCodecParameters *parameters; /* of the source's packets; borrowed */
    AVRational time_base;                /* of their times */
    int64_t start, end;                  /* of the film, and of what is taken; end INT64_MAX: all that comes */
    int64_t from;                        /* frames before it are not taken, as if they were silent; INT64_MIN: none */
    int least_channels, least_rate;      /* of what is encoded, where the packets' own are less */
    AVRational speed;                    /* how much faster it plays, at the same pitch */
    enum AVCodecID codec;                /* AV_CODEC_ID_AAC or AV_CODEC_ID_OPUS */
    bool global_header;                  /* as SolEncoderFormat's */
    const char *path;                    /* what messages begin with; borrowed */
    const SolLog *log;                   /* may be NULL; borrowed */
} SolSoundFormat;

/* Where packets go. Times are in the encoder's time base, 0 at `start`. */
typedef struct SolSoundSink {
    int (*take)(void *user, AVPacket *packet); /* what is left in the packet is freed */
    void *user;
} SolSoundSink;

/**
 * @param[out] sound  untouched on failure; released by sol_sound_close()
 * @return 0, SOL_ERR_FORMAT (this FFmpeg cannot decode, or not encode it), SOL_ERR_NOMEM
 */
int sol_sound_open(SolSound **sound, const SolSoundFormat *format);

/** For its parameters and time base. */
const AVCodecContext *sol_sound_encoder(const SolSound *sound);

/**
 * Takes a packet, or NULL for the end, and gives the sink all that is ready. Damage is passed over and logged.
 *
 * @return 0, what the sink returns, SOL_ERR_NOMEM
 */
int sol_sound_write(SolSound *sound, const AVPacket *packet, const SolSoundSink *sink);

/**
 * Goes on with packets of another source, whose sound is made into what that of the first was. The codec, path and log of
 * `format` are to be those that it had, and times of the film go on.
 *
 * @return 0, SOL_ERR_FORMAT (this FFmpeg cannot decode it; nothing may then be written but the end, or another source's),
 *         what the sink returns, SOL_ERR_NOMEM
 */
int sol_sound_continue(SolSound *sound, const SolSoundFormat *format, const SolSoundSink *sink);

/** Sets *sound to NULL; NULL is accepted. */
void sol_sound_close(SolSound **sound);

#endif

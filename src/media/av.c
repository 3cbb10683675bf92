/* SPDX-License-Identifier: Apache-2.0
 *
 * libav's error codes in words, and its threads.
 */
#include "media/av.h"

#include "base/background.h"
#include "base/error.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/parseutils.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int error_of(int code)
{
    switch (code) {
    case AVERROR(ENOMEM):
        return SOL_ERR_NOMEM;
    case AVERROR_INVALIDDATA:
    case AVERROR_PATCHWELCOME:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_STREAM_NOT_FOUND:
    case AVERROR_EOF:
    case AVERROR(EINVAL):
    case AVERROR(ENOSYS):
        return SOL_ERR_FORMAT;
    default:
        return SOL_ERR_IO;
    }
}

int sol_fail_av(int code, const char *path, const char *doing)
{
    char words[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    av_strerror(code, words, sizeof words);
    return sol_fail(error_of(code), "%s: %s: %s", path, doing, words);
}

typedef struct Opening {
    AVCodecContext *context;
    const AVCodec *codec;
    int code;
} Opening;

static void *open_in_background(void *argument)
{
    Opening *opening = argument;
    sol_background();
    opening->code = avcodec_open2(opening->context, opening->codec, NULL);
    return NULL;
}

int sol_codec_open(AVCodecContext *context, const AVCodec *codec)
{
    Opening opening = {context, codec, 0};
    pthread_t thread;
    /* a thread cannot take its own priority back, so that another one starts those of the codec */
    if (context->thread_count == 1 || pthread_create(&thread, NULL, open_in_background, &opening) != 0)
        return avcodec_open2(context, codec, NULL);
    pthread_join(thread, NULL);
    return opening.code;
}

void sol_media_quiet(void)
{
    av_log_set_level(AV_LOG_QUIET);
    setenv("SVT_LOG", "0", 0); /* SVT-AV1 has a log of its own */
}

bool sol_parse_colour(const char *text, uint8_t rgb[3])
{
    uint8_t rgba[4];
    /* "random" and an opacity ("red@0.5") are no colours to lay a picture over */
    if (strchr(text, '@') || strncasecmp(text, "rand", 4) == 0 || strncasecmp(text, "bikeshed", 8) == 0 ||
        av_parse_color(rgba, text, -1, NULL) < 0 || rgba[3] != 255)
        return false;
    memcpy(rgb, rgba, 3);
    return true;
}

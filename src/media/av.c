/* SPDX-License-Identifier: Apache-2.0
 *
 * libav's error codes in words.
 */
#include "media/av.h"

#include "base/error.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <string.h>

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

void sol_media_quiet(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

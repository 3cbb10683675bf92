/* SPDX-License-Identifier: Apache-2.0
 *
 * Losses, by the pace of the frames and by what the container promises; and MP4 files whose index is missing, by
 * their boxes (ISO/IEC 14496-12, 4.2).
 */
#include "media/losses.h"

#include "base/error.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

enum { STEADY = 16 }; /* intervals that make an even pace */

static double seconds(const SolDecoder *decoder, int64_t time)
{
    return (double)time * av_q2d(decoder->stream->time_base);
}

static bool may_pause(const SolDecoder *decoder)
{
    enum AVCodecID codec = decoder->stream->codecpar->codec_id;
    return codec == AV_CODEC_ID_GIF || codec == AV_CODEC_ID_APNG || codec == AV_CODEC_ID_WEBP;
}

void sol_losses_frame(SolLosses *losses, const SolDecoder *decoder, int64_t time)
{
    int64_t interval = time - losses->last, usual = losses->interval, slack = usual / 20 + 1;
    if (losses->frames++ == 0) {
        losses->last = time;
        return;
    }
    if (losses->steady >= STEADY && interval >= 3 * usual && seconds(decoder, interval) >= 0.2 && !may_pause(decoder))
        sol_log(decoder->log, SOL_LOG_WARNING, "%s: about %lld frames are missing before frame %lld (%.3f to %.3f s)",
                decoder->path, (long long)((interval + usual / 2) / usual - 1), (long long)losses->frames - 1,
                seconds(decoder, losses->last + usual), seconds(decoder, time));
    losses->last = time;
    if (interval >= usual - slack && interval <= usual + slack) {
        losses->steady++;
    } else {
        losses->interval = interval;
        losses->steady = 0;
    }
}

/* When the file says that its pictures end, counted in seconds from its first frame, at `start`; 0: it does not. */
static double promised(const SolDecoder *decoder, int64_t start)
{
    const AVFormatContext *format = decoder->format;
    const AVStream *stream = decoder->stream;
    if (format->duration_estimation_method != AVFMT_DURATION_FROM_STREAM)
        return 0;
    if (stream->duration != AV_NOPTS_VALUE)
        return seconds(decoder, stream->duration);
    if (format->duration != AV_NOPTS_VALUE && start >= 0)
        return (double)format->duration / AV_TIME_BASE - seconds(decoder, start);
    return 0;
}

void sol_losses_end(SolLosses *losses, const SolDecoder *decoder, int64_t start, int64_t duration)
{
    double end = seconds(decoder, losses->last + duration), whole = promised(decoder, start);
    double step = seconds(decoder, losses->interval), least = decoder->format->nb_streams > 1 ? 1 : 0.4;
    if (losses->ended)
        return;
    losses->ended = true;
    if (losses->frames < 2 || may_pause(decoder) || whole - end < least || whole - end < 3 * step)
        return;
    sol_log(decoder->log, SOL_LOG_WARNING, "%s: ends after %lld frames, at %.3f of %.3f s; the rest is missing",
            decoder->path, (long long)losses->frames, end, whole);
}

/* ---- boxes ---- */

/* A box's type and its whole size (0: up to the end of the file); false at the end, or where it is none. */
static bool read_box(FILE *file, char type[4], uint64_t *size)
{
    uint8_t bytes[16];
    int wide;
    if (fread(bytes, 1, 8, file) != 8)
        return false;
    memcpy(type, bytes + 4, 4);
    *size = 0;
    for (int i = 0; i < 4; i++)
        *size = *size << 8 | bytes[i];
    wide = *size == 1;
    if (wide && fread(bytes + 8, 1, 8, file) != 8)
        return false;
    for (int i = 8; wide && i < 16; i++)
        *size = *size << 8 | bytes[i];
    return *size == 0 || *size >= (wide ? 16u : 8u);
}

/* The boxes that an MP4 or QuickTime file may begin with. */
static bool begins_mp4(const char type[4])
{
    static const char types[][5] = {"ftyp", "moov", "mdat", "free", "skip", "wide", "pnot"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (memcmp(type, types[i], 4) == 0)
            return true;
    return false;
}

bool sol_mp4_is_cut(const char *path)
{
    FILE *file = fopen(path, "rb");
    bool known = false, whole = false;
    off_t length = 0;
    uint64_t size, at = 0;
    char type[4];
    if (!file)
        return false;
    if (fseeko(file, 0, SEEK_END) == 0)
        length = ftello(file);
    while (!whole && length > 0 && at < (uint64_t)length && fseeko(file, (off_t)at, SEEK_SET) == 0 &&
           read_box(file, type, &size) && (known = known || begins_mp4(type))) {
        if (size == 0 || size > (uint64_t)length - at)
            size = (uint64_t)length - at + (size != 0); /* one more than there is, where it is cut */
        at += size;
        whole = memcmp(type, "moov", 4) == 0 && at <= (uint64_t)length;
    }
    fclose(file);
    return known && !whole;
}

int sol_fail_unreadable(const char *path)
{
    if (sol_mp4_is_cut(path))
        return sol_fail(SOL_ERR_FORMAT, "%s: is cut off: its index (\"moov\"), without which no picture can be found, is not "
                        "there as a whole; copy or record it anew, or rebuild it with a tool such as untrunc", path);
    return sol_fail(SOL_ERR_FORMAT, "%s: is no video or image that FFmpeg can read", path);
}

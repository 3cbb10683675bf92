/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags and chapters.
 */
#include "media/tags.h"

#include "base/error.h"
#include "base/text.h"

#include <libavutil/avstring.h>
#include <libavutil/dict.h>
#include <stdlib.h>
#include <string.h>

/* What containers and encoders say of themselves, or count, or what would make a muxer write a track of its own. */
static const char *const stale[] = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration",
                                    "timecode", "comment", "software", "encoded_by"};
static const char *const kept_of_track[] = {"language", "title", "handler_name", "creation_time"};

static bool is_stale(const char *key)
{
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        if (av_strcasecmp(key, stale[i]) == 0)
            return true;
    return key[0] == '_';
}

/* The comment, with what the source's own says behind it, unless that is an older one of ours. */
static int set_comment(AVFormatContext *to, const AVFormatContext *from, const char *comment)
{
    const AVDictionaryEntry *old = from ? av_dict_get(from->metadata, "comment", NULL, 0) : NULL;
    size_t word = comment ? strcspn(comment, " ") : 0;
    char *both = NULL;
    int code;
    if (!comment)
        return old ? av_dict_set(&to->metadata, "comment", old->value, 0) : 0;
    if (!old || strncmp(old->value, comment, word) == 0)
        return av_dict_set(&to->metadata, "comment", comment, 0);
    both = sol_format("%s; %s", comment, old->value);
    code = both ? av_dict_set(&to->metadata, "comment", both, 0) : AVERROR(ENOMEM);
    free(both);
    return code;
}

int sol_tags_copy(AVFormatContext *to, const AVFormatContext *from, const char *comment)
{
    const AVDictionaryEntry *tag = NULL;
    int code = 0;
    while (from && code >= 0 && (tag = av_dict_get(from->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)))
        if (!is_stale(tag->key))
            code = av_dict_set(&to->metadata, tag->key, tag->value, 0);
    if (code >= 0)
        code = set_comment(to, from, comment);
    return code < 0 ? sol_fail_memory("the tags") : SOL_OK;
}

int sol_tags_copy_track(AVStream *to, const AVStream *from)
{
    for (size_t i = 0; i < sizeof kept_of_track / sizeof *kept_of_track; i++) {
        const AVDictionaryEntry *tag = av_dict_get(from->metadata, kept_of_track[i], NULL, 0);
        if (tag && av_dict_set(&to->metadata, tag->key, tag->value, 0) < 0)
            return sol_fail_memory("the tags");
    }
    to->disposition = from->disposition;
    return SOL_OK;
}

/* ---- chapters ---- */

/* A time of the source in that of the film, in `base` of the speed's; 0 where it lies before. */
static int64_t moved(int64_t time, AVRational own, int64_t start, AVRational base, AVRational speed)
{
    int64_t film = av_rescale_q(time, own, base) - start;
    return film <= 0 ? 0 : av_rescale(film, speed.den, speed.num);
}

static AVChapter *copy_chapter(const AVChapter *from)
{
    AVChapter *chapter = av_mallocz(sizeof *chapter);
    if (!chapter)
        return NULL;
    chapter->id = from->id;
    if (av_dict_copy(&chapter->metadata, from->metadata, 0) < 0) {
        av_dict_free(&chapter->metadata);
        av_freep(&chapter);
    }
    return chapter;
}

int sol_tags_copy_chapters(AVFormatContext *to, const AVFormatContext *from, int64_t start, int64_t end,
                           AVRational base, AVRational speed)
{
    if (from->nb_chapters == 0)
        return SOL_OK;
    to->chapters = av_calloc(from->nb_chapters, sizeof(AVChapter *));
    if (!to->chapters)
        return sol_fail_memory("the chapters");
    for (unsigned i = 0; i < from->nb_chapters; i++) {
        const AVChapter *old = from->chapters[i];
        AVChapter *chapter;
        if (av_compare_ts(old->end, old->time_base, start, base) <= 0 ||
            av_compare_ts(old->start, old->time_base, end, base) >= 0)
            continue;
        chapter = copy_chapter(old);
        if (!chapter)
            return sol_fail_memory("the chapters");
        chapter->time_base = base;
        chapter->start = moved(old->start, old->time_base, start, base, speed);
        chapter->end = av_compare_ts(old->end, old->time_base, end, base) < 0
                           ? moved(old->end, old->time_base, start, base, speed)
                           : av_rescale(end - start, speed.den, speed.num);
        to->chapters[to->nb_chapters++] = chapter;
    }
    return SOL_OK;
}

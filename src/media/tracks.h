/* SPDX-License-Identifier: Apache-2.0
 *
 * What a source file has beside its pictures: sound, subtitles, chapters and tags, on its way into a film.
 * The file is opened a second time for it, and read along with the film.
 */
#ifndef SOL_MEDIA_TRACKS_H
#define SOL_MEDIA_TRACKS_H

#include <libavformat/avformat.h>

#include <solstice/video.h>

typedef struct SolTracks SolTracks;

/* What is taken. */
typedef struct SolTracksRequest {
    const char *path;      /* of the film: what messages begin with; borrowed */
    const SolSource *sources; /* of the video, borrowed. Of several, one behind the other, the first sound track of each
                                 is joined to one, and nothing else is taken */
    int source_count;      /* 0: nothing but the comment is written */
    AVRational time_base;  /* of the video, and of these times in it: */
    int64_t start, end;    /* when the first picture shows, and the last one ends */
    bool whole_start;      /* the film begins with the video's first picture: sound before it is taken, too */
    bool whole_end;        /* the same of the last */
    AVRational speed;      /* how much faster the film plays; above 0 */
    SolAudio audio;
    const char *comment;   /* NULL: none; borrowed while opening */
    const SolLog *log;     /* may be NULL; borrowed */
} SolTracksRequest;

/**
 * Adds streams, tags and chapters to a container whose header is not yet written.
 *
 * @param[out] tracks  untouched on failure; released by sol_tracks_close()
 * @param to           borrowed until then
 * @param video        the stream of the pictures, among those of `to`
 * @return 0, SOL_ERR_ARGUMENT (the sound was to be copied, and cannot be), SOL_ERR_NOMEM; a source that cannot be read
 *         again is logged, and no error
 */
int sol_tracks_open(SolTracks **tracks, const SolTracksRequest *request, AVFormatContext *to, AVStream *video);

/** How long before the first picture the sound begins: what pictures are delayed by, in `base`. */
int64_t sol_tracks_lead(const SolTracks *tracks, AVRational base);

/** Writes what comes before `time`, in microseconds of the film; INT64_MAX for all that is left. */
int sol_tracks_write(SolTracks *tracks, int64_t time);

/** Sets *tracks to NULL; NULL is accepted. */
void sol_tracks_close(SolTracks **tracks);

#endif

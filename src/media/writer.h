/* SPDX-License-Identifier: Apache-2.0
 *
 * What a kind of output is to the writer: one table of functions each, listed once in writer.c. A new
 * kind touches its own file, a declaration here and a line there.
 */
#ifndef SOL_MEDIA_WRITER_H
#define SOL_MEDIA_WRITER_H

#include <solstice/video.h>

#include "base/file.h"
#include "base/records.h"
#include "image/image.h"
#include "media/cadence.h"
#include "media/framing.h"

/* The settings that apply to a kind, besides its path. */
enum {
    SOL_KEY_CRF = 1,
    SOL_KEY_PRESET = 2,
    SOL_KEY_WIDTH = 4,
    SOL_KEY_FPS = 8,
    SOL_KEY_LOOP = 16,
    SOL_KEY_CODEC = 32,
    SOL_KEY_BITRATE = 64,
    SOL_KEY_PIX_FMT = 128,
    SOL_KEY_AUDIO = 256,
    SOL_KEY_SPEED = 512,
    SOL_KEY_FRAMES = 1024,
    SOL_KEY_LAYOUT = 2048,
    SOL_KEY_CROP = 4096,
    SOL_KEY_TEXT = 8192,
    SOL_KEY_BOUNCE = 16384,
    SOL_KEY_QUALITY = 32768,
    SOL_KEY_MAX_SIZE = 65536,
    SOL_KEY_GIVE_UP = 131072,
    SOL_KEY_COLOURS = 262144,
    SOL_KEY_DITHER = 524288,
    SOL_KEY_DITHER_STRENGTH = 1048576
};

typedef struct SolWriterClass {
    const char *name;        /* as in "film.mp4 is a video" */
    const char *extensions;  /* as sol_path_has_extension() takes them */
    unsigned keys;           /* SOL_KEY_.. that apply */
    bool numbered;           /* one file a picture: the file name holds %d, and no picture is repeated */
    bool stream;             /* standard output: the path is "-", or "-" and an extension */
    bool own_fps;            /* chooses by settings->fps itself */
    bool own_width;          /* brings pictures to settings->width itself where they have no caption */
    int most_fps;            /* that can be asked for */

    /** Checks what the class alone knows about settings in range; may be NULL. */
    int (*check)(const SolOutputSettings *settings);

    /** Adds what makes such an output, beside its settings, to a fingerprint; may be NULL. */
    void (*digest)(const SolOutputSettings *settings, SolDigester *digester);

    /** Marks, of the frames that the cadence shows, those that the output takes, as sol_writer_mark(); NULL: all. */
    void (*mark)(const SolWriter *writer, bool wanted[]);

    /** Makes writer->state; on failure close() is called with what there is of it. */
    int (*open)(SolWriter *writer);

    /** Whether write() is going to take a picture, rather than pass it over; NULL: it takes all. */
    bool (*wants)(const SolWriter *writer, int64_t pts, int64_t duration);

    /** `pts` and `duration` are in writer->input's time base, the first pts 0; `duration` is 1 or more. */
    int (*write)(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration);

    /**
     * All pictures so far are to be in writer->part, and what follows is not to depend on them; NULL: that is so
     * anyway. Called before finish(), too.
     */
    int (*end_part)(SolWriter *writer);

    /** Takes in a record of a part that another writer of this class and settings made; NULL: parts are not kept. */
    int (*splice)(SolWriter *writer, const SolRecord *record);

    /** Completes the output, commits it with sol_writer_commit() and completes writer->report. */
    int (*finish)(SolWriter *writer);

    /** Frees writer->state, which may be NULL or half built, and discards what was not committed. */
    void (*close)(SolWriter *writer);
} SolWriterClass;

extern const SolWriterClass sol_film_writer, sol_gif_writer, sol_animation_writer, sol_stills_writer, sol_stream_writer;

struct SolWriter {
    const SolWriterClass *kind;
    const SolOutputSettings *settings;
    SolWriterInput input;       /* its size is that of the pictures that the class is given, its time base and rate are the output's, its range what the output takes */
    SolRational given_base, given_rate; /* of the pictures that are given */
    int laid_width, laid_height; /* of pictures laid out */
    SolFraming *framing;        /* what is made of these; NULL: nothing */
    SolCadence cadence;
    const SolLog *log;
    void *state;                /* the class's own */
    SolRecords *part;           /* where what the output is made of is kept, too; NULL: nowhere */
    SolWriterReport report;     /* width, height and frames are the class's to fill; seconds it may replace */
    int64_t written;            /* bytes so far, about: the class adds what it wrote */
    int64_t first_pts;          /* of the first picture given, */
    int64_t pts;                /* of the last one, counted from it */
    int64_t end;                /* of the last one, in the output's time base */
    int64_t seen, shown;        /* frames of the range that were given, or spliced in; those of them that show */
    int64_t last;               /* number of the last of them */
    bool started, failed, finished;
    bool pending;               /* pictures have been written since the last part ended */
};

/** False where parts of an output cannot be kept and spliced in again: on standard output. */
bool sol_writer_keeps_parts(const SolOutputSettings *settings);

/**
 * Marks the frames that an output will show, of those that it is going to be given: wanted[0] is frame input->first.
 *
 * @return 0, or SOL_ERR_ARGUMENT where the settings want frames that there are not
 */
int sol_writer_mark(const SolOutputSettings *settings, const SolWriterInput *input, bool wanted[]);

/** How a frame of the output's range shows, by the index. */
SolShowing sol_writer_showing(const SolWriter *writer, int64_t frame);

/**
 * Begins a part of the output: what the pictures to come are made into is appended to `part`, as records from which
 * sol_writer_splice() makes the same output again.
 *
 * @param part  borrowed until sol_writer_end_part(); NULL: nothing is kept, but parts are the same
 */
void sol_writer_begin_part(SolWriter *writer, SolRecords *part);

/** Ends a part: everything that belongs to it is in its records now, and nothing behind it depends on it. */
int sol_writer_end_part(SolWriter *writer);

/**
 * Puts a part in place of its pictures: `frames` of them, from number `first` on. Needs input.index.
 *
 * @param part  freshly opened; SOL_ERR_FORMAT where its records end before their time
 */
int sol_writer_splice(SolWriter *writer, SolRecords *part, int64_t first, int64_t frames);

/** True where an output shows more than what was painted: its pictures come with their source (SolImage.source). */
bool sol_writer_shows_source(const SolOutputSettings *settings);

/**
 * Adds everything in the settings, and in what they make of the input's times, that decides what an output is made of,
 * and not where it is.
 */
void sol_writer_digest(const SolOutputSettings *settings, const SolWriterInput *input, SolDigester *digester);

/** True where `path` is standard output: "-", or "-" and an extension. */
bool sol_writer_is_stream(const char *path);

/** What tells the kind of an output by its extension: its path, but "-.mkv" where that is "-", standard output. */
const char *sol_writer_kind_path(const char *path);

/** True where both paths ask for one kind of output. */
bool sol_writer_same_kind(const char *path, const char *other);

/** Commits a completed file and counts its bytes in the report. */
int sol_writer_commit(SolWriter *writer, SolPending *pending);

/**
 * The size at which pictures are written: settings->width with the height that follows (to the nearest
 * pixel), or the input's own size.
 *
 * @return 0 or SOL_ERR_ARGUMENT (the height would be out of range)
 */
int sol_writer_size(const SolWriter *writer, int *width, int *height);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving pictures in and out: a reader of videos, GIFs and numbered image sequences, and writers of
 * video files, GIFs and numbered stills.
 */
#ifndef SOLSTICE_VIDEO_H
#define SOLSTICE_VIDEO_H

#include <solstice/image.h>
#include <solstice/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading ---- */

typedef struct SolVideo SolVideo;

typedef struct SolVideoOptions {
    SolRational framerate; /* of numbered images, frames a second; {0, 0} for 30 */
    bool skip_gaps;        /* numbered images: pass over missing numbers instead of refusing */
    int short_side;        /* scale so that the shorter side has this many pixels; 0: as it is */
    int threads;           /* for decoding; 0 for one a processor */
    const char *format;    /* the input's format, as libavformat names it; NULL: found out; borrowed */
    const uint8_t *background; /* R, G, B behind what is transparent; NULL for white; borrowed */
    bool alpha;                /* pictures of a format with an alpha channel are that channel, as grey: white is opaque; one
                                  with a palette, where any of its pixels is transparent */
    const char *const *then;   /* inputs that follow this one, NULL-terminated; NULL for none */
    const SolLog *log;     /* may be NULL; borrowed while the video is open */

    /* May be NULL; user is passed back. Asked while standard input, a device, or all of a file for its index, is read:
       SOL_ERR_CANCELLED where it is true. Borrowed while the video is open. */
    bool (*cancelled)(void *user);
    void *user;
} SolVideoOptions;

/* A sound track of a video; what the file does not say is 0 or "". */
typedef struct SolSoundTrack {
    const char *codec;     /* as FFmpeg names it */
    int channels;
    int sample_rate;       /* samples a second */
    const char *language;  /* as the file says it, most often three letters of ISO 639-2: "eng" */
} SolSoundTrack;

/* A file whose sound, subtitles, chapters and tags go with pictures. */
typedef struct SolSource {
    const char *path;          /* NULL: a still, or images, with nothing beside them */
    const char *format;        /* libavformat's name for it where that was said; NULL: what it looks like */
    SolRational time_base;     /* of the file: */
    int64_t start;             /* the stamp in it of its first picture */
    int64_t from;              /* when that shows, in the video's time_base; known when the video has been indexed */
    int channels, sample_rate; /* of its first sound track; 0: none */
} SolSource;

/* What is known of a video once it is open. The strings belong to the SolVideo. */
typedef struct SolVideoInfo {
    const char *format;         /* container, as FFmpeg names it; "images" for a numbered sequence */
    const char *codec;          /* as FFmpeg names it */
    const char *pixel_format;   /* as FFmpeg names it */
    int width, height;          /* as stored, pixels */
    int upright_width, upright_height; /* of the pictures, upright, with square pixels */
    int out_width, out_height;  /* of the pictures that are delivered: the same, scaled */
    SolRational frame_rate;     /* average, frames a second; {0, 1} where it is not known */
    SolRational time_base;      /* of the pictures' pts, seconds a unit */
    bool sound;                 /* has at least one sound stream */
    const SolSoundTrack *sounds; /* [sound_count] in the order of the file */
    int sound_count;
    int rotation;               /* degrees clockwise that stored pictures are turned by: 0, 90, 180 or 270 */
    bool mirrored;              /* left and right are exchanged before that */
    const char *matrix;         /* that colours are read with, as FFmpeg names it: "bt709"; "" of RGB and grey */
    bool matrix_guessed;        /* the file does not say it */
    bool full_range;            /* black and white are 0 and the largest value, not 16 and 235 of 255 */
    bool range_guessed;
    const char *primaries, *transfer; /* as FFmpeg names them; "" where the file does not say them */
    const SolSource *sources;   /* [source_count] one behind the other */
    int source_count;
} SolVideoInfo;

/* Every frame's time, found without painting: what a schedule is resolved against. */
typedef struct SolVideoIndex {
    int64_t frames;       /* how many pictures sol_video_read() will deliver */
    int64_t *pts;         /* [frames] ascending, in the video's time_base, the first one 0 */
    int64_t end;          /* pts at which the last frame ends */
    SolRational time_base;
    bool from_packets;    /* found without decoding */
} SolVideoIndex;

/**
 * Opens a video, GIF or anything else libavformat reads; a folder of numbered images; or numbered
 * images given by a pattern with one %d or %0Nd in its file name ("frames/%d.png"), in the order of
 * their numbers whatever their padding; or "-", standard input, which is put into a temporary file first.
 *
 * Inputs that follow (options->then) go on where the one before ends, scaled to fit into the first one's size, between
 * black bars where their shape is another; a still among them lasts one frame of options->framerate.
 *
 * @param[out] video   untouched on failure; released by sol_video_close()
 * @param options      NULL for the defaults (all zero)
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (no picture in it, mixed names, a missing number), SOL_ERR_ARGUMENT
 *         (no such format), SOL_ERR_NOMEM
 */
SOL_API int sol_video_open(SolVideo **video, const char *path, const SolVideoOptions *options);

SOL_API void sol_video_info(const SolVideo *video, SolVideoInfo *info);

/**
 * Finds the number and times of all frames: from the packets where one packet is one picture, by
 * decoding where it is not (interlaced H.264, codecs with hidden frames). Leaves the reading position
 * at the first frame; call it before reading.
 *
 * @param[out] index  untouched on failure; freed by sol_video_index_clear()
 */
SOL_API int sol_video_index(SolVideo *video, SolVideoIndex *index);
SOL_API void sol_video_index_clear(SolVideoIndex *index);

/**
 * Delivers the next picture in presentation order, with its pts counted from the first frame's.
 * Pictures up to the last one that the decoder holds are delivered.
 *
 * @param[out] image  a new reference, or NULL at the end
 * @return 0, SOL_ERR_IO, SOL_ERR_FORMAT (only when nothing at all could be decoded; damage within the
 *         stream is passed over and logged), SOL_ERR_NOMEM
 */
SOL_API int sol_video_read(SolVideo *video, SolImage **image);

/** Makes frame number `frame` (from 0, at or after the reading position) the next one delivered. */
SOL_API int sol_video_skip_to(SolVideo *video, int64_t frame);

SOL_API void sol_video_close(SolVideo **video);

/* ---- writing ---- */

typedef struct SolWriter SolWriter;

/* What becomes of the source's sound. */
typedef enum SolAudio {
    SOL_AUDIO_AUTO,   /* copied where the container takes it, else encoded; left out at more than twice or less than
                         half the speed */
    SOL_AUDIO_NONE,   /* left out */
    SOL_AUDIO_COPY,   /* copied; an error where that cannot be */
    SOL_AUDIO_AAC,    /* encoded in any case */
    SOL_AUDIO_STRETCH /* as SOL_AUDIO_AUTO, and stretched to any speed */
} SolAudio;

/* What a picture of an output shows. */
typedef enum SolLayout {
    SOL_LAYOUT_PAINTING,     /* what was painted */
    SOL_LAYOUT_SIDE_BY_SIDE, /* the source at the left, the painting at the right */
    SOL_LAYOUT_STACKED,      /* the source above the painting */
    SOL_LAYOUT_WIPE          /* the source at first, which the painting covers from left to right until the end */
} SolLayout;

/* The part of its pictures that an output shows; all zero: all of them. */
typedef struct SolCrop {
    int width, height; /* pixels; or, where `ratio`, how the sides of the largest such part are to each other */
    int left, top;     /* pixels, where `placed`; otherwise the part is in the middle */
    bool ratio, placed;
} SolCrop;

/* What a GIF gives up to be small. */
typedef enum SolGiveUp {
    SOL_GIVE_UP_NOTHING,
    SOL_GIVE_UP_LOSSY,   /* that pixels have just the colour that was chosen for them */
    SOL_GIVE_UP_COLOURS, /* colours, of the 256 of every picture */
    SOL_GIVE_UP_FPS,     /* pictures: every second one is left, every third, .. */
    SOL_GIVE_UP_WIDTH,
    SOL_GIVE_UP_DITHER,  /* that colours are mixed from others where there are too few */
    SOL_GIVE_UPS
} SolGiveUp;

/* How a GIF mixes colours that its palette lacks. */
typedef enum SolDither {
    SOL_DITHER_DIFFUSION,  /* the error of every pixel is spread over its neighbours (Floyd & Steinberg) */
    SOL_DITHER_BLUE_NOISE, /* by thresholds, the same for every picture (Ulichney's void-and-cluster) */
    SOL_DITHER_NONE
} SolDither;

/* The least `max_size`, in bytes. */
#define SOL_OUTPUT_LEAST_SIZE 1000

/* One output, as a schedule describes it. Zero or NULL (for crf: -1) means the default that is named here. */
typedef struct SolOutputSettings {
    char *path;          /* .mp4 .mov .mkv .webm .y4m; .gif .webp .apng; numbered stills: .png .jpg .jpeg with one %d or %0Nd */
    char *codec;         /* video: h264, h265, vp9, av1, prores, ffv1, mpeg4; NULL: as the path's extension has it */
    int crf;             /* video: quality 0 (lossless) .. 51, for vp9 and av1 .. 63; -1: the codec's default */
    int64_t bitrate;     /* video: bits a second, in place of crf; 0: as crf says */
    char *preset;        /* video: the encoder's speed preset, or the profile of prores; NULL: a quick one */
    char *pix_fmt;       /* video: FFmpeg's name of a pixel format; NULL: the codec's default */
    int width;           /* pixels, the height follows; 0: as painted */
    SolRational fps;     /* frames a second; video: constant; gif and stills: at most; {0, 0}: the source's, at most 50
                            in a gif */
    SolRational speed;   /* all but stills: how much faster it plays; {0, 0}: 1 */
    int64_t first, count; /* the frames of the input that it takes, from 0; count 0: all */
    int loop;            /* gif, webp, apng: times it plays, 0 for ever */
    SolAudio audio;      /* video */
    SolLayout layout;
    SolCrop crop;        /* of the pictures laid out, before they are brought to the width */
    char *text;          /* a caption at the bottom, in UTF-8; it may have line breaks; NULL: none */
    bool bounce;         /* gif, webp, apng: plays forth and back */
    int quality;         /* gif, webp: 1..100; 0: the default */
    int colours;         /* gif: of every picture, 2..256 at most; 0: 256 */
    SolDither dither;    /* gif */
    double dither_strength; /* gif: up to 1; 0: 1 */
    int64_t max_size;    /* gif: bytes at most; 0: as it comes */
    SolGiveUp give_up[SOL_GIVE_UPS]; /* gif: what is given up for that, in this order, up to SOL_GIVE_UP_NOTHING; all
                            of that: the default order */
} SolOutputSettings;

/* What is fed to a writer: pictures as they were painted, which it lays out itself. */
typedef struct SolWriterInput {
    int width, height;      /* of every picture */
    SolRational time_base;  /* of the pictures' pts and durations */
    SolRational frame_rate; /* average; {0, 1} where it is not known */
    int threads;            /* for encoding; 0 for one a processor */
    bool overwrite;         /* an existing output may be replaced */
    int64_t first, count;   /* numbers of the pictures to come: first .. first + count - 1; count 0: not known */
    const SolVideoIndex *index; /* times of all pictures by their numbers; NULL where they are not known; borrowed */
    const SolSource *sources; /* SolVideoInfo's; without an index there must be none; borrowed */
    int source_count;
    const char *comment;    /* the tag of that name; NULL: none; borrowed */
    bool (*cancelled)(void *user); /* may be NULL: asked while an output is made anew, when all pictures have come */
    void *user;
} SolWriterInput;

/* What a finished writer made. */
typedef struct SolWriterReport {
    const char *path;      /* owned by the settings */
    int width, height;     /* of the pictures written */
    int64_t frames;
    int64_t bytes;
    int64_t dropped, repeated; /* frames of the input that do not show; pictures beyond the first of the same frame */
    double seconds;        /* playing time */
} SolWriterReport;

/** True where `path` is an output that can be written; otherwise an error text that lists the kinds. */
SOL_API int sol_writer_check(const SolOutputSettings *settings);

/**
 * Opens an output. The file appears under its final name with sol_writer_finish() only.
 *
 * @param[out] writer  untouched on failure; released by sol_writer_close()
 * @param settings     borrowed until the writer is closed
 * @return 0, SOL_ERR_EXISTS, SOL_ERR_ARGUMENT (unknown extension or preset), SOL_ERR_IO, SOL_ERR_NOMEM
 */
SOL_API int sol_writer_open(SolWriter **writer, const SolOutputSettings *settings, const SolWriterInput *input,
                            const SolLog *log);

/**
 * Appends a picture of the promised size; pts must ascend. Pictures that do not show in the output may be left out. Keeps
 * no reference on return that outlives the writer.
 */
SOL_API int sol_writer_write(SolWriter *writer, SolImage *image);

/** Bytes that have been written so far; what an encoder still holds is not among them. */
SOL_API int64_t sol_writer_written(const SolWriter *writer);

/** Completes the output and gives it its final name. `report` may be NULL. */
SOL_API int sol_writer_finish(SolWriter *writer, SolWriterReport *report);

/** Discards what was not finished, and frees. Sets *writer to NULL; NULL is accepted. */
SOL_API void sol_writer_close(SolWriter **writer);

#ifdef __cplusplus
}
#endif

#endif

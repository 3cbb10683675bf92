/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a schedule that say what is read, and how it is opened.
 */
#ifndef SOL_SCHEDULE_INPUT_H
#define SOL_SCHEDULE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <solstice/video.h>

#include "schedule/yaml.h"

typedef struct SolSpool SolSpool;

/* What a schedule's frames come from. */
typedef struct SolInput {
    char **paths;          /* [count] as they are opened; "-" for standard input */
    const char **then;     /* [count] the paths behind the first one, and NULL */
    int count;
    SolPlace place;        /* of the value of "input" */
    char *format;          /* as libavformat names it; NULL: found out */
    bool device;           /* that is a device or a filter graph */
    bool numbered;         /* at least one is a folder or a pattern of numbered images */
    bool shared;           /* segments go by shares of the whole */
    int64_t frames;        /* of a device: how many are wanted, */
    double seconds;        /* and for how long */
    SolRational framerate; /* of numbered images, and of stills in a list; {0, 0} where it is not given */
    bool skip_gaps;
    uint8_t background[3]; /* R, G, B behind transparency */
    SolSpool *spool;       /* what can be read only once, when it has been; NULL before, and for files */
} SolInput;

/* The pairs of the keys, in a schedule. */
typedef struct SolInputKeys {
    SolYamlPair input, format, framerate, gaps, background;
} SolInputKeys;

/**
 * Reads the keys, and checks what can be without opening anything.
 *
 * @param folder  that paths of files are seen from
 */
int sol_input_read(SolInput *input, const SolYaml *yaml, const char *folder, const SolInputKeys *keys);

/**
 * Opens the input. At the first time, what can be read only once is put into a temporary file, which the input keeps.
 *
 * @param wishes  of which short_side, threads, log and cancelled count
 * @return as sol_schedule_open_input()
 */
int sol_input_open(SolInput *input, const SolVideoOptions *wishes, SolVideo **video);

/** True where `path` is one of the files that are read; and where it is in the folder of numbered images that are. */
bool sol_input_has_file(const SolInput *input, const char *path);
bool sol_input_has_folder_of(const SolInput *input, const char *path);

/** Frees what the input holds, and removes its temporary file. */
void sol_input_clear(SolInput *input);

#endif

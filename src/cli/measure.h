/* SPDX-License-Identifier: Apache-2.0
 *
 * What "solstice measure" has found, and the files that tell it.
 */
#ifndef SOL_CLI_MEASURE_H
#define SOL_CLI_MEASURE_H

#include "cli/cli.h"

#include "base/file.h"
#include "temporal/measure.h"

#include <stdio.h>

enum { MEASURED_MAX = 1 + SOL_MEASURE_FILMS_MAX }; /* pictures of a frame: the source's, and the films' */

/* Of one frame; [0] is the source. Distances are NAN where they were not asked for. */
typedef struct MeasuredFrame {
    int64_t number; /* in the source */
    double seconds;
    SolMeasuredMotion motion;
    SolMeasured of[MEASURED_MAX];
    double style[MEASURED_MAX], content[MEASURED_MAX];
} MeasuredFrame;

typedef struct Measured {
    const char *paths[MEASURED_MAX]; /* [pictures] the source's, then the films'; borrowed */
    int pictures;
    int reference;                   /* the film that others are compared with; 0: none */
    int width, height;
    MeasuredFrame *frames;           /* [count] freed with sol_free() */
    int64_t count;
    bool distances, styled;          /* there are distances; from styles, too */
    const char *model, *layers, *statistics; /* by which; NULL: none; borrowed */
} Measured;

typedef enum Quantity { WARP, FLICKER, SSIM, GHOSTING, ECHO, STYLE, CONTENT, QUANTITIES } Quantity;

/* How a quantity is told. */
typedef struct QuantityInfo {
    const char *name;  /* for people: "warping error" */
    const char *key;   /* for programs: "warping_error" */
    bool of_source;    /* says something of the source, too */
    bool good;         /* the larger, the better */
} QuantityInfo;

const QuantityInfo *quantity_info(Quantity quantity);

/** Of one frame and picture; NAN where it has none. */
double quantity_of(const MeasuredFrame *frame, int picture, Quantity quantity);

/**
 * The mean over all frames that have it; of flicker over all still pixels of all frames, of ghosting and echo by the
 * sums of all frames. NAN where no frame has it.
 */
double mean_of(const Measured *measured, int picture, Quantity quantity);

/** The frame where it is worst; NULL where none has it. */
const MeasuredFrame *worst_of(const Measured *measured, int picture, Quantity quantity);

/** A film's mean beside that of the reference: divided by it, of SSIM and echo less it. NAN where there is none. */
double beside_reference(const Measured *measured, int picture, Quantity quantity);

/** Prints the table to standard output. */
void print_measured(const Measured *measured);

/** Writes what was measured; false where that failed. */
bool write_measured_json(FILE *file, const Measured *measured);
bool write_measured_csv(FILE *file, const Measured *measured);
bool write_measured_svg(FILE *file, const Measured *measured);

#endif

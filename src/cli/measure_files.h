/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that "solstice measure" writes: those that grow while it measures, and those that are written at the end.
 */
#ifndef SOL_CLI_MEASURE_FILES_H
#define SOL_CLI_MEASURE_FILES_H

#include "cli/measure.h"

/* Files that grow. All zeros: none. */
typedef struct MeasureFiles {
    const char *slice_path, *flows_path;
    SolImage *slice;     /* columns of all frames side by side, a band for each painting and the source's below */
    int column, repeat;  /* which one; how often each stands there, so that the picture is not too narrow */
    SolPending *pending; /* of the flows */
    FILE *flows;
    bool overwrite;
} MeasureFiles;

/* A slice of few frames is made about so many pixels wide. */
enum { SLICE_WIDTH = 480, SLICE_REPEAT_MAX = 8 };

/**
 * Begins a slice and a file of flows, where they are wanted.
 *
 * @param slice, flows  paths, NULL for none; borrowed
 * @param column        of pixels; -1 for the middle
 */
int open_measure_files(MeasureFiles *files, const Measured *measured, const char *slice, int column, const char *flows,
                       bool overwrite);

/** Adds frame number `frame`, from 0, to the slice, if there is one. */
void add_to_slice(MeasureFiles *files, int64_t frame, const SolImage *source, SolImage *const films[], int count);

/** Adds the flows of the last frame, back and forth, in Middlebury's format, if they are wanted. */
int add_flows(MeasureFiles *files, const SolMeasurer *measurer);

/** Completes both, under their names. */
int end_measure_files(MeasureFiles *files, const Measured *measured);

void close_measure_files(MeasureFiles *files);

/** Writes a file of what was measured, complete or not at all. */
int save_measured(const char *path, const Measured *measured, bool (*write)(FILE *file, const Measured *measured),
                  bool overwrite);

#endif

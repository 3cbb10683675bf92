/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of painting by optimisation, what is shown and kept of its progress, and its curve.
 */
#ifndef SOL_CLI_OPTIMISE_H
#define SOL_CLI_OPTIMISE_H

#include "cli/cli.h"

#include <solstice/style.h>

/* One iteration of the curve. */
typedef struct CurvePoint {
    int iteration, level, evaluations;
    double seconds, loss, content, style, tv;
} CurvePoint;

/* What is asked for on the command line, and what is known of a painting under way. */
typedef struct Optimising {
    const char *content_layers, *style_layers; /* NULL: not given */
    double content_weight, style_weight, tv_weight, time_limit; /* below 0: not given, as are the other numbers */
    int64_t iterations, seed, levels, save_every;
    Choice optimizer, init, statistics;
    TextList curves; /* files for the curve */
    bool overwrite;
    const char *output;

    SolOptimiseOptions options; /* for the engine */
    CurvePoint *points;
    size_t count, capacity;
    int planned;
    int failure; /* an error code, after which it is stopped */
} Optimising;

enum { OPTIMISE_OPTIONS = 14 };

/** Sets all to "not given". */
void begin_optimising(Optimising *o);

/** Adds its options to a table: OPTIMISE_OPTIONS of them, from `to` on. */
void add_optimise_options(Optimising *o, Option to[]);

/**
 * Checks what was given and fills o->options, which borrow `o`.
 *
 * @param output  what intermediate pictures are named after: out.png makes out-0050.png; borrowed
 * @return 0 or an exit status
 */
int prepare_optimising(Optimising *o, const char *output, bool overwrite);

/** The first option given that only painting by optimisation has; NULL where none was. */
const char *given_optimise_option(const Optimising *o);

/** Writes the curve to all files asked for. 0 or an error code. */
int write_curves(const Optimising *o);

void end_optimising(Optimising *o);

/** Writes a curve as .csv or .svg, by the extension. 0 or an error code. */
int write_curve(const char *path, const CurvePoint points[], size_t count, bool overwrite);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * How one segment passes into the next.
 */
#ifndef SOL_SCHEDULE_TRANSITION_H
#define SOL_SCHEDULE_TRANSITION_H

#include <solstice/schedule.h>

#include "schedule/yaml.h"

typedef enum SolTransitionKind {
    SOL_TRANSITION_STYLE,  /* between styles, where one engine learned both; otherwise as pixels */
    SOL_TRANSITION_PIXELS, /* one painting fades into the other */
    SOL_TRANSITION_WIPE,   /* an edge travels over the frame */
    SOL_TRANSITION_REGION  /* the new painting grows out of a region */
} SolTransitionKind;

typedef enum SolCurve {
    SOL_CURVE_LINEAR,
    SOL_CURVE_SMOOTH, /* 3 t^2 - 2 t^3 */
    SOL_CURVE_CUT     /* all at once, at the boundary */
} SolCurve;

struct SolTransition {
    SolTransitionKind kind;
    SolCurve curve;
    int frames;        /* its length, */
    double seconds;    /* or, where this is above 0, its length in time */
    double angle;      /* of a wipe: where its edge travels to, degrees from rightwards, clockwise */
    double feather;    /* 0..1 of the way: how soft the edge of a wipe or a region is */
    SolRegion *region; /* of SOL_TRANSITION_REGION, else NULL */
    SolPlace place;    /* of the key */
};

/**
 * Reads "transition": a length, or a mapping.
 *
 * @param[out] transition  left as it is where the key is absent; released by sol_transition_close();
 *                         untouched on failure
 */
int sol_transition_read(SolTransition **transition, const SolYaml *yaml, const SolYamlPair *pair, const char *folder);

/** A transition of no frames, told about at a place. */
int sol_transition_none(SolTransition **transition, SolPlace place);

/** 0..1: how far a transition is after the share `time` of its length, by its curve. */
double sol_transition_progress(const SolTransition *transition, double time);

/** "transition 12" or "transition 0.5s", for messages. */
void sol_transition_name(const SolTransition *transition, char text[64]);

void sol_transition_close(SolTransition **transition);

#endif

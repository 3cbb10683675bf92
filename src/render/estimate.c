/* SPDX-License-Identifier: Apache-2.0
 *
 * The estimate follows what frames took lately: sums of frames and of seconds, both of which are multiplied by
 * exp(-t / MEMORY) when a frame took t seconds, but by no less than what keeps FEWEST frames in them. So after a change
 * of pace the old one weighs 5% after a minute, and a single slow frame does not rule the estimate.
 */
#include "render/estimate.h"

#include <math.h>

static const double MEMORY = 20; /* seconds */
static const double FEWEST = 4;  /* frames */

void sol_estimate_begin(SolEstimate *estimate, double now)
{
    *estimate = (SolEstimate){.last = now};
}

static void note(SolPace *pace, double seconds)
{
    double keep = fmax(exp(-seconds / MEMORY), 1 - 1 / FEWEST);
    pace->frames = keep * pace->frames + 1;
    pace->seconds = keep * pace->seconds + seconds;
}

void sol_estimate_note(SolEstimate *estimate, SolFrameKind kind, double now)
{
    double seconds = fmax(now - estimate->last, 0);
    note(&estimate->kinds[kind], seconds);
    note(&estimate->all, seconds);
    estimate->last = now;
}

void sol_estimate_pass(SolEstimate *estimate, double now)
{
    estimate->last = now;
}

double sol_estimate_rate(const SolEstimate *estimate)
{
    return estimate->all.seconds > 0 ? estimate->all.frames / estimate->all.seconds : 0;
}

/* Seconds a frame; 0 where there was none of its kind. */
static double cost(const SolPace *pace)
{
    return pace->frames > 0 ? pace->seconds / pace->frames : 0;
}

double sol_estimate_left(const SolEstimate *estimate, const int64_t left[SOL_FRAME_KINDS], double part, double now)
{
    double painted = cost(&estimate->kinds[SOL_FRAME_PAINTED]);
    double untouched = cost(&estimate->kinds[SOL_FRAME_UNTOUCHED]) * (double)left[SOL_FRAME_UNTOUCHED];
    if (left[SOL_FRAME_PAINTED] == 0)
        return untouched;
    if (estimate->kinds[SOL_FRAME_PAINTED].frames <= 0 && part > 0) /* the first of them is under way */
        painted = (now - estimate->last) / part;
    else if (estimate->kinds[SOL_FRAME_PAINTED].frames <= 0)
        return -1;
    return untouched + painted * ((double)left[SOL_FRAME_PAINTED] - part);
}

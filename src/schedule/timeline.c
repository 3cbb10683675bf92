/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule laid over a clip. Every segment is turned into a range of frames, sorted, checked
 * against its neighbours and the clip's end, and the stretches between them are filled in; after
 * that, what applies at a frame follows from the stretch that it lies in and its distance to the
 * stretch's ends.
 */
#include "schedule/timeline.h"

#include "base/memory.h"
#include "media/video.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Where a stretch begins. */
typedef struct Boundary {
    const SolTransition *transition; /* across it; NULL: none */
    int64_t before, behind;          /* how many of its frames lie before the boundary, and from it on */
} Boundary;

struct SolTimeline {
    int64_t frames;
    int count;
    SolStretch *stretches;
    Boundary *boundaries; /* [count] that of stretch 0 is the film's end, where that passes into its beginning */
};

/* A segment with the frames that it turned out to be. */
typedef struct Placed {
    const SolSegment *segment;
    int64_t first, last;
} Placed;

/* ---- segments to frames ---- */

static int place_frames(const SolSegment *segment, const SolVideoIndex *index, Placed *placed)
{
    placed->first = segment->first;
    placed->last = segment->last;
    if (placed->last >= index->frames)
        return sol_fail_at(segment->place,
                           placed->first == placed->last ? "%s: frame %s is past the last frame (%lld)"
                                                         : "%s: frames %s run past the last frame (%lld)",
                           segment->label, segment->span, (long long)index->frames - 1);
    return SOL_OK;
}

static int place_time(const SolSegment *segment, const SolVideoIndex *index, Placed *placed)
{
    double end = sol_index_seconds(index, index->frames);
    if (segment->to > end + SOL_TIME_TOLERANCE)
        return sol_fail_at(segment->place, "%s: time %s runs past the end of the input (%.3f s)", segment->label,
                           segment->span, end);
    placed->first = sol_index_find(index, segment->from);
    placed->last = sol_index_find(index, segment->to) - 1;
    if (placed->first > placed->last)
        return sol_fail_at(segment->place, "%s: no frame lies in time %s; make it longer", segment->label,
                           segment->span);
    return SOL_OK;
}

static int64_t share_boundary(double percent, int64_t frames)
{
    int64_t boundary = (int64_t)floor((double)frames * percent / 100 + 0.5 + 1e-9);
    return boundary < frames ? boundary : frames;
}

static int place_share(const SolSegment *segment, const SolVideoIndex *index, Placed *placed)
{
    placed->first = share_boundary(segment->from, index->frames);
    placed->last = share_boundary(segment->to, index->frames) - 1;
    if (placed->first > placed->last)
        return sol_fail_at(segment->place, "%s: share %s of %lld frames is less than one frame; make it larger",
                           segment->label, segment->span, (long long)index->frames);
    return SOL_OK;
}

static int place_segment(const SolSegment *segment, const SolVideoIndex *index, Placed *placed)
{
    placed->segment = segment;
    switch (segment->kind) {
    case SOL_SPAN_FRAMES:
        return place_frames(segment, index, placed);
    case SOL_SPAN_TIME:
        return place_time(segment, index, placed);
    default:
        return place_share(segment, index, placed);
    }
}

static int compare_placed(const void *a, const void *b)
{
    const Placed *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* "frames 0-59", or "frame 7". */
static void name_frames(char text[64], int64_t first, int64_t last)
{
    if (first == last)
        snprintf(text, 64, "frame %lld", (long long)first);
    else
        snprintf(text, 64, "frames %lld-%lld", (long long)first, (long long)last);
}

/* Two neighbours in order of their first frames; the error is shown at the one later in the file. */
static int check_overlap(const Placed *a, const Placed *b)
{
    const Placed *later = a->segment > b->segment ? a : b, *earlier = later == a ? b : a;
    char frames[3][64];
    if (a->last < b->first)
        return SOL_OK;
    name_frames(frames[0], later->first, later->last);
    name_frames(frames[1], earlier->first, earlier->last);
    name_frames(frames[2], b->first, a->last < b->last ? a->last : b->last);
    return sol_fail_at(later->segment->place, "%s (%s) overlaps %s (%s) on line %d: both claim %s",
                       later->segment->label, frames[0], earlier->segment->label, frames[1],
                       earlier->segment->place.line, frames[2]);
}

static int place_segments(const SolSchedule *schedule, const SolVideoIndex *index, Placed *placed)
{
    for (int i = 0; i < schedule->segment_count; i++) {
        int result = place_segment(&schedule->segments[i], index, &placed[i]);
        if (result != SOL_OK)
            return result;
    }
    qsort(placed, (size_t)schedule->segment_count, sizeof *placed, compare_placed);
    for (int i = 1; i < schedule->segment_count; i++) {
        int result = check_overlap(&placed[i - 1], &placed[i]);
        if (result != SOL_OK)
            return result;
    }
    return SOL_OK;
}

/* ---- stretches ---- */

static void add_stretch(SolTimeline *timeline, const SolVideoIndex *index, const SolSegment *segment, int64_t first,
                        int64_t last)
{
    timeline->stretches[timeline->count++] = (SolStretch){
        .name = segment ? segment->name : "",
        .first = first,
        .last = last,
        .start = sol_index_seconds(index, first),
        .end = sol_index_seconds(index, last + 1),
        .layers = segment ? segment->layers : NULL,
        .layer_count = segment ? segment->layer_count : 0,
        .covered = segment != NULL,
    };
}

static void add_stretches(SolTimeline *timeline, const SolVideoIndex *index, const Placed *placed, int count)
{
    int64_t next = 0; /* the first frame that is not yet in a stretch */
    for (int i = 0; i < count; i++) {
        if (placed[i].first > next)
            add_stretch(timeline, index, NULL, next, placed[i].first - 1);
        add_stretch(timeline, index, placed[i].segment, placed[i].first, placed[i].last);
        next = placed[i].last + 1;
    }
    if (next < index->frames)
        add_stretch(timeline, index, NULL, next, index->frames - 1);
}

/* ---- transitions ---- */

/* How many frames a transition has before frame `n` and from there on, of which there are so many. */
static void measure_transition(const SolTransition *transition, const SolVideoIndex *index, int64_t n, Boundary *boundary)
{
    double middle = sol_index_seconds(index, n), half = transition->seconds / 2;
    boundary->transition = transition;
    boundary->before = transition->frames / 2;
    boundary->behind = transition->frames - transition->frames / 2;
    if (transition->curve == SOL_CURVE_CUT) {
        boundary->before = boundary->behind = 0;
    } else if (transition->seconds > 0 && n > 0) {
        boundary->before = n - sol_index_find(index, middle - half > 0 ? middle - half : 0);
        boundary->behind = sol_index_find(index, middle + half) - n;
    } else if (transition->seconds > 0) { /* around the film's end and its beginning */
        boundary->before = index->frames - sol_index_find(index, sol_index_seconds(index, index->frames) - half);
        boundary->behind = sol_index_find(index, half);
    }
}

/* A stretch's segment. */
static const SolSegment *segment_of(const SolStretch *stretch, const SolSchedule *schedule)
{
    for (int i = 0; i < schedule->segment_count; i++)
        if (schedule->segments[i].name == stretch->name)
            return &schedule->segments[i];
    return NULL;
}

static void add_boundaries(SolTimeline *timeline, const SolSchedule *schedule, const SolVideoIndex *index)
{
    for (int i = schedule->cycle && timeline->count > 1 ? 0 : 1; i < timeline->count; i++) {
        const SolSegment *segment = segment_of(&timeline->stretches[i], schedule);
        measure_transition(segment && segment->transition ? segment->transition : schedule->transition, index,
                           timeline->stretches[i].first, &timeline->boundaries[i]);
    }
}

/* The boundary at the end of stretch `i`. */
static const Boundary *end_of(const SolTimeline *timeline, int i)
{
    return &timeline->boundaries[(i + 1) % timeline->count];
}

/* The longest transition that a stretch of so many frames has room for, where both are of one length. */
static int64_t room_for_one(int64_t length, bool begins, bool ends)
{
    return begins && ends ? length : begins ? 2 * length : 2 * length + 1;
}

static int no_room(const SolTimeline *timeline, int i, const SolSchedule *schedule)
{
    const SolStretch *stretch = &timeline->stretches[i];
    const Boundary *begin = &timeline->boundaries[i], *end = end_of(timeline, i);
    const char *label = segment_of(stretch, schedule)->label;
    long long length = (long long)(stretch->last - stretch->first + 1);
    const SolTransition *one = begin->transition ? begin->transition : end->transition;
    char name[64];
    sol_transition_name(one, name);
    if (!begin->transition || !end->transition || begin->transition == end->transition)
        return sol_fail_at(one->place, "%s is longer than %s (%lld frame%s) has room for; at most %lld", name, label,
                           length, length == 1 ? "" : "s",
                           (long long)room_for_one(length, begin->transition, end->transition));
    return sol_fail_at(begin->transition->place, "%s (%lld frame%s) has no room for both its transitions: %lld frames of "
                       "the one before it and %lld of the one behind it; shorten them", label, length,
                       length == 1 ? "" : "s", (long long)begin->behind, (long long)end->before);
}

/* Refuses transitions that meet within a painted stretch; tells of the one with the least room. */
static int check_transitions(const SolTimeline *timeline, const SolSchedule *schedule)
{
    int64_t most = 0;
    int at = -1;
    for (int i = 0; i < timeline->count; i++) {
        const SolStretch *stretch = &timeline->stretches[i];
        int64_t lacking = timeline->boundaries[i].behind + end_of(timeline, i)->before - (stretch->last - stretch->first + 1);
        if (stretch->layer_count > 0 && lacking > most) {
            most = lacking;
            at = i;
        }
    }
    return at < 0 ? SOL_OK : no_room(timeline, at, schedule);
}

/* ---- public ---- */

int sol_timeline_open(SolTimeline **out, const SolSchedule *schedule, const SolVideoIndex *index)
{
    SolTimeline *timeline = sol_calloc(1, sizeof *timeline);
    Placed *placed = sol_alloc((size_t)schedule->segment_count, sizeof *placed);
    /* at most one stretch more than twice the segments: each one, what is before it, and the rest */
    size_t room = 2 * (size_t)schedule->segment_count + 1;
    int result;
    if (!timeline || !placed || !(timeline->stretches = sol_alloc(room, sizeof(SolStretch))) ||
        !(timeline->boundaries = sol_calloc(room, sizeof(Boundary)))) {
        result = sol_fail_memory("the timeline");
        goto end;
    }
    if (index->frames < 1) {
        result = sol_fail(SOL_ERR_SCHEDULE, "%s: has no frames", schedule->input->paths[0]);
        goto end;
    }
    timeline->frames = index->frames;
    result = place_segments(schedule, index, placed);
    if (result != SOL_OK)
        goto end;
    add_stretches(timeline, index, placed, schedule->segment_count);
    add_boundaries(timeline, schedule, index);
    result = check_transitions(timeline, schedule);
    if (result == SOL_OK) {
        *out = timeline;
        timeline = NULL;
    }
end:
    sol_free(placed);
    sol_timeline_close(&timeline);
    return result;
}

void sol_timeline_close(SolTimeline **timeline)
{
    if (!*timeline)
        return;
    sol_free((*timeline)->stretches);
    sol_free((*timeline)->boundaries);
    sol_free(*timeline);
    *timeline = NULL;
}

int sol_timeline_count(const SolTimeline *timeline)
{
    return timeline->count;
}

void sol_timeline_stretch(const SolTimeline *timeline, int i, SolStretch *stretch)
{
    *stretch = timeline->stretches[i];
}

/* The stretch that frame `n` lies in. */
static int find_stretch(const SolTimeline *timeline, int64_t n)
{
    int low = 0, high = timeline->count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (timeline->stretches[middle].first <= n)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

SolInstant sol_timeline_instant(const SolTimeline *timeline, int stretch, int64_t n, double seconds)
{
    const SolStretch *s = &timeline->stretches[stretch];
    double length = (double)(s->last - s->first);
    return (SolInstant){.frame = (double)n,
                        .seconds = seconds,
                        .share = length > 0 ? (double)(n - s->first) / length : n > s->first};
}

const SolTransition *sol_timeline_transition(const SolTimeline *timeline, int stretch)
{
    return timeline->boundaries[stretch].transition;
}

float sol_layer_strength(const SolPaintLayer *layer, SolInstant at)
{
    double strength;
    sol_track_at(layer->strength, at, &strength);
    return (float)strength;
}

void sol_stretch_strength(const SolStretch *stretch, int layer, double *first, double *last)
{
    const SolTrack *track = stretch->layers[layer].strength;
    sol_track_at(track, (SolInstant){(double)stretch->first, stretch->start, 0}, first);
    sol_track_at(track, (SolInstant){(double)stretch->last, stretch->end, 1}, last);
}

void sol_blend_weights(const float strength[2], float later, float weight[2], float *together)
{
    double w[2] = {1 - (double)later, (double)later}, share[2], sum;
    for (int i = 0; i < 2; i++)
        share[i] = w[i] * (double)strength[i];
    sum = share[0] + share[1];
    for (int i = 0; i < 2; i++)
        weight[i] = (float)(sum > 0 ? share[i] / sum : w[i]);
    *together = (float)sum;
}

/*
 * The moment `i` frames into a transition from one stretch to the next, of which one at least is painted, and the
 * frame lies in that.
 */
static void cross(const SolTimeline *timeline, int from, int to, const Boundary *boundary, int64_t i, SolMoment *moment)
{
    const SolTransition *transition = boundary->transition;
    bool painted[2] = {timeline->stretches[from].layer_count > 0, timeline->stretches[to].layer_count > 0};
    moment->transition = transition;
    if (painted[0] && painted[1]) {
        moment->sides = 2;
        moment->from[0] = from;
        moment->from[1] = to;
        moment->later = (float)sol_transition_progress(transition, ((double)i + 0.5) /
                                                                       (double)(boundary->before + boundary->behind));
    } else if (painted[1]) {
        moment->opacity = (float)sol_transition_progress(transition, ((double)(i - boundary->before) + 0.5) /
                                                                         (double)boundary->behind);
    } else {
        moment->leaves = true;
        moment->opacity = (float)sol_transition_progress(transition, ((double)(boundary->before - 1 - i) + 0.5) /
                                                                         (double)boundary->before);
    }
}

void sol_timeline_at(const SolTimeline *timeline, int64_t n, SolMoment *moment)
{
    int64_t frame = n < 0 ? 0 : n < timeline->frames ? n : timeline->frames - 1;
    int at = find_stretch(timeline, frame), last = timeline->count - 1;
    const SolStretch *stretch = &timeline->stretches[at];
    const Boundary *begin = &timeline->boundaries[at], *end = end_of(timeline, at);
    int64_t since = frame - stretch->first, until = stretch->last - frame; /* frames to its first and last */
    *moment = (SolMoment){.stretch = at};
    if (stretch->layer_count == 0)
        return;
    *moment = (SolMoment){.stretch = at, .sides = 1, .from = {at, at}, .opacity = 1};
    if (since < begin->behind)
        cross(timeline, at > 0 ? at - 1 : last, at, begin, begin->before + since, moment);
    else if (until < end->before)
        cross(timeline, at, at < last ? at + 1 : 0, end, end->before - 1 - until, moment);
}

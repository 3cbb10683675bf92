/* SPDX-License-Identifier: Apache-2.0
 *
 * A schedule laid over a clip. Every segment is turned into a range of frames, sorted, checked
 * against its neighbours and the clip's end, and the stretches between them are filled in; after
 * that, what applies at a frame follows from the stretch that it lies in and its distance to the
 * stretch's ends.
 */
#include "schedule/schedule.h"

#include "base/memory.h"
#include "media/video.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct SolTimeline {
    int64_t frames;
    int transition; /* frames */
    int count;
    SolStretch *stretches;
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
        .look = segment ? segment->look : NULL,
        .strength = segment && segment->look ? segment->strength : 0,
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

/* How many frames of a transition lie before its boundary, and from it on. */
static int frames_before(const SolTimeline *timeline)
{
    return timeline->transition / 2;
}

static int frames_behind(const SolTimeline *timeline)
{
    return timeline->transition - timeline->transition / 2;
}

/* The longest transition that stretch `i` has room for; INT64_MAX where none would change it. */
static int64_t room_in(const SolTimeline *timeline, int i)
{
    int64_t length = timeline->stretches[i].last - timeline->stretches[i].first + 1;
    bool begins = i > 0, ends = i + 1 < timeline->count; /* in a boundary */
    if (!timeline->stretches[i].look || (!begins && !ends))
        return INT64_MAX;
    return begins && ends ? length : begins ? 2 * length : 2 * length + 1;
}

/* A stretch's segment in words. */
static const char *label_of(const SolStretch *stretch, const SolSchedule *schedule)
{
    int i = 0;
    while (schedule->segments[i].name != stretch->name)
        i++;
    return schedule->segments[i].label;
}

static int check_transition(const SolTimeline *timeline, const SolSchedule *schedule)
{
    const SolStretch *tightest;
    int64_t room = INT64_MAX, length;
    int at = 0;
    for (int i = 0; i < timeline->count; i++)
        if (room_in(timeline, i) < room) {
            room = room_in(timeline, i);
            at = i;
        }
    if (timeline->transition <= room)
        return SOL_OK;
    tightest = &timeline->stretches[at];
    length = tightest->last - tightest->first + 1;
    return sol_fail_at(schedule->transition_place,
                       "transition %d is longer than %s (%lld frame%s) has room for; at most %lld",
                       timeline->transition, label_of(tightest, schedule), (long long)length, length == 1 ? "" : "s",
                       (long long)room);
}

/* ---- public ---- */

int sol_timeline_open(SolTimeline **out, const SolSchedule *schedule, const SolVideoIndex *index)
{
    SolTimeline *timeline = sol_calloc(1, sizeof *timeline);
    Placed *placed = sol_alloc((size_t)schedule->segment_count, sizeof *placed);
    int result;
    /* at most one stretch more than twice the segments: each one, what is before it, and the rest */
    if (!timeline || !placed ||
        !(timeline->stretches = sol_alloc(2 * (size_t)schedule->segment_count + 1, sizeof(SolStretch)))) {
        result = sol_fail_memory("the timeline");
        goto end;
    }
    if (index->frames < 1) {
        result = sol_fail(SOL_ERR_SCHEDULE, "%s: has no frames", schedule->input->paths[0]);
        goto end;
    }
    timeline->frames = index->frames;
    timeline->transition = schedule->transition;
    result = place_segments(schedule, index, placed);
    if (result != SOL_OK)
        goto end;
    add_stretches(timeline, index, placed, schedule->segment_count);
    result = check_transition(timeline, schedule);
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

/*
 * Blends `from` into the one behind it, which weighs `weight`. The frame's statistics are to become
 * the mean of what each of the two styles would make of them alone, w0 (c + s0 (a - c)) + w1 (c + s1 (b - c)),
 * which is c + S (m - c) with S = w0 s0 + w1 s1 and m = (w0 s0 a + w1 s1 b) / S.
 */
static void blend(const SolTimeline *timeline, int from, double weight, SolMoment *moment)
{
    double w[2] = {1 - weight, weight}, share[2], strength;
    for (int i = 0; i < 2; i++)
        share[i] = w[i] * (double)timeline->stretches[from + i].strength;
    strength = share[0] + share[1];
    moment->styles = 2;
    moment->strength = (float)strength;
    moment->later = (float)weight;
    for (int i = 0; i < 2; i++) {
        moment->from[i] = from + i;
        moment->weight[i] = (float)(strength > 0 ? share[i] / strength : w[i]);
    }
}

void sol_timeline_at(const SolTimeline *timeline, int64_t n, SolMoment *moment)
{
    int64_t frame = n < 0 ? 0 : n < timeline->frames ? n : timeline->frames - 1;
    int at = find_stretch(timeline, frame), before = frames_before(timeline), behind = frames_behind(timeline);
    const SolStretch *stretch = &timeline->stretches[at];
    int64_t since = frame - stretch->first, until = stretch->last - frame; /* frames to its first and last */
    bool begins = at > 0 && since < behind, ends = at + 1 < timeline->count && until < before;
    *moment = (SolMoment){.stretch = at};
    if (!stretch->look)
        return;
    *moment = (SolMoment){at, 1, {at, at}, {1, 0}, stretch->strength, 0, 1};
    if (begins && stretch[-1].look)
        blend(timeline, at - 1, ((double)(before + since) + 0.5) / timeline->transition, moment);
    else if (begins)
        moment->opacity = (float)(((double)since + 0.5) / behind);
    else if (ends && stretch[1].look)
        blend(timeline, at, ((double)(before - 1 - until) + 0.5) / timeline->transition, moment);
    else if (ends)
        moment->opacity = (float)(((double)until + 0.5) / before);
}
